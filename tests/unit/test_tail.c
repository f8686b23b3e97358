/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading the log: last lines, filters, the view for people, and following over all that can happen. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "audit/compact.h"
#include "audit/tail.h"

#define WAIT_MS 10000

struct fixture {
	char dir[64], path[128], other[128];
	/* of the follower */
	pid_t pid;
	int out, err;
	char text[65536];
	size_t length;
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

	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	unlink(f->path);
	unlink(f->other);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void add(const char *path, const char *mode, const char *text)
{
	FILE *file = fopen(path, mode);

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Run once; *out and *err are the caller's. */
static int run(const struct tail_options *given, char **out, char **err)
{
	struct tail_options options = *given;
	size_t out_size, err_size;
	int r;

	options.out = open_memstream(out, &out_size);
	options.err = open_memstream(err, &err_size);
	r = tail_run(&options);
	fclose(options.out);
	fclose(options.err);
	return r;
}

static void assert_tail(const struct tail_options *options, const char *expected, const char *complaint)
{
	char *out, *err;

	assert_int_equal(run(options, &out, &err), 0);
	assert_string_equal(out, expected);
	if (*complaint)
		assert_non_null(strstr(err, complaint));
	else
		assert_string_equal(err, "");
	free(out);
	free(err);
}

static void test_last_lines(void **state)
{
	struct fixture *f = *state;
	struct tail_options options = {.path = f->path, .lines = 3, .json = true};
	char line[64], expected[256] = "";

	add(f->path, "w", "");
	assert_tail(&options, "", "");
	add(f->path, "a", "{\"type\":\"x\",\"n\":0}\n");
	assert_tail(&options, "{\"type\":\"x\",\"n\":0}\n", "");
	for (int i = 1; i < 20000; i++) { /* many blocks */
		snprintf(line, sizeof(line), "{\"type\":\"%s\",\"n\":%d}\n", i % 7000 ? "x" : "deny", i);
		add(f->path, "a", line);
		if (i >= 19997)
			strcat(expected, line);
	}
	assert_tail(&options, expected, "");
	options.lines = 1;
	assert_tail(&options, "{\"type\":\"x\",\"n\":19999}\n", "");
	options.lines = 0;
	assert_tail(&options, "", "");
	/* the last ones that pass, however far back */
	options.deny = true;
	options.lines = 1;
	assert_tail(&options, "{\"type\":\"deny\",\"n\":14000}\n", "");
	options.lines = SIZE_MAX;
	assert_tail(&options, "{\"type\":\"deny\",\"n\":7000}\n{\"type\":\"deny\",\"n\":14000}\n", "");
}

static void test_filters(void **state)
{
	struct fixture *f = *state;
	struct tail_options options = {.path = f->path, .lines = 10, .json = true};
#define DENY_WEB  "{\"type\":\"deny\",\"decision\":{\"policy\":{\"name\":\"web\"}}}\n"
#define WOULD_DB  "{\"type\":\"would_deny\",\"decision\":{\"policy\":{\"name\":\"db\"}}}\n"
#define ALLOW_WEB "{\"type\":\"allow\",\"decision\":{\"policy\":{\"name\":\"web\"}}}\n"
#define EXEC	  "{\"type\":\"exec\"}\n"

	add(f->path, "w", DENY_WEB WOULD_DB ALLOW_WEB EXEC);
	assert_tail(&options, DENY_WEB WOULD_DB ALLOW_WEB EXEC, "");
	options.deny = true;
	assert_tail(&options, DENY_WEB WOULD_DB, "");
	options.policy = "web";
	assert_tail(&options, DENY_WEB, "");
	options.deny = false;
	assert_tail(&options, DENY_WEB ALLOW_WEB, "");
	options.lines = 1;
	assert_tail(&options, ALLOW_WEB, "");
	options.policy = "";
	assert_tail(&options, "", "");
}

static void test_broken_lines(void **state)
{
	struct fixture *f = *state;
	struct tail_options options = {.path = f->path, .lines = 100, .json = true};
	static const char *const broken[][2] = {
		{"{\"type\":\"de\n", "not valid JSON"},
		{"\n", "not valid JSON"},
		{"[]\n", "no event"},
		{"{\"type\":1}\n", "no event"},
		{"{\"type\":\"x\"} {}\n", "not valid JSON"},
		{"{\"type\":\"x\",\"type\":\"y\"}\n", "not valid JSON"},
		{"{\"type\":\"\x1b[2J\"}\n", "control"},
		{"{\"type\":\"x\"}\r\n", "control"},
		{"{\"type\":\"\xc2\x9b\"}\n", "control"},
		{"{\"type\":\"\xff\"}\n", "UTF-8"},
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		add(f->path, "w", EXEC);
		add(f->path, "a", broken[i][0]);
		add(f->path, "a", DENY_WEB);
		options.json = true;
		assert_tail(&options, EXEC DENY_WEB, broken[i][1]);
		assert_tail(&options, EXEC DENY_WEB, "byte 16:");
		options.json = false;
		assert_tail(&options, "--:--:--.--- EXEC  [?]\n--:--:--.--- DENY  [?] ?  web\n",
			    broken[i][1]);
	}
	options.json = true;
	add(f->path, "w", EXEC "{\"type\":\"exec\"}");
	assert_tail(&options, EXEC, "not complete (15 bytes)");
	options.lines = 1; /* what is no line is not counted as one */
	assert_tail(&options, EXEC, "not complete");
}

static void test_long_line(void **state)
{
	struct fixture *f = *state;
	struct tail_options options = {.path = f->path, .lines = 100, .json = true};
	size_t size = 9 << 20;
	char *out, *err;
	char *big = malloc(size + 1);

	assert_non_null(big);
	memset(big, 'x', size);
	big[size] = 0;
	add(f->path, "w", EXEC);
	add(f->path, "a", big);
	add(f->path, "a", "\n" DENY_WEB);
	assert_tail(&options, EXEC DENY_WEB, "longer than");
	options.deny = true;
	assert_int_equal(run(&options, &out, &err), 0);
	assert_string_equal(out, DENY_WEB);
	assert_non_null(strstr(err, "longer than"));
	assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1); /* told once */
	free(out);
	free(err);
	free(big);
}

static void test_no_file(void **state)
{
	struct fixture *f = *state;
	struct tail_options options = {.path = f->path, .lines = 10};
	char *out, *err;

	assert_int_equal(run(&options, &out, &err), -ENOENT);
	free(out);
	free(err);
	options.path = f->dir;
	assert_int_equal(run(&options, &out, &err), -EINVAL);
	free(out);
	free(err);
}

/* ---- for people ---- */

static void assert_compact(const char *event, const struct compact_options *options, const char *expected)
{
	json_t *root = json_loads(event, JSON_ALLOW_NUL, NULL);
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(root);
	compact_print(options, root, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	json_decref(root);
}

#define TIME  "\"time\":\"2024-02-29T12:03:44.120999999Z\""
#define NGINX "\"proc\":{\"pid\":4121,\"comm\":\"nginx\""
#define CHAIN "\"parent\":{\"comm\":\"sh\"},\"ancestors\":[{\"comm\":\"nginx\"}]"

static void test_compact(void **state)
{
	const struct compact_options utc = {.utc = true};
	const struct compact_options colour = {.utc = true, .colour = true};

	(void)state;
	assert_compact("{\"type\":\"deny\"," TIME "," NGINX "}," CHAIN
		       ",\"decision\":{\"hook\":\"file_open\","
		       "\"op\":\"write\",\"policy\":{\"name\":\"web\"},\"rule\":{\"id\":\"files[1]\"},"
		       "\"object\":{\"path\":\"/etc/passwd\"}}}",
		       &utc,
		       "12:03:44.120 DENY  nginx[4121] file_open:write /etc/passwd  <- sh <- nginx  "
		       "web/files[1]\n");
	assert_compact("{\"type\":\"deny\"," TIME "," NGINX "},\"decision\":{\"hook\":\"file_open\","
		       "\"op\":\"read\",\"policy\":{\"name\":\"web\"},\"rule\":{\"id\":\"files[1]\"},"
		       "\"marked\":true,\"object\":{\"path\":\"/tmp/link\"}}}",
		       &utc,
		       "12:03:44.120 DENY  nginx[4121] file_open:read /tmp/link  web/files[1] (marked)\n");
	assert_compact("{\"type\":\"would_deny\"," TIME "," NGINX
		       "},\"decision\":{\"hook\":\"socket_connect\","
		       "\"op\":\"connect\",\"policy\":{\"name\":\"web\"},\"reason\":\"default_deny\","
		       "\"object\":{\"family\":\"inet6\",\"type\":\"stream\",\"protocol\":\"tcp\","
		       "\"remote\":\"2001:db8::1\",\"port\":443}}}",
		       &colour,
		       "12:03:44.120 \033[33mWOULD\033[0m nginx[4121] socket_connect:connect "
		       "inet6/stream/tcp [2001:db8::1]:443  web/default_deny\n");
	assert_compact("{\"type\":\"deny\"," TIME "," NGINX "},\"decision\":{\"hook\":\"file_open\","
		       "\"op\":\"read\",\"policy\":{\"name\":\"web\"},\"reason\":\"not_decidable\","
		       "\"walk\":\"deep\",\"object\":{\"path\":\"/a\",\"path_cut\":true}}}",
		       &utc,
		       "12:03:44.120 DENY  nginx[4121] file_open:read .../a  web/not_decidable (deep)\n");
	assert_compact("{\"type\":\"exec\"," TIME "," NGINX ",\"exe\":\"/bin/sh\","
		       "\"argv\":[\"sh\",\"-c\",\"id -u\",\"\"],\"argv_cut\":true}," CHAIN "}",
		       &utc,
		       "12:03:44.120 EXEC  nginx[4121] /bin/sh -c \"id -u\" \"\" ...  <- sh <- nginx\n");
	assert_compact("{\"type\":\"exit\"," TIME "," NGINX "},\"exit\":{\"code\":0,"
		       "\"duration_ns\":1234567890,\"denials\":2}}",
		       &utc, "12:03:44.120 EXIT  nginx[4121] code 0 after 1.2s, denials: 2\n");
	assert_compact("{\"type\":\"exit\"," TIME "," NGINX "},\"exit\":{\"signal\":11,\"core\":true,"
		       "\"duration_ns\":\"9007199254740993\",\"denials\":0}}",
		       &utc,
		       "12:03:44.120 EXIT  nginx[4121] signal SIGSEGV (core dumped) after 9007199.3s\n");
	assert_compact("{\"type\":\"loss\"," TIME ",\"loss\":{\"lane\":\"decision\",\"cause\":\"ring_full\","
		       "\"count\":3,\"total\":\"18014398509481984\"}}",
		       &utc,
		       "12:03:44.120 LOSS  3 records of lane decision: ring_full "
		       "(18014398509481984 in all)\n");
	assert_compact("{\"type\":\"agent\"," TIME ",\"agent\":{\"op\":\"start\",\"version\":\"1.0\",\"n\":2,"
		       "\"why\":\"a b\"}}",
		       &utc, "12:03:44.120 AGENT start version=1.0 n=2 why=\"a b\"\n");
	assert_compact("{\"type\":\"policy\"," TIME ",\"policy\":{\"op\":\"load\",\"name\":\"web\"}}", &utc,
		       "12:03:44.120 POLICY load name=web\n");
	assert_compact("{\"type\":\"newer\"," TIME "}", &utc, "12:03:44.120 OTHER newer\n");
}

static void test_local_time(void **state)
{
	const struct compact_options local = {0};

	(void)state;
	setenv("TZ", "XYZ-05:30", 1);
	tzset();
	assert_compact("{\"type\":\"x\"," TIME "}", &local, "17:33:44.120 OTHER x\n");
	setenv("TZ", "UTC", 1);
	tzset();
}

/* Whatever is in an event, wrong types included: one line, and no byte that acts on a terminal. */
static void test_hostile(void **state)
{
	const struct compact_options utc = {.utc = true};
	static const char nasty[] = "\\u001b[2J\\u0000\\n\\u009b\\u202e\\udb40\\udc41\\u007f\xc3\xa9";
	static const char shown[] = "\\x1b[2J\\x00\\x0a\\x9b\\u{202e}\\u{e0041}\\x7f\xc3\xa9";
	static const char *const types[] = {"deny", "exec", "exit", "loss", "agent", "other"};
	char event[2048], expected[512];

	(void)state;
	snprintf(event, sizeof(event),
		 "{\"type\":\"deny\"," TIME
		 ",\"proc\":{\"pid\":1,\"comm\":\"%s\"},\"parent\":{\"comm\":\"%s\"},"
		 "\"decision\":{\"hook\":\"h\",\"policy\":{\"name\":\"%s\"},\"rule\":{\"id\":\"%s\"},"
		 "\"object\":{\"path\":\"%s\"}}}",
		 nasty, nasty, nasty, nasty, nasty);
	snprintf(expected, sizeof(expected), "12:03:44.120 DENY  %s[1] h %s  <- %s  %s/%s\n", shown, shown,
		 shown, shown, shown);
	assert_compact(event, &utc, expected);
	snprintf(event, sizeof(event), "{\"type\":\"agent\",\"time\":\"%s\",\"agent\":{\"%s\":\"%s\"}}",
		 nasty, "k", nasty);
	snprintf(expected, sizeof(expected), "--:--:--.--- AGENT ? k=%s\n", shown);
	assert_compact(event, &utc, expected);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		json_t *root;
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		snprintf(event, sizeof(event),
			 "{\"type\":\"%s\",\"time\":1,\"proc\":[],\"parent\":1,\"ancestors\":{},"
			 "\"decision\":{\"hook\":[],\"object\":\"\",\"policy\":[],\"walk\":1},\"exit\":\"x\","
			 "\"loss\":null,\"agent\":[1]}",
			 types[i]);
		root = json_loads(event, 0, NULL);
		assert_non_null(root);
		compact_print(&utc, root, out);
		fclose(out);
		assert_ptr_equal(strchr(text, '\n'), text + size - 1);
		free(text);
		json_decref(root);
	}
}

/* ---- follow ---- */

static void start_follow(struct fixture *f, size_t lines)
{
	struct tail_options options = {.path = f->path, .lines = lines, .follow = true, .json = true};
	int out[2], err[2];

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	f->length = 0;
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (!f->pid) {
		close(out[0]);
		close(err[0]);
		options.out = fdopen(out[1], "w");
		options.err = fdopen(err[1], "w");
		_exit(tail_run(&options) ? 1 : 0);
	}
	close(out[1]);
	close(err[1]);
	f->out = out[0];
	f->err = err[0];
}

/* Wait until `fd` has said exactly `expected` since the last call; each line must come at once. */
static void expect(struct fixture *f, int fd, const char *expected)
{
	size_t want = strlen(expected);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	f->length = 0;
	while (f->length < want) {
		ssize_t n;

		if (poll(&p, 1, WAIT_MS) != 1) {
			print_error("expected %sgot %.*s\n", expected, (int)f->length, f->text);
			fail_msg("nothing came");
		}
		n = read(fd, f->text + f->length, want - f->length);
		assert_true(n > 0);
		f->length += n;
	}
	f->text[f->length] = 0;
	assert_string_equal(f->text, expected);
}

static void expect_silence(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, ms), 0);
}

