/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Interning (see intern.h): an open-addressed table of (hash, place) over one pool of keys.
 *
 * The hash only finds candidates; keys are compared in full, so a collision costs time and never
 * makes two keys one. The table keeps half of the hash and is never more than three quarters full.
 */
#include "intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INTERN_MAX (1u << 30)

#define ENTRY(number, size) ((uint64_t)(size) << 32 | (number))
#define ENTRY_SIZE(entry)   ((entry) >> 32)
#define ENTRY_NUMBER(entry) ((uint32_t)(entry))

int array_reserve(void *array, size_t *room, size_t need, size_t size)
{
	void **p = array, *grown;
	size_t more = *room ? *room : 16;

	if (need <= *room)
		return 0;
	while (more < need)
		more *= 2;
	grown = reallocarray(*p, more, size);
	if (!grown)
		return -ENOMEM;
	*p = grown;
	*room = more;
	return 0;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ (h >> 29);
}

static uint32_t hash(const void *key, size_t size)
{
	const char *p = key;
	uint64_t h = size, word;

	for (; size >= 8; p += 8, size -= 8) {
		memcpy(&word, p, 8);
		h = mix(h, word);
	}
	if (size) {
		word = 0;
		memcpy(&word, p, size);
		h = mix(h, word);
	}
	h *= 0xbf58476d1ce4e5b9u;
	return h >> 32;
}

const void *intern_key(const struct intern *t, uint32_t id, size_t *size)
{
	const uint64_t *entry = t->pool + t->at[id];

	if (size)
		*size = ENTRY_SIZE(*entry);
	return entry + 1;
}

/* The slot of a key: where it is, or the free one where it belongs. */
static uint32_t slot_of(const struct intern *t, uint32_t h, const void *key, size_t size)
{
	uint32_t i = h & t->mask;

	for (; t->table[i]; i = (i + 1) & t->mask) {
		const uint64_t *entry;

		if (t->table[i] >> 32 != h)
			continue;
		entry = t->pool + ((uint32_t)t->table[i] - 1);
		if (ENTRY_SIZE(*entry) == size && (!size || !memcmp(entry + 1, key, size)))
			break;
	}
	return i;
}

static int table_grow(struct intern *t)
{
	uint32_t mask = t->table ? t->mask * 2 + 1 : 63;
	uint64_t *table = calloc((size_t)mask + 1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; t->table && i <= t->mask; i++) {
		uint32_t to = (t->table[i] >> 32) & mask;

		if (!t->table[i])
			continue;
		while (table[to])
			to = (to + 1) & mask;
		table[to] = t->table[i];
	}
	free(t->table);
	t->table = table;
	t->mask = mask;
	return 0;
}

int intern_add(struct intern *t, const void *key, size_t size, uint32_t *id)
{
	uint32_t h = hash(key, size), slot;
	size_t words = 1 + (size + 7) / 8;
	int ret;

	if (!t->table || t->n >= t->mask - t->mask / 4) {
		ret = table_grow(t);
		if (ret)
			return ret;
	}
	slot = slot_of(t, h, key, size);
	if (t->table[slot]) {
		*id = ENTRY_NUMBER(t->pool[(uint32_t)t->table[slot] - 1]);
		return 0;
	}
	if (t->n >= INTERN_MAX || size > UINT32_MAX || t->used + words >= UINT32_MAX)
		return -E2BIG;
	ret = array_reserve(&t->pool, &t->room, t->used + words, sizeof(*t->pool));
	if (!ret)
		ret = array_reserve(&t->at, &t->at_room, (size_t)t->n + 1, sizeof(*t->at));
	if (ret)
		return ret;
	t->pool[t->used] = ENTRY(t->n, size);
	if (size)
		memcpy(t->pool + t->used + 1, key, size);
	t->at[t->n] = t->used;
	*id = t->n++;
	t->used += words;
	t->table[slot] = (uint64_t)h << 32 | (t->at[*id] + 1);
	return 0;
}

void intern_clear(struct intern *t)
{
	/* A table that was large once goes: emptying it would cost more than growing a small one. */
	if (t->table && t->mask / 8 < t->n) {
		memset(t->table, 0, ((size_t)t->mask + 1) * sizeof(*t->table));
	} else {
		free(t->table);
		t->table = NULL;
		t->mask = 0;
	}
	t->n = 0;
	t->used = 0;
}

void intern_free(struct intern *t)
{
	free(t->pool);
	free(t->at);
	free(t->table);
	*t = (struct intern)INTERN_INIT;
}
