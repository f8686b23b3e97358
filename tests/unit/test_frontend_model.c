/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The whole policy language into the model: each key of a policy that uses all of them ends up where
 * the compiler looks for it, with its place, and what is not written is as the language says. Users
 * are found by their names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "frontend_text.h"
#include "pavise.h"

#define BIT(n) (1u << (n))

static const char whole[] =
	"apiVersion: pavise/v1\n"
	"kind: Policy\n"
	"metadata: {name: web}\n"
	"spec:\n"
	"  mode: enforce\n"
	"  on-error: allow\n"
	"  subjects:\n"
	"    - container: {name: \"web-*\", image: \"*/nginx:*\", label: {app: web, io.x/tier: '{}'}}\n"
	"    - unit: nginx.service\n"
	"    - cgroup: /payments/**\n"
	"    - exe: /usr/sbin/nginx\n"
	"      user: www-data\n"
	"    - {user: 33, unit: 'app-[a-z]*.{service,scope}'}\n"
	"    - {user: '0', cgroup: /, container: {label: {app: '/a//b/../**/'}}}\n"
	"    - {container: {image: nginx}, exe: '/{a,b}', unit: '?.scope', cgroup: /x}\n"
	"  files:\n"
	"    default: allow\n"
	"    rules:\n"
	"      - deny: /etc/**\n"
	"        access: modify\n"
	"        except: [/etc/motd, '/etc/{a,b}/*']\n"
	"      - deny: /home/*/.ssh/id_*\n"
	"        unless-from: /usr/bin/ssh\n"
	"        from: [/usr/**, '/bin/*']\n"
	"        action: kill\n"
	"      - allow: /var/lib/web/**\n"
	"        owner: true\n"
	"        audit: true\n"
	"      - {deny: /a, owner: false, action: deny}\n"
	"  exec:\n"
	"    default: deny\n"
	"    rules:\n"
	"      - deny: '/**/*.tmp'\n"
	"        action: kill\n"
	"        except: /x.tmp\n"
	"        from: /bin/sh\n"
	"        unless-from: [/a, /b]\n"
	"        owner: true\n"
	"  network:\n"
	"    default: deny\n"
	"    rules:\n"
	"      - allow: connect\n"
	"        unix: [/run/postgresql/**, '@web-*', '{/a,@b}', '@', '@a//b/../']\n"
	"        except: ['@web-0', /run/postgresql/.x]\n"
	"        from: /usr/bin/psql\n"
	"      - allow: [bind, listen, accept]\n"
	"        except: [10.0.0.0/8, '::1']\n"
	"        to: '0.0.0.0/0'\n"
	"      - except: '/c'\n"
	"        action: kill\n"
	"        unless-from: /d\n"
	"        deny: [bind, listen, accept, connect]\n"
	"        unix: '/**'\n"
	"      - {deny: connect, except: 192.0.2.1}\n"
	"  capabilities:\n"
	"    default: deny\n"
	"    allow: chown\n"
	"    deny:\n"
	"      - sys_admin\n"
	"      - checkpoint_restore\n"
	"  system:\n"
	"    mount: deny\n"
	"    ptrace: allow\n"
	"    bpf: deny\n"
	"    modules: deny\n"
	"    user-namespaces: deny\n"
	"    anonymous-exec: deny\n"
	"    io-uring: deny\n";

static void test_subjects(void **state)
{
	struct policy_set set = {0};
	const struct policy_subject *s;

	(void)state;
	parse_right(whole, &set);
	assert_int_equal(set.policies[0].n_subjects, 7);
	s = set.policies[0].subjects;

	assert_true(s[0].container);
	check_pattern(&s[0].container_name, "web-*", 8, 25);
	check_pattern(&s[0].container_image, "*/nginx:*", 8, 41);
	assert_int_equal(s[0].n_labels, 2);
	assert_string_equal(s[0].labels[0].key, "app");
	check_pattern(&s[0].labels[0].value, "web", 8, 67);
	assert_string_equal(s[0].labels[1].key, "io.x/tier");
	check_pattern(&s[0].labels[1].value, "{}", 8, 83);
	assert_null(s[0].cgroup.text);
	assert_null(s[0].unit.text);
	assert_null(s[0].exe.text);
	assert_null(s[0].user.text);

	check_pattern(&s[1].unit, "nginx.service", 9, 13);
	assert_false(s[1].container);
	assert_null(s[1].cgroup.text);

	check_pattern(&s[2].cgroup, "/payments/**", 10, 15);
	assert_false(s[2].cgroup_literal);

	check_pattern(&s[3].exe, "/usr/sbin/nginx", 11, 12);
	check_pattern(&s[3].user, "www-data", 12, 13);
	assert_false(s[3].user_known);

	check_pattern(&s[4].user, "33", 13, 14);
	check_pattern(&s[4].unit, "app-[a-z]*.{service,scope}", 13, 24);

	check_pattern(&s[5].user, "0", 14, 14);
	check_pattern(&s[5].cgroup, "/", 14, 27);
	assert_true(s[5].container);
	assert_null(s[5].container_name.text);
	assert_int_equal(s[5].n_labels, 1);

	check_pattern(&s[6].container_image, "nginx", 15, 27);
	check_pattern(&s[6].exe, "/{a,b}", 15, 40);
	check_pattern(&s[6].unit, "?.scope", 15, 56);
	check_pattern(&s[6].cgroup, "/x", 15, 75);
	policy_set_free(&set);
}

