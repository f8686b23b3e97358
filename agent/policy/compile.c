/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The compiler (policy_compile() in policy.h): from a policy set to an image.
 *
 *   1. Every pattern and address block becomes an item: cgroups and executables below roots of their
 *      own, paths and network rules below two roots per policy, all in one nondeterministic automaton.
 *   2. The executables' patterns are made deterministic: that gives the classes of executables.
 *   3. The cgroup patterns are made deterministic. Which sets of policies can govern a cgroup shows
 *      then, and each set is a profile.
 *   4. For each profile, the path and network items of its policies, and of no others, are made
 *      deterministic; each set of items that a name can match is resolved to a row, or to choices
 *      between rows where items have conditions.
 *   5. The whole is minimised and laid out. The names that literal patterns deny are listed beside it:
 *      who publishes the image marks what has them (mark.h).
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
#include "choice.h"
#include "layout.h"
#include "mark.h"
#include "netname.h"
#include "pattern.h"
#include "policy.h"
#include "profiles.h"
#include "resolve.h"
#include "subjects.h"

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
	struct choices choices;
	struct subjects subjects;
	uint32_t exe_root;
	uint32_t *path_roots, *net_roots; /* by policy */
	struct intern domains;		  /* word 0: whether network; then policies */
	uint32_t *starts;		  /* by domain; the last is that of cgroups */
	uint32_t *undecidable;		  /* by domain: a cell */
	size_t starts_room, undecidable_room;
	struct pv_profile *entries; /* starts: domains */
	uint32_t cgroup_start, exe_start;
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

/* Where in a policy a rule is. */
static void rule_place(const struct item *item, char *where, size_t size)
{
	snprintf(where, size, "%s.rules[%u]", policy_section_name(item->section), item->rule);
}

static int add_pattern(struct compiler *c, const struct item *template, const struct policy_pattern *pattern)
{
	const struct policy *p = c->resolver.policies[template->policy];
	bool net = template->section == SECTION_NETWORK;
	uint32_t number, root = net ? nfa_byte(&c->nfa, c->net_roots[template->policy], PV_FAM_UNIX)
				    : c->path_roots[template->policy];
	struct item item = *template;
	struct pattern_end end;
	char error[200] = "", where[32];
	int ret = pattern_add(&c->nfa, root, net ? PATTERN_SOCKET : PATTERN_FILE, pattern->text, &end, error,
			      sizeof(error));

	if (!ret) {
		item.root = end.root;
		item.literal = !net && end.literal;
		ret = resolver_add_item(&c->resolver, &item, &number);
	}
	if (!ret) {
		nfa_accept(&c->nfa, end.node, number);
		ret = c->nfa.error;
	}
	if (ret) {
		rule_place(&item, where, sizeof(where));
		return report_pattern(c, ret, p, where, pattern, error);
	}
	return 0;
}

static int add_patterns(struct compiler *c, struct item item, const struct policy_patterns *patterns)
{
	int ret = 0;

	for (item.match = 0; !ret && item.match < patterns->n; item.match++)
		ret = add_pattern(c, &item, &patterns->at[item.match]);
	return ret;
}

static int add_executables(struct compiler *c, const struct item *item,
			   const struct policy_patterns *patterns, uint32_t *condition)
{
	char error[200] = "", where[32];
	size_t bad = 0;
	int ret = 0;

	if (patterns->n)
		ret = choices_add_executables(&c->choices, &c->nfa, c->exe_root, patterns, condition, &bad,
					      error, sizeof(error));
	if (!ret)
		return 0;
	rule_place(item, where, sizeof(where));
	return report_pattern(c, ret, c->resolver.policies[item->policy], where, &patterns->at[bad], error);
}

/* What narrows a rule, for its items: conditions, and the exceptions, which come first. */
static int add_narrowing(struct compiler *c, struct item *item, const struct policy_rule *rule)
{
	struct item exception;
	int ret = add_executables(c, item, &rule->from, &item->condition.from);

	if (!ret)
		ret = add_executables(c, item, &rule->unless_from, &item->condition.unless_from);
	item->condition.owner = rule->owner;
	exception = *item;
	exception.exception = true;
	exception.condition = (struct condition){0};
	exception.access = 0;
	if (!ret)
		ret = add_patterns(c, exception, &rule->except);
	for (size_t i = 0; !ret && i < rule->except_cidrs.n; i++) {
		uint32_t number;

		exception.match = i;
		ret = resolver_add_item(&c->resolver, &exception, &number);
		if (!ret)
			netname_add_block(&c->nfa, c->net_roots[item->policy], &rule->except_cidrs.at[i],
					  number);
	}
	return ret ? ret : c->nfa.error;
}

