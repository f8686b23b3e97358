/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * YAML to a tree (see node.h), with libyaml's event parser.
 *
 * Bounded by construction: the text has at most SOURCE_MAX bytes, reading stops at NODE_DEPTH_MAX
 * levels and NODE_COUNT_MAX nodes, and nothing is ever expanded, because aliases, and with them
 * anchors and merge keys, are refused. Tags are refused as well: a scalar's kind follows from how
 * it is written, and only from that. Directives are refused before libyaml sees them: it compares
 * each one with all others. The tree is built with a stack of open collections of fixed
 * size, and freed along a list: no recursion anywhere.
 */
#include "node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct builder {
	struct tree *tree;
	struct source *source;
	struct node **tail[NODE_DEPTH_MAX + 1]; /* where the next node of each open level goes */
	size_t depth;
};

static bool is_integer(const char *text)
{
	if (*text == '-')
		text++;
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static enum node_kind scalar_kind(const char *text, bool plain)
{
	if (!plain)
		return NODE_STRING;
	if (!*text || !strcmp(text, "~") || !strcmp(text, "null"))
		return NODE_NOTHING;
	if (!strcmp(text, "true") || !strcmp(text, "false"))
		return NODE_BOOLEAN;
	return is_integer(text) ? NODE_INTEGER : NODE_STRING;
}

static void report(struct builder *b, const yaml_event_t *event, const char *message)
{
	source_report(b->source, event->start_mark.line + 1, event->start_mark.column + 1, NULL, "%s",
		      message);
}

/* Append a node to the open collection, or to the documents. */
static int add_node(struct builder *b, const yaml_event_t *event, enum node_kind kind, const char *text,
		    struct node **out)
{
	size_t length = strlen(text);
	struct node *node;

	if (b->tree->n_nodes >= NODE_COUNT_MAX) {
		report(b, event, "the file holds too many values (more than 200000)");
		return -EINVAL;
	}
	node = calloc(1, sizeof(*node) + length + 1);
	if (!node)
		return -ENOMEM;
	node->kind = kind;
	node->line = event->start_mark.line + 1;
	node->column = event->start_mark.column + 1;
	memcpy(node->text, text, length);
	node->allocated = b->tree->allocated;
	b->tree->allocated = node;
	b->tree->n_nodes++;
	*b->tail[b->depth] = node;
	b->tail[b->depth] = &node->next;
	*out = node;
	return 0;
}

static void check_properties(struct builder *b, const yaml_event_t *event, const void *anchor,
			     const void *tag)
{
	if (anchor)
		report(b, event, "anchors are not supported (quote a text that starts with '&')");
	if (tag)
		report(b, event, "tags are not supported (quote a text that starts with '!')");
}

static int add_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	enum node_kind kind = scalar_kind(text, plain);
	struct node *node;

	check_properties(b, event, event->data.scalar.anchor, event->data.scalar.tag);
	if (strlen(text) != event->data.scalar.length) {
		report(b, event, "a text must not hold a NUL character");
		kind = NODE_REFUSED;
	}
	return add_node(b, event, kind, text, &node);
}

static int add_alias(struct builder *b, const yaml_event_t *event)
{
	struct node *node;

	report(b, event, "aliases are not supported (quote a text that starts with '*')");
	return add_node(b, event, NODE_REFUSED, "", &node);
}

static int open_collection(struct builder *b, const yaml_event_t *event, enum node_kind kind)
{
	struct node *node;
	int err;

	if (kind == NODE_LIST)
		check_properties(b, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
	else
		check_properties(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
	if (b->depth >= NODE_DEPTH_MAX) {
		report(b, event, "nested too deeply (more than 32 levels)");
		return -EINVAL;
	}
	err = add_node(b, event, kind, "", &node);
	if (err)
		return err;
	b->tail[++b->depth] = &node->child;
	return 0;
}

static int take_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return add_scalar(b, event);
	case YAML_ALIAS_EVENT:
		return add_alias(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_collection(b, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return open_collection(b, event, NODE_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	default:
		return 0;
	}
}

/* What is nearly always meant, by a part of libyaml's words. */
static const char *syntax_hint(const char *words)
{
	static const struct {
		const char *part, *hint;
	} hints[] = {
		{"',' or", " (inside [..] and {..} a text with any of {}[], must be quoted)"},
		{"cannot start any token",
		 " (indent with spaces; quote a text that starts with a special character)"},
		{"scanning an alias", " (quote a text that starts with '*')"},
		{"scanning an anchor", " (quote a text that starts with '&')"},
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (strstr(words, hints[i].part))
			return hints[i].hint;
	}
	return "";
}

/* libyaml's words, its place, and a hint. */
static int syntax_error(struct source *s, const yaml_parser_t *parser)
{
	char words[256];
	int length;

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	length = snprintf(words, sizeof(words), "%s", parser->problem ? parser->problem : "unreadable");
	if (parser->context)
		snprintf(words + length, sizeof(words) - length, " %s (from line %zu)", parser->context,
			 parser->context_mark.line + 1);
	source_report(s, parser->problem_mark.line + 1, parser->problem_mark.column + 1, NULL,
		      "not valid YAML: %s%s", words, syntax_hint(words));
	return -EINVAL;
}

/* No policy needs a line that starts with "%", not even in a text of several lines. */
static int refuse_directives(struct source *s)
{
	for (size_t i = 0; i < s->n_lines; i++) {
		if (s->text[s->lines[i]] != '%')
			continue;
		source_report(s, i + 1, 1, NULL, "directives are not supported: no line may start with '%%'");
		return -EINVAL;
	}
	return 0;
}

int tree_read(struct tree *tree, struct source *s)
{
	struct builder b = {.tree = tree, .source = s};
	yaml_parser_t parser;
	bool end = false;
	int err;

	*tree = (struct tree){0};
	b.tail[0] = &tree->documents;
	err = refuse_directives(s);
	if (err)
		return err;
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)s->text, s->length);
	while (!err && !end) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			err = syntax_error(s, &parser);
			break;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		err = take_event(&b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return err;
}

void tree_free(struct tree *tree)
{
	while (tree->allocated) {
		struct node *node = tree->allocated;

		tree->allocated = node->allocated;
		free(node);
	}
	*tree = (struct tree){0};
}
