/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The policy set in force: the spec it comes from, its image in the kernel, and the decisions that
 * records of this and the last few generations name.
 *
 * live_commit() is the only way in which the set changes. Its order is compile, store, publish, and
 * only then forget the old: at every moment the image in force has its set on disk, and any failure
 * leaves both as they were.
 *
 * Of a set that only has other containers, live_commit_containers() does no more than is needed: where
 * every entry of every policy matches in the same cgroups as before, the image would be the one in
 * force, and the set is only stored, in the place of the one before.
 */
#ifndef PAVISE_LIVE_H
#define PAVISE_LIVE_H

#include "control/spec.h"
#include "kernel/kernel.h"
#include "subject/cgroup.h"

/*
 * Sets that are remembered for records that name them: LIVE_HISTORY, but where they are large only as many
 * as have so many decisions together, and LIVE_HISTORY_LEAST at least. A record is read within moments of
 * the decision, so that the last few sets are what can be asked for.
 */
#define LIVE_HISTORY	       16
#define LIVE_HISTORY_LEAST     3
#define LIVE_HISTORY_DECISIONS 16384

struct live {
	struct kernel *kernel;
	const struct cgroups *cgroups;
	const char *run;
	struct spec spec;
	bool unknown;	     /* an image is in force whose set is lost */
	unsigned generation; /* the last one used */
	struct compiled history[LIVE_HISTORY];
	size_t next;
};

/*
 * Take up what is in force: the image's set with adopted pins, else the set that was stored last
 * (which is then in force from the next commit on). What could not be taken up is said here.
 */
int live_open(struct live *l, struct kernel *kernel, const struct cgroups *cgroups, const char *run,
	      struct refusal *r);
void live_close(struct live *l);

/*
 * A copy of the spec in force to be changed, less the containers whose cgroup is gone. -ENODATA when the set
 * is not known: only `whole`, an edit that says what the whole set shall be, is possible then.
 */
int live_edit(const struct live *l, bool whole, struct spec *candidate, struct refusal *r);

/* Put a candidate in force; it is taken over, and freed where that fails. */
int live_commit(struct live *l, struct spec *candidate, struct diags *d, struct refusal *r);

/* The same for a candidate that differs in its containers only. Says whether an image was published. */
int live_commit_containers(struct live *l, struct spec *candidate, bool *published, struct diags *d,
			   struct refusal *r);

/* Forget the containers that went while no agent ran. */
int live_refresh(struct live *l, struct diags *d, struct refusal *r);

/* The image of the set in force with all that it decides by, NULL when it is not known. */
const struct image *live_image(const struct live *l);

/* What a cell of an image of that generation stands for, NULL when not known. */
const struct decision *live_decision(const struct live *l, unsigned generation, uint32_t cell);

#endif
