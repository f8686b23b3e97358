/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rules of the language's meaning, as properties of compiled policies: each holds for every policy
 * set and every question, so it is tried on random ones. A test's number is that of its rule. What the
 * oracle says plays no part in most of them: they relate what images of different sets answer.
 *
 * Rule 6, that a rule follows the file, is the kernel side's. A failure prints the sets, the question
 * and the seed; PAVISE_SEED repeats it, PAVISE_ROUNDS makes it longer.
 */
#include "random_policies.c"

#define ROUNDS	  60
#define QUESTIONS 60

enum kind { ASK_PATH, ASK_SOCKET, ASK_SYSTEM, ASK_CAPABILITY, ASK_LOST_PATH, ASK_LOST_SOCKET };

/* What is asked of an image: who does what. Not to be copied. */
struct asked {
	struct process process;
	enum kind kind;
	unsigned access; /* or the capability */
	char path[NAME_SIZE];
	uint8_t name[NAME_SIZE + 1];
	size_t length;
};

/* What comes of it. Strings are the image's. */
struct outcome {
	enum pv_verdict verdict;
	bool audit, kill;
	const char *policy, *rule, *match;
	enum decision_reason reason;
	enum policy_section section;
};

static uint64_t comparisons;

/* ---- asking ---- */

static void random_asked(struct world *w, struct asked *q)
{
	uint32_t accesses, kind = random_below(&w->r, 100);

	random_process(w, &q->process);
	q->kind = kind < 50   ? ASK_PATH
		  : kind < 80 ? ASK_SOCKET
		  : kind < 86 ? ASK_SYSTEM
		  : kind < 94 ? ASK_CAPABILITY
		  : kind < 97 ? ASK_LOST_PATH
			      : ASK_LOST_SOCKET;
	random_path(&w->r, &w->paths, q->path);
	q->access = random_below(&w->r, PV_ACC_EXEC + 1);
	if (q->kind == ASK_SYSTEM)
		q->access = PV_ACC_SYSTEM + random_below(&w->r, POLICY_SYSTEM);
	if (q->kind == ASK_CAPABILITY)
		q->access = PICK(&w->r, capabilities);
	if (q->kind != ASK_SOCKET)
		return;
	q->length = random_socket(w, q->name, &accesses);
	do
		q->access = PV_ACC_CONNECT + random_below(&w->r, 5);
	while (!(accesses & 1u << q->access));
}

static uint32_t cell_for(const struct image *image, const struct asked *q)
{
	const struct acting *a = &q->process.acting;
	uint32_t profile = ask_profile(image, a);
	const struct pv_profile *entry = &image_head(image)->profiles[profile];

	comparisons++;
	switch (q->kind) {
	case ASK_PATH:
		return ask_path_cell(image, profile, a, q->path, q->access);
	case ASK_SOCKET:
		return ask_net_cell(image, profile, a, q->name, q->length, q->access);
	case ASK_SYSTEM:
		return image_system_cell(image, profile, q->access);
	case ASK_CAPABILITY:
		return image_capability_cell(image, profile, q->access);
	case ASK_LOST_PATH:
		return entry->path_undecidable;
	default:
		return entry->net_undecidable;
	}
}

static struct outcome outcome_of(const struct world *w, const struct asked *q)
{
	uint32_t cell = cell_for(w->f.image, q);
	const struct decision *d = image_decision(w->f.image, cell);

	assert_non_null(d);
	return (struct outcome){
		.verdict = PV_CELL_VERDICT(cell),
		.audit = cell & PV_CELL_AUDIT,
		.kill = cell & PV_CELL_KILL,
		.policy = shown(d->policy),
		.rule = shown(d->rule),
		.match = shown(d->match),
		.reason = d->reason,
		.section = d->section,
	};
}

/* 0 is permitted, 1 would be denied, 2 is denied. */
static int strictness(const struct outcome *o)
{
	return o->verdict == PV_DENY ? 2 : o->verdict == PV_WOULD_DENY ? 1 : 0;
}

/* A mount depends on whether there are rules about names, and not only on those that apply. */
static bool asks_mount(const struct asked *q)
{
	return q->kind == ASK_SYSTEM && q->access == PV_ACC_MOUNT;
}

static bool explicitly_denied(const struct outcome *o)
{
	return o->verdict != PV_ALLOW && o->reason == REASON_EXPLICIT_DENY;
}

/* The same but for who of several rules that say the same speaks. */
static bool same_effect(const struct outcome *a, const struct outcome *b)
{
	return a->verdict == b->verdict && a->audit == b->audit && a->kill == b->kill &&
	       !strcmp(a->policy, b->policy) && a->reason == b->reason && a->section == b->section;
}

static bool same_rule(const struct outcome *a, const struct outcome *b)
{
	return same_effect(a, b) && !strcmp(a->rule, b->rule);
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
	return same_rule(a, b) && !strcmp(a->match, b->match);
}

static void show_asked(const struct asked *q)
{
	const struct acting *a = &q->process.acting;

	fprintf(stderr,
		"# cgroup %s, exe %s, uid %u, executed %d, owner %d\n# kind %d access %u path %s name",
		a->cgroup, shown(a->exe), a->uid, a->executed, a->owner, q->kind, q->access, q->path);
	for (size_t i = 0; i < q->length; i++)
		fprintf(stderr, " %02x", q->name[i]);
	fprintf(stderr, "\n");
}

static void show_outcome(const struct world *w, const struct asked *q)
{
	struct outcome o = outcome_of(w, q);

	fprintf(stderr, "# verdict %d audit %d kill %d by %s %s %s (%s)\n", o.verdict, o.audit, o.kill,
		o.policy, o.rule, o.match, decision_reason_name(o.reason));
}

/* A property of a question to one world, or to two. */
static void holds(bool property, const struct world *w, const struct world *other, const struct asked *q,
		  const char *what)
{
	if (property)
		return;
	world_show(w, stderr);
	if (other) {
		fprintf(stderr, "#\n# and the other one:\n");
		world_show(other, stderr);
	}
	show_asked(q);
	show_outcome(w, q);
	if (other)
		show_outcome(other, q);
	fail_msg("seed %#llx: %s", (unsigned long long)w->seed, what);
}

/* ---- changing sets ---- */

/* All policies of a world govern everybody. */
static void govern_all(struct world *w)
{
	for (size_t i = 0; i < w->f.set.n_policies; i++)
		build_subject(&w->f.set.policies[i], "/");
}

