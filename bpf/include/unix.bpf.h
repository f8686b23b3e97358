/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Unix sockets: decided by the name of the socket that is made reachable or reached.
 *
 *   connect   the other socket's name: at connecting, and for each datagram
 *   bind      an abstract name where it is asked for; a path where the socket's file is made, by the
 *             dentry (bpf/lsm/path.bpf.c), so that what is decided is what is bound
 *   listen, accept   the socket's own name
 *
 * A path is found by the walk, from the dentry that the socket was bound to, so neither links nor
 * relative names disguise it. A socket without a name passes: only who was given one of a pair has
 * anything to do with it.
 */
#ifndef PAVISE_UNIX_BPF_H
#define PAVISE_UNIX_BPF_H

#include "decide.bpf.h"

#define AF_UNIX	   1
#define UNIX_NAME  2 /* where the name starts in struct sockaddr_un */
#define UNIX_BYTES 110

static __always_inline bool is_unix(struct sock *sk)
{
	return sk && sk->__sk_common.skc_family == AF_UNIX;
}

static __always_inline void question_unix(struct pv_question *q, u32 hook, u32 access)
{
	q->hook = hook;
	q->want = PV_WANT1(access);
	q->seen = PV_NO_ACCESS;
	q->family = AF_UNIX;
}

/* The name at `address`, a NUL and `length` bytes with it. */
static __always_inline void question_abstract(struct pv_question *q, u64 address, u32 length)
{
	q->kind = PV_KIND_ABSTRACT;
	q->dentry = address;
	q->name_length = length;
}

/* Decide by the name that a socket has. */
static __always_inline int unix_decide(struct sock *sk, u32 hook, u32 access)
{
	struct pv_question q = {};
	u64 u = (u64)sk, address = 0, dentry = 0, mnt = 0;
	u32 length = 0;
	u16 start = 1;

	if (!sk)
		return 0;
	question_unix(&q, hook, access);
	q.sock_type = sk->sk_type;
	if (bpf_probe_read_kernel(&dentry, 8,
				  (void *)(u + bpf_core_field_offset(struct unix_sock, path.dentry))) ||
	    bpf_probe_read_kernel(&mnt, 8, (void *)(u + bpf_core_field_offset(struct unix_sock, path.mnt))) ||
	    bpf_probe_read_kernel(&address, 8, (void *)(u + bpf_core_field_offset(struct unix_sock, addr))))
		return 0;
	if (dentry) {
		q.kind = PV_KIND_UNIX;
		q.dentry = dentry;
		q.mnt = mnt;
		bpf_probe_read_kernel(&q.inode, 8,
				      (void *)(dentry + bpf_core_field_offset(struct dentry, d_inode)));
		return decide(&q);
	}
	if (!address)
		return 0;
	bpf_probe_read_kernel(&length, 4,
			      (void *)(address + bpf_core_field_offset(struct unix_address, len)));
	address += bpf_core_field_offset(struct unix_address, name) + UNIX_NAME;
	bpf_probe_read_kernel(&start, 1, (void *)address);
	if (length <= UNIX_NAME || (start & 0xff))
		return 0; /* bound to a path that is gone with its file */
	question_abstract(&q, address, length - UNIX_NAME);
	return decide(&q);
}

/*
 * Decide for an abstract name in an address of `length` bytes. Without a name, the kernel gives one:
 * "@" is asked for.
 */
static __always_inline int unix_bind_decide(u64 address, int length)
{
	struct pv_question q = {};
	u8 first = 0;

	if (length < UNIX_NAME || length > UNIX_BYTES)
		return 0; /* the kernel refuses it */
	question_unix(&q, PV_HOOK_SOCKET_BIND, PV_ACC_BIND);
	if (length > UNIX_NAME) {
		if (bpf_probe_read_kernel(&first, 1, (void *)(address + UNIX_NAME)))
			return -EACCES;
		if (first)
			return 0; /* a path */
	}
	question_abstract(&q, address + UNIX_NAME, length > UNIX_NAME ? length - UNIX_NAME : 1);
	return decide(&q);
}

/* Decide for a path that a socket is about to be bound to. */
static __always_inline int unix_path_decide(struct path *dir, struct dentry *dentry)
{
	struct pv_question q = {};

	question_unix(&q, PV_HOOK_PATH_MKNOD, PV_ACC_BIND);
	q.kind = PV_KIND_UNIX;
	q.dentry = (u64)dentry;
	q.mnt = (u64)dir->mnt;
	return decide(&q);
}

#endif
