/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: the text is that of the very process asked for, never of a later one with its pid.
 *
 * How: /proc/PID is opened once and everything is read below that descriptor, which stays with the
 * process it was opened for (reads fail with ESRCH after its end). The start time in `stat` is then
 * compared in clock ticks, its unit there.
 *
 * Only the arguments are in the memory of the process, behind a lock that it can hold: who reads them may
 * have to wait. The link of the executable and `stat` are answered from what the kernel has.
 */
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_START_FIELD 22

/* Up to `size` bytes of a small file below `dir`; -errno. */
static ssize_t read_at(int dir, const char *name, char *buf, size_t size)
{
	size_t length = 0;
	ssize_t n = 0;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (length < size) {
		n = read(fd, buf + length, size - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		length += n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? n : (ssize_t)length;
}

static bool started_at(int dir, uint64_t start_ns)
{
	uint64_t tick_ns = 1000000000ull / sysconf(_SC_CLK_TCK);
	char stat[1024];
	ssize_t n = read_at(dir, "stat", stat, sizeof(stat) - 1);
	char *p;

	if (n <= 0)
		return false;
	stat[n] = 0;
	/* the command name is in parentheses and may hold anything, parentheses and blanks too */
	p = strrchr(stat, ')');
	if (!p)
		return false;
	for (int field = 2; field < STAT_START_FIELD; field++) {
		p = strchr(p + 1, ' ');
		if (!p)
			return false;
	}
	return strtoull(p + 1, NULL, 10) == start_ns / tick_ns;
}

int procfs_open(uint32_t pid, uint64_t start_ns)
{
	char name[32];
	int dir;

	snprintf(name, sizeof(name), "/proc/%u", pid);
	dir = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (started_at(dir, start_ns))
		return dir;
	close(dir);
	return -ESRCH;
}

ssize_t procfs_arguments(uint32_t pid, uint64_t start_ns, char *argv, size_t size)
{
	int dir = procfs_open(pid, start_ns);
	ssize_t n;

	if (dir < 0)
		return dir;
	n = read_at(dir, "cmdline", argv, size);
	close(dir);
	return n;
}

struct process_text *procfs_text(uint32_t pid, uint64_t start_ns, const char *argv, ssize_t argv_length)
{
	struct process_text *text = NULL;
	ssize_t exe_length;
	char exe[PATH_MAX];
	uint32_t argc = 0;
	bool known = argv_length >= 0, cut = argv_length > PV_ARGV_MAX;
	int dir = procfs_open(pid, start_ns);

	if (dir < 0)
		return NULL;
	exe_length = readlinkat(dir, "exe", exe, sizeof(exe));
	if (exe_length < 0)
		exe_length = 0;
	if (!known)
		argv_length = 0;
	if (!exe_length && !argv_length)
		goto out; /* a kernel thread, or not for us to see */
	if (cut)
		argv_length = PV_ARGV_MAX;
	for (ssize_t i = 0; i < argv_length && !cut; i++)
		argc += !argv[i] || i + 1 == argv_length;
	text = process_text_new(exe, exe_length, argv, argv_length, argc, cut);
	if (text)
		text->argv_known = known;
out:
	close(dir);
	return text;
}
