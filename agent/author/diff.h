/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What changes between two sets of policies: for which names, accesses and who acts the verdict is
 * another one, and who is governed by other policies.
 *
 * Complete and exact: all names are looked at (partition.h), so what is not listed does not change, and
 * each change is shown by a shortest name that it is true of. The sets are compared as wholes, for
 * somebody whom all policies of the one, and of the other, govern.
 */
#ifndef PAVISE_AUTHOR_DIFF_H
#define PAVISE_AUTHOR_DIFF_H

#include "author/judge.h"

#define DIFF_NAME_SIZE 72

struct diff_side {
	enum pv_verdict verdict;
	bool kill, audit;
	char policy[DIFF_NAME_SIZE]; /* empty: a default allows, or nothing is decided */
	char rule[DIFF_NAME_SIZE];
};

/* All names and circumstances of which the same is true. */
struct diff_change {
	struct question question; /* an example */
	uint32_t accesses;	  /* bits: those that this is true of, with this example */
	bool undecidable;	  /* instead of a name: what cannot be decided */
	char *exe;		  /* of the example; NULL: one that no policy names */
	bool owner;
	struct diff_side before, after;
};

struct diff_subject {
	char *cgroup, *exe; /* exe may be NULL */
	uint32_t uid;
	bool any_user;	       /* no set names this user */
	bool executed;	       /* it has executed since it came to the cgroup */
	char *added, *removed; /* names of policies, separated by ", "; empty for none */
};

struct diff {
	struct diff_change *changes;
	size_t n_changes, changes_room;
	struct diff_subject *subjects;
	size_t n_subjects, subjects_room;
	char **containers; /* sentences about entries that name containers, which are compared as written */
	size_t n_containers, containers_room;
};

/* 0, -EINVAL with what is wrong in `d`, -E2BIG when there is too much to tell apart, -ENOMEM. */
int diff_find(struct sources *before, struct sources *after, struct diff *diff, struct diags *d);
void diff_free(struct diff *diff);

static inline bool diff_is_empty(const struct diff *diff)
{
	return !diff->n_changes && !diff->n_subjects && !diff->n_containers;
}

void diff_print(const struct diff *diff, FILE *out);
json_t *diff_json(const struct diff *diff);

#endif
