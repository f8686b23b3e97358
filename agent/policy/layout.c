/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Laying out (see layout.h; the form is described in pavise.h).
 *
 * A state takes one head slot, at its base, and a slot at base + 1 + class for each move. States
 * interleave: a base fits where the head and all moves fall on free slots of one block, and it is not
 * so close to the block's end that a probe could leave it, whatever the class. A slot names its owner
 * and heads have a bit that no state has, so a probe that hits another state's slot cannot mistake it.
 *
 * States are placed in the order of a walk along names, which keeps those that one name passes
 * through close together, each at the first base that fits in one of a few recent blocks that did not
 * turn down too many. Free slots are bits of a word, so 64 bases are tried at once. A state that nothing can
 * leave any more takes no slot: it is its answer.
 */
#include "layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_WORDS (PV_BLOCK_SLOTS / 64)
#define RECENT	    8
#define MISSES_MAX  16
#define UNPLACED    0

struct usage {
	uint64_t word[BLOCK_WORDS + 1]; /* taken slots; the last word stays empty */
	unsigned from;			/* no free slot in the words before */
	unsigned misses;		/* states that did not fit */
};

struct placer {
	const struct automaton *a;
	uint32_t *reference; /* by state */
	struct usage *blocks;
	size_t n, room, max;
	uint32_t *stack;
	size_t depth, stack_room;
};

/* bytes[from..to) are taken as 0. */
static uint64_t digest(const unsigned char *bytes, size_t n, size_t from, size_t to)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++) {
		unsigned char byte = i >= from && i < to ? 0 : bytes[i];

		hash = (hash ^ byte) * 0x100000001b3u;
	}
	return hash;
}

uint64_t layout_digest(const void *blocks, size_t n_blocks)
{
	return digest(blocks, n_blocks * PV_BLOCK_SIZE, offsetof(struct pv_image_head, digest),
		      offsetof(struct pv_image_head, classes));
}

uint64_t layout_marks_digest(const void *blocks, size_t n_blocks)
{
	return digest(blocks, n_blocks * PV_BLOCK_SIZE, 0, 0);
}

static uint32_t decided(const struct automaton *a, uint32_t s)
{
	return PV_DECIDED | (a->answer[s] & ~ANSWER_PROFILE);
}

/* 64 slots from `slot` on, as bits. */
static uint64_t taken_from(const struct usage *u, unsigned slot)
{
	unsigned word = slot / 64, shift = slot % 64;

	return shift ? u->word[word] >> shift | u->word[word + 1] << (64 - shift) : u->word[word];
}

static void take(struct usage *u, unsigned slot)
{
	u->word[slot / 64] |= 1ull << (slot % 64);
}

/* Place a state in a block. Returns its base, or -1 where it does not fit. */
static int place_in(const struct automaton *a, struct usage *u, uint32_t s)
{
	unsigned bases = PV_BLOCK_SLOTS - a->n_classes; /* a probe from the last one stays inside */

	while (u->from < BLOCK_WORDS && u->word[u->from] == UINT64_MAX)
		u->from++;
	for (unsigned word = u->from; word * 64 < bases; word++) {
		uint64_t fits = ~u->word[word];
		unsigned base;

		if (bases - word * 64 < 64)
			fits &= (1ull << (bases - word * 64)) - 1;
		for (uint32_t i = a->first[s]; fits && i < a->first[s + 1]; i++)
			fits &= ~taken_from(u, word * 64 + 1 + MOVE_CLASS(a->moves[i]));
		if (!fits)
			continue;
		base = word * 64 + __builtin_ctzll(fits);
		take(u, base);
		for (uint32_t i = a->first[s]; i < a->first[s + 1]; i++)
			take(u, base + 1 + MOVE_CLASS(a->moves[i]));
		return base;
	}
	return -1;
}

