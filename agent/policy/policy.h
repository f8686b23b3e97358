/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policies: from YAML to an image. The rest of the agent needs this header only.
 *
 * Pure functions: no file, socket or clock is touched, the same input gives the same image to the
 * byte. Failure direction: a set with anything wrong yields no image, and the caller keeps the old.
 */
#ifndef PAVISE_POLICY_H
#define PAVISE_POLICY_H

#include "diag.h"
#include "model.h"

/*
 * Parse one YAML stream (one or more documents) and append its policies to `set`. `file` is for
 * messages. Returns 0, -EINVAL with every error of the stream in `d`, or -ENOMEM; `set` is unchanged
 * unless it is 0.
 */
int policy_parse(const char *file, const char *text, size_t length, struct policy_set *set, struct diags *d);

/* Check across policies: names used twice. 0, -EINVAL or -ENOMEM. */
int policy_set_check(const struct policy_set *set, struct diags *d);

/*
 * Find the uids of the users that subjects name. `lookup` gives 0 with *uid, or -ENOENT. Numbers are
 * taken as they are. A user that is not found is an error in `d` (with `lenient`: a warning of the
 * same words, and the entry then matches nobody). 0, -EINVAL, -ENOMEM.
 */
typedef int (*user_lookup_fn)(const char *name, uint32_t *uid);
int policy_resolve_users(struct policy_set *set, user_lookup_fn lookup, bool lenient, struct diags *d);

/* Make `policy` govern exactly the cgroup `path` and what is below it, whatever its subjects say. 0 or
 * -ENOMEM. */
int policy_bind_cgroup(struct policy *policy, const char *path);

/*
 * Profiles: sets of policies that govern together. Numbers are stable as long as the registry is
 * kept: a number always means the same set of policy names. Number 0 is the empty set.
 */
struct profile_set {
	char **names; /* sorted, unique */
	size_t n;
};

struct profiles {
	struct profile_set *sets; /* sets[0] is empty */
	size_t n;
};

void profiles_init(struct profiles *p);
void profiles_free(struct profiles *p);

/* Number of the set of these names (any order); added if new. -ENOMEM, -ENOSPC (PV_PROFILES_MAX). */
int profiles_number(struct profiles *p, const char *const *names, size_t n);

enum decision_reason {
	REASON_EXPLICIT_ALLOW,
	REASON_EXPLICIT_DENY,
	REASON_DEFAULT_ALLOW,
	REASON_DEFAULT_DENY,
	REASON_NOT_DECIDABLE,
	REASON_GOVERNED_BY_LESS, /* a process that is governed by less was reached for */
	REASON_MOVES_NAMES,	 /* a mount, where rules about names depend on what is where */
};

/* What a cell's decision index stands for. Strings point into `image`. */
struct decision {
	const char *policy;
	const char
		*rule; /* "files[1]", "system.mount"; NULL for a default or where nothing could be decided */
	unsigned line; /* 0: none */
	enum policy_section section;
	enum policy_mode mode; /* as in force: the global override counts */
	enum decision_reason reason;
	bool kill;	   /* the rule's action: also where the mode only reports it */
	const char *match; /* the pattern, address or capability that matched, NULL for a default */
};

/* How much a cell denies, as the kernel side weighs it: 0, nothing. */
unsigned cell_weight(uint32_t cell);

/* A compiled set. Owned by the caller, freed with image_free(). */
struct image {
	unsigned char *blocks;
	size_t n_blocks; /* of PV_BLOCK_SIZE */
	unsigned generation;
	struct decision *decisions; /* [0] is "none": policy NULL */
	size_t n_decisions;
	size_t n_states, n_rows;
	char **strings; /* what the decisions point to */
	size_t n_strings;
	char **marked; /* names whose files are to be marked, see mark.h */
	size_t n_marked;
};

/* A container that runs: where, and what its runtime says of it. */
struct policy_container {
	const char *cgroup; /* its path, from the cgroup v2 root */
	const char *name, *image;
	const char *const *labels; /* pairs: key, value */
	size_t n_labels;	   /* pairs */
};

/*
 * Do the keys of a subject that are about containers match this one? 0 as well where it has none of
 * them. 1, 0, or -errno with the pattern to blame in *pattern and a message for its author in `error`.
 */
int policy_container_matches(const struct policy_subject *subject, const struct policy_container *container,
			     const struct policy_pattern **pattern, char *error, size_t size);

struct compile_options {
	unsigned generation; /* not 0 */
	bool monitor_all;    /* global override: every policy acts as if in monitor mode */
	size_t max_blocks;   /* 0: PV_BLOCKS_MAX */
	const struct policy_container *containers;
	size_t n_containers;
};

/*
 * Compile. `profiles` is read and extended: every number that it holds gets an entry in the image
 * (of the policies of that set that still exist), whether or not a cgroup leads there now.
 * 0, -EINVAL or -E2BIG (too large) with a message in `d`, -ENOMEM. *out untouched on failure.
 */
int policy_compile(const struct policy_set *set, const struct compile_options *options,
		   struct profiles *profiles, struct image **out, struct diags *d);

void image_free(struct image *image);

/*
 * The automaton in user space, step for step what the BPF programs do. Returns the answer (31 bits)
 * for `name` read from state `start`.
 */
uint32_t image_match(const struct image *image, uint32_t start, const void *name, size_t length);

/* What a decision depends on besides the name. */
struct image_context {
	uint32_t exe;  /* image_exe() of the acting executable */
	uint32_t uid;  /* effective; for image_profile() */
	bool executed; /* for image_profile(): has executed since it came to its cgroup */
	bool owner;    /* for image_path_cell(): the acting user owns the object */
};

/* The class of an executable's path; of NULL (it has no name): 0. */
uint32_t image_exe(const struct image *image, const char *path);

/* Profile number that a cgroup path gives. */
uint32_t image_profile(const struct image *image, const char *cgroup, const struct image_context *context);

/* The cell for an access to a path, or to a socket name (bytes as pavise.h says), under a profile. */
uint32_t image_path_cell(const struct image *image, uint32_t profile, const char *path, unsigned access,
			 const struct image_context *context);
uint32_t image_net_cell(const struct image *image, uint32_t profile, const void *name, size_t length,
			unsigned access, const struct image_context *context);

/* The cell for an operation of the section `system`, and for a capability. */
uint32_t image_system_cell(const struct image *image, uint32_t profile, unsigned access);
uint32_t image_capability_cell(const struct image *image, uint32_t profile, unsigned capability);

/*
 * Check everything that the BPF programs rely on: every reference in bounds, heads where heads are
 * expected, rows and profiles in range, digest right. 0 or -EINVAL with the first fault in `d`.
 */
int image_validate(const void *blocks, size_t n_blocks, struct diags *d);

/* Index of the decision that a cell names, or NULL when out of range. */
const struct decision *image_decision(const struct image *image, uint32_t cell);

const char *decision_reason_name(enum decision_reason reason);

#endif
