/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The fuzz targets on their committed inputs: what fuzzing found once stays found.
 *
 * The corpus is read below the working directory, or below PAVISE_SOURCE. An input that breaks a
 * promise ends the program; its name is the last that was printed.
 */
#define FUZZ_REPLAY
#include "../fuzz/fuzz_image.c"
#include "../fuzz/fuzz_pattern.c"
#include "../fuzz/fuzz_policy.c"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void replay(const char *path, void (*target)(const uint8_t *data, size_t size))
{
	FILE *file = fopen(path, "re");
	uint8_t *data;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size >= 0);
	rewind(file);
	data = malloc(size ? size : 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, size, file), size);
	fclose(file);
	target(data, size);
	free(data);
}

static void replay_all(const char *name, void (*target)(const uint8_t *data, size_t size))
{
	const char *source = getenv("PAVISE_SOURCE");
	struct dirent **entries;
	char path[1024];
	int n, files = 0;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", source ? source : ".", name);
	n = scandir(path, &entries, NULL, alphasort);
	assert_true(n > 2);
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			char file[2048];

			snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
			print_message("# %s\n", file);
			replay(file, target);
			files++;
		}
		free(entries[i]);
	}
	free(entries);
	assert_true(files > 10);
}

static void test_policy(void **state)
{
	(void)state;
	replay_all("policy", fuzz_policy);
}

static void test_pattern(void **state)
{
	(void)state;
	replay_all("pattern", fuzz_pattern);
}

static void test_image(void **state)
{
	(void)state;
	replay_all("image", fuzz_image);
	for (unsigned i = 0; i < IMAGES; i++)
		image_free(image_samples[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_pattern),
		cmocka_unit_test(test_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