static int add_path_rule(struct compiler *c, struct item item, const struct policy_rule *rule)
{
	int ret = add_narrowing(c, &item, rule);

	item.access = item.section == SECTION_EXEC ? 1u << PV_ACC_EXEC : rule->access & FILE_ACCESSES;
	return ret ? ret : add_patterns(c, item, &rule->patterns);
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

/* Everything that a rule without `unix` says. */
static int add_inet_rule(struct compiler *c, struct item item, const struct policy_rule *rule)
{
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
	return ret;
}

static int add_net_rule(struct compiler *c, struct item item, const struct policy_rule *rule)
{
	const struct policy *p = c->resolver.policies[item.policy];
	int ret = add_narrowing(c, &item, rule);

	item.access = rule->access & NET_ADDRESS_ACCESSES;
	if (ret)
		return ret;
	if (rule->patterns.n)
		return add_patterns(c, item, &rule->patterns);
	ret = add_inet_rule(c, item, rule);
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
	ret = subjects_add(&c->subjects, &c->nfa, p, policy, c->options, c->d);
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

/* ---- 2 to 4: determinism ---- */

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

/* The number of the set of policies that these entries belong to. */
static int leaf_profile(void *context, const uint32_t *entries, size_t n, bool root, uint32_t *answer)
{
	struct compiler *c = context;
	const char **names = calloc(n + 1, sizeof(*names));
	int ret;

	(void)root;
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		names[i] = c->resolver.policies[c->subjects.entries[entries[i]].policy]->name;
	ret = profiles_number(c->profiles, names, n);
	free(names);
	if (ret == -ENOSPC)
		diag_add(c->d, NULL, 0, 0, NULL, NULL,
			 "more than %d different sets of policies govern a process, or did since the agent "
			 "started",
			 PV_PROFILES_MAX - 1);
	if (ret < 0)
		return ret;
	*answer = ret;
	return 0;
}

static const struct condition *entry_condition(void *context, uint32_t entry)
{
	const struct compiler *c = context;

	return &c->subjects.entries[entry].condition;
}

static int answer_cgroup(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	struct compiler *c = context;
	struct chooser chooser = {
		.choices = &c->choices, .condition = entry_condition, .leaf = leaf_profile, .context = c};
	uint32_t *entries = calloc(n + 1, sizeof(*entries));
	int ret;

	if (!entries)
		return -ENOMEM;
	ret = choose(&chooser, entries, subjects_reduce(&c->subjects, items, n, root, entries), root, answer);
	free(entries);
	*answer |= ANSWER_PROFILE;
	return ret;
}

static int leaf_row(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	const struct task *t = context;

	if (t->net)
		return resolve_net_row(&t->c->resolver, &t->members, items, n, answer);
	return resolve_path_row(&t->c->resolver, &t->members, items, n, root, answer);
}

static const struct condition *item_condition(void *context, uint32_t item)
{
	const struct task *t = context;

	return &t->c->resolver.items[item].condition;
}

static int answer_row(void *context, const uint32_t *items, size_t n, bool root, uint32_t *answer)
{
	struct task *t = context;
	struct chooser chooser = {
		.choices = &t->c->choices, .condition = item_condition, .leaf = leaf_row, .context = t};

	return choose(&chooser, items, n, root, answer);
}

/* -E2BIG when too many states are needed. */
static int report_too_large(struct compiler *c, int ret, const char *what)
{
	if (ret == -E2BIG)
		diag_add(c->d, NULL, 0, 0, NULL, NULL,
			 "the %s of the policies combine into too large an automaton", what);
	return ret == -ENOSPC ? -E2BIG : ret;
}

static int build_executables(struct compiler *c)
{
	int ret = automaton_build(&c->automaton, &c->exe_root, 1, true, choices_class, &c->choices,
				  &c->exe_start);

	if (!ret)
		ret = choices_finish(&c->choices);
	return report_too_large(c, ret, "executables' patterns");
}

static int build_cgroups(struct compiler *c)
{
	int ret = automaton_build(&c->automaton, c->subjects.roots, 2, true, answer_cgroup, c,
				  &c->cgroup_start);

	return report_too_large(c, ret, "cgroup patterns");
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
	ret = array_reserve(&c->starts, &c->starts_room, (size_t)id + 3, sizeof(*c->starts));
	if (!ret)
		ret = array_reserve(&c->undecidable, &c->undecidable_room, (size_t)id + 1,
				    sizeof(*c->undecidable));
	if (!ret)
		ret = automaton_build(&c->automaton, roots, n - 1, !t.net, answer_row, &t, &c->starts[id]);
	free(roots);
	if (ret == -E2BIG)
		return report_growth(&t, t.net ? "network rules" : "patterns");
	if (!ret)
		ret = resolve_undecidable(&c->resolver, &t.members,
					  t.net ? UNDECIDABLE_NET : UNDECIDABLE_PATH, &c->undecidable[id]);
	if (!ret)
		*domain = id;
	return ret;
}

/* What a profile's automata and its table are made of. */
enum domain { DOMAIN_PATHS, DOMAIN_NET, DOMAIN_TABLE, DOMAINS };

static bool takes_part(const struct policy *p, enum domain domain)
{
	switch (domain) {
	case DOMAIN_PATHS:
		return p->sections[SECTION_FILES].present || p->sections[SECTION_EXEC].present;
	case DOMAIN_NET:
		return p->sections[SECTION_NETWORK].present;
	default:
		return true; /* some of it holds for every policy */
	}
}

static int compare_name(const void *name, const void *policy)
{
	return strcmp(name, (*(const struct policy *const *)policy)->name);
}

/* The policies of a set that still exist and have something to say. */
static size_t find_members(const struct compiler *c, const struct profile_set *set, enum domain domain,
			   uint32_t *members)
{
	const struct resolver *r = &c->resolver;
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct policy **p = bsearch(set->names[i], r->policies, r->n_policies,
						  sizeof(*r->policies), compare_name);

		if (p && takes_part(*p, domain))
			members[n++] = p - r->policies;
	}
	return n;
}

/* One entry per number in the registry. Names in a set are sorted, like the policies. */
static int build_profile(struct compiler *c, const struct profile_set *set, struct pv_profile *entry)
{
	uint32_t *key = calloc(set->n + 1, sizeof(*key)), domains[DOMAIN_TABLE] = {0}, table = 0;
	struct members members = {.policies = key};
	int ret = key ? 0 : -ENOMEM;

	for (unsigned domain = 0; !ret && domain < DOMAIN_TABLE; domain++) {
		size_t n = find_members(c, set, domain, key + 1);

		key[0] = domain == DOMAIN_NET;
		ret = build_domain(c, key, n + 1, &domains[domain]);
	}
	if (!ret) {
		members.n = find_members(c, set, DOMAIN_TABLE, key);
		ret = resolve_table(&c->resolver, &members, &table);
	}
	free(key);
	if (ret)
		return ret;
	*entry = (struct pv_profile){
		.path_start = domains[DOMAIN_PATHS],
		.net_start = domains[DOMAIN_NET],
		.path_undecidable = c->undecidable[domains[DOMAIN_PATHS]],
		.net_undecidable = c->undecidable[domains[DOMAIN_NET]],
		.system_row = table,
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

/* ---- 5: the image ---- */

static int make_image(struct compiler *c, struct image *image)
{
	struct layout l = {
		.automaton = &c->automaton,
		.rows = &c->resolver.rows,
		.tables = &c->resolver.tables,
		.choices = &c->choices,
		.generation = c->options->generation,
		.profiles = c->entries,
		.n_profiles = c->profiles->n,
		.max_blocks = c->max_blocks,
	};
	uint32_t n = c->domains.n;
	int ret;

	c->starts[n] = c->cgroup_start;
	c->starts[n + 1] = c->exe_start;
	ret = automaton_minimise(&c->automaton, c->starts, (size_t)n + 2);
	if (ret)
		return ret;
	l.cgroup_start = c->starts[n];
	l.exe_start = c->starts[n + 1];
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
	c->exe_root = nfa_root(&c->nfa);
	choices_init(&c->choices);
	subjects_init(&c->subjects, &c->nfa, c->exe_root, &c->choices);
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
	ret = build_executables(c);
	if (!ret)
		ret = build_cgroups(c);
	if (!ret)
		ret = build_profiles(c);
	if (!ret)
		ret = make_image(c, image);
	return ret ? ret : mark_names(set, image);
}

static void compiler_free(struct compiler *c)
{
	resolver_free(&c->resolver);
	subjects_free(&c->subjects);
	choices_free(&c->choices);
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
