/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The text of a policy file (see source.h).
 *
 * Guarantees to the parser behind it: valid UTF-8, no NUL, a line ends with "\n" or "\r\n" and with
 * nothing else. libyaml takes more characters for line ends and refuses some only when it meets
 * them; ruled out here, its line numbers are those of every editor and of the table `lines`.
 */
#include "source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

static void index_lines(struct source *s)
{
	s->lines[s->n_lines++] = 0;
	for (size_t i = 0; i < s->length; i++) {
		if (s->text[i] == '\n')
			s->lines[s->n_lines++] = i + 1;
	}
}

/* The first thing in the text that is not text is reported; there is no telling what follows it. */
static int check_text(struct source *s)
{
	unsigned line = 1, column = 1;
	size_t n;

	for (size_t i = 0; i < s->length; i += n, column++) {
		const char *p = s->text + i;
		uint32_t code = 0;

		n = utf8_decode(p, s->length - i, &code);
		if (!n) {
			source_report(s, line, column, NULL, "byte 0x%02x is not valid UTF-8 text",
				      (unsigned char)*p);
			return -EINVAL;
		}
		if (code == '\n') {
			line++;
			column = 0;
		} else if (code != '\t' && !(code == '\r' && p[1] == '\n') && !utf8_visible(code)) {
			source_report(s, line, column, NULL,
				      "character U+%04X is not allowed in a policy file", (unsigned)code);
			return -EINVAL;
		}
	}
	return 0;
}

int source_open(struct source *s, const char *file, const char *text, size_t length, struct diags *d)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t lines = 1;

	*s = (struct source){.file = file, .d = d};
	if (length > SOURCE_MAX) {
		source_report(s, 0, 0, NULL, "the file is larger than 1 MiB");
		return -EINVAL;
	}
	if (length >= strlen(mark) && !memcmp(text, mark, strlen(mark))) {
		text += strlen(mark);
		length -= strlen(mark);
	}
	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	s->text = malloc(length + 1);
	s->lines = malloc(lines * sizeof(*s->lines));
	if (!s->text || !s->lines)
		return -ENOMEM;
	if (length)
		memcpy(s->text, text, length);
	s->text[length] = '\0';
	s->length = length;
	index_lines(s);
	return check_text(s);
}

void source_close(struct source *s)
{
	free(s->text);
	free(s->lines);
	s->text = NULL;
	s->lines = NULL;
	s->n_lines = 0;
}

void source_report(struct source *s, unsigned line, unsigned column, const char *where, const char *format,
		   ...)
{
	const char *excerpt = line && line <= s->n_lines ? s->text + s->lines[line - 1] : NULL;
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	s->errors++;
	diag_add(s->d, s->file, line, column, where, excerpt, "%s", message);
}
