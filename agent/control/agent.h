/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The running agent: everything that one process of `pavise agent` holds.
 *
 * One thread, one loop. Parts know each other through this structure; each is opened and closed by
 * its own functions, and agent_close() closes all of them, in any state, in the reverse order.
 */
#ifndef PAVISE_AGENT_H
#define PAVISE_AGENT_H

#include <bpf/libbpf.h>
#include <sys/types.h>

#include "audit/audit.h"
#include "control/held.h"
#include "control/live.h"
#include "control/reader.h"
#include "kernel/kernel.h"
#include "kernel/machine.h"
#include "kernel/ring.h"
#include "subject/cgroup.h"
#include "util/loop.h"

struct client;
struct run;

/* Both rings, read as one, see rings.c. */
struct rings {
	struct ring buffers[PV_LANES];
	struct loop_source sources[PV_LANES];
	bool more;   /* the last drain was cut short */
	bool found;  /* it found records */
	bool asleep; /* records wake the loop; otherwise it looks by itself, at look_ns */
	uint64_t look_ns;
	uint64_t lineage_lost; /* when the processes were last listed */
	uint64_t listed_ns;
};

/* A decision that the self-test waits for. */
struct watch {
	pid_t pid; /* 0: none */
	uint32_t cell;
	uint16_t hook, walk;
	bool seen;
};

struct agent {
	const struct machine_paths *paths;
	const char *log_path;
	char *const *policies; /* names of --policies */
	size_t n_policies;
	struct machine machine;
	struct kernel kernel;
	struct cgroups cgroups;
	struct live live;
	struct audit *audit;
	struct loop loop;
	struct rings rings;
	struct held held;
	struct reader reader;
	struct watch watch;
	struct loop_source listener;
	struct loop_source signals;
	struct client *clients;
	unsigned n_clients;
	struct run *runs;
	unsigned n_runs, run_counter;
	int lock;
	bool stopped; /* by request: say so */
};

/* ---- server.c ---- */
int server_open(struct agent *a, struct refusal *r);
void server_close(struct agent *a);

/* ---- rings.c ---- */
int rings_open(struct agent *a, struct refusal *r);
void rings_close(struct agent *a);

/* Read what the rings hold, the oldest first, up to a bound. */
void rings_drain(struct agent *a);

/* Time to wait for the loop: see struct loop. */
int rings_before_wait(void *agent);

/* ---- runs.c ---- */

/*
 * A cgroup of its own with policies of its own, kept until its owner releases it. On success *out is
 * the run and its policies are in force.
 */
int run_begin(struct agent *a, const void *owner, pid_t pid, struct spec_text *texts, size_t n,
	      struct diags *d, struct refusal *r, struct run **out);
const char *run_cgroup(const struct run *run);

/* The owner is gone, or done: the run ends when its cgroup is empty. */
void run_release(struct run *run);
void runs_release(struct agent *a, const void *owner);

/* Runs that an earlier agent left. */
void runs_restore(struct agent *a);

/* Try again to end what is over and held by processes that left their cgroup. */
void runs_retry(struct agent *a);
void runs_close(struct agent *a);

/* ---- selftest.c ---- */

/* Do a forbidden thing in a scratch cgroup; expect the denial and its event. 0 or -errno with why. */
int self_test(struct agent *a, struct refusal *r);

#endif
