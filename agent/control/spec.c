/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Specs as values: copies, additions, removals, modes. See spec.h; containers are in spec_container.c,
 * compiling is in spec_compile.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/spec.h"
#include "util/util.h"

static const char *const mode_names[] = {[MODE_ENFORCE] = "enforce", [MODE_MONITOR] = "monitor"};

const char *policy_mode_name(enum policy_mode mode)
{
	return mode_names[mode];
}

int policy_mode_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(mode_names); i++)
		if (!strcmp(mode_names[i], name))
			return (int)i;
	return -EINVAL;
}

static void free_names(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static void source_put(struct spec_source *source)
{
	if (!source || --source->references)
		return;
	free_names(source->keep, source->n_keep);
	free(source->file);
	free(source->text);
	free(source->cgroup);
	free(source);
}

void spec_init(struct spec *s)
{
	*s = (struct spec){0};
	profiles_init(&s->profiles);
}

void spec_free(struct spec *s)
{
	for (size_t i = 0; i < s->n_sources; i++)
		source_put(s->sources[i]);
	for (size_t i = 0; i < s->n_modes; i++)
		free(s->modes[i].policy);
	free(s->sources);
	free(s->modes);
	profiles_free(&s->profiles);
	json_decref(s->containers);
	*s = (struct spec){0};
}

static int copy_profiles(const struct profiles *from, struct profiles *to)
{
	for (size_t i = 1; i < from->n; i++) {
		int n = profiles_number(to, (const char *const *)from->sets[i].names, from->sets[i].n);

		if (n < 0)
			return n;
		if ((size_t)n != i)
			return -EINVAL;
	}
	return 0;
}

/* Room for one more in a growing array. */
static int reserve(void *array, size_t n, size_t size)
{
	void **p = array, *grown;

	if (n & (n + 1)) /* grows at 0, 1, 3, 7, ... to the next of these */
		return 0;
	grown = realloc(*p, (2 * n + 1) * size);
	if (!grown)
		return -ENOMEM;
	*p = grown;
	return 0;
}

static int add_mode(struct spec *s, size_t at, const char *policy, enum policy_mode mode)
{
	char *copy = strdup(policy);

	if (!copy || reserve(&s->modes, s->n_modes, sizeof(*s->modes))) {
		free(copy);
		return -ENOMEM;
	}
	memmove(s->modes + at + 1, s->modes + at, (s->n_modes - at) * sizeof(*s->modes));
	s->modes[at] = (struct spec_mode){copy, mode};
	s->n_modes++;
	return 0;
}

static int copy_into(const struct spec *from, struct spec *to)
{
	int err;

	for (size_t i = 0; i < from->n_sources; i++) {
		err = reserve(&to->sources, to->n_sources, sizeof(*to->sources));
		if (err)
			return err;
		from->sources[i]->references++;
		to->sources[to->n_sources++] = from->sources[i];
	}
	for (size_t i = 0; i < from->n_modes; i++) {
		err = add_mode(to, i, from->modes[i].policy, from->modes[i].mode);
		if (err)
			return err;
	}
	to->monitor_all = from->monitor_all;
	to->containers = json_copy(from->containers);
	if (from->containers && !to->containers)
		return -ENOMEM;
	return copy_profiles(&from->profiles, &to->profiles);
}

int spec_copy(const struct spec *from, struct spec *to)
{
	int err;

	spec_init(to);
	err = copy_into(from, to);
	if (err)
		spec_free(to);
	return err;
}

static bool keeps(const struct spec_source *source, const char *name)
{
	return source->n_keep &&
	       bsearch(&name, source->keep, source->n_keep, sizeof(*source->keep), compare_strings);
}

/* A source of one owner that may be changed: the one in the spec, or a copy that takes its place. */
static struct spec_source *source_own(struct spec *s, size_t i)
{
	struct spec_source *old = s->sources[i], *new;

	if (old->references == 1)
		return old;
	new = calloc(1, sizeof(*new));
	if (!new)
		return NULL;
	*new = (struct spec_source){.references = 1, .slot = old->slot, .mode = old->mode};
	new->file = strdup(old->file);
	new->text = malloc(old->length + 1);
	new->cgroup = old->cgroup ? strdup(old->cgroup) : NULL;
	new->keep = calloc(old->n_keep, sizeof(*new->keep));
	for (size_t k = 0; new->keep &&k < old->n_keep; k++)
		new->keep[new->n_keep++] = strdup(old->keep[k]);
	if (!new->file || !new->text || !new->keep || (old->cgroup && !new->cgroup)) {
		source_put(new);
		return NULL;
	}
	memcpy(new->text, old->text, old->length + 1);
	new->length = old->length;
	source_put(old);
	s->sources[i] = new;
	return new;
}

static void drop_source(struct spec *s, size_t i)
{
	source_put(s->sources[i]);
	memmove(s->sources + i, s->sources + i + 1, (--s->n_sources - i) * sizeof(*s->sources));
}

static void drop_mode(struct spec *s, size_t i)
{
	free(s->modes[i].policy);
	memmove(s->modes + i, s->modes + i + 1, (--s->n_modes - i) * sizeof(*s->modes));
}

/* Remove one name of one slot from the first source that keeps it, except source number `but`. */
static int drop_name(struct spec *s, const char *name, int slot, size_t but)
{
	for (size_t i = 0; i < s->n_sources; i++) {
		struct spec_source *source = s->sources[i];
		size_t k = 0;

		if (i == but || source->slot != slot || !keeps(source, name))
			continue;
		source = source_own(s, i);
		if (!source)
			return -ENOMEM;
		while (strcmp(source->keep[k], name))
			k++;
		free(source->keep[k]);
		memmove(source->keep + k, source->keep + k + 1,
			(--source->n_keep - k) * sizeof(*source->keep));
		if (!source->n_keep)
			drop_source(s, i);
		return 0;
	}
	return -ENOENT;
}

int spec_remove(struct spec *s, const char *policy)
{
	int err = drop_name(s, policy, SPEC_NO_SLOT, s->n_sources);

	for (size_t i = 0; !err && i < s->n_modes; i++)
		if (!strcmp(s->modes[i].policy, policy)) {
			drop_mode(s, i);
			break;
		}
	return err;
}

void spec_remove_slot(struct spec *s, int slot)
{
	for (size_t i = s->n_sources; i-- > 0;)
		if (s->sources[i]->slot == slot)
			drop_source(s, i);
}

size_t spec_n_policies(const struct spec *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_sources; i++)
		n += s->sources[i]->n_keep;
	return n;
}

