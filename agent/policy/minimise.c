/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Minimisation by partition refinement (automaton_minimise() in automaton.h).
 *
 * States start in one block per answer. In every round the states of which a successor changed its
 * block are signed: a signature says to which block each class leads. States of a block with different
 * signatures part; the largest part keeps the block's number, so a state changes its block at most
 * log n times and the whole takes O(m log n) for m moves. When nothing changes any more, states of
 * one block have equal answers and lead to equal blocks for every class: no name tells them apart.
 *
 * Within a block, states that are not signed in a round agree on the previous round's signature, which
 * is still theirs, and differ from all that are signed (those have a successor of a new number): they
 * are one part without being looked at.
 *
 * A signature has to be a function of where the classes lead, however a state splits that into default
 * and moves. If more than half of the classes lead to one block, that block is named and the other
 * classes are listed; otherwise all classes are listed.
 */
#include "automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_MAJORITY UINT32_MAX

struct refinement {
	const struct automaton *a;
	uint32_t n_blocks;
	uint32_t *block_of;	/* by state */
	uint32_t *members;	/* states, ordered by block, from place 1 on */
	uint32_t *place;	/* by state: where in members */
	uint32_t *start, *end;	/* by block: its members */
	uint32_t *tail;		/* by block: its members from here on have been put into parts, 0: none */
	uint32_t *largest;	/* by block: its largest part, or n_parts: those who are in none */
	uint32_t *sources;	/* states that lead to a state, ordered by that */
	uint32_t *first_source; /* by state */
	uint32_t n_dirty, n_next;
	uint32_t *dirty, *next; /* states to be signed in this round and in the next */
	bool *is_next;		/* by state */
	uint32_t n_parts;
	uint32_t *part_of; /* by position in dirty: number of the signature */
	uint32_t *ordered; /* the dirty states, ordered by part */
	uint32_t *first_of_part;
	uint32_t *part_block; /* by part: the block that it comes from */
	uint32_t *part_start; /* by part: where in members */
	struct intern signatures;
};

struct array {
	uint32_t **words;
	size_t n;
};

#define N_ARRAYS 16

static void list_arrays(struct refinement *r, struct array arrays[N_ARRAYS])
{
	size_t n = r->a->n_states;
	const struct array all[N_ARRAYS] = {
		{&r->block_of, n},     {&r->members, n},
		{&r->place, n},	       {&r->start, n},
		{&r->end, n},	       {&r->tail, n},
		{&r->largest, n},      {&r->sources, n + r->a->n_moves},
		{&r->first_source, n}, {&r->dirty, n},
		{&r->next, n},	       {&r->part_of, n},
		{&r->ordered, n},      {&r->first_of_part, n},
		{&r->part_block, n},   {&r->part_start, n},
	};

	memcpy(arrays, all, sizeof(all));
}

static int refinement_alloc(struct refinement *r, const struct automaton *a)
{
	struct array arrays[N_ARRAYS];

	*r = (struct refinement){.a = a};
	list_arrays(r, arrays);
	r->is_next = calloc((size_t)a->n_states + 1, sizeof(*r->is_next));
	for (unsigned i = 0; i < N_ARRAYS; i++) {
		*arrays[i].words = calloc(arrays[i].n + 2, sizeof(uint32_t));
		if (!*arrays[i].words)
			return -ENOMEM;
	}
	return r->is_next ? 0 : -ENOMEM;
}

static void refinement_free(struct refinement *r)
{
	struct array arrays[N_ARRAYS];

	list_arrays(r, arrays);
	for (unsigned i = 0; i < N_ARRAYS; i++)
		free(*arrays[i].words);
	free(r->is_next);
	intern_free(&r->signatures);
}

static void find_sources(struct refinement *r)
{
	const struct automaton *a = r->a;
	uint32_t *first = r->first_source;

	for (uint32_t s = 0; s < a->n_states; s++)
		first[a->fallback[s] + 2]++;
	for (size_t i = 0; i < a->n_moves; i++)
		first[MOVE_TARGET(a->moves[i]) + 2]++;
	for (uint32_t s = 1; s <= a->n_states; s++)
		first[s + 1] += first[s];
	for (uint32_t s = 0; s < a->n_states; s++) {
		r->sources[first[a->fallback[s] + 1]++] = s;
		for (uint32_t i = a->first[s]; i < a->first[s + 1]; i++)
			r->sources[first[MOVE_TARGET(a->moves[i]) + 1]++] = s;
	}
}

