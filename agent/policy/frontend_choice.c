/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sections that consist of choices: capabilities and system (see frontend.h).
 *
 * Guarantees: each capability and each operation is named at most once, so that no two lines of a
 * policy speak about the same thing; and a section that is there says something.
 */
#include "frontend.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "pavise.h"

bool read_effect(struct source *s, const struct node *value, const struct where *where, const char *what,
		 enum policy_effect *out)
{
	static const struct word effects[] = {{"allow", EFFECT_ALLOW}, {"deny", EFFECT_DENY}};
	unsigned effect;

	if (!read_word(s, value, where, what, effects, ARRAY_SIZE(effects), &effect))
		return false;
	*out = effect;
	return true;
}

void read_default(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_rules *rules = target;

	rules->line = value->line;
	read_effect(s, value, where, "default", &rules->fallback);
}

static void read_capability_default(struct source *s, const struct node *value, const struct where *where,
				    void *target)
{
	struct policy *policy = target;

	read_default(s, value, where, &policy->sections[SECTION_CAPABILITIES]);
}

/* The number of a capability by its name, which the kernel and others write as CAP_NAME; -1 if none. */
static int find_capability(struct source *s, const struct node *value, const struct where *where)
{
	static const char prefix[] = "cap_";
	struct word words[POLICY_CAPABILITIES];
	char name[32] = "";
	unsigned number;
	size_t n = 0;

	for (; n < POLICY_CAPABILITIES && policy_capability_name(n); n++)
		words[n] = (struct word){policy_capability_name(n), n};
	if (!strncasecmp(value->text, prefix, strlen(prefix))) {
		const char *text = value->text + strlen(prefix);

		for (size_t i = 0; i < sizeof(name) - 1 && text[i]; i++)
			name[i] = tolower((unsigned char)text[i]);
		if (policy_capability_number(name) >= 0) {
			report_at(s, value, where, "unknown capability '%.*s' (did you mean '%s'?)",
				  SHORT(value->text), name);
			return -1;
		}
	}
	return read_word(s, value, where, "capability", words, n, &number) ? (int)number : -1;
}

static void read_capability(struct source *s, const struct node *value, const struct where *where,
			    struct policy *policy, enum policy_effect effect)
{
	int number = find_capability(s, value, where);
	struct policy_choice *choice;

	if (number < 0)
		return;
	choice = &policy->capabilities[number];
	if (!choice->present)
		*choice = (struct policy_choice){true, effect, value->line, value->column};
	else if (choice->effect == effect)
		report_at(s, value, where, "capability '%s' stands here twice (first in line %u)",
			  value->text, choice->line);
	else
		report_at(s, value, where,
			  "capability '%s' stands in both 'allow' and 'deny' (first in line %u)", value->text,
			  choice->line);
}

static void read_allowed(struct source *s, const struct node *value, const struct where *where, void *target)
{
	read_capability(s, value, where, target, EFFECT_ALLOW);
}

static void read_denied(struct source *s, const struct node *value, const struct where *where, void *target)
{
	read_capability(s, value, where, target, EFFECT_DENY);
}

void read_capabilities(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const struct key keys[] = {
		{"default", KEY_REQUIRED, TYPE_STRING, "'allow' or 'deny'", read_capability_default},
		{"allow", KEY_OPTIONAL, TYPE_STRINGS, "a capability", read_allowed},
		{"deny", KEY_OPTIONAL, TYPE_STRINGS, "a capability", read_denied},
	};
	struct policy *policy = target;
	struct seen seen;

	policy->sections[SECTION_CAPABILITIES].present = true;
	read_mapping(s, value, where, keys, ARRAY_SIZE(keys), &seen, policy);
}

/* The key is the name of an access. */
static void read_operation(struct source *s, const struct node *value, const struct where *where,
			   void *target)
{
	struct policy_choice *choice =
		&((struct policy *)target)->system[policy_access_number(where->key) - PV_ACC_SYSTEM];
	enum policy_effect effect;

	if (read_effect(s, value, where, "choice", &effect))
		*choice = (struct policy_choice){true, effect, value->line, value->column};
}

void read_system(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct key keys[POLICY_SYSTEM];
	struct policy *policy = target;
	struct seen seen;
	size_t n = 0;

	for (unsigned access = PV_ACC_SYSTEM; n < POLICY_SYSTEM && access < PV_COLUMNS; access++) {
		const char *name = policy_access_name(access);

		if (name)
			keys[n++] = (struct key){name, KEY_OPTIONAL, TYPE_STRING, "'allow' or 'deny'",
						 read_operation};
	}
	policy->sections[SECTION_SYSTEM].present = true;
	policy->sections[SECTION_SYSTEM].line = value->line;
	if (!value->child)
		report_at(s, value, where, "the section says nothing: name what it allows or denies");
	read_mapping(s, value, where, keys, n, &seen, policy);
}
