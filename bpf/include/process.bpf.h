/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Identity of a process in a record, and the work space of a task.
 *
 * Identity comes from kernel objects: thread group id and boot-clock start time of the group
 * leader, which together never repeat within a boot. The name (comm) is information only.
 *
 * Numbers are read through the task that is given, which the verifier knows to be good: such a load is one
 * instruction. Pointers are read by kernel.bpf.h, with some eight, which spares the verifier the search for
 * their types: for the pointers as well it takes 14 % more of the agent's start.
 */
#ifndef PAVISE_PROCESS_BPF_H
#define PAVISE_PROCESS_BPF_H

#include "send.bpf.h"

/* The namespace that the task's pid is of. That of level 0, where most are, has a constant place. */
static __always_inline u32 task_pid_ns(struct task_struct *task)
{
	struct pid *pid = task->thread_pid;
	u64 address = 0, ns = 0;
	u32 level, inum = 0;

	if (!pid)
		return 0;
	level = pid->level;
	if (!level)
		return pid->numbers[0].ns->ns.inum;
	if (bpf_probe_read_kernel(&address, 8, &task->thread_pid) ||
	    bpf_probe_read_kernel(&ns, 8,
				  (void *)(address + bpf_core_field_offset(struct pid, numbers[0].ns) +
					   (u64)level * bpf_core_type_size(struct upid))) ||
	    bpf_probe_read_kernel(&inum, 4,
				  (void *)(ns + bpf_core_field_offset(struct pid_namespace, ns.inum))))
		return 0;
	return inum;
}

static __always_inline void process_fill(struct pv_process *p, struct task_struct *task, u32 profile)
{
	struct task_struct *given = task, *leader, *parent;
	u64 *comm = (u64 *)p->comm;
	const struct cred *cred;

	task = task_fields(task);
	leader = task->group_leader;
	parent = leader->real_parent;
	cred = task->cred;
	p->start_ns = leader->start_boottime;
	p->parent_start_ns = parent->group_leader->start_boottime;
	p->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	p->pid = given->tgid;
	p->tid = given->pid;
	p->ppid = parent->tgid;
	p->uid = cred->euid.val;
	p->gid = cred->egid.val;
	p->profile = profile;
	p->mnt_ns = task->nsproxy->mnt_ns->ns.inum;
	p->pid_ns = task_pid_ns(task);
	comm[0] = ((u64 *)given->comm)[0];
	comm[1] = ((u64 *)given->comm)[1];
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

#define PV_SPACE_TRIES 4

/* A space that nobody has, NULL: those looked at are taken. To be given back before the program ends. */
static __always_inline struct pv_space *space_take(void)
{
	u32 cpu = bpf_get_smp_processor_id();

#pragma unroll
	for (u32 i = 0; i < PV_SPACE_TRIES; i++) {
		u32 key = (cpu + i * (PV_SPACES / PV_SPACE_TRIES)) % PV_SPACES;
		struct pv_space *space = bpf_map_lookup_elem(&spaces, &key);

		if (space && !space->taken && !__sync_lock_test_and_set(&space->taken, 1))
			return space;
	}
	return NULL;
}

static __always_inline void space_give(struct pv_space *space)
{
	barrier();
	space->taken = 0;
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