/* Leave a policy out. */
static void discard_policy(struct policy_set *set, size_t i)
{
	struct policy_set gone = {0};
	struct policy *p = append(&gone.policies, &gone.n_policies, sizeof(*p));

	*p = set->policies[i];
	set->policies[i] = set->policies[--set->n_policies];
	policy_set_free(&gone);
}

/* Leave a rule out; the others keep their numbers and their order. */
static void discard_rule(struct policy_rules *rules, size_t i)
{
	struct policy_set gone = {0};
	struct policy *p = build_policy(&gone, "gone", MODE_ENFORCE);
	struct policy_rule *rule = build_rule(p, rules->rules[i].section, EFFECT_ALLOW, 0);

	*rule = rules->rules[i];
	memmove(&rules->rules[i], &rules->rules[i + 1], (rules->n_rules - i - 1) * sizeof(*rule));
	rules->n_rules--;
	policy_set_free(&gone);
}

static void discard_entry(struct policy *from, size_t i)
{
	struct policy_set gone = {0};

	*build_entry(build_policy(&gone, "gone", MODE_ENFORCE)) = from->subjects[i];
	from->subjects[i] = from->subjects[--from->n_subjects];
	policy_set_free(&gone);
}

static void clear_text(struct policy_pattern *pattern)
{
	free(pattern->text);
	pattern->text = NULL;
}

static void clear_patterns(struct policy_patterns *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->at[i].text);
	free(list->at);
	*list = (struct policy_patterns){0};
}

/* The place of a rule, the same in worlds alike. */
struct spot {
	size_t policy, section, rule;
	bool found;
};

static struct spot some_spot(struct world *w)
{
	struct spot spot = {.policy = random_below(&w->r, w->f.set.n_policies),
			    .section = random_below(&w->r, RULE_SECTIONS)};
	const struct policy_rules *rules = &w->f.set.policies[spot.policy].sections[spot.section];

	spot.found = rules->n_rules;
	if (spot.found)
		spot.rule = random_below(&w->r, rules->n_rules);
	return spot;
}

static struct policy_rules *rules_at(struct world *w, const struct spot *spot)
{
	return &w->f.set.policies[spot->policy].sections[spot->section];
}

static struct policy_rule *rule_at(struct world *w, const struct spot *spot)
{
	return &rules_at(w, spot)->rules[spot->rule];
}

/* Two worlds alike, to change one of them; neither is compiled. */
static void twins(struct world *a, struct world *b, uint64_t seed)
{
	world_init(a, seed);
	world_init(b, seed);
	if (random_chance(&a->r, 70)) {
		govern_all(a);
		govern_all(b);
	}
}

/* Compile a world as it is now, and ask about what it says now. */
static void compile_world(struct world *w, bool monitor_all)
{
	world_gather(w);
	fixture_compile(&w->f, monitor_all);
}

static void compile_both(struct world *a, struct world *b)
{
	compile_world(a, false);
	compile_world(b, false);
}

static void free_both(struct world *a, struct world *b)
{
	world_free(a);
	world_free(b);
}

#define FOR_SEEDS(seed, own) \
	for (uint64_t first_ = random_seed(own), seed = first_; seed < first_ + random_rounds(ROUNDS); seed++)

/* ---- 1: within a policy ---- */

static void shuffle(struct random *r, void *array, size_t n, size_t size)
{
	char *at = array, kept[sizeof(struct policy)];

	assert_true(size <= sizeof(kept));
	for (size_t i = n; i > 1; i--) {
		size_t j = random_below(r, i);

		memcpy(kept, at + j * size, size);
		memcpy(at + j * size, at + (i - 1) * size, size);
		memcpy(at + (i - 1) * size, kept, size);
	}
}

#define SHUFFLE(r, array, n) shuffle(r, array, n, sizeof(*(array)))

static void shuffle_rule(struct random *r, struct policy_rule *rule)
{
	SHUFFLE(r, rule->patterns.at, rule->patterns.n);
	SHUFFLE(r, rule->except.at, rule->except.n);
	SHUFFLE(r, rule->from.at, rule->from.n);
	SHUFFLE(r, rule->unless_from.at, rule->unless_from.n);
	SHUFFLE(r, rule->cidrs.at, rule->cidrs.n);
	SHUFFLE(r, rule->except_cidrs.at, rule->except_cidrs.n);
	SHUFFLE(r, rule->ports, rule->n_ports);
	SHUFFLE(r, rule->protocols, rule->n_protocols);
	SHUFFLE(r, rule->families, rule->n_families);
}

static void shuffle_policy(struct random *r, struct policy *p)
{
	SHUFFLE(r, p->subjects, p->n_subjects);
	for (unsigned s = 0; s < RULE_SECTIONS; s++) {
		struct policy_rules *rules = &p->sections[s];

		for (size_t i = 0; i < rules->n_rules; i++)
			shuffle_rule(r, &rules->rules[i]);
		SHUFFLE(r, rules->rules, rules->n_rules);
	}
}

/* Order never matters: of rules, patterns, entries, policies, containers. */
static void test_1_order(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x101)
	{
		struct world a, b;
		struct asked q;

		twins(&a, &b, seed);
		SHUFFLE(&b.r, b.f.set.policies, b.f.set.n_policies);
		SHUFFLE(&b.r, b.containers, b.f.n_containers);
		for (size_t i = 0; i < b.f.set.n_policies; i++)
			shuffle_policy(&b.r, &b.f.set.policies[i]);
		compile_both(&a, &b);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome x, y;

			random_asked(&a, &q);
			x = outcome_of(&a, &q);
			y = outcome_of(&b, &q);
			holds(same_effect(&x, &y), &a, &b, &q, "order matters");
		}
		free_both(&a, &b);
	}
}

/* Rules on everything that there is. */
static void add_rules(struct policy *p, enum policy_effect effect)
{
	uint32_t every = ADDRESSES_ALL | ACCESS(SOCKET);
	struct policy_rule *rule;

	build_pattern(build_path_rule(p, SECTION_FILES, effect, FILES_ALL, "/**"), "/");
	build_pattern(build_path_rule(p, SECTION_EXEC, effect, ACCESS(EXEC), "/**"), "/");
	rule = build_rule(p, SECTION_NETWORK, effect, every);
	/* What is raw is covered by an allow rule only if it says so. */
	rule = build_rule(p, SECTION_NETWORK, effect, every);
	build_protocol(rule, PV_PROTO_RAW);
}

