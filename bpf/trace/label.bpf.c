// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Labels at the moments when they change: fork and cgroup entry.
 *
 *   task_alloc           the child gets the parent's label, before it can run
 *   cgroup_attach_task   a task takes on the profile of the cgroup that it enters; the agent is told of
 *                        the governed, since what such a process holds was opened before
 *   bprm_committed_creds a task takes on the profile of the program that it executes
 *   task_fix_setuid      before a task changes its uid it takes on the profile that it has by the old
 *   iter/task            all tasks, run by the agent once a policy set is published; and another one, that
 *                        tells it who has which profiles
 *
 * A task that is put into a cgroup and taken out again before it runs any hook would otherwise
 * never have been labelled, nor one whose executable is renamed, or that changes its uid, so early.
 * Everything else is done where a hook asks (label.bpf.h), which is what enforcement relies on. That such a
 * change is counted, here, is what its shortcut relies on.
 */
#include "label.bpf.h"
#include "process.bpf.h"

#define ENOMEM 12

/*
 * Somebody may write the parent's label meanwhile. A label is written held profiles first and copied
 * from the front, so that the copy has what was left behind as its profile or among those held: the
 * child then counts as moved, so that it keeps its profile.
 */
static __always_inline void label_copy(struct pv_label *child, const struct pv_label *parent)
{
	u32 version = parent->version, writing = parent->writing;

	barrier();
	__builtin_memcpy(child, parent, offsetof(struct pv_label, stamp_free));
	barrier();
	if (writing || parent->writing || parent->version != version) {
		child->generation = 0;
		child->execs_seen = child->execs - 1;
	}
}

/* The agent looks for those who have a profile, and has to know that one may have got out of its sight. */
static __always_inline void count_copy(const struct pv_label *l)
{
	if (label_has_any(l))
		__sync_fetch_and_add(&state.copies, 1);
}

/* A thread that slept while its process was moved learns of it here, if it forks first. */
static __always_inline bool leader_has_any(struct task_struct *task)
{
	struct pv_label *l;

	if (task->pid == task->tgid)
		return false;
	l = bpf_task_storage_get(&labels, task->group_leader, 0, 0);
	return l && label_has_any(l);
}

SEC("lsm/task_alloc")
int BPF_PROG(task_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	struct task_struct *own = bpf_get_current_task_btf();
	struct pv_label *parent, *child;
	bool moved;

	if (ret)
		return ret;
	parent = bpf_task_storage_get(&labels, own, 0, 0);
	moved = (!parent || parent->epoch != state.thread_moves) && leader_has_any(own);
	if (!parent && !moved)
		return 0; /* never asked about: resolved by the cgroup at the child's first hook */
	child = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!child) {
		/* what the parent holds cannot be found again by the child: refuse to make one */
		return moved || label_has_any(parent) ? -ENOMEM : 0;
	}
	if (parent)
		label_copy(child, parent);
	if (moved)
		label_merge_leader(child, own);
	count_copy(child);
	child->exec_mm = child->exec_inode = child->truncates = child->denials = 0;
	child->writing = child->reached = 0;
	return 0;
}

/*
 * Label a task by what it is and the cgroup that it is in. Where another is at the label, it may write what
 * was so a moment ago, however much later: so the profile is held. Nonzero: the image changed meanwhile.
 */
static __noinline int label_now(struct task_struct *task, struct pv_state *st)
{
	struct pv_scratch *s = scratch_get(bpf_get_current_task_btf());
	struct pv_matcher m;
	struct pv_label *l;
	u32 generation, epoch = st->thread_moves;
	int profile;

	if (!matcher_open(&m))
		return 0;
	generation = m.head->generation;
	l = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!l || !s) {
		__sync_fetch_and_add(&st->label_failures, 1);
		return 0;
	}
	if (label_fresh(l, task, generation, epoch))
		return 0;
	profile = label_refresh(l, s, task, generation, epoch);
	if (profile > 0 && !label_fresh(l, task, generation, epoch))
		label_hold(l, profile);
	return profile == PV_STALE;
}

