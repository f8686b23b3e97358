/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The compiler's meaning: each rule of the language on an example, the registry of profiles, and what
 * is refused. Agreement on random policies is test_compile_random.c.
 */
#include "oracle.c"

#include <stdio.h>

/* ---- the meaning, rule by rule ---- */

static struct policy *enforcing(struct fixture *f, const char *name)
{
	struct policy *p = build_policy(&f->set, name, MODE_ENFORCE);

	build_subject(p, "/");
	return p;
}

static uint32_t path_cell(const struct fixture *f, const char *path, unsigned access)
{
	return image_path_cell(f->image, image_profile(f->image, "/x", NULL), path, access, NULL);
}

static enum pv_verdict path_verdict(const struct fixture *f, const char *path, unsigned access)
{
	return PV_CELL_VERDICT(path_cell(f, path, access));
}

static void assert_decision(const struct fixture *f, uint32_t cell, const char *policy, const char *rule,
			    const char *match, enum decision_reason reason)
{
	const struct decision *d = image_decision(f->image, cell);

	assert_non_null(d);
	assert_string_equal(shown(d->policy), policy);
	assert_string_equal(shown(d->rule), rule);
	assert_string_equal(shown(d->match), match);
	assert_int_equal(d->reason, reason);
}

/* 1: deny over allow over default, in whatever order. */
static void test_precedence(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		struct fixture f = {0};
		struct policy *p = enforcing(&f, "p");

		build_section(p, SECTION_FILES, EFFECT_DENY);
		build_path_rule(p, SECTION_FILES, turn ? EFFECT_DENY : EFFECT_ALLOW, FILES_ALL,
				turn ? "/a/secret" : "/a/**");
		build_path_rule(p, SECTION_FILES, turn ? EFFECT_ALLOW : EFFECT_DENY, FILES_ALL,
				turn ? "/a/**" : "/a/secret");
		fixture_compile(&f, false);
		assert_int_equal(path_verdict(&f, "/a/secret", PV_ACC_READ), PV_DENY);
		assert_int_equal(path_verdict(&f, "/a/x", PV_ACC_READ), PV_ALLOW);
		assert_int_equal(path_verdict(&f, "/b", PV_ACC_READ), PV_DENY);
		assert_decision(&f, path_cell(&f, "/a/secret", PV_ACC_READ), "p",
				turn ? "files[0]" : "files[1]", "/a/secret", REASON_EXPLICIT_DENY);
		assert_decision(&f, path_cell(&f, "/b", PV_ACC_READ), "p", "-", "-", REASON_DEFAULT_DENY);
		assert_int_equal(PV_CELL_DECISION(path_cell(&f, "/a/x", PV_ACC_READ)), 0);
		fixture_free(&f);
	}
}

/* A section that is not there decides nothing; rules speak on their accesses only. */
static void test_absent(void **state)
{
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");
	static const uint8_t name[] = {PV_FAM_INET, PV_PROTO_TCP};

	(void)state;
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(WRITE) | ACCESS(APPEND), "/etc/**");
	fixture_compile(&f, false);
	for (unsigned access = 0; access <= PV_ACC_EXEC; access++)
		assert_int_equal(path_verdict(&f, "/etc/x", access),
				 access == PV_ACC_WRITE || access == PV_ACC_APPEND ? PV_DENY : PV_ALLOW);
	assert_int_equal(image_net_cell(f.image, 1, name, 2, PV_ACC_SOCKET, NULL), 0);
	assert_true(image_head(f.image)->profiles[1].net_start & PV_DECIDED);
	/* Ungoverned: everything is permitted, by nobody. */
	assert_int_equal(image_path_cell(f.image, 0, "/etc/x", PV_ACC_WRITE, NULL), 0);
	fixture_free(&f);
}

