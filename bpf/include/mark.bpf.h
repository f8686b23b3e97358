/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marks: a literal deny holds for the file that had the name, by whatever other name it is reached.
 *
 * Guarantee: an access to the data or the attributes of a file that was there under a literally denied name
 * when the image was published is denied as under that name, through a hard link or a mount from before and
 * in any mount namespace; and by no other rule than a literal deny, since the file does not have the
 * name for anything else. An image without marks costs one comparison.
 *
 * How: agent/control/marks.c found the files, and agent/policy/mark.c computed what the automaton answers
 * to their names, for each start state. So no name is read here: the file is looked up by device, inode
 * number and generation, together with the profile's start state.
 *
 * Why that is the file: an inode is known by its number as long as it lives, and one that gets the number
 * later has another generation, where the file system keeps one. What it does not see: a file that was
 * put in place since then, and one that has an inode of its own, such as an overlay's of a file below it.
 */
#ifndef PAVISE_MARK_BPF_H
#define PAVISE_MARK_BPF_H

#include "match.bpf.h"

/* What to look for: a file under a profile's start state. False: its identity cannot be read. */
static __always_inline bool mark_open(struct pv_mark_search *f, u64 inode, u32 start)
{
	u64 sb = 0;

	if (bpf_probe_read_kernel(&f->ino, 8, (void *)(inode + bpf_core_field_offset(struct inode, i_ino))) ||
	    bpf_probe_read_kernel(&f->inode_generation, 4,
				  (void *)(inode + bpf_core_field_offset(struct inode, i_generation))) ||
	    bpf_probe_read_kernel(&sb, 8, (void *)(inode + bpf_core_field_offset(struct inode, i_sb))) ||
	    bpf_probe_read_kernel(&f->dev, 4,
				  (void *)(sb + bpf_core_field_offset(struct super_block, s_dev))))
		return false;
	f->start = start;
	f->home = pv_mark_home(f->ino, f->dev, f->inode_generation, start);
	f->next = 0;
	return true;
}

struct pv_mark_step {
	struct pv_matcher *m;
	struct pv_mark_search *f;
};

/* Look at the next place; 1 where the search is over, f->answer says how: 0, nothing more is there. */
static long mark_step(u32 i, struct pv_mark_step *c)
{
	struct pv_mark_search *f = c->f;
	u32 number = c->m->head->n_blocks + (f->home / PV_BLOCK_MARKS & (c->m->head->marks.n_blocks - 1));
	struct pv_mark *block = bpf_map_lookup_elem(c->m->image, &number), *mark;
	u64 at = f->home + f->next;

	f->answer = 0;
	if (!block) {
		c->m->fault = 1;
		return 1;
	}
	at &= PV_BLOCK_MARKS - 1;
	barrier_var(at); /* keep the mask: 6.1 loses the bounds otherwise */
	mark = &block[at & (PV_BLOCK_MARKS - 1)];
	if (!mark->answer || f->next >= PV_MARK_PROBES)
		return 1;
	f->next++;
	if (mark->ino != f->ino || mark->dev != f->dev || mark->generation != f->inode_generation ||
	    mark->start != f->start)
		return 0;
	f->answer = mark->answer;
	return 1;
}

/* The answer of the next mark, 0: there is none, or a fault. */
static __always_inline u32 mark_next(struct pv_matcher *m, struct pv_mark_search *f)
{
	struct pv_mark_step c = {.m = m, .f = f};

	f->answer = 0;
	bpf_loop(PV_MARK_PROBES, mark_step, &c, 0);
	return f->answer;
}

#endif
