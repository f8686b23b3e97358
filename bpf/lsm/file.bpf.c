// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Files: opening, mapping executable, and executing.
 *
 *   file_open   read, write, append, create (of what this open created), list (directories)
 *   mmap_file, file_mprotect   map: a file mapped executable, so that a loader cannot run what may
 *               not be run; anonymous-exec: memory that is executable and comes from no file, from
 *               one without a name, or can be, or was, written
 *
 *   file_open   anonymous-exec, too, where the memory of a process is opened for writing
 *               (/proc/PID/mem): the kernel writes there what is mapped to be executed only
 *
 *   file_open   ptrace, of a pipe or memory without a name that is another's who is governed by less
 *               (/proc/PID/fd): see reach.bpf.c
 *
 *   file_open   mount, of a mount namespace that is not the task's own: its names mean something else
 *
 *   file_receive   what open asked for, of a descriptor that comes from another process: it gives
 *               nothing that could not be opened
 *
 *   bprm_check_security   exec: the program, and again each script's interpreter
 *
 * The `exec` cell includes `map` (the compiler sees to it), so that a program that may not be mapped fails
 * at its exec, cleanly, and not after the point of no return. The ELF interpreter and the libraries are
 * decided where they are mapped. A program without a name, in memory or deleted, is anonymous-exec first.
 *
 * The exec by which a container's or a unit's own program starts is decided by the profile that governs it
 * from then on, and by those of the task that sets it up. Most others go the quick way
 * (bpf/include/quick.bpf.h); the answer is kept nowhere, since a process executes once.
 *
 * Whether a file may be executed can be asked without executing it (AT_EXECVE_CHECK, from 6.14 on), as
 * interpreters do of their scripts: bprm_creds_for_exec then decides the file as an exec of it would be.
 * What a script names as its interpreter is not looked for by the kernel, and so is not asked about.
 *
 * The agent's own files are kept from being written by what it says of itself: agent.bpf.h.
 *
 * Not here: opens by which the kernel executes, which come before the exec is decided by name, and
 * opens that overlayfs does on a layer below a file that was decided by its own name. What FUSE opens behind
 * its file (passthrough) is decided by its name, as of who opens the file. Descriptors
 * that a task already had are not looked at again.
 */
#include "quick.bpf.h"
#include "agent.bpf.h"

#define O_APPEND	02000
#define O_TRUNC		01000
#define O_EXEC_FMODE	0x20 /* __FMODE_EXEC in f_flags; open(2) cannot set it, see executes() */
#define FMODE_READ	0x1
#define FMODE_WRITE	0x2
#define FMODE_PATH	0x4000 /* O_PATH: nothing can be read or written by it */
#define FMODE_CREATED	0x100000
#define FMODE_NONOTIFY	0x2000000  /* opened by fanotify; in older layouts it is for files behind others */
#define O_NONOTIFY	0x4000000  /* and this, among the flags, for fanotify */
#define FMODE_NOACCOUNT 0x20000000 /* an open of what is behind a file, as a layer of overlayfs */
#define PROT_EXEC	0x4
#define S_IFMT		0170000
#define S_IFDIR		0040000
#define S_IFREG		0100000

static __always_inline void question_file(struct pv_question *q, struct file *file)
{
	q->seen = PV_NO_ACCESS;
	q->dentry = (u64)file->f_path.dentry;
	q->mnt = (u64)file->f_path.mnt;
	q->inode = (u64)file->f_inode;
}

/* The accesses that an open wants. */
static __always_inline u32 open_wants(struct file *file)
{
	u32 write = file->f_flags & O_APPEND ? PV_ACC_APPEND : PV_ACC_WRITE;
	fmode_t mode = file->f_mode;

	if ((file->f_inode->i_mode & S_IFMT) == S_IFDIR)
		return PV_WANT1(PV_ACC_LIST);
	if ((mode & (FMODE_READ | FMODE_WRITE)) == FMODE_READ) /* most */
		return PV_WANT1(PV_ACC_READ);
	if (!(mode & (FMODE_READ | FMODE_WRITE))) /* O_ACCMODE: for ioctl only */
		return PV_WANT(PV_ACC_READ, PV_ACC_WRITE, PV_NO_ACCESS);
	return PV_WANT(mode & FMODE_READ ? PV_ACC_READ : PV_NO_ACCESS,
		       mode & FMODE_WRITE ? write : PV_NO_ACCESS, PV_NO_ACCESS);
}

