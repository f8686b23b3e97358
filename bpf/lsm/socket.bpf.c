// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sockets: creation by family and protocol; bind, connect, listen and accept by address.
 *
 *   socket_create    socket: inet and inet6 by protocol, every other family by its number; SMC by both
 *   socket_bind      bind: the local address asked for
 *   socket_connect   connect: the remote address
 *   socket_sendmsg   connect: the address that a datagram or a TCP fast open carries; nothing where
 *                    the message has no address, that was decided at connect
 *   socket_listen    listen: the local address and port (port 0: an automatic one is to come)
 *   socket_accept    accept: the local address and port of the listening socket; of SMC's, for both, this
 *                    cannot be told
 *   sctp_bind_connect   bind and connect: each address of the lists that SCTP's options take, and the
 *                    one that is to be the first to be used
 *
 * Addresses are copies that the kernel made. What could disguise one is undone before matching:
 * an IPv4-mapped IPv6 address is the IPv4 one; the unspecified address as a destination is
 * loopback, or the socket's own address, and cannot be decided where the socket is bound to a device, is one
 * of SMC, or the message says more; AF_UNSPEC counts as AF_INET for bind and for sending, and cannot be
 * decided for sending on an IPv6 socket, whose family can change under the hook. Connecting to AF_UNSPEC
 * dissolves an association and gives nothing.
 *
 * SCTP takes more addresses than one. Of a list SCTP_LIST_MAX are looked at, and a longer one cannot be
 * decided, nor a message that opens a connection and brings addresses besides its own (SCTP_DSTADDRV4 and
 * V6). What a peer adds to a connection is not the task's doing, and is no question.
 *
 * Sockets that the kernel makes for itself pass. What is decided of unix
 * sockets is in bpf/include/unix.bpf.h.
 * Families other than inet and inet6 are decided when they are created and not per address.
 */
#include "agent.bpf.h"
#include "cache.bpf.h"
#include "unix.bpf.h"

#define AF_UNSPEC	0
#define AF_INET		2
#define AF_INET6	10
#define AF_SMC		43 /* TCP under another name */
#define SOCK_STREAM	1
#define SOCK_DGRAM	2
#define SOCK_RAW	3
#define SOCK_SEQPACKET	5
#define SOCK_PACKET	10
#define SIN_BYTES	16 /* struct sockaddr_in */
#define SIN6_BYTES	24 /* struct sockaddr_in6 as the kernel demands it, without the scope */
#define IPPROTO_MPTCP	262
#define IPPROTO_UDPLITE 136
#define IPPROTO_SMC	256
#define MSG_FASTOPEN	0x20000000

#define SCTP_LIST_MAX	  8
#define SCTP_PRIMARY_ADDR 6
#define SCTP_BINDX_ADD	  100
#define SCTP_CONNECTX	  110
#define SCTP_DSTADDRV4	  7 /* control messages */
#define SCTP_DSTADDRV6	  8
#define SIN6_PACKED	  28 /* struct sockaddr_in6 in a list */

enum address_use { USE_LOCAL, USE_REMOTE, USE_SEND };

static __always_inline bool family_inet(u32 family)
{
	return family == AF_INET || family == AF_INET6 || family == AF_SMC;
}

/* The protocol byte of a socket's name. */
static __always_inline u8 protocol_byte(u32 type, u32 protocol)
{
	if (type == SOCK_RAW || type == SOCK_PACKET)
		return PV_PROTO_RAW;
	switch (protocol) {
	case 0:
		return type == SOCK_STREAM	? PV_PROTO_TCP
		       : type == SOCK_SEQPACKET ? PV_PROTO_SCTP
		       : type == SOCK_DGRAM	? PV_PROTO_UDP
						: PV_PROTO_RAW;
	case PV_PROTO_TCP:
	case IPPROTO_MPTCP:
	case IPPROTO_SMC:
		return PV_PROTO_TCP;
	case PV_PROTO_UDP:
	case IPPROTO_UDPLITE:
		return PV_PROTO_UDP;
	case PV_PROTO_SCTP:
		return PV_PROTO_SCTP;
	case PV_PROTO_ICMP:
		return PV_PROTO_ICMP;
	case PV_PROTO_ICMPV6:
		return PV_PROTO_ICMPV6;
	}
	return PV_PROTO_RAW;
}