/* Tell the agent of a governed process that came to its cgroup. */
static __always_inline void entry_report(struct task_struct *task, u32 profile)
{
	struct pv_sending sending;
	struct pv_task_record *r;

	send_begin(&sending, PV_LANE_LINEAGE);
	r = bpf_ringbuf_reserve(&lineage, sizeof(*r), 0);
	if (!r) {
		send_lost(&sending);
		return;
	}
	send_number(&sending, &r->head);
	record_head(&r->head, PV_REC_TASK, sizeof(*r));
	process_fill(&r->process, task, profile);
	SEND_SUBMIT(&sending, &lineage, r);
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach, struct cgroup *cgroup, const char *path, struct task_struct *task,
	     bool threadgroup)
{
	struct pv_state *st = state_get();
	struct pv_label *l;

	/* the default hierarchy is number 0 */
	if (!st || cgroup->root->hierarchy_id)
		return 0;
	l = bpf_task_storage_get(&labels, task, 0, 0);
	if (l)
		label_moved(l);
	if (label_now(task, st))
		label_now(task, st);
	if (threadgroup && task->signal->nr_threads > 1)
		__sync_fetch_and_add(&st->thread_moves, 1);
	l = bpf_task_storage_get(&labels, task, 0, 0);
	if (l && l->profile)
		entry_report(task, l->profile);
	return 0;
}

/*
 * Keep a label over an exec by which nothing has changed that it was resolved for: no executable matters to
 * this policy set, the task is as it was, and has executed in this cgroup before. Returns whether it is kept.
 */
static __always_inline bool label_keep(struct pv_label *l, struct task_struct *task, struct pv_state *st,
				       u64 exec_cgroup)
{
	struct mm_struct *mm = task->mm;
	struct file *file = mm ? mm->exe_file : NULL;
	struct pv_matcher m;
	bool keep;

	if (!file || exec_cgroup != l->exec_cgroup || !matcher_open(&m) ||
	    !(m.head->exe_start & PV_DECIDED) || __sync_val_compare_and_swap(&l->writing, 0, 1))
		return false;
	l->version++;
	l->exe_inode = (u64)file->f_inode; /* first: whoever finds the exec seen goes by this */
	barrier();
	l->execs_seen++;
	barrier();
	keep = label_fresh(l, task, m.head->generation, st->thread_moves);
	if (!keep)
		l->execs_seen--;
	barrier();
	l->writing = 0;
	return keep;
}

/* Past the point of no return: the new mm has its executable, and the new uid is in force. */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(committed_creds, struct linux_binprm *bprm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pv_label *l = bpf_task_storage_get(&labels, task, 0, 0);
	struct pv_state *st = state_get();
	u64 exec_cgroup;

	if (!l || !st)
		return 0; /* the first label is that of a task that has executed where it is */
	label_moved(l);
	count_copy(l); /* a thread that executes takes over the leader's number */
	l->looked = 0;
	exec_cgroup = l->exec_cgroup;
	l->exec_cgroup = cgroup_id(task);
	barrier();
	l->execs++;
	if (label_keep(l, task, st, exec_cgroup))
		return 0;
	if (label_now(task, st))
		label_now(task, st);
	return 0;
}

SEC("lsm/task_fix_setuid")
int BPF_PROG(fix_setuid, struct cred *new, const struct cred *old, int flags, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pv_state *st = state_get();
	struct pv_label *l;

	if (ret || !st || !st->generation)
		return ret;
	if (label_now(task, st))
		label_now(task, st);
	l = bpf_task_storage_get(&labels, task, 0, 0);
	if (l)
		label_moved(l);
	if (l && !label_has_any(l))
		bpf_task_storage_delete(&scratch, task);
	return 0;
}

/* After a policy set was published: every task there is, so that none can leave unlabelled. */
SEC("iter/task")
int label_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct pv_state *st = state_get();

	if (task && st && !(task->flags & PF_KTHREAD) && label_now(task, st))
		label_now(task, st);
	return 0;
}

/* The profiles of every task that has one, its threads and what has ended but was not waited for included. */
SEC("iter/task")
int holder_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct pv_holder_record r = {};
	struct pv_label *l;

	if (!task)
		return 0;
	l = bpf_task_storage_get(&labels, task, 0, 0);
	if (!l || !label_has_any(l))
		return 0;
	/* in this order: what stops being the profile is held before */
	r.profile = l->profile;
	barrier();
	for (u32 i = 0; i < PV_HELD_MAX; i++)
		r.held[i] = l->held[i];
	r.flags = l->flags;
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
