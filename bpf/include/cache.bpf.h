/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The cache: what was permitted to a task and is asked again is not decided again.
 *
 * Guarantee: a hit is an operation that would be permitted now without an event. What was denied,
 * would have been, is audited, or depends on who owns the object is decided each time.
 *
 * How: in the task's own label, PV_CACHED questions, each with everything that its answer depends on, and a
 * hit is one that is the same in every word:
 *   - the version of the label, which changes with the policy set, cgroup, executable and user;
 *   - of a file: the task's mount namespace, the kernel's own sequences of renames and of mounts, mount and
 *     dentry, the inode, its number and its change time;
 *   - of a socket: its kind and the address as it stands;
 *   - the time, in steps of some seconds to a minute, in which no counter of 32 bits comes round.
 * All of it is read before the answer is looked for. One rename anywhere makes what is kept about files void.
 *
 * Why that is sound: a name is the chain of dentries and mounts up to the root. None of these moves
 * without its sequence. The dentry at hand is alive; if it is the one that was kept, so is its name. Its
 * memory may have been freed and used again for another name: but then of the very same inode, as number
 * and change time say, which therefore was neither linked nor unlinked since. So the name by which it was
 * permitted still is there, and what is permitted is what could be done by that name.
 *
 * Where the sequences cannot be found (kernel.kptr_restrict=2), nothing is kept about files.
 */
#ifndef PAVISE_CACHE_BPF_H
#define PAVISE_CACHE_BPF_H

#include "decide.bpf.h"
#include "place.bpf.h"

#define CACHE_STEP (1 << 14) /* in jiffies: about a minute at 250 Hz; a power of two */

#define CACHE_MIX    0x9e3779b97f4a7c15ull
#define CACHE_PLACES 61 /* the place of a question is the top bits of a product with it */
_Static_assert(PV_CACHED == 1 << (64 - CACHE_PLACES), "as many places as there are");

static __always_inline u64 cache_time(void)
{
	return bpf_jiffies64() & ~(CACHE_STEP - 1ll);
}

/* The same in the first 3, 5 or 8 words? A constant. */
static __always_inline bool cache_same(const struct pv_cached *a, const struct pv_cached *b, u32 words)
{
	barrier_var(a); /* or its address is computed anew for every word */
	if (a->word[0] != b->word[0] || a->word[1] != b->word[1] || a->word[2] != b->word[2])
		return false;
	if (words >= 5 && (a->word[3] != b->word[3] || a->word[4] != b->word[4]))
		return false;
	return words < PV_CACHED_WORDS ||
	       (a->word[5] == b->word[5] && a->word[6] == b->word[6] && a->word[7] == b->word[7]);
}

/* When an inode last changed, in nanoseconds or nearly so. */
static __always_inline u64 inode_changed(struct inode *inode)
{
	if (bpf_core_field_exists(struct inode, i_ctime_sec)) /* 6.11 */
		return ((u64)inode->i_ctime_sec << 30) + inode->i_ctime_nsec;
	if (bpf_core_field_exists(struct inode, __i_ctime)) /* 6.6 */
		return ((u64)inode->__i_ctime.tv_sec << 30) + inode->__i_ctime.tv_nsec;
	return ((u64)inode->i_ctime.tv_sec << 30) + inode->i_ctime.tv_nsec;
}

/* `what`: all bits that distinguish what is asked of a file. */
static __always_inline u64 cache_mix_file(struct file *file, u32 what)
{
	return (file->f_inode->i_ino ^ (u64)what << 32) * CACHE_MIX;
}

/* A question about a file. The sequences are read first. */
static __always_inline void cache_ask_file(struct pv_cached *q, const struct pv_label *l, struct file *file,
					   u32 what)
{
	place_ask(q, file);
	q->word[2] = cache_time();
	q->word[3] = (u64)l->version << 32 | what;
	q->word[6] = (u64)file->f_inode;
	q->word[7] = cache_mix_file(file, what) + inode_changed(file->f_inode);
}

/* Was it permitted? The question is in l->asked then. */
static __always_inline bool cache_has_file(struct pv_label *l, struct file *file, u32 what)
{
	cache_ask_file(&l->asked, l, file, what);
	return cache_same(&l->cached[cache_mix_file(file, what) >> CACHE_PLACES], &l->asked, PV_CACHED_WORDS);
}

/* Keep the question in l->asked, which was steady. */
static __always_inline void cache_keep_file(struct pv_label *l, struct file *file, u32 what)
{
	l->cached[cache_mix_file(file, what) >> CACHE_PLACES] = l->asked;
}

/*
 * A question about a socket and an address, into l->asked. Its words: the address's first 8 bytes, with the
 * family, which are there already; version and hook, an odd number and so no word of a file's; the socket's
 * kind, and the time; 16 bytes more of an IPv6 address, where it is one.
 */
#define CACHE_SOCKET (1u << 31 | 1)
static __always_inline void cache_ask_socket(struct pv_label *l, u32 hook, u8 family, u8 type, u16 protocol)
{
	l->asked.word[1] = (u64)l->version << 32 | CACHE_SOCKET | hook << 1;
	l->asked.word[2] = (u64)protocol << 48 | cache_time() | (type & 0xf) << 8 | family;
}

static __always_inline struct pv_cached *cache_place_socket(struct pv_label *l)
{
	return &l->cached[(l->asked.word[0] ^ l->asked.word[1]) * CACHE_MIX >> CACHE_PLACES];
}

/* Was l->asked permitted? `words`: what there is of it, as in cache_same(). */
static __always_inline bool cache_has_socket(struct pv_label *l, u32 words)
{
	return cache_same(cache_place_socket(l), &l->asked, words);
}

static __always_inline void cache_keep_socket(struct pv_label *l)
{
	*cache_place_socket(l) = l->asked;
}

#endif
