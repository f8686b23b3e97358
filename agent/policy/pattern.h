/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pattern language of names: what a pattern may say and how it becomes part of an automaton.
 */
#ifndef PAVISE_POLICY_PATTERN_H
#define PAVISE_POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nfa.h"

#define PATTERN_MAX	 4096 /* bytes; no name is longer */
#define PATTERN_NESTING	 8
#define PATTERN_LITERALS 64 /* names that a pattern without wildcards stands for, at most */

/* What names a pattern is about, and so what each of its alternatives must start with. */
enum pattern_kind {
	PATTERN_PATH,	/* of executables and cgroups: "/" */
	PATTERN_FILE,	/* what is accessed or executed: "/", or PATTERN_NAMELESS as a whole */
	PATTERN_SOCKET, /* unix sockets: "/" for a path, "@" for the abstract namespace */
	PATTERN_FREE,	/* anything */
};

/* Stands for what is in no file system that can be mounted: message queues, memory files, namespaces. */
#define PATTERN_NAMELESS "@nameless"

/* Check a pattern. 0, or -EINVAL (-ENOMEM) with a message for its author in `error`. */
int pattern_check(enum pattern_kind kind, const char *text, char *error, size_t error_size);

/*
 * A pattern added to an automaton: where it ends, whether it is a path's and spells the root "/", and
 * whether it is literal: without wildcards, and its alternatives make up PATTERN_LITERALS names at most.
 */
struct pattern_end {
	uint32_t node;
	bool root, literal;
};

/* Add a pattern below `from`. As pattern_check(); *end untouched on failure. */
int pattern_add(struct nfa *nfa, uint32_t from, enum pattern_kind kind, const char *text,
		struct pattern_end *end, char *error, size_t error_size);

/*
 * The names that a literal pattern stands for, to be freed by the caller. Their number, 0 where it is not
 * literal, or -errno as pattern_check().
 */
int pattern_literals(enum pattern_kind kind, const char *text, char *names[PATTERN_LITERALS]);

/* As pattern_add() for a path that is taken byte for byte. */
int pattern_add_literal(struct nfa *nfa, uint32_t from, const char *text, struct pattern_end *end,
			char *error, size_t error_size);

#endif
