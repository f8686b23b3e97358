/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The oracle (see oracle.h): what a policy set means, written from the language's definition.
 *
 * Slow and obvious: patterns are expanded and matched by trying everything, subjects' entries and
 * rules are asked one by one, policies one after the other. Nothing is shared with the compiler but
 * the model that both read. It takes for granted what the front end lets through.
 */
#include "policies.c"

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
	bool path; /* names are paths, of which one is the root */
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
	if (s->path && length == 1 && *name == '/' && wild)
		return false;
	return match_units(s, 0, name, length);
}

static bool matches_kind(const char *pattern, const void *name, size_t length, bool path)
{
	struct sequence *s = calloc(1, sizeof(*s));
	bool matched;

	s->path = path;
	matched = match_text(pattern, s, name, length);
	free(s);
	return matched;
}

bool oracle_matches(const char *pattern, const void *name, size_t length)
{
	return matches_kind(pattern, name, length, true);
}

bool oracle_matches_name(const char *pattern, const void *name, size_t length)
{
	return matches_kind(pattern, name, length, false);
}

/* ---- subjects ---- */

/* The path of a cgroup is `above` or lies below it. */
static bool is_below(const char *cgroup, const char *above)
{
	size_t n = strlen(above);

	if (!strcmp(above, "/"))
		return true;
	return !strncmp(cgroup, above, n) && (!cgroup[n] || cgroup[n] == '/');
}

static bool in_cgroup(const struct policy_subject *s, const char *cgroup)
{
	if (s->cgroup_literal)
		return is_below(cgroup, s->cgroup.text);
	/* The cgroup, then its ancestors, the last of which is the root. */
	for (size_t length = strlen(cgroup); length > 0; length--) {
		bool whole = !cgroup[length] || cgroup[length] == '/';

		if (whole && oracle_matches(s->cgroup.text, cgroup, length))
			return true;
	}
	return oracle_matches(s->cgroup.text, "/", 1);
}

/* The unit is the first component that is no slice. */
static bool in_unit(const char *pattern, const char *cgroup)
{
	while (*cgroup == '/') {
		size_t length = strcspn(++cgroup, "/");

		if (!length)
			return false;
		if (length < 6 || memcmp(cgroup + length - 6, ".slice", 6))
			return oracle_matches_name(pattern, cgroup, length);
		cgroup += length;
	}
	return false;
}

static bool fact_is(const struct policy_pattern *wanted, const char *fact)
{
	return !wanted->text || (fact && oracle_matches_name(wanted->text, fact, strlen(fact)));
}

static bool container_is(const struct policy_subject *s, const struct policy_container *c)
{
	if (!fact_is(&s->container_name, c->name) || !fact_is(&s->container_image, c->image))
		return false;
	for (size_t i = 0; i < s->n_labels; i++) {
		bool found = false;

		for (size_t j = 0; j < c->n_labels; j++)
			found |= !strcmp(c->labels[j * 2], s->labels[i].key) &&
				 fact_is(&s->labels[i].value, c->labels[j * 2 + 1]);
		if (!found)
			return false;
	}
	return true;
}

static bool exe_is(const char *pattern, const char *exe)
{
	return exe && oracle_matches(pattern, exe, strlen(exe));
}

/* Service managers execute this in the unit's cgroup before the unit's own program. */
static bool is_helper(const char *exe)
{
	return exe && (!strcmp(exe, "/lib/systemd/systemd-executor") ||
		       !strcmp(exe, "/usr/lib/systemd/systemd-executor"));
}

static bool entry_is(const struct policy_subject *s, const struct acting *a,
		     const struct policy_container *containers, size_t n)
{
	bool contained = false;

	for (size_t i = 0; i < n; i++)
		contained |= s->container && container_is(s, &containers[i]) &&
			     is_below(a->cgroup, containers[i].cgroup);
	if (s->container && !contained)
		return false;
	if (s->unit.text && (!in_unit(s->unit.text, a->cgroup) || is_helper(a->exe)))
		return false;
	/* The runtime's and the manager's preparations are not the subject's. */
	if ((s->container || s->unit.text) && !a->executed)
		return false;
	if (s->cgroup.text && !in_cgroup(s, a->cgroup))
		return false;
	if (s->exe.text && !exe_is(s->exe.text, a->exe))
		return false;
	return !s->user.text || (s->user_known && s->uid == a->uid);
}

