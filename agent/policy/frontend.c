/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The front end: one YAML stream to policies.
 *
 * Guarantees: either every document of the stream is a valid policy and the set grows by all of
 * them, or the set is as it was and everything that is wrong stands in the list of diagnostics, in
 * the order of the file. Nothing that a user wrote is ignored: a key is handled or it is an error.
 *
 * How: source.c takes the text, yaml.c makes a tree of it, the tables here and in frontend_*.c
 * say which keys there are, and frontend_read.c applies them. Policies are built in a set of their
 * own, which is moved to the caller's when nothing was reported. Time and memory are linear in the
 * length of the text, which is bounded (source.h, node.h).
 */
#include "frontend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define NAME_MAX_LENGTH 63
#define POLICIES_MAX	4096

static void read_api_version(struct source *s, const struct node *value, const struct where *where,
			     void *target)
{
	static const struct word versions[] = {{"pavise/v1", 1}};

	(void)target;
	read_word(s, value, where, "apiVersion", versions, ARRAY_SIZE(versions), &(unsigned){0});
}

static void read_kind(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const struct word kinds[] = {{"Policy", 1}};

	(void)target;
	read_word(s, value, where, "kind", kinds, ARRAY_SIZE(kinds), &(unsigned){0});
}

static void read_name(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	struct policy *policy = target;
	const char *text = value->text;

	policy->name = copy_text(s, value);
	policy->name_line = value->line;
	policy->name_column = value->column;
	if (!*text)
		report_at(s, value, where, "the name is empty");
	else if (text[strspn(text, letters)])
		report_at(s, value, where, "'%.*s': a name consists of a-z, 0-9 and '-'", SHORT(text));
	else if (strlen(text) > NAME_MAX_LENGTH)
		report_at(s, value, where, "the name is longer than %d characters", NAME_MAX_LENGTH);
}

static void read_description(struct source *s, const struct node *value, const struct where *where,
			     void *target)
{
	struct policy *policy = target;

	(void)where;
	policy->description = copy_text(s, value);
}

static void read_metadata(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const struct key keys[] = {
		{"name", KEY_REQUIRED, TYPE_STRING, NULL, read_name},
		{"description", KEY_OPTIONAL, TYPE_STRING, NULL, read_description},
	};
	struct seen seen;

	read_mapping(s, value, where, keys, ARRAY_SIZE(keys), &seen, target);
}

static void read_mode(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const struct word modes[] = {{"enforce", MODE_ENFORCE}, {"monitor", MODE_MONITOR}};
	struct policy *policy = target;
	unsigned mode;

	if (read_word(s, value, where, "mode", modes, ARRAY_SIZE(modes), &mode))
		policy->mode = mode;
}

static void read_on_error(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy *policy = target;

	enum policy_effect effect = EFFECT_DENY;

	read_effect(s, value, where, "on-error", &effect);
	policy->allow_on_error = effect == EFFECT_ALLOW;
}

typedef void rule_fn(struct source *s, const struct node *node, const struct where *where,
		     struct policy_rule *rule);

static void read_rules(struct source *s, const struct node *value, const struct where *where,
		       struct policy_rules *rules, enum policy_section section, rule_fn *read)
{
	struct where item = {.up = where};

	for (const struct node *n = value->child; n; n = n->next, item.index++) {
		struct policy_rule *rule = array_add(s, &rules->rules, &rules->n_rules, sizeof(*rule));

		if (!rule)
			return;
		rule->section = section;
		rule->index = item.index;
		read(s, n, &item, rule);
	}
}

static void read_file_rules(struct source *s, const struct node *value, const struct where *where,
			    void *target)
{
	read_rules(s, value, where, target, SECTION_FILES, read_file_rule);
}

static void read_exec_rules(struct source *s, const struct node *value, const struct where *where,
			    void *target)
{
	read_rules(s, value, where, target, SECTION_EXEC, read_exec_rule);
}

static void read_network_rules(struct source *s, const struct node *value, const struct where *where,
			       void *target)
{
	read_rules(s, value, where, target, SECTION_NETWORK, read_network_rule);
}

static void read_section(struct source *s, const struct node *value, const struct where *where,
			 struct policy_rules *rules, key_fn *read)
{
	const struct key keys[] = {
		{"default", KEY_REQUIRED, TYPE_STRING, "'allow' or 'deny'", read_default},
		{"rules", KEY_OPTIONAL, TYPE_LIST, NULL, read},
	};
	struct seen seen;

