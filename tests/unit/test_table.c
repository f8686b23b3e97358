/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process table: identity, inheritance, bounds, and records out of order. */
#include "audit_records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/procfs.h"
#include "audit/table.h"

static struct table *new_table(size_t capacity)
{
	struct table *t;

	assert_int_equal(table_new(capacity, &t), 0);
	return t;
}

static struct process_text *text(const char *exe)
{
	return process_text_new(exe, strlen(exe), "a\0b", 4, 2, false);
}

static const struct process *fork_one(struct table *t, uint32_t pid, uint32_t ppid)
{
	struct pv_process p = make_process(pid, ppid, "child");

	return table_fork(t, &p);
}

static const struct process *find(struct table *t, uint32_t pid)
{
	return table_find(t, pid, pid * 1000000000ull);
}

static void assert_exe(const struct process *p, const char *exe)
{
	assert_non_null(p);
	assert_non_null(p->text);
	assert_int_equal(p->text->exe_length, strlen(exe));
	assert_memory_equal(p->text->data, exe, strlen(exe));
}

static void test_new(void **state)
{
	struct table *t = NULL;

	(void)state;
	assert_int_equal(table_new(0, &t), -EINVAL);
	assert_int_equal(table_new(SIZE_MAX, &t), -EINVAL);
	assert_null(t);
	table_free(NULL);
}

static void test_inheritance(void **state)
{
	struct table *t = new_table(8);
	struct pv_process shell = make_process(10, 1, "sh");
	struct pv_process tool;
	const struct process *p;

	(void)state;
	p = table_exec(t, &shell, text("/bin/sh"));
	assert_int_equal(p->exec_n, 1);
	assert_int_equal(p->flags, PROCESS_UNKNOWN_PARENT);
	p = fork_one(t, 11, 10);
	assert_exe(p, "/bin/sh");
	assert_int_equal(p->exec_n, 1);
	assert_int_equal(p->execs, 0);
	assert_int_equal(p->flags, 0);
	assert_int_equal(p->ppid, 10);
	tool = make_process(11, 10, "tool");
	p = table_exec(t, &tool, text("/bin/tool"));
	assert_exe(p, "/bin/tool");
	assert_int_equal(p->exec_n, 2);
	assert_int_equal(p->execs, 1);
	assert_string_equal(p->comm, "tool");
	assert_exe(find(t, 10), "/bin/sh");
	/* re-parented: the parent stays the one at fork */
	tool.ppid = 1;
	tool.parent_start_ns = 1000000000;
	p = table_see(t, &tool, 1);
	assert_int_equal(p->ppid, 10);
	assert_int_equal(p->parent_start_ns, 10000000000ull);
	assert_int_equal(p->denials, 1);
	/* the same pid later is another process */
	tool.start_ns++;
	assert_ptr_not_equal(table_see(t, &tool, 0), find(t, 11));
	table_free(t);
}

static void test_thread_exec(void **state)
{
	struct table *t = new_table(8);
	struct pv_process p = make_process(10, 1, "sh");

	(void)state;
	p.tid = 12;
	assert_true(table_exec(t, &p, text("/x"))->flags & PROCESS_THREAD_EXEC);
	p.tid = 10;
	assert_false(table_exec(t, &p, text("/x"))->flags & PROCESS_THREAD_EXEC);
	/* a thread's name is not its process's */
	p.tid = 13;
	memcpy(p.comm, "worker", 7);
	assert_string_equal(table_see(t, &p, 0)->comm, "sh");
	table_free(t);
}

static void test_exit(void **state)
{
	struct table *t = new_table(64);
	struct pv_process p = make_process(10, 1, "sh");
	struct table_stats stats;

	(void)state;
	table_exec(t, &p, text("/bin/sh"));
	assert_non_null(table_exit(t, &p));
	assert_null(table_exit(t, &p));
	assert_null(table_exit(t, &p));
	/* a late decision and a late fork of a child still find it */
	assert_exe(table_see(t, &p, 1), "/bin/sh");
	assert_true(find(t, 10)->exited);
	assert_exe(fork_one(t, 11, 10), "/bin/sh");
	/* never seen before */
	p = make_process(20, 1, "ghost");
	assert_non_null(table_exit(t, &p));
	assert_null(table_exit(t, &p));
	table_stats(t, &stats);
	assert_int_equal(stats.processes, 3);
	assert_int_equal(stats.exited, 2);
	assert_int_equal(stats.duplicates, 3);
	assert_int_equal(stats.evicted, 0);
	/* at most an eighth of the capacity are kept */
	for (uint32_t pid = 100; pid < 120; pid++) {
		fork_one(t, pid, 11);
		p = make_process(pid, 11, "x");
		assert_non_null(table_exit(t, &p));
	}
	table_stats(t, &stats);
	assert_int_equal(stats.exited, 8);
	assert_int_equal(stats.evicted, 0);
	assert_null(find(t, 111));
	assert_non_null(find(t, 112));
	table_free(t);
}