/* An explicit deny wins over an explicit allow, and that over the default. */
static void test_1_precedence(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x102)
	{
		struct world base, denied, allowed;
		struct asked q;

		world_init(&base, seed);
		world_init(&denied, seed);
		world_init(&allowed, seed);
		add_rules(&denied.f.set.policies[0], EFFECT_DENY);
		add_rules(&allowed.f.set.policies[0], EFFECT_ALLOW);
		for (unsigned i = 0; i < 3; i++) {
			struct world *w = i == 0 ? &base : i == 1 ? &denied : &allowed;

			while (w->f.set.n_policies > 1)
				discard_policy(&w->f.set, w->f.set.n_policies - 1);
			govern_all(w);
			compile_world(w, false);
		}
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome b, d, a;
			bool stands;

			random_asked(&base, &q);
			if (q.kind != ASK_PATH && q.kind != ASK_SOCKET)
				continue;
			b = outcome_of(&base, &q);
			d = outcome_of(&denied, &q);
			a = outcome_of(&allowed, &q);
			holds(explicitly_denied(&d), &denied, NULL, &q, "a deny does not win");
			stands = explicitly_denied(&b);
			if (q.kind == ASK_PATH && q.access == PV_ACC_EXEC) {
				/* What may not be mapped may not be executed. */
				q.access = PV_ACC_MAP;
				b = outcome_of(&base, &q);
				stands = stands || explicitly_denied(&b);
				q.access = PV_ACC_EXEC;
			}
			holds(stands == explicitly_denied(&a), &base, &allowed, &q,
			      "an allow matters for an explicit deny");
			holds(stands || a.verdict == PV_ALLOW, &base, &allowed, &q,
			      "an allow does not win over the default");
		}
		free_both(&base, &denied);
		world_free(&allowed);
	}
}

/* The default decides where no rule speaks, and nowhere else. */
static void test_1_default(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x103)
	{
		struct world open, closed;
		struct asked q;

		twins(&open, &closed, seed);
		for (size_t i = 0; i < open.f.set.n_policies; i++) {
			for (unsigned s = 0; s < SECTION_SYSTEM; s++) {
				open.f.set.policies[i].sections[s].fallback = EFFECT_ALLOW;
				closed.f.set.policies[i].sections[s].fallback = EFFECT_DENY;
			}
		}
		compile_both(&open, &closed);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome o, c;

			random_asked(&open, &q);
			o = outcome_of(&open, &q);
			c = outcome_of(&closed, &q);
			holds(strictness(&o) <= strictness(&c), &open, &closed, &q, "deny permits more");
			if (q.kind == ASK_SYSTEM && q.access == PV_ACC_AGENT)
				continue; /* the default is no section's */
			holds(o.verdict == PV_ALLOW || o.reason != REASON_DEFAULT_DENY, &open, NULL, &q,
			      "denied by a default that permits");
			/* Exec is denied for more than one reason: the default may come before another. */
			if (asks_mount(&q) || (q.kind == ASK_PATH && q.access == PV_ACC_EXEC))
				continue;
			holds(c.verdict == PV_ALLOW || c.reason == REASON_DEFAULT_DENY ||
				      same_outcome(&o, &c),
			      &open, &closed, &q, "the default matters where a rule speaks");
		}
		free_both(&open, &closed);
	}
}

static void narrow(struct world *w, struct policy_rule *rule)
{
	char text[128];

	switch (random_below(&w->r, 4)) {
	case 0:
		if (rule->section == SECTION_NETWORK && !rule->patterns.n) {
			if (!(rule->access & ACCESS(SOCKET)))
				random_blocks(&w->r, &rule->except_cidrs);
			return;
		}
		if (rule->section == SECTION_NETWORK)
			random_unix_pattern(&w->r, text, sizeof(text));
		else
			random_pattern(&w->r, text, sizeof(text));
		build_listed(&rule->except, text);
		return;
	case 1:
		/* One more in the list would widen it. */
		random_exe_pattern(&w->r, text, sizeof(text));
		if (!rule->from.n)
			build_listed(&rule->from, text);
		return;
	case 2:
		random_exe_pattern(&w->r, text, sizeof(text));
		build_listed(&rule->unless_from, text);
		return;
	default:
		rule->owner = rule->section != SECTION_NETWORK;
		return;
	}
}

/* except, from, unless-from and owner narrow the rule: a deny denies less, an allow permits less. */
static void test_1_narrowing(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x104)
	{
		struct world wide, narrowed;
		enum policy_effect effect;
		struct asked q;
		struct spot spot;

		twins(&wide, &narrowed, seed);
		spot = some_spot(&wide);
		effect = spot.found ? rule_at(&wide, &spot)->effect : EFFECT_ALLOW;
		if (spot.found)
			narrow(&narrowed, rule_at(&narrowed, &spot));
		compile_both(&wide, &narrowed);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome w, n;

			random_asked(&wide, &q);
			w = outcome_of(&wide, &q);
			n = outcome_of(&narrowed, &q);
			if (effect == EFFECT_DENY)
				holds(strictness(&n) <= strictness(&w), &wide, &narrowed, &q,
				      "a narrower deny denies more");
			else
				holds(strictness(&n) >= strictness(&w), &wide, &narrowed, &q,
				      "a narrower allow permits more");
		}
		free_both(&wide, &narrowed);
	}
}

/* A rule that is narrowed away is as if it was not there. */
static void test_1_narrowed_away(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x105)
	{
		struct world narrowed, without;
		struct asked q;
		struct spot spot;

		twins(&narrowed, &without, seed);
		spot = some_spot(&narrowed);
		if (spot.found) {
			discard_rule(rules_at(&without, &spot), spot.rule);
			clear_patterns(&rule_at(&narrowed, &spot)->from);
			build_listed(&rule_at(&narrowed, &spot)->from, "/nobody/{is,ever}/this");
		}
		compile_both(&narrowed, &without);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome n, w;

			/* Nobody is. */
			random_asked(&without, &q);
			n = outcome_of(&narrowed, &q);
			w = outcome_of(&without, &q);
			holds(asks_mount(&q) || same_outcome(&n, &w), &narrowed, &without, &q,
			      "a rule that cannot apply does");
		}
		free_both(&narrowed, &without);
	}
}

/* ---- 2: several policies ---- */

