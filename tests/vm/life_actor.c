/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The governed process of the life-cycle tests. One line on standard output says what was seen, as
 * "key=value" words; nothing is judged here.
 *
 *   open PATH...              open each once; exit status is the errno of the last, 0 when it opened
 *   loop DENIED PERMITTED PROGRESS STOP
 *                             open both in turn, a little slowed down, until the file STOP exists;
 *                             PROGRESS holds the number of rounds, 20 digits
 *   switch X Y PROGRESS STOP  open X, then Y, then rename X to Y, a little slowed down, until STOP
 *                             exists; a rename that succeeded is counted and undone
 *   ask                       open each path that is read from standard input, a line each, and
 *                             answer with one line: 0, or the name of the error; an empty line ends it
 *   hold PATH                 open PATH for reading, to be kept over an exec, and then answer as "ask";
 *                             the line "read" reads a byte by that descriptor, "close" closes it, and
 *                             "fork" makes a child that has it and answers with its pid
 *   flood PATH N              open PATH N times as fast as it goes
 *   execs N PATH              N times: open PATH, then exec this program again with arguments of a
 *                             kilobyte; exit status is the number of opens that were not denied
 *   forks N                   N children, one at a time, each execs this program as "leaf"; prints
 *                             the pid of this process and those of the children, one a line
 *   leaf                      does nothing
 *   threadexec PROGRAM        a thread that is not the leader execs PROGRAM; prints the pid before
 *   connect PATH              connect to a unix stream socket; exit status is the errno
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 600

static int try_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static void short_pause(void)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	nanosleep(&pause, NULL);
}

static int progress_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		perror(path);
	return fd;
}

static void progress_tell(int fd, unsigned long rounds)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%020lu\n", rounds);

	if (pwrite(fd, text, (size_t)n, 0) != n)
		_exit(99);
}

static int do_open(char **argv)
{
	int err = 0;

	for (; *argv; argv++) {
		err = try_open(*argv);
		printf("%s=%s\n", *argv, err ? strerrorname_np(err) : "0");
	}
	return err;
}

static int do_loop(char **argv)
{
	unsigned long rounds = 0, denied = 0, permitted = 0;
	int progress = progress_open(argv[2]);

	if (progress < 0)
		return 99;
	while (access(argv[3], F_OK)) {
		denied += try_open(argv[0]) == EACCES;
		permitted += !try_open(argv[1]);
		progress_tell(progress, ++rounds);
		short_pause();
	}
	printf("rounds=%lu denied=%lu permitted=%lu\n", rounds, denied, permitted);
	return 0;
}

/* What one open says of the set in force: 'A' (X is denied), 'B' (Y is), or '?'. */
static char set_of(int err, char if_denied, char if_open)
{
	return err == EACCES ? if_denied : !err ? if_open : '?';
}

