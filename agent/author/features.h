/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What rules are about, as features of names (partition.h), and which rules speak for a name.
 *
 * One set of partitions serves any number of policies: of paths, of sockets and of executables. A part
 * of a rule is one pattern, one address block, or the whole of a rule that has neither.
 */
#ifndef PAVISE_AUTHOR_FEATURES_H
#define PAVISE_AUTHOR_FEATURES_H

#include "author/partition.h"

struct feature_list {
	uint32_t *at;
	size_t n;
};

struct rule_features {
	const struct policy *policy;
	const struct policy_rule *rule;
	struct feature_list parts; /* NO_FEATURE: what the protocols and families cover */
	struct feature_list except, from, unless_from;
};

struct features {
	struct partition paths, sockets, exes;
	struct rule_features *rules; /* in the order in which they were added */
	size_t n_rules, rules_room;
};

/* Where a rule is asked. */
struct place {
	const struct region *name;
	const struct region *exe; /* NULL: an executable without a name */
	bool owner;
};

void features_init(struct features *f);
void features_free(struct features *f);

/* Add the rules of a policy, and the executables of its subjects. 0 or -errno. */
int features_add(struct features *f, const struct policy *policy);

/* All policies are added. 0, -E2BIG, -ENOMEM. */
int features_divide(struct features *f);

/* The accesses that part `i` of a rule speaks on at a name, but for what narrows the rule. */
uint32_t part_accesses(const struct rule_features *r, size_t i, const struct region *name);

/* Whether an exception of the rule takes a name out. */
bool rule_excepts(const struct rule_features *r, const struct region *name);

/* Whether the rule holds for who acts. */
bool rule_holds(const struct rule_features *r, const struct place *place);

#endif
