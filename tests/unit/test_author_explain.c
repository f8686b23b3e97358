/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* explain and test: questions as words, verdicts with their rules, expectations and what is wrong with them.
 */
#include "author_random.h"

#include <errno.h>
#include <unistd.h>

#include "author/expect.h"
#include "author/explain.h"
#include "util/util.h"

static const char policies[] =
	"apiVersion: pavise/v1\nkind: Policy\nmetadata: {name: web}\nspec:\n  mode: enforce\n"
	"  subjects: [{cgroup: /web}, {exe: /bin/web, user: 7}]\n"
	"  files:\n    default: deny\n    rules:\n"
	"    - allow: [/srv/**, /a]\n      access: [read, list]\n"
	"    - {allow: /own/**, owner: true, audit: true}\n"
	"    - {deny: /srv/x, unless-from: /bin/x}\n"
	"    - {deny: /srv/y, action: kill}\n"
	"    - {deny: /srv/z/**, except: /srv/z/a}\n"
	"    - {allow: \"@nameless\", access: read}\n"
	"  exec: {default: deny}\n"
	"  network: {default: deny, rules: [{allow: connect, to: 10.0.0.0/8}, {allow: bind, unix: \"@a\"}]}\n"
	"  capabilities: {default: deny, allow: chown}\n  system: {mount: deny, bpf: allow}\n"
	"---\napiVersion: pavise/v1\nkind: Policy\nmetadata: {name: all}\nspec:\n  mode: monitor\n"
	"  subjects: [{cgroup: /}]\n  files: {default: allow, rules: [{deny: /srv/q}, {deny: /b}, {allow: "
	"/srv/b}]}\n";

struct expected {
	const char *access, *name, *exe, *cgroup;
	bool owner;
	const char *verdict, *policy, *rule;
};

static void test_answers(void **state)
{
	static const struct expected tests[] = {
		{"read", "/srv/a", NULL, NULL, false, "allow", "web", "files[0]"},
		{"read", "/srv/b", NULL, NULL, false, "allow", "all", "files[2]"},
		{"write", "/srv/a", NULL, NULL, false, "deny", "web", "files.default"},
		{"write", "/own/a", NULL, NULL, false, "deny", "web", "files.default"},
		{"write", "/own/a", NULL, NULL, true, "allow", "web", "files[1]"},
		{"read", "/srv/x", NULL, NULL, false, "deny", "web", "files[2]"},
		{"read", "/srv/x", "/bin/x", NULL, false, "allow", "web", "files[0]"},
		{"read", "/srv/y", NULL, NULL, false, "kill", "web", "files[3]"},
		{"read", "/srv/z/a", NULL, NULL, false, "allow", "web", "files[0]"},
		{"read", "/srv/q", NULL, NULL, false, "would_deny", "all", "files[0]"},
		{"read", "/b", NULL, NULL, false, "deny", "web", "files.default"},
		{"read", "@nameless", NULL, NULL, false, "allow", "web", "files[5]"},
		{"write", "@nameless", NULL, NULL, false, "deny", "web", "files.default"},
		{"exec", "@nameless", NULL, NULL, false, "deny", "web", "exec.default"},
		{"map", "/lib/a.so", NULL, NULL, false, "deny", "web", "exec.default"},
		{"connect", "10.0.0.1:80", NULL, NULL, false, "allow", "web", "network[0]"},
		{"connect", "[2001:db8::1]:80/udp", NULL, NULL, false, "deny", "web", "network.default"},
		{"connect", "10.0.0.1/raw", NULL, NULL, false, "deny", "web", "network.default"},
		{"connect", "::ffff:10.0.0.1/icmp", NULL, NULL, false, "allow", "web", "network[0]"},
		{"bind", "unix:@a", NULL, NULL, false, "allow", "web", "network[1]"},
		{"bind", "unix:/run/a", NULL, NULL, false, "deny", "web", "network.default"},
		{"socket", "inet/tcp", NULL, NULL, false, "allow", "web", "network.rules"},
		{"socket", "inet/raw", NULL, NULL, false, "deny", "web", "network.default"},
		{"socket", "netlink", NULL, NULL, false, "deny", "web", "network.default"},
		{"capability", "chown", NULL, NULL, false, "allow", "web", "capabilities.chown"},
		{"capability", "sys_admin", NULL, NULL, false, "deny", "web", "capabilities.default"},
		{"mount", NULL, NULL, NULL, false, "deny", "web", "system.mount"},
		{"bpf", NULL, NULL, NULL, false, "allow", "web", "system.bpf"},
		{"ptrace", NULL, NULL, NULL, false, "allow", NULL, ""},
		/* who is governed by what */
		{"read", "/b", NULL, "/web/a", false, "deny", "web", "files.default"},
		{"read", "/b", NULL, "/other", false, "would_deny", "all", "files[1]"},
		{"read", "/b", "/bin/web", "/other", false, "deny", "web", "files.default"},
		{"connect", "10.0.0.1:80", NULL, "/other", false, "allow", NULL, ""},
	};
	struct sources s;
	struct diags d = {0};
	struct judge judge;

	(void)state;
	sources_from(&s, policies);
	assert_int_equal(judge_open(&judge, &s, &d), 0);
	for (size_t i = 0; i < COUNT(tests); i++) {
		const struct expected *e = &tests[i];
		struct asker who = {.exe = e->exe, .cgroup = e->cgroup, .owner = e->owner, .uid = 7};
		char error[QUESTION_ERROR] = "";
		struct question q;
		struct answer a;

		assert_int_equal(question_parse(e->access, e->name, &q, error), 0);
		judge_ask(&judge, &q, &who, &a);
		if (strcmp(answer_verdict(&a), e->verdict) || strcmp(a.rule, e->rule))
			print_error("number %zu: %s by %s\n", i, answer_verdict(&a), a.rule);
		assert_string_equal(answer_verdict(&a), e->verdict);
		assert_string_equal(a.rule, e->rule);
		assert_string_equal(a.policy ? a.policy->name : "-", e->policy ? e->policy : "-");
	}
	judge_close(&judge);
	sources_free(&s);
}

