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
 *
 * What it costs: from 6.2 on the fields are typed loads (kernel.bpf.h), which give 0 where nothing can be
 * read; no parent is 0, so that this is a fault. A name inside the dentry is copied by words. On 6.1 the
 * dentry is read as a whole, and its fields from the copy.
 */
#ifndef PAVISE_WALK_BPF_H
#define PAVISE_WALK_BPF_H

#include "maps.bpf.h"

#define PV_WALK_TRIES 4

/* The state is in the scratch space: for the verifier all of it is unknown, which keeps it short. */
struct pv_walker {
	struct pv_scratch *s;
};

#define DENTRY(field) bpf_core_field_offset(struct dentry, field)
#define MOUNT(field)  bpf_core_field_offset(struct mount, field)
#define DENTRY_NAME   (DENTRY(d_inode) + 8) /* of a short name, inside the dentry */

/*
 * Where a mount is mounted, into s->raw: its parent and the mountpoint. By way of memory, which turns them
 * into numbers for the verifier.
 */
static __always_inline bool mount_read(struct pv_scratch *s, u64 mount)
{
	bool read = READ_FIELD(&s->raw[0], mount, mount, mnt_parent) &&
		    READ_FIELD(&s->raw[1], mount, mount, mnt_mountpoint);

	barrier();
	return read && s->raw[0];
}

/* Of what mount_read() found. */
static __always_inline u32 mount_digest(const struct pv_scratch *s)
{
	u64 x = s->raw[0] ^ (s->raw[1] * 0x9e3779b97f4a7c15ull);

	return (u32)(x >> 32) ^ (u32)x;
}

/* The walk is over. */
static __always_inline long walk_end(struct pv_scratch *s, u32 end)
{
	s->end = end;
	return 1;
}

/* Keep the n-th level for the second look. */
static __always_inline bool walk_note(struct pv_scratch *s, u32 n, u64 pointer, u32 check)
{
	if (n >= PV_WALK_LEVELS)
		return false;
	s->level[n] = pointer;
	s->check[n] = check;
	s->levels = n + 1;
	return true;
}

#define SB_KERNMOUNT (1 << 22)

/* Is the file system of the mount at hand one that the kernel mounted for itself first? */
static __always_inline bool walk_kernel_sb(struct pv_scratch *s)
{
	u64 sb = 0, flags = 0;

	return READ_FIELD(&sb, mount, s->mount, mnt.mnt_sb) && READ_FIELD(&flags, super_block, sb, s_flags) &&
	       flags & SB_KERNMOUNT;
}

#define MNT_INTERNAL 0x4000

/*
 * Is the mount at hand one that the kernel made: the first one of such a file system (pipes, memfd, message
 * queues), or one of another mount, to open a file anew that it has opened already (acct(2), from 6.18 on)?
 * What somebody else mounts does not get this flag, nor does a copy. Such file systems as debugfs can be
 * mounted by others, too.
 */
static __always_inline bool walk_kernel_mount(struct pv_scratch *s)
{
	int flags = 0;

	return READ_FIELD(&flags, mount, s->mount, mnt.mnt_flags) && flags & MNT_INTERNAL;
}

/*
 * The end of a mount that is in no namespace: what the kernel mounted for itself, a layer that
 * overlayfs uses under a private mount and the like, or a tree that was detached.
 */
static __always_inline long walk_unattached(struct pv_scratch *s, u64 ns)
{
	u32 layer = ns ? 1 : 0;

	barrier_var(layer); /* else the compiler takes it for bits of a pointer, to put with others */
	if (walk_kernel_mount(s))
		return walk_end(s, walk_kernel_sb(s) ? PV_WALK_INTERNAL : PV_WALK_LAYER);
	if (layer)
		return walk_end(s, PV_WALK_LAYER);
	return walk_end(s, PV_WALK_DETACHED);
}

#define MNT_NS_ANON_INO 0xeffffff7

/*
 * Is this mount namespace one that no process is in (open_tree, fsmount)? Its sequence is 0; from 6.18 on
 * its number says so.
 */
static __always_inline bool walk_anonymous(u64 ns)
{
	u32 inum = 0;
	u64 seq = 1;

	if (bpf_core_field_exists(struct mnt_namespace, seq))
		return READ_FIELD(&seq, mnt_namespace, ns, seq) && !seq;
	return READ_FIELD(&inum, mnt_namespace, ns, ns.inum) && inum == MNT_NS_ANON_INO;
}

/* At the root of the topmost mount: whose namespace is it? */
static __always_inline long walk_top(struct pv_scratch *s)
{
	u64 ns = 0;

	if (!READ_FIELD(&ns, mount, s->mount, mnt_ns))
		return walk_end(s, PV_WALK_FAULT);
	if (ns == s->namespace)
		return walk_end(s, PV_WALK_OK);
	if (!ns || ns >= (u64)-4095) /* none, or MNT_NS_INTERNAL, an error pointer */
		return walk_unattached(s, ns);
	return walk_end(s, walk_anonymous(ns) ? PV_WALK_DETACHED : PV_WALK_FOREIGN);
}

/* At a dentry without a parent that is not the root of its mount. */
static __always_inline long walk_orphan(struct pv_scratch *s)
{
	u64 ns = 0;

	if (READ_FIELD(&ns, mount, s->mount, mnt_ns) && ns >= (u64)-4095)
		return walk_unattached(s, ns);
	return walk_end(s, PV_WALK_ESCAPED);
}

