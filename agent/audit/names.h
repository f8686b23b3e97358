/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the log spells the numbers of records. Every function returns a constant string. */
#ifndef PAVISE_AUDIT_NAMES_H
#define PAVISE_AUDIT_NAMES_H

#include <stddef.h>

/* "unknown" for numbers that pavise.h does not have. */
const char *name_hook(unsigned hook);
const char *name_walk(unsigned walk);

/* These write a number in decimal into `buf` where there is no name, and return `buf` then. */
const char *name_family(unsigned family, char *buf, size_t size);
const char *name_sock_type(unsigned type, char *buf, size_t size);
const char *name_protocol(unsigned protocol, char *buf, size_t size);

/* "ENOSPC" for ENOSPC. */
const char *name_errno(int error);

#endif
