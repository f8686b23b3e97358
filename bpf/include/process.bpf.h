/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Identity of a process in a record, and sending records.
 *
 * Identity comes from kernel objects: thread group id and boot-clock start time of the group
 * leader, which together never repeat within a boot. The name (comm) is information only.
 *
 * Every lane counts an attempt before it asks for room and a loss where there is none, so that
 * attempted = submitted + lost holds at any moment that no program is running.
 */
#ifndef PAVISE_PROCESS_BPF_H
#define PAVISE_PROCESS_BPF_H

#include "maps.bpf.h"

static __always_inline u32 task_pid_ns(struct task_struct *task)
{
	u64 pid = 0, ns = 0;
	u32 level = 0, inum = 0;

	if (bpf_probe_read_kernel(&pid, 8, &task->thread_pid) ||
	    bpf_probe_read_kernel(&level, 4, (void *)(pid + bpf_core_field_offset(struct pid, level))) ||
	    bpf_probe_read_kernel(&ns, 8,
				  (void *)(pid + bpf_core_field_offset(struct pid, numbers[0].ns) +
					   (u64)level * bpf_core_type_size(struct upid))) ||
	    bpf_probe_read_kernel(&inum, 4,
				  (void *)(ns + bpf_core_field_offset(struct pid_namespace, ns.inum))))
		return 0;
	return inum;
}

static __always_inline void process_fill(struct pv_process *p, struct task_struct *task, u32 profile)
{
	task = task_fields(task);
	p->start_ns = task->group_leader->start_boottime;
	p->parent_start_ns = task->group_leader->real_parent->group_leader->start_boottime;
	p->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	p->pid = task->tgid;
	p->tid = task->pid;
	p->ppid = task->group_leader->real_parent->tgid;
	p->uid = task->cred->euid.val;
	p->gid = task->cred->egid.val;
	p->profile = profile;
	p->mnt_ns = task->nsproxy->mnt_ns->ns.inum;
	p->pid_ns = task_pid_ns(task);
	bpf_probe_read_kernel(p->comm, sizeof(p->comm), task->comm);
}

static __always_inline void record_head(struct pv_record *r, u32 type, u32 size, u64 seq)
{
	r->type = type;
	r->size = size;
	r->time_ns = bpf_ktime_get_boot_ns();
	r->seq = seq;
}

/* Number of the next record of a lane; counts the attempt. */
static __always_inline u64 lane_next(enum pv_lane lane)
{
	struct pv_state *st = state_get();

	return st ? __sync_fetch_and_add(&st->lanes[lane].attempted, 1) + 1 : 0;
}

static __always_inline void lane_lost(enum pv_lane lane)
{
	struct pv_state *st = state_get();

	if (st)
		__sync_fetch_and_add(&st->lanes[lane].lost, 1);
}

/* The scratch space of a task, made where missing. NULL: no memory (counted). */
static __always_inline struct pv_scratch *scratch_get(struct task_struct *task)
{
	struct pv_scratch *s = bpf_task_storage_get(&scratch, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct pv_state *st;

	if (!s) {
		st = state_get();
		if (st)
			__sync_fetch_and_add(&st->scratch_failures, 1);
	}
	return s;
}

/* The names in scratch as the verifier must see their length: at most PV_NAMES_MAX. */
static __always_inline u32 scratch_names(const struct pv_scratch *s)
{
	u32 names = s->names_len;

	if (names > PV_NAMES_MAX)
		names = 0;
	barrier_var(names);
	return names;
}

/* The record of `room` bytes that ends where the names begin. */
#define SCRATCH_RECORD(s, type) ((type *)&(s)->record[PV_RECORD_ROOM - sizeof(type)])

#endif
