/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The oracle (see oracle.h): patterns are expanded and matched by trying everything, rules are asked
 * one by one, policies one after the other. Slow and obvious; written from the language's definition.
 */
#include "oracle.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* ---- random numbers ---- */

uint64_t random_seed(uint64_t own)
{
	const char *text = getenv("PAVISE_SEED");

	return text ? strtoull(text, NULL, 0) : own;
}

/* splitmix64 */
static uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t random_below(struct random *r, uint32_t n)
{
	return (random_next(r) >> 32) * n >> 32;
}

bool random_chance(struct random *r, unsigned percent)
{
	return random_below(r, 100) < percent;
}

/* ---- building ---- */

/* One more element, zeroed, at the end of an array. */
static void *append(void *array, size_t *n, size_t size)
{
	void **p = array;
	char *grown;

	/* Powers of two are the times to grow. */
	if (!(*n & (*n - 1))) {
		grown = reallocarray(*p, *n ? *n * 2 : 1, size);
		assert_non_null(grown);
		*p = grown;
	}
	grown = (char *)*p + size * (*n)++;
	memset(grown, 0, size);
	return grown;
}

static char *copy(const char *text)
{
	char *p = strdup(text);

	assert_non_null(p);
	return p;
}

struct policy *build_policy(struct policy_set *set, const char *name, enum policy_mode mode)
{
	struct policy *p = append(&set->policies, &set->n_policies, sizeof(*p));

	p->name = copy(name);
	p->file = copy("test.yaml");
	p->mode = mode;
	return p;
}

void build_subject(struct policy *p, const char *cgroup)
{
	struct policy_subject *s = append(&p->subjects, &p->n_subjects, sizeof(*s));

	s->cgroup.text = copy(cgroup);
}

void build_section(struct policy *p, enum policy_section section, enum policy_effect fallback)
{
	p->sections[section].present = true;
	p->sections[section].fallback = fallback;
	p->sections[section].line = 100 + section;
}

struct policy_rule *build_rule(struct policy *p, enum policy_section section, enum policy_effect effect,
			       uint32_t access)
{
	struct policy_rules *rules = &p->sections[section];
	struct policy_rule *rule = append(&rules->rules, &rules->n_rules, sizeof(*rule));

	rules->present = true;
	rule->section = section;
	rule->effect = effect;
	rule->access = access;
	rule->index = rules->n_rules - 1;
	rule->line = 1000 * section + rules->n_rules;
	return rule;
}

void build_pattern(struct policy_rule *rule, const char *text)
{
	struct policy_pattern *p = append(&rule->patterns.at, &rule->patterns.n, sizeof(*p));

	p->text = copy(text);
	p->line = rule->line;
}

void build_cidr(struct policy_rule *rule, unsigned family, const char *address, unsigned bits)
{
	struct policy_cidr *c = append(&rule->cidrs.at, &rule->cidrs.n, sizeof(*c));
	char text[80];

	c->family = family;
	c->bits = bits;
	assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, address, c->addr), 1);
	snprintf(text, sizeof(text), "%s/%u", address, bits);
	c->text = copy(text);
}

void build_ports(struct policy_rule *rule, uint16_t first, uint16_t last)
{
	struct policy_ports *p = append(&rule->ports, &rule->n_ports, sizeof(*p));

	p->first = first;
	p->last = last;
}

void build_protocol(struct policy_rule *rule, uint8_t protocol)
{
	*(uint8_t *)append(&rule->protocols, &rule->n_protocols, 1) = protocol;
}

void build_family(struct policy_rule *rule, uint8_t family)
{
	*(uint8_t *)append(&rule->families, &rule->n_families, 1) = family;
}

struct policy_rule *build_path_rule(struct policy *p, enum policy_section section, enum policy_effect effect,
				    uint32_t access, const char *pattern)
{
	struct policy_rule *rule = build_rule(p, section, effect, access);

	build_pattern(rule, pattern);
	return rule;
}

struct image *build_image(const struct policy_set *set, bool monitor_all, struct profiles *profiles)
{
	struct compile_options options = {.generation = 1, .monitor_all = monitor_all};
	struct diags d = {0};
	struct image *image = NULL;
	int ret = policy_compile(set, &options, profiles, &image, &d);

