/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The partition of all names by what they match.
 *
 * Patterns, address blocks and so on are features of names. Two names with the same features are the
 * same to every policy made of those, so what is true of one name of a region is true of all of them,
 * and all names there can be fall into the regions. So to ask a compiled image about one name of
 * each region is to ask it about every name.
 *
 * Only names that there can be count: paths are normal, an IPv4-mapped address is never an IPv6 one,
 * ports belong to addresses. Sockets of different families, protocols or kinds are never in one
 * region.
 */
#ifndef PAVISE_AUTHOR_PARTITION_H
#define PAVISE_AUTHOR_PARTITION_H

#include "pavise.h"
#include "policy/automaton.h"
#include "policy/intern.h"
#include "policy/model.h"

enum partition_shape {
	SHAPE_PATH,   /* files, executables, cgroups */
	SHAPE_SOCKET, /* names of sockets, as in pavise.h */
};

#define NO_FEATURE UINT32_MAX

struct region {
	uint32_t number;	  /* of its set of features */
	const uint32_t *features; /* ascending */
	size_t n_features;
	const uint8_t *name; /* a shortest one, with a NUL behind it */
	size_t length;
};

struct partition {
	enum partition_shape shape;
	struct nfa nfa;
	uint32_t root;
	uint32_t unit_root;  /* of units, whose slices lead back to it */
	struct intern texts; /* of features: the number is the feature's */
	bool *spells_root;   /* by feature: matches "/" */
	size_t spells_root_room;
	struct automaton automaton;
	uint32_t start;
	struct intern sets; /* of features */
	struct region *regions;
	size_t n_regions, regions_room;
};

void partition_init(struct partition *p, enum partition_shape shape);
void partition_free(struct partition *p);

/*
 * Add a feature and get its number; the same one again gives the same number. 0 or -errno.
 *
 * pattern    paths, or names of unix sockets, that match
 * below      with what matches, all below it (cgroups); `literal`: the text is a path
 * unit       cgroups of units whose name matches, and all below them
 * addresses  internet sockets in the block (NULL: any address) with one of the ports (none: any)
 * family     sockets of an AF_* number that is neither internet nor unix
 */
int partition_add_pattern(struct partition *p, const char *text, uint32_t *feature);
int partition_add_below(struct partition *p, const char *text, bool literal, uint32_t *feature);
int partition_add_unit(struct partition *p, const char *text, uint32_t *feature);
int partition_add_addresses(struct partition *p, const struct policy_cidr *block,
			    const struct policy_ports *ports, size_t n_ports, uint32_t *feature);
int partition_add_family(struct partition *p, unsigned family, uint32_t *feature);

/* All features are known: find the regions. 0, -E2BIG when there are too many, -ENOMEM. */
int partition_divide(struct partition *p);

/* The features of a name, ascending. After partition_divide(). */
const uint32_t *partition_features(const struct partition *p, const void *name, size_t length, size_t *n);

static inline bool region_has(const struct region *r, uint32_t feature)
{
	for (size_t i = 0; i < r->n_features; i++) {
		if (r->features[i] == feature)
			return true;
	}
	return false;
}

/* The accesses that a region's names are asked about, of sockets. */
uint32_t region_socket_accesses(const struct region *r);

#endif
