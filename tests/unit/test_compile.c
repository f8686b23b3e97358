/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The compiler's meaning: each rule of the language on an example, the registry of profiles, and what
 * is refused. Every example is asked of the oracle as well, so that both are held to what is written
 * here. Agreement on random policies is test_compile_random.c, what holds for all of them test_meaning.c.
 */
#include "oracle.c"

/* ---- the meaning, rule by rule ---- */

static struct policy *enforcing(struct fixture *f, const char *name)
{
	struct policy *p = build_policy(&f->set, name, MODE_ENFORCE);

	build_subject(p, "/");
	return p;
}

/* Somebody without anything special. */
static const struct acting anybody = {.cgroup = "/x", .exe = "/bin/any", .uid = 1000, .executed = true};

static uint32_t agreed(const struct fixture *f, uint32_t cell, const struct expected *e, const char *what)
{
	char text[1024];

	if (!oracle_agrees(f->image, cell, e, f->monitor_all, text, sizeof(text)))
		fail_msg("%s: %s", what, text);
	return cell;
}

/* The cell for somebody, on which the image and the oracle agree. */
static uint32_t path_cell_by(const struct fixture *f, const struct acting *a, const char *path,
			     unsigned access)
{
	struct governing g = oracle_governing(f, a);
	struct expected e = oracle_path(&g, a, path, access);

	return agreed(f, ask_path_cell(f->image, ask_profile(f->image, a), a, path, access), &e, path);
}

static uint32_t path_cell(const struct fixture *f, const char *path, unsigned access)
{
	return path_cell_by(f, &anybody, path, access);
}

static enum pv_verdict path_verdict(const struct fixture *f, const char *path, unsigned access)
{
	return PV_CELL_VERDICT(path_cell(f, path, access));
}

static uint32_t net_cell(const struct fixture *f, const void *name, size_t length, unsigned access)
{
	struct governing g = oracle_governing(f, &anybody);
	struct expected e = oracle_net(&g, &anybody, name, length, access);

	return agreed(f,
		      ask_net_cell(f->image, ask_profile(f->image, &anybody), &anybody, name, length, access),
		      &e, policy_access_name(access));
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

/* ---- what narrows a rule ---- */

/* Who does what, and what comes of it. */
struct example {
	const char *exe;
	bool owner;
	const char *path;
	enum pv_verdict verdict;
};

static void check_examples(const struct fixture *f, const struct example *examples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct acting a = anybody;

		a.exe = examples[i].exe;
		a.owner = examples[i].owner;
		if (PV_CELL_VERDICT(path_cell_by(f, &a, examples[i].path, PV_ACC_READ)) !=
		    examples[i].verdict)
			fail_msg("%s on %s, owner %d", shown(a.exe), examples[i].path, a.owner);
	}
}

#define CHECK(f, examples) check_examples(f, examples, sizeof(examples) / sizeof((examples)[0]))

/* What an exception leaves out is as if the rule was not there: other rules and the default decide. */
static void test_except(void **state)
{
	static const struct example examples[] = {
		{NULL, false, "/etc/passwd", PV_DENY},	{NULL, false, "/etc/motd", PV_ALLOW},
		{NULL, false, "/etc/motd/x", PV_DENY},	{NULL, false, "/etc/issue.net", PV_ALLOW},
		{NULL, false, "/etc/issue.d", PV_DENY}, {NULL, false, "/data/a", PV_ALLOW},
		{NULL, false, "/data/x", PV_DENY},	{NULL, false, "/data", PV_DENY},
		{NULL, false, "/", PV_ALLOW},
	};
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");
	struct policy_rule *rule;

	(void)state;
	build_section(p, SECTION_FILES, EFFECT_DENY);
	rule = build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/**");
	build_pattern(rule, "/");
	build_listed(&rule->except, "/data");
	build_listed(&rule->except, "/data/x");
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/etc/**");
	build_listed(&rule->except, "/etc/{motd,issue*}");
	/* An exception is its rule's own. */
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/etc/issue.d");
	fixture_compile(&f, false);
	CHECK(&f, examples);
	assert_decision(&f, path_cell(&f, "/etc/passwd", PV_ACC_READ), "p", "files[1]", "/etc/**",
			REASON_EXPLICIT_DENY);
	assert_decision(&f, path_cell(&f, "/data/x", PV_ACC_READ), "p", "-", "-", REASON_DEFAULT_DENY);
	fixture_free(&f);
}

/* Only for some executables, for all but some, or both. One without a name is like none. */
static void test_executables(void **state)
{
	static const struct example examples[] = {
		{"/usr/bin/ssh", false, "/key", PV_ALLOW},   {"/usr/bin/ssh2", false, "/key", PV_DENY},
		{"/usr/bin", false, "/key", PV_DENY},	     {NULL, false, "/key", PV_DENY},
		{"/usr/bin/cat", false, "/log", PV_DENY},    {"/usr/bin/x/cat", false, "/log", PV_ALLOW},
		{"/bin/tail", false, "/log", PV_DENY},	     {NULL, false, "/log", PV_ALLOW},
		{"/usr/bin/cat", false, "/both", PV_DENY},   {"/usr/bin/ssh", false, "/both", PV_ALLOW},
		{"/sbin/other", false, "/both", PV_ALLOW},   {NULL, false, "/both", PV_ALLOW},
		{"/usr/bin/cat", false, "/other", PV_ALLOW},
	};
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");
	struct policy_rule *rule;

	(void)state;
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/key");
	build_listed(&rule->unless_from, "/usr/bin/ssh");
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/log");
	build_listed(&rule->from, "/usr/bin/*");
	build_listed(&rule->from, "/bin/tail");
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/both");
	build_listed(&rule->from, "/usr/bin/*");
	build_listed(&rule->unless_from, "/usr/bin/ssh");
	fixture_compile(&f, false);
	CHECK(&f, examples);
	fixture_free(&f);
}

