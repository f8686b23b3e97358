/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The shapes of names (see shape.h).
 *
 * A path is "/" or components, each behind a "/", none of them empty, "." or "..". A socket's name
 * is what bpf/include/pavise.h says; of unix sockets also the empty name. An IPv6 address never lies
 * in ::ffff:0:0/96, because the kernel side names such an address as the IPv4 one that it stands for.
 *
 * States of a socket's name after the protocol count bytes; the protocol is part of the state, as an
 * index, so that names of different protocols end in different states.
 */
#include "author/shape.h"

#include <assert.h>
#include <string.h>
#include <sys/socket.h>

enum path_state { PATH_START, PATH_ROOT, PATH_SLASH, PATH_DOT, PATH_DOTS, PATH_NAME, PATH_STATES };

/* Socket names: the first bytes, then unix names, then internet ones. */
enum {
	NET_START,
	NET_FAMILY4,
	NET_FAMILY6,
	NET_OTHER,
	NET_OTHER_END,
	NET_UNIX,
	NET_UNIX_PATH,				   /* + enum path_state */
	NET_UNIX_AT = NET_UNIX_PATH + PATH_STATES, /* "@" */
	NET_UNIX_ABSTRACT,
	NET_PROTOCOL4, /* + index of the protocol: a name that ends behind it */
	NET_PROTOCOL6 = NET_PROTOCOL4 + 5,
	NET_ADDRESS = NET_PROTOCOL6 + 5, /* see address_state() */
};

#define PROTOCOLS 5
#define END4	  6 /* bytes behind the protocol: address and port */
#define END6	  18
#define MAPPED	  12 /* bytes of the prefix of mapped addresses */

static const uint8_t protocols[2][PROTOCOLS] = {
	{PV_PROTO_TCP, PV_PROTO_UDP, PV_PROTO_SCTP, PV_PROTO_ICMP, PV_PROTO_RAW},
	{PV_PROTO_TCP, PV_PROTO_UDP, PV_PROTO_SCTP, PV_PROTO_ICMPV6, PV_PROTO_RAW},
};

/*
 * Behind the protocol, per protocol: IPv4 with 1..6 bytes, IPv6 with 1..18 bytes, and IPv6 with
 * 1..11 bytes that begin a mapped address.
 */
#define PER_PROTOCOL (END4 + END6 + MAPPED - 1)
static_assert(NET_ADDRESS + PROTOCOLS * PER_PROTOCOL <= SHAPE_STATES, "every state has a number");

static unsigned address_state(unsigned protocol, unsigned row)
{
	return NET_ADDRESS + protocol * PER_PROTOCOL + row;
}

static unsigned step_path(unsigned state, uint8_t byte)
{
	if (!byte)
		return SHAPE_DEAD;
	if (byte == '/')
		return state == PATH_START ? PATH_ROOT : state == PATH_NAME ? PATH_SLASH : SHAPE_DEAD;
	if (state == PATH_START)
		return SHAPE_DEAD;
	if (byte == '.' && state <= PATH_SLASH)
		return PATH_DOT;
	return byte == '.' && state == PATH_DOT ? PATH_DOTS : PATH_NAME;
}

static unsigned find_protocol(unsigned six, uint8_t byte)
{
	for (unsigned i = 0; i < PROTOCOLS; i++) {
		if (protocols[six][i] == byte)
			return (six ? NET_PROTOCOL6 : NET_PROTOCOL4) + i;
	}
	return SHAPE_DEAD;
}

/* The first of 4 or 16 bytes of an address, and two of a port. */
static unsigned step_protocol(unsigned state, uint8_t byte)
{
	if (state < NET_PROTOCOL6)
		return address_state(state - NET_PROTOCOL4, 0);
	return address_state(state - NET_PROTOCOL6, byte ? END4 : END4 + END6);
}

static unsigned step_address(unsigned state, uint8_t byte)
{
	unsigned row = (state - NET_ADDRESS) % PER_PROTOCOL, count;

	if (row == END4 - 1 || row == END4 + END6 - 1)
		return SHAPE_DEAD;
	if (row < END4 + END6)
		return state + 1;
	count = row - END4 - END6 + 1; /* bytes read, all like those of a mapped address */
	if (byte != (count < 10 ? 0 : 0xff))
		return state - row + END4 + count;
	return count + 1 < MAPPED ? state + 1 : SHAPE_DEAD;
}

