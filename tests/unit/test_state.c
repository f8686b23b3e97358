/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policy sets as values, and on disk: what an operation changes and what it leaves, and that a set
 * that is stored and read again compiles to the same image.
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

#include "control/spec.h"
#include "control/store.h"
#include "pavise.h"
#include "util/util.h"

#define POLICY(name, mode, cgroup, file)                                                         \
	"apiVersion: pavise/v1\nkind: Policy\nmetadata:\n  name: " name "\nspec:\n  mode: " mode \
	"\n  subjects:\n    - cgroup: " cgroup                                                   \
	"\n  files:\n    default: allow\n    rules:\n      - deny: " file "\n"

static const char web[] = POLICY("web", "enforce", "/web", "/etc/shadow");
static const char web_again[] = POLICY("web", "monitor", "/web", "/etc/passwd");
static const char db[] = POLICY("db", "monitor", "/db", "/etc/shadow");
static const char both[] =
	POLICY("web", "enforce", "/web", "/etc/a") "---\n" POLICY("db", "enforce", "/db", "/etc/b");
static const char strange[] =
	POLICY("web", "enforce", "/web\n      user: nobody-is-called-that", "/etc/shadow");
static const char wrong[] = POLICY("web", "enforce", "/web", "not/absolute");

static struct spec_text text_of(const char *text)
{
	return (struct spec_text){.file = "dir/file one.yaml",
				  .text = text,
				  .length = strlen(text),
				  .slot = SPEC_NO_SLOT,
				  .mode = SPEC_AS_WRITTEN};
}

static int try_add(struct spec *s, const char *text)
{
	struct spec_text t = text_of(text);
	struct diags d = {0};
	int err = spec_add(s, &t, &d, NULL);

	assert_int_equal(err != 0, d.n != 0);
	diags_free(&d);
	return err;
}

static void add(struct spec *s, const char *text)
{
	assert_int_equal(try_add(s, text), 0);
}

static void add_run(struct spec *s, const char *text, int slot, const char *cgroup, int mode)
{
	struct spec_text t = text_of(text);
	struct diags d = {0};

	t.slot = slot;
	t.cgroup = cgroup;
	t.mode = mode;
	assert_int_equal(spec_add(s, &t, &d, NULL), 0);
	diags_free(&d);
}

/* "name:mode name:mode* ..." of the set as the compiler gets it; * where the mode was set by hand. */
static void expect(const struct spec *s, const char *wanted)
{
	json_t *array = spec_describe(s), *item;
	char got[1024] = "";
	size_t i;

	json_array_foreach (array, i, item) {
		size_t at = strlen(got);

		snprintf(got + at, sizeof(got) - at, "%s%s:%s%s", i ? " " : "",
			 json_string_value(json_object_get(item, "name")),
			 json_string_value(json_object_get(item, "mode")),
			 json_is_true(json_object_get(item, "mode_set")) ? "*" : "");
	}
	json_decref(array);
	assert_string_equal(got, wanted);
}

static struct compiled compile(struct spec *s, unsigned generation)
{
	struct compiled c = {0};
	struct diags d = {0};
	int err = spec_compile(s, generation, &c, &d);

	diags_print(&d, stderr);
	diags_free(&d);
	assert_int_equal(err, 0);
	return c;
}

static unsigned verdict(const struct compiled *c, const char *cgroup, const char *path)
{
	uint32_t profile = image_profile(c->image, cgroup, NULL);

	if (!profile)
		return PV_ALLOW;
	return PV_CELL_VERDICT(image_path_cell(c->image, profile, path, PV_ACC_READ, NULL));
}

static void test_add(void **state)
{
	struct spec s;

	(void)state;
	spec_init(&s);
	expect(&s, "");
	add(&s, web);
	add(&s, db);
	expect(&s, "web:enforce db:monitor");
	add(&s, web_again);
	expect(&s, "db:monitor web:monitor");
	assert_int_equal(try_add(&s, wrong), -EINVAL);
	expect(&s, "db:monitor web:monitor");
	add(&s, both);
	expect(&s, "web:enforce db:enforce");
	assert_int_equal(s.n_sources, 1);
	/* replaces one of two: the other one's text stays for its sake */
	add(&s, db);
	expect(&s, "web:enforce db:monitor");
	assert_int_equal(spec_n_policies(&s), 2);
	spec_free(&s);
	spec_free(&s);
}

