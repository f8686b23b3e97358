/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Choices (see choice.h).
 *
 * Guarantee: following the tree with what is known of the task and the object leads to the answer
 * that leaf() gives for exactly those items of which the conditions hold.
 *
 * Executables come first. Every executable's path is read once, when it is executed, by the same
 * automaton as all names; the set of lists that it matches is its class. So for one set of items the
 * classes fall into groups in which the same items count, and a question parts the groups in halves:
 * the depth is logarithmic, however many executables the policies name. What is left is asked in
 * order: executed, started, owner, then uids by intervals, again in halves. Groups with one answer are one.
 *
 * Choices are interned after those that they lead to, so a choice leads to lower numbers only.
 */
#include "choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "pavise.h"

#define WORD_BITS 32

/* Which items count: a copy of the list for each level of questions. */
struct question {
	const struct chooser *chooser;
	const uint32_t *items;
	size_t n;
	bool root;
};

/* One way in which a question can turn out. */
struct outcome {
	uint32_t answer;
	uint32_t key; /* executables: number of the set of classes; uids: the first uid */
};

typedef int (*level_fn)(const struct question *q, uint32_t *answer);

void choices_init(struct choices *c)
{
	*c = (struct choices){0};
}

void choices_free(struct choices *c)
{
	intern_free(&c->lists);
	intern_free(&c->classes);
	intern_free(&c->sets);
	intern_free(&c->choices);
}

/* The texts of a list, one after the other, as a key. */
static char *list_key(const struct policy_patterns *patterns, size_t *size)
{
	char *key, *at;

	*size = 0;
	for (size_t i = 0; i < patterns->n; i++)
		*size += strlen(patterns->at[i].text) + 1;
	key = at = malloc(*size + 1);
	for (size_t i = 0; key && i < patterns->n; i++)
		at = stpcpy(at, patterns->at[i].text) + 1;
	return key;
}

int choices_add_executables(struct choices *c, struct nfa *nfa, uint32_t root,
			    const struct policy_patterns *patterns, uint32_t *condition, size_t *bad,
			    char *error, size_t error_size)
{
	uint32_t id, known = c->lists.n;
	size_t size;
	char *key = list_key(patterns, &size);
	int ret = key ? intern_add(&c->lists, key, size, &id) : -ENOMEM;

	free(key);
	if (ret)
		return ret;
	*condition = id + 1;
	for (size_t i = 0; id == known && i < patterns->n; i++) {
		struct pattern_end end;

		ret = pattern_add(nfa, root, PATTERN_PATH, patterns->at[i].text, &end, error, error_size);
		*bad = i;
		if (ret)
			return ret;
		nfa_accept(nfa, end.node, id + 1);
	}
	return nfa->error;
}

int choices_class(void *choices, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	struct choices *c = choices;

	(void)root; /* no executable is a directory */
	return intern_add(&c->classes, items, n * sizeof(*items), answer);
}

/* Does an executable of this class match the list of a condition? */
static bool class_has(const struct choices *c, uint32_t class, uint32_t condition)
{
	size_t size;
	const uint32_t *list = intern_key(&c->classes, class, &size);

	for (size_t i = 0; i < size / sizeof(*list); i++) {
		if (list[i] == condition)
			return true;
	}
	return false;
}

/* The classes of what sets others up. */
static int add_setup_set(struct choices *c)
{
	uint32_t *set = calloc(c->set_words, sizeof(*set));
	int ret;

	if (!set)
		return -ENOMEM;
	for (uint32_t class = 0; class < c->classes.n; class ++) {
		if (class_has(c, class, c->setup))
			set[class / WORD_BITS] |= 1u << (class % WORD_BITS);
	}
	ret = intern_add(&c->sets, set, c->set_words * sizeof(*set), &c->setup_set);
	free(set);
	return ret;
}

int choices_finish(struct choices *c)
{
	uint32_t none;
	int ret = intern_add(&c->classes, "", 0, &none);

	c->set_words = (c->classes.n + WORD_BITS - 1) / WORD_BITS;
	c->setup_set = PV_NO_SET;
	return ret || c->setup == NO_CONDITION ? ret : add_setup_set(c);
}

static const struct condition *condition_of(const struct question *q, size_t i)
{
	return q->chooser->condition(q->chooser->context, q->items[i]);
}

static int add_choice(const struct question *q, uint32_t test, uint32_t value, uint32_t no, uint32_t yes,
		      uint32_t *answer)
{
	struct pv_choice choice = {.test = test, .value = value, .no = no, .yes = yes};
	int ret = 0;

	if (no == yes) {
		*answer = no;
		return 0;
	}
	ret = intern_add(&q->chooser->choices->choices, &choice, sizeof(choice), answer);
	if (!ret && *answer >= PV_MORE)
		return -E2BIG;
	*answer |= PV_MORE;
	return ret;
}