/* Adding a policy can only restrict, never grant. */
static void test_2_restriction(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x201)
	{
		struct world more, less;
		struct asked q;

		twins(&more, &less, seed);
		discard_policy(&less.f.set, random_below(&less.r, less.f.set.n_policies));
		compile_both(&more, &less);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome m, l;

			random_asked(&more, &q);
			m = outcome_of(&more, &q);
			l = outcome_of(&less, &q);
			holds(strictness(&m) * 2 + m.kill >= strictness(&l) * 2 + l.kill, &more, &less, &q,
			      "a policy more permits more");
		}
		free_both(&more, &less);
	}
}

/* Each must allow: together they deny exactly what one of them denies by itself. */
static void test_2_each_must_allow(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x202)
	{
		struct world all, single[4];
		struct asked q;
		size_t n;

		world_init(&all, seed);
		compile_world(&all, false);
		n = all.f.set.n_policies;
		for (size_t i = 0; i < n; i++) {
			world_init(&single[i], seed);
			for (size_t j = n; j-- > 0;) {
				if (strcmp(single[i].f.set.policies[j].name, all.f.set.policies[i].name) != 0)
					discard_policy(&single[i].f.set, j);
			}
			assert_int_equal(single[i].f.set.n_policies, 1);
			compile_world(&single[i], false);
		}
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome o, most = {0};

			random_asked(&all, &q);
			o = outcome_of(&all, &q);
			for (size_t j = 0; j < n; j++) {
				struct outcome s = outcome_of(&single[j], &q);

				if (strictness(&s) > strictness(&most))
					most = s;
			}
			holds(o.verdict == most.verdict, &all, NULL, &q, "not what the strictest says");
		}
		for (size_t i = 0; i < n; i++)
			world_free(&single[i]);
		world_free(&all);
	}
}

/* ---- 3: modes ---- */

static void set_modes(struct world *w, enum policy_mode mode)
{
	for (size_t i = 0; i < w->f.set.n_policies; i++)
		w->f.set.policies[i].mode = mode;
}

/* A policy in monitor never denies, and would deny exactly what it would in enforce. */
static void test_3_monitor(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x301)
	{
		struct world enforcing, monitoring, overridden;
		struct asked q;

		twins(&enforcing, &monitoring, seed);
		world_init(&overridden, seed);
		govern_all(&overridden);
		govern_all(&enforcing);
		govern_all(&monitoring);
		set_modes(&enforcing, MODE_ENFORCE);
		set_modes(&monitoring, MODE_MONITOR);
		compile_both(&enforcing, &monitoring);
		compile_world(&overridden, true);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome e, m, o;

			random_asked(&enforcing, &q);
			e = outcome_of(&enforcing, &q);
			m = outcome_of(&monitoring, &q);
			o = outcome_of(&overridden, &q);
			holds(m.verdict != PV_DENY, &monitoring, NULL, &q, "monitor denies");
			holds(same_outcome(&m, &o), &monitoring, &overridden, &q,
			      "the override is not monitor");
			holds(e.verdict != PV_WOULD_DENY, &enforcing, NULL, &q, "enforce does not deny");
			if (m.verdict == PV_WOULD_DENY)
				m.verdict = PV_DENY;
			holds(same_outcome(&e, &m), &enforcing, &monitoring, &q,
			      "monitor does not say what enforce does");
		}
		free_both(&enforcing, &monitoring);
		world_free(&overridden);
	}
}

/* Modes are per policy: of one that is switched, nothing changes but that it does not deny. */
static void test_3_switch(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x302)
	{
		struct world before, after;
		struct policy *switched;
		struct asked q;

		twins(&before, &after, seed);
		switched = &after.f.set.policies[random_below(&after.r, after.f.set.n_policies)];
		switched->mode = MODE_MONITOR;
		compile_both(&before, &after);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome b, a;
			bool own;

			random_asked(&before, &q);
			b = outcome_of(&before, &q);
			a = outcome_of(&after, &q);
			own = !strcmp(b.policy, switched->name);
			holds(a.verdict != PV_DENY || strcmp(a.policy, switched->name) != 0, &after, NULL, &q,
			      "monitor denies");
			holds(!(b.verdict == PV_DENY && !own) || same_outcome(&a, &b), &before, &after, &q,
			      "another policy's denial changed");
			holds((a.verdict == PV_ALLOW) == (b.verdict == PV_ALLOW), &before, &after, &q,
			      "a denial is not reported any more");
		}
		free_both(&before, &after);
	}
}

/* ---- 4: accesses ---- */

/* A rule speaks on its own accesses only: without some of them, it says the same of the others. */
static void test_4_accesses(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x401)
	{
		struct world before, after;
		uint32_t gone = 0;
		struct asked q;
		struct spot spot;

		twins(&before, &after, seed);
		spot = some_spot(&before);
		if (spot.found && spot.section != SECTION_EXEC) {
			struct policy_rule *rule = rule_at(&after, &spot);

			gone = rule->access & random_below(&after.r, UINT32_MAX);
			rule->access &= ~gone;
		}
		/* To map decides on exec as well, and to permit an address permits a socket for it. */
		if (gone & ACCESS(MAP))
			gone |= ACCESS(EXEC);
		if (gone & ADDRESSES_ALL)
			gone |= ACCESS(SOCKET);
		compile_both(&before, &after);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome b, a;

			random_asked(&before, &q);
			if ((q.kind != ASK_PATH && q.kind != ASK_SOCKET) || gone & 1u << q.access)
				continue;
			b = outcome_of(&before, &q);
			a = outcome_of(&after, &q);
			holds(same_outcome(&b, &a), &before, &after, &q,
			      "a rule speaks of what it does not name");
		}
		free_both(&before, &after);
	}
}

static uint32_t parsed_access(const char *access)
{
	struct policy_set set = {0};
	struct diags d = {0};
	char text[400];
	uint32_t bits;

	snprintf(text, sizeof(text),
		 "apiVersion: pavise/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  mode: enforce\n"
		 "  subjects: [{cgroup: /a}]\n  files:\n    default: allow\n    rules:\n"
		 "    - deny: /x\n%s%s\n",
		 *access ? "      access: " : "", access);
	assert_int_equal(policy_parse("p.yaml", text, strlen(text), &set, &d), 0);
	bits = set.policies[0].sections[SECTION_FILES].rules[0].access;
	policy_set_free(&set);
	diags_free(&d);
	return bits;
}