static void test_remove(void **state)
{
	struct spec s;

	(void)state;
	spec_init(&s);
	add(&s, both);
	assert_int_equal(spec_remove(&s, "nobody"), -ENOENT);
	assert_int_equal(spec_remove(&s, "web"), 0);
	expect(&s, "db:enforce");
	assert_int_equal(spec_remove(&s, "web"), -ENOENT);
	assert_int_equal(spec_remove(&s, "db"), 0);
	assert_int_equal(s.n_sources, 0);
	spec_free(&s);
}

static void test_prune(void **state)
{
	json_t *names = json_pack("[s]", "db"), *removed = json_array();
	struct spec s;

	(void)state;
	spec_init(&s);
	add(&s, both);
	add_run(&s, web, 0, "/pavise/run-1-1", SPEC_AS_WRITTEN);
	assert_int_equal(spec_prune(&s, names, removed), 0);
	assert_int_equal(json_array_size(removed), 1);
	assert_string_equal(json_string_value(json_array_get(removed, 0)), "web");
	/* the run is not the administrator's list */
	expect(&s, "db:enforce web:enforce");
	json_decref(names);
	json_decref(removed);
	spec_free(&s);
}

static void test_copy(void **state)
{
	struct spec s, copy;

	(void)state;
	spec_init(&s);
	add(&s, both);
	assert_int_equal(spec_set_mode(&s, "db", MODE_MONITOR), 0);
	assert_int_equal(spec_copy(&s, &copy), 0);
	assert_int_equal(spec_remove(&copy, "web"), 0);
	assert_int_equal(spec_set_mode(&copy, "db", MODE_ENFORCE), 0);
	copy.monitor_all = true;
	expect(&s, "web:enforce db:monitor*");
	expect(&copy, "db:monitor");
	copy.monitor_all = false;
	expect(&copy, "db:enforce");
	spec_free(&s);
	expect(&copy, "db:enforce");
	spec_free(&copy);
}

static void test_modes(void **state)
{
	struct spec s;

	(void)state;
	spec_init(&s);
	add(&s, web);
	assert_int_equal(spec_set_mode(&s, "nobody", MODE_MONITOR), -ENOENT);
	assert_int_equal(spec_set_mode(&s, "web", MODE_ENFORCE), 0);
	assert_int_equal(s.n_modes, 0);
	assert_int_equal(spec_set_mode(&s, "web", MODE_MONITOR), 0);
	assert_int_equal(spec_set_mode(&s, "web", MODE_MONITOR), 0);
	assert_int_equal(s.n_modes, 1);
	expect(&s, "web:monitor*");
	/* set by hand: a new text does not undo it, removing the policy does */
	add(&s, web);
	expect(&s, "web:monitor*");
	assert_int_equal(spec_remove(&s, "web"), 0);
	assert_int_equal(s.n_modes, 0);
	add(&s, web);
	expect(&s, "web:enforce");
	spec_free(&s);
}

static void test_twice(void **state)
{
	struct spec_text texts[] = {text_of(web), text_of(web_again)};
	struct diags d = {0};

	(void)state;
	assert_int_equal(spec_check_texts(texts, 1, USERS_KNOWN, &d), 0);
	assert_int_equal(d.n, 0);
	assert_int_equal(spec_check_texts(texts, 2, USERS_UNASKED, &d), -EINVAL);
	assert_int_equal(d.n, 1);
	diags_free(&d);
}

/* A run's policies may name users that are not here: their subjects are replaced. */
static void test_unknown_users(void **state)
{
	static const struct {
		enum spec_users users;
		int err;
		size_t n;
	} cases[] = {{USERS_KNOWN, -EINVAL, 1}, {USERS_WARNED, 0, 1}, {USERS_UNASKED, 0, 0}};
	struct spec_text text = text_of(strange);
	struct compiled c;
	struct spec s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct diags d = {0};

		assert_int_equal(spec_check_texts(&text, 1, cases[i].users, &d), cases[i].err);
		assert_int_equal(d.n, cases[i].n);
		diags_free(&d);
	}
	spec_init(&s);
	add_run(&s, strange, 0, "/pavise/run-1-1", SPEC_AS_WRITTEN);
	c = compile(&s, 1);
	assert_int_equal(verdict(&c, "/pavise/run-1-1", "/etc/shadow"), PV_DENY);
	assert_int_equal(verdict(&c, "/web", "/etc/shadow"), PV_ALLOW);
	compiled_free(&c);
	spec_free(&s);
}