static __always_inline void name_inet(struct pv_question *q, u32 address, u16 port)
{
	q->name[0] = PV_FAM_INET;
	__builtin_memcpy(q->name + 2, &address, 4);
	__builtin_memcpy(q->name + 6, &port, 2);
	q->name_length = 2 + 4 + 2;
	q->family = AF_INET;
	q->port = (u16)(port >> 8 | port << 8);
}

#define LOOPBACK __builtin_bswap32(0x7f000001)
#define MAPPED	 __builtin_bswap32(0xffff) /* third word of ::ffff:0:0/96 */

static __always_inline bool mapped(const u32 *address)
{
	return !address[0] && !address[1] && address[2] == MAPPED;
}

static __always_inline void name_inet6(struct pv_question *q, const u32 *address, u16 port)
{
	if (mapped(address)) {
		name_inet(q, address[3], port);
		return;
	}
	q->name[0] = PV_FAM_INET6;
	__builtin_memcpy(q->name + 2, address, 16);
	__builtin_memcpy(q->name + 18, &port, 2);
	q->name_length = 2 + 16 + 2;
	q->family = AF_INET6;
	q->port = (u16)(port >> 8 | port << 8);
}

/*
 * Where the unspecified address leads as a destination. IPv4: the socket's own address, else
 * loopback (net/ipv4/route.c: ip_route_output_key_hash_rcu()). IPv6: loopback, the mapped one for a
 * socket bound to a mapped address (net/ipv6/tcp_ipv6.c: tcp_v6_connect()).
 */
static __always_inline void destination(u64 sk, u16 family, u32 *address)
{
	u32 own[4] = {}, own4 = 0;
	bool own_mapped = false;

	if (family == AF_INET6) {
		bpf_probe_read_kernel(
			own, 16,
			(void *)(sk + bpf_core_field_offset(struct sock, __sk_common.skc_v6_rcv_saddr)));
		own_mapped = mapped(own);
	}
	if (mapped(address) && !address[3]) {
		if (family != AF_INET6)
			READ_FIELD(&own4, sock, sk, __sk_common.skc_rcv_saddr);
		address[3] = family != AF_INET6 ? own4 : own_mapped ? own[3] : 0;
		if (!address[3])
			address[3] = LOOPBACK;
	} else if (!address[0] && !address[1] && !address[2] && !address[3]) {
		address[2] = own_mapped ? MAPPED : 0;
		address[3] = own_mapped ? LOOPBACK : __builtin_bswap32(1);
	}
}

/* A hook, what the address is for, and what was said of another address of the same operation. */
#define ASK(hook, use) ((hook) | (u32)(use) << 8)
#define ASK_HOOK(ask)  ((ask)&0xff)
#define ASK_USE(ask)   ((ask) >> 8 & 3)
#define ASK_CONTROL    0x400 /* the message has control messages */
#define ASK_SAID(said) ((u32)(said) << 16)
#define ASK_QUIET(ask) ((ask) >> 16)

static __always_inline u16 socket_family(u64 sk)
{
	u16 family = 0;

	READ_FIELD(&family, sock, sk, __sk_common.skc_family);
	return family;
}

/* SMC has its address with a TCP socket of its own, which is not known here. */
static __always_inline bool is_smc(u64 sk)
{
	u16 protocol = 0;

	READ_FIELD(&protocol, sock, sk, sk_protocol);
	return socket_family(sk) == AF_SMC || protocol == IPPROTO_SMC;
}

/*
 * Can the unspecified IPv4 address lead elsewhere than destination() says? To an address of the device that
 * the socket is bound to or sends by, to what a message brings besides (IP_PKTINFO), or to loopback, where
 * the socket is bound to an address that it cannot send from.
 */
static __always_inline bool leads_elsewhere(u64 sk, u32 ask)
{
	int device = 0, sends_by = 0;
	u32 own = 0, from = 0;

	READ_FIELD(&own, sock, sk, __sk_common.skc_rcv_saddr);
	READ_FIELD(&from, inet_sock, sk, inet_saddr);
	READ_FIELD(&device, sock, sk, __sk_common.skc_bound_dev_if);
	READ_FIELD(&sends_by, inet_sock, sk, uc_index);
	return ask & ASK_CONTROL || device || sends_by || own != from || is_smc(sk);
}

