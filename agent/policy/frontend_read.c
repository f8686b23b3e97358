/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The generic reader of mappings (see frontend.h).
 *
 * Guarantees: every key of a mapping is either handed to its handler or reported; a value reaches a
 * handler only with the type that the table names. So nothing that a user writes is ever ignored.
 * The work per key is bounded by the size of the table: duplicates are found with one slot per known
 * key, and unknown keys are errors whether or not they repeat.
 */
#include "frontend.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX  32 /* longer texts are no misspelt words */
#define SHORT_MAX 80
#define FEW_WORDS 12

static void where_add(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void where_add(char *text, const char *format, ...)
{
	size_t length = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + length, WHERE_MAX - length, format, args);
	va_end(args);
}

/* "files.rules[1]": the leading "spec" says nothing, except where it is all there is. */
static void where_text(const struct where *where, bool last, char *text)
{
	if (!where)
		return;
	where_text(where->up, false, text);
	if (!where->key)
		where_add(text, "[%zu]", where->index);
	else if (where->up || last || strcmp(where->key, "spec"))
		where_add(text, "%s%s", *text ? "." : "", where->key);
}

void report_at(struct source *s, const struct node *node, const struct where *where, const char *format, ...)
{
	char place[WHERE_MAX] = "", message[512];
	va_list args;

	where_text(where, true, place);
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	source_report(s, node->line, node->column, *place ? place : NULL, "%s", message);
}

int short_length(const char *text)
{
	size_t n = strnlen(text, SHORT_MAX + 1);

	if (n <= SHORT_MAX)
		return n;
	for (n = SHORT_MAX; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

char *copy_text(struct source *s, const struct node *node)
{
	char *copy = strdup(node->text);

	if (!copy)
		s->no_memory = true;
	return copy;
}

void *array_add(struct source *s, void *array_pointer, size_t *n, size_t size)
{
	char *array;

	memcpy(&array, array_pointer, sizeof(array));
	/* The room is the least power of two that holds the elements. */
	if (!(*n & (*n - 1))) {
		array = realloc(array, (*n ? 2 * *n : 1) * size);
		if (!array) {
			s->no_memory = true;
			return NULL;
		}
		memcpy(array_pointer, &array, sizeof(array));
	}
	memset(array + *n * size, 0, size);
	return array + (*n)++ * size;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits from a to b, where an edit adds, drops or changes a letter or swaps two; case does not count. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];
	size_t na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= nb; j++) {
		before[j] = 0;
		last[j] = j;
	}
	for (size_t i = 1; i <= na; i++) {
		unsigned *free_row = before;

		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);

			now[j] = least(last[j - 1] + (x != y), least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = free_row;
	}
	return last[nb];
}

/* How far off a spelling is; a third of the letters may be wrong, then it is another word. */
static unsigned misspelling(const char *text, const char *word)
{
	size_t length = strlen(word), other = strlen(text);
	unsigned distance;

	/* Lengths tell most words apart, at a fraction of the cost. */
	if (3 * (length > other ? length - other : other - length) > length)
		return WORD_MAX;
	distance = edit_distance(text, word);
	return 3 * distance <= length ? distance : WORD_MAX;
}

static int find_key(const char *text, const struct key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(keys[i].name, text))
			return i;
	}
	return -1;
}

static void unknown_key(struct source *s, const struct node *node, const struct where *where,
			const struct key *keys, size_t n, struct seen *seen)
{
	unsigned best = WORD_MAX;
	size_t meant = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned distance = misspelling(node->text, keys[i].name);

		if (distance < best) {
			best = distance;
			meant = i;
		}
	}
	if (best == WORD_MAX) {
		report_at(s, node, where, "unknown key '%.*s'", SHORT(node->text));
		return;
	}
	seen->meant[meant] = true;
	report_at(s, node, where, "unknown key '%s' (did you mean '%s'?)", node->text, keys[meant].name);
}

static const char *kind_name(enum node_kind kind)
{
	static const char *const names[] = {
		[NODE_NOTHING] = "nothing", [NODE_BOOLEAN] = "a boolean", [NODE_INTEGER] = "an integer",
		[NODE_STRING] = "a string", [NODE_LIST] = "a list",	  [NODE_MAPPING] = "a mapping",
	};

	return names[kind];
}

static const char a_string[] = "a string";

/* What is refused was reported when it was; all else that does not fit is reported here. */
static bool has_kind(struct source *s, const struct node *node, const struct where *where,
		     enum node_kind kind, const char *expected)
{
	const char *hint = "";

	if (node->kind == kind)
		return true;
	if (node->kind == NODE_REFUSED)
		return false;
	if (expected == a_string && (node->kind == NODE_BOOLEAN || node->kind == NODE_INTEGER))
		hint = " (quotes make it a string)";
	if (kind == NODE_BOOLEAN && node->kind == NODE_STRING &&
	    (!strcmp(node->text, "true") || !strcmp(node->text, "false")))
		hint = " (leave the quotes off)";
	report_at(s, node, where, "expected %s, found %s%s", expected, kind_name(node->kind), hint);
	return false;
}

