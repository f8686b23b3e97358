/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fanotify FORBIDDEN COMMAND [ARGUMENT]...: run a command under fanotify permission events.
 *
 * Guarantees: until the command ends, every open and exec on the mount of FORBIDDEN waits for a
 * listener, which denies those of FORBIDDEN and permits all others. Ends as the command does.
 *
 * How: the least that a listener can do: it reads an event, compares device and inode, answers, closes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stat forbidden;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "fanotify: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void answer(int group, const struct fanotify_event_metadata *event)
{
	struct fanotify_response response = {.fd = event->fd, .response = FAN_ALLOW};
	struct stat st;

	if (event->fd < 0)
		return;
	if (!fstat(event->fd, &st) && st.st_ino == forbidden.st_ino && st.st_dev == forbidden.st_dev)
		response.response = FAN_DENY;
	if (write(group, &response, sizeof(response)) != sizeof(response))
		fail("answer");
	close(event->fd);
}

static _Noreturn void serve(int group)
{
	static char events[65536] __attribute__((aligned(8)));

	for (;;) {
		ssize_t length = read(group, events, sizeof(events));
		const struct fanotify_event_metadata *event = (void *)events;

		if (length < 0)
			fail("read");
		for (; FAN_EVENT_OK(event, length); event = FAN_EVENT_NEXT(event, length))
			answer(group, event);
	}
}

static int group_open(const char *path)
{
	int group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_LARGEFILE | O_CLOEXEC);

	if (group < 0)
		fail("fanotify_init");
	if (fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM, AT_FDCWD,
			  path))
		fail("fanotify_mark");
	return group;
}

int main(int argc, char **argv)
{
	pid_t listener, command;
	int group, status;

	if (argc < 3)
		return 2;
	if (stat(argv[1], &forbidden))
		fail(argv[1]);
	group = group_open(argv[1]);
	listener = fork();
	if (!listener)
		serve(group);
	command = listener < 0 ? -1 : fork();
	if (!command) {
		execv(argv[2], argv + 2);
		fail(argv[2]);
	}
	if (command < 0)
		fail("fork");
	waitpid(command, &status, 0);
	kill(listener, SIGKILL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