/* 2: adding a policy never permits anything; the first enforcing denial in name order is reported. */
static void test_intersection(void **state)
{
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "b");

	(void)state;
	build_section(p, SECTION_FILES, EFFECT_DENY);
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/a");
	p = enforcing(&f, "c");
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/{a,z}");
	p = enforcing(&f, "a");
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/**");
	fixture_compile(&f, false);
	assert_decision(&f, path_cell(&f, "/a", PV_ACC_READ), "c", "files[0]", "/{a,z}",
			REASON_EXPLICIT_DENY);
	assert_decision(&f, path_cell(&f, "/z", PV_ACC_READ), "b", "-", "-", REASON_DEFAULT_DENY);
	fixture_free(&f);
}

/* 3: a monitoring policy never denies, and does not hide an enforcing one. */
static void test_modes(void **state)
{
	(void)state;
	for (unsigned monitor_all = 0; monitor_all < 2; monitor_all++) {
		struct fixture f = {0};
		struct policy *p = build_policy(&f.set, "a", MODE_MONITOR);

		build_subject(p, "/");
		build_section(p, SECTION_FILES, EFFECT_ALLOW);
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/{both,watched}");
		p = enforcing(&f, "b");
		build_section(p, SECTION_FILES, EFFECT_ALLOW);
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/{both,kept}");
		build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/watched")->audit = true;
		fixture_compile(&f, monitor_all);
		assert_int_equal(path_verdict(&f, "/watched", PV_ACC_READ), PV_WOULD_DENY);
		assert_int_equal(path_verdict(&f, "/both", PV_ACC_READ),
				 monitor_all ? PV_WOULD_DENY : PV_DENY);
		assert_int_equal(path_verdict(&f, "/kept", PV_ACC_READ),
				 monitor_all ? PV_WOULD_DENY : PV_DENY);
		assert_string_equal(image_decision(f.image, path_cell(&f, "/both", PV_ACC_READ))->policy,
				    monitor_all ? "a" : "b");
		assert_int_equal(image_decision(f.image, path_cell(&f, "/kept", PV_ACC_READ))->mode,
				 monitor_all ? MODE_MONITOR : MODE_ENFORCE);
		fixture_free(&f);
	}
}

/* 4: exec and map. */
static void test_exec_and_map(void **state)
{
	static const struct {
		const char *path;
		enum pv_verdict map, exec;
	} expected[] = {
		{"/bin/tool", PV_ALLOW, PV_ALLOW}, /* exec allow */
		{"/bin/evil", PV_DENY, PV_DENY},   /* exec deny */
		{"/lib/a.so", PV_ALLOW, PV_DENY},  /* files allow that includes map */
		{"/bin/flat", PV_DENY, PV_DENY},   /* exec allow, but a files deny of map */
		{"/lib/evil", PV_DENY, PV_DENY},   /* files allow, exec deny */
		{"/other", PV_DENY, PV_DENY},	   /* default of exec */
		{"/data/x", PV_DENY, PV_DENY},	   /* files allow that does not include map */
	};
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");

	(void)state;
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_section(p, SECTION_EXEC, EFFECT_DENY);
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/lib/**");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(MAP), "/bin/flat");
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, ACCESS(READ), "/data/**");
	build_path_rule(p, SECTION_EXEC, EFFECT_ALLOW, ACCESS(EXEC), "/bin/**");
	build_path_rule(p, SECTION_EXEC, EFFECT_DENY, ACCESS(EXEC), "/**/evil");
	fixture_compile(&f, false);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		if (path_verdict(&f, expected[i].path, PV_ACC_MAP) != expected[i].map ||
		    path_verdict(&f, expected[i].path, PV_ACC_EXEC) != expected[i].exec)
			fail_msg("%s", expected[i].path);
		assert_int_equal(path_verdict(&f, expected[i].path, PV_ACC_READ), PV_ALLOW);
	}
	assert_decision(&f, path_cell(&f, "/bin/flat", PV_ACC_EXEC), "p", "files[1]", "/bin/flat",
			REASON_EXPLICIT_DENY);
	assert_decision(&f, path_cell(&f, "/lib/evil", PV_ACC_MAP), "p", "exec[1]", "/**/evil",
			REASON_EXPLICIT_DENY);
	assert_decision(&f, path_cell(&f, "/other", PV_ACC_MAP), "p", "-", "-", REASON_DEFAULT_DENY);
	assert_int_equal(image_decision(f.image, path_cell(&f, "/other", PV_ACC_MAP))->section, SECTION_EXEC);
	fixture_free(&f);
}