bool expect_string(struct source *s, const struct node *node, const struct where *where)
{
	return has_kind(s, node, where, NODE_STRING, a_string);
}

static bool item_fits(struct source *s, const struct node *node, const struct where *where,
		      const struct key *key)
{
	if (key->type == TYPE_NUMBERS && node->kind == NODE_INTEGER)
		return true;
	return has_kind(s, node, where, NODE_STRING, key->what);
}

static void read_items(struct source *s, const struct node *value, const struct where *where,
		       const struct key *key, void *target)
{
	struct where item = {.up = where};
	char expected[64];

	if (value->kind == NODE_LIST) {
		if (!value->child)
			report_at(s, value, where, "expected %s, found an empty list", key->what);
		for (const struct node *n = value->child; n; n = n->next, item.index++) {
			if (item_fits(s, n, &item, key))
				key->read(s, n, &item, target);
		}
		return;
	}
	snprintf(expected, sizeof(expected), "%s or a list", key->what);
	if ((key->type == TYPE_NUMBERS && value->kind == NODE_INTEGER) ||
	    has_kind(s, value, where, NODE_STRING, expected))
		key->read(s, value, where, target);
}

static void read_value(struct source *s, const struct node *value, const struct where *up,
		       const struct key *key, void *target)
{
	static const struct {
		enum node_kind kind;
		const char *name;
	} expected[] = {
		[TYPE_STRING] = {NODE_STRING, a_string},	  [TYPE_SCALAR] = {NODE_STRING, a_string},
		[TYPE_BOOLEAN] = {NODE_BOOLEAN, "true or false"}, [TYPE_LIST] = {NODE_LIST, "a list"},
		[TYPE_MAPPING] = {NODE_MAPPING, "a mapping"},
	};
	const struct where where = {.up = up, .key = key->name};

	if (key->type == TYPE_STRINGS || key->type == TYPE_NUMBERS)
		read_items(s, value, &where, key, target);
	else if ((key->type == TYPE_SCALAR && value->kind == NODE_INTEGER) ||
		 has_kind(s, value, &where, expected[key->type].kind,
			  key->what ? key->what : expected[key->type].name))
		key->read(s, value, &where, target);
}

static void read_key(struct source *s, const struct node *node, const struct where *where,
		     const struct key *keys, size_t n, struct seen *seen, void *target)
{
	int number;

	if (!has_kind(s, node, where, NODE_STRING, "a key"))
		return;
	number = find_key(node->text, keys, n);
	if (number < 0) {
		unknown_key(s, node, where, keys, n, seen);
		return;
	}
	if (seen->key[number]) {
		report_at(s, node, where, "key '%s' stands here twice (first in line %u)", node->text,
			  seen->key[number]->line);
		return;
	}
	seen->key[number] = node;
	seen->meant[number] = true;
	read_value(s, node->next, where, &keys[number], target);
}

void read_mapping(struct source *s, const struct node *node, const struct where *where,
		  const struct key *keys, size_t n, struct seen *seen, void *target)
{
	*seen = (struct seen){0};
	if (!has_kind(s, node, where, NODE_MAPPING, "a mapping")) {
		for (size_t i = 0; i < n; i++)
			seen->meant[i] = true;
		return;
	}
	for (const struct node *key = node->child; key; key = key->next->next)
		read_key(s, key, where, keys, n, seen, target);
	for (size_t i = 0; i < n; i++) {
		if (keys[i].status == KEY_REQUIRED && !seen->meant[i])
			report_at(s, node, where, "missing key '%s'", keys[i].name);
	}
}

bool read_word(struct source *s, const struct node *node, const struct where *where, const char *what,
	       const struct word *words, size_t n, unsigned *out)
{
	unsigned best = WORD_MAX;
	char hint[192] = "";
	size_t meant = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned distance;

		if (!strcmp(node->text, words[i].name)) {
			*out = words[i].value;
			return true;
		}
		distance = misspelling(node->text, words[i].name);
		if (distance < best) {
			best = distance;
			meant = i;
		}
	}
	if (best < WORD_MAX) {
		snprintf(hint, sizeof(hint), " (did you mean '%s'?)", words[meant].name);
	} else if (n <= FEW_WORDS) {
		for (size_t i = 0, at = 0; i < n && at < sizeof(hint); i++)
			at += snprintf(hint + at, sizeof(hint) - at, "%s%s%s",
				       i ? ", " : " (one of: ", words[i].name, i + 1 < n ? "" : ")");
	}
	report_at(s, node, where, "unknown %s '%.*s'%s", what, SHORT(node->text), hint);
	return false;
}
