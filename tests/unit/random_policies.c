/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random policy sets, and random questions about them (see random_policies.h).
 *
 * Names are mostly made from the set's own patterns and then changed a little, so that about as many
 * match as just do not. What is made is what the front end lets through: no rule mixes keys that do
 * not go together, and no name is asked that the kernel side would not ask.
 */
#include "random_policies.h"

#include "oracle.c"

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define PICK(r, array) ((array)[random_below(r, COUNT(array))])

/* ---- patterns ---- */

static void random_component(struct random *r, char *text, size_t size)
{
	static const char *const pieces[] = {"a",	   "b",	      "ab",	  "*",	"a*",	 "*b",
					     "?",	   "[ab]",    "[!a]",	  "é",	"{a,b}", "{,a}b",
					     "{a,{b,ab}}", "a?",      "{*,a}b",	  ".a", "\\a",	 "*a*",
					     "a.slice",	   "*.slice", "a.service"};
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s", PICK(r, pieces));
}

void random_pattern(struct random *r, char *text, size_t size)
{
	static const char *const specials[] = {"/",	     "/**",	  "/*",		"/{,a}",
					       "/{a/,}b",    "/{**,a}/b", "/a{/**,}/b", "/a/{**/,}b",
					       "{/a,/b/**}", "/**b",	  "/a**/b",	"/{a,**}/{b,**}"};
	unsigned n = 1 + random_below(r, 3);

	text[0] = 0;
	if (random_chance(r, 15)) {
		snprintf(text, size, "%s", PICK(r, specials));
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

/* Names of unix sockets: paths, and abstract ones that may look like paths. */
static void random_unix_pattern(struct random *r, char *text, size_t size)
{
	static const char *const abstract[] = {"@",	   "@a",      "@a*",   "@**",	"@?",
					       "@*b",	   "@a/**/b", "@a@b",  "@[ab]", "@/**/a",
					       "{/a,@b}*", "@a@*",    "@{,a}", "@[!a]*"};

	if (random_chance(r, 50))
		snprintf(text, size, "%s", PICK(r, abstract));
	else
		random_pattern(r, text, size);
	if (!strcmp(text, "/"))
		strcpy(text, "/a");
}

static void random_exe_pattern(struct random *r, char *text, size_t size)
{
	static const char *const few[] = {"/a", "/b/*", "/**/a", "/b/{a,b}", "/**", "/a?", "/[!a]*"};

	if (random_chance(r, 75))
		snprintf(text, size, "%s", PICK(r, few));
	else
		random_pattern(r, text, size);
}

/* ---- names that match a pattern ---- */

static const char *random_run(struct random *r, bool deep)
{
	static const char *const runs[] = {"", "", "a", "b", "ab", "é", ".", "a/b", "a/", "/a", "b/a/b"};

	return runs[random_below(r, deep ? COUNT(runs) : 7)];
}

/* A byte of a class, of those that names consist of. */
static char random_member(struct random *r, const struct unit *u)
{
	static const char bytes[] = "abAz019.-";

	for (unsigned i = 0; i < 20; i++) {
		char c = bytes[random_below(r, sizeof(bytes) - 1)];

		if (u->member[(uint8_t)c])
			return c;
	}
	return 'a';
}

static void instantiate(struct random *r, const char *p, char *out, size_t size);

static void instantiate_braces(struct random *r, const char *p, char *out, size_t size)
{
	const char *close = p, *start[32], *end[32];
	char text[512];
	size_t n = 0, i;

	do {
		start[n] = close + 1;
		close = end[n] = alternative_end(close + 1);
		n++;
	} while (*close == ',' && n < COUNT(start));
	i = random_below(r, n);
	snprintf(text, sizeof(text), "%.*s%s", (int)(end[i] - start[i]), start[i], close + 1);
	instantiate(r, text, out, size);
}

/* Append to `out` what the pattern could stand for. */
static void instantiate(struct random *r, const char *p, char *out, size_t size)
{
	for (; *p; p++) {
		size_t n = strlen(out);
		struct unit u = {0};

		if (n + 8 > size)
			return;
		if (*p == '{') {
			instantiate_braces(r, p, out, size);
			return;
		}
		if (*p == '*') {
			bool deep = p[1] == '*';

			p += deep;
			strcpy(out + n, random_run(r, deep));
		} else if (*p == '?') {
			strcpy(out + n, random_chance(r, 30) ? "é" : "a");
		} else if (*p == '[') {
			p = read_class(p, &u);
			out[n] = random_member(r, &u);
			out[n + 1] = 0;
		} else {
			p += *p == '\\';
			out[n] = *p;
			out[n + 1] = 0;
		}
	}
}

/* Change a name a little. */
static void mutate(struct random *r, char *text, size_t size)
{
	static const char bytes[] = "ab/.@\xff"
				    "c";
	size_t n = strlen(text), at = random_below(r, n + 1);
	char byte = bytes[random_below(r, sizeof(bytes) - 1)];

	if (n + 4 > size)
		return;
	switch (random_below(r, 5)) {
	case 0: /* insert */
		memmove(text + at + 1, text + at, n - at + 1);
		text[at] = byte;
		break;
	case 1: /* replace */
		if (at < n)
			text[at] = byte;
		break;
	case 2: /* remove */
		if (at < n)
			memmove(text + at, text + at + 1, n - at);
		break;
	case 3: /* below */
		strcpy(text + n, "/a");
		break;
	case 4: /* cut short */
		text[at] = 0;
		break;
	}
}

static void near_match(struct random *r, const struct pool *pool, char *out, size_t size)
{
	out[0] = 0;
	if (pool->n)
		instantiate(r, pool->at[random_below(r, pool->n)], out, size);
	for (unsigned i = random_chance(r, 45) ? 1 + random_below(r, 2) : 0; i > 0; i--)
		mutate(r, out, size);
}

/* Make a path of a text: what the kernel would call it. */
static void normalise(char *text)
{
	char path[NAME_SIZE + 1] = "";
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p != '/' && !n)
			path[n++] = '/';
		if (*p != '/' || !n || path[n - 1] != '/')
			path[n++] = *p;
	}
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (!n)
		path[n++] = '/';
	memcpy(text, path, n);
	text[n] = 0;
}