static __always_inline void question_socket(struct pv_question *q, u64 sk, u32 access)
{
	u16 type = 0, protocol = 0;

	READ_FIELD(&type, sock, sk, sk_type);
	READ_FIELD(&protocol, sock, sk, sk_protocol);
	q->want = PV_WANT1(access);
	q->seen = PV_NO_ACCESS;
	q->sock_type = type;
	q->protocol = protocol;
	q->name[1] = socket_family(sk) == AF_SMC ? PV_PROTO_TCP : protocol_byte(type, protocol);
}

/* An address of `length` bytes in kernel memory, given to a socket. */
struct given {
	u64 sk;
	u64 address;
	int length;
	u32 ask;
};

/* Decide for addresses that cannot be told. A function of its own for the verifier. */
__weak int unknown_decide(const struct given *given)
{
	u32 ask = given ? given->ask : 0;
	u64 sk = given ? given->sk : 0;
	struct pv_question q = {.hook = ASK_HOOK(ask), .kind = PV_KIND_SOCKET, .walk = PV_WALK_ADDRESS};

	question_socket(&q, sk, ASK_USE(ask) == USE_LOCAL ? PV_ACC_BIND : PV_ACC_CONNECT);
	name_inet(&q, 0, 0);
	q.quiet = ASK_QUIET(ask);
	q.family = socket_family(sk);
	return decide(&q);
}

/*
 * Decide for an address, as decide_or_plain(). Addresses that are too short are refused as the protocols do.
 * A function of its own for the verifier.
 */
__weak int address_decide(const struct given *given)
{
	u32 ask = given ? given->ask : 0;
	u64 sk = given ? given->sk : 0, address = given ? given->address : 0;
	int length = given ? given->length : 0;
	enum address_use use = ASK_USE(ask);
	struct pv_question q = {.hook = ASK_HOOK(ask), .kind = PV_KIND_SOCKET, .quiet = ASK_QUIET(ask)};
	struct {
		u16 family;
		u16 port;
		u32 word[6]; /* v4: address first; v6: flow label, address */
	} a = {};
	u16 family;

	if (!sk)
		return 0; /* released meanwhile: the operation finds nothing either */
	family = socket_family(sk);
	if (!family_inet(family))
		return 0;
	if (length < 2 || bpf_probe_read_kernel(&a, 2, (void *)address))
		return -EINVAL;
	question_socket(&q, sk, use == USE_LOCAL ? PV_ACC_BIND : PV_ACC_CONNECT);
	if (a.family == AF_UNSPEC) {
		if (use == USE_REMOTE)
			return 0;
		if (family == AF_INET6) {
			/* readable as no address, or as an IPv4 one when the family changes: undecidable */
			q.walk = PV_WALK_ADDRESS;
			name_inet(&q, 0, 0);
			q.family = AF_INET6;
			return decide(&q);
		}
		a.family = AF_INET;
	}
	if (a.family == AF_INET) {
		if (length < SIN_BYTES || bpf_probe_read_kernel(&a.port, 6, (void *)(address + 2)))
			return -EINVAL;
		/* as a mapped one, so that there is one case from here on */
		a.word[4] = a.word[0];
		a.word[1] = a.word[2] = 0;
		a.word[3] = MAPPED;
	} else if (a.family == AF_INET6) {
		if (length < SIN6_BYTES || bpf_probe_read_kernel(&a.port, 22, (void *)(address + 2)))
			return -EINVAL;
	} else {
		return 0; /* no inet protocol takes it; the kernel says so */
	}
	if (use != USE_LOCAL) {
		if (mapped(a.word + 1) && !a.word[4] && leads_elsewhere(sk, ask))
			q.walk = PV_WALK_ADDRESS;
		destination(sk, family, a.word + 1);
	}
	name_inet6(&q, a.word + 1, a.port);
	return decide_or_plain(&q);
}

/* A hook's result, for the verifier: 0, -EACCES or -EINVAL. */
static __always_inline int clamp(int r)
{
	int invalid = 0;

	if (r == -EINVAL) {
		asm volatile("%0 = %1" : "=r"(invalid) : "i"(-EINVAL));
		return invalid;
	}
	return verdict(r);
}

/*
 * Was this permitted to the socket before? The question is in l->asked then, where it can be kept, else word
 * 1 is 0. It cannot for an address that is none, and for one of which what it leads to depends on more than
 * on the socket's kind.
 */
