/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The walk: the name of an object, from its dentry up to the root mount of its namespace.
 *
 * Guarantee: PV_WALK_OK means that the components in the scratch space named the object, in the
 * current task's mount namespace, at one moment during the hook; a chroot changes nothing. Every
 * other end says why there is no such name, and callers decide without one.
 *
 * Not bpf_d_path(): it is relative to the task's root directory, which a chroot moves, it is
 * missing in hooks that have no struct path of their own, and it takes rename_lock.
 *
 * How: as fs/d_path.c: prepend_path() does, dentry by dentry, crossing to the mountpoint at the
 * root of a mount. Components are appended leaf first, each followed by its length, so that nothing
 * is moved and a record can carry them as they are.
 *
 * Why it is sound without locks: programs run under RCU, so that dentries and names stay readable.
 * __d_move() changes parent and name inside the write side of the dentry's d_seq. For each level the
 * walk keeps d_seq (and for a mount crossed its parent and mountpoint) and compares all of them
 * once more at the end: had any level been renamed or moved meanwhile, it differs. Only renames of
 * the object's own ancestors disturb a walk, so that a tenant who renames elsewhere in a loop can
 * neither starve nor mislead it. x86 keeps loads in order. After PV_WALK_TRIES it is PV_WALK_RACE.
 */
#ifndef PAVISE_WALK_BPF_H
#define PAVISE_WALK_BPF_H

#include "maps.bpf.h"

#define PV_WALK_TRIES	4
#define PV_INLINE_BYTES 32 /* of the inline name, copied without a helper call */

/* The state is in the scratch space: for the verifier all of it is unknown, which keeps it short. */
struct pv_walker {
	struct pv_scratch *s;
};

#define DENTRY(field) bpf_core_field_offset(struct dentry, field)
#define MOUNT(field)  bpf_core_field_offset(struct mount, field)

static __always_inline u32 mount_digest(u64 parent, u64 mountpoint)
{
	u64 x = parent ^ (mountpoint * 0x9e3779b97f4a7c15ull);

	return (u32)(x >> 32) ^ (u32)x;
}

static __always_inline bool read_u64(u64 *to, u64 address)
{
	return bpf_probe_read_kernel(to, 8, (void *)address) == 0;
}

static __always_inline void walk_end(struct pv_scratch *s, u32 end)
{
	s->end = end;
	s->done = 1;
}

static __always_inline void walk_note(struct pv_scratch *s, u64 pointer, u32 check)
{
	u32 n = s->levels;

	if (n >= PV_WALK_LEVELS) {
		walk_end(s, PV_WALK_DEEP);
		return;
	}
	s->level[n] = pointer;
	s->check[n] = check;
	s->digest = (s->digest ^ pointer ^ (u64)check << 32) * 0x9e3779b97f4a7c15ull;
	s->levels = n + 1;
}

#define SB_KERNMOUNT (1 << 22)

/* Is the mount at hand one that the kernel made for itself (pipes, memfd, message queues)? */
static __always_inline bool walk_kernel_mount(struct pv_scratch *s)
{
	u64 sb = 0, flags = 0;

	return read_u64(&sb, s->mount + MOUNT(mnt) + bpf_core_field_offset(struct vfsmount, mnt_sb)) &&
	       read_u64(&flags, sb + bpf_core_field_offset(struct super_block, s_flags)) &&
	       flags & SB_KERNMOUNT;
}

/*
 * The end of a mount that is in no namespace: what the kernel mounted for itself, a layer that
 * overlayfs uses under a private mount, or a tree that was detached.
 */
static __always_inline void walk_unattached(struct pv_scratch *s, u64 ns)
{
	if (walk_kernel_mount(s))
		walk_end(s, PV_WALK_INTERNAL);
	else
		walk_end(s, ns ? PV_WALK_LAYER : PV_WALK_DETACHED);
}

/* At the root of the topmost mount: whose namespace is it? */
static __always_inline void walk_top(struct pv_scratch *s)
{
	u64 ns = 0, seq = 1;

	if (!read_u64(&ns, s->mount + MOUNT(mnt_ns)))
		walk_end(s, PV_WALK_FAULT);
	else if (ns == s->namespace)
		walk_end(s, PV_WALK_OK);
	else if (!ns || ns >= (u64)-4095) /* none, or MNT_NS_INTERNAL, an error pointer */
		walk_unattached(s, ns);
	else {
		/* an anonymous namespace (open_tree, fsmount) has sequence 0 where it has one */
		if (bpf_core_field_exists(struct mnt_namespace, seq))
			read_u64(&seq, ns + bpf_core_field_offset(struct mnt_namespace, seq));
		walk_end(s, seq ? PV_WALK_FOREIGN : PV_WALK_DETACHED);
	}
}

/* At a dentry without a parent that is not the root of its mount. */
static __always_inline void walk_orphan(struct pv_scratch *s)
{
	u64 ns = 0;

	if (read_u64(&ns, s->mount + MOUNT(mnt_ns)) && ns >= (u64)-4095)
		walk_unattached(s, ns);
	else
		walk_end(s, PV_WALK_ESCAPED);
}

