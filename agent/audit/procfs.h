/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes in /proc: the very one that is meant, and what one that was there first runs. */
#ifndef PAVISE_AUDIT_PROCFS_H
#define PAVISE_AUDIT_PROCFS_H

#include <stdint.h>

#include "table.h"

/*
 * The directory of the process `pid` that started at `start_ns` (boot clock), as a descriptor that
 * stays with that process. -ESRCH when it is gone, or when the pid is another process by now; -errno.
 */
int procfs_open(uint32_t pid, uint64_t start_ns);

/*
 * A new text (one reference, the caller's) for the process `pid` that started at `start_ns` (boot
 * clock). NULL when it is gone, when the pid is another process by now, or when nothing can be read.
 * `ctx` is not used; it makes the function fit struct audit_options.
 */
struct process_text *procfs_read(void *ctx, uint32_t pid, uint64_t start_ns);

#endif
