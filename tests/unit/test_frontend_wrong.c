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

static unsigned checked;

static void check_wrong(const struct wrong *tests, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *printed = refusal_of(tests[i].text, strlen(tests[i].text));

		drop_excerpts(printed);
		if (strcmp(printed, tests[i].printed))
			print_error("number %zu of the table:\n%s\n", i, tests[i].text);
		assert_string_equal(printed, tests[i].printed);
		free(printed);
		checked++;
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
		 "t:5:34: subjects[0]: the subject is empty: say which 'cgroup', 'unit', 'container', 'exe' "
		 "or 'user'\n"},
		{HEAD "spec: {mode: enforce, subjects: [{cgruop: /a}]}\n",
		 "t:5:35: subjects[0]: unknown key 'cgruop' (did you mean 'cgroup'?)\n"},
		{HEAD "spec: {mode: enforce, subjects: [{cgroup: [/a]}]}\n",
		 "t:5:43: subjects[0].cgroup: expected a pattern, found a list\n"},
		{HEAD "spec: {mode: enforce, subjects: [{cgroup: a}]}\n",
		 "t:5:43: subjects[0].cgroup: bad pattern 'a': a pattern must start with '/', in every "
		 "alternative\n"},
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
		{FILES "    - deny: /a\n      ports: 80\n", "t:12:7: files.rules[0]: unknown key 'ports'\n"},
		{EXEC "    - deny: /a\n      access: exec\n",
		 "t:12:7: exec.rules[0]: unknown key 'access'\n"},
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
	printed = refusal_of(text, strlen(text));
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
		{NETWORK "    - deny: socket\n      families: [inet, netlink]\n      protocols: tcp\n",
		 "t:13:7: network.rules[0]: 'protocols' goes with the families 'inet' and 'inet6' only\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_subjects(void **state)
{
	static const struct wrong tests[] = {
		{SUBJECTS "    - {}\n", "t:8:7: subjects[0]: the subject is empty: say which 'cgroup', "
					"'unit', 'container', 'exe' or 'user'\n"},
		{SUBJECTS
		 "    - cgruop: /a\n      unti: b\n      contaner: {}\n      exec: /c\n      usr: d\n",
		 "t:8:7: subjects[0]: unknown key 'cgruop' (did you mean 'cgroup'?)\n"
		 "t:9:7: subjects[0]: unknown key 'unti' (did you mean 'unit'?)\n"
		 "t:10:7: subjects[0]: unknown key 'contaner' (did you mean 'container'?)\n"
		 "t:11:7: subjects[0]: unknown key 'exec' (did you mean 'exe'?)\n"
		 "t:12:7: subjects[0]: unknown key 'usr' (did you mean 'user'?)\n"},
		{SUBJECTS "    - unit: system.slice/nginx.service\n    - unit: '{a,b\\/c}.service'\n    - "
			  "unit: app-*.slice\n    - unit: ''\n    - unit: a[\n    - unit: 5\n    - unit: "
			  "[a.service]\n    - unit: '[!/]'\n    - unit: '*'\n    - unit: "
			  "'a.{service,slice}'\n    - unit: '{a.service}'\n    - unit: a.services\n",
		 "t:8:13: subjects[0].unit: 'system.slice/nginx.service': the name of a unit has no '/' "
		 "(paths go with 'cgroup')\n"
		 "t:9:13: subjects[1].unit: '{a,b\\/c}.service': the name of a unit has no '/' (paths go "
		 "with 'cgroup')\n"
		 "t:10:13: subjects[2].unit: 'app-*.slice' can never match: a slice holds units and is none "
		 "(it goes with 'cgroup')\n"
		 "t:11:13: subjects[3].unit: bad pattern '': the pattern is empty\n"
		 "t:12:13: subjects[4].unit: bad pattern 'a[': '[' at character 2 is not closed\n"
		 "t:13:13: subjects[5].unit: expected a string, found an integer (quotes make it a string)\n"
		 "t:14:13: subjects[6].unit: expected a string, found a list\n"
		 "t:15:13: subjects[7].unit: '[!/]' does not end in the type of a unit: .service, .scope, "
		 ".socket, .mount or .swap, or .{..} with some of these\n"
		 "t:16:13: subjects[8].unit: '*' does not end in the type of a unit: .service, .scope, "
		 ".socket, .mount or .swap, or .{..} with some of these\n"
		 "t:17:13: subjects[9].unit: 'a.{service,slice}' does not end in the type of a unit: "
		 ".service, .scope, "
		 ".socket, .mount or .swap, or .{..} with some of these\n"
		 "t:18:13: subjects[10].unit: '{a.service}' does not end in the type of a unit: .service, "
		 ".scope, "
		 ".socket, .mount or .swap, or .{..} with some of these\n"
		 "t:19:13: subjects[11].unit: 'a.services' does not end in the type of a unit: .service, "
		 ".scope, "
		 ".socket, .mount or .swap, or .{..} with some of these\n"},
		{SUBJECTS "    - exe: nginx\n    - exe: /usr/sbin/\n    - exe: '{/a,b}'\n    - exe: [/a]\n   "
			  " - exe: /a/../b\n",
		 "t:8:12: subjects[0].exe: bad pattern 'nginx': a pattern must start with '/', in every "
		 "alternative\n"
		 "t:9:12: subjects[1].exe: '/usr/sbin/' can never match: write /usr/sbin for the directory, "
		 "/usr/sbin/** for what is below\n"
		 "t:10:12: subjects[2].exe: bad pattern '{/a,b}': a pattern must start with '/', in every "
		 "alternative\n"
		 "t:11:12: subjects[3].exe: expected a pattern, found a list\n"
		 "t:12:12: subjects[4].exe: '/a/../b' can never match: no path has a component '..'\n"},
		{SUBJECTS "    - user: 4294967295\n    - user: -1\n    - user: 007\n    - user: "
			  "'99999999999999999999'\n    - user: 1.5\n",
		 "t:8:13: subjects[0].user: '4294967295' is not the number of a user (0 to 4294967294)\n"
		 "t:9:13: subjects[1].user: '-1' is not the number of a user (0 to 4294967294)\n"
		 "t:10:13: subjects[2].user: '007' is not the number of a user (0 to 4294967294)\n"
		 "t:11:13: subjects[3].user: '99999999999999999999' is not the number of a user (0 to "
		 "4294967294)\n"},
		{SUBJECTS
		 "    - user: www*\n    - user: -root\n    - user: 'a b'\n    - user: ''\n    - user: "
		 "\"m\\xfcller\"\n    - user: a:b\n    - user: [a]\n    - user: true\n    - user:\n",
		 "t:8:13: subjects[0].user: 'www*' is not the name of a user (letters, digits and any of "
		 "_-.@+$\\; no pattern)\n"
		 "t:9:13: subjects[1].user: '-root' is not the name of a user (letters, digits and any of "
		 "_-.@+$\\; no pattern)\n"
		 "t:10:13: subjects[2].user: 'a b' is not the name of a user (letters, digits and any of "
		 "_-.@+$\\; no pattern)\n"
		 "t:11:13: subjects[3].user: the user is empty\n"
		 "t:12:13: subjects[4].user: 'müller' is not the name of a user (letters, digits and any of "
		 "_-.@+$\\; no pattern)\n"
		 "t:13:13: subjects[5].user: 'a:b' is not the name of a user (letters, digits and any of "
		 "_-.@+$\\; no pattern)\n"
		 "t:14:13: subjects[6].user: expected a user's name or number, found a list\n"
		 "t:15:13: subjects[7].user: expected a user's name or number, found a boolean\n"
		 "t:16:12: subjects[8].user: expected a user's name or number, found nothing\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_containers(void **state)
{
	static const struct wrong tests[] = {
		{SUBJECTS
		 "    - container: {}\n    - container: web\n    - container: [web]\n    - container:\n",
		 "t:8:18: subjects[0].container: the container is empty: say which 'name', 'image' or "
		 "'label'\n"
		 "t:9:18: subjects[1].container: expected a mapping, found a string\n"
		 "t:10:18: subjects[2].container: expected a mapping, found a list\n"
		 "t:11:17: subjects[3].container: expected a mapping, found nothing\n"},
		{SUBJECTS "    - container: {nmae: a, Image: b, labels: {a: b}}\n",
		 "t:8:19: subjects[0].container: unknown key 'nmae' (did you mean 'name'?)\n"
		 "t:8:28: subjects[0].container: unknown key 'Image' (did you mean 'image'?)\n"
		 "t:8:38: subjects[0].container: unknown key 'labels' (did you mean 'label'?)\n"},
		{SUBJECTS
		 "    - container: {name: '', image: 'a{b'}\n    - container: {name: 5, image: [a]}\n",
		 "t:8:25: subjects[0].container.name: bad pattern '': the pattern is empty\n"
		 "t:8:36: subjects[0].container.image: bad pattern 'a{b': '{' is not closed (write \\{ for "
		 "the character)\n"
		 "t:9:25: subjects[1].container.name: expected a string, found an integer (quotes make it a "
		 "string)\n"
		 "t:9:35: subjects[1].container.image: expected a string, found a list\n"},
		{SUBJECTS "    - container: {label: {}}\n    - container: {label: app=web}\n    - container: "
			  "{label: [app]}\n",
		 "t:8:26: subjects[0].container.label: there are no labels: give at least one key with its "
		 "pattern\n"
		 "t:9:26: subjects[1].container.label: expected a mapping, found a string\n"
		 "t:10:26: subjects[2].container.label: expected a mapping, found a list\n"},
		{SUBJECTS
		 "    - container:\n        label:\n          app: web\n          tier: '['\n          app: "
		 "db\n          '': x\n          1: x\n          canary: true\n          version: 2\n        "
		 "  none:\n          empty: ''\n          [a]: b\n          list: [a]\n",
		 "t:11:17: subjects[0].container.label.tier: bad pattern '[': '[' at character 1 is not "
		 "closed\n"
		 "t:12:11: subjects[0].container.label: label 'app' stands here twice (first in line 10)\n"
		 "t:13:11: subjects[0].container.label: a label's key is empty\n"
		 "t:14:11: subjects[0].container.label: expected a string, found an integer (quotes make it "
		 "a string)\n"
		 "t:15:19: subjects[0].container.label.canary: expected a string, found a boolean (quotes "
		 "make it a string)\n"
		 "t:16:20: subjects[0].container.label.version: expected a string, found an integer (quotes "
		 "make it a string)\n"
		 "t:17:16: subjects[0].container.label.none: expected a string, found nothing\n"
		 "t:18:18: subjects[0].container.label.empty: the pattern is empty (\"{}\" matches a label "
		 "without a value)\n"
		 "t:19:11: subjects[0].container.label: expected a string, found a list\n"
		 "t:20:17: subjects[0].container.label.list: expected a string, found a list\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_choices(void **state)
{
	static const struct wrong tests[] = {
		{SPEC "  capabilities: {}\n", "t:8:17: capabilities: missing key 'default'\n"},
		{SPEC "  capabilities: [sys_admin]\n",
		 "t:8:17: capabilities: expected a mapping, found a list\n"},
		{SPEC "  capabilities: {default: no, deny: [sys_admn, CAP_SYS_ADMIN, NET_RAW, cap_foo, "
		      "everything, 21, '']}\n",
		 "t:8:27: capabilities.default: unknown default 'no' (one of: allow, deny)\n"
		 "t:8:38: capabilities.deny[0]: unknown capability 'sys_admn' (did you mean 'sys_admin'?)\n"
		 "t:8:48: capabilities.deny[1]: unknown capability 'CAP_SYS_ADMIN' (did you mean "
		 "'sys_admin'?)\n"
		 "t:8:63: capabilities.deny[2]: unknown capability 'NET_RAW' (did you mean 'net_raw'?)\n"
		 "t:8:72: capabilities.deny[3]: unknown capability 'cap_foo'\n"
		 "t:8:81: capabilities.deny[4]: unknown capability 'everything'\n"
		 "t:8:93: capabilities.deny[5]: expected a capability, found an integer\n"
		 "t:8:97: capabilities.deny[6]: unknown capability ''\n"},
		{SPEC "  capabilities:\n    default: allow\n    deny: [sys_admin, net_raw, sys_admin]\n    "
		      "allow:\n      - net_raw\n      - bpf\n      - bpf\n",
		 "t:10:32: capabilities.deny[2]: capability 'sys_admin' stands here twice (first in line "
		 "10)\n"
		 "t:12:9: capabilities.allow[0]: capability 'net_raw' stands in both 'allow' and 'deny' "
		 "(first in line 10)\n"
		 "t:14:9: capabilities.allow[2]: capability 'bpf' stands here twice (first in line 13)\n"},
		{SPEC "  capabilities: {default: allow, deny: [], allow: }\n",
		 "t:8:40: capabilities.deny: expected a capability, found an empty list\n"
		 "t:8:51: capabilities.allow: expected a capability or a list, found nothing\n"},
		{SPEC "  capabilities: {defualt: allow, rules: [], dney: bpf}\n",
		 "t:8:18: capabilities: unknown key 'defualt' (did you mean 'default'?)\n"
		 "t:8:34: capabilities: unknown key 'rules'\n"
		 "t:8:45: capabilities: unknown key 'dney' (did you mean 'deny'?)\n"},
		{SPEC "  capability: {default: allow}\n  systen: {mount: deny}\n",
		 "t:8:3: spec: unknown key 'capability' (did you mean 'capabilities'?)\n"
		 "t:9:3: spec: unknown key 'systen' (did you mean 'system'?)\n"},
		{SPEC "  system: {}\n",
		 "t:8:11: system: the section says nothing: name what it allows or denies\n"},
		{SPEC "  system:\n", "t:8:10: system: expected a mapping, found nothing\n"},
		{SPEC "  system: deny\n", "t:8:11: system: expected a mapping, found a string\n"},
		{SPEC "  system:\n    mount: denied\n    ptrace: no\n    bpf: true\n    modules: [deny]\n    "
		      "user-namespaces:\n    io_uring: deny\n    user_namespaces: deny\n    default: deny\n  "
		      "  mount: allow\n",
		 "t:9:12: system.mount: unknown choice 'denied' (one of: allow, deny)\n"
		 "t:10:13: system.ptrace: unknown choice 'no' (one of: allow, deny)\n"
		 "t:11:10: system.bpf: expected 'allow' or 'deny', found a boolean\n"
		 "t:12:14: system.modules: expected 'allow' or 'deny', found a list\n"
		 "t:13:21: system.user-namespaces: expected 'allow' or 'deny', found nothing\n"
		 "t:14:5: system: unknown key 'io_uring' (did you mean 'io-uring'?)\n"
		 "t:15:5: system: unknown key 'user_namespaces' (did you mean 'user-namespaces'?)\n"
		 "t:16:5: system: unknown key 'default'\n"
		 "t:17:5: system: key 'mount' stands here twice (first in line 9)\n"},
		{SPEC "  on-error: ignore\n",
		 "t:8:13: on-error: unknown on-error 'ignore' (one of: allow, deny)\n"},
		{SPEC "  on-error: denny\n",
		 "t:8:13: on-error: unknown on-error 'denny' (did you mean 'deny'?)\n"},
		{SPEC "  on-error: [allow]\n",
		 "t:8:13: on-error: expected 'allow' or 'deny', found a list\n"},
		{SPEC "  on_error: allow\n",
		 "t:8:3: spec: unknown key 'on_error' (did you mean 'on-error'?)\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_conditions(void **state)
{
	static const struct wrong tests[] = {
		{FILES "    - deny: /a\n      except: b\n      from: c\n      unless-from: [/d, e]\n",
		 "t:12:15: files.rules[0].except: bad pattern 'b': a pattern must start with '/', in every "
		 "alternative\n"
		 "t:13:13: files.rules[0].from: bad pattern 'c': a pattern must start with '/', in every "
		 "alternative\n"
		 "t:14:25: files.rules[0].unless-from[1]: bad pattern 'e': a pattern must start with '/', in "
		 "every alternative\n"},
		{FILES "    - deny: /a\n      except: []\n      from: {a: b}\n      unless-from:\n",
		 "t:12:15: files.rules[0].except: expected a pattern, found an empty list\n"
		 "t:13:13: files.rules[0].from: expected a pattern or a list, found a mapping\n"
		 "t:14:19: files.rules[0].unless-from: expected a pattern or a list, found nothing\n"},
		{FILES "    - deny: /a\n      except: /a/\n      from: /a//b\n      unless-from: /./a\n",
		 "t:12:15: files.rules[0].except: '/a/' can never match: write /a for the directory, /a/** "
		 "for what is below\n"
		 "t:13:13: files.rules[0].from: '/a//b' can never match: no path has an empty component "
		 "('//')\n"
		 "t:14:20: files.rules[0].unless-from: '/./a' can never match: no path has a component "
		 "'.'\n"},
		{FILES "    - deny: /a\n      excpt: /b\n      form: /c\n      unlessfrom: /d\n      ower: "
		       "true\n      acton: kill\n",
		 "t:12:7: files.rules[0]: unknown key 'excpt' (did you mean 'except'?)\n"
		 "t:13:7: files.rules[0]: unknown key 'form' (did you mean 'from'?)\n"
		 "t:14:7: files.rules[0]: unknown key 'unlessfrom' (did you mean 'unless-from'?)\n"
		 "t:15:7: files.rules[0]: unknown key 'ower' (did you mean 'owner'?)\n"
		 "t:16:7: files.rules[0]: unknown key 'acton' (did you mean 'action'?)\n"},
		{FILES "    - deny: /a\n      owner: yes\n",
		 "t:12:14: files.rules[0].owner: expected true or false, found a string\n"},
		{FILES "    - deny: /a\n      owner: root\n      action: [kill]\n",
		 "t:12:14: files.rules[0].owner: expected true or false, found a string\n"
		 "t:13:15: files.rules[0].action: expected 'deny' or 'kill', found a list\n"},
		{FILES "    - deny: /a\n      action: kil\n    - deny: /a\n      action: log\n    - deny: "
		       "/a\n      action: true\n",
		 "t:12:15: files.rules[0].action: unknown action 'kil' (did you mean 'kill'?)\n"
		 "t:14:15: files.rules[1].action: unknown action 'log' (one of: deny, kill)\n"
		 "t:16:15: files.rules[2].action: expected 'deny' or 'kill', found a boolean\n"},
		{FILES "    - allow: /a\n      action: kill\n    - allow: /a\n      action: deny\n",
		 "t:12:7: files.rules[0]: 'action' goes with 'deny' only: nothing happens to who is allowed\n"
		 "t:14:7: files.rules[1]: 'action' goes with 'deny' only: nothing happens to who is "
		 "allowed\n"},
		{EXEC "    - allow: /a\n      action: kill\n    - deny: /a\n      audit: true\n    - deny: "
		      "/a\n      except: '@b'\n      from: '@c'\n",
		 "t:12:7: exec.rules[0]: 'action' goes with 'deny' only: nothing happens to who is allowed\n"
		 "t:14:7: exec.rules[1]: 'audit' goes with 'allow' only: what is denied is always reported\n"
		 "t:16:15: exec.rules[2].except: bad pattern '@b': a pattern must start with '/', in every "
		 "alternative\n"
		 "t:17:13: exec.rules[2].from: bad pattern '@c': a pattern must start with '/', in every "
		 "alternative\n"},
		{NETWORK "    - deny: connect\n      owner: true\n    - allow: socket\n      owner: false\n  "
			 "    action: kill\n",
		 "t:12:7: network.rules[0]: 'owner' goes with rules of 'files' and 'exec' only\n"
		 "t:14:7: network.rules[1]: 'owner' goes with rules of 'files' and 'exec' only\n"
		 "t:15:7: network.rules[1]: 'action' goes with 'deny' only: nothing happens to who is "
		 "allowed\n"},
		{NETWORK "    - deny: connect\n      from: curl\n      unless-from: 10.0.0.0/8\n",
		 "t:12:13: network.rules[0].from: bad pattern 'curl': a pattern must start with '/', in "
		 "every alternative\n"
		 "t:13:20: network.rules[0].unless-from: bad pattern '10.0.0.0/8': a pattern must start with "
		 "'/', in every alternative\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_unix(void **state)
{
	static const struct wrong tests[] = {
		{NETWORK "    - allow: connect\n      unix: [run/x, web, '{/a,b}', '', '@a[', 5, '*']\n",
		 "t:12:14: network.rules[0].unix[0]: bad pattern 'run/x': a pattern of unix sockets must "
		 "start with '/' or '@', in every alternative\n"
		 "t:12:21: network.rules[0].unix[1]: bad pattern 'web': a pattern of unix sockets must start "
		 "with '/' or '@', in every alternative\n"
		 "t:12:26: network.rules[0].unix[2]: bad pattern '{/a,b}': a pattern of unix sockets must "
		 "start with '/' or '@', in every alternative\n"
		 "t:12:36: network.rules[0].unix[3]: bad pattern '': the pattern is empty\n"
		 "t:12:40: network.rules[0].unix[4]: bad pattern '@a[': '[' at character 3 is not closed\n"
		 "t:12:47: network.rules[0].unix[5]: expected a pattern, found an integer\n"
		 "t:12:50: network.rules[0].unix[6]: bad pattern '*': a pattern of unix sockets must start "
		 "with '/' or '@', in every alternative\n"},
		{NETWORK "    - allow: connect\n      unix: []\n    - allow: connect\n      unix:\n    - "
			 "allow: connect\n      unix: true\n",
		 "t:12:13: network.rules[0].unix: expected a pattern, found an empty list\n"
		 "t:14:12: network.rules[1].unix: expected a pattern or a list, found nothing\n"
		 "t:16:13: network.rules[2].unix: expected a pattern or a list, found a boolean\n"},
		{NETWORK "    - allow: connect\n      unix: @web\n",
		 "t:12:13: not valid YAML: found character that cannot start any token while scanning for "
		 "the next token (from line 12) (indent with spaces; quote a text that starts with a special "
		 "character)\n"},
		{NETWORK "    - allow: connect\n      unix: [/run//x, /run/x/, /run/../x]\n",
		 "t:12:14: network.rules[0].unix[0]: '/run//x' can never match: no path has an empty "
		 "component ('//')\n"
		 "t:12:23: network.rules[0].unix[1]: '/run/x/' can never match: no path of a socket ends "
		 "with '/'\n"
		 "t:12:32: network.rules[0].unix[2]: '/run/../x' can never match: no path has a component "
		 "'..'\n"},
		{NETWORK "    - allow: connect\n      unix: /a\n      to: 10.0.0.0/8\n      ports: 80\n      "
			 "protocols: tcp\n      families: inet\n",
		 "t:13:7: network.rules[0]: 'to' does not go with 'unix': a unix socket has nothing but a "
		 "name\n"
		 "t:14:7: network.rules[0]: 'ports' does not go with 'unix': a unix socket has nothing but a "
		 "name\n"
		 "t:15:7: network.rules[0]: 'protocols' does not go with 'unix': a unix socket has nothing "
		 "but a name\n"
		 "t:16:7: network.rules[0]: 'families' does not go with 'unix': a unix socket has nothing "
		 "but a name\n"},
		{NETWORK "    - allow: [connect, socket]\n      unix: /a\n",
		 "t:12:7: network.rules[0]: 'unix' does not go with 'socket': a new socket has no name "
		 "yet\n"},
		{NETWORK "    - allow: socket\n      families: netlink\n      unix: /a\n",
		 "t:12:7: network.rules[0]: 'families' does not go with 'unix': a unix socket has nothing "
		 "but a name\n"
		 "t:13:7: network.rules[0]: 'unix' does not go with 'socket': a new socket has no name "
		 "yet\n"},
	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

static void test_wrong_except(void **state)
{
	static const struct wrong tests[] = {
		{NETWORK "    - allow: connect\n      unix: /a\n      except: 10.0.0.0/8\n",
		 "t:13:15: network.rules[0].except: bad pattern '10.0.0.0/8': a pattern of unix sockets must "
		 "start with '/' or '@', in every alternative\n"},
		{NETWORK "    - allow: connect\n      to: 10.0.0.0/8\n      except: ['@a', /run/x, "
			 "10.0.0.1/8, host, 5]\n",
		 "t:13:16: network.rules[0].except[0]: '@a' is no address: names of unix sockets go with "
		 "'unix'\n"
		 "t:13:22: network.rules[0].except[1]: '/run/x' is no address: names of unix sockets go with "
		 "'unix'\n"
		 "t:13:30: network.rules[0].except[2]: '10.0.0.1/8' has bits set behind its prefix: write "
		 "10.0.0.0/8 for the block, 10.0.0.1 for the address\n"
		 "t:13:42: network.rules[0].except[3]: 'host' is not an IP address or block such as "
		 "10.0.0.0/8 (names are not looked up)\n"
		 "t:13:48: network.rules[0].except[4]: expected an address, found an integer\n"},
		{NETWORK "    - allow: connect\n      to: [/run/x, '@a']\n",
		 "t:12:12: network.rules[0].to[0]: '/run/x' is no address: names of unix sockets go with "
		 "'unix'\n"
		 "t:12:20: network.rules[0].to[1]: '@a' is no address: names of unix sockets go with "
		 "'unix'\n"},
		{NETWORK "    - deny: [connect, socket]\n      except: 10.0.0.0/8\n",
		 "t:12:7: network.rules[0]: 'except' does not go with 'socket': a new socket has no address "
		 "yet\n"},
		{NETWORK "    - deny: connect\n      unxi: /a\n      exept: /b\n",
		 "t:12:7: network.rules[0]: unknown key 'unxi' (did you mean 'unix'?)\n"
		 "t:13:7: network.rules[0]: unknown key 'exept' (did you mean 'except'?)\n"},
		{NETWORK "    - deny: socket\n      families: [unix, 1, 0, 256, -5, netlnk, foo, true]\n",
		 "t:12:18: network.rules[0].families[0]: making a unix socket is always permitted: 'unix' "
		 "names those that may be used\n"
		 "t:12:24: network.rules[0].families[1]: making a unix socket is always permitted: 'unix' "
		 "names those that may be used\n"
		 "t:12:27: network.rules[0].families[2]: '0' is not the number of a family (1 to 255)\n"
		 "t:12:30: network.rules[0].families[3]: '256' is not the number of a family (1 to 255)\n"
		 "t:12:35: network.rules[0].families[4]: '-5' is not the number of a family (1 to 255)\n"
		 "t:12:39: network.rules[0].families[5]: unknown family 'netlnk' (did you mean 'netlink'?)\n"
		 "t:12:47: network.rules[0].families[6]: unknown family 'foo'\n"
		 "t:12:52: network.rules[0].families[7]: expected a family, found a boolean\n"},

	};

	(void)state;
	check_wrong(tests, COUNT(tests));
}

/* Too long or too many by one, and one less, which is right. In a unit, # is its number. */
static void check_limit(const char *head, const char *unit, unsigned n, const char *expected)
{
	char *text = NULL, *printed;
	struct policy_set set = {0};
	struct diags d = {0};
	size_t size;

	for (unsigned more = 0; more < 2; more++) {
		FILE *out = open_memstream(&text, &size);

		assert_non_null(out);
		fputs(head, out);
		for (unsigned i = 0; i < n + more; i++) {
			for (const char *p = unit; *p; p++)
				*p == '#' ? fprintf(out, "%u", i) : fputc(*p, out);
		}
		fclose(out);
		if (more)
			break;
		assert_int_equal(policy_parse("t", text, size, &set, &d), 0);
		policy_set_free(&set);
		free(text);
	}
	printed = refusal_of(text, size);
	drop_excerpts(printed);
	assert_string_equal(printed, expected);
	free(printed);
	free(text);
}

static void test_wrong_limits(void **state)
{
	(void)state;
	check_limit(SUBJECTS "    - container:\n        label:\n", "          k#: v\n", 64,
		    "t:74:11: subjects[0].container.label: there are more than 64 labels\n");
	check_limit(SUBJECTS "    - user: ", "a", 255,
		    "t:8:13: subjects[0].user: the name of a user is longer than 255 characters\n");
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

/* At least a hundred wrong files with their exact messages. */
static void test_count(void **state)
{
	(void)state;
	assert_true(checked >= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_document), cmocka_unit_test(test_wrong_metadata),
		cmocka_unit_test(test_wrong_spec),     cmocka_unit_test(test_wrong_rules),
		cmocka_unit_test(test_wrong_patterns), cmocka_unit_test(test_wrong_network),
		cmocka_unit_test(test_wrong_ports),    cmocka_unit_test(test_wrong_sockets),
		cmocka_unit_test(test_wrong_subjects), cmocka_unit_test(test_wrong_containers),
		cmocka_unit_test(test_wrong_choices),  cmocka_unit_test(test_wrong_conditions),
		cmocka_unit_test(test_wrong_unix),     cmocka_unit_test(test_wrong_except),
		cmocka_unit_test(test_wrong_limits),   cmocka_unit_test(test_wrong_yaml),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
