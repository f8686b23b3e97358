// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Capabilities, and operations on the system: what the sections `capabilities` and `system` are about.
 *
 *   capable                      capability, where the task has it: the kernel's own check comes first
 *   sb_mount, sb_kern_mount, sb_remount, sb_umount, sb_pivotroot, move_mount     mount
 *   bpf                          bpf
 *   bpf_map                      agent: a descriptor of one of its maps
 *   sb_remount                   agent: a file system that its folders are on, with other options
 *   perf_event_open              perf
 *   kernel_read_file, kernel_load_data, kernel_module_request     modules (and kexec)
 *   userns_create                user-namespaces
 *   inode_init_security_anon     io-uring; anonymous-exec: userfaultfd(2), by which memory is filled without
 *                                being written, that of a file's private mapping included
 *
 * What one process does to another is in bpf/lsm/reach.bpf.c, and anonymous-exec is decided where files are
 * mapped and executed: bpf/lsm/file.bpf.c.
 *
 * Rules are about names, and a mount decides what stands under a name. Where rules depend on names, a
 * policy that does not say `mount: allow` permits only what leaves their meaning alone: a new file
 * system on a directory below which no rule applies and no executable is that a condition names, changes of a
 * mount, and unmounting. What is bound, moved or attached as a tree comes from somewhere that the hooks do
 * not show, and a file system that is mounted already, an overlay, or procfs and its like show other names of
 * what is there. This is the difference between the columns PV_ACC_MOUNT and PV_COL_REMOUNT.
 */
#include "agent.bpf.h"
#include "follow.bpf.h"

#define MS_REMOUNT	    0x20 /* as path_mount() in fs/namespace.c takes them, in this order */
#define MS_BIND		    0x1000
#define MS_MOVE		    0x2000
#define MS_PROPAGATION	    0x1e0000 /* shared, private, slave, unbindable */
#define TMPFS_MAGIC	    0x01021994
#define RAMFS_MAGIC	    0x858458f6
#define HUGETLBFS_MAGIC	    0x958458f6
#define BPF_FS_MAGIC	    0xcafe4a11
#define DEVPTS_SUPER_MAGIC  0x1cd1
#define CAP_OPT_NOAUDIT	    2
#define PERF_SECURITY_OPEN  0
#define READING_MODULE	    2
#define READING_KEXEC_IMAGE 3
#define READING_INITRAMFS   4
#define READING_COMPRESSED  7			  /* a module, from Linux 7 on; no such number before */
#define IO_URING	    0x6e6972755f6f695bull /* "[io_urin", the kernel's name for what it makes */
#define IO_URING_LENGTH	    10
#define USERFAULT	    0x756166726573755bull /* "[userfau" */
#define USERFAULT_LENGTH    13

SEC("lsm/capable")
int BPF_PROG(capable, const struct cred *cred, struct user_namespace *ns, int cap, unsigned int opts, int ret)
{
	struct pv_question q = {};
	if (ret || cap < 0 || cap >= 2 * PV_COLUMNS || !governed())
		return ret;
	question_table(&q, PV_HOOK_CAPABLE, PV_ACC_CAPABILITY);
	q.row = 1 + cap / PV_COLUMNS;
	q.column = cap % PV_COLUMNS;
	q.detail = cap;
	q.silent = opts & CAP_OPT_NOAUDIT;
	/* the kernel's answer to who lacks a capability */
	return decide_table(&q) < 0 ? verdict_perm() : 0;
}

SEC("lsm/bpf")
int BPF_PROG(bpf_syscall, int cmd)
{
	/* newer kernels have one argument more, so what comes behind them has no fixed place */
	return system_hook(PV_HOOK_BPF, PV_ACC_BPF, 0);
}

SEC("lsm/bpf_map")
int BPF_PROG(bpf_map, struct bpf_map *map, unsigned int mode, int ret)
{
	return agent_hook(PV_HOOK_BPF_MAP, is_agents_map(map->id), ret);
}

/* The kernel asks several times about one call; what for is the last argument, on 6.18 and newer the only
 * one. */
SEC("lsm/perf_event_open")
int perf_event_open(u64 *ctx)
{
	u64 what = 0;

	bpf_get_func_arg(ctx, bpf_get_func_arg_cnt(ctx) - 1, &what);
	/* up to 6.5 the upper half of an int is what was there */
	return (u32)what == PERF_SECURITY_OPEN ? system_hook(PV_HOOK_PERF_EVENT_OPEN, PV_ACC_PERF, 0) : 0;
}

SEC("lsm/kernel_module_request")
int BPF_PROG(module_request, char *kmod_name, int ret)
{
	return system_hook(PV_HOOK_KERNEL_MODULE_REQUEST, PV_ACC_MODULES, ret);
}

static __always_inline bool is_code(u32 id)
{
	return id == READING_MODULE || id == READING_COMPRESSED || id == READING_KEXEC_IMAGE ||
	       id == READING_INITRAMFS;
}

SEC("lsm/kernel_read_file")
int BPF_PROG(kernel_read_file, struct file *file, u32 id, bool contents, int ret)
{
	return is_code(id) ? system_hook(PV_HOOK_KERNEL_READ_FILE, PV_ACC_MODULES, ret) : ret;
}