/* As decide_or_plain(). */
static __noinline int file_open_decide(struct file *file, u32 hook, u32 want)
{
	struct pv_question q = {.hook = hook, .flags = file->f_flags, .want = want};

	question_file(&q, file);
	/* overlayfs copies a file up so; fanotify hands out files so, whoever asked for them */
	q.layer = hook == PV_HOOK_FILE_OPEN && !(file->f_mode & FMODE_NONOTIFY) &&
		  !(file->f_flags & O_NONOTIFY);
	if (file->f_mode & FMODE_CREATED && hook == PV_HOOK_FILE_OPEN)
		q.seen = PV_ACC_CREATE; /* path_mknod decided that before the file was there */
	return decide_or_plain(&q);
}

/* All of an open file, besides its name, that file_open_decide() looks at. */
#define OPEN_MODES (FMODE_READ | FMODE_WRITE | FMODE_CREATED)
#define OPEN_ASKS(file, hook) \
	((u32)(hook) << 24 | ((file)->f_mode & OPEN_MODES) | ((file)->f_flags & O_APPEND))
_Static_assert(!(OPEN_MODES & O_APPEND) && (OPEN_MODES | O_APPEND) < 1 << 24, "bits of their own");

/* The open that was just decided as `write` truncates: path_truncate need not decide that again. */
static __always_inline void truncate_expect(struct file *file)
{
	struct pv_label *l = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);

	if (l)
		l->truncates = truncate_token(file->f_inode);
}

#define MEM_NAME   0x6d656d /* "mem" and its NUL */
#define MEM_LENGTH 3

/*
 * Is this the memory of a process? Of any: who shares it with the task is not known here. No other file of
 * procfs has that name.
 */
static __always_inline bool is_memory(struct file *file)
{
	u64 at = 0, dentry = (u64)file->f_path.dentry;
	u32 text = 0;

	if (!READ_FIELD(&at, inode, (u64)file->f_inode, i_sb) || !READ_FIELD(&at, super_block, at, s_magic) ||
	    at != PROC_SUPER_MAGIC)
		return false;
	return READ_FIELD(&text, dentry, dentry, d_name.len) && text == MEM_LENGTH &&
	       READ_FIELD(&at, dentry, dentry, d_name.name) && !bpf_probe_read_kernel(&text, 4, (void *)at) &&
	       text == MEM_NAME;
}

static __noinline int anonymous_decide(u64 inode, u32 prot, u32 hook)
{
	struct pv_question q = {.flags = prot};

	question_table(&q, hook, PV_ACC_ANONYMOUS_EXEC);
	q.inode = inode;
	return decide_table(&q);
}

/* ... for a file that the rules permit to be opened, as `r` says. */
static __always_inline int anonymous_after(struct file *file, u32 hook, int r)
{
	int anonymous = anonymous_decide((u64)file->f_inode, 0, hook);

	return anonymous ? anonymous : plain_is_permitted(r);
}

/*
 * Is it the agent's? That a file was created was decided before it was there. What is behind a file may have
 * another inode than its path says, up to 6.7.
 */
static __always_inline bool opens_own(struct file *file, u32 hook)
{
	if (hook == PV_HOOK_FILE_OPEN && file->f_mode & FMODE_CREATED)
		return false;
	return is_own(file->f_path.dentry) || is_listed(file->f_inode, PV_OWN);
}

/*
 * Does overlayfs open a layer's file, of a file that was decided by its own name? FUSE does the same for a
 * file of which only its server says what is behind it.
 */
static __always_inline bool opens_layer(struct file *file)
{
	u64 at = (u64)file;

	if (!bpf_core_field_exists(struct backing_file, user_path))
		return true;
	return !READ_FIELD(&at, backing_file, at, user_path.dentry) || !READ_FIELD(&at, dentry, at, d_sb) ||
	       !READ_FIELD(&at, super_block, at, s_magic) || at != FUSE_SUPER_MAGIC;
}

enum { BEHIND_LAYER, BEHIND_OWN, BEHIND_ANY };

