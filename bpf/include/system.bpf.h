/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions that a profile's table answers: those without a name. */
#ifndef PAVISE_SYSTEM_BPF_H
#define PAVISE_SYSTEM_BPF_H

#include "decide.bpf.h"

#define EPERM 1

static __always_inline void question_table(struct pv_question *q, u32 hook, u32 access)
{
	q->hook = hook;
	q->kind = PV_KIND_TABLE;
	q->want = PV_WANT1(access);
	q->seen = PV_NO_ACCESS;
	q->column = access;
}

/* A denial as the kernel gives it to who lacks a capability; a constant, for the verifier. */
static __always_inline int verdict_perm(void)
{
	int r;

	asm volatile("%0 = %1" : "=r"(r) : "i"(-EPERM));
	return r;
}

static __always_inline int system_decide(const struct pv_question *q, int ret)
{
	if (ret || !governed())
		return ret;
	return verdict(decide_table(q));
}

static __always_inline int system_hook(u32 hook, u32 access, int ret)
{
	struct pv_question q = {};

	question_table(&q, hook, access);
	return system_decide(&q, ret);
}

#endif
