/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Diagnostics (see diag.h).
 *
 * Guarantees: the list holds at most DIAGS_MAX items, and an item's excerpt at most EXCERPT_CHARS
 * characters, so hostile input cannot make messages cost more than they are worth. What is printed
 * contains no byte that a terminal would act upon: every text goes through show_char().
 */
#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define EXCERPT_CHARS 96
#define CUT	      "..."
#define SHOWN_CHAR    20 /* four bytes as \xNN, and the NUL */

/* The length of the first character of a string that is not empty; an invalid byte counts as one. */
static size_t char_length(const char *text)
{
	uint32_t code;
	size_t n = utf8_decode(text, strnlen(text, 4), &code);

	return n ? n : 1;
}

static size_t line_skip(const char *line, size_t at, unsigned characters)
{
	while (characters-- && line[at] && line[at] != '\n')
		at += char_length(line + at);
	return at;
}

/* A copy of the line, or of the part around the column; *caret is the column within the copy. */
static char *excerpt_copy(const char *line, unsigned column, unsigned *caret)
{
	size_t start = 0, end = line_skip(line, 0, EXCERPT_CHARS);
	unsigned skipped = 0;
	bool cut_end;
	char *copy;

	if (line[end] && line[end] != '\n' && column > EXCERPT_CHARS / 2) {
		skipped = column - EXCERPT_CHARS / 2;
		start = line_skip(line, 0, skipped);
		end = line_skip(line, start, EXCERPT_CHARS);
	}
	cut_end = line[end] && line[end] != '\n';
	if (end > start && line[end - 1] == '\r')
		end--;
	if (asprintf(&copy, "%s%.*s%s", skipped ? CUT : "", (int)(end - start), line + start,
		     cut_end ? CUT : "") < 0)
		return NULL;
	*caret = column ? column - skipped + (skipped ? strlen(CUT) : 0) : 0;
	return copy;
}

static void diag_free(struct diag *item)
{
	free(item->file);
	free(item->where);
	free(item->message);
	free(item->excerpt);
}

void diag_add(struct diags *d, const char *file, unsigned line, unsigned column, const char *where,
	      const char *excerpt, const char *format, ...)
{
	struct diag item = {.line = line, .column = column};
	struct diag *items;
	va_list args;
	int length;

	if (d->n >= DIAGS_MAX) {
		d->dropped++;
		return;
	}
	va_start(args, format);
	length = vasprintf(&item.message, format, args);
	va_end(args);
	if (length < 0)
		item.message = NULL;
	if (file)
		item.file = strdup(file);
	if (where)
		item.where = strdup(where);
	if (excerpt)
		item.excerpt = excerpt_copy(excerpt, column, &item.caret);
	items = realloc(d->items, (d->n + 1) * sizeof(*items));
	if (items)
		d->items = items;
	if (!items || !item.message || (file && !item.file) || (where && !item.where) ||
	    (excerpt && !item.excerpt)) {
		diag_free(&item);
		d->dropped++;
		return;
	}
	d->items[d->n++] = item;
}

static bool diag_before(const struct diag *a, const struct diag *b)
{
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void diags_sort(struct diags *d, size_t from)
{
	/* At most DIAGS_MAX items: insertion is quick, and it is stable. */
	for (size_t i = from + 1; i < d->n; i++) {
		struct diag item = d->items[i];
		size_t at = i;

		for (; at > from && diag_before(&item, &d->items[at - 1]); at--)
			d->items[at] = d->items[at - 1];
		d->items[at] = item;
	}
}

/*
 * One character as it may be shown. Returns its length in the text; *columns is the space it takes.
 */
static size_t show_char(const char *text, bool in_excerpt, char shown[SHOWN_CHAR], unsigned *columns)
{
	uint32_t code;
	size_t n = utf8_decode(text, strnlen(text, 4), &code);

	if (in_excerpt && *text == '\t') {
		strcpy(shown, " ");
		*columns = 1;
		return 1;
	}
	if (n && utf8_visible(code)) {
		memcpy(shown, text, n);
		shown[n] = '\0';
		*columns = 1;
		return n;
	}
	n = n ? n : 1;
	for (size_t i = 0; i < n; i++)
		snprintf(shown + 4 * i, SHOWN_CHAR - 4 * i, "\\x%02x", (unsigned char)text[i]);
	*columns = 4 * n;
	return n;
}

static void show(const char *text, FILE *out)
{
	char shown[SHOWN_CHAR];
	unsigned columns;

	while (*text) {
		text += show_char(text, false, shown, &columns);
		fputs(shown, out);
	}
}

static void show_excerpt(const struct diag *item, FILE *out)
{
	const char *text = item->excerpt;
	unsigned at = 1, indent = 0;
	int margin;

	margin = fprintf(out, "%5u", item->line);
	fputs(" | ", out);
	for (; *text; at++) {
		char shown[SHOWN_CHAR];
		unsigned columns;

		text += show_char(text, true, shown, &columns);
		fputs(shown, out);
		if (at < item->caret)
			indent += columns;
	}
	fputc('\n', out);
	if (!item->caret)
		return;
	if (item->caret > at) /* the column is beyond the end of the line */
		indent += item->caret - at;
	fprintf(out, "%*s | %*s^\n", margin, "", (int)indent, "");
}

void diags_print(const struct diags *d, FILE *out)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *item = &d->items[i];

		if (item->file) {
			show(item->file, out);
			if (item->line && item->column)
				fprintf(out, ":%u:%u", item->line, item->column);
			else if (item->line)
				fprintf(out, ":%u", item->line);
			fputs(": ", out);
		}
		if (item->where) {
			show(item->where, out);
			fputs(": ", out);
		}
		show(item->message, out);
		fputc('\n', out);
		if (item->excerpt && item->line)
			show_excerpt(item, out);
	}
	if (d->dropped)
		fprintf(out, "%zu more not shown\n", d->dropped);
}

void diags_free(struct diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		diag_free(&d->items[i]);
	free(d->items);
	*d = (struct diags){0};
}
