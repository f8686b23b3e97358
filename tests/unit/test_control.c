/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The control socket: lines in any shape, bounds, who may connect; and requests about containers. The
 * server runs in a child with an agent that has its loop, a log, a place for its set and a directory in
 * the place of cgroups, and no programs: the requests used here do not go beyond that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "control/agent.h"
#include "control/lock.h"
#include "control/protocol.h"
#include "control/store.h"
#include "util/util.h"

struct fixture {
	char dir[64];
	pid_t pid;
};

static int open_state(struct agent *a, const char *dir)
{
	char *cgroups = strfmt("%s/cgroups", dir), *log = strfmt("%s/log", dir);
	struct audit_options options = {.path = log};
	int err = store_prepare(dir);

	err = err ? err : make_directory(cgroups, 0755);
	err = err ? err : cgroups_open(&a->cgroups, cgroups);
	err = err ? err : audit_open(&options, &a->audit);
	a->live = (struct live){.kernel = &a->kernel, .cgroups = &a->cgroups, .run = dir};
	spec_init(&a->live.spec);
	free(cgroups);
	free(log);
	return err;
}

static void serve(const char *dir)
{
	struct machine_paths paths = {.run = dir};
	struct agent a = {.paths = &paths, .loop.epoll = -1};
	struct refusal r = {0};

	if (open_state(&a, dir) || loop_open(&a.loop) || server_open(&a, &r))
		_exit(1);
	loop_run(&a.loop);
	server_close(&a);
	loop_close(&a.loop);
	audit_close(a.audit, NULL);
	live_close(&a.live);
	cgroups_close(&a.cgroups);
	_exit(access(dir, F_OK) ? 2 : 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char *path;

	strcpy(f->dir, "/tmp/pavise-control-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->pid = fork();
	if (!f->pid)
		serve(f->dir);
	path = strfmt("%s/" PROTOCOL_SOCKET, f->dir);
	for (int i = 0; i < 500 && access(path, F_OK); i++)
		usleep(10000);
	free(path);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int status;

	kill(f->pid, SIGKILL);
	waitpid(f->pid, &status, 0);
	assert_int_equal(remove_tree(AT_FDCWD, f->dir, 6), 0);
	free(f);
	return 0;
}

static int dial(struct fixture *f)
{
	struct refusal r = {0};
	int fd = client_connect(f->dir, PATIENCE_ANSWER, &r);

	for (int i = 0; fd < 0 && i < 100; i++) {
		usleep(10000);
		fd = client_connect(f->dir, PATIENCE_ANSWER, &r);
	}
	assert_true(fd >= 0);
	return fd;
}

/* One line of answer, which has to say `ok`. */
static void expect(int fd, bool ok)
{
	char line[8192];
	size_t used = 0;
	json_t *reply;

	while (!used || line[used - 1] != '\n') {
		assert_true(used < sizeof(line));
		assert_int_equal(read(fd, line + used, 1), 1);
		used++;
	}
	reply = json_loadb(line, used, 0, NULL);
	assert_true(json_is_object(reply));
	assert_int_equal(json_is_true(json_object_get(reply, "ok")), ok);
	if (!ok)
		assert_true(json_is_string(json_object_get(reply, "error")));
	json_decref(reply);
}

static void test_lines(void **state)
{
	static const char *const requests[] = {
		"\n",		"{}\n",
		"garbage\n",	"[1,2]\n",
		"{\"op\":7}\n", "{\"op\":\"no such\"}\n",
		"\xff\xfe\n",	"{\"op\":\"apply\"\n",
	};
	struct fixture *f = *state;
	int fd = dial(f);

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		assert_int_equal(write_all(fd, requests[i], strlen(requests[i])), 0);
		expect(fd, false);
	}
	/* in pieces, and two at once */
	for (const char *c = "{\"op\":\"x\"}\n"; *c; c++)
		assert_int_equal(write_all(fd, c, 1), 0);
	expect(fd, false);
	assert_int_equal(write_all(fd, "{}\n{}\n{}", 8), 0);
	expect(fd, false);
	expect(fd, false);
	assert_int_equal(write_all(fd, "\n", 1), 0);
	expect(fd, false);
	close(fd);
}

/* A connection that ends in the middle of a line, or never says anything, disturbs nobody. */
static void test_others(void **state)
{
	struct fixture *f = *state;
	int silent = dial(f), cut = dial(f), fd;

	assert_int_equal(write_all(cut, "{\"op\":", 6), 0);
	close(cut);
	fd = dial(f);
	assert_int_equal(write_all(fd, "{}\n", 3), 0);
	expect(fd, false);
	close(fd);
	close(silent);
}

static void test_too_long(void **state)
{
	struct fixture *f = *state;
	char block[65536];
	int fd = dial(f), err = 0;

	signal(SIGPIPE, SIG_IGN);
	memset(block, 'x', sizeof(block));
	for (size_t sent = 0; !err && sent < 2 * (size_t)PROTOCOL_MAX; sent += sizeof(block))
		err = write_all(fd, block, sizeof(block));
	assert_true(err == -EPIPE || err == -ECONNRESET);
	close(fd);
	fd = dial(f);
	assert_int_equal(write_all(fd, "{}\n", 3), 0);
	expect(fd, false);
	close(fd);
}

static void test_too_many(void **state)
{
	struct fixture *f = *state;
	int fds[PROTOCOL_CLIENTS_MAX + 1];
	char c;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = dial(f);
	/* the last one is closed at once, the others stay */
	assert_int_equal(read(fds[PROTOCOL_CLIENTS_MAX], &c, 1), 0);
	assert_int_equal(write_all(fds[0], "{}\n", 3), 0);
	expect(fds[0], false);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void test_mode_and_peer(void **state)
{
	struct fixture *f = *state;
	char *path = strfmt("%s/" PROTOCOL_SOCKET, f->dir);
	struct stat st;
	int status;
	pid_t pid;

	close(dial(f)); /* the socket is there a moment before anybody listens */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	if (geteuid()) {
		free(path);
		skip();
	}
	/* even where the file would let them: others are not served */
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(chmod(f->dir, 0755), 0);
	free(path);
	pid = fork();
	if (!pid) {
		struct refusal r = {0};
		int fd;
		char c;

		if (setgid(65534) || setuid(65534))
			_exit(1);
		fd = client_connect(f->dir, PATIENCE_ANSWER, &r);
		_exit(fd >= 0 && read(fd, &c, 1) <= 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_stop(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f), status;

	assert_int_equal(write_all(fd, "{\"op\":\"stop\"}\n", 14), 0);
	expect(fd, true);
	close(fd);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Ask, and give the reply when it says `ok`; else the error has to have `why` in it. */
static json_t *ask(int fd, json_t *request, const char *why)
{
	struct refusal r = {0};
	json_t *reply = client_ask(fd, request, PATIENCE_ANSWER, &r);
	const char *error = json_string_value(json_object_get(reply, "error"));

	assert_non_null(reply);
	assert_int_equal(json_is_true(json_object_get(reply, "ok")), !why);
	if (!why)
		return reply;
	if (!error || !strstr(error, why))
		fail_msg("expected '%s', found '%s'", why, error ? error : "");
	json_decref(reply);
	return NULL;
}

static json_t *set_request(const char *cgroup, const char *id)
{
	return json_pack("{s:s, s:{s:s, s:s*}}", "op", "container-set", "container", "cgroup", cgroup, "id",
			 id);
}

/* The cgroups of the containers that are known, in one line. */
static void expect_known(int fd, const char *wanted)
{
	json_t *reply = ask(fd, json_pack("{s:s}", "op", "container-list"), NULL), *container;
	char got[256] = "";
	size_t i;

	json_array_foreach (json_object_get(reply, "containers"), i, container) {
		size_t at = strlen(got);

		snprintf(got + at, sizeof(got) - at, "%s%s", i ? " " : "",
			 json_string_value(json_object_get(container, "cgroup")));
	}
	assert_string_equal(got, wanted);
	json_decref(reply);
}

static void expect_removed(int fd, const char *key, const char *value, const char *wanted)
{
	json_t *reply = ask(fd, json_pack("{s:s, s:s}", "op", "container-remove", key, value), NULL);
	json_t *removed = json_object_get(reply, "removed");

	assert_true(json_is_false(json_object_get(reply, "published")));
	if (wanted)
		assert_string_equal(json_string_value(json_array_get(removed, 0)), wanted);
	assert_int_equal(json_array_size(removed), wanted != NULL);
	json_decref(reply);
}

static void change_cgroup(struct fixture *f, const char *name, bool there)
{
	char *path = strfmt("%s/cgroups/%s", f->dir, name);

	if (there)
		assert_int_equal(mkdir(path, 0755), 0);
	else
		assert_int_equal(remove_tree(AT_FDCWD, path, 2), 0);
	free(path);
}

/* Another one in its place: it is made while the old one is there, so its number is another. */
static void replace_cgroup(struct fixture *f, const char *name)
{
	char *path = strfmt("%s/cgroups/%s", f->dir, name), *other = strfmt("%s/cgroups/other", f->dir);

	assert_int_equal(mkdir(other, 0755), 0);
	change_cgroup(f, name, false);
	assert_int_equal(rename(other, path), 0);
	free(path);
	free(other);
}

/* Without programs nothing can be published: what succeeds here did without. */
static void test_containers(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	struct spec stored;
	json_t *reply;

	change_cgroup(f, "a", true);
	change_cgroup(f, "b", true);
	expect_known(fd, "");
	ask(fd, set_request("/c", NULL), "there is no cgroup /c below ");
	ask(fd, set_request("/a/../b", NULL), "'..'");
	ask(fd, set_request("/", NULL), "root");
	ask(fd, json_pack("{s:s}", "op", "container-set"), "cgroup");
	ask(fd,
	    json_pack("{s:s, s:{s:s, s:i}}", "op", "container-set", "container", "cgroup", "/a", "name", 7),
	    "name");
	expect_known(fd, "");
	reply = ask(fd, set_request("//b/", "x"), NULL);
	assert_true(json_is_false(json_object_get(reply, "published")));
	assert_int_equal(json_array_size(json_object_get(reply, "containers")), 1);
	json_decref(reply);
	json_decref(ask(fd, set_request("/a", "x"), NULL));
	json_decref(ask(fd, set_request("/a", "y"), NULL));
	expect_known(fd, "/a /b");
	/* what is in force is stored */
	assert_int_equal(store_load(f->dir, store_latest(f->dir), &stored), 0);
	assert_int_equal(json_array_size(stored.containers), 2);
	spec_free(&stored);
	reply = ask(fd, json_pack("{s:s}", "op", "status"), NULL);
	assert_int_equal(json_integer_value(json_object_get(reply, "containers")), 2);
	json_decref(reply);
	ask(fd, json_pack("{s:s, s:s}", "op", "container-remove", "cgroup", "/c"), "/c");
	ask(fd, json_pack("{s:s, s:s}", "op", "container-remove", "cgroup", "a"), "path");
	ask(fd, json_pack("{s:s}", "op", "container-remove"), "path");
	expect_removed(fd, "cgroup", "/a/", "/a");
	expect_known(fd, "/b");
	close(fd);
}

/* What has no process is found by its id; what is gone, or made again, is forgotten at the next change. */
static void test_ended_containers(void **state)
{
	struct fixture *f = *state;
	char *events = strfmt("%s/cgroups/a/cgroup.events", f->dir);
	int fd = dial(f), file;

	for (const char *name = "abcd"; *name; name++)
		change_cgroup(f, (char[]){*name, '\0'}, true);
	file = open(events, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write_all(file, "populated 1\n", 12), 0);
	json_decref(ask(fd, set_request("/a", "same"), NULL));
	json_decref(ask(fd, set_request("/b", "same"), NULL));
	json_decref(ask(fd, set_request("/c", "other"), NULL));
	json_decref(ask(fd, set_request("/d", NULL), NULL));
	expect_removed(fd, "id", "same", "/b");
	expect_removed(fd, "id", "same", NULL);
	expect_removed(fd, "id", "nobody", NULL);
	expect_known(fd, "/a /c /d");
	assert_int_equal(pwrite(file, "populated 0\n", 12, 0), 12);
	close(file);
	expect_removed(fd, "id", "same", "/a");
	change_cgroup(f, "e", true);
	replace_cgroup(f, "c");
	json_decref(ask(fd, set_request("/e", NULL), NULL));
	expect_known(fd, "/d /e");
	change_cgroup(f, "d", false);
	expect_removed(fd, "cgroup", "/d", "/d");
	expect_known(fd, "/e");
	free(events);
	close(fd);
}

static void test_no_agent(void **state)
{
	struct refusal r = {0};

	(void)state;
	assert_true(client_connect("/nonexistent", PATIENCE_ANSWER, &r) < 0);
	assert_int_equal(r.code, PAVISE_NO_AGENT);
	assert_non_null(strstr(r.text, "pavise agent"));
}

static void test_lock(void **state)
{
	char dir[] = "/tmp/pavise-lock-XXXXXX";
	int fd, status;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_false(lock_is_held(dir));
	assert_int_equal(lock_take(dir, false), -ENOENT);
	fd = lock_take(dir, true);
	assert_true(fd >= 0);
	assert_true(lock_is_held(dir));
	assert_int_equal(lock_take(dir, true), -EAGAIN);
	close(fd);
	assert_false(lock_is_held(dir));
	/* it ends with its holder, however that ends */
	pid = fork();
	if (!pid) {
		lock_take(dir, true);
		raise(SIGSTOP);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(lock_is_held(dir));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(lock_is_held(dir));
	fd = lock_take(dir, false);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(remove_tree(AT_FDCWD, dir, 2), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines),
		TEST(test_others),
		TEST(test_too_long),
		TEST(test_too_many),
		TEST(test_mode_and_peer),
		TEST(test_stop),
		TEST(test_containers),
		TEST(test_ended_containers),
		cmocka_unit_test(test_no_agent),
		cmocka_unit_test(test_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
