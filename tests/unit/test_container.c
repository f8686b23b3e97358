/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Containers: what a spec takes and refuses, when they change the image and when they do not, that
 * they are stored, and how what OCI runtimes say becomes a container.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "control/spec.h"
#include "control/store.h"
#include "pavise.h"
#include "subject/oci.h"
#include "util/util.h"

#define POLICY(name, subjects)                                                                       \
	"apiVersion: pavise/v1\nkind: Policy\nmetadata:\n  name: " name "\nspec:\n  mode: enforce\n" \
	"  subjects:\n" subjects "  files:\n    default: allow\n    rules:\n      - deny: /etc/shadow\n"

static const char web[] = POLICY("web", "    - container: {name: \"web-*\", label: {app: web}}\n"
					"    - container: {image: \"{,**/}nginx:*\"}\n      user: 33\n");
static const char plain[] = POLICY("plain", "    - cgroup: /plain\n");

static void add(struct spec *s, const char *text)
{
	struct spec_text t = {.file = "x.yaml",
			      .text = text,
			      .length = strlen(text),
			      .slot = SPEC_NO_SLOT,
			      .mode = SPEC_AS_WRITTEN};
	struct diags d = {0};

	assert_int_equal(spec_add(s, &t, &d, NULL), 0);
	diags_free(&d);
}

/* Set a container that is given as JSON. 0, or -errno, with one sentence then and only then. */
static int try_set(struct spec *s, const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	struct refusal r = {0};
	int err = spec_set_container(s, json, 7, &r);

	assert_non_null(json);
	json_decref(json);
	assert_int_equal(err != 0, r.code != 0);
	assert_int_equal(err != 0, *r.text != '\0');
	return err;
}

static void set(struct spec *s, const char *text)
{
	assert_int_equal(try_set(s, text), 0);
}

/* "cgroup name, cgroup name" of all, in their order. */
static void expect(const struct spec *s, const char *wanted)
{
	char got[1024] = "";
	json_t *container;
	size_t i;

	json_array_foreach (s->containers, i, container) {
		const char *name = json_string_value(json_object_get(container, "name"));
		size_t at = strlen(got);

		snprintf(got + at, sizeof(got) - at, "%s%s %s", i ? ", " : "",
			 json_string_value(json_object_get(container, "cgroup")), name ? name : "-");
	}
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

static uint64_t digest(const struct compiled *c)
{
	return ((const struct pv_image_head *)c->image->blocks)->digest;
}

static bool governed(const struct compiled *c, const char *cgroup, uint32_t uid, bool executed)
{
	struct image_context context = {.uid = uid, .executed = executed};

	return image_profile(c->image, cgroup, &context) != 0;
}

static void test_path(void **state)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
		{"/a", "/a"},	    {"/a/", "/a"},	  {"//a///b//", "/a/b"},
		{"/a/.b", "/a/.b"}, {"/a/...", "/a/..."}, {"/a b/\xc3\xa4", "/a b/\xc3\xa4"},
		{"/", NULL},	    {"//", NULL},	  {"", NULL},
		{"a/b", NULL},	    {"/a/../b", NULL},	  {"/..", NULL},
		{"/a/./b", NULL},   {"/a/.", NULL},	  {"/a\nb", NULL},
		{"/a\x7f", NULL},
	};
	char text[SPEC_CGROUP_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct refusal r = {0};
		char *path = spec_container_path(cases[i].text, &r);

		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
		else if (path || !r.code)
			fail_msg("taken: %s", cases[i].text);
		free(path);
	}
	for (size_t length = SPEC_CGROUP_MAX; length <= SPEC_CGROUP_MAX + 1; length++) {
		struct refusal r = {0};
		char *path;

		memset(text, 'a', length);
		text[0] = '/';
		text[length] = '\0';
		path = spec_container_path(text, &r);
		assert_int_equal(path != NULL, length == SPEC_CGROUP_MAX);
		free(path);
	}
}

