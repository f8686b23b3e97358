/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The two rings, from the kernel to the audit trail.
 *
 * Each wake-up reads lineage before decisions, so that a process is known when its decision is
 * told, and reads a bounded number of records, so that a flood starves neither the control socket
 * nor signals: what is left is read in the next turns, without sleeping in between. When lineage
 * records were lost, the processes are listed again, at most once a second.
 *
 * Records leave the ring once their lines are written (ring.h). An agent that is killed in between
 * leaves lines whose records are still there; the next one knows them by the end of the log
 * (audit.h) and does not write them again.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "control/agent.h"
#include "util/util.h"

#define TURN_RECORDS AUDIT_TURN_RECORDS
#define SECOND_NS    1000000000ull
#define RETRY_MS     1000

static const struct {
	enum pv_lane lane;
	enum kernel_map map;
} order[PV_LANES] = {
	{PV_LANE_LINEAGE, KMAP_LINEAGE},
	{PV_LANE_DECISION, KMAP_DECISIONS},
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void watch_record(struct watch *w, const void *data, size_t size)
{
	const struct pv_decision_record *r = data;

	if (!w->pid || size < sizeof(*r) || r->head.type != PV_REC_DECISION ||
	    r->process.pid != (uint32_t)w->pid)
		return;
	w->cell = r->cell;
	w->hook = r->hook;
	w->walk = r->walk;
	w->seen = true;
}

static void take_record(void *context, const void *data, size_t size)
{
	struct agent *a = context;

	watch_record(&a->watch, data, size);
	audit_record(a->audit, data, size);
}

static void take_task(void *context, const void *data, size_t size)
{
	struct agent *a = context;

	audit_record(a->audit, data, size);
}

static void list_tasks(struct agent *a)
{
	struct rings *g = &a->rings;
	int err;

	g->lineage_lost = __atomic_load_n(&a->kernel.state->lanes[PV_LANE_LINEAGE].lost, __ATOMIC_RELAXED);
	g->listed_ns = now_ns();
	err = kernel_tasks(&a->kernel, take_task, a);
	if (err)
		say_warning("the running processes cannot be listed (%s), so events may name them less fully",
			    strerror(-err));
}

void rings_drain(struct agent *a)
{
	struct rings *g = &a->rings;

	g->more = false;
	audit_losses(a->audit, a->kernel.state);
	for (int i = 0; i < PV_LANES; i++)
		ring_read(&g->buffers[order[i].lane], TURN_RECORDS, take_record, a);
	/* what cannot be written now is kept, or counted, by the sink: the ring need not wait for it */
	audit_flush(a->audit);
	for (int i = 0; i < PV_LANES; i++)
		g->more |= ring_release(&g->buffers[i]);
}

static int ring_ready(struct loop_source *source, uint32_t events)
{
	(void)events;
	rings_drain(source->owner);
	return 0;
}

int rings_before_wait(void *agent)
{
	struct agent *a = agent;
	struct rings *g = &a->rings;
	bool relist = g->lineage_lost !=
		      __atomic_load_n(&a->kernel.state->lanes[PV_LANE_LINEAGE].lost, __ATOMIC_RELAXED);
	int held;

	if (g->more)
		rings_drain(a);
	if (relist && now_ns() - g->listed_ns >= SECOND_NS) {
		list_tasks(a);
		relist = false;
	}
	held = held_turn(a);
	/* A log that cannot be written is tried again; otherwise nothing wakes an idle agent. */
	if (audit_flush(a->audit))
		relist = true;
	if (g->more || !held)
		return 0;
	return held > 0 && (!relist || held < RETRY_MS) ? held : relist ? RETRY_MS : -1;
}

int rings_open(struct agent *a, struct refusal *r)
{
	for (int i = 0; i < PV_LANES; i++) {
		enum pv_lane lane = order[i].lane;
		int fd = a->kernel.maps[order[i].map];
		int err = ring_open(&a->rings.buffers[lane], fd);

		if (err)
			return refuse(r, -err, PAVISE_LOAD_FAILED, "a ring cannot be mapped (%s)",
				      strerror(-err));
		a->rings.sources[lane] = (struct loop_source){.fd = fd, .ready = ring_ready, .owner = a};
		if (loop_add(&a->loop, &a->rings.sources[lane], EPOLLIN))
			return refuse(r, errno, PAVISE_LOAD_FAILED, "a ring cannot be waited for (%s)",
				      strerror(errno));
	}
	list_tasks(a);
	return 0;
}

void rings_close(struct agent *a)
{
	for (int i = 0; i < PV_LANES; i++)
		ring_close(&a->rings.buffers[i]);
	a->rings = (struct rings){0};
}