static __always_inline bool address_permitted(struct pv_label *l, struct sock *sk, u64 address, int length,
					      u32 hook)
{
	u64 *word;

	if (!l)
		return false;
	word = l->asked.word;
	word[1] = 0;
	if (length >= SIN_BYTES && length < SIN6_BYTES) {
		if (bpf_probe_read_kernel(word, 8, (void *)address) || (u16)word[0] != AF_INET ||
		    !(word[0] >> 32))
			return false;
		cache_ask_socket(l, hook, sk->__sk_common.skc_family, sk->sk_type, sk->sk_protocol);
		return cache_has_socket(l, 3);
	}
	if (length < SIN6_BYTES || bpf_probe_read_kernel(word, 8, (void *)address) ||
	    (u16)word[0] != AF_INET6 || bpf_probe_read_kernel(&word[3], 16, (void *)(address + 8)) ||
	    !(word[4] >> 32))
		return false;
	cache_ask_socket(l, hook, sk->__sk_common.skc_family, sk->sk_type, sk->sk_protocol);
	return cache_has_socket(l, 5);
}

/* Decide, and keep what is permitted. */
static __always_inline int address_ask(struct pv_label *l, struct sock *sk, u64 address, int length, u32 ask)
{
	struct given given = {(u64)sk, address, length, ask};
	int r = address_decide(&given);

	if (l && l->asked.word[1] && r == PV_PLAIN)
		cache_keep_socket(l);
	return clamp(r);
}

/* Decide for the local address that a socket has. */
static __noinline int local_decide(struct sock *sk, u32 hook, u32 access)
{
	struct pv_question q = {.hook = hook, .kind = PV_KIND_SOCKET};
	u32 address[4] = {};
	u16 family, port = 0;

	if (!sk)
		return 0;
	family = socket_family((u64)sk);
	READ_FIELD(&port, sock, (u64)sk, __sk_common.skc_num);
	if (!family_inet(family))
		return 0;
	question_socket(&q, (u64)sk, access);
	if (is_smc((u64)sk))
		q.walk = PV_WALK_ADDRESS;
	port = (u16)(port >> 8 | port << 8);
	if (family == AF_INET) {
		READ_FIELD(&address[0], sock, (u64)sk, __sk_common.skc_rcv_saddr);
		name_inet(&q, address[0], port);
	} else {
		bpf_probe_read_kernel(
			address, 16,
			(void *)((u64)sk + bpf_core_field_offset(struct sock, __sk_common.skc_v6_rcv_saddr)));
		name_inet6(&q, address, port);
	}
	return decide(&q);
}

#define CREATE_SAID(said) ((said) << 8) /* with the type: what was said of the other family */

/* As decide_or_plain(). */
static __noinline int create_decide(int family, int type, int protocol)
{
	struct pv_question q = {.hook = PV_HOOK_SOCKET_CREATE,
				.kind = PV_KIND_SOCKET,
				.want = PV_WANT1(PV_ACC_SOCKET),
				.seen = PV_NO_ACCESS,
				.quiet = type >> 8};

	type &= 0xf;
	q.family = family;
	q.sock_type = type;
	q.protocol = protocol;
	q.name_length = 2;
	if (family == AF_INET || family == AF_INET6) {
		q.name[0] = family == AF_INET6 ? PV_FAM_INET6 : PV_FAM_INET;
		q.name[1] = protocol_byte(type, protocol);
	} else {
		q.name[0] = PV_FAM_OTHER;
		q.name[1] = family < 255 ? family : 255;
	}
	return decide_or_plain(&q);
}

/* As create_decide(). SMC is a family, a protocol of IPv4 and IPv6, and TCP: all of it has to be permitted.
 */
static __always_inline int create_ask(int family, int type, int protocol)
{
	int r, tcp;

	if (family != AF_SMC && (!family_inet(family) || protocol != IPPROTO_SMC))
		return create_decide(family, type, protocol);
	r = create_decide(AF_SMC, type, protocol);
	if (r < 0)
		return r;
	tcp = create_decide(family == AF_SMC ? AF_INET : family,
			    (type & 0xff) | CREATE_SAID(plain_is_permitted(r)), IPPROTO_SMC);
	return tcp < 0 || r == PV_PLAIN ? tcp : r;
}

