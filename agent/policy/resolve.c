/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Precedence, modes and the intersection of policies (see resolve.h): the one place that knows what
 * several matching rules mean together.
 *
 * Per policy and access, an explicit deny wins over an explicit allow, which wins over the section's
 * default; a section that is not there decides nothing. The two accesses that files and exec share:
 *
 *   map    denied by a files deny or an exec deny; else allowed by a files allow or an exec allow;
 *          else denied by the default of exec, else left to the default of files
 *   exec   denied by an exec deny, or by the default of exec unless an exec allow matches; else denied
 *          where map is, so that an exec fails before its point of no return; where both are, the
 *          one that kills speaks
 *
 * Besides, what the literal patterns of deny rules alone say: a marked file that is reached by another name
 * is denied no more than that (PV_COL_MARK in pavise.h).
 *
 * What is the agent's is denied by every policy that does not allow it: `agent` is the one choice that is
 * not allowed where it is not named.
 *
 * Across policies, a denial of an enforcing policy wins over one of a monitoring policy, which wins
 * over permission; a denial that kills wins over one that does not; of several, the first policy in
 * the order of names is reported. Adding a policy can only turn permission into denial, never the
 * reverse.
 */
#include "resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY	      UINT32_MAX
#define DECISIONS_MAX (1u << 24)
#define TABLE_ROWS    3

/* What a decision stands for, as a key: without padding. */
struct cause {
	uint32_t policy;
	uint32_t section;
	uint32_t reason; /* enum decision_reason */
	uint32_t item;	 /* of `system` and `capabilities`: the access or capability; NOBODY: none */
};

/* By access: the item that speaks for a policy. */
struct votes {
	uint32_t deny[PV_COLUMNS], allow[PV_COLUMNS];
	uint32_t literal[PV_COLUMNS]; /* of those that deny, literal ones only */
};

/* What one policy says about one access. */
struct ruling {
	bool denied, explicit;
	enum policy_section section;
	uint32_t item;
};

static int compare_policies(const void *a, const void *b)
{
	return strcmp((*(const struct policy *const *)a)->name, (*(const struct policy *const *)b)->name);
}

int resolver_init(struct resolver *r, const struct policy_set *set, bool monitor_all)
{
	static const struct pv_row allow_all[TABLE_ROWS];
	uint32_t number;
	int ret;

	*r = (struct resolver){.n_policies = set->n_policies, .monitor_all = monitor_all};
	r->policies = calloc(set->n_policies + 1, sizeof(*r->policies));
	if (!r->policies)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_policies; i++)
		r->policies[i] = &set->policies[i];
	qsort(r->policies, r->n_policies, sizeof(*r->policies), compare_policies);
	ret = intern_add(&r->rows, allow_all, sizeof(*allow_all), &number);
	return ret ? ret : intern_add(&r->tables, allow_all, sizeof(allow_all), &number);
}

void resolver_free(struct resolver *r)
{
	free(r->policies);
	free(r->items);
	intern_free(&r->rows);
	intern_free(&r->tables);
	intern_free(&r->causes);
	*r = (struct resolver){0};
}

int resolver_add_item(struct resolver *r, const struct item *item, uint32_t *number)
{
	int ret = array_reserve(&r->items, &r->item_room, r->n_items + 1, sizeof(*r->items));

	if (ret)
		return ret;
	if (r->n_items >= NOBODY - 1)
		return -E2BIG;
	*number = r->n_items;
	r->items[r->n_items++] = *item;
	return 0;
}

static bool enforces(const struct resolver *r, uint32_t policy)
{
	return !r->monitor_all && r->policies[policy]->mode == MODE_ENFORCE;
}

/* The number of a decision, given out at its first use. */
static int decide(struct resolver *r, const struct cause *cause, uint32_t *decision)
{
	int ret = intern_add(&r->causes, cause, sizeof(*cause), decision);

	if (ret)
		return ret;
	return ++*decision < DECISIONS_MAX ? 0 : -E2BIG;
}

/*
 * Note the items of a policy, items[from..), in ascending order; returns where the next policy's
 * start. The lowest item speaks, but of those that permit one that asks to be reported goes first,
 * and of those that deny one that kills: the order of rules must not matter for what happens.
 */