/* The lowest rule and its lowest pattern are reported; permitted use only where a rule asks for it. */
static void test_reporting(void **state)
{
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");
	struct policy_rule *rule;

	(void)state;
	build_section(p, SECTION_FILES, EFFECT_DENY);
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/a/**");
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, ACCESS(READ), "/a/b")->audit = true;
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/x/y");
	build_pattern(rule, "/x/**");
	rule->audit = true;
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/x/z");
	fixture_compile(&f, false);
	assert_int_equal(path_cell(&f, "/a/c", PV_ACC_READ), 0);
	assert_true(path_cell(&f, "/a/b", PV_ACC_READ) & PV_CELL_AUDIT);
	assert_int_equal(path_verdict(&f, "/a/b", PV_ACC_READ), PV_ALLOW);
	assert_decision(&f, path_cell(&f, "/a/b", PV_ACC_READ), "p", "files[1]", "/a/b",
			REASON_EXPLICIT_ALLOW);
	assert_int_equal(path_cell(&f, "/a/b", PV_ACC_WRITE), 0);
	assert_decision(&f, path_cell(&f, "/x/y", PV_ACC_READ), "p", "files[2]", "/x/y",
			REASON_EXPLICIT_DENY);
	assert_decision(&f, path_cell(&f, "/x/z", PV_ACC_READ), "p", "files[2]", "/x/**",
			REASON_EXPLICIT_DENY);
	assert_false(path_cell(&f, "/x/y", PV_ACC_READ) & PV_CELL_AUDIT);
	fixture_free(&f);
}

/* Who: the cgroup and all that is below it. */
static void test_subjects(void **state)
{
	static const struct {
		const char *subject;
		bool literal;
		const char *cgroup;
		bool governed;
	} expected[] = {
		{"/web", false, "/web", true},
		{"/web", false, "/web/a/b", true},
		{"/web", false, "/web2", false},
		{"/web", false, "/", false},
		{"/web/**", false, "/web", false},
		{"/web/**", false, "/web/a", true},
		{"/*/job-*", false, "/a/job-1/x", true},
		{"/*/job-*", false, "/a", false},
		{"/", false, "/", true},
		{"/", false, "/a/b", true},
		{"/**", false, "/", false},
		{"/**", false, "/a", true},
		{"/{,a}", false, "/", true},
		{"/{,a}", false, "/b", true},
		{"/a*", true, "/a*", true},
		{"/a*", true, "/a*/b", true},
		{"/a*", true, "/ab", false},
		{"/", true, "/b", true},
		{"/", true, "/", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct fixture f = {0};
		struct policy *p = build_policy(&f.set, "p", MODE_ENFORCE);

		build_subject(p, expected[i].subject);
		p->subjects[0].cgroup_literal = expected[i].literal;
		fixture_compile(&f, false);
		if (image_profile(f.image, expected[i].cgroup, NULL) != expected[i].governed ||
		    oracle_governs(p, expected[i].cgroup) != expected[i].governed)
			fail_msg("%s on %s", expected[i].subject, expected[i].cgroup);
		fixture_free(&f);
	}
}

/* ---- network ---- */

static enum pv_verdict socket_verdict(const struct fixture *f, unsigned family, unsigned protocol)
{
	const uint8_t name[] = {family, protocol};

	return PV_CELL_VERDICT(image_net_cell(f->image, 1, name, 2, PV_ACC_SOCKET, NULL));
}

static enum pv_verdict connect_verdict(const struct fixture *f, unsigned protocol, const char *address,
				       unsigned port)
{
	uint8_t name[20] = {strchr(address, ':') ? PV_FAM_INET6 : PV_FAM_INET, protocol};
	size_t size = name[0] == PV_FAM_INET ? 4 : 16;

	assert_int_equal(inet_pton(size == 4 ? AF_INET : AF_INET6, address, name + 2), 1);
	name[2 + size] = port >> 8;
	name[3 + size] = port;
	return PV_CELL_VERDICT(image_net_cell(f->image, 1, name, size + 4, PV_ACC_CONNECT, NULL));
}

/* To permit an address is to permit a socket for it, and no other; an explicit deny still wins. */
static void test_sockets(void **state)
{
	for (unsigned turn = 0; turn < 2; turn++) {
		struct fixture f = {0};
		struct policy *p = enforcing(&f, "p");
		struct policy_rule *rule;

		(void)state;
		build_section(p, SECTION_NETWORK, EFFECT_DENY);
		rule = build_rule(p, SECTION_NETWORK, EFFECT_ALLOW, ACCESS(CONNECT));
		build_cidr(rule, 4, "10.0.0.0", 8);
		build_protocol(rule, PV_PROTO_TCP);
		rule->audit = true;
		rule = build_rule(p, SECTION_NETWORK, EFFECT_ALLOW, ACCESS(SOCKET));
		build_family(rule, AF_UNIX);
		if (turn)
			build_protocol(build_rule(p, SECTION_NETWORK, EFFECT_DENY, ACCESS(SOCKET)),
				       PV_PROTO_TCP);
		fixture_compile(&f, false);
		assert_int_equal(socket_verdict(&f, PV_FAM_INET, PV_PROTO_TCP), turn ? PV_DENY : PV_ALLOW);
		assert_int_equal(socket_verdict(&f, PV_FAM_INET, PV_PROTO_UDP), PV_DENY);
		assert_int_equal(socket_verdict(&f, PV_FAM_INET6, PV_PROTO_TCP), PV_DENY);
		assert_int_equal(socket_verdict(&f, PV_FAM_OTHER, AF_UNIX), PV_ALLOW);
		assert_int_equal(socket_verdict(&f, PV_FAM_OTHER, AF_NETLINK), PV_DENY);
		assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "10.255.0.1", 443), PV_ALLOW);
		assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "11.0.0.1", 443), PV_DENY);
		assert_int_equal(connect_verdict(&f, PV_PROTO_UDP, "10.0.0.1", 443), PV_DENY);
		/* What is implied is not reported: the rule asks for connections. */
		if (!turn)
			assert_int_equal(image_net_cell(f.image, 1, (uint8_t[]){4, 6}, 2, PV_ACC_SOCKET, NULL), 0);
		fixture_free(&f);
	}
}

