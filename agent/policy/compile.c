/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The compiler (policy_compile() in policy.h): from a policy set to an image.
 *
 *   1. Every pattern and address block becomes an item: cgroup patterns below one root, paths and
 *      network rules below two roots per policy, all in one nondeterministic automaton.
 *   2. The cgroup patterns are made deterministic. Which sets of policies can govern a cgroup shows
 *      then, and each set is a profile.
 *   3. For each profile, the path and network items of its policies, and of no others, are made
 *      deterministic; each set of items that a name can match is resolved to a row.
 *   4. The whole is minimised and laid out.
 *
 * Profiles of former generations stay in use by tasks that left their cgroup, so each gets its entry,
 * made of those of its policies that still exist. Different profiles often need the same automaton
 * (the policies that differ have no rules on paths, say); it is built once.
 *
 * Policies are put in the order of their names before anything else, and everything that follows is
 * numbered in the order of its discovery, so the image is a function of the set and the registry.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "automaton.h"
#include "layout.h"
#include "netname.h"
#include "pattern.h"
#include "policy.h"
#include "profiles.h"
#include "resolve.h"

#define FILE_ACCESSES ((1u << PV_ACC_EXEC) - 1)
#define NET_ACCESSES  (NET_ADDRESS_ACCESSES | 1u << PV_ACC_SOCKET)

struct compiler {
	const struct compile_options *options;
	struct profiles *profiles;
	struct diags *d;
	size_t max_blocks;
	struct resolver resolver;
	struct nfa nfa;
	struct automaton automaton;
	uint32_t cgroup_root, no_root;
	uint32_t *path_roots, *net_roots; /* by policy */
	struct intern domains;		  /* word 0: whether network; then policies */
	uint32_t *starts;		  /* by domain; the last is that of cgroups */
	uint32_t *undecidable;		  /* by domain: a cell */
	size_t starts_room, undecidable_room;
	struct pv_profile *entries; /* starts: domains */
	uint32_t cgroup_start;
};

/* What an answer function works for. */
struct task {
	struct compiler *c;
	struct members members;
	bool net;
};

/* ---- 1: items ---- */

static int report_pattern(const struct compiler *c, int error, const struct policy *p, const char *where,
			  const struct policy_pattern *pattern, const char *message)
{
	if (error == -ENOMEM)
		return error;
	if (error == -E2BIG)
		message = "the patterns of the policies up to this one are too many";
	diag_add(c->d, p->file, pattern->line, pattern->column, where, NULL, "%s", message);
	return error;
}

static int add_cgroup(struct compiler *c, uint32_t policy, const struct policy_subject *subject, size_t index)
{
	const struct policy *p = c->resolver.policies[policy];
	char error[200] = "a subject needs a cgroup", where[32];
	struct pattern_end end = {0};
	struct byteset any = {{0}};
	uint32_t below[2] = {0};
	int ret = -EINVAL;

	if (subject->cgroup.text && subject->cgroup_literal)
		ret = pattern_add_literal(&c->nfa, c->cgroup_root, subject->cgroup.text, &end, error,
					  sizeof(error));
	else if (subject->cgroup.text)
		ret = pattern_add(&c->nfa, c->cgroup_root, PATTERN_PATH, subject->cgroup.text, &end, error,
				  sizeof(error));
	snprintf(where, sizeof(where), "subjects[%zu]", index);
	if (ret)
		return report_pattern(c, ret, p, where, &subject->cgroup, error);
	/* What matches governs everything below; below the root, the slash is the root's own. */
	byteset_add(&any, 0, 255);
	below[0] = nfa_byte(&c->nfa, end.node, '/');
	if (end.root)
		below[1] = nfa_byte(&c->nfa, c->cgroup_root, '/');
	nfa_accept(&c->nfa, end.node, policy * 2 + end.root);
	for (unsigned i = 0; i < (end.root ? 2 : 1); i++)
		nfa_accept(&c->nfa, nfa_run(&c->nfa, below[i], &any), policy * 2 + end.root);
	return c->nfa.error;
}

static int add_pattern(struct compiler *c, const struct item *template, const struct policy_pattern *pattern)
{
	const struct policy *p = c->resolver.policies[template->policy];
	struct item item = *template;
	struct pattern_end end;
	char error[200] = "", where[32];
	uint32_t number;
	int ret = pattern_add(&c->nfa, c->path_roots[item.policy], PATTERN_PATH, pattern->text, &end, error,
			      sizeof(error));

	if (!ret) {
		item.root = end.root;
		ret = resolver_add_item(&c->resolver, &item, &number);
	}
	if (!ret) {
		nfa_accept(&c->nfa, end.node, number);
		ret = c->nfa.error;
	}
	if (ret) {
		snprintf(where, sizeof(where), "%s.rules[%u]",
			 item.section == SECTION_FILES ? "files" : "exec", item.rule);
		return report_pattern(c, ret, p, where, pattern, error);
	}
	return 0;
}