static void test_set(void **state)
{
	struct spec s, copy;

	(void)state;
	spec_init(&s);
	expect(&s, "");
	set(&s, "{\"cgroup\": \"/b\", \"name\": \"two\", \"op\": \"ignored\"}");
	set(&s, "{\"cgroup\": \"/a/\", \"name\": \"one\", \"image\": \"\", \"labels\": {}}");
	set(&s, "{\"cgroup\": \"/a/b\", \"labels\": {\"k\": \"\"}}");
	expect(&s, "/a one, /a/b -, /b two");
	assert_null(json_object_get(json_array_get(s.containers, 0), "image"));
	assert_null(json_object_get(json_array_get(s.containers, 2), "op"));
	/* a copy is a value of its own */
	assert_int_equal(spec_copy(&s, &copy), 0);
	assert_true(spec_containers_same(&s, &copy));
	set(&copy, "{\"cgroup\": \"//b\", \"name\": \"again\"}");
	assert_false(spec_containers_same(&s, &copy));
	assert_true(spec_has_container(&copy, "/a"));
	assert_int_equal(spec_remove_container(&copy, "/a"), 0);
	assert_int_equal(spec_remove_container(&copy, "/a"), -ENOENT);
	assert_false(spec_has_container(&copy, "/a"));
	expect(&copy, "/a/b -, /b again");
	expect(&s, "/a one, /a/b -, /b two");
	spec_free(&s);
	expect(&copy, "/a/b -, /b again");
	spec_free(&copy);
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		"{}",
		"[]",
		"{\"name\": \"x\"}",
		"{\"cgroup\": 7}",
		"{\"cgroup\": \"/\"}",
		"{\"cgroup\": \"/a/../b\"}",
		"{\"cgroup\": \"/a\", \"name\": 7}",
		"{\"cgroup\": \"/a\", \"name\": \"a\\nb\"}",
		"{\"cgroup\": \"/a\", \"image\": []}",
		"{\"cgroup\": \"/a\", \"labels\": []}",
		"{\"cgroup\": \"/a\", \"labels\": {\"k\": 7}}",
		"{\"cgroup\": \"/a\", \"labels\": {\"\": \"v\"}}",
		"{\"cgroup\": \"/a\", \"labels\": {\"k\": \"\\u001b\"}}",
		"{\"cgroup\": \"/a\", \"labels\": {\"k\\t\": \"v\"}}",
	};
	struct spec s;

	(void)state;
	spec_init(&s);
	set(&s, "{\"cgroup\": \"/a\", \"name\": \"first\"}");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (!try_set(&s, wrong[i]))
			fail_msg("taken: %s", wrong[i]);
	expect(&s, "/a first");
	spec_free(&s);
}

/* A container with a name of `name` bytes and `n` labels of `value` bytes. */
static int set_large(struct spec *s, size_t name, size_t n, size_t value)
{
	char text[SPEC_FACTS_MAX], key[32];
	json_t *labels = json_object(), *json;
	struct refusal r = {0};
	int err;

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "key-%zu", i);
		json_object_set_new(labels, key, json_stringn(text, value));
	}
	json = json_pack("{s:s, s:s%, s:o}", "cgroup", "/a", "name", text, name, "labels", labels);
	err = spec_set_container(s, json, 7, &r);
	json_decref(json);
	return err;
}

static void test_bounds(void **state)
{
	struct spec s;

	(void)state;
	spec_init(&s);
	assert_int_equal(set_large(&s, SPEC_FACT_MAX, 0, 0), 0);
	assert_int_equal(set_large(&s, SPEC_FACT_MAX + 1, 0, 0), -EINVAL);
	assert_int_equal(set_large(&s, 1, SPEC_LABELS_MAX, 1), 0);
	assert_int_equal(set_large(&s, 1, SPEC_LABELS_MAX + 1, 1), -EINVAL);
	assert_int_equal(set_large(&s, 1, 1, SPEC_FACT_MAX), 0);
	assert_int_equal(set_large(&s, 1, 1, SPEC_FACT_MAX + 1), -EINVAL);
	assert_int_equal(set_large(&s, 1, SPEC_FACTS_MAX / SPEC_FACT_MAX, SPEC_FACT_MAX), -EINVAL);
	for (unsigned i = 1; i <= SPEC_CONTAINERS_MAX; i++) {
		char text[64];

		snprintf(text, sizeof(text), "{\"cgroup\": \"/c-%u\"}", i);
		assert_int_equal(try_set(&s, text), i < SPEC_CONTAINERS_MAX ? 0 : -E2BIG);
	}
	/* there is always room for the one that is there */
	set(&s, "{\"cgroup\": \"/c-1\", \"name\": \"again\"}");
	assert_int_equal(json_array_size(s.containers), SPEC_CONTAINERS_MAX);
	spec_free(&s);
}