/* "modify" is everything but read, map and list; without `access` a rule is about every access. */
static void test_4_groups(void **state)
{
	(void)state;
	assert_int_equal(parsed_access(""), FILES_ALL);
	assert_int_equal(parsed_access("modify"), FILES_ALL & ~(ACCESS(READ) | ACCESS(MAP) | ACCESS(LIST)));
	assert_int_equal(parsed_access("[modify, read, map, list]"), FILES_ALL);
	for (unsigned access = 0; access < PV_ACC_EXEC; access++)
		assert_int_equal(parsed_access(policy_access_name(access)), 1u << access);
}

/* Denying exec denies map: what may not be mapped may not be executed, whatever says so. */
static void test_4_exec_and_map(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x402)
	{
		struct world w;
		struct asked q;
		char pattern[128];

		world_init(&w, seed);
		govern_all(&w);
		random_pattern(&w.r, pattern, sizeof(pattern));
		build_path_rule(&w.f.set.policies[0], SECTION_EXEC, EFFECT_DENY, ACCESS(EXEC), pattern);
		compile_world(&w, false);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			bool denied;
			struct outcome exec, map;

			random_asked(&w, &q);
			q.kind = ASK_PATH;
			q.access = PV_ACC_MAP;
			map = outcome_of(&w, &q);
			q.access = PV_ACC_EXEC;
			exec = outcome_of(&w, &q);
			holds(strictness(&map) <= strictness(&exec), &w, NULL, &q,
			      "executed, but may not be mapped");
			denied = oracle_matches(pattern, q.path, strlen(q.path));
			holds(!denied || map.verdict != PV_ALLOW, &w, NULL, &q,
			      "mapped, but may not be executed");
		}
		world_free(&w);
	}
}

/* Where the default of exec is deny, map needs an allow of exec, or one of files that includes map. */
static void test_4_map_needs_allow(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x403)
	{
		struct world w;
		struct asked q;
		struct policy *p;

		world_init(&w, seed);
		govern_all(&w);
		p = &w.f.set.policies[0];
		build_section(p, SECTION_EXEC, EFFECT_DENY);
		for (unsigned s = 0; s <= SECTION_EXEC; s++) {
			for (size_t i = p->sections[s].n_rules; i-- > 0;) {
				struct policy_rule *rule = &p->sections[s].rules[i];

				rule->access &= ~ACCESS(MAP);
				if (s == SECTION_EXEC && rule->effect == EFFECT_ALLOW)
					discard_rule(&p->sections[s], i);
			}
		}
		compile_world(&w, false);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome o;

			random_asked(&w, &q);
			q.kind = ASK_PATH;
			q.access = random_chance(&w.r, 50) ? PV_ACC_MAP : PV_ACC_EXEC;
			o = outcome_of(&w, &q);
			holds(o.verdict != PV_ALLOW, &w, NULL, &q, "nothing permits it");
		}
		world_free(&w);
	}
}

/* ---- 5: patterns ---- */

/* One alternative of a pattern's first braces, written out. False where that would join wildcards. */
static bool write_out(const char *text, unsigned alternative, char *out, size_t size, unsigned *n)
{
	const char *open = strchr(text, '{'), *start, *end;
	bool joins;

	*n = 0;
	if (!open)
		return false;
	for (end = open; *end != '}'; (*n)++) {
		start = end + 1;
		end = alternative_end(start);
		if (*n != alternative)
			continue;
		snprintf(out, size, "%.*s%.*s%s", (int)(open - text), text, (int)(end - start), start,
			 strchr(end, '}') + 1);
	}
	/* Nested braces would need their own end; wildcards side by side would mean something else. */
	joins = strchr(open + 1, '{') || (strstr(out, "**") && !strstr(text, "**")) || strstr(out, "***");
	return !joins && !strchr(text, '\\') && !strstr(text, "**");
}

/* The same list, with alternatives written out and literal characters escaped. */
static void rewrite(struct random *r, struct policy_patterns *list)
{
	struct policy_patterns rewritten = {0};

	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->at[i].text;
		char out[512] = "";
		unsigned n = 0;

		if (write_out(text, 0, out, sizeof(out), &n)) {
			for (unsigned j = 0; j < n && write_out(text, j, out, sizeof(out), &n); j++)
				build_listed(&rewritten, out);
			continue;
		}
		out[0] = 0;
		for (const char *p = text; *p; p++) {
			bool plain = (*p >= 'a' && *p <= 'z') && (p == text || p[-1] != '\\');
			size_t at = strlen(out);

			if (strchr(text, '['))
				plain = false;
			snprintf(out + at, sizeof(out) - at, "%s%c",
				 plain && random_chance(r, 50) ? "\\" : "", *p);
		}
		build_listed(&rewritten, out);
	}
	clear_patterns(list);
	*list = rewritten;
}

/* Alternatives mean what they would if they were written out, and a "\" takes a character literally. */
static void test_5_rewritten(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x501)
	{
		struct world before, after;
		struct asked q;

		twins(&before, &after, seed);
		for (size_t i = 0; i < after.f.set.n_policies; i++) {
			for (unsigned s = 0; s < RULE_SECTIONS; s++) {
				struct policy_rules *rules = &after.f.set.policies[i].sections[s];

				for (size_t j = 0; j < rules->n_rules; j++) {
					rewrite(&after.r, &rules->rules[j].patterns);
					rewrite(&after.r, &rules->rules[j].except);
					rewrite(&after.r, &rules->rules[j].from);
					rewrite(&after.r, &rules->rules[j].unless_from);
				}
			}
		}
		compile_both(&before, &after);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome b, a;

			random_asked(&before, &q);
			b = outcome_of(&before, &q);
			a = outcome_of(&after, &q);
			holds(same_rule(&b, &a), &before, &after, &q,
			      "written otherwise it means another thing");
		}
		free_both(&before, &after);
	}
}