static void check_conditions(const struct policy_rule *rule, size_t except, size_t from, size_t unless_from,
			     bool owner, bool kill)
{
	assert_int_equal(rule->except.n, except);
	assert_int_equal(rule->from.n, from);
	assert_int_equal(rule->unless_from.n, unless_from);
	assert_int_equal(rule->owner, owner);
	assert_int_equal(rule->kill, kill);
}

static void test_conditions(void **state)
{
	struct policy_set set = {0};
	const struct policy_rule *rules;

	(void)state;
	parse_right(whole, &set);
	assert_int_equal(set.policies[0].sections[SECTION_FILES].n_rules, 4);
	rules = set.policies[0].sections[SECTION_FILES].rules;
	check_conditions(&rules[0], 2, 0, 0, false, false);
	check_pattern(&rules[0].except.at[0], "/etc/motd", 21, 18);
	check_pattern(&rules[0].except.at[1], "/etc/{a,b}/*", 21, 29);
	assert_int_equal(rules[0].patterns.n, 1);
	check_conditions(&rules[1], 0, 2, 1, false, true);
	check_pattern(&rules[1].unless_from.at[0], "/usr/bin/ssh", 23, 22);
	check_pattern(&rules[1].from.at[0], "/usr/**", 24, 16);
	check_pattern(&rules[1].from.at[1], "/bin/*", 24, 25);
	assert_int_equal(rules[1].line, 22);
	check_conditions(&rules[2], 0, 0, 0, true, false);
	assert_true(rules[2].audit);
	check_conditions(&rules[3], 0, 0, 0, false, false);
	assert_int_equal(rules[3].effect, EFFECT_DENY);

	assert_int_equal(set.policies[0].sections[SECTION_EXEC].n_rules, 1);
	rules = set.policies[0].sections[SECTION_EXEC].rules;
	check_conditions(&rules[0], 1, 1, 2, true, true);
	check_pattern(&rules[0].except.at[0], "/x.tmp", 35, 17);
	check_pattern(&rules[0].from.at[0], "/bin/sh", 36, 15);
	check_pattern(&rules[0].unless_from.at[1], "/b", 37, 27);
	assert_int_equal(rules[0].access, BIT(PV_ACC_EXEC));
	policy_set_free(&set);
}

static void test_unix(void **state)
{
	struct policy_set set = {0};
	const struct policy_rule *rules;

	(void)state;
	parse_right(whole, &set);
	assert_int_equal(set.policies[0].sections[SECTION_NETWORK].n_rules, 4);
	rules = set.policies[0].sections[SECTION_NETWORK].rules;

	assert_int_equal(rules[0].access, BIT(PV_ACC_CONNECT));
	assert_int_equal(rules[0].patterns.n, 5);
	check_pattern(&rules[0].patterns.at[0], "/run/postgresql/**", 43, 16);
	check_pattern(&rules[0].patterns.at[1], "@web-*", 43, 36);
	check_pattern(&rules[0].patterns.at[2], "{/a,@b}", 43, 46);
	check_conditions(&rules[0], 2, 1, 0, false, false);
	check_pattern(&rules[0].except.at[0], "@web-0", 44, 18);
	assert_int_equal(rules[0].except_cidrs.n, 0);
	assert_int_equal(rules[0].cidrs.n, 0);

	check_conditions(&rules[1], 0, 0, 0, false, false);
	assert_int_equal(rules[1].patterns.n, 0);
	assert_int_equal(rules[1].cidrs.n, 1);
	assert_int_equal(rules[1].cidrs.at[0].bits, 0);
	assert_int_equal(rules[1].except_cidrs.n, 2);
	assert_int_equal(rules[1].except_cidrs.at[0].family, 4);
	assert_int_equal(rules[1].except_cidrs.at[0].bits, 8);
	assert_string_equal(rules[1].except_cidrs.at[0].text, "10.0.0.0/8");
	assert_int_equal(rules[1].except_cidrs.at[1].family, 6);

	/* What `except` means does not depend on the order of the keys. */
	check_conditions(&rules[2], 1, 0, 1, false, true);
	check_pattern(&rules[2].except.at[0], "/c", 49, 17);
	assert_int_equal(rules[2].except_cidrs.n, 0);
	assert_int_equal(rules[2].access,
			 BIT(PV_ACC_CONNECT) | BIT(PV_ACC_BIND) | BIT(PV_ACC_LISTEN) | BIT(PV_ACC_ACCEPT));

	assert_int_equal(rules[3].except_cidrs.n, 1);
	assert_int_equal(rules[3].except_cidrs.at[0].bits, 32);
	assert_int_equal(rules[3].patterns.n, 0);
	policy_set_free(&set);
}