/* Only what the acting user owns: an allow does not reach further, and neither does a deny. */
static void test_owner(void **state)
{
	static const struct example examples[] = {
		{NULL, true, "/mine/a", PV_ALLOW},     {NULL, false, "/mine/a", PV_DENY},
		{NULL, true, "/theirs/a", PV_DENY},    {NULL, false, "/theirs/a", PV_ALLOW},
		{"/bin/a", true, "/mine/b", PV_ALLOW}, {"/bin/b", true, "/mine/b", PV_DENY},
		{"/bin/a", false, "/mine/b", PV_DENY},
	};
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");
	struct policy_rule *rule;

	(void)state;
	build_section(p, SECTION_FILES, EFFECT_DENY);
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/mine/a")->owner = true;
	rule = build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/mine/b");
	rule->owner = true;
	build_listed(&rule->from, "/bin/a");
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/theirs/a");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/theirs/a")->owner = true;
	fixture_compile(&f, false);
	CHECK(&f, examples);
	fixture_free(&f);
}

/* A condition of an exec rule is one of the map that follows from it, too. */
static void test_exec_conditions(void **state)
{
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");
	struct acting shell = anybody;
	struct policy_rule *rule;

	(void)state;
	shell.exe = "/bin/sh";
	build_section(p, SECTION_EXEC, EFFECT_DENY);
	rule = build_path_rule(p, SECTION_EXEC, EFFECT_ALLOW, ACCESS(EXEC), "/bin/**");
	build_listed(&rule->from, "/bin/sh");
	build_listed(&rule->except, "/bin/su");
	fixture_compile(&f, false);
	for (unsigned i = 0; i < 2; i++) {
		unsigned access = i ? PV_ACC_MAP : PV_ACC_EXEC;

		assert_int_equal(path_cell_by(&f, &shell, "/bin/ls", access), 0);
		assert_int_equal(PV_CELL_VERDICT(path_cell_by(&f, &shell, "/bin/su", access)), PV_DENY);
		assert_int_equal(path_verdict(&f, "/bin/ls", access), PV_DENY);
	}
	fixture_free(&f);
}

/* ---- kill ---- */

static void assert_cell(uint32_t cell, enum pv_verdict verdict, bool audit, bool kill)
{
	assert_int_equal(cell & 0xff, verdict | (audit ? PV_CELL_AUDIT : 0) | (kill ? PV_CELL_KILL : 0));
}

/* Of several denials one that kills speaks, wherever it stands; a monitoring policy only says so. */
static void test_kill(void **state)
{
	(void)state;
	for (unsigned monitor = 0; monitor < 2; monitor++) {
		enum pv_verdict denied = monitor ? PV_WOULD_DENY : PV_DENY;
		struct fixture f = {0};
		struct policy *p = enforcing(&f, "p");
		uint32_t cell;

		build_section(p, SECTION_FILES, EFFECT_ALLOW);
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/a/**");
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(READ), "/a/b")->kill = true;
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/a/b/c")->kill = true;
		build_section(p, SECTION_EXEC, EFFECT_DENY);
		build_path_rule(p, SECTION_EXEC, EFFECT_DENY, ACCESS(EXEC), "/a/x")->kill = true;
		fixture_compile(&f, monitor);
		cell = path_cell(&f, "/a/b", PV_ACC_READ);
		assert_cell(cell, denied, false, true);
		assert_decision(&f, cell, "p", "files[1]", "/a/b", REASON_EXPLICIT_DENY);
		assert_true(image_decision(f.image, cell)->kill);
		cell = path_cell(&f, "/a/b", PV_ACC_WRITE);
		assert_cell(cell, denied, false, false);
		assert_false(image_decision(f.image, cell)->kill);
		/* Of two that map is denied by, that of exec kills. */
		cell = path_cell(&f, "/a/x", PV_ACC_MAP);
		assert_cell(cell, denied, false, true);
		assert_decision(&f, cell, "p", "exec[0]", "/a/x", REASON_EXPLICIT_DENY);
		assert_cell(path_cell(&f, "/a/x", PV_ACC_EXEC), denied, false, true);
		/* A default does not. */
		assert_cell(path_cell(&f, "/b", PV_ACC_EXEC), denied, false, false);
		fixture_free(&f);
	}
}

