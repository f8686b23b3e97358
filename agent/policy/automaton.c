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
	uint32_t base, n_base; /* nodes that all bytes of the group lead to, in builder.bases, ascending */
	uint32_t target;
	unsigned count; /* classes without edges of their own */
	uint8_t sample; /* a class of the group */
};

/* The classes by the sets of some labels that they are in; groups are in the order of their first class. */
struct grouping {
	unsigned n;
	uint8_t of[256]; /* by class: the group */
	uint8_t sample[256];
	uint16_t count[256];
	unsigned largest;
	struct byteset others; /* the classes outside of the largest group */
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
	struct list grouped; /* the sets that `grouping` is about, as they came */
	struct list labels;  /* the same, ascending, each once */
	const struct grouping *grouping;
	struct intern label_sets;
	struct grouping *groupings; /* by number of label set */
	size_t groupings_room;
	struct group groups[256];
};

#define GROUPINGS_MAX 1024 /* that are remembered */

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
	free(a->kind);
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

/* Most of what is sorted here is in order but for a few at the end. */
static void sort(uint32_t *at, size_t n)
{
	size_t moved = 0;

	for (size_t i = 1; i < n; i++) {
		uint32_t value = at[i];
		size_t to = i;

		for (; to && at[to - 1] > value; to--)
			at[to] = at[to - 1];
		at[to] = value;
		moved += i - to;
		if (moved > 8 * n) {
			qsort(at, n, sizeof(*at), compare);
			return;
		}
	}
}

/* What a search has to know of a node. */
#define NODE_IDLE 1 /* neither reads nor accepts */
#define NODE_FREE 2 /* has free edges */

static int note_nodes(struct automaton *a)
{
	const struct nfa *nfa = a->nfa;

	a->mark = calloc(nfa->n_nodes, sizeof(*a->mark));
	a->kind = calloc(nfa->n_nodes, sizeof(*a->kind));
	if (!a->mark || !a->kind)
		return -ENOMEM;
	for (uint32_t node = 0; node < nfa->n_nodes; node++) {
		bool idle = nfa->first_accept[node] == nfa->first_accept[node + 1];

		for (uint32_t e = nfa->first_edge[node]; e < nfa->first_edge[node + 1]; e++) {
			if (nfa->edges[e].kind == NFA_FREE)
				a->kind[node] |= NODE_FREE;
			else
				idle = false;
		}
		if (idle)
			a->kind[node] |= NODE_IDLE;
	}
	return 0;
}

