/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A policy set as an administrator sees it: texts, who they are bound to, modes.
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

#define SPEC_SOURCES_MAX 4096
#define SPEC_TEXT_MAX	 (16u << 20) /* all texts together */
#define SPEC_SLOTS_MAX	 256
#define SPEC_NO_SLOT	 (-1)
#define SPEC_AS_WRITTEN	 (-1)

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
