/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records that stand in the log already.
 *
 * A record leaves its ring after its line was written, so that an agent that is killed in between
 * loses nothing; the next one then meets records whose lines are there. It knows them by the end of
 * the log: boot, time in nanoseconds and thread. At most one turn of each ring can be meant, which
 * bounds how far back to look.
 */
#ifndef PAVISE_AUDIT_REPLAY_H
#define PAVISE_AUDIT_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay;

/*
 * Read the last `lines` lines of the log `path`, of those of this boot. NULL where there is nothing
 * to know: no file, an empty one, no memory. A log that was moved away is not looked for.
 */
struct replay *replay_open(const char *path, const char *boot_id, size_t lines);

/* Is there a line of that time and thread? */
bool replay_seen(const struct replay *r, uint64_t time_ns, uint32_t tid);

void replay_free(struct replay *r);

#endif
