/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Network rules as sets of socket names (bytes as pavise.h says) in an automaton.
 */
#ifndef PAVISE_POLICY_NETNAME_H
#define PAVISE_POLICY_NETNAME_H

#include "model.h"
#include "nfa.h"
#include "pavise.h"

/* The accesses that are decided by an address. */
#define NET_ADDRESS_ACCESSES \
	(1u << PV_ACC_CONNECT | 1u << PV_ACC_BIND | 1u << PV_ACC_LISTEN | 1u << PV_ACC_ACCEPT)

/* The addresses of a rule that lie in one of its blocks, or, for a rule without blocks, NULL: all. */
void netname_add_addresses(struct nfa *nfa, uint32_t root, const struct policy_rule *rule,
			   const struct policy_cidr *cidr, uint32_t item);

/* Every address in a block, whatever the protocol and port. */
void netname_add_block(struct nfa *nfa, uint32_t root, const struct policy_cidr *cidr, uint32_t item);

/*
 * The sockets whose creation a rule covers. `implied`: those that are of use under a rule that only
 * speaks of addresses, so never any but inet and inet6 ones.
 */
void netname_add_sockets(struct nfa *nfa, uint32_t root, const struct policy_rule *rule, bool implied,
			 uint32_t item);

#endif
