/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Features of rules (see features.h).
 *
 * What a region's name does not show by its features (family and protocol of a socket) is the same for
 * all names of the region, so it is read from the name that stands for it.
 */
#include "author/features.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define ADDRESS_ACCESSES \
	(1u << PV_ACC_CONNECT | 1u << PV_ACC_BIND | 1u << PV_ACC_LISTEN | 1u << PV_ACC_ACCEPT)

/* What starts a unit executes before the unit's program does; the compiler tells it apart. */
#define UNIT_HELPER "/{usr/,}lib/systemd/systemd-executor"

void features_init(struct features *f)
{
	*f = (struct features){0};
	partition_init(&f->paths, SHAPE_PATH);
	partition_init(&f->sockets, SHAPE_SOCKET);
	partition_init(&f->exes, SHAPE_PATH);
}

void features_free(struct features *f)
{
	for (size_t i = 0; i < f->n_rules; i++) {
		free(f->rules[i].parts.at);
		free(f->rules[i].except.at);
		free(f->rules[i].from.at);
		free(f->rules[i].unless_from.at);
	}
	free(f->rules);
	partition_free(&f->paths);
	partition_free(&f->sockets);
	partition_free(&f->exes);
}

static int add_patterns(struct partition *p, const struct policy_patterns *patterns, struct feature_list *out)
{
	int err = 0;

	out->at = calloc(patterns->n + 1, sizeof(*out->at));
	if (!out->at)
		return -ENOMEM;
	for (; !err && out->n < patterns->n; out->n++)
		err = partition_add_pattern(p, patterns->at[out->n].text, &out->at[out->n]);
	return err < 0 ? err : 0;
}

static int add_blocks(struct partition *p, const struct policy_rule *rule, struct feature_list *out)
{
	int err = 0;

	out->at = calloc(rule->cidrs.n + 1, sizeof(*out->at));
	if (!out->at)
		return -ENOMEM;
	for (; !err && out->n < rule->cidrs.n; out->n++)
		err = partition_add_addresses(p, &rule->cidrs.at[out->n], rule->ports, rule->n_ports,
					      &out->at[out->n]);
	if (rule->cidrs.n)
		return err;
	out->at[out->n] = NO_FEATURE;
	if (rule->n_ports)
		err = partition_add_addresses(p, NULL, rule->ports, rule->n_ports, &out->at[out->n]);
	out->n++;
	for (size_t i = 0; !err && i < rule->n_families; i++) {
		uint32_t feature;

		err = partition_add_family(p, rule->families[i], &feature);
	}
	return err;
}

/* The exceptions of a rule that are addresses; its other ones are patterns and stand there already. */
static int add_except_blocks(struct partition *p, const struct policy_rule *rule, struct feature_list *out)
{
	uint32_t *grown = reallocarray(out->at, out->n + rule->except_cidrs.n + 1, sizeof(*grown));
	int err = 0;

	if (!grown)
		return -ENOMEM;
	out->at = grown;
	for (size_t i = 0; !err && i < rule->except_cidrs.n; i++)
		err = partition_add_addresses(p, &rule->except_cidrs.at[i], NULL, 0, &out->at[out->n++]);
	return err;
}

static int add_rule(struct features *f, const struct policy *policy, const struct policy_rule *rule)
{
	struct partition *names = rule->section == SECTION_NETWORK ? &f->sockets : &f->paths;
	struct rule_features *r;
	int err = array_reserve(&f->rules, &f->rules_room, f->n_rules + 1, sizeof(*f->rules));

	if (err)
		return err;
	r = &f->rules[f->n_rules++];
	*r = (struct rule_features){.policy = policy, .rule = rule};
	err = rule->section == SECTION_NETWORK && !rule->patterns.n
		      ? add_blocks(names, rule, &r->parts)
		      : add_patterns(names, &rule->patterns, &r->parts);
	if (!err)
		err = add_patterns(names, &rule->except, &r->except);
	if (!err)
		err = add_except_blocks(names, rule, &r->except);
	if (!err)
		err = add_patterns(&f->exes, &rule->from, &r->from);
	if (!err)
		err = add_patterns(&f->exes, &rule->unless_from, &r->unless_from);
	return err;
}