static void check_choice(const struct policy_choice *choice, enum policy_effect effect, unsigned line,
			 unsigned column)
{
	assert_true(choice->present);
	assert_int_equal(choice->effect, effect);
	assert_int_equal(choice->line, line);
	assert_int_equal(choice->column, column);
}

static void test_choices(void **state)
{
	static const enum policy_effect system[] = {EFFECT_DENY, EFFECT_ALLOW, EFFECT_DENY, EFFECT_DENY,
						    EFFECT_DENY, EFFECT_DENY,  EFFECT_DENY};
	struct policy_set set = {0};
	const struct policy *p;
	unsigned n = 0;

	(void)state;
	parse_right(whole, &set);
	p = &set.policies[0];
	assert_true(p->allow_on_error);

	assert_true(p->sections[SECTION_CAPABILITIES].present);
	assert_int_equal(p->sections[SECTION_CAPABILITIES].fallback, EFFECT_DENY);
	assert_int_equal(p->sections[SECTION_CAPABILITIES].line, 56);
	assert_int_equal(p->sections[SECTION_CAPABILITIES].n_rules, 0);
	check_choice(&p->capabilities[CAP_CHOWN], EFFECT_ALLOW, 57, 12);
	check_choice(&p->capabilities[CAP_SYS_ADMIN], EFFECT_DENY, 59, 9);
	check_choice(&p->capabilities[CAP_CHECKPOINT_RESTORE], EFFECT_DENY, 60, 9);
	for (unsigned i = 0; i < POLICY_CAPABILITIES; i++)
		n += p->capabilities[i].present;
	assert_int_equal(n, 3);

	assert_true(p->sections[SECTION_SYSTEM].present);
	assert_int_equal(p->sections[SECTION_SYSTEM].line, 62);
	for (unsigned i = 0; i < COUNT(system); i++) {
		const char *name = policy_access_name(PV_ACC_SYSTEM + i);

		check_choice(&p->system[i], system[i], 62 + i, 7 + strlen(name));
	}
	assert_false(p->system[COUNT(system)].present);
	policy_set_free(&set);
}

/* What is not written. */
static void test_absent(void **state)
{
	struct policy_set set = {0};
	const struct policy *p;

	(void)state;
	parse_right(SPEC "  system: {bpf: deny}\n", &set);
	p = &set.policies[0];
	assert_false(p->allow_on_error);
	assert_false(p->sections[SECTION_CAPABILITIES].present);
	assert_false(p->capabilities[0].present);
	assert_true(p->sections[SECTION_SYSTEM].present);
	assert_true(p->system[PV_ACC_BPF - PV_ACC_SYSTEM].present);
	assert_false(p->system[0].present);
	policy_set_free(&set);

	parse_right(SPEC "  on-error: deny\n  capabilities: {default: allow}\n", &set);
	p = &set.policies[0];
	assert_false(p->allow_on_error);
	assert_true(p->sections[SECTION_CAPABILITIES].present);
	assert_int_equal(p->sections[SECTION_CAPABILITIES].fallback, EFFECT_ALLOW);
	assert_false(p->sections[SECTION_SYSTEM].present);
	policy_set_free(&set);
}

static void test_names(void **state)
{
	unsigned names = 0;

	(void)state;
	for (unsigned i = 0; i <= POLICY_CAPABILITIES; i++) {
		const char *name = policy_capability_name(i);

		if (!name)
			continue;
		names++;
		assert_int_equal(policy_capability_number(name), i);
	}
	assert_int_equal(names, CAP_CHECKPOINT_RESTORE + 1);
	assert_string_equal(policy_capability_name(CAP_NET_BIND_SERVICE), "net_bind_service");
	assert_string_equal(policy_capability_name(CAP_SETFCAP), "setfcap");
	assert_string_equal(policy_capability_name(CAP_BPF), "bpf");
	assert_int_equal(policy_capability_number("cap_chown"), -1);
	assert_int_equal(policy_capability_number("CHOWN"), -1);
	assert_string_equal(policy_section_name(SECTION_FILES), "files");
	assert_string_equal(policy_section_name(SECTION_EXEC), "exec");
	assert_string_equal(policy_section_name(SECTION_NETWORK), "network");
	assert_string_equal(policy_section_name(SECTION_CAPABILITIES), "capabilities");
	assert_string_equal(policy_section_name(SECTION_SYSTEM), "system");
}

