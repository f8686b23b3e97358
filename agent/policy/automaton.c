/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Subset construction (see automaton.h).
 *
 * A state is the set of nodes that a name can lead to, closed over free edges and stripped of nodes
 * that neither read nor accept. Equal sets are one state. Sets are interned in the order in which
 * they are found, which makes the intern number the state number and the loop over them the queue.
 *
 * The work per state follows what its nodes read, not the size of the alphabet: bytes that are in the
 * same sets of all set edges form a group with one target; only bytes with edges of their own are
 * looked at one by one. The target of the largest group is the default.
 *
 * A pattern set can need exponentially many states. The number of states, of moves and of all steps
 * taken is limited, which bounds time and memory; beyond that the answer is -E2BIG.
 */
#include "automaton.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct list {
	uint32_t *at;
	size_t n, room;
};

struct group {
	uint32_t base, n_base; /* nodes that all bytes of the group lead to, in builder.bases */
	uint32_t target;
	unsigned count; /* classes without edges of their own */
	uint8_t sample; /* a class of the group */
};

struct builder {
	struct automaton *a;
	answer_fn answer;
	void *context;
	bool paths;
	uint32_t first_state;
	struct intern subsets; /* word 0: whether it is the root directory; then nodes, ascending */
	struct intern item_sets;
	size_t stored;	     /* words of both */
	struct list answers; /* by number of item set */
	struct list key;     /* of the subset that is being put together */
	struct list items;
	struct list todo; /* nodes whose free edges are still to be followed */
	struct list bases;
	struct list singles; /* edges of single classes: class << 24 | node */
	struct list sets;    /* edges of sets: pairs of number and node */
	struct group groups[256];
	struct list grouped;   /* the sets that group_of is about */
	uint8_t group_of[256]; /* by class */
	unsigned n_groups;
};

#define SINGLE(class, node) ((uint32_t)(class) << 24 | (node))
#define SINGLE_CLASS(edge)  ((edge) >> 24)
#define SINGLE_NODE(edge)   ((edge)&0xffffffu)
static_assert(NFA_NODES_MAX <= 1u << 24, "a class and a node fit a word");

void automaton_init(struct automaton *a, const struct nfa *nfa, uint32_t states_max)
{
	*a = (struct automaton){.nfa = nfa, .n_classes = nfa->n_classes, .states_max = states_max};
}

void automaton_free(struct automaton *a)
{
	free(a->answer);
	free(a->fallback);
	free(a->first);
	free(a->moves);
	free(a->mark);
	*a = (struct automaton){0};
}

