/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Diagnostics: what is wrong with a policy, where, and what to do.
 *
 * A list that modules append to and a caller renders. Rendered form:
 *
 *   web.yaml:14:9: files.rules[1]: unknown key 'acces' (did you mean 'access'?)
 *      14 |         acces: modify
 *         |         ^
 */
#ifndef PAVISE_POLICY_DIAG_H
#define PAVISE_POLICY_DIAG_H

#include <stddef.h>
#include <stdio.h>

struct diag {
	char *file;
	unsigned line, column; /* from 1, in characters; line 0: the whole file, column 0: the whole line */
	char *where;	       /* "files.rules[1]", may be NULL */
	char *message;
	char *excerpt;	/* the source line, cut around the column if it is long; may be NULL */
	unsigned caret; /* the character of the excerpt that `column` names, from 1; 0: none */
};

struct diags {
	struct diag *items;
	size_t n;
	size_t dropped; /* beyond DIAGS_MAX, counted only */
};

#define DIAGS_MAX 100

/*
 * Append one. file, where, excerpt may be NULL and are copied; excerpt is a line of source and is
 * read up to its end or its first newline. Memory failure: counted as dropped.
 */
void diag_add(struct diags *d, const char *file, unsigned line, unsigned column, const char *where,
	      const char *excerpt, const char *format, ...) __attribute__((format(printf, 7, 8)));

/* Put the items from index `from` on in the order of line and column; equal ones keep their order. */
void diags_sort(struct diags *d, size_t from);

/*
 * All of them as text (see above), to a stream. Control characters of the input, invalid UTF-8 and
 * marks that change the direction of text are shown as \xNN; a tab in an excerpt is one space.
 */
void diags_print(const struct diags *d, FILE *out);

/* Free what the list holds and make it empty. */
void diags_free(struct diags *d);

#endif
