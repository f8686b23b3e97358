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
#include <stdio.h>
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

/* How many of `own` rounds to make: times PAVISE_ROUNDS, for a run that takes longer than tests should. */
uint64_t random_rounds(uint64_t own);
uint32_t random_below(struct random *r, uint32_t n);
bool random_chance(struct random *r, unsigned percent);

/* ---- building policies; what is returned is valid until the next of its kind is added ---- */

struct policy *build_policy(struct policy_set *set, const char *name, enum policy_mode mode);

/* An empty entry, and one of a cgroup. */
struct policy_subject *build_entry(struct policy *p);
void build_subject(struct policy *p, const char *cgroup);
void build_user(struct policy_subject *entry, uint32_t uid);
void build_label(struct policy_subject *entry, const char *key, const char *value);

void build_section(struct policy *p, enum policy_section section, enum policy_effect fallback);
struct policy_rule *build_rule(struct policy *p, enum policy_section section, enum policy_effect effect,
			       uint32_t access);
void build_pattern(struct policy_rule *rule, const char *text);
void build_cidr(struct policy_rule *rule, unsigned family, const char *address, unsigned bits);
void build_ports(struct policy_rule *rule, uint16_t first, uint16_t last);
void build_protocol(struct policy_rule *rule, uint8_t protocol);
void build_family(struct policy_rule *rule, uint8_t family);

/* A pattern that stands by itself, one more in a list of them, one more address block. */
void build_text(struct policy_pattern *pattern, const char *text);
void build_listed(struct policy_patterns *list, const char *text);
void build_block(struct policy_cidrs *list, unsigned family, const char *address, unsigned bits);

/* Of SECTION_CAPABILITIES, which needs build_section(), and of SECTION_SYSTEM. */
void build_capability(struct policy *p, unsigned capability, enum policy_effect effect);
void build_system(struct policy *p, unsigned access, enum policy_effect effect);

/* One rule with one pattern. */
struct policy_rule *build_path_rule(struct policy *p, enum policy_section section, enum policy_effect effect,
				    uint32_t access, const char *pattern);

/* Write out what a set says, and the containers that run. */
void show_set(const struct policy_set *set, FILE *f);
void show_containers(const struct policy_container *containers, size_t n, FILE *f);

/* Compile, or fail the test with the messages. */
struct image *build_image(const struct policy_set *set, bool monitor_all, struct profiles *profiles);
struct image *build_image_with(const struct policy_set *set, const struct compile_options *options,
			       struct profiles *profiles);

/* A set, compiled with a registry of its own. The containers belong to who gave them. */
struct fixture {
	struct policy_set set;
	struct profiles profiles;
	struct image *image;
	bool monitor_all;
	const struct policy_container *containers;
	size_t n_containers;
};

void fixture_compile(struct fixture *f, bool monitor_all);
void fixture_free(struct fixture *f);
const struct pv_image_head *image_head(const struct image *image);

/* ---- the oracle ---- */

/* Who acts: what subjects and conditions ask of a process. */
struct acting {
	const char *cgroup;
	const char *exe; /* NULL: it has no name */
	uint32_t uid;
	bool executed; /* since it came to its cgroup */
	bool owner;    /* of the object in question */
};

/* Policies that govern together, in any order. */
struct governing {
	const struct policy *policies[8];
	size_t n;
	bool monitor_all;
};

/* What a cell has to say. */
struct expected {
	enum pv_verdict verdict;
	bool audit, kill;
	const struct policy *policy; /* NULL: no decision */
	enum policy_section section;
	char rule[48]; /* empty: none */
	unsigned line;
	enum decision_reason reason;
	const char *match;
};

/* Paths, of files and of cgroups; and what is no path: names of sockets, units and containers. */
bool oracle_matches(const char *pattern, const void *name, size_t length);
bool oracle_matches_name(const char *pattern, const void *name, size_t length);

bool oracle_governs(const struct policy *p, const struct acting *a, const struct policy_container *containers,
		    size_t n);

/* All policies of a set that govern a process. */
struct governing oracle_governing(const struct fixture *f, const struct acting *a);

struct expected oracle_path(const struct governing *g, const struct acting *a, const char *path,
			    unsigned access);
struct expected oracle_net(const struct governing *g, const struct acting *a, const uint8_t *name,
			   size_t length, unsigned access);
struct expected oracle_system(const struct governing *g, unsigned access);
struct expected oracle_capability(const struct governing *g, unsigned capability);
struct expected oracle_undecidable(const struct governing *g, bool net);

/* Whether a cell of an image says what is expected; on difference, why in `text`. */
bool oracle_agrees(const struct image *image, uint32_t cell, const struct expected *e, bool monitor_all,
		   char *text, size_t size);

/* ---- asking an image ---- */

/* The context that an image wants of a process. */
struct image_context acting_context(const struct image *image, const struct acting *a);
uint32_t ask_profile(const struct image *image, const struct acting *a);
uint32_t ask_path_cell(const struct image *image, uint32_t profile, const struct acting *a, const char *path,
		       unsigned access);
uint32_t ask_net_cell(const struct image *image, uint32_t profile, const struct acting *a,
		      const uint8_t *name, size_t length, unsigned access);

#endif
