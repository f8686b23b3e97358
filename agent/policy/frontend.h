/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the tree to the model: what the parts of the front end share.
 *
 * A mapping of the language is a table of keys; read_mapping() takes care of unknown, repeated and
 * missing keys and of wrong types, so that a handler only sees values of the type that its table
 * names. Handlers report what is wrong and go on: a file with errors yields no
 * policy, whatever the handlers left in it.
 */
#ifndef PAVISE_POLICY_FRONTEND_H
#define PAVISE_POLICY_FRONTEND_H

#include "model.h"
#include "node.h"
#include "pattern.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KEYS_MAX      16
#define WHERE_MAX     128

/* Where in the document: a chain up to the root. key NULL: the item `index` of a list. */
struct where {
	const struct where *up;
	const char *key;
	size_t index;
};

enum value_type {
	TYPE_STRING,
	TYPE_SCALAR, /* a string or an integer */
	TYPE_BOOLEAN,
	TYPE_LIST,
	TYPE_MAPPING,
	TYPE_STRINGS, /* a string, or a list of at least one; the handler is called for each */
	TYPE_NUMBERS, /* the same of integers and strings */
};

typedef void key_fn(struct source *s, const struct node *value, const struct where *where, void *target);

struct key {
	const char *name;
	enum { KEY_OPTIONAL, KEY_REQUIRED } status;
	enum value_type type;
	const char *what; /* for messages: "a pattern"; NULL: what the type is called */
	key_fn *read;
};

/* Which keys a mapping has, by their number in the table. */
struct seen {
	const struct node *key[KEYS_MAX];
	bool meant[KEYS_MAX]; /* there, or there with a spelling error */
};

struct word {
	const char *name;
	unsigned value;
};

/* Read a mapping; `target` is handed to the handlers. */
void read_mapping(struct source *s, const struct node *node, const struct where *where,
		  const struct key *keys, size_t n, struct seen *seen, void *target);

/* Whether a node is a string; reports what else it is. */
bool expect_string(struct source *s, const struct node *node, const struct where *where);

/* Look a word up; reports "unknown WHAT 'x'" with a suggestion, or with all words if they are few. */
bool read_word(struct source *s, const struct node *node, const struct where *where, const char *what,
	       const struct word *words, size_t n, unsigned *out);

/* Report at a node. */
void report_at(struct source *s, const struct node *node, const struct where *where, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A copy of a scalar's text; NULL, and s->no_memory set, if there is no memory. */
char *copy_text(struct source *s, const struct node *node);

/*
 * Room for one more element in an array of n, which has grown one by one by this function. The new
 * element is zero. NULL, and s->no_memory set, if there is no memory.
 */
void *array_add(struct source *s, void *array_pointer, size_t *n, size_t size);

/* The first bytes of a text, for messages: "%.*s" with SHORT(text). */
int short_length(const char *text);
#define SHORT(text) short_length(text), (text)

/* Read a pattern: of its kind, well-formed, able to match. False: reported, or no memory. */
bool read_pattern(struct source *s, const struct node *node, const struct where *where,
		  enum pattern_kind kind, struct policy_pattern *out);

/* Whether a pattern that was read spells this byte anywhere, outside of classes. */
bool pattern_has(const char *text, char byte);

/* `subjects` (frontend_subject.c), `capabilities` and `system` (frontend_choice.c); the target is a policy.
 */
void read_subjects(struct source *s, const struct node *value, const struct where *where, void *target);
void read_capabilities(struct source *s, const struct node *value, const struct where *where, void *target);
void read_system(struct source *s, const struct node *value, const struct where *where, void *target);

/* "allow" or "deny"; reports "unknown WHAT 'x'". */
bool read_effect(struct source *s, const struct node *value, const struct where *where, const char *what,
		 enum policy_effect *out);

/* A section's `default`; the target is struct policy_rules. */
void read_default(struct source *s, const struct node *value, const struct where *where, void *target);

/* A section's `rules`: fill a rule from its mapping. */
void read_file_rule(struct source *s, const struct node *node, const struct where *where,
		    struct policy_rule *rule);
void read_exec_rule(struct source *s, const struct node *node, const struct where *where,
		    struct policy_rule *rule);
void read_network_rule(struct source *s, const struct node *node, const struct where *where,
		       struct policy_rule *rule);

/* Readers of single values of network rules (frontend_address.c). */
void read_cidr(struct source *s, const struct node *value, const struct where *where, void *target);
void read_except_cidr(struct source *s, const struct node *value, const struct where *where, void *target);
void read_ports(struct source *s, const struct node *value, const struct where *where, void *target);
void read_protocol(struct source *s, const struct node *value, const struct where *where, void *target);
void read_family(struct source *s, const struct node *value, const struct where *where, void *target);

#endif
