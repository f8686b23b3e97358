/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rest PID SECONDS: how often a process wakes up in that time, and its processor time, in nanoseconds.
 *
 * It is read by this one process, which starts nothing: what starts is told to the agent, and a shell
 * that measured it would wake it by each of its commands. SETTLE_SECONDS pass first, so that what this
 * process itself was is told already.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SETTLE_SECONDS 3

static void rest(unsigned long seconds)
{
	struct timespec left = {.tv_sec = (time_t)seconds};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* The number after `key` in a file, or the first one where that is NULL. */
static unsigned long long number_in(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	unsigned long long value = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (!key || !strncmp(line, key, strlen(key))) {
			value = strtoull(line + (key ? strlen(key) : 0), NULL, 10);
			break;
		}
	if (file)
		fclose(file);
	return value;
}

/* Of all threads. */
static void read_process(const char *pid, unsigned long long *sleeps, unsigned long long *time_ns)
{
	char tasks[64], path[400];
	struct dirent *entry;
	DIR *dir;

	snprintf(tasks, sizeof(tasks), "/proc/%s/task", pid);
	dir = opendir(tasks);
	if (!dir) {
		fprintf(stderr, "rest: there is no process %s\n", pid);
		exit(1);
	}
	*sleeps = *time_ns = 0;
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/status", tasks, entry->d_name);
		*sleeps += number_in(path, "voluntary_ctxt_switches:");
		snprintf(path, sizeof(path), "%s/%s/schedstat", tasks, entry->d_name);
		*time_ns += number_in(path, NULL);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	unsigned long long sleeps[2], time_ns[2];

	if (argc != 3) {
		fprintf(stderr, "usage: rest PID SECONDS\n");
		return 2;
	}
	rest(SETTLE_SECONDS);
	read_process(argv[1], &sleeps[0], &time_ns[0]);
	rest(strtoul(argv[2], NULL, 10));
	read_process(argv[1], &sleeps[1], &time_ns[1]);
	printf("%llu %llu\n", sleeps[1] - sleeps[0], time_ns[1] - time_ns[0]);
	return 0;
}