/* Of several policies the strictest speaks, of equals the first by name. */
static void test_severity(void **state)
{
	static const struct {
		enum policy_mode mode[3];
		bool kill[3];
		const char *speaks;
		enum pv_verdict verdict;
	} expected[] = {
		{{MODE_ENFORCE, MODE_ENFORCE, MODE_ENFORCE}, {false, false, true}, "c", PV_DENY},
		{{MODE_ENFORCE, MODE_ENFORCE, MODE_ENFORCE}, {false, true, true}, "b", PV_DENY},
		{{MODE_MONITOR, MODE_ENFORCE, MODE_ENFORCE}, {true, false, false}, "b", PV_DENY},
		{{MODE_MONITOR, MODE_MONITOR, MODE_ENFORCE}, {true, true, false}, "c", PV_DENY},
		{{MODE_MONITOR, MODE_MONITOR, MODE_MONITOR}, {false, true, true}, "b", PV_WOULD_DENY},
		{{MODE_MONITOR, MODE_MONITOR, MODE_MONITOR}, {false, false, false}, "a", PV_WOULD_DENY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct fixture f = {0};
		uint32_t cell;
		bool kill = expected[i].kill[*expected[i].speaks - 'a'];

		for (unsigned j = 0; j < 3; j++) {
			char name[] = {'a' + j, 0};
			struct policy *p = build_policy(&f.set, name, expected[i].mode[j]);

			build_subject(p, "/");
			build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/x")->kill =
				expected[i].kill[j];
		}
		fixture_compile(&f, false);
		cell = path_cell(&f, "/x", PV_ACC_READ);
		assert_cell(cell, expected[i].verdict, false, kill);
		assert_decision(&f, cell, expected[i].speaks, "files[0]", "/x", REASON_EXPLICIT_DENY);
		fixture_free(&f);
	}
}

/* ---- who ---- */

/* Whether the fixture's only policy governs somebody, on which the image and the oracle agree. */
static bool governs(const struct fixture *f, const struct acting *a)
{
	bool governed = oracle_governs(&f->set.policies[0], a, f->containers, f->n_containers);

	if (ask_profile(f->image, a) != governed)
		fail_msg("cgroup %s, exe %s, uid %u, executed %d: expected %d", a->cgroup, shown(a->exe),
			 a->uid, a->executed, governed);
	return governed;
}

/* Who: the cgroup and all that is below it. */
static void test_cgroups(void **state)
{
	struct acting a = {0};
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
		/* Such an entry governs from entering on. */
		a.cgroup = expected[i].cgroup;
		if (governs(&f, &a) != expected[i].governed)
			fail_msg("%s on %s", expected[i].subject, expected[i].cgroup);
		fixture_free(&f);
	}
}

