/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The nondeterministic automaton (see nfa.h).
 *
 * A node stands for one sequence of tokens from its root. Sharing is sound because what a node leads
 * to is only ever added to: a pattern that ends in a node others go through marks it as accepting,
 * and a free edge from it lets those who come along go further, which takes nothing from anybody.
 *
 * Two bytes are in one class when no edge of any pattern tells them apart. The classes are worked out
 * once for all automata of an image, by splitting one class of all bytes by every set and byte in use.
 */
#include "nfa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum token { TOKEN_BYTE, TOKEN_SET, TOKEN_RUN, TOKEN_CHARACTER, TOKEN_JOIN, TOKEN_GROUP };

void nfa_init(struct nfa *nfa)
{
	*nfa = (struct nfa){0};
	nfa_root(nfa); /* node 0: where calls after an error lead */
}

void nfa_free(struct nfa *nfa)
{
	intern_free(&nfa->tokens);
	intern_free(&nfa->sets);
	intern_free(&nfa->groups);
	free(nfa->child);
	free(nfa->edges);
	free(nfa->accepts);
	free(nfa->first_edge);
	free(nfa->first_accept);
	free(nfa->class_sets);
	*nfa = (struct nfa){0};
}

static uint32_t fail(struct nfa *nfa, int error)
{
	if (!nfa->error)
		nfa->error = error;
	return 0;
}

uint32_t nfa_root(struct nfa *nfa)
{
	if (nfa->error)
		return 0;
	if (nfa->n_nodes >= NFA_NODES_MAX)
		return fail(nfa, -E2BIG);
	return nfa->n_nodes++;
}

static void add_edge(struct nfa *nfa, uint32_t from, enum nfa_edge_kind kind, uint32_t label, uint32_t to)
{
	int ret;

	if (nfa->error)
		return;
	ret = array_reserve(&nfa->edges, &nfa->edge_room, nfa->n_edges + 1, sizeof(*nfa->edges));
	if (ret) {
		fail(nfa, ret);
		return;
	}
	nfa->edges[nfa->n_edges++] = (struct nfa_edge){.from = from, .to = to, .label = label, .kind = kind};
}

static uint32_t set_number(struct nfa *nfa, const struct byteset *set)
{
	uint32_t id = 0;
	int ret = intern_add(&nfa->sets, set, sizeof(*set), &id);

	return ret ? fail(nfa, ret) : id;
}

/* Look a token of a node up. A new one gets the child `to`, or a new node if that is 0. */
static uint32_t child(struct nfa *nfa, uint32_t from, enum token token, uint32_t label, uint32_t to,
		      bool *is_new)
{
	uint32_t key[3] = {from, token, label}, id, n = nfa->tokens.n;
	int ret;

	*is_new = false;
	if (nfa->error)
		return 0;
	ret = intern_add(&nfa->tokens, key, sizeof(key), &id);
	if (ret)
		return fail(nfa, ret);
	if (id < n)
		return nfa->child[id];
	ret = array_reserve(&nfa->child, &nfa->child_room, (size_t)n + 1, sizeof(*nfa->child));
	if (ret)
		return fail(nfa, ret);
	*is_new = true;
	return nfa->child[id] = to ? to : nfa_root(nfa);
}

uint32_t nfa_byte(struct nfa *nfa, uint32_t from, uint8_t byte)
{
	bool is_new;
	uint32_t to = child(nfa, from, TOKEN_BYTE, byte, 0, &is_new);

	if (is_new)
		add_edge(nfa, from, NFA_BYTE, byte, to);
	return to;
}

uint32_t nfa_set(struct nfa *nfa, uint32_t from, const struct byteset *set)
{
	uint32_t number = set_number(nfa, set);
	bool is_new;
	uint32_t to = child(nfa, from, TOKEN_SET, number, 0, &is_new);

	if (is_new)
		add_edge(nfa, from, NFA_SET, number, to);
	return to;
}

uint32_t nfa_run(struct nfa *nfa, uint32_t from, const struct byteset *set)
{
	uint32_t number = set_number(nfa, set);
	bool is_new;
	uint32_t to = child(nfa, from, TOKEN_RUN, number, 0, &is_new);

	if (is_new) {
		add_edge(nfa, from, NFA_FREE, 0, to);
		add_edge(nfa, to, NFA_SET, number, to);
	}
	return to;
}

