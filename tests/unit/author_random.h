/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random policies as texts, of a small world of names so that much matches, and random questions.
 */
#ifndef PAVISE_TESTS_AUTHOR_RANDOM_H
#define PAVISE_TESTS_AUTHOR_RANDOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "author/judge.h"

/* splitmix64: the same numbers on every machine. */
struct random {
	uint64_t state;
};

/* The seed of a run: PAVISE_SEED, else the test's own. */
__attribute__((unused)) static uint64_t random_seed(uint64_t own)
{
	const char *text = getenv("PAVISE_SEED");

	return text ? strtoull(text, NULL, 0) : own;
}

static uint32_t random_below(struct random *r, uint32_t n)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return ((z ^ (z >> 31)) >> 32) * n >> 32;
}

static bool random_chance(struct random *r, unsigned percent)
{
	return random_below(r, 100) < percent;
}

#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))
#define PICK(r, list) ((list)[random_below(r, COUNT(list))])

static const char *const some_paths[] = {"/a",	  "/a/**",    "/a/*",	 "/b",	  "/**",   "/*",
					 "/a/b",  "/{a,b}/c", "/a/?",	 "/[ab]", "/**/b", "/",
					 "/{,a}", "/a{,/**}", "/a/**/b", "/b/.*"};
static const char *const some_exes[] = {"/bin/a", "/bin/*", "/bin/{a,b}", "/**", "/usr/x"};
static const char *const some_sockets[] = {"/run/a", "/run/**", "@a", "@*", "{/run/b,@b}"};
static const char *const some_blocks[] = {"10.0.0.0/8",	   "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0",
					  "2001:db8::/32", "::1",	  "::/0"};
static const char *const some_ports[] = {"80", "443", "0-1023", "80-443", "255-256", "1024-65535"};
static const char *const some_cgroups[] = {"/", "/x", "/x/**", "/{x,y}", "/*/z", "/system.slice/**"};

static void random_list(struct random *r, FILE *out, const char *key, const char *const *list, size_t n)
{
	fprintf(out, ", %s: [", key);
	for (unsigned i = 1 + random_below(r, 3); i > 0; i--)
		fprintf(out, "\"%s\"%s", list[random_below(r, n)], i > 1 ? ", " : "");
	fputs("]", out);
}

#define MAYBE_LIST(r, out, percent, key, list)                       \
	do {                                                         \
		if (random_chance(r, percent))                       \
			random_list(r, out, key, list, COUNT(list)); \
	} while (0)

static void random_common(struct random *r, FILE *out, bool deny)
{
	if (deny && random_chance(r, 20))
		fputs(", action: kill", out);
	if (!deny && random_chance(r, 20))
		fputs(", audit: true", out);
	MAYBE_LIST(r, out, 15, "from", some_exes);
	MAYBE_LIST(r, out, 15, "unless-from", some_exes);
}

static void random_path_rule(struct random *r, FILE *out, bool exec)
{
	static const char *const accesses[] = {"read", "write", "map", "modify", "list"};
	bool deny = random_chance(r, 50);

	fputs("      - {", out);
	fprintf(out, "%s: [", deny ? "deny" : "allow");
	for (unsigned i = 1 + random_below(r, 3); i > 0; i--)
		fprintf(out, "\"%s\"%s", PICK(r, some_paths), i > 1 ? ", " : "");
	fputs("]", out);
	if (!exec)
		MAYBE_LIST(r, out, 60, "access", accesses);
	MAYBE_LIST(r, out, 25, "except", some_paths);
	if (random_chance(r, 15))
		fputs(", owner: true", out);
	random_common(r, out, deny);
	fputs("}\n", out);
}

static void random_network_rule(struct random *r, FILE *out)
{
	static const char *const operations[] = {"connect", "bind", "listen", "accept"};
	static const char *const protocols[] = {"tcp", "udp", "sctp"};
	static const char *const families[] = {"inet", "netlink", "packet"};
	bool deny = random_chance(r, 50), socket = random_chance(r, 15), local = random_chance(r, 25);

	fprintf(out, "      - {%s: [%s", deny ? "deny" : "allow", socket ? "socket" : PICK(r, operations));
	if (!socket && random_chance(r, 50))
		fprintf(out, ", %s", PICK(r, operations));
	fputs("]", out);
	if (socket) {
		MAYBE_LIST(r, out, 60, "families", families);
	} else if (local) {
		random_list(r, out, "unix", some_sockets, COUNT(some_sockets));
		MAYBE_LIST(r, out, 25, "except", some_sockets);
	} else {
		MAYBE_LIST(r, out, 60, "to", some_blocks);
		MAYBE_LIST(r, out, 40, "ports", some_ports);
		MAYBE_LIST(r, out, 40, "protocols", protocols);
		MAYBE_LIST(r, out, 25, "except", some_blocks);
	}
	random_common(r, out, deny);
	fputs("}\n", out);
}