int spec_free_slot(const struct spec *s)
{
	for (int slot = 0; slot < SPEC_SLOTS_MAX; slot++) {
		bool used = false;

		for (size_t i = 0; i < s->n_sources; i++)
			used |= s->sources[i]->slot == slot;
		if (!used)
			return slot;
	}
	return -ENOSPC;
}

static struct spec_source *source_new(const struct spec_text *text, const struct policy_set *set)
{
	struct spec_source *source = calloc(1, sizeof(*source));
	bool complete;

	if (!source)
		return NULL;
	*source = (struct spec_source){.references = 1, .slot = text->slot, .mode = text->mode};
	source->file = strdup(text->file);
	source->text = malloc(text->length + 1);
	source->cgroup = text->cgroup ? strdup(text->cgroup) : NULL;
	source->keep = calloc(set->n_policies + 1, sizeof(*source->keep));
	complete = source->file && source->text && source->keep && (!text->cgroup || source->cgroup);
	for (size_t i = 0; complete && i < set->n_policies; i++) {
		source->keep[source->n_keep] = strdup(set->policies[i].name);
		complete = source->keep[source->n_keep];
		source->n_keep += complete;
	}
	if (!complete) {
		source_put(source);
		return NULL;
	}
	memcpy(source->text, text->text, text->length);
	source->text[text->length] = '\0';
	source->length = text->length;
	qsort(source->keep, source->n_keep, sizeof(*source->keep), compare_strings);
	return source;
}

