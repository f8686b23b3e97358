/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The log file and the module on top of it: whole lines, numbers that go on, torn tails, full disks,
 * rotation; and at every moment attempted = written + lost + pending.
 */
#include "audit_records.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/sink.h"

struct fixture {
	char dir[64], path[128], other[128];
	union raw raw;
	struct pv_state kernel;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "/tmp/pavise-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/log", f->dir);
	snprintf(f->other, sizeof(f->other), "%s/log.1", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	unlink(f->other);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* The content, NUL-terminated; the caller's. */
static char *get_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	assert_non_null(file);
	if (getdelim(&text, &size, 0, file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

static void assert_file(const char *path, const char *expected)
{
	char *text = get_file(path);

	assert_string_equal(text, expected);
	free(text);
}

static struct sink *open_sink(const char *path, size_t capacity)
{
	struct sink *s;

	assert_int_equal(sink_open(path, capacity, &s), 0);
	return s;
}

static int append(struct sink *s, const char *line)
{
	return sink_append(s, line, strlen(line));
}

/* Let files grow to `size` bytes only: a disk that is full, and is not when the limit is lifted. */
static void limit_files(rlim_t size)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_write(void **state)
{
	struct fixture *f = *state;
	struct sink *s = open_sink(f->path, 1024);
	struct sink_stats stats;
	struct stat st;
	uint64_t left = 9;

	assert_int_equal(append(s, "a\n"), 0);
	assert_int_equal(append(s, "bb\n"), 0);
	assert_file(f->path, ""); /* not before the flush */
	assert_int_equal(sink_flush(s), 0);
	assert_file(f->path, "a\nbb\n");
	sink_stats(s, &stats);
	assert_int_equal(stats.written, 2);
	assert_int_equal(stats.pending, 0);
	assert_int_equal(append(s, "c\n"), 0);
	assert_int_equal(sink_close(s, &left), 0);
	assert_int_equal(left, 0);
	assert_file(f->path, "a\nbb\nc\n");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07137, 0); /* at most 0640 */
}

/* A batch that is larger than the buffer goes out in pieces of whole lines. */
static void test_batches(void **state)
{
	struct fixture *f = *state;
	struct sink *s = open_sink(f->path, 10);
	struct sink_stats stats;

	for (int i = 0; i < 5; i++)
		assert_int_equal(append(s, "1234\n"), 0);
	assert_file(f->path, "1234\n1234\n1234\n1234\n");
	assert_int_equal(append(s, "longer than it\n"), -E2BIG);
	sink_stats(s, &stats);
	assert_int_equal(stats.lost, 1);
	assert_int_equal(stats.pending, 1);
	assert_int_equal(sink_close(s, NULL), 0);
}

/* What makes a batch is written without a flush; what could not be written is not tried with every line. */
static void test_full_batch(void **state)
{
	static char line[1024];
	struct fixture *f = *state;
	struct sink *s = open_sink(f->path, 1 << 20);
	struct sink_stats stats;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 63; i++)
		assert_int_equal(sink_append(s, line, sizeof(line)), 0);
	sink_stats(s, &stats);
	assert_int_equal(stats.written, 0);
	assert_int_equal(sink_append(s, line, sizeof(line)), 0);
	sink_stats(s, &stats);
	assert_int_equal(stats.written, 64);
	limit_files(64 * sizeof(line) + 1);
	for (int i = 0; i < 200; i++)
		assert_int_equal(sink_append(s, line, sizeof(line)), 0);
	assert_false(sink_works(s));
	limit_files(RLIM_INFINITY);
	assert_int_equal(sink_append(s, line, sizeof(line)), 0);
	sink_stats(s, &stats);
	assert_int_equal(stats.written, 64);
	assert_int_equal(stats.pending, 201);
	assert_int_equal(sink_flush(s), 0);
	sink_stats(s, &stats);
	assert_int_equal(stats.written, 265);
	assert_int_equal(sink_close(s, NULL), 0);
}

/* A line that is written where the sink has room for it, up to the last byte of the buffer. */
static void test_room(void **state)
{
	struct fixture *f = *state;
	struct sink *s;
	char expected[65] = "", *at, *text;
	size_t room, left = 64;

	assert_int_equal(sink_open(f->path, 64, &s), 0);
	for (int i = 0; left; i++) {
		size_t n = left < 7 ? left : 7;

		at = sink_room(s, &room);
		assert_int_equal(room, left);
		memset(at, 'a' + i, n);
		at[n - 1] = '\n';
		strncat(expected, at, n);
		assert_int_equal(sink_append(s, at, n), 0);
		left -= n;
	}
	sink_room(s, &room);
	assert_int_equal(room, 0);
	assert_int_equal(sink_append(s, "more\n", 5), 0); /* elsewhere: what was there is written for it */
	assert_int_equal(sink_close(s, NULL), 0);
	text = get_file(f->path);
	assert_int_equal(strlen(text), 64 + 5);
	assert_memory_equal(text, expected, 64);
	assert_string_equal(text + 64, "more\n");
	free(text);
}

static void test_open(void **state)
{
	struct fixture *f = *state;
	char path[256];
	struct sink *s = NULL;
	struct stat st;

	snprintf(path, sizeof(path), "%s/sub/log", f->dir);
	s = open_sink(path, 64);
	sink_close(s, NULL);
	unlink(path);
	*strrchr(path, '/') = 0;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07027, 0);
	rmdir(path);

	s = NULL;
	snprintf(path, sizeof(path), "%s/no/such/log", f->dir);
	assert_int_equal(sink_open(path, 64, &s), -ENOENT);
	assert_int_equal(symlink("/dev/null", f->path), 0);
	assert_int_equal(sink_open(f->path, 64, &s), -ELOOP);
	unlink(f->path);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(sink_open(f->path, 64, &s), -EINVAL);
	assert_int_equal(sink_open(f->dir, 64, &s), -EISDIR);
	assert_null(s);
}

