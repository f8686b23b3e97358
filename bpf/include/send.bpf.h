/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sending records, and waking who reads them.
 *
 * Every lane counts an attempt and, where there is no room for it, a loss, so that
 * attempted = submitted + lost holds at any moment that no program is running.
 *
 * A record wakes nobody while the reader is awake and looks by itself (agent/control/rings.c): a wake-up
 * costs many times what a record does. It wakes where the reader sleeps without a timer, which the lane's
 * `asleep` says, and where it finds much unread.
 *
 * Why no wake-up is lost: the reader's word is read behind a full barrier that stands behind the reserve. A
 * reader that the word did not show then finds the record's room taken when it looks for the last time.
 * The barrier is the exchange by which the record gets its number. A record has to be reserved and submitted
 * in two steps for that: bpf_ringbuf_output() leaves no place for it.
 */
#ifndef PAVISE_SEND_BPF_H
#define PAVISE_SEND_BPF_H

#include "maps.bpf.h"

/* How often a lane looks at what is unread, in records, and how much of it wakes. The least ring is 4 MiB. */
#define PV_LOOK_EVERY  64
#define PV_UNREAD_MUCH (1 << 20)

/* One record on its way. */
struct pv_sending {
	struct pv_counter *lane;
	u64 seq;
};

/* Count an attempt. */
static __always_inline void send_begin(struct pv_sending *sending, enum pv_lane lane)
{
	sending->lane = &state.lanes[lane];
	sending->seq = __sync_fetch_and_add(&sending->lane->attempted, 1) + 1;
}

static __always_inline void send_lost(struct pv_sending *sending)
{
	__sync_fetch_and_add(&sending->lane->lost, 1);
}

static __always_inline void record_head(struct pv_record *r, u32 type, u32 size)
{
	r->type = type;
	r->size = size;
	r->time_ns = bpf_ktime_get_boot_ns();
}

/* Number the record whose room is reserved. A full barrier, see above. */
static __always_inline void send_number(struct pv_sending *sending, struct pv_record *r)
{
	__sync_lock_test_and_set(&r->seq, sending->seq);
}

/* The flags of the submission: whether to wake. After send_number(). */
static __always_inline u64 send_wake(struct pv_sending *sending, void *ring)
{
	struct pv_counter *lane = sending->lane;

	if (lane->asleep && __sync_lock_test_and_set(&lane->asleep, 0))
		return BPF_RB_FORCE_WAKEUP;
	if (!(sending->seq % PV_LOOK_EVERY) && bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > PV_UNREAD_MUCH)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

/*
 * A record of a size that is known is made in the ring: bpf_ringbuf_reserve(), and then send_lost(), or
 * send_number(), the filling and SEND_SUBMIT(). Whether there is room is to be asked once: the verifier
 * of 6.1 does not know that what was not NULL is not.
 */
#define SEND_SUBMIT(sending, ring, record) bpf_ringbuf_submit(record, send_wake(sending, ring))

/* A record of a size that is not, from where it was made. */
static __always_inline void send_copy(struct pv_sending *sending, void *ring, struct pv_record *r, u32 size)
{
	struct bpf_dynptr room;

	if (bpf_ringbuf_reserve_dynptr(ring, size, 0, &room)) {
		send_lost(sending);
		bpf_ringbuf_discard_dynptr(&room, BPF_RB_NO_WAKEUP);
		return;
	}
	send_number(sending, r);
	bpf_dynptr_write(&room, 0, r, size, 0);
	bpf_ringbuf_submit_dynptr(&room, send_wake(sending, ring));
}

#endif