static int place(struct placer *p, uint32_t s)
{
	size_t b = p->n > RECENT ? p->n - RECENT : 0;
	int base = -1, ret;

	for (; b < p->n; b++) {
		if (p->blocks[b].misses >= MISSES_MAX)
			continue;
		base = place_in(p->a, &p->blocks[b], s);
		if (base >= 0)
			break;
		p->blocks[b].misses++;
	}
	if (base < 0) {
		if (p->n >= p->max)
			return -E2BIG;
		ret = array_reserve(&p->blocks, &p->room, p->n + 1, sizeof(*p->blocks));
		if (ret)
			return ret;
		memset(&p->blocks[p->n++], 0, sizeof(*p->blocks));
		base = place_in(p->a, &p->blocks[b], s);
	}
	p->reference[s] = (b + 1) * PV_BLOCK_SLOTS + base;
	return 0;
}

/* Note a state to be placed, unless it is decided or known. The number stands for "to be placed". */
static int visit(struct placer *p, uint32_t s)
{
	int ret;

	if (p->reference[s] != UNPLACED)
		return 0;
	if (automaton_decided(p->a, s)) {
		p->reference[s] = decided(p->a, s);
		return 0;
	}
	ret = array_reserve(&p->stack, &p->stack_room, p->depth + 1, sizeof(*p->stack));
	if (!ret)
		p->stack[p->depth++] = s;
	return ret;
}

/* Place everything that can be reached from a state, depth first. */
static int place_from(struct placer *p, uint32_t start, size_t *n_states)
{
	const struct automaton *a = p->a;
	int ret = visit(p, start);

	while (!ret && p->depth) {
		uint32_t s = p->stack[--p->depth];

		if (p->reference[s] != UNPLACED)
			continue;
		ret = place(p, s);
		++*n_states;
		if (!ret)
			ret = visit(p, a->fallback[s]);
		for (uint32_t i = a->first[s + 1]; !ret && i-- > a->first[s];)
			ret = visit(p, MOVE_TARGET(a->moves[i]));
	}
	return ret;
}

static int place_all(struct placer *p, const struct layout *l, size_t *n_states)
{
	int ret = place_from(p, l->cgroup_start, n_states);

	if (!ret)
		ret = place_from(p, l->exe_start, n_states);
	for (uint32_t i = 0; !ret && i < l->n_profiles; i++) {
		ret = place_from(p, l->profiles[i].path_start, n_states);
		if (!ret)
			ret = place_from(p, l->profiles[i].net_start, n_states);
	}
	return ret;
}

static void write_slots(const struct placer *p, struct pv_slot *slots)
{
	const struct automaton *a = p->a;

	for (size_t i = PV_BLOCK_SLOTS; i < (p->n + 1) * PV_BLOCK_SLOTS; i++)
		slots[i].check = PV_EMPTY;
	for (uint32_t s = 0; s < a->n_states; s++) {
		uint32_t reference = p->reference[s];

		if (reference == UNPLACED || reference & PV_DECIDED)
			continue;
		slots[reference].check = PV_HEAD | (a->answer[s] & ~ANSWER_PROFILE);
		slots[reference].next = p->reference[a->fallback[s]];
		for (uint32_t i = a->first[s]; i < a->first[s + 1]; i++) {
			struct pv_slot *slot = &slots[reference + 1 + MOVE_CLASS(a->moves[i])];

			slot->check = reference;
			slot->next = p->reference[MOVE_TARGET(a->moves[i])];
		}
	}
}

/* Where in the image what follows the automaton stands: first blocks, and counts. */
struct plan {
	size_t row_block, choice_block, set_block, n_blocks;
	uint32_t n_rows;
	size_t n_words; /* of all sets */
};

#define TABLE_ROWS 3

static size_t blocks_for(size_t n, size_t per_block)
{
	return (n + per_block - 1) / per_block;
}

static struct plan make_plan(const struct placer *p, const struct layout *l)
{
	struct plan plan = {
		.row_block = p->n + 1,
		.n_rows = l->rows->n + (l->tables->n - 1) * TABLE_ROWS,
		.n_words = (size_t)l->choices->sets.n * l->choices->set_words,
	};

