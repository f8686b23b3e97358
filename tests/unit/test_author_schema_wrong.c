/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Wrong policies and the JSON Schema: every wrong file of the front end's tests is put to it. It never
 * refuses what the front end accepts, and of what the front end refuses it accepts no more than is
 * listed here: what a schema cannot express.
 */
#include "author_schema.h"

int tests_of_front_end(void);

#define main tests_of_front_end
#include "test_frontend_wrong.c"
#undef main

/* By a part of the file: what a schema cannot refuse. Nesting, arithmetic and comparing are beyond it. */
static const char *const beyond[] = {
	"- deny: '{/a,b}/c'",		      /* every alternative of a pattern starts with "/" */
	"- deny: '/a[b'",		      /* brackets are closed */
	"- deny: ['/a{b']",		      /* braces are closed */
	"- deny: /\\../a",		      /* ".." with an escape in it */
	"to: [10.0.0.1/8, 192.168.1.128/25]", /* no bits behind the prefix */
	"to: '2001:db8::1/32'",
	"to: ['::ffff:10.0.0.1/104', '::ffff:0:0/95']",
	"ports: 8099-8000", /* a range goes upwards */
};

static bool is_beyond(const char *text)
{
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		if (strstr(text, beyond[i]))
			return true;
	}
	return false;
}

static void test_schema(void **state)
{
	bool *accepted = calloc(n_noted + 1, sizeof(*accepted));
	size_t refused = 0, missed = 0, known = 0;

	(void)state;
	assert_non_null(accepted);
	if (!validate(accepted)) {
		free(accepted);
		skip();
	}
	for (size_t i = 0; i < n_noted; i++) {
		if (noted[i].accepted) {
			assert_true(accepted[i]);
			continue;
		}
		refused += !accepted[i];
		if (!accepted[i])
			continue;
		if (is_beyond(noted[i].text)) {
			known++;
			continue;
		}
		missed++;
		print_error("the schema accepts:\n%s\n", noted[i].text);
	}
	print_message("# the schema refuses %zu wrong files, and accepts %zu\n", refused, known + missed);
	assert_int_equal(missed, 0);
	assert_int_equal(known, sizeof(beyond) / sizeof(beyond[0])); /* or the list is out of date */
	assert_true(refused > 100);
	free(accepted);
	forget_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_schema)};
	int failed = tests_of_front_end();

	return cmocka_run_group_tests_name("author_schema_wrong", tests, NULL, NULL) + failed;
}
