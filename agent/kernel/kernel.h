/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel side as the agent holds it: maps, pins, the image in force.
 *
 * Links and maps are pinned in <bpffs>/pavise, so enforcement outlives the agent. A set of pins is
 * built in <bpffs>/pavise-new and renamed when it is complete: a set that can be found is whole. Any
 * failure before that detaches and unpins everything that was made.
 *
 *   map_NAME    the maps below
 *   link_NAME   a program's attachment
 *   iter_NAME   an iterator: reading the file runs it
 */
#ifndef PAVISE_KERNEL_H
#define PAVISE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/machine.h"
#include "pavise.h"
#include "policy/policy.h"
#include "util/message.h"

enum kernel_map { KMAP_IMAGES, KMAP_LABELS, KMAP_DECISIONS, KMAP_LINEAGE, KMAP_STATE, KMAPS };

/* Programs that this kernel cannot have; entries are names out of optional_programs[]. */
#define KERNEL_ABSENT_MAX 32

struct kernel {
	const struct machine_paths *paths;
	int maps[KMAPS];	/* -1: not open */
	struct pv_state *state; /* the mapped element of KMAP_STATE */
	uint32_t image_flags;	/* map_flags of an image */
	bool adopted;		/* the pins were there */
	bool pending;		/* loaded, still in pavise-new */
	size_t n_programs;	/* attached, iterators not counted */
	const char *absent[KERNEL_ABSENT_MAX];
	size_t n_absent;
};

/* Safe to call at any time and twice; takes a pending set of pins down. */
void kernel_init(struct kernel *k, const struct machine_paths *paths);
void kernel_close(struct kernel *k);

/* Are there pins? */
bool kernel_pinned(const struct machine_paths *paths);

/* Load, attach and pin everything, pending until kernel_commit(). */
int kernel_load(struct kernel *k, struct refusal *r);
int kernel_commit(struct kernel *k, struct refusal *r);

/* Open the pins that are there. Loads nothing. */
int kernel_adopt(struct kernel *k, struct refusal *r);

/*
 * Remove the pins, and wait until their programs are gone: enforcement has ended. *links: how many
 * there were; *left: programs that somebody else still holds, attached or not.
 */
int kernel_unload(const struct machine_paths *paths, size_t *links, size_t *left, struct refusal *r);

/* Name of a pin of the (pending or complete) set; NULL without memory. */
char *kernel_pin(const struct kernel *k, const char *name);

/* ---- guard.c ---- */

#define KERNEL_STATE_SIZE 4096 /* the map's one element, as mmap sees it */

/* One of the agent's maps, to be known from then on. -ENOSPC: the shared state has no room for more. */
int kernel_own_map(struct kernel *k, int fd);

/* The agent's files, besides its pins, its state and its program. */
struct own_files {
	const char *sets;	/* in the state's folder */
	int log;		/* its descriptor */
	const char *log_folder; /* of which the name and the attributes count, or NULL */
	bool log_folder_whole;	/* and all that is in it */
	char *const *policies;	/* names of folders and files, which are followed; "-" is left out */
	size_t n_policies;
};

/*
 * The pins have their name, and this process is the agent: nobody else is to touch what it has. Files that
 * cannot be opened, or are too many, are warned of and left out.
 */
int kernel_guard(struct kernel *k, const struct own_files *files, struct refusal *r);

/* The log and its folder are these from now on. 0 or -errno: what was told before stays. */
int kernel_guard_log(struct kernel *k, const struct own_files *files);

/* Let the pins be removed. Of any version; where `pin` is no such map, there is no lock. */
void kernel_unlock(const char *pin);

/* ---- publish.c ---- */

/*
 * Put an image in force: checked, filled, frozen, swapped in, and then named in the shared state.
 * On failure the image before stays in force, untouched.
 */
int kernel_publish(struct kernel *k, const struct image *image, struct refusal *r);

/* The blocks of the image in force, to be freed by the caller; -ENOENT when there is none. */
int kernel_image(struct kernel *k, unsigned char **blocks, size_t *n_blocks);

/* Name the generation of the image in force; for an agent that died between the swap and that. */
void kernel_repair_generation(struct kernel *k, uint32_t generation);

/* Of the image in force, 0: none. */
uint32_t kernel_generation(const struct kernel *k);

/* ---- tasks.c ---- */

/* Run the task iterator and hand each record to `record`. */
int kernel_tasks(struct kernel *k, void (*record)(void *context, const void *data, size_t size),
		 void *context);

/* Run the file iterator over what this process has open, and hand each pv_file_record to `record`. */
int kernel_files(struct kernel *k, void (*record)(void *context, const void *data, size_t size),
		 void *context);

/*
 * Label every task by the policy set in force, threads included, so that none of those that are
 * there already can leave its cgroup unlabelled. 0 or -errno; what was not labelled is labelled at
 * its next hook.
 */
int kernel_label_tasks(struct kernel *k);

/*
 * Run the iterator over those who have a profile, threads included, and hand each pv_holder_record to
 * `record`. 0 or -errno. Who forks or executes meanwhile can be missed: state->copies counts both.
 */
int kernel_holders(struct kernel *k, void (*record)(void *context, const void *data, size_t size),
		   void *context);

/* The label of one process. 0; -ESRCH: it is gone, or its label has never been set; -errno. */
int kernel_label(struct kernel *k, int pid, struct pv_label *label);

#endif
