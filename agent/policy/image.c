/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Images: reading names with them, and checking them before anybody else does.
 *
 * image_match() takes exactly the steps of the BPF programs. Neither checks bounds on the way, so
 * image_validate() has to prove for the whole image what they rely on:
 *
 *   - every reference to a state names a head slot in an automaton block,
 *   - from a head, every class that the class map can give stays within the block,
 *   - a slot that is not a head belongs to a head before it in its block,
 *   - what can be an answer, along any path from the start in question, is a row or a profile.
 *
 * Given the first three, a step from a valid state leads to a valid state or an answer, by induction
 * over the name. Free slots have an owner that no state can be, and are never followed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "pavise.h"
#include "policy.h"

void image_free(struct image *image)
{
	if (!image)
		return;
	for (size_t i = 0; i < image->n_strings; i++)
		free(image->strings[i]);
	free(image->strings);
	free(image->decisions);
	free(image->blocks);
	free(image);
}

static const struct pv_image_head *head_of(const struct image *image)
{
	return (const struct pv_image_head *)image->blocks;
}

uint32_t image_match(const struct image *image, uint32_t start, const void *name, size_t length)
{
	const struct pv_slot *slots = (const struct pv_slot *)image->blocks;
	const uint8_t *classes = head_of(image)->classes, *bytes = name;
	uint32_t state = start;

	for (size_t i = 0; i < length && !(state & PV_DECIDED); i++) {
		const struct pv_slot *e = &slots[state + 1 + classes[bytes[i]]];

		state = e->check == state ? e->next : slots[state].next;
	}
	return (state & PV_DECIDED ? state : slots[state].check) & PV_VALUE_MASK;
}

uint32_t image_profile(const struct image *image, const char *cgroup, const struct image_context *context)
{
	(void)context;
	return image_match(image, head_of(image)->cgroup_start, cgroup, strlen(cgroup));
}

static uint32_t cell_of(const struct image *image, uint32_t row, unsigned access)
{
	const struct pv_row *rows =
		(const struct pv_row *)(image->blocks + (size_t)head_of(image)->row_block * PV_BLOCK_SIZE);

	return rows[row].cell[access];
}

/* What there is no answer to is denied, without a decision that says why. */
static bool answerable(const struct image *image, uint32_t profile, unsigned access)
{
	return profile < head_of(image)->n_profiles && access < PV_COLUMNS;
}

uint32_t image_path_cell(const struct image *image, uint32_t profile, const char *path, unsigned access,
			 const struct image_context *context)
{
	uint32_t start;

	(void)context;

	if (!answerable(image, profile, access))
		return PV_CELL(PV_DENY, false, 0);
	start = head_of(image)->profiles[profile].path_start;
	return cell_of(image, image_match(image, start, path, strlen(path)), access);
}

uint32_t image_net_cell(const struct image *image, uint32_t profile, const void *name, size_t length,
			unsigned access, const struct image_context *context)
{
	uint32_t start;

	(void)context;

	if (!answerable(image, profile, access))
		return PV_CELL(PV_DENY, false, 0);
	start = head_of(image)->profiles[profile].net_start;
	return cell_of(image, image_match(image, start, name, length), access);
}

const struct decision *image_decision(const struct image *image, uint32_t cell)
{
	uint32_t index = PV_CELL_DECISION(cell);

	return index < image->n_decisions ? &image->decisions[index] : NULL;
}

const char *decision_reason_name(enum decision_reason reason)
{
	switch (reason) {
	case REASON_EXPLICIT_ALLOW:
		return "explicit_allow";
	case REASON_EXPLICIT_DENY:
		return "explicit_deny";
	case REASON_DEFAULT_ALLOW:
		return "default_allow";
	case REASON_DEFAULT_DENY:
		return "default_deny";
	case REASON_NOT_DECIDABLE:
		return "not_decidable";
	}
	return "unknown";
}

/* ---- validation ---- */

enum domain { DOMAIN_PROFILES = 1, DOMAIN_ROWS = 2 };

struct validation {
	const struct pv_image_head *head;
	const struct pv_slot *slots;
	size_t n_blocks;
	unsigned span;	/* classes that a probe can have */
	uint8_t *seen;	/* by slot: domains from which the state can be reached */
	uint32_t *todo; /* states that have been seen and not followed yet */
	size_t n_todo;
	struct diags *d;
};

#define FAULT(v, ...) (diag_add((v)->d, NULL, 0, 0, "image", NULL, __VA_ARGS__), -EINVAL)

static int check_head(const struct validation *v)
{
	const struct pv_image_head *h = v->head;

	if (h->magic != PV_MAGIC)
		return FAULT(v, "not an image: magic %#x", h->magic);
	if (h->abi != PV_ABI)
		return FAULT(v, "ABI %u, this agent has %u", h->abi, PV_ABI);
	if (!h->generation)
		return FAULT(v, "generation 0");
	if (h->n_blocks != v->n_blocks)
		return FAULT(v, "%zu blocks, the head says %u", v->n_blocks, h->n_blocks);
	if (h->digest != layout_digest(h, v->n_blocks))
		return FAULT(v, "the digest %#" PRIx64 " is not that of the blocks", (uint64_t)h->digest);
	if (!h->row_block || h->row_block > h->n_blocks)
		return FAULT(v, "rows in block %u of %u", h->row_block, h->n_blocks);
	if (h->n_rows > (uint64_t)(h->n_blocks - h->row_block) * PV_BLOCK_ROWS)
		return FAULT(v, "%u rows do not fit", h->n_rows);
	if (!h->n_profiles || h->n_profiles > PV_PROFILES_MAX)
		return FAULT(v, "%u profiles", h->n_profiles);
	return 0;
}