static unsigned step_socket(unsigned state, uint8_t byte)
{
	unsigned next;

	switch (state) {
	case NET_START:
		return byte == PV_FAM_INET    ? NET_FAMILY4
		       : byte == PV_FAM_INET6 ? NET_FAMILY6
		       : byte == PV_FAM_OTHER ? NET_OTHER
		       : byte == PV_FAM_UNIX  ? NET_UNIX
					      : SHAPE_DEAD;
	case NET_FAMILY4:
	case NET_FAMILY6:
		return find_protocol(state == NET_FAMILY6, byte);
	case NET_OTHER:
		return byte == AF_UNSPEC || byte == AF_UNIX || byte == AF_INET || byte == AF_INET6
			       ? SHAPE_DEAD
			       : NET_OTHER_END;
	case NET_OTHER_END:
		return SHAPE_DEAD;
	case NET_UNIX:
		return byte == '/' ? NET_UNIX_PATH + PATH_ROOT : byte == '@' ? NET_UNIX_AT : SHAPE_DEAD;
	case NET_UNIX_AT:
	case NET_UNIX_ABSTRACT:
		return byte ? NET_UNIX_ABSTRACT : SHAPE_DEAD;
	}
	if (state < NET_UNIX_AT) {
		next = step_path(state - NET_UNIX_PATH, byte);
		return next == SHAPE_DEAD ? next : NET_UNIX_PATH + next;
	}
	return state < NET_ADDRESS ? step_protocol(state, byte) : step_address(state, byte);
}

unsigned shape_step(enum partition_shape shape, unsigned state, uint8_t byte)
{
	return shape == SHAPE_PATH ? step_path(state, byte) : step_socket(state, byte);
}

unsigned shape_kind(enum partition_shape shape, unsigned state)
{
	unsigned row;

	if (shape == SHAPE_PATH)
		return state == PATH_ROOT || state == PATH_NAME;
	if (state == NET_OTHER_END || state == NET_UNIX)
		return state;
	if (state == NET_UNIX_PATH + PATH_NAME || state == NET_UNIX_ABSTRACT)
		return NET_UNIX_PATH;
	if (state >= NET_PROTOCOL4 && state < NET_ADDRESS)
		return state;
	if (state < NET_ADDRESS)
		return 0;
	row = (state - NET_ADDRESS) % PER_PROTOCOL;
	return row == END4 - 1 || row == END4 + END6 - 1 ? state : 0;
}

/* Examples for documents: 192.0.2.1:443, [2001:db8::1]:443. */
static int favourite(unsigned state)
{
	static const uint8_t four[END4] = {192, 0, 2, 1, 1, 187};
	static const uint8_t six[END6] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 187};
	unsigned row;

	if (state < NET_PROTOCOL4)
		return -1;
	if (state < NET_ADDRESS)
		return state < NET_PROTOCOL6 ? four[0] : six[0];
	row = (state - NET_ADDRESS) % PER_PROTOCOL + 1;
	return row < END4 ? four[row] : row >= END4 && row < END4 + END6 ? six[row - END4] : -1;
}

/* Letters, digits, what else is seen in names, all else that can be printed, and the rest. */
static const uint8_t *text_order(void)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZ.";
	static uint8_t order[256];
	static bool done;
	unsigned n = sizeof(first) - 1;

	if (done)
		return order;
	memcpy(order, first, n);
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned b = 0; b < 256; b++) {
			if ((b > ' ' && b < 127) != !pass || (b && b < 127 && strchr(first, (int)b)))
				continue;
			order[n++] = b;
		}
	}
	assert(n == 256);
	done = true;
	return order;
}

uint8_t shape_byte(enum partition_shape shape, unsigned state, unsigned number)
{
	int liked = shape == SHAPE_SOCKET ? favourite(state) : -1;

	if (shape == SHAPE_PATH || (state >= NET_UNIX && state < NET_PROTOCOL4))
		return text_order()[number];
	if (liked < 0)
		return number;
	return number == 0		   ? (uint8_t)liked
	       : number <= (unsigned)liked ? (uint8_t)(number - 1)
					   : (uint8_t)number;
}
