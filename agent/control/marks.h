/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finding what has the names that an image denies literally, for its marks.
 */
#ifndef PAVISE_MARKS_H
#define PAVISE_MARKS_H

#include "kernel/kernel.h"
#include "util/message.h"

/* Give the image its marks. 0, or -errno with why: an image without them is not to be published. */
int marks_find(struct kernel *k, struct image *image, struct refusal *r);

#endif
