/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The compiler against the oracle, on random policy sets with every feature of the language and names
 * made so that much matches: which policies govern a process, and every cell of what it does.
 *
 * A failure prints the set, the case and the seed; PAVISE_SEED repeats it, PAVISE_ROUNDS=100 makes a
 * hundred times as many rounds. What was compared is counted, and too little of a kind is a failure.
 */
#include "random_policies.c"

#define ROUNDS	  700
#define PROCESSES 40

enum kind { KIND_PROFILE, KIND_PATH, KIND_NET, KIND_SYSTEM, KIND_CAPABILITY, KIND_UNDECIDABLE, KINDS };

static const char *const kind_names[KINDS] = {"profiles",     "path cells",	  "socket cells",
					      "system cells", "capability cells", "undecidable cells"};

/* What was compared; and how often something else than plain permission was expected. */
struct tally {
	uint64_t compared[KINDS], decided[KINDS];
	uint64_t verdicts[3], audits, kills, governed;
};

/* A round: a world, and what the questions at hand are about. */
struct round {
	struct world w;
	struct process p;
	uint32_t profile;
	struct governing g;
	struct tally *tally;
	char what[3 * NAME_SIZE];
};

static void show_acting(const struct acting *a, FILE *f)
{
	fprintf(f, "# cgroup %s, exe %s, uid %u, executed %d, owner %d\n", a->cgroup, shown(a->exe), a->uid,
		a->executed, a->owner);
}

__attribute__((noreturn)) static void disagree(const struct round *r, const char *text)
{
	world_show(&r->w, stderr);
	show_acting(&r->p.acting, stderr);
	fprintf(stderr, "# %s\n", r->what);
	fail_msg("seed %#llx: %s: %s", (unsigned long long)r->w.seed, r->what, text);
	abort();
}

static void compare(struct round *r, enum kind kind, uint32_t cell, const struct expected *e)
{
	char text[1024];

	r->tally->compared[kind]++;
	r->tally->decided[kind] += e->verdict != PV_ALLOW || e->audit;
	r->tally->verdicts[e->verdict]++;
	r->tally->audits += e->audit;
	r->tally->kills += e->kill;
	if (!oracle_agrees(r->w.f.image, cell, e, r->w.f.monitor_all, text, sizeof(text)))
		disagree(r, text);
}

/* ---- who is governed by what ---- */

static const struct policy *policy_named(const struct policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_policies; i++) {
		if (!strcmp(set->policies[i].name, name))
			return &set->policies[i];
	}
	return NULL;
}

/* The policies of a profile, as the registry names them. */
static struct governing members_of(const struct fixture *f, uint32_t profile)
{
	struct governing g = {.monitor_all = f->monitor_all};
	const struct profile_set *s;

	assert_true(profile < f->profiles.n);
	s = &f->profiles.sets[profile];
	for (size_t i = 0; i < s->n; i++) {
		g.policies[g.n] = policy_named(&f->set, s->names[i]);
		assert_non_null(g.policies[g.n++]);
	}
	return g;
}

static void show_governing(char *text, size_t size, const struct governing *g)
{
	for (size_t i = 0; i < g->n; i++) {
		size_t n = strlen(text);

		snprintf(text + n, size - n, " %s", g->policies[i]->name);
	}
}

static bool is_member(const struct governing *g, const struct policy *p)
{
	for (size_t i = 0; i < g->n; i++) {
		if (g->policies[i] == p)
			return true;
	}
	return false;
}

static void check_profile(struct round *r)
{
	struct governing expected = oracle_governing(&r->w.f, &r->p.acting), g;
	uint32_t profile = ask_profile(r->w.f.image, &r->p.acting);
	bool same;

	snprintf(r->what, sizeof(r->what), "profile %u:", profile);
	if (profile >= r->w.f.profiles.n)
		disagree(r, "no such profile");
	g = members_of(&r->w.f, profile);
	same = g.n == expected.n;
	for (size_t i = 0; i < expected.n; i++)
		same = same && is_member(&g, expected.policies[i]);
	if (!same) {
		show_governing(r->what, sizeof(r->what), &g);
		strcat(r->what, " govern, expected:");
		show_governing(r->what, sizeof(r->what), &expected);
		disagree(r, "as subjects say");
	}
	r->tally->compared[KIND_PROFILE]++;
	r->tally->decided[KIND_PROFILE] += expected.n > 0;
	/* What follows is asked of this profile or of any other. */
	r->profile = random_chance(&r->w.r, 40) ? profile : random_below(&r->w.r, r->w.f.profiles.n);
	r->g = members_of(&r->w.f, r->profile);
}

/* ---- cells ---- */

static void check_path(struct round *r)
{
	char path[NAME_SIZE];

	random_path(&r->w.r, &r->w.paths, path);
	r->p.acting.owner = random_chance(&r->w.r, 50);
	for (unsigned access = 0; access <= PV_ACC_EXEC; access++) {
		struct expected e = oracle_path(&r->g, &r->p.acting, path, access);

		snprintf(r->what, sizeof(r->what), "profile %u: %s of %s", r->profile,
			 policy_access_name(access), path);
		compare(r, KIND_PATH, ask_path_cell(r->w.f.image, r->profile, &r->p.acting, path, access),
			&e);
	}
}

