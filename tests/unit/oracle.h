/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tests of the policy compiler share: building policies by hand, random numbers, and an
 * oracle that says what a policy set means without any of the compiler's machinery.
 *
 * Included together with oracle.c by the tests that need it.
 */
#ifndef PAVISE_TESTS_ORACLE_H
#define PAVISE_TESTS_ORACLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pavise.h"
#include "policy/policy.h"

#define ACCESS(name)  (1u << PV_ACC_##name)
#define FILES_ALL     ((1u << PV_ACC_EXEC) - 1)
#define ADDRESSES_ALL (ACCESS(CONNECT) | ACCESS(BIND) | ACCESS(LISTEN) | ACCESS(ACCEPT))

/* ---- random numbers: the same on every machine ---- */

struct random {
	uint64_t state;
};

/* The seed of a run: PAVISE_SEED, else the test's own. */
uint64_t random_seed(uint64_t own);
uint32_t random_below(struct random *r, uint32_t n);
bool random_chance(struct random *r, unsigned percent);

/* ---- building policies; what is returned is valid until the next of its kind is added ---- */

struct policy *build_policy(struct policy_set *set, const char *name, enum policy_mode mode);
void build_subject(struct policy *p, const char *cgroup);
void build_section(struct policy *p, enum policy_section section, enum policy_effect fallback);
struct policy_rule *build_rule(struct policy *p, enum policy_section section, enum policy_effect effect,
			       uint32_t access);
void build_pattern(struct policy_rule *rule, const char *text);
void build_cidr(struct policy_rule *rule, unsigned family, const char *address, unsigned bits);
void build_ports(struct policy_rule *rule, uint16_t first, uint16_t last);
void build_protocol(struct policy_rule *rule, uint8_t protocol);
void build_family(struct policy_rule *rule, uint8_t family);

/* One rule with one pattern. */
struct policy_rule *build_path_rule(struct policy *p, enum policy_section section, enum policy_effect effect,
				    uint32_t access, const char *pattern);

/* Compile, or fail the test with the messages. */
struct image *build_image(const struct policy_set *set, bool monitor_all, struct profiles *profiles);

/* A set, compiled with a registry of its own. */
struct fixture {
	struct policy_set set;
	struct profiles profiles;
	struct image *image;
};

void fixture_compile(struct fixture *f, bool monitor_all);
void fixture_free(struct fixture *f);
const struct pv_image_head *image_head(const struct image *image);

/* ---- the oracle ---- */

/* What a cell has to say. */
struct expected {
	enum pv_verdict verdict;
	bool audit;
	const struct policy *policy; /* NULL: no decision */
	const struct policy_rule *rule;
	enum policy_section section;
	enum decision_reason reason;
	const char *match;
};

bool oracle_matches(const char *pattern, const void *name, size_t length);
bool oracle_governs(const struct policy *p, const char *cgroup);

/* Policies that govern together, in any order. */
struct expected oracle_path(const struct policy *const *policies, size_t n, bool monitor_all,
			    const char *path, unsigned access);
struct expected oracle_net(const struct policy *const *policies, size_t n, bool monitor_all,
			   const uint8_t *name, size_t length, unsigned access);

/* Whether a cell of an image says what is expected; on difference, why in `text`. */
bool oracle_agrees(const struct image *image, uint32_t cell, const struct expected *e, bool monitor_all,
		   char *text, size_t size);

#endif