static void assert_resumes(struct fixture *f, const char *before, uint64_t seq, const char *after)
{
	struct sink *s;

	put_file(f->path, before);
	s = open_sink(f->path, 64);
	assert_int_equal(sink_last_seq(s), seq);
	append(s, "new\n");
	assert_int_equal(sink_close(s, NULL), 0);
	assert_file(f->path, after);
}

static void test_resume(void **state)
{
	struct fixture *f = *state;
	char big[1000];

	assert_resumes(f, "", 0, "new\n");
	assert_resumes(f, "{\"seq\":7}\n", 7, "{\"seq\":7}\nnew\n");
	assert_resumes(f, "{\"seq\":7}\n{\"seq\":8}\n", 8, "{\"seq\":7}\n{\"seq\":8}\nnew\n");
	/* torn tails: half a line, half a number, all but the newline */
	assert_resumes(f, "{\"seq\":7}\n{\"se", 7, "{\"seq\":7}\n{\"se\nnew\n");
	assert_resumes(f, "{\"seq\":7}\n{\"seq\":1234", 7, "{\"seq\":7}\n{\"seq\":1234\nnew\n");
	assert_resumes(f, "{\"seq\":7}\n{\"seq\":8}", 8, "{\"seq\":7}\n{\"seq\":8}\nnew\n");
	/* what is no line of ours */
	assert_resumes(f, "{\"seq\":7}\nnonsense\n[]\n{}\n\n", 7, "{\"seq\":7}\nnonsense\n[]\n{}\n\nnew\n");
	assert_resumes(f, "{\"seq\":\"x\"}\n{\"seq\":-1}\n", 0, "{\"seq\":\"x\"}\n{\"seq\":-1}\nnew\n");
	/* only the last two buffers are looked at: a long torn line hides what was before */
	memset(big, 'x', sizeof(big));
	memcpy(big, "{\"seq\":7}\n", 10);
	big[sizeof(big) - 1] = 0;
	put_file(f->path, big);
	{
		struct sink *s = open_sink(f->path, 64);

		assert_int_equal(sink_last_seq(s), 0);
		sink_close(s, NULL);
	}
}

