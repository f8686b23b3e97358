/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Descriptors from before: what processes held when they became governed, and their policies deny.
 *
 * Guarantees: such a descriptor keeps what it has. It is reported once, by an event "held", as long as
 * its process holds it and the policy denies it in the same mode; status names those that are held when
 * it is asked. No process is named for another's descriptor, and none makes the agent wait but for a bounded
 * time.
 *
 * How: the agent looks at a process when the first record comes that says that a policy governs it, or
 * other policies than before (an exec, a move to a cgroup, a decision), and at all governed processes
 * once a new policy set is in force. The decision is that of the image in force for opening the file
 * now, in the descriptor's mode, by the profiles of the process' own label; what /proc says of the file
 * is read by subject/descriptor.h, and what may have to be waited for by control/reader.h. Work is done in
 * turns of the loop, after what waits there, so that no set is published later for it and nothing wakes an
 * idle agent.
 *
 * Why this is sound: what a process opens or receives while it is governed is decided in the kernel, so
 * a look is due where it becomes governed only. A child that is born governed has what its parent had:
 * where that is on the list, the child is listed too, and not reported again. A process is known by its
 * pid and start time, and read below a directory of /proc that stays with it. What is to be reported is
 * read a second time, since a process may replace a descriptor while it is read.
 *
 * Limits: HELD_MAX descriptors are listed, HELD_DESCRIPTORS of one process are looked at, HELD_QUEUE
 * processes wait; where there is more it is counted (a process that has more as one), and an event says so.
 * Of a process the leader's descriptors and label count. Looks come after the fact: what is closed before is
 * not reported. What a process opened while a policy only monitored it counts as held when the next set
 * comes. Files are judged by the name that they were opened by: one that only a mark denies
 * (agent/policy/mark.h) is not reported, since nothing here tells its inode as the kernel knows it.
 */
#ifndef PAVISE_HELD_H
#define PAVISE_HELD_H

#include <jansson.h>

#include "pavise.h"
#include "policy/policy.h"
#include "subject/descriptor.h"

#define HELD_MAX	 1024
#define HELD_DESCRIPTORS 4096
#define HELD_QUEUE	 65536

struct agent;
struct held_entry;

struct held {
	unsigned generation; /* of the last pass */
	uint64_t began_ns;   /* that pass, 0: there was none */
	bool passing;	     /* it has not ended */
	struct pv_process *queue;
	size_t at, n, capacity;
	struct held_entry *entries;
	size_t n_entries;
	uint64_t pruned_ns; /* when those that are gone were last looked for */
	uint64_t omitted, omitted_told;
	struct mounts own, theirs; /* the agent's namespace, and the one at hand */
};

/* A process came to be governed; `born`: it is the child of one that is. */
void held_note(struct agent *a, const struct pv_process *process, bool born);

/* Do a bounded part of what is to be done. Time to wait for the loop: see struct loop. */
int held_turn(struct agent *a);

/* For status: {complete, omitted, list []}, of what is held now. */
json_t *held_describe(struct agent *a);
void held_close(struct agent *a);

/* ---- the decision, as a pure function ---- */

struct held_question {
	const struct descriptor *descriptor;
	bool directory;
	enum pv_walk walk; /* why its name does not count, PV_WALK_OK */
};

struct held_answer {
	uint32_t cell; /* 0: nothing would be denied */
	enum pv_access access;
	size_t length; /* of the path that it is about */
};

/* What the image says of opening the file now, for a process with this label. */
struct held_answer held_judge(const struct image *image, const struct pv_label *label,
			      const struct held_question *q, const struct image_context *context);

#endif
