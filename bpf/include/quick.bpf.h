/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The quick way to decide a file that was not asked about before.
 *
 * Guarantee: an answer is that of decide(), and is there only where nothing can change it while the question
 * in the task's label holds. QUICK_UNKNOWN says nothing: it is then decided as everything is. What is to be
 * reported leaves the record that report() would send.
 *
 * How: of a task with one profile, and a file with a name of at most PV_PLACE_LEVELS short components. The
 * automaton reads their names in place (place.bpf.h), from the root: nothing is copied, no work space is
 * taken, and each map is looked up once. Whatever is not plain ends it: a mark that may be the file's, an
 * answer that depends on more than the name, a cell that kills.
 *
 * Why it is sound: the question begins with the sequences of renames and of mounts, which are looked at once
 * more at the end, and again when the names are in the record. The label is up to date under the generation
 * that the image has, nobody was at it after its version was read for the question, and at the end it has
 * that version, so that its words belong together.
 */
#ifndef PAVISE_QUICK_BPF_H
#define PAVISE_QUICK_BPF_H

#include "cache.bpf.h"

/* A slot, as one word: `check` below `next`. */
#define SLOT(block, i) ((block)[(i)&PV_SLOT_MASK])

/* Read a byte from state `at`. On to a block that is not there, or from a decided state, it ends. */
#define QUICK_BYTE(byte)                                                \
	do {                                                            \
		slot = SLOT(block, at + 1 + head->classes[byte]);       \
		if ((u32)slot != at)                                    \
			slot = SLOT(block, at);                         \
		at = slot >> 32;                                        \
		if (at >> PV_SLOT_SHIFT != number) {                    \
			number = at >> PV_SLOT_SHIFT;                   \
			if (at & PV_DECIDED)                            \
				return at & PV_VALUE_MASK;              \
			block = bpf_map_lookup_elem(m->image, &number); \
			if (!block)                                     \
				return PV_UNKNOWN;                      \
		}                                                       \
	} while (0)

/*
 * The automaton's answer to the name in l->path, PV_UNKNOWN: it cannot be said here. A component is read by
 * words, up to the 0 at its end.
 */
static __always_inline int quick_answer(struct pv_label *l, struct pv_matcher *m, u32 start)
{
	u32 at = start, number = at >> PV_SLOT_SHIFT, place = *(volatile u32 *)&l->levels;
	struct pv_image_head *head = m->head;
	u64 *block, *name, word = 0, byte, slot;

	if (at & PV_DECIDED)
		return at & PV_VALUE_MASK;
	block = bpf_map_lookup_elem(m->image, &number);
	if (!block || place > PV_PLACE_LEVELS)
		return PV_UNKNOWN;
	while (place) {
		place--;
		name = place_name(l, place);
		QUICK_BYTE('/');
#pragma unroll
		for (u32 k = 0; k < PV_PLACE_NAME; k++) {
			if (k % 8 == 0)
				word = name[k / 8];
			byte = word & 0xff;
			if (!byte)
				break;
			QUICK_BYTE(byte);
			word >>= 8;
			if (k == PV_PLACE_NAME - 1)
				return PV_UNKNOWN;
		}
	}
	return SLOT(block, at) & PV_VALUE_MASK;
}

/* Is it clear that the file has no mark under a profile? */
static __always_inline bool quick_unmarked(struct pv_matcher *m, u64 address, u32 start)
{
	struct inode *inode = KERNEL(inode, address);
	struct pv_mark *block;
	u32 home, number;

	if (!m->head->marks.n_blocks)
		return true;
	home = pv_mark_home(inode->i_ino, inode->i_sb->s_dev, inode->i_generation, start);
	number = m->head->n_blocks + (home / PV_BLOCK_MARKS & (m->head->marks.n_blocks - 1));
	block = bpf_map_lookup_elem(m->image, &number);
	return block && !block[home & (PV_BLOCK_MARKS - 1)].answer;
}

/* QUICK_SAID + access: l->cell is due a record of this access. */
enum { QUICK_UNKNOWN, QUICK_PLAIN, QUICK_SAID };

/* The cell of a row in its block for the i-th access wanted, 0: that is none. */
static __always_inline u32 quick_cell(struct pv_block *block, u32 row, u32 want, u32 i)
{
	u32 access = (want >> (8 * i)) & 0xff;
	u64 word = (row % PV_BLOCK_ROWS) * PV_COLUMNS + access % PV_COLUMNS;

	barrier_var(word);
	return access == PV_NO_ACCESS ? 0 : ((u32 *)block)[word & (PV_BLOCK_SIZE / 4 - 1)];
}