static void test_full_device(void **state)
{
	struct sink *s = open_sink("/dev/full", 14);
	struct sink_stats stats;
	uint64_t left;

	(void)state;
	assert_int_equal(append(s, "12345\n"), 0);
	assert_int_equal(sink_flush(s), -ENOSPC);
	assert_false(sink_works(s));
	assert_int_equal(append(s, "12345\n"), 0); /* kept: there is room */
	assert_int_equal(append(s, "12345\n"), -ENOSPC);
	assert_int_equal(append(s, "\n"), -ENOSPC); /* nothing overtakes the gap */
	assert_int_equal(sink_loss(s), 2);
	assert_int_equal(sink_loss_cause(s), ENOSPC);
	sink_stats(s, &stats);
	assert_int_equal(stats.written, 0);
	assert_int_equal(stats.lost, 2);
	assert_int_equal(stats.pending, 2);
	assert_int_equal(sink_close(s, &left), -ENOSPC);
	assert_int_equal(left, 2);
}

/* A line of which a part was written is completed, not repeated, when there is room again. */
static void test_torn_by_full_disk(void **state)
{
	struct fixture *f = *state;
	struct sink *s = open_sink(f->path, 64);
	struct sink_stats stats;

	append(s, "11111\n");
	append(s, "22222\n");
	append(s, "33333\n");
	limit_files(8);
	assert_int_equal(sink_flush(s), -EFBIG);
	assert_file(f->path, "11111\n22");
	sink_stats(s, &stats);
	assert_int_equal(stats.written, 1);
	assert_int_equal(stats.pending, 2);
	limit_files(RLIM_INFINITY);
	assert_int_equal(sink_flush(s), 0);
	assert_file(f->path, "11111\n22222\n33333\n");
	sink_stats(s, &stats);
	assert_int_equal(stats.written, 3);
	assert_int_equal(stats.lost, 0);
	sink_close(s, NULL);
}

/* The new file begins with a whole line: what was torn by the old disk is lost and counted. */
static void test_reopen(void **state)
{
	struct fixture *f = *state;
	struct sink *s = open_sink(f->path, 64);
	struct sink_stats stats;

	append(s, "1\n");
	assert_int_equal(rename(f->path, f->other), 0);
	append(s, "2\n");
	assert_int_equal(sink_reopen(s), 0);
	append(s, "3\n");
	sink_flush(s);
	assert_file(f->other, "1\n2\n");
	assert_file(f->path, "3\n");

	append(s, "55555\n");
	append(s, "7\n");
	limit_files(4);
	sink_flush(s);
	rename(f->path, f->other);
	assert_int_equal(sink_reopen(s), 0);
	limit_files(RLIM_INFINITY);
	assert_file(f->other, "3\n55");
	assert_file(f->path, "7\n");
	assert_int_equal(sink_loss(s), 1);
	assert_int_equal(sink_loss_cause(s), EFBIG);
	sink_stats(s, &stats);
	assert_int_equal(stats.written, 4);
	assert_int_equal(stats.lost, 1);
	assert_int_equal(stats.pending, 0);
	/* when it cannot be opened, the old file stays */
	rename(f->path, f->other);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(sink_reopen(s), -EISDIR);
	rmdir(f->path);
	append(s, "8\n");
	sink_close(s, NULL);
	assert_file(f->other, "7\n8\n");
}

/* ---- the module ---- */

static struct process_text *read_process(void *ctx, uint32_t pid, uint64_t start_ns)
{
	(void)ctx;
	assert_int_equal(start_ns, pid * 1000000000ull);
	return process_text_new("/from/proc", 10, "proc", 5, 1, false);
}

static struct audit *open_audit(const char *path, enum audit_lineage lineage)
{
	const struct audit_options options = {.path = path, .lineage = lineage, .read_process = read_process};
	struct audit *a;

	assert_int_equal(audit_open(&options, &a), 0);
	return a;
}

static void send_decision(struct fixture *f, struct audit *a, const char *path)
{
	static uint64_t time_ns = 1000;
	size_t size = make_decision(&f->raw, make_process(4, 3, "x"), path);

	/* a record of its own, and not one whose line is there */
	f->raw.decision.head.time_ns = ++time_ns;
	audit_record(a, f->raw.bytes, size);
}