bool oracle_governs(const struct policy *p, const struct acting *a, const struct policy_container *containers,
		    size_t n)
{
	for (size_t i = 0; i < p->n_subjects; i++) {
		if (entry_is(&p->subjects[i], a, containers, n))
			return true;
	}
	return false;
}

struct governing oracle_governing(const struct fixture *f, const struct acting *a)
{
	struct governing g = {.monitor_all = f->monitor_all};

	for (size_t i = 0; i < f->set.n_policies; i++) {
		if (oracle_governs(&f->set.policies[i], a, f->containers, f->n_containers))
			g.policies[g.n++] = &f->set.policies[i];
	}
	return g;
}

/* ---- rules ---- */

/* What is asked: a path, or a socket name; and by whom. */
struct question {
	const struct acting *acting;
	const char *path;
	const uint8_t *name;
	size_t length;
	unsigned access;
};

/* How a rule answers: not at all, as one that is only implied, or outright. */
enum answer { SILENT, IMPLIED, SPEAKS };

static bool any_exe(const struct policy_patterns *list, const char *exe)
{
	for (size_t i = 0; i < list->n; i++) {
		if (exe_is(list->at[i].text, exe))
			return true;
	}
	return false;
}

/* Whether the conditions that have nothing to do with the name hold. */
static bool applies(const struct policy_rule *rule, const struct acting *a)
{
	if (rule->owner && !a->owner)
		return false;
	if (rule->from.n && !any_exe(&rule->from, a->exe))
		return false;
	return !any_exe(&rule->unless_from, a->exe);
}

/* The first of a list that matches, or NULL. */
static const char *first_match(const struct policy_patterns *list, const void *name, size_t length, bool path)
{
	for (size_t i = 0; i < list->n; i++) {
		if (matches_kind(list->at[i].text, name, length, path))
			return list->at[i].text;
	}
	return NULL;
}

static enum answer ask_path(const struct policy_rule *rule, const struct question *q, const char **match)
{
	size_t length = strlen(q->path);

	*match = first_match(&rule->patterns, q->path, length, true);
	if (!*match || first_match(&rule->except, q->path, length, true))
		return SILENT;
	return SPEAKS;
}

static bool lists(const uint8_t *list, size_t n, unsigned value)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == value)
			return true;
	}
	return !n;
}

static const char *first_block(const struct policy_cidrs *list, unsigned family, const uint8_t *address)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct policy_cidr *c = &list->at[i];
		bool inside = c->family == family;

		for (unsigned bit = 0; inside && bit < c->bits; bit++)
			inside = !((c->addr[bit / 8] ^ address[bit / 8]) >> (7 - bit % 8) & 1);
		if (inside)
			return c->text;
	}
	return NULL;
}

/* An allow rule for addresses is about raw sockets only where it says so. */
static bool covers_protocol(const struct policy_rule *rule, unsigned protocol, bool outright)
{
	if (!rule->n_protocols && protocol == PV_PROTO_RAW)
		return outright || rule->effect == EFFECT_DENY;
	return lists(rule->protocols, rule->n_protocols, protocol);
}

static enum answer ask_unix(const struct policy_rule *rule, const struct question *q, const char **match)
{
	if (rule->cidrs.n || rule->n_ports || rule->n_protocols || rule->n_families)
		return SILENT;
	if (!rule->patterns.n)
		return SPEAKS;
	*match = first_match(&rule->patterns, q->name + 1, q->length - 1, false);
	if (!*match || first_match(&rule->except, q->name + 1, q->length - 1, false))
		return SILENT;
	return SPEAKS;
}

