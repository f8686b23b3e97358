/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Wrong policies: every error of the front end, with its exact words and place.
 *
 * A wrong file is a text and the lines that must be printed for it, all of them and in this order,
 * without the excerpts, which test_frontend.c looks at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frontend_text.h"

struct wrong {
	const char *text, *printed;
};

static void check_wrong(const struct wrong *tests, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *printed = refuse(tests[i].text, strlen(tests[i].text));

		drop_excerpts(printed);
		if (strcmp(printed, tests[i].printed))
			print_error("number %zu of the table:\n%s\n", i, tests[i].text);
		assert_string_equal(printed, tests[i].printed);
		free(printed);
	}
}

static void test_wrong_document(void **state)
{
	static const struct wrong tests[] = {
		{"", "t: there is no policy in the file\n"},
		{"# nothing\n---\n---\n~\n", "t: there is no policy in the file\n"},
		{"policy", "t:1:1: expected a mapping, found a string\n"},
		{"- a", "t:1:1: expected a mapping, found a list\n"},
		{"{}", "t:1:1: missing key 'apiVersion'\nt:1:1: missing key 'kind'\n"
		       "t:1:1: missing key 'metadata'\nt:1:1: missing key 'spec'\n"},
		{SPEC "---\n5\n", "t:9:1: expected a mapping, found an integer\n"},
		{"apiVersion: pavise/v2\nkind: Policy\nmetadata: {name: a}\n"
		 "spec: {mode: enforce, subjects: [{cgroup: /a}]}\n",
		 "t:1:13: apiVersion: unknown apiVersion 'pavise/v2' (did you mean 'pavise/v1'?)\n"},
		{"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
		 "spec: {mode: enforce, subjects: [{cgroup: /a}]}\n",
		 "t:1:13: apiVersion: unknown apiVersion 'v1' (one of: pavise/v1)\n"
		 "t:2:7: kind: unknown kind 'Pod' (one of: Policy)\n"},
		{"apiVersion: 1\nkind: true\nmetadata: a\nspec: [b]\n",
		 "t:1:13: apiVersion: expected a string, found an integer (quotes make it a string)\n"
		 "t:2:7: kind: expected a string, found a boolean (quotes make it a string)\n"
		 "t:3:11: metadata: expected a mapping, found a string\n"
		 "t:4:7: spec: expected a mapping, found a list\n"},
		{SPEC "status: {}\n", "t:8:1: unknown key 'status'\n"},
		{SPEC "Kind: Policy\n", "t:8:1: unknown key 'Kind' (did you mean 'kind'?)\n"},
		{SPEC "kind: Policy\n", "t:8:1: key 'kind' stands here twice (first in line 2)\n"},
		{SPEC "[kind]: a\n", "t:8:1: expected a key, found a list\n"},
		{SPEC "true: a\n", "t:8:1: expected a key, found a boolean\n"},
		{SPEC "<<: {a: b}\n", "t:8:1: unknown key '<<'\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_metadata(void **state)
{
	static const struct wrong tests[] = {
		{TYPE "metadata: {}\n" REST, "t:3:11: metadata: missing key 'name'\n"},
		{TYPE "metadata:\n" REST, "t:3:10: metadata: expected a mapping, found nothing\n"},
		{TYPE "metadata: {nmae: a}\n" REST,
		 "t:3:12: metadata: unknown key 'nmae' (did you mean 'name'?)\n"},
		{TYPE "metadata: {name: ''}\n" REST, "t:3:18: metadata.name: the name is empty\n"},
		{TYPE "metadata: {name: Web_1}\n" REST,
		 "t:3:18: metadata.name: 'Web_1': a name consists of a-z, 0-9 and '-'\n"},
		{TYPE "metadata: {name: "
		      "a123456789a123456789a123456789a123456789a123456789a123456789abcd}\n" REST,
		 "t:3:18: metadata.name: the name is longer than 63 characters\n"},
		{TYPE "metadata: {name: 007}\n" REST,
		 "t:3:18: metadata.name: expected a string, found an integer (quotes make it a string)\n"},
		{TYPE "metadata: {name: 5}\n" REST,
		 "t:3:18: metadata.name: expected a string, found an integer (quotes make it a string)\n"},
		{TYPE "metadata: {name: a, name: b}\n" REST,
		 "t:3:21: metadata: key 'name' stands here twice (first in line 3)\n"},
		{TYPE "metadata: {name: a, description: [b]}\n" REST,
		 "t:3:34: metadata.description: expected a string, found a list\n"},
		{TYPE "metadata: {name: a, description: ~}\n" REST,
		 "t:3:34: metadata.description: expected a string, found nothing\n"},
		{TYPE "metadata: {name: a, labels: {}}\n" REST, "t:3:21: metadata: unknown key 'labels'\n"},
		{TYPE "metadata: {name: \"a\\e\\u202e\"}\n" REST,
		 "t:3:18: metadata.name: 'a\\x1b\\xe2\\x80\\xae': a name consists of a-z, 0-9 and '-'\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_spec(void **state)
{
	static const struct wrong tests[] = {
		{HEAD "spec: {}\n", "t:5:7: spec: missing key 'mode'\nt:5:7: spec: missing key 'subjects'\n"},
		{HEAD "spec:\n  subjects: [{cgroup: /a}]\n", "t:6:3: spec: missing key 'mode'\n"},
		{HEAD "spec:\n  mod: enforce\n  subjects: [{cgroup: /a}]\n",
		 "t:6:3: spec: unknown key 'mod' (did you mean 'mode'?)\n"},
		{HEAD "spec:\n  mode: enforcing\n  subjects: [{cgroup: /a}]\n",
		 "t:6:9: mode: unknown mode 'enforcing' (one of: enforce, monitor)\n"},
		{HEAD "spec:\n  mode: moniter\n  subjects: [{cgroup: /a}]\n",
		 "t:6:9: mode: unknown mode 'moniter' (did you mean 'monitor'?)\n"},
		{HEAD "spec:\n  mode: true\n  subjects: [{cgroup: /a}]\n",
		 "t:6:9: mode: expected 'enforce' or 'monitor', found a boolean\n"},
		{HEAD "spec: {mode: enforce, subjects: []}\n",
		 "t:5:33: subjects: there are no subjects: the policy would govern nothing\n"},
		{HEAD "spec: {mode: enforce, subjects: {cgroup: /a}}\n",
		 "t:5:33: subjects: expected a list, found a mapping\n"},
		{HEAD "spec: {mode: enforce, subjects: /a}\n",
		 "t:5:33: subjects: expected a list, found a string\n"},
		{HEAD "spec: {mode: enforce, subjects: [/a]}\n",
		 "t:5:34: subjects[0]: expected a mapping, found a string\n"},
		{HEAD "spec: {mode: enforce, subjects: [{}]}\n",
		 "t:5:34: subjects[0]: the subject is empty: say which 'cgroup'\n"},
		{HEAD "spec: {mode: enforce, subjects: [{cgruop: /a}]}\n",
		 "t:5:35: subjects[0]: unknown key 'cgruop' (did you mean 'cgroup'?)\n"},
		{HEAD "spec: {mode: enforce, subjects: [{cgroup: [/a]}]}\n",
		 "t:5:43: subjects[0].cgroup: expected a pattern, found a list\n"},
		{HEAD "spec: {mode: enforce, subjects: [{cgroup: a}]}\n",
		 "t:5:43: subjects[0].cgroup: bad pattern 'a': a pattern must start with '/', in every "
		 "alternative\n"},
		{HEAD
		 "spec: {mode: enforce, subjects: [{unit: a}, {container: {name: b}}, {exe: /c, user: d}]}\n",
		 "t:5:35: subjects[0]: 'unit' is not supported by this version\n"
		 "t:5:46: subjects[1]: 'container' is not supported by this version\n"
		 "t:5:70: subjects[2]: 'exe' is not supported by this version\n"
		 "t:5:79: subjects[2]: 'user' is not supported by this version\n"},
		{SPEC "  capabilities: {default: allow}\n  system:\n    mount: deny\n  on-error: allow\n",
		 "t:8:3: spec: 'capabilities' is not supported by this version\n"
		 "t:9:3: spec: 'system' is not supported by this version\n"
		 "t:11:3: spec: 'on-error' is not supported by this version\n"},
		{SPEC "  file: {default: allow}\n",
		 "t:8:3: spec: unknown key 'file' (did you mean 'files'?)\n"},
		{SPEC "  files: []\n", "t:8:10: files: expected a mapping, found a list\n"},
		{SPEC "  exec: {}\n", "t:8:9: exec: missing key 'default'\n"},
		{SPEC "  exec: {defualt: deny}\n",
		 "t:8:10: exec: unknown key 'defualt' (did you mean 'default'?)\n"},
		{SPEC "  network: {default: denny}\n",
		 "t:8:22: network.default: unknown default 'denny' (did you mean 'deny'?)\n"},
		{SPEC "  network: {default: }\n",
		 "t:8:22: network.default: expected 'allow' or 'deny', found nothing\n"},
		{SPEC "  files: {default: allow, rules: {deny: /a}}\n",
		 "t:8:34: files.rules: expected a list, found a mapping\n"},
		{SPEC "  files: {default: allow, rules: [/a]}\n",
		 "t:8:35: files.rules[0]: expected a mapping, found a string\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_rules(void **state)
{
	static const struct wrong tests[] = {
		{FILES "    - {}\n", "t:11:7: files.rules[0]: the rule has neither 'allow' nor 'deny'\n"},
		{FILES "    - access: read\n",
		 "t:11:7: files.rules[0]: the rule has neither 'allow' nor 'deny'\n"},
		{FILES "    - alow: /a\n",
		 "t:11:7: files.rules[0]: unknown key 'alow' (did you mean 'allow'?)\n"},
		{FILES "    - deny: /a\n      allow: /b\n",
		 "t:12:7: files.rules[0]: a rule has either 'allow' or 'deny', not both\n"},
		{FILES "    - deny: /a\n      deny: /b\n",
		 "t:12:7: files.rules[0]: key 'deny' stands here twice (first in line 11)\n"},
		{FILES "    - deny:\n",
		 "t:11:12: files.rules[0].deny: expected a pattern or a list, found nothing\n"},
		{FILES "    - deny: []\n",
		 "t:11:13: files.rules[0].deny: expected a pattern, found an empty list\n"},
		{FILES "    - deny: 5\n",
		 "t:11:13: files.rules[0].deny: expected a pattern or a list, found an integer\n"},
		{FILES "    - deny: {/a,/b}\n",
		 "t:11:13: files.rules[0].deny: expected a pattern or a list, found a mapping\n"},
		{FILES "    - deny: [/a, [/b], {c: d}, 5]\n",
		 "t:11:18: files.rules[0].deny[1]: expected a pattern, found a list\n"
		 "t:11:24: files.rules[0].deny[2]: expected a pattern, found a mapping\n"
		 "t:11:32: files.rules[0].deny[3]: expected a pattern, found an integer\n"},
		{FILES "    - deny: /a\n    - deny: /b\n      acces: modify\n",
		 "t:13:7: files.rules[1]: unknown key 'acces' (did you mean 'access'?)\n"},
		{FILES "    - deny: /a\n      access: [read, raed, exec, everything, '']\n",
		 "t:12:22: files.rules[0].access[1]: unknown access 'raed' (did you mean 'read'?)\n"
		 "t:12:28: files.rules[0].access[2]: 'exec' has a section of its own\n"
		 "t:12:34: files.rules[0].access[3]: unknown access 'everything' (one of: read, write, "
		 "append, "
		 "create, delete, rename, link, attributes, map, list, modify)\n"
		 "t:12:46: files.rules[0].access[4]: unknown access '' (one of: read, write, append, create, "
		 "delete, rename, link, attributes, map, list, modify)\n"},
		{FILES "    - deny: /a\n      access: connect\n",
		 "t:12:15: files.rules[0].access: unknown access 'connect' (one of: read, write, append, "
		 "create, delete, rename, link, attributes, map, list, modify)\n"},
		{FILES "    - deny: /a\n      access: true\n",
		 "t:12:15: files.rules[0].access: expected an access or a list, found a boolean\n"},
		{FILES "    - deny: /a\n      access: []\n",
		 "t:12:15: files.rules[0].access: expected an access, found an empty list\n"},
		{FILES "    - allow: /a\n      audit: yes\n",
		 "t:12:14: files.rules[0].audit: expected true or false, found a string\n"},
		{FILES "    - allow: /a\n      audit: \"true\"\n",
		 "t:12:14: files.rules[0].audit: expected true or false, found a string (leave the quotes "
		 "off)\n"},
		{FILES "    - allow: /a\n      audit: 1\n",
		 "t:12:14: files.rules[0].audit: expected true or false, found an integer\n"},
		{FILES "    - deny: /a\n      audit: true\n",
		 "t:12:7: files.rules[0]: 'audit' goes with 'allow' only: what is denied is always "
		 "reported\n"},
		{FILES "    - deny: /a\n      except: /b\n      from: /c\n      unless-from: /d\n      "
		       "owner: true\n"
		       "      action: kill\n",
		 "t:12:7: files.rules[0]: 'except' is not supported by this version\n"
		 "t:13:7: files.rules[0]: 'from' is not supported by this version\n"
		 "t:14:7: files.rules[0]: 'unless-from' is not supported by this version\n"
		 "t:15:7: files.rules[0]: 'owner' is not supported by this version\n"
		 "t:16:7: files.rules[0]: 'action' is not supported by this version\n"},
		{FILES "    - deny: /a\n      ports: 80\n", "t:12:7: files.rules[0]: unknown key 'ports'\n"},
		{EXEC "    - deny: /a\n      access: exec\n",
		 "t:12:7: exec.rules[0]: unknown key 'access'\n"},
		{EXEC "    - deny: /a\n      action: kill\n      unless-from: /b\n",
		 "t:12:7: exec.rules[0]: 'action' is not supported by this version\n"
		 "t:13:7: exec.rules[0]: 'unless-from' is not supported by this version\n"},
		{EXEC "    - audit: true\n",
		 "t:11:7: exec.rules[0]: the rule has neither 'allow' nor 'deny'\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_patterns(void **state)
{
	static const struct wrong tests[] = {
		{FILES "    - deny: etc/shadow\n",
		 "t:11:13: files.rules[0].deny: bad pattern 'etc/shadow': a "
		 "pattern must start with '/', in every alternative\n"},
		{FILES "    - deny: '**/*.tmp'\n",
		 "t:11:13: files.rules[0].deny: bad pattern '**/*.tmp': a pattern "
		 "must start with '/', in every alternative\n"},
		{FILES "    - deny: '{/a,b}/c'\n",
		 "t:11:13: files.rules[0].deny: bad pattern '{/a,b}/c': a pattern "
		 "must start with '/', in every alternative\n"},
		{FILES "    - deny: ''\n",
		 "t:11:13: files.rules[0].deny: bad pattern '': the pattern is empty\n"},
		{FILES "    - deny: '/a[b'\n",
		 "t:11:13: files.rules[0].deny: bad pattern '/a[b': '[' at character "
		 "3 is not closed\n"},
		{EXEC "    - deny: ['/a{b']\n",
		 "t:11:14: exec.rules[0].deny[0]: bad pattern '/a{b': '{' is not "
		 "closed (write \\{ for the character)\n"},
		{FILES "    - deny: /a//b\n",
		 "t:11:13: files.rules[0].deny: '/a//b' can never match: no path has an "
		 "empty component ('//')\n"},
		{FILES "    - deny: //\n",
		 "t:11:13: files.rules[0].deny: '//' can never match: no path has an "
		 "empty component ('//')\n"},
		{FILES "    - deny: /a/./b\n",
		 "t:11:13: files.rules[0].deny: '/a/./b' can never match: no path has "
		 "a component '.'\n"},
		{FILES "    - deny: /a/..\n",
		 "t:11:13: files.rules[0].deny: '/a/..' can never match: no path has "
		 "a component '..'\n"},
		{FILES "    - deny: '/{a/../b,c}'\n",
		 "t:11:13: files.rules[0].deny: '/{a/../b,c}' can never match: "
		 "no path has a component '..'\n"},
		{FILES "    - deny: /\\../a\n",
		 "t:11:13: files.rules[0].deny: '/\\../a' can never match: no path has "
		 "a component '..'\n"},
		{FILES "    - deny: /srv/www/\n",
		 "t:11:13: files.rules[0].deny: '/srv/www/' can never match: write "
		 "/srv/www for the directory, /srv/www/** for what is below\n"},
		{HEAD "spec: {mode: enforce, subjects: [{cgroup: /a/}]}\n",
		 "t:5:43: subjects[0].cgroup: '/a/' can never match: write /a for the directory, /a/** for "
		 "what is "
		 "below\n"},
		{FILES "    - deny: \"/a\\0b\"\n", "t:11:13: a text must not hold a NUL character\n"},
		{FILES "    - deny: \"/a\\nb/\\e(0m//\"\n",
		 "t:11:13: files.rules[0].deny: '/a\\x0ab/\\x1b(0m//' can never match: no path has an empty "
		 "component ('//')\n"},
		{FILES "    - deny: *.tmp\n", "t:11:14: not valid YAML: did not find expected alphabetic or "
					      "numeric character while scanning an "
					      "alias (from line 11) (quote a text that starts with '*')\n"},
	};
	char text[6000] = FILES "    - deny: /", *printed;

	(void)state;
	check_wrong(tests, COUNT(tests));
	memset(text + strlen(text), 'a', 4096);
	printed = refuse(text, strlen(text));
	drop_excerpts(printed);
	assert_string_equal(
		printed, "t:11:13: files.rules[0].deny: bad pattern "
			 "'/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "': the pattern is longer than 4096 bytes\n");
	free(printed);
}

static void test_wrong_network(void **state)
{
	static const struct wrong tests[] = {
		{NETWORK "    - to: 10.0.0.0/8\n",
		 "t:11:7: network.rules[0]: the rule has neither 'allow' nor 'deny'\n"},
		{NETWORK "    - allow: [conect, read]\n",
		 "t:11:15: network.rules[0].allow[0]: unknown operation 'conect' (did you mean 'connect'?)\n"
		 "t:11:23: network.rules[0].allow[1]: unknown operation 'read' (one of: connect, bind, "
		 "listen, "
		 "accept, socket)\n"},
		{NETWORK "    - allow: connect\n      unix: [/run/x]\n      from: /b\n",
		 "t:12:7: network.rules[0]: 'unix' is not supported by this version\n"
		 "t:13:7: network.rules[0]: 'from' is not supported by this version\n"},
		{NETWORK "    - deny: bind\n      audit: false\n",
		 "t:12:7: network.rules[0]: 'audit' goes with 'allow' only: what is denied is always "
		 "reported\n"},
		{NETWORK "    - allow: connect\n      to: [10.0.0.1/8, 192.168.1.128/25]\n",
		 "t:12:12: network.rules[0].to[0]: '10.0.0.1/8' has bits set behind its prefix: write "
		 "10.0.0.0/8 "
		 "for the block, 10.0.0.1 for the address\n"},
		{NETWORK "    - allow: connect\n      to: '2001:db8::1/32'\n",
		 "t:12:11: network.rules[0].to: '2001:db8::1/32' has bits set behind its prefix: write "
		 "2001:db8::/32 for the block, 2001:db8::1 for the address\n"},
		{NETWORK "    - allow: connect\n      to: ['::ffff:10.0.0.1/104', '::ffff:0:0/95']\n",
		 "t:12:12: network.rules[0].to[0]: '::ffff:10.0.0.1/104' has bits set behind its prefix: "
		 "write "
		 "::ffff:10.0.0.0/104 for the block, ::ffff:10.0.0.1 for the address\n"
		 "t:12:35: network.rules[0].to[1]: '::ffff:0:0/95' has bits set behind its prefix: write "
		 "::fffe:0:0/95 for the block, ::ffff:0:0 for the address\n"},
		{NETWORK "    - allow: connect\n      to: [10.0.0.0/33, '::/129', 10.0.0.0/, 10.0.0.0/08, "
			 "10.0.0.0/+8]\n",
		 "t:12:12: network.rules[0].to[0]: '10.0.0.0/33': the prefix of an IPv4 block is a number "
		 "from 0 "
		 "to 32\n"
		 "t:12:25: network.rules[0].to[1]: '::/129': the prefix of an IPv6 block is a number from 0 "
		 "to 128\n"
		 "t:12:35: network.rules[0].to[2]: '10.0.0.0/': the prefix of an IPv4 block is a number from "
		 "0 to "
		 "32\n"
		 "t:12:46: network.rules[0].to[3]: '10.0.0.0/08': the prefix of an IPv4 block is a number "
		 "from 0 "
		 "to 32\n"
		 "t:12:59: network.rules[0].to[4]: '10.0.0.0/+8': the prefix of an IPv4 block is a number "
		 "from 0 "
		 "to 32\n"},
		{NETWORK
		 "    - allow: connect\n      to: [example.com, 10.0.0, 010.0.0.1, 'fe80::1%eth0', '']\n",
		 "t:12:12: network.rules[0].to[0]: 'example.com' is not an IP address or block such as "
		 "10.0.0.0/8 (names are not looked up)\n"
		 "t:12:25: network.rules[0].to[1]: '10.0.0' is not an IP address or block such as 10.0.0.0/8 "
		 "(names are not looked up)\n"
		 "t:12:33: network.rules[0].to[2]: '010.0.0.1' is not an IP address or block such as "
		 "10.0.0.0/8 "
		 "(names are not looked up)\n"
		 "t:12:44: network.rules[0].to[3]: 'fe80::1%eth0' is not an IP address or block such as "
		 "10.0.0.0/8 (names are not looked up)\n"
		 "t:12:60: network.rules[0].to[4]: '' is not an IP address or block such as 10.0.0.0/8 "
		 "(names are not looked up)\n"},
		{NETWORK "    - allow: connect\n      to: 10\n",
		 "t:12:11: network.rules[0].to: expected an address or a list, found an integer\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_ports(void **state)
{
	static const struct wrong tests[] = {
		{NETWORK "    - allow: connect\n      ports: 8099-8000\n",
		 "t:12:14: network.rules[0].ports: the range '8099-8000' is reversed: write 8000-8099\n"},
		{NETWORK "    - allow: connect\n      ports: [65536, -1, 080, 0x50, 80-, -, 1 - 2, http, "
			 "99999999999]\n",
		 "t:12:15: network.rules[0].ports[0]: '65536' is not a port (0 to 65535) or a range such as "
		 "8000-8099\n"
		 "t:12:22: network.rules[0].ports[1]: '-1' is not a port (0 to 65535) or a range such as "
		 "8000-8099\n"
		 "t:12:26: network.rules[0].ports[2]: '080' is not a port (0 to 65535) or a range such as "
		 "8000-8099\n"
		 "t:12:31: network.rules[0].ports[3]: '0x50' is not a port (0 to 65535) or a range such as "
		 "8000-8099\n"
		 "t:12:37: network.rules[0].ports[4]: '80-' is not a port (0 to 65535) or a range such as "
		 "8000-8099\n"
		 "t:12:42: network.rules[0].ports[5]: '-' is not a port (0 to 65535) or a range such as "
		 "8000-8099\n"
		 "t:12:45: network.rules[0].ports[6]: '1 - 2' is not a port (0 to 65535) or a range such as "
		 "8000-8099\n"
		 "t:12:52: network.rules[0].ports[7]: 'http' is not a port (0 to 65535) or a range such as "
		 "8000-8099\n"
		 "t:12:58: network.rules[0].ports[8]: '99999999999' is not a port (0 to 65535) or a range "
		 "such as "
		 "8000-8099\n"},
		{NETWORK "    - allow: connect\n      ports: {a: b}\n",
		 "t:12:14: network.rules[0].ports: expected a port or a list, found a mapping\n"},
		{NETWORK "    - allow: connect\n      protocols: [tcp, tpc, quic, 6]\n",
		 "t:12:24: network.rules[0].protocols[1]: unknown protocol 'tpc' (did you mean 'tcp'?)\n"
		 "t:12:29: network.rules[0].protocols[2]: unknown protocol 'quic' (one of: tcp, udp, sctp, "
		 "icmp, "
		 "icmpv6, raw)\n"
		 "t:12:35: network.rules[0].protocols[3]: expected a protocol, found an integer\n"},
		{NETWORK "    - allow: connect\n      ports: 80\n      protocols: [tcp, icmp]\n",
		 "t:12:7: network.rules[0]: 'ports' goes with the protocols 'tcp', 'udp' and 'sctp' only\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_sockets(void **state)
{
	static const struct wrong tests[] = {
		{NETWORK "    - deny: [socket, connect]\n      to: 10.0.0.0/8\n      ports: 80\n",
		 "t:12:7: network.rules[0]: 'to' does not go with 'socket': a new socket has no address yet\n"
		 "t:13:7: network.rules[0]: 'ports' does not go with 'socket': a new socket has no address "
		 "yet\n"},
		{NETWORK "    - deny: [socket, connect]\n      families: inet\n",
		 "t:12:7: network.rules[0]: 'families' goes with the operation 'socket' only\n"},
		{NETWORK "    - deny: connect\n      families: inet\n      to: 10.0.0.0/8\n",
		 "t:12:7: network.rules[0]: 'families' goes with the operation 'socket' only\n"},
		{NETWORK "    - deny: socket\n      families: inet\n      to: 10.0.0.0/8\n",
		 "t:13:7: network.rules[0]: 'to' does not go with 'socket': a new socket has no address "
		 "yet\n"},
		{NETWORK "    - deny: socket\n      families: [unix, 1, 0, 256, -5, netlnk, foo, true]\n",
		 "t:12:18: network.rules[0].families[0]: unix sockets are not supported by this version\n"
		 "t:12:24: network.rules[0].families[1]: unix sockets are not supported by this version\n"
		 "t:12:27: network.rules[0].families[2]: '0' is not the number of a family (1 to 255)\n"
		 "t:12:30: network.rules[0].families[3]: '256' is not the number of a family (1 to 255)\n"
		 "t:12:35: network.rules[0].families[4]: '-5' is not the number of a family (1 to 255)\n"
		 "t:12:39: network.rules[0].families[5]: unknown family 'netlnk' (did you mean 'netlink'?)\n"
		 "t:12:47: network.rules[0].families[6]: unknown family 'foo'\n"
		 "t:12:52: network.rules[0].families[7]: expected a family, found a boolean\n"},
		{NETWORK "    - deny: socket\n      families: [inet, netlink]\n      protocols: tcp\n",
		 "t:13:7: network.rules[0]: 'protocols' goes with the families 'inet' and 'inet6' only\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_yaml(void **state)
{
	static const struct wrong tests[] = {
		{"a: &x b\nc: *x\nd: !!str e\nf: &y {}\ng: !z []\n",
		 "t:1:1: unknown key 'a'\nt:1:1: missing key 'apiVersion'\nt:1:1: missing key 'kind'\n"
		 "t:1:1: missing key 'metadata'\nt:1:1: missing key 'spec'\n"
		 "t:1:4: anchors are not supported (quote a text that starts with '&')\n"
		 "t:2:1: unknown key 'c'\nt:2:4: aliases are not supported (quote a text that starts with "
		 "'*')\n"
		 "t:3:1: unknown key 'd'\nt:3:4: tags are not supported (quote a text that starts with '!')\n"
		 "t:4:1: unknown key 'f'\nt:4:4: anchors are not supported (quote a text that starts with "
		 "'&')\n"
		 "t:5:1: unknown key 'g'\nt:5:4: tags are not supported (quote a text that starts with "
		 "'!')\n"},
		{"%YAML 1.1\n---\n" SPEC,
		 "t:1:1: directives are not supported: no line may start with '%'\n"},
		{"%TAG ! tag:x,2000:\n---\n" SPEC,
		 "t:1:1: directives are not supported: no line may start with '%'\n"},
		{"a: b: c\n", "t:1:5: not valid YAML: mapping values are not allowed in this context\n"},
		{"a: b\nc\nd: e\n",
		 "t:3:1: not valid YAML: could not find expected ':' while scanning a simple "
		 "key (from line 2)\n"},
		{"a: [b\n",
		 "t:2:1: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence "
		 "(from line 1) (inside [..] and {..} a text with any of {}[], must be quoted)\n"},
		{"a: [/b/{c,d}]\n",
		 "t:1:8: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence "
		 "(from line 1) (inside [..] and {..} a text with any of {}[], must be quoted)\n"},
		{"a:\n\tb: c\n",
		 "t:2:1: not valid YAML: found character that cannot start any token while scanning "
		 "for the next token (from line 2) (indent with spaces; quote a text that starts "
		 "with a special character)\n"},
		{"a: 'b",
		 "t:1:6: not valid YAML: found unexpected end of stream while scanning a quoted scalar "
		 "(from line 1)\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_document), cmocka_unit_test(test_wrong_metadata),
		cmocka_unit_test(test_wrong_spec),     cmocka_unit_test(test_wrong_rules),
		cmocka_unit_test(test_wrong_patterns), cmocka_unit_test(test_wrong_network),
		cmocka_unit_test(test_wrong_ports),    cmocka_unit_test(test_wrong_sockets),
		cmocka_unit_test(test_wrong_yaml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