static void test_runs(void **state)
{
	struct compiled c;
	struct spec s;
	bool found = false;

	(void)state;
	spec_init(&s);
	add(&s, web);
	assert_int_equal(spec_free_slot(&s), 0);
	add_run(&s, both, 0, "/pavise/run-1-1", SPEC_AS_WRITTEN);
	assert_int_equal(spec_free_slot(&s), 1);
	add_run(&s, db, 1, "/pavise/run-2-1", MODE_ENFORCE);
	expect(&s, "web:enforce web:enforce db:enforce db:enforce*");
	c = compile(&s, 7);
	assert_int_equal(verdict(&c, "/web", "/etc/shadow"), PV_DENY);
	assert_int_equal(verdict(&c, "/web", "/etc/a"), PV_ALLOW);
	assert_int_equal(verdict(&c, "/pavise/run-1-1", "/etc/a"), PV_DENY);
	assert_int_equal(verdict(&c, "/pavise/run-1-1/below", "/etc/b"), PV_DENY);
	assert_int_equal(verdict(&c, "/pavise/run-1-1", "/etc/shadow"), PV_ALLOW);
	assert_int_equal(verdict(&c, "/pavise/run-2-1", "/etc/shadow"), PV_DENY);
	assert_int_equal(verdict(&c, "/pavise/run-1-11", "/etc/a"), PV_ALLOW);
	for (size_t i = 0; i < c.image->n_decisions; i++) {
		const struct decision *decision = &c.image->decisions[i];

		assert_true(!decision->policy || *decision->policy != '@');
		found |= decision->policy && !strcmp(decision->policy, "db");
	}
	assert_true(found);
	assert_true(spec_profile_has_slot(&s, image_profile(c.image, "/pavise/run-1-1", NULL), 0));
	assert_false(spec_profile_has_slot(&s, image_profile(c.image, "/pavise/run-1-1", NULL), 1));
	assert_false(spec_profile_has_slot(&s, image_profile(c.image, "/web", NULL), 0));
	assert_false(spec_profile_has_slot(&s, 0, 0));
	assert_false(spec_profile_has_slot(&s, 100000, 0));
	compiled_free(&c);
	spec_remove_slot(&s, 0);
	expect(&s, "web:enforce db:enforce*");
	assert_int_equal(spec_free_slot(&s), 0);
	spec_free(&s);
}

/* Numbers of profiles stay those of the first run in a slot, however many runs there are. */
static void test_slots_are_bounded(void **state)
{
	struct spec s;
	size_t n = 0;

	(void)state;
	spec_init(&s);
	for (unsigned i = 0; i < 100; i++) {
		char cgroup[64];
		struct compiled c;
		int slot = spec_free_slot(&s);

		snprintf(cgroup, sizeof(cgroup), "/pavise/run-9-%u", i);
		assert_int_equal(slot, 0);
		add_run(&s, web, slot, cgroup, SPEC_AS_WRITTEN);
		c = compile(&s, i + 1);
		n = n ? n : s.profiles.n;
		assert_int_equal(s.profiles.n, n);
		compiled_free(&c);
		spec_remove_slot(&s, slot);
	}
	spec_free(&s);
}

struct fixture {
	char dir[64], run[80];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/pavise-state-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->run, sizeof(f->run), "%s/run", f->dir);
	assert_int_equal(store_prepare(f->run), 0);
	assert_int_equal(store_prepare(f->run), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(remove_tree(AT_FDCWD, f->dir, 5), 0);
	free(f);
	return 0;
}

static uint64_t digest_of(const struct compiled *c)
{
	return ((const struct pv_image_head *)c->image->blocks)->digest;
}