static enum answer ask_address(const struct policy_rule *rule, const struct question *q, const char **match)
{
	unsigned family = q->name[0], size = family == PV_FAM_INET ? 4 : 16, port;
	bool port_matches = !rule->n_ports;

	if (rule->patterns.n || !covers_protocol(rule, q->name[1], false))
		return SILENT;
	if (!lists(rule->families, rule->n_families, family == PV_FAM_INET ? AF_INET : AF_INET6))
		return SILENT;
	port = q->name[2 + size] << 8 | q->name[3 + size];
	for (size_t i = 0; i < rule->n_ports; i++)
		port_matches |= port >= rule->ports[i].first && port <= rule->ports[i].last;
	if (!port_matches || first_block(&rule->except_cidrs, family, q->name + 2))
		return SILENT;
	if (!rule->cidrs.n)
		return SPEAKS;
	*match = first_block(&rule->cidrs, family, q->name + 2);
	return *match ? SPEAKS : SILENT;
}

/* A new socket has no address: what a rule says of addresses is left out, but for their family. */
static enum answer ask_socket(const struct policy_rule *rule, const struct question *q)
{
	bool outright = rule->access & ACCESS(SOCKET), family_matches = !rule->cidrs.n;
	unsigned family = q->name[0];

	if (rule->patterns.n)
		return SILENT;
	if (!outright && (rule->effect == EFFECT_DENY || !(rule->access & ADDRESSES_ALL)))
		return SILENT;
	if (family == PV_FAM_OTHER) {
		if (!outright || rule->n_protocols)
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
	if (!applies(rule, q->acting))
		return SILENT;
	if (section == SECTION_EXEC)
		return ask_path(rule, q, match);
	if (section == SECTION_NETWORK && q->access == PV_ACC_SOCKET)
		return ask_socket(rule, q);
	if (!(rule->access & 1u << q->access))
		return SILENT;
	if (section == SECTION_FILES)
		return ask_path(rule, q, match);
	return q->name[0] == PV_FAM_UNIX ? ask_unix(rule, q, match) : ask_address(rule, q, match);
}

/* ---- one policy ---- */

static const char *const section_name[SECTIONS] = {"files", "exec", "network", "capabilities", "system"};

/*
 * The rule of one effect that speaks, if there is none yet: the first; but of those that deny, one that
 * kills comes first, and of those that permit, one that reports.
 */
static bool find_rule(const struct policy *p, enum policy_section section, enum policy_effect effect,
		      const struct question *q, struct expected *e, bool found)
{
	const struct policy_rules *rules = &p->sections[section];

	for (size_t i = 0; rules->present && i < rules->n_rules; i++) {
		const struct policy_rule *rule = &rules->rules[i];
		const char *match = NULL;
		enum answer answer = rule->effect == effect ? ask(rule, section, q, &match) : SILENT;
		bool reports = rule->audit && answer == SPEAKS && effect == EFFECT_ALLOW;
		bool kills = rule->kill && effect == EFFECT_DENY;

		if (answer == SILENT || (found && !(reports && !e->audit) && !(kills && !e->kill)))
			continue;
		*e = (struct expected){
			.verdict = effect == EFFECT_DENY ? PV_DENY : PV_ALLOW,
			.audit = reports,
			.kill = kills,
			.policy = p,
			.section = section,
			.line = rule->line,
			.reason = effect == EFFECT_DENY ? REASON_EXPLICIT_DENY : REASON_EXPLICIT_ALLOW,
			.match = match,
		};
		snprintf(e->rule, sizeof(e->rule), "%s[%u]", section_name[section], rule->index);
		found = true;
	}
	return found;
}

static bool denied_by_default(const struct policy *p, enum policy_section section, struct expected *e)
{
	if (!p->sections[section].present || p->sections[section].fallback != EFFECT_DENY)
		return false;
	*e = (struct expected){
		.verdict = PV_DENY,
		.policy = p,
		.section = section,
		.line = p->sections[section].line,
		.reason = REASON_DEFAULT_DENY,
	};
	return true;
}

static struct expected ask_section(const struct policy *p, enum policy_section section,
				   const struct question *q)
{
	struct expected e = {.verdict = PV_ALLOW};

	if (find_rule(p, section, EFFECT_DENY, q, &e, false) ||
	    find_rule(p, section, EFFECT_ALLOW, q, &e, false))
		return e;
	denied_by_default(p, section, &e);
	return e;
}

static struct expected ask_map(const struct policy *p, const struct question *q)
{
	struct expected e = {.verdict = PV_ALLOW};
	bool denied = find_rule(p, SECTION_FILES, EFFECT_DENY, q, &e, false);

