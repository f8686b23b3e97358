/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Explanations (see explain.h).
 *
 * The verdict and the rule are those of the compiled policies (judge.h). What would change them is
 * found by looking at the rules: which of them are about the name, and what keeps those that do not
 * speak from speaking. Only what is sure to be so is said.
 */
#include "author/explain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "author/features.h"
#include "util/message.h"
#include "util/util.h"

#define EXCERPT_LINES 8

/* What is being explained, with all that was found out. */
struct finding {
	const struct explain *e;
	struct answer answer;
	struct features features;
	struct place place;
	struct region name, exe;
	json_t *hints;
};

__attribute__((format(printf, 2, 3))) static void hint(struct finding *f, const char *fmt, ...)
{
	CLEANUP_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		json_array_append_new(f->hints, json_string(text));
}

/* ---- rules that are about the name and do not speak ---- */

/* "files[2] of 'web' (web.yaml:17)" */
static char *rule_words(const struct rule_features *r)
{
	return strfmt("%s[%u] of '%s' (%s:%u)", policy_section_name(r->rule->section), r->rule->index,
		      r->policy->name, r->policy->file, r->rule->line);
}

/* What keeps a rule that is about the name from speaking; false if it is not about it, or speaks. */
static bool near_miss(struct finding *f, const struct rule_features *r)
{
	const struct policy_rule *rule = r->rule;
	const char *verb = rule->effect == EFFECT_ALLOW ? "allow" : "deny";
	CLEANUP_FREE char *words = rule_words(r);
	uint32_t accesses = 0, wanted = 1u << f->e->question->access;
	struct place anybody = f->place;

	for (size_t i = 0; i < r->parts.n; i++)
		accesses |= part_accesses(r, i, &f->name);
	if (!accesses || !words)
		return false;
	anybody.owner = true;
	if (rule_excepts(r, &f->name))
		hint(f, "%s would %s it, but for its 'except'", words, verb);
	else if (!(accesses & wanted))
		hint(f, "%s is about this name, but not about '%s'", words, f->e->access);
	else if (rule_holds(r, &f->place))
		return false;
	else if (rule_holds(r, &anybody))
		hint(f, "%s would %s it to the owner of the file (--owner)", words, verb);
	else if (!f->e->who.exe)
		hint(f, "%s would %s it to other executables (say which with --exe)", words, verb);
	else
		hint(f, "%s would %s it, but not to %s ('from', 'unless-from')", words, verb, f->e->who.exe);
	return true;
}

/* All rules with that effect, of one policy or (NULL) of all that govern. */
static void near_misses(struct finding *f, const struct policy *policy, enum policy_effect effect)
{
	const struct policy_set *set = &f->e->judge->written.set;
	unsigned access = f->e->question->access;

	for (size_t i = 0; i < f->features.n_rules; i++) {
		const struct rule_features *r = &f->features.rules[i];
		enum policy_section section = r->rule->section;
		bool net = access >= PV_ACC_CONNECT;

		if (access > PV_ACC_SOCKET || net != (section == SECTION_NETWORK) ||
		    r->rule->effect != effect || (policy && r->policy != policy) ||
		    !judge_governs(f->e->judge, r->policy - set->policies, &f->e->who))
			continue;
		near_miss(f, r);
	}
}

/* ---- hints ---- */

/* Other policies that deny it too: each has to change. */
static void other_denials(struct finding *f)
{
	const struct policy_set *set = &f->e->judge->written.set;

	for (size_t i = 0; i < set->n_policies; i++) {
		struct answer one;

		if (&set->policies[i] == f->answer.policy || !judge_governs(f->e->judge, i, &f->e->who))
			continue;
		judge_ask_one(f->e->judge, i, f->e->question, &f->e->who, &one);
		if (one.verdict != PV_ALLOW)
			hint(f, "policy '%s' says %s as well, by %s (%s:%u): every policy must allow",
			     set->policies[i].name, answer_verdict(&one), one.rule, set->policies[i].file,
			     one.line);
	}
}