	rules->present = true;
	read_mapping(s, value, where, keys, ARRAY_SIZE(keys), &seen, rules);
}

static void read_files(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy *policy = target;

	read_section(s, value, where, &policy->sections[SECTION_FILES], read_file_rules);
}

static void read_exec(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy *policy = target;

	read_section(s, value, where, &policy->sections[SECTION_EXEC], read_exec_rules);
}

static void read_network(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy *policy = target;

	read_section(s, value, where, &policy->sections[SECTION_NETWORK], read_network_rules);
}

static void read_spec(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const struct key keys[] = {
		{"mode", KEY_REQUIRED, TYPE_STRING, "'enforce' or 'monitor'", read_mode},
		{"subjects", KEY_REQUIRED, TYPE_LIST, NULL, read_subjects},
		{"files", KEY_OPTIONAL, TYPE_MAPPING, NULL, read_files},
		{"exec", KEY_OPTIONAL, TYPE_MAPPING, NULL, read_exec},
		{"network", KEY_OPTIONAL, TYPE_MAPPING, NULL, read_network},
		{"capabilities", KEY_OPTIONAL, TYPE_MAPPING, NULL, read_capabilities},
		{"system", KEY_OPTIONAL, TYPE_MAPPING, NULL, read_system},
		{"on-error", KEY_OPTIONAL, TYPE_STRING, "'allow' or 'deny'", read_on_error},
	};
	struct seen seen;

	read_mapping(s, value, where, keys, ARRAY_SIZE(keys), &seen, target);
}

static void read_policy(struct source *s, const struct node *document, struct policy *policy)
{
	static const struct key keys[] = {
		{"apiVersion", KEY_REQUIRED, TYPE_STRING, NULL, read_api_version},
		{"kind", KEY_REQUIRED, TYPE_STRING, NULL, read_kind},
		{"metadata", KEY_REQUIRED, TYPE_MAPPING, NULL, read_metadata},
		{"spec", KEY_REQUIRED, TYPE_MAPPING, NULL, read_spec},
	};
	struct seen seen;

	policy->line = document->line;
	if (s->file) {
		policy->file = strdup(s->file);
		s->no_memory = s->no_memory || !policy->file;
	}
	read_mapping(s, document, NULL, keys, ARRAY_SIZE(keys), &seen, policy);
}

static void read_documents(struct source *s, const struct tree *tree, struct policy_set *set)
{
	for (const struct node *n = tree->documents; n && !s->no_memory; n = n->next) {
		struct policy *policy;

		if (n->kind == NODE_NOTHING)
			continue; /* "---" before or behind a document */
		if (set->n_policies == POLICIES_MAX) {
			source_report(s, n->line, n->column, NULL, "the file holds more than %d policies",
				      POLICIES_MAX);
			return;
		}
		policy = array_add(s, &set->policies, &set->n_policies, sizeof(*policy));
		if (policy)
			read_policy(s, n, policy);
	}
	if (!set->n_policies && !s->errors && !s->no_memory)
		source_report(s, 0, 0, NULL, "there is no policy in the file");
}

/* Move the policies of `from`, of which there is at least one, to the end of `to`. */
static int set_append(struct policy_set *to, struct policy_set *from)
{
	struct policy *policies =
		realloc(to->policies, (to->n_policies + from->n_policies) * sizeof(*policies));

	if (!policies)
		return -ENOMEM;
	to->policies = policies;
	for (size_t i = 0; i < from->n_policies; i++)
		policies[to->n_policies++] = from->policies[i];
	free(from->policies);
	*from = (struct policy_set){0};
	return 0;
}

int policy_parse(const char *file, const char *text, size_t length, struct policy_set *set, struct diags *d)
{
	struct policy_set own = {0};
	struct tree tree = {0};
	size_t first = d->n;
	struct source s;
	int err;

	err = source_open(&s, file, text, length, d);
	if (!err)
		err = tree_read(&tree, &s);
	if (!err)
		read_documents(&s, &tree, &own);
	if (s.no_memory)
		err = -ENOMEM;
	else if (!err && s.errors)
		err = -EINVAL;
	if (!err)
		err = set_append(set, &own);
	diags_sort(d, first);
	policy_set_free(&own);
	tree_free(&tree);
	source_close(&s);
	return err;
}
