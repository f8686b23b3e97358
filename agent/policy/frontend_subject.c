/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Subjects: who a policy governs (see frontend.h).
 *
 * Guarantees: an entry that is accepted has at least one key, so no policy governs everything by an
 * empty line; and it can match something as far as its text tells. Whether a user exists is a
 * question to the machine, asked later (policy_resolve_users()).
 *
 * Labels are the one mapping whose keys are the author's own. Repeated ones are found by looking at
 * all before it, which their number, bounded by LABELS_MAX, keeps cheap.
 */
#include "frontend.h"

#include <stdlib.h>
#include <string.h>

#define LABELS_MAX	64
#define USER_MAX_LENGTH 255

static void read_cgroup(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_subject *subject = target;

	read_pattern(s, value, where, PATTERN_PATH, &subject->cgroup);
}

static void read_exe(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_subject *subject = target;

	read_pattern(s, value, where, PATTERN_PATH, &subject->exe);
}

/* The type of a unit that has processes, as the rest of a pattern: "service", or "{service,scope}". */
static bool is_unit_type(const char *text)
{
	static const char *const types[] = {"service", "scope", "socket", "mount", "swap"};
	bool group = *text == '{';

	for (text += group;; text++) {
		size_t length = strcspn(text, ",}"), i = 0;

		while (i < ARRAY_SIZE(types) &&
		       (strlen(types[i]) != length || strncmp(types[i], text, length) != 0))
			i++;
		if (i == ARRAY_SIZE(types))
			return false;
		text += length;
		if (!group || *text != ',')
			return group ? *text == '}' && !text[1] : !*text;
	}
}

/*
 * The type has to be spelled: with a wildcard there, slices could match, in which units are and which are
 * none.
 */
static void read_unit(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_subject *subject = target;
	const char *text = value->text, *type = strrchr(text, '.');

	if (!read_pattern(s, value, where, PATTERN_FREE, &subject->unit))
		return;
	if (pattern_has(text, '/'))
		report_at(s, value, where, "'%.*s': the name of a unit has no '/' (paths go with 'cgroup')",
			  SHORT(text));
	else if (type && !strcmp(type, ".slice"))
		report_at(s, value, where,
			  "'%.*s' can never match: a slice holds units and is none (it goes with 'cgroup')",
			  SHORT(text));
	else if (!type || !is_unit_type(type + 1))
		report_at(s, value, where,
			  "'%.*s' does not end in the type of a unit: .service, .scope, .socket, .mount or "
			  ".swap, or .{..} with some of these",
			  SHORT(text));
}

/* A number, or a name as the user databases of this world hold them, which are no patterns. */
static void read_user(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.@+$\\";
	struct policy_subject *subject = target;
	const char *text = value->text;

	subject->user = (struct policy_pattern){copy_text(s, value), value->line, value->column};
	if (!*text) {
		report_at(s, value, where, "the user is empty");
	} else if (value->kind == NODE_INTEGER || !text[strspn(text, "0123456789")]) {
		size_t digits = strspn(text, "0123456789");

		if (text[digits] || (*text == '0' && digits > 1) || digits > 10 ||
		    strtoull(text, NULL, 10) >= UINT32_MAX)
			report_at(s, value, where, "'%.*s' is not the number of a user (0 to 4294967294)",
				  SHORT(text));
	} else if (*text == '-' || text[strspn(text, letters)]) {
		report_at(s, value, where,
			  "'%.*s' is not the name of a user (letters, digits and any of _-.@+$\\; no "
			  "pattern)",
			  SHORT(text));
	} else if (strlen(text) > USER_MAX_LENGTH) {
		report_at(s, value, where, "the name of a user is longer than %d characters",
			  USER_MAX_LENGTH);
	}
}

static void read_container_name(struct source *s, const struct node *value, const struct where *where,
				void *target)
{
	struct policy_subject *subject = target;

	read_pattern(s, value, where, PATTERN_FREE, &subject->container_name);
}

static void read_container_image(struct source *s, const struct node *value, const struct where *where,
				 void *target)
{
	struct policy_subject *subject = target;

	read_pattern(s, value, where, PATTERN_FREE, &subject->container_image);
}

static void read_label(struct source *s, const struct node *node, const struct where *where,
		       struct policy_subject *subject)
{
	const struct where place = {.up = where, .key = node->text};
	const struct node *value = node->next;
	struct policy_label *label;

	if (!expect_string(s, node, where))
		return;
	if (!*node->text) {
		report_at(s, node, where, "a label's key is empty");
		return;
	}
	for (size_t i = 0; i < subject->n_labels; i++) {
		label = &subject->labels[i];
		if (label->key && !strcmp(label->key, node->text)) {
			report_at(s, node, where, "label '%.*s' stands here twice (first in line %u)",
				  SHORT(node->text), label->value.line);
			return;
		}
	}
	label = array_add(s, &subject->labels, &subject->n_labels, sizeof(*label));
	if (!label)
		return;
	label->key = copy_text(s, node);
	label->value.line = node->line; /* also of one that cannot be read */
	if (!expect_string(s, value, &place))
		return;
	if (*value->text)
		read_pattern(s, value, &place, PATTERN_FREE, &label->value);
	else
		report_at(s, value, &place, "the pattern is empty (\"{}\" matches a label without a value)");
}

static void read_labels(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_subject *subject = target;
	size_t n = 0;

	if (!value->child)
		report_at(s, value, where, "there are no labels: give at least one key with its pattern");
	for (const struct node *key = value->child; key; key = key->next->next) {
		if (n++ == LABELS_MAX) {
			report_at(s, key, where, "there are more than %d labels", LABELS_MAX);
			return;
		}
		read_label(s, key, where, subject);
	}
}

static void read_container(struct source *s, const struct node *value, const struct where *where,
			   void *target)
{
	static const struct key keys[] = {
		{"name", KEY_OPTIONAL, TYPE_STRING, NULL, read_container_name},
		{"image", KEY_OPTIONAL, TYPE_STRING, NULL, read_container_image},
		{"label", KEY_OPTIONAL, TYPE_MAPPING, NULL, read_labels},
	};
	struct policy_subject *subject = target;
	struct seen seen;

	subject->container = true;
	if (!value->child)
		report_at(s, value, where, "the container is empty: say which 'name', 'image' or 'label'");
	read_mapping(s, value, where, keys, ARRAY_SIZE(keys), &seen, subject);
}

void read_subjects(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const struct key keys[] = {
		{"cgroup", KEY_OPTIONAL, TYPE_STRING, "a pattern", read_cgroup},
		{"unit", KEY_OPTIONAL, TYPE_STRING, NULL, read_unit},
		{"container", KEY_OPTIONAL, TYPE_MAPPING, NULL, read_container},
		{"exe", KEY_OPTIONAL, TYPE_STRING, "a pattern", read_exe},
		{"user", KEY_OPTIONAL, TYPE_SCALAR, "a user's name or number", read_user},
	};
	struct where item = {.up = where};
	struct policy *policy = target;

	if (!value->child)
		report_at(s, value, where, "there are no subjects: the policy would govern nothing");
	for (const struct node *n = value->child; n; n = n->next, item.index++) {
		struct policy_subject *subject =
			array_add(s, &policy->subjects, &policy->n_subjects, sizeof(*subject));
		struct seen seen;

		if (!subject)
			return;
		read_mapping(s, n, &item, keys, ARRAY_SIZE(keys), &seen, subject);
		if (n->kind == NODE_MAPPING && !n->child)
			report_at(s, n, &item,
				  "the subject is empty: say which 'cgroup', 'unit', 'container', 'exe' or "
				  "'user'");
	}
}
