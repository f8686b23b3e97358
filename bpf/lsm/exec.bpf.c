// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Execution: bprm_check_security, for the program and again for each script's interpreter.
 *
 * The `exec` cell includes `map` (the compiler sees to it), so that a program that may not be
 * mapped fails here, cleanly, and not after the point of no return. The ELF interpreter and the
 * libraries are decided where they are mapped, in bpf/lsm/file.bpf.c. A program without a name, in
 * memory or deleted, is anonymous-exec first.
 *
 * The exec by which a container's or a unit's own program starts is decided by the profile that governs
 * it from then on, and by those of the task that sets it up.
 *
 * Whether a file may be executed can be asked without executing it (AT_EXECVE_CHECK, from 6.14 on), as
 * interpreters do of their scripts: bprm_creds_for_exec then decides the file as an exec of it would be. What
 * a script names as its interpreter is not looked for by the kernel, and so is not asked about.
 */
#include "system.bpf.h"

static __noinline int exec_decide(struct file *file, u32 hook)
{
	struct pv_question q = {
		.hook = hook, .want = PV_WANT1(PV_ACC_EXEC), .seen = PV_NO_ACCESS, .starts = 1};

	q.dentry = (u64)file->f_path.dentry;
	q.mnt = (u64)file->f_path.mnt;
	q.inode = (u64)file->f_inode;
	q.flags = file->f_flags;
	return decide(&q);
}

static __noinline int anonymous_decide(struct file *file, u32 hook)
{
	struct pv_question q = {};

	question_table(&q, hook, PV_ACC_ANONYMOUS_EXEC);
	q.inode = (u64)file->f_inode;
	q.starts = 1;
	return decide_table(&q);
}

/* Can this exec be one that starts what a policy governs? */
static __always_inline bool starts_governed(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pv_label *l = bpf_task_storage_get(&labels, task, 0, 0);
	struct pv_matcher m;

	return l && matcher_open(&m) && label_sets_up(l, task, &m, l->exe);
}

static __always_inline int program_decide(struct file *file, u32 hook)
{
	int r = file->f_inode->i_nlink ? 0 : anonymous_decide(file, hook);

	return r < 0 ? r : exec_decide(file, hook);
}

SEC("lsm/bprm_check_security")
int BPF_PROG(bprm_check, struct linux_binprm *bprm, int ret)
{
	struct pv_label *l;
	int r;

	if (ret || (!governed() && !starts_governed()))
		return ret;
	r = program_decide(bprm->file, PV_HOOK_BPRM_CHECK);
	l = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
	if (l) {
		l->exec_mm = (u64)bprm->mm;
		l->exec_inode = r < 0 ? 0 : (u64)bprm->file->f_inode;
	}
	return verdict(r);
}

SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(bprm_creds_for_exec, struct linux_binprm *bprm, int ret)
{
	if (ret || !bpf_core_field_exists(struct linux_binprm, is_check) ||
	    !BPF_CORE_READ_BITFIELD(bprm, is_check) || (!governed() && !starts_governed()))
		return ret;
	return verdict(program_decide(bprm->file, PV_HOOK_BPRM_CREDS_FOR_EXEC));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
