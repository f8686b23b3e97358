/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lint (see lint.h).
 *
 * A part of a rule (a pattern, a block) decides something if there is a name, an acting executable,
 * an owner and an access for which the policy says something else without it. Names and executables
 * are taken by region, so that all of them are looked at. What the policy says is worked out from
 * the rules that speak there: the same precedence as in the compiler (policy/resolve.c), which the
 * tests hold against it: without all parts that were found to decide nothing, the compiled policy is
 * the same, and without any other one it is not.
 *
 * Parts are looked at from the last to the first, and one that decides nothing is not counted for the
 * others, so of two equal ones the second is reported. That a default would deny as well does not
 * make a deny rule idle: it decides, and it would still do so if an allow rule were added.
 */
#include "author/lint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author/features.h"
#include "util/util.h"

#define NOTHING SIZE_MAX

/* A part that speaks at some place, and for which accesses. */
struct part {
	const struct rule_features *rule;
	size_t index;
	bool idle; /* found to decide nothing */
};

/* What speaks, by access: 0 nothing, 1 something, 2 something that kills or is reported. */
struct voices {
	uint8_t deny[PV_COLUMNS], allow[PV_COLUMNS];
};

/* What is found out about one part. */
struct finding {
	bool matches, remains, holds; /* some name; after `except`; for somebody */
	bool matters;		      /* decides */
	bool undenied;		      /* somewhere, nothing else denies what it is about */
	bool explicit, implicit;      /* somewhere, other rules speak; only the default does */
	size_t other;		      /* the one part that does its work everywhere so far */
	bool several;		      /* it is not always the same */
};

struct linter {
	const struct policy *policy;
	const char *text;
	struct diags *d;
	struct features features;
	struct part *parts;
	size_t n_parts;
	unsigned owners; /* 2 if some rule asks for the owner, else 1 */
};

static size_t count_parts(const struct features *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_rules; i++)
		n += f->rules[i].parts.n;
	return n;
}

static int list_parts(struct linter *l)
{
	l->parts = calloc(count_parts(&l->features) + 1, sizeof(*l->parts));
	if (!l->parts)
		return -ENOMEM;
	for (size_t i = 0; i < l->features.n_rules; i++) {
		const struct rule_features *r = &l->features.rules[i];

		if (r->rule->owner)
			l->owners = 2;
		for (size_t p = 0; p < r->parts.n; p++)
			l->parts[l->n_parts++] = (struct part){.rule = r, .index = p};
	}
	return 0;
}

/* ---- what a policy says where ---- */

static bool is_urgent(const struct policy_rule *rule)
{
	return rule->effect == EFFECT_DENY ? rule->kill : rule->audit;
}

static void count_voice(struct voices *v, const struct part *part, uint32_t accesses)
{
	const struct policy_rule *rule = part->rule->rule;
	uint8_t strength = 1 + is_urgent(rule);

	/* a permission that is only implied is not reported */
	for (uint32_t bits = accesses; bits; bits &= bits - 1) {
		unsigned access = __builtin_ctz(bits);
		uint8_t *voice = rule->effect == EFFECT_DENY ? &v->deny[access] : &v->allow[access];
		uint8_t counted = rule->access & 1u << access ? strength : 1;

		if (*voice < counted)
			*voice = counted;
	}
}

static uint8_t most(uint8_t a, uint8_t b)
{
	return a > b ? a : b;
}

static bool denies_by_default(const struct policy *p, enum policy_section section)
{
	return p->sections[section].present && p->sections[section].fallback == EFFECT_DENY;
}

/*
 * What is said of an access, as a number: 0 allowed, 1 allowed and reported, 2 denied by default, 3
 * denied by a rule, 4 killed.
 */
static unsigned outcome(const struct policy *p, const struct voices *v, unsigned access)
{
	uint8_t deny = v->deny[access], allow = v->allow[access];
	bool fallback = denies_by_default(p, access < PV_ACC_EXEC    ? SECTION_FILES
					     : access == PV_ACC_EXEC ? SECTION_EXEC
								     : SECTION_NETWORK);
	unsigned own;

	if (access == PV_ACC_MAP) {
		deny = most(deny, v->deny[PV_ACC_EXEC]);
		allow = allow ? allow : v->allow[PV_ACC_EXEC];
		fallback = fallback || denies_by_default(p, SECTION_EXEC);
	}
	own = deny ? 2 + deny : allow ? allow - 1 : fallback ? 2 : 0;
	if (access == PV_ACC_EXEC) {
		unsigned map = outcome(p, v, PV_ACC_MAP);

		if (map == 4 || (map >= 2 && own < 2))
			return map;
	}
	return own;
}

