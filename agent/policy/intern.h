/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Interning: equal byte strings get equal numbers, counted from 0 in the order of their first use.
 *
 * The compiler compares sets of states, rows, signatures and strings by number all the time; this is
 * the one place that does it by content. Numbers depend on the order of the calls alone, never on
 * addresses or hash values, so whatever is built from them is the same on every run.
 */
#ifndef PAVISE_POLICY_INTERN_H
#define PAVISE_POLICY_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern {
	uint64_t *pool; /* of each key its number and size, in one word, and its bytes */
	size_t used, room;
	uint32_t *at; /* by number: where in the pool */
	size_t at_room;
	uint32_t n;
	uint64_t *table; /* hash << 32 | where in the pool + 1, or 0; open addressing */
	uint32_t mask;
};

#define INTERN_INIT \
	{           \
		0   \
	}

/* Number of a key, added if new (then *id == the former n). 0, -ENOMEM or -E2BIG. */
int intern_add(struct intern *t, const void *key, size_t size, uint32_t *id);

/* The key of a number. Valid until the next intern_add(). */
const void *intern_key(const struct intern *t, uint32_t id, size_t *size);

/* Forget all keys and keep the memory. */
void intern_clear(struct intern *t);
void intern_free(struct intern *t);

/* Make room for `need` elements of `size` bytes in a growing array. 0 or -ENOMEM. */
int array_reserve(void *array, size_t *room, size_t need, size_t size);

#endif