/* A unit is the first component that is no slice; it governs once its own program runs. */
static void test_units(void **state)
{
	static const struct {
		const char *unit, *cgroup;
		bool governed;
	} expected[] = {
		{"nginx.service", "/system.slice/nginx.service", true},
		{"nginx.service", "/system.slice/nginx.service/worker/1", true},
		{"nginx.service", "/system.slice/a.slice/nginx.service", true},
		{"nginx.service", "/nginx.service", true},
		{"nginx.service", "/system.slice/other/nginx.service", false},
		{"nginx.service", "/system.slice/nginx.service2", false},
		{"nginx.service", "/system.slice", false},
		{"nginx.service", "/", false},
		{"*.service", "/system.slice", false},
		{"*.service", "/system.slice/x.service", true},
		{"*.service", "/system.slice/x.slice", false},
		{"a.slice*.service", "/a.slice/b.service", false},
		{"a.slice*.service", "/a.slice.service/b", true},
		{"a**b.service", "/a/b.service", false},
		{"a**b.service", "/a.slice/b.service", false},
		{"a**b.service", "/ab.service/c", true},
		{"[!a]*.{service,scope}", "/a.slice/b.scope", true},
		{"[!a]*.{service,scope}", "/.slice/a.scope", false},
		{"user@*.service", "/user.slice/user-1.slice/user@1.service/app.slice/x.service", true},
		{"x.service", "/user.slice/user-1.slice/user@1.service/app.slice/x.service", false},
		{"\\**.scope", "/a.slice/*b.scope", true},
		{"\\**.scope", "/a.slice/ab.scope", false},
		{"\\*.scope", "/a.slice/*.scope", true},
		{"\\*.scope", "/a.slice/a.scope", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct acting a = anybody;
		struct fixture f = {0};

		build_text(&build_entry(build_policy(&f.set, "p", MODE_ENFORCE))->unit, expected[i].unit);
		fixture_compile(&f, false);
		a.cgroup = expected[i].cgroup;
		if (governs(&f, &a) != expected[i].governed)
			fail_msg("%s in %s", expected[i].unit, expected[i].cgroup);
		/* What the service manager does before the unit's program runs. */
		a.exe = "/usr/lib/systemd/systemd-executor";
		assert_false(governs(&f, &a));
		a.exe = "/lib/systemd/systemd-executor";
		assert_false(governs(&f, &a));
		a.exe = NULL;
		assert_int_equal(governs(&f, &a), expected[i].governed);
		a.executed = false;
		assert_false(governs(&f, &a));
		fixture_free(&f);
	}
}

/* Is an executable in the set of those that set others up? */
static bool sets_up(const struct fixture *f, const char *exe)
{
	const struct pv_image_head *h = image_head(f->image);
	const uint32_t *words = (const uint32_t *)((const char *)h + (size_t)h->set_block * PV_BLOCK_SIZE);
	uint32_t class = image_exe(f->image, exe);

	assert_true(h->setup_set < h->n_sets);
	return words[h->setup_set * h->set_words + class / 32] >> (class % 32) & 1;
}

/* The kernel side has to know what sets units up, by the set that the image names for it. */
static void test_setup(void **state)
{
	struct fixture f = {0};
	struct policy *p;

	(void)state;
	build_text(&build_entry(build_policy(&f.set, "p", MODE_ENFORCE))->cgroup, "/a");
	fixture_compile(&f, false);
	assert_int_equal(image_head(f.image)->setup_set, PV_NO_SET);
	fixture_free(&f);

	f = (struct fixture){0};
	p = build_policy(&f.set, "p", MODE_ENFORCE);
	build_text(&build_entry(p)->exe, "/usr/**");
	build_text(&build_entry(p)->unit, "a.service");
	fixture_compile(&f, false);
	assert_true(sets_up(&f, "/usr/lib/systemd/systemd-executor"));
	assert_true(sets_up(&f, "/lib/systemd/systemd-executor"));
	assert_false(sets_up(&f, "/usr/lib/systemd/systemd"));
	assert_false(sets_up(&f, "/lib/systemd/systemd-executor2"));
	assert_false(sets_up(&f, NULL));
	fixture_free(&f);
}

static const char *const web_labels[] = {"app", "web", "tier", "front/1"};
static const struct policy_container running[] = {
	{.cgroup = "/c/1",
	 .name = "web-1",
	 .image = "docker.io/library/nginx:1.25",
	 .labels = web_labels,
	 .n_labels = 2},
	{.cgroup = "/c/12", .name = "db", .image = "nginx:1", .labels = web_labels, .n_labels = 1},
	{.cgroup = "/c/*", .name = "odd", .image = NULL},
};

/* A container is its cgroup to the byte, and what is below; names and images are no paths. */
static void test_containers(void **state)
{
	static const struct {
		const char *name, *image, *key, *value;
		bool governed[3]; /* in the cgroups of those that run */
	} expected[] = {
		{"web-*", NULL, NULL, NULL, {true, false, false}},
		{"*", NULL, NULL, NULL, {true, true, true}},
		{"odd", NULL, NULL, NULL, {false, false, true}},
		{"odd", "**", NULL, NULL, {false, false, false}},
		{NULL, "*/nginx:*", NULL, NULL, {false, false, false}},
		{NULL, "**/nginx:*", NULL, NULL, {true, false, false}},
		{NULL, "{docker.io/*/,}nginx:*", NULL, NULL, {true, true, false}},
		{NULL, NULL, "app", "web", {true, true, false}},
		{NULL, NULL, "tier", "*", {false, false, false}},
		{NULL, NULL, "tier", "**", {true, false, false}},
		{NULL, NULL, "none", "**", {false, false, false}},
		{"d?", "nginx:1", "app", "w*", {false, true, false}},
		{"d?", "nginx:2", "app", "w*", {false, false, false}},
	};
	struct acting a = anybody;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct fixture f = {.containers = running, .n_containers = 3};
		struct policy_subject *s = build_entry(build_policy(&f.set, "p", MODE_ENFORCE));

		s->container = true;
		if (expected[i].name)
			build_text(&s->container_name, expected[i].name);
		if (expected[i].image)
			build_text(&s->container_image, expected[i].image);
		if (expected[i].key)
			build_label(s, expected[i].key, expected[i].value);
		fixture_compile(&f, false);
		for (unsigned c = 0; c < 3; c++) {
			char below[32];

			a.executed = true;
			a.cgroup = running[c].cgroup;
			if (governs(&f, &a) != expected[i].governed[c])
				fail_msg("entry %zu in %s", i, a.cgroup);
			snprintf(below, sizeof(below), "%s/x", running[c].cgroup);
			a.cgroup = below;
			assert_int_equal(governs(&f, &a), expected[i].governed[c]);
			a.executed = false;
			assert_false(governs(&f, &a));
		}
		a.executed = true;
		a.cgroup = "/c/x";
		assert_false(governs(&f, &a));
		a.cgroup = "/c";
		assert_false(governs(&f, &a));
		fixture_free(&f);
	}
}

/* Keys of an entry are ANDed, entries are ORed. */
static void test_entries(void **state)
{
	static const struct {
		struct acting acting;
		bool governed;
	} expected[] = {
		/* exe and user, in any cgroup, from the start */
		{{.cgroup = "/", .exe = "/bin/a", .uid = 33}, true},
		{{.cgroup = "/x/y", .exe = "/bin/a", .uid = 33, .executed = true}, true},
		{{.cgroup = "/x", .exe = "/bin/a", .uid = 34}, false},
		{{.cgroup = "/x", .exe = "/bin/a", .uid = 32}, false},
		{{.cgroup = "/x", .exe = "/bin/b", .uid = 33}, false},
		{{.cgroup = "/x", .exe = NULL, .uid = 33}, false},
		/* cgroup and user */
		{{.cgroup = "/u/v", .exe = NULL, .uid = 0}, true},
		{{.cgroup = "/u", .exe = NULL, .uid = 0}, true},
		{{.cgroup = "/v", .exe = NULL, .uid = 0}, false},
		/* cgroup and unit: executed, too */
		{{.cgroup = "/s.slice/n/x", .exe = NULL, .uid = 1, .executed = true}, true},
		{{.cgroup = "/s.slice/n/x", .exe = NULL, .uid = 1}, false},
		{{.cgroup = "/s.slice/n", .exe = NULL, .uid = 1, .executed = true}, false},
		{{.cgroup = "/s.slice/m/x", .exe = NULL, .uid = 1, .executed = true}, false},
		/* a container and an executable */
		{{.cgroup = "/c/1", .exe = "/app", .uid = 1, .executed = true}, true},
		{{.cgroup = "/c/1", .exe = "/app/x", .uid = 1, .executed = true}, false},
		{{.cgroup = "/c/12", .exe = "/app", .uid = 1, .executed = true}, false},
		/* a user that is not known, and one that is everywhere */
		{{.cgroup = "/x", .exe = NULL, .uid = 7}, false},
		{{.cgroup = "/x", .exe = NULL, .uid = 4294967294u}, true},
		{{.cgroup = "/x", .exe = NULL, .uid = 4294967295u}, false},
	};
	struct fixture f = {.containers = running, .n_containers = 3};
	struct policy *p = build_policy(&f.set, "p", MODE_ENFORCE);
	struct policy_subject *s = build_entry(p);

	(void)state;
	build_text(&s->exe, "/bin/a");
	build_user(s, 33);
	s = build_entry(p);
	build_text(&s->cgroup, "/u");
	build_user(s, 0);
	s = build_entry(p);
	build_text(&s->cgroup, "/*/*/*");
	build_text(&s->unit, "n");
	s = build_entry(p);
	s->container = true;
	build_text(&s->container_name, "web-*");
	build_text(&s->exe, "/app");
	s = build_entry(p);
	build_user(s, 7);
	s->user_known = false;
	build_user(build_entry(p), 4294967294u);
	fixture_compile(&f, false);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		if (governs(&f, &expected[i].acting) != expected[i].governed)
			fail_msg("case %zu", i);
	}
	fixture_free(&f);
}

