/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading the log: its last lines, and those to come. */
#ifndef PAVISE_AUDIT_TAIL_H
#define PAVISE_AUDIT_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TAIL_LINES 10

struct tail_options {
	const char *path;
	size_t lines;	    /* how many of the last ones that pass the filters, like tail -n */
	bool follow;	    /* until SIGINT or SIGTERM; the file may be missing, replaced or cut */
	bool json;	    /* lines as they are; else for people */
	bool deny;	    /* only denials, also those of monitor mode */
	const char *policy; /* only decisions of this policy; NULL: all */
	bool utc;	    /* times for people in UTC, else local */
	FILE *out, *err;    /* NULL: standard output and standard error */
};

/*
 * Print. Lines that are not one event are told on `err`, with their offset, and skipped. Colours
 * appear when `out` is a terminal and NO_COLOR is not set. 0; -EPIPE when nobody reads `out` any
 * more; or -errno when the file cannot be read, or, without follow, is not there.
 */
int tail_run(const struct tail_options *options);

#endif
