/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The record of a decision: what the log says of it.
 *
 * Guarantee: each decision that is due a record gets one, whole, or is counted as lost. A denial
 * never loses its place to what is only audited: the two go by rings of their own.
 *
 * How: short names are written into the ring where they stay; longer ones are put together in the
 * task's work space and copied (send.bpf.h numbers both).
 *
 * Failure direction: the verdict is made before and stands, whatever happens here.
 */
#ifndef PAVISE_REPORT_BPF_H
#define PAVISE_REPORT_BPF_H

#include "process.bpf.h"

static __always_inline void record_inode(struct pv_decision_record *r, u64 inode)
{
	u16 mode = 0;
	u64 sb = 0;

	r->dev = r->mode = 0;
	r->ino = 0;
	if (!inode)
		return;
	bpf_probe_read_kernel(&mode, 2, (void *)(inode + bpf_core_field_offset(struct inode, i_mode)));
	bpf_probe_read_kernel(&r->ino, 8, (void *)(inode + bpf_core_field_offset(struct inode, i_ino)));
	bpf_probe_read_kernel(&sb, 8, (void *)(inode + bpf_core_field_offset(struct inode, i_sb)));
	bpf_probe_read_kernel(&r->dev, 4, (void *)(sb + bpf_core_field_offset(struct super_block, s_dev)));
	r->mode = mode;
}

static __always_inline void record_object(struct pv_decision_record *r, const struct pv_question *q)
{
	u64 *to = (u64 *)r->addr;

	r->flags = q->flags;
	record_inode(r, q->inode);
	r->family = q->family;
	r->sock_type = q->sock_type;
	r->protocol = q->protocol;
	r->port = q->port;
	r->detail = q->detail;
	to[0] = to[1] = 0;
	if (q->kind == PV_KIND_SOCKET && q->name_length == 2 + 4 + 2)
		__builtin_memcpy(r->addr, q->name + 2, 4);
	else if (q->kind == PV_KIND_SOCKET && q->name_length == 2 + 16 + 2)
		__builtin_memcpy(r->addr, q->name + 2, 16);
}

static __always_inline void record_decision(struct pv_decision_record *r, const struct pv_scratch *s,
					    const struct pv_question *q, u32 generation)
{
	u32 names = s->names_len, accesses = 0;

	record_head(&r->head, PV_REC_DECISION, sizeof(*r) + names);
	process_fill(&r->process, bpf_get_current_task_btf(), s->subject.profile[0]);
	r->generation = generation;
	r->cell = s->answer.cell;
	r->profile = s->answer.profile;
	r->hook = q->hook;
	r->access = s->answer.access;
	for (u32 i = 0; i < 3; i++) {
		u32 access = q->want >> (8 * i) & 0xff;

		if (access < 16)
			accesses |= 1 << access;
	}
	r->accesses = accesses;
	r->walk = q->kind == PV_KIND_ABSTRACT && s->answer.walk == PV_WALK_OK ? PV_WALK_ABSTRACT
									      : s->answer.walk;
	record_object(r, q);
	r->names_len = names;
}

/* Most names are short: their records have room for this many bytes, and are made in the ring. */
#define PV_NAMES_SHORT 64

static __always_inline void record_names(struct pv_decision_record *r, const struct pv_scratch *s)
{
	const u64 *from = (const u64 *)s->names;
	u64 *to = (u64 *)r->data;

#pragma unroll
	for (u32 i = 0; i < PV_NAMES_SHORT / 8; i++)
		to[i] = from[i];
}

#define REPORT_SHORT(sending, ring, s, q, generation)                            \
	({                                                                       \
		struct pv_decision_record *r_;                                   \
		r_ = bpf_ringbuf_reserve(ring, sizeof(*r_) + PV_NAMES_SHORT, 0); \
		if (r_) {                                                        \
			send_number(sending, &r_->head);                         \
			record_decision(r_, s, q, generation);                   \
			record_names(r_, s);                                     \
			SEND_SUBMIT(sending, ring, r_);                          \
		} else {                                                         \
			send_lost(sending);                                      \
		}                                                                \
	})

static __noinline void report_long(struct pv_sending *sending, struct pv_scratch *s,
				   const struct pv_question *q, u32 generation, bool decided)
{
	struct pv_decision_record *r = SCRATCH_RECORD(s, struct pv_decision_record);
	u32 names = scratch_names(s);

	s->names_len = names;
	record_decision(r, s, q, generation);
	if (decided)
		send_copy(sending, &decisions, &r->head, sizeof(*r) + names);
	else
		send_copy(sending, &lineage, &r->head, sizeof(*r) + names);
}

/*
 * Send the decision. A function of its own for the verifier. What was permitted and is only audited
 * goes the way of lineage, so that no amount of it can push out a denial.
 */
__weak int report(struct pv_scratch *s, const struct pv_question *q, u32 generation)
{
	struct pv_sending sending;
	struct pv_label *l;
	bool decided;

	if (!s || !q)
		return 0;
	decided = PV_CELL_VERDICT(s->answer.cell);
	if (!send_begin(&sending, decided ? PV_LANE_DECISION : PV_LANE_LINEAGE))
		return 0;
	if (PV_CELL_VERDICT(s->answer.cell) == PV_DENY) {
		l = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
		if (l)
			l->denials++;
	}
	if (s->names_len > PV_NAMES_SHORT)
		report_long(&sending, s, q, generation, decided);
	else if (decided)
		REPORT_SHORT(&sending, &decisions, s, q, generation);
	else
		REPORT_SHORT(&sending, &lineage, s, q, generation);
	return 0;
}

/* A decision whose record could not even be made. */
static __always_inline void decision_unsent(const struct pv_question *q)
{
	struct pv_sending sending;

	if (!q->tentative && send_begin(&sending, PV_LANE_DECISION))
		send_lost(&sending);
}

#endif
