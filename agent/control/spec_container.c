/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The containers of a spec. See spec.h.
 *
 * A container is one JSON object, made here from what a request or meta.json says and never changed
 * afterwards, so that copies of a spec share it:
 *
 *   {"cgroup": path, "cgroup_id": number, "id": .., "name": .., "image": .., "labels": {key: value}}
 *
 * What is not known is absent. Guaranteed of each that is in a spec: its path is absolute and
 * normalised and is not the root; its texts have no control characters; all bounds of spec.h hold.
 * They are kept in the order of their paths, so the order in which they came does not show in the image.
 */
#include <errno.h>
#include <string.h>

#include "control/spec.h"
#include "util/util.h"

/* What a label costs in meta.json besides its texts. */
#define LABEL_OVERHEAD 32

static const char *member(json_t *container, const char *key)
{
	return json_string_value(json_object_get(container, key));
}

static const char *cgroup_of(json_t *container)
{
	return member(container, "cgroup");
}

/* ---- what may be in a spec ---- */

/* Is this component "." or ".."? */
static bool is_dots(const char *name, size_t length)
{
	return (length == 1 && *name == '.') || (length == 2 && !strncmp(name, "..", 2));
}

char *spec_container_path(const char *text, struct refusal *r)
{
	size_t used = 0;
	char *path;

	if (!text || *text != '/' || !is_plain_text(text, SPEC_CGROUP_MAX)) {
		refuse(r, EINVAL, PAVISE_FAILED,
		       "a container's cgroup is a path from the root of cgroup v2, such as /web.slice/1");
		return NULL;
	}
	path = malloc(strlen(text) + 1);
	for (const char *at = text; path && *at;) {
		size_t length = strcspn(at, "/");

		if (is_dots(at, length)) {
			refuse(r, EINVAL, PAVISE_FAILED, "the cgroup '%s' has '.' or '..' in its path", text);
			free(path);
			return NULL;
		}
		if (length) {
			path[used++] = '/';
			memcpy(path + used, at, length);
		}
		used += length;
		at += length + (at[length] == '/');
	}
	if (path)
		path[used] = '\0';
	if (used)
		return path;
	free(path);
	refuse(r, EINVAL, PAVISE_FAILED, path ? "the root cgroup is no container" : "out of memory");
	return NULL;
}

/* Copy an optional text; an empty one is none. */
static int take_text(json_t *from, json_t *to, const char *key, size_t *size, struct refusal *r)
{
	json_t *value = json_object_get(from, key);
	const char *text = json_string_value(value);

	if (!value || json_is_null(value) || (text && !*text))
		return 0;
	if (!text || !is_plain_text(text, SPEC_FACT_MAX))
		return refuse(
			r, EINVAL, PAVISE_FAILED,
			"the %s of a container is a text of at most %d bytes without control characters", key,
			SPEC_FACT_MAX);
	*size += strlen(text);
	return json_object_set(to, key, value) ? refuse(r, ENOMEM, PAVISE_FAILED, "out of memory") : 0;
}

static int take_labels(json_t *from, json_t *to, size_t *size, struct refusal *r)
{
	json_t *labels = json_object_get(from, "labels"), *value;
	const char *key;

	if (!labels || json_is_null(labels) || (json_is_object(labels) && !json_object_size(labels)))
		return 0;
	if (!json_is_object(labels) || json_object_size(labels) > SPEC_LABELS_MAX)
		return refuse(r, EINVAL, PAVISE_FAILED,
			      "a container has at most %d labels, each with a value", SPEC_LABELS_MAX);
	json_object_foreach (labels, key, value) {
		const char *text = json_string_value(value);

		if (!*key || !text || !is_plain_text(key, SPEC_FACT_MAX) ||
		    !is_plain_text(text, SPEC_FACT_MAX))
			return refuse(
				r, EINVAL, PAVISE_FAILED,
				"the keys and values of a container's labels are texts of at most %d bytes "
				"without control characters, and keys are not empty",
				SPEC_FACT_MAX);
		*size += strlen(key) + strlen(text) + LABEL_OVERHEAD;
	}
	if (json_object_set_new(to, "labels", json_deep_copy(labels)))
		return refuse(r, ENOMEM, PAVISE_FAILED, "out of memory");
	return 0;
}