static bool is_urgent(const struct resolver *r, uint32_t number)
{
	const struct item *item = &r->items[number];
	const struct policy_rule *rule = item_rule(r, item);

	return rule->effect == EFFECT_DENY ? rule->kill : rule->audit && !item->implied;
}

/* One more item that speaks on an access, for the one that did so far. */
static void vote_for(const struct resolver *r, uint32_t *vote, uint32_t number)
{
	if (*vote == NOBODY || (is_urgent(r, number) && !is_urgent(r, *vote)))
		*vote = number;
}

static bool same_rule(const struct item *a, const struct item *b)
{
	return a->section == b->section && a->rule == b->rule;
}

static size_t collect_votes(const struct resolver *r, uint32_t policy, const uint32_t *items, size_t from,
			    size_t n, bool root, struct votes *votes)
{
	const struct item *except = NULL;

	memset(votes, 0xff, sizeof(*votes));
	for (; from < n && r->items[items[from]].policy == policy; from++) {
		const struct item *item = &r->items[items[from]];
		bool deny = item_rule(r, item)->effect == EFFECT_DENY;

		if (root && !item->root)
			continue;
		if (item->exception)
			except = item;
		if (except && same_rule(item, except))
			continue;
		for (uint32_t bits = item->access; bits; bits &= bits - 1) {
			unsigned access = __builtin_ctz(bits);

			vote_for(r, deny ? &votes->deny[access] : &votes->allow[access], items[from]);
			if (deny && item->literal)
				vote_for(r, &votes->literal[access], items[from]);
		}
	}
	return from;
}

static struct ruling rule_default(const struct policy *p, enum policy_section section)
{
	const struct policy_rules *rules = &p->sections[section];

	return (struct ruling){
		.denied = rules->present && rules->fallback == EFFECT_DENY,
		.section = section,
		.item = NOBODY,
	};
}

static struct ruling rule_explicit(bool denied, uint32_t item)
{
	return (struct ruling){.denied = denied, .explicit = true, .item = item};
}

static struct ruling rule_plain(const struct policy *p, const struct votes *v, enum policy_section section,
				unsigned access)
{
	if (v->deny[access] != NOBODY)
		return rule_explicit(true, v->deny[access]);
	if (v->allow[access] != NOBODY)
		return rule_explicit(false, v->allow[access]);
	return rule_default(p, section);
}

/* Two that deny: the one that kills, else the first. Either may be NOBODY. */
static uint32_t deny_of(const struct resolver *r, uint32_t a, uint32_t b)
{
	if (a == NOBODY || b == NOBODY)
		return a == NOBODY ? b : a;
	return is_urgent(r, b) && !is_urgent(r, a) ? b : a;
}

static struct ruling rule_map(const struct resolver *r, const struct policy *p, const struct votes *v)
{
	struct ruling by_default = rule_default(p, SECTION_EXEC);
	uint32_t deny = deny_of(r, v->deny[PV_ACC_MAP], v->deny[PV_ACC_EXEC]);

	if (deny != NOBODY)
		return rule_explicit(true, deny);
	if (v->allow[PV_ACC_MAP] != NOBODY)
		return rule_explicit(false, v->allow[PV_ACC_MAP]);
	if (v->allow[PV_ACC_EXEC] != NOBODY)
		return rule_explicit(false, v->allow[PV_ACC_EXEC]);
	return by_default.denied ? by_default : rule_default(p, SECTION_FILES);
}

static struct ruling rule_exec(const struct resolver *r, const struct policy *p, const struct votes *v)
{
	struct ruling ruling = rule_plain(p, v, SECTION_EXEC, PV_ACC_EXEC), map = rule_map(r, p, v);
	bool kills = ruling.denied && ruling.explicit && is_urgent(r, ruling.item);

	if (map.denied && (!ruling.denied || (!kills && map.explicit && is_urgent(r, map.item))))
		return map;
	return ruling;
}

