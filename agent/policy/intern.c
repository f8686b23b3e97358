/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Interning (see intern.h): an open-addressed table of (hash, number) over one pool of keys.
 *
 * The hash only finds candidates; keys are compared in full, so a collision costs time and never
 * makes two keys one. The table keeps half of the hash and is never more than half full.
 */
#include "intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INTERN_MAX (1u << 30)

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

static size_t start_of(const struct intern *t, uint32_t id)
{
	return id ? (t->ends[id - 1] + 7) & ~(size_t)7 : 0;
}

const void *intern_key(const struct intern *t, uint32_t id, size_t *size)
{
	size_t start = start_of(t, id);

	if (size)
		*size = t->ends[id] - start;
	return t->pool + start;
}

/* The slot of a key: where it is, or the free one where it belongs. */
static uint32_t slot_of(const struct intern *t, uint32_t h, const void *key, size_t size)
{
	uint32_t i = h & t->mask;

	for (; t->table[i]; i = (i + 1) & t->mask) {
		const void *other;
		size_t other_size;

		if (t->table[i] >> 32 != h)
			continue;
		other = intern_key(t, (uint32_t)t->table[i] - 1, &other_size);
		if (other_size == size && (!size || !memcmp(other, key, size)))
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
	size_t start;
	int ret;

	if (!t->table || t->n >= t->mask / 2) {
		ret = table_grow(t);
		if (ret)
			return ret;
	}
	slot = slot_of(t, h, key, size);
	if (t->table[slot]) {
		*id = (uint32_t)t->table[slot] - 1;
		return 0;
	}
	if (t->n >= INTERN_MAX)
		return -E2BIG;
	start = start_of(t, t->n);
	ret = array_reserve(&t->pool, &t->room, start + size + 1, 1);
	if (!ret)
		ret = array_reserve(&t->ends, &t->ends_room, (size_t)t->n + 1, sizeof(*t->ends));
	if (ret)
		return ret;
	if (size)
		memcpy(t->pool + start, key, size);
	t->ends[t->n] = start + size;
	*id = t->n++;
	t->table[slot] = (uint64_t)h << 32 | t->n;
	return 0;
}

void intern_clear(struct intern *t)
{
	/* The table goes: emptying one that was large once would cost more than growing a small one. */
	free(t->table);
	t->table = NULL;
	t->mask = 0;
	t->n = 0;
}

void intern_free(struct intern *t)
{
	free(t->pool);
	free(t->ends);
	free(t->table);
	*t = (struct intern)INTERN_INIT;
}