static void assert_balance(const struct audit *a)
{
	struct audit_stats stats;

	audit_stats(a, &stats);
	assert_int_equal(stats.attempted, stats.written + stats.lost + stats.pending);
}

/* Type of line `n` (from 0) of the log, "" beyond the end. Checks that every line is JSON. */
static const char *line_type(const char *path, size_t n)
{
	static char type[32];
	char *text = get_file(path);
	char *saved, *line;
	size_t i = 0;

	*type = 0;
	for (line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved), i++) {
		json_t *root = json_loads(line, 0, NULL);

		assert_non_null(root);
		if (i == n)
			snprintf(type, sizeof(type), "%s", json_string_value(json_object_get(root, "type")));
		json_decref(root);
	}
	free(text);
	return type;
}

/* Sum of all `loss.count` of a lane; checks that gaps in seq are what the lane "log" tells. */
static uint64_t sum_losses(const char *path, const char *lane)
{
	char *text = get_file(path);
	char *saved, *line;
	uint64_t sum = 0, gap = 0;
	json_int_t expected = 1;

	for (line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
		json_t *root = json_loads(line, 0, NULL);
		json_t *loss = json_object_get(root, "loss");
		json_int_t seq = json_integer_value(json_object_get(root, "seq"));
		const char *name = json_string_value(json_object_get(loss, "lane"));
		uint64_t count = json_integer_value(json_object_get(loss, "count"));

		assert_non_null(root);
		assert_true(seq >= expected);
		if (seq > expected)
			assert_non_null(loss); /* the first line after a gap tells of it */
		gap += seq - expected;
		expected = seq + 1;
		if (name && !strcmp(name, "log")) {
			assert_int_equal(count, gap);
			gap = 0;
		}
		if (name && !strcmp(name, lane))
			sum += count;
		json_decref(root);
	}
	assert_int_equal(gap, 0);
	free(text);
	return sum;
}

static void test_lineage(void **state)
{
	struct fixture *f = *state;
	struct pv_process free_process = make_process(5, 4, "free");

	free_process.profile = 0;
	for (enum audit_lineage lineage = LINEAGE_GOVERNED; lineage <= LINEAGE_ALL; lineage++) {
		struct audit *a = open_audit(f->path, lineage);
		size_t n = 0;
		char *text;

		audit_record(a, f->raw.bytes, make_simple(&f->raw, PV_REC_TASK, make_process(3, 2, "task")));
		audit_record(a, f->raw.bytes, make_simple(&f->raw, PV_REC_FORK, make_process(4, 3, "fork")));
		audit_record(a, f->raw.bytes,
			     make_exec(&f->raw, make_process(4, 3, "web"), "/bin/web", "web", 4, 1));
		audit_record(a, f->raw.bytes, make_exec(&f->raw, free_process, "/bin/free", "", 0, 0));
		audit_record(a, f->raw.bytes, make_exit(&f->raw, free_process, 0));
		audit_record(a, f->raw.bytes, make_exit(&f->raw, free_process, 0)); /* the second of two */
		send_decision(f, a, "/a");
		assert_int_equal(audit_flush(a), 0);
		assert_balance(a);
		audit_close(a, NULL);
		if (lineage != LINEAGE_NONE)
			assert_string_equal(line_type(f->path, n++), "exec");
		if (lineage == LINEAGE_ALL) {
			assert_string_equal(line_type(f->path, n++), "exec");
			assert_string_equal(line_type(f->path, n++), "exit");
		}
		assert_string_equal(line_type(f->path, n++), "deny");
		assert_string_equal(line_type(f->path, n), "");
		/* what was not logged has fed the table all the same */
		text = get_file(f->path);
		assert_non_null(strstr(text, "\"exe\":\"/bin/web\",\"argv\":[\"web\"]"));
		assert_non_null(strstr(text, "\"comm\":\"task\",\"exe\":\"/from/proc\""));
		free(text);
		unlink(f->path);
	}
}

