/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Laying out: from the automaton and the rows to the blocks of an image.
 */
#ifndef PAVISE_POLICY_LAYOUT_H
#define PAVISE_POLICY_LAYOUT_H

#include "automaton.h"
#include "choice.h"
#include "pavise.h"
#include "policy.h"

/* In an answer of the automaton: a profile number, not a row. Keeps the two apart. */
#define ANSWER_PROFILE 0x80000000u

struct layout {
	const struct automaton *automaton; /* minimised */
	const struct intern *rows;	   /* struct pv_row */
	const struct intern *tables;	   /* three struct pv_row each; 0 is empty */
	const struct choices *choices;
	uint32_t generation;
	uint32_t cgroup_start, exe_start;  /* states */
	const struct pv_profile *profiles; /* starts: states; system_row: a table */
	uint32_t n_profiles;
	size_t max_blocks;
};

/* Fill in blocks, n_blocks, generation, n_states and n_rows of an image. -E2BIG, -ENOMEM. */
int layout_image(const struct layout *l, struct image *image);

/* FNV-1a of the head's n_blocks, with its digest and marks as 0; and of marks. */
uint64_t layout_digest(const void *blocks, size_t n_blocks);
uint64_t layout_marks_digest(const void *blocks, size_t n_blocks);

#endif