static void test_tiny(void **state)
{
	struct table *t = new_table(1);
	struct pv_process p = make_process(10, 1, "sh");

	(void)state;
	assert_non_null(table_exit(t, &p));
	assert_non_null(find(t, 10));
	assert_non_null(fork_one(t, 11, 10));
	assert_null(find(t, 10));
	table_free(t);
}

static void test_eviction(void **state)
{
	struct table *t = new_table(8);
	struct pv_process p;
	struct table_stats stats;

	(void)state;
	for (uint32_t pid = 1; pid <= 8; pid++) {
		p = make_process(pid, 0, "x");
		table_exec(t, &p, text("/bin/x"));
	}
	p = make_process(5, 0, "x");
	table_exit(t, &p);
	fork_one(t, 9, 8); /* takes the place of the exited one */
	assert_null(find(t, 5));
	assert_non_null(find(t, 1));
	fork_one(t, 10, 1); /* evicts its own parent, and still inherits */
	assert_null(find(t, 1));
	assert_exe(find(t, 10), "/bin/x");
	for (uint32_t pid = 11; pid < 1000; pid++)
		fork_one(t, pid, pid - 1);
	table_stats(t, &stats);
	assert_int_equal(stats.processes, 8);
	assert_int_equal(stats.evicted, 2 + 989);
	assert_exe(find(t, 999), "/bin/x");
	assert_exe(find(t, 992), "/bin/x");
	assert_null(find(t, 991));
	table_free(t);
}

/* Records of two rings come in either order; the end is the same. */
static void test_out_of_order(void **state)
{
	struct table *t = new_table(8);
	struct pv_process parent = make_process(10, 1, "sh");
	struct pv_process child = make_process(11, 1, "sh"); /* re-parented when it was denied */
	const struct process *p;

	(void)state;
	table_exec(t, &parent, text("/bin/sh"));
	p = table_see(t, &child, 1);
	assert_int_equal(p->flags, PROCESS_UNKNOWN_PARENT);
	p = fork_one(t, 11, 10);
	assert_int_equal(p->flags, 0);
	assert_int_equal(p->ppid, 10);
	assert_int_equal(p->denials, 1);
	assert_int_equal(p->exec_n, 1);
	assert_exe(p, "/bin/sh");
	/* a fork that comes after its child's exec does not undo it */
	child = make_process(12, 10, "tool");
	table_exec(t, &child, text("/bin/tool"));
	p = fork_one(t, 12, 10);
	assert_exe(p, "/bin/tool");
	assert_int_equal(p->execs, 1);
	table_free(t);
}

static void test_iterator(void **state)
{
	struct table *t = new_table(8);
	struct pv_process p = make_process(10, 1, "sh");
	struct process_text *now;

	(void)state;
	assert_exe(table_task(t, &p, text("/bin/sh")), "/bin/sh");
	assert_int_equal(find(t, 10)->flags, PROCESS_ITERATED);
	assert_exe(fork_one(t, 11, 10), "/bin/sh");
	/* what was seen at exec stays, unless /proc names another program: an exec was lost */
	p = make_process(11, 10, "tool");
	table_exec(t, &p, process_text_new("/bin/tool", 9, "real", 5, 1, false));
	table_task(t, &p, text("/bin/tool"));
	assert_string_equal(find(t, 11)->text->data + 9, "real");
	table_task(t, &p, text("/bin/tool (deleted)"));
	assert_string_equal(find(t, 11)->text->data + 9, "real");
	table_task(t, &p, NULL);
	assert_exe(find(t, 11), "/bin/tool");
	assert_exe(table_task(t, &p, text("/bin/other")), "/bin/other");
	assert_int_equal(find(t, 11)->flags, 0);
	/* what could not be read at first */
	p = make_process(12, 1, "late");
	now = text("/bin/late");
	now->argv_known = false;
	assert_false(table_task(t, &p, now)->text->argv_known);
	table_task(t, &p, process_text_new("/bin/late", 9, "real", 5, 1, false));
	assert_string_equal(find(t, 12)->text->data + 9, "real");
	now = text("/bin/late");
	now->argv_known = false;
	assert_true(table_task(t, &p, now)->text->argv_known);
	table_free(t);
}

static void test_text(void **state)
{
	struct process_text *open = process_text_new("", 0, "a\0bc", 4, 2, true);
	struct process_text *none = process_text_new("/x", 2, NULL, 0, 0, false);

	(void)state;
	assert_int_equal(open->argv_length, 4);
	assert_memory_equal(open->data, "a\0bc", 4);
	assert_int_equal(none->argv_length, 0);
	process_text_put(open);
	process_text_put(none);
	process_text_put(NULL);
}

/* A storm of random calls: the bounds hold and nothing leaks (under ASan). */
static void test_storm(void **state)
{
	struct table *t = new_table(50);
	struct table_stats stats;
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint32_t pid = rand_r(&seed) % 200 + 1;
		struct pv_process p = make_process(pid, rand_r(&seed) % 200 + 1, "x");

		switch (rand_r(&seed) % 5) {
		case 0:
			table_fork(t, &p);
			break;
		case 1:
			table_exec(t, &p, rand_r(&seed) % 8 ? text("/x") : NULL);
			break;
		case 2:
			table_exit(t, &p);
			break;
		case 3:
			table_task(t, &p, text("/y"));
			break;
		default:
			table_see(t, &p, 1);
		}
		table_stats(t, &stats);
		assert_true(stats.processes <= 50);
		assert_true(stats.exited <= 6);
	}
	assert_true(stats.evicted > 0);
	table_free(t);
}

