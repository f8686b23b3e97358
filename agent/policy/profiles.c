/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The registry of profiles (see policy.h).
 *
 * A number is never reused or changed: tasks carry it in their labels over generations. Sets are kept
 * sorted and unique, so equal sets are equal lists. The registry only grows, up to PV_PROFILES_MAX.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pavise.h"
#include "policy.h"
#include "profiles.h"

static void set_free(struct profile_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		free(set->names[i]);
	free(set->names);
}

/* Room for one more set, and set 0 if there is none yet. */
static int grow(struct profiles *p)
{
	struct profile_set *sets = reallocarray(p->sets, p->n + 2, sizeof(*sets));

	if (!sets)
		return -ENOMEM;
	p->sets = sets;
	if (!p->n)
		sets[p->n++] = (struct profile_set){0};
	return 0;
}

void profiles_init(struct profiles *p)
{
	*p = (struct profiles){0};
	grow(p); /* without memory, the next call tries again */
}

void profiles_truncate(struct profiles *p, size_t n)
{
	while (p->n > n)
		set_free(&p->sets[--p->n]);
}

void profiles_free(struct profiles *p)
{
	profiles_truncate(p, 0);
	free(p->sets);
	*p = (struct profiles){0};
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool same(const struct profile_set *set, const char *const *names, size_t n)
{
	if (set->n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(set->names[i], names[i]) != 0)
			return false;
	}
	return true;
}

/* Find or add a sorted list of different names. */
static int number(struct profiles *p, const char *const *names, size_t n)
{
	struct profile_set set = {0};
	int ret;

	for (size_t i = 0; i < p->n; i++) {
		if (same(&p->sets[i], names, n))
			return i;
	}
	if (p->n >= PV_PROFILES_MAX)
		return -ENOSPC;
	ret = grow(p);
	if (ret || !n)
		return ret;
	set.names = calloc(n, sizeof(*set.names));
	if (!set.names)
		return -ENOMEM;
	for (; set.n < n; set.n++) {
		set.names[set.n] = strdup(names[set.n]);
		if (!set.names[set.n]) {
			set_free(&set);
			return -ENOMEM;
		}
	}
	p->sets[p->n] = set;
	return p->n++;
}

int profiles_number(struct profiles *p, const char *const *names, size_t n)
{
	const char **sorted = calloc(n + 1, sizeof(*sorted));
	size_t unique = 0;
	int ret;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = names[i];
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 0; i < n; i++) {
		if (!unique || strcmp(sorted[i], sorted[unique - 1]) != 0)
			sorted[unique++] = sorted[i];
	}
	ret = number(p, sorted, unique);
	free(sorted);
	return ret;
}