SEC("lsm/kernel_load_data")
int BPF_PROG(kernel_load_data, u32 id, bool contents, int ret)
{
	return is_code(id) ? system_hook(PV_HOOK_KERNEL_LOAD_DATA, PV_ACC_MODULES, ret) : ret;
}

SEC("lsm/userns_create")
int BPF_PROG(userns_create, const struct cred *cred, int ret)
{
	return system_hook(PV_HOOK_USERNS_CREATE, PV_ACC_USER_NAMESPACES, ret);
}

/* A mount, as far as names keep their meaning. */
static __always_inline int remount_hook(u32 hook, int ret)
{
	struct pv_question q = {};

	question_table(&q, hook, PV_ACC_MOUNT);
	q.column = PV_COL_REMOUNT;
	return system_decide(&q, ret);
}

static __noinline bool names_below(const struct path *path)
{
	struct pv_follow f = {};

	if (!governed())
		return false;
	f.dentry = (u64)path->dentry;
	f.mnt = (u64)path->mnt;
	return follow_below(&f);
}

static __always_inline int mount_hook(const struct path *path, unsigned long flags, int ret)
{
	if (flags & MS_REMOUNT || (!(flags & MS_BIND) && flags & MS_PROPAGATION))
		return remount_hook(PV_HOOK_SB_MOUNT, ret);
	if (flags & (MS_BIND | MS_MOVE) || names_below(path))
		return system_hook(PV_HOOK_SB_MOUNT, PV_ACC_MOUNT, ret);
	return remount_hook(PV_HOOK_SB_MOUNT, ret);
}

static __always_inline u32 mount_id(const struct vfsmount *mnt)
{
	u64 mount = (u64)mnt - bpf_core_field_offset(struct mount, mnt);
	u32 id = 0;

	READ_FIELD(&id, mount, mount, mnt_id);
	return id;
}

static __always_inline u32 place_id(const struct path *path)
{
	return mount_id(FIELDS(path, path)->mnt);
}

/* Does what is mounted here hide the pins, or a file or folder of the agent's? */
static __always_inline bool is_place(const struct path *path)
{
	return is_pins_mount(place_id(path)) || is_own_place(FIELDS(path, path)->dentry);
}

SEC("lsm/sb_mount")
int BPF_PROG(sb_mount, const char *dev_name, const struct path *path, const char *type, unsigned long flags,
	     void *data, int ret)
{
	ret = mount_hook(path, flags, ret);
	return agent_hook(PV_HOOK_SB_MOUNT, is_place(path), ret);
}

/*
 * Is a file system mounted nowhere but by the mount at hand? That is made after the hook was asked, up to
 * 6.17; from 6.18 on before, and a file system then knows its mounts as a list of another form.
 */
static __always_inline bool is_new(const struct super_block *sb)
{
	u64 first = 0, next = 1, at;

	if (bpf_core_field_exists(struct super_block, s_mounts)) {
		at = (u64)sb + bpf_core_field_offset(struct super_block, s_mounts);
		return !bpf_probe_read_kernel(&first, 8, (void *)at) && first == at;
	}
	if (!bpf_core_field_exists(struct mount, mnt_next_for_sb))
		return false;
	at = (u64)sb + bpf_core_field_offset(struct super_block___newer, s_mounts);
	if (bpf_probe_read_kernel(&first, 8, (void *)at))
		return false;
	at = first + bpf_core_field_offset(struct mount, mnt_next_for_sb);
	return !first || (!bpf_probe_read_kernel(&next, 8, (void *)at) && !next);
}

#define FUSE_NAME 0x65737566 /* "fuse", as "fuseblk" begins, too */

/* Is what calls itself FUSE served by a process? virtiofs is a folder of the machine's host, like a disk. */
static __always_inline bool is_fuse(const struct super_block *sb)
{
	u64 at = (u64)sb;
	u32 name = 0;

	return READ_FIELD(&at, super_block, at, s_type) && READ_FIELD(&at, file_system_type, at, name) &&
	       !bpf_probe_read_kernel(&name, sizeof(name), (void *)at) && name == FUSE_NAME;
}

/*
 * Is what a new file system shows its own? It begins empty, or is what a server of the task's says. Others
 * show what is there by further names: an overlay its layers, procfs and its like the kernel's objects, a
 * disk or a server what may have been mounted from there a moment ago.
 */
static __always_inline bool is_own_content(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
	case HUGETLBFS_MAGIC:
	case BPF_FS_MAGIC:
	case DEVPTS_SUPER_MAGIC:
		return true;
	case FUSE_SUPER_MAGIC:
		return is_fuse(sb);
	}
	return false;
}

/* Once the file system is there, before its mount is attached. */
SEC("lsm/sb_kern_mount")
int BPF_PROG(sb_kern_mount, const struct super_block *sb, int ret)
{
	if (is_own_content(sb) && is_new(sb))
		return ret;
	return system_hook(PV_HOOK_SB_KERN_MOUNT, PV_ACC_MOUNT, ret);
}

