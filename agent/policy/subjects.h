/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who is governed: from subjects to items of the automaton of cgroup paths.
 */
#ifndef PAVISE_POLICY_SUBJECTS_H
#define PAVISE_POLICY_SUBJECTS_H

#include "choice.h"
#include "nfa.h"
#include "policy.h"

/* One entry of a policy's subjects. */
struct entry {
	uint32_t policy;
	uint8_t parts; /* of the cgroup's path that have to match: bits */
	struct condition condition;
};

struct subjects {
	struct entry *entries;
	size_t n, room;
	uint32_t roots[2]; /* of cgroup paths in the nfa: of patterns, and of units */
	uint32_t exe_root;
	struct choices *choices;
};

void subjects_init(struct subjects *s, struct nfa *nfa, uint32_t exe_root, struct choices *choices);
void subjects_free(struct subjects *s);

/*
 * Add the entries of a policy, which is called number `policy`. 0, -EINVAL or -E2BIG with a message
 * in `d`, -ENOMEM.
 */
int subjects_add(struct subjects *s, struct nfa *nfa, const struct policy *p, uint32_t policy,
		 const struct compile_options *options, struct diags *d);

/*
 * The entries that hold, as far as the cgroup's path says, for a name that matches these items
 * (ascending, as subjects_add() had them accepted); in entries[], ascending. Returns how many.
 */
size_t subjects_reduce(const struct subjects *s, const uint32_t *items, size_t n, bool root,
		       uint32_t *entries);

#endif
