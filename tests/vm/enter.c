/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * enter CGROUP COMMAND [ARGUMENT]...: run a command in a cgroup.
 *
 * Guarantees: the command's process is born in the cgroup (made where it is missing), does nothing
 * there but execute it, and is gone after a minute. Ends as the command does. Where it cannot be
 * executed, the name of the error is printed and the status is 0: that is what a test asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 60

int main(int argc, char **argv)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int fd, status;
	pid_t pid;

	if (argc < 3)
		return 125;
	mkdir(argv[1], 0755);
	fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "enter: %s: %s\n", argv[1], strerror(errno));
		return 125;
	}
	args.cgroup = fd;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0) {
		fprintf(stderr, "enter: clone3: %s\n", strerror(errno));
		return 125;
	}
	if (!pid) {
		alarm(SECONDS);
		execvp(argv[2], argv + 2);
		printf("%s\n", strerrorname_np(errno));
		return 0;
	}
	if (waitpid(pid, &status, 0) != pid)
		return 125;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
