/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The compiler against the oracle, on random policy sets and names made so that much matches. A failure
 * prints the seed; PAVISE_SEED repeats it.
 */
#include "oracle.c"

#include <stdio.h>

#define ROUNDS 400

/* ---- random policies ---- */

static void random_component(struct random *r, char *text, size_t size)
{
	static const char *const pieces[] = {"a",	   "b",	   "ab",     "*", "a*",	   "*b",
					     "?",	   "[ab]", "[!a]",   "é", "{a,b}", "{,a}b",
					     "{a,{b,ab}}", "a?",   "{*,a}b", ".", "\\a",   "*a*"};
	char *end = text + strlen(text);

	snprintf(end, size - (end - text), "%s", pieces[random_below(r, sizeof(pieces) / sizeof(pieces[0]))]);
}

static void random_pattern(struct random *r, char *text, size_t size)
{
	static const char *const specials[] = {"/",	     "/**",	  "/*",		"/{,a}",
					       "/{a/,}b",    "/{**,a}/b", "/a{/**,}/b", "/a/{**/,}b",
					       "{/a,/b/**}", "/**b",	  "/a**/b",	"/{a,**}/{b,**}"};
	unsigned n = 1 + random_below(r, 3);

	text[0] = 0;
	if (random_chance(r, 15)) {
		snprintf(text, size, "%s", specials[random_below(r, sizeof(specials) / sizeof(specials[0]))]);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		strcat(text, "/");
		if (random_chance(r, 20))
			strcat(text, "**");
		else
			random_component(r, text, size);
	}
}

static void random_path(struct random *r, char *text)
{
	static const char *const components[] = {"a", "b", "ab", "ba", "aab", "é", "\xff", ".", "c", "abé"};
	unsigned n = random_below(r, 5);

	strcpy(text, n ? "" : "/");
	for (unsigned i = 0; i < n; i++) {
		strcat(text, "/");
		strcat(text, components[random_below(r, sizeof(components) / sizeof(components[0]))]);
	}
}

static void random_net_rule(struct random *r, struct policy_rule *rule)
{
	static const uint8_t protocols[] = {PV_PROTO_TCP, PV_PROTO_UDP, PV_PROTO_RAW};
	static const uint8_t families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};
	static const char *const four[] = {"10.0.0.0", "10.0.0.7", "10.1.0.0", "0.0.0.0", "10.0.0.128"};
	static const char *const six[] = {"2001:db8::", "2001:db8::1", "::", "fe80::"};

	for (unsigned i = random_below(r, 3); i > 0; i--) {
		if (random_chance(r, 50))
			build_cidr(rule, 4, four[random_below(r, 5)], random_below(r, 33));
		else
			build_cidr(rule, 6, six[random_below(r, 4)], random_below(r, 129));
	}
	for (unsigned i = random_below(r, 3); i > 0; i--) {
		uint16_t first = random_chance(r, 50) ? random_below(r, 65536) : 250 + random_below(r, 12);
		uint32_t last = first + random_below(r, random_chance(r, 50) ? 10 : 70000);

		build_ports(rule, first, last > 65535 ? 65535 : last);
	}
	for (unsigned i = random_chance(r, 40) ? random_below(r, 3) : 0; i > 0; i--)
		build_protocol(rule, protocols[random_below(r, 3)]);
	for (unsigned i = random_chance(r, 30) ? random_below(r, 3) : 0; i > 0; i--)
		build_family(rule, families[random_below(r, 4)]);
}

static void random_rule(struct random *r, struct policy *p)
{
	enum policy_section section = random_chance(r, 50) ? SECTION_FILES : 1 + random_below(r, 2);
	enum policy_effect effect = random_chance(r, 50) ? EFFECT_ALLOW : EFFECT_DENY;
	uint32_t access = random_chance(r, 40) ? FILES_ALL : 1 + random_below(r, FILES_ALL);
	struct policy_rule *rule;
	char text[128];

	if (section == SECTION_EXEC)
		access = ACCESS(EXEC);
	if (section == SECTION_NETWORK)
		access = (1 + random_below(r, 31)) << PV_ACC_CONNECT;
	rule = build_rule(p, section, effect, access);
	rule->audit = random_chance(r, 25);
	if (section == SECTION_NETWORK) {
		random_net_rule(r, rule);
		return;
	}
	for (unsigned i = 1 + random_below(r, 3); i > 0; i--) {
		random_pattern(r, text, sizeof(text));
		build_pattern(rule, text);
	}
}