int features_add(struct features *f, const struct policy *policy)
{
	uint32_t feature;
	int err = 0;

	for (unsigned s = 0; s < RULE_SECTIONS; s++) {
		for (size_t i = 0; !err && i < policy->sections[s].n_rules; i++)
			err = add_rule(f, policy, &policy->sections[s].rules[i]);
	}
	for (size_t i = 0; !err && i < policy->n_subjects; i++) {
		const struct policy_subject *subject = &policy->subjects[i];

		if (subject->exe.text)
			err = partition_add_pattern(&f->exes, subject->exe.text, &feature);
		if (!err && subject->unit.text)
			err = partition_add_pattern(&f->exes, UNIT_HELPER, &feature);
	}
	return err;
}

int features_divide(struct features *f)
{
	int err = partition_divide(&f->paths);

	if (!err)
		err = partition_divide(&f->sockets);
	return err ? err : partition_divide(&f->exes);
}

static bool lists(const uint8_t *list, size_t n, unsigned value)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == value)
			return true;
	}
	return !n;
}

static bool has_family(const struct policy_rule *rule, const struct region *name)
{
	bool six = name->name[0] == PV_FAM_INET6, found = !rule->cidrs.n;

	for (size_t i = 0; i < rule->cidrs.n; i++)
		found = found || rule->cidrs.at[i].family == (six ? 6 : 4);
	return found && lists(rule->families, rule->n_families, six ? AF_INET6 : AF_INET);
}

/* Names of unix sockets and of other families. */
static uint32_t other_accesses(const struct rule_features *r, const struct region *name)
{
	const struct policy_rule *rule = r->rule;

	if (rule->cidrs.n || rule->n_ports || rule->n_protocols)
		return 0;
	if (name->name[0] == PV_FAM_UNIX)
		return rule->n_families ? 0 : rule->access & ADDRESS_ACCESSES;
	return lists(rule->families, rule->n_families, name->name[1]) ? rule->access & 1u << PV_ACC_SOCKET
								      : 0;
}

/* A rule that permits an operation on addresses, and names no protocol, is not about raw sockets. */
static bool has_protocol(const struct policy_rule *rule, unsigned protocol, bool outright)
{
	if (rule->n_protocols || outright || rule->effect == EFFECT_DENY)
		return lists(rule->protocols, rule->n_protocols, protocol);
	return protocol != PV_PROTO_RAW;
}

static uint32_t inet_accesses(const struct rule_features *r, size_t i, const struct region *name)
{
	const struct policy_rule *rule = r->rule;
	bool outright = rule->access & 1u << PV_ACC_SOCKET;

	if (!has_family(rule, name))
		return 0;
	if (name->length > 2) {
		if (!has_protocol(rule, name->name[1], false) ||
		    (r->parts.at[i] != NO_FEATURE && !region_has(name, r->parts.at[i])))
			return 0;
		return rule->access & ADDRESS_ACCESSES;
	}
	if (!has_protocol(rule, name->name[1], outright))
		return 0;
	if (rule->cidrs.n && rule->cidrs.at[i].family != (name->name[0] == PV_FAM_INET6 ? 6 : 4))
		return 0;
	/* to permit an operation is to permit the socket for it */
	return outright || rule->effect == EFFECT_ALLOW ? 1u << PV_ACC_SOCKET : 0;
}

uint32_t part_accesses(const struct rule_features *r, size_t i, const struct region *name)
{
	if (r->rule->section != SECTION_NETWORK)
		return region_has(name, r->parts.at[i]) ? r->rule->access : 0;
	if (r->rule->patterns.n)
		return region_has(name, r->parts.at[i]) ? r->rule->access & ADDRESS_ACCESSES : 0;
	if (name->name[0] == PV_FAM_UNIX || name->name[0] == PV_FAM_OTHER)
		return other_accesses(r, name);
	return inet_accesses(r, i, name);
}

static bool has_any(const struct region *region, const struct feature_list *list)
{
	for (size_t i = 0; region && i < list->n; i++) {
		if (region_has(region, list->at[i]))
			return true;
	}
	return false;
}

bool rule_excepts(const struct rule_features *r, const struct region *name)
{
	return has_any(name, &r->except);
}

bool rule_holds(const struct rule_features *r, const struct place *place)
{
	return (!r->from.n || has_any(place->exe, &r->from)) && !has_any(place->exe, &r->unless_from) &&
	       (!r->rule->owner || place->owner);
}
