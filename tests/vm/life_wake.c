/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What wakes the agent, seen without starting a process, since that would be a record of its own. One
 * line on standard output says what was seen, as "key=value" words; nothing is judged here.
 *
 *   quiet PID SECONDS         how often the process PID went to sleep in that time, after a second, of at
 * most SETTLE_S, in which it did not single PATH LOG N         N times: rest a while, open PATH, and wait
 * until the file LOG has grown; "slow" counts those for which that took more than TIMEOUT_S paced PATH PID N
 * open PATH N times with a pause after each: how often PID went to sleep wakes PATH RING PID N MORE stop PID
 * after a rest, open PATH N times, then MORE times: how often a reader of the pinned ring was woken in each
 * of the two
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECONDS	  600
#define TIMEOUT_S 30
#define SETTLE_S  60
#define MS_NS	  1000000l

static int denied(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES;
	close(fd);
	return 0;
}

static void pause_ms(long ms)
{
	const struct timespec pause = {ms / 1000, ms % 1000 * MS_NS};

	nanosleep(&pause, NULL);
}

/* Times that all threads of a single-threaded process gave up the processor by themselves. */
static long sleeps_of(const char *pid)
{
	char path[64], line[128];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "voluntary_ctxt_switches: %ld", &n);
	if (f)
		fclose(f);
	if (n < 0) {
		fprintf(stderr, "%s does not say how often it slept\n", path);
		exit(99);
	}
	return n;
}

static int do_quiet(char **argv)
{
	long before, settled = 0;

	do {
		before = sleeps_of(argv[0]);
		pause_ms(1000);
	} while (sleeps_of(argv[0]) != before && ++settled < SETTLE_S);
	before = sleeps_of(argv[0]);
	pause_ms(strtol(argv[1], NULL, 10) * 1000);
	printf("sleeps=%ld\n", sleeps_of(argv[0]) - before);
	return 0;
}

static long size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : (long)st.st_size;
}

/* The pauses fall before, at and after the moment at which the agent goes to sleep. */
static int do_single(char **argv)
{
	long n = strtol(argv[2], NULL, 10), n_denied = 0, slow = 0;

	pause_ms(2000);
	for (long i = 0; i < n; i++) {
		long size, waited = 0;

		pause_ms(i * 7 % 41);
		size = size_of(argv[1]);
		n_denied += denied(argv[0]);
		while (size_of(argv[1]) == size && waited++ < TIMEOUT_S * 1000)
			pause_ms(1);
		slow += size_of(argv[1]) == size;
		if (slow)
			break;
	}
	printf("denied=%ld slow=%ld\n", n_denied, slow);
	return 0;
}

static int do_paced(char **argv)
{
	long n = strtol(argv[2], NULL, 10), n_denied = 0, before = sleeps_of(argv[1]);

	for (long i = 0; i < n; i++) {
		n_denied += denied(argv[0]);
		pause_ms(1);
	}
	printf("denied=%ld sleeps=%ld\n", n_denied, sleeps_of(argv[1]) - before);
	return 0;
}

static int ring_of(const char *pin)
{
	union bpf_attr attr = {.pathname = (uint64_t)(uintptr_t)pin};
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	int ring = (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr)), fd = epoll_create1(EPOLL_CLOEXEC);

	if (ring < 0 || fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, ring, &event)) {
		perror(pin);
		exit(99);
	}
	return fd;
}

/* Whether the ring has something to read does not count, only that somebody was woken. */
static long woken_by(int ring, const char *path, long n)
{
	struct epoll_event event;
	long woken = 0;

	for (long i = 0; i < n; i++) {
		if (!denied(path))
			exit(99);
		woken += epoll_wait(ring, &event, 1, i == n - 1 ? 500 : 0) == 1;
	}
	return woken;
}

static int do_wakes(char **argv)
{
	int ring = ring_of(argv[1]);
	struct epoll_event event;
	long first;

	pause_ms(1000);
	if (kill((pid_t)strtol(argv[2], NULL, 10), SIGSTOP))
		return 99;
	epoll_wait(ring, &event, 1, 0); /* what was there before */
	first = woken_by(ring, argv[0], strtol(argv[3], NULL, 10));
	printf("first=%ld then=%ld\n", first, woken_by(ring, argv[0], strtol(argv[4], NULL, 10)));
	return 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*act)(char **argv);
} acts[] = {
	{"quiet", 2, do_quiet},
	{"single", 3, do_single},
	{"paced", 3, do_paced},
	{"wakes", 5, do_wakes},
};

int main(int argc, char **argv)
{
	alarm(SECONDS); /* whatever happens to the test */
	for (size_t i = 0; argc > 1 && i < sizeof(acts) / sizeof(*acts); i++)
		if (!strcmp(argv[1], acts[i].name) && argc == 2 + acts[i].arguments)
			return acts[i].act(argv + 2);
	fputs("usage: see life_wake.c\n", stderr);
	return 98;
}
