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
 *   - what can be an answer, along any path from the start in question and through choices, is a row,
 *     a profile or a class of executables,
 *   - a choice leads to choices before it only, over PV_CHOICE_STEPS at most, and sets are there,
 *   - a mark is where it is looked for, and answers with a row.
 *
 * Given the first three, a step from a valid state leads to a valid state or an answer, by induction
 * over the name. Free slots have an owner that no state can be, and are never followed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "mark.h"
#include "pavise.h"
#include "policy.h"

void image_free(struct image *image)
{
	if (!image)
		return;
	for (size_t i = 0; i < image->n_strings; i++)
		free(image->strings[i]);
	for (size_t i = 0; i < image->n_marked; i++)
		free(image->marked[i]);
	free(image->strings);
	free(image->marked);
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

/* A name without a class, and a task that has executed where it is. */
static const struct image_context no_context = {.executed = true};

static const void *block_at(const struct image *image, uint32_t number)
{
	return image->blocks + (size_t)number * PV_BLOCK_SIZE;
}

/* Is the class in a set? */
static bool set_has(const struct image *image, uint32_t set, uint32_t class)
{
	const struct pv_image_head *head = head_of(image);
	const uint32_t *words = block_at(image, head->set_block);

	words += (size_t)set * head->set_words;
	return class < head->n_exe && words[class / 32] >> (class % 32) & 1;
}

static bool choice_holds(const struct image *image, const struct pv_choice *choice,
			 const struct image_context *context)
{
	uint32_t setup = head_of(image)->setup_set;

	switch (choice->test) {
	case PV_TEST_EXE:
		return set_has(image, choice->value, context->exe);
	case PV_TEST_OWNER:
		return context->owner;
	case PV_TEST_EXECUTED:
		return context->executed;
	case PV_TEST_STARTED:
		return context->executed && (setup == PV_NO_SET || !set_has(image, setup, context->exe));
	case PV_TEST_UID:
		return context->uid >= choice->value;
	}
	return false;
}

/* Follow choices to the answer. */
static uint32_t choose_answer(const struct image *image, uint32_t answer, const struct image_context *context)
{
	const struct pv_choice *choices = block_at(image, head_of(image)->choice_block);

	while (answer & PV_MORE) {
		const struct pv_choice *choice = &choices[answer & ~PV_MORE];

		answer = choice_holds(image, choice, context ? context : &no_context) ? choice->yes
										      : choice->no;
	}
	return answer;
}

uint32_t image_exe(const struct image *image, const char *path)
{
	return path ? image_match(image, head_of(image)->exe_start, path, strlen(path)) : 0;
}

uint32_t image_profile(const struct image *image, const char *cgroup, const struct image_context *context)
{
	uint32_t answer = image_match(image, head_of(image)->cgroup_start, cgroup, strlen(cgroup));

	return choose_answer(image, answer, context);
}

static uint32_t cell_of(const struct image *image, uint32_t row, unsigned column)
{
	const struct pv_row *rows = block_at(image, head_of(image)->row_block);

	return rows[row].cell[column];
}

/* What there is no answer to is denied, without a decision that says why. */
static bool answerable(const struct image *image, uint32_t profile, unsigned access)
{
	return profile < head_of(image)->n_profiles && access < PV_COLUMNS;
}

static uint32_t name_cell(const struct image *image, uint32_t start, const void *name, size_t length,
			  unsigned access, const struct image_context *context)
{
	return cell_of(image, choose_answer(image, image_match(image, start, name, length), context), access);
}

uint32_t image_path_cell(const struct image *image, uint32_t profile, const char *path, unsigned access,
			 const struct image_context *context)
{
	if (!answerable(image, profile, access))
		return PV_CELL(PV_DENY, false, 0);
	return name_cell(image, head_of(image)->profiles[profile].path_start, path, strlen(path), access,
			 context);
}

uint32_t image_mark_cell(const struct image *image, uint32_t profile, const struct mark_file *file,
			 unsigned access, const struct image_context *context)
{
	const struct pv_image_head *head = head_of(image);
	uint32_t home, start, heaviest = PV_CELL(PV_ALLOW, false, 0);
	const struct pv_mark *marks;

	if (profile >= head->n_profiles || access >= PV_COL_MARK || !head->marks.n_blocks)
		return heaviest;
	start = head->profiles[profile].path_start;
	home = pv_mark_home(file->ino, file->dev, file->generation, start);
	marks = block_at(image, head->n_blocks + home / PV_BLOCK_MARKS % head->marks.n_blocks);
	for (unsigned i = 0; i < PV_MARK_PROBES; i++) {
		const struct pv_mark *mark = &marks[(home + i) % PV_BLOCK_MARKS];
		uint32_t cell;

		if (!mark->answer)
			break;
		if (mark->ino != file->ino || mark->dev != file->dev || mark->start != start ||
		    mark->generation != file->generation)
			continue;
		cell = cell_of(image, choose_answer(image, mark->answer, context), PV_COL_MARK + access);
		if (cell_weight(cell) > cell_weight(heaviest))
			heaviest = cell;
	}
	return heaviest;
}

uint32_t image_net_cell(const struct image *image, uint32_t profile, const void *name, size_t length,
			unsigned access, const struct image_context *context)
{
	if (!answerable(image, profile, access))
		return PV_CELL(PV_DENY, false, 0);
	return name_cell(image, head_of(image)->profiles[profile].net_start, name, length, access, context);
}

uint32_t image_system_cell(const struct image *image, uint32_t profile, unsigned access)
{
	uint32_t row;

	if (!answerable(image, profile, access))
		return PV_CELL(PV_DENY, false, 0);
	row = head_of(image)->profiles[profile].system_row;
	return row ? cell_of(image, row, access) : PV_CELL(PV_ALLOW, false, 0);
}

uint32_t image_capability_cell(const struct image *image, uint32_t profile, unsigned capability)
{
	uint32_t row;

	if (!answerable(image, profile, 0) || capability >= 2 * PV_COLUMNS)
		return PV_CELL(PV_DENY, false, 0);
	row = head_of(image)->profiles[profile].system_row;
	if (!row)
		return PV_CELL(PV_ALLOW, false, 0);
	return cell_of(image, row + 1 + capability / PV_COLUMNS, capability % PV_COLUMNS);
}

unsigned cell_weight(uint32_t cell)
{
	unsigned verdict = PV_CELL_VERDICT(cell);

	return verdict ? (verdict == PV_DENY ? 3 : 1) + !!(cell & PV_CELL_KILL) : 0;
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
	case REASON_GOVERNED_BY_LESS:
		return "governed_by_less";
	case REASON_MOVES_NAMES:
		return "moves_names";
	}
	return "unknown";
}

