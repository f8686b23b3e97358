/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a spec to an image, and a spec's forms as JSON. See spec.h.
 *
 * Policies are parsed from their texts each time: the set that a restarted agent builds from the
 * state directory comes about in the very same way as the one that was published.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "control/spec.h"
#include "util/util.h"

#define SLOT_NAME_SIZE 32

int spec_lookup_user(const char *name, uint32_t *uid)
{
	char buffer[16384];
	struct passwd entry, *found;
	int err = getpwnam_r(name, &entry, buffer, sizeof(buffer), &found);

	if (err || !found)
		return err ? -err : -ENOENT;
	*uid = entry.pw_uid;
	return 0;
}

static int mode_of(const struct spec *s, const struct spec_source *source, const struct policy *policy)
{
	if (source->mode != SPEC_AS_WRITTEN)
		return source->mode;
	for (size_t i = 0; source->slot == SPEC_NO_SLOT && i < s->n_modes; i++)
		if (!strcmp(s->modes[i].policy, policy->name))
			return s->modes[i].mode;
	return policy->mode;
}

/* What a build collects. own[i] is the name that policies[i] has in its text. */
struct build {
	const struct spec *spec;
	struct policy_set *set;
	char ***own;
	size_t slot_policies[SPEC_SLOTS_MAX];
};

/* Move one parsed policy into the set; what is left in its place is empty and safe to free. */
static int take_policy(struct build *b, const struct spec_source *source, struct policy *policy)
{
	size_t n = b->set->n_policies;
	struct policy *policies = realloc(b->set->policies, (n + 1) * sizeof(*policies));
	char **own;

	if (policies)
		b->set->policies = policies;
	own = realloc(*b->own, (n + 1) * sizeof(*own));
	if (own)
		*b->own = own;
	if (!policies || !own)
		return -ENOMEM;
	policy->mode = (enum policy_mode)mode_of(b->spec, source, policy);
	own[n] = strdup(policy->name);
	policies[n] = *policy;
	*policy = (struct policy){0};
	b->set->n_policies++;
	if (!own[n])
		return -ENOMEM;
	if (source->slot == SPEC_NO_SLOT)
		return 0;
	free(policies[n].name);
	policies[n].name = strfmt("@%d.%zu", source->slot, b->slot_policies[source->slot]++);
	if (!policies[n].name)
		return -ENOMEM;
	return policy_bind_cgroup(&policies[n], source->cgroup);
}

static int build_source(struct build *b, const struct spec_source *source, struct diags *d)
{
	struct policy_set parsed = {0};
	int err = policy_parse(source->file, source->text, source->length, &parsed, d);

	for (size_t i = 0; !err && i < parsed.n_policies; i++) {
		const char *name = parsed.policies[i].name;

		if (bsearch(&name, source->keep, source->n_keep, sizeof(*source->keep), compare_strings))
			err = take_policy(b, source, &parsed.policies[i]);
	}
	policy_set_free(&parsed);
	return err;
}

static void free_own(char **own, size_t n)
{
	for (size_t i = 0; own && i < n; i++)
		free(own[i]);
	free(own);
}

static int build_set(const struct spec *s, struct policy_set *set, char ***own, struct diags *d)
{
	struct build b = {.spec = s, .set = set, .own = own};
	int err = 0;

	for (size_t i = 0; !err && i < s->n_sources; i++)
		err = build_source(&b, s->sources[i], d);
	return err ? err : policy_set_check(set, d);
}

int spec_build(const struct spec *s, struct policy_set *set, struct diags *d)
{
	char **own = NULL;
	int err = build_set(s, set, &own, d);

	free_own(own, set->n_policies);
	if (err)
		policy_set_free(set);
	return err;
}

/* Give the decisions of runs the policies' own names. */
static void rename_decisions(struct compiled *c)
{
	for (size_t i = 0; i < c->image->n_decisions; i++) {
		struct decision *decision = &c->image->decisions[i];

		for (size_t k = 0; decision->policy && *decision->policy == '@' && k < c->set.n_policies; k++)
			if (!strcmp(c->set.policies[k].name, decision->policy)) {
				decision->policy = c->names[k];
				break;
			}
	}
}

