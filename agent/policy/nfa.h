/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The nondeterministic automaton that patterns and addresses are written into, one for a whole policy
 * set, with a root for each set of names that is matched separately.
 *
 * It is a trie over tokens: adding the same token to the same node again gives the same node, so
 * patterns share their beginnings whatever these are made of. Errors stick: after the first failure
 * every call is harmless and nfa_finish() returns it.
 */
#ifndef PAVISE_POLICY_NFA_H
#define PAVISE_POLICY_NFA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "intern.h"

#define NFA_NODES_MAX (16u << 20)

/* A set of bytes, or of byte classes. */
struct byteset {
	uint64_t word[4];
};

static inline void byteset_add(struct byteset *set, unsigned first, unsigned last)
{
	for (unsigned b = first; b <= last; b++)
		set->word[b / 64] |= 1ull << (b % 64);
}

static inline void byteset_remove(struct byteset *set, unsigned b)
{
	set->word[b / 64] &= ~(1ull << (b % 64));
}

static inline bool byteset_has(const struct byteset *set, unsigned b)
{
	return set->word[b / 64] >> (b % 64) & 1;
}

enum nfa_edge_kind {
	NFA_BYTE, /* label: byte; after nfa_finish(): byte class */
	NFA_SET,  /* label: number of a set */
	NFA_FREE, /* reads nothing */
};

struct nfa_edge {
	uint32_t from, to;
	uint32_t label;
	enum nfa_edge_kind kind;
};

struct nfa_accept {
	uint32_t node, item;
};

struct nfa {
	int error;
	uint32_t n_nodes;
	struct intern tokens; /* (node, kind of token, label) -> child[] */
	uint32_t *child;
	size_t child_room;
	struct intern sets;	/* struct byteset; after nfa_finish() class_sets counts */
	struct intern groups;	/* texts of alternations */
	struct nfa_edge *edges; /* after nfa_finish(): ordered by `from` */
	size_t n_edges, edge_room;
	struct nfa_accept *accepts; /* likewise, by node */
	size_t n_accepts, accept_room;

	/* By nfa_finish(): */
	uint32_t *first_edge, *first_accept; /* by node, one more than there are nodes */
	unsigned n_classes;
	uint8_t classes[256];
	struct byteset *class_sets; /* by number of set: the classes in it */
};

void nfa_init(struct nfa *nfa);
void nfa_free(struct nfa *nfa);

/* A new node that nothing leads to. */
uint32_t nfa_root(struct nfa *nfa);

/* The node after one byte, after one byte of a set, and after any run of bytes of a set. */
uint32_t nfa_byte(struct nfa *nfa, uint32_t from, uint8_t byte);
uint32_t nfa_set(struct nfa *nfa, uint32_t from, const struct byteset *set);
uint32_t nfa_run(struct nfa *nfa, uint32_t from, const struct byteset *set);

/*
 * The node after one character: a byte of `single`, or a byte that leads a UTF-8 sequence with as
 * many continuation bytes as it announces.
 */
uint32_t nfa_character(struct nfa *nfa, uint32_t from, const struct byteset *single);

/*
 * A node after an alternation, known by its text: *is_new says that its ends have to be led to it
 * with nfa_join(). `part` tells apart several nodes of one alternation.
 */
uint32_t nfa_alternation(struct nfa *nfa, uint32_t from, const char *text, size_t size, unsigned part,
			 bool *is_new);

/* Whoever comes to `from` may go on from `to` as well. */
void nfa_join(struct nfa *nfa, uint32_t from, uint32_t to);

void nfa_accept(struct nfa *nfa, uint32_t node, uint32_t item);

/* No more additions: work out byte classes and order the edges. */
int nfa_finish(struct nfa *nfa);

/* Whether a text read from a node is accepted, step by step: for few texts. 1, 0 or -ENOMEM. */
int nfa_matches(const struct nfa *nfa, uint32_t start, const char *text, size_t length);

#endif