/* Ask the next level about those items that keep[] says. */
static int ask(const struct question *q, const bool *keep, level_fn next, uint32_t *answer)
{
	uint32_t *items = calloc(q->n + 1, sizeof(*items));
	struct question sub = {.chooser = q->chooser, .items = items, .root = q->root};
	int ret;

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < q->n; i++) {
		if (keep[i])
			items[sub.n++] = q->items[i];
	}
	ret = next(&sub, answer);
	free(items);
	return ret;
}

static int ask_leaf(const struct question *q, uint32_t *answer)
{
	const struct chooser *c = q->chooser;

	return c->leaf(c->context, q->items, q->n, q->root, answer);
}

/* ---- uids ---- */

static int compare_uids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Outcomes of ascending intervals: a tree of "is it that or above?". */
static int uid_tree(const struct question *q, const struct outcome *o, size_t n, uint32_t *answer)
{
	uint32_t low, high;
	int ret;

	if (n == 1) {
		*answer = o->answer;
		return 0;
	}
	ret = uid_tree(q, o, n / 2, &low);
	if (!ret)
		ret = uid_tree(q, o + n / 2, n - n / 2, &high);
	if (!ret)
		ret = add_choice(q, PV_TEST_UID, o[n / 2].key, low, high, answer);
	return ret;
}

/* The answer for one uid; `other`: for one that no item names. */
static int uid_answer(const struct question *q, bool other, uint32_t uid, uint32_t *answer)
{
	bool *keep = calloc(q->n + 1, sizeof(*keep));
	int ret;

	if (!keep)
		return -ENOMEM;
	for (size_t i = 0; i < q->n; i++) {
		const struct condition *c = condition_of(q, i);

		keep[i] = !c->user || (!other && c->uid == uid);
	}
	ret = ask(q, keep, ask_leaf, answer);
	free(keep);
	return ret;
}

static void add_interval(struct outcome *o, size_t *n, uint32_t first, uint32_t answer)
{
	if (*n && o[*n - 1].key == first)
		--*n;
	if (!*n || o[*n - 1].answer != answer)
		o[(*n)++] = (struct outcome){.key = first, .answer = answer};
}

static int ask_uids(const struct question *q, uint32_t *answer)
{
	uint32_t *uids = calloc(q->n + 1, sizeof(*uids)), other = 0;
	struct outcome *o = calloc(2 * q->n + 2, sizeof(*o));
	size_t n = 0, n_outcomes = 0;
	int ret = uids && o ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && i < q->n; i++) {
		if (condition_of(q, i)->user)
			uids[n++] = condition_of(q, i)->uid;
	}
	if (!ret && !n) {
		ret = ask_leaf(q, answer);
		goto out;
	}
	if (!ret)
		ret = uid_answer(q, true, 0, &other);
	if (ret)
		goto out;
	q->chooser->choices->uids = true;
	qsort(uids, n, sizeof(*uids), compare_uids);
	add_interval(o, &n_outcomes, 0, other);
	for (size_t i = 0; !ret && i < n; i++) {
		uint32_t own = 0;

		ret = uid_answer(q, false, uids[i], &own);
		add_interval(o, &n_outcomes, uids[i], own);
		if (uids[i] < UINT32_MAX)
			add_interval(o, &n_outcomes, uids[i] + 1, other);
	}
	if (!ret)
		ret = uid_tree(q, o, n_outcomes, answer);
out:
	free(uids);
	free(o);
	return ret;
}

/* ---- executed, started and owner: yes or no ---- */

static bool asks_flag(const struct condition *c, enum pv_test test)
{
	switch (test) {
	case PV_TEST_OWNER:
		return c->owner;
	case PV_TEST_STARTED:
		return c->started;
	default:
		return c->executed;
	}
}

static int ask_flag(const struct question *q, enum pv_test test, level_fn next, uint32_t *answer)
{
	bool *keep = calloc(q->n + 1, sizeof(*keep)), any = false;
	uint32_t no, yes;
	int ret = keep ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && i < q->n; i++) {
		bool asks = asks_flag(condition_of(q, i), test);

		keep[i] = !asks;
		any = any || asks;
	}
	if (!ret && !any)
		ret = next(q, answer);
	if (ret || !any)
		goto out;
	ret = ask(q, keep, next, &no);
	if (!ret)
		ret = next(q, &yes);
	if (!ret)
		ret = add_choice(q, test, 0, no, yes, answer);
out:
	free(keep);
	return ret;
}

