/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a person reads on standard error, and the exit code that goes with it.
 *
 * Modules do not print. A module that can refuse fills a struct refusal with one sentence (what was
 * looked at, what was found, what to do); the command that knows the context prints it once and
 * exits with its code. Colours appear on a terminal only, and never when NO_COLOR is set.
 */
#ifndef PAVISE_MESSAGE_H
#define PAVISE_MESSAGE_H

#include <stdbool.h>
#include <stdio.h>

enum exit_code {
	PAVISE_OK = 0,
	PAVISE_FAILED = 1,
	PAVISE_USAGE = 2,
	PAVISE_NO_AGENT = 3,
	PAVISE_OLD_KERNEL = 10,
	PAVISE_NOT_ROOT = 11,
	PAVISE_NO_BTF = 12,
	PAVISE_NO_LSM = 13,
	PAVISE_NO_CGROUP2 = 14,
	PAVISE_NO_BPFFS = 15,
	PAVISE_NO_HOOK = 16,
	PAVISE_BAD_POLICY = 17,
	PAVISE_SECOND_AGENT = 18,
	PAVISE_FOREIGN_PINS = 19,
	PAVISE_LOAD_FAILED = 20,
	PAVISE_ATTACH_FAILED = 21,
	PAVISE_SELF_TEST_FAILED = 22,
	PAVISE_PUBLISH_FAILED = 23,
	PAVISE_NO_STATE = 24,
	PAVISE_NO_LOG = 25,
	PAVISE_LOCKED_DOWN = 26,
	PAVISE_INNER_PIDS = 27,
	PAVISE_RUN_FAILED = 125,
	PAVISE_RUN_DENIED = 126,
	PAVISE_RUN_NOT_FOUND = 127,
};

/* The table of all exit codes, for `pavise help exit-codes`. */
void print_exit_codes(FILE *out);

struct refusal {
	int code; /* enum exit_code; 0: none */
	char text[4096];
};

/* Fill `r` (the first refusal stays) and return -error, so that `return refuse(...)` reads well. */
int refuse(struct refusal *r, int error, enum exit_code code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* "pavise: ..." in red, yellow, or plain; one line each. */
void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print the refusal, return its code. */
int say_refusal(const struct refusal *r);

/* An escape sequence for `out` when it may have colours, else "". */
enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_YELLOW, COLOUR_GREEN, COLOUR_BOLD };
const char *colour(FILE *out, enum colour c);

#endif
