// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which records the end of the log shows to have been written: those of whole lines, of this boot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/replay.h"

#define LINE(boot, mono, tid)                                                                               \
	"{\"seq\":1,\"mono_ns\":\"" mono "\",\"boot\":\"" boot "\",\"proc\":{\"pid\":" tid ",\"start_ns\":" \
	"7}}"
#define THIS_BOOT "0a1b2c3d"
#define FIRST	  LINE(THIS_BOOT, "100", "1")

/* The log says `text`: is the record of (time, tid) there? */
static bool seen(const char *text, uint64_t time_ns, uint32_t tid)
{
	char path[] = "/tmp/pavise-replay-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	struct replay *r;
	bool found;

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	r = replay_open(path, THIS_BOOT "-1111-2222-3333-444455556666", 100);
	found = replay_seen(r, time_ns, tid);
	replay_free(r);
	unlink(path);
	return found;
}

static void test_whole_lines(void **state)
{
	static const char text[] = "{}\n" FIRST "\n" LINE(THIS_BOOT, "200", "2") "\n" LINE(
		"0a1b2c3e", "300", "3") "\n" LINE(THIS_BOOT, "400", "4,\"tid\":5") "\n";

	(void)state;
	assert_true(seen(text, 100, 1));
	assert_true(seen(text, 200, 2));
	assert_false(seen(text, 200, 1));
	assert_false(seen(text, 300, 3));
	assert_true(seen(text, 400, 5)); /* a thread */
	assert_false(seen(text, 400, 4));
}

/* An agent that was killed within a line: the line has what tells the record, and the record no line. */
static void test_torn_line(void **state)
{
	(void)state;
	assert_true(seen("{}\n" FIRST "\n" LINE(THIS_BOOT, "200", "2"), 100, 1));
	assert_false(seen("{}\n" FIRST "\n" LINE(THIS_BOOT, "200", "2"), 200, 2));
	assert_false(seen(FIRST, 100, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_lines),
		cmocka_unit_test(test_torn_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
