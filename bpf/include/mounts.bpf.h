/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects without a place: hooks that show an inode's dentry, and not the path that was taken to it; and
 * paths of a mount that is in no namespace (open_tree(2)).
 *
 * Guarantee: an operation on an object without a path is denied where the policy denies it by every name that
 * the object has in the current task's mount namespace, and where it has none it is undecidable. It is
 * permitted where one of the names permits it. What is reached by a detached mount is decided by the first of
 * these names.
 *
 * How: a name takes a mount. The file system's own list of its mounts is searched for those that are in the
 * namespace and show the object, because their root is the object or above it. Each of them in turn, up
 * to PV_PLACES, answers as any path does; where none permits, the one that denies least is asked again,
 * to be reported. Most objects are shown by one mount.
 *
 * Why that is sound: what one name permits the task could do by that name, so that nothing is given which
 * the policy does not give. The list is read without its lock, as the walk reads names: mounts are
 * freed after a grace period, and an entry that is taken off meanwhile ends the search, which loses names and
 * so permits less. It is then repeated a few times.
 */
#ifndef PAVISE_MOUNTS_BPF_H
#define PAVISE_MOUNTS_BPF_H

#include "process.bpf.h"
#include "walk.bpf.h"

#define PV_PLACES	8	  /* names of an object that are asked about */
#define PV_MOUNTS_MAX	(1 << 20) /* mounts of a file system, in all namespaces */
#define PV_MOUNTS_TRIES 4

/* Up to 6.17 the list is one of entries inside the mounts, that ends in the file system itself. */
static __always_inline bool mounts_listed(void)
{
	return bpf_core_field_exists(struct super_block, s_mounts);
}

static __always_inline void mounts_open(struct pv_mounts *m, u64 sb)
{
	m->next = m->end = 0;
	if (mounts_listed()) {
		m->end = sb + bpf_core_field_offset(struct super_block, s_mounts);
		READ_FIELD(&m->next, list_head, m->end, next);
	} else {
		READ_FIELD(&m->next, super_block___newer, sb, s_mounts);
	}
}

/* The mount at hand, and on to the next. */
static __always_inline u64 mounts_take(struct pv_mounts *m)
{
	u64 at = m->next;

	m->next = 0;
	if (mounts_listed()) {
		READ_FIELD(&m->next, list_head, at, next);
		return at - bpf_core_field_offset(struct mount, mnt_instance);
	}
	READ_FIELD(&m->next, mount, at, mnt_next_for_sb);
	return at;
}

/* Is the object, or what is above it, the root of the mount at hand? */
static long mounts_up(u32 i, struct pv_walker *w)
{
	struct pv_mounts *m = &w->s->mounts;
	u64 up = m->up, parent = 0;

	if (up == m->root) {
		m->below = 1;
		return 1;
	}
	READ_FIELD(&parent, dentry, up, d_parent);
	m->up = parent;
	return !parent || parent == up;
}

static long mounts_step(u32 i, struct pv_walker *w)
{
	struct pv_mounts *m = &w->s->mounts;
	u64 ns = 0, mount;

	if (m->next == m->end)
		return 1;
	if (!m->next) {
		m->broken = 1;
		return 1;
	}
	mount = mounts_take(m);
	if (!READ_FIELD(&ns, mount, mount, mnt_ns))
		return 0;
	if (ns != w->s->namespace) {
		if (ns >= (u64)-4095) /* MNT_NS_INTERNAL */
			m->internal = mount + MOUNT(mnt);
		return 0;
	}
	m->root = m->below = 0;
	m->up = m->object;
	READ_FIELD(&m->root, mount, mount, mnt.mnt_root);
	bpf_loop(PV_WALK_LEVELS + 1, mounts_up, w, 0);
	if (!m->below || m->skip) {
		m->skip -= m->below;
		return 0;
	}
	m->found = mount + MOUNT(mnt);
	return 1;
}

/*
 * The mount that is the s->mounts.skip'th to show s->mounts.object, into s->mounts.found; 0, there is none.
 * What the kernel mounted for itself alone is shown by that mount. A function of its own for the verifier.
 */
__weak int mounts_find(struct pv_scratch *s)
{
	struct pv_walker w = {.s = s};
	u64 sb = 0, flags = 0;
	struct pv_mounts *m;
	u32 skip;

	if (!s)
		return 0;
	m = &s->mounts;
	skip = m->skip;
	s->namespace = (u64)task_fields(bpf_get_current_task_btf())->nsproxy->mnt_ns;
	m->found = m->internal = 0;
	READ_FIELD(&sb, dentry, m->object, d_sb);
	for (u32 i = 0; i < PV_MOUNTS_TRIES; i++) {
		m->skip = skip;
		m->broken = 0;
		mounts_open(m, sb);
		bpf_loop(PV_MOUNTS_MAX, mounts_step, &w, 0);
		if (m->found || !m->broken)
			break;
	}
	READ_FIELD(&flags, super_block, sb, s_flags);
	if (!m->found && !skip && flags & SB_KERNMOUNT)
		m->found = m->internal;
	return 0;
}

static __always_inline u64 mounts_nth(u64 dentry, u32 n)
{
	struct pv_scratch *s = scratch_get(bpf_get_current_task_btf());

	if (!s)
		return 0;
	s->mounts.object = dentry;
	s->mounts.skip = n;
	mounts_find(s);
	return s->mounts.found;
}

#endif
