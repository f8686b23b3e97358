/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random numbers, and policy sets: built by hand, compiled, and written out (see oracle.h).
 *
 * What is built is all allocated, so policy_set_free() frees it. A set that is written out reads like
 * the policy file that would say the same, for whoever has to find out why a test failed.
 */
#include "oracle.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* ---- random numbers ---- */

uint64_t random_seed(uint64_t own)
{
	const char *text = getenv("PAVISE_SEED");

	return text ? strtoull(text, NULL, 0) : own;
}

uint64_t random_rounds(uint64_t own)
{
	const char *text = getenv("PAVISE_ROUNDS");

	return text ? own * strtoull(text, NULL, 0) : own;
}

/* splitmix64 */
static uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t random_below(struct random *r, uint32_t n)
{
	return (random_next(r) >> 32) * n >> 32;
}

bool random_chance(struct random *r, unsigned percent)
{
	return random_below(r, 100) < percent;
}

/* ---- building ---- */

/* One more element, zeroed, at the end of an array. */
static void *append(void *array, size_t *n, size_t size)
{
	void **p = array;
	char *grown;

	/* Powers of two are the times to grow. */
	if (!(*n & (*n - 1))) {
		grown = reallocarray(*p, *n ? *n * 2 : 1, size);
		assert_non_null(grown);
		*p = grown;
	}
	grown = (char *)*p + size * (*n)++;
	memset(grown, 0, size);
	return grown;
}

static char *copy(const char *text)
{
	char *p = strdup(text);

	assert_non_null(p);
	return p;
}

struct policy *build_policy(struct policy_set *set, const char *name, enum policy_mode mode)
{
	struct policy *p = append(&set->policies, &set->n_policies, sizeof(*p));

	p->name = copy(name);
	p->file = copy("test.yaml");
	p->mode = mode;
	return p;
}

void build_text(struct policy_pattern *pattern, const char *text)
{
	pattern->text = copy(text);
}

struct policy_subject *build_entry(struct policy *p)
{
	return append(&p->subjects, &p->n_subjects, sizeof(*p->subjects));
}

void build_subject(struct policy *p, const char *cgroup)
{
	build_text(&build_entry(p)->cgroup, cgroup);
}

void build_user(struct policy_subject *entry, uint32_t uid)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", uid);
	build_text(&entry->user, text);
	entry->user_known = true;
	entry->uid = uid;
}

void build_label(struct policy_subject *entry, const char *key, const char *value)
{
	struct policy_label *label = append(&entry->labels, &entry->n_labels, sizeof(*label));

	entry->container = true;
	label->key = copy(key);
	build_text(&label->value, value);
}

void build_section(struct policy *p, enum policy_section section, enum policy_effect fallback)
{
	p->sections[section].present = true;
	p->sections[section].fallback = fallback;
	p->sections[section].line = 100 + section;
}

struct policy_rule *build_rule(struct policy *p, enum policy_section section, enum policy_effect effect,
			       uint32_t access)
{
	struct policy_rules *rules = &p->sections[section];
	struct policy_rule *rule = append(&rules->rules, &rules->n_rules, sizeof(*rule));

	rules->present = true;
	rule->section = section;
	rule->effect = effect;
	rule->access = access;
	rule->index = rules->n_rules - 1;
	rule->line = 1000 * section + rules->n_rules;
	return rule;
}

void build_listed(struct policy_patterns *list, const char *text)
{
	struct policy_pattern *p = append(&list->at, &list->n, sizeof(*p));

	p->text = copy(text);
}

void build_pattern(struct policy_rule *rule, const char *text)
{
	build_listed(&rule->patterns, text);
	rule->patterns.at[rule->patterns.n - 1].line = rule->line;
}

void build_cidr(struct policy_rule *rule, unsigned family, const char *address, unsigned bits)
{
	build_block(&rule->cidrs, family, address, bits);
}

void build_block(struct policy_cidrs *list, unsigned family, const char *address, unsigned bits)
{
	struct policy_cidr *c = append(&list->at, &list->n, sizeof(*c));
	char text[80];

	c->family = family;
	c->bits = bits;
	assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, address, c->addr), 1);
	snprintf(text, sizeof(text), "%s/%u", address, bits);
	c->text = copy(text);
}

void build_ports(struct policy_rule *rule, uint16_t first, uint16_t last)
{
	struct policy_ports *p = append(&rule->ports, &rule->n_ports, sizeof(*p));

	p->first = first;
	p->last = last;
}

void build_protocol(struct policy_rule *rule, uint8_t protocol)
{
	*(uint8_t *)append(&rule->protocols, &rule->n_protocols, 1) = protocol;
}

