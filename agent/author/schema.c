/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The schema (see schema.h). The build makes a definition of the file's lines, as C strings, so what is
 * printed is the file, byte for byte.
 */
#include "author/schema.h"

#include "schema.inc"
