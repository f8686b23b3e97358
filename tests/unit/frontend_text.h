/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Texts of policies for tests of the front end, and what is printed for wrong ones.
 *
 * Include after <cmocka.h>.
 */
#ifndef PAVISE_TESTS_FRONTEND_TEXT_H
#define PAVISE_TESTS_FRONTEND_TEXT_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

/* Not every test needs every one. Not inlined: gcc 12 then takes print()'s result for its variable. */
#define HELPER static __attribute__((unused, noinline))

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Parts of policies: the first lines, whole policies, subjects and sections. What follows the last ones
 * goes to line 8 and line 11. */
#define REST	 "spec: {mode: enforce, subjects: [{cgroup: /a}]}\n"
#define TYPE	 "apiVersion: pavise/v1\nkind: Policy\n"
#define HEAD	 "apiVersion: pavise/v1\nkind: Policy\nmetadata:\n  name: a\n"
#define SPEC	 HEAD "spec:\n  mode: enforce\n  subjects: [{cgroup: /a}]\n"
#define SUBJECTS HEAD "spec:\n  mode: enforce\n  subjects:\n"
#define FILES	 SPEC "  files:\n    default: deny\n    rules:\n"
#define EXEC	 SPEC "  exec:\n    default: deny\n    rules:\n"
#define NETWORK	 SPEC "  network:\n    default: deny\n    rules:\n"

HELPER char *print(const struct diags *d)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	diags_print(d, out);
	fclose(out);
	return text;
}

HELPER void drop_excerpts(char *text)
{
	char *to = text;

	for (char *line = text; *line;) {
		char *end = strchr(line, '\n') + 1;
		size_t length = end - line;

		if (*line != ' ') {
			memmove(to, line, length);
			to += length;
		}
		line = end;
	}
	*to = '\0';
}

/* What is printed for a wrong file. The text is parsed from a block without a byte to spare. */
HELPER char *refusal_of(const char *text, size_t length)
{
	struct policy_set set = {0};
	struct diags d = {0};
	char *copy = malloc(length ? length : 1), *printed;

	assert_non_null(copy);
	memcpy(copy, text, length);
	assert_int_equal(policy_parse("t", copy, length, &set, &d), -EINVAL);
	assert_null(set.policies);
	assert_int_equal(set.n_policies, 0);
	printed = print(&d);
	diags_free(&d);
	free(copy);
	return printed;
}

/* Parse a text that has no errors. */
HELPER void parse_right(const char *text, struct policy_set *set)
{
	struct diags d = {0};
	int result = policy_parse("t", text, strlen(text), set, &d);
	char *printed = print(&d);

	assert_string_equal(printed, "");
	assert_int_equal(result, 0);
	free(printed);
	diags_free(&d);
}

HELPER void check_pattern(const struct policy_pattern *pattern, const char *text, unsigned line,
			  unsigned column)
{
	assert_string_equal(pattern->text, text);
	assert_int_equal(pattern->line, line);
	assert_int_equal(pattern->column, column);
}

#endif
