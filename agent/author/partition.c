/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Partitions (see partition.h).
 *
 * The features become items of one nondeterministic automaton, which is made deterministic with sets
 * of features as answers, by the same code that serves the compiler. A breadth-first walk through its
 * product with the shape of names then visits every pair of states that some possible name leads to;
 * the first name to come to a set of features (and a kind of name) is a shortest one of that region.
 */
#include "author/partition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "author/shape.h"
#include "policy/pattern.h"

#define STATES_MAX   (1u << 18)
#define ADDRESS_SIZE sizeof(((struct policy_cidr *)NULL)->addr)

/* What a feature is; the first byte of its text. */
enum feature {
	FEATURE_PATTERN,
	FEATURE_BELOW,
	FEATURE_BELOW_LITERAL,
	FEATURE_UNIT,
	FEATURE_ADDRESSES,
	FEATURE_FAMILY,
};

void partition_init(struct partition *p, enum partition_shape shape)
{
	*p = (struct partition){.shape = shape};
	nfa_init(&p->nfa);
	p->root = nfa_root(&p->nfa);
	p->unit_root = nfa_root(&p->nfa);
}

void partition_free(struct partition *p)
{
	for (size_t i = 0; i < p->n_regions; i++)
		free((void *)p->regions[i].name);
	free(p->regions);
	free(p->spells_root);
	automaton_free(&p->automaton);
	intern_free(&p->sets);
	intern_free(&p->texts);
	nfa_free(&p->nfa);
	*p = (struct partition){0};
}

/* 1 if the feature of this text is new, 0 if it is there already. */
static int add_feature(struct partition *p, enum feature kind, const void *text, size_t size,
		       uint32_t *feature)
{
	uint32_t known = p->texts.n;
	char *key = malloc(size + 1);
	int err = key ? 0 : -ENOMEM;

	if (!err) {
		key[0] = kind;
		memcpy(key + 1, text, size);
		err = intern_add(&p->texts, key, size + 1, feature);
	}
	free(key);
	if (!err)
		err = array_reserve(&p->spells_root, &p->spells_root_room, (size_t)p->texts.n,
				    sizeof(*p->spells_root));
	if (err)
		return err;
	if (*feature == known)
		p->spells_root[known] = false;
	return *feature == known;
}

/* A pattern was checked when it was read, so an error is a lack of memory or of room. */
static int pattern_error(int err)
{
	return err == -EINVAL ? -EPROTO : err;
}

int partition_add_pattern(struct partition *p, const char *text, uint32_t *feature)
{
	uint32_t from = p->root;
	struct pattern_end end;
	char error[200];
	int err = add_feature(p, FEATURE_PATTERN, text, strlen(text), feature);

	if (err <= 0)
		return err; /* known, or an error */
	if (p->shape == SHAPE_SOCKET)
		from = nfa_byte(&p->nfa, from, PV_FAM_UNIX);
	err = pattern_add(&p->nfa, from, p->shape == SHAPE_SOCKET ? PATTERN_SOCKET : PATTERN_FILE, text, &end,
			  error, sizeof(error));
	if (err)
		return pattern_error(err);
	p->spells_root[*feature] = end.root;
	nfa_accept(&p->nfa, end.node, *feature);
	return p->nfa.error;
}

int partition_add_below(struct partition *p, const char *text, bool literal, uint32_t *feature)
{
	enum feature kind = literal ? FEATURE_BELOW_LITERAL : FEATURE_BELOW;
	struct byteset any = {{0}};
	struct pattern_end end;
	char error[200];
	int err = add_feature(p, kind, text, strlen(text), feature);

	if (err <= 0)
		return err; /* known, or an error */
	err = literal ? pattern_add_literal(&p->nfa, p->root, text, &end, error, sizeof(error))
		      : pattern_add(&p->nfa, p->root, PATTERN_PATH, text, &end, error, sizeof(error));
	if (err)
		return pattern_error(err);
	byteset_add(&any, 0, 255);
	p->spells_root[*feature] = end.root;
	nfa_accept(&p->nfa, end.node, *feature);
	nfa_accept(&p->nfa, nfa_run(&p->nfa, nfa_byte(&p->nfa, end.node, '/'), &any), *feature);
	if (end.root) /* below the root, the slash is the root's own */
		nfa_accept(&p->nfa, nfa_run(&p->nfa, nfa_byte(&p->nfa, p->root, '/'), &any), *feature);
	return p->nfa.error;
}

int partition_add_unit(struct partition *p, const char *text, uint32_t *feature)
{
	uint32_t start = nfa_byte(&p->nfa, p->unit_root, '/'), node;
	struct byteset any = {{0}}, name;
	struct pattern_end end;
	char error[200];
	int err = add_feature(p, FEATURE_UNIT, text, strlen(text), feature);

	if (err <= 0)
		return err; /* known, or an error */
	byteset_add(&any, 0, 255);
	name = any;
	byteset_remove(&name, '/');
	node = nfa_run(&p->nfa, start, &name);
	for (const char *c = ".slice/"; *c; c++)
		node = nfa_byte(&p->nfa, node, *c);
	nfa_join(&p->nfa, node, start);
	err = pattern_add(&p->nfa, start, PATTERN_FREE, text, &end, error, sizeof(error));
	if (err)
		return pattern_error(err);
	nfa_accept(&p->nfa, end.node, *feature);
	nfa_accept(&p->nfa, nfa_run(&p->nfa, nfa_byte(&p->nfa, end.node, '/'), &any), *feature);
	return p->nfa.error;
}