static void explain_denial(struct finding *f)
{
	const struct answer *a = &f->answer;
	const struct policy_rule *rule = answer_rule(a);
	bool choice = a->voice == VOICE_RULE && !rule;

	if (rule && rule->section == SECTION_NETWORK)
		hint(f,
		     "an allow rule cannot: %s denies it, and a deny rule wins. Narrow it with 'except', "
		     "'from' or 'unless-from', or by its addresses, ports and protocols",
		     a->rule);
	else if (rule)
		hint(f,
		     "an allow rule cannot: %s denies it, and a deny rule wins. Narrow it with 'except'%s, "
		     "'from' or 'unless-from', or take the pattern out",
		     a->rule, rule->section == SECTION_FILES ? ", 'access'" : "");
	else if (f->e->question->kind == QUESTION_CAPABILITY)
		hint(f,
		     choice ? "taking it out of capabilities.deny of policy '%s'"
			    : "naming it in capabilities.allow of policy '%s'",
		     a->policy->name);
	else if (choice)
		hint(f, "'%s: allow' in policy '%s'", a->rule, a->policy->name);
	else if (f->e->question->access == PV_ACC_MAP && !strcmp(a->rule, "exec.default"))
		hint(f,
		     "a rule in files.rules of '%s' that allows the access 'map' to it: where the default "
		     "of exec is deny, libraries need one",
		     a->policy->name);
	else
		hint(f, "an allow rule for it in policy '%s', or '%s: allow'", a->policy->name, a->rule);
	if (a->voice == VOICE_DEFAULT)
		near_misses(f, a->policy, EFFECT_ALLOW);
	if (a->verdict == PV_DENY)
		hint(f, "'mode: monitor' of policy '%s' would only report it", a->policy->name);
	else if (f->e->judge->monitor_all && a->policy->mode == MODE_ENFORCE)
		hint(f, "it is not denied, because an override makes every policy only monitor ('pavise mode "
			"enforce' lifts it)");
	else
		hint(f, "it is not denied, because policy '%s' only monitors; 'mode: enforce' would %s it",
		     a->policy->name, a->kill ? "kill for" : "deny");
	other_denials(f);
}

static void explain_permission(struct finding *f)
{
	const struct answer *a = &f->answer;

	if (a->voice == VOICE_IMPLIED)
		hint(f,
		     "the socket is allowed, because a rule allows an operation on addresses that needs it");
	hint(f, "any policy that governs can deny it: a deny rule wins");
	near_misses(f, NULL, EFFECT_DENY);
}

static void explain_silence(struct finding *f)
{
	const struct policy_set *set = &f->e->judge->written.set;
	const char *exe = f->e->who.exe;
	bool governed = false;

	for (size_t i = 0; i < set->n_policies; i++)
		governed = governed || judge_governs(f->e->judge, i, &f->e->who);
	if (!governed) {
		hint(f, "no policy governs the cgroup %s%s%s for the user %u", f->e->who.cgroup,
		     exe ? " with the executable " : "", exe ? exe : "", f->e->who.uid);
		return;
	}
	hint(f, "no policy that governs decides it: none has a section '%s' that does",
	     policy_section_name(question_section(f->e->question->access)));
}

static int look_at_rules(struct finding *f)
{
	const struct policy_set *set = &f->e->judge->written.set;
	const struct question *q = f->e->question;
	const struct partition *names = q->kind == QUESTION_NET ? &f->features.sockets : &f->features.paths;
	int err = 0;

	for (size_t i = 0; !err && i < set->n_policies; i++)
		err = features_add(&f->features, &set->policies[i]);
	if (!err)
		err = features_divide(&f->features);
	if (err)
		return err;
	f->name = (struct region){.name = q->name, .length = q->length};
	f->name.features = partition_features(names, q->name, q->length, &f->name.n_features);
	f->place = (struct place){.name = &f->name, .owner = f->e->who.owner};
	if (!f->e->who.exe)
		return 0;
	f->exe.features = partition_features(&f->features.exes, f->e->who.exe, strlen(f->e->who.exe),
					     &f->exe.n_features);
	f->place.exe = &f->exe;
	return 0;
}

static int find_out(const struct explain *e, struct finding *f)
{
	int err;

	*f = (struct finding){.e = e, .hints = json_array()};
	features_init(&f->features);
	err = f->hints ? look_at_rules(f) : -ENOMEM;
	if (err)
		return err;
	judge_ask(e->judge, e->question, &e->who, &f->answer);
	if (!f->answer.policy)
		explain_silence(f);
	else if (f->answer.verdict == PV_ALLOW)
		explain_permission(f);
	else
		explain_denial(f);
	return 0;
}

static void finding_free(struct finding *f)
{
	features_free(&f->features);
	json_decref(f->hints);
}

/* ---- for people ---- */

static void print_line(const char *text, unsigned line, FILE *out)
{
	fprintf(out, "%5u | %.*s\n", line, (int)strcspn(text, "\r\n"), text);
}

static const char *next_line(const char *text)
{
	text += strcspn(text, "\n");
	return *text ? text + 1 : NULL;
}