static bool drop_b(void *context, const struct spec_container *container)
{
	unsigned *seen = context;

	assert_int_equal(container->cgroup_id, 7);
	(*seen)++;
	return container->id && !strcmp(container->id, "b");
}

static void test_drop(void **state)
{
	unsigned seen = 0;
	struct spec s;

	(void)state;
	spec_init(&s);
	assert_int_equal(spec_drop_containers(&s, drop_b, &seen), 0);
	set(&s, "{\"cgroup\": \"/1\", \"id\": \"b\"}");
	set(&s, "{\"cgroup\": \"/2\", \"id\": \"a\"}");
	set(&s, "{\"cgroup\": \"/3\", \"id\": \"b\"}");
	set(&s, "{\"cgroup\": \"/4\"}");
	assert_int_equal(spec_drop_containers(&s, drop_b, &seen), 2);
	assert_int_equal(seen, 4);
	expect(&s, "/2 -, /4 -");
	spec_free(&s);
}

static void test_compile(void **state)
{
	struct compiled c;
	struct spec s;

	(void)state;
	spec_init(&s);
	add(&s, web);
	set(&s, "{\"cgroup\": \"/one\", \"name\": \"web-1\", \"labels\": {\"a\": \"b\", \"app\": \"web\"}}");
	set(&s, "{\"cgroup\": \"/two*\", \"name\": \"x\", \"image\": \"docker.io/nginx:1\"}");
	set(&s, "{\"cgroup\": \"/three\", \"name\": \"web-3\", \"labels\": {\"app\": \"db\"}}");
	c = compile(&s, 1);
	assert_true(governed(&c, "/one", 0, true));
	assert_true(governed(&c, "/one/below", 0, true));
	assert_false(governed(&c, "/one", 0, false));
	assert_false(governed(&c, "/one1", 0, true));
	assert_true(governed(&c, "/two*", 33, true));
	assert_false(governed(&c, "/two*", 34, true));
	assert_false(governed(&c, "/twofold", 33, true)); /* a path, no pattern */
	assert_false(governed(&c, "/three", 0, true));
	assert_false(governed(&c, "/", 0, true));
	compiled_free(&c);
	spec_free(&s);
}

/* One step: what is set or removed, and whether a policy can tell. */
struct step {
	const char *set, *remove;
	int differ;
};