	if (!ret)
		ret = image_validate(image->blocks, image->n_blocks, &d);
	diags_print(&d, stderr);
	diags_free(&d);
	assert_int_equal(ret, 0);
	return image;
}

void fixture_compile(struct fixture *f, bool monitor_all)
{
	profiles_init(&f->profiles);
	f->image = build_image(&f->set, monitor_all, &f->profiles);
}

void fixture_free(struct fixture *f)
{
	image_free(f->image);
	profiles_free(&f->profiles);
	policy_set_free(&f->set);
}

const struct pv_image_head *image_head(const struct image *image)
{
	return (const struct pv_image_head *)image->blocks;
}

/* ---- patterns ---- */

#define BORDER '\1' /* between pieces of an expansion, so that "*{*}" does not become "**" */

#define UNITS_MAX 64

enum what { BYTE, MEMBER, ANY_CHARACTER, STAR, STARS };

struct unit {
	enum what what;
	bool member[256]; /* single bytes that it matches */
};

struct sequence {
	struct unit units[UNITS_MAX];
	size_t n;
};

/* Bytes of the multi-byte sequence that starts here, or 0. */
static size_t sequence_length(const uint8_t *p, size_t left)
{
	size_t n = *p >= 0xc2 && *p <= 0xdf   ? 2
		   : *p >= 0xe0 && *p <= 0xef ? 3
		   : *p >= 0xf0 && *p <= 0xf4 ? 4
					      : 0;

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	}
	return n;
}

static bool is_slash(const struct sequence *s, size_t i)
{
	return i < s->n && s->units[i].what == BYTE && s->units[i].member['/'];
}

static bool match_units(const struct sequence *s, size_t i, const uint8_t *name, size_t left)
{
	const struct unit *u = &s->units[i];
	size_t n;

	if (i == s->n)
		return !left;
	if (u->what == STAR || u->what == STARS) {
		if (u->what == STARS && i && is_slash(s, i - 1) && is_slash(s, i + 1) &&
		    match_units(s, i + 2, name, left))
			return true;
		for (size_t run = 0;; run++) {
			if (match_units(s, i + 1, name + run, left - run))
				return true;
			if (run == left || (u->what == STAR && name[run] == '/'))
				return false;
		}
	}
	if (!left)
		return false;
	n = sequence_length(name, left);
	if (u->what == ANY_CHARACTER && n && match_units(s, i + 1, name + n, left - n))
		return true;
	return u->member[*name] && match_units(s, i + 1, name + 1, left - 1);
}

static const char *read_class(const char *p, struct unit *u)
{
	bool negated = p[1] == '!';

	u->what = negated ? ANY_CHARACTER : MEMBER;
	for (p += 1 + negated; *p != ']'; p++) {
		uint8_t first, last;

		p += *p == '\\';
		first = last = *p;
		if (p[1] == '-' && p[2] != ']') {
			p += 2;
			p += *p == '\\';
			last = *p;
		}
		for (unsigned b = first; b <= last; b++)
			u->member[b] = true;
	}
	for (unsigned b = 0; negated && b < 256; b++)
		u->member[b] = !u->member[b];
	u->member['/'] = false;
	return p;
}

/* The end of the alternative that starts at p: its ',' or '}'. */
static const char *alternative_end(const char *p)
{
	for (unsigned level = 0; level || (*p != ',' && *p != '}'); p++) {
		if (*p == '\\')
			p++;
		else if (*p == '[')
			p = read_class(p, &(struct unit){0});
		else
			level += *p == '{' ? 1 : *p == '}' ? -1 : 0;
	}
	return p;
}

static bool match_text(const char *p, struct sequence *s, const uint8_t *name, size_t length);

static bool match_alternatives(const char *p, struct sequence *s, const uint8_t *name, size_t length)
{
	const char *close = p;
	char text[4096];

	do
		close = alternative_end(close + 1);
	while (*close == ',');
	do {
		const char *end = alternative_end(p + 1);
		struct sequence *copied = malloc(sizeof(*s));
		bool matched;

		memcpy(copied, s, sizeof(*s));
		snprintf(text, sizeof(text), "%c%.*s%c%s", BORDER, (int)(end - p - 1), p + 1, BORDER,
			 close + 1);
		matched = match_text(text, copied, name, length);
		free(copied);
		if (matched)
			return true;
		p = end;
	} while (p != close);
	return false;
}

