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
#include "place.bpf.h"

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

	if (child->pid != child->tgid)
		return 0;
	send_begin(&sending, PV_LANE_LINEAGE);
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

/* Most arguments are short: a record that is made in the ring has room for so many bytes of them. */
#define PV_ARGV_SHORT 64

/* The bytes of the arguments, as they stand on the new stack. */
static __always_inline u32 argv_size(struct mm_struct *mm)
{
	u64 start = mm->arg_start, end = mm->arg_end;

	return end > start ? end - start : 0;
}

/* What an exec record says besides the names and arguments, which have these lengths. */
static __always_inline void record_exec(struct pv_exec_record *r, struct linux_binprm *bprm, int old_pid,
					u32 profile, u32 walk, u32 names, u32 argv)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = bprm->file->f_inode;

	record_head(&r->head, PV_REC_EXEC, sizeof(*r) + names + argv);
	process_fill(&r->process, task, profile);
	r->process.tid = old_pid; /* a thread that executes takes over the leader's id */
	r->dev = inode->i_sb->s_dev;
	r->mode = inode->i_mode;
	r->ino = inode->i_ino;
	r->nlink = inode->i_nlink;
	r->walk = walk;
	r->argc = bprm->argc;
	r->argv_size = argv_size(task->mm);
	r->names_len = names;
	r->argv_len = argv;
}

/* A record that is made in the ring, with the names from where they are. False: there was none made. */
static __noinline bool exec_short(struct linux_binprm *bprm, struct pv_label *l, int old_pid)
{
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	u32 names, argv = argv_size(mm);
	struct pv_sending sending;
	struct pv_exec_record *r;

	if (!can_cast() || argv > PV_ARGV_SHORT)
		return false;
	place_ask(&l->asked, bprm->file);
	if (!place_steady(l) || !place_walk(l))
		return false;
	r = bpf_ringbuf_reserve(&lineage, sizeof(*r) + PV_PLACE_ROOM + PV_ARGV_SHORT, 0);
	if (!r)
		return false;
	names = place_names(l, r->data);
	if (!names || names > PV_PLACE_NAMES || !place_same(l)) {
		bpf_ringbuf_discard(r, BPF_RB_NO_WAKEUP);
		return false;
	}
	barrier_var(argv);
	if (argv > PV_ARGV_SHORT || bpf_probe_read_user(&r->data[names], argv, (void *)mm->arg_start))
		argv = 0;
	send_begin(&sending, PV_LANE_LINEAGE);
	send_number(&sending, &r->head);
	record_exec(r, bprm, old_pid, label_profile(l), PV_WALK_OK, names, argv);
	SEND_SUBMIT(&sending, &lineage, r);
	return true;
}

/* By way of a work space: the arguments behind the names, as far as there is room. */
static __noinline void exec_long(struct linux_binprm *bprm, struct pv_scratch *s, int old_pid, u32 profile)
{
	struct pv_exec_record *r = SCRATCH_RECORD(s, struct pv_exec_record);
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	u32 names, argv = argv_size(mm), size;
	struct pv_sending sending;

	s->object = (u64)bprm->file->f_path.dentry;
	s->mnt = (u64)bprm->file->f_path.mnt;
	walk(s);
	names = scratch_names(s);
	if (argv > PV_ARGV_MAX)
		argv = PV_ARGV_MAX;
	barrier_var(argv);
	if (names > PV_NAMES_MAX - PV_ARGV_MAX ||
	    bpf_probe_read_user(&s->names[names], argv, (void *)mm->arg_start))
		argv = 0;
	record_exec(r, bprm, old_pid, profile, s->end, names, argv);
	size = names + argv; /* at most PV_NAMES_MAX again */
	if (size > PV_NAMES_MAX)
		size = 0;
	barrier_var(size);
	send_begin(&sending, PV_LANE_LINEAGE);
	send_copy(&sending, &lineage, &r->head, sizeof(*r) + size);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct pv_label *l = bpf_task_storage_get(&labels, task, 0, 0);
	struct pv_sending sending;
	struct pv_space *space;
	struct pv_scratch *s;

	if (l) {
		l->exec_mm = l->exec_inode = 0;
		if (exec_short(bprm, l, old_pid))
			return 0;
	}
	space = space_take();
	s = space ? &space->scratch : scratch_get(task);
	if (s) {
		exec_long(bprm, s, old_pid, label_profile(l));
	} else {
		send_begin(&sending, PV_LANE_LINEAGE);
		send_lost(&sending);
	}
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
	send_begin(&sending, PV_LANE_LINEAGE);
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
