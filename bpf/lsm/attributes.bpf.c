// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is known of a file, besides its mode and owner (bpf/lsm/path.bpf.c decides those).
 *
 *   inode_setxattr, inode_removexattr    attributes: extended attributes; up to 6.1 ACLs as well
 *   inode_set_acl, inode_remove_acl      attributes: ACLs, from 6.2 on
 *   inode_setattr                        times that are given: attributes; the time as it is now: write
 *   file_ioctl, file_ioctl_compat        attributes: an inode's generation; file flags (chattr), up to 6.16
 *                                        agent: freezing a file system that its folders are on, or ending it
 *   inode_file_setattr                   file flags, from 6.17 on, and by file_setattr(2)
 *
 * These hooks but file_ioctl have no path, so that the object is decided by the names that it has in the
 * task's mount namespace: mounts.bpf.h.
 *
 * They are called for what the kernel does itself, too. Of inode_setattr only what utimensat(2) alone asks
 * for is looked at, never what goes with writing, truncating, chmod and chown. A file system that is made of
 * others (overlayfs) changes a layer's file after its own was decided, with the credentials of who mounted
 * it: then the task's credentials are not its own. Nobody else gets there with other credentials, but for an
 * io_uring that was given them; a task that has one, or works for one, is looked at all the same where the
 * layer has a name in its namespace.
 */
#include "agent.bpf.h"

#define PF_IO_WORKER	      0x10
#define ATTR_TIMES_SET	      (1 << 16) /* utimensat(2) with times */
#define ATTR_TOUCH	      (1 << 17) /* and without */
#define FS_IOC_SETFLAGS	      0x40086602
#define FS_IOC32_SETFLAGS     0x40046602
#define FS_IOC_FSSETXATTR     0x401c5820
#define FS_IOC_SETVERSION     0x40087602
#define FS_IOC32_SETVERSION   0x40047602
#define EXT4_IOC_SETVERSION   0x40086604
#define EXT4_IOC32_SETVERSION 0x40046604
#define FIFREEZE	      0xc0045877
#define FS_IOC_SHUTDOWN	      0x8004587d

/* Has the task credentials for a while that are not its own? */
static __always_inline bool overridden(struct task_struct *task)
{
	return (u64)task->cred != (u64)task->real_cred;
}

static __always_inline bool has_uring(struct task_struct *task)
{
	return task->flags & PF_IO_WORKER || task->io_uring;
}

/* Decide by the names of a dentry. */
static __noinline int object_decide(struct dentry *dentry, u32 hook, u32 access)
{
	struct task_struct *task = task_fields(bpf_get_current_task_btf());
	struct pv_question q = {.hook = hook, .want = PV_WANT1(access), .seen = PV_NO_ACCESS, .tentative = 1};
	bool other = overridden(task);
	u64 mnt, best = 0;
	int r, least = 0;

	if (other && !has_uring(task))
		return 0;
	q.dentry = (u64)dentry;
	q.inode = (u64)dentry->d_inode;
	for (u32 i = 0; i < PV_PLACES; i++) {
		mnt = mounts_nth(q.dentry, i);
		if (!mnt)
			break;
		q.mnt = mnt;
		r = decide(&q);
		if (!r)
			return 0;
		/* of equal ones that of the oldest mount: the older form of the list has it first */
		if (!best || r > least || (r == least && !mounts_listed())) {
			best = mnt;
			least = r;
		}
	}
	if (!best && other)
		return 0;
	q.mnt = best;
	q.walk = best ? PV_WALK_OK : PV_WALK_FOREIGN;
	q.tentative = 0;
	return decide(&q);
}

static __always_inline int object_hook(struct dentry *dentry, u32 hook, u32 access)
{
	return governed() ? own_hook(hook, dentry, verdict(object_decide(dentry, hook, access))) : 0;
}

SEC("lsm/inode_setxattr")
int inode_setxattr(u64 *ctx)
{
	if (ctx[6])
		return ctx[6];
	return object_hook((struct dentry *)ctx[1], PV_HOOK_INODE_SETXATTR, PV_ACC_ATTRIBUTES);
}