static int add_path_rule(struct compiler *c, struct item item, const struct policy_rule *rule)
{
	int ret = 0;

	item.access = item.section == SECTION_EXEC ? 1u << PV_ACC_EXEC : rule->access & FILE_ACCESSES;
	for (item.match = 0; !ret && item.match < rule->patterns.n; item.match++)
		ret = add_pattern(c, &item, &rule->patterns.at[item.match]);
	return ret;
}

static int add_addresses(struct compiler *c, struct item item, const struct policy_rule *rule)
{
	uint32_t number, root = c->net_roots[item.policy];
	int ret = 0;

	item.access = rule->access & NET_ADDRESS_ACCESSES;
	item.match = NO_MATCH;
	if (!rule->cidrs.n) {
		ret = resolver_add_item(&c->resolver, &item, &number);
		if (!ret)
			netname_add_addresses(&c->nfa, root, rule, NULL, number);
	}
	for (size_t i = 0; !ret && i < rule->cidrs.n; i++) {
		item.match = i;
		ret = resolver_add_item(&c->resolver, &item, &number);
		if (!ret)
			netname_add_addresses(&c->nfa, root, rule, &rule->cidrs.at[i], number);
	}
	return ret;
}

static int add_net_rule(struct compiler *c, struct item item, const struct policy_rule *rule)
{
	const struct policy *p = c->resolver.policies[item.policy];
	bool addresses = rule->access & NET_ADDRESS_ACCESSES, sockets = rule->access & 1u << PV_ACC_SOCKET;
	uint32_t number;
	int ret = 0;

	if (addresses)
		ret = add_addresses(c, item, rule);
	/* An address can only be used through a socket, so to permit the one is to permit the other. */
	if (!ret && (sockets || (addresses && rule->effect == EFFECT_ALLOW))) {
		item.access = 1u << PV_ACC_SOCKET;
		item.match = NO_MATCH;
		item.implied = !sockets;
		ret = resolver_add_item(&c->resolver, &item, &number);
		if (!ret)
			netname_add_sockets(&c->nfa, c->net_roots[item.policy], rule, item.implied, number);
	}
	if (!ret)
		ret = c->nfa.error;
	if (ret == -E2BIG)
		diag_add(c->d, p->file, rule->line, rule->column, "network", NULL,
			 "the address blocks and ports of the policies up to this one are too many");
	return ret;
}

static int add_policy(struct compiler *c, uint32_t policy)
{
	const struct policy *p = c->resolver.policies[policy];
	int ret = 0;

	c->path_roots[policy] = nfa_root(&c->nfa);
	c->net_roots[policy] = nfa_root(&c->nfa);
	for (size_t i = 0; !ret && i < p->n_subjects; i++)
		ret = add_cgroup(c, policy, &p->subjects[i], i);
	for (unsigned s = 0; s < RULE_SECTIONS; s++) {
		const struct policy_rules *rules = &p->sections[s];
		struct item item = {.policy = policy, .section = s};

		for (size_t i = 0; !ret && rules->present && i < rules->n_rules; i++) {
			item.rule = i;
			if (s == SECTION_NETWORK)
				ret = add_net_rule(c, item, &rules->rules[i]);
			else
				ret = add_path_rule(c, item, &rules->rules[i]);
		}
	}
	return ret;
}

/* ---- 2 and 3: determinism ---- */

static unsigned count_wildcards(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '*' || *text == '?' || *text == '[' || *text == '{';
	return n;
}

/* Of the patterns at hand, remember the one with the most wildcards. */
static void suspect(const struct policy_pattern *pattern, const struct policy *p, unsigned *most,
		    const struct policy_pattern **found, const struct policy **in)
{
	unsigned n = pattern->text ? count_wildcards(pattern->text) : 0;

	if (n > *most) {
		*most = n;
		*found = pattern;
		*in = p;
	}
}

/* An automaton that grew too large: say whose, and where to begin looking. */
static int report_growth(const struct task *t, const char *what)
{
	const struct policy_pattern *pattern = NULL;
	const struct policy *in = NULL;
	unsigned most = 0;

	for (size_t m = 0; m < t->members.n; m++) {
		const struct policy *p = t->c->resolver.policies[t->members.policies[m]];

		if (!in)
			in = p;
		for (unsigned s = 0; !t->net && s <= SECTION_EXEC; s++) {
			for (size_t i = 0; i < p->sections[s].n_rules; i++) {
				const struct policy_rule *rule = &p->sections[s].rules[i];

				for (size_t j = 0; j < rule->patterns.n; j++)
					suspect(&rule->patterns.at[j], p, &most, &pattern, &in);
			}
		}
	}
	if (pattern)
		diag_add(t->c->d, in->file, pattern->line, pattern->column, NULL, NULL,
			 "the %s combine into too large an automaton; the pattern with the most wildcards is "
			 "'%.*s' of policy '%s'",
			 what, 100, pattern->text, in->name);
	else
		diag_add(t->c->d, in ? in->file : NULL, 0, 0, NULL, NULL,
			 "the %s combine into too large an automaton", what);
	return -E2BIG;
}