	denied = find_rule(p, SECTION_EXEC, EFFECT_DENY, q, &e, denied);
	if (denied || find_rule(p, SECTION_FILES, EFFECT_ALLOW, q, &e, false) ||
	    find_rule(p, SECTION_EXEC, EFFECT_ALLOW, q, &e, false))
		return e;
	if (!denied_by_default(p, SECTION_EXEC, &e))
		denied_by_default(p, SECTION_FILES, &e);
	return e;
}

static struct expected ask_exec(const struct policy *p, const struct question *q)
{
	struct expected e = ask_section(p, SECTION_EXEC, q), m;
	struct question map = *q;

	map.access = PV_ACC_MAP;
	m = ask_map(p, &map);
	return m.verdict == PV_DENY && (e.verdict == PV_ALLOW || (m.kill && !e.kill)) ? m : e;
}

static struct expected ask_choice(const struct policy *p, enum policy_section section,
				  const struct policy_choice *choice, const char *name)
{
	struct expected e = {.verdict = PV_ALLOW, .policy = p, .section = section, .line = choice->line};

	if (!p->sections[section].present)
		return e;
	if (!choice->present) {
		denied_by_default(p, section, &e);
		return e;
	}
	e.verdict = choice->effect == EFFECT_DENY ? PV_DENY : PV_ALLOW;
	e.reason = choice->effect == EFFECT_DENY ? REASON_EXPLICIT_DENY : REASON_EXPLICIT_ALLOW;
	e.match = name;
	snprintf(e.rule, sizeof(e.rule), "%s.%s", section_name[section], name);
	return e;
}

/* Does it matter to the policy what file stands under a name? */
static bool minds_names(const struct policy *p)
{
	const struct policy_rules *files = &p->sections[SECTION_FILES], *exec = &p->sections[SECTION_EXEC];
	bool shut = (files->present && files->fallback == EFFECT_DENY) ||
		    (exec->present && exec->fallback == EFFECT_DENY);

	for (size_t i = 0; files->present && i < files->n_rules; i++) {
		if (shut || files->rules[i].effect == EFFECT_DENY)
			return true;
	}
	for (size_t i = 0; exec->present && i < exec->n_rules; i++) {
		if (shut || exec->rules[i].effect == EFFECT_DENY)
			return true;
	}
	return false;
}

/* A mount gives names another meaning: a policy that minds must say that it permits this. */
static struct expected ask_mount(const struct policy *p, struct expected e)
{
	bool files = p->sections[SECTION_FILES].present && p->sections[SECTION_FILES].n_rules;

	if (p->system[0].present || e.verdict == PV_DENY || !minds_names(p))
		return e;
	e = (struct expected){.verdict = PV_DENY, .policy = p, .reason = REASON_MOVES_NAMES};
	e.section = files ? SECTION_FILES : SECTION_EXEC;
	e.line = p->sections[e.section].line;
	return e;
}

/* What is the agent's is denied by who does not say otherwise. */
static struct expected ask_agent(const struct policy *p, struct expected e)
{
	if (p->system[PV_ACC_AGENT - PV_ACC_MOUNT].present)
		return e;
	e = (struct expected){.verdict = PV_DENY, .policy = p, .reason = REASON_DEFAULT_DENY};
	e.section = SECTION_SYSTEM;
	e.line = p->sections[SECTION_SYSTEM].line;
	return e;
}

static struct expected ask_undecidable(const struct policy *p, bool net)
{
	struct expected e = {.verdict = PV_ALLOW, .policy = p, .reason = REASON_NOT_DECIDABLE};

