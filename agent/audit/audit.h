/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The audit trail, as the agent sees it: raw records in, a log file out.
 *
 * One thread. A turn of the agent's loop is audit_losses(), any number of audit_record(),
 * audit_flush(). The process that writes to standard output should ignore SIGPIPE, and the one that
 * may have a file size limit SIGXFSZ.
 */
#ifndef PAVISE_AUDIT_AUDIT_H
#define PAVISE_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "pavise.h"

/* Which execs and exits are logged. All of them feed the process table. */
enum audit_lineage { LINEAGE_GOVERNED, LINEAGE_NONE, LINEAGE_ALL };

struct audit_options {
	const char *path; /* "-": standard output */
	enum audit_lineage lineage;
	size_t table_capacity; /* processes; 0: TABLE_CAPACITY */
	/* These are asked for each event; see struct event_source. May be NULL, as those below. */
	const struct decision *(*lookup)(void *ctx, unsigned generation, uint32_t cell);
	bool (*cgroup_path)(void *ctx, uint64_t id, char *buf, size_t size);
	/* What a process that was there first runs. The text becomes the module's. */
	struct process_text *(*read_process)(void *ctx, uint32_t pid, uint64_t start_ns);
	/* A process came to be governed, or by another profile; `born`: by its birth. */
	void (*governed)(void *ctx, const struct pv_process *process, bool born);
	void *ctx;
};

struct audit_stats {
	/* Lines: attempted = written + lost + pending; pending is 0 after a flush that worked. */
	uint64_t attempted;
	uint64_t written;
	uint64_t lost;
	uint64_t pending;
	uint64_t seq;	    /* number of the last line */
	uint64_t malformed; /* records refused */
	uint64_t evicted;   /* processes that the full table gave up */
	size_t processes;   /* in the table */
};

/* Records that the agent takes from one ring before it flushes and gives them back. */
#define AUDIT_TURN_RECORDS 512

struct audit;

/* Open the log and continue its numbers. 0, -EINVAL, -ENOMEM, or what opening the file says. */
int audit_open(const struct audit_options *options, struct audit **out);

/*
 * One raw record of either ring. 0; -EBADMSG: malformed, counted; else -errno: its line is lost,
 * counted, and a loss record will say so.
 */
int audit_record(struct audit *a, const void *data, size_t size);

/*
 * Log what the kernel side lost since the last call (lanes "decision" and "lineage", cause
 * "ring_full") and what was malformed (lane "agent"). What was told is kept in the shared state, so
 * that the next agent tells what was lost while there was none, and nothing twice; `total` counts
 * from when the programs were loaded. 0 or -errno: tried again at the next call.
 */
int audit_losses(struct audit *a, struct pv_state *state);

/* A descriptor that a process held when it became governed; see struct event_held. 0 or -errno. */
int audit_held(struct audit *a, const struct event_held *held);

/* An event of the agent (start, stop, mode_change and so on) or about a policy. 0 or -errno. */
int audit_agent_event(struct audit *a, const char *op, const struct event_field *fields, size_t n);
int audit_policy_event(struct audit *a, const char *op, const struct event_field *fields, size_t n);

/* Write what is pending; 0 or -errno (kept, tried again). */
int audit_flush(struct audit *a);

/* Open the file again, after a rotation. -errno: the old one stays in use. */
int audit_reopen(struct audit *a);

/* The log, for looking at it. */
int audit_descriptor(const struct audit *a);

void audit_stats(const struct audit *a, struct audit_stats *out);

/* Flush and close. -errno when lines were left, with their number in *left (may be NULL). */
int audit_close(struct audit *a, uint64_t *left);

#endif