/* One policy for each kind of name that the pattern can be about; by capability, who governs. */
static void build_everywhere(struct policy_set *set, const char *pattern)
{
	struct policy *p = build_policy(set, "names", MODE_ENFORCE);
	struct policy_rule *rule;
	struct policy_subject *s;

	build_subject(p, "/");
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_section(p, SECTION_NETWORK, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(READ), pattern);
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(WRITE), "/**");
	build_pattern(rule, "/");
	build_listed(&rule->from, pattern);
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(CREATE), "/**");
	build_pattern(rule, "/");
	build_listed(&rule->unless_from, pattern);
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(DELETE), "/**");
	build_pattern(rule, "/");
	build_listed(&rule->except, pattern);
	build_pattern(build_rule(p, SECTION_NETWORK, EFFECT_DENY, ACCESS(BIND)), pattern);
	for (unsigned i = 0; i < 5; i++) {
		char name[] = {'a' + i, 0};

		p = build_policy(set, name, MODE_ENFORCE);
		build_section(p, SECTION_CAPABILITIES, EFFECT_ALLOW);
		build_capability(p, i, EFFECT_DENY);
		s = build_entry(p);
		s->container = i >= 2 && i < 4;
		if (i == 4)
			build_label(s, "key", pattern);
		else
			build_text(i == 0   ? &s->cgroup
				   : i == 1 ? &s->exe
				   : i == 2 ? &s->container_name
					    : &s->container_image,
				   pattern);
	}
}

static bool denied(uint32_t cell)
{
	return PV_CELL_VERDICT(cell) == PV_DENY;
}

/* Whether the pattern matches, as the image says of each kind of name; all but cgroups are asked whole. */
static void compare_kinds(const char *pattern, const char *text)
{
	const char *labels[] = {"key", text};
	struct policy_container running = {
		.cgroup = "/c", .name = text, .image = text, .labels = labels, .n_labels = 1};
	struct acting a = {.cgroup = "/c", .exe = text, .executed = true};
	struct fixture f = {.containers = &running, .n_containers = 1};
	bool expected = oracle_matches(pattern, text, strlen(text)), below = expected;
	uint8_t name[NAME_SIZE + 1] = {PV_FAM_UNIX};
	uint32_t profile;

	build_everywhere(&f.set, pattern);
	fixture_compile(&f, false);
	profile = ask_profile(f.image, &a);
	memcpy(name + 1, text, strlen(text));
	if (denied(ask_path_cell(f.image, profile, &a, text, PV_ACC_READ)) != expected ||
	    denied(ask_path_cell(f.image, profile, &a, text, PV_ACC_WRITE)) != expected ||
	    denied(ask_path_cell(f.image, profile, &a, text, PV_ACC_CREATE)) == expected ||
	    denied(ask_path_cell(f.image, profile, &a, text, PV_ACC_DELETE)) == expected ||
	    denied(ask_net_cell(f.image, profile, &a, name, 1 + strlen(text), PV_ACC_BIND)) != expected)
		fail_msg("'%s' on '%s': expected %d", pattern, text, expected);
	for (unsigned i = 1; i < 5; i++) {
		if (denied(image_capability_cell(f.image, profile, i)) != expected)
			fail_msg("'%s' on '%s' in subject %u: expected %d", pattern, text, i, expected);
	}
	a.cgroup = text;
	for (size_t n = strlen(text); n > 0; n--)
		below = below || (text[n] == '/' && oracle_matches(pattern, text, n));
	below = below || oracle_matches(pattern, "/", 1);
	if (denied(image_capability_cell(f.image, ask_profile(f.image, &a), 0)) != below)
		fail_msg("'%s' on '%s' as a cgroup: expected %d", pattern, text, below);
	comparisons += 10;
	fixture_free(&f);
}

/* The same pattern language serves paths, cgroups, unix sockets, container names and images. */
static void test_5_everywhere(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x502)
	{
		struct random r = {seed};
		struct pool pool = {.n = 1};
		char pattern[128], text[NAME_SIZE];

		random_pattern(&r, pattern, sizeof(pattern));
		pool.at[0] = pattern;
		for (unsigned i = 0; i < 8; i++) {
			random_path(&r, &pool, text);
			/* Only among paths is there a root. */
			if (strcmp(text, "/") != 0)
				compare_kinds(pattern, text);
		}
	}
}

/* Patterns combine: a rule with many is as many rules with one. */
static void test_5_combined(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x503)
	{
		struct world before, after;
		struct policy_rule *rule;
		struct asked q;
		char text[128];

		twins(&before, &after, seed);
		rule = build_rule(&before.f.set.policies[0], SECTION_FILES, EFFECT_DENY, FILES_ALL);
		rule->except.n = 0;
		for (unsigned i = 0; i < 30; i++) {
			random_pattern(&before.r, text, sizeof(text));
			build_pattern(rule, text);
			build_path_rule(&after.f.set.policies[0], SECTION_FILES, EFFECT_DENY, FILES_ALL,
					text);
		}
		compile_both(&before, &after);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome b, a;

			random_asked(&before, &q);
			b = outcome_of(&before, &q);
			a = outcome_of(&after, &q);
			holds(same_effect(&b, &a) && !strcmp(b.match, a.match), &before, &after, &q,
			      "in rules of their own they mean another thing");
		}
		free_both(&before, &after);
	}
}

/* ---- 6: a rule follows the file ---- */

/*
 * Where it matters to one policy what stands under a name, and it does not say that mounts may change
 * that, they may not. Where all say so, or no rule denies a name, it decides nothing.
 */
static void test_6_mounts(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x601)
	{
		struct asked q = {.kind = ASK_SYSTEM, .access = PV_ACC_MOUNT};
		struct world minding, permitting;
		struct policy *p;

		twins(&minding, &permitting, seed);
		govern_all(&minding);
		govern_all(&permitting);
		p = &minding.f.set.policies[random_below(&minding.r, minding.f.set.n_policies)];
		build_path_rule(p, random_chance(&minding.r, 50) ? SECTION_FILES : SECTION_EXEC, EFFECT_DENY,
				ACCESS(READ), "/a/**");
		p->system[0].present = false;
		for (size_t i = 0; i < permitting.f.set.n_policies; i++)
			build_system(&permitting.f.set.policies[i], PV_ACC_MOUNT, EFFECT_ALLOW);
		compile_both(&minding, &permitting);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome m, o;

			random_process(&minding, &q.process);
			m = outcome_of(&minding, &q);
			o = outcome_of(&permitting, &q);
			holds(m.verdict == PV_DENY || (m.verdict == PV_WOULD_DENY && p->mode == MODE_MONITOR),
			      &minding, NULL, &q, "names are given another meaning");
			holds(o.verdict == PV_ALLOW, &permitting, NULL, &q,
			      "not permitted as the policies say");
		}
		free_both(&minding, &permitting);
	}
}