/* The accesses whose outcome a part can change where it speaks on `accesses`. */
static uint32_t affected(uint32_t accesses)
{
	if (accesses & (1u << PV_ACC_MAP | 1u << PV_ACC_EXEC))
		accesses |= 1u << PV_ACC_MAP | 1u << PV_ACC_EXEC;
	return accesses;
}

/* ---- one part at one place ---- */

/*
 * Another part that does for these accesses what this one does, the one found so far first. `denied`:
 * it has to be one that denies them.
 */
static void find_other(const struct linter *l, size_t self, const struct place *place, uint32_t accesses,
		       bool denied, struct finding *f)
{
	const struct policy_rule *rule = l->parts[self].rule->rule;
	size_t found = NOTHING;

	for (size_t i = 0; i < l->n_parts && !f->several; i++) {
		const struct part *part = &l->parts[i];
		const struct policy_rule *other = part->rule->rule;
		uint32_t mask = part_accesses(part->rule, part->index, place->name);

		if (i == self || part->idle || !mask || rule_excepts(part->rule, place->name) ||
		    !rule_holds(part->rule, place))
			continue;
		if (other->effect != (denied ? EFFECT_DENY : rule->effect) ||
		    (other->effect == rule->effect && is_urgent(other) < is_urgent(rule)))
			continue;
		if (mask & 1u << PV_ACC_EXEC)
			mask |= 1u << PV_ACC_MAP;
		if (accesses & ~mask)
			continue;
		if (found == NOTHING || i == f->other)
			found = i;
	}
	if (found == NOTHING || (f->other != NOTHING && f->other != found))
		f->several = true;
	f->other = found;
}

static void judge_part(const struct linter *l, size_t self, const struct place *place, struct finding *f)
{
	const struct part *part = &l->parts[self];
	uint32_t accesses = part_accesses(part->rule, part->index, place->name), bits;
	struct voices without = {.deny = {0}}, with;
	bool spoken = false, denied = true, asked = false;

	f->matches = true;
	if (rule_excepts(part->rule, place->name))
		return;
	f->remains = true;
	if (!rule_holds(part->rule, place))
		return;
	f->holds = true;
	for (size_t i = 0; i < l->n_parts; i++) {
		const struct part *other = &l->parts[i];
		uint32_t mask = part_accesses(other->rule, other->index, place->name);

		if (i == self || other->idle || !mask || rule_excepts(other->rule, place->name) ||
		    !rule_holds(other->rule, place))
			continue;
		count_voice(&without, other, mask);
	}
	with = without;
	count_voice(&with, part, accesses);
	for (bits = affected(accesses); bits; bits &= bits - 1) {
		unsigned access = __builtin_ctz(bits), before = outcome(l->policy, &without, access);

		/* a socket that is only implied is of no use where all addresses are denied */
		if (access == PV_ACC_SOCKET && !(part->rule->rule->access & 1u << access))
			continue;
		f->matters = f->matters || outcome(l->policy, &with, access) != before;
		if (!(accesses & 1u << access))
			continue;
		asked = true;
		denied = denied && before >= 3;
		spoken = spoken || without.deny[access] || without.allow[access] ||
			 (access == PV_ACC_MAP && (without.deny[PV_ACC_EXEC] || without.allow[PV_ACC_EXEC]));
	}
	if (!asked)
		return;
	f->undenied = f->undenied || !denied;
	f->explicit = f->explicit || spoken;
	f->implicit = f->implicit || !spoken;
	if (!f->matters && spoken)
		find_other(l, self, place, accesses & part->rule->rule->access,
			   denied || part->rule->rule->effect == EFFECT_DENY, f);
}

static enum lint_reason reason_of(const struct part *part, const struct finding *f)
{
	if (f->matters)
		return LINT_MATTERS;
	if (!f->matches)
		return LINT_NO_NAME;
	if (!f->remains)
		return LINT_EXCEPTED;
	if (!f->holds)
		return LINT_NOBODY;
	if (part->rule->rule->effect == EFFECT_ALLOW && !f->undenied)
		return LINT_DENIED;
	return f->explicit ? LINT_COVERED : LINT_DEFAULT;
}

static enum lint_reason examine(const struct linter *l, size_t self, struct finding *f)
{
	const struct part *part = &l->parts[self];
	const struct partition *names =
		part->rule->rule->section == SECTION_NETWORK ? &l->features.sockets : &l->features.paths;