static int add_parsed(struct spec *s, const struct spec_text *text, const struct policy_set *set,
		      json_t *added)
{
	struct spec_source *source;
	size_t total = text->length;
	int err = 0;

	for (size_t i = 0; i < s->n_sources; i++)
		total += s->sources[i]->length;
	if (total > SPEC_TEXT_MAX || s->n_sources >= SPEC_SOURCES_MAX)
		return -E2BIG;
	source = source_new(text, set);
	if (!source || reserve(&s->sources, s->n_sources, sizeof(*s->sources))) {
		source_put(source);
		return -ENOMEM;
	}
	s->sources[s->n_sources++] = source;
	for (size_t i = 0; i < set->n_policies && !err; i++) {
		const char *name = set->policies[i].name;

		err = drop_name(s, name, text->slot, s->n_sources - 1);
		err = err == -ENOENT ? 0 : err;
		if (!err && added && json_array_append_new(added, json_string(name)))
			err = -ENOMEM;
	}
	return err;
}

int spec_add(struct spec *s, const struct spec_text *text, struct diags *d, json_t *added)
{
	struct policy_set set = {0};
	int err;

	err = policy_parse(text->file, text->text, text->length, &set, d);
	err = err ? err : policy_set_check(&set, d);
	if (!err && set.n_policies)
		err = add_parsed(s, text, &set, added);
	policy_set_free(&set);
	return err;
}

int spec_resolve_users(struct policy_set *set, enum spec_users users, struct diags *d)
{
	if (users == USERS_UNASKED)
		return 0;
	return policy_resolve_users(set, spec_lookup_user, users == USERS_WARNED, d);
}

int spec_check_texts(const struct spec_text *texts, size_t n, enum spec_users users, struct diags *d)
{
	struct policy_set set = {0};
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		int e = policy_parse(texts[i].file, texts[i].text, texts[i].length, &set, d);

		err = err ? err : e;
	}
	err = err ? err : policy_set_check(&set, d);
	err = err ? err : spec_resolve_users(&set, users, d);
	policy_set_free(&set);
	return err;
}

static bool array_has(json_t *array, const char *name)
{
	json_t *value;
	size_t i;

	json_array_foreach (array, i, value)
		if (!strcmp(json_string_value(value), name))
			return true;
	return false;
}

/* Names of the administrator's policies, in order, as a new array. */
static json_t *all_names(const struct spec *s)
{
	json_t *names = json_array();

	for (size_t i = 0; names && i < s->n_sources; i++)
		for (size_t k = 0; s->sources[i]->slot == SPEC_NO_SLOT && k < s->sources[i]->n_keep; k++)
			json_array_append_new(names, json_string(s->sources[i]->keep[k]));
	return names;
}

int spec_prune(struct spec *s, json_t *names, json_t *removed)
{
	json_t *there = all_names(s), *value;
	int err = there ? 0 : -ENOMEM;
	size_t i;

	json_array_foreach (there, i, value) {
		const char *name = json_string_value(value);

		if (err || array_has(names, name))
			continue;
		err = spec_remove(s, name);
		if (!err && json_array_append(removed, value))
			err = -ENOMEM;
	}
	json_decref(there);
	return err;
}

/* The mode that the text of a policy without a slot gives: 0, -ENOENT. */
static int written_mode(const struct spec *s, const char *policy, enum policy_mode *mode)
{
	for (size_t i = 0; i < s->n_sources; i++) {
		const struct spec_source *source = s->sources[i];
		struct policy_set set = {0};
		struct diags d = {0};
		int err;

		if (source->slot != SPEC_NO_SLOT || !keeps(source, policy))
			continue;
		err = policy_parse(source->file, source->text, source->length, &set, &d);
		for (size_t k = 0; !err && k < set.n_policies; k++)
			if (!strcmp(set.policies[k].name, policy))
				*mode = set.policies[k].mode;
		policy_set_free(&set);
		diags_free(&d);
		return err;
	}
	return -ENOENT;
}

int spec_set_mode(struct spec *s, const char *policy, enum policy_mode mode)
{
	enum policy_mode written = mode;
	int err = written_mode(s, policy, &written);
	size_t at = 0;

	if (err)
		return err;
	while (at < s->n_modes && strcmp(s->modes[at].policy, policy) < 0)
		at++;
	if (at < s->n_modes && !strcmp(s->modes[at].policy, policy))
		drop_mode(s, at);
	return mode == written ? 0 : add_mode(s, at, policy, mode);
}