static int ask_owner(const struct question *q, uint32_t *answer)
{
	return ask_flag(q, PV_TEST_OWNER, ask_uids, answer);
}

static int ask_started(const struct question *q, uint32_t *answer)
{
	return ask_flag(q, PV_TEST_STARTED, ask_owner, answer);
}

static int ask_executed(const struct question *q, uint32_t *answer)
{
	return ask_flag(q, PV_TEST_EXECUTED, ask_started, answer);
}

/* ---- executables ---- */

/* The outcomes so far, with a set of classes each. */
struct partition {
	struct outcome *outcomes;
	uint32_t **bits; /* by outcome: set_words words */
	size_t n, room;
};

static void partition_free(struct partition *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->bits[i]);
	free(p->bits);
	free(p->outcomes);
}

static int partition_add(struct partition *p, const struct choices *c, uint32_t answer, uint32_t class)
{
	size_t i = 0, room = p->room;
	int ret;

	while (i < p->n && p->outcomes[i].answer != answer)
		i++;
	if (i == p->n) {
		ret = array_reserve(&p->outcomes, &room, p->n + 1, sizeof(*p->outcomes));
		if (!ret)
			ret = array_reserve(&p->bits, &p->room, p->n + 1, sizeof(*p->bits));
		if (ret)
			return ret;
		p->bits[i] = calloc(c->set_words, sizeof(uint32_t));
		if (!p->bits[i])
			return -ENOMEM;
		p->outcomes[i].answer = answer;
		p->n++;
	}
	p->bits[i][class / WORD_BITS] |= 1u << (class % WORD_BITS);
	return 0;
}

/* Is the class in the second half of the outcomes? And so on in the halves. */
static int exe_tree(const struct question *q, const struct partition *p, size_t from, size_t to,
		    uint32_t *answer)
{
	struct choices *c = q->chooser->choices;
	size_t middle = (from + to) / 2;
	uint32_t *set, number, no, yes;
	int ret;

	if (to - from == 1) {
		*answer = p->outcomes[from].answer;
		return 0;
	}
	ret = exe_tree(q, p, from, middle, &no);
	if (!ret)
		ret = exe_tree(q, p, middle, to, &yes);
	if (ret)
		return ret;
	set = calloc(c->set_words, sizeof(*set));
	if (!set)
		return -ENOMEM;
	for (size_t i = middle; i < to; i++) {
		for (uint32_t w = 0; w < c->set_words; w++)
			set[w] |= p->bits[i][w];
	}
	ret = intern_add(&c->sets, set, c->set_words * sizeof(*set), &number);
	free(set);
	return ret ? ret : add_choice(q, PV_TEST_EXE, number, no, yes, answer);
}

/* Which items count for a class of executables. */
static void keep_for_class(const struct question *q, uint32_t class, bool *keep)
{
	const struct choices *c = q->chooser->choices;

	for (size_t i = 0; i < q->n; i++) {
		const struct condition *condition = condition_of(q, i);

		keep[i] = (!condition->from || class_has(c, class, condition->from)) &&
			  !(condition->unless_from && class_has(c, class, condition->unless_from));
	}
}

static int ask_executables(const struct question *q, uint32_t *answer)
{
	const struct choices *c = q->chooser->choices;
	struct intern groups = INTERN_INIT; /* which items count */
	struct partition p = {0};
	bool *keep = calloc(q->n + 1, sizeof(*keep));
	uint32_t *answers = NULL, group;
	size_t room = 0;
	int ret = keep ? 0 : -ENOMEM;

	for (uint32_t class = 0; !ret && class < c->classes.n; class ++) {
		uint32_t known = groups.n;

		keep_for_class(q, class, keep);
		ret = intern_add(&groups, keep, q->n * sizeof(*keep), &group);
		if (!ret)
			ret = array_reserve(&answers, &room, (size_t)group + 1, sizeof(*answers));
		if (!ret && group == known)
			ret = ask(q, keep, ask_executed, &answers[group]);
		if (!ret)
			ret = partition_add(&p, c, answers[group], class);
	}
	if (!ret)
		ret = exe_tree(q, &p, 0, p.n, answer);
	intern_free(&groups);
	partition_free(&p);
	free(answers);
	free(keep);
	return ret;
}

int choose(const struct chooser *chooser, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	struct question q = {.chooser = chooser, .items = items, .n = n, .root = root};
	bool executables = false;

	for (size_t i = 0; i < n; i++) {
		const struct condition *c = condition_of(&q, i);

		executables = executables || c->from || c->unless_from;
	}
	return executables ? ask_executables(&q, answer) : ask_executed(&q, answer);
}