static void test_seq_goes_on(void **state)
{
	struct fixture *f = *state;
	struct audit_stats stats;
	struct audit *a;
	FILE *file;

	for (int i = 0; i < 3; i++) {
		a = open_audit(f->path, LINEAGE_GOVERNED);
		audit_agent_event(a, "start", NULL, 0);
		audit_policy_event(a, "load", NULL, 0);
		send_decision(f, a, "/a\nb");
		audit_stats(a, &stats);
		assert_int_equal(stats.seq, 3 * (i + 1));
		assert_int_equal(audit_close(a, NULL), 0);
	}
	assert_int_equal(sum_losses(f->path, "log"), 0);
	assert_string_equal(line_type(f->path, 6), "agent");
	assert_string_equal(line_type(f->path, 7), "policy");
	assert_string_equal(line_type(f->path, 8), "deny");
	/* a crash within a line */
	file = fopen(f->path, "a");
	assert_non_null(file);
	fputs("{\"v\":1,\"type\":\"deny\",\"seq\":10,\"ti", file);
	fclose(file);
	a = open_audit(f->path, LINEAGE_GOVERNED);
	send_decision(f, a, "/a");
	audit_stats(a, &stats);
	assert_int_equal(stats.seq, 10);
	audit_close(a, NULL);
}

static void test_kernel_losses(void **state)
{
	struct fixture *f = *state;
	struct audit *a = open_audit(f->path, LINEAGE_GOVERNED);
	char *text;

	assert_int_equal(audit_losses(a, &f->kernel), 0);
	f->kernel.lanes[PV_LANE_DECISION].lost = 3;
	audit_losses(a, &f->kernel);
	audit_losses(a, &f->kernel); /* told once */
	f->kernel.lanes[PV_LANE_DECISION].lost = 10;
	f->kernel.lanes[PV_LANE_LINEAGE].lost = 1ull << 60;
	audit_losses(a, &f->kernel);
	f->kernel.lanes[PV_LANE_DECISION].lost = 2; /* loaded anew */
	audit_losses(a, &f->kernel);
	assert_int_equal(audit_record(a, "nonsense", 8), -EBADMSG);
	audit_losses(a, &f->kernel);
	assert_int_equal(audit_close(a, NULL), 0);
	assert_int_equal(sum_losses(f->path, "decision"), 3 + 7 + 2);
	assert_int_equal(sum_losses(f->path, "agent"), 1);
	assert_string_equal(line_type(f->path, 4), "loss");
	assert_string_equal(line_type(f->path, 5), "");
	text = get_file(f->path);
	assert_non_null(strstr(text, "\"loss\":{\"lane\":\"decision\",\"cause\":\"ring_full\",\"count\":7,"
				     "\"total\":10}}\n"));
	assert_non_null(strstr(text, "{\"lane\":\"lineage\",\"cause\":\"ring_full\","
				     "\"count\":\"1152921504606846976\",\"total\":\"1152921504606846976\"}"));
	assert_non_null(strstr(text, "{\"lane\":\"agent\",\"cause\":\"malformed\",\"count\":1,\"total\":1}"));
	free(text);
}

static void assert_last_is_loss(const char *path)
{
	char *text = get_file(path);
	char *line = memrchr(text, '\n', strlen(text) - 1);

	assert_non_null(line);
	assert_non_null(strstr(line, "\"type\":\"loss\""));
	free(text);
}