int spec_compile(struct spec *s, unsigned generation, struct compiled *out, struct diags *d)
{
	struct compile_options options = {.generation = generation, .monitor_all = s->monitor_all};
	struct policy_container *containers = NULL;
	struct diags unknown_users = {0};
	struct compiled c = {0};
	int err;

	err = build_set(s, &c.set, &c.names, d);
	c.n_names = c.set.n_policies;
	/* who was there when the policy was applied may be gone: such an entry matches nobody */
	err = err ? err : policy_resolve_users(&c.set, spec_lookup_user, true, &unknown_users);
	diags_free(&unknown_users);
	err = err ? err : spec_facts(s, &containers, &options.n_containers);
	options.containers = containers;
	err = err ? err : policy_compile(&c.set, &options, &s->profiles, &c.image, d);
	spec_facts_free(containers, options.n_containers);
	if (err) {
		compiled_free(&c);
		return err;
	}
	rename_decisions(&c);
	*out = c;
	return 0;
}

void compiled_free(struct compiled *c)
{
	image_free(c->image);
	free_own(c->names, c->n_names);
	policy_set_free(&c->set);
	*c = (struct compiled){0};
}

bool spec_profile_has_slot(const struct spec *s, unsigned profile, int slot)
{
	char prefix[SLOT_NAME_SIZE];
	int length = snprintf(prefix, sizeof(prefix), "@%d.", slot);

	if (profile >= s->profiles.n)
		return false;
	for (size_t i = 0; i < s->profiles.sets[profile].n; i++)
		if (!strncmp(s->profiles.sets[profile].names[i], prefix, (size_t)length))
			return true;
	return false;
}

static json_t *names_to_json(char *const *names, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++)
		json_array_append_new(array, json_string(names[i]));
	return array;
}

json_t *spec_to_json(const struct spec *s)
{
	json_t *sources = json_array(), *modes = json_object(), *profiles = json_array();

	for (size_t i = 0; i < s->n_sources; i++) {
		const struct spec_source *source = s->sources[i];

		json_array_append_new(sources, json_pack("{s:s, s:o, s:i, s:i, s:s*}", "file", source->file,
							 "keep", names_to_json(source->keep, source->n_keep),
							 "slot", source->slot, "mode", source->mode, "cgroup",
							 source->cgroup));
	}
	for (size_t i = 0; i < s->n_modes; i++)
		json_object_set_new(modes, s->modes[i].policy,
				    json_string(policy_mode_name(s->modes[i].mode)));
	for (size_t i = 1; i < s->profiles.n; i++)
		json_array_append_new(profiles,
				      names_to_json(s->profiles.sets[i].names, s->profiles.sets[i].n));
	return json_pack("{s:b, s:o, s:o, s:o, s:O*}", "monitor_all", s->monitor_all, "sources", sources,
			 "modes", modes, "profiles", profiles, "containers", s->containers);
}

/* A source of meta.json: its text, less the policies that were replaced or removed since. */
static int source_from_json(json_t *json, const char *text, size_t length, struct spec *s)
{
	struct spec_text from = {.text = text, .length = length};
	struct spec_source *source;
	struct diags d = {0};
	json_t *keep, *value;
	size_t i, n = s->n_sources;
	int err;

	if (json_unpack(json, "{s:s, s:o, s:i, s:i, s?s}", "file", &from.file, "keep", &keep, "slot",
			&from.slot, "mode", &from.mode, "cgroup", &from.cgroup))
		return -EINVAL;
	if (from.slot < SPEC_NO_SLOT || from.slot >= SPEC_SLOTS_MAX || from.mode < SPEC_AS_WRITTEN ||
	    from.mode > MODE_MONITOR || (from.slot >= 0) != (from.cgroup != NULL))
		return -EINVAL;
	err = spec_add(s, &from, &d, NULL);
	diags_free(&d);
	if (err || s->n_sources != n + 1)
		return err ? err : -EINVAL;
	source = s->sources[n];
	for (i = source->n_keep; i-- > 0;) {
		bool kept = false;
		size_t k;

		json_array_foreach (keep, k, value)
			kept |= json_is_string(value) && !strcmp(json_string_value(value), source->keep[i]);
		if (kept)
			continue;
		free(source->keep[i]);
		memmove(source->keep + i, source->keep + i + 1,
			(--source->n_keep - i) * sizeof(*source->keep));
	}
	return source->n_keep ? 0 : -EINVAL;
}