/* The weightier of two cells, as answer_row() finds it, to be said. Apart, since most say nothing. */
static __noinline int quick_said(struct pv_label *l, u32 first, u32 second, u32 want, u32 generation)
{
	struct pv_answer a = {};

	answer_take(&a, first, 0, want & 0xff);
	answer_take(&a, second, 0, want >> 8 & 0xff);
	l->cell = a.cell;
	l->cell_profile = l->profile;
	l->cell_generation = generation;
	return a.cell & PV_CELL_KILL ? QUICK_UNKNOWN : QUICK_SAID + a.access;
}

static __always_inline int quick_cells(struct pv_label *l, struct pv_matcher *m, u32 row, u32 want)
{
	u32 number = m->head->row_block + row / PV_BLOCK_ROWS, first, second;
	struct pv_block *block = bpf_map_lookup_elem(m->image, &number);

	if (!block)
		return QUICK_UNKNOWN;
	first = quick_cell(block, row, want, 0);
	second = quick_cell(block, row, want, 1);
	if (!(cell_weight(first) | cell_weight(second)))
		return QUICK_PLAIN;
	return quick_said(l, first, second, want, m->head->generation);
}

/*
 * What is to be said of `wanted` of the file that l->asked is about. At most two accesses. A function of its
 * own for the verifier.
 */
__weak int quick_decide(struct pv_label *l, u32 wanted)
{
	struct pv_profile *p;
	struct pv_matcher m;
	u32 number;
	int row, said;

	/* an overfull label holds others, too */
	if (!l || !can_cast() || l->writing || l->held[0] || !matcher_open(&m) ||
	    m.head->generation != l->generation)
		return QUICK_UNKNOWN;
	*(volatile u32 *)&l->cell = wanted; /* leaves a register to those who read names */
	number = l->profile;
	if (!number || number >= m.head->n_profiles || number >= PV_PROFILES_MAX)
		return QUICK_UNKNOWN;
	p = &m.head->profiles[number];
	if (!quick_unmarked(&m, l->asked.word[6], p->path_start))
		return QUICK_UNKNOWN;
	if (!place_walk(l))
		return QUICK_UNKNOWN;
	row = quick_answer(l, &m, p->path_start);
	/* PV_UNKNOWN and PV_MORE are more than there are rows */
	if ((u32)row >= m.head->n_rows)
		return QUICK_UNKNOWN;
	said = quick_cells(l, &m, row, *(volatile u32 *)&l->cell);
	if (l->version != (u32)(l->asked.word[3] >> 32) || !place_same(l) || !place_steady(l))
		return QUICK_UNKNOWN;
	return said;
}

/*
 * The record of what quick_decide() found to be said of `access`. False: the names changed meanwhile, or are
 * long; there is no record then, and it is decided as everything is. A function of its own for the verifier.
 */
__weak int quick_report(struct pv_label *l, u32 want, u32 access, u32 hook, u32 flags)
{
	struct pv_decision_record *r;
	struct pv_sending sending;
	struct pv_answer a = {.access = access, .walk = PV_WALK_OK};
	bool decided;
	void *ring;
	u32 names;

	if (!l || !can_cast())
		return false;
	a.cell = l->cell;
	a.profile = l->cell_profile;
	decided = PV_CELL_VERDICT(a.cell);
	ring = decided ? (void *)&decisions : (void *)&lineage;
	r = bpf_ringbuf_reserve(ring, sizeof(*r) + PV_PLACE_ROOM, 0);
	if (r) {
		names = place_names(l, r->data);
		if (!names || !place_same(l)) {
			bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
			return false;
		}
	}
	if (PV_CELL_VERDICT(a.cell) == PV_DENY)
		l->denials++;
	send_begin(&sending, decided ? PV_LANE_DECISION : PV_LANE_LINEAGE);
	if (!r) {
		send_lost(&sending);
		return true;
	}
	send_number(&sending, &r->head);
	record_decision(r, &a, l->cell_generation, hook, want, names);
	process_fill(&r->process, bpf_get_current_task_btf(), a.profile);
	r->flags = flags;
	record_inode(r, l->asked.word[6]);
	record_no_socket(r);
	SEND_SUBMIT(&sending, ring, r);
	return true;
}

/*
 * Decide `want` of the file that l->asked is about, and report what is due: PV_PLAIN, 0 or -EACCES; or
 * QUICK_UNKNOWN.
 */
#define PV_QUICK_UNKNOWN 3
static __always_inline int quick(struct pv_label *l, u32 want, u32 hook, u32 flags)
{
	int said = quick_decide(l, want);

	if (said == QUICK_PLAIN)
		return PV_PLAIN;
	if (said == QUICK_UNKNOWN || !quick_report(l, want, said - QUICK_SAID, hook, flags))
		return PV_QUICK_UNKNOWN;
	return PV_CELL_VERDICT(l->cell) == PV_DENY ? -EACCES : 0;
}

#endif
