/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses, ports, protocols and families of network rules (see frontend.h).
 *
 * One way to write each thing: an address block without host bits, a range from the lower to the
 * higher end, numbers in decimal without leading zeros. What could be read in two ways is refused,
 * and where the other way is plain the message says it. Names of hosts are never looked up.
 */
#include "frontend.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "pavise.h"

static const struct word protocols[] = {
	{"tcp", PV_PROTO_TCP},	 {"udp", PV_PROTO_UDP},	      {"sctp", PV_PROTO_SCTP},
	{"icmp", PV_PROTO_ICMP}, {"icmpv6", PV_PROTO_ICMPV6}, {"raw", PV_PROTO_RAW},
};

static const struct word families[] = {
	{"inet", AF_INET},
	{"inet6", AF_INET6},
	{"netlink", AF_NETLINK},
	{"packet", AF_PACKET},
	{"vsock", AF_VSOCK},
	{"alg", AF_ALG},
	{"xdp", AF_XDP},
	{"bluetooth", AF_BLUETOOTH},
	{"tipc", AF_TIPC},
	{"can", AF_CAN},
	{"rds", AF_RDS},
	{"qipcrtr", AF_QIPCRTR},
	{"key", AF_KEY},
	{"ppp", AF_PPPOX},
	{"smc", AF_SMC},
	{"kcm", AF_KCM},
	{"nfc", AF_NFC},
	{"llc", AF_LLC},
	{"rxrpc", AF_RXRPC},
	{"phonet", AF_PHONET},
	{"caif", AF_CAIF},
	{"isdn", AF_ISDN},
	{"ax25", AF_AX25},
	{"x25", AF_X25},
	{"appletalk", AF_APPLETALK},
	{"netrom", AF_NETROM},
	{"rose", AF_ROSE},
	{"ieee802154", AF_IEEE802154},
};

/* text[0..length) as a number up to `limit`: digits only, no leading zeros. -1 if it is not one. */
static int number(const char *text, size_t length, int limit)
{
	int value = 0;

	if (!length || (text[0] == '0' && length > 1))
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = 10 * value + (text[i] - '0');
		if (value > limit)
			return -1;
	}
	return value;
}

/* Clear everything behind the first `bits` bits; whether something was set there. */
static bool clear_host_bits(uint8_t *addr, unsigned size, unsigned bits)
{
	bool any = false;

	for (unsigned i = 0; i < size; i++) {
		unsigned kept = bits > 8 * i ? bits - 8 * i : 0;
		uint8_t mask = kept >= 8 ? 0xff : 0xff << (8 - kept);

		any = any || addr[i] & ~mask;
		addr[i] &= mask;
	}
	return any;
}

/* An IPv4 block in IPv6 clothes is the IPv4 block: that is what goes over the wire. */
static void unmap(struct policy_cidr *cidr)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (cidr->family != 6 || cidr->bits < 96 || memcmp(cidr->addr, prefix, sizeof(prefix)))
		return;
	cidr->family = 4;
	cidr->bits -= 96;
	memcpy(cidr->addr, cidr->addr + sizeof(prefix), 4);
	memset(cidr->addr + 4, 0, sizeof(cidr->addr) - 4);
}

static void report_host_bits(struct source *s, const struct node *value, const struct where *where,
			     const struct policy_cidr *block, const char *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(block->family == 4 ? AF_INET : AF_INET6, block->addr, text, sizeof(text));
	report_at(s, value, where,
		  "'%s' has bits set behind its prefix: write %s/%u for the block, %s for "
		  "the address",
		  value->text, text, block->bits, address);
}

static void read_block(struct source *s, const struct node *value, const struct where *where,
		       struct policy_cidrs *cidrs)
{
	struct policy_cidr cidr = {0}, *out;
	size_t length = strcspn(value->text, "/");
	const char *prefix = value->text[length] ? value->text + length + 1 : NULL;
	char address[INET6_ADDRSTRLEN] = "";
	int bits, width;

	if (length < sizeof(address))
		memcpy(address, value->text, length);
	if (inet_pton(AF_INET, address, cidr.addr) == 1) {
		cidr.family = 4;
	} else if (inet_pton(AF_INET6, address, cidr.addr) == 1) {
		cidr.family = 6;
	} else if (*value->text == '/' || *value->text == '@') {
		report_at(s, value, where, "'%.*s' is no address: names of unix sockets go with 'unix'",
			  SHORT(value->text));
		return;
	} else {
		report_at(s, value, where,
			  "'%.*s' is not an IP address or block such as 10.0.0.0/8 (names are "
			  "not looked up)",
			  SHORT(value->text));
		return;
	}
	width = cidr.family == 4 ? 32 : 128;
	bits = prefix ? number(prefix, strlen(prefix), width) : width;
	if (bits < 0) {
		report_at(s, value, where, "'%.*s': the prefix of an IPv%d block is a number from 0 to %d",
			  SHORT(value->text), cidr.family, width);
		return;
	}
	cidr.bits = bits;
	if (clear_host_bits(cidr.addr, width / 8, bits)) {
		report_host_bits(s, value, where, &cidr, address);
		return;
	}
	unmap(&cidr);
	out = array_add(s, &cidrs->at, &cidrs->n, sizeof(*out));
	if (!out)
		return;
	*out = cidr;
	out->text = copy_text(s, value);
}

void read_cidr(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_rule *rule = target;

	read_block(s, value, where, &rule->cidrs);
}

void read_except_cidr(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_rule *rule = target;

	read_block(s, value, where, &rule->except_cidrs);
}

void read_ports(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_rule *rule = target;
	const char *text = value->text;
	size_t length = strcspn(text, "-");
	struct policy_ports *out;
	int first, last;

	first = number(text, length, UINT16_MAX);
	last = text[length] ? number(text + length + 1, strlen(text + length + 1), UINT16_MAX) : first;
	if (first < 0 || last < 0) {
		report_at(s, value, where, "'%.*s' is not a port (0 to 65535) or a range such as 8000-8099",
			  SHORT(text));
		return;
	}
	if (first > last) {
		report_at(s, value, where, "the range '%s' is reversed: write %d-%d", text, last, first);
		return;
	}
	out = array_add(s, &rule->ports, &rule->n_ports, sizeof(*out));
	if (out)
		*out = (struct policy_ports){.first = first, .last = last};
}

void read_protocol(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_rule *rule = target;
	unsigned protocol;
	uint8_t *out;

	if (!read_word(s, value, where, "protocol", protocols, ARRAY_SIZE(protocols), &protocol))
		return;
	out = array_add(s, &rule->protocols, &rule->n_protocols, sizeof(*out));
	if (out)
		*out = protocol;
}

void read_family(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_rule *rule = target;
	unsigned family = 0;
	uint8_t *out;

	if (value->kind == NODE_INTEGER) {
		int n = number(value->text, strlen(value->text), UINT8_MAX);

		if (n < 1) {
			report_at(s, value, where, "'%.*s' is not the number of a family (1 to 255)",
				  SHORT(value->text));
			return;
		}
		family = n;
	} else if (!strcmp(value->text, "unix")) {
		family = AF_UNIX;
	} else if (!read_word(s, value, where, "family", families, ARRAY_SIZE(families), &family)) {
		return;
	}
	if (family == AF_UNIX) {
		report_at(s, value, where,
			  "making a unix socket is always permitted: 'unix' names those that may be used");
		return;
	}
	out = array_add(s, &rule->families, &rule->n_families, sizeof(*out));
	if (out)
		*out = family;
}
