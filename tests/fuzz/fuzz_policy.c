/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Any bytes as a policy file: read, checked and compiled.
 *
 * Promises that are tested: what is refused leaves the set empty and says why, what can be printed; a
 * set that compiles gives an image that image_validate() accepts, with decisions that say who decided;
 * one that does not compile says why. No memory is lost, and nothing takes long.
 */
#include "fuzz.h"

#include <errno.h>

#include "pavise.h"
#include "policy/policy.h"

#define POLICY_BLOCKS 4

static void policy_print(struct diags *d)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(out);
	diags_print(d, out);
	fclose(out);
	CHECK(size);
	free(text);
}

static void policy_read_image(const struct image *image)
{
	const struct pv_image_head *head = (const struct pv_image_head *)image->blocks;
	struct image_context context = {0};

	CHECK(image_profile(image, "/system.slice/a.service", &context) < head->n_profiles);
	for (uint32_t p = 0; p < head->n_profiles; p++) {
		for (unsigned access = 0; access < PV_COLUMNS; access++) {
			uint32_t cell = image_path_cell(image, p, "/etc/passwd", access, &context);
			const struct decision *decision = image_decision(image, cell);

			CHECK(decision);
			CHECK(PV_CELL_VERDICT(cell) == PV_ALLOW || decision->policy);
		}
	}
}

static void policy_compile_set(const struct policy_set *set)
{
	struct compile_options options = {.generation = 1, .max_blocks = POLICY_BLOCKS};
	struct image *image = NULL;
	struct profiles profiles;
	struct diags d = {0};
	int ret;

	profiles_init(&profiles);
	ret = policy_compile(set, &options, &profiles, &image, &d);
	CHECK(!ret || ret == -EINVAL || ret == -E2BIG);
	CHECK(!ret == !!image);
	if (ret) {
		CHECK(d.n);
		policy_print(&d);
	} else {
		CHECK(image->n_blocks <= POLICY_BLOCKS);
		CHECK(!image_validate(image->blocks, image->n_blocks, &d));
		policy_read_image(image);
	}
	image_free(image);
	profiles_free(&profiles);
	diags_free(&d);
}

static void fuzz_policy(const uint8_t *data, size_t size)
{
	struct policy_set set = {0};
	struct diags d = {0};
	int ret = policy_parse("fuzz.yaml", (const char *)data, size, &set, &d);

	CHECK(!ret || ret == -EINVAL);
	if (ret) {
		CHECK(d.n && !set.policies && !set.n_policies);
		policy_print(&d);
	} else {
		ret = policy_set_check(&set, &d);
		CHECK(!ret || (ret == -EINVAL && d.n));
		if (!ret)
			policy_compile_set(&set);
	}
	diags_free(&d);
	policy_set_free(&set);
}

FUZZ_TARGET(fuzz_policy)