static void random_set(struct random *r, struct policy_set *set)
{
	static const char *const names[] = {"delta", "alpha", "charlie", "bravo"};
	unsigned n = 1 + random_below(r, 4);

	for (unsigned i = 0; i < n; i++) {
		struct policy *p =
			build_policy(set, names[i], random_chance(r, 65) ? MODE_ENFORCE : MODE_MONITOR);
		char text[128];

		for (unsigned s = 1 + random_below(r, 2); s > 0; s--) {
			if (random_chance(r, 25))
				random_path(r, text);
			else
				random_pattern(r, text, sizeof(text));
			build_subject(p, text);
			if (!strpbrk(text, "*?[{\\") && random_chance(r, 50))
				p->subjects[p->n_subjects - 1].cgroup_literal = true;
		}
		for (unsigned s = 0; s < RULE_SECTIONS; s++) {
			if (random_chance(r, 60))
				build_section(p, s, random_chance(r, 50) ? EFFECT_ALLOW : EFFECT_DENY);
		}
		for (unsigned s = random_below(r, 13); s > 0; s--)
			random_rule(r, p);
	}
}

static size_t random_name(struct random *r, uint8_t *name)
{
	static const uint8_t protocols[] = {PV_PROTO_TCP, PV_PROTO_UDP, PV_PROTO_RAW, PV_PROTO_ICMP};
	static const uint8_t families[] = {AF_UNIX, AF_NETLINK, AF_PACKET, 255};
	unsigned family = random_below(r, 5), size = family % 2 ? 4 : 16;

	if (family == 4) {
		name[0] = PV_FAM_OTHER;
		name[1] = families[random_below(r, 4)];
		return 2;
	}
	name[0] = family % 2 ? PV_FAM_INET : PV_FAM_INET6;
	name[1] = protocols[random_below(r, 4)];
	if (random_chance(r, 25))
		return 2;
	memset(name + 2, 0, 16);
	if (family % 2) {
		name[2] = random_chance(r, 80) ? 10 : random_below(r, 256);
		name[3] = random_below(r, 2);
		name[5] = random_chance(r, 50) ? 7 : random_below(r, 256);
	} else {
		memcpy(name + 2, "\x20\x01\x0d\xb8", 4);
		name[2] ^= random_chance(r, 20);
		name[17] = random_below(r, 3);
	}
	name[2 + size] = random_chance(r, 70) ? random_below(r, 3) : random_below(r, 256);
	name[3 + size] = random_chance(r, 70) ? 248 + random_below(r, 8) : random_below(r, 256);
	return 2 + size + 2;
}

/* The policies of a profile, as the registry names them. */
static size_t members_of(const struct fixture *f, uint32_t profile, const struct policy **members)
{
	const struct profile_set *s = &f->profiles.sets[profile];

	for (size_t i = 0; i < s->n; i++) {
		for (size_t j = 0; j < f->set.n_policies; j++) {
			if (!strcmp(f->set.policies[j].name, s->names[i]))
				members[i] = &f->set.policies[j];
		}
	}
	return s->n;
}

static size_t check_paths(const struct fixture *f, struct random *r, bool monitor_all, uint64_t seed)
{
	const struct policy *members[8];
	uint32_t profile = random_below(r, f->profiles.n);
	size_t n = members_of(f, profile, members), cases = 0;
	char path[128], text[512];

	for (unsigned i = 0; i < 12; i++) {
		random_path(r, path);
		for (unsigned access = 0; access <= PV_ACC_EXEC; access++, cases++) {
			struct expected e = oracle_path(members, n, monitor_all, path, access);
			uint32_t cell = image_path_cell(f->image, profile, path, access, NULL);

			if (!oracle_agrees(f->image, cell, &e, monitor_all, text, sizeof(text)))
				fail_msg("seed %#llx: profile %u, %s of %s: %s", (unsigned long long)seed,
					 profile, policy_access_name(access), path, text);
		}
	}
	return cases;
}

