/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules of the sections files, exec and network (see frontend.h).
 *
 * One table of keys per section; what no single key can tell, which keys go together, is checked at
 * the end of each rule, at the key that is one too many. A rule is never applied without a condition
 * that its author wrote.
 */
#include "frontend.h"

#include <string.h>
#include <sys/socket.h>

#include "pavise.h"

#define BIT(access) (1u << (access))

#define FILE_MODIFY                                                                         \
	(BIT(PV_ACC_WRITE) | BIT(PV_ACC_APPEND) | BIT(PV_ACC_CREATE) | BIT(PV_ACC_DELETE) | \
	 BIT(PV_ACC_RENAME) | BIT(PV_ACC_LINK) | BIT(PV_ACC_ATTRIBUTES))
#define FILE_EVERY (FILE_MODIFY | BIT(PV_ACC_READ) | BIT(PV_ACC_MAP) | BIT(PV_ACC_LIST))

/* What all tables of rules start with. */
enum {
	RULE_ALLOW,
	RULE_DENY,
	RULE_AUDIT,
	RULE_ACTION,
	RULE_FROM,
	RULE_UNLESS_FROM,
	RULE_EXCEPT,
	RULE_OWNER,
	RULE_OWN
};

/* Values are sets, so that a group is a word like the others. */
static const struct word file_accesses[] = {
	{"read", BIT(PV_ACC_READ)},	{"write", BIT(PV_ACC_WRITE)},
	{"append", BIT(PV_ACC_APPEND)}, {"create", BIT(PV_ACC_CREATE)},
	{"delete", BIT(PV_ACC_DELETE)}, {"rename", BIT(PV_ACC_RENAME)},
	{"link", BIT(PV_ACC_LINK)},	{"attributes", BIT(PV_ACC_ATTRIBUTES)},
	{"map", BIT(PV_ACC_MAP)},	{"list", BIT(PV_ACC_LIST)},
	{"modify", FILE_MODIFY},
};

static const struct word operations[] = {
	{"connect", BIT(PV_ACC_CONNECT)}, {"bind", BIT(PV_ACC_BIND)},	  {"listen", BIT(PV_ACC_LISTEN)},
	{"accept", BIT(PV_ACC_ACCEPT)},	  {"socket", BIT(PV_ACC_SOCKET)},
};

static void add_pattern(struct source *s, const struct node *value, const struct where *where,
			enum pattern_kind kind, struct policy_patterns *patterns)
{
	struct policy_pattern *pattern = array_add(s, &patterns->at, &patterns->n, sizeof(*pattern));

	if (pattern)
		read_pattern(s, value, where, kind, pattern);
}

#define PATTERN_READER(name, kind, list)                                                        \
	static void name(struct source *s, const struct node *value, const struct where *where, \
			 void *target)                                                          \
	{                                                                                       \
		add_pattern(s, value, where, kind, &((struct policy_rule *)target)->list);      \
	}

PATTERN_READER(read_path, PATTERN_FILE, patterns)
PATTERN_READER(read_except_path, PATTERN_PATH, except)
PATTERN_READER(read_from, PATTERN_PATH, from)
PATTERN_READER(read_unless_from, PATTERN_PATH, unless_from)
PATTERN_READER(read_socket, PATTERN_SOCKET, patterns)
PATTERN_READER(read_except_socket, PATTERN_SOCKET, except)

static void read_access(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_rule *rule = target;
	unsigned set;

	if (!strcmp(value->text, "exec"))
		report_at(s, value, where, "'exec' has a section of its own");
	else if (read_word(s, value, where, "access", file_accesses, ARRAY_SIZE(file_accesses), &set))
		rule->access |= set;
}

static void read_operation(struct source *s, const struct node *value, const struct where *where,
			   void *target)
{
	struct policy_rule *rule = target;
	unsigned set;

	if (read_word(s, value, where, "operation", operations, ARRAY_SIZE(operations), &set))
		rule->access |= set;
}

static void read_audit(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_rule *rule = target;

	(void)s;
	(void)where;
	rule->audit = !strcmp(value->text, "true");
}

static void read_owner(struct source *s, const struct node *value, const struct where *where, void *target)
{
	struct policy_rule *rule = target;

	(void)s;
	(void)where;
	rule->owner = !strcmp(value->text, "true");
}