/* Turn text into units behind those of `s`, and match the name with each way to do that. */
static bool match_text(const char *p, struct sequence *s, const uint8_t *name, size_t length)
{
	bool wild = false;

	for (; *p; p++) {
		struct unit *u = &s->units[s->n];

		if (*p == BORDER)
			continue;
		if (*p == '{')
			return match_alternatives(p, s, name, length);
		assert_true(s->n < UNITS_MAX);
		memset(u, 0, sizeof(*u));
		s->n++;
		if (*p == '*') {
			u->what = p[1] == '*' ? STARS : STAR;
			p += p[1] == '*';
		} else if (*p == '?') {
			u->what = ANY_CHARACTER;
			memset(u->member + 1, true, 255);
			u->member['/'] = false;
		} else if (*p == '[') {
			p = read_class(p, u);
		} else {
			p += *p == '\\';
			u->member[(uint8_t)*p] = true;
		}
	}
	for (size_t i = 0; i < s->n; i++)
		wild |= s->units[i].what == STAR || s->units[i].what == STARS;
	/* The root has no name, so there is nothing that a wildcard could stand for. */
	if (length == 1 && *name == '/' && wild)
		return false;
	return match_units(s, 0, name, length);
}

bool oracle_matches(const char *pattern, const void *name, size_t length)
{
	struct sequence *s = calloc(1, sizeof(*s));
	bool matched = match_text(pattern, s, name, length);

	free(s);
	return matched;
}

static bool subject_is(const struct policy_subject *s, const char *path, size_t length)
{
	if (s->cgroup_literal)
		return strlen(s->cgroup.text) == length && !memcmp(s->cgroup.text, path, length);
	return oracle_matches(s->cgroup.text, path, length);
}

bool oracle_governs(const struct policy *p, const char *cgroup)
{
	for (size_t i = 0; i < p->n_subjects; i++) {
		size_t length = strlen(cgroup);

		/* The cgroup, then its ancestors, the last of which is the root. */
		if (subject_is(&p->subjects[i], cgroup, length) || subject_is(&p->subjects[i], "/", 1))
			return true;
		while (--length > 0) {
			if (cgroup[length] == '/' && subject_is(&p->subjects[i], cgroup, length))
				return true;
		}
	}
	return false;
}

/* ---- rules ---- */

/* What is asked: a path, or a socket name. */
struct question {
	const char *path;
	const uint8_t *name;
	size_t length;
	unsigned access;
};

/* How a rule answers: not at all, as one that is only implied, or outright. */
enum answer { SILENT, IMPLIED, SPEAKS };

static enum answer ask_path(const struct policy_rule *rule, const struct question *q, const char **match)
{
	for (size_t i = 0; i < rule->patterns.n; i++) {
		if (oracle_matches(rule->patterns.at[i].text, q->path, strlen(q->path))) {
			*match = rule->patterns.at[i].text;
			return SPEAKS;
		}
	}
	return SILENT;
}

static bool lists(const uint8_t *list, size_t n, unsigned value)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == value)
			return true;
	}
	return !n;
}

