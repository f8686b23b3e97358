/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The two rings, from the kernel to the audit trail.
 *
 * Guarantees: a record is read within some tens of milliseconds after it was submitted, and the first one
 * after a rest at once; while nothing is recorded nothing wakes the agent.
 *
 * How: a reader that is awake looks into the rings every LOOK_MS, and records are submitted without waking
 * anybody. When a look found nothing the reader goes to sleep without a timer: it says so in each lane's
 * `asleep`, looks once more, and waits. The first record of a lane takes that word back and wakes it
 * (bpf/include/send.bpf.h), and so does one that finds much unread, in case the next look is far off.
 *
 * Why no wake-up is lost: a program reserves its record, then passes a full barrier, then reads `asleep`.
 * The reader sets `asleep`, passes a full barrier, then reads the ring's end. One of the two sees what the
 * other wrote: either the program wakes, or the reader finds the ring not idle, complete or not, and stays
 * awake. The sources are edge-triggered, so that a look that found a record is not repeated for it.
 *
 * The rings are read as one, by the time of their records, so that the log tells a process's exec, its
 * denials and its exit in their order. The end of the decisions is read first: what led to a decision was
 * submitted before it. A bounded number of records is read at a time, so that a flood starves neither the
 * control socket nor signals: what is left is read in the next turns, without sleeping in between. When
 * lineage records were lost, the processes are listed again, at most once a second.
 *
 * Records leave the ring once their lines are written (ring.h). An agent that is killed in between
 * leaves lines whose records are still there; the next one knows them by the end of the log
 * (audit.h) and does not write them again. An agent that starts is awake, whatever the one before it left in
 * `asleep`.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "control/agent.h"
#include "util/util.h"

#define TURN_RECORDS AUDIT_TURN_RECORDS
#define SECOND_NS    1000000000ull
#define MS_NS	     1000000ull
#define RETRY_MS     1000
#define LOOK_MS	     10

static const enum kernel_map maps[PV_LANES] = {
	[PV_LANE_DECISION] = KMAP_DECISIONS,
	[PV_LANE_LINEAGE] = KMAP_LINEAGE,
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

struct next {
	const void *data; /* NULL: the lane has no more */
	size_t size;
};

static uint64_t time_of(const struct next *n)
{
	const struct pv_record *head = n->data;

	return n->size < sizeof(*head) ? 0 : head->time_ns;
}

/* The lane with the oldest record, PV_LANES: there is none. */
static int oldest(const struct next next[PV_LANES])
{
	int lane = PV_LANES;

	for (int i = 0; i < PV_LANES; i++)
		if (next[i].data && (lane == PV_LANES || time_of(&next[i]) <= time_of(&next[lane])))
			lane = i;
	return lane;
}

static void take_records(struct agent *a)
{
	struct rings *g = &a->rings;
	struct next next[PV_LANES];
	uint64_t ends[PV_LANES];
	size_t taken[PV_LANES] = {0};
	int lane;

	for (int i = 0; i < PV_LANES; i++)
		ends[i] = ring_end(&g->buffers[i]);
	for (int i = 0; i < PV_LANES; i++)
		next[i].data = ring_peek(&g->buffers[i], ends[i], &next[i].size);
	while ((lane = oldest(next)) != PV_LANES) {
		if (taken[lane]++ == TURN_RECORDS) {
			g->more = true;
			return;
		}
		g->found = true;
		take_record(a, next[lane].data, next[lane].size);
		ring_next(&g->buffers[lane]);
		next[lane].data = ring_peek(&g->buffers[lane], ends[lane], &next[lane].size);
	}
}

static void set_asleep(struct agent *a, bool asleep)
{
	a->rings.asleep = asleep;
	for (int i = 0; i < PV_LANES; i++)
		__atomic_store_n(&a->kernel.state->lanes[i].asleep, asleep, __ATOMIC_SEQ_CST);
}

/*
 * Who drains is awake. A record that woke may be read here, by the self-test, before the loop sees it: then
 * the loop is told of nothing, and by the lane no record has to wake any more.
 */
void rings_drain(struct agent *a)
{
	struct rings *g = &a->rings;

	if (g->asleep)
		set_asleep(a, false);
	g->more = g->found = false;
	audit_losses(a->audit, a->kernel.state);
	take_records(a);
	/* what cannot be written now is kept, or counted, by the sink: the ring need not wait for it */
	audit_flush(a->audit);
	for (int i = 0; i < PV_LANES; i++)
		ring_release(&g->buffers[i]);
}

static void look_again(struct rings *g)
{
	g->look_ns = now_ns() + LOOK_MS * MS_NS;
}

static int ring_ready(struct loop_source *source, uint32_t events)
{
	struct agent *a = source->owner;

	(void)events;
	rings_drain(a);
	look_again(&a->rings);
	return 0;
}

/* Go to sleep, unless there is something to read. */
static bool fall_asleep(struct agent *a)
{
	bool idle = true;

	set_asleep(a, true);
	for (int i = 0; i < PV_LANES; i++)
		idle &= ring_idle(&a->rings.buffers[i]);
	if (!idle)
		set_asleep(a, false);
	return idle;
}

/* Look into the rings when it is time to. How long the next look can wait (ms), -1: until a record wakes. */
static int look(struct agent *a)
{
	struct rings *g = &a->rings;
	uint64_t now;

	if (g->asleep)
		return -1;
	now = now_ns();
	if (!g->more && now < g->look_ns)
		return (int)((g->look_ns - now) / MS_NS) + 1;
	rings_drain(a);
	if (g->more)
		return 0;
	if (!g->found && fall_asleep(a))
		return -1;
	look_again(g);
	return LOOK_MS;
}

/* The sooner of two times to wait, of which -1 has no limit. */
static int sooner(int x, int y)
{
	return x < 0 ? y : y < 0 || x < y ? x : y;
}

int rings_before_wait(void *agent)
{
	struct agent *a = agent;
	struct rings *g = &a->rings;
	int wait = look(a);
	bool relist = g->lineage_lost !=
		      __atomic_load_n(&a->kernel.state->lanes[PV_LANE_LINEAGE].lost, __ATOMIC_RELAXED);

	if (relist && now_ns() - g->listed_ns >= SECOND_NS) {
		list_tasks(a);
		relist = false;
	}
	wait = sooner(wait, held_turn(a));
	/* A log that cannot be written is tried again; otherwise nothing wakes an idle agent. */
	if (audit_flush(a->audit))
		relist = true;
	return relist ? sooner(wait, RETRY_MS) : wait;
}

int rings_open(struct agent *a, struct refusal *r)
{
	for (int lane = 0; lane < PV_LANES; lane++) {
		int fd = a->kernel.maps[maps[lane]];
		int err = ring_open(&a->rings.buffers[lane], fd);

		if (err)
			return refuse(r, -err, PAVISE_LOAD_FAILED, "a ring cannot be mapped (%s)",
				      strerror(-err));
		a->rings.sources[lane] = (struct loop_source){.fd = fd, .ready = ring_ready, .owner = a};
		if (loop_add(&a->loop, &a->rings.sources[lane], EPOLLIN | EPOLLET))
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