static void read_action(struct source *s, const struct node *value, const struct where *where, void *target)
{
	static const struct word actions[] = {{"deny", false}, {"kill", true}};
	struct policy_rule *rule = target;
	unsigned kill;

	if (read_word(s, value, where, "action", actions, ARRAY_SIZE(actions), &kill))
		rule->kill = kill;
}

static const struct node *later(const struct node *a, const struct node *b)
{
	return a->line != b->line ? (a->line > b->line ? a : b) : a->column > b->column ? a : b;
}

/* Exactly one of allow and deny, and what goes with the one only; sets effect and place. */
static void finish_rule(struct source *s, const struct node *node, const struct where *where,
			const struct seen *seen, struct policy_rule *rule)
{
	const struct node *allow = seen->key[RULE_ALLOW], *deny = seen->key[RULE_DENY];
	const struct node *first = node->child ? node->child : node;

	rule->effect = allow ? EFFECT_ALLOW : EFFECT_DENY;
	rule->line = first->line;
	rule->column = first->column;
	if (allow && deny)
		report_at(s, later(allow, deny), where, "a rule has either 'allow' or 'deny', not both");
	else if (!seen->meant[RULE_ALLOW] && !seen->meant[RULE_DENY])
		report_at(s, node, where, "the rule has neither 'allow' nor 'deny'");
	else if (seen->key[RULE_AUDIT] && deny)
		report_at(s, seen->key[RULE_AUDIT], where,
			  "'audit' goes with 'allow' only: what is denied is always reported");
	else if (seen->key[RULE_ACTION] && allow)
		report_at(s, seen->key[RULE_ACTION], where,
			  "'action' goes with 'deny' only: nothing happens to who is allowed");
}

#define COMMON(what, reader)                                                                             \
	[RULE_ALLOW] = {"allow", KEY_OPTIONAL, TYPE_STRINGS, what, reader},                              \
	[RULE_DENY] = {"deny", KEY_OPTIONAL, TYPE_STRINGS, what, reader},                                \
	[RULE_AUDIT] = {"audit", KEY_OPTIONAL, TYPE_BOOLEAN, NULL, read_audit},                          \
	[RULE_ACTION] = {"action", KEY_OPTIONAL, TYPE_STRING, "'deny' or 'kill'", read_action},          \
	[RULE_FROM] = {"from", KEY_OPTIONAL, TYPE_STRINGS, "a pattern", read_from},                      \
	[RULE_UNLESS_FROM] = {"unless-from", KEY_OPTIONAL, TYPE_STRINGS, "a pattern", read_unless_from}, \
	[RULE_OWNER] = {"owner", KEY_OPTIONAL, TYPE_BOOLEAN, NULL, read_owner}
#define EXCEPT_KEY(what, reader)                                   \
	{                                                          \
		"except", KEY_OPTIONAL, TYPE_STRINGS, what, reader \
	}

void read_file_rule(struct source *s, const struct node *node, const struct where *where,
		    struct policy_rule *rule)
{
	static const struct key keys[] = {
		COMMON("a pattern", read_path),
		[RULE_EXCEPT] = EXCEPT_KEY("a pattern", read_except_path),
		[RULE_OWN] = {"access", KEY_OPTIONAL, TYPE_STRINGS, "an access", read_access},
	};
	struct seen seen;

	read_mapping(s, node, where, keys, ARRAY_SIZE(keys), &seen, rule);
	if (!seen.meant[RULE_OWN])
		rule->access = FILE_EVERY;
	finish_rule(s, node, where, &seen, rule);
}

void read_exec_rule(struct source *s, const struct node *node, const struct where *where,
		    struct policy_rule *rule)
{
	static const struct key keys[] = {
		COMMON("a pattern", read_path),
		[RULE_EXCEPT] = EXCEPT_KEY("a pattern", read_except_path),
	};
	struct seen seen;

	read_mapping(s, node, where, keys, ARRAY_SIZE(keys), &seen, rule);
	rule->access = BIT(PV_ACC_EXEC);
	finish_rule(s, node, where, &seen, rule);
}

enum { NET_TO = RULE_OWN, NET_PORTS, NET_PROTOCOLS, NET_FAMILIES, NET_UNIX };

static bool has_ports(uint8_t protocol)
{
	return protocol == PV_PROTO_TCP || protocol == PV_PROTO_UDP || protocol == PV_PROTO_SCTP;
}