static bool in_block(const struct policy_cidr *c, unsigned family, const uint8_t *address)
{
	if (c->family != family)
		return false;
	for (unsigned bit = 0; bit < c->bits; bit++) {
		if ((c->addr[bit / 8] ^ address[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	}
	return true;
}

/* An allow rule for addresses is about raw sockets only where it says so. */
static bool covers_protocol(const struct policy_rule *rule, unsigned protocol, bool outright)
{
	if (!rule->n_protocols && protocol == PV_PROTO_RAW)
		return outright || rule->effect == EFFECT_DENY;
	return lists(rule->protocols, rule->n_protocols, protocol);
}

static enum answer ask_address(const struct policy_rule *rule, const struct question *q, const char **match)
{
	unsigned family = q->name[0], size = family == PV_FAM_INET ? 4 : 16, port;
	bool port_matches = !rule->n_ports;

	if (!(rule->access & 1u << q->access) || family == PV_FAM_OTHER || q->length != 2 + size + 2)
		return SILENT;
	if (!lists(rule->families, rule->n_families, family == PV_FAM_INET ? AF_INET : AF_INET6) ||
	    !covers_protocol(rule, q->name[1], false))
		return SILENT;
	port = q->name[2 + size] << 8 | q->name[3 + size];
	for (size_t i = 0; i < rule->n_ports; i++)
		port_matches |= port >= rule->ports[i].first && port <= rule->ports[i].last;
	if (!port_matches)
		return SILENT;
	if (!rule->cidrs.n)
		return SPEAKS;
	for (size_t i = 0; i < rule->cidrs.n; i++) {
		if (in_block(&rule->cidrs.at[i], family, q->name + 2)) {
			*match = rule->cidrs.at[i].text;
			return SPEAKS;
		}
	}
	return SILENT;
}

static enum answer ask_socket(const struct policy_rule *rule, const struct question *q)
{
	bool outright = rule->access & ACCESS(SOCKET), family_matches = !rule->cidrs.n;
	unsigned family = q->name[0];

	if (!outright && (rule->effect == EFFECT_DENY || !(rule->access & ADDRESSES_ALL)))
		return SILENT;
	if (q->length != 2)
		return SILENT;
	if (family == PV_FAM_OTHER) {
		if (!outright || rule->n_protocols || (rule->cidrs.n && !rule->n_families))
			return SILENT;
		return lists(rule->families, rule->n_families, q->name[1]) ? SPEAKS : SILENT;
	}
	for (size_t i = 0; i < rule->cidrs.n; i++)
		family_matches |= rule->cidrs.at[i].family == family;
	if (!family_matches || !covers_protocol(rule, q->name[1], outright) ||
	    !lists(rule->families, rule->n_families, family == PV_FAM_INET ? AF_INET : AF_INET6))
		return SILENT;
	return outright ? SPEAKS : IMPLIED;
}

static enum answer ask(const struct policy_rule *rule, enum policy_section section, const struct question *q,
		       const char **match)
{
	*match = NULL;
	if (section == SECTION_EXEC)
		return ask_path(rule, q, match);
	if (section == SECTION_FILES)
		return rule->access & 1u << q->access ? ask_path(rule, q, match) : SILENT;
	return q->access == PV_ACC_SOCKET ? ask_socket(rule, q) : ask_address(rule, q, match);
}

/* The rule of one effect that speaks; of those that permit, one that reports comes first. */
static bool find_rule(const struct policy *p, enum policy_section section, enum policy_effect effect,
		      const struct question *q, struct expected *e)
{
	const struct policy_rules *rules = &p->sections[section];
	bool found = false;

	for (size_t i = 0; rules->present && i < rules->n_rules; i++) {
		const struct policy_rule *rule = &rules->rules[i];
		const char *match;
		enum answer answer = rule->effect == effect ? ask(rule, section, q, &match) : SILENT;
		bool reports = rule->audit && answer == SPEAKS && effect == EFFECT_ALLOW;

		if (answer == SILENT || (found && !(reports && !e->audit)))
			continue;
		*e = (struct expected){
			.verdict = effect == EFFECT_DENY ? PV_DENY : PV_ALLOW,
			.audit = reports,
			.policy = p,
			.rule = rule,
			.section = section,
			.reason = effect == EFFECT_DENY ? REASON_EXPLICIT_DENY : REASON_EXPLICIT_ALLOW,
			.match = match,
		};
		found = true;
	}
	return found;
}

static bool denied_by_default(const struct policy *p, enum policy_section section, struct expected *e)
{
	if (!p->sections[section].present || p->sections[section].fallback != EFFECT_DENY)
		return false;
	*e = (struct expected){
		.verdict = PV_DENY, .policy = p, .section = section, .reason = REASON_DEFAULT_DENY};
	return true;
}

static struct expected ask_section(const struct policy *p, enum policy_section section,
				   const struct question *q)
{
	struct expected e = {.verdict = PV_ALLOW};

	if (find_rule(p, section, EFFECT_DENY, q, &e) || find_rule(p, section, EFFECT_ALLOW, q, &e))
		return e;
	denied_by_default(p, section, &e);
	return e;
}

static struct expected ask_map(const struct policy *p, const struct question *q)
{
	struct expected e = {.verdict = PV_ALLOW};

	if (find_rule(p, SECTION_FILES, EFFECT_DENY, q, &e) ||
	    find_rule(p, SECTION_EXEC, EFFECT_DENY, q, &e) ||
	    find_rule(p, SECTION_FILES, EFFECT_ALLOW, q, &e) ||
	    find_rule(p, SECTION_EXEC, EFFECT_ALLOW, q, &e))
		return e;
	if (!denied_by_default(p, SECTION_EXEC, &e))
		denied_by_default(p, SECTION_FILES, &e);
	return e;
}

static struct expected ask_policy(const struct policy *p, const struct question *q)
{
	struct question map = *q;
	struct expected e, m;

	if (q->access == PV_ACC_MAP)
		return ask_map(p, q);
	if (q->access != PV_ACC_EXEC)
		return ask_section(p, q->access < PV_ACC_EXEC ? SECTION_FILES : SECTION_NETWORK, q);
	map.access = PV_ACC_MAP;
	e = ask_section(p, SECTION_EXEC, q);
	m = ask_map(p, &map);
	return e.verdict == PV_ALLOW && m.verdict == PV_DENY ? m : e;
}

static struct expected ask_all(const struct policy *const *policies, size_t n, bool monitor_all,
			       const struct question *q)
{
	struct expected best = {.verdict = PV_ALLOW};
	int best_weight = 0;

	for (size_t i = 0; i < n; i++) {
		struct expected e = ask_policy(policies[i], q);
		int weight = e.audit ? 1 : 0;

		if (e.verdict == PV_DENY && (monitor_all || policies[i]->mode == MODE_MONITOR))
			e.verdict = PV_WOULD_DENY;
		weight = e.verdict == PV_DENY ? 3 : e.verdict == PV_WOULD_DENY ? 2 : weight;
		/* The first in the order of names among those of equal weight. */
		if (weight > best_weight ||
		    (weight && weight == best_weight && strcmp(policies[i]->name, best.policy->name) < 0)) {
			best = e;
			best_weight = weight;
		}
	}
	return best;
}

struct expected oracle_path(const struct policy *const *policies, size_t n, bool monitor_all,
			    const char *path, unsigned access)
{
	struct question q = {.path = path, .access = access};

	return ask_all(policies, n, monitor_all, &q);
}

struct expected oracle_net(const struct policy *const *policies, size_t n, bool monitor_all,
			   const uint8_t *name, size_t length, unsigned access)
{
	struct question q = {.name = name, .length = length, .access = access};

	return ask_all(policies, n, monitor_all, &q);
}

/* ---- comparison ---- */

static const char *shown(const char *text)
{
	return text ? text : "-";
}

bool oracle_agrees(const struct image *image, uint32_t cell, const struct expected *e, bool monitor_all,
		   char *text, size_t size)
{
	static const char *const sections[] = {"files", "exec", "network"};
	const struct decision *d = image_decision(image, cell);
	char rule[32] = "-";
	bool monitor = e->policy && (monitor_all || e->policy->mode == MODE_MONITOR);

	if (e->rule)
		snprintf(rule, sizeof(rule), "%s[%u]", sections[e->section], e->rule->index);
	snprintf(text, size, "cell %#x, expected verdict %d audit %d %s %s %s %s", cell, e->verdict, e->audit,
		 e->policy ? e->policy->name : "-", rule, decision_reason_name(e->reason), shown(e->match));
	if (!d || PV_CELL_VERDICT(cell) != e->verdict || !!(cell & PV_CELL_AUDIT) != e->audit)
		return false;
	if (!e->policy)
		return !PV_CELL_DECISION(cell) && !d->policy;
	if (!PV_CELL_DECISION(cell))
		return false;
	snprintf(text + strlen(text), size - strlen(text), ", is %s %s %s %s", d->policy, shown(d->rule),
		 decision_reason_name(d->reason), shown(d->match));
	return !strcmp(d->policy, e->policy->name) && !strcmp(shown(d->rule), rule) &&
	       d->reason == e->reason && d->section == e->section &&
	       !strcmp(shown(d->match), shown(e->match)) &&
	       d->mode == (monitor ? MODE_MONITOR : MODE_ENFORCE) &&
	       d->line == (e->rule ? e->rule->line : e->policy->sections[e->section].line);
}
