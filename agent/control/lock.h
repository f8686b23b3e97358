/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lock that makes the agent the only one: a write lock on an open file (OFD), which ends with the
 * process however it ends, and which others can ask for without touching it.
 */
#ifndef PAVISE_LOCK_H
#define PAVISE_LOCK_H

#include <stdbool.h>

/* A descriptor that holds the lock; -EAGAIN while another one does, -ENOENT without `create`. */
int lock_take(const char *run, bool create);

bool lock_is_held(const char *run);

#endif
