/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Small helpers that every part of the agent uses: ownership, bounded files, strings.
 *
 * All return 0 or -errno and leave out-parameters untouched on failure. CLEANUP() frees a local when
 * it leaves its scope; take_ptr() and take_fd() hand ownership on.
 */
#ifndef PAVISE_UTIL_H
#define PAVISE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define CLEANUP(function) __attribute__((cleanup(function)))
#define CLEANUP_FREE	  CLEANUP(cleanup_free)
#define CLEANUP_CLOSE	  CLEANUP(cleanup_close)
#define CLEANUP_FILE	  CLEANUP(cleanup_file)

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void *take_pointer(void *pointer)
{
	void **p = pointer, *taken = *p;

	*p = NULL;
	return taken;
}

#define take_ptr(p) ((__typeof__(p))take_pointer(&(p)))

/* The whole of a file (or of an open one), NUL-terminated. -EFBIG when there is more than `limit`. */
int read_file(const char *path, size_t limit, char **text, size_t *length);
int read_fd(int fd, size_t limit, char **text, size_t *length);

/* Write all, whatever the number of writes. */
int write_all(int fd, const void *data, size_t length);

/* Create or replace `name` in the directory `dir` and wait until it is stored. Mode 0600. */
int write_file_durably(int dir, const char *name, const void *data, size_t length);

/* mkdir of one directory that may be there already; -ENOTDIR when something else is. */
int make_directory(const char *path, unsigned mode);

/* Remove `name` below the directory `at`, with what is in it, `depth` levels deep at most. */
int remove_tree(int at, const char *name, unsigned depth);

/* Like asprintf, but the string is returned; NULL without memory. */
char *strfmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A decimal number without sign, blanks or anything after it, at most `max`. 0 or -EINVAL. */
int parse_number(const char *text, uint64_t max, uint64_t *value);

/* Has the text at most `max` bytes, and none of them a control character? */
bool is_plain_text(const char *text, size_t max);

/* Print a string that others control: control characters, DEL and backslash appear as \xNN. */
void print_escaped(FILE *out, const char *text);

/* strcmp for qsort over char *. */
int compare_strings(const void *a, const void *b);

#endif