static uint32_t add_range(struct nfa *nfa, uint32_t from, unsigned first, unsigned last)
{
	struct byteset set = {{0}};

	byteset_add(&set, first, last);
	return nfa_set(nfa, from, &set);
}

/* Ports are two bytes: a row of 256, or the rest of the first, whole rows, the beginning of the last. */
static void accept_ports(struct partition *p, uint32_t from, const struct policy_ports *ports,
			 uint32_t feature)
{
	unsigned row = ports->first >> 8, end = ports->last >> 8, low = ports->first & 255,
		 high = ports->last & 255;
	struct {
		unsigned first, last, low, high;
	} parts[] = {
		{row, row, low, row == end ? high : 255},
		{row + 1, end - 1, 0, 255},
		{end, end, 0, high},
	};

	for (unsigned i = 0; i < (row == end ? 1 : 3); i++) {
		if (parts[i].first <= parts[i].last)
			nfa_accept(&p->nfa,
				   add_range(&p->nfa, add_range(&p->nfa, from, parts[i].first, parts[i].last),
					     parts[i].low, parts[i].high),
				   feature);
	}
}

static void accept_addresses(struct partition *p, unsigned family, const struct policy_cidr *block,
			     const struct policy_ports *ports, size_t n_ports, uint32_t feature)
{
	static const struct policy_ports every = {0, UINT16_MAX};
	uint32_t node = nfa_byte(&p->nfa, p->root, family == 4 ? PV_FAM_INET : PV_FAM_INET6);
	unsigned bits = block ? block->bits : 0;

	node = add_range(&p->nfa, node, 0, 255);
	for (unsigned i = 0; i < (family == 4 ? 4 : 16); i++, bits -= bits < 8 ? bits : 8) {
		unsigned spread = bits < 8 ? 0xffu >> bits : 0, first = block ? block->addr[i] & ~spread : 0;

		node = add_range(&p->nfa, node, first, first | spread);
	}
	for (size_t i = 0; i < n_ports; i++)
		accept_ports(p, node, &ports[i], feature);
	if (!n_ports)
		accept_ports(p, node, &every, feature);
}

int partition_add_addresses(struct partition *p, const struct policy_cidr *block,
			    const struct policy_ports *ports, size_t n_ports, uint32_t *feature)
{
	size_t size = 2 + ADDRESS_SIZE + n_ports * sizeof(*ports);
	char *key = calloc(1, size);
	int err = key ? 0 : -ENOMEM;

	if (key && block) {
		key[0] = block->family;
		key[1] = block->bits;
		memcpy(key + 2, block->addr, ADDRESS_SIZE);
	}
	if (key && n_ports)
		memcpy(key + 2 + ADDRESS_SIZE, ports, n_ports * sizeof(*ports));
	if (key)
		err = add_feature(p, FEATURE_ADDRESSES, key, size, feature);
	free(key);
	if (err <= 0)
		return err; /* known, or an error */
	for (unsigned family = 4; family <= 6; family += 2) {
		if (!block || block->family == family)
			accept_addresses(p, family, block, ports, n_ports, *feature);
	}
	return p->nfa.error;
}

int partition_add_family(struct partition *p, unsigned family, uint32_t *feature)
{
	uint8_t byte = family;
	int err = add_feature(p, FEATURE_FAMILY, &byte, 1, feature);

	if (err <= 0)
		return err; /* known, or an error */
	nfa_accept(&p->nfa, nfa_byte(&p->nfa, nfa_byte(&p->nfa, p->root, PV_FAM_OTHER), byte), *feature);
	return p->nfa.error;
}

/* ---- regions ---- */

/* The answer for a set of features: its number. */
static int answer_set(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	struct partition *p = context;
	uint32_t *kept = calloc(n + 1, sizeof(*kept));
	size_t n_kept = 0;
	int err;

	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!root || p->spells_root[items[i]])
			kept[n_kept++] = items[i];
	}
	err = intern_add(&p->sets, kept, n_kept * sizeof(*kept), answer);
	free(kept);
	return err;
}

/* A pair of states that a name leads to, and how it was come to. */
struct visit {
	uint32_t from; /* number of the visit before it */
	uint32_t state;
	uint8_t shape, byte;
};

struct walk {
	struct partition *p;
	struct visit *visits; /* the queue, and the ways back */
	size_t n, room;
	bool *seen;	     /* by state and shape */
	struct intern known; /* regions, by kind and set */
};

static uint32_t move(const struct automaton *a, uint32_t state, unsigned class)
{
	for (uint32_t i = a->first[state]; i < a->first[state + 1]; i++) {
		if (MOVE_CLASS(a->moves[i]) == class)
			return MOVE_TARGET(a->moves[i]);
	}
	return a->fallback[state];
}

