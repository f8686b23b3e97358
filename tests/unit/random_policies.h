/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random policy sets, with every feature of the language, and random questions that just match or
 * just do not. The same seed makes the same set and the same questions on every machine.
 *
 * Included together with random_policies.c by the tests that need it.
 */
#ifndef PAVISE_TESTS_RANDOM_POLICIES_H
#define PAVISE_TESTS_RANDOM_POLICIES_H

#include "oracle.h"

#define NAME_SIZE 160

/* Patterns to make names of. */
struct pool {
	const char *at[400];
	size_t n;
};

/* A set, what runs besides, and what it speaks of. */
struct world {
	uint64_t seed;
	struct random r;
	struct fixture f;
	struct policy_container containers[4];
	struct pool paths, exes, cgroups, units, sockets;
	const struct policy_cidr *blocks[100];
	size_t n_blocks;
	uint16_t ports[100];
	size_t n_ports;
};

/* A process, with its names. Not to be copied: acting points into it. */
struct process {
	char cgroup[NAME_SIZE], exe[NAME_SIZE];
	struct acting acting;
};

void random_pattern(struct random *r, char *text, size_t size);
void random_path(struct random *r, const struct pool *pool, char *text);
void random_rule(struct random *r, struct policy *p);
struct policy *random_policy(struct random *r, struct policy_set *set, const char *name);
void random_set(struct random *r, struct policy_set *set);

/* A random set with containers, not compiled yet. */
void world_init(struct world *w, uint64_t seed);
void world_free(struct world *w);

/* Look again what the set speaks of, after a change of it. */
void world_gather(struct world *w);

/* Write out all that a failure needs to be understood. */
void world_show(const struct world *w, FILE *f);

void random_process(struct world *w, struct process *p);

/* The name of a socket, with what can be asked of it; at most NAME_SIZE + 1 bytes. */
size_t random_socket(struct world *w, uint8_t *name, uint32_t *accesses);

#endif