/* ---- 7: conditions on the executable ---- */

/* Settle a list by hand for one executable: whether it matches; the list is empty then. */
static bool settle(struct policy_patterns *list, const char *exe)
{
	bool matched = any_exe(list, exe);

	clear_patterns(list);
	return matched;
}

static void settle_rules(struct policy_rules *rules, const char *exe)
{
	for (size_t i = rules->n_rules; i-- > 0;) {
		struct policy_rule *rule = &rules->rules[i];
		bool only_some = rule->from.n;
		bool from = settle(&rule->from, exe), unless = settle(&rule->unless_from, exe);

		if ((only_some && !from) || unless)
			discard_rule(rules, i);
	}
}

static void settle_subjects(struct policy *p, const char *exe)
{
	for (size_t i = p->n_subjects; i-- > 0;) {
		struct policy_subject *s = &p->subjects[i];

		if (!s->exe.text)
			continue;
		if (!exe_is(s->exe.text, exe)) {
			discard_entry(p, i);
			continue;
		}
		clear_text(&s->exe);
		/* An entry that says nothing else holds everywhere. */
		if (!s->cgroup.text && !s->unit.text && !s->container && !s->user.text)
			build_text(&s->cgroup, "/");
	}
}

/* Conditions are about the executable's path alone: with them settled for it, nothing is different. */
static void test_7_executables(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x701)
	{
		struct world before, after;
		struct process p;
		struct asked q;

		twins(&before, &after, seed);
		do
			random_process(&before, &p);
		while (is_helper(p.acting.exe));
		for (size_t i = 0; i < after.f.set.n_policies; i++) {
			settle_subjects(&after.f.set.policies[i], p.acting.exe);
			for (unsigned s = 0; s < RULE_SECTIONS; s++)
				settle_rules(&after.f.set.policies[i].sections[s], p.acting.exe);
		}
		compile_both(&before, &after);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome b, a;

			random_asked(&before, &q);
			q.process.acting.exe = p.acting.exe;
			b = outcome_of(&before, &q);
			q.process.acting.exe = random_chance(&before.r, 50) ? NULL : "/any/other";
			a = outcome_of(&after, &q);
			holds(asks_mount(&q) || same_outcome(&b, &a), &before, &after, &q,
			      "not what holds for this executable");
		}
		free_both(&before, &after);
	}
}

/* ---- 8: subjects ---- */

/* What governs a cgroup governs everything below it. */
static void test_8_below(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x801)
	{
		struct world w;
		struct process p;

		world_init(&w, seed);
		compile_world(&w, false);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			const struct profile_set *above, *below;
			size_t n;

			random_process(&w, &p);
			n = strlen(p.cgroup);
			above = &w.f.profiles.sets[ask_profile(w.f.image, &p.acting)];
			snprintf(p.cgroup + n, sizeof(p.cgroup) - n, "%s",
				 n == 1 ? "a.slice" : "/a.service/x");
			below = &w.f.profiles.sets[ask_profile(w.f.image, &p.acting)];
			comparisons++;
			for (size_t j = 0, k = 0; j < above->n; j++) {
				while (k < below->n && strcmp(below->names[k], above->names[j]) != 0)
					k++;
				if (k == below->n)
					fail_msg("seed %#llx: %s does not govern %s",
						 (unsigned long long)seed, above->names[j], p.cgroup);
			}
		}
		world_free(&w);
	}
}

/* For cgroups governing starts with entering, for units and containers with the exec after it. */
static void test_8_executed(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x802)
	{
		struct world w, without;
		struct asked q;

		world_init(&w, seed);
		world_init(&without, seed);
		for (size_t i = 0; i < without.f.set.n_policies; i++) {
			struct policy *p = &without.f.set.policies[i];

			for (size_t j = p->n_subjects; j-- > 0;) {
				if (p->subjects[j].unit.text || p->subjects[j].container)
					discard_entry(p, j);
			}
		}
		compile_both(&w, &without);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct outcome before, after, other;

			random_asked(&w, &q);
			q.process.acting.executed = false;
			before = outcome_of(&w, &q);
			other = outcome_of(&without, &q);
			holds(same_outcome(&before, &other), &w, &without, &q,
			      "what is set up is governed, or what has entered is not");
			q.process.acting.executed = true;
			after = outcome_of(&w, &q);
			holds(strictness(&after) * 2 + after.kill >= strictness(&before) * 2 + before.kill,
			      &w, NULL, &q, "an exec lifts a policy");
		}
		free_both(&w, &without);
	}
}

/* Whether a registry still says what it said when it had `n` numbers. */
static void assert_numbers(const struct profiles *now, char *const *before, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char names[200] = "";

		for (size_t j = 0; j < now->sets[i].n; j++) {
			strcat(names, now->sets[i].names[j]);
			strcat(names, " ");
		}
		assert_string_equal(names, before[i]);
	}
}

static char *number_text(const struct profile_set *s)
{
	char names[200] = "";

	for (size_t j = 0; j < s->n; j++) {
		strcat(names, s->names[j]);
		strcat(names, " ");
	}
	return copy(names);
}

/* A profile's number means the same policies for as long as there is somebody who may carry it. */
static void test_8_numbers(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x803)
	{
		struct profiles registry;
		char *known[64], text[1024];
		size_t n = 0;

		profiles_init(&registry);
		for (unsigned generation = 1; generation <= 4; generation++) {
			struct compile_options options = {.generation = generation};
			struct world w;
			struct asked q;

			world_init(&w, seed * 4 + generation);
			w.f.image = build_image_with(&w.f.set, &options, &registry);
			assert_numbers(&registry, known, n);
			for (; n < registry.n; n++)
				known[n] = number_text(&registry.sets[n]);
			for (unsigned i = 0; i < QUESTIONS / 2; i++) {
				uint32_t profile = random_below(&w.r, registry.n), cell;
				struct governing g = {0};
				struct expected e;

				for (size_t j = 0; j < w.f.set.n_policies; j++) {
					char name[40];

					snprintf(name, sizeof(name), "%s ", w.f.set.policies[j].name);
					if (strstr(known[profile], name))
						g.policies[g.n++] = &w.f.set.policies[j];
				}
				random_asked(&w, &q);
				q.access %= PV_ACC_EXEC + 1;
				e = oracle_path(&g, &q.process.acting, q.path, q.access);
				cell = ask_path_cell(w.f.image, profile, &q.process.acting, q.path, q.access);
				comparisons++;
				if (!oracle_agrees(w.f.image, cell, &e, false, text, sizeof(text)))
					holds(false, &w, NULL, &q, text);
			}
			world_free(&w);
		}
		while (n > 0)
			free(known[--n]);
		profiles_free(&registry);
	}
}