static struct ruling rule_access(const struct resolver *r, const struct policy *p, const struct votes *v,
				 unsigned access)
{
	switch (access) {
	case PV_ACC_MAP:
		return rule_map(r, p, v);
	case PV_ACC_EXEC:
		return rule_exec(r, p, v);
	default:
		return rule_plain(p, v, access < PV_ACC_CONNECT ? SECTION_FILES : SECTION_NETWORK, access);
	}
}

/* What literal patterns that deny say, NOBODY: nothing. Exec and map go together, as above. */
static uint32_t literal_deny(const struct resolver *r, const struct votes *v, unsigned access)
{
	if (access == PV_ACC_MAP)
		return deny_of(r, v->literal[PV_ACC_MAP], v->literal[PV_ACC_EXEC]);
	if (access == PV_ACC_EXEC)
		return deny_of(r, v->literal[PV_ACC_EXEC], v->literal[PV_ACC_MAP]);
	return v->literal[access];
}

/* How much a ruling matters for the cell: the verdict and whether there is anything to say about it. */
enum weight { PERMITS, REPORTS, WOULD_DENY, WOULD_KILL, DENIES, KILLS };

static enum weight weigh(const struct resolver *r, uint32_t policy, const struct ruling *ruling)
{
	bool urgent = ruling->explicit && is_urgent(r, ruling->item);

	if (ruling->denied)
		return (enforces(r, policy) ? DENIES : WOULD_DENY) + urgent;
	return urgent ? REPORTS : PERMITS;
}

static uint32_t cell_of(enum weight weight, uint32_t decision)
{
	static const enum pv_verdict verdicts[] = {
		[PERMITS] = PV_ALLOW,	      [REPORTS] = PV_ALLOW, [WOULD_DENY] = PV_WOULD_DENY,
		[WOULD_KILL] = PV_WOULD_DENY, [DENIES] = PV_DENY,   [KILLS] = PV_DENY,
	};
	bool kill = weight == KILLS || weight == WOULD_KILL;

	return PV_CELL(verdicts[weight], weight == REPORTS, decision) | (kill ? PV_CELL_KILL : 0);
}

/* The cell for what `cause` says. */
static int make_word(struct resolver *r, enum weight weight, const struct cause *cause, uint32_t *cell)
{
	uint32_t decision = 0;
	int ret = weight == PERMITS ? 0 : decide(r, cause, &decision);

	if (!ret)
		*cell = cell_of(weight, decision);
	return ret;
}

static int make_cell(struct resolver *r, uint32_t policy, const struct ruling *ruling, enum weight weight,
		     uint32_t *cell)
{
	static const enum decision_reason reasons[2][2] = {
		{REASON_DEFAULT_ALLOW, REASON_DEFAULT_DENY},
		{REASON_EXPLICIT_ALLOW, REASON_EXPLICIT_DENY},
	};
	struct cause cause = {
		.policy = policy,
		.section = ruling->explicit ? r->items[ruling->item].section : ruling->section,
		.reason = reasons[ruling->explicit][ruling->denied],
		.item = ruling->item,
	};

	return make_word(r, weight, &cause, cell);
}

/* By column: the heaviest ruling so far. */
struct verdicts {
	enum weight weight[PV_COLUMNS];
	struct ruling ruling[PV_COLUMNS];
	uint32_t policy[PV_COLUMNS];
};

static void consider(const struct resolver *r, struct verdicts *v, unsigned column, uint32_t policy,
		     struct ruling ruling)
{
	enum weight weight = weigh(r, policy, &ruling);

	if (weight <= v->weight[column])
		return;
	v->weight[column] = weight;
	v->ruling[column] = ruling;
	v->policy[column] = policy;
}