static void test_addresses(void **state)
{
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");
	struct policy_rule *rule;
	uint32_t cell;
	static const uint8_t name[] = {PV_FAM_INET, PV_PROTO_TCP, 192, 168, 7, 255, 0x1f, 0x40};

	(void)state;
	build_section(p, SECTION_NETWORK, EFFECT_ALLOW);
	rule = build_rule(p, SECTION_NETWORK, EFFECT_DENY, ACCESS(CONNECT));
	build_cidr(rule, 6, "2001:db8:8000::", 33);
	build_cidr(rule, 4, "192.168.4.0", 22);
	build_ports(rule, 80, 80);
	build_ports(rule, 8000, 9000);
	rule = build_rule(p, SECTION_NETWORK, EFFECT_DENY, ACCESS(CONNECT));
	build_ports(rule, 25, 25);
	fixture_compile(&f, false);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "192.168.7.255", 8000), PV_DENY);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "192.168.8.0", 8000), PV_ALLOW);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "192.168.3.255", 8000), PV_ALLOW);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "192.168.4.0", 81), PV_ALLOW);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "192.168.4.0", 9001), PV_ALLOW);
	assert_int_equal(connect_verdict(&f, PV_PROTO_UDP, "2001:db8:8000::1", 80), PV_DENY);
	assert_int_equal(connect_verdict(&f, PV_PROTO_UDP, "2001:db8:7fff::1", 80), PV_ALLOW);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "::1", 25), PV_DENY);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "1.2.3.4", 25), PV_DENY);
	cell = image_net_cell(f.image, 1, name, sizeof(name), PV_ACC_CONNECT, NULL);
	assert_decision(&f, cell, "p", "network[0]", "192.168.4.0/22", REASON_EXPLICIT_DENY);
	fixture_free(&f);
}

