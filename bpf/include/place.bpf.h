/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file's place: the dentries of its name, and the names themselves, read where the kernel has them.
 *
 * Guarantee: place_walk() is true only where the file has a name in its task's mount namespace of at most
 * PV_PLACE_LEVELS components; l->path then holds their dentries, from the file up. place_names() gives the
 * name in the form of a record. Both are of one moment where the sequences in l->asked were steady before
 * (place_steady()) and are the same afterwards (place_same()); else nothing can be said, and walk.bpf.h,
 * which has no such bounds, finds out.
 *
 * Why that is sound: no name, parent or mount changes without one of the two sequences, which are looked at
 * before and after. A rename anywhere disturbs it, so that nothing may depend on its success but speed.
 *
 * From 6.2 on (kernel.bpf.h). A component is copied and compared by words, up to PV_PLACE_NAME bytes of it;
 * pt_regs is a type of words.
 */
#ifndef PAVISE_PLACE_BPF_H
#define PAVISE_PLACE_BPF_H

#include "walk.bpf.h"

extern const void rename_lock __ksym __weak; /* fs/dcache.c */
extern const void mount_lock __ksym __weak;  /* fs/namespace.c */

#define PV_PLACE_STEPS 24				/* components and mounts */
#define PV_PLACE_NAME  32				/* bytes of a component and the 0 behind it */
#define PV_PLACE_NAMES 96				/* of all of them in a record */
#define PV_PLACE_ROOM  (PV_PLACE_NAMES + PV_PLACE_NAME) /* the last one is copied whole */

/*
 * The sequences of renames and of mounts, each the first word of its lock, and odd while somebody writes.
 */
static __always_inline u64 sequences(void)
{
	if (can_cast()) {
		return (u64)KERNEL(seqcount, &rename_lock)->sequence << 32 |
		       KERNEL(seqcount, &mount_lock)->sequence;
	} else {
		u32 word[2] = {1, 1};

		bpf_probe_read_kernel(&word[0], 4, &mount_lock);
		bpf_probe_read_kernel(&word[1], 4, &rename_lock);
		return (u64)word[1] << 32 | word[0];
	}
}
#define SEQUENCES_ODD (1ull << 32 | 1)

/* What place_walk() asks about, into the words of l->asked that a question about a file has for it. */
static __always_inline void place_ask(struct pv_cached *q, struct file *file)
{
	q->word[0] = sequences();
	q->word[1] = (u64)bpf_get_current_task_btf()->nsproxy->mnt_ns;
	q->word[4] = (u64)file->f_path.dentry;
	q->word[5] = (u64)file->f_path.mnt;
}

/* Were there sequences, and nobody at it, when l->asked was asked? Else nothing can be said of later. */
static __always_inline bool place_steady(const struct pv_label *l)
{
	return &rename_lock && &mount_lock && !(l->asked.word[0] & SEQUENCES_ODD);
}

static __always_inline bool place_same(const struct pv_label *l)
{
	return sequences() == l->asked.word[0];
}

/*
 * The dentries of a file's name, from the file up, into l->path, their number into l->levels. False: it has
 * no such name, or is the root of a mount. The number stands in memory for the verifier, to which it is
 * unknown there.
 */
static __always_inline bool place_walk(struct pv_label *l)
{
	struct mount *mount = KERNEL(mount, l->asked.word[5] - MOUNT(mnt));
	struct dentry *d = KERNEL(dentry, l->asked.word[4]), *root = mount->mnt.mnt_root, *parent;
	struct mount *above;

	/* what is mounted may be more than its name says, as a namespace is */
	if (d == root)
		return false;
	l->levels = 0;
	for (u32 i = 0; i < PV_PLACE_STEPS; i++) {
		if (d != root) {
			u32 n = *(volatile u32 *)&l->levels;

			parent = d->d_parent;
			if (parent == d || n >= PV_PLACE_LEVELS)
				return false;
			l->path[n & (PV_PLACE_LEVELS - 1)] = (u64)d;
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

/* The words of the i-th component's name, from the file up. */
static __always_inline u64 *place_name(struct pv_label *l, u32 i)
{
	return (void *)KERNEL(pt_regs, KERNEL(dentry, l->path[i & (PV_PLACE_LEVELS - 1)])->d_name.name);
}

/*
 * The names in l->path as records have them, into PV_PLACE_ROOM bytes: their length, which is never 0, or 0
 * where they are longer than PV_PLACE_NAMES or one of them than PV_PLACE_NAME.
 */
static __always_inline u32 place_names(struct pv_label *l, u8 *to)
{
	u32 levels = *(volatile u32 *)&l->levels, at = 0, length;
	u64 *name, *words;

	for (u32 i = 0; i < PV_PLACE_LEVELS; i++) {
		if (i >= levels)
			break;
		length = KERNEL(dentry, l->path[i])->d_name.len;
		if (length >= PV_PLACE_NAME || at + length >= PV_PLACE_NAMES)
			return 0;
		name = place_name(l, i);
		words = (u64 *)&to[at];
		words[0] = name[0];
		if (length > 8) {
			words[1] = name[1];
			words[2] = name[2];
			words[3] = name[3];
		}
		at += length;
		to[at] = length;
		at++;
		barrier_var(at);
	}
	return at;
}

#endif
