/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The registry of profiles, for the compiler. What everybody else needs stands in policy.h.
 */
#ifndef PAVISE_POLICY_PROFILES_H
#define PAVISE_POLICY_PROFILES_H

#include "policy.h"

/* Forget the sets from number n on, which nobody has seen yet. */
void profiles_truncate(struct profiles *p, size_t n);

#endif