/* The container that a request or meta.json describes, as a spec holds it. */
static json_t *container_new(json_t *from, uint64_t cgroup_id, struct refusal *r)
{
	static const char *const texts[] = {"id", "name", "image"};
	CLEANUP_FREE char *path = spec_container_path(member(from, "cgroup"), r);
	json_t *container;
	size_t size = 0;
	int err = 0;

	if (!path)
		return NULL;
	container = json_pack("{s:s, s:I}", "cgroup", path, "cgroup_id", (json_int_t)cgroup_id);
	if (!container)
		err = refuse(r, EINVAL, PAVISE_FAILED, "the path of a container's cgroup is not UTF-8");
	for (size_t i = 0; !err && i < ARRAY_SIZE(texts); i++)
		err = take_text(from, container, texts[i], &size, r);
	err = err ? err : take_labels(from, container, &size, r);
	if (!err && size > SPEC_FACTS_MAX)
		err = refuse(r, E2BIG, PAVISE_FAILED, "what is said of a container has at most %d bytes",
			     SPEC_FACTS_MAX);
	if (!err)
		return container;
	json_decref(container);
	return NULL;
}

/* ---- changes ---- */

/* Where a path stands among the containers, or would. */
static size_t position(const struct spec *s, const char *cgroup, bool *found)
{
	size_t low = 0, high = json_array_size(s->containers);

	*found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(cgroup_of(json_array_get(s->containers, middle)), cgroup);

		*found |= !order;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int spec_set_container(struct spec *s, json_t *container, uint64_t cgroup_id, struct refusal *r)
{
	json_t *new = container_new(container, cgroup_id, r);
	bool found;
	size_t at;
	int err;

	if (!new)
		return -EINVAL;
	if (!s->containers)
		s->containers = json_array();
	at = position(s, cgroup_of(new), &found);
	if (!found && json_array_size(s->containers) >= SPEC_CONTAINERS_MAX) {
		json_decref(new);
		return refuse(r, E2BIG, PAVISE_FAILED, "there are %d containers, and no more are possible",
			      SPEC_CONTAINERS_MAX);
	}
	err = found ? json_array_set_new(s->containers, at, new)
		    : json_array_insert_new(s->containers, at, new);
	return err ? refuse(r, ENOMEM, PAVISE_FAILED, "out of memory") : 0;
}

bool spec_has_container(const struct spec *s, const char *cgroup)
{
	bool found;

	position(s, cgroup, &found);
	return found;
}

int spec_remove_container(struct spec *s, const char *cgroup)
{
	bool found;
	size_t at = position(s, cgroup, &found);

	return found ? json_array_remove(s->containers, at) : -ENOENT;
}

size_t spec_drop_containers(struct spec *s,
			    bool (*drop)(void *context, const struct spec_container *container),
			    void *context)
{
	size_t dropped = 0;

	for (size_t i = json_array_size(s->containers); i-- > 0;) {
		json_t *json = json_array_get(s->containers, i);
		struct spec_container container = {
			cgroup_of(json), member(json, "id"),
			(uint64_t)json_integer_value(json_object_get(json, "cgroup_id"))};

		if (drop(context, &container) && !json_array_remove(s->containers, i))
			dropped++;
	}
	return dropped;
}

int spec_containers_from_json(struct spec *s, json_t *containers)
{
	json_t *container;
	size_t i;

	if (containers && !json_is_array(containers))
		return -EINVAL;
	json_array_foreach (containers, i, container) {
		json_t *id = json_object_get(container, "cgroup_id");
		struct refusal r = {0};
		int err = json_is_integer(id) ? 0 : -EINVAL;

		err = err ? err : spec_set_container(s, container, (uint64_t)json_integer_value(id), &r);
		if (err)
			return err;
	}
	return json_array_size(s->containers) == json_array_size(containers) ? 0 : -EINVAL;
}

/* ---- what policies match ---- */

static void facts_free(struct policy_container *facts)
{
	free((void *)facts->labels);
	*facts = (struct policy_container){0};
}

/* A container as policies see it; its texts are those of the JSON. */
static int facts_of(json_t *container, struct policy_container *facts)
{
	json_t *labels = json_object_get(container, "labels"), *value;
	const char **pairs = calloc(2 * json_object_size(labels) + 1, sizeof(*pairs));
	const char *key;
	size_t n = 0;

	if (!pairs)
		return -ENOMEM;
	json_object_foreach (labels, key, value) {
		pairs[n++] = key;
		pairs[n++] = json_string_value(value);
	}
	*facts = (struct policy_container){.cgroup = cgroup_of(container),
					   .name = member(container, "name"),
					   .image = member(container, "image"),
					   .labels = pairs,
					   .n_labels = n / 2};
	return 0;
}

void spec_facts_free(struct policy_container *facts, size_t n)
{
	for (size_t i = 0; facts && i < n; i++)
		facts_free(&facts[i]);
	free(facts);
}

int spec_facts(const struct spec *s, struct policy_container **facts, size_t *n)
{
	size_t size = json_array_size(s->containers);
	struct policy_container *all = calloc(size + 1, sizeof(*all));
	int err = all ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < size; i++)
		err = facts_of(json_array_get(s->containers, i), &all[i]);
	if (err) {
		spec_facts_free(all, size);
		return err;
	}
	*facts = all;
	*n = size;
	return 0;
}