/* ---- network ---- */

static enum pv_verdict socket_verdict(const struct fixture *f, unsigned family, unsigned protocol)
{
	const uint8_t name[] = {family, protocol};

	return PV_CELL_VERDICT(net_cell(f, name, 2, PV_ACC_SOCKET));
}

static enum pv_verdict connect_verdict(const struct fixture *f, unsigned protocol, const char *address,
				       unsigned port)
{
	uint8_t name[20] = {strchr(address, ':') ? PV_FAM_INET6 : PV_FAM_INET, protocol};
	size_t size = name[0] == PV_FAM_INET ? 4 : 16;

	assert_int_equal(inet_pton(size == 4 ? AF_INET : AF_INET6, address, name + 2), 1);
	name[2 + size] = port >> 8;
	name[3 + size] = port;
	return PV_CELL_VERDICT(net_cell(f, name, size + 4, PV_ACC_CONNECT));
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
		build_family(rule, AF_NETLINK);
		if (turn)
			build_protocol(build_rule(p, SECTION_NETWORK, EFFECT_DENY, ACCESS(SOCKET)),
				       PV_PROTO_TCP);
		fixture_compile(&f, false);
		assert_int_equal(socket_verdict(&f, PV_FAM_INET, PV_PROTO_TCP), turn ? PV_DENY : PV_ALLOW);
		assert_int_equal(socket_verdict(&f, PV_FAM_INET, PV_PROTO_UDP), PV_DENY);
		assert_int_equal(socket_verdict(&f, PV_FAM_INET6, PV_PROTO_TCP), PV_DENY);
		assert_int_equal(socket_verdict(&f, PV_FAM_OTHER, AF_NETLINK), PV_ALLOW);
		assert_int_equal(socket_verdict(&f, PV_FAM_OTHER, AF_PACKET), PV_DENY);
		assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "10.255.0.1", 443), PV_ALLOW);
		assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "11.0.0.1", 443), PV_DENY);
		assert_int_equal(connect_verdict(&f, PV_PROTO_UDP, "10.0.0.1", 443), PV_DENY);
		/* What is implied is not reported: the rule asks for connections. */
		if (!turn)
			assert_int_equal(
				image_net_cell(f.image, 1, (uint8_t[]){4, 6}, 2, PV_ACC_SOCKET, NULL), 0);
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

static uint32_t unix_cell(const struct fixture *f, const char *text, unsigned access)
{
	uint8_t name[128] = {PV_FAM_UNIX};

	memcpy(name + 1, text, strlen(text));
	return net_cell(f, name, 1 + strlen(text), access);
}