static int resolve_row(struct resolver *r, const struct members *members, const uint32_t *items, size_t n,
		       bool root, unsigned first, unsigned last, uint32_t *row)
{
	struct verdicts v = {.weight = {PERMITS}};
	struct pv_row out = {{0}};
	size_t from = 0;
	int ret = 0;

	for (size_t m = 0; m < members->n; m++) {
		uint32_t policy = members->policies[m];
		struct votes votes;

		from = collect_votes(r, policy, items, from, n, root, &votes);
		for (unsigned access = first; access <= last; access++) {
			uint32_t literal = literal_deny(r, &votes, access);

			consider(r, &v, access, policy, rule_access(r, r->policies[policy], &votes, access));
			if (PV_MARK_ACCESSES & 1u << access && literal != NOBODY)
				consider(r, &v, PV_COL_MARK + access, policy, rule_explicit(true, literal));
		}
	}
	for (unsigned column = 0; !ret && column < PV_COLUMNS; column++) {
		if (v.weight[column] != PERMITS)
			ret = make_cell(r, v.policy[column], &v.ruling[column], v.weight[column],
					&out.cell[column]);
	}
	return ret ? ret : intern_add(&r->rows, &out, sizeof(out), row);
}

int resolve_path_row(struct resolver *r, const struct members *members, const uint32_t *items, size_t n,
		     bool root, uint32_t *row)
{
	return resolve_row(r, members, items, n, root, PV_ACC_READ, PV_ACC_EXEC, row);
}

int resolve_net_row(struct resolver *r, const struct members *members, const uint32_t *items, size_t n,
		    uint32_t *row)
{
	return resolve_row(r, members, items, n, false, PV_ACC_CONNECT, PV_ACC_SOCKET, row);
}

/* The section that an undecidable name falls into, or SECTIONS where the policy has nothing to say. */
static enum policy_section undecidable_section(const struct policy *p, enum undecidable what)
{
	static const enum policy_section sections[][2] = {
		[UNDECIDABLE_PATH] = {SECTION_FILES, SECTION_EXEC},
		[UNDECIDABLE_NET] = {SECTION_NETWORK, SECTION_NETWORK},
		[UNDECIDABLE_SYSTEM] = {SECTION_SYSTEM, SECTION_CAPABILITIES},
	};

	for (unsigned i = 0; i < 2; i++) {
		if (p->sections[sections[what][i]].present)
			return sections[what][i];
	}
	return SECTIONS;
}

int resolve_undecidable(struct resolver *r, const struct members *members, enum undecidable what,
			uint32_t *cell)
{
	struct cause cause = {.reason = REASON_NOT_DECIDABLE, .item = NOBODY};
	enum weight heaviest = PERMITS;

	for (size_t m = 0; m < members->n; m++) {
		const struct policy *p = r->policies[members->policies[m]];
		enum policy_section section = undecidable_section(p, what);
		enum weight weight = enforces(r, members->policies[m]) ? DENIES : WOULD_DENY;

		if (p->allow_on_error)
			weight = REPORTS;
		if (section == SECTIONS || weight <= heaviest)
			continue;
		heaviest = weight;
		cause.policy = members->policies[m];
		cause.section = section;
	}
	return make_word(r, heaviest, &cause, cell);
}

/* What a policy's choice weighs: that of a section by default where it is not explicit. */
static enum weight weigh_choice(const struct resolver *r, uint32_t policy, enum policy_section section,
				const struct policy_choice *choice)
{
	const struct policy *p = r->policies[policy];
	const struct policy_rules *rules = &p->sections[section];
	enum policy_effect effect = choice->present ? choice->effect : rules->fallback;
	bool agents = choice == &p->system[PV_ACC_AGENT - PV_ACC_SYSTEM] && !choice->present;

	if (!agents && (!rules->present || effect == EFFECT_ALLOW))
		return PERMITS;
	return enforces(r, policy) ? DENIES : WOULD_DENY;
}

/* The cell for number `item` of a section that has choices. */
static int resolve_choice(struct resolver *r, const struct members *members, enum policy_section section,
			  uint32_t item, uint32_t *cell)
{
	struct cause cause = {.section = section};
	enum weight heaviest = PERMITS;

	for (size_t m = 0; m < members->n; m++) {
		const struct policy *p = r->policies[members->policies[m]];
		const struct policy_choice *choice =
			section == SECTION_SYSTEM ? &p->system[item] : &p->capabilities[item];
		enum weight weight = weigh_choice(r, members->policies[m], section, choice);

		if (weight <= heaviest)
			continue;
		heaviest = weight;
		cause.policy = members->policies[m];
		cause.reason = choice->present ? REASON_EXPLICIT_DENY : REASON_DEFAULT_DENY;
		cause.item = item;
	}
	return make_word(r, heaviest, &cause, cell);
}

