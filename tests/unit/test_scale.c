/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How compiling and matching scale with the number of rules: ratios only, which hold on every machine.
 *
 * Ten times the rules may take at most twenty times the time, and the answer to a name takes no more
 * steps because there are more rules. `make bench` measures what that comes to.
 */
#include "oracle.c"

#include <stdio.h>
#include <time.h>

#define FEW	   600
#define MANY	   6000
#define TIMES	   20
#define FLOOR	   0.0005 /* seconds; less than this is not told from noise */
#define RUNS	   3
#define FIRST_ONES 50

/* The i-th rule: of ten, seven literal, two of all below a directory, one with wildcards within. */
static void write_pattern(char *text, size_t size, unsigned i)
{
	static const char *const before[10] = {
		"/usr/lib/",	   "/usr/share/", "/etc/", "/usr/bin/", "/home/*/.config/",
		"/usr/share/doc/", "/var/lib/",	  "/srv/", "/opt/",	"/usr/include/"};
	static const char *const behind[10] = {".so",	  "/**", ".conf", "",	    "-*",
					       "/README", ".db", "/**",	  "/bin/x", ".h"};
	static const char *const words[] = {"alpha", "net", "network", "db", "web", "webapp", "log"};

	snprintf(text, size, "%s%s-%u/%u%s", before[i % 10], words[i % 7], i % 101, i * 7919 % 100003,
		 behind[i % 10]);
}

static void make_fixture(struct fixture *f, unsigned n)
{
	struct policy *p = build_policy(&f->set, "scale", MODE_ENFORCE);
	char text[200];

	build_subject(p, "/");
	build_section(p, SECTION_FILES, EFFECT_DENY);
	for (unsigned i = 0; i < n; i++) {
		write_pattern(text, sizeof(text), i);
		build_path_rule(p, SECTION_FILES, i % 10 == 3 ? EFFECT_DENY : EFFECT_ALLOW, FILES_ALL, text);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Compile, keep the last image, and tell the least time that it took. */
static double compile_times(struct fixture *f)
{
	double least = 0;

	for (unsigned i = 0; i < RUNS; i++) {
		double start = seconds(), took;

		if (f->image) {
			image_free(f->image);
			profiles_free(&f->profiles);
		}
		fixture_compile(f, false);
		took = seconds() - start;
		if (!i || took < least)
			least = took;
	}
	return least;
}

/* Bytes of a name that are read before the answer is known. */
static unsigned count_steps(const struct image *image, const char *name)
{
	const struct pv_slot *slots = (const struct pv_slot *)image->blocks;
	uint32_t state = image_head(image)->profiles[image_profile(image, "/x", NULL)].path_start;
	unsigned n = 0;

	for (; name[n] && !(state & PV_DECIDED); n++) {
		const struct pv_slot *e = &slots[state + 1 + image_head(image)->classes[(uint8_t)name[n]]];

		state = e->check == state ? e->next : slots[state].next;
	}
	return n;
}

static void test_time(void **state)
{
	struct fixture few = {0}, many = {0};
	double short_time, long_time;

	(void)state;
	make_fixture(&few, FEW);
	make_fixture(&many, MANY);
	short_time = compile_times(&few);
	long_time = compile_times(&many);
	print_message("%u rules: %.1f ms, %u rules: %.1f ms\n", FEW, short_time * 1e3, MANY, long_time * 1e3);
	assert_true(long_time < TIMES * (short_time > FLOOR ? short_time : FLOOR));
	fixture_free(&few);
	fixture_free(&many);
}

static void test_steps(void **state)
{
	struct fixture few = {0}, many = {0};
	char name[200];

	(void)state;
	make_fixture(&few, FIRST_ONES);
	make_fixture(&many, MANY);
	fixture_compile(&few, false);
	fixture_compile(&many, false);
	for (unsigned i = 0; i < FIRST_ONES; i++) {
		write_pattern(name, sizeof(name), i);
		if (!strchr(name, '*'))
			assert_int_equal(count_steps(few.image, name), count_steps(many.image, name));
	}
	for (unsigned i = 0; i < MANY; i++) {
		write_pattern(name, sizeof(name), i);
		assert_true(count_steps(many.image, name) <= strlen(name));
	}
	fixture_free(&few);
	fixture_free(&many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
