/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events: one record, seen with the process table and the policy's decisions, as one JSON line.
 *
 * A line is one object; keys in this order, a key that is not known is left out, numbers over 2^53
 * are strings, all text is encoded as json.h says.
 *
 *   v         1
 *   type      exec, exit, deny, would_deny, allow, held, loss, agent, policy
 *   seq       number of the line; a gap is followed by a loss of as many
 *   time      RFC 3339, UTC, nanoseconds: mono_ns plus the clocks' distance when the line was made
 *   mono_ns   CLOCK_BOOTTIME of the record
 *   boot      the first 8 hex digits of the boot id; an event of the agent has all of it
 *   host
 *   proc      pid, tid (of a thread that is not the leader), start_ns, exec_n, comm, exe, argv [], argc and
 *             argv_cut (where there are more), uid, gid, mnt_ns, pid_ns (other than the machine's first one),
 *             flags [iter, thread_exec, unknown_parent]
 *   parent    pid, start_ns, comm, exe; the parent at fork unless a flag of proc says otherwise
 *   ancestors [{pid, start_ns, comm, exe}], the parent's parent first, up to EVENT_ANCESTORS
 *   cgroup    its path; where that is not known cgroup_id
 *   decision  hook, op, kill (the rule kills who is denied), policy {name, generation, mode},
 *             rule {id, line}, reason, match, marked (the file had the name that `match` denies when
 *             the policies were put in force, and was reached by another), walk (why no name could be
 *             had), object
 *                 {path, path_cut, dev "major:minor", ino, mode (octal), flags} or
 *                 {family, type, protocol, local or remote, port, flags} or
 *                 {family, type, abstract or path and so on} or {capability} or {pid} or {}
 *   held      verdict (deny, would_deny: what opening it now would give), fd, op, policy, rule, reason,
 *             match, walk as of a decision, object {path, dev, ino, flags (of the descriptor), deleted}
 *   exec      of the file that was executed: dev, ino, nlink, flags [memfd, deleted, setuid, setgid]
 *   exit      code, or signal and core; duration_ns, execs, denials
 *   loss      lane, cause, count, total
 *   agent, policy   op, and what belongs to it
 *
 * What the type says is not said again: a denied operation failed with EACCES, or with EPERM where it is a
 * capability or a signal (and with what a few system calls make of these), and all others went on. A process
 * is the same where boot, pid and start_ns are, whichever agent wrote the line.
 */
#ifndef PAVISE_AUDIT_EVENT_H
#define PAVISE_AUDIT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode.h"
#include "json.h"
#include "piece.h"
#include "table.h"

#define EVENT_VERSION	      1
#define EVENT_ANCESTORS	      (PIECE_ANCESTORS - 1)
#define EVENT_CLOCK_PERIOD_NS 1000000000ull
#define EVENT_BOOT_DIGITS     8

struct decision;

/* What events need to know beyond their record. Nothing here is owned. */
struct event_source {
	char boot_id[37];
	char host[65];
	uint64_t clock_offset_ns;   /* CLOCK_REALTIME - CLOCK_BOOTTIME, modulo 2^64 */
	uint64_t clock_measured_ns; /* CLOCK_BOOTTIME when it was measured */
	const struct table *table;
	struct pieces *pieces; /* of earlier lines; NULL: each line is written from scratch */
	/* The decision that a cell of an image names, NULL when not known (any more). May be NULL. */
	const struct decision *(*lookup)(void *ctx, unsigned generation, uint32_t cell);
	/* The path of a cgroup, NUL-terminated; false when not known. May be NULL. */
	bool (*cgroup_path)(void *ctx, uint64_t id, char *buf, size_t size);
	void *ctx;
};

/*
 * A descriptor that was there before its process was governed, and that the policy would deny now. The
 * decision is what a hook would have sent of opening it: head.time_ns, process, generation, cell,
 * access, walk, flags, dev and ino are set.
 */
struct event_held {
	struct pv_decision_record decision;
	int fd;
	bool deleted;
	const char *path; /* need not be terminated */
	size_t path_length;
};

/* A key and its value for agent and policy events: `text`, or where that is NULL `number`. */
struct event_field {
	const char *key;
	const char *text;
	uint64_t number;
};

/* Boot id, host name and clocks of this machine. 0 or -errno. */
int event_source_init(struct event_source *s);

/* Measure the clocks' distance. Cheap; to be called every EVENT_CLOCK_PERIOD_NS or more often. */
void event_clock_measure(struct event_source *s);

/*
 * Each makes `out` one complete line. 0 or the encoder's error (json.h); `out` then holds nothing
 * usable. `p` is the process that the record is about.
 */
int event_decision(const struct event_source *s, uint64_t seq, const struct record *r,
		   const struct process *p, struct json_buffer *out);
int event_held(const struct event_source *s, uint64_t seq, const struct event_held *held,
	       const struct process *p, struct json_buffer *out);
int event_exec(const struct event_source *s, uint64_t seq, const struct record *r, const struct process *p,
	       struct json_buffer *out);
int event_exit(const struct event_source *s, uint64_t seq, const struct record *r, const struct process *p,
	       struct json_buffer *out);
int event_loss(const struct event_source *s, uint64_t seq, const char *lane, const char *cause,
	       uint64_t count, uint64_t total, struct json_buffer *out);

/* Of the agent or about a policy: type of the event and key of its object. */
enum event_group { EVENT_AGENT, EVENT_POLICY };
int event_notice(const struct event_source *s, uint64_t seq, enum event_group group, const char *op,
		 const struct event_field *fields, size_t n, struct json_buffer *out);

#endif