	*f = (struct finding){.other = NOTHING};
	for (size_t n = 0; !f->matters && n < names->n_regions; n++) {
		struct place place = {.name = &names->regions[n]};

		if (!part_accesses(part->rule, part->index, place.name))
			continue;
		for (size_t e = 0; !f->matters && e <= l->features.exes.n_regions; e++) {
			place.exe = e ? &l->features.exes.regions[e - 1] : NULL;
			for (unsigned owner = 0; !f->matters && owner < l->owners; owner++) {
				place.owner = owner;
				judge_part(l, self, &place, f);
			}
		}
	}
	return reason_of(part, f);
}

/* ---- warnings ---- */

static const char *line_of(const char *text, unsigned line)
{
	while (text && line > 1) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
		line--;
	}
	return text;
}

__attribute__((format(printf, 5, 6))) static void warn(const struct linter *l, unsigned line, unsigned column,
						       const char *where, const char *fmt, ...)
{
	CLEANUP_FREE char *message = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&message, fmt, args) < 0)
		message = NULL;
	va_end(args);
	diag_add(l->d, l->policy->file, line, column, where, line ? line_of(l->text, line) : NULL,
		 "warning: %s", message ? message : "no memory");
}

static char *rule_name(const struct policy_rule *rule)
{
	return strfmt("%s.rules[%u]", policy_section_name(rule->section), rule->index);
}

/* The pattern or block in quotes, or "the rule" for what has no words of its own. */
static char *part_words(const struct part *part)
{
	const struct policy_rule *rule = part->rule->rule;

	if (rule->patterns.n)
		return strfmt("'%.100s'", rule->patterns.at[part->index].text);
	if (rule->cidrs.n)
		return strfmt("'%s'", rule->cidrs.at[part->index].text);
	return strdup("the rule");
}

/* "files.rules[2] (line 17)" of the part that does the work, or of several. */
static char *others_words(const struct linter *l, const struct finding *f)
{
	const struct policy_rule *rule;
	CLEANUP_FREE char *name = NULL;

	if (f->implicit)
		return strdup("other rules and the default");
	if (f->several || f->other == NOTHING)
		return strdup("several rules together");
	rule = l->parts[f->other].rule->rule;
	name = rule_name(rule);
	if (rule->patterns.n)
		return strfmt("'%.100s' of %s (line %u)", rule->patterns.at[l->parts[f->other].index].text,
			      name ? name : "a rule", rule->patterns.at[l->parts[f->other].index].line);
	return strfmt("%s (line %u)", name ? name : "a rule", rule->line);
}

static void warn_part(const struct linter *l, size_t self, enum lint_reason reason, const struct finding *f)
{
	const struct part *part = &l->parts[self];
	const struct policy_rule *rule = part->rule->rule;
	const struct policy_pattern *pattern =
		rule->patterns.n ? &rule->patterns.at[part->index]
				 : &(struct policy_pattern){NULL, rule->line, rule->column};
	CLEANUP_FREE char *where = rule_name(rule);
	CLEANUP_FREE char *what = part_words(part);
	CLEANUP_FREE char *others = others_words(l, f);

	if (!where || !what || !others)
		return;
	switch (reason) {
	case LINT_NO_NAME:
		warn(l, pattern->line, pattern->column, where, "%s can never match", what);
		break;
	case LINT_EXCEPTED:
		warn(l, pattern->line, pattern->column, where,
		     "%s decides nothing: 'except' takes out all that it matches", what);
		break;
	case LINT_NOBODY:
		warn(l, pattern->line, pattern->column, where,
		     "%s decides nothing: no executable is left by 'from' and 'unless-from'", what);
		break;
	case LINT_DENIED:
		warn(l, pattern->line, pattern->column, where,
		     "%s allows nothing: all that it matches is denied by %s, and a deny rule wins", what,
		     others);
		break;
	case LINT_COVERED:
		warn(l, pattern->line, pattern->column, where,
		     "%s decides nothing: all that it matches is decided in the same way by %s", what,
		     others);
		break;
	case LINT_DEFAULT:
		warn(l, pattern->line, pattern->column, where,
		     "%s decides nothing: the default allows all that it matches%s", what,
		     "; 'audit: true' would report it");
		break;
	case LINT_MATTERS:
		break;
	}
}