/* One block per answer; all states are to be signed. */
static int first_partition(struct refinement *r)
{
	const struct automaton *a = r->a;
	struct intern answers = INTERN_INIT;
	int ret = 0;

	for (uint32_t s = 0; !ret && s < a->n_states; s++) {
		ret = intern_add(&answers, &a->answer[s], sizeof(a->answer[s]), &r->block_of[s]);
		if (!ret)
			r->end[r->block_of[s]]++;
		r->dirty[s] = s;
	}
	r->n_dirty = a->n_states;
	r->n_blocks = answers.n;
	intern_free(&answers);
	for (uint32_t b = 0, place = 1; b < r->n_blocks; b++) {
		r->start[b] = place;
		place += r->end[b];
		r->end[b] = r->start[b];
	}
	for (uint32_t s = 0; !ret && s < a->n_states; s++) {
		r->place[s] = r->end[r->block_of[s]]++;
		r->members[r->place[s]] = s;
	}
	return ret;
}

/* Where each class leads from a state; returns how many lead where the state goes by default. */
static unsigned spread(const struct automaton *a, const uint32_t *name, uint32_t s, uint32_t *targets)
{
	uint32_t fallback = name[a->fallback[s]];
	unsigned n = a->n_classes;

	for (unsigned c = 0; c < a->n_classes; c++)
		targets[c] = fallback;
	for (uint32_t i = a->first[s]; i < a->first[s + 1]; i++) {
		uint32_t target = name[MOVE_TARGET(a->moves[i])];

		n -= target != fallback;
		targets[MOVE_CLASS(a->moves[i])] = target;
	}
	return n;
}

/* The element that more than half of targets[] are, if there is one. */
static uint32_t majority(const uint32_t *targets, unsigned n)
{
	uint32_t candidate = NO_MAJORITY;
	unsigned lead = 0, count = 0;

	for (unsigned c = 0; c < n; c++) {
		if (!lead)
			candidate = targets[c];
		lead += targets[c] == candidate ? 1 : -1;
	}
	for (unsigned c = 0; c < n; c++)
		count += targets[c] == candidate;
	return count * 2 > n ? candidate : NO_MAJORITY;
}

/* Sign a state: its block, the majority's block, then class << 24 | block of the classes that differ. */
static int sign(struct refinement *r, uint32_t s, uint32_t *part)
{
	const struct automaton *a = r->a;
	uint32_t signature[2 + 256], targets[256], common = r->block_of[a->fallback[s]];
	unsigned n = 2;

	for (uint32_t i = a->first[s]; i < a->first[s + 1]; i++) {
		uint32_t block = r->block_of[MOVE_TARGET(a->moves[i])];

		if (block != common)
			signature[n++] = MOVE_CLASS(a->moves[i]) << 24 | block;
	}
	if ((n - 2) * 2 >= a->n_classes) { /* the default is not what most classes have */
		n = 2;
		spread(a, r->block_of, s, targets);
		common = majority(targets, a->n_classes);
		for (unsigned c = 0; c < a->n_classes; c++) {
			if (targets[c] != common)
				signature[n++] = c << 24 | targets[c];
		}
	}
	signature[0] = r->block_of[s];
	signature[1] = common;
	return intern_add(&r->signatures, signature, n * sizeof(*signature), part);
}

/* Sign the dirty states and order them by signature. */
static int sign_dirty(struct refinement *r)
{
	uint32_t *first = r->first_of_part;

	intern_clear(&r->signatures);
	for (uint32_t i = 0; i < r->n_dirty; i++) {
		int ret = sign(r, r->dirty[i], &r->part_of[i]);

		if (ret)
			return ret;
		r->part_block[r->part_of[i]] = r->block_of[r->dirty[i]];
	}
	r->n_parts = r->signatures.n;
	memset(first, 0, ((size_t)r->n_parts + 2) * sizeof(*first));
	for (uint32_t i = 0; i < r->n_dirty; i++)
		first[r->part_of[i] + 2]++;
	for (uint32_t p = 1; p <= r->n_parts; p++)
		first[p + 1] += first[p];
	for (uint32_t i = 0; i < r->n_dirty; i++)
		r->ordered[first[r->part_of[i] + 1]++] = r->dirty[i];
	return 0;
}

static uint32_t part_size(const struct refinement *r, uint32_t part)
{
	return r->first_of_part[part + 1] - r->first_of_part[part];
}

/* Move the parts of each block to its end, one before the other, and find the largest. */
static void move_parts(struct refinement *r)
{
	for (uint32_t p = 0; p < r->n_parts; p++) {
		uint32_t b = r->part_block[p];

		if (!r->tail[b])
			r->tail[b] = r->end[b];
		r->largest[b] = r->n_parts;
		for (uint32_t i = r->first_of_part[p]; i < r->first_of_part[p + 1]; i++) {
			uint32_t s = r->ordered[i], to = --r->tail[b], other = r->members[to];

			r->members[r->place[s]] = other;
			r->place[other] = r->place[s];
			r->members[to] = s;
			r->place[s] = to;
		}
		r->part_start[p] = r->tail[b];
	}
	for (uint32_t p = 0; p < r->n_parts; p++) {
		uint32_t b = r->part_block[p], best = r->largest[b];
		uint32_t size = best == r->n_parts ? r->tail[b] - r->start[b] : part_size(r, best);

		if (part_size(r, p) > size)
			r->largest[b] = p;
	}
}

