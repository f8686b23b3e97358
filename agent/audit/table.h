/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The process table: who a pid was.
 *
 * A process is its thread group id with the leader's start time (boot clock): that pair is never
 * used twice in one boot. Pointers to processes are good until the next call that may add one
 * (everything but table_find() and table_stats()).
 */
#ifndef PAVISE_AUDIT_TABLE_H
#define PAVISE_AUDIT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pavise.h"

#define TABLE_CAPACITY 65536

/* What a process runs. Shared by parent and child until one of them execs. */
struct process_text {
	uint32_t refs;
	uint32_t argc;	     /* 0 with argv_cut: not known */
	uint32_t exe_length; /* 0: not known */
	uint32_t argv_length;
	bool argv_cut;
	bool argv_known; /* false: nothing is said of the arguments */
	char data[];	 /* exe, then the arguments, each ended by NUL but for a last one that is cut */
};

#define PROCESS_ITERATED       1u /* was there first: its parent may not be the one at fork */
#define PROCESS_UNKNOWN_PARENT 2u /* its fork was not seen: the same */
#define PROCESS_THREAD_EXEC    4u /* its last exec was called by a thread other than the leader */

struct process {
	uint64_t start_ns;	  /* CLOCK_BOOTTIME */
	uint64_t parent_start_ns; /* 0: not known */
	uint64_t denials;	  /* seen so far */
	uint64_t version; /* another one whenever what an event says of it changes, and when it goes */
	uint32_t pid;
	uint32_t ppid;	  /* at fork; see the flags */
	uint32_t exec_n;  /* execs on the way here, those of ancestors included, as far as seen */
	uint32_t execs;	  /* of this process itself */
	uint32_t flags;	  /* PROCESS_* */
	uint32_t profile; /* the last one seen that governs, 0: none was */
	bool exited;
	char comm[16];			/* NUL-padded, not always terminated */
	struct process_text *text;	/* NULL: not known */
	uint32_t chain, previous, next; /* the table's own */
};

struct table_stats {
	size_t processes;    /* entries in use */
	size_t exited;	     /* of these, exited */
	uint64_t evicted;    /* removed because the table was full */
	uint64_t duplicates; /* second exits, ignored */
};

struct table;

/* A new text with one reference, NULL when there is no memory. */
struct process_text *process_text_new(const char *exe, size_t exe_length, const char *argv,
				      size_t argv_length, uint32_t argc, bool argv_cut);
void process_text_put(struct process_text *text);

/* -EINVAL for a capacity of 0 or above 2^24, -ENOMEM. */
int table_new(size_t capacity, struct table **out);
void table_free(struct table *t);

/* NULL when not there. Exited processes are found as long as they are kept. */
const struct process *table_find(const struct table *t, uint32_t pid, uint64_t start_ns);

/* The child of a fork. It runs what its parent runs. */
const struct process *table_fork(struct table *t, const struct pv_process *child);

/* An exec. Takes over the caller's reference to `text`, which may be NULL. */
const struct process *table_exec(struct table *t, const struct pv_process *process,
				 struct process_text *text);

/*
 * A process that the iterator met. Takes over `text` (what /proc says, may be NULL), which replaces
 * what is known only where that is nothing or another program (then an exec was lost), or where the
 * arguments were not known.
 */
const struct process *table_task(struct table *t, const struct pv_process *process,
				 struct process_text *text);

/* The process behind any other record, added if it is not there. `denials` are added to its count. */
const struct process *table_see(struct table *t, const struct pv_process *process, unsigned denials);

/*
 * Note the profile that a process has by a record. True where it came to be governed, or by another
 * profile: where the one noted before was not that.
 */
bool table_governed(struct table *t, const struct process *process, uint32_t profile);

/* An exit. NULL when this process has exited before. */
const struct process *table_exit(struct table *t, const struct pv_process *process);

/* Grows whenever a version does, and whenever a process is added. */
uint64_t table_changes(const struct table *t);

/* Processes added so far. */
uint64_t table_additions(const struct table *t);

void table_stats(const struct table *t, struct table_stats *out);

#endif
