/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The first line as a pattern, the rest as names, one a line.
 *
 * Promises that are tested: pattern_check() and pattern_add() accept the same patterns and give the
 * same message for the others; a policy of one accepted pattern compiles or is refused as too large;
 * every name then has an answer. No memory is lost, and nothing takes long.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "pavise.h"
#include "policy/pattern.h"
#include "policy/policy.h"

#define PATTERN_BLOCKS 3

/* Whether a pattern is accepted, by both that read it. */
static bool pattern_is_accepted(const char *text)
{
	char checked[200] = "", added[200] = "";
	int check = pattern_check(PATTERN_PATH, text, checked, sizeof(checked)), add;
	struct pattern_end end = {0};
	struct nfa nfa;

	nfa_init(&nfa);
	add = pattern_add(&nfa, nfa_root(&nfa), PATTERN_PATH, text, &end, added, sizeof(added));
	CHECK(check == add);
	CHECK(!strcmp(checked, added));
	CHECK(!check || (check == -EINVAL && *checked));
	CHECK(check || (end.node && end.node < nfa.n_nodes));
	nfa_free(&nfa);
	return !check;
}

static void pattern_match(const struct image *image, const uint8_t *names, size_t size)
{
	const struct pv_image_head *head = (const struct pv_image_head *)image->blocks;
	uint32_t profile = image_profile(image, "/", NULL);

	CHECK(profile == 1 && head->n_profiles == 2);
	while (size) {
		const uint8_t *end = memchr(names, '\n', size);
		size_t length = end ? (size_t)(end - names) : size;

		CHECK(image_match(image, head->profiles[profile].path_start, names, length) < head->n_rows);
		size -= length + !!end;
		names += length + !!end;
	}
}

static void pattern_compile(char *text, const uint8_t *names, size_t size)
{
	static const struct compile_options options = {.generation = 1, .max_blocks = PATTERN_BLOCKS};
	static char name[] = "fuzz", file[] = "fuzz.yaml", everywhere[] = "/";
	struct policy_pattern pattern = {.text = text, .line = 1, .column = 1};
	struct policy_rule rule = {.effect = EFFECT_DENY, .access = 1u << PV_ACC_READ};
	struct policy_subject subject = {.cgroup = {.text = everywhere}};
	struct policy policy = {.name = name, .file = file, .subjects = &subject, .n_subjects = 1};
	struct policy_set set = {.policies = &policy, .n_policies = 1};
	struct image *image = NULL;
	struct profiles profiles;
	struct diags d = {0};
	int ret;

	rule.patterns = (struct policy_patterns){.at = &pattern, .n = 1};
	policy.sections[SECTION_FILES] = (struct policy_rules){.present = true, .rules = &rule, .n_rules = 1};
	profiles_init(&profiles);
	ret = policy_compile(&set, &options, &profiles, &image, &d);
	CHECK(ret == 0 || ret == -E2BIG);
	CHECK(!ret == !d.n);
	if (!ret) {
		CHECK(!image_validate(image->blocks, image->n_blocks, &d));
		pattern_match(image, names, size);
	}
	image_free(image);
	profiles_free(&profiles);
	diags_free(&d);
}

static void fuzz_pattern(const uint8_t *data, size_t size)
{
	size_t length = 0;
	char *text;

	while (length < size && data[length] && data[length] != '\n')
		length++;
	text = malloc(length + 1); /* without a byte to spare */
	CHECK(text);
	memcpy(text, data, length);
	text[length] = '\0';
	if (pattern_is_accepted(text)) {
		size_t names = length < size ? length + 1 : size;

		pattern_compile(text, data + names, size - names);
	}
	free(text);
}

FUZZ_TARGET(fuzz_pattern)