/* Rules with names of unix sockets are about these and nothing else, and all other rules with keys not. */
static void test_unix(void **state)
{
	static const struct {
		const char *name;
		enum pv_verdict verdict;
	} expected[] = {
		{"/run/db/s", PV_ALLOW},
		{"/run/db", PV_DENY},
		{"/run/db/private", PV_DENY},
		{"/run/db/private/s", PV_ALLOW},
		{"@web-1", PV_ALLOW},
		{"@web-1/x", PV_DENY},
		{"web-1", PV_DENY},
		{"@web-@", PV_ALLOW},
		{"@web-evil", PV_DENY},
		{"", PV_DENY},
		{"@", PV_DENY},
	};
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");
	struct policy_rule *rule;
	uint32_t cell;

	(void)state;
	build_section(p, SECTION_NETWORK, EFFECT_DENY);
	rule = build_rule(p, SECTION_NETWORK, EFFECT_ALLOW, ACCESS(CONNECT));
	build_pattern(rule, "/run/db/**");
	build_pattern(rule, "@web-*");
	build_listed(&rule->except, "/run/db/private");
	build_listed(&rule->except, "@*evil");
	build_ports(build_rule(p, SECTION_NETWORK, EFFECT_ALLOW, ADDRESSES_ALL), 0, 65535);
	fixture_compile(&f, false);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		if (PV_CELL_VERDICT(unix_cell(&f, expected[i].name, PV_ACC_CONNECT)) != expected[i].verdict)
			fail_msg("%s", expected[i].name);
		assert_int_equal(PV_CELL_VERDICT(unix_cell(&f, expected[i].name, PV_ACC_BIND)), PV_DENY);
	}
	assert_decision(&f, unix_cell(&f, "@web-evil", PV_ACC_CONNECT), "p", "-", "-", REASON_DEFAULT_DENY);
	fixture_free(&f);

	/* And the other way round: no address is covered by a name. */
	f = (struct fixture){0};
	p = enforcing(&f, "p");
	build_section(p, SECTION_NETWORK, EFFECT_ALLOW);
	rule = build_rule(p, SECTION_NETWORK, EFFECT_DENY, ADDRESSES_ALL);
	build_pattern(rule, "/**");
	build_pattern(rule, "@**");
	rule->kill = true;
	fixture_compile(&f, false);
	cell = unix_cell(&f, "@a/b", PV_ACC_LISTEN);
	assert_cell(cell, PV_DENY, false, true);
	assert_decision(&f, cell, "p", "network[0]", "@**", REASON_EXPLICIT_DENY);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "1.2.3.4", 80), PV_ALLOW);
	assert_int_equal(socket_verdict(&f, PV_FAM_INET, PV_PROTO_TCP), PV_ALLOW);
	/* A socket without a name is matched by no pattern. */
	assert_int_equal(unix_cell(&f, "", PV_ACC_LISTEN), 0);
	fixture_free(&f);
}

/* A rule that names nothing covers every socket, but for the addresses that it leaves out. */
static void test_net_except(void **state)
{
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");
	struct policy_rule *rule;

	(void)state;
	build_section(p, SECTION_NETWORK, EFFECT_ALLOW);
	rule = build_rule(p, SECTION_NETWORK, EFFECT_DENY, ACCESS(CONNECT) | ACCESS(LISTEN));
	build_block(&rule->except_cidrs, 4, "10.0.0.0", 8);
	build_block(&rule->except_cidrs, 6, "::1", 128);
	rule = build_rule(p, SECTION_NETWORK, EFFECT_DENY, ACCESS(CONNECT));
	build_cidr(rule, 4, "10.1.0.0", 16);
	build_block(&rule->except_cidrs, 4, "10.1.2.0", 24);
	fixture_compile(&f, false);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "10.0.0.1", 80), PV_ALLOW);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "11.0.0.1", 80), PV_DENY);
	assert_int_equal(connect_verdict(&f, PV_PROTO_RAW, "11.0.0.1", 80), PV_DENY);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "::1", 80), PV_ALLOW);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "::2", 80), PV_DENY);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "10.1.1.1", 80), PV_DENY);
	assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "10.1.2.1", 80), PV_ALLOW);
	assert_cell(unix_cell(&f, "/run/x", PV_ACC_CONNECT), PV_DENY, false, false);
	assert_cell(unix_cell(&f, "@x", PV_ACC_LISTEN), PV_DENY, false, false);
	assert_cell(unix_cell(&f, "", PV_ACC_LISTEN), PV_DENY, false, false);
	assert_cell(unix_cell(&f, "@x", PV_ACC_BIND), PV_ALLOW, false, false);
	assert_decision(&f, unix_cell(&f, "@x", PV_ACC_LISTEN), "p", "network[0]", "-", REASON_EXPLICIT_DENY);
	/* Nothing was said of creation. */
	assert_int_equal(socket_verdict(&f, PV_FAM_INET, PV_PROTO_TCP), PV_ALLOW);
	fixture_free(&f);
}

/* Conditions on the executable hold for sockets as well, and for what a permitted address implies. */
static void test_net_executables(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		struct fixture f = {0};
		struct policy *p = enforcing(&f, "p");
		struct policy_rule *rule;

		build_section(p, SECTION_NETWORK, EFFECT_DENY);
		rule = build_rule(p, SECTION_NETWORK, EFFECT_ALLOW, ACCESS(CONNECT));
		build_listed(turn ? &rule->unless_from : &rule->from, anybody.exe);
		rule->audit = true;
		fixture_compile(&f, false);
		assert_int_equal(connect_verdict(&f, PV_PROTO_TCP, "1.2.3.4", 5), turn ? PV_DENY : PV_ALLOW);
		assert_int_equal(socket_verdict(&f, PV_FAM_INET, PV_PROTO_TCP), turn ? PV_DENY : PV_ALLOW);
		assert_cell(unix_cell(&f, "@x", PV_ACC_CONNECT), turn ? PV_DENY : PV_ALLOW, !turn, false);
		fixture_free(&f);
	}
}

/* ---- what has no names ---- */

static uint32_t capability_cell(const struct fixture *f, unsigned capability)
{
	struct governing g = oracle_governing(f, &anybody);
	struct expected e = oracle_capability(&g, capability);

	return agreed(f, image_capability_cell(f->image, ask_profile(f->image, &anybody), capability), &e,
		      "capability");
}

static uint32_t system_cell(const struct fixture *f, unsigned access)
{
	struct governing g = oracle_governing(f, &anybody);
	struct expected e = oracle_system(&g, access);

	return agreed(f, image_system_cell(f->image, ask_profile(f->image, &anybody), access), &e, "system");
}

