/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marks: a literal deny holds for the file that has the name, by whatever other name it is reached.
 */
#ifndef PAVISE_POLICY_MARK_H
#define PAVISE_POLICY_MARK_H

#include "pavise.h"
#include "policy.h"

/* What has a name, as the kernel knows it. */
struct mark_file {
	const char *name;
	uint64_t ino;
	uint32_t dev; /* s_dev */
	uint32_t generation;
};

/* List in image->marked the names that literal patterns of the set deny, each once. 0 or -ENOMEM. */
int mark_names(const struct policy_set *set, struct image *image);

/*
 * Give an image without marks those of these files, for each of its profiles. 0, -ENOMEM, -E2BIG where
 * they do not fit, or -EMLINK with the file in *many: too many rules with conditions name it.
 */
int mark_files(struct image *image, const struct mark_file *files, size_t n, size_t *many);

/*
 * The cell of a file that is reached by a name that is not denied, as the BPF programs find it: of all its
 * marks under a profile the weightiest.
 */
uint32_t image_mark_cell(const struct image *image, uint32_t profile, const struct mark_file *file,
			 unsigned access, const struct image_context *context);

#endif