SEC("lsm/sb_remount")
int BPF_PROG(sb_remount, struct super_block *sb, void *options, int ret)
{
	ret = remount_hook(PV_HOOK_SB_REMOUNT, ret);
	return agent_hook(PV_HOOK_SB_REMOUNT, own_device(FIELDS(super_block, sb)->s_dev), ret);
}

/* The mounts that are unmounted, one after the other: each, then what is on it. */
struct unmounting {
	u64 top;
	u64 at;
	bool up;    /* what is on it was looked at */
	bool found; /* the agent's sight of the pins is among them */
};

#define MOUNT_FIELD(to, address, field) READ_FIELD(to, mount, address, field)
#define MOUNT_OFFSET(field)		bpf_core_field_offset(struct mount, field)

/* Is it the agent's, or does it go by another's going? */
static __always_inline bool shows_pins(u64 mount)
{
	u64 sb = 0, parent = 0;
	u32 dev = 0, group = 0, id = 0;

	MOUNT_FIELD(&sb, mount, mnt.mnt_sb);
	READ_FIELD(&dev, super_block, sb, s_dev);
	if (!dev || dev != state.agent.own[PV_OWN_PINS].dev)
		return false;
	MOUNT_FIELD(&id, mount, mnt_id);
	MOUNT_FIELD(&parent, mount, mnt_parent);
	MOUNT_FIELD(&group, parent, mnt_group_id);
	return is_pins_mount(id) || (group && group == state.agent.group);
}

static long unmount_step(u32 i, struct unmounting *u)
{
	u64 next = 0, parent = u->at;

	if (!u->up) {
		u->found = shows_pins(u->at);
		MOUNT_FIELD(&next, u->at, mnt_mounts.next);
	} else {
		MOUNT_FIELD(&next, u->at, mnt_child.next);
		MOUNT_FIELD(&parent, u->at, mnt_parent);
	}
	if (u->found)
		return 1;
	u->up = !next || next == parent + MOUNT_OFFSET(mnt_mounts);
	u->at = u->up ? parent : next - MOUNT_OFFSET(mnt_child);
	return u->up && u->at == u->top ? 1 : 0;
}

#define MNT_DETACH    2
#define UNMOUNT_STEPS (1 << 18) /* two for each mount, of which a namespace has 100,000 */

/* Does the agent lose its sight of the pins by this? */
static __noinline bool takes_pins(u64 mnt, u64 flags)
{
	struct unmounting u;

	/* all 0, which verifiers must not know: up to 6.6 they follow a callback once, with what they know */
	bpf_probe_read_kernel(&u, sizeof(u), NULL);
	u.top = u.at = mnt - MOUNT_OFFSET(mnt);
	bpf_loop(flags & MNT_DETACH ? UNMOUNT_STEPS : 1, unmount_step, &u, 0);
	return u.found;
}

#define TAKES_PINS 1
#define TAKES_OWN  2

/* What of the agent's goes by this, a bit each. A function of its own for the stack. */
static __noinline u32 umount_takes(struct vfsmount *mnt, int flags)
{
	u32 takes = takes_pins((u64)mnt, flags) ? TAKES_PINS : 0;

	return is_own_place(FIELDS(vfsmount, mnt)->mnt_root) ? takes | TAKES_OWN : takes;
}

SEC("lsm/sb_umount")
int BPF_PROG(sb_umount, struct vfsmount *mnt, int flags, int ret)
{
	u32 takes;

	ret = remount_hook(PV_HOOK_SB_UMOUNT, ret);
	takes = ret ? 0 : umount_takes(mnt, flags);
	return lock_hook(takes & TAKES_PINS, agent_hook(PV_HOOK_SB_UMOUNT, takes, ret));
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(sb_pivotroot, const struct path *old_path, const struct path *new_path, int ret)
{
	return system_hook(PV_HOOK_SB_PIVOTROOT, PV_ACC_MOUNT, ret);
}

SEC("lsm/move_mount")
int BPF_PROG(move_mount, const struct path *from, const struct path *to, int ret)
{
	ret = system_hook(PV_HOOK_MOVE_MOUNT, PV_ACC_MOUNT, ret);
	return agent_hook(PV_HOOK_MOVE_MOUNT, is_pins_mount(place_id(from)) || is_place(to), ret);
}

/* What these calls make has names of their own, which the kernel gives and nobody else can. */
SEC("lsm/inode_init_security_anon")
int BPF_PROG(inode_init_anon, struct inode *inode, const struct qstr *name, const struct inode *context,
	     int ret)
{
	u64 text = 0, from = (u64)name->name;

	if (ret || bpf_probe_read_kernel(&text, 8, (void *)from))
		return ret;
	if (name->len == IO_URING_LENGTH && text == IO_URING)
		return system_hook(PV_HOOK_INODE_INIT_SECURITY_ANON, PV_ACC_IO_URING, ret);
	if (name->len == USERFAULT_LENGTH && text == USERFAULT)
		return system_hook(PV_HOOK_INODE_INIT_SECURITY_ANON, PV_ACC_ANONYMOUS_EXEC, ret);
	return ret;
}
