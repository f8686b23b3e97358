// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Lineage: one record for every process that starts, executes and ends.
 *
 *   sched_process_fork   processes, not threads; the parent is the one at fork
 *   sched_process_exec   after success: the file's own name by the walk, and the arguments
 *   sched_process_exit   of the last thread; two that leave together may both find themselves
 *                        last, and the agent drops the second record
 *   iter/task            those that were there before the agent
 *   iter/task_file       not of processes: open files, of the agent's own, whose inodes it wants to know as
 *                        the hooks know them (agent/control/marks.c)
 *
 * Of every process and not only of governed ones, because an event names its ancestors. Nothing is
 * decided here.
 */
#include "process.bpf.h"
#include "walk.bpf.h"

#define SIGNAL_GROUP_EXIT 4

static __always_inline u32 profile_of(struct task_struct *task)
{
	struct pv_label *l = bpf_task_storage_get(&labels, task, 0, 0);

	if (!l)
		return 0;
	return l->profile || !l->n_held ? l->profile : l->held[0];
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct pv_fork_record r = {};

	if (child->pid != child->tgid)
		return 0;
	record_head(&r.head, PV_REC_FORK, sizeof(r), lane_next(PV_LANE_LINEAGE));
	process_fill(&r.process, child, profile_of(child));
	if (bpf_ringbuf_output(&lineage, &r, sizeof(r), 0))
		lane_lost(PV_LANE_LINEAGE);
	return 0;
}

/* Arguments, as they stand on the new stack, behind the names. */
static __always_inline u32 read_argv(struct pv_exec_record *r, struct pv_scratch *s, struct mm_struct *mm,
				     u32 names)
{
	u64 start = mm->arg_start, end = mm->arg_end;
	u32 size = end > start ? end - start : 0;
	u32 length = size < PV_ARGV_MAX ? size : PV_ARGV_MAX;

	r->argv_size = size;
	if (names > PV_NAMES_MAX - PV_ARGV_MAX)
		return 0;
	if (bpf_probe_read_user(&s->names[names], length, (void *)start))
		return 0;
	return length;
}

static __noinline void exec_record(struct task_struct *task, struct linux_binprm *bprm, struct pv_scratch *s,
				   u64 seq, int old_pid)
{
	struct pv_exec_record *r = SCRATCH_RECORD(s, struct pv_exec_record);
	struct file *file = bprm->file;
	struct inode *inode = file->f_inode;
	u32 names, argv, size;

	s->object = (u64)file->f_path.dentry;
	s->mnt = (u64)file->f_path.mnt;
	r->walk = walk(s);
	names = scratch_names(s);
	process_fill(&r->process, task, profile_of(task));
	r->process.tid = old_pid; /* a thread that executes takes over the leader's id */
	r->dev = inode->i_sb->s_dev;
	r->mode = inode->i_mode;
	r->ino = inode->i_ino;
	r->nlink = inode->i_nlink;
	r->argc = bprm->argc;
	r->names_len = names;
	argv = read_argv(r, s, task->mm, names);
	r->argv_len = argv;
	names += argv; /* at most PV_NAMES_MAX again, see read_argv() */
	if (names > PV_NAMES_MAX)
		names = 0;
	barrier_var(names);
	size = sizeof(*r) + names;
	record_head(&r->head, PV_REC_EXEC, size, seq);
	if (bpf_ringbuf_output(&lineage, r, size, 0))
		lane_lost(PV_LANE_LINEAGE);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct pv_label *l = bpf_task_storage_get(&labels, task, 0, 0);
	u64 seq = lane_next(PV_LANE_LINEAGE);
	struct pv_scratch *s;

	if (l)
		l->exec_mm = l->exec_inode = 0;
	s = scratch_get(task);
	if (!s) {
		lane_lost(PV_LANE_LINEAGE);
		return 0;
	}
	exec_record(task, bprm, s, seq, old_pid);
	/* an ungoverned task has no further use for it */
	if (!l || (!l->profile && !l->n_held))
		bpf_task_storage_delete(&scratch, task);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	struct signal_struct *sig = task->signal;
	struct pv_exit_record r = {};
	struct pv_label *l;

	if (sig->live.counter)
		return 0;
	l = bpf_task_storage_get(&labels, task, 0, 0);
	r.status = sig->flags & SIGNAL_GROUP_EXIT ? sig->group_exit_code : task->group_leader->exit_code;
	r.denials = l ? l->denials : 0;
	record_head(&r.head, PV_REC_EXIT, sizeof(r), lane_next(PV_LANE_LINEAGE));
	process_fill(&r.process, task, profile_of(task));
	if (bpf_ringbuf_output(&lineage, &r, sizeof(r), 0))
		lane_lost(PV_LANE_LINEAGE);
	return 0;
}

SEC("iter/task")
int task_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct pv_task_record r = {};

	if (!task || task->pid != task->tgid)
		return 0;
	record_head(&r.head, PV_REC_TASK, sizeof(r), 0);
	process_fill(&r.process, task, profile_of(task));
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}

SEC("iter/task_file")
int file_iter(struct bpf_iter__task_file *ctx)
{
	struct pv_file_record r = {.fd = ctx->fd};
	struct file *file = ctx->file;
	struct inode *inode;

	if (!ctx->task || !file)
		return 0;
	inode = file->f_inode;
	r.ino = inode->i_ino;
	r.dev = inode->i_sb->s_dev;
	r.generation = inode->i_generation;
	r.mode = inode->i_mode;
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
