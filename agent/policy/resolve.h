/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the rules that match a name to what happens: precedence, modes, intersection, decisions.
 */
#ifndef PAVISE_POLICY_RESOLVE_H
#define PAVISE_POLICY_RESOLVE_H

#include "choice.h"
#include "intern.h"
#include "pavise.h"
#include "policy.h"

#define NO_MATCH UINT32_MAX

/*
 * What can match: one pattern or address block of one rule. Items are numbered by policy (in the order
 * of names), section, rule and pattern, so the lowest number is the one to report. The exceptions of a
 * rule come before what they are taken from.
 */
struct item {
	uint32_t policy;
	uint32_t rule, match; /* indices; match NO_MATCH: the rule covers everything */
	uint32_t access;      /* bits that it speaks on */
	uint8_t section;      /* enum policy_section */
	bool root;	      /* matches "/", too */
	bool exception;	      /* of its rule: where it matches, the others of the rule do not count */
	bool literal;	      /* stands for names without wildcards: what has them is marked */
	bool implied;	      /* follows from a rule on something else: permits and is not reported */
	struct condition condition;
};

/* Indices of policies that govern together, ascending. */
struct members {
	const uint32_t *policies;
	size_t n;
};

struct resolver {
	const struct policy **policies; /* in the order of their names */
	size_t n_policies;
	bool monitor_all;
	struct item *items;
	size_t n_items, item_room;
	struct intern rows;   /* struct pv_row */
	struct intern tables; /* three rows: `system`, and capabilities by number */
	struct intern causes; /* struct cause; its decision has the number after */
};

int resolver_init(struct resolver *r, const struct policy_set *set, bool monitor_all);
void resolver_free(struct resolver *r);

int resolver_add_item(struct resolver *r, const struct item *item, uint32_t *number);

static inline const struct policy_rule *item_rule(const struct resolver *r, const struct item *item)
{
	return &r->policies[item->policy]->sections[item->section].rules[item->rule];
}

/*
 * The row for a name that matches these items (ascending), of which all conditions hold. `root`: only
 * those with item.root count.
 */
int resolve_path_row(struct resolver *r, const struct members *members, const uint32_t *items, size_t n,
		     bool root, uint32_t *row);
int resolve_net_row(struct resolver *r, const struct members *members, const uint32_t *items, size_t n,
		    uint32_t *row);

/* The number of the three rows for what has no name, 0 for no policy. See pv_profile.system_row. */
int resolve_table(struct resolver *r, const struct members *members, uint32_t *table);

/* The cell for what cannot be decided, by what it is about. */
enum undecidable { UNDECIDABLE_PATH, UNDECIDABLE_NET, UNDECIDABLE_SYSTEM };
int resolve_undecidable(struct resolver *r, const struct members *members, enum undecidable what,
			uint32_t *cell);

/* Give an image its table of decisions. */
int resolver_export(const struct resolver *r, struct image *image);

#endif