/* members[from..to) become a block of their own; whoever leads to them is signed again. */
static void leave_block(struct refinement *r, uint32_t from, uint32_t to)
{
	uint32_t block = r->n_blocks++;

	r->start[block] = from;
	r->end[block] = to;
	for (uint32_t i = from; i < to; i++) {
		uint32_t s = r->members[i];

		r->block_of[s] = block;
		for (uint32_t j = r->first_source[s]; j < r->first_source[s + 1]; j++) {
			uint32_t source = r->sources[j];

			if (!r->is_next[source]) {
				r->is_next[source] = true;
				r->next[r->n_next++] = source;
			}
		}
	}
}

/* Narrow a block to its largest part; those who are in no part leave it unless they are that. */
static void narrow_block(struct refinement *r, uint32_t b)
{
	uint32_t best = r->largest[b], tail = r->tail[b];

	r->tail[b] = 0;
	if (best == r->n_parts) {
		r->end[b] = tail;
		return;
	}
	if (r->start[b] < tail)
		leave_block(r, r->start[b], tail);
	r->start[b] = r->part_start[best];
	r->end[b] = r->start[b] + part_size(r, best);
}

static void split_blocks(struct refinement *r)
{
	for (uint32_t p = 0; p < r->n_parts; p++) {
		uint32_t b = r->part_block[p];

		if (r->tail[b])
			narrow_block(r, b);
		if (r->largest[b] != p)
			leave_block(r, r->part_start[p], r->part_start[p] + part_size(r, p));
	}
}

static int refine(struct refinement *r)
{
	int ret = first_partition(r);

	find_sources(r);
	while (!ret && r->n_dirty) {
		uint32_t *signed_now = r->dirty;

		ret = sign_dirty(r);
		if (ret)
			break;
		move_parts(r);
		split_blocks(r);
		r->dirty = r->next;
		r->n_dirty = r->n_next;
		r->next = signed_now;
		r->n_next = 0;
		for (uint32_t i = 0; i < r->n_dirty; i++)
			r->is_next[r->dirty[i]] = false;
	}
	return ret;
}

/* The most frequent element of targets[], of several the first. */
static uint32_t most_common(const uint32_t *targets, unsigned n)
{
	unsigned best = 0, best_count = 0;

	for (unsigned c = 0; c < n && best_count * 2 <= n; c++) {
		unsigned count = 0;

		for (unsigned i = c; i < n; i++)
			count += targets[i] == targets[c];
		if (count > best_count) {
			best = c;
			best_count = count;
		}
	}
	return targets[best];
}

/*
 * Keep one state per block, under the numbers of `name`. In place: a state is written at or before
 * where it was read, and so are its moves, since the most common target needs the fewest.
 */
static void keep_first(struct automaton *a, const uint32_t *name)
{
	uint32_t n = 0, n_moves = 0, from = 0, targets[256] = {0};

	for (uint32_t s = 0; s < a->n_states; s++) {
		uint32_t to = a->first[s + 1], fallback = name[a->fallback[s]];

		if (name[s] == n) {
			a->first[s] = from;
			if (spread(a, name, s, targets) * 2 <= a->n_classes)
				fallback = most_common(targets, a->n_classes);
			a->first[n] = n_moves;
			for (unsigned c = 0; c < a->n_classes; c++) {
				if (targets[c] != fallback)
					a->moves[n_moves++] = MOVE(targets[c], c);
			}
			a->answer[n] = a->answer[s];
			a->fallback[n++] = fallback;
		}
		from = to;
	}
	a->first[n] = n_moves;
	a->n_states = n;
	a->n_moves = n_moves;
}

int automaton_minimise(struct automaton *a, uint32_t *starts, size_t n_starts)
{
	struct refinement r;
	uint32_t *name, n = 0;
	int ret = refinement_alloc(&r, a);

	if (!ret)
		ret = refine(&r);
	if (ret)
		goto out;
	/* Number the blocks by their first state. */
	name = r.next;
	for (uint32_t b = 0; b < r.n_blocks; b++)
		r.largest[b] = NO_MAJORITY;
	for (uint32_t s = 0; s < a->n_states; s++) {
		uint32_t *number = &r.largest[r.block_of[s]];

		if (*number == NO_MAJORITY)
			*number = n++;
		name[s] = *number;
	}
	for (size_t i = 0; i < n_starts; i++)
		starts[i] = name[starts[i]];
	keep_first(a, name);
out:
	refinement_free(&r);
	return ret;
}