/* Add what can be reached from a node without reading to `out`, unless this search has it. */
static int reach(struct builder *b, uint32_t node, struct list *out)
{
	struct automaton *a = b->a;
	const struct nfa *nfa = a->nfa;
	int ret = 0;

	b->todo.n = 0;
	for (;;) {
		if (a->mark[node] != a->search) {
			uint32_t first = nfa->first_edge[node], end = nfa->first_edge[node + 1];

			a->mark[node] = a->search;
			a->work += 1 + end - first;
			if (!(a->kind[node] & NODE_IDLE))
				ret = push(out, node);
			for (uint32_t e = first; a->kind[node] & NODE_FREE && !ret && e < end; e++) {
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
static void split_groups(struct grouping *g, unsigned n_classes, const struct byteset *set)
{
	int16_t inside[256], outside[256];
	unsigned n = 0;

	memset(inside, -1, g->n * sizeof(*inside));
	memset(outside, -1, g->n * sizeof(*outside));
	for (unsigned c = 0; c < n_classes; c++) {
		int16_t *number = byteset_has(set, c) ? &inside[g->of[c]] : &outside[g->of[c]];

		if (*number < 0)
			*number = n++;
		g->of[c] = *number;
	}
	g->n = n;
}

/* Work out the grouping by the sets of b->labels. */
static void make_grouping(const struct builder *b, struct grouping *g)
{
	const struct automaton *a = b->a;

	memset(g, 0, sizeof(*g));
	g->n = 1;
	for (size_t i = 0; i < b->labels.n; i++)
		split_groups(g, a->n_classes, &a->nfa->class_sets[b->labels.at[i]]);
	for (unsigned c = a->n_classes; c-- > 0;) {
		g->sample[g->of[c]] = c;
		g->count[g->of[c]]++;
	}
	for (unsigned i = 1; i < g->n; i++) {
		if (g->count[i] > g->count[g->largest])
			g->largest = i;
	}
	for (unsigned c = 0; c < a->n_classes; c++) {
		if (g->of[c] != g->largest)
			byteset_add(&g->others, c, c);
	}
}

/* Whether the set edges are of the same sets as those of the state before, which is common. */
static bool same_sets(const struct builder *b)
{
	bool same = b->grouping && b->grouped.n == b->sets.n / 2;

	for (size_t i = 0; same && i < b->grouped.n; i++)
		same = b->grouped.at[i] == b->sets.at[i * 2];
	return same;
}

/* The grouping for the set edges at hand, worked out unless it is remembered. */
static int find_grouping(struct builder *b)
{
	uint32_t id, known;
	size_t n = 0;
	int ret = 0;

	b->grouping = NULL;
	b->grouped.n = 0;
	b->labels.n = 0;
	for (size_t i = 0; !ret && i < b->sets.n; i += 2) {
		ret = push(&b->grouped, b->sets.at[i]);
		if (!ret)
			ret = push(&b->labels, b->sets.at[i]);
	}
	if (ret)
		return ret;
	sort(b->labels.at, b->labels.n);
	for (size_t i = 0; i < b->labels.n; i++) {
		if (!i || b->labels.at[i] != b->labels.at[i - 1])
			b->labels.at[n++] = b->labels.at[i];
	}
	b->labels.n = n;
	if (b->label_sets.n >= GROUPINGS_MAX)
		intern_clear(&b->label_sets);
	known = b->label_sets.n;
	ret = intern_add(&b->label_sets, b->labels.at, n * sizeof(*b->labels.at), &id);
	if (!ret)
		ret = array_reserve(&b->groupings, &b->groupings_room, (size_t)id + 1, sizeof(*b->groupings));
	if (ret)
		return ret;
	if (id == known)
		make_grouping(b, &b->groupings[id]);
	b->grouping = &b->groupings[id];
	return 0;
}

/* Group the classes by the set edges that they can take; count those without edges of their own. */
static int make_groups(struct builder *b)
{
	int ret = same_sets(b) ? 0 : find_grouping(b);

	if (ret)
		return ret;
	for (unsigned i = 0; i < b->grouping->n; i++)
		b->groups[i] =
			(struct group){.sample = b->grouping->sample[i], .count = b->grouping->count[i]};
	for (size_t i = 0; i < b->singles.n; i++) {
		unsigned class = SINGLE_CLASS(b->singles.at[i]);

		if (!i || class != SINGLE_CLASS(b->singles.at[i - 1]))
			b->groups[b->grouping->of[class]].count--;
	}
	return 0;
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
	sort(b->key.at + 1, b->key.n - 1);
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
	const struct group *group = &b->groups[b->grouping->of[SINGLE_CLASS(b->singles.at[from])]];
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

/*
 * The target that most classes have that no edge is for alone; *wanted: the other classes, whose targets
 * are set.
 */
static int find_targets(struct builder *b, uint32_t id, uint32_t *targets, uint32_t *fallback,
			struct byteset *wanted)
{
	const struct grouping *g = b->grouping;
	unsigned slash = b->a->nfa->classes['/'], best = 0;
	int ret = 0;

	b->bases.n = 0;
	for (unsigned i = 0; !ret && i < g->n; i++) {
		ret = follow_group(b, &b->groups[i]);
		if (b->groups[i].count > b->groups[best].count)
			best = i;
	}
	*wanted = g->others;
	if (best != g->largest) {
		*wanted = (struct byteset){{0}};
		for (unsigned c = 0; c < b->a->n_classes; c++) {
			if (g->of[c] != best)
				byteset_add(wanted, c, c);
		}
	}
	for (unsigned w = 0; w < 4; w++) {
		for (uint64_t bits = wanted->word[w]; bits; bits &= bits - 1) {
			unsigned c = w * 64 + __builtin_ctzll(bits);

			targets[c] = b->groups[g->of[c]].target;
		}
	}
	for (size_t from = 0, to; !ret && from < b->singles.n; from = to) {
		unsigned class = SINGLE_CLASS(b->singles.at[from]);

		to = from + 1;
		while (to < b->singles.n && SINGLE_CLASS(b->singles.at[to]) == class)
			to++;
		byteset_add(wanted, class, class);
		ret = follow_single(b, from, to, b->paths && !id && class == slash, &targets[class]);
	}
	*fallback = b->groups[best].count ? b->groups[best].target : targets[0];
	return ret;
}

/* Work out the moves of the state that has been found but not looked at yet. */
static int expand(struct builder *b, uint32_t id)
{
	struct automaton *a = b->a;
	uint32_t s = b->first_state + id, targets[256], fallback;
	struct byteset wanted;
	int ret = collect_edges(b, id);

	if (ret)
		return ret;
	sort(b->singles.at, b->singles.n);
	targets[0] = 0;
	ret = make_groups(b);
	if (!ret)
		ret = find_targets(b, id, targets, &fallback, &wanted);
	if (!ret)
		ret = array_reserve(&a->fallback, &a->fallback_room, (size_t)s + 1, sizeof(fallback));
	if (!ret)
		ret = array_reserve(&a->first, &a->first_room, (size_t)s + 2, sizeof(*a->first));
	if (!ret)
		ret = array_reserve(&a->moves, &a->moves_room, a->n_moves + a->n_classes, sizeof(*a->moves));
	if (ret)
		return ret;
	a->fallback[s] = fallback;
	a->first[s] = a->n_moves;
	for (unsigned w = 0; w < 4; w++) {
		for (uint64_t bits = wanted.word[w]; bits; bits &= bits - 1) {
			unsigned c = w * 64 + __builtin_ctzll(bits);

			if (targets[c] != fallback)
				a->moves[a->n_moves++] = MOVE(targets[c], c);
		}
	}
	a->first[s + 1] = a->n_moves;
	a->work += a->n_classes;
	return a->n_moves > (size_t)a->states_max * AUTOMATON_MOVES || is_overworked(a) ? -E2BIG : 0;
}

static void builder_free(struct builder *b)
{
	struct list *lists[] = {&b->answers, &b->key,  &b->items,   &b->todo,  &b->bases,
				&b->singles, &b->sets, &b->grouped, &b->labels};

	intern_free(&b->subsets);
	intern_free(&b->item_sets);
	intern_free(&b->label_sets);
	free(b->groupings);
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
	if (!a->kind)
		ret = note_nodes(a);
	if (!ret)
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
