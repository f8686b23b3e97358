/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes in /proc: the very one that is meant, and what one that was there first runs. */
#ifndef PAVISE_AUDIT_PROCFS_H
#define PAVISE_AUDIT_PROCFS_H

#include <stdint.h>
#include <sys/types.h>

#include "table.h"

/*
 * The directory of the process `pid` that started at `start_ns` (boot clock), as a descriptor that
 * stays with that process. -ESRCH when it is gone, or when the pid is another process by now; -errno.
 */
int procfs_open(uint32_t pid, uint64_t start_ns);

/*
 * Up to `size` bytes of the arguments of such a process, -errno. This may last as long as the process
 * wants: see control/reader.h.
 */
ssize_t procfs_arguments(uint32_t pid, uint64_t start_ns, char *argv, size_t size);

/*
 * A new text (one reference, the caller's) for such a process with these arguments, of which there are more
 * where argv_length is more than PV_ARGV_MAX; -errno: they are not known. NULL when the process is gone, or
 * nothing is known.
 */
struct process_text *procfs_text(uint32_t pid, uint64_t start_ns, const char *argv, ssize_t argv_length);

#endif