/* What is behind a file: a layer, a file of the agent's in one, or what is to be decided as others are. */
static __noinline int behind(struct file *file)
{
	if (!opens_layer(file))
		return BEHIND_ANY;
	return file->f_mode & FMODE_WRITE && opens_own(file, PV_HOOK_FILE_OPEN) ? BEHIND_OWN : BEHIND_LAYER;
}

#define S_IFIFO		0010000
#define DESCRIPTORS_MAX (1 << 20) /* of a process that are looked at */

/* A search for an inode among a process's descriptors. */
struct descriptor_search {
	u64 at; /* of the table */
	u64 inode;
	u64 pipe; /* the inode's, 0: it is no pipe */
	u32 n;
	u32 found;
};

/* Is that the inode's, by a descriptor with which it could be read or written? */
static __always_inline bool descriptor_is(const struct descriptor_search *search, u64 file)
{
	fmode_t mode = FMODE_PATH;
	u64 inode = 0, data = 0;

	if (search->pipe)
		return READ_FIELD(&data, file, file, private_data) && data == search->pipe;
	return READ_FIELD(&inode, file, file, f_inode) && inode == search->inode &&
	       READ_FIELD(&mode, file, file, f_mode) && !(mode & FMODE_PATH);
}

/*
 * From 6.7 on an open file's memory can be another open file at once. Of a pipe one word tells it, which no
 * other file has, nor one that is a place only; of memory it is looked three times.
 */
static long descriptor_step(u32 i, struct descriptor_search *search)
{
	u64 file = 0;

	if (i >= search->n || bpf_probe_read_kernel(&file, 8, (void *)(search->at + 8 * (u64)i)))
		return 1;
	if (!file || !descriptor_is(search, file))
		return 0;
	barrier();
	if (!descriptor_is(search, file))
		return 0;
	barrier();
	search->found = descriptor_is(search, file);
	return search->found;
}

/*
 * Has a task, which started at `start`, a descriptor of an inode by which it could read or write? By its
 * address alone: it may be gone, and another or anything be there. So it is looked once more at the end. A
 * function of its own for the verifier.
 */
__weak int task_has(u64 task, u64 start, u64 inode)
{
	struct descriptor_search search = {.inode = inode};
	u16 mode = 0;
	u64 files = 0, files_after = 0, start_after = 0, table = 0;

	if (!READ_FIELD(&mode, inode, inode, i_mode) ||
	    ((mode & S_IFMT) == S_IFIFO && (!READ_FIELD(&search.pipe, inode, inode, i_pipe) || !search.pipe)))
		return false;
	if (!task || !READ_FIELD(&files, task_struct, task, files) || !files ||
	    !READ_FIELD(&table, files_struct, files, fdt) ||
	    !READ_FIELD(&search.n, fdtable, table, max_fds) || !READ_FIELD(&search.at, fdtable, table, fd))
		return false;
	bpf_loop(DESCRIPTORS_MAX, descriptor_step, &search, 0);
	READ_FIELD(&start_after, task_struct, task, start_boottime);
	READ_FIELD(&files_after, task_struct, task, files);
	return search.found && start_after == start && files_after == files;
}

/* Is it on a mount that the kernel has for itself: what has no place in any file system? */
static __always_inline bool is_internal(struct file *file)
{
	u64 mnt = (u64)file->f_path.mnt;
	int flags = 0;

	return READ_FIELD(&flags, vfsmount, mnt, mnt_flags) && flags & MNT_INTERNAL;
}

/* Is it a pipe, or memory without a name? */
static __always_inline bool is_nameless(struct file *file)
{
	struct inode *inode = file->f_inode;
	u32 type = inode->i_mode & S_IFMT;

	return is_internal(file) && (type == S_IFIFO || (type == S_IFREG && !inode->i_nlink));
}

/*
 * Decide for such a file: it is the task's own, or that of the process it looked at last, which is governed
 * alike; otherwise it was reached for, and `ptrace` says whether that is permitted.
 */
static __noinline int nameless_open(struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pv_label *l = bpf_task_storage_get(&labels, task, 0, 0);
	u64 own = (u64)bpf_get_current_task(), inode = 0;
	struct pv_question q = {};

	/* by way of memory, which turns it into a number for the verifier */
	bpf_probe_read_kernel(&inode, sizeof(inode),
			      (void *)file + bpf_core_field_offset(struct file, f_inode));
	if (exe_mount(task, inode) || task_has(own, task_fields(task)->start_boottime, inode) ||
	    (l && task_has(l->looked, l->looked_start, inode)))
		return 0;
	question_table(&q, PV_HOOK_FILE_OPEN, PV_ACC_PTRACE);
	q.inode = inode;
	q.detail = l ? l->reached : 0;
	return decide_table(&q);
}

