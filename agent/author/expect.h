/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of policies: what they are expected to say, in a file, compared with what they say. */
#ifndef PAVISE_AUTHOR_EXPECT_H
#define PAVISE_AUTHOR_EXPECT_H

#include <jansson.h>
#include <stdio.h>

struct expect_result {
	size_t passed, failed;
	json_t *results; /* NULL, or an array that takes one object per expectation */
};

/*
 * Run one file. Failures are printed on `out` (NULL: nowhere), what is wrong with the file or its
 * policies on standard error. 0 when it was run, -EINVAL when it is wrong, or another -errno, with
 * nothing counted.
 */
int expect_run(const char *file, FILE *out, struct expect_result *result);

#endif
