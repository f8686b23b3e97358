/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The quick way to permit a file that was not asked about before.
 *
 * Guarantee: true only where decide() would permit and say nothing, and by nothing that changes while the
 * question in the task's label holds. False says nothing: it is then decided as everything is.
 *
 * How: of a task with one profile, and a file with a name of at most PV_QUICK_LEVELS short components. The
 * dentries are noted from the file to the root of its namespace, and the automaton reads their names in place,
 * from the root: nothing is copied, no work space is taken, and each map is looked up once. Whatever is not
 * plain ends it: a mark that may be the file's, an answer that depends on more than the name, a cell that
 * denies, would deny or audits.
 *
 * Why it is sound: the question begins with the sequences of renames and of mounts (cache.bpf.h), which are
 * looked at once more at the end. Where they are even and the same, no name that was read was changed
 * meanwhile, nor any mount. The label is up to date under the generation that the image has, and has the
 * same version at the end, so that profile and those held belong together.
 */
#ifndef PAVISE_QUICK_BPF_H
#define PAVISE_QUICK_BPF_H

#include "cache.bpf.h"

#define PV_QUICK_STEPS 24 /* components and mounts */
#define PV_QUICK_NAME  32 /* bytes of a component */

/*
 * The dentries of a file's name, from the file up, into l->path, their number into l->levels. False: it has no
 * such name. The number stands in memory for the verifier, to which it is unknown there.
 */
static __always_inline bool quick_walk(struct pv_label *l, struct file *file)
{
	struct mount *mount = KERNEL(mount, (u64)file->f_path.mnt - MOUNT(mnt));
	struct dentry *d = KERNEL(dentry, file->f_path.dentry), *root = mount->mnt.mnt_root, *parent;
	struct mount *above;

	l->levels = 0;
	for (u32 i = 0; i < PV_QUICK_STEPS; i++) {
		if (d != root) {
			u32 n = l->levels;

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
			return (u64)mount->mnt_ns == l->asked.word[1];
		d = mount->mnt_mountpoint;
		mount = above;
		root = mount->mnt.mnt_root;
	}
	return false;
}

struct pv_quick {
	struct pv_matcher *m;
	struct pv_label *l;
	struct pv_block *block;
	u32 number; /* of the block */
	u32 at;	    /* state */
	u32 left;   /* components to be read */
	u32 fault;  /* one cannot be read here */
};

/* The state's block. False: it is decided, or there is none, which `at` then says. */
static __always_inline bool quick_block(struct pv_quick *q)
{
	q->number = q->at >> PV_SLOT_SHIFT;
	if (q->at & PV_DECIDED)
		return false;
	q->block = bpf_map_lookup_elem(q->m->image, &q->number);
	return q->block;
}

/* Read a byte. False: nothing more is to be read. */
static __always_inline bool quick_byte(struct pv_quick *q, u8 byte)
{
	u32 i = (q->at + 1 + q->m->head->classes[byte]) & PV_SLOT_MASK;
	struct pv_block *block = q->block;
	struct pv_slot *slot;

	if (!block)
		return false;
	slot = &block->slot[i];
	if (slot->check != q->at)
		slot = &block->slot[q->at & PV_SLOT_MASK];
	q->at = slot->next;
	return q->at >> PV_SLOT_SHIFT == q->number || quick_block(q);
}

/* Read a component. 0, 1: nothing more is to be read, or -1: it is none that can be read here. */
static __always_inline int quick_component(struct pv_quick *q, u64 address)
{
	struct dentry *d = KERNEL(dentry, address);
	u64 *name = (void *)d + DENTRY_NAME;
	u32 length = d->d_name.len;
	u64 word = 0;

	if (length > PV_QUICK_NAME || (u64)d->d_name.name != address + DENTRY_NAME)
		return -1;
	if (!quick_byte(q, '/'))
		return 1;
	for (u32 k = 0; k < PV_QUICK_NAME; k++) {
		if (k >= length)
			break;
		if (k == 0)
			word = name[0];
		else if (k == 8)
			word = name[1];
		else if (k == 16)
			word = name[2];
		else if (k == 24)
			word = name[3];
		if (!quick_byte(q, word))
			return 1;
		word >>= 8;
	}
	return 0;
}

static long quick_step(u32 i, struct pv_quick *q)
{
	u32 left = q->left;
	int r;

	if (!left)
		return 1;
	q->left = left - 1;
	r = quick_component(q, q->l->path[(left - 1) & (PV_QUICK_LEVELS - 1)]);
	q->fault = r < 0;
	return r ? 1 : 0;
}

/* The automaton's answer to the name in l->path, PV_UNKNOWN: it cannot be said here. */
static __always_inline int quick_answer(struct pv_label *l, struct pv_matcher *m, u32 start)
{
	struct pv_quick q = {.m = m, .l = l, .at = start, .left = l->levels};

	if (quick_block(&q)) {
		if (q.left)
			bpf_loop(PV_QUICK_LEVELS, quick_step, &q, 0);
		else
			quick_byte(&q, '/');
	}
	if (q.at & PV_DECIDED)
		return q.at & PV_VALUE_MASK;
	return q.fault || !q.block ? PV_UNKNOWN
				   : (int)(q.block->slot[q.at & PV_SLOT_MASK].check & PV_VALUE_MASK);
}

/* Is it clear that the file has no mark under a profile? */
static __always_inline bool quick_unmarked(struct pv_matcher *m, struct file *file, u32 start)
{
	struct inode *inode = KERNEL(inode, file->f_inode);
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
 * stack.
 */
static __noinline bool quick_permitted(struct pv_label *l, struct file *file, u32 want)
{
	struct pv_profile *p;
	struct pv_matcher m;
	u32 number;
	int row;

	if (!can_cast() || l->n_held || l->flags & PV_LABEL_OVERFULL || !matcher_open(&m) ||
	    m.head->generation != l->generation)
		return false;
	number = l->profile;
	if (!number || number >= m.head->n_profiles || number >= PV_PROFILES_MAX)
		return false;
	p = &m.head->profiles[number];
	if (!quick_unmarked(&m, file, p->path_start))
		return false;
	if (!quick_walk(l, file))
		return false;
	row = quick_answer(l, &m, p->path_start);
	if (row < 0 || row & PV_MORE || row >= (int)m.head->n_rows || !quick_cells(&m, row, want))
		return false;
	return l->version == (u32)(l->asked.word[3] >> 32) && sequences() == l->asked.word[0] &&
	       !(l->asked.word[0] & SEQUENCES_ODD);
}

#endif