static int profile_from_json(json_t *json, size_t number, struct profiles *p)
{
	size_t i, n = json_array_size(json);
	CLEANUP_FREE const char **names = calloc(n + 1, sizeof(*names));
	json_t *value;

	if (!names)
		return -ENOMEM;
	json_array_foreach (json, i, value) {
		names[i] = json_string_value(value);
		if (!names[i])
			return -EINVAL;
	}
	return profiles_number(p, names, n) == (int)number ? 0 : -EINVAL;
}

static int fill_from_json(json_t *json, struct spec *s,
			  int (*read)(void *context, size_t n, char **text, size_t *length), void *context)
{
	json_t *sources, *modes, *profiles, *value;
	int monitor_all, err = 0;
	const char *name;
	size_t i;

	if (json_unpack(json, "{s:b, s:o, s:o, s:o}", "monitor_all", &monitor_all, "sources", &sources,
			"modes", &modes, "profiles", &profiles))
		return -EINVAL;
	s->monitor_all = monitor_all;
	json_array_foreach (sources, i, value) {
		CLEANUP_FREE char *text = NULL;
		size_t length = 0;

		err = read(context, i, &text, &length);
		err = err ? err : source_from_json(value, text, length, s);
		if (err)
			return err;
	}
	json_object_foreach (modes, name, value) {
		int mode = json_is_string(value) ? policy_mode_number(json_string_value(value)) : -EINVAL;

		err = mode < 0 ? mode : spec_set_mode(s, name, (enum policy_mode)mode);
		if (err)
			return err;
	}
	json_array_foreach (profiles, i, value) {
		err = profile_from_json(value, i + 1, &s->profiles);
		if (err)
			return err;
	}
	return spec_containers_from_json(s, json_object_get(json, "containers"));
}

int spec_from_json(json_t *json, struct spec *s,
		   int (*read)(void *context, size_t n, char **text, size_t *length), void *context)
{
	int err;

	spec_init(s);
	err = fill_from_json(json, s, read, context);
	if (err)
		spec_free(s);
	return err;
}

static size_t count_rules(const struct policy *policy)
{
	size_t n = 0;

	for (size_t i = 0; i < SECTIONS; i++)
		n += policy->sections[i].n_rules;
	return n;
}

/* The cgroup of the run that a policy of the compiled set belongs to, NULL for the others. */
static const struct spec_source *source_of_slot(const struct spec *s, const char *name)
{
	int slot;

	if (sscanf(name, "@%d.", &slot) != 1)
		return NULL;
	for (size_t i = 0; i < s->n_sources; i++)
		if (s->sources[i]->slot == slot)
			return s->sources[i];
	return NULL;
}

/* Was its mode set by hand, for the policy by `pavise mode` or for its run? */
static bool mode_is_set(const struct spec *s, const struct spec_source *run, const char *own)
{
	if (run)
		return run->mode != SPEC_AS_WRITTEN;
	for (size_t i = 0; i < s->n_modes; i++)
		if (!strcmp(s->modes[i].policy, own))
			return true;
	return false;
}

json_t *spec_describe(const struct spec *s)
{
	struct policy_set set = {0};
	struct diags d = {0};
	char **own = NULL;
	json_t *array = json_array();
	int err = build_set(s, &set, &own, &d);

	for (size_t i = 0; !err && i < set.n_policies; i++) {
		const struct policy *policy = &set.policies[i];
		const struct spec_source *run = source_of_slot(s, policy->name);
		enum policy_mode mode = s->monitor_all ? MODE_MONITOR : policy->mode;

		json_array_append_new(array, json_pack("{s:s, s:s, s:b, s:I, s:I, s:s, s:s*}", "name", own[i],
						       "mode", policy_mode_name(mode), "mode_set",
						       mode_is_set(s, run, own[i]), "subjects",
						       (json_int_t)policy->n_subjects, "rules",
						       (json_int_t)count_rules(policy), "source",
						       policy->file, "run", run ? run->cgroup : NULL));
	}
	free_own(own, set.n_policies);
	policy_set_free(&set);
	diags_free(&d);
	return array;
}