/* 9: what cannot be decided is denied where a section would have decided it. */
static void test_undecidable(void **state)
{
	static const struct {
		bool exec, network;
		enum policy_mode mode;
		enum pv_verdict path, net;
	} expected[] = {
		{true, false, MODE_ENFORCE, PV_DENY, PV_ALLOW},
		{false, true, MODE_ENFORCE, PV_ALLOW, PV_DENY},
		{true, true, MODE_MONITOR, PV_WOULD_DENY, PV_WOULD_DENY},
		{false, false, MODE_ENFORCE, PV_ALLOW, PV_ALLOW},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct fixture f = {0};
		struct policy *p = build_policy(&f.set, "m", expected[i].mode);
		const struct pv_profile *entry;

		build_subject(p, "/");
		if (expected[i].exec)
			build_section(p, SECTION_EXEC, EFFECT_ALLOW);
		if (expected[i].network)
			build_section(p, SECTION_NETWORK, EFFECT_ALLOW);
		/* Comes first by name, and only watches files. */
		p = build_policy(&f.set, "a", MODE_MONITOR);
		build_subject(p, "/b");
		build_section(p, SECTION_FILES, EFFECT_ALLOW);
		fixture_compile(&f, false);
		entry = &image_head(f.image)->profiles[image_profile(f.image, "/x", NULL)];
		assert_int_equal(PV_CELL_VERDICT(entry->path_undecidable), expected[i].path);
		assert_int_equal(PV_CELL_VERDICT(entry->net_undecidable), expected[i].net);
		if (expected[i].path != PV_ALLOW)
			assert_decision(&f, entry->path_undecidable, "m", "-", "-", REASON_NOT_DECIDABLE);
		entry = &image_head(f.image)->profiles[image_profile(f.image, "/b", NULL)];
		assert_int_equal(PV_CELL_VERDICT(entry->path_undecidable),
				 expected[i].path == PV_DENY ? PV_DENY : PV_WOULD_DENY);
		assert_string_equal(image_decision(f.image, entry->path_undecidable)->policy,
				    expected[i].path == PV_DENY ? "m" : "a");
		fixture_free(&f);
	}
}

/* ---- the registry ---- */

static void test_registry(void **state)
{
	const char *const two[] = {"b", "a", "b"}, *const one[] = {"b"};
	struct profiles p;

	(void)state;
	profiles_init(&p);
	assert_int_equal(profiles_number(&p, NULL, 0), 0);
	assert_int_equal(profiles_number(&p, two, 3), 1);
	assert_int_equal(profiles_number(&p, one, 1), 2);
	assert_int_equal(profiles_number(&p, two, 2), 1);
	assert_int_equal(p.sets[1].n, 2);
	assert_string_equal(p.sets[1].names[0], "a");
	for (unsigned i = 3; i < PV_PROFILES_MAX; i++) {
		char name[16];
		const char *names[] = {name};

		snprintf(name, sizeof(name), "p%u", i);
		assert_int_equal(profiles_number(&p, names, 1), i);
	}
	assert_int_equal(profiles_number(&p, (const char *const[]){"new"}, 1), -ENOSPC);
	assert_int_equal(profiles_number(&p, one, 1), 2);
	profiles_free(&p);
}