/* Does a subject match a container, or (NULL) one that is not there? 1, 0, -errno. */
static int matches(const struct policy_subject *subject, const struct policy_container *container)
{
	const struct policy_pattern *pattern;
	char error[200];

	return container ? policy_container_matches(subject, container, &pattern, error, sizeof(error)) : 0;
}

/* Is there a subject that matches one of these and not the other? Either may be NULL. 1, 0, -errno. */
static int tells_apart(const struct policy_set *set, const struct policy_container *a,
		       const struct policy_container *b)
{
	for (size_t i = 0; i < set->n_policies; i++) {
		const struct policy *policy = &set->policies[i];

		for (size_t k = 0; k < policy->n_subjects; k++) {
			int one = matches(&policy->subjects[k], a), other = matches(&policy->subjects[k], b);

			if (one < 0 || other < 0)
				return one < 0 ? one : other;
			if (one != other)
				return 1;
		}
	}
	return 0;
}

/* Which of two containers has the lesser path? As strcmp(); NULL is beyond all. */
static int order(json_t *a, json_t *b)
{
	if (!a || !b)
		return !a - !b;
	return strcmp(cgroup_of(a), cgroup_of(b));
}

/* Do policies tell apart what two specs say of one cgroup? Either may be NULL. 1, 0, -errno. */
static int differ(const struct policy_set *set, json_t *a, json_t *b)
{
	struct policy_container old = {0}, new = {0};
	int err = 0;

	if (a && b && json_equal(a, b))
		return 0;
	err = a ? facts_of(a, &old) : 0;
	err = err || !b ? err : facts_of(b, &new);
	err = err ? err : tells_apart(set, a ? &old : NULL, b ? &new : NULL);
	facts_free(&old);
	facts_free(&new);
	return err;
}

bool spec_containers_same(const struct spec *from, const struct spec *to)
{
	size_t n = json_array_size(from->containers);

	return n == json_array_size(to->containers) && (!n || json_equal(from->containers, to->containers));
}

int spec_containers_differ(const struct spec *from, const struct spec *to)
{
	struct policy_set set = {0};
	struct diags d = {0};
	size_t i = 0, k = 0;
	int result = spec_containers_same(from, to) ? 0 : spec_build(to, &set, &d);

	while (!result) {
		json_t *a = json_array_get(from->containers, i), *b = json_array_get(to->containers, k);
		int which = order(a, b);

		if (!a && !b)
			break;
		result = differ(&set, which <= 0 ? a : NULL, which >= 0 ? b : NULL);
		i += which <= 0;
		k += which >= 0;
	}
	policy_set_free(&set);
	diags_free(&d);
	return result;
}

/* The names of the policies of a set that a container matches, as an array. */
static json_t *matching_policies(const struct policy_set *set, json_t *container)
{
	struct policy_container facts;
	json_t *names = json_array();

	if (facts_of(container, &facts))
		return names;
	for (size_t i = 0; i < set->n_policies; i++) {
		const struct policy *policy = &set->policies[i];
		bool found = false;

		for (size_t k = 0; !found && k < policy->n_subjects; k++)
			found = matches(&policy->subjects[k], &facts) == 1;
		if (found)
			json_array_append_new(names, json_string(policy->name));
	}
	facts_free(&facts);
	return names;
}

json_t *spec_describe_containers(const struct spec *s, const char *cgroup)
{
	json_t *array = json_array(), *container;
	struct policy_set set = {0};
	struct diags d = {0};
	size_t i;

	if (spec_build(s, &set, &d) == 0)
		json_array_foreach (s->containers, i, container) {
			json_t *copy;

			if (cgroup && strcmp(cgroup, cgroup_of(container)) != 0)
				continue;
			copy = json_copy(container);
			json_object_del(copy, "cgroup_id");
			json_object_set_new(copy, "policies", matching_policies(&set, container));
			json_array_append_new(array, copy);
		}
	policy_set_free(&set);
	diags_free(&d);
	return array;
}