void build_family(struct policy_rule *rule, uint8_t family)
{
	*(uint8_t *)append(&rule->families, &rule->n_families, 1) = family;
}

void build_capability(struct policy *p, unsigned capability, enum policy_effect effect)
{
	p->sections[SECTION_CAPABILITIES].present = true;
	p->capabilities[capability] =
		(struct policy_choice){.present = true, .effect = effect, .line = 3000 + capability};
}

void build_system(struct policy *p, unsigned access, enum policy_effect effect)
{
	p->sections[SECTION_SYSTEM].present = true;
	p->system[access - PV_ACC_SYSTEM] =
		(struct policy_choice){.present = true, .effect = effect, .line = 4000 + access};
}

struct policy_rule *build_path_rule(struct policy *p, enum policy_section section, enum policy_effect effect,
				    uint32_t access, const char *pattern)
{
	struct policy_rule *rule = build_rule(p, section, effect, access);

	build_pattern(rule, pattern);
	return rule;
}

struct image *build_image_with(const struct policy_set *set, const struct compile_options *options,
			       struct profiles *profiles)
{
	struct diags d = {0};
	struct image *image = NULL;
	int ret = policy_compile(set, options, profiles, &image, &d);

	if (!ret)
		ret = image_validate(image->blocks, image->n_blocks, &d);
	diags_print(&d, stderr);
	diags_free(&d);
	assert_int_equal(ret, 0);
	return image;
}

struct image *build_image(const struct policy_set *set, bool monitor_all, struct profiles *profiles)
{
	struct compile_options options = {.generation = 1, .monitor_all = monitor_all};

	return build_image_with(set, &options, profiles);
}

void fixture_compile(struct fixture *f, bool monitor_all)
{
	struct compile_options options = {
		.generation = 1,
		.monitor_all = monitor_all,
		.containers = f->containers,
		.n_containers = f->n_containers,
	};

	f->monitor_all = monitor_all;
	profiles_init(&f->profiles);
	f->image = build_image_with(&f->set, &options, &f->profiles);
}

void fixture_free(struct fixture *f)
{
	image_free(f->image);
	profiles_free(&f->profiles);
	policy_set_free(&f->set);
}

const struct pv_image_head *image_head(const struct image *image)
{
	return (const struct pv_image_head *)image->blocks;
}

/* ---- writing out ---- */

static void show_patterns(FILE *f, const char *key, const struct policy_patterns *list)
{
	if (!list->n)
		return;
	fprintf(f, "      %s: [", key);
	for (size_t i = 0; i < list->n; i++)
		fprintf(f, "%s'%s'", i ? ", " : "", list->at[i].text);
	fprintf(f, "]\n");
}

static void show_blocks(FILE *f, const char *key, const struct policy_cidrs *list)
{
	if (!list->n)
		return;
	fprintf(f, "      %s: [", key);
	for (size_t i = 0; i < list->n; i++)
		fprintf(f, "%s'%s'", i ? ", " : "", list->at[i].text);
	fprintf(f, "]\n");
}

static void show_accesses(FILE *f, const char *key, uint32_t access)
{
	bool first = true;

	fprintf(f, "%s: [", key);
	for (unsigned i = 0; i < 32; i++) {
		if (!(access & 1u << i))
			continue;
		fprintf(f, "%s%s", first ? "" : ", ", policy_access_name(i));
		first = false;
	}
	fprintf(f, "]\n");
}

static const char *protocol_name(unsigned protocol)
{
	switch (protocol) {
	case PV_PROTO_TCP:
		return "tcp";
	case PV_PROTO_UDP:
		return "udp";
	case PV_PROTO_SCTP:
		return "sctp";
	case PV_PROTO_ICMP:
		return "icmp";
	case PV_PROTO_ICMPV6:
		return "icmpv6";
	default:
		return "raw";
	}
}

static void show_net_rule(FILE *f, const struct policy_rule *r)
{
	if (r->n_ports)
		fprintf(f, "      ports: [");
	for (size_t i = 0; i < r->n_ports; i++)
		fprintf(f, "%s%u-%u", i ? ", " : "", r->ports[i].first, r->ports[i].last);
	if (r->n_ports)
		fprintf(f, "]\n");
	if (r->n_protocols)
		fprintf(f, "      protocols: [");
	for (size_t i = 0; i < r->n_protocols; i++)
		fprintf(f, "%s%s", i ? ", " : "", protocol_name(r->protocols[i]));
	if (r->n_protocols)
		fprintf(f, "]\n");
	if (r->n_families)
		fprintf(f, "      families: [");
	for (size_t i = 0; i < r->n_families; i++)
		fprintf(f, "%s%u", i ? ", " : "", r->families[i]);
	if (r->n_families)
		fprintf(f, "]\n");
	show_patterns(f, "unix", &r->patterns);
	show_blocks(f, "to", &r->cidrs);
	show_blocks(f, "except", &r->except_cidrs);
}