#define MQUEUE_MAGIC 0x19800202
#define NSFS_MAGIC   0x6e736673
#define CLONE_NEWNS  0x20000

/*
 * Of opens with O_EXEC_FMODE: does the kernel open a file to execute it, which is decided as that?
 * mq_open(3), and ioctls that open, take that flag from their callers, too: not that of XFS, by a handle, but
 * for reading. Apart, since it is asked about few.
 */
static __noinline bool executes(struct file *file)
{
	struct inode *inode = file->f_inode;

	return !(file->f_mode & FMODE_WRITE) && (inode->i_mode & S_IFMT) == S_IFREG &&
	       inode->i_sb->s_magic != MQUEUE_MAGIC;
}

static __always_inline bool is_namespace(struct file *file)
{
	return file->f_inode->i_sb->s_magic == NSFS_MAGIC;
}

/*
 * Is it a mount namespace, other than that of the task? Names mean something else there, and it may have been
 * made by this very call (open_tree(2) from Linux 7 on).
 */
static __always_inline bool is_other_mounts(struct file *file)
{
	u64 inode = (u64)file->f_inode, ns = 0, ops = 0;
	u32 type = 0;

	READ_FIELD(&ns, inode, inode, i_private);
	if (bpf_core_field_exists(struct ns_common, ns_type))
		READ_FIELD(&type, ns_common, ns, ns_type);
	else if (READ_FIELD(&ops, ns_common, ns, ops))
		READ_FIELD(&type, proc_ns_operations, ops, type);
	return type == CLONE_NEWNS && ns != (u64)task_fields(bpf_get_current_task_btf())->nsproxy->mnt_ns +
						      bpf_core_field_offset(struct mnt_namespace, ns);
}

/* Decide for a namespace. */
static __noinline int namespace_open(struct file *file, u32 hook)
{
	struct pv_question q = {};

	if (!is_other_mounts(file))
		return 0;
	question_table(&q, hook, PV_ACC_MOUNT);
	q.inode = (u64)file->f_inode;
	return decide_table(&q);
}

/*
 * Decide for an open file, unless this was permitted before. `l`: the label, NULL where it is not up to date.
 * What was permitted to an open is not kept for opens by which the kernel executes, and is asked of these
 * first, as of all.
 */
static __always_inline int file_open_cached(struct file *file, u32 hook, struct pv_label *l)
{
	u32 asks = OPEN_ASKS(file, hook), want;
	bool more = false;
	int r;

	if (l && cache_has_file(l, file, asks))
		return 0;
	if (hook == PV_HOOK_FILE_OPEN && file->f_flags & O_EXEC_FMODE && executes(file))
		return 0;
	if (hook == PV_HOOK_FILE_OPEN && file->f_mode & FMODE_NOACCOUNT) {
		r = behind(file);
		if (r != BEHIND_ANY)
			return agent_hook(hook, r == BEHIND_OWN, 0);
	}
	want = open_wants(file);
	if (asks & FMODE_WRITE)
		more = is_memory(file) || opens_own(file, hook);
	/* that a file could be created was said already, see file_open_decide() */
	if (hook == PV_HOOK_FILE_OPEN && l && !more && !(asks & FMODE_CREATED)) {
		r = quick(l, want, hook, file->f_flags);
		if (r == PV_PLAIN)
			cache_keep_file(l, file, asks);
		if (r != PV_QUICK_UNKNOWN)
			return plain_is_permitted(r);
	}
	r = file_open_decide(file, hook, want);
	/* asked once more: to keep it over the decision costs every open some instructions */
	if (asks & FMODE_WRITE && r >= 0) {
		if (is_memory(file))
			return anonymous_after(file, hook, r);
		if (opens_own(file, hook))
			return own_hook(hook, file->f_path.dentry, 0);
	}
	if (r >= 0 && hook == PV_HOOK_FILE_OPEN && is_nameless(file))
		return nameless_open(file);
	if (r >= 0 && is_namespace(file))
		return namespace_open(file, hook);
	if (l && r == PV_PLAIN && place_steady(l))
		cache_keep_file(l, file, asks);
	return plain_is_permitted(r);
}

