/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cgroups by path and id. Most of it is directories and small files, and is tested with those; ids
 * need a real cgroup v2 hierarchy and are skipped where there is none that may be used.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kernel/machine.h"
#include "subject/cgroup.h"
#include "subject/spawn.h"
#include "util/util.h"

struct fixture {
	char dir[64];
	struct cgroups c;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/pavise-cgroup-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(cgroups_open(&f->c, f->dir), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	cgroups_close(&f->c);
	cgroups_close(&f->c);
	remove_tree(AT_FDCWD, f->dir, 100);
	free(f);
	return 0;
}

static void put(struct fixture *f, const char *path, const char *text)
{
	char *name = strfmt("%s%s", f->dir, path);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, text, strlen(text)), 0);
	close(fd);
	free(name);
}

static void test_create(void **state)
{
	struct fixture *f = *state;
	uint64_t id = 0;

	assert_int_equal(cgroup_create(&f->c, "/a/b/c"), 0);
	assert_int_equal(cgroup_create(&f->c, "/a/b/c"), -EEXIST);
	assert_int_equal(cgroup_create(&f->c, "/a/d"), 0);
	assert_int_equal(cgroup_id(&f->c, "/a/b/c", &id), 0);
	assert_true(id != 0);
	assert_int_equal(cgroup_id(&f->c, "/a/x", &id), -ENOENT);
	assert_int_equal(cgroup_id(&f->c, "/", &id), 0);
	assert_int_equal(cgroup_open(&f->c, "/nowhere", NULL, O_RDONLY), -ENOENT);
}

static void test_remove(void **state)
{
	struct fixture *f = *state;
	uint64_t id;

	assert_int_equal(cgroup_create(&f->c, "/a/b/c"), 0);
	assert_int_equal(cgroup_create(&f->c, "/a/.hidden"), 0);
	assert_int_equal(cgroup_remove(&f->c, "/a/none"), 0);
	put(f, "/a/b/file", "a file stands for a process: the directory cannot go");
	assert_true(cgroup_remove(&f->c, "/a") < 0);
	assert_int_equal(cgroup_id(&f->c, "/a/b/c", &id), -ENOENT);
	assert_int_equal(cgroup_id(&f->c, "/a/b", &id), 0);
	remove_tree(f->c.fd, "a/b/file", 0);
	assert_int_equal(cgroup_remove(&f->c, "/a"), 0);
	assert_int_equal(cgroup_id(&f->c, "/a", &id), -ENOENT);
}

static void test_populated(void **state)
{
	struct fixture *f = *state;
	int fd;

	assert_int_equal(cgroup_create(&f->c, "/a"), 0);
	put(f, "/a/cgroup.events", "populated 1\nfrozen 0\n");
	fd = cgroup_open(&f->c, "/a", "cgroup.events", O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(cgroup_populated(fd), 1);
	put(f, "/a/cgroup.events", "populated 0\nfrozen 0\n");
	assert_int_equal(cgroup_populated(fd), 0);
	put(f, "/a/cgroup.events", "frozen 0\n");
	assert_int_equal(cgroup_populated(fd), -EPROTO);
	close(fd);
	assert_int_equal(cgroup_populated(fd), -EBADF);
}

struct seen {
	char paths[512];
	long processes;
	unsigned stop_after;
};

static int visit(void *context, const char *path, int fd)
{
	struct seen *s = context;
	long n = cgroup_processes(fd);

	strcat(strcat(s->paths, path), " ");
	s->processes += n > 0 ? n : 0;
	return s->stop_after && !--s->stop_after ? 7 : 0;
}

static void test_walk(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};

	cgroup_create(&f->c, "/a/b");
	put(f, "/cgroup.procs", "1\n2\n");
	put(f, "/a/b/cgroup.procs", "3\n");
	assert_int_equal(cgroups_walk(&f->c, "/", CGROUP_DEPTH, visit, &s), 0);
	assert_string_equal(s.paths, "/ /a /a/b ");
	assert_int_equal(s.processes, 3);
	s = (struct seen){0};
	assert_int_equal(cgroups_walk(&f->c, "/a", 0, visit, &s), 0);
	assert_string_equal(s.paths, "/a ");
	s = (struct seen){.stop_after = 2};
	assert_int_equal(cgroups_walk(&f->c, "/", CGROUP_DEPTH, visit, &s), 7);
	assert_string_equal(s.paths, "/ /a ");
	s = (struct seen){0};
	assert_int_equal(cgroups_walk(&f->c, "/none", 1, visit, &s), 0);
	assert_string_equal(s.paths, "");
}

/* A real hierarchy that a cgroup can be made in, or skip. */
static void open_real(struct cgroups *c, char *name, size_t size)
{
	struct machine m;

	if (machine_probe(&machine_paths, &m) || !*m.cgroup2 || cgroups_open(c, m.cgroup2)) {
		skip();
		return;
	}
	snprintf(name, size, "/pavise-unit-%d", (int)getpid());
	if (cgroup_create(c, name)) {
		cgroups_close(c);
		skip();
	}
}

static void test_ids(void **state)
{
	struct cgroups c = {.fd = -1};
	char name[64], inner[80];
	uint64_t id = 0, root = 0;

	(void)state;
	open_real(&c, name, sizeof(name));
	snprintf(inner, sizeof(inner), "%s/inner", name);
	assert_int_equal(cgroup_create(&c, inner), 0);
	assert_int_equal(cgroup_id(&c, inner, &id), 0);
	assert_int_equal(cgroup_id(&c, "/", &root), 0);
	assert_string_equal(cgroup_path(&c, id), inner);
	assert_string_equal(cgroup_path(&c, root), "/");
	assert_null(cgroup_path(&c, ~0ull));
	assert_int_equal(cgroup_remove(&c, name), 0);
	/* known from before: still the right name */
	assert_string_equal(cgroup_path(&c, id), inner);
	cgroups_close(&c);
}

static void test_spawn(void **state)
{
	struct cgroups c = {.fd = -1};
	int dir, events, status;
	char name[64];
	pid_t pid;

	(void)state;
	open_real(&c, name, sizeof(name));
	dir = cgroup_open(&c, name, NULL, O_RDONLY);
	events = cgroup_open(&c, name, "cgroup.events", O_RDONLY);
	assert_true(dir >= 0 && events >= 0);
	assert_int_equal(cgroup_populated(events), 0);
	pid = spawn_into(dir);
	if (!pid)
		_exit(cgroup_populated(events) == 1 ? 42 : 1);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	assert_int_equal(cgroup_populated(events), 0);
	close(dir);
	close(events);
	assert_int_equal(cgroup_remove(&c, name), 0);
	cgroups_close(&c);
	assert_true(spawn_into(-1) < 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create), TEST(test_remove),	       TEST(test_populated),
		TEST(test_walk),   cmocka_unit_test(test_ids), cmocka_unit_test(test_spawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
