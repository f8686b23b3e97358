// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One process acts on another.
 *
 *   ptrace_access_check          ptrace: attaching, /proc/PID/mem, process_vm_*, pidfd_getfd; and who is
 *                                looked at, which is noted in the label
 *   ptrace_traceme               ptrace: asking to be traced
 *   task_kill                    signal: kill(2) and its relatives, by number, descriptor or thread
 *   task_setscheduler            signal: class, priority and processors
 *   task_setnice, task_setioprio signal: priorities
 *   task_setrlimit               signal: limits, by prlimit(2)
 *   file_send_sigiotask          what the owner of a descriptor gets: never the agent
 *
 * `ptrace` is about every other process, and whatever it says, a task never reaches for one that is governed
 * by less: by a profile that it has itself, the other must be governed as well. `signal` is about these only:
 * what is governed alike, and so every child, is always permitted, since a shell, a service and a process
 * manager live by it. A signal that is denied fails with EPERM, as the kernel says it: who signals many at
 * once passes over those, and fails at any other error.
 *
 * To look at a process (/proc/PID) is permitted. But its pipes and its memory without a name can be opened by
 * /proc/PID/fd, for which the kernel asks for permission to look only, as the last thing before the open. So
 * it is noted who was looked at last, and `ptrace` decides about opening such a file unless the task has a
 * descriptor of it, whatever that is for, or that process has one and is governed alike (bpf/lsm/file.bpf.c).
 *
 * Calls that look at a process by its number (kcmp(2), move_pages(2), what shares a processor's core with it)
 * can change where its memory is and how it runs; they ask with the real credentials, and /proc does not. The
 * agent is not looked at so.
 *
 * Asked are those who act, and not the kernel: signals that it sends for itself (children's ends, terminals,
 * timers, faults) come to no hook; that of a parent's end comes in the parent's exit and without a sender's
 * description, as those of kill(2) do on newer kernels; and one for a USB transfer has a cred and an
 * arbitrary current task. Signal 0 sends nothing and tells no more than /proc. SIGCONT goes within a session,
 * as the kernel has it. Threads of one process act on each other.
 *
 * SIGIO comes when something happens to a descriptor, at an arbitrary current task, and who named its
 * receiver is not known then. So it is kept from the agent, which asks for none, and is otherwise not
 * decided.
 */
#include "agent.bpf.h"

#define PTRACE_MODE_ATTACH    2
#define PTRACE_MODE_REALCREDS 16
#define SIGCONT		      18
#define PIDTYPE_SID	      3

/* Is a profile among those that another task has? */
static __always_inline bool label_has(const struct pv_label *l, u32 profile)
{
	bool has = l->profile == profile;

	for (u32 i = 0; i < PV_HELD_MAX; i++)
		if (l->held[i] == profile)
			has = true;
	return has;
}

/* Is the other task governed by everything that the current one is governed by? */
static __always_inline bool governed_alike(struct task_struct *other)
{
	struct pv_label *own = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
	struct pv_label *l = bpf_task_storage_get(&labels, other, 0, 0);
	bool alike = true;

	if (!own)
		return false;
	if (!l)
		return !label_has_any(own);
	if (own->profile && !label_has(l, own->profile))
		alike = false;
	for (u32 i = 0; i < PV_HELD_MAX; i++)
		if (own->held[i] && !label_has(l, own->held[i]))
			alike = false;
	return alike;
}

static __always_inline void look_at(struct task_struct *other)
{
	struct pv_label *l = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);

	if (!l)
		return;
	l->reached = task_fields(other)->tgid;
	l->looked_start = task_fields(other)->start_boottime;
	l->looked = governed_alike(other) ? (u64)other : 0;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(ptrace_access_check, struct task_struct *child, unsigned int mode, int ret)
{
	struct pv_question q = {};
	int r;

	if (ret || !governed())
		return ret;
	q.detail = child->tgid;
	if (!(mode & PTRACE_MODE_ATTACH)) {
		if (mode & PTRACE_MODE_REALCREDS && is_agent(child->tgid)) {
			question_table(&q, PV_HOOK_PTRACE_ACCESS_CHECK, PV_ACC_AGENT);
			return verdict(decide_table(&q));
		}
		look_at(child);
		return 0;
	}
	question_table(&q, PV_HOOK_PTRACE_ACCESS_CHECK, PV_ACC_PTRACE);
	r = decide_table(&q);
	if (r < 0)
		return verdict(r);
	if (!governed_alike(child))
		q.column = PV_COL_REACH;
	else if (is_agent(child->tgid))
		question_table(&q, PV_HOOK_PTRACE_ACCESS_CHECK, PV_ACC_AGENT);
	else
		return 0;
	q.quiet = r;
	return verdict(decide_table(&q));
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(ptrace_traceme, struct task_struct *parent, int ret)
{
	struct pv_question q = {};

	question_table(&q, PV_HOOK_PTRACE_TRACEME, PV_ACC_PTRACE);
	q.detail = parent->tgid;
	return system_decide(&q, ret);
}

/* The current task, which is governed, acts on another. */
static __always_inline int act_decide(struct task_struct *other, u32 hook)
{
	u32 own = bpf_get_current_pid_tgid() >> 32, tgid = other->tgid, access = PV_ACC_SIGNAL;
	struct pv_question q = {};

	if (tgid == own)
		return 0;
	if (is_agent(tgid))
		access = PV_ACC_AGENT;
	else if (governed_alike(other))
		return 0;
	question_table(&q, hook, access);
	q.detail = tgid;
	return decide_table(&q);
}

static __always_inline int act_hook(struct task_struct *other, u32 hook, int ret)
{
	return ret || !governed() ? ret : verdict(act_decide(other, hook));
}

static __always_inline bool same_session(struct task_struct *other)
{
	struct task_struct *own = task_fields(bpf_get_current_task_btf());

	return own->signal->pids[PIDTYPE_SID] == task_fields(other)->signal->pids[PIDTYPE_SID];
}

/* In the place of a description: the current task sends, or the kernel. */
#define SEND_SIG_NOINFO 0
#define SEND_SIG_PRIV	1
#define PF_EXITING	4

static __always_inline bool by_kernel(u64 info, u64 cred)
{
	return cred || info == SEND_SIG_PRIV ||
	       (info == SEND_SIG_NOINFO && task_fields(bpf_get_current_task_btf())->flags & PF_EXITING);
}

SEC("lsm/task_kill")
int task_kill(u64 *ctx)
{
	struct task_struct *other = (struct task_struct *)ctx[0];
	u64 info, cred;
	int sig = ctx[2];

	bpf_get_func_arg(ctx, 1, &info);
	bpf_get_func_arg(ctx, 3, &cred);
	if (!sig || by_kernel(info, cred) || !governed())
		return 0;
	if (sig == SIGCONT && !is_agent(other->tgid) && same_session(other))
		return 0;
	return act_decide(other, PV_HOOK_TASK_KILL) < 0 ? verdict_perm() : 0;
}

SEC("lsm/task_setscheduler")
int BPF_PROG(task_setscheduler, struct task_struct *other, int ret)
{
	return act_hook(other, PV_HOOK_TASK_SETSCHEDULER, ret);
}

SEC("lsm/task_setnice")
int BPF_PROG(task_setnice, struct task_struct *other, int nice, int ret)
{
	return act_hook(other, PV_HOOK_TASK_SETNICE, ret);
}

SEC("lsm/task_setioprio")
int BPF_PROG(task_setioprio, struct task_struct *other, int priority, int ret)
{
	return act_hook(other, PV_HOOK_TASK_SETIOPRIO, ret);
}

SEC("lsm/task_setrlimit")
int BPF_PROG(task_setrlimit, struct task_struct *other, unsigned int resource, void *limits, int ret)
{
	return act_hook(other, PV_HOOK_TASK_SETRLIMIT, ret);
}

SEC("lsm/file_send_sigiotask")
int BPF_PROG(file_send_sigiotask, struct task_struct *other, void *owner, int sig, int ret)
{
	return is_agent(other->tgid) ? verdict_perm() : ret;
}