void random_path(struct random *r, const struct pool *pool, char *text)
{
	static const char *const components[] = {"a", "b", "ab", "ba", "aab", "é", "\xff", ".a", "c", "abé"};
	unsigned n = random_below(r, 5);

	if (random_chance(r, 70) && pool->n) {
		near_match(r, pool, text, NAME_SIZE - 1);
	} else {
		text[0] = 0;
		for (unsigned i = 0; i < n; i++) {
			strcat(text, "/");
			strcat(text, PICK(r, components));
		}
	}
	normalise(text);
}

/* ---- rules ---- */

static void random_conditions(struct random *r, struct policy_rule *rule)
{
	char text[128];

	for (unsigned i = random_chance(r, 15) ? 1 + random_below(r, 2) : 0; i > 0; i--) {
		random_exe_pattern(r, text, sizeof(text));
		build_listed(&rule->from, text);
	}
	for (unsigned i = random_chance(r, 15) ? 1 + random_below(r, 2) : 0; i > 0; i--) {
		random_exe_pattern(r, text, sizeof(text));
		build_listed(&rule->unless_from, text);
	}
}

static void random_path_rule(struct random *r, struct policy_rule *rule)
{
	char text[128];

	for (unsigned i = 1 + random_below(r, 3); i > 0; i--) {
		random_pattern(r, text, sizeof(text));
		build_pattern(rule, text);
	}
	for (unsigned i = random_chance(r, 30) ? 1 + random_below(r, 2) : 0; i > 0; i--) {
		random_pattern(r, text, sizeof(text));
		build_listed(&rule->except, text);
	}
	rule->owner = random_chance(r, 15);
}

static void random_blocks(struct random *r, struct policy_cidrs *list)
{
	static const char *const four[] = {"10.0.0.0", "10.0.0.7", "10.1.0.0", "0.0.0.0", "10.0.0.128"};
	static const char *const six[] = {"2001:db8::", "2001:db8::1", "::", "fe80::"};

	if (random_chance(r, 50))
		build_block(list, 4, PICK(r, four), random_below(r, 33));
	else
		build_block(list, 6, PICK(r, six), random_below(r, 129));
}

static void random_ports(struct random *r, struct policy_rule *rule)
{
	uint16_t first = random_chance(r, 50) ? random_below(r, 65536) : 250 + random_below(r, 12);
	uint32_t last = first + random_below(r, random_chance(r, 50) ? 10 : 70000);

	build_ports(rule, first, last > 65535 ? 65535 : last);
}

