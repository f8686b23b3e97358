/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A policy set as an administrator sees it: texts, who they are bound to, modes; and the containers
 * that its policies may match.
 *
 * A spec is a value. Every operation copies the spec in force (texts are shared), changes the copy
 * and compiles it; only when that image is in force does the copy replace the old one. So bad input
 * changes nothing, and the same spec always gives the same image.
 *
 * Policies of a `run` live beside those of the administrator and may have the same names. In the
 * compiled set they are called "@SLOT.N", which no policy can be called; decisions name them by their
 * own names. Slots are used again once no process holds them, so the number of
 * profiles stays bounded over any number of runs.
 */
#ifndef PAVISE_SPEC_H
#define PAVISE_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "policy/policy.h"
#include "util/message.h"

#define SPEC_SOURCES_MAX 4096
#define SPEC_TEXT_MAX	 (16u << 20) /* all texts together */
#define SPEC_SLOTS_MAX	 256
#define SPEC_NO_SLOT	 (-1)
#define SPEC_AS_WRITTEN	 (-1)

#define SPEC_CONTAINERS_MAX 1024
#define SPEC_CGROUP_MAX	    4095	/* bytes of a path */
#define SPEC_LABELS_MAX	    256		/* of one container */
#define SPEC_FACT_MAX	    1024	/* bytes of an id, a name, an image, a label's key or value */
#define SPEC_FACTS_MAX	    (20u << 10) /* of one container, all together */

/* A YAML stream and which of its policies are in the set. */
struct spec_source {
	unsigned references;
	char *file; /* as given */
	char *text;
	size_t length;
	int slot;     /* of the run that it belongs to, or SPEC_NO_SLOT */
	int mode;     /* enum policy_mode for all of its policies, or SPEC_AS_WRITTEN */
	char *cgroup; /* the cgroup of that run */
	char **keep;  /* names of its policies that are in the set, sorted */
	size_t n_keep;
};

struct spec_mode {
	char *policy;
	enum policy_mode mode;
};

struct spec {
	struct spec_source **sources;
	size_t n_sources;
	struct spec_mode *modes; /* by hand, for policies without a slot; sorted by name */
	size_t n_modes;
	bool monitor_all;
	struct profiles profiles;
	json_t *containers; /* see spec_container.c; NULL: none */
};

void spec_init(struct spec *s);
void spec_free(struct spec *s);
int spec_copy(const struct spec *from, struct spec *to);

/* A text to be added. `slot` and `cgroup` are for a run; else SPEC_NO_SLOT and NULL. */
struct spec_text {
	const char *file;
	const char *text;
	size_t length;
	int slot;
	int mode;
	const char *cgroup;
};

/*
 * Add a text: all of its policies join the set and replace those of the same name and slot. Names
 * are appended to *added, when that is given. 0, -EINVAL with every error in `d`, -E2BIG, -ENOMEM.
 */
int spec_add(struct spec *s, const struct spec_text *text, struct diags *d, json_t *added);

/* A user_lookup_fn: the user databases of this machine. */
int spec_lookup_user(const char *name, uint32_t *uid);

/* What becomes of a user that a subject names and this machine does not know. */
enum spec_users {
	USERS_KNOWN,   /* an error */
	USERS_WARNED,  /* a warning: such an entry matches nobody here */
	USERS_UNASKED, /* nobody is looked up: subjects do not count, as in a run */
};

/* Look up the users of a set. 0, -EINVAL with `d`, -ENOMEM. */
int spec_resolve_users(struct policy_set *set, enum spec_users users, struct diags *d);

/* Parse texts that are to be added together: every error of all of them, names used twice, users. */
int spec_check_texts(const struct spec_text *texts, size_t n, enum spec_users users, struct diags *d);

/* Remove what was there and is not named in `names` (a JSON array); removed names go to *removed. */
int spec_prune(struct spec *s, json_t *names, json_t *removed);

/* Remove a policy by name: 0, or -ENOENT. */
int spec_remove(struct spec *s, const char *policy);

/* How many policies there are, those of runs included. */
size_t spec_n_policies(const struct spec *s);

/* Remove all policies of a slot. */
void spec_remove_slot(struct spec *s, int slot);

/* Lowest slot that no source uses, or -ENOSPC. */
int spec_free_slot(const struct spec *s);

/* Set a policy's mode by hand; the mode that its text gives removes the entry. 0, -ENOENT, -ENOMEM. */
int spec_set_mode(struct spec *s, const char *policy, enum policy_mode mode);

/* ---- containers that run: spec_container.c ---- */

/* The path of a container's cgroup, normalised; NULL, with why, for what can be none. */
char *spec_container_path(const char *text, struct refusal *r);

/*
 * Set what is known of the container in a cgroup; it takes the place of what was. `container` has the
 * keys cgroup, and if they are known id (the runtime's own), name, image and labels; others do not
 * count. cgroup_id tells the cgroup from a later one of the same path. 0 or -errno with why.
 */
int spec_set_container(struct spec *s, json_t *container, uint64_t cgroup_id, struct refusal *r);

/* Is there a container in a cgroup, whose path is normalised? Remove it: 0, or -ENOENT. */
bool spec_has_container(const struct spec *s, const char *cgroup);
int spec_remove_container(struct spec *s, const char *cgroup);

struct spec_container {
	const char *cgroup, *id; /* the id may be NULL */
	uint64_t cgroup_id;
};

/* Remove the containers for which drop() says so. Returns how many. */
size_t spec_drop_containers(struct spec *s,
			    bool (*drop)(void *context, const struct spec_container *container),
			    void *context);

/*
 * Two specs that differ in nothing but their containers: can they compile to different images? Only if
 * for some cgroup there is an entry of a policy that matches the container of one spec and not that of
 * the other. 1, 0, -errno. The second asks whether they hold the very same.
 */
bool spec_containers_same(const struct spec *from, const struct spec *to);
int spec_containers_differ(const struct spec *from, const struct spec *to);

/* For the compiler: the texts are the spec's. 0, -ENOMEM. */
int spec_facts(const struct spec *s, struct policy_container **facts, size_t *n);
void spec_facts_free(struct policy_container *facts, size_t n);

int spec_containers_from_json(struct spec *s, json_t *containers);

/* For `container list`: an object per container, with the policies that match (of one cgroup, or all). */
json_t *spec_describe_containers(const struct spec *s, const char *cgroup);

/* ---- from a spec to an image: spec_compile.c ---- */

/* The policies for the compiler, named as the compiled set names them. 0, -EINVAL with `d`, -ENOMEM. */
int spec_build(const struct spec *s, struct policy_set *set, struct diags *d);

/* An image with the names that its decisions use. */
struct compiled {
	struct image *image;
	struct policy_set set; /* owns the names */
	char **names;	       /* own names, by the decisions' policies */
	size_t n_names;
};

/* Compile; extends s->profiles. Decisions name policies by their own names. Errors as policy_compile(). */
int spec_compile(struct spec *s, unsigned generation, struct compiled *out, struct diags *d);
void compiled_free(struct compiled *c);

/* Does this profile have policies of this slot? */
bool spec_profile_has_slot(const struct spec *s, unsigned profile, int slot);

/* To and from meta.json, without the texts. Sources are named by their position. */
json_t *spec_to_json(const struct spec *s);
int spec_from_json(json_t *json, struct spec *s,
		   int (*read)(void *context, size_t n, char **text, size_t *length), void *context);

/* For `status`: an array with one object per policy. */
json_t *spec_describe(const struct spec *s);

const char *policy_mode_name(enum policy_mode mode);
int policy_mode_number(const char *name);

#endif