/* ---- 9: what cannot be decided ---- */

static bool decides(const struct policy *p, bool net)
{
	if (net)
		return p->sections[SECTION_NETWORK].present;
	return p->sections[SECTION_FILES].present || p->sections[SECTION_EXEC].present;
}

/* Denied for a governed subject in enforce, unless on-error turns that round; never without a word. */
static void test_9_undecidable(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0x901)
	{
		struct world w;
		struct asked q;

		world_init(&w, seed);
		govern_all(&w);
		compile_world(&w, false);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			bool denies = false, would = false, minds = false;
			struct outcome o;

			random_asked(&w, &q);
			q.kind = random_chance(&w.r, 50) ? ASK_LOST_PATH : ASK_LOST_SOCKET;
			o = outcome_of(&w, &q);
			for (size_t j = 0; j < w.f.set.n_policies; j++) {
				const struct policy *p = &w.f.set.policies[j];
				bool has = decides(p, q.kind == ASK_LOST_SOCKET);

				minds = minds || has;
				denies = denies || (has && !p->allow_on_error && p->mode == MODE_ENFORCE);
				would = would || (has && !p->allow_on_error);
			}
			holds(strictness(&o) == (denies	 ? 2
						 : would ? 1
							 : 0),
			      &w, NULL, &q, "not as on-error says");
			holds(o.audit == (minds && !would), &w, NULL, &q, "permitted without a word");
			holds(!minds || o.reason == REASON_NOT_DECIDABLE, &w, NULL, &q, "another reason");
			holds(!o.kill && !strcmp(o.rule, "-"), &w, NULL, &q, "no rule was asked");
		}
		world_free(&w);
	}
}

/* ---- 10: updates ---- */

/* Compile what cannot be compiled: nothing may come of it. */
static void refuse(const struct policy_set *set, const struct compile_options *options,
		   struct profiles *registry, int error)
{
	struct image *kept = (struct image *)registry, *image = kept;
	struct diags d = {0};
	size_t n = registry->n;

	assert_int_equal(policy_compile(set, options, registry, &image, &d), error);
	assert_true(d.n > 0);
	assert_ptr_equal(image, kept);
	assert_int_equal(registry->n, n);
	diags_free(&d);
}

/* A set with anything wrong in it changes nothing, and the next one is what it would have been. */
static void test_10_all_or_nothing(void **state)
{
	(void)state;
	FOR_SEEDS(seed, 0xa01)
	{
		struct compile_options options = {.generation = 1},
				       small = {.generation = 1, .max_blocks = 1};
		struct world good, bad;
		struct profiles registry;
		struct image *first, *second;
		struct policy *p;

		twins(&good, &bad, seed);
		options.containers = good.containers;
		options.n_containers = good.f.n_containers;
		p = &bad.f.set.policies[random_below(&bad.r, bad.f.set.n_policies)];
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/a[");
		profiles_init(&registry);
		refuse(&bad.f.set, &options, &registry, -EINVAL);
		refuse(&good.f.set, &small, &registry, -E2BIG);
		first = build_image_with(&good.f.set, &options, &registry);
		refuse(&bad.f.set, &options, &registry, -EINVAL);
		second = build_image_with(&good.f.set, &options, &registry);
		assert_int_equal(first->n_blocks, second->n_blocks);
		assert_memory_equal(first->blocks, second->blocks, first->n_blocks * PV_BLOCK_SIZE);
		comparisons++;
		image_free(first);
		image_free(second);
		profiles_free(&registry);
		free_both(&good, &bad);
	}
}

/* A file with an error adds none of its policies to those that were read before. */
static void test_10_bad_file(void **state)
{
#define DOCUMENT(name, access)                                                          \
	"---\napiVersion: pavise/v1\nkind: Policy\nmetadata: {name: " name "}\nspec:\n" \
	"  mode: enforce\n  subjects: [{cgroup: /a}]\n  files:\n    default: allow\n"   \
	"    rules: [{deny: /x, access: " access "}]\n"
	static const char good[] = DOCUMENT("good", "read");
	static const char bad[] = DOCUMENT("fine", "read") DOCUMENT("wrong", "reed");
	struct policy_set set = {0};
	struct diags d = {0};

	(void)state;
	assert_int_equal(policy_parse("good.yaml", good, sizeof(good) - 1, &set, &d), 0);
	assert_int_equal(policy_parse("bad.yaml", bad, sizeof(bad) - 1, &set, &d), -EINVAL);
	assert_int_equal(d.n, 1);
	assert_int_equal(set.n_policies, 1);
	assert_string_equal(set.policies[0].name, "good");
	diags_free(&d);
	policy_set_free(&set);
#undef DOCUMENT
}

static int report_comparisons(void **state)
{
	(void)state;
	print_message("%10llu answers\n", (unsigned long long)comparisons);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_order),		  cmocka_unit_test(test_1_precedence),
		cmocka_unit_test(test_1_default),	  cmocka_unit_test(test_1_narrowing),
		cmocka_unit_test(test_1_narrowed_away),	  cmocka_unit_test(test_2_restriction),
		cmocka_unit_test(test_2_each_must_allow), cmocka_unit_test(test_3_monitor),
		cmocka_unit_test(test_3_switch),	  cmocka_unit_test(test_4_accesses),
		cmocka_unit_test(test_4_groups),	  cmocka_unit_test(test_4_exec_and_map),
		cmocka_unit_test(test_4_map_needs_allow), cmocka_unit_test(test_5_rewritten),
		cmocka_unit_test(test_5_everywhere),	  cmocka_unit_test(test_5_combined),
		cmocka_unit_test(test_7_executables),	  cmocka_unit_test(test_8_below),
		cmocka_unit_test(test_8_executed),	  cmocka_unit_test(test_8_numbers),
		cmocka_unit_test(test_9_undecidable),	  cmocka_unit_test(test_10_all_or_nothing),
		cmocka_unit_test(test_10_bad_file),	  cmocka_unit_test(test_6_mounts),
	};

	return cmocka_run_group_tests(tests, NULL, report_comparisons);
}
