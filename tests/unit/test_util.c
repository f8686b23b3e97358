/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Small helpers: bounds, numbers, odd bytes, removal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/options.h"
#include "util/message.h"
#include "util/util.h"

static void test_number(void **state)
{
	static const char *const wrong[] = {
		"", " 1", "1 ", "+1", "-1", "0x1", "1a", "256", "99999999999999999999999"};
	uint64_t value = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(parse_number(wrong[i], 255, &value), -EINVAL);
	assert_int_equal(value, 7);
	assert_int_equal(parse_number("255", 255, &value), 0);
	assert_int_equal(value, 255);
	assert_int_equal(parse_number("000", 255, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(parse_number("18446744073709551615", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(parse_number("18446744073709551616", UINT64_MAX, &value), -EINVAL);
	assert_int_equal(parse_number("7", 5, &value), -EINVAL);
}

static void test_read(void **state)
{
	char dir[] = "/tmp/pavise-util-XXXXXX";
	char big[10000], *text = NULL;
	char path[64];
	size_t length = 0;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(big, 'x', sizeof(big));
	big[5] = '\0';
	assert_int_equal(write_file_durably(fd, "big", big, sizeof(big)), 0);
	snprintf(path, sizeof(path), "%s/big", dir);
	assert_int_equal(read_file(path, sizeof(big) - 1, &text, &length), -EFBIG);
	assert_null(text);
	assert_int_equal(read_file(path, sizeof(big), &text, &length), 0);
	assert_int_equal(length, sizeof(big));
	assert_memory_equal(text, big, sizeof(big));
	assert_int_equal(text[length], 0);
	free(text);
	text = NULL;
	assert_int_equal(read_file("/nonexistent", 10, &text, &length), -ENOENT);
	assert_int_equal(read_file(dir, 10, &text, &length), -EISDIR);
	/* a link is removed, what it points to is not */
	assert_int_equal(mkdirat(fd, "sub", 0700), 0);
	assert_int_equal(symlinkat("../big", fd, "sub/link"), 0);
	assert_int_equal(remove_tree(fd, "sub", 0), -ELOOP);
	assert_int_equal(remove_tree(fd, "sub", 1), 0);
	assert_int_equal(faccessat(fd, "big", F_OK, 0), 0);
	close(fd);
	assert_int_equal(remove_tree(AT_FDCWD, dir, 1), 0);
	assert_int_equal(remove_tree(AT_FDCWD, dir, 1), 0);
}

static void test_escape(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	print_escaped(out, "a\033[31m\n\\ \x7f\xc3\xa9");
	fclose(out);
	assert_string_equal(text, "a\\x1b[31m\\x0a\\x5c \\x7f\xc3\xa9");
	free(text);
}

static void test_refusal(void **state)
{
	struct refusal r = {0};

	(void)state;
	assert_int_equal(refuse(&r, EIO, PAVISE_NO_LOG, "first %d", 1), -EIO);
	assert_int_equal(refuse(&r, EPERM, PAVISE_FAILED, "second"), -EPERM);
	assert_int_equal(r.code, PAVISE_NO_LOG);
	assert_string_equal(r.text, "first 1");
}

static const struct option_def some_options[] = {
	{'v', "value", "V", "a value"},
	{256, "flag", NULL, "a flag"},
	{0},
};

static void test_options(void **state)
{
	struct command command = {.name = "x", .usage = "", .options = some_options};
	char *argv[] = {"x", "--flag", "one", "-v", "7", "--value=8", "--", "--flag", NULL};
	char *early[] = {"x", "--flag", "one", "-v", NULL};
	struct options o = {.command = &command, .argc = 8, .argv = argv};

	(void)state;
	assert_int_equal(options_next(&o), 256);
	assert_int_equal(options_next(&o), 'v');
	assert_string_equal(o.argument, "7");
	assert_int_equal(options_next(&o), 'v');
	assert_string_equal(o.argument, "8");
	assert_int_equal(options_next(&o), 0);
	assert_int_equal(o.status, -1);
	assert_int_equal(o.argc, 2);
	assert_string_equal(o.argv[0], "one");
	assert_string_equal(o.argv[1], "--flag");
	command.stop_early = true;
	o = (struct options){.command = &command, .argc = 4, .argv = early};
	assert_int_equal(options_next(&o), 256);
	assert_int_equal(options_next(&o), 0);
	assert_int_equal(o.argc, 2);
	assert_string_equal(o.argv[1], "-v");
	command.stop_early = false;
	o = (struct options){.command = &command, .argc = 4, .argv = early};
	assert_int_equal(options_next(&o), 256);
	assert_int_equal(options_next(&o), 0);
	assert_int_equal(o.status, PAVISE_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number),	cmocka_unit_test(test_read),	cmocka_unit_test(test_escape),
		cmocka_unit_test(test_refusal), cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