	e.section = net ? SECTION_NETWORK : p->sections[SECTION_FILES].present ? SECTION_FILES : SECTION_EXEC;
	if (!p->sections[e.section].present)
		return e;
	if (p->allow_on_error)
		e.audit = true;
	else
		e.verdict = PV_DENY;
	return e;
}

/* ---- several policies ---- */

/* Take what a policy says into account: what weighs more, of equals the first policy by name. */
static void weigh(const struct governing *g, struct expected *best, struct expected e)
{
	static const int weights[] = {[PV_ALLOW] = 0, [PV_WOULD_DENY] = 2, [PV_DENY] = 4};
	int weight, best_weight = weights[best->verdict] + best->kill + best->audit;

	if (e.verdict == PV_DENY && (g->monitor_all || e.policy->mode == MODE_MONITOR))
		e.verdict = PV_WOULD_DENY;
	weight = weights[e.verdict] + e.kill + e.audit;
	if (!weight)
		return;
	if (weight > best_weight || (weight == best_weight && strcmp(e.policy->name, best->policy->name) < 0))
		*best = e;
}

struct expected oracle_path(const struct governing *g, const struct acting *a, const char *path,
			    unsigned access)
{
	struct question q = {.acting = a, .path = path, .access = access};
	struct expected best = {.verdict = PV_ALLOW};

	for (size_t i = 0; i < g->n; i++) {
		const struct policy *p = g->policies[i];

		weigh(g, &best,
		      access == PV_ACC_EXEC  ? ask_exec(p, &q)
		      : access == PV_ACC_MAP ? ask_map(p, &q)
					     : ask_section(p, SECTION_FILES, &q));
	}
	return best;
}

struct expected oracle_net(const struct governing *g, const struct acting *a, const uint8_t *name,
			   size_t length, unsigned access)
{
	struct question q = {.acting = a, .name = name, .length = length, .access = access};
	struct expected best = {.verdict = PV_ALLOW};

	for (size_t i = 0; i < g->n; i++)
		weigh(g, &best, ask_section(g->policies[i], SECTION_NETWORK, &q));
	return best;
}

struct expected oracle_system(const struct governing *g, unsigned access)
{
	static const char *const names[] = {
		"mount",	  "ptrace",   "bpf",	"modules", "user-namespaces",
		"anonymous-exec", "io-uring", "signal", "perf",	   "agent"};
	unsigned number = access - PV_ACC_MOUNT;
	struct expected best = {.verdict = PV_ALLOW};

	for (size_t i = 0; i < g->n; i++) {
		struct expected e = ask_choice(g->policies[i], SECTION_SYSTEM,
					       &g->policies[i]->system[number], names[number]);

		if (access == PV_ACC_MOUNT)
			e = ask_mount(g->policies[i], e);
		if (access == PV_ACC_AGENT)
			e = ask_agent(g->policies[i], e);
		weigh(g, &best, e);
	}
	return best;
}

struct expected oracle_capability(const struct governing *g, unsigned capability)
{
	/* In the order of linux/capability.h. */
	static const char *const names[POLICY_CAPABILITIES] = {"chown",
							       "dac_override",
							       "dac_read_search",
							       "fowner",
							       "fsetid",
							       "kill",
							       "setgid",
							       "setuid",
							       "setpcap",
							       "linux_immutable",
							       "net_bind_service",
							       "net_broadcast",
							       "net_admin",
							       "net_raw",
							       "ipc_lock",
							       "ipc_owner",
							       "sys_module",
							       "sys_rawio",
							       "sys_chroot",
							       "sys_ptrace",
							       "sys_pacct",
							       "sys_admin",
							       "sys_boot",
							       "sys_nice",
							       "sys_resource",
							       "sys_time",
							       "sys_tty_config",
							       "mknod",
							       "lease",
							       "audit_write",
							       "audit_control",
							       "setfcap",
							       "mac_override",
							       "mac_admin",
							       "syslog",
							       "wake_alarm",
							       "block_suspend",
							       "audit_read",
							       "perfmon",
							       "bpf",
							       "checkpoint_restore"};
	struct expected best = {.verdict = PV_ALLOW};