static int do_switch(char **argv)
{
	unsigned long rounds = 0, switches = 0, denied_x = 0, denied_y = 0, other = 0, renamed = 0;
	int progress = progress_open(argv[2]);
	char last = 0;

	if (progress < 0)
		return 99;
	while (access(argv[3], F_OK)) {
		int x = try_open(argv[0]), y = try_open(argv[1]);
		const char seen[2] = {set_of(x, 'A', 'B'), set_of(y, 'B', 'A')};

		denied_x += x == EACCES;
		denied_y += y == EACCES;
		for (int i = 0; i < 2; i++) {
			other += seen[i] == '?';
			switches += last && seen[i] != last;
			last = seen[i];
		}
		if (!rename(argv[0], argv[1])) {
			renamed++;
			close(open(argv[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
		} else if (errno != EACCES) {
			other++;
		}
		progress_tell(progress, ++rounds);
		short_pause();
	}
	printf("rounds=%lu switches=%lu denied_x=%lu denied_y=%lu other=%lu renamed=%lu\n", rounds, switches,
	       denied_x, denied_y, other, renamed);
	return 0;
}

static int do_ask(char **argv)
{
	char path[4096];

	(void)argv;
	while (fgets(path, sizeof(path), stdin)) {
		int err;

		path[strcspn(path, "\n")] = '\0';
		if (!*path)
			break;
		err = try_open(path);
		puts(err ? strerrorname_np(err) : "0");
		fflush(stdout);
	}
	return 0;
}

static int fork_holder(void)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(SECONDS);
		pause();
		_exit(0);
	}
	return (int)pid;
}

static int do_hold(char **argv)
{
	int held = open(argv[0], O_RDONLY);
	char line[4096], byte;

	while (fgets(line, sizeof(line), stdin)) {
		int err = 0;

		line[strcspn(line, "\n")] = '\0';
		if (!*line)
			break;
		if (!strcmp(line, "fork")) {
			printf("%d\n", fork_holder());
			fflush(stdout);
			continue;
		}
		if (!strcmp(line, "read"))
			err = pread(held, &byte, 1, 0) == 1 ? 0 : errno;
		else if (!strcmp(line, "close"))
			err = close(held) ? errno : 0;
		else
			err = try_open(line);
		puts(err ? strerrorname_np(err) : "0");
		fflush(stdout);
	}
	return 0;
}

static int do_execs(char **argv)
{
	unsigned long n = strtoul(argv[0], NULL, 10);
	unsigned long open = argv[2] ? strtoul(argv[2], NULL, 10) : 0;
	char left[24], opened[24], padding[1025];

	if (!n)
		return open > 97 ? 97 : (int)open;
	open += try_open(argv[1]) != EACCES;
	snprintf(left, sizeof(left), "%lu", n - 1);
	snprintf(opened, sizeof(opened), "%lu", open);
	memset(padding, 'p', sizeof(padding) - 1);
	padding[sizeof(padding) - 1] = '\0';
	execl("/proc/self/exe", "life_actor", "execs", left, argv[1], opened, padding, (char *)NULL);
	return 99;
}

static int do_flood(char **argv)
{
	unsigned long n = strtoul(argv[1], NULL, 10), denied = 0;

	for (unsigned long i = 0; i < n; i++)
		denied += try_open(argv[0]) == EACCES;
	printf("attempts=%lu denied=%lu\n", n, denied);
	return 0;
}

static int do_forks(char **argv)
{
	unsigned long n = strtoul(argv[0], NULL, 10);

	printf("%d\n", (int)getpid());
	for (unsigned long i = 0; i < n; i++) {
		int status;
		pid_t pid = vfork();

		if (!pid) {
			execl("/proc/self/exe", "life_actor", "leaf", (char *)NULL);
			_exit(99);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return 1;
		printf("%d\n", (int)pid);
	}
	return 0;
}

static void *exec_program(void *program)
{
	execl(program, program, "leaf", (char *)NULL);
	perror(program);
	_exit(99);
}

static int do_threadexec(char **argv)
{
	pthread_t thread;

	printf("pid=%d\n", (int)getpid());
	fflush(stdout);
	if (pthread_create(&thread, NULL, exec_program, argv[0]))
		return 99;
	pthread_join(thread, NULL);
	return 99;
}

static int do_connect(char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(argv[0]) >= sizeof(address.sun_path))
		return 99;
	strcpy(address.sun_path, argv[0]);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) ? errno : 0;
}

static int do_leaf(char **argv)
{
	(void)argv;
	return 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*act)(char **argv);
} acts[] = {
	{"open", 1, do_open},	    {"loop", 4, do_loop},   {"switch", 4, do_switch},
	{"ask", 0, do_ask},	    {"flood", 2, do_flood}, {"execs", 2, do_execs},
	{"forks", 1, do_forks},	    {"leaf", 0, do_leaf},   {"threadexec", 1, do_threadexec},
	{"connect", 1, do_connect}, {"hold", 1, do_hold},
};

int main(int argc, char **argv)
{
	alarm(SECONDS); /* whatever happens to the test */
	for (size_t i = 0; argc > 1 && i < sizeof(acts) / sizeof(*acts); i++)
		if (!strcmp(argv[1], acts[i].name) && argc >= 2 + acts[i].arguments)
			return acts[i].act(argv + 2);
	fputs("usage: see life_actor.c\n", stderr);
	return 98;
}