static int push(struct list *l, uint32_t value)
{
	if (l->n == l->room) {
		int ret = array_reserve(&l->at, &l->room, l->n + 1, sizeof(*l->at));

		if (ret)
			return ret;
	}
	l->at[l->n++] = value;
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void sort(uint32_t *at, size_t n)
{
	if (n > 32) {
		qsort(at, n, sizeof(*at), compare);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		uint32_t value = at[i];
		size_t to = i;

		for (; to && at[to - 1] > value; to--)
			at[to] = at[to - 1];
		at[to] = value;
	}
}

static bool is_idle(const struct nfa *nfa, uint32_t node)
{
	if (nfa->first_accept[node] < nfa->first_accept[node + 1])
		return false;
	for (uint32_t e = nfa->first_edge[node]; e < nfa->first_edge[node + 1]; e++) {
		if (nfa->edges[e].kind != NFA_FREE)
			return false;
	}
	return true;
}

/* Add what can be reached from a node without reading to `out`, unless this search has it. */
static int reach(struct builder *b, uint32_t node, struct list *out)
{
	const struct nfa *nfa = b->a->nfa;
	int ret = 0;

	b->todo.n = 0;
	for (;;) {
		if (b->a->mark[node] != b->a->search) {
			b->a->mark[node] = b->a->search;
			b->a->work++;
			if (!is_idle(nfa, node))
				ret = push(out, node);
			for (uint32_t e = nfa->first_edge[node]; !ret && e < nfa->first_edge[node + 1]; e++) {
				b->a->work++;
				if (nfa->edges[e].kind == NFA_FREE)
					ret = push(&b->todo, nfa->edges[e].to);
			}
		}
		if (ret || !b->todo.n)
			return ret;
		node = b->todo.at[--b->todo.n];
	}
}

static void search_start(struct builder *b)
{
	b->a->search++;
	b->key.n = 1;
}

/* The answer of the subset in b->key. */
static int find_answer(struct builder *b, bool root, uint32_t *answer)
{
	const struct nfa *nfa = b->a->nfa;
	uint32_t id, known = b->item_sets.n;
	size_t n = 1;
	int ret = 0;

	b->items.n = 0;
	ret = push(&b->items, root);
	for (size_t i = 1; !ret && i < b->key.n; i++) {
		uint32_t node = b->key.at[i];

		for (uint32_t j = nfa->first_accept[node]; !ret && j < nfa->first_accept[node + 1]; j++)
			ret = push(&b->items, nfa->accepts[j].item);
	}
	if (ret)
		return ret;
	sort(b->items.at + 1, b->items.n - 1);
	for (size_t i = 1; i < b->items.n; i++) {
		if (i == 1 || b->items.at[i] != b->items.at[i - 1])
			b->items.at[n++] = b->items.at[i];
	}
	ret = intern_add(&b->item_sets, b->items.at, n * sizeof(uint32_t), &id);
	b->a->work += b->items.n;
	if (!ret && id == known) {
		uint32_t value = 0;

		b->stored += n;
		ret = b->answer(b->context, b->items.at + 1, n - 1, root, &value);
		if (!ret)
			ret = push(&b->answers, value);
	}
	if (!ret)
		*answer = b->answers.at[id];
	return ret;
}

static bool is_overworked(const struct automaton *a)
{
	return a->work > (uint64_t)a->states_max * AUTOMATON_WORK;
}

/* The state of the subset in b->key, added if new. */
static int find_state(struct builder *b, bool root, uint32_t *state)
{
	struct automaton *a = b->a;
	uint32_t id, known = b->subsets.n, answer;
	int ret;

	b->key.at[0] = root;
	sort(b->key.at + 1, b->key.n - 1);
	a->work += b->key.n;
	if (is_overworked(a))
		return -E2BIG;
	ret = intern_add(&b->subsets, b->key.at, b->key.n * sizeof(uint32_t), &id);
	if (ret)
		return ret;
	*state = b->first_state + id;
	if (id < known)
		return 0;
	b->stored += b->key.n;
	if (a->n_states >= a->states_max || b->stored > (size_t)a->states_max * AUTOMATON_STORED)
		return -E2BIG;
	ret = find_answer(b, root, &answer);
	if (!ret)
		ret = array_reserve(&a->answer, &a->answer_room, (size_t)a->n_states + 1, sizeof(answer));
	if (!ret)
		a->answer[a->n_states++] = answer;
	return ret;
}

/* Sort what the nodes of a state read into edges of single classes and of sets. */
static int collect_edges(struct builder *b, uint32_t id)
{
	const struct nfa *nfa = b->a->nfa;
	size_t size;
	const uint32_t *key = intern_key(&b->subsets, id, &size);
	int ret = 0;

	b->singles.n = 0;
	b->sets.n = 0;
	for (size_t i = 1; i < size / sizeof(*key); i++) {
		for (uint32_t e = nfa->first_edge[key[i]]; !ret && e < nfa->first_edge[key[i] + 1]; e++) {
			const struct nfa_edge *edge = &nfa->edges[e];

			b->a->work++;
			if (edge->kind == NFA_BYTE) {
				ret = push(&b->singles, SINGLE(edge->label, edge->to));
			} else if (edge->kind == NFA_SET) {
				ret = push(&b->sets, edge->label);
				if (!ret)
					ret = push(&b->sets, edge->to);
			}
		}
	}
	return ret;
}

/* Split every group into the classes inside and outside of a set. */
static void split_groups(struct builder *b, const struct byteset *set)
{
	int16_t inside[256], outside[256];
	unsigned n = 0;

	memset(inside, -1, sizeof(inside));
	memset(outside, -1, sizeof(outside));
	for (unsigned c = 0; c < b->a->n_classes; c++) {
		uint8_t group = b->group_of[c];
		int16_t *number = byteset_has(set, c) ? &inside[group] : &outside[group];

		if (*number < 0)
			*number = n++;
		b->group_of[c] = *number;
	}
	b->n_groups = n;
}

/* Whether the set edges are of the same sets as those of the state before, which is common. */
static bool same_sets(const struct builder *b)
{
	bool same = b->n_groups && b->grouped.n == b->sets.n / 2;

	for (size_t i = 0; same && i < b->grouped.n; i++)
		same = b->grouped.at[i] == b->sets.at[i * 2];
	return same;
}

/* Group the classes by the set edges that they can take; count those without edges of their own. */
static int make_groups(struct builder *b)
{
	const struct automaton *a = b->a;
	int ret = 0;

	if (!same_sets(b)) {
		b->n_groups = 1;
		b->grouped.n = 0;
		memset(b->group_of, 0, sizeof(b->group_of));
		for (size_t i = 0; !ret && i < b->sets.n; i += 2) {
			ret = push(&b->grouped, b->sets.at[i]);
			if (!i || b->sets.at[i] != b->sets.at[i - 2])
				split_groups(b, &a->nfa->class_sets[b->sets.at[i]]);
		}
	}
	memset(b->groups, 0, b->n_groups * sizeof(b->groups[0]));
	for (unsigned c = a->n_classes; c-- > 0;) {
		b->groups[b->group_of[c]].sample = c;
		b->groups[b->group_of[c]].count++;
	}
	for (size_t i = 0; i < b->singles.n; i++) {
		unsigned class = SINGLE_CLASS(b->singles.at[i]);

		if (!i || class != SINGLE_CLASS(b->singles.at[i - 1]))
			b->groups[b->group_of[class]].count--;
	}
	return ret;
}

/* Where the classes of a group go. */
static int follow_group(struct builder *b, struct group *group)
{
	const struct nfa *nfa = b->a->nfa;
	int ret = 0;

	search_start(b);
	for (size_t i = 0; !ret && i < b->sets.n; i += 2) {
		b->a->work++;
		if (byteset_has(&nfa->class_sets[b->sets.at[i]], group->sample))
			ret = reach(b, b->sets.at[i + 1], &b->key);
	}
	group->base = b->bases.n;
	group->n_base = b->key.n - 1;
	for (size_t i = 1; !ret && i < b->key.n; i++)
		ret = push(&b->bases, b->key.at[i]);
	if (!ret && group->count)
		ret = find_state(b, false, &group->target);
	return ret;
}

/* Where a class with edges of its own goes: singles[from..to) and what its group does. */
static int follow_single(struct builder *b, size_t from, size_t to, bool root, uint32_t *target)
{
	const struct group *group = &b->groups[b->group_of[SINGLE_CLASS(b->singles.at[from])]];
	int ret = 0;

	search_start(b);
	for (uint32_t i = 0; !ret && i < group->n_base; i++) {
		uint32_t node = b->bases.at[group->base + i];

		b->a->mark[node] = b->a->search;
		ret = push(&b->key, node);
	}
	for (; !ret && from < to; from++)
		ret = reach(b, SINGLE_NODE(b->singles.at[from]), &b->key);
	return ret ? ret : find_state(b, root, target);
}

/* The targets of all classes from one state. */
static int find_targets(struct builder *b, uint32_t id, uint32_t *targets)
{
	unsigned slash = b->a->nfa->classes['/'];
	int ret = collect_edges(b, id);

	if (ret)
		return ret;
	sort(b->singles.at, b->singles.n);
	ret = make_groups(b);
	b->bases.n = 0;
	for (unsigned g = 0; !ret && g < b->n_groups; g++)
		ret = follow_group(b, &b->groups[g]);
	for (unsigned c = 0; !ret && c < b->a->n_classes; c++)
		targets[c] = b->groups[b->group_of[c]].target;
	for (size_t from = 0, to; !ret && from < b->singles.n; from = to) {
		unsigned class = SINGLE_CLASS(b->singles.at[from]);

		to = from + 1;
		while (to < b->singles.n && SINGLE_CLASS(b->singles.at[to]) == class)
			to++;
		ret = follow_single(b, from, to, b->paths && !id && class == slash, &targets[class]);
	}
	return ret;
}

/* Work out the moves of the state that has been found but not looked at yet. */
static int expand(struct builder *b, uint32_t id)
{
	struct automaton *a = b->a;
	uint32_t s = b->first_state + id, targets[256] = {0}, fallback;
	unsigned best = 0;
	int ret = find_targets(b, id, targets);

	if (!ret)
		ret = array_reserve(&a->fallback, &a->fallback_room, (size_t)s + 1, sizeof(fallback));
	if (!ret)
		ret = array_reserve(&a->first, &a->first_room, (size_t)s + 2, sizeof(*a->first));
	if (!ret)
		ret = array_reserve(&a->moves, &a->moves_room, a->n_moves + a->n_classes, sizeof(*a->moves));
	if (ret)
		return ret;
	for (unsigned g = 1; g < b->n_groups; g++) {
		if (b->groups[g].count > b->groups[best].count)
			best = g;
	}
	fallback = b->groups[best].count ? b->groups[best].target : targets[0];
	a->fallback[s] = fallback;
	a->first[s] = a->n_moves;
	for (unsigned c = 0; c < a->n_classes; c++) {
		if (targets[c] != fallback)
			a->moves[a->n_moves++] = MOVE(targets[c], c);
	}
	a->first[s + 1] = a->n_moves;
	a->work += a->n_classes;
	return a->n_moves > (size_t)a->states_max * AUTOMATON_MOVES || is_overworked(a) ? -E2BIG : 0;
}

static void builder_free(struct builder *b)
{
	struct list *lists[] = {&b->answers, &b->key,	  &b->items, &b->todo,
				&b->bases,   &b->singles, &b->sets,  &b->grouped};

	intern_free(&b->subsets);
	intern_free(&b->item_sets);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		free(lists[i]->at);
}

int automaton_build(struct automaton *a, const uint32_t *roots, size_t n_roots, bool paths, answer_fn answer,
		    void *context, uint32_t *start)
{
	struct builder b = {.a = a, .answer = answer, .context = context, .paths = paths};
	uint32_t state = 0;
	int ret = 0;

	b.first_state = a->n_states;
	if (!a->mark)
		a->mark = calloc(a->nfa->n_nodes, sizeof(*a->mark));
	if (!a->mark)
		return -ENOMEM;
	ret = push(&b.key, 0);
	search_start(&b);
	for (size_t i = 0; !ret && i < n_roots; i++)
		ret = reach(&b, roots[i], &b.key);
	if (!ret)
		ret = find_state(&b, false, &state);
	for (uint32_t id = 0; !ret && id < b.subsets.n; id++)
		ret = expand(&b, id);
	builder_free(&b);
	if (!ret)
		*start = state;
	return ret;
}
