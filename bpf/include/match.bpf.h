/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The automaton: the one way in which anything is matched.
 *
 * Guarantee: for every name the answer is the one that agent/policy/image.c: image_match() gives,
 * or a fault, which callers treat as undecidable. No literal of a policy is compared here.
 *
 * Names are read in short pieces, each a bounded loop of its own inside bpf_loop(): the verifier
 * then sees a few thousand instructions and not a few hundred thousand.
 *
 * The image is one inner map, looked up once per decision and passed along, so that a decision
 * sees one generation. References are masked to the block before use, so that even a damaged image
 * cannot lead outside; a missing block is a fault.
 */
#ifndef PAVISE_MATCH_BPF_H
#define PAVISE_MATCH_BPF_H

#include "maps.bpf.h"

#define PV_SLOT_MASK  (PV_BLOCK_SLOTS - 1)
#define PV_SLOT_SHIFT 13
_Static_assert(1 << PV_SLOT_SHIFT == PV_BLOCK_SLOTS, "a reference splits into block and slot");

struct pv_matcher {
	void *image;		    /* the inner map */
	struct pv_image_head *head; /* its block 0 */
	u32 at;			    /* state */
	u32 fault;
};

static __always_inline bool matcher_open(struct pv_matcher *m)
{
	u32 zero = 0;

	m->at = 0;
	m->fault = 0;
	m->head = NULL;
	m->image = bpf_map_lookup_elem(&images, &zero);
	if (!m->image)
		return false;
	m->head = bpf_map_lookup_elem(m->image, &zero);
	return m->head != NULL;
}

/*
 * Read bytes from the state at hand: at most `limit` (a constant) of `length`, and no further than
 * to a state in another block or a decided one. `at_` says how to get at byte k. The value is the
 * number of bytes read; where it is 0 and length is not, there is nothing left to find out.
 */
#define PV_READ(m, length, limit, at_)                                                            \
	({                                                                                        \
		u32 s_ = (m)->at, number_ = s_ >> PV_SLOT_SHIFT, k = 0;                           \
		struct pv_block *block_ = NULL;                                                   \
		if (!(s_ & PV_DECIDED)) {                                                         \
			block_ = bpf_map_lookup_elem((m)->image, &number_);                       \
			if (!block_) {                                                            \
				(m)->fault = 1;                                                   \
				s_ = PV_DECIDED;                                                  \
			}                                                                         \
		}                                                                                 \
		if (block_) {                                                                     \
			for (; k < (limit) && k < (length);) {                                    \
				u32 i_ = (s_ + 1 + (m)->head->classes[(u8)(at_)]) & PV_SLOT_MASK; \
				struct pv_slot *slot_ = &block_->slot[i_];                        \
				if (slot_->check != s_)                                           \
					slot_ = &block_->slot[s_ & PV_SLOT_MASK];                 \
				s_ = slot_->next;                                                 \
				k++;                                                              \
				if (s_ >> PV_SLOT_SHIFT != number_)                               \
					break;                                                    \
			}                                                                         \
		}                                                                                 \
		(m)->at = s_;                                                                     \
		k;                                                                                \
	})

/* "/": before every component, and the whole name of a root. */
static __always_inline void matcher_slash(struct pv_matcher *m)
{
	PV_READ(m, 1, 1, '/');
}

/* Nothing that follows can matter. */
static __always_inline bool matcher_settled(const struct pv_matcher *m)
{
	return m->fault || m->at & PV_DECIDED;
}

/* The answer at the end of a name. */
static __always_inline u32 matcher_answer(struct pv_matcher *m)
{
	u32 s = m->at, number;
	struct pv_block *block;

	if (s & PV_DECIDED)
		return s & PV_VALUE_MASK;
	number = s >> PV_SLOT_SHIFT;
	block = bpf_map_lookup_elem(m->image, &number);
	if (!block) {
		m->fault = 1;
		return 0;
	}
	return block->slot[s & PV_SLOT_MASK].check & PV_VALUE_MASK;
}