static void stop_follow(struct fixture *f, int number)
{
	int status;

	kill(f->pid, number);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	close(f->out);
	close(f->err);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define A "{\"type\":\"a\"}\n"
#define B "{\"type\":\"b\"}\n"
#define C "{\"type\":\"c\"}\n"
#define D "{\"type\":\"d\"}\n"

static void test_follow(void **state)
{
	struct fixture *f = *state;

	add(f->path, "w", A B);
	start_follow(f, 1);
	expect(f, f->out, B);
	add(f->path, "a", C);
	expect(f, f->out, C);
	add(f->path, "a", "{\"type\""); /* half a line is no line yet */
	expect_silence(f->out, 50);
	add(f->path, "a", ":\"d\"}\nbroken\n");
	expect(f, f->out, D);
	expect(f, f->err, "pavise: ");
	add(f->path, "a", A);
	expect(f, f->out, A);
	stop_follow(f, SIGINT);
}

static void test_follow_missing(void **state)
{
	struct fixture *f = *state;

	start_follow(f, 10);
	expect(f, f->err, "pavise: ");
	add(f->path, "w", A B);
	expect(f, f->out, A B);
	stop_follow(f, SIGTERM);
	/* not even the directory */
	unlink(f->path);
	rmdir(f->dir);
	start_follow(f, 10);
	expect(f, f->err, "pavise: ");
	mkdir(f->dir, 0700);
	add(f->path, "w", C);
	expect(f, f->out, C);
	stop_follow(f, SIGINT);
}

/* A new, empty file is there before the writer knows of it: what still goes to the old one is not missed. */
static void test_follow_rotation(void **state)
{
	struct fixture *f = *state;

	add(f->path, "w", A);
	start_follow(f, 10);
	expect(f, f->out, A);
	rename(f->path, f->other);
	add(f->path, "w", "");
	add(f->other, "a", B);
	expect(f, f->out, B);
	add(f->other, "a", C "torn");
	add(f->path, "a", D);
	expect(f, f->out, C D);
	expect(f, f->err, "pavise: ");
	/* removed and made again */
	unlink(f->path);
	add(f->path, "w", B);
	expect(f, f->out, B);
	stop_follow(f, SIGINT);
}

static void test_follow_truncation(void **state)
{
	struct fixture *f = *state;

	add(f->path, "w", A B C "{\"ty");
	start_follow(f, 10);
	expect(f, f->out, A B C);
	assert_int_equal(truncate(f->path, 0), 0);
	expect(f, f->err, "pavise: ");
	add(f->path, "a", D B);
	expect(f, f->out, D B);
	add(f->path, "w", A); /* cut and written at once */
	expect(f, f->out, A);
	stop_follow(f, SIGINT);
}

/* Rotation under full speed: every line once, in order. */
static void test_follow_storm(void **state)
{
	struct fixture *f = *state;
	char line[64];

	add(f->path, "w", "");
	start_follow(f, SIZE_MAX);
	for (int i = 0; i < 2000; i++) {
		if (i % 500 == 250) {
			expect_silence(f->err, 0);
			rename(f->path, f->other);
		}
		snprintf(line, sizeof(line), "{\"type\":\"x\",\"n\":%d}\n", i);
		add(f->path, "a", line);
		if (i % 500 == 499 || i % 500 == 249) { /* read up: one rotation at a time */
			for (int n = i - 249; n <= i; n++) {
				snprintf(line, sizeof(line), "{\"type\":\"x\",\"n\":%d}\n", n);
				expect(f, f->out, line);
			}
		}
	}
	expect_silence(f->err, 0);
	stop_follow(f, SIGINT);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_last_lines),	   TEST(test_filters),	       TEST(test_broken_lines),
		TEST(test_long_line),	   TEST(test_no_file),	       TEST(test_compact),
		TEST(test_local_time),	   TEST(test_hostile),	       TEST(test_follow),
		TEST(test_follow_missing), TEST(test_follow_rotation), TEST(test_follow_truncation),
		TEST(test_follow_storm),
	};

	return cmocka_run_group_tests_name("tail", tests, NULL, NULL);
}