static void test_capabilities(void **state)
{
	enum { NET_RAW = 13, SYS_ADMIN = 21, MAC_ADMIN = 33, LAST = 63 };
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "p");

	(void)state;
	build_section(p, SECTION_CAPABILITIES, EFFECT_ALLOW);
	build_capability(p, SYS_ADMIN, EFFECT_DENY);
	build_capability(p, MAC_ADMIN, EFFECT_DENY);
	fixture_compile(&f, false);
	assert_cell(capability_cell(&f, SYS_ADMIN), PV_DENY, false, false);
	assert_decision(&f, capability_cell(&f, SYS_ADMIN), "p", "capabilities.sys_admin", "sys_admin",
			REASON_EXPLICIT_DENY);
	assert_cell(capability_cell(&f, MAC_ADMIN), PV_DENY, false, false);
	assert_int_equal(capability_cell(&f, NET_RAW), 0);
	assert_int_equal(capability_cell(&f, LAST), 0);
	assert_int_equal(system_cell(&f, PV_ACC_MOUNT), 0);
	fixture_free(&f);

	f = (struct fixture){0};
	p = enforcing(&f, "b");
	build_section(p, SECTION_CAPABILITIES, EFFECT_DENY);
	build_capability(p, NET_RAW, EFFECT_ALLOW);
	build_capability(p, SYS_ADMIN, EFFECT_ALLOW);
	p = build_policy(&f.set, "a", MODE_MONITOR);
	build_subject(p, "/");
	build_section(p, SECTION_CAPABILITIES, EFFECT_ALLOW);
	build_capability(p, SYS_ADMIN, EFFECT_DENY);
	build_capability(p, 0, EFFECT_DENY);
	fixture_compile(&f, false);
	assert_int_equal(capability_cell(&f, NET_RAW), 0);
	assert_decision(&f, capability_cell(&f, SYS_ADMIN), "a", "capabilities.sys_admin", "sys_admin",
			REASON_EXPLICIT_DENY);
	assert_cell(capability_cell(&f, SYS_ADMIN), PV_WOULD_DENY, false, false);
	assert_decision(&f, capability_cell(&f, 0), "b", "-", "-", REASON_DEFAULT_DENY);
	/* One that the kernel does not have yet is as the default says. */
	assert_cell(capability_cell(&f, LAST), PV_DENY, false, false);
	fixture_free(&f);
}