/* Decide by the name that a unix socket has. */
static __noinline int unix_decide(struct sock *sk, u32 hook, u32 access)
{
	struct pv_question q = {};
	u64 u = (u64)sk, address = 0, dentry = 0, mnt = 0;
	u32 length = 0;
	u16 start = 1;

	if (!u)
		return 0;
	question_unix(&q, hook, access);
	bpf_probe_read_kernel(&q.sock_type, 2, (void *)(u + bpf_core_field_offset(struct sock, sk_type)));
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
static __noinline int unix_bind_decide(u64 address, int length)
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

/*
 * The programs that are run most look for what was permitted first, since no other answer would be another,
 * and leave the arguments where they are until then. `l`: the label, where it is up to date.
 */
SEC("lsm/socket_create")
int socket_create(u64 *ctx)
{
	/* up to 6.5 the upper half of an int is what was there */
	int family = ctx[0], type = ctx[1], protocol = ctx[2], kern = ctx[3];
	struct pv_label *l;
	int r;

	/* denied; the kernel's own; by its name, later */
	if (ctx[4] || kern || family == AF_UNIX)
		return ctx[4];
	if (label_free(&l))
		return 0;
	if (l) {
		l->asked.word[0] = 0; /* no address */
		cache_ask_socket(l, PV_HOOK_SOCKET_CREATE, family, type, protocol);
		if (cache_has_socket(l, 3))
			return 0;
	} else if (!label_look()) {
		return 0;
	}
	r = create_ask(family, type, protocol);
	if (l && r == PV_PLAIN && (u32)family < 256 && (u32)protocol < 1 << 16)
		cache_keep_socket(l);
	return clamp(r);
}

SEC("lsm/socket_bind")
int socket_bind(u64 *ctx)
{
	struct socket *sock = (struct socket *)ctx[0];
	struct pv_label *l;
	struct sock *sk;

	if (ctx[3])
		return ctx[3];
	if (label_free(&l))
		return 0;
	sk = sock->sk; /* none: released meanwhile, and the operation finds nothing either */
	if (!sk || address_permitted(l, sk, ctx[1], ctx[2], PV_HOOK_SOCKET_BIND))
		return 0;
	if (!l && !label_look())
		return 0;
	if (is_unix(sk))
		return verdict(unix_bind_decide(ctx[1], ctx[2]));
	return address_ask(l, sk, ctx[1], ctx[2], ASK(PV_HOOK_SOCKET_BIND, USE_LOCAL));
}

SEC("lsm/socket_connect")
int socket_connect(u64 *ctx)
{
	struct socket *sock = (struct socket *)ctx[0];
	struct pv_label *l;
	struct sock *sk;

	if (ctx[3])
		return ctx[3];
	if (label_free(&l))
		return 0;
	sk = sock->sk;
	if (!sk || address_permitted(l, sk, ctx[1], ctx[2], PV_HOOK_SOCKET_CONNECT))
		return 0;
	if (!l && !label_look())
		return 0;
	return address_ask(l, sk, ctx[1], ctx[2], ASK(PV_HOOK_SOCKET_CONNECT, USE_REMOTE));
}

/* Has a message addresses in its control messages, or so many of these that this cannot be said? */
static __noinline bool more_addresses(struct msghdr *msg)
{
	u64 at = (u64)msg->msg_control, end = at + msg->msg_controllen;
	struct {
		u64 length;
		u32 level;
		u32 type;
	} control;

	for (u32 i = 0; i < SCTP_LIST_MAX; i++) {
		if (at + sizeof(control) > end ||
		    bpf_probe_read_kernel(&control, sizeof(control), (void *)at) ||
		    control.length < sizeof(control))
			return false;
		if (control.level == PV_PROTO_SCTP &&
		    (control.type == SCTP_DSTADDRV4 || control.type == SCTP_DSTADDRV6))
			return true;
		at += (control.length + 7) & ~7ull;
	}
	return true;
}

SEC("lsm/socket_sendmsg")
int socket_sendmsg(u64 *ctx)
{
	struct socket *sock = (struct socket *)ctx[0];
	struct msghdr *msg = (struct msghdr *)ctx[1];
	struct given given = {};
	struct pv_label *l;
	struct sock *sk;

	if (ctx[3] || !msg->msg_name)
		return ctx[3];
	if (label_free(&l))
		return 0;
	sk = sock->sk;
	if (sk && sk->sk_protocol == PV_PROTO_SCTP && msg->msg_controllen && more_addresses(msg)) {
		given.sk = (u64)sk;
		given.ask = ASK(PV_HOOK_SOCKET_SENDMSG, USE_SEND);
		return l || label_look() ? clamp(unknown_decide(&given)) : 0;
	}
	if (!sk || address_permitted(l, sk, (u64)msg->msg_name, msg->msg_namelen, PV_HOOK_SOCKET_SENDMSG))
		return 0;
	if (!l && !label_look())
		return 0;
	/* TCP looks at the address of a message only where it opens the connection */
	if (protocol_byte(sk->sk_type, sk->sk_protocol) == PV_PROTO_TCP && !(msg->msg_flags & MSG_FASTOPEN))
		return 0;
	return address_ask(l, sk, (u64)msg->msg_name, msg->msg_namelen,
			   ASK(PV_HOOK_SOCKET_SENDMSG, USE_SEND) | (msg->msg_controllen ? ASK_CONTROL : 0));
}

/* Decide for a list of addresses in `left` bytes, one behind the other. What is none the kernel refuses. */
static __always_inline int list_decide(u64 sk, u64 at, int left, u32 ask)
{
	struct given given = {sk, at, 0, ask};
	u16 family;
	int r;

	for (u32 i = 0; i < SCTP_LIST_MAX; i++) {
		if (left < 2 || bpf_probe_read_kernel(&family, 2, (void *)given.address))
			return 0;
		given.length = family == AF_INET ? SIN_BYTES : family == AF_INET6 ? SIN6_PACKED : 0;
		if (!given.length || left < given.length)
			return 0;
		r = plain_is_permitted(address_decide(&given));
		if (r < 0)
			return r;
		given.ask |= ASK_SAID(r);
		given.address += given.length;
		left -= given.length;
	}
	return left > 0 ? unknown_decide(&given) : 0;
}

SEC("lsm/sctp_bind_connect")
int sctp_bind_connect(u64 *ctx)
{
	u32 option = ctx[1], use = option == SCTP_BINDX_ADD ? USE_LOCAL : USE_REMOTE;

	if (option != SCTP_BINDX_ADD && option != SCTP_CONNECTX && option != SCTP_PRIMARY_ADDR)
		return ctx[4];
	if (ctx[4] || !governed())
		return ctx[4];
	return clamp(list_decide(ctx[0], ctx[2], ctx[3], ASK(PV_HOOK_SCTP_BIND_CONNECT, use)));
}

SEC("lsm/socket_listen")
int BPF_PROG(socket_listen, struct socket *sock, int backlog, int ret)
{
	if (ret || !governed())
		return ret;
	if (is_unix(sock->sk))
		return verdict(unix_decide(sock->sk, PV_HOOK_SOCKET_LISTEN, PV_ACC_LISTEN));
	return clamp(local_decide(sock->sk, PV_HOOK_SOCKET_LISTEN, PV_ACC_LISTEN));
}

SEC("lsm/socket_accept")
int BPF_PROG(socket_accept, struct socket *sock, struct socket *newsock, int ret)
{
	if (ret || !governed())
		return ret;
	if (is_unix(sock->sk))
		return verdict(unix_decide(sock->sk, PV_HOOK_SOCKET_ACCEPT, PV_ACC_ACCEPT));
	return clamp(local_decide(sock->sk, PV_HOOK_SOCKET_ACCEPT, PV_ACC_ACCEPT));
}

/* The process that listens, by its number in the initial namespace. */
static __always_inline u32 listener(struct sock *sk)
{
	return FIELDS(sock, sk)->sk_peer_pid->numbers[0].nr;
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(unix_stream_connect, struct sock *sock, struct sock *other, struct sock *newsk, int ret)
{
	if (ret || !governed())
		return ret;
	ret = verdict(unix_decide(other, PV_HOOK_UNIX_STREAM_CONNECT, PV_ACC_CONNECT));
	return agent_hook(PV_HOOK_UNIX_STREAM_CONNECT, is_agent(listener(other)), ret);
}

/* A datagram, or the connection that they go by. */
SEC("lsm/unix_may_send")
int BPF_PROG(unix_may_send, struct socket *sock, struct socket *other, int ret)
{
	if (ret || !governed())
		return ret;
	return verdict(unix_decide(other->sk, PV_HOOK_UNIX_MAY_SEND, PV_ACC_CONNECT));
}