/* Where nothing that policies match changes, the image is the same to the byte. */
static void test_differ(void **state)
{
	static const struct step steps[] = {
		{"{\"cgroup\": \"/b\", \"name\": \"db\"}", NULL, 0},
		{"{\"cgroup\": \"/b\", \"name\": \"db\", \"labels\": {\"app\": \"web\"}}", NULL, 0},
		{"{\"cgroup\": \"/c\", \"name\": \"web-1\"}", NULL, 0},
		{"{\"cgroup\": \"/c\", \"name\": \"web-1\", \"labels\": {\"app\": \"web\"}}", NULL, 1},
		{"{\"cgroup\": \"/c\", \"name\": \"web-2\", \"labels\": {\"app\": \"web\"}}", NULL, 0},
		{"{\"cgroup\": \"/a\", \"name\": \"web-0\", \"labels\": {\"app\": \"web\"}}", NULL, 1},
		{NULL, "/b", 0},
		{"{\"cgroup\": \"/d\", \"name\": \"last\"}", NULL, 0},
		/* another entry of the same policy, with another condition */
		{"{\"cgroup\": \"/c\", \"name\": \"x\", \"image\": \"nginx:1\"}", NULL, 1},
		{"{\"cgroup\": \"/c\", \"name\": \"x\", \"image\": \"nginx:2\"}", NULL, 0},
		{NULL, "/c", 1},
		{NULL, "/d", 0},
		{NULL, "/a", 1},
	};
	struct spec s;

	(void)state;
	spec_init(&s);
	add(&s, web);
	add(&s, plain);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct compiled before = compile(&s, 5), after;
		struct spec next;

		assert_int_equal(spec_copy(&s, &next), 0);
		assert_int_equal(spec_containers_differ(&s, &next), 0);
		if (steps[i].set)
			set(&next, steps[i].set);
		else
			assert_int_equal(spec_remove_container(&next, steps[i].remove), 0);
		if (spec_containers_differ(&s, &next) != steps[i].differ)
			fail_msg("step %zu", i);
		after = compile(&next, 5);
		assert_int_equal(digest(&before) != digest(&after), steps[i].differ);
		compiled_free(&before);
		compiled_free(&after);
		spec_free(&s);
		s = next;
	}
	spec_free(&s);
}

/* Several changes at once: all of them are looked at. */
static void test_differ_at_once(void **state)
{
	struct spec s, next;

	(void)state;
	spec_init(&s);
	add(&s, web);
	set(&s, "{\"cgroup\": \"/b\", \"image\": \"nginx:1\"}");
	set(&s, "{\"cgroup\": \"/c\"}");
	assert_int_equal(spec_copy(&s, &next), 0);
	set(&next, "{\"cgroup\": \"/a\"}");
	set(&next, "{\"cgroup\": \"/d\"}");
	assert_int_equal(spec_remove_container(&next, "/c"), 0);
	assert_int_equal(spec_containers_differ(&s, &next), 0);
	assert_int_equal(spec_containers_differ(&next, &s), 0);
	set(&next, "{\"cgroup\": \"/b\", \"image\": \"other:1\"}");
	assert_int_equal(spec_containers_differ(&s, &next), 1);
	assert_int_equal(spec_containers_differ(&next, &s), 1);
	spec_free(&s);
	spec_free(&next);
}

/* The order in which containers came does not show. */
static void test_order(void **state)
{
	static const char *const containers[] = {
		"{\"cgroup\": \"/a\", \"name\": \"web-1\", \"labels\": {\"app\": \"web\"}}",
		"{\"cgroup\": \"/b\", \"image\": \"nginx:1\"}",
		"{\"cgroup\": \"/a/c\", \"image\": \"nginx:1\"}",
	};
	struct compiled c, d;
	struct spec s, t;

	(void)state;
	spec_init(&s);
	spec_init(&t);
	add(&s, web);
	add(&t, web);
	for (size_t i = 0; i < ARRAY_SIZE(containers); i++) {
		set(&s, containers[i]);
		set(&t, containers[ARRAY_SIZE(containers) - 1 - i]);
	}
	assert_true(spec_containers_same(&s, &t));
	c = compile(&s, 1);
	d = compile(&t, 1);
	assert_true(digest(&c) == digest(&d));
	compiled_free(&c);
	compiled_free(&d);
	spec_free(&s);
	spec_free(&t);
}

static void test_describe(void **state)
{
	json_t *list, *wanted;
	struct spec s;

	(void)state;
	spec_init(&s);
	add(&s, web);
	add(&s, plain);
	set(&s, "{\"cgroup\": \"/b\", \"name\": \"db\", \"id\": \"77\"}");
	set(&s, "{\"cgroup\": \"/a\", \"image\": \"nginx:1\", \"labels\": {\"k\": \"v\"}}");
	list = spec_describe_containers(&s, NULL);
	wanted = json_pack("[{s:s, s:s, s:{s:s}, s:[s]}, {s:s, s:s, s:s, s:[]}]", "cgroup", "/a", "image",
			   "nginx:1", "labels", "k", "v", "policies", "web", "cgroup", "/b", "id", "77",
			   "name", "db", "policies");
	assert_true(json_equal(list, wanted));
	json_decref(list);
	list = spec_describe_containers(&s, "/b");
	assert_int_equal(json_array_size(list), 1);
	assert_true(json_equal(json_array_get(list, 0), json_array_get(wanted, 1)));
	json_decref(list);
	json_decref(wanted);
	spec_free(&s);
}