/* Apart from the program, whose way for the ungoverned is the shorter for that. `l`: as of label_free(). */
static __noinline int file_open_governed(struct file *file, struct pv_label *l)
{
	int r;

	if (!l && !label_look())
		return 0;
	r = file_open_cached(file, PV_HOOK_FILE_OPEN, l);
	if (r >= 0 && truncate_by_path() && (file->f_flags & (O_TRUNC | O_APPEND)) == O_TRUNC &&
	    (file->f_mode & (FMODE_WRITE | FMODE_CREATED)) == FMODE_WRITE &&
	    (file->f_inode->i_mode & S_IFMT) == S_IFREG)
		truncate_expect(file);
	return verdict(r);
}

SEC("lsm/file_open")
int BPF_PROG(file_open, struct file *file, int ret)
{
	struct pv_label *l;

	if (ret)
		return ret;
	if (label_free(&l))
		return 0;
	return file_open_governed(file, l);
}

SEC("lsm/file_receive")
int BPF_PROG(file_receive, struct file *file, int ret)
{
	struct pv_label *l;

	if (ret || file->f_mode & FMODE_PATH || !label_governed(&l))
		return ret;
	return verdict(file_open_cached(file, PV_HOOK_FILE_RECEIVE, l));
}

#define PROT_WRITE  0x2
#define VM_EXEC	    0x4
#define S_IFCHR	    0020000
#define ZERO_DEVICE (1 << 20 | 5) /* /dev/zero: memory like any other, shared or not */

/*
 * Does what is mapped of a file come from nowhere? Or from what has no name: a deleted file, and what the
 * kernel shares by the descriptors of sockets, an io_uring and their like.
 */
static __always_inline bool is_anonymous(struct file *file)
{
	struct inode *inode = file->f_inode;

	return !inode->i_nlink || ((inode->i_mode & S_IFMT) == S_IFCHR && inode->i_rdev == ZERO_DEVICE) ||
	       is_internal(file);
}

static __noinline int map_decide(struct file *file, u32 prot, u32 hook)
{
	struct pv_question q = {.hook = hook, .flags = prot, .want = PV_WANT1(PV_ACC_MAP)};
	u64 at = (u64)file;

	question_file(&q, file);
	/* what is mapped of an overlay is a layer's file; up to 6.1 with the path of the overlay's */
	if (bpf_core_field_exists(struct backing_file, user_path) && file->f_mode & FMODE_NOACCOUNT) {
		READ_FIELD(&q.dentry, backing_file, at, user_path.dentry);
		READ_FIELD(&q.mnt, backing_file, at, user_path.mnt);
		READ_FIELD(&q.inode, dentry, q.dentry, d_inode);
	}
	return decide_or_plain(&q);
}

static __noinline int map_cached(struct file *file, u32 prot, u32 hook, struct pv_label *l)
{
	int r;

	if (l && cache_has_file(l, file, hook << 24))
		return 0;
	r = map_decide(file, prot, hook);
	if (l && r == PV_PLAIN && place_steady(l))
		cache_keep_file(l, file, hook << 24);
	return plain_is_permitted(r);
}

/* Is this the program whose exec was just decided? `l`: as from label_governed(). */
static __always_inline bool executed_now(struct pv_label *l, struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!l)
		l = bpf_task_storage_get(&labels, task, 0, 0);
	return l && l->exec_inode == (u64)file->f_inode && l->exec_mm == (u64)task->mm;
}

SEC("lsm/mmap_file")
int BPF_PROG(mmap_file, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags,
	     int ret)
{
	struct pv_label *l;
	bool executed;
	u64 there = 0;
	int r = 0;

	if (ret || !(prot & PROT_EXEC) || !label_governed(&l))
		return ret;
	/*
	 * There may be no file. Verifiers from 6.4 to 6.14 take this argument for one that is never
	 * NULL and cut out what is only done when it is; they do not follow what a helper reads, or what
	 * was in a map. Later ones want to see the argument itself compared.
	 */
	if (l) {
		*(volatile u64 *)&l->asked.word[6] = (u64)file;
		there = *(volatile u64 *)&l->asked.word[6];
	} else {
		bpf_probe_read_kernel(&there, sizeof(there), &ctx[0]);
	}
	if (!there || !file)
		return verdict(anonymous_decide(0, prot, PV_HOOK_MMAP_FILE));
	/*
	 * The segments of the program whose exec was just decided: `exec` includes `map`, and that it has
	 * no name was decided. The new mm ties this to that very exec: a task gets another mm by no other
	 * way.
	 */
	executed = executed_now(l, file);
	if (prot & PROT_WRITE || (!executed && is_anonymous(file)))
		r = anonymous_decide((u64)file->f_inode, prot, PV_HOOK_MMAP_FILE);
	if (r < 0 || executed)
		return verdict(r);
	return verdict(map_cached(file, prot, PV_HOOK_MMAP_FILE, l));
}

