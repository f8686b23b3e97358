/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the benchmark compiles and matches: names of real files, and rules made of them.
 *
 * Everything is a function of the files that are read: the same lists give the same rules in the same
 * order, and the first n rules of a set are the same for every size from n on. Failures end the program
 * with a message.
 */
#ifndef PAVISE_TESTS_BENCH_H
#define PAVISE_TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct texts {
	char **at;
	size_t n, room;
};

/* Add a copy. */
void texts_add(struct texts *t, const char *text);
void texts_free(struct texts *t);
/* Put into an order that has nothing to do with what they are, the same every time. */
void texts_shuffle(struct texts *t);

/* The text as a pattern that matches nothing else. Valid until the next call. */
const char *literal_pattern(const char *name);
/* The name that a pattern without wildcards matches, or NULL. Valid until the next call. */
const char *literal_name(const char *pattern);

/* The files, not directories, of the file lists (*.list) in a directory, shuffled. */
void names_read(struct texts *names, const char *directory);
/* Until there are `n`: names with suffixes. Returns how many were added. */
size_t names_complete(struct texts *names, size_t n);

/*
 * Patterns in the mix of published policies: of ten rules, seven are literal, two are everything below
 * a directory and one has a wildcard within. From the abstractions of AppArmor if these are
 * installed in `abstractions`, else from `sample`; said in *source. Repeated below other directories
 * until there are `n`.
 */
void mix_make(struct texts *patterns, size_t n, const char *abstractions, const char *sample,
	      const char **source);

/* For reading. */
FILE *open_or_die(const char *path);
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
