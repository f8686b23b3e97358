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

struct pv_file_id {
	u64 ino;
	u32 dev;
	u32 generation;
};

static __always_inline bool file_id(struct pv_file_id *id, u64 inode)
{
	u64 sb = 0;

	return !bpf_probe_read_kernel(&id->ino, 8,
				      (void *)(inode + bpf_core_field_offset(struct inode, i_ino))) &&
	       !bpf_probe_read_kernel(&id->generation, 4,
				      (void *)(inode + bpf_core_field_offset(struct inode, i_generation))) &&
	       !bpf_probe_read_kernel(&sb, 8, (void *)(inode + bpf_core_field_offset(struct inode, i_sb))) &&
	       !bpf_probe_read_kernel(&id->dev, 4,
				      (void *)(sb + bpf_core_field_offset(struct super_block, s_dev)));
}

/* The block in which the marks of a file under a start state are, NULL where the image is damaged. */
static __always_inline struct pv_mark *mark_block(struct pv_matcher *m, u32 home)
{
	u32 number = m->head->n_blocks + (home / PV_BLOCK_MARKS & (m->head->marks.n_blocks - 1));

	return bpf_map_lookup_elem(m->image, &number);
}

/* The i-th place of a search in a block. */
static __always_inline struct pv_mark *mark_at(struct pv_mark *block, u32 home, u32 i)
{
	u64 at = home + i;

	at &= PV_BLOCK_MARKS - 1;
	barrier_var(at); /* keep the mask: 6.1 loses the bounds otherwise */
	return &block[at & (PV_BLOCK_MARKS - 1)];
}

static __always_inline bool mark_is(const struct pv_mark *mark, const struct pv_file_id *id, u32 start)
{
	return mark->ino == id->ino && mark->dev == id->dev && mark->generation == id->generation &&
	       mark->start == start;
}

#endif