static void show_rule(FILE *f, const struct policy_rule *r)
{
	const char *effect = r->effect == EFFECT_ALLOW ? "allow" : "deny";

	if (r->section == SECTION_NETWORK) {
		fprintf(f, "    - ");
		show_accesses(f, effect, r->access);
		show_net_rule(f, r);
	} else {
		fprintf(f, "    -\n");
		show_patterns(f, effect, &r->patterns);
		if (r->section == SECTION_FILES)
			show_accesses(f, "      access", r->access);
	}
	show_patterns(f, "except", &r->except);
	show_patterns(f, "from", &r->from);
	show_patterns(f, "unless-from", &r->unless_from);
	if (r->owner)
		fprintf(f, "      owner: true\n");
	if (r->audit)
		fprintf(f, "      audit: true\n");
	if (r->kill)
		fprintf(f, "      action: kill\n");
}

static void show_text(FILE *f, const char *key, const struct policy_pattern *p, const char **separator)
{
	if (!p->text)
		return;
	fprintf(f, "%s%s: '%s'", *separator, key, p->text);
	*separator = ", ";
}

static void show_subject(FILE *f, const struct policy_subject *s)
{
	const char *separator = "";

	fprintf(f, "  - {");
	show_text(f, s->cgroup_literal ? "cgroup (a path)" : "cgroup", &s->cgroup, &separator);
	show_text(f, "unit", &s->unit, &separator);
	show_text(f, "exe", &s->exe, &separator);
	show_text(f, s->user_known ? "user" : "user (unknown)", &s->user, &separator);
	if (s->container) {
		fprintf(f, "%scontainer: {", separator);
		separator = "";
		show_text(f, "name", &s->container_name, &separator);
		show_text(f, "image", &s->container_image, &separator);
		if (s->n_labels)
			fprintf(f, "%slabel: {", separator);
		separator = "";
		for (size_t i = 0; i < s->n_labels; i++)
			show_text(f, s->labels[i].key, &s->labels[i].value, &separator);
		fprintf(f, "%s}", s->n_labels ? "}" : "");
	}
	fprintf(f, "}\n");
}

static void show_choices(FILE *f, const struct policy *p)
{
	static const char *const words[] = {"allow", "deny"};

	if (p->sections[SECTION_CAPABILITIES].present)
		fprintf(f, "  capabilities:\n    default: %s\n",
			words[p->sections[SECTION_CAPABILITIES].fallback]);
	for (unsigned i = 0; i < POLICY_CAPABILITIES; i++) {
		if (p->capabilities[i].present)
			fprintf(f, "    %s: number %u\n", words[p->capabilities[i].effect], i);
	}
	if (p->sections[SECTION_SYSTEM].present)
		fprintf(f, "  system:\n");
	for (unsigned i = 0; i < POLICY_SYSTEM; i++) {
		if (p->system[i].present)
			fprintf(f, "    %s: %s\n", policy_access_name(PV_ACC_SYSTEM + i),
				words[p->system[i].effect]);
	}
}

void show_set(const struct policy_set *set, FILE *f)
{
	static const char *const words[] = {"allow", "deny"};
	static const char *const sections[] = {"files", "exec", "network"};

	for (size_t i = 0; i < set->n_policies; i++) {
		const struct policy *p = &set->policies[i];

		fprintf(f, "---\nname: %s\nspec:\n  mode: %s\n  on-error: %s\n  subjects:\n", p->name,
			p->mode == MODE_ENFORCE ? "enforce" : "monitor", words[!p->allow_on_error]);
		for (size_t j = 0; j < p->n_subjects; j++)
			show_subject(f, &p->subjects[j]);
		for (unsigned s = 0; s < RULE_SECTIONS; s++) {
			if (!p->sections[s].present)
				continue;
			fprintf(f, "  %s:\n    default: %s\n    rules:\n", sections[s],
				words[p->sections[s].fallback]);
			for (size_t j = 0; j < p->sections[s].n_rules; j++)
				show_rule(f, &p->sections[s].rules[j]);
		}
		show_choices(f, p);
	}
}

void show_containers(const struct policy_container *containers, size_t n, FILE *f)
{
	for (size_t i = 0; i < n; i++) {
		const struct policy_container *c = &containers[i];

		fprintf(f, "# container %s, image %s, in %s:", c->name, c->image, c->cgroup);
		for (size_t j = 0; j < c->n_labels; j++)
			fprintf(f, " %s=%s", c->labels[j * 2], c->labels[j * 2 + 1]);
		fprintf(f, "\n");
	}
}