/* A rule that speaks of the creation of sockets, perhaps among other things. */
static void random_socket_rule(struct random *r, struct policy_rule *rule)
{
	static const uint8_t protocols[] = {PV_PROTO_TCP, PV_PROTO_UDP, PV_PROTO_RAW};
	static const uint8_t families[] = {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET};

	rule->access = ACCESS(SOCKET);
	if (random_chance(r, 30)) {
		rule->access |= 1u << (PV_ACC_CONNECT + random_below(r, 4));
		for (unsigned i = random_below(r, 3); i > 0; i--)
			build_protocol(rule, PICK(r, protocols));
		return;
	}
	if (random_chance(r, 60)) {
		for (unsigned i = 1 + random_below(r, 2); i > 0; i--)
			build_family(rule, PICK(r, families));
		return;
	}
	for (unsigned i = random_below(r, 3); i > 0; i--)
		build_protocol(rule, PICK(r, protocols));
	for (unsigned i = rule->n_protocols ? random_below(r, 2) : 0; i > 0; i--)
		build_family(rule, random_chance(r, 50) ? AF_INET : AF_INET6);
}

static void random_unix_rule(struct random *r, struct policy_rule *rule)
{
	char text[128];

	for (unsigned i = 1 + random_below(r, 2); i > 0; i--) {
		random_unix_pattern(r, text, sizeof(text));
		build_pattern(rule, text);
	}
	for (unsigned i = random_chance(r, 30) ? 1 + random_below(r, 2) : 0; i > 0; i--) {
		random_unix_pattern(r, text, sizeof(text));
		build_listed(&rule->except, text);
	}
}

static void random_net_rule(struct random *r, struct policy_rule *rule)
{
	static const uint8_t protocols[] = {PV_PROTO_TCP, PV_PROTO_UDP, PV_PROTO_SCTP};

	rule->access = (1 + random_below(r, 15)) << PV_ACC_CONNECT;
	if (random_chance(r, 20)) {
		random_socket_rule(r, rule);
		return;
	}
	if (random_chance(r, 35)) {
		random_unix_rule(r, rule);
		return;
	}
	/* About one in four says nothing of these, and so covers everything. */
	for (unsigned i = random_chance(r, 55) ? 1 + random_below(r, 2) : 0; i > 0; i--)
		random_blocks(r, &rule->cidrs);
	for (unsigned i = random_chance(r, 40) ? 1 + random_below(r, 2) : 0; i > 0; i--)
		random_ports(r, rule);
	for (unsigned i = random_chance(r, 30) ? 1 + random_below(r, 2) : 0; i > 0; i--)
		build_protocol(rule, PICK(r, protocols));
	if (!rule->n_ports && random_chance(r, 10))
		build_protocol(rule, random_chance(r, 50) ? PV_PROTO_RAW : PV_PROTO_ICMP);
	for (unsigned i = random_chance(r, 30) ? 1 + random_below(r, 2) : 0; i > 0; i--)
		random_blocks(r, &rule->except_cidrs);
}

void random_rule(struct random *r, struct policy *p)
{
	enum policy_section section = random_below(r, RULE_SECTIONS);
	enum policy_effect effect = random_chance(r, 50) ? EFFECT_ALLOW : EFFECT_DENY;
	uint32_t access = random_chance(r, 40) ? FILES_ALL : 1 + random_below(r, FILES_ALL);
	struct policy_rule *rule;

	if (random_chance(r, 25))
		section = SECTION_FILES;
	rule = build_rule(p, section, effect, section == SECTION_EXEC ? ACCESS(EXEC) : access);
	rule->audit = effect == EFFECT_ALLOW && random_chance(r, 25);
	rule->kill = effect == EFFECT_DENY && random_chance(r, 25);
	if (section == SECTION_NETWORK)
		random_net_rule(r, rule);
	else
		random_path_rule(r, rule);
	random_conditions(r, rule);
}

/* ---- subjects ---- */

/* Each ends in a type, so none matches a slice. */
static const char *const unit_patterns[] = {
	"a.service",	 "a*.service",	      "*.service", "?.{scope,service}",	    "*.{service,scope}",
	"**.service",	 "a**b.service",      "é.scope",   "{a,b}.service",	    "a.slice*.service",
	"[!a]*.service", "*.slice.b.service", "\\a.scope", "{a,b}*.{scope,service}"};

