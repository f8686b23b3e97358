/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One event as one line for people:
 *
 *   12:03:44.120 DENY  nginx[4121] file_open:write /etc/passwd  <- sh <- nginx  web/files[1]
 *   12:03:44.121 EXEC  sh[4122] /bin/sh -c "id -u"  <- nginx
 *   12:03:45.310 EXIT  sh[4122] code 0 after 1.2s
 *   12:03:45.311 LOSS  3 records of lane decision: ring_full (10 in all)
 *   12:03:45.311 AGENT start version=1
 */
#ifndef PAVISE_AUDIT_COMPACT_H
#define PAVISE_AUDIT_COMPACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct compact_options {
	bool utc; /* else local time */
	bool colour;
};

/*
 * Print the event, its newline included. Whatever its strings hold, the line is one line and harmless
 * to a terminal: an unsafe character (text.h) appears as \xNN or \u{NNNN}. Missing keys are left out.
 */
void compact_print(const struct compact_options *options, json_t *event, FILE *out);

/* `length` bytes for a terminal, escaped in the same way; bytes that are not UTF-8 as \xNN. */
void compact_print_text(const char *text, size_t length, FILE *out);

#endif