static void show_socket(char *text, size_t size, const uint8_t *name, size_t length)
{
	char address[INET6_ADDRSTRLEN] = "";
	unsigned bytes = name[0] == PV_FAM_INET ? 4 : 16;

	if (name[0] == PV_FAM_UNIX) {
		snprintf(text, size, "unix '%.*s'", (int)length - 1, (const char *)name + 1);
	} else if (length == 2) {
		snprintf(text, size, "a new socket, family %u, protocol %u", name[0], name[1]);
	} else {
		inet_ntop(bytes == 4 ? AF_INET : AF_INET6, name + 2, address, sizeof(address));
		snprintf(text, size, "protocol %u, %s port %u", name[1], address,
			 (unsigned)(name[2 + bytes] << 8 | name[3 + bytes]));
	}
}

static void check_socket(struct round *r)
{
	uint8_t name[NAME_SIZE + 1];
	char text[NAME_SIZE + 40];
	uint32_t accesses;
	size_t length = random_socket(&r->w, name, &accesses);

	show_socket(text, sizeof(text), name, length);
	for (unsigned access = PV_ACC_CONNECT; access <= PV_ACC_SOCKET; access++) {
		struct expected e;

		if (!(accesses & 1u << access))
			continue;
		e = oracle_net(&r->g, &r->p.acting, name, length, access);
		snprintf(r->what, sizeof(r->what), "profile %u: %s, %s", r->profile,
			 policy_access_name(access), text);
		compare(r, KIND_NET,
			ask_net_cell(r->w.f.image, r->profile, &r->p.acting, name, length, access), &e);
	}
}

/* What depends on no name: once for every profile. */
static void check_nameless(struct round *r)
{
	static const unsigned others[] = {1, 20, 22, 33, 38, 41, 63};

	for (r->profile = 0; r->profile < r->w.f.profiles.n; r->profile++) {
		const struct pv_profile *entry = &image_head(r->w.f.image)->profiles[r->profile];
		struct expected e;

		r->g = members_of(&r->w.f, r->profile);
		for (unsigned access = PV_ACC_MOUNT; access <= PV_ACC_AGENT; access++) {
			snprintf(r->what, sizeof(r->what), "profile %u: operation %u", r->profile, access);
			e = oracle_system(&r->g, access);
			compare(r, KIND_SYSTEM, image_system_cell(r->w.f.image, r->profile, access), &e);
		}
		for (size_t i = 0; i < COUNT(capabilities) + COUNT(others); i++) {
			unsigned n = i < COUNT(others) ? others[i] : capabilities[i - COUNT(others)];

			snprintf(r->what, sizeof(r->what), "profile %u: capability %u", r->profile, n);
			e = oracle_capability(&r->g, n);
			compare(r, KIND_CAPABILITY, image_capability_cell(r->w.f.image, r->profile, n), &e);
		}
		snprintf(r->what, sizeof(r->what), "profile %u: undecidable path", r->profile);
		e = oracle_undecidable(&r->g, false);
		compare(r, KIND_UNDECIDABLE, entry->path_undecidable, &e);
		snprintf(r->what, sizeof(r->what), "profile %u: undecidable socket", r->profile);
		e = oracle_undecidable(&r->g, true);
		compare(r, KIND_UNDECIDABLE, entry->net_undecidable, &e);
	}
}

/* ---- rounds ---- */

static void make_round(uint64_t seed, struct tally *tally)
{
	struct round *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->tally = tally;
	world_init(&r->w, seed);
	fixture_compile(&r->w.f, random_chance(&r->w.r, 10));
	random_process(&r->w, &r->p);
	check_nameless(r);
	for (unsigned i = 0; i < PROCESSES; i++) {
		random_process(&r->w, &r->p);
		check_profile(r);
		check_path(r);
		check_path(r);
		check_socket(r);
		check_socket(r);
	}
	world_free(&r->w);
	free(r);
}

static void test_random(void **state)
{
	uint64_t first = random_seed(0x5eed), rounds = random_rounds(ROUNDS), sum = 0;
	struct tally t = {0};

	(void)state;
	for (uint64_t i = 0; i < rounds; i++)
		make_round(first + i, &t);
	for (unsigned kind = 0; kind < KINDS; kind++) {
		print_message("%10llu %s, %llu of them with something to say\n",
			      (unsigned long long)t.compared[kind], kind_names[kind],
			      (unsigned long long)t.decided[kind]);
		sum += t.compared[kind];
	}
	print_message("%10llu comparisons: %llu denied, %llu would be, %llu audited, %llu killing\n",
		      (unsigned long long)sum, (unsigned long long)t.verdicts[PV_DENY],
		      (unsigned long long)t.verdicts[PV_WOULD_DENY], (unsigned long long)t.audits,
		      (unsigned long long)t.kills);
	for (unsigned kind = 0; kind < KINDS && rounds >= ROUNDS; kind++)
		assert_true(t.compared[kind] >= 2000 && t.decided[kind] * 20 > t.compared[kind]);
	assert_true(rounds < ROUNDS || (t.kills > 10000 && t.audits > 3000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