static uint8_t *spell(const struct walk *w, size_t at, size_t *length)
{
	uint8_t *name;

	*length = 0;
	for (size_t i = at; i; i = w->visits[i].from)
		++*length;
	name = calloc(1, *length + 1);
	for (size_t i = at, n = *length; name && i; i = w->visits[i].from)
		name[--n] = w->visits[i].byte;
	return name;
}

#define NAMELESS 2 /* a kind of its own: see shape_kind() */

/* If names that end here are of a new region, note it. */
static int note_region(struct walk *w, size_t at)
{
	struct partition *p = w->p;
	uint32_t key[2] = {shape_kind(p->shape, w->visits[at].shape),
			   p->automaton.answer[w->visits[at].state]};
	uint32_t id, known = w->known.n;
	struct region *r;
	size_t size;
	int err;

	/* what has no name counts as a name where a pattern is about it */
	if (!at && p->shape == SHAPE_PATH && intern_key(&p->sets, key[1], &size) && size)
		key[0] = NAMELESS;
	if (!key[0])
		return 0;
	err = intern_add(&w->known, key, sizeof(key), &id);
	if (err || id < known)
		return err;
	err = array_reserve(&p->regions, &p->regions_room, p->n_regions + 1, sizeof(*p->regions));
	if (err)
		return err;
	r = &p->regions[p->n_regions];
	*r = (struct region){.number = key[1], .name = spell(w, at, &r->length)};
	if (!r->name)
		return -ENOMEM;
	p->n_regions++;
	r->length = 0;
	for (size_t i = at; i; i = w->visits[i].from)
		r->length++;
	intern_key(&p->sets, r->number, &size);
	r->n_features = size / sizeof(uint32_t);
	return 0;
}

static int visit(struct walk *w, uint32_t from, uint32_t state, unsigned shape, uint8_t byte)
{
	size_t key = (size_t)state * SHAPE_STATES + shape;
	int err;

	if (w->seen[key])
		return 0;
	w->seen[key] = true;
	err = array_reserve(&w->visits, &w->room, w->n + 1, sizeof(*w->visits));
	if (err)
		return err;
	w->visits[w->n++] = (struct visit){.from = from, .state = state, .shape = shape, .byte = byte};
	return note_region(w, w->n - 1);
}

static int follow(struct walk *w, size_t at)
{
	const struct automaton *a = &w->p->automaton;
	const struct visit v = w->visits[at];
	uint32_t targets[256];
	int err = 0;

	for (unsigned c = 0; c < a->n_classes; c++)
		targets[c] = a->fallback[v.state];
	for (uint32_t i = a->first[v.state]; i < a->first[v.state + 1]; i++)
		targets[MOVE_CLASS(a->moves[i])] = MOVE_TARGET(a->moves[i]);
	for (unsigned i = 0; !err && i < 256; i++) {
		uint8_t byte = shape_byte(w->p->shape, v.shape, i);
		unsigned shape = shape_step(w->p->shape, v.shape, byte);

		if (shape != SHAPE_DEAD)
			err = visit(w, at, targets[a->nfa->classes[byte]], shape, byte);
	}
	return err;
}

int partition_divide(struct partition *p)
{
	struct walk w = {.p = p};
	int err = nfa_finish(&p->nfa);

	if (err)
		return err;
	automaton_init(&p->automaton, &p->nfa, STATES_MAX);
	err = automaton_build(&p->automaton, (uint32_t[]){p->root, p->unit_root}, 2, p->shape == SHAPE_PATH,
			      answer_set, p, &p->start);
	if (!err)
		err = automaton_minimise(&p->automaton, &p->start, 1);
	if (!err) {
		w.seen = calloc((size_t)p->automaton.n_states, SHAPE_STATES);
		err = w.seen ? visit(&w, 0, p->start, SHAPE_START, 0) : -ENOMEM;
	}
	for (size_t i = 0; !err && i < w.n; i++)
		err = follow(&w, i);
	/* sets may have moved while they were found */
	for (size_t i = 0; i < p->n_regions; i++)
		p->regions[i].features = intern_key(&p->sets, p->regions[i].number, NULL);
	free(w.visits);
	free(w.seen);
	intern_free(&w.known);
	return err;
}

const uint32_t *partition_features(const struct partition *p, const void *name, size_t length, size_t *n)
{
	const uint8_t *bytes = name;
	uint32_t state = p->start;
	const uint32_t *features;
	size_t size;

	for (size_t i = 0; i < length; i++)
		state = move(&p->automaton, state, p->nfa.classes[bytes[i]]);
	features = intern_key(&p->sets, p->automaton.answer[state], &size);
	*n = size / sizeof(*features);
	return features;
}

uint32_t region_socket_accesses(const struct region *r)
{
	if (r->length == 2 && r->name[0] != PV_FAM_UNIX)
		return 1u << PV_ACC_SOCKET;
	return 1u << PV_ACC_CONNECT | 1u << PV_ACC_BIND | 1u << PV_ACC_LISTEN | 1u << PV_ACC_ACCEPT;
}