/* A number keeps its meaning over generations, also without any cgroup that leads there. */
static void test_generations(void **state)
{
	struct fixture f = {0}, next = {0};
	struct policy *p = build_policy(&f.set, "old", MODE_ENFORCE);
	uint32_t both, only;

	(void)state;
	build_subject(p, "/a");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/old");
	p = build_policy(&f.set, "stays", MODE_ENFORCE);
	build_subject(p, "/a");
	build_subject(p, "/b");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/stays");
	for (size_t i = 0; i < 2; i++)
		f.set.policies[i].sections[SECTION_FILES].fallback = EFFECT_ALLOW;
	fixture_compile(&f, false);
	both = image_profile(f.image, "/a", NULL);
	only = image_profile(f.image, "/b", NULL);
	assert_int_not_equal(both, only);

	/* "old" goes, and "stays" now governs another cgroup. */
	p = build_policy(&next.set, "stays", MODE_ENFORCE);
	build_subject(p, "/c");
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/stays");
	next.image = build_image(&next.set, false, &f.profiles);
	assert_int_equal(image_profile(next.image, "/c", NULL), only);
	assert_int_equal(image_profile(next.image, "/a", NULL), 0);
	assert_int_equal(PV_CELL_VERDICT(image_path_cell(next.image, both, "/stays", PV_ACC_READ, NULL)), PV_DENY);
	assert_int_equal(PV_CELL_VERDICT(image_path_cell(next.image, both, "/old", PV_ACC_READ, NULL)), PV_ALLOW);
	assert_int_equal(image_head(next.image)->profiles[both].path_start,
			 image_head(next.image)->profiles[only].path_start);
	fixture_free(&next);

	/* Nothing is left: everything is permitted. */
	next.image = build_image(&next.set, false, &f.profiles);
	assert_int_equal(image_path_cell(next.image, both, "/stays", PV_ACC_READ, NULL), 0);
	assert_int_equal(image_profile(next.image, "/", NULL), 0);
	assert_int_equal(next.image->n_states, 0);
	image_free(next.image);
	fixture_free(&f);
}

/* What the front end would not let through is refused here as well, and changes nothing. */
static void test_errors(void **state)
{
	static const struct {
		const char *pattern, *subject;
		unsigned generation;
		const char *message;
	} errors[] = {
		{"/a[", "/", 1, "not closed"}, {"relative", "/", 1, "start with '/'"},
		{"/a", "/{", 1, "not closed"}, {"/a", NULL, 1, "needs a cgroup"},
		{"/a", "/", 0, "generation"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct compile_options options = {.generation = errors[i].generation};
		struct fixture f = {0};
		struct diags d = {0};
		struct policy *p = enforcing(&f, "p");

		profiles_init(&f.profiles);
		if (errors[i].subject)
			build_subject(p, errors[i].subject);
		else
			(*(struct policy_subject *)append(&p->subjects, &p->n_subjects,
							  sizeof(*p->subjects))) = (struct policy_subject){0};
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, errors[i].pattern);
		assert_int_equal(policy_compile(&f.set, &options, &f.profiles, &f.image, &d), -EINVAL);
		assert_null(f.image);
		assert_int_equal(f.profiles.n, 1);
		assert_int_equal(d.n, 1);
		assert_non_null(strstr(d.items[0].message, errors[i].message));
		diags_free(&d);
		fixture_free(&f);
	}
}

/* More combinations of policies than there are profiles. */
static void test_too_many_profiles(void **state)
{
	struct compile_options options = {.generation = 1};
	struct fixture f = {0};
	struct diags d = {0};
	char text[32];

	(void)state;
	profiles_init(&f.profiles);
	for (unsigned i = 0; i < 12; i++) {
		snprintf(text, sizeof(text), "p%02u", i);
		build_policy(&f.set, text, MODE_ENFORCE);
		snprintf(text, sizeof(text), "/*%c*", 'a' + i);
		build_subject(&f.set.policies[i], text);
	}
	assert_int_equal(policy_compile(&f.set, &options, &f.profiles, &f.image, &d), -E2BIG);
	assert_int_equal(f.profiles.n, 1);
	assert_int_equal(d.n, 1);
	assert_non_null(strstr(d.items[0].message, "3071"));
	diags_free(&d);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_precedence),   cmocka_unit_test(test_absent),
		cmocka_unit_test(test_intersection), cmocka_unit_test(test_modes),
		cmocka_unit_test(test_exec_and_map), cmocka_unit_test(test_reporting),
		cmocka_unit_test(test_subjects),     cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_addresses),    cmocka_unit_test(test_undecidable),
		cmocka_unit_test(test_registry),     cmocka_unit_test(test_generations),
		cmocka_unit_test(test_errors),	     cmocka_unit_test(test_too_many_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