/* The answer for a cgroup: the number of the set of policies that govern it. */
static int answer_cgroup(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	struct compiler *c = context;
	const char **names = calloc(n + 1, sizeof(*names));
	size_t n_names = 0;
	int ret;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!root || items[i] & 1)
			names[n_names++] = c->resolver.policies[items[i] / 2]->name;
	}
	ret = profiles_number(c->profiles, names, n_names);
	free(names);
	if (ret == -ENOSPC)
		diag_add(c->d, NULL, 0, 0, NULL, NULL,
			 "more than %d different sets of policies govern a cgroup, or did since the agent "
			 "started",
			 PV_PROFILES_MAX - 1);
	if (ret < 0)
		return ret;
	*answer = ANSWER_PROFILE | ret;
	return 0;
}

static int answer_row(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	const struct task *t = context;

	if (t->net)
		return resolve_net_row(&t->c->resolver, &t->members, items, n, answer);
	return resolve_path_row(&t->c->resolver, &t->members, items, n, root, answer);
}

static int build_cgroups(struct compiler *c)
{
	int ret =
		automaton_build(&c->automaton, &c->cgroup_root, 1, true, answer_cgroup, c, &c->cgroup_start);

	if (ret == -E2BIG)
		diag_add(c->d, NULL, 0, 0, NULL, NULL,
			 "the cgroup patterns of the policies combine into too large an automaton");
	return ret == -ENOSPC ? -E2BIG : ret;
}

/* The automaton and the undecidable cell of some policies, unless they are there already. */
static int build_domain(struct compiler *c, const uint32_t *key, size_t n, uint32_t *domain)
{
	struct task t = {.c = c, .members = {.policies = key + 1, .n = n - 1}, .net = key[0]};
	uint32_t id, known = c->domains.n, *roots;
	int ret = intern_add(&c->domains, key, n * sizeof(*key), &id);

	if (!ret && id < known)
		*domain = id;
	if (ret || id < known)
		return ret;
	roots = calloc(n, sizeof(*roots));
	if (!roots)
		return -ENOMEM;
	for (size_t i = 1; i < n; i++)
		roots[i - 1] = t.net ? c->net_roots[key[i]] : c->path_roots[key[i]];
	ret = array_reserve(&c->starts, &c->starts_room, (size_t)id + 2, sizeof(*c->starts));
	if (!ret)
		ret = array_reserve(&c->undecidable, &c->undecidable_room, (size_t)id + 1,
				    sizeof(*c->undecidable));
	if (!ret)
		ret = automaton_build(&c->automaton, roots, n - 1, !t.net, answer_row, &t, &c->starts[id]);
	free(roots);
	if (ret == -E2BIG)
		return report_growth(&t, t.net ? "network rules" : "patterns");
	if (!ret)
		ret = resolve_undecidable(&c->resolver, &t.members, t.net, &c->undecidable[id]);
	if (!ret)
		*domain = id;
	return ret;
}

static bool takes_part(const struct policy *p, bool net)
{
	if (net)
		return p->sections[SECTION_NETWORK].present;
	return p->sections[SECTION_FILES].present || p->sections[SECTION_EXEC].present;
}

static int compare_name(const void *name, const void *policy)
{
	return strcmp(name, (*(const struct policy *const *)policy)->name);
}

/* One entry per number in the registry. Names in a set are sorted, like the policies. */
static int build_profile(struct compiler *c, const struct profile_set *set, struct pv_profile *entry)
{
	const struct resolver *r = &c->resolver;
	uint32_t *key = calloc(set->n + 1, sizeof(*key)), domains[2] = {0};
	int ret = key ? 0 : -ENOMEM;

	for (unsigned net = 0; !ret && net < 2; net++) {
		size_t n = 1;

		key[0] = net;
		for (size_t i = 0; i < set->n; i++) {
			const struct policy **p = bsearch(set->names[i], r->policies, r->n_policies,
							  sizeof(*r->policies), compare_name);

			if (p && takes_part(*p, net))
				key[n++] = p - r->policies;
		}
		ret = build_domain(c, key, n, &domains[net]);
	}
	free(key);
	if (ret)
		return ret;
	*entry = (struct pv_profile){
		.path_start = domains[0],
		.net_start = domains[1],
		.path_undecidable = c->undecidable[domains[0]],
		.net_undecidable = c->undecidable[domains[1]],
	};
	return 0;
}