uint32_t nfa_character(struct nfa *nfa, uint32_t from, const struct byteset *single)
{
	static const struct {
		uint8_t first, last;
	} lead[] = {{0xc2, 0xdf}, {0xe0, 0xef}, {0xf0, 0xf4}};
	struct byteset continuation = {{0}};
	uint32_t number = set_number(nfa, single);
	bool is_new;
	uint32_t to = child(nfa, from, TOKEN_CHARACTER, number, 0, &is_new), next = to;

	if (!is_new)
		return to;
	add_edge(nfa, from, NFA_SET, number, to);
	byteset_add(&continuation, 0x80, 0xbf);
	for (unsigned i = 0; i < sizeof(lead) / sizeof(lead[0]); i++) {
		struct byteset leads = {{0}};
		uint32_t node = nfa_root(nfa);

		byteset_add(&leads, lead[i].first, lead[i].last);
		add_edge(nfa, node, NFA_SET, set_number(nfa, &continuation), next);
		add_edge(nfa, from, NFA_SET, set_number(nfa, &leads), node);
		next = node;
	}
	return to;
}

uint32_t nfa_alternation(struct nfa *nfa, uint32_t from, const char *text, size_t size, unsigned part,
			 bool *is_new)
{
	uint32_t id = 0;
	int ret = intern_add(&nfa->groups, text, size, &id);

	if (ret)
		fail(nfa, ret);
	return child(nfa, from, TOKEN_GROUP + part, id, 0, is_new);
}

void nfa_join(struct nfa *nfa, uint32_t from, uint32_t to)
{
	bool is_new;

	child(nfa, from, TOKEN_JOIN, to, to, &is_new);
	if (is_new)
		add_edge(nfa, from, NFA_FREE, 0, to);
}

void nfa_accept(struct nfa *nfa, uint32_t node, uint32_t item)
{
	int ret;

	if (nfa->error)
		return;
	ret = array_reserve(&nfa->accepts, &nfa->accept_room, nfa->n_accepts + 1, sizeof(*nfa->accepts));
	if (ret) {
		fail(nfa, ret);
		return;
	}
	nfa->accepts[nfa->n_accepts++] = (struct nfa_accept){.node = node, .item = item};
}

/* Split every class into its bytes inside and outside of a set. */
static void split_classes(struct nfa *nfa, const struct byteset *set)
{
	int16_t inside[256], outside[256];
	unsigned n = 0;

	memset(inside, -1, sizeof(inside));
	memset(outside, -1, sizeof(outside));
	for (unsigned b = 0; b < 256; b++) {
		int16_t *number = byteset_has(set, b) ? &inside[nfa->classes[b]] : &outside[nfa->classes[b]];

		if (*number < 0)
			*number = n++;
		nfa->classes[b] = *number;
	}
	nfa->n_classes = n;
}

static int find_classes(struct nfa *nfa)
{
	bool used[256] = {false};

	nfa->n_classes = 1;
	memset(nfa->classes, 0, sizeof(nfa->classes));
	for (size_t i = 0; i < nfa->n_edges; i++) {
		struct byteset one = {{0}};
		uint32_t byte = nfa->edges[i].label;

		if (nfa->edges[i].kind != NFA_BYTE || used[byte])
			continue;
		used[byte] = true;
		byteset_add(&one, byte, byte);
		split_classes(nfa, &one);
	}
	for (uint32_t i = 0; i < nfa->sets.n; i++)
		split_classes(nfa, intern_key(&nfa->sets, i, NULL));

	nfa->class_sets = calloc((size_t)nfa->sets.n + 1, sizeof(*nfa->class_sets));
	if (!nfa->class_sets)
		return -ENOMEM;
	for (uint32_t i = 0; i < nfa->sets.n; i++) {
		const struct byteset *set = intern_key(&nfa->sets, i, NULL);

		for (unsigned b = 0; b < 256; b++) {
			if (byteset_has(set, b))
				byteset_add(&nfa->class_sets[i], nfa->classes[b], nfa->classes[b]);
		}
	}
	for (size_t i = 0; i < nfa->n_edges; i++) {
		if (nfa->edges[i].kind == NFA_BYTE)
			nfa->edges[i].label = nfa->classes[nfa->edges[i].label];
	}
	return 0;
}