/* A full disk, twice, under load: what is missing in the file is what the file says is missing. */
static void test_full_disk(void **state)
{
	struct fixture *f = *state;
	struct audit *a = open_audit(f->path, LINEAGE_GOVERNED);
	struct audit_stats stats;
	rlim_t limit = 100000;

	for (int round = 0; round < 2; round++) {
		uint64_t before;

		audit_stats(a, &stats);
		before = stats.attempted;
		limit_files(limit);
		for (int i = 0; i < 10000; i++) {
			send_decision(f, a, "/var/lib/some/file");
			if (i % 50 == 49) {
				audit_losses(a, &f->kernel);
				audit_flush(a);
			}
			f->kernel.lanes[PV_LANE_DECISION].lost++;
			assert_balance(a);
		}
		audit_stats(a, &stats);
		assert_true(stats.lost > 1000u * (round + 1));
		assert_true(stats.attempted - before <= 10000 + 10000 / 50); /* no vain tries to tell */
		limit_files(RLIM_INFINITY);
		assert_int_equal(audit_flush(a), 0); /* tells without waiting for an event */
		assert_last_is_loss(f->path);
		limit = 3000000;
	}
	assert_int_equal(audit_losses(a, &f->kernel), 0);
	send_decision(f, a, "/after");
	assert_int_equal(audit_flush(a), 0);
	audit_stats(a, &stats);
	assert_int_equal(stats.pending, 0);
	assert_int_equal(stats.attempted, stats.written + stats.lost);
	assert_int_equal(stats.seq, stats.attempted);
	assert_int_equal(audit_close(a, NULL), 0);
	assert_int_equal(sum_losses(f->path, "log"), stats.lost);
	assert_int_equal(sum_losses(f->path, "decision"), 20000);
}

/* When a reopen ends the gap, the next line is the loss, whether or not a flush came between. */
static void test_loss_comes_first(void **state)
{
	struct fixture *f = *state;
	struct audit *a = open_audit(f->path, LINEAGE_GOVERNED);
	struct audit_stats stats;

	send_decision(f, a, "/first");
	audit_flush(a);
	limit_files(1);
	do {
		send_decision(f, a, "/some/file");
		audit_stats(a, &stats);
	} while (stats.lost < 100);
	limit_files(RLIM_INFINITY);
	assert_int_equal(audit_reopen(a), 0);
	send_decision(f, a, "/after");
	assert_int_equal(audit_close(a, NULL), 0);
	assert_int_equal(sum_losses(f->path, "log"), 100);
}

/* Eviction is counted, and an evicted process still gets its line. */
static void test_small_table(void **state)
{
	struct fixture *f = *state;
	const struct audit_options options = {.path = f->path, .table_capacity = 4};
	struct audit_stats stats;
	struct audit *a;

	assert_int_equal(audit_open(&options, &a), 0);
	for (uint32_t pid = 10; pid < 30; pid++)
		audit_record(a, f->raw.bytes, make_decision(&f->raw, make_process(pid, pid - 1, "x"), "/x"));
	audit_stats(a, &stats);
	assert_int_equal(stats.processes, 4);
	assert_int_equal(stats.evicted, 16);
	assert_int_equal(stats.attempted, 20);
	assert_int_equal(audit_close(a, NULL), 0);
}

static void test_stdout(void **state)
{
	struct fixture *f = *state;
	struct audit *a;
	int saved = dup(STDOUT_FILENO);
	int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	a = open_audit("-", LINEAGE_GOVERNED);
	send_decision(f, a, "/a");
	audit_reopen(a);
	send_decision(f, a, "/b");
	audit_close(a, NULL);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	assert_int_equal(sum_losses(f->path, "log"), 0);
	assert_string_equal(line_type(f->path, 1), "deny");
}

static void test_rotation(void **state)
{
	struct fixture *f = *state;
	struct audit *a = open_audit(f->path, LINEAGE_GOVERNED);
	char *text;

	send_decision(f, a, "/before");
	rename(f->path, f->other);
	assert_int_equal(audit_reopen(a), 0);
	send_decision(f, a, "/after");
	audit_close(a, NULL);
	text = get_file(f->other);
	assert_non_null(strstr(text, "/before"));
	assert_null(strstr(text, "/after"));
	free(text);
	text = get_file(f->path);
	assert_non_null(strstr(text, "\"seq\":2,"));
	free(text);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_write),
		TEST(test_batches),
		TEST(test_full_batch),
		TEST(test_room),
		TEST(test_open),
		TEST(test_resume),
		TEST(test_full_device),
		TEST(test_torn_by_full_disk),
		TEST(test_reopen),
		TEST(test_lineage),
		TEST(test_seq_goes_on),
		TEST(test_kernel_losses),
		TEST(test_full_disk),
		TEST(test_small_table),
		TEST(test_stdout),
		TEST(test_rotation),
		TEST(test_loss_comes_first),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
