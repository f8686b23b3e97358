/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Verdicts (see judge.h).
 *
 * An image does not say which rule permits what goes unreported, so the policies are compiled once
 * more with every permission reported and each policy by itself. That changes no verdict: reporting
 * is not one, and a policy that governs alone says what it says in company.
 */
#include "author/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/util.h"

int bench_open(struct bench *b, struct policy_set *set, bool monitor_all, struct diags *d)
{
	struct compile_options options = {.generation = 1, .monitor_all = monitor_all};

	*b = (struct bench){.set = *set};
	*set = (struct policy_set){0};
	profiles_init(&b->profiles);
	return policy_compile(&b->set, &options, &b->profiles, &b->image, d);
}

void bench_close(struct bench *b)
{
	image_free(b->image);
	profiles_free(&b->profiles);
	policy_set_free(&b->set);
	*b = (struct bench){0};
}

void audit_all(struct policy_set *set)
{
	for (size_t i = 0; i < set->n_policies; i++) {
		for (unsigned s = 0; s < RULE_SECTIONS; s++) {
			struct policy_rules *rules = &set->policies[i].sections[s];

			for (size_t r = 0; r < rules->n_rules; r++)
				rules->rules[r].audit = rules->rules[r].effect == EFFECT_ALLOW;
		}
	}
}

/* Bind policy i to "/", or, each by itself, to "/i". */
static int bind_all(struct policy_set *set, bool each)
{
	int err = 0;

	for (size_t i = 0; !err && i < set->n_policies; i++) {
		char path[32] = "/";

		if (each)
			snprintf(path, sizeof(path), "/%zu", i);
		err = policy_bind_cgroup(&set->policies[i], path);
	}
	return err;
}

int judge_open(struct judge *j, struct sources *s, struct diags *d)
{
	struct bench *benches[] = {&j->written, &j->bound, &j->alone};
	int err = 0;

	*j = (struct judge){.monitor_all = sources_monitor_all(s)};
	for (size_t i = 0; !err && i < ARRAY_SIZE(benches); i++) {
		struct policy_set set = {0};

		err = sources_parse(s, &set, d);
		if (!err && benches[i] != &j->written)
			err = bind_all(&set, benches[i] == &j->alone);
		if (benches[i] == &j->alone)
			audit_all(&set);
		if (!err)
			err = bench_open(benches[i], &set, j->monitor_all, d);
		policy_set_free(&set);
	}
	if (err)
		judge_close(j);
	return err;
}

void judge_close(struct judge *j)
{
	bench_close(&j->written);
	bench_close(&j->bound);
	bench_close(&j->alone);
}

static struct image_context context_of(const struct bench *b, const struct asker *who)
{
	return (struct image_context){
		.exe = image_exe(b->image, who->exe),
		.uid = who->uid,
		.executed = true,
		.owner = who->owner,
	};
}

uint32_t bench_cell(const struct bench *b, uint32_t profile, const struct question *q,
		    const struct image_context *context)
{
	switch (q->kind) {
	case QUESTION_PATH:
		return image_path_cell(b->image, profile, (const char *)q->name, q->access, context);
	case QUESTION_NET:
		return image_net_cell(b->image, profile, q->name, q->length, q->access, context);
	case QUESTION_CAPABILITY:
		return image_capability_cell(b->image, profile, q->capability);
	case QUESTION_SYSTEM:
		break;
	}
	return image_system_cell(b->image, profile, q->access);
}

/* The profile of who asks, among policies as they were written. */
static const struct profile_set *profile_of(const struct judge *j, const struct asker *who, uint32_t *number)
{
	struct image_context context = context_of(&j->written, who);

	*number = image_profile(j->written.image, who->cgroup, &context);
	return &j->written.profiles.sets[*number];
}

bool judge_governs(const struct judge *j, size_t policy, const struct asker *who)
{
	const struct profile_set *set;
	uint32_t number;

	if (!who->cgroup)
		return true;
	set = profile_of(j, who, &number);
	for (size_t i = 0; i < set->n; i++) {
		if (!strcmp(set->names[i], j->written.set.policies[policy].name))
			return true;
	}
	return false;
}

static const struct policy *find_policy(const struct judge *j, const char *name)
{
	for (size_t i = 0; name && i < j->written.set.n_policies; i++) {
		if (!strcmp(j->written.set.policies[i].name, name))
			return &j->written.set.policies[i];
	}
	return NULL;
}

/* Turn a cell into an answer, as far as the cell says. */
static void read_cell(const struct judge *j, const struct bench *b, uint32_t cell, struct answer *out)
{
	const struct decision *d = image_decision(b->image, cell);

	*out = (struct answer){.verdict = PV_CELL_VERDICT(cell), .reason = REASON_DEFAULT_ALLOW};
	if (!d || !d->policy)
		return;
	out->policy = find_policy(j, d->policy);
	out->voice = d->rule ? VOICE_RULE : VOICE_DEFAULT;
	out->kill = d->kill;
	out->audit = cell & PV_CELL_AUDIT;
	out->match = d->match;
	out->line = d->line;
	out->mode = d->mode;
	out->reason = d->reason;
	if (d->rule)
		snprintf(out->rule, sizeof(out->rule), "%s", d->rule);
	else
		snprintf(out->rule, sizeof(out->rule), "%s.default", policy_section_name(d->section));
}

