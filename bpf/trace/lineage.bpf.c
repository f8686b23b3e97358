// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Lineage: one record for every process that starts, executes and ends.
 *
 *   sched_process_fork   processes, not threads; the parent is the one at fork
 *   sched_process_exec   after success: the file's own name by the walk, and the arguments
 *   sched_process_exit   of the last thread; two that leave together may both find themselves
 *                        last, and the agent drops the second record; also where the agent
 *                        itself is forgotten (bpf/include/agent.bpf.h)
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

static __always_inline u32 label_profile(const struct pv_label *l)
{
	if (!l)
		return 0;
	return l->profile ? l->profile : l->held[0];
}

static __always_inline u32 profile_of(struct task_struct *task)
{
	return label_profile(bpf_task_storage_get(&labels, task, 0, 0));
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct pv_sending sending;
	struct pv_fork_record *r;

	if (child->pid != child->tgid || !send_begin(&sending, PV_LANE_LINEAGE))
		return 0;
	r = bpf_ringbuf_reserve(&lineage, sizeof(*r), 0);
	if (!r) {
		send_lost(&sending);
		return 0;
	}
	send_number(&sending, &r->head);
	record_head(&r->head, PV_REC_FORK, sizeof(*r));
	process_fill(&r->process, child, profile_of(child));
	SEND_SUBMIT(&sending, &lineage, r);
	return 0;
}

/* Most names and arguments are short: their records have room for so many bytes of each. */
#define PV_EXEC_SHORT 64

/* The bytes of the arguments, as they stand on the new stack. */
static __always_inline u32 argv_size(struct mm_struct *mm)
{
	u64 start = mm->arg_start, end = mm->arg_end;

	return end > start ? end - start : 0;
}

/* What an exec record says besides the names and arguments, which have these lengths. */
static __always_inline void record_exec(struct pv_exec_record *r, struct linux_binprm *bprm,
					const struct pv_scratch *s, int old_pid, u32 profile, u32 names,
					u32 argv)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = bprm->file->f_inode;
	struct mm_struct *mm = task->mm;

	record_head(&r->head, PV_REC_EXEC, sizeof(*r) + names + argv);
	process_fill(&r->process, task, profile);
	r->process.tid = old_pid; /* a thread that executes takes over the leader's id */
	r->dev = inode->i_sb->s_dev;
	r->mode = inode->i_mode;
	r->ino = inode->i_ino;
	r->nlink = inode->i_nlink;
	r->walk = s->end;
	r->argc = bprm->argc;
	r->argv_size = argv_size(mm);
	r->names_len = names;
	r->argv_len = argv;
}

static __noinline void exec_short(struct linux_binprm *bprm, struct pv_scratch *s, struct pv_sending *sending,
				  int old_pid, u32 profile)
{
	struct pv_exec_record *r = bpf_ringbuf_reserve(&lineage, sizeof(*r) + 2 * PV_EXEC_SHORT, 0);
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	u32 names = s->names_len, argv = argv_size(mm);

	if (!r) {
		send_lost(sending);
		return;
	}
	send_number(sending, &r->head);
	if (names > PV_EXEC_SHORT)
		names = 0;
	barrier_var(names);
	if (argv > PV_EXEC_SHORT)
		argv = 0;
	barrier_var(argv);
#pragma unroll
	for (u32 i = 0; i < PV_EXEC_SHORT / 8; i++)
		((u64 *)r->data)[i] = ((const u64 *)s->names)[i];
	if (bpf_probe_read_user(&r->data[names], argv, (void *)mm->arg_start))
		argv = 0;
	record_exec(r, bprm, s, old_pid, profile, names, argv);
	SEND_SUBMIT(sending, &lineage, r);
}

/* By way of the work space: the arguments behind the names, as far as there is room. */
static __noinline void exec_long(struct linux_binprm *bprm, struct pv_scratch *s, struct pv_sending *sending,
				 int old_pid, u32 profile)
{
	struct pv_exec_record *r = SCRATCH_RECORD(s, struct pv_exec_record);
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	u32 names = scratch_names(s), argv = argv_size(mm), size;

	if (argv > PV_ARGV_MAX)
		argv = PV_ARGV_MAX;
	barrier_var(argv);
	if (names > PV_NAMES_MAX - PV_ARGV_MAX ||
	    bpf_probe_read_user(&s->names[names], argv, (void *)mm->arg_start))
		argv = 0;
	record_exec(r, bprm, s, old_pid, profile, names, argv);
	size = names + argv; /* at most PV_NAMES_MAX again */
	if (size > PV_NAMES_MAX)
		size = 0;
	barrier_var(size);
	send_copy(sending, &lineage, &r->head, sizeof(*r) + size);
}

static __noinline void exec_record(struct linux_binprm *bprm, struct pv_scratch *s,
				   struct pv_sending *sending, int old_pid, u32 profile)
{
	struct file *file = bprm->file;

	s->object = (u64)file->f_path.dentry;
	s->mnt = (u64)file->f_path.mnt;
	walk(s);
	if (s->names_len <= PV_EXEC_SHORT && argv_size(bpf_get_current_task_btf()->mm) <= PV_EXEC_SHORT)
		exec_short(bprm, s, sending, old_pid, profile);
	else
		exec_long(bprm, s, sending, old_pid, profile);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct pv_label *l = bpf_task_storage_get(&labels, task, 0, 0);
	struct pv_sending sending;
	struct pv_space *space;
	struct pv_scratch *s;

	if (l)
		l->exec_mm = l->exec_inode = 0;
	if (!send_begin(&sending, PV_LANE_LINEAGE))
		return 0;
	space = space_take();
	s = space ? &space->scratch : scratch_get(task);
	if (s)
		exec_record(bprm, s, &sending, old_pid, label_profile(l));
	else
		send_lost(&sending);
	if (space)
		space_give(space);
	/* an ungoverned task has no further use for its own */
	else if (!l || !label_has_any(l))
		bpf_task_storage_delete(&scratch, task);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	struct signal_struct *sig = task->signal;
	struct pv_sending sending;
	struct pv_exit_record *r;
	struct pv_label *l;

	if (sig->live.counter)
		return 0;
	if (state.agent.pid == (u32)task->tgid)
		state.agent.pid = 0;
	if (!send_begin(&sending, PV_LANE_LINEAGE))
		return 0;
	l = bpf_task_storage_get(&labels, task, 0, 0);
	r = bpf_ringbuf_reserve(&lineage, sizeof(*r), 0);
	if (!r) {
		send_lost(&sending);
		return 0;
	}
	send_number(&sending, &r->head);
	r->status = sig->flags & SIGNAL_GROUP_EXIT ? sig->group_exit_code : task->group_leader->exit_code;
	r->pad = 0;
	r->denials = l ? l->denials : 0;
	record_head(&r->head, PV_REC_EXIT, sizeof(*r));
	process_fill(&r->process, task, label_profile(l));
	SEND_SUBMIT(&sending, &lineage, r);
	return 0;
}

SEC("iter/task")
int task_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct pv_task_record r = {};

	if (!task || task->pid != task->tgid)
		return 0;
	record_head(&r.head, PV_REC_TASK, sizeof(r));
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
