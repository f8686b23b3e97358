/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a comparison of policies is shown (see diff.h): to people, and as JSON. */
#include <string.h>

#include "author/diff.h"
#include "policy/pattern.h"
#include "util/message.h"
#include "util/util.h"

static const char *side_verdict(const struct diff_side *s)
{
	static const char *const words[] = {"allow", "deny", "would_deny"};

	return s->kill ? "kill" : words[s->verdict];
}

/* The example's name, with what cannot be printed escaped; NULL without memory. */
static char *name_text(const struct diff_change *change)
{
	CLEANUP_FREE char *plain = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&plain, &size);

	if (!out)
		return NULL;
	if (change->undecidable)
		fputs(change->question.kind == QUESTION_NET ? "an address that cannot be read"
							    : "a path that is too deep",
		      out);
	else if (change->question.kind == QUESTION_PATH && !change->question.length)
		fputs(PATTERN_NAMELESS, out);
	else if (change->question.kind == QUESTION_PATH)
		fwrite(change->question.name, 1, change->question.length, out);
	else if (change->question.kind == QUESTION_NET)
		question_print_socket(out, change->question.name, change->question.length);
	else if (change->question.kind == QUESTION_CAPABILITY)
		fputs(policy_capability_name(change->question.capability), out);
	fclose(out);
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	print_escaped(out, plain);
	fclose(out);
	return text;
}

static const char *access_name(unsigned access)
{
	return access == PV_ACC_CAPABILITY ? "capability" : policy_access_name(access);
}

static void print_side(const struct diff_side *s, FILE *out)
{
	fprintf(out, "%s%s", side_verdict(s), s->audit ? " and report" : "");
	if (*s->rule)
		fprintf(out, " (%s of '%s')", s->rule, s->policy);
	else if (*s->policy)
		fprintf(out, " ('%s')", s->policy);
}

/* More is denied: red. Less is: yellow. */
static enum colour change_colour(const struct diff_change *c)
{
	bool before = c->before.verdict == PV_DENY, after = c->after.verdict == PV_DENY;

	return before == after ? COLOUR_BOLD : after ? COLOUR_RED : COLOUR_YELLOW;
}

static void print_change(const struct diff_change *c, FILE *out)
{
	CLEANUP_FREE char *name = name_text(c);
	const char *separator = "";

	fputs(colour(out, change_colour(c)), out);
	for (uint32_t bits = c->undecidable ? 0 : c->accesses; bits; bits &= bits - 1) {
		fprintf(out, "%s%s", separator, access_name(__builtin_ctz(bits)));
		separator = ", ";
	}
	fprintf(out, "%s%s: ", c->undecidable ? "what cannot be decided" : "", colour(out, COLOUR_NONE));
	print_side(&c->before, out);
	fputs(" -> ", out);
	print_side(&c->after, out);
	if (name && *name)
		fprintf(out, "\n    such as %s", name);
	if (c->exe) {
		fputs(" by ", out);
		print_escaped(out, c->exe);
	}
	fprintf(out, "%s\n", c->owner ? " as its owner" : "");
}

static void print_subject(const struct diff_subject *s, FILE *out)
{
	fputs("governed:", out);
	if (*s->added)
		fprintf(out, " also by %s", s->added);
	if (*s->removed)
		fprintf(out, "%s no longer by %s", *s->added ? ", and" : "", s->removed);
	fputs("\n    such as in the cgroup ", out);
	print_escaped(out, s->cgroup);
	if (s->exe) {
		fputs(" with the executable ", out);
		print_escaped(out, s->exe);
	}
	if (!s->any_user)
		fprintf(out, " as the user %u", s->uid);
	fprintf(out, "%s\n", s->executed ? "" : ", before it has executed there");
}

void diff_print(const struct diff *diff, FILE *out)
{
	for (size_t i = 0; i < diff->n_changes; i++)
		print_change(&diff->changes[i], out);
	for (size_t i = 0; i < diff->n_subjects; i++)
		print_subject(&diff->subjects[i], out);
	for (size_t i = 0; i < diff->n_containers; i++)
		fprintf(out, "governed: %s\n", diff->containers[i]);
}

static json_t *side_json(const struct diff_side *s)
{
	return json_pack("{s:s, s:b, s:s*, s:s*}", "verdict", side_verdict(s), "audit", s->audit, "policy",
			 *s->policy ? s->policy : NULL, "rule", *s->rule ? s->rule : NULL);
}

static json_t *change_json(const struct diff_change *c)
{
	CLEANUP_FREE char *name = name_text(c);
	json_t *accesses = json_array();

	for (uint32_t bits = c->undecidable ? 0 : c->accesses; bits; bits &= bits - 1)
		json_array_append_new(accesses, json_string(access_name(__builtin_ctz(bits))));
	return json_pack("{s:o, s:s*, s:s*, s:b, s:b, s:o, s:o}", "access", accesses, "name",
			 name && *name ? name : NULL, "exe", c->exe, "owner", c->owner, "undecidable",
			 c->undecidable, "old", side_json(&c->before), "new", side_json(&c->after));
}

static json_t *subject_json(const struct diff_subject *s)
{
	return json_pack("{s:s, s:s*, s:I, s:b, s:s, s:s}", "cgroup", s->cgroup, "exe", s->exe, "uid",
			 (json_int_t)s->uid, "executed", s->executed, "added", s->added, "removed",
			 s->removed);
}

json_t *diff_json(const struct diff *diff)
{
	json_t *changes = json_array(), *subjects = json_array(), *containers = json_array();

	for (size_t i = 0; i < diff->n_changes; i++)
		json_array_append_new(changes, change_json(&diff->changes[i]));
	for (size_t i = 0; i < diff->n_subjects; i++)
		json_array_append_new(subjects, subject_json(&diff->subjects[i]));
	for (size_t i = 0; i < diff->n_containers; i++)
		json_array_append_new(containers, json_string(diff->containers[i]));
	return json_pack("{s:b, s:o, s:o, s:o}", "same", diff_is_empty(diff), "changes", changes, "subjects",
			 subjects, "containers", containers);
}
