/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The log file: whole lines in, one write(2) a batch out, every line accounted for.
 *
 *   lines appended = written + lost + pending (in the buffer)
 */
#ifndef PAVISE_AUDIT_SINK_H
#define PAVISE_AUDIT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink;

struct sink_stats {
	uint64_t written; /* lines whose newline the kernel took */
	uint64_t lost;
	uint64_t pending;
};

/*
 * Open the log at `path` ("-": standard output) with a buffer of `capacity` bytes. The file is made
 * (0640) when missing, and so is its directory (0750), not the ones above. -ELOOP for a symbolic
 * link, -EINVAL for what is neither a regular file nor a character device, else what open() says.
 */
int sink_open(const char *path, size_t capacity, struct sink **out);

/* The number of the last line that was in the file when it was opened, 0 where there was none. */
uint64_t sink_last_seq(const struct sink *s);

/*
 * Take over a copy of one line, its newline included; what makes a batch is written. 0; or -errno, and the
 * line is lost: the cause of the failed write that filled the buffer, -E2BIG for a line longer than the
 * buffer.
 */
int sink_append(struct sink *s, const char *line, size_t length);

/*
 * Where a line may be written, with *room bytes for it: sink_append() then need not copy it. Good until
 * the next call of another function of the sink's.
 */
char *sink_room(struct sink *s, size_t *room);

/* Count a line that could not even be made (error > 0). */
void sink_lose(struct sink *s, int error);

/* Write what is pending. 0, or -errno: it stays pending and is tried again by the next flush. */
int sink_flush(struct sink *s);

/*
 * Lines lost since the last sink_loss_told(), and the first cause (errno) where there are any.
 * A loss line can be appended when sink_works(): then lines are taken again.
 */
uint64_t sink_loss(const struct sink *s);
int sink_loss_cause(const struct sink *s);
void sink_loss_told(struct sink *s, uint64_t count);
bool sink_works(const struct sink *s);

/*
 * Write what is pending and open the path again: after a rotation, a new file. What could not be
 * written follows in the new file. -errno: the old file stays in use.
 */
int sink_reopen(struct sink *s);

/* What is written to, for looking at it. */
int sink_descriptor(const struct sink *s);

void sink_stats(const struct sink *s, struct sink_stats *out);

/* Write what is pending and close. 0, or -errno when lines were left, with their number in *left (may be
 * NULL). */
int sink_close(struct sink *s, uint64_t *left);

#endif