/* ---- validation ---- */

enum domain { DOMAIN_PROFILES = 1, DOMAIN_ROWS = 2, DOMAIN_CLASSES = 4 };

struct validation {
	const struct pv_image_head *head;
	const struct pv_slot *slots;
	size_t n_blocks;
	unsigned span;	/* classes that a probe can have */
	uint8_t *seen;	/* by slot: domains from which the state can be reached */
	uint32_t *todo; /* states that have been seen and not followed yet */
	size_t n_todo;
	uint8_t *asked; /* by choice: domains from which it can be reached */
	uint8_t *steps; /* by choice: how many follow each other from it on */
	struct diags *d;
};

#define FAULT(v, ...) (diag_add((v)->d, NULL, 0, 0, "image", NULL, __VA_ARGS__), -EINVAL)

/* Where choices and sets stand. */
static int check_tables(const struct validation *v)
{
	const struct pv_image_head *h = v->head;

	if (h->choice_block < h->row_block || h->choice_block > h->n_blocks ||
	    h->n_choices > (uint64_t)(h->n_blocks - h->choice_block) * PV_BLOCK_CHOICES)
		return FAULT(v, "%u choices do not fit", h->n_choices);
	if (!h->n_exe || h->n_exe > (uint64_t)h->set_words * 32)
		return FAULT(v, "%u classes of executables, sets have %u words", h->n_exe, h->set_words);
	if (h->set_block < h->choice_block || h->set_block > h->n_blocks ||
	    (uint64_t)h->n_sets * h->set_words > (uint64_t)(h->n_blocks - h->set_block) * PV_BLOCK_WORDS)
		return FAULT(v, "%u sets of executables do not fit", h->n_sets);
	if (h->setup_set != PV_NO_SET && h->setup_set >= h->n_sets)
		return FAULT(v, "set %u of %u is that of what sets up", h->setup_set, h->n_sets);
	return 0;
}