/* This very process; then the same pid with another start. */
static void test_procfs(void **state)
{
	char line[1024], exe[4096], argv[PV_ARGV_MAX + 1];
	struct process_text *found;
	ssize_t n, length;
	uint64_t ticks;
	FILE *stat = fopen("/proc/self/stat", "r");
	char *p;

	(void)state;
	assert_non_null(stat);
	assert_non_null(fgets(line, sizeof(line), stat));
	fclose(stat);
	p = strrchr(line, ')');
	for (int field = 2; field < 22; field++)
		p = strchr(p + 1, ' ');
	ticks = strtoull(p + 1, NULL, 10);
	n = readlink("/proc/self/exe", exe, sizeof(exe));
	assert_true(n > 0);

	length = procfs_arguments(getpid(), ticks * 10000000 + 1234, argv, sizeof(argv));
	assert_true(length > 0);
	found = procfs_text(getpid(), ticks * 10000000 + 1234, argv, length);
	assert_non_null(found);
	assert_int_equal(found->exe_length, n);
	assert_memory_equal(found->data, exe, n);
	assert_true(found->argc >= 1);
	assert_true(found->argv_known && !found->argv_cut);
	process_text_put(found);
	found = procfs_text(getpid(), ticks * 10000000, argv, -EIO);
	assert_non_null(found);
	assert_int_equal(found->exe_length, n);
	assert_false(found->argc || found->argv_known || found->argv_cut || found->argv_length);
	process_text_put(found);
	assert_int_equal(procfs_arguments(getpid(), (ticks + 1) * 10000000, argv, sizeof(argv)), -ESRCH);
	assert_null(procfs_text(getpid(), (ticks + 1) * 10000000, argv, length));
	assert_null(procfs_text(0, 0, NULL, -ESRCH));
}

/* Told once a profile, and not of processes that nothing governs. */
static void test_governed(void **state)
{
	struct pv_process process = make_process(7, 1, "a");
	const struct process *p;
	struct table *t;

	(void)state;
	assert_int_equal(table_new(4, &t), 0);
	p = table_fork(t, &process);
	assert_false(table_governed(t, p, 0));
	assert_true(table_governed(t, p, 1));
	assert_false(table_governed(t, p, 1));
	assert_false(table_governed(t, p, 0)); /* of one that left: what it had holds */
	assert_false(table_governed(t, p, 1));
	assert_true(table_governed(t, p, 2));
	table_free(t);
}

/* A version of its own for all that events say of a process, and for its end. */
static void test_versions(void **state)
{
	struct pv_process process = make_process(7, 1, "a");
	const struct process *p;
	uint64_t before;
	struct table *t;

	(void)state;
	assert_int_equal(table_new(1, &t), 0);
	assert_int_equal(table_additions(t), 0);
	p = table_see(t, &process, 0);
	assert_int_equal(table_additions(t), 1);
#define CHANGES(change)                           \
	do {                                      \
		before = p->version;              \
		change;                           \
		assert_true(p->version > before); \
	} while (0)
	CHANGES(table_fork(t, &process));
	CHANGES(table_exec(t, &process, process_text_new("/a", 2, "", 0, 0, false)));
	CHANGES(table_task(t, &process, process_text_new("/b", 2, "", 0, 0, false)));
	process.comm[0] = 'b';
	CHANGES(table_see(t, &process, 0));
	before = p->version;
	table_see(t, &process, 1);
	table_governed(t, p, 2);
	table_exit(t, &process);
	assert_int_equal(p->version, before);
	/* its entry is given to another, and what the first one was is gone */
	process.pid++;
	CHANGES(table_see(t, &process, 0));
	assert_int_equal(table_additions(t), 2);
	table_free(t);
}

/* An exited process that goes when the next one exits: nobody takes its entry. */
static void test_version_of_removed(void **state)
{
	struct pv_process process = make_process(7, 1, "a"), next = make_process(8, 1, "b");
	const struct process *p;
	uint64_t before;
	struct table *t;

	(void)state;
	assert_int_equal(table_new(4, &t), 0);
	p = table_see(t, &process, 0);
	table_see(t, &next, 0);
	table_exit(t, &process);
	CHANGES(table_exit(t, &next));
	assert_null(table_find(t, 7, process.start_ns));
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),	     cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_thread_exec),  cmocka_unit_test(test_exit),
		cmocka_unit_test(test_tiny),	     cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_out_of_order), cmocka_unit_test(test_iterator),
		cmocka_unit_test(test_text),	     cmocka_unit_test(test_storm),
		cmocka_unit_test(test_procfs),	     cmocka_unit_test(test_governed),
		cmocka_unit_test(test_versions),     cmocka_unit_test(test_version_of_removed),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