	plan.choice_block = plan.row_block + blocks_for(plan.n_rows, PV_BLOCK_ROWS);
	plan.set_block = plan.choice_block + blocks_for(l->choices->choices.n, PV_BLOCK_CHOICES);
	plan.n_blocks = plan.set_block + blocks_for(plan.n_words, PV_BLOCK_WORDS);
	return plan;
}

static void write_head(const struct placer *p, const struct layout *l, const struct plan *plan,
		       struct pv_image_head *head)
{
	head->magic = PV_MAGIC;
	head->abi = PV_ABI;
	head->generation = l->generation;
	head->n_blocks = plan->n_blocks;
	head->row_block = plan->row_block;
	head->n_rows = plan->n_rows;
	head->n_profiles = l->n_profiles;
	head->cgroup_start = p->reference[l->cgroup_start];
	head->exe_start = p->reference[l->exe_start];
	head->n_exe = l->choices->classes.n;
	head->choice_block = plan->choice_block;
	head->n_choices = l->choices->choices.n;
	head->set_block = plan->set_block;
	head->n_sets = l->choices->sets.n;
	head->set_words = l->choices->set_words;
	head->uids = l->choices->uids;
	head->setup_set = l->choices->setup_set;
	memcpy(head->classes, p->a->nfa->classes, sizeof(head->classes));
	for (uint32_t i = 0; i < l->n_profiles; i++) {
		uint32_t table = l->profiles[i].system_row;

		head->profiles[i] = l->profiles[i];
		head->profiles[i].path_start = p->reference[l->profiles[i].path_start];
		head->profiles[i].net_start = p->reference[l->profiles[i].net_start];
		head->profiles[i].system_row = table ? l->rows->n + (table - 1) * TABLE_ROWS : 0;
	}
	head->digest = layout_digest(head, plan->n_blocks);
}

/* The keys of an intern, from number `first` on, one behind the other. Returns the end. */
static char *write_keys(char *to, const struct intern *keys, uint32_t first)
{
	for (uint32_t i = first; i < keys->n; i++) {
		size_t size;
		const void *key = intern_key(keys, i, &size);

		memcpy(to, key, size);
		to += size;
	}
	return to;
}

static int write_blocks(const struct placer *p, const struct layout *l, struct image *image)
{
	struct plan plan = make_plan(p, l);
	char *blocks;

	if (plan.n_blocks > l->max_blocks)
		return -E2BIG;
	image->blocks = calloc(plan.n_blocks, PV_BLOCK_SIZE);
	if (!image->blocks)
		return -ENOMEM;
	blocks = (char *)image->blocks;
	image->n_blocks = plan.n_blocks;
	image->generation = l->generation;
	image->n_rows = plan.n_rows;
	write_slots(p, (struct pv_slot *)blocks);
	write_keys(write_keys(blocks + plan.row_block * PV_BLOCK_SIZE, l->rows, 0), l->tables, 1);
	write_keys(blocks + plan.choice_block * PV_BLOCK_SIZE, &l->choices->choices, 0);
	write_keys(blocks + plan.set_block * PV_BLOCK_SIZE, &l->choices->sets, 0);
	write_head(p, l, &plan, (struct pv_image_head *)blocks);
	return 0;
}

int layout_image(const struct layout *l, struct image *image)
{
	struct placer p = {.a = l->automaton, .max = l->max_blocks ? l->max_blocks - 1 : 0};
	size_t n_states = 0;
	int ret = 0;

	p.reference = calloc((size_t)p.a->n_states + 1, sizeof(*p.reference));
	if (!p.reference)
		return -ENOMEM;
	ret = place_all(&p, l, &n_states);
	if (!ret)
		ret = write_blocks(&p, l, image);
	if (!ret)
		image->n_states = n_states;
	free(p.reference);
	free(p.blocks);
	free(p.stack);
	return ret;
}
