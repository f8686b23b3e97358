/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a pattern must be besides well-formed (see frontend.h).
 *
 * pattern_check() settles the syntax. Paths are always normal: they have no empty, "." or ".."
 * component and do not end with "/". A pattern that asks for such a path would be accepted and never
 * match, which a reader of the policy would not see: it is refused here. Only components that stand
 * wholly within one alternative are judged, and of unix sockets only patterns that start with "/" in
 * plain sight, since abstract names may be anything: nothing that can match is refused.
 */
#include "frontend.h"

#include <errno.h>
#include <string.h>

#include "pattern.h"

/* The last byte of the unit at p of a well-formed pattern: an escaped byte and a class are one unit. */
static const char *unit_end(const char *p)
{
	if (*p == '\\')
		return p + 1;
	if (*p == '[') {
		while (*p != ']')
			p += *p == '\\' ? 2 : 1;
	}
	return p;
}

/* Why a pattern can never match: it asks for a component that no path has. NULL if it does not. */
static const char *dead_component(const char *text)
{
	static const char *const reasons[] = {"no path has an empty component ('//')",
					      "no path has a component '.'", "no path has a component '..'"};
	unsigned dots = 0;
	bool whole = false; /* the component started after a "/" and holds nothing but `dots` dots */

	for (const char *p = text;; p = unit_end(p) + 1) {
		char c = *p == '\\' ? *unit_end(p) : *p;

		if (whole && dots <= 2 && (c == '/' || (!c && dots)))
			return reasons[dots];
		if (!c)
			return NULL;
		if (c == '/')
			dots = 0;
		else
			dots += c == '.';
		whole = c == '/' || (whole && c == '.');
	}
}

bool pattern_has(const char *text, char byte)
{
	for (const char *p = text; *p; p = unit_end(p) + 1) {
		if (*p != '[' && *unit_end(p) == byte)
			return true;
	}
	return false;
}

static bool ends_with_slash(const char *text)
{
	bool slash = false;

	for (const char *p = text; *p; p = unit_end(p) + 1)
		slash = *unit_end(p) == '/';
	return slash && unit_end(text)[1];
}

static void report_slash(struct source *s, const struct node *node, const struct where *where,
			 enum pattern_kind kind)
{
	const char *text = node->text;
	int length = (int)strlen(text) - 1;

	if (kind == PATTERN_SOCKET)
		report_at(s, node, where, "'%.*s' can never match: no path of a socket ends with '/'",
			  SHORT(text));
	else if (length > 80)
		report_at(s, node, where,
			  "a pattern that ends with '/' can never match (without it it is "
			  "the directory, with '/**' what is below)");
	else
		report_at(s, node, where,
			  "'%s' can never match: write %.*s for the directory, %.*s/** for what is below",
			  text, length, text, length, text);
}

bool read_pattern(struct source *s, const struct node *node, const struct where *where,
		  enum pattern_kind kind, struct policy_pattern *out)
{
	const char *text = node->text, *dead;
	char error[160] = "";
	int err;

	out->line = node->line;
	out->column = node->column;
	out->text = copy_text(s, node);
	err = pattern_check(kind, text, error, sizeof(error));
	if (err == -ENOMEM) {
		s->no_memory = true;
		return false;
	}
	if (err) {
		report_at(s, node, where, "bad pattern '%.*s': %s", SHORT(text), error);
		return false;
	}
	if (kind == PATTERN_FREE || (kind != PATTERN_PATH && *text == '@') ||
	    (kind == PATTERN_SOCKET && *text != '/'))
		return true;
	dead = dead_component(text);
	if (dead)
		report_at(s, node, where, "'%.*s' can never match: %s", SHORT(text), dead);
	else if (ends_with_slash(text))
		report_slash(s, node, where, kind);
	else
		return true;
	return false;
}