#define PV_UNKNOWN (-1)
#define PV_STALE   (-2)

struct pv_choosing {
	struct pv_matcher *m;
	struct pv_context *context;
	u32 answer;
	u32 fault;
};

/* Is the executable's class in a set? */
static __always_inline bool set_has(struct pv_matcher *m, u32 set, u32 class, u32 *fault)
{
	u32 word = set * m->head->set_words + class / 32;
	u32 number = m->head->set_block + word / PV_BLOCK_WORDS;
	struct pv_block *block;

	if (class >= m->head->n_exe || set >= m->head->n_sets) {
		*fault = 1;
		return false;
	}
	block = bpf_map_lookup_elem(m->image, &number);
	if (!block) {
		*fault = 1;
		return false;
	}
	u64 index = word;

	index &= PV_BLOCK_WORDS - 1;
	barrier_var(index);
	return ((u32 *)block)[index & (PV_BLOCK_WORDS - 1)] >> (class % 32) & 1;
}

/* Does the acting user own the object? */
static __always_inline bool owns(u64 inode)
{
	u32 uid = 0;

	if (!inode)
		return true;
	if (bpf_probe_read_kernel(&uid, 4, (void *)(inode + bpf_core_field_offset(struct inode, i_uid))))
		return false;
	return uid == task_fields(bpf_get_current_task_btf())->cred->fsuid.val;
}

static long choose_step(u32 i, struct pv_choosing *c)
{
	u32 number = c->answer & ~PV_MORE, block_number;
	struct pv_choice *choice;
	struct pv_block *block;
	bool yes = false;

	if (!(c->answer & PV_MORE))
		return 1;
	block_number = c->m->head->choice_block + number / PV_BLOCK_CHOICES;
	block = bpf_map_lookup_elem(c->m->image, &block_number);
	if (!block || number >= c->m->head->n_choices) {
		c->fault = 1;
		return 1;
	}
	choice = &((struct pv_choice *)block)[number & (PV_BLOCK_CHOICES - 1)];
	switch (choice->test) {
	case PV_TEST_EXE:
		yes = set_has(c->m, choice->value, c->context->exe, &c->fault);
		break;
	case PV_TEST_OWNER:
		c->context->owner_asked = 1;
		yes = owns(c->context->inode);
		break;
	case PV_TEST_EXECUTED:
		yes = c->context->executed;
		break;
	case PV_TEST_STARTED:
		yes = c->context->started;
		break;
	case PV_TEST_UID:
		yes = c->context->uid >= choice->value;
		break;
	}
	c->answer = yes ? choice->yes : choice->no;
	return c->fault ? 1 : 0;
}

/*
 * Follow choices from an answer: the answer at their end, or PV_UNKNOWN: what one asks for is not
 * known. PV_STALE: another image was published meanwhile. A function of its own for the verifier.
 */
__weak int choose(struct pv_context *context, u32 answer, u32 generation)
{
	struct pv_choosing c = {.answer = answer};
	struct pv_matcher m;

	if (!context || !matcher_open(&m))
		return PV_UNKNOWN;
	if (m.head->generation != generation)
		return PV_STALE;
	c.m = &m;
	c.context = context;
	bpf_loop(PV_CHOICE_STEPS, choose_step, &c, 0);
	return c.fault || c.answer & PV_MORE ? PV_UNKNOWN : (int)c.answer;
}

/* The cell of a row, or `fallback` where the image has no such row. */
static __always_inline u32 matcher_cell(struct pv_matcher *m, u32 row, u32 access, u32 fallback)
{
	u32 number = m->head->row_block + row / PV_BLOCK_ROWS;
	struct pv_block *block = bpf_map_lookup_elem(m->image, &number);

	if (!block || m->fault)
		return fallback;
	u64 word = (row % PV_BLOCK_ROWS) * PV_COLUMNS + access % PV_COLUMNS;

	barrier_var(word); /* keep the mask: 6.1 loses the bounds otherwise */
	return ((u32 *)block)[word & (PV_BLOCK_SIZE / 4 - 1)];
}

#endif