static const char *effect(struct random *r)
{
	return random_chance(r, 50) ? "allow" : "deny";
}

static void random_subject(struct random *r, FILE *out)
{
	fputs("    - {", out);
	switch (random_below(r, 4)) {
	case 0:
		fprintf(out, "unit: \"%s.service\"", random_chance(r, 50) ? "web" : "*");
		break;
	case 1:
		fprintf(out, "exe: \"%s\"", PICK(r, some_exes));
		break;
	default:
		fprintf(out, "cgroup: \"%s\"", PICK(r, some_cgroups));
	}
	if (random_chance(r, 25))
		fprintf(out, ", user: %u", random_below(r, 3));
	fputs("}\n", out);
}

__attribute__((unused)) static void random_policy(struct random *r, FILE *out, const char *name)
{
	fprintf(out, "---\napiVersion: pavise/v1\nkind: Policy\nmetadata: {name: %s}\nspec:\n  mode: %s\n",
		name, random_chance(r, 70) ? "enforce" : "monitor");
	fputs("  subjects:\n", out);
	for (unsigned i = 1 + random_below(r, 2); i > 0; i--)
		random_subject(r, out);
	if (random_chance(r, 20))
		fprintf(out, "  on-error: %s\n", effect(r));
	for (unsigned s = 0; s < 3; s++) {
		static const char *const names[] = {"files", "exec", "network"};
		unsigned n = random_below(r, 6);

		if (random_chance(r, 30))
			continue;
		fprintf(out, "  %s:\n    default: %s\n    rules:%s\n", names[s], effect(r), n ? "" : " []");
		for (; n > 0; n--) {
			if (s == 2)
				random_network_rule(r, out);
			else
				random_path_rule(r, out, s);
		}
	}
	if (random_chance(r, 30))
		fprintf(out, "  capabilities: {default: %s, %s: [%s]}\n", effect(r), effect(r),
			random_chance(r, 50) ? "sys_admin" : "net_raw, chown");
	if (random_chance(r, 30))
		fprintf(out, "  system: {mount: %s, io-uring: %s}\n", effect(r), effect(r));
}

__attribute__((unused)) static void sources_from(struct sources *s, const char *text)
{
	*s = (struct sources){.files = json_pack("[{s:s, s:s}]", "file", "test.yaml", "text", text)};
	assert_non_null(s->files);
}

/* ---- questions ---- */

__attribute__((unused)) static void random_question(struct random *r, struct question *q, struct asker *who)
{
	static const char *const accesses[] = {"read", "write", "append", "attributes",
					       "map",  "list",	"exec"};
	static const char *const operations[] = {"connect", "bind", "listen", "accept"};
	static const char *const paths[] = {"/",      "/a",	"/b",	"/c",	      "/a/b",
					    "/a/a",   "/a/b/b", "/b/c", "/b/.x",      "/a/bb",
					    "/x/y/b", "/a/x/b", "/ab",	"/a/\xc3\xa9"};
	static const char *const addresses[] = {"10.0.0.1:80",	  "10.1.2.3:443/udp", "10.1.2.3:255",
						"192.0.2.1:1024", "[2001:db8::1]:80", "[::1]:256/sctp",
						"10.1.9.9/raw",	  "unix:/run/a",      "unix:@a",
						"unix:@b",	  "unix:/run/b",      "unix:/x"};
	static const char *const families[] = {"inet/tcp", "inet6/udp", "inet/raw", "netlink", "packet", "5"};
	static const char *const exes[] = {"/bin/a", "/bin/b", "/usr/x", "/y"};
	static const char *const others[] = {"mount", "ptrace", "io-uring"};
	static const char *const capabilities[] = {"sys_admin", "net_raw", "chown", "bpf"};
	char error[QUESTION_ERROR] = "";
	int err;

	*who = (struct asker){.exe = random_chance(r, 40) ? NULL : PICK(r, exes),
			      .owner = random_chance(r, 50)};
	switch (random_below(r, 8)) {
	case 0:
		err = question_parse("socket", PICK(r, families), q, error);
		break;
	case 1:
		err = random_chance(r, 50) ? question_parse(PICK(r, others), NULL, q, error)
					   : question_parse("capability", PICK(r, capabilities), q, error);
		break;
	case 2:
	case 3:
	case 4:
		err = question_parse(PICK(r, operations), PICK(r, addresses), q, error);
		break;
	default:
		err = question_parse(PICK(r, accesses), PICK(r, paths), q, error);
	}
	assert_string_equal(error, "");
	assert_int_equal(err, 0);
}

#endif