SEC("lsm/inode_removexattr")
int inode_removexattr(u64 *ctx)
{
	if (ctx[3])
		return ctx[3];
	return object_hook((struct dentry *)ctx[1], PV_HOOK_INODE_REMOVEXATTR, PV_ACC_ATTRIBUTES);
}

SEC("?lsm/inode_set_acl")
int inode_set_acl(u64 *ctx)
{
	if (ctx[4])
		return ctx[4];
	return object_hook((struct dentry *)ctx[1], PV_HOOK_INODE_SET_ACL, PV_ACC_ATTRIBUTES);
}

SEC("?lsm/inode_remove_acl")
int inode_remove_acl(u64 *ctx)
{
	if (ctx[3])
		return ctx[3];
	return object_hook((struct dentry *)ctx[1], PV_HOOK_INODE_REMOVE_ACL, PV_ACC_ATTRIBUTES);
}

SEC("?lsm/inode_file_setattr")
int inode_file_setattr(u64 *ctx)
{
	if (ctx[2])
		return ctx[2];
	return object_hook((struct dentry *)ctx[0], PV_HOOK_INODE_FILE_SETATTR, PV_ACC_ATTRIBUTES);
}

static __always_inline int times_hook(struct dentry *dentry, struct iattr *attr, int ret)
{
	u32 valid = attr->ia_valid;

	if (ret || !(valid & (ATTR_TIMES_SET | ATTR_TOUCH)))
		return ret;
	return object_hook(dentry, PV_HOOK_INODE_SETATTR,
			   valid & ATTR_TOUCH ? PV_ACC_WRITE : PV_ACC_ATTRIBUTES);
}

/* Since 6.9, as inode_post_setattr, it has the mount's mapping of ids as its first argument. */
SEC("lsm/inode_setattr")
int inode_setattr(u64 *ctx)
{
	if (bpf_core_field_exists(union security_list_options, inode_post_setattr))
		return times_hook((struct dentry *)ctx[1], (struct iattr *)ctx[2], ctx[3]);
	return times_hook((struct dentry *)ctx[0], (struct iattr *)ctx[1], ctx[2]);
}

static __noinline int flags_decide(struct file *file)
{
	struct pv_question q = {.hook = PV_HOOK_FILE_IOCTL,
				.want = PV_WANT1(PV_ACC_ATTRIBUTES),
				.seen = PV_NO_ACCESS,
				.layer = 1}; /* overlayfs asks of a layer's file, too */

	q.dentry = (u64)file->f_path.dentry;
	q.mnt = (u64)file->f_path.mnt;
	q.inode = (u64)file->f_inode;
	return decide(&q);
}

static __always_inline bool sets_flags(u32 command)
{
	if (bpf_core_field_exists(union security_list_options, inode_file_setattr))
		return false; /* that hook sees it */
	return command == FS_IOC_SETFLAGS || command == FS_IOC32_SETFLAGS || command == FS_IOC_FSSETXATTR;
}

/* Marks, and the agent, know files by their generation. */
static __always_inline bool sets_generation(u32 command)
{
	return command == FS_IOC_SETVERSION || command == FS_IOC32_SETVERSION ||
	       command == EXT4_IOC_SETVERSION || command == EXT4_IOC32_SETVERSION;
}

/* Does it stop everybody who writes to the file system? */
static __always_inline bool stops_writing(u32 command)
{
	return command == FIFREEZE || command == FS_IOC_SHUTDOWN;
}

static __always_inline int ioctl_hook(struct file *file, u32 command, int ret)
{
	if (stops_writing(command))
		return agent_hook(PV_HOOK_FILE_IOCTL, own_device(FIELDS(file, file)->f_inode->i_sb->s_dev),
				  ret);
	if (ret || !(sets_generation(command) || sets_flags(command)) || !governed())
		return ret;
	return own_hook(PV_HOOK_FILE_IOCTL, FIELDS(file, file)->f_path.dentry, verdict(flags_decide(file)));
}

SEC("lsm/file_ioctl")
int BPF_PROG(file_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ioctl_hook(file, cmd, ret);
}

SEC("?lsm/file_ioctl_compat")
int BPF_PROG(file_ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ioctl_hook(file, cmd, ret);
}
