/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The YAML front end: what a right file becomes, how errors are shown, and that hostile texts are
 * refused in bounded time. The errors themselves are in test_frontend_wrong.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <time.h>

#include "frontend_text.h"
#include "pavise.h"
#include "policy/utf8.h"

#define BIT(n) (1u << (n))
#define MIB    (1024 * 1024)

static void check_rendered(const char *text, const char *expected)
{
	char *printed = refusal_of(text, strlen(text));

	assert_string_equal(printed, expected);
	free(printed);
}

static void test_rendering(void **state)
{
	static const char x40[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	char *long_line, *printed, *expected;

	(void)state;
	check_rendered(FILES "    - deny: /a\n      acces: modify\r\n",
		       "t:12:7: files.rules[0]: unknown key 'acces' (did you mean 'access'?)\n"
		       "   12 |       acces: modify\n"
		       "      |       ^\n");
	/* Columns are characters, a tab is one of them and shown as a blank. */
	check_rendered(FILES "    - deny: ['/\xc3\xa4',\t\"\",\t/\xe2\x82\xac]\n",
		       "t:11:20: files.rules[0].deny[1]: bad pattern '': the pattern is empty\n"
		       "   11 |     - deny: ['/\xc3\xa4', \"\", /\xe2\x82\xac]\n"
		       "      |                    ^\n");
	/* The place may be behind the end of its line, and in a line that is not there. */
	check_rendered("a: 'b\n",
		       "t:2:1: not valid YAML: found unexpected end of stream while scanning a quoted "
		       "scalar (from line 1)\n    2 | \n      | ^\n");
	check_rendered("a: \x01\xff\n", "t:1:4: character U+0001 is not allowed in a policy file\n"
					"    1 | a: \\x01\\xff\n      |    ^\n");
	check_rendered("\xff\n", "t:1:1: byte 0xff is not valid UTF-8 text\n    1 | \\xff\n      | ^\n");
	check_rendered("\xc3\xa4 \xc3\n", "t:1:3: byte 0xc3 is not valid UTF-8 text\n"
					  "    1 | \xc3\xa4 \\xc3\n      |   ^\n");

	/* A long line is cut on both sides of the place. */
	assert_true(asprintf(&long_line, FILES "    - deny: [/%s%s, b, /%s%s]\n", x40, x40, x40, x40) > 0);
	printed = refusal_of(long_line, strlen(long_line));
	assert_true(
		asprintf(
			&expected,
			"t:11:97: files.rules[0].deny[1]: bad pattern 'b': a pattern must start with '/', in "
			"every alternative\n   11 | ...xxxxx%s, b, /xxxxx%s...\n"
			"      | %50s^\n",
			x40, x40, "") > 0);
	assert_string_equal(printed, expected);
	free(long_line);
	free(printed);
	free(expected);
}

static void test_diags(void **state)
{
	struct diags d = {0};
	char *printed;

	(void)state;
	diag_add(&d, "b\n.yaml", 2, 0, NULL, "excerpt\nnext line", "whole %s", "line");
	diag_add(&d, "a", 2, 3, "x.y", NULL, "second");
	diag_add(&d, "a", 1, 9, NULL, "abc", "first\e[1m");
	diag_add(&d, "a", 2, 3, NULL, NULL, "third");
	diag_add(&d, NULL, 0, 0, NULL, "unused", "no file");
	diags_sort(&d, 1);
	printed = print(&d);
	assert_string_equal(printed, "b\\x0a.yaml:2: whole line\n    2 | excerpt\n"
				     "no file\n"
				     "a:1:9: first\\x1b[1m\n    1 | abc\n      |         ^\n"
				     "a:2:3: x.y: second\n"
				     "a:2:3: third\n");
	free(printed);
	diags_free(&d);
	assert_int_equal(d.n, 0);
	/* A character that cannot be shown takes four places, and the caret moves with it. */
	diag_add(&d, "a", 1, 3, NULL, "\x01\tb", "c");
	printed = print(&d);
	assert_string_equal(printed, "a:1:3: c\n    1 | \\x01 b\n      |      ^\n");
	free(printed);
	diags_free(&d);
	for (int i = 0; i < DIAGS_MAX + 7; i++)
		diag_add(&d, "a", 0, 0, NULL, NULL, "%d", i);
	assert_int_equal(d.n, DIAGS_MAX);
	assert_int_equal(d.dropped, 7);
	printed = print(&d);
	assert_string_equal(strstr(printed, "a: 99\n"), "a: 99\n7 more not shown\n");
	free(printed);
	diags_free(&d);
}

/* Nothing is read beyond the length, not even where the rest of a character stands. */
static void test_utf8(void **state)
{
	uint32_t code = 0;

	(void)state;
	assert_int_equal(utf8_decode("", 0, &code), 0);
	assert_int_equal(utf8_decode("\xe2\x82\xac", 2, &code), 0);
	assert_int_equal(code, 0);
	assert_int_equal(utf8_decode("\xe2\x82\xac", 3, &code), 3);
	assert_int_equal(code, 0x20ac);
	assert_int_equal(utf8_decode("\xf4\x8f\xbf\xbf", 4, &code), 4);
	assert_int_equal(code, 0x10ffff);
}

static const char full[] =
	"---\n"
	"apiVersion: pavise/v1\n"
	"kind: Policy\n"
	"metadata:\n"
	"  name: web-1\n"
	"  description: nginx may serve, not wander\n"
	"spec:\n"
	"  mode: monitor\n"
	"  subjects:\n"
	"    - cgroup: /payments/**\n"
	"    - {cgroup: \"{/a,{/b,/c}}/*\"}\n"
	"  files:\n"
	"    default: allow\n"
	"    rules:\n"
	"      - deny: [/etc/shadow, /root/**, '/etc/[!a-z\\]]{x,\"y\"}?']\n"
	"      - access: [modify, list]\n"
	"        deny: /etc/**\n"
	"      - {allow: /, audit: true}\n"
	"      - {audit: false, access: read, allow: '/.../.a/..b/{..,c}/...'}\n"
	"  exec:\n"
	"    default: deny\n"
	"    rules:\n"
	"      - allow: [/usr/sbin/nginx, '/usr/bin/{gzip,brotli}']\n"
	"        audit: true\n"
	"---\n"
	"{apiVersion: \"pavise/v1\", kind: 'Policy', metadata: {name: \"5\"}, spec: {mode: enforce,\n"
	"  subjects: [{cgroup: /}], exec: {default: allow}, files: {default: deny, rules: []}}}\n";

static void check_rule(const struct policy_rule *rule, enum policy_section section, unsigned index,
		       enum policy_effect effect, uint32_t access, bool audit, unsigned line, unsigned column)
{
	assert_int_equal(rule->section, section);
	assert_int_equal(rule->index, index);
	assert_int_equal(rule->effect, effect);
	assert_int_equal(rule->access, access);
	assert_int_equal(rule->audit, audit);
	assert_int_equal(rule->line, line);
	assert_int_equal(rule->column, column);
}

#define MODIFY                                                                              \
	(BIT(PV_ACC_WRITE) | BIT(PV_ACC_APPEND) | BIT(PV_ACC_CREATE) | BIT(PV_ACC_DELETE) | \
	 BIT(PV_ACC_RENAME) | BIT(PV_ACC_LINK) | BIT(PV_ACC_ATTRIBUTES))
#define EVERY (MODIFY | BIT(PV_ACC_READ) | BIT(PV_ACC_MAP) | BIT(PV_ACC_LIST))

static void test_model(void **state)
{
	struct policy_set set = {0};
	const struct policy *policy;
	const struct policy_rules *section;

	(void)state;
	parse_right(full, &set);
	assert_int_equal(set.n_policies, 2);
	policy = &set.policies[0];
	assert_string_equal(policy->name, "web-1");
	assert_string_equal(policy->description, "nginx may serve, not wander");
	assert_string_equal(policy->file, "t");
	assert_int_equal(policy->line, 2);
	assert_int_equal(policy->name_line, 5);
	assert_int_equal(policy->name_column, 9);
	assert_int_equal(policy->mode, MODE_MONITOR);
	assert_int_equal(policy->n_subjects, 2);
	check_pattern(&policy->subjects[0].cgroup, "/payments/**", 10, 15);
	assert_false(policy->subjects[0].cgroup_literal);
	check_pattern(&policy->subjects[1].cgroup, "{/a,{/b,/c}}/*", 11, 16);

	section = &policy->sections[SECTION_FILES];
	assert_true(section->present);
	assert_int_equal(section->fallback, EFFECT_ALLOW);
	assert_int_equal(section->line, 13);
	assert_int_equal(section->n_rules, 4);
	check_rule(&section->rules[0], SECTION_FILES, 0, EFFECT_DENY, EVERY, false, 15, 9);
	assert_int_equal(section->rules[0].patterns.n, 3);
	check_pattern(&section->rules[0].patterns.at[1], "/root/**", 15, 29);
	check_pattern(&section->rules[0].patterns.at[2], "/etc/[!a-z\\]]{x,\"y\"}?", 15, 39);
	check_rule(&section->rules[1], SECTION_FILES, 1, EFFECT_DENY, MODIFY | BIT(PV_ACC_LIST), false, 16,
		   9);
	check_rule(&section->rules[2], SECTION_FILES, 2, EFFECT_ALLOW, EVERY, true, 18, 10);
	check_pattern(&section->rules[2].patterns.at[0], "/", 18, 17);
	check_rule(&section->rules[3], SECTION_FILES, 3, EFFECT_ALLOW, BIT(PV_ACC_READ), false, 19, 10);

	section = &policy->sections[SECTION_EXEC];
	assert_true(section->present);
	assert_int_equal(section->fallback, EFFECT_DENY);
	assert_int_equal(section->n_rules, 1);
	check_rule(&section->rules[0], SECTION_EXEC, 0, EFFECT_ALLOW, BIT(PV_ACC_EXEC), true, 23, 9);
	assert_int_equal(section->rules[0].patterns.n, 2);
	assert_false(policy->sections[SECTION_NETWORK].present);

	policy = &set.policies[1];
	assert_string_equal(policy->name, "5");
	assert_null(policy->description);
	assert_int_equal(policy->mode, MODE_ENFORCE);
	assert_int_equal(policy->line, 26);
	assert_true(policy->sections[SECTION_FILES].present);
	assert_int_equal(policy->sections[SECTION_FILES].fallback, EFFECT_DENY);
	assert_int_equal(policy->sections[SECTION_FILES].n_rules, 0);
	assert_int_equal(policy->sections[SECTION_EXEC].fallback, EFFECT_ALLOW);
	policy_set_free(&set);
	assert_null(set.policies);
}

static void check_cidr(const struct policy_cidr *cidr, unsigned family, unsigned bits, const char *addr,
		       const char *text)
{
	uint8_t expected[16] = {0};

	memcpy(expected, addr, family == 4 ? 4 : 16);
	assert_int_equal(cidr->family, family);
	assert_int_equal(cidr->bits, bits);
	assert_memory_equal(cidr->addr, expected, sizeof(expected));
	assert_string_equal(cidr->text, text);
}

static void test_network_model(void **state)
{
	static const char v6[16] = "\x20\x01\x0d\xb8", loopback[16] = {[15] = 1}, none[16];
	static const char mapped[16] = {[10] = '\xff', [11] = '\xfe'};
	struct policy_set set = {0};
	const struct policy_rule *rules;

	(void)state;
	parse_right(NETWORK
		    "    - allow: connect\n"
		    "      to: [10.0.0.0/8, 2001:db8::/32, '::1', 192.0.2.7, 0.0.0.0/0, '::/0',\n"
		    "        '::ffff:10.0.0.0/104', '::ffff:192.0.2.7', '::ffff:0:0/96', '::fffe:0:0/95']\n"
		    "      ports: [443, 8000-8099, \"80\", 0-65535, 7-7]\n"
		    "      protocols: [tcp, udp, sctp]\n"
		    "    - allow: [bind, listen, accept]\n"
		    "      ports: 80\n"
		    "      audit: true\n"
		    "    - deny: socket\n"
		    "      families: [netlink, 17, 255, bluetooth]\n"
		    "    - deny: [socket]\n"
		    "      families: inet6\n"
		    "      protocols: [icmp, icmpv6, raw]\n"
		    "    - deny: [connect, socket]\n"
		    "      protocols: raw\n",
		    &set);
	assert_int_equal(set.policies[0].sections[SECTION_NETWORK].n_rules, 5);
	rules = set.policies[0].sections[SECTION_NETWORK].rules;

	check_rule(&rules[0], SECTION_NETWORK, 0, EFFECT_ALLOW, BIT(PV_ACC_CONNECT), false, 11, 7);
	assert_int_equal(rules[0].patterns.n, 0);
	assert_int_equal(rules[0].cidrs.n, 10);
	check_cidr(&rules[0].cidrs.at[0], 4, 8, "\x0a\0\0\0", "10.0.0.0/8");
	check_cidr(&rules[0].cidrs.at[1], 6, 32, v6, "2001:db8::/32");
	check_cidr(&rules[0].cidrs.at[2], 6, 128, loopback, "::1");
	check_cidr(&rules[0].cidrs.at[3], 4, 32, "\xc0\0\x02\x07", "192.0.2.7");
	check_cidr(&rules[0].cidrs.at[4], 4, 0, "\0\0\0\0", "0.0.0.0/0");
	check_cidr(&rules[0].cidrs.at[5], 6, 0, none, "::/0");
	check_cidr(&rules[0].cidrs.at[6], 4, 8, "\x0a\0\0\0", "::ffff:10.0.0.0/104");
	check_cidr(&rules[0].cidrs.at[7], 4, 32, "\xc0\0\x02\x07", "::ffff:192.0.2.7");
	check_cidr(&rules[0].cidrs.at[8], 4, 0, "\0\0\0\0", "::ffff:0:0/96");
	check_cidr(&rules[0].cidrs.at[9], 6, 95, mapped, "::fffe:0:0/95");
	assert_int_equal(rules[0].n_ports, 5);
	assert_int_equal(rules[0].ports[0].first, 443);
	assert_int_equal(rules[0].ports[0].last, 443);
	assert_int_equal(rules[0].ports[1].first, 8000);
	assert_int_equal(rules[0].ports[1].last, 8099);
	assert_int_equal(rules[0].ports[2].last, 80);
	assert_int_equal(rules[0].ports[3].first, 0);
	assert_int_equal(rules[0].ports[3].last, 65535);
	assert_int_equal(rules[0].n_protocols, 3);
	assert_int_equal(rules[0].protocols[0], PV_PROTO_TCP);
	assert_int_equal(rules[0].protocols[1], PV_PROTO_UDP);
	assert_int_equal(rules[0].protocols[2], PV_PROTO_SCTP);

	check_rule(&rules[1], SECTION_NETWORK, 1, EFFECT_ALLOW,
		   BIT(PV_ACC_BIND) | BIT(PV_ACC_LISTEN) | BIT(PV_ACC_ACCEPT), true, 16, 7);
	assert_int_equal(rules[1].n_ports, 1);
	assert_int_equal(rules[1].cidrs.n, 0);

	check_rule(&rules[2], SECTION_NETWORK, 2, EFFECT_DENY, BIT(PV_ACC_SOCKET), false, 19, 7);
	assert_int_equal(rules[2].n_families, 4);
	assert_int_equal(rules[2].families[0], AF_NETLINK);
	assert_int_equal(rules[2].families[1], AF_PACKET);
	assert_int_equal(rules[2].families[2], 255);
	assert_int_equal(rules[2].families[3], AF_BLUETOOTH);

	assert_int_equal(rules[3].n_families, 1);
	assert_int_equal(rules[3].families[0], AF_INET6);
	assert_int_equal(rules[3].n_protocols, 3);
	assert_int_equal(rules[3].protocols[0], PV_PROTO_ICMP);
	assert_int_equal(rules[3].protocols[1], PV_PROTO_ICMPV6);
	assert_int_equal(rules[3].protocols[2], PV_PROTO_RAW);
	assert_int_equal(rules[4].access, BIT(PV_ACC_CONNECT) | BIT(PV_ACC_SOCKET));
	policy_set_free(&set);
}

/* What was in the set stays, at its place, whether the next text is right or wrong. */
static void test_append(void **state)
{
	struct policy_set set = {0};
	struct diags d = {0};
	struct policy *before;

	(void)state;
	parse_right(SPEC, &set);
	before = set.policies;
	assert_int_equal(policy_parse("u", SPEC "---\n{}\n", sizeof(SPEC "---\n{}\n") - 1, &set, &d),
			 -EINVAL);
	assert_int_equal(d.n, 4);
	assert_int_equal(set.n_policies, 1);
	assert_ptr_equal(set.policies, before);
	diags_free(&d);
	parse_right(full, &set);
	assert_int_equal(set.n_policies, 3);
	assert_string_equal(set.policies[0].name, "a");
	assert_string_equal(set.policies[1].name, "web-1");
	policy_set_free(&set);
}

static void test_set_check(void **state)
{
	static const char twice[] = SPEC "---\n" SPEC;
	struct policy_set set = {0};
	struct diags d = {0};
	char *printed;

	(void)state;
	assert_int_equal(policy_set_check(&set, &d), 0);
	parse_right(full, &set);
	parse_right(SPEC, &set);
	assert_int_equal(policy_set_check(&set, &d), 0);
	assert_int_equal(d.n, 0);
	assert_int_equal(policy_parse("b.yaml", twice, sizeof(twice) - 1, &set, &d), 0);
	assert_int_equal(policy_set_check(&set, &d), -EINVAL);
	printed = print(&d);
	assert_string_equal(printed,
			    "b.yaml:4:9: metadata.name: policy name 'a' is used twice (also at t:4)\n"
			    "b.yaml:12:9: metadata.name: policy name 'a' is used twice (also at t:4)\n");
	free(printed);
	diags_free(&d);
	policy_set_free(&set);
}

static void test_bind_cgroup(void **state)
{
	struct policy_set set = {0};

	(void)state;
	parse_right(full, &set);
	assert_int_equal(policy_bind_cgroup(&set.policies[0], "/run-7*{"), 0);
	assert_int_equal(set.policies[0].n_subjects, 1);
	assert_true(set.policies[0].subjects[0].cgroup_literal);
	check_pattern(&set.policies[0].subjects[0].cgroup, "/run-7*{", 0, 0);
	policy_set_free(&set);
}

static void test_access_names(void **state)
{
	unsigned names = 0;

	(void)state;
	for (unsigned i = 0; i < PV_COLUMNS + 2; i++) {
		const char *name = policy_access_name(i);

		if (!name)
			continue;
		names++;
		assert_int_equal(policy_access_number(name), i);
	}
	assert_int_equal(names, 27);
	assert_string_equal(policy_access_name(PV_ACC_ATTRIBUTES), "attributes");
	assert_string_equal(policy_access_name(PV_ACC_SOCKET), "socket");
	assert_string_equal(policy_access_name(PV_ACC_CAPABILITY), "capability");
	assert_string_equal(policy_access_name(PV_ACC_USER_NAMESPACES), "user-namespaces");
	assert_string_equal(policy_access_name(PV_ACC_IO_URING), "io-uring");
	assert_string_equal(policy_access_name(PV_ACC_AGENT), "agent");
	assert_int_equal(policy_access_number("modify"), -1);
	assert_int_equal(policy_access_number(""), -1);
}

static void test_accepted_spellings(void **state)
{
	static const char *const texts[] = {
		"\xef\xbb\xbf" SPEC, /* a byte order mark */
		"apiVersion: pavise/v1\r\nkind: Policy\r\nmetadata: {name: a}\r\n"
		"spec: {mode: enforce, subjects: [{cgroup: /a}]}\r\n",
		"# comment\n---\n" SPEC "...\n---\n---\n",
		"metadata:\n  name: a\n  description: |\n    true\n    text\n" TYPE REST,
		"{\"apiVersion\": \"pavise/v1\", \"kind\": \"Policy\", \"metadata\": {\"name\": \"a\"},\n"
		" \"spec\": {\"mode\": \"enforce\", \"subjects\": [{\"cgroup\": \"/a\"}]}}",
		FILES "    - deny: /a b/\xc3\xa4\n    - deny: \"/\\x01\\n\"\n    - deny: '/a{/,b}/c'\n"
		      "    - deny: '/{,a}/b'\n    - deny: '/a/{.,b}'\n    - deny: '/a[!/./]/[.]/b'\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct policy_set set = {0};

		parse_right(texts[i], &set);
		assert_int_equal(set.n_policies, 1);
		policy_set_free(&set);
	}
}

static char *repeat(const char *head, const char *unit, size_t length)
{
	char *text = malloc(length + 1);
	size_t at = strlen(head);

	assert_non_null(text);
	memcpy(text, head, at);
	for (size_t i = 0; at < length; at++, i++)
		text[at] = unit[i % strlen(unit)];
	text[length] = '\0';
	return text;
}

/* Everything here has the greatest size that is allowed, or one byte more, and is refused at once. */
static void test_hostile(void **state)
{
	static const struct {
		const char *head, *unit;
		size_t length;
		const char *printed; /* how it starts */
	} tests[] = {
		{"", "#", MIB + 1, "t: the file is larger than 1 MiB\n"},
		{"", "#", MIB, "t: there is no policy in the file\n"},
		{"", "[", MIB, "t:1:33: nested too deeply (more than 32 levels)\n"},
		{"", "{", MIB, "t:1:33: nested too deeply (more than 32 levels)\n"},
		{"", "- ", MIB, "t:1:65: nested too deeply (more than 32 levels)\n"},
		{"", "? ", MIB, "t:1:65: nested too deeply (more than 32 levels)\n"},
		{"", "a: ", MIB, "t:1:5: not valid YAML: mapping values are not allowed in this context\n"},
		{"[", "a,", MIB, "t:1:400000: the file holds too many values (more than 200000)\n"},
		{"", "a:\n", MIB, "t:100000:3: the file holds too many values (more than 200000)\n"},
		{"", "---\n", MIB, "t:200002:1: the file holds too many values (more than 200000)\n"},
		{"- &a x\n", "- *a\n", 700000, "t:1:3: anchors are not supported"},
		{"- &a x\n", "- [*a,*a,*a]\n", 260000, "t:1:3: anchors are not supported"},
		{"", "- !a x\n", 700000, "t:1:3: tags are not supported"},
		{"!", "a", MIB, "t:1:1: tags are not supported"},
		{"&", "a", MIB, "t:1:1: anchors are not supported"},
		{"'", " ", MIB, "t:1:1048577: not valid YAML: found unexpected end of stream"},
		{"", "x\n", MIB, "t:1:1: expected a mapping, found a string\n"},
		{"", "%TAG !a! b\n", MIB, "t:1:1: directives are not supported"},
		{"", "\t", MIB, "t:1:1: not valid YAML: found character that cannot start any token"},
		{"", "\xef\xbb\xbf", MIB, "t:1:1: character U+FEFF is not allowed in a policy file\n"},
		{"",
		 "\x7f"
		 "ELF\x02",
		 MIB, "t:1:1: character U+007F is not allowed in a policy file\n"},
		{SPEC "description:\n", "- a\n", MIB / 2, "t:8:1: unknown key 'description'\n"},
		{FILES "    - deny:\n", "      - a\n", MIB,
		 "t:12:9: files.rules[0].deny[0]: bad pattern 'a'"},
		{"", "k: v\n", 400000, "t:1:1: unknown key 'k'\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tests); i++) {
		char *text = repeat(tests[i].head, tests[i].unit, tests[i].length), *printed;
		struct timespec from, to;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		printed = refusal_of(text, tests[i].length);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		if (strncmp(printed, tests[i].printed, strlen(tests[i].printed)))
			print_error("number %zu: expected %s, found %.200s\n", i, tests[i].printed, printed);
		assert_true(!strncmp(printed, tests[i].printed, strlen(tests[i].printed)));
		assert_true(strlen(printed) < 100000);
		assert_true(to.tv_sec - from.tv_sec < 10);
		free(printed);
		free(text);
	}
}

/* Text that is no text, at the byte. */
static void test_binary(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		const char *printed;
	} tests[] = {
		{"a: b\0c", 6, "t:1:5: character U+0000 is not allowed in a policy file\n"},
		{"a\n\xff\xfe", 4, "t:2:1: byte 0xff is not valid UTF-8 text\n"},
		{"\xff\xfe"
		 "a\0",
		 4, "t:1:1: byte 0xff is not valid UTF-8 text\n"},		 /* UTF-16 */
		{"ab\xc0\x80", 4, "t:1:3: byte 0xc0 is not valid UTF-8 text\n"}, /* overlong */
		{"ab\xe0\x80\x80", 5, "t:1:3: byte 0xe0 is not valid UTF-8 text\n"},
		{"\xed\xa0\x80", 3, "t:1:1: byte 0xed is not valid UTF-8 text\n"}, /* surrogate */
		{"\xf4\x90\x80\x80", 4, "t:1:1: byte 0xf4 is not valid UTF-8 text\n"},
		{"a\xe2\x82", 3, "t:1:2: byte 0xe2 is not valid UTF-8 text\n"}, /* cut */
		{"a\rb", 3, "t:1:2: character U+000D is not allowed in a policy file\n"},
		{"a\xc2\x85", 3, "t:1:2: character U+0085 is not allowed in a policy file\n"},
		{"# \xe2\x80\xae", 5, "t:1:3: character U+202E is not allowed in a policy file\n"},
		{"\x1b[0m", 4, "t:1:1: character U+001B is not allowed in a policy file\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tests); i++) {
		char *printed = refusal_of(tests[i].text, tests[i].length);

		drop_excerpts(printed);
		assert_string_equal(printed, tests[i].printed);
		free(printed);
	}
}

/* More errors than fit: the first ones are kept, the others are counted. */
static void test_many_errors(void **state)
{
	char *text = repeat("", "k: v\n", 5000), *printed = refusal_of(text, 5000);

	(void)state;
	/* 1000 keys, and 4 that are missing */
	assert_non_null(strstr(printed, "\n904 more not shown\n"));
	free(printed);
	free(text);
}

/* Every byte of a right policy changed or cut off: refused or accepted, but never anything else. */
static void test_damaged(void **state)
{
	static const char bytes[] = "\0\n :-[]{}\"'*&!|#,\xff";
	size_t length = strlen(full);
	char *text = malloc(length);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < length; i++) {
		struct policy_set set = {0};
		struct diags d = {0};
		int result;

		memcpy(text, full, length);
		text[i] = bytes[i % (sizeof(bytes) - 1)];
		result = policy_parse("t", text, length, &set, &d);
		assert_int_equal(result, d.n ? -EINVAL : 0);
		assert_int_equal(!set.n_policies, !!d.n);
		policy_set_free(&set);
		diags_free(&d);
		result = policy_parse("t", full, i, &set, &d);
		assert_int_equal(result, d.n ? -EINVAL : 0);
		policy_set_free(&set);
		diags_free(&d);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rendering),     cmocka_unit_test(test_diags),
		cmocka_unit_test(test_utf8),	      cmocka_unit_test(test_model),
		cmocka_unit_test(test_network_model), cmocka_unit_test(test_append),
		cmocka_unit_test(test_set_check),     cmocka_unit_test(test_bind_cgroup),
		cmocka_unit_test(test_access_names),  cmocka_unit_test(test_accepted_spellings),
		cmocka_unit_test(test_hostile),	      cmocka_unit_test(test_binary),
		cmocka_unit_test(test_many_errors),   cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
