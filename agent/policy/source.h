/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The text of a policy file, and errors at places in it.
 *
 * Shared by the two stages of the front end (yaml.c, frontend*.c): both count and report here.
 */
#ifndef PAVISE_POLICY_SOURCE_H
#define PAVISE_POLICY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"

#define SOURCE_MAX (1024 * 1024)

struct source {
	const char *file; /* borrowed */
	char *text;	  /* a copy, NUL-terminated, without a byte order mark */
	size_t length;
	uint32_t *lines; /* where each line starts */
	size_t n_lines;
	struct diags *d; /* borrowed */
	size_t errors;	 /* reported, whether or not `d` could hold them */
	bool no_memory;	 /* an allocation failed: what was read is incomplete */
};

/*
 * Take a copy of the text and check that it is text: at most SOURCE_MAX bytes, UTF-8, only visible
 * characters, tabs and line ends. 0, -EINVAL (reported) or -ENOMEM; source_close() in every case.
 */
int source_open(struct source *s, const char *file, const char *text, size_t length, struct diags *d);

void source_close(struct source *s);

/* Report an error at a place (line 0: the whole file), with the line as excerpt. `where` may be NULL. */
void source_report(struct source *s, unsigned line, unsigned column, const char *where, const char *format,
		   ...) __attribute__((format(printf, 5, 6)));

#endif
