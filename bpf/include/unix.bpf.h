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
 * relative names disguise it. It is the name in the mount namespace where the socket was bound: a
 * service that has a namespace of its own has the same names for the sockets of the host. A socket without a
 * name passes: only who was given one of a pair has anything to do with it.
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

#endif