static void test_store(void **state)
{
	struct fixture *f = *state;
	struct spec s, again;
	struct compiled c, d;
	struct stat st;
	char path[128];

	spec_init(&s);
	add(&s, both);
	add(&s, db);
	add_run(&s, web, 3, "/pavise/run-1-1", MODE_MONITOR);
	assert_int_equal(spec_set_mode(&s, "web", MODE_MONITOR), 0);
	s.monitor_all = true;
	c = compile(&s, 41);
	/* a profile that nothing leads to any more keeps its number */
	assert_int_equal(spec_remove(&s, "db"), 0);
	compiled_free(&c);
	c = compile(&s, 42);
	assert_int_equal(store_save(f->run, 42, &s), 0);
	assert_int_equal(store_save(f->run, 42, &s), 0);
	assert_int_equal(store_load(f->run, 42, &again), 0);
	assert_true(again.monitor_all);
	assert_int_equal(again.profiles.n, s.profiles.n);
	expect(&again, "web:monitor* web:monitor*");
	d = compile(&again, 42);
	assert_true(digest_of(&c) == digest_of(&d));
	compiled_free(&c);
	compiled_free(&d);
	snprintf(path, sizeof(path), "%s/sets/42/000-file_one.yaml", f->run);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	spec_free(&s);
	spec_free(&again);
}

static void test_prune_store(void **state)
{
	struct fixture *f = *state;
	struct spec s, again;

	spec_init(&s);
	assert_int_equal(store_latest(f->run), 0);
	assert_int_equal(store_load(f->run, 1, &again), -ENOENT);
	for (unsigned g = 1; g <= 12; g++)
		assert_int_equal(store_save(f->run, g, &s), 0);
	assert_int_equal(store_latest(f->run), 12);
	assert_int_equal(store_prune(f->run, 9), 0);
	assert_int_equal(store_latest(f->run), 9);
	assert_int_equal(store_load(f->run, 8, &again), -ENOENT);
	assert_int_equal(store_load(f->run, 9, &again), 0);
	spec_free(&again);
	assert_int_equal(store_prune(f->run, 0), 0);
	assert_int_equal(store_latest(f->run), 0);
	spec_free(&s);
}

/* Damage is noticed, never guessed around. */
static void test_damage(void **state)
{
	static const char *const metas[] = {
		"",
		"{}",
		"[]",
		"{\"monitor_all\":1,\"sources\":[],\"modes\":{},\"profiles\":[]}",
		"{\"monitor_all\":false,\"sources\":[{\"file\":\"x\"}],\"modes\":{},\"profiles\":[]}",
		"{\"monitor_all\":false,\"sources\":[{\"file\":\"none.yaml\",\"keep\":[\"web\"],\"slot\":-1,"
		"\"mode\":"
		"-1}],\"modes\":{},\"profiles\":[]}",
		"{\"monitor_all\":false,\"sources\":[{\"file\":\"file "
		"one.yaml\",\"keep\":[\"web\"],\"slot\":999,"
		"\"mode\":-1,\"cgroup\":\"/x\"}],\"modes\":{},\"profiles\":[]}",
		"{\"monitor_all\":false,\"sources\":[{\"file\":\"file "
		"one.yaml\",\"keep\":[],\"slot\":-1,\"mode\":-1}],"
		"\"modes\":{},\"profiles\":[]}",
		"{\"monitor_all\":false,\"sources\":[],\"modes\":{\"web\":\"enforce\"},\"profiles\":[]}",
		"{\"monitor_all\":false,\"sources\":[],\"modes\":{},\"profiles\":[[]]}",
		"{\"monitor_all\":false,\"sources\":[],\"modes\":{},\"profiles\":[[\"a\"],[\"a\"]]}",
		"{\"monitor_all\":false,\"sources\":[],\"modes\":{},\"profiles\":[[7]]}",
	};
	struct fixture *f = *state;
	char path[128];
	struct spec s, again;
	int dir;

	spec_init(&s);
	add(&s, web);
	assert_int_equal(store_save(f->run, 5, &s), 0);
	spec_free(&s);
	snprintf(path, sizeof(path), "%s/sets/5", f->run);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(metas); i++) {
		assert_int_equal(write_file_durably(dir, "meta.json", metas[i], strlen(metas[i])), 0);
		if (store_load(f->run, 5, &again) != -EINVAL)
			fail_msg("taken: %s", metas[i]);
	}
	assert_int_equal(unlinkat(dir, "meta.json", 0), 0);
	assert_int_equal(store_load(f->run, 5, &again), -EINVAL);
	close(dir);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_unknown_users),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_slots_are_bounded),
		TEST(test_store),
		TEST(test_prune_store),
		TEST(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
