/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reader of other processes: what it answers, and what becomes of one that does not answer. */
#include <stdarg.h>
#include <setjmp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "control/reader.h"
#include "util/util.h"

#define TICK_NS 10000000ull

static uint64_t own_start(void)
{
	char *text = NULL, *at;
	uint64_t ticks;
	size_t length;

	assert_int_equal(read_file("/proc/self/stat", 4096, &text, &length), 0);
	at = strrchr(text, ')');
	for (int field = 2; field < 22; field++)
		at = strchr(at + 1, ' ');
	ticks = strtoull(at + 1, NULL, 10);
	free(text);
	return ticks * TICK_NS;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Are this process' arguments known to the reader? What it runs is in any case. */
static bool reads_own(struct reader *r)
{
	struct process_text *text = reader_text(r, (uint32_t)getpid(), own_start());
	bool known = text->argv_known;

	assert_true(text->exe_length > 0);
	assert_int_equal(text->argc > 0, known);
	process_text_put(text);
	return known;
}

static void test_answers(void **state)
{
	char name[] = "/tmp/reader-XXXXXX";
	CLEANUP_CLOSE int fd = mkostemp(name, O_CLOEXEC);
	uint32_t self = (uint32_t)getpid();
	struct descriptor_file file = {.directory = true, .owner = UINT32_MAX};
	struct reader r = {0};

	(void)state;
	reader_open(&r);
	assert_true(r.pid > 0);
	assert_true(reads_own(&r));
	assert_null(reader_text(&r, self, own_start() + TICK_NS));
	assert_int_equal(reader_stat(&r, self, own_start(), fd, &file), 0);
	assert_false(file.directory);
	assert_int_equal(file.owner, getuid());
	assert_int_equal(reader_stat(&r, self, own_start() + TICK_NS, fd, &file), -ESRCH);
	assert_int_equal(reader_stat(&r, self, own_start(), 999, &file), -ENOENT);
	assert_true(r.waited_ms < READER_BUDGET_MS);
	unlink(name);
	reader_close(&r);
	assert_int_equal(r.pid, 0);
}

/* What it has of this process: its socket, and no memory that is shared. */
static void test_inherits(void **state)
{
	void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct reader r = {0};
	char *text = NULL, name[64];
	size_t length;

	(void)state;
	assert_ptr_not_equal(shared, MAP_FAILED);
	reader_open(&r);
	assert_true(reads_own(&r));
	snprintf(name, sizeof(name), "/proc/%d/maps", (int)r.pid);
	assert_int_equal(read_file(name, 1 << 20, &text, &length), 0);
	assert_true(length > 0);
	assert_null(strstr(text, "rw-s"));
	free(text);
	snprintf(name, sizeof(name), "/proc/%d/fd/0", (int)r.pid);
	assert_int_equal(access(name, F_OK), 0);
	for (int fd = 1; fd < 64; fd++) {
		snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)r.pid, fd);
		assert_int_equal(access(name, F_OK), -1);
	}
	reader_close(&r);
	munmap(shared, 4096);
}

static void test_dead(void **state)
{
	struct reader r = {0};
	pid_t first;

	(void)state;
	assert_true(reads_own(&r)); /* one that was not opened is started by the question */
	first = r.pid;
	kill(first, SIGKILL);
	assert_true(reads_own(&r));
	assert_int_not_equal(r.pid, first);
	reader_close(&r);
}

/* It is waited for, a bounded time each and together; then nobody is asked until the window is over. */
static void test_stopped(void **state)
{
	struct reader r = {0};
	uint64_t began = now_ms(), most;
	pid_t first;

	(void)state;
	for (int i = 0; i < READER_BUDGET_MS / READER_WAIT_MS; i++) {
		reader_open(&r);
		first = r.pid;
		kill(first, SIGSTOP);
		assert_false(reads_own(&r));
		assert_int_equal(r.pid, 0);
	}
	most = READER_BUDGET_MS + READER_WAIT_MS;
	assert_in_range(now_ms() - began, READER_BUDGET_MS, most * 2);
	began = now_ms();
	for (int i = 0; i < 100; i++)
		assert_false(reads_own(&r));
	assert_true(now_ms() - began < READER_WAIT_MS);
	r.window_ms -= READER_WINDOW_MS;
	assert_true(reads_own(&r));
	reader_close(&r);
}

/* Those that cannot be ended are not added to without end. */
static void test_left(void **state)
{
	struct reader r = {0};
	pid_t left[READER_ENDED_MAX];

	(void)state;
	for (size_t i = 0; i < READER_ENDED_MAX; i++) {
		left[i] = fork();
		if (!left[i]) {
			pause();
			_exit(0);
		}
		r.ended[r.n_ended++] = left[i];
	}
	assert_false(reads_own(&r));
	assert_int_equal(r.pid, 0);
	kill(left[0], SIGKILL);
	waitid(P_PID, (id_t)left[0], &(siginfo_t){0}, WEXITED | WNOWAIT);
	assert_true(reads_own(&r));
	assert_int_equal(r.n_ended, READER_ENDED_MAX - 1);
	for (size_t i = 1; i < READER_ENDED_MAX; i++)
		kill(left[i], SIGKILL);
	reader_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers), cmocka_unit_test(test_inherits), cmocka_unit_test(test_dead),
		cmocka_unit_test(test_stopped), cmocka_unit_test(test_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