	for (size_t i = 0; i < g->n; i++)
		weigh(g, &best,
		      ask_choice(g->policies[i], SECTION_CAPABILITIES,
				 &g->policies[i]->capabilities[capability], names[capability]));
	return best;
}

struct expected oracle_undecidable(const struct governing *g, bool net)
{
	struct expected best = {.verdict = PV_ALLOW};

	for (size_t i = 0; i < g->n; i++)
		weigh(g, &best, ask_undecidable(g->policies[i], net));
	return best;
}

/* ---- comparison ---- */

static const char *shown(const char *text)
{
	return text && *text ? text : "-";
}

static bool same_decision(const struct decision *d, const struct expected *e, bool monitor_all)
{
	bool monitor = monitor_all || e->policy->mode == MODE_MONITOR;

	return !strcmp(shown(d->policy), e->policy->name) && !strcmp(shown(d->rule), shown(e->rule)) &&
	       d->reason == e->reason && d->section == e->section && d->kill == e->kill &&
	       !strcmp(shown(d->match), shown(e->match)) && d->line == e->line &&
	       d->mode == (monitor ? MODE_MONITOR : MODE_ENFORCE);
}

bool oracle_agrees(const struct image *image, uint32_t cell, const struct expected *e, bool monitor_all,
		   char *text, size_t size)
{
	const struct decision *d = image_decision(image, cell);
	bool decided = e->verdict != PV_ALLOW || e->audit;

	if (d && PV_CELL_VERDICT(cell) == e->verdict && !!(cell & PV_CELL_AUDIT) == e->audit &&
	    !!(cell & PV_CELL_KILL) == e->kill && !!PV_CELL_DECISION(cell) == decided &&
	    (!decided || same_decision(d, e, monitor_all)))
		return true;
	snprintf(text, size,
		 "cell %#x: expected verdict %d audit %d kill %d %s %s (line %u) %s %s, got %s %s (line %u) "
		 "%s %s kill %d mode %d",
		 cell, e->verdict, e->audit, e->kill, e->policy ? e->policy->name : "-", shown(e->rule),
		 e->line, decision_reason_name(e->reason), shown(e->match), d ? shown(d->policy) : "?",
		 d ? shown(d->rule) : "?", d ? d->line : 0, d ? decision_reason_name(d->reason) : "?",
		 d ? shown(d->match) : "?", d ? d->kill : 0, d ? (int)d->mode : 0);
	return false;
}

/* ---- asking an image ---- */

struct image_context acting_context(const struct image *image, const struct acting *a)
{
	return (struct image_context){
		.exe = image_exe(image, a->exe),
		.uid = a->uid,
		.executed = a->executed,
		.owner = a->owner,
	};
}

uint32_t ask_profile(const struct image *image, const struct acting *a)
{
	struct image_context context = acting_context(image, a);

	return image_profile(image, a->cgroup, &context);
}

uint32_t ask_path_cell(const struct image *image, uint32_t profile, const struct acting *a, const char *path,
		       unsigned access)
{
	struct image_context context = acting_context(image, a);

	return image_path_cell(image, profile, path, access, &context);
}

uint32_t ask_net_cell(const struct image *image, uint32_t profile, const struct acting *a,
		      const uint8_t *name, size_t length, unsigned access)
{
	struct image_context context = acting_context(image, a);

	return image_net_cell(image, profile, name, length, access, &context);
}