/*
 * The section by which it matters to a policy what is found under a name, or SECTIONS. Files and exec
 * are one here, for `map` depends on both.
 */
static enum policy_section names_section(const struct policy *p)
{
	static const enum policy_section sections[] = {SECTION_FILES, SECTION_EXEC};
	enum policy_section first = SECTIONS;
	bool denies = false, allows = false, by_default = false;

	for (unsigned i = 0; i < 2; i++) {
		const struct policy_rules *rules = &p->sections[sections[i]];

		if (!rules->present)
			continue;
		by_default = by_default || rules->fallback == EFFECT_DENY;
		for (size_t n = 0; n < rules->n_rules; n++) {
			denies = denies || rules->rules[n].effect == EFFECT_DENY;
			allows = allows || rules->rules[n].effect == EFFECT_ALLOW;
		}
		if (rules->n_rules && first == SECTIONS)
			first = sections[i];
	}
	return denies || (allows && by_default) ? first : SECTIONS;
}

/*
 * The cell for a mount that gives names another meaning. A policy of which the rules depend on names
 * permits it only by saying so: what is bound elsewhere or mounted over would escape them.
 */
static int resolve_mount(struct resolver *r, const struct members *members, uint32_t *cell)
{
	struct cause cause = {.item = NOBODY};
	enum weight heaviest = PERMITS;

	for (size_t m = 0; m < members->n; m++) {
		const struct policy *p = r->policies[members->policies[m]];
		const struct policy_choice *choice = &p->system[PV_ACC_MOUNT - PV_ACC_SYSTEM];
		enum weight weight = weigh_choice(r, members->policies[m], SECTION_SYSTEM, choice);
		enum policy_section names =
			choice->present || weight != PERMITS ? SECTIONS : names_section(p);

		if (names != SECTIONS)
			weight = enforces(r, members->policies[m]) ? DENIES : WOULD_DENY;
		if (weight <= heaviest)
			continue;
		heaviest = weight;
		cause.policy = members->policies[m];
		cause.section = names != SECTIONS ? names : SECTION_SYSTEM;
		cause.reason = names != SECTIONS ? REASON_MOVES_NAMES
			       : choice->present ? REASON_EXPLICIT_DENY
						 : REASON_DEFAULT_DENY;
		cause.item = names != SECTIONS ? NOBODY : PV_ACC_MOUNT - PV_ACC_SYSTEM;
	}
	return make_word(r, heaviest, &cause, cell);
}

/* The cell for what every policy forbids: reaching for who is governed by less. */
static int resolve_reach(struct resolver *r, const struct members *members, uint32_t *cell)
{
	struct cause cause = {.section = SECTION_SYSTEM, .reason = REASON_GOVERNED_BY_LESS, .item = NOBODY};
	enum weight heaviest = PERMITS;

	for (size_t m = 0; m < members->n; m++) {
		enum weight weight = enforces(r, members->policies[m]) ? DENIES : WOULD_DENY;

		if (weight <= heaviest)
			continue;
		heaviest = weight;
		cause.policy = members->policies[m];
	}
	return make_word(r, heaviest, &cause, cell);
}

int resolve_table(struct resolver *r, const struct members *members, uint32_t *table)
{
	const unsigned mount = PV_ACC_MOUNT - PV_ACC_SYSTEM;
	struct pv_row rows[TABLE_ROWS] = {{{0}}};
	int ret = resolve_reach(r, members, &rows[0].cell[PV_COL_REACH]);

	if (!ret)
		ret = resolve_undecidable(r, members, UNDECIDABLE_SYSTEM, &rows[0].cell[PV_COL_UNDECIDABLE]);
	if (!ret)
		ret = resolve_choice(r, members, SECTION_SYSTEM, mount, &rows[0].cell[PV_COL_REMOUNT]);
	if (!ret)
		ret = resolve_mount(r, members, &rows[0].cell[PV_ACC_MOUNT]);
	for (unsigned i = mount + 1; !ret && i < POLICY_SYSTEM; i++)
		ret = resolve_choice(r, members, SECTION_SYSTEM, i, &rows[0].cell[PV_ACC_SYSTEM + i]);
	for (unsigned i = 0; !ret && i < POLICY_CAPABILITIES; i++)
		ret = resolve_choice(r, members, SECTION_CAPABILITIES, i,
				     &rows[1 + i / PV_COLUMNS].cell[i % PV_COLUMNS]);
	return ret ? ret : intern_add(&r->tables, rows, sizeof(rows), table);
}