const struct policy_rule *answer_rule(const struct answer *a)
{
	for (unsigned s = 0; a->policy && a->voice == VOICE_RULE && s < RULE_SECTIONS; s++) {
		const char *name = policy_section_name(s);
		size_t length = strlen(name);
		unsigned long index;

		if (strncmp(a->rule, name, length) || a->rule[length] != '[')
			continue;
		index = strtoul(a->rule + length + 1, NULL, 10);
		return index < a->policy->sections[s].n_rules ? &a->policy->sections[s].rules[index] : NULL;
	}
	return NULL;
}

/* The section whose default permits, SECTIONS: none is there. */
static enum policy_section silent_section(const struct policy *p, const struct question *q)
{
	enum policy_section section = question_section(q->access);

	if (section == SECTION_SYSTEM)
		return SECTIONS; /* what is not given there is not decided */
	if (!p->sections[section].present && (q->access == PV_ACC_MAP || q->access == PV_ACC_EXEC))
		section = section == SECTION_EXEC ? SECTION_FILES : SECTION_EXEC;
	return p->sections[section].present ? section : SECTIONS;
}

/* What a policy allows without a decision in the image: who speaks for it. */
static void find_voice(const struct judge *j, const struct policy *p, const struct question *q,
		       struct answer *out)
{
	enum policy_section section = silent_section(p, q);
	const struct policy_choice *choice = NULL;

	if (q->kind == QUESTION_CAPABILITY)
		choice = &p->capabilities[q->capability];
	if (q->kind == QUESTION_SYSTEM)
		choice = &p->system[q->access - PV_ACC_SYSTEM];
	if (section == SECTIONS && !(choice && choice->present))
		return;
	out->policy = p;
	out->mode = j->monitor_all ? MODE_MONITOR : p->mode;
	if (choice && choice->present) {
		out->voice = VOICE_RULE;
		out->reason = REASON_EXPLICIT_ALLOW;
		out->line = choice->line;
		snprintf(out->rule, sizeof(out->rule), "%s.%s",
			 policy_section_name(question_section(q->access)),
			 q->kind == QUESTION_SYSTEM ? policy_access_name(q->access)
						    : policy_capability_name(q->capability));
	} else if (p->sections[section].fallback == EFFECT_DENY && section == SECTION_NETWORK) {
		out->voice = VOICE_IMPLIED;
		out->reason = REASON_EXPLICIT_ALLOW;
		snprintf(out->rule, sizeof(out->rule), "network.rules");
	} else {
		out->voice = VOICE_DEFAULT;
		out->line = p->sections[section].line;
		snprintf(out->rule, sizeof(out->rule), "%s.default", policy_section_name(section));
	}
}

void judge_ask_one(const struct judge *j, size_t policy, const struct question *q, const struct asker *who,
		   struct answer *out)
{
	const struct policy *p = &j->written.set.policies[policy];
	struct image_context context = context_of(&j->alone, who);
	const struct policy_rule *rule;
	char cgroup[32];

	snprintf(cgroup, sizeof(cgroup), "/%zu", policy);
	read_cell(j, &j->alone,
		  bench_cell(&j->alone, image_profile(j->alone.image, cgroup, &context), q, &context), out);
	rule = answer_rule(out);
	if (rule)
		out->audit = rule->audit;
	if (!out->policy)
		find_voice(j, p, q, out);
}

/* Who permits: the first policy by name with a rule that does, else the first with a default. */
static void find_permission(const struct judge *j, const struct question *q, const struct asker *who,
			    struct answer *out)
{
	for (size_t i = 0; i < j->written.set.n_policies; i++) {
		const struct policy *p = &j->written.set.policies[i];
		struct answer one;

		if (!judge_governs(j, i, who))
			continue;
		judge_ask_one(j, i, q, who, &one);
		if (one.voice == VOICE_SILENT)
			continue;
		if (!out->policy || (one.voice == VOICE_RULE) > (out->voice == VOICE_RULE) ||
		    ((one.voice == VOICE_RULE) == (out->voice == VOICE_RULE) &&
		     strcmp(p->name, out->policy->name) < 0))
			*out = one;
	}
}

void judge_ask(const struct judge *j, const struct question *q, const struct asker *who, struct answer *out)
{
	const struct bench *b = who->cgroup ? &j->written : &j->bound;
	struct image_context context = context_of(b, who);
	uint32_t profile;

	profile = image_profile(b->image, who->cgroup ? who->cgroup : "/", &context);
	read_cell(j, b, profile ? bench_cell(b, profile, q, &context) : 0, out);
	if (out->verdict == PV_ALLOW && !out->policy)
		find_permission(j, q, who, out);
}

const char *answer_verdict(const struct answer *a)
{
	static const char *const names[] = {"allow", "deny", "would_deny"};

	return a->verdict == PV_DENY && a->kill ? "kill" : names[a->verdict];
}
