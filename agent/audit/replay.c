/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records that stand in the log already, see replay.h.
 *
 * The lines are this program's own, so that no JSON parser is needed: the keys looked for stand
 * before anything that a subject controls, and the first of their name is the right one. A line that
 * its writer did not end is none: its record is written again.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/event.h"
#include "audit/replay.h"
#include "util/util.h"

#define END_BYTES (8u << 20) /* of the file, at most */

struct key {
	uint64_t time_ns;
	uint32_t tid;
};

struct replay {
	size_t n;
	struct key keys[];
};

/* The number behind `name` in a line, which may stand in quotes; 0 where there is none. */
static uint64_t number_after(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	if (!at)
		return 0;
	at += strlen(name);
	return strtoull(at + (*at == '"'), NULL, 10);
}

/* A thread that leads its process has no number of its own. */
static uint32_t line_tid(const char *line)
{
	static const char pid[] = "\"proc\":{\"pid\":", tid[] = ",\"tid\":";
	const char *at = strstr(line, pid);
	char *end;
	uint64_t number;

	if (!at)
		return 0;
	number = strtoull(at + strlen(pid), &end, 10);
	if (!strncmp(end, tid, strlen(tid)))
		number = strtoull(end + strlen(tid), NULL, 10);
	return (uint32_t)number;
}

static bool line_key(const char *line, const char *boot_id, struct key *key)
{
	static const char name[] = "\"boot\":\"";
	const char *boot = strstr(line, name);

	if (!boot || strncmp(boot + strlen(name), boot_id, EVENT_BOOT_DIGITS) != 0)
		return false;
	key->time_ns = number_after(line, "\"mono_ns\":");
	key->tid = line_tid(line);
	return key->time_ns && key->tid;
}

/* The end of the file as a string, to be freed; NULL on any failure. */
static char *read_end(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	CLEANUP_FREE char *text = NULL;
	struct stat st;
	size_t size;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size)
		return NULL;
	size = (size_t)st.st_size < END_BYTES ? (size_t)st.st_size : END_BYTES;
	text = malloc(size + 1);
	n = text ? pread(fd, text, size, st.st_size - (off_t)size) : -1;
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return take_ptr(text);
}

struct replay *replay_open(const char *path, const char *boot_id, size_t lines)
{
	CLEANUP_FREE char *text = read_end(path);
	struct replay *r = text ? calloc(1, sizeof(*r) + lines * sizeof(r->keys[0])) : NULL;
	char *torn = text ? strrchr(text, '\n') : NULL;

	if (!r)
		return NULL;
	if (torn)
		*torn = '\0';
	for (char *line; r->n < lines && (line = strrchr(text, '\n')); *line = '\0')
		if (line_key(line + 1, boot_id, &r->keys[r->n]))
			r->n++;
	if (r->n)
		return r;
	free(r);
	return NULL;
}

bool replay_seen(const struct replay *r, uint64_t time_ns, uint32_t tid)
{
	for (size_t i = 0; r && i < r->n; i++)
		if (r->keys[i].time_ns == time_ns && r->keys[i].tid == tid)
			return true;
	return false;
}

void replay_free(struct replay *r)
{
	free(r);
}