static void random_container_entry(struct random *r, struct policy_subject *s)
{
	static const char *const names[] = {"a", "a*", "web-*", "**", "?", "{a,b}", "web-[12]", "[!a]*"};
	static const char *const images[] = {"*/b:*", "**/b:*",	     "**",	  "*",
					     "a/b:1", "{reg/,}a/**", "reg/**/b:1"};
	static const char *const values[] = {"a", "*", "**", "[!a]", "a/*", "{,a}"};

	s->container = true;
	if (random_chance(r, 60))
		build_text(&s->container_name, PICK(r, names));
	if (random_chance(r, 35))
		build_text(&s->container_image, PICK(r, images));
	if (random_chance(r, 35) || (!s->container_name.text && !s->container_image.text))
		build_label(s, "app", PICK(r, values));
	if (random_chance(r, 10))
		build_label(s, "tier", PICK(r, values));
}

static void random_entry(struct random *r, struct policy *p)
{
	static const uint32_t uids[] = {0, 33, 1000, 1001, 4294967294u};
	struct policy_subject *s = build_entry(p);
	unsigned keys = random_chance(r, 50) ? 1u << random_below(r, 5) : 1 + random_below(r, 31);
	char text[128];

	if (keys & 1) {
		if (random_chance(r, 25))
			random_path(r, &(struct pool){0}, text);
		else
			random_pattern(r, text, sizeof(text));
		build_text(&s->cgroup, text);
		s->cgroup_literal = *text == '/' && random_chance(r, strpbrk(text, "*?[{\\") ? 10 : 50);
	}
	if (keys & 2)
		build_text(&s->unit, PICK(r, unit_patterns));
	if (keys & 4)
		random_container_entry(r, s);
	if (keys & 8) {
		random_exe_pattern(r, text, sizeof(text));
		build_text(&s->exe, text);
	}
	if (keys & 16) {
		build_user(s, PICK(r, uids));
		s->user_known = random_chance(r, 90);
	}
}

/* ---- policies ---- */

static const unsigned capabilities[] = {0, 10, 21, 31, 32, 39, 40};

static void random_choices(struct random *r, struct policy *p)
{
	if (random_chance(r, 40)) {
		build_section(p, SECTION_CAPABILITIES, random_chance(r, 60) ? EFFECT_ALLOW : EFFECT_DENY);
		for (unsigned i = random_below(r, 5); i > 0; i--)
			build_capability(p, PICK(r, capabilities),
					 random_chance(r, 50) ? EFFECT_ALLOW : EFFECT_DENY);
	}
	for (unsigned i = random_chance(r, 40) ? 1 + random_below(r, 4) : 0; i > 0; i--)
		build_system(p, PV_ACC_SYSTEM + random_below(r, POLICY_SYSTEM),
			     random_chance(r, 30) ? EFFECT_ALLOW : EFFECT_DENY);
}

struct policy *random_policy(struct random *r, struct policy_set *set, const char *name)
{
	struct policy *p = build_policy(set, name, random_chance(r, 65) ? MODE_ENFORCE : MODE_MONITOR);

	p->allow_on_error = random_chance(r, 30);
	for (unsigned i = 1 + random_below(r, 2); i > 0; i--)
		random_entry(r, p);
	for (unsigned s = 0; s < RULE_SECTIONS; s++) {
		if (random_chance(r, 60))
			build_section(p, s, random_chance(r, 50) ? EFFECT_ALLOW : EFFECT_DENY);
	}
	for (unsigned i = random_below(r, 13); i > 0; i--)
		random_rule(r, p);
	random_choices(r, p);
	return p;
}

void random_set(struct random *r, struct policy_set *set)
{
	static const char *const names[] = {"delta", "alpha", "charlie", "bravo"};
	unsigned n = 1 + random_below(r, COUNT(names));

	for (unsigned i = 0; i < n; i++)
		random_policy(r, set, names[i]);
}

/* ---- containers ---- */

