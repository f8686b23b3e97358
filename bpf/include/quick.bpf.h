/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The quick way to permit a file that was not asked about before.
 *
 * Guarantee: true only where decide() would permit and say nothing, and by nothing that changes while the
 * question in the task's label holds. False says nothing: it is then decided as everything is.
 *
 * How: of a task with one profile, and a file with a name of at most PV_QUICK_LEVELS short components. The
 * dentries are noted from the file to the root of its namespace, and the automaton reads their names in
 * place, from the root: nothing is copied, no work space is taken, and each map is looked up once. Whatever
 * is not plain ends it: a mark that may be the file's, an answer that depends on more than the name, a cell
 * that denies, would deny or audits.
 *
 * Why it is sound: the question begins with the sequences of renames and of mounts (cache.bpf.h), which are
 * looked at once more at the end. Where they are even and the same, no name that was read was changed
 * meanwhile, nor any mount. The label is up to date under the generation that the image has, nobody was at it
 * after its version was read for the question, and at the end it has that version, so that its words belong
 * together.
 */
#ifndef PAVISE_QUICK_BPF_H
#define PAVISE_QUICK_BPF_H

#include "cache.bpf.h"

#define PV_QUICK_STEPS 24 /* components and mounts */
#define PV_QUICK_NAME  32 /* bytes of a component */

/*
 * The dentries of a file's name, from the file up, into l->path, their number into l->levels. False: it has
 * no such name. The number stands in memory for the verifier, to which it is unknown there.
 */
static __always_inline bool quick_walk(struct pv_label *l)
{
	struct mount *mount = KERNEL(mount, l->asked.word[5] - MOUNT(mnt));
	struct dentry *d = KERNEL(dentry, l->asked.word[4]), *root = mount->mnt.mnt_root, *parent;
	struct mount *above;

	l->levels = 0;
	for (u32 i = 0; i < PV_QUICK_STEPS; i++) {
		if (d != root) {
			u32 n = *(volatile u32 *)&l->levels;

			parent = d->d_parent;
			if (parent == d || n >= PV_QUICK_LEVELS)
				return false;
			l->path[n & (PV_QUICK_LEVELS - 1)] = (u64)d;
			l->levels = n + 1;
			d = parent;
			continue;
		}
		above = mount->mnt_parent;
		if (above == mount)
			return l->levels && (u64)mount->mnt_ns == l->asked.word[1];
		d = mount->mnt_mountpoint;
		mount = above;
		root = mount->mnt.mnt_root;
	}
	return false;
}

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
 * words, up to the 0 at its end. pt_regs is a type of words.
 */
static __always_inline int quick_answer(struct pv_label *l, struct pv_matcher *m, u32 start)
{
	u32 at = start, number = at >> PV_SLOT_SHIFT, levels = *(volatile u32 *)&l->levels, place = levels;
	struct pv_image_head *head = m->head;
	u64 *block, *name, word = 0, byte, slot;

	if (at & PV_DECIDED)
		return at & PV_VALUE_MASK;
	block = bpf_map_lookup_elem(m->image, &number);
	if (!block)
		return PV_UNKNOWN;
	for (u32 i = 0; i < PV_QUICK_LEVELS; i++) {
		if (i >= levels)
			break;
		place--;
		name = (void *)KERNEL(pt_regs,
				      KERNEL(dentry, l->path[place & (PV_QUICK_LEVELS - 1)])->d_name.name);
		QUICK_BYTE('/');
#pragma unroll
		for (u32 k = 0; k < PV_QUICK_NAME; k++) {
			if (k % 8 == 0)
				word = name[k / 8];
			byte = word & 0xff;
			if (!byte)
				break;
			QUICK_BYTE(byte);
			word >>= 8;
			if (k == PV_QUICK_NAME - 1)
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

/* Do the cells of a row say nothing at all for the accesses wanted? */
static __always_inline bool quick_cells(struct pv_matcher *m, u32 row, u32 want)
{
	u32 number = m->head->row_block + row / PV_BLOCK_ROWS;
	struct pv_block *block = bpf_map_lookup_elem(m->image, &number);
	u32 weight = 0;

	if (!block)
		return false;
	for (u32 i = 0; i < 2; i++) {
		u32 access = (want >> (8 * i)) & 0xff;
		u64 word = (row % PV_BLOCK_ROWS) * PV_COLUMNS + access % PV_COLUMNS;

		barrier_var(word);
		if (access != PV_NO_ACCESS)
			weight |= cell_weight(((u32 *)block)[word & (PV_BLOCK_SIZE / 4 - 1)]);
	}
	return !weight;
}

/*
 * Is `want` of the file that l->asked is about permitted? At most two accesses. A function of its own for the
 * verifier.
 */
__weak int quick_permitted(struct pv_label *l, u32 want)
{
	struct pv_profile *p;
	struct pv_matcher m;
	u32 number;
	int row;

	/* an overfull label holds others, too */
	if (!l || !can_cast() || l->writing || l->held[0] || !matcher_open(&m) ||
	    m.head->generation != l->generation)
		return false;
	number = l->profile;
	if (!number || number >= m.head->n_profiles || number >= PV_PROFILES_MAX)
		return false;
	p = &m.head->profiles[number];
	if (!quick_unmarked(&m, l->asked.word[6], p->path_start))
		return false;
	if (!quick_walk(l))
		return false;
	row = quick_answer(l, &m, p->path_start);
	/* PV_UNKNOWN and PV_MORE are more than there are rows */
	if ((u32)row >= m.head->n_rows || !quick_cells(&m, row, want))
		return false;
	return l->version == (u32)(l->asked.word[3] >> 32) && sequences() == l->asked.word[0] &&
	       cache_steady(l);
}

#endif