static void test_system(void **state)
{
	struct fixture f = {0};
	struct policy *p = enforcing(&f, "b");

	(void)state;
	build_system(p, PV_ACC_MOUNT, EFFECT_DENY);
	build_system(p, PV_ACC_PTRACE, EFFECT_ALLOW);
	build_system(p, PV_ACC_IO_URING, EFFECT_DENY);
	p = build_policy(&f.set, "a", MODE_MONITOR);
	build_subject(p, "/");
	build_system(p, PV_ACC_MOUNT, EFFECT_DENY);
	build_system(p, PV_ACC_BPF, EFFECT_DENY);
	build_system(p, PV_ACC_SIGNAL, EFFECT_DENY);
	/* A section of files only has no say. */
	p = enforcing(&f, "c");
	build_section(p, SECTION_FILES, EFFECT_DENY);
	fixture_compile(&f, false);
	assert_decision(&f, system_cell(&f, PV_ACC_MOUNT), "b", "system.mount", "mount",
			REASON_EXPLICIT_DENY);
	assert_cell(system_cell(&f, PV_ACC_MOUNT), PV_DENY, false, false);
	assert_cell(system_cell(&f, PV_ACC_BPF), PV_WOULD_DENY, false, false);
	assert_cell(system_cell(&f, PV_ACC_IO_URING), PV_DENY, false, false);
	assert_int_equal(system_cell(&f, PV_ACC_PTRACE), 0);
	assert_int_equal(system_cell(&f, PV_ACC_MODULES), 0);
	assert_int_equal(system_cell(&f, PV_ACC_USER_NAMESPACES), 0);
	assert_int_equal(system_cell(&f, PV_ACC_ANONYMOUS_EXEC), 0);
	assert_cell(system_cell(&f, PV_ACC_SIGNAL), PV_WOULD_DENY, false, false);
	assert_int_equal(system_cell(&f, PV_ACC_PERF), 0);
	/* What is the agent's is denied by who says nothing of it, too. */
	assert_decision(&f, system_cell(&f, PV_ACC_AGENT), "b", "-", "-", REASON_DEFAULT_DENY);
	/* No name has a say in it, and nobody has who is not governed. */
	assert_int_equal(image_system_cell(f.image, 0, PV_ACC_MOUNT), 0);
	assert_int_equal(image_capability_cell(f.image, 0, 21), 0);
	fixture_free(&f);

	f = (struct fixture){0};
	build_system(enforcing(&f, "a"), PV_ACC_AGENT, EFFECT_ALLOW);
	fixture_compile(&f, false);
	assert_int_equal(system_cell(&f, PV_ACC_AGENT), 0);
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

/* 9, turned round: permitted and reported, unless another policy minds. */
static void test_on_error(void **state)
{
	static const struct {
		bool a_allows, b_allows;
		enum policy_mode a_mode;
		const char *speaks;
		enum pv_verdict verdict;
	} expected[] = {
		{true, true, MODE_ENFORCE, "a", PV_ALLOW},	 {true, false, MODE_ENFORCE, "b", PV_DENY},
		{false, true, MODE_MONITOR, "a", PV_WOULD_DENY}, {true, true, MODE_MONITOR, "a", PV_ALLOW},
		{false, false, MODE_MONITOR, "b", PV_DENY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct fixture f = {0};
		struct policy *p = build_policy(&f.set, "a", expected[i].a_mode);
		const struct pv_profile *entry;
		struct governing g;
		struct expected e;

		build_subject(p, "/");
		p->allow_on_error = expected[i].a_allows;
		build_section(p, SECTION_FILES, EFFECT_ALLOW);
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/**")->kill = true;
		p = enforcing(&f, "b");
		p->allow_on_error = expected[i].b_allows;
		build_section(p, SECTION_EXEC, EFFECT_DENY);
		fixture_compile(&f, false);
		entry = &image_head(f.image)->profiles[ask_profile(f.image, &anybody)];
		g = oracle_governing(&f, &anybody);
		e = oracle_undecidable(&g, false);
		agreed(&f, entry->path_undecidable, &e, "undecidable");
		assert_cell(entry->path_undecidable, expected[i].verdict, expected[i].verdict == PV_ALLOW,
			    false);
		assert_decision(&f, entry->path_undecidable, expected[i].speaks, "-", "-",
				REASON_NOT_DECIDABLE);
		assert_int_equal(entry->net_undecidable, 0);
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
	assert_int_equal(PV_CELL_VERDICT(image_path_cell(next.image, both, "/stays", PV_ACC_READ, NULL)),
			 PV_DENY);
	assert_int_equal(PV_CELL_VERDICT(image_path_cell(next.image, both, "/old", PV_ACC_READ, NULL)),
			 PV_ALLOW);
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
	enum what {
		CGROUP,
		UNIT,
		EXE,
		NAME,
		PATTERN,
		EXCEPT,
		FROM,
		UNLESS,
		SOCKET,
		NOT_SOCKET,
		NOBODY,
		GENERATION
	};
	static const struct {
		enum what what;
		const char *text, *message;
	} errors[] = {
		{PATTERN, "/a[", "not closed"},
		{PATTERN, "relative", "start with '/'"},
		{CGROUP, "/{", "not closed"},
		{CGROUP, "relative", "start with '/'"},
		{UNIT, "a[", "not closed"},
		{EXE, "relative", "start with '/'"},
		{NAME, "{a", "not closed"},
		{EXCEPT, "/a[", "not closed"},
		{EXCEPT, "a", "start with '/'"},
		{FROM, "a", "start with '/'"},
		{UNLESS, "/[", "not closed"},
		{SOCKET, "web", "start with '/' or '@'"},
		{NOT_SOCKET, "web", "start with '/' or '@'"},
		{NOBODY, NULL, "needs a cgroup"},
		{GENERATION, NULL, "generation"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct fixture f = {.containers = running, .n_containers = 1};
		enum what what = errors[i].what;
		struct compile_options options = {
			.generation = what != GENERATION, .containers = running, .n_containers = 1};
		struct diags d = {0};
		struct policy *p = build_policy(&f.set, "p", MODE_ENFORCE);
		struct policy_subject *s = build_entry(p);
		struct policy_rule *rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/a"),
				   *net = build_rule(p, SECTION_NETWORK, EFFECT_DENY, ACCESS(CONNECT));

		profiles_init(&f.profiles);
		s->container = what == NAME;
		if (what == UNIT || what == EXE || what == NAME)
			build_text(what == UNIT	 ? &s->unit
				   : what == EXE ? &s->exe
						 : &s->container_name,
				   errors[i].text);
		else if (what != NOBODY)
			build_text(&s->cgroup, what == CGROUP ? errors[i].text : "/");
		if (what == PATTERN)
			build_pattern(rule, errors[i].text);
		if (what == EXCEPT || what == FROM || what == UNLESS)
			build_listed(what == EXCEPT ? &rule->except
				     : what == FROM ? &rule->from
						    : &rule->unless_from,
				     errors[i].text);
		build_pattern(net, what == SOCKET ? errors[i].text : "@a");
		build_listed(&net->except, what == NOT_SOCKET ? errors[i].text : "@a");
		if (policy_compile(&f.set, &options, &f.profiles, &f.image, &d) != -EINVAL)
			fail_msg("case %zu was compiled", i);
		assert_null(f.image);
		assert_int_equal(f.profiles.n, 1);
		assert_int_equal(d.n, 1);
		if (!strstr(d.items[0].message, errors[i].message))
			fail_msg("case %zu: %s", i, d.items[0].message);
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
		cmocka_unit_test(test_except),	     cmocka_unit_test(test_executables),
		cmocka_unit_test(test_owner),	     cmocka_unit_test(test_exec_conditions),
		cmocka_unit_test(test_kill),	     cmocka_unit_test(test_severity),
		cmocka_unit_test(test_cgroups),	     cmocka_unit_test(test_units),
		cmocka_unit_test(test_setup),	     cmocka_unit_test(test_containers),
		cmocka_unit_test(test_entries),	     cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_addresses),    cmocka_unit_test(test_unix),
		cmocka_unit_test(test_net_except),   cmocka_unit_test(test_net_executables),
		cmocka_unit_test(test_capabilities), cmocka_unit_test(test_system),
		cmocka_unit_test(test_undecidable),  cmocka_unit_test(test_on_error),
		cmocka_unit_test(test_registry),     cmocka_unit_test(test_generations),
		cmocka_unit_test(test_errors),	     cmocka_unit_test(test_too_many_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