/* An exception that takes nothing out. */
static void check_exceptions(const struct linter *l, const struct rule_features *r)
{
	const struct partition *names =
		r->rule->section == SECTION_NETWORK ? &l->features.sockets : &l->features.paths;
	CLEANUP_FREE char *where = rule_name(r->rule);

	for (size_t e = 0; where && e < r->except.n; e++) {
		bool matters = false;

		for (size_t n = 0; !matters && n < names->n_regions; n++) {
			for (size_t i = 0; !matters && i < r->parts.n; i++)
				matters = region_has(&names->regions[n], r->except.at[e]) &&
					  part_accesses(r, i, &names->regions[n]);
		}
		if (matters)
			continue;
		if (e < r->rule->except.n)
			warn(l, r->rule->except.at[e].line, r->rule->except.at[e].column, where,
			     "the exception '%.100s' matches nothing that the rule does",
			     r->rule->except.at[e].text);
		else
			warn(l, r->rule->line, r->rule->column, where,
			     "the exception '%s' matches nothing that the rule does",
			     r->rule->except_cidrs.at[e - r->rule->except.n].text);
	}
}

/* ---- whole policies ---- */

static bool says_nothing(const struct policy *p)
{
	for (unsigned s = 0; s < SECTIONS; s++) {
		if (p->sections[s].present)
			return false;
	}
	for (unsigned i = 0; i < POLICY_SYSTEM; i++) {
		if (p->system[i].present)
			return false;
	}
	return true;
}

/* Whether some shared library may be mapped by somebody. */
static bool may_map_library(const struct linter *l, uint32_t library)
{
	for (size_t n = 0; n < l->features.paths.n_regions; n++) {
		struct place place = {.name = &l->features.paths.regions[n]};

		if (!region_has(place.name, library))
			continue;
		for (size_t e = 0; e <= l->features.exes.n_regions; e++) {
			for (unsigned owner = 0; owner < l->owners; owner++) {
				struct voices v = {.deny = {0}};

				place.exe = e ? &l->features.exes.regions[e - 1] : NULL;
				place.owner = owner;
				for (size_t i = 0; i < l->n_parts; i++) {
					const struct part *part = &l->parts[i];

					if (!rule_excepts(part->rule, place.name) &&
					    rule_holds(part->rule, &place))
						count_voice(
							&v, part,
							part_accesses(part->rule, part->index, place.name));
				}
				if (outcome(l->policy, &v, PV_ACC_MAP) < 2)
					return true;
			}
		}
	}
	return false;
}

static void check_policy(const struct linter *l, uint32_t library)
{
	const struct policy *p = l->policy;

	if (says_nothing(p))
		warn(l, p->name_line, p->name_column, NULL,
		     "policy '%s' has no section that decides anything (files, exec, network, capabilities, "
		     "system)",
		     p->name);
	if (denies_by_default(p, SECTION_EXEC) && !may_map_library(l, library))
		warn(l, p->sections[SECTION_EXEC].line, 0, "exec.default",
		     "no shared library may be mapped, so only static programs can run; allow it in 'files': "
		     "- {allow: \"/usr/lib/**\", access: map}");
}

static void check_parts(struct linter *l, struct lint *lint)
{
	for (size_t i = l->n_parts; i-- > 0;) {
		struct finding finding;
		enum lint_reason reason = examine(l, i, &finding);

		l->parts[i].idle = reason != LINT_MATTERS;
		warn_part(l, i, reason, &finding);
		if (lint)
			lint->reasons[i] = reason;
	}
	for (size_t i = 0; i < l->features.n_rules; i++)
		check_exceptions(l, &l->features.rules[i]);
}

int lint_policy(const struct policy *policy, const char *text, struct diags *d, struct lint *lint)
{
	struct linter l = {.policy = policy, .text = text, .d = d, .owners = 1};
	uint32_t library = NO_FEATURE;
	size_t first = d->n;
	int err;

	features_init(&l.features);
	err = features_add(&l.features, policy);
	if (!err)
		err = partition_add_pattern(&l.features.paths, "/**/*.so{,.*}", &library);
	if (err >= 0)
		err = features_divide(&l.features);
	if (!err)
		err = list_parts(&l);
	if (!err && lint) {
		lint->n = l.n_parts;
		lint->reasons = calloc(l.n_parts + 1, sizeof(*lint->reasons));
		err = lint->reasons ? 0 : -ENOMEM;
	}
	if (!err) {
		check_policy(&l, library);
		check_parts(&l, lint);
		diags_sort(d, first);
	}
	if (err == -E2BIG)
		warn(&l, 0, 0, NULL, "the patterns of policy '%s' combine in too many ways to be looked at",
		     policy->name);
	free(l.parts);
	features_free(&l.features);
	return err;
}