SEC("lsm/file_mprotect")
int BPF_PROG(file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	struct file *file;
	int r = 0;

	if (ret || !(prot & PROT_EXEC) || !governed())
		return ret;
	/* executable already, and to stay as it is */
	if (vma->vm_flags & VM_EXEC && !(prot & PROT_WRITE))
		return 0;
	file = vma->vm_file;
	if (!file)
		return verdict(anonymous_decide(0, prot, PV_HOOK_FILE_MPROTECT));
	if (vma->anon_vma || prot & PROT_WRITE || is_anonymous(file))
		r = anonymous_decide((u64)file->f_inode, prot, PV_HOOK_FILE_MPROTECT);
	if (r < 0 || vma->vm_flags & VM_EXEC)
		return verdict(r);
	return verdict(plain_is_permitted(map_decide(file, prot, PV_HOOK_FILE_MPROTECT)));
}

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

static __noinline int nameless_decide(struct file *file, u32 hook)
{
	struct pv_question q = {};

	question_table(&q, hook, PV_ACC_ANONYMOUS_EXEC);
	q.inode = (u64)file->f_inode;
	q.starts = 1;
	return decide_table(&q);
}

/* Can this exec be one that starts what a policy governs? `l`: label_own(). */
static __always_inline bool starts_governed(struct pv_label *l)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pv_matcher m;

	/* while another image is put in force, the decision finds out */
	return l && matcher_open(&m) &&
	       (m.head->generation != l->generation || label_sets_up(l, task, l->exe, l->generation));
}

/* Is the current task governed, or about to be? *kept: as of label_free_by(). `l`: label_own(). */
static __always_inline bool exec_governed(struct pv_label *l, struct pv_label **kept)
{
	return (!label_free_by(l, kept) && (*kept || label_look())) || starts_governed(l);
}

/* `l`: the label, NULL where it is not up to date. */
static __always_inline int program_decide(struct file *file, u32 hook, struct pv_label *l)
{
	int r = file->f_inode->i_nlink ? 0 : nameless_decide(file, hook);

	if (r < 0)
		return r;
	if (l && !starts_governed(l)) {
		cache_ask_file(&l->asked, l, file, 0);
		r = quick(l, PV_WANT1(PV_ACC_EXEC), hook, file->f_flags);
		if (r != PV_QUICK_UNKNOWN)
			return plain_is_permitted(r);
	}
	return exec_decide(file, hook);
}

SEC("lsm/bprm_check_security")
int BPF_PROG(bprm_check, struct linux_binprm *bprm, int ret)
{
	struct pv_label *own, *l = NULL; /* of a task that is known to be ungoverned */
	int r;

	if (ret)
		return ret;
	own = label_own();
	if (!exec_governed(own, &l))
		return 0;
	r = program_decide(bprm->file, PV_HOOK_BPRM_CHECK, l);
	if (!own)
		own = label_own();
	if (own) {
		own->exec_mm = (u64)bprm->mm;
		own->exec_inode = r < 0 ? 0 : (u64)bprm->file->f_inode;
	}
	return verdict(r);
}

SEC("lsm/bprm_creds_for_exec")
int BPF_PROG(bprm_creds_for_exec, struct linux_binprm *bprm, int ret)
{
	struct pv_label *l = NULL; /* of a task that is known to be ungoverned */

	if (ret || !BPF_CORE_READ_BITFIELD(bprm, is_check) || !exec_governed(label_own(), &l))
		return ret;
	return verdict(program_decide(bprm->file, PV_HOOK_BPRM_CREDS_FOR_EXEC, l));
}