static int build_profiles(struct compiler *c)
{
	int ret = 0;

	c->entries = calloc(c->profiles->n, sizeof(*c->entries));
	if (!c->entries)
		return -ENOMEM;
	for (size_t i = 0; !ret && i < c->profiles->n; i++)
		ret = build_profile(c, &c->profiles->sets[i], &c->entries[i]);
	return ret;
}

/* ---- 4: the image ---- */

static int make_image(struct compiler *c, struct image *image)
{
	struct layout l = {
		.automaton = &c->automaton,
		.rows = &c->resolver.rows,
		.generation = c->options->generation,
		.profiles = c->entries,
		.n_profiles = c->profiles->n,
		.max_blocks = c->max_blocks,
	};
	uint32_t n = c->domains.n;
	int ret;

	c->starts[n] = c->cgroup_start;
	ret = automaton_minimise(&c->automaton, c->starts, (size_t)n + 1);
	if (ret)
		return ret;
	l.cgroup_start = c->starts[n];
	for (size_t i = 0; i < c->profiles->n; i++) {
		c->entries[i].path_start = c->starts[c->entries[i].path_start];
		c->entries[i].net_start = c->starts[c->entries[i].net_start];
	}
	ret = layout_image(&l, image);
	if (ret == -E2BIG)
		diag_add(c->d, NULL, 0, 0, NULL, NULL,
			 "the compiled policies take more than %zu blocks of %d KiB (%u states, %u rows)",
			 c->max_blocks, PV_BLOCK_SIZE / 1024, c->automaton.n_states, c->resolver.rows.n);
	return ret ? ret : resolver_export(&c->resolver, image);
}

static int compile(struct compiler *c, const struct policy_set *set, struct image *image)
{
	uint64_t states = (uint64_t)c->max_blocks * PV_BLOCK_SLOTS * 16;
	int ret = resolver_init(&c->resolver, set, c->options->monitor_all);

	nfa_init(&c->nfa);
	c->cgroup_root = nfa_root(&c->nfa);
	c->path_roots = calloc(set->n_policies + 1, sizeof(*c->path_roots));
	c->net_roots = calloc(set->n_policies + 1, sizeof(*c->net_roots));
	if (!ret && (!c->path_roots || !c->net_roots))
		ret = -ENOMEM;
	if (!ret && !c->profiles->n)
		ret = profiles_number(c->profiles, NULL, 0);
	for (uint32_t i = 0; !ret && i < set->n_policies; i++)
		ret = add_policy(c, i);
	if (ret)
		return ret;
	ret = nfa_finish(&c->nfa);
	if (ret == -E2BIG)
		diag_add(c->d, NULL, 0, 0, NULL, NULL, "the rules of the policies are too many");
	if (ret)
		return ret;
	automaton_init(&c->automaton, &c->nfa, states < AUTOMATON_STATES_MAX ? states : AUTOMATON_STATES_MAX);
	ret = build_cgroups(c);
	if (!ret)
		ret = build_profiles(c);
	if (!ret)
		ret = make_image(c, image);
	return ret;
}

static void compiler_free(struct compiler *c)
{
	resolver_free(&c->resolver);
	nfa_free(&c->nfa);
	automaton_free(&c->automaton);
	intern_free(&c->domains);
	free(c->path_roots);
	free(c->net_roots);
	free(c->starts);
	free(c->undecidable);
	free(c->entries);
}

int policy_compile(const struct policy_set *set, const struct compile_options *options,
		   struct profiles *profiles, struct image **out, struct diags *d)
{
	struct compiler c = {.options = options, .profiles = profiles, .d = d};
	size_t n_profiles = profiles->n;
	struct image *image;
	int ret;

	if (!options->generation) {
		diag_add(d, NULL, 0, 0, NULL, NULL, "an image needs a generation that is not 0");
		return -EINVAL;
	}
	c.max_blocks = options->max_blocks;
	if (!c.max_blocks || c.max_blocks > PV_BLOCKS_MAX)
		c.max_blocks = PV_BLOCKS_MAX;
	image = calloc(1, sizeof(*image));
	ret = image ? compile(&c, set, image) : -ENOMEM;
	compiler_free(&c);
	if (ret) {
		profiles_truncate(profiles, n_profiles);
		image_free(image);
		if (ret == -ENOMEM)
			diag_add(d, NULL, 0, 0, NULL, NULL, "no memory to compile the policies");
		return ret;
	}
	*out = image;
	return 0;
}