/* What a socket's creation can be told by, and what an address can be told by, do not mix. */
static void check_socket(struct source *s, const struct where *where, const struct seen *seen,
			 const struct policy_rule *rule)
{
	static const int of_addresses[] = {NET_TO, NET_PORTS, RULE_EXCEPT};

	if (rule->access & BIT(PV_ACC_SOCKET)) {
		for (size_t i = 0; i < ARRAY_SIZE(of_addresses); i++) {
			const struct node *key = seen->key[of_addresses[i]];

			if (key)
				report_at(s, key, where,
					  "'%s' does not go with 'socket': a new socket has no address yet",
					  key->text);
		}
	}
	if (seen->key[NET_FAMILIES] && rule->access & ~BIT(PV_ACC_SOCKET))
		report_at(s, seen->key[NET_FAMILIES], where,
			  "'families' goes with the operation 'socket' only");
}

static void check_protocols(struct source *s, const struct where *where, const struct seen *seen,
			    const struct policy_rule *rule)
{
	const struct node *ports = seen->key[NET_PORTS], *protocols = seen->key[NET_PROTOCOLS];

	if (protocols && seen->key[NET_FAMILIES]) {
		for (size_t i = 0; i < rule->n_families; i++) {
			if (rule->families[i] == AF_INET || rule->families[i] == AF_INET6)
				continue;
			report_at(s, protocols, where,
				  "'protocols' goes with the families 'inet' and 'inet6' only");
			return;
		}
	}
	for (size_t i = 0; ports && i < rule->n_protocols; i++) {
		if (has_ports(rule->protocols[i]))
			continue;
		report_at(s, ports, where, "'ports' goes with the protocols 'tcp', 'udp' and 'sctp' only");
		return;
	}
}

/* A unix socket has a name, and nothing that the other conditions ask for. */
static void check_unix(struct source *s, const struct where *where, const struct seen *seen,
		       const struct policy_rule *rule)
{
	static const int of_others[] = {NET_TO, NET_PORTS, NET_PROTOCOLS, NET_FAMILIES};

	for (size_t i = 0; i < ARRAY_SIZE(of_others); i++) {
		const struct node *key = seen->key[of_others[i]];

		if (key)
			report_at(s, key, where,
				  "'%s' does not go with 'unix': a unix socket has nothing but a name",
				  key->text);
	}
	if (rule->access & BIT(PV_ACC_SOCKET))
		report_at(s, seen->key[NET_UNIX], where,
			  "'unix' does not go with 'socket': a new socket has no name yet");
}

static bool has_key(const struct node *node, const char *name)
{
	if (node->kind != NODE_MAPPING)
		return false;
	for (const struct node *key = node->child; key; key = key->next->next) {
		if (key->kind == NODE_STRING && !strcmp(key->text, name))
			return true;
	}
	return false;
}

void read_network_rule(struct source *s, const struct node *node, const struct where *where,
		       struct policy_rule *rule)
{
	static const struct key except_name = EXCEPT_KEY("a pattern", read_except_socket);
	static const struct key except_address = EXCEPT_KEY("an address", read_except_cidr);
	const struct key keys[] = {
		COMMON("an operation", read_operation),
		[RULE_EXCEPT] = has_key(node, "unix") ? except_name : except_address,
		[NET_TO] = {"to", KEY_OPTIONAL, TYPE_STRINGS, "an address", read_cidr},
		[NET_PORTS] = {"ports", KEY_OPTIONAL, TYPE_NUMBERS, "a port", read_ports},
		[NET_PROTOCOLS] = {"protocols", KEY_OPTIONAL, TYPE_STRINGS, "a protocol", read_protocol},
		[NET_FAMILIES] = {"families", KEY_OPTIONAL, TYPE_NUMBERS, "a family", read_family},
		[NET_UNIX] = {"unix", KEY_OPTIONAL, TYPE_STRINGS, "a pattern", read_socket},
	};
	struct seen seen;

	read_mapping(s, node, where, keys, ARRAY_SIZE(keys), &seen, rule);
	finish_rule(s, node, where, &seen, rule);
	if (seen.key[RULE_OWNER])
		report_at(s, seen.key[RULE_OWNER], where,
			  "'owner' goes with rules of 'files' and 'exec' only");
	if (seen.key[NET_UNIX]) {
		check_unix(s, where, &seen, rule);
	} else {
		check_socket(s, where, &seen, rule);
		check_protocols(s, where, &seen, rule);
	}
}