/* ---- the table of decisions ---- */

/* Own a copy of a string, once per content; NULL stays. */
static int export_string(struct image *image, struct intern *known, const char *text, const char **out)
{
	uint32_t id, n = known->n;
	int ret = 0;

	if (!text) {
		*out = NULL;
		return 0;
	}
	ret = intern_add(known, text, strlen(text), &id);
	if (!ret && id == n) {
		image->strings[id] = strdup(text);
		if (!image->strings[id])
			return -ENOMEM;
		image->n_strings++;
	}
	if (!ret)
		*out = image->strings[id];
	return ret;
}

/* Of `system` and `capabilities`: "system.mount", and "mount". */
static void describe_choice(const struct policy *p, const struct cause *cause, struct decision *d, char *name,
			    size_t size, const char **match)
{
	bool system = cause->section == SECTION_SYSTEM;

	if (cause->item == NOBODY || cause->reason != REASON_EXPLICIT_DENY)
		return;
	*match = system ? policy_access_name(PV_ACC_SYSTEM + cause->item)
			: policy_capability_name(cause->item);
	snprintf(name, size, "%s.%s", policy_section_name(cause->section), *match ? *match : "?");
	d->line = system ? p->system[cause->item].line : p->capabilities[cause->item].line;
}

/* Of a rule: "files[1]", and the pattern or address. */
static void describe_item(const struct resolver *r, const struct item *item, struct decision *d, char *name,
			  size_t size, const char **match)
{
	const struct policy_rule *rule = item_rule(r, item);

	if (item->match != NO_MATCH)
		*match = rule->cidrs.n ? rule->cidrs.at[item->match].text
				       : rule->patterns.at[item->match].text;
	snprintf(name, size, "%s[%u]", policy_section_name(item->section), rule->index);
	d->line = rule->line;
	d->kill = rule->effect == EFFECT_DENY && rule->kill;
}

static int export_decision(const struct resolver *r, const struct cause *cause, struct image *image,
			   struct intern *known, struct decision *d)
{
	const struct policy *p = r->policies[cause->policy];
	const char *match = NULL;
	char name[64] = "";
	int ret;

	d->section = cause->section;
	d->mode = enforces(r, cause->policy) ? MODE_ENFORCE : MODE_MONITOR;
	d->reason = cause->reason;
	if (d->reason != REASON_NOT_DECIDABLE)
		d->line = p->sections[cause->section].line;
	if (cause->section >= RULE_SECTIONS)
		describe_choice(p, cause, d, name, sizeof(name), &match);
	else if (cause->item != NOBODY)
		describe_item(r, &r->items[cause->item], d, name, sizeof(name), &match);
	ret = export_string(image, known, p->name, &d->policy);
	if (!ret)
		ret = export_string(image, known, *name ? name : NULL, &d->rule);
	if (!ret)
		ret = export_string(image, known, match, &d->match);
	return ret;
}

int resolver_export(const struct resolver *r, struct image *image)
{
	struct intern known = INTERN_INIT;
	int ret = 0;

	image->decisions = calloc((size_t)r->causes.n + 1, sizeof(*image->decisions));
	image->strings = calloc((size_t)r->causes.n * 3 + 1, sizeof(*image->strings));
	if (!image->decisions || !image->strings)
		return -ENOMEM;
	image->n_decisions = (size_t)r->causes.n + 1;
	for (uint32_t i = 0; !ret && i < r->causes.n; i++)
		ret = export_decision(r, intern_key(&r->causes, i, NULL), image, &known,
				      &image->decisions[i + 1]);
	intern_free(&known);
	return ret;
}