/* Whether a reference is an answer or a state. Says nothing about the answer's range. */
static bool is_reference(const struct validation *v, uint32_t ref)
{
	if (ref & PV_DECIDED)
		return true;
	return ref >= PV_BLOCK_SLOTS && ref / PV_BLOCK_SLOTS < v->head->row_block &&
	       v->slots[ref].check & PV_HEAD;
}

static int check_slot(const struct validation *v, uint32_t i)
{
	const struct pv_slot *slot = &v->slots[i];

	if (slot->check == PV_EMPTY)
		return 0;
	if (!is_reference(v, slot->next))
		return FAULT(v, "slot %u leads to %#x, which is no state", i, slot->next);
	if (slot->check & PV_HEAD) {
		if (i % PV_BLOCK_SLOTS + v->span >= PV_BLOCK_SLOTS)
			return FAULT(v, "state %u is too close to the end of its block", i);
		return 0;
	}
	if (!is_reference(v, slot->check) || slot->check / PV_BLOCK_SLOTS != i / PV_BLOCK_SLOTS ||
	    slot->check >= i || i - slot->check > v->span)
		return FAULT(v, "slot %u belongs to %#x, which is no state that could", i, slot->check);
	return 0;
}

/* An answer in its domain. */
static int check_answer(const struct validation *v, enum domain domain, uint32_t value)
{
	if (domain == DOMAIN_PROFILES && value >= v->head->n_profiles)
		return FAULT(v, "profile %u of %u as an answer", value, v->head->n_profiles);
	if (domain == DOMAIN_ROWS && value >= v->head->n_rows)
		return FAULT(v, "row %u of %u as an answer", value, v->head->n_rows);
	return 0;
}

/* Come to a valid reference in a domain. */
static int reach(struct validation *v, enum domain domain, uint32_t ref)
{
	if (ref & PV_DECIDED)
		return check_answer(v, domain, ref & PV_VALUE_MASK);
	if (v->seen[ref] & domain)
		return 0;
	v->seen[ref] |= domain;
	v->todo[v->n_todo++] = ref;
	return check_answer(v, domain, v->slots[ref].check & PV_VALUE_MASK);
}

/* Everything that can be reached from a start has answers of the domain. */
static int check_start(struct validation *v, enum domain domain, uint32_t start)
{
	int ret;

	if (!is_reference(v, start))
		return FAULT(v, "start %#x is no state", start);
	ret = reach(v, domain, start);
	while (!ret && v->n_todo) {
		uint32_t state = v->todo[--v->n_todo];

		ret = reach(v, domain, v->slots[state].next);
		for (uint32_t i = state + 1; !ret && i <= state + v->span; i++) {
			if (v->slots[i].check == state)
				ret = reach(v, domain, v->slots[i].next);
		}
	}
	return ret;
}

static bool is_cell(uint32_t cell)
{
	return PV_CELL_VERDICT(cell) <= PV_WOULD_DENY && !(cell & 0xf8);
}

static int check_rows(const struct validation *v)
{
	const struct pv_row *rows =
		(const struct pv_row *)((const char *)v->head + (size_t)v->head->row_block * PV_BLOCK_SIZE);

	for (uint32_t i = 0; i < v->head->n_rows; i++) {
		for (unsigned c = 0; c < PV_COLUMNS; c++) {
			if (!is_cell(rows[i].cell[c]))
				return FAULT(v, "row %u has the cell %#x", i, rows[i].cell[c]);
		}
	}
	return 0;
}

static int check_profiles(struct validation *v)
{
	int ret = check_start(v, DOMAIN_PROFILES, v->head->cgroup_start);

	for (uint32_t i = 0; !ret && i < v->head->n_profiles; i++) {
		const struct pv_profile *p = &v->head->profiles[i];

		if (!is_cell(p->path_undecidable) || !is_cell(p->net_undecidable))
			return FAULT(v, "profile %u has a cell that is none", i);
		ret = check_start(v, DOMAIN_ROWS, p->path_start);
		if (!ret)
			ret = check_start(v, DOMAIN_ROWS, p->net_start);
	}
	return ret;
}

static int check_automaton(struct validation *v)
{
	size_t n = (size_t)v->head->row_block * PV_BLOCK_SLOTS;
	int ret = 0;

	for (unsigned b = 0; b < 256; b++) {
		if (v->head->classes[b] >= v->span)
			v->span = v->head->classes[b] + 1;
	}
	for (size_t i = PV_BLOCK_SLOTS; !ret && i < n; i++)
		ret = check_slot(v, i);
	if (ret)
		return ret;
	v->seen = calloc(n, sizeof(*v->seen));
	v->todo = calloc(n, sizeof(*v->todo));
	if (!v->seen || !v->todo)
		ret = FAULT(v, "no memory to check it");
	else
		ret = check_profiles(v);
	free(v->seen);
	free(v->todo);
	return ret;
}

int image_validate(const void *blocks, size_t n_blocks, struct diags *d)
{
	struct validation v = {.head = blocks, .slots = blocks, .n_blocks = n_blocks, .d = d};
	int ret;

	if (!n_blocks || n_blocks > PV_BLOCKS_MAX)
		return FAULT(&v, "%zu blocks", n_blocks);
	ret = check_head(&v);
	if (!ret)
		ret = check_automaton(&v);
	if (!ret)
		ret = check_rows(&v);
	return ret;
}
