/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The deterministic automaton: one for all names of an image, with a start state per set of roots.
 *
 * A state has an answer, a state that it goes to by default, and moves for the classes where it goes
 * elsewhere. States are numbered in the order in which they are found, so equal input gives equal
 * automata.
 */
#ifndef PAVISE_POLICY_AUTOMATON_H
#define PAVISE_POLICY_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nfa.h"

/* Limits: states in all (lower for fuzzing), and for each of these, words to store and steps to take. */
#ifndef AUTOMATON_STATES_MAX
#define AUTOMATON_STATES_MAX (4u << 20)
#endif
#define AUTOMATON_MOVES	 8
#define AUTOMATON_STORED 12
#define AUTOMATON_WORK	 256

/* A move: target << 8 | class. The moves of a state are ordered by class. */
#define MOVE(target, class) ((uint32_t)(target) << 8 | (class))
#define MOVE_TARGET(move)   ((move) >> 8)
#define MOVE_CLASS(move)    ((move)&255u)

struct automaton {
	const struct nfa *nfa;
	unsigned n_classes;
	uint32_t n_states, states_max;
	uint32_t *answer;
	uint32_t *fallback; /* where a state goes by default */
	uint32_t *first;    /* moves of state s: first[s] .. first[s + 1] */
	uint32_t *moves;
	size_t n_moves;
	size_t answer_room, fallback_room, first_room, moves_room;
	uint64_t work;
	uint8_t *kind;	/* by node: what a search has to know of it */
	uint32_t *mark; /* by node: the last search that came by */
	uint32_t search;
};

/*
 * The answer for a name that matches these items (ascending, each once). `root`: the name is "/".
 * Called once per set of items. 0 or -errno.
 */
typedef int (*answer_fn)(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer);

/* For a finished nfa, which must stay. The limits follow from states_max, AUTOMATON_STATES_MAX at most. */
void automaton_init(struct automaton *a, const struct nfa *nfa, uint32_t states_max);
void automaton_free(struct automaton *a);

/*
 * Add the states that names read from `roots` can lead to. `paths`: names are paths, so the state after
 * the one byte of "/" has an answer of its own. 0 with *start, -E2BIG when a limit is reached, -ENOMEM,
 * or what `answer` returned; after a failure the automaton can only be freed.
 */
int automaton_build(struct automaton *a, const uint32_t *roots, size_t n_roots, bool paths, answer_fn answer,
		    void *context, uint32_t *start);

/*
 * Merge all states that no name tells apart, and give the remaining numbers in the order of the first
 * state of each. starts[] is translated. 0, -ENOMEM.
 */
int automaton_minimise(struct automaton *a, uint32_t *starts, size_t n_starts);

/* Whether nothing that is read in state s can change the answer. After automaton_minimise(). */
static inline bool automaton_decided(const struct automaton *a, uint32_t s)
{
	return a->fallback[s] == s && a->first[s] == a->first[s + 1];
}

#endif
