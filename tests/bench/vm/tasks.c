/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tasks N: how many bytes of the kernel's slabs a process takes.
 *
 * Guarantees: one number on standard output, the growth of Slab in /proc/meminfo while N children of this
 * process, each of which has opened a file, are there, divided by N.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* In bytes. The write brings what each processor counts for itself together. */
static long slab(void)
{
	FILE *file = fopen("/proc/sys/vm/stat_refresh", "we");
	char line[128];
	long kib = -1;

	if (!file || fputs("1", file) == EOF || fclose(file))
		fail("/proc/sys/vm/stat_refresh");
	file = fopen("/proc/meminfo", "re");
	if (!file)
		fail("/proc/meminfo");
	while (kib < 0 && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "Slab:", 5))
			kib = strtol(line + 5, NULL, 10);
	}
	fclose(file);
	return kib * 1024;
}

static void child(int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (open("/d1/d2/f", O_RDONLY) < 0 || write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int n = argc == 2 ? atoi(argv[1]) : 0, ready[2];
	long before;
	char byte;

	if (n < 1 || pipe(ready))
		return 2;
	signal(SIGCHLD, SIG_IGN);
	before = slab();
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid)
			child(ready[1]);
		if (pid < 0 || read(ready[0], &byte, 1) != 1)
			fail("fork");
	}
	printf("%.0f\n", (double)(slab() - before) / n);
	return 0;
}