static void test_store(void **state)
{
	char dir[] = "/tmp/pavise-container-XXXXXX";
	struct spec s, again;
	struct compiled c, d;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(store_prepare(dir), 0);
	spec_init(&s);
	add(&s, web);
	set(&s, "{\"cgroup\": \"/a\", \"name\": \"web-1\", \"id\": \"1\", \"image\": \"i\", "
		"\"labels\": {\"app\": \"web\", \"q\": \"\\\"\\\\\"}}");
	set(&s, "{\"cgroup\": \"/b\"}");
	c = compile(&s, 3);
	assert_int_equal(store_save(dir, 3, &s), 0);
	assert_int_equal(store_load(dir, 3, &again), 0);
	assert_true(spec_containers_same(&s, &again));
	d = compile(&again, 3);
	assert_true(digest(&c) == digest(&d));
	compiled_free(&c);
	compiled_free(&d);
	spec_free(&again);
	/* again under the same generation: the whole new set is there, and nothing else */
	assert_int_equal(spec_remove_container(&s, "/a"), 0);
	assert_int_equal(store_save(dir, 3, &s), 0);
	assert_int_equal(store_load(dir, 3, &again), 0);
	expect(&again, "/b -");
	assert_int_equal(store_latest(dir), 3);
	spec_free(&again);
	spec_free(&s);
	assert_int_equal(remove_tree(AT_FDCWD, dir, 5), 0);
}

static int read_none(void *context, size_t n, char **text, size_t *length)
{
	(void)context;
	(void)n;
	(void)text;
	(void)length;
	return -EINVAL;
}