static int lookup(const char *name, uint32_t *uid)
{
	if (!strcmp(name, "out-of-order"))
		return -EIO;
	if (!strcmp(name, "no-memory"))
		return -ENOMEM;
	if (strcmp(name, "www-data"))
		return -ENOENT;
	*uid = 33;
	return 0;
}

static void test_users(void **state)
{
	static const char text[] = SUBJECTS "    - user: www-data\n"
					    "    - user: 4294967294\n"
					    "    - cgroup: /a\n"
					    "    - user: '0'\n";
	struct policy_set set = {0};
	struct diags d = {0};
	const struct policy_subject *s;

	(void)state;
	assert_int_equal(policy_resolve_users(&set, lookup, false, &d), 0);
	parse_right(text, &set);
	assert_int_equal(policy_resolve_users(&set, lookup, false, &d), 0);
	assert_int_equal(d.n, 0);
	s = set.policies[0].subjects;
	assert_true(s[0].user_known);
	assert_int_equal(s[0].uid, 33);
	assert_true(s[1].user_known);
	assert_int_equal(s[1].uid, 4294967294u);
	assert_false(s[2].user_known);
	assert_true(s[3].user_known);
	assert_int_equal(s[3].uid, 0);
	policy_set_free(&set);
}

static void test_unknown_users(void **state)
{
	static const char text[] = SUBJECTS "    - {cgroup: /a, user: nobody-here}\n"
					    "    - user: www-data\n"
					    "    - user: out-of-order\n";
	static const char words[] = "t:8:26: subjects[0].user: there is no user 'nobody-here'\n"
				    "t:10:13: subjects[2].user: the user 'out-of-order' cannot be looked up: "
				    "Input/output error\n";
	struct policy_set set = {0};

	(void)state;
	parse_right(text, &set);
	for (int lenient = 0; lenient < 2; lenient++) {
		struct diags d = {0};
		char *printed;

		/* What was known before counts for nothing. */
		set.policies[0].subjects[0].user_known = true;
		assert_int_equal(policy_resolve_users(&set, lookup, lenient, &d), lenient ? 0 : -EINVAL);
		printed = print(&d);
		assert_string_equal(printed, words);
		assert_false(set.policies[0].subjects[0].user_known);
		assert_true(set.policies[0].subjects[1].user_known);
		assert_false(set.policies[0].subjects[2].user_known);
		free(printed);
		diags_free(&d);
	}
	policy_set_free(&set);

	parse_right(SUBJECTS "    - user: no-memory\n    - user: nobody-here\n", &set);
	assert_int_equal(policy_resolve_users(&set, lookup, false, &(struct diags){0}), -ENOMEM);
	policy_set_free(&set);
}

/* Binding to a cgroup drops all that the subjects said. */
static void test_bind(void **state)
{
	struct policy_set set = {0};

	(void)state;
	parse_right(whole, &set);
	assert_int_equal(policy_bind_cgroup(&set.policies[0], "/run-7"), 0);
	assert_int_equal(set.policies[0].n_subjects, 1);
	assert_true(set.policies[0].subjects[0].cgroup_literal);
	assert_false(set.policies[0].subjects[0].container);
	assert_null(set.policies[0].subjects[0].user.text);
	policy_set_free(&set);
}

/* Every byte of the policy changed, and the rest cut off: refused or accepted, and nothing lost. */
static void test_damaged(void **state)
{
	static const char bytes[] = "\0\n :-[]{}\"'*&!|#,@/\xff";
	size_t length = strlen(whole);
	char *text = malloc(length);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < length; i++) {
		for (int cut = 0; cut < 2; cut++) {
			struct policy_set set = {0};
			struct diags d = {0};
			int result;

			memcpy(text, whole, length);
			text[i] = bytes[i % (sizeof(bytes) - 1)];
			result = policy_parse("t", text, cut ? i : length, &set, &d);
			assert_int_equal(result, d.n ? -EINVAL : 0);
			assert_int_equal(!set.n_policies, !!d.n);
			policy_set_free(&set);
			diags_free(&d);
		}
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subjects), cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_unix),	 cmocka_unit_test(test_choices),
		cmocka_unit_test(test_absent),	 cmocka_unit_test(test_names),
		cmocka_unit_test(test_users),	 cmocka_unit_test(test_unknown_users),
		cmocka_unit_test(test_bind),	 cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