/* Where the elements of each node start, for elements whose first word is their node. */
static uint32_t *index_by_node(const struct nfa *nfa, const void *elements, size_t n, size_t size)
{
	uint32_t *first = calloc((size_t)nfa->n_nodes + 2, sizeof(*first));

	if (!first)
		return NULL;
	for (size_t i = 0; i < n; i++)
		first[*(const uint32_t *)((const char *)elements + i * size) + 2]++;
	for (uint32_t i = 1; i < nfa->n_nodes; i++)
		first[i + 1] += first[i];
	return first;
}

/* Order elements by node, otherwise as they are; *first_out tells where each node's start. */
static int order_by_node(const struct nfa *nfa, void *array, size_t n, size_t size, uint32_t **first_out)
{
	char **elements = array, *ordered = reallocarray(NULL, n + 1, size);
	uint32_t *first = index_by_node(nfa, *elements, n, size);

	if (!ordered || !first) {
		free(ordered);
		free(first);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		const char *element = *elements + i * size;

		memcpy(ordered + size * first[*(const uint32_t *)element + 1]++, element, size);
	}
	free(*elements);
	*elements = ordered;
	*first_out = first;
	return 0;
}

int nfa_finish(struct nfa *nfa)
{
	int ret = nfa->error;

	if (!ret && (nfa->n_edges > UINT32_MAX / 2 || nfa->n_accepts > UINT32_MAX / 2))
		ret = -E2BIG;
	if (!ret)
		ret = find_classes(nfa);
	if (!ret)
		ret = order_by_node(nfa, &nfa->edges, nfa->n_edges, sizeof(*nfa->edges), &nfa->first_edge);
	if (!ret)
		ret = order_by_node(nfa, &nfa->accepts, nfa->n_accepts, sizeof(*nfa->accepts),
				    &nfa->first_accept);
	return ret;
}

/* Add a node, and what can be reached from it without reading, to the nodes at hand. */
static void occupy(const struct nfa *nfa, uint32_t node, bool *at, uint32_t *todo)
{
	size_t n = 0;

	if (at[node])
		return;
	at[node] = true;
	todo[n++] = node;
	while (n) {
		node = todo[--n];
		for (uint32_t e = nfa->first_edge[node]; e < nfa->first_edge[node + 1]; e++) {
			const struct nfa_edge *edge = &nfa->edges[e];

			if (edge->kind != NFA_FREE || at[edge->to])
				continue;
			at[edge->to] = true;
			todo[n++] = edge->to;
		}
	}
}

static bool edge_reads(const struct nfa *nfa, const struct nfa_edge *edge, unsigned class)
{
	if (edge->kind == NFA_BYTE)
		return edge->label == class;
	return edge->kind == NFA_SET && byteset_has(&nfa->class_sets[edge->label], class);
}

int nfa_matches(const struct nfa *nfa, uint32_t start, const char *text, size_t length)
{
	bool *at = calloc(2, nfa->n_nodes * sizeof(*at)), *now = at, *next = at ? at + nfa->n_nodes : NULL;
	uint32_t *todo = calloc(nfa->n_nodes, sizeof(*todo));
	int ret = at && todo ? 0 : -ENOMEM;

	if (!ret)
		occupy(nfa, start, now, todo);
	for (size_t i = 0; !ret && i < length; i++) {
		unsigned class = nfa->classes[(uint8_t)text[i]];
		bool *free_half = now;

		memset(next, 0, nfa->n_nodes * sizeof(*next));
		for (size_t e = 0; e < nfa->n_edges; e++) {
			if (now[nfa->edges[e].from] && edge_reads(nfa, &nfa->edges[e], class))
				occupy(nfa, nfa->edges[e].to, next, todo);
		}
		now = next;
		next = free_half;
	}
	for (size_t i = 0; !ret && i < nfa->n_accepts; i++) {
		if (now[nfa->accepts[i].node])
			ret = 1;
	}
	free(at);
	free(todo);
	return ret;
}
