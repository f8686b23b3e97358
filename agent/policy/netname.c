/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Network rules as sets of socket names (see netname.h).
 *
 * A name has a fixed form per family, so a rule is a union of sequences of byte sets: the family, the
 * protocols, an address block, a range of ports. A block is whole bytes, one byte of which leading
 * bits are fixed, and free bytes. A range of ports splits at the first byte: the rest of the first
 * row, whole rows, the beginning of the last. What a rule leaves out covers every value.
 *
 * A rule that restricts nothing covers the names of unix sockets as well, whatever they are.
 *
 * Families: an address block is of one family; `families` names more exactly which a rule is about.
 * Protocols belong to inet and inet6 only: a rule with protocols covers no other family's sockets.
 */
#include "netname.h"

#include <sys/socket.h>

static bool has_family(const struct policy_rule *rule, unsigned family)
{
	for (size_t i = 0; i < rule->n_families; i++) {
		if (rule->families[i] == family)
			return true;
	}
	return !rule->n_families;
}

/* Whether a rule is about an internet family, PV_FAM_INET or PV_FAM_INET6. */
static bool covers_family(const struct policy_rule *rule, unsigned family)
{
	if (!has_family(rule, family == PV_FAM_INET ? AF_INET : AF_INET6))
		return false;
	for (size_t i = 0; i < rule->cidrs.n; i++) {
		if (rule->cidrs.at[i].family == family)
			return true;
	}
	return !rule->cidrs.n;
}

/* One byte from first to last. */
static uint32_t add_range(struct nfa *nfa, uint32_t from, unsigned first, unsigned last)
{
	struct byteset set = {{0}};

	if (first == last)
		return nfa_byte(nfa, from, first);
	byteset_add(&set, first, last);
	return nfa_set(nfa, from, &set);
}

static_assert(PV_PROTO_RAW == 255, "raw is the last protocol byte");

/*
 * `outright`: the rule names sockets, not addresses. An allow rule for addresses that names no
 * protocol is not about raw sockets: whoever has one writes the addresses himself.
 */
static uint32_t add_protocols(struct nfa *nfa, uint32_t from, const struct policy_rule *rule, bool outright)
{
	struct byteset set = {{0}};

	if (!rule->n_protocols)
		return add_range(nfa, from, 0,
				 outright || rule->effect == EFFECT_DENY ? 255 : PV_PROTO_RAW - 1);
	if (rule->n_protocols == 1)
		return nfa_byte(nfa, from, rule->protocols[0]);
	for (size_t i = 0; i < rule->n_protocols; i++)
		byteset_add(&set, rule->protocols[i], rule->protocols[i]);
	return nfa_set(nfa, from, &set);
}

static uint32_t add_block(struct nfa *nfa, uint32_t from, unsigned family, const struct policy_cidr *cidr)
{
	unsigned size = family == PV_FAM_INET ? 4 : 16, bits = cidr ? cidr->bits : 0;

	for (unsigned i = 0; i < size; i++, bits -= bits < 8 ? bits : 8) {
		unsigned spread = bits < 8 ? 0xffu >> bits : 0, first = cidr ? cidr->addr[i] & ~spread : 0;

		from = add_range(nfa, from, first, first | spread);
	}
	return from;
}

static void add_ports(struct nfa *nfa, uint32_t from, unsigned first, unsigned last, uint32_t item)
{
	while (first <= last) {
		unsigned row = first >> 8, end_row = last >> 8, low = first & 255, high = 255;
		uint32_t node;

		if (low || row == end_row) {
			high = row == end_row ? last & 255 : 255;
			end_row = row;
		} else if ((last & 255) != 255) {
			end_row--;
		}
		node = add_range(nfa, from, row, end_row);
		nfa_accept(nfa, add_range(nfa, node, low, high), item);
		first = (end_row << 8) + high + 1;
	}
}

void netname_add_addresses(struct nfa *nfa, uint32_t root, const struct policy_rule *rule,
			   const struct policy_cidr *cidr, uint32_t item)
{
	static const uint8_t families[] = {PV_FAM_INET, PV_FAM_INET6};

	for (unsigned f = 0; f < sizeof(families); f++) {
		uint32_t node;

		if ((cidr && cidr->family != families[f]) || !covers_family(rule, families[f]))
			continue;
		node = add_protocols(nfa, nfa_byte(nfa, root, families[f]), rule, false);
		node = add_block(nfa, node, families[f], cidr);
		if (!rule->n_ports)
			add_ports(nfa, node, 0, 65535, item);
		for (size_t i = 0; i < rule->n_ports; i++)
			add_ports(nfa, node, rule->ports[i].first, rule->ports[i].last, item);
	}
	if (!rule->cidrs.n && !rule->n_ports && !rule->n_protocols && !rule->n_families) {
		struct byteset any = {{0}};

		byteset_add(&any, 0, 255);
		nfa_accept(nfa, nfa_run(nfa, nfa_byte(nfa, root, PV_FAM_UNIX), &any), item);
	}
}

void netname_add_block(struct nfa *nfa, uint32_t root, const struct policy_cidr *cidr, uint32_t item)
{
	uint32_t node = add_range(nfa, nfa_byte(nfa, root, cidr->family), 0, 255);

	add_ports(nfa, add_block(nfa, node, cidr->family, cidr), 0, 65535, item);
}

void netname_add_sockets(struct nfa *nfa, uint32_t root, const struct policy_rule *rule, bool implied,
			 uint32_t item)
{
	static const uint8_t families[] = {PV_FAM_INET, PV_FAM_INET6};
	uint32_t other;

	for (unsigned f = 0; f < sizeof(families); f++) {
		if (covers_family(rule, families[f])) {
			uint32_t node = nfa_byte(nfa, root, families[f]);

			nfa_accept(nfa, add_protocols(nfa, node, rule, !implied), item);
		}
	}
	if (implied || rule->n_protocols || (rule->cidrs.n && !rule->n_families))
		return;
	other = nfa_byte(nfa, root, PV_FAM_OTHER);
	if (!rule->n_families)
		nfa_accept(nfa, add_range(nfa, other, 0, 255), item);
	for (size_t i = 0; i < rule->n_families; i++) {
		if (rule->families[i] != AF_INET && rule->families[i] != AF_INET6)
			nfa_accept(nfa, nfa_byte(nfa, other, rule->families[i]), item);
	}
}