static void test_wrong_questions(void **state)
{
	static const struct {
		const char *access, *name, *error;
	} tests[] = {
		{"reed", "/a", "'reed' is no access (read, write"},
		{"modify", "/a", "'modify' is no access (read, write"},
		{"read", NULL, "'read' needs a path"},
		{"read", "a", "'a' is not an absolute path"},
		{"read", "/a/../b", "'/a/../b' is not a path as the kernel names files"},
		{"read", "/a/", "'/a/' is not a path as the kernel names files"},
		{"mount", "/a", "'mount' takes no name"},
		{"connect", "10.0.0.1", "a port is missing"},
		{"connect", "2001:db8::1", "a port is missing"},
		{"connect", "10.0.0.1:65536", "'65536' is not a port"},
		{"connect", "10.0.0.1:1x", "'1x' is not a port"},
		{"connect", "10.0.0.1:80/tpc", "unknown protocol 'tpc' (did you mean 'tcp'?)"},
		{"connect", "host:80", "'host' is not an IP address"},
		{"connect", "[::1:80", "'[::1:80': the '[' is not closed"},
		{"connect", "unix:a", "'unix:a': a unix socket is named by"},
		{"connect", "unix:@", "'unix:@': an abstract name"},
		{"socket", "unix", "making unix sockets is never decided"},
		{"socket", "intet/tcp", "unknown family 'intet' (did you mean 'inet'?)"},
		{"socket", "netlink/tcp", "'netlink/tcp': only the families inet and inet6"},
		{"capability", "CAP_CHOWN", "'CAP_CHOWN' is no capability"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tests); i++) {
		char error[QUESTION_ERROR] = "";
		struct question q;

		assert_int_equal(question_parse(tests[i].access, tests[i].name, &q, error), -EINVAL);
		if (strncmp(error, tests[i].error, strlen(tests[i].error)))
			assert_string_equal(error, tests[i].error);
	}
}

static char *explain_text(const char *access, const char *name, const char *cgroup)
{
	struct sources s;
	struct diags d = {0};
	struct judge judge;
	struct question q;
	struct explain e = {&judge, &s, &q, access, name, {.cgroup = cgroup}};
	char error[QUESTION_ERROR], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	sources_from(&s, policies);
	assert_int_equal(judge_open(&judge, &s, &d), 0);
	assert_int_equal(question_parse(access, name, &q, error), 0);
	assert_int_equal(explain_print(&e, out), 0);
	fclose(out);
	judge_close(&judge);
	sources_free(&s);
	return text;
}

static void test_explain(void **state)
{
	char *text = explain_text("write", "/srv/a", NULL);

	(void)state;
	assert_string_equal(
		text, "deny: write /srv/a\nby files.default of policy 'web' (enforce)\n\ntest.yaml:8:\n"
		      "    8 |     default: deny\n\nWhat would change it, and what does not:\n"
		      "  - an allow rule for it in policy 'web', or 'files.default: allow'\n"
		      "  - files[0] of 'web' (test.yaml:10) is about this name, but not about 'write'\n"
		      "  - 'mode: monitor' of policy 'web' would only report it\n\nEach policy for itself:\n"
		      "  web                      deny       files.default\n"
		      "  all                      allow      files.default\n");
	free(text);
	text = explain_text("read", "/srv/c", NULL);
	assert_non_null(strstr(text, "by files[0] of policy 'web' (enforce), which matches by '/srv/**'\n"));
	assert_non_null(
		strstr(text, "   10 |     - allow: [/srv/**, /a]\n   11 |       access: [read, list]\n\n"));
	free(text);
	text = explain_text("read", "/srv/x", NULL);
	assert_non_null(strstr(text, "an allow rule cannot: files[2] denies it, and a deny rule wins"));
	free(text);
	text = explain_text("read", "/srv/z/a", NULL);
	assert_non_null(strstr(text, "files[4] of 'web' (test.yaml:15) would deny it, but for its 'except'"));
	free(text);
	text = explain_text("read", "/own/a", NULL);
	assert_non_null(strstr(text, "files[1] of 'web' (test.yaml:12) would allow it to the owner"));
	free(text);
	text = explain_text("read", "/srv/q", NULL);
	assert_non_null(strstr(text, "because policy 'all' only monitors; 'mode: enforce' would deny it"));
	free(text);
	text = explain_text("connect", "10.0.0.1:1", "/other");
	assert_non_null(strstr(text, "no policy that governs decides it: none has a section 'network'"));
	assert_non_null(strstr(text, "web                      does not govern"));
	free(text);
}