static void test_damage(void **state)
{
	static const struct {
		const char *containers;
		int err;
	} cases[] = {
		{"[]", 0},
		{"[{\"cgroup\": \"/a\", \"cgroup_id\": 1}]", 0},
		{"{}", -EINVAL},
		{"7", -EINVAL},
		{"[7]", -EINVAL},
		{"[{\"cgroup\": \"/a\"}]", -EINVAL},
		{"[{\"cgroup\": \"a\", \"cgroup_id\": 1}]", -EINVAL},
		{"[{\"cgroup\": \"/a\", \"cgroup_id\": 1}, {\"cgroup\": \"/a\", \"cgroup_id\": 1}]", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *containers = json_loads(cases[i].containers, JSON_DECODE_ANY, NULL);
		json_t *meta = json_pack("{s:b, s:[], s:{}, s:[], s:o}", "monitor_all", 0, "sources", "modes",
					 "profiles", "containers", containers);
		struct spec s;
		int err = spec_from_json(meta, &s, read_none, NULL);

		if (err != cases[i].err)
			fail_msg("%s: %d", cases[i].containers, err);
		if (!err)
			spec_free(&s);
		json_decref(meta);
	}
}

/* ---- OCI runtimes ---- */

static void check_oci(const char *state_text, const char *config_text, const char *wanted_text)
{
	json_t *state = json_loads(state_text, 0, NULL);
	json_t *config = config_text ? json_loads(config_text, 0, NULL) : NULL;
	json_t *wanted = json_loads(wanted_text, 0, NULL);
	json_t *found = oci_container(state, config, 40);

	assert_non_null(wanted);
	if (!json_equal(found, wanted)) {
		char *text = json_dumps(found, 0);

		fail_msg("expected %s, found %s", wanted_text, text);
	}
	json_decref(state);
	json_decref(config);
	json_decref(wanted);
	json_decref(found);
}

static void test_oci(void **state)
{
	(void)state;
	check_oci("{\"id\": \"abc\"}", NULL, "{\"id\": \"abc\", \"name\": \"abc\", \"labels\": {}}");
	check_oci("{\"id\": \"abc\", \"annotations\": {\"io.kubernetes.cri.container-name\": \"web\","
		  "\"io.kubernetes.cri.image-name\": \"docker.io/nginx:1\", \"app\": \"x\"}}",
		  NULL,
		  "{\"id\": \"abc\", \"name\": \"web\", \"image\": \"docker.io/nginx:1\", \"labels\": {"
		  "\"io.kubernetes.cri.container-name\": \"web\","
		  "\"io.kubernetes.cri.image-name\": \"docker.io/nginx:1\", \"app\": \"x\"}}");
	/* what the author of a pod wrote does not win over what CRI-O says */
	check_oci("{\"id\": \"abc\", \"annotations\": {\"io.kubernetes.cri.container-name\": \"forged\","
		  "\"io.kubernetes.container.name\": \"web\", \"io.pavise.name\": \"forged\"}}",
		  NULL,
		  "{\"id\": \"abc\", \"name\": \"web\", \"labels\": {"
		  "\"io.kubernetes.cri.container-name\": \"forged\","
		  "\"io.kubernetes.container.name\": \"web\", \"io.pavise.name\": \"forged\"}}");
	/* listed labels win over annotations; an empty name is none */
	check_oci("{\"id\": \"i\", \"annotations\": {\"io.kubernetes.cri-o.Labels\": "
		  "\"{\\\"app\\\":\\\"l\\\"}\","
		  "\"app\": \"a\", \"nerdctl/name\": \"\"}}",
		  NULL,
		  "{\"id\": \"i\", \"name\": \"i\", \"labels\": {"
		  "\"io.kubernetes.cri-o.Labels\": \"{\\\"app\\\":\\\"l\\\"}\", \"app\": \"l\", "
		  "\"nerdctl/name\": \"\"}}");
	/* the bundle's annotations, less than the state's */
	check_oci("{\"id\": \"i\", \"annotations\": {\"a\": \"state\"}}",
		  "{\"annotations\": {\"a\": \"config\", \"org.opencontainers.image.ref.name\": \"img\"}}",
		  "{\"id\": \"i\", \"name\": \"i\", \"image\": \"img\", \"labels\": {\"a\": \"state\", "
		  "\"org.opencontainers.image.ref.name\": \"img\"}}");
	/* what no policy could say is left out, as are things that are no labels */
	check_oci("{\"id\": \"i\", \"annotations\": {\"long\": \"01234567890123456789012345678901234567890\","
		  "\"just\": \"0123456789012345678901234567890123456789\", \"line\": \"a\\nb\", \"\": \"x\", "
		  "\"number\": 7, \"io.kubernetes.cri-o.Labels\": \"{\"}}",
		  "[]",
		  "{\"id\": \"i\", \"name\": \"i\", \"labels\": {"
		  "\"just\": \"0123456789012345678901234567890123456789\", "
		  "\"io.kubernetes.cri-o.Labels\": \"{\"}}");
	check_oci("{\"id\": \"i\", \"annotations\": []}", NULL,
		  "{\"id\": \"i\", \"name\": \"i\", \"labels\": {}}");
}

static void test_oci_cgroup(void **state)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
		{"0::/a/b\n", "/a/b"},
		{"0::/a/b", "/a/b"},
		{"12:pids:/x\n1:name=systemd:/y\n0::/z\n", "/z"},
		{"10::/x\n0::/\n", "/"},
		{"0::/../x\n", "/../x"}, /* of another cgroup namespace: refused as a path */
		{"12:pids:/x\n", NULL},
		{"1:name=0::/x:/y\n", NULL},
		{"0::\n", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *path = oci_cgroup(cases[i].text);

		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
		else
			assert_null(path);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),	cmocka_unit_test(test_set),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_drop),	cmocka_unit_test(test_compile),
		cmocka_unit_test(test_differ),	cmocka_unit_test(test_differ_at_once),
		cmocka_unit_test(test_order),	cmocka_unit_test(test_describe),
		cmocka_unit_test(test_store),	cmocka_unit_test(test_damage),
		cmocka_unit_test(test_oci),	cmocka_unit_test(test_oci_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
