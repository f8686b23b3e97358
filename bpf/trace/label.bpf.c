// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Labels at the moments when they change: fork and cgroup entry.
 *
 *   task_alloc           the child gets the parent's label, before it can run
 *   cgroup_attach_task   a task takes on the profile of the cgroup that it enters
 *
 * A task that is put into a cgroup and taken out again before it runs any hook would otherwise
 * never have been labelled. Everything else is done where a hook asks (label.bpf.h), which is what
 * enforcement relies on.
 */
#include "label.bpf.h"

#define ENOMEM 12

SEC("lsm/task_alloc")
int BPF_PROG(task_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	struct pv_label *parent, *child;

	if (ret)
		return ret;
	parent = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
	if (!parent)
		return 0; /* never asked about: resolved by the cgroup at the child's first hook */
	child = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!child) {
		/* what the parent holds cannot be found again by the child: refuse to make one */
		return parent->n_held || parent->profile ? -ENOMEM : 0;
	}
	__builtin_memcpy(child, parent, sizeof(*child));
	child->exec_mm = child->exec_inode = child->denials = 0;
	return 0;
}

/* Nonzero: the image changed meanwhile. */
static __noinline int attach_label(struct task_struct *task)
{
	struct pv_matcher m;
	struct pv_label *l;
	u32 generation;

	if (!matcher_open(&m))
		return 0;
	generation = m.head->generation;
	l = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!l || label_fresh(l, task, generation))
		return 0;
	return label_refresh(l, task, generation) == PV_STALE;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach, struct cgroup *cgroup, const char *path, struct task_struct *task,
	     bool threadgroup)
{
	/* the default hierarchy is number 0 */
	if (!cgroup->root->hierarchy_id && attach_label(task))
		attach_label(task);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