/* From the root of a mount to the place where it is mounted. */
static __always_inline long walk_mount(struct pv_scratch *s, u32 n)
{
	if (!mount_read(s, s->mount))
		return walk_end(s, PV_WALK_FAULT);
	if (s->raw[0] == s->mount)
		return walk_top(s);
	if (!walk_note(s, n, s->mount + 1, mount_digest(s)))
		return walk_end(s, PV_WALK_DEEP);
	s->mount = s->raw[0];
	s->dentry = s->raw[1];
	return READ_FIELD(&s->root, mount, s->mount, mnt.mnt_root) ? 0 : walk_end(s, PV_WALK_FAULT);
}

/* What the walk needs of a dentry. */
struct pv_dentry {
	u64 parent;
	u64 name;
	u32 length;
	u32 seq;
	const u64 *inlined; /* where a short name stands */
};

static __always_inline bool dentry_read(struct pv_scratch *s, struct pv_dentry *to)
{
	struct dentry *d;
	u8 *raw;

	if (can_cast()) {
		d = KERNEL(dentry, s->dentry);
		to->seq = d->d_seq.seqcount.sequence;
		barrier();
		to->parent = (u64)d->d_parent;
		to->length = d->d_name.len;
		to->name = (u64)d->d_name.name;
		to->inlined = (void *)d + DENTRY_NAME;
		return to->parent;
	}
	raw = (u8 *)s->raw;
	if (bpf_probe_read_kernel(s->raw, sizeof(s->raw), (void *)s->dentry))
		return false;
	to->seq = *(u32 *)(raw + DENTRY(d_seq));
	to->parent = *(u64 *)(raw + DENTRY(d_parent));
	to->length = *(u32 *)(raw + DENTRY(d_name.len));
	to->name = *(u64 *)(raw + DENTRY(d_name.name));
	to->inlined = (u64 *)(raw + DENTRY_NAME);
	return true;
}

#define PV_INLINE_BYTES 32 /* of a name that stands inside the dentry, copied without a helper call */

/* Append a component, a short one by words. PV_WALK_OK, or why it cannot be. */
static __always_inline u32 walk_name(struct pv_scratch *s, const struct pv_dentry *d)
{
	u32 at = s->names_len, length = d->length;
	u64 *to;

	if (length > 255 || at >= PV_NAMES_MAX || at + length >= PV_NAMES_MAX)
		return PV_WALK_DEEP;
	if (d->name == s->dentry + DENTRY_NAME && length <= PV_INLINE_BYTES) {
		to = (u64 *)&s->names[at];
		to[0] = d->inlined[0];
		if (length > 8) {
			to[1] = d->inlined[1];
			to[2] = d->inlined[2];
			to[3] = d->inlined[3];
		}
	} else if (bpf_probe_read_kernel(&s->names[at], length & 255, (void *)d->name)) {
		return PV_WALK_FAULT;
	}
	at += length;
	if (at < PV_NAMES_MAX)
		s->names[at] = length;
	s->names_len = at + 1;
	return PV_WALK_OK;
}

/* The n-th step; every one but the last notes a level. */
static long walk_step(u32 n, struct pv_walker *w)
{
	struct pv_scratch *s = w->s;
	struct pv_dentry d;
	u32 r;

	if (s->dentry == s->root)
		return walk_mount(s, n);
	if (!dentry_read(s, &d))
		return walk_end(s, PV_WALK_FAULT);
	if (!walk_note(s, n, s->dentry, d.seq))
		return walk_end(s, PV_WALK_DEEP);
	r = walk_name(s, &d);
	if (r)
		return walk_end(s, r);
	/* pseudo files (pipes, memfd) are their own parent and not the mount's root */
	if (d.parent == s->dentry)
		return walk_orphan(s);
	s->dentry = d.parent;
	return 0;
}

/* The second look: nothing moved. */
static long walk_recheck(u32 i, struct pv_walker *w)
{
	struct pv_scratch *s = w->s;
	u64 pointer;
	u32 seq = 1;

	if (i >= PV_WALK_LEVELS)
		return 1;
	pointer = s->level[i];
	if (pointer & 1) {
		if (mount_read(s, pointer - 1) && mount_digest(s) == s->check[i])
			return 0;
	} else if (READ_FIELD(&seq, dentry, pointer, d_seq.seqcount.sequence) && !(seq & 1) &&
		   seq == s->check[i]) {
		return 0;
	}
	return walk_end(s, PV_WALK_RACE);
}

static long walk_try(u32 i, struct pv_walker *w)
{
	struct pv_scratch *s = w->s;
	struct pv_state *st;

	s->dentry = s->object;
	s->mount = s->mnt - MOUNT(mnt);
	s->levels = s->names_len = 0;
	s->end = PV_WALK_DEEP;
	if (!READ_FIELD(&s->root, mount, s->mount, mnt.mnt_root))
		return walk_end(s, PV_WALK_FAULT);
	bpf_loop(PV_WALK_LEVELS + 1, walk_step, w, 0);
	if (s->end == PV_WALK_DEEP || s->end == PV_WALK_FAULT)
		return 1;
	bpf_loop(s->levels, walk_recheck, w, 0);
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
	if (!walk_try(0, &w))
		bpf_loop(PV_WALK_TRIES - 1, walk_try, &w, 0);
	if (s->names_len > PV_NAMES_MAX)
		s->names_len = 0;
	return s->end;
}

static long walk_digest_step(u32 i, struct pv_walker *w)
{
	struct pv_scratch *s = w->s;

	if (i >= PV_WALK_LEVELS)
		return 1;
	s->digest = (s->digest ^ s->level[i] ^ (u64)s->check[i] << 32) * 0x9e3779b97f4a7c15ull;
	return 0;
}

/* Where the name is that was walked: another digest, another place. */
static __always_inline u64 walk_digest(struct pv_scratch *s)
{
	struct pv_walker w = {.s = s};

	s->digest = 1;
	bpf_loop(s->levels, walk_digest_step, &w, 0);
	return s->digest;
}

#endif
