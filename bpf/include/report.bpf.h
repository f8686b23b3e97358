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
	READ_FIELD(&mode, inode, inode, i_mode);
	READ_FIELD(&r->ino, inode, inode, i_ino);
	if (READ_FIELD(&sb, inode, inode, i_sb))
		READ_FIELD(&r->dev, super_block, sb, s_dev);
	r->mode = mode;
}

static __always_inline void record_no_socket(struct pv_decision_record *r)
{
	u64 *to = (u64 *)r->addr;

	r->family = r->sock_type = r->protocol = r->port = 0;
	r->detail = 0;
	to[0] = to[1] = 0;
}

static __always_inline void record_object(struct pv_decision_record *r, const struct pv_question *q)
{
	r->flags = q->flags;
	record_inode(r, q->inode);
	record_no_socket(r);
	r->family = q->family;
	r->sock_type = q->sock_type;
	r->protocol = q->protocol;
	r->port = q->port;
	r->detail = q->detail;
	if (q->kind == PV_KIND_SOCKET && q->name_length == 2 + 4 + 2)
		__builtin_memcpy(r->addr, q->name + 2, 4);
	else if (q->kind == PV_KIND_SOCKET && q->name_length == 2 + 16 + 2)
		__builtin_memcpy(r->addr, q->name + 2, 16);
}

/* All but the process and the object. */
static __always_inline void record_decision(struct pv_decision_record *r, const struct pv_answer *answer,
					    u32 generation, u32 hook, u32 want, u32 names)
{
	u32 accesses = 0;

	record_head(&r->head, PV_REC_DECISION, sizeof(*r) + names);
	r->generation = generation;
	r->cell = answer->cell;
	r->profile = answer->profile;
	r->hook = hook;
	r->access = answer->access;
	for (u32 i = 0; i < 3; i++) {
		u32 access = want >> (8 * i) & 0xff;

		if (access < 16)
			accesses |= 1 << access;
	}
	r->accesses = accesses;
	r->walk = answer->walk;
	r->names_len = names;
}

/* ... of the question in the work space, with so many bytes of names. */
static __always_inline void record_question(struct pv_decision_record *r, const struct pv_scratch *s,
					    const struct pv_question *q, u32 generation, u32 names)
{
	record_decision(r, &s->answer, generation, q->hook, q->want, names);
	process_fill(&r->process, bpf_get_current_task_btf(), s->subject.profile[0]);
	if (q->kind == PV_KIND_ABSTRACT && s->answer.walk == PV_WALK_OK)
		r->walk = PV_WALK_ABSTRACT;
	record_object(r, q);
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

static __noinline void report_short(struct pv_sending *sending, void *ring, const struct pv_scratch *s,
				    const struct pv_question *q, u32 generation)
{
	struct pv_decision_record *r = bpf_ringbuf_reserve(ring, sizeof(*r) + PV_NAMES_SHORT, 0);

	if (!r) {
		send_lost(sending);
		return;
	}
	send_number(sending, &r->head);
	record_question(r, s, q, generation, s->names_len);
	record_names(r, s);
	SEND_SUBMIT(sending, ring, r);
}

static __noinline void report_long(struct pv_sending *sending, void *ring, struct pv_scratch *s,
				   const struct pv_question *q, u32 generation)
{
	struct pv_decision_record *r = SCRATCH_RECORD(s, struct pv_decision_record);
	u32 names = scratch_names(s);

	record_question(r, s, q, generation, names);
	send_copy(sending, ring, &r->head, sizeof(*r) + names);
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
	void *ring;

	if (!s || !q)
		return 0;
	decided = PV_CELL_VERDICT(s->answer.cell);
	ring = decided ? (void *)&decisions : (void *)&lineage;
	send_begin(&sending, decided ? PV_LANE_DECISION : PV_LANE_LINEAGE);
	if (PV_CELL_VERDICT(s->answer.cell) == PV_DENY) {
		l = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
		if (l)
			l->denials++;
	}
	if (s->names_len > PV_NAMES_SHORT)
		report_long(&sending, ring, s, q, generation);
	else
		report_short(&sending, ring, s, q, generation);
	return 0;
}

/* A decision whose record could not even be made. */
static __always_inline void decision_unsent(const struct pv_question *q)
{
	struct pv_sending sending;

	if (q->tentative)
		return;
	send_begin(&sending, PV_LANE_DECISION);
	send_lost(&sending);
}

#endif