static void random_containers(struct random *r, struct world *w)
{
	static const char *const cgroups[] = {"/a", "/a/b", "/a.slice/c1", "/a.slice/c12", "/a*", "/[ab]/c"};
	static const char *const names[] = {"a", "ab", "b", "web-1", "web-2", "web-3", NULL};
	static const char *const images[] = {"a/b:1", "reg/a/b:1", "b:1", "a", "reg/b:1", NULL};
	static const char *const labels[][4] = {
		{"app", "a"}, {"app", "b", "tier", "a"}, {"tier", "a"}, {"app", "a/b", "tier", ""}};

	w->f.containers = w->containers;
	w->f.n_containers = random_below(r, COUNT(w->containers) + 1);
	for (size_t i = 0; i < w->f.n_containers; i++) {
		unsigned label = random_below(r, COUNT(labels));

		w->containers[i] = (struct policy_container){
			.cgroup = PICK(r, cgroups),
			.name = PICK(r, names),
			.image = PICK(r, images),
			.labels = labels[label],
			.n_labels = random_chance(r, 20) ? 0 : 1 + label % 2,
		};
	}
}

/* ---- worlds ---- */

static void pool_add(struct pool *pool, const char *text)
{
	if (text && pool->n < COUNT(pool->at))
		pool->at[pool->n++] = text;
}

static void pool_list(struct pool *pool, const struct policy_patterns *list)
{
	for (size_t i = 0; i < list->n; i++)
		pool_add(pool, list->at[i].text);
}

static void gather_rule(struct world *w, const struct policy_rule *rule)
{
	struct pool *names = rule->section == SECTION_NETWORK ? &w->sockets : &w->paths;

	pool_list(names, &rule->patterns);
	pool_list(names, &rule->except);
	pool_list(&w->exes, &rule->from);
	pool_list(&w->exes, &rule->unless_from);
	for (size_t i = 0; i < rule->cidrs.n && w->n_blocks < COUNT(w->blocks); i++)
		w->blocks[w->n_blocks++] = &rule->cidrs.at[i];
	for (size_t i = 0; i < rule->except_cidrs.n && w->n_blocks < COUNT(w->blocks); i++)
		w->blocks[w->n_blocks++] = &rule->except_cidrs.at[i];
	for (size_t i = 0; i < rule->n_ports && w->n_ports + 1 < COUNT(w->ports); i++) {
		w->ports[w->n_ports++] = rule->ports[i].first;
		w->ports[w->n_ports++] = rule->ports[i].last;
	}
}

void world_gather(struct world *w)
{
	w->paths.n = w->exes.n = w->cgroups.n = w->units.n = w->sockets.n = w->n_blocks = w->n_ports = 0;
	for (size_t i = 0; i < w->f.set.n_policies; i++) {
		const struct policy *p = &w->f.set.policies[i];

		for (size_t j = 0; j < p->n_subjects; j++) {
			pool_add(&w->cgroups,
				 p->subjects[j].cgroup_literal ? NULL : p->subjects[j].cgroup.text);
			pool_add(&w->units, p->subjects[j].unit.text);
			pool_add(&w->exes, p->subjects[j].exe.text);
		}
		for (unsigned s = 0; s < RULE_SECTIONS; s++) {
			for (size_t j = 0; j < p->sections[s].n_rules; j++)
				gather_rule(w, &p->sections[s].rules[j]);
		}
	}
}

void world_init(struct world *w, uint64_t seed)
{
	*w = (struct world){.seed = seed, .r = {seed}};
	random_set(&w->r, &w->f.set);
	random_containers(&w->r, w);
	world_gather(w);
}

void world_free(struct world *w)
{
	fixture_free(&w->f);
}

void world_show(const struct world *w, FILE *f)
{
	fprintf(f, "# seed %#llx%s\n", (unsigned long long)w->seed, w->f.monitor_all ? ", monitor all" : "");
	show_containers(w->f.containers, w->f.n_containers, f);
	show_set(&w->f.set, f);
}

/* ---- processes ---- */

static void random_unit_path(struct world *w, char *text)
{
	static const char *const slices[] = {"", "", "/a.slice", "/a.slice/b.slice", "/.slice", "/b"};
	static const char *const below[] = {"", "", "/a", "/a.service", "/b.service", "x"};

	strcpy(text, PICK(&w->r, slices));
	strcat(text, "/");
	near_match(&w->r, &w->units, text + strlen(text), NAME_SIZE - 40);
	strcat(text, PICK(&w->r, below));
}

static void random_cgroup(struct world *w, char *text)
{
	static const char *const below[] = {"", "", "", "/a", "/a/b", "x", "2"};
	unsigned kind = random_below(&w->r, 4);

	text[0] = 0;
	if (kind == 0 && w->units.n)
		random_unit_path(w, text);
	else if (kind == 1 && w->f.n_containers)
		snprintf(text, NAME_SIZE, "%s%s",
			 w->containers[random_below(&w->r, w->f.n_containers)].cgroup, PICK(&w->r, below));
	else
		random_path(&w->r, &w->cgroups, text);
	normalise(text);
}