static size_t check_names(const struct fixture *f, struct random *r, bool monitor_all, uint64_t seed)
{
	const struct policy *members[8];
	uint32_t profile = random_below(r, f->profiles.n);
	size_t n = members_of(f, profile, members), cases = 0;
	uint8_t name[24];
	char text[512];

	for (unsigned i = 0; i < 12; i++) {
		size_t length = random_name(r, name);

		for (unsigned access = PV_ACC_CONNECT; access <= PV_ACC_SOCKET; access++, cases++) {
			struct expected e = oracle_net(members, n, monitor_all, name, length, access);
			uint32_t cell = image_net_cell(f->image, profile, name, length, access, NULL);

			if (!oracle_agrees(f->image, cell, &e, monitor_all, text, sizeof(text)))
				fail_msg("seed %#llx: profile %u, %s, name %u %u (%zu bytes): %s",
					 (unsigned long long)seed, profile, policy_access_name(access),
					 name[0], name[1], length, text);
		}
	}
	return cases;
}

static size_t check_cgroups(const struct fixture *f, struct random *r, uint64_t seed)
{
	const struct policy *members[8];
	char path[128];

	for (unsigned i = 0; i < 20; i++) {
		uint32_t profile;
		size_t n, governing = 0;

		random_path(r, path);
		profile = image_profile(f->image, path, NULL);
		assert_true(profile < f->profiles.n);
		n = members_of(f, profile, members);
		for (size_t j = 0; j < f->set.n_policies; j++) {
			bool member = false;

			for (size_t k = 0; k < n; k++)
				member |= members[k] == &f->set.policies[j];
			governing += member;
			if (member != oracle_governs(&f->set.policies[j], path))
				fail_msg("seed %#llx: cgroup %s, policy %s: governed %d",
					 (unsigned long long)seed, path, f->set.policies[j].name, member);
		}
		assert_int_equal(governing, n);
	}
	return 20;
}

static void test_random(void **state)
{
	uint64_t first = random_seed(0x5eed);
	size_t cases = 0;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t seed = first + i;
		struct random r = {seed};
		bool monitor_all = random_chance(&r, 10);
		struct fixture f = {0};

		random_set(&r, &f.set);
		fixture_compile(&f, monitor_all);
		for (unsigned j = 0; j < 4; j++) {
			cases += check_paths(&f, &r, monitor_all, seed);
			cases += check_names(&f, &r, monitor_all, seed);
		}
		cases += check_cgroups(&f, &r, seed);
		fixture_free(&f);
	}
	assert_true(cases > 300000);
}

/* What happens in a cgroup that only the root's subjects speak of. */
static enum pv_verdict verdict(const struct fixture *f, const char *path, unsigned access)
{
	return PV_CELL_VERDICT(image_path_cell(f->image, image_profile(f->image, "/none", NULL), path, access, NULL));
}

static void drop_subjects(struct policy *p)
{
	for (size_t i = 0; i < p->n_subjects; i++)
		free(p->subjects[i].cgroup.text);
	p->n_subjects = 0;
}

/* Adding a policy can only restrict: with one policy less, nothing that was permitted is denied. */
static void test_monotony(void **state)
{
	uint64_t first = random_seed(0x10ad);

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct random r = {first + i};
		struct fixture f = {0}, less = {0};
		char path[128];

		random_set(&r, &f.set);
		r.state = first + i;
		random_set(&r, &less.set);
		drop_subjects(&less.set.policies[0]);
		for (size_t j = 0; j < f.set.n_policies; j++) {
			build_subject(&f.set.policies[j], "/");
			if (j)
				build_subject(&less.set.policies[j], "/");
		}
		fixture_compile(&f, false);
		fixture_compile(&less, false);
		for (unsigned j = 0; j < 200; j++) {
			unsigned access = random_below(&r, PV_ACC_EXEC + 1);

			random_path(&r, path);
			if (verdict(&f, path, access) != PV_DENY)
				assert_int_not_equal(verdict(&less, path, access), PV_DENY);
		}
		fixture_free(&f);
		fixture_free(&less);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_monotony),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