/* The lines of a rule: from its first key on, what is indented at least as far. */
static void print_excerpt(const struct explain *e, const struct answer *a, FILE *out)
{
	const struct policy_rule *rule = answer_rule(a);
	const char *text = sources_text(e->sources, a->policy->file);
	unsigned line = 1, last_shown = 0, pattern = 0;

	for (size_t i = 0; rule && a->match && i < rule->patterns.n; i++) {
		if (!pattern && !strcmp(rule->patterns.at[i].text, a->match))
			pattern = rule->patterns.at[i].line;
	}
	for (; text && line < a->line; line++)
		text = next_line(text);
	for (; text && a->line; line++, text = next_line(text)) {
		size_t indent = strspn(text, " ");
		bool blank = text[indent] == '\n' || text[indent] == '\r' || !text[indent];
		bool within = line == a->line || (rule && !blank && indent + 1 >= rule->column);

		if (!within && line > pattern)
			break;
		if (line >= a->line + EXCERPT_LINES && line != pattern)
			continue;
		if (last_shown && line > last_shown + 1)
			fputs("      | ...\n", out);
		print_line(text, line, out);
		last_shown = line;
	}
}

static void print_answer(const struct explain *e, const struct answer *a, FILE *out)
{
	static const enum colour colours[] = {COLOUR_GREEN, COLOUR_RED, COLOUR_YELLOW};

	fprintf(out, "%s%s%s: %s", colour(out, colours[a->verdict]), answer_verdict(a),
		colour(out, COLOUR_NONE), e->access);
	if (e->name) {
		fputc(' ', out);
		print_escaped(out, e->name);
	}
	fputc('\n', out);
	if (!a->policy)
		return;
	fprintf(out, "by %s of policy '%s' (%s)", a->rule, a->policy->name,
		a->mode == MODE_ENFORCE ? "enforce" : "monitor");
	if (a->match && answer_rule(a))
		fprintf(out, ", which matches by '%s'", a->match);
	if (a->audit)
		fputs(", and is reported", out);
	fputs("\n\n", out);
	if (!a->line)
		return;
	fprintf(out, "%s:%u:\n", a->policy->file, a->line);
	print_excerpt(e, a, out);
	fputc('\n', out);
}

static void print_policies(const struct explain *e, FILE *out)
{
	const struct policy_set *set = &e->judge->written.set;

	if (set->n_policies < 2)
		return;
	fputs("\nEach policy for itself:\n", out);
	for (size_t i = 0; i < set->n_policies; i++) {
		struct answer one;

		fprintf(out, "  %-24s ", set->policies[i].name);
		if (!judge_governs(e->judge, i, &e->who)) {
			fputs("does not govern\n", out);
			continue;
		}
		judge_ask_one(e->judge, i, e->question, &e->who, &one);
		fprintf(out, "%-10s %s\n", one.policy ? answer_verdict(&one) : "-",
			one.policy ? one.rule : "does not decide it");
	}
}

int explain_print(const struct explain *e, FILE *out)
{
	struct finding f;
	json_t *text;
	size_t i;
	int err = find_out(e, &f);

	if (!err) {
		print_answer(e, &f.answer, out);
		fputs(f.answer.policy ? "What would change it, and what does not:\n" : "because:\n", out);
		json_array_foreach (f.hints, i, text)
			fprintf(out, "  - %s\n", json_string_value(text));
		print_policies(e, out);
	}
	finding_free(&f);
	return err;
}

/* ---- for programs ---- */

static json_t *answer_json(const struct answer *a)
{
	json_t *o = json_pack("{s:s}", "verdict", answer_verdict(a));

	if (!a->policy)
		return o;
	json_object_update_new(o,
			       json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "policy", a->policy->name, "file",
					 a->policy->file, "rule", a->rule, "mode", policy_mode_name(a->mode),
					 "reason", decision_reason_name(a->reason), "audit", a->audit));
	if (a->line)
		json_object_set_new(o, "line", json_integer(a->line));
	if (a->match)
		json_object_set_new(o, "match", json_string(a->match));
	return o;
}

int explain_json(const struct explain *e, json_t **out)
{
	const struct policy_set *set = &e->judge->written.set;
	json_t *policies = json_array();
	struct finding f;
	int err = find_out(e, &f);

	for (size_t i = 0; !err && i < set->n_policies; i++) {
		struct answer one = {0};
		bool governs = judge_governs(e->judge, i, &e->who);
		json_t *entry = json_pack("{s:s, s:b}", "policy", set->policies[i].name, "governs", governs);

		if (governs) {
			judge_ask_one(e->judge, i, e->question, &e->who, &one);
			json_object_update_new(entry, answer_json(&one));
		}
		json_array_append_new(policies, entry);
	}
	if (!err) {
		*out = answer_json(&f.answer);
		json_object_set_new(*out, "access", json_string(e->access));
		if (e->name)
			json_object_set_new(*out, "name", json_string(e->name));
		json_object_set(*out, "hints", f.hints);
		json_object_set(*out, "policies", policies);
	}
	json_decref(policies);
	finding_free(&f);
	return err;
}