void random_process(struct world *w, struct process *p)
{
	static const uint32_t uids[] = {0,    1,    32,	  33,	       34,	    999,
					1000, 1001, 1002, 4294967293u, 4294967294u, 4294967295u};
	static const char *const helpers[] = {"/lib/systemd/systemd-executor",
					      "/usr/lib/systemd/systemd-executor",
					      "/usr/lib/systemd/systemd-executor2"};

	random_cgroup(w, p->cgroup);
	random_path(&w->r, &w->exes, p->exe);
	if (random_chance(&w->r, 3))
		strcpy(p->exe, PICK(&w->r, helpers));
	else if (!strcmp(p->exe, "/")) /* no executable is a directory */
		strcpy(p->exe, "/a");
	p->acting = (struct acting){
		.cgroup = p->cgroup,
		.exe = random_chance(&w->r, 15) ? NULL : p->exe,
		.uid = PICK(&w->r, uids),
		.executed = random_chance(&w->r, 75),
		.owner = random_chance(&w->r, 50),
	};
}

/* ---- names ---- */

static size_t random_unix_name(struct world *w, uint8_t *name)
{
	char text[NAME_SIZE];

	name[0] = PV_FAM_UNIX;
	if (random_chance(&w->r, 5))
		return 1;
	near_match(&w->r, &w->sockets, text, sizeof(text) - 1);
	if (text[0] != '/' && text[0] != '@') {
		memmove(text + 1, text, strlen(text) + 1);
		text[0] = random_chance(&w->r, 50) ? '/' : '@';
	}
	/* No socket is the root directory. */
	if (!strcmp(text, "/"))
		strcpy(text, "/a");
	memcpy(name + 1, text, strlen(text));
	return 1 + strlen(text);
}

/* An address in, or just outside of, a block. */
static void near_address(struct world *w, unsigned family, uint8_t *address)
{
	const struct policy_cidr *c = w->n_blocks ? w->blocks[random_below(&w->r, w->n_blocks)] : NULL;
	unsigned size = family == PV_FAM_INET ? 4 : 16;

	for (unsigned i = 0; i < size; i++)
		address[i] = random_chance(&w->r, 50) ? 0 : random_below(&w->r, 256);
	if (!c || c->family != family)
		return;
	for (unsigned bit = 0; bit < c->bits; bit++) {
		unsigned mask = 0x80 >> bit % 8;

		address[bit / 8] = (address[bit / 8] & ~mask) | (c->addr[bit / 8] & mask);
	}
	if (c->bits && random_chance(&w->r, 40)) {
		unsigned bit = random_chance(&w->r, 60) ? c->bits - 1u : random_below(&w->r, c->bits);

		address[bit / 8] ^= 0x80 >> bit % 8;
	}
}

size_t random_socket(struct world *w, uint8_t *name, uint32_t *accesses)
{
	static const uint8_t protocols[] = {PV_PROTO_TCP,  PV_PROTO_TCP, PV_PROTO_UDP,
					    PV_PROTO_SCTP, PV_PROTO_RAW, PV_PROTO_ICMP};
	static const uint8_t families[] = {AF_NETLINK, AF_PACKET, AF_VSOCK, 255};
	unsigned kind = random_below(&w->r, 10), size = kind % 2 ? 4 : 16;
	uint16_t port;

	*accesses = ADDRESSES_ALL;
	if (kind > 5)
		return random_unix_name(w, name);
	name[0] = kind % 2 ? PV_FAM_INET : PV_FAM_INET6;
	name[1] = PICK(&w->r, protocols);
	if (random_chance(&w->r, 30)) {
		*accesses = ACCESS(SOCKET);
		if (random_chance(&w->r, 30)) {
			name[0] = PV_FAM_OTHER;
			name[1] = PICK(&w->r, families);
		}
		return 2;
	}
	near_address(w, name[0], name + 2);
	port = w->n_ports ? w->ports[random_below(&w->r, w->n_ports)] + random_below(&w->r, 3) - 1 : 80;
	if (random_chance(&w->r, 20))
		port = random_below(&w->r, 65536);
	name[2 + size] = port >> 8;
	name[3 + size] = port & 255;
	return 2 + size + 2;
}