/* ---- expectations ---- */

struct files {
	char directory[32];
	char *policy, *expect;
};

static void write_text(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void files_make(struct files *f, const char *expect)
{
	strcpy(f->directory, "/tmp/pavise-expect-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	f->policy = strfmt("%s/p.yaml", f->directory);
	f->expect = strfmt("%s/e.yaml", f->directory);
	write_text(f->policy, policies);
	write_text(f->expect, expect);
}

static void files_remove(struct files *f)
{
	unlink(f->policy);
	unlink(f->expect);
	rmdir(f->directory);
	free(f->policy);
	free(f->expect);
}

static void test_expect(void **state)
{
	struct expect_result result = {.results = json_array()};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct files f;

	(void)state;
	files_make(&f,
		   "policies: [p.yaml]\nexpect:\n"
		   "  - {access: read, name: /srv/a, verdict: allow, rule: \"files.rules[0]\", policy: web}\n"
		   "  - {access: read, name: /srv/y, verdict: kill}\n"
		   "  - {access: read, name: /b, verdict: would_deny, cgroup: /other, exe: /bin/x, uid: 7}\n"
		   "  - {access: write, name: /own/a, verdict: allow, owner: true}\n"
		   "  - {access: mount, verdict: allow}\n"
		   "  - {access: read, name: /srv/a, verdict: allow, rule: \"files[1]\"}\n"
		   "---\npolicies: [p.yaml]\nexpect: [{access: read, name: /srv/y, verdict: deny}]\n");
	assert_int_equal(expect_run(f.expect, out, &result), 0);
	fclose(out);
	assert_int_equal(result.passed, 4);
	assert_int_equal(result.failed, 3);
	assert_int_equal(json_array_size(result.results), 7);
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(json_array_get(result.results, 4), "found"), "rule")),
			    "system.mount");
	assert_non_null(strstr(text,
			       "e.yaml:7:6: expect[4]: mount : expected allow, found deny by system.mount of "
			       "policy 'web' ("));
	assert_non_null(strstr(text, "expected allow by files[1], found allow by files[0] of policy 'web'"));
	assert_non_null(strstr(text, "e.yaml:11:11: expect[0]: read /srv/y: expected deny, found kill"));
	json_decref(result.results);
	free(text);
	files_remove(&f);
}

/* What is wrong is told on standard error, so only that nothing ran is looked at here. */
static void test_wrong_expect(void **state)
{
	static const char *const tests[] = {
		"",
		"policies: [p.yaml]\n",
		"policies: [p.yaml]\nexpect: []\n",
		"policies: [none.yaml]\nexpect: [{access: read, name: /a, verdict: deny}]\n",
		"policies: [p.yaml]\nexpect: [{access: read, name: /a}]\n",
		"policies: [p.yaml]\nexpect: [{access: read, name: /a, verdict: no}]\n",
		"policies: [p.yaml]\nexpect: [{access: read, name: a, verdict: deny}]\n",
		"policies: [p.yaml]\nexpect: [{access: read, name: /a, verdict: deny, ruel: a}]\n",
		"policies: [p.yaml]\nexpect: [{access: read, name: /a, verdict: deny, policy: none}]\n",
		"policies: [p.yaml]\nexpect: [{access: read, name: /a, verdict: deny, exe: a}]\n",
		"policies: [p.yaml]\nexpect: [{access: read, name: /a, verdict: deny, uid: "
		"nobody-of-this-name}]\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tests); i++) {
		struct expect_result result = {0};
		struct files f;

		files_make(&f, tests[i]);
		assert_int_equal(expect_run(f.expect, NULL, &result), -EINVAL);
		assert_int_equal(result.passed + result.failed, 0);
		files_remove(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),	     cmocka_unit_test(test_wrong_questions),
		cmocka_unit_test(test_explain),	     cmocka_unit_test(test_expect),
		cmocka_unit_test(test_wrong_expect),
	};

	return cmocka_run_group_tests_name("author_explain", tests, NULL, NULL);
}
