/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Conditions: what an answer depends on besides the name.
 *
 * For each set of items that a name can match, the compiler asks choose() for the answer. Where
 * items have conditions that is a tree of choices (struct pv_choice in pavise.h), with the answer
 * for each way in which the conditions can turn out at its leaves.
 */
#ifndef PAVISE_POLICY_CHOICE_H
#define PAVISE_POLICY_CHOICE_H

#include "intern.h"
#include "model.h"
#include "nfa.h"

#define NO_CONDITION 0

/* What must hold for an item to count. All zero: nothing. */
struct condition {
	uint32_t from, unless_from; /* numbers of executables_add(), or NO_CONDITION */
	bool owner, user;
	bool executed; /* in its cgroup, whatever it was; */
	bool started;  /* and not what sets others up */
	uint32_t uid;  /* with `user` */
};

/* All lists of executables that rules and subjects name, and the classes that they make. */
struct choices {
	struct intern lists;   /* texts of lists; number + 1 is the condition's */
	struct intern classes; /* sets of conditions, ascending; the number is the class */
	struct intern sets;    /* struct of bits by class */
	struct intern choices; /* struct pv_choice */
	uint32_t set_words;
	bool uids;
	uint32_t setup;	    /* the condition that an executable sets others up, or NO_CONDITION */
	uint32_t setup_set; /* the set of the classes of which it holds, or PV_NO_SET */
};

void choices_init(struct choices *c);
void choices_free(struct choices *c);

/*
 * The condition that the acting executable matches one of the patterns, whose automaton is below
 * `root`. 0, -EINVAL with a message and *bad the pattern, -E2BIG, -ENOMEM.
 */
int choices_add_executables(struct choices *c, struct nfa *nfa, uint32_t root,
			    const struct policy_patterns *patterns, uint32_t *condition, size_t *bad,
			    char *error, size_t error_size);

/* The class of executables that match these conditions (ascending): an answer_fn for `root`. */
int choices_class(void *choices, const uint32_t *items, size_t n, bool root, uint32_t *answer);

/* All classes are known: from here on choose() may be called. */
int choices_finish(struct choices *c);

/*
 * The answer for items of which condition(context, item) tells the condition. leaf() gives the
 * answer for those that count, in their order. 0 or -errno.
 */
struct chooser {
	struct choices *choices;
	const struct condition *(*condition)(void *context, uint32_t item);
	int (*leaf)(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer);
	void *context;
};

int choose(const struct chooser *chooser, const uint32_t *items, size_t n, bool root, uint32_t *answer);

#endif