/* From the root of a mount to the place where it is mounted. */
static __always_inline void walk_mount(struct pv_scratch *s)
{
	u64 parent = 0, mountpoint = 0, vfs;

	if (!read_u64(&parent, s->mount + MOUNT(mnt_parent)) ||
	    !read_u64(&mountpoint, s->mount + MOUNT(mnt_mountpoint))) {
		walk_end(s, PV_WALK_FAULT);
		return;
	}
	if (parent == s->mount) {
		walk_top(s);
		return;
	}
	walk_note(s, s->mount + 1, mount_digest(parent, mountpoint));
	vfs = parent + MOUNT(mnt) + bpf_core_field_offset(struct vfsmount, mnt_root);
	if (!read_u64(&s->root, vfs))
		walk_end(s, PV_WALK_FAULT);
	s->mount = parent;
	s->dentry = mountpoint;
}

/* Append a component. */
static __always_inline void walk_name(struct pv_scratch *s, u64 name, u32 length, const void *inlined)
{
	const u64 *from = inlined;
	u32 at = s->names_len;

	if (length > 255 || at + length + 1 > PV_NAMES_MAX || at >= PV_NAMES_MAX) {
		walk_end(s, PV_WALK_DEEP);
		return;
	}
	if (inlined && length <= PV_INLINE_BYTES) {
		u64 *to = (u64 *)&s->names[at];

		to[0] = from[0];
		to[1] = from[1];
		to[2] = from[2];
		to[3] = from[3];
	} else if (bpf_probe_read_kernel(&s->names[at], length & 255, (void *)name)) {
		walk_end(s, PV_WALK_FAULT);
		return;
	}
	at += length;
	if (at < PV_NAMES_MAX)
		s->names[at] = length;
	s->names_len = at + 1;
}

static long walk_step(u32 i, struct pv_walker *w)
{
	struct pv_scratch *s = w->s;
	u8 *d = (u8 *)s->raw;
	u64 parent, name;
	u32 seq, length;

	if (s->dentry == s->root) {
		walk_mount(s);
		return s->done ? 1 : 0;
	}
	if (bpf_probe_read_kernel(s->raw, sizeof(s->raw), (void *)s->dentry)) {
		walk_end(s, PV_WALK_FAULT);
		return 1;
	}
	seq = *(u32 *)(d + DENTRY(d_seq));
	parent = *(u64 *)(d + DENTRY(d_parent));
	length = *(u32 *)(d + DENTRY(d_name.len));
	name = *(u64 *)(d + DENTRY(d_name.name));
	walk_note(s, s->dentry, seq);
	if (s->done)
		return 1;
	/* a short name stands inside the dentry, behind d_inode, and was read with it */
	walk_name(s, name, length, name == s->dentry + DENTRY(d_inode) + 8 ? d + DENTRY(d_inode) + 8 : NULL);
	/* pseudo files (pipes, memfd) are their own parent and not the mount's root */
	if (parent == s->dentry && !s->done)
		walk_orphan(s);
	s->dentry = parent;
	return s->done ? 1 : 0;
}

/* The second look: nothing moved. */
static long walk_recheck(u32 i, struct pv_walker *w)
{
	u64 pointer, parent = 0, mountpoint = 0;
	struct pv_scratch *s = w->s;
	u32 seq = 1;

	if (i >= s->levels || i >= PV_WALK_LEVELS)
		return 1;
	pointer = s->level[i];
	if (pointer & 1) {
		if (read_u64(&parent, pointer - 1 + MOUNT(mnt_parent)) &&
		    read_u64(&mountpoint, pointer - 1 + MOUNT(mnt_mountpoint)) &&
		    mount_digest(parent, mountpoint) == s->check[i])
			return 0;
	} else if (!bpf_probe_read_kernel(&seq, 4, (void *)(pointer + DENTRY(d_seq))) && !(seq & 1) &&
		   seq == s->check[i]) {
		return 0;
	}
	s->end = PV_WALK_RACE;
	return 1;
}

static long walk_try(u32 i, struct pv_walker *w)
{
	struct pv_scratch *s = w->s;
	struct pv_state *st;

	s->dentry = s->object;
	s->mount = s->mnt - MOUNT(mnt);
	s->levels = s->names_len = s->done = 0;
	s->digest = 1;
	s->end = PV_WALK_DEEP;
	if (!read_u64(&s->root, s->mnt + bpf_core_field_offset(struct vfsmount, mnt_root))) {
		s->end = PV_WALK_FAULT;
		return 1;
	}
	bpf_loop(PV_WALK_LEVELS * 2, walk_step, w, 0);
	if (s->end == PV_WALK_DEEP || s->end == PV_WALK_FAULT)
		return 1;
	bpf_loop(PV_WALK_LEVELS, walk_recheck, w, 0);
	if (s->end != PV_WALK_RACE)
		return 1;
	st = state_get();
	if (st)
		__sync_fetch_and_add(&st->races, 1);
	return 0;
}

/*
 * Name s->object as seen through s->mnt, into s->names; s->names_len bytes, s->end says how it
 * ended. The object itself need not exist yet: a negative dentry has name and parent. A function of
 * its own for the verifier, which sees it once and apart.
 */
__weak int walk(struct pv_scratch *s)
{
	struct pv_walker w = {.s = s};

	if (!s)
		return PV_WALK_FAULT;
	s->namespace = (u64)task_fields(bpf_get_current_task_btf())->nsproxy->mnt_ns;
	bpf_loop(PV_WALK_TRIES, walk_try, &w, 0);
	if (s->names_len > PV_NAMES_MAX)
		s->names_len = 0;
	return s->end;
}

#endif