static int check_head(const struct validation *v)
{
	const struct pv_image_head *h = v->head;

	if (h->magic != PV_MAGIC)
		return FAULT(v, "not an image: magic %#x", h->magic);
	if (h->abi != PV_ABI)
		return FAULT(v, "ABI %u, this agent has %u", h->abi, PV_ABI);
	if (!h->generation)
		return FAULT(v, "generation 0");
	if ((uint64_t)h->n_blocks + h->marks.n_blocks != v->n_blocks || !h->n_blocks)
		return FAULT(v, "%zu blocks, the head says %u and %u of marks", v->n_blocks, h->n_blocks,
			     h->marks.n_blocks);
	if (h->digest != layout_digest(h, h->n_blocks))
		return FAULT(v, "the digest %#" PRIx64 " is not that of the blocks", (uint64_t)h->digest);
	if (!h->row_block || h->row_block > h->n_blocks)
		return FAULT(v, "rows in block %u of %u", h->row_block, h->n_blocks);
	if (h->n_rows > (uint64_t)(h->n_blocks - h->row_block) * PV_BLOCK_ROWS)
		return FAULT(v, "%u rows do not fit", h->n_rows);
	if (!h->n_profiles || h->n_profiles > PV_PROFILES_MAX)
		return FAULT(v, "%u profiles", h->n_profiles);
	return check_tables(v);
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

static int check_answer(struct validation *v, enum domain domain, uint32_t value);

/* One choice: what it asks, where it leads, and how far that is. */
static int check_choice(struct validation *v, uint32_t i)
{
	const struct pv_choice *choices =
		(const struct pv_choice *)((const char *)v->head +
					   (size_t)v->head->choice_block * PV_BLOCK_SIZE);
	const uint32_t answers[] = {choices[i].no, choices[i].yes};

	if (choices[i].test >= PV_TESTS)
		return FAULT(v, "choice %u asks %u", i, choices[i].test);
	if (choices[i].test == PV_TEST_EXE && choices[i].value >= v->head->n_sets)
		return FAULT(v, "choice %u asks for set %u of %u", i, choices[i].value, v->head->n_sets);
	for (unsigned k = 0; k < 2; k++) {
		uint32_t next = answers[k] & ~PV_MORE;

		if (answers[k] & PV_MORE && next >= i)
			return FAULT(v, "choice %u leads to %u, which is not before it", i, next);
		if (answers[k] & PV_MORE && v->steps[next] > v->steps[i])
			v->steps[i] = v->steps[next];
	}
	if (++v->steps[i] > PV_CHOICE_STEPS)
		return FAULT(v, "choice %u has more than %d after it", i, PV_CHOICE_STEPS - 1);
	return 0;
}

/* All that choices say in a domain. They lead down only, so one pass from the top does. */
static int check_choices(struct validation *v)
{
	const struct pv_choice *choices =
		(const struct pv_choice *)((const char *)v->head +
					   (size_t)v->head->choice_block * PV_BLOCK_SIZE);
	int ret = 0;

	for (uint32_t i = v->head->n_choices; !ret && i-- > 0;) {
		for (unsigned domain = DOMAIN_PROFILES; !ret && domain <= DOMAIN_CLASSES; domain <<= 1) {
			if (!(v->asked[i] & domain))
				continue;
			ret = check_answer(v, domain, choices[i].no);
			if (!ret)
				ret = check_answer(v, domain, choices[i].yes);
		}
	}
	return ret;
}

/* An answer in its domain. Where it is a choice, that is noted for check_choices(). */
static int check_answer(struct validation *v, enum domain domain, uint32_t value)
{
	if (value & PV_MORE) {
		value &= ~PV_MORE;
		if (value >= v->head->n_choices || domain == DOMAIN_CLASSES)
			return FAULT(v, "choice %u of %u as an answer", value, v->head->n_choices);
		v->asked[value] |= domain;
		return 0;
	}
	if (domain == DOMAIN_PROFILES && value >= v->head->n_profiles)
		return FAULT(v, "profile %u of %u as an answer", value, v->head->n_profiles);
	if (domain == DOMAIN_ROWS && value >= v->head->n_rows)
		return FAULT(v, "row %u of %u as an answer", value, v->head->n_rows);
	if (domain == DOMAIN_CLASSES && value >= v->head->n_exe)
		return FAULT(v, "class %u of %u as an answer", value, v->head->n_exe);
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
	return PV_CELL_VERDICT(cell) <= PV_WOULD_DENY && !(cell & 0xf0);
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

	if (!ret)
		ret = check_start(v, DOMAIN_CLASSES, v->head->exe_start);
	for (uint32_t i = 0; !ret && i < v->head->n_profiles; i++) {
		const struct pv_profile *p = &v->head->profiles[i];

		if (!is_cell(p->path_undecidable) || !is_cell(p->net_undecidable))
			return FAULT(v, "profile %u has a cell that is none", i);
		if (p->system_row && (uint64_t)p->system_row + 3 > v->head->n_rows)
			return FAULT(v, "profile %u has no rows at %u", i, p->system_row);
		ret = check_start(v, DOMAIN_ROWS, p->path_start);
		if (!ret)
			ret = check_start(v, DOMAIN_ROWS, p->net_start);
	}
	return ret;
}

/* The place at hand of a block of marks: free, or reached by a search for what stands there. */
static int check_mark(struct validation *v, const struct pv_mark *marks, uint32_t block, unsigned at)
{
	const struct pv_mark *mark = &marks[(size_t)block * PV_BLOCK_MARKS + at];
	uint32_t home = pv_mark_home(mark->ino, mark->dev, mark->generation, mark->start);
	unsigned distance = (at - home) % PV_BLOCK_MARKS;

	if (!mark->answer)
		return 0;
	if (home / PV_BLOCK_MARKS % v->head->marks.n_blocks != block || distance >= PV_MARK_PROBES)
		return FAULT(v, "mark %u of block %u is where nobody looks for it", at, block);
	for (; distance; distance--) {
		if (!marks[(size_t)block * PV_BLOCK_MARKS + (at - distance) % PV_BLOCK_MARKS].answer)
			return FAULT(v, "mark %u of block %u is behind a free place", at, block);
	}
	return check_answer(v, DOMAIN_ROWS, mark->answer);
}

static int check_marks(struct validation *v)
{
	const struct pv_marks *m = &v->head->marks;
	const struct pv_mark *marks =
		(const struct pv_mark *)((const char *)v->head + (size_t)v->head->n_blocks * PV_BLOCK_SIZE);
	int ret = 0;

	if (m->n_blocks & (m->n_blocks - 1))
		return FAULT(v, "%u blocks of marks, which is no power of two", m->n_blocks);
	if (m->n_blocks && m->digest != layout_marks_digest(marks, m->n_blocks))
		return FAULT(v, "the digest %#" PRIx64 " is not that of the marks", (uint64_t)m->digest);
	for (uint32_t block = 0; !ret && block < m->n_blocks; block++) {
		for (unsigned at = 0; !ret && at < PV_BLOCK_MARKS; at++)
			ret = check_mark(v, marks, block, at);
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
	v->asked = calloc((size_t)v->head->n_choices + 1, sizeof(*v->asked));
	v->steps = calloc((size_t)v->head->n_choices + 1, sizeof(*v->steps));
	if (!v->seen || !v->todo || !v->asked || !v->steps)
		ret = FAULT(v, "no memory to check it");
	for (uint32_t i = 0; !ret && i < v->head->n_choices; i++)
		ret = check_choice(v, i);
	if (!ret)
		ret = check_profiles(v);
	if (!ret)
		ret = check_marks(v);
	if (!ret)
		ret = check_choices(v);
	free(v->seen);
	free(v->todo);
	free(v->asked);
	free(v->steps);
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
