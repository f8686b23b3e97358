// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Names: making, removing, renaming and linking them, and the attributes behind them.
 *
 *   path_mknod     create, before the file is there (open with O_CREAT, mknod, unix socket bind);
 *                  for a socket's file `bind`, too
 *   path_mkdir     create
 *   path_symlink   create
 *   path_unlink    delete
 *   path_rmdir     delete
 *   path_rename    rename of the old name and create of the new one; where the new name exists,
 *                  delete of it; RENAME_EXCHANGE: rename of both
 *   path_link      link of the existing name and create of the new one
 *   path_chmod, path_chown       attributes
 *   path_truncate, file_truncate write
 *   path_notify    list, of a folder, or read: being told of what is done there (inotify, fanotify)
 *   file_lock      agent: a lock or a lease on one of its files
 *
 * The agent's files are kept from all of it, and its pins from being removed and renamed: agent.bpf.h.
 * A rename or a link that leads a file to a name with more rights is refused: follow.bpf.h.
 */
#include "agent.bpf.h"
#include "follow.bpf.h"
#include "unix.bpf.h"

#define FMODE_WRITE	0x2
#define O_APPEND	02000
#define RENAME_EXCHANGE 2
#define S_IFMT		0170000
#define S_IFSOCK	0140000
#define S_IFDIR		0040000

/* `quiet`: what was said of another name of the same operation. */
static __noinline int name_decide(struct path *dir, struct dentry *dentry, u32 hook, u32 want, u32 quiet)
{
	struct pv_question q = {.hook = hook, .want = want, .seen = PV_NO_ACCESS, .quiet = quiet};

	q.dentry = (u64)dentry;
	q.mnt = (u64)dir->mnt;
	q.inode = (u64)dentry->d_inode;
	return decide(&q);
}

/* The object of a path itself. */
static __noinline int path_decide(struct path *path, u32 hook, u32 want)
{
	struct pv_question q = {.hook = hook, .want = want, .seen = PV_NO_ACCESS};

	q.dentry = (u64)path->dentry;
	q.mnt = (u64)path->mnt;
	q.inode = (u64)path->dentry->d_inode;
	return decide(&q);
}

/* Decide for a path that a socket is about to be bound to. */
static __noinline int unix_path_decide(struct path *dir, struct dentry *dentry)
{
	struct pv_question q = {};

	question_unix(&q, PV_HOOK_PATH_MKNOD, PV_ACC_BIND);
	q.kind = PV_KIND_UNIX;
	q.dentry = (u64)dentry;
	q.mnt = (u64)dir->mnt;
	return decide(&q);
}

static __always_inline int name_hook(struct path *dir, struct dentry *dentry, u32 hook, u32 want, int ret)
{
	if (ret || !governed())
		return ret;
	return own_hook(hook, dentry, verdict(name_decide(dir, dentry, hook, want, 0)));
}

static __always_inline int path_hook(struct path *path, u32 hook, u32 want, int ret)
{
	if (ret || !governed())
		return ret;
	return own_hook(hook, FIELDS(path, path)->dentry, verdict(path_decide(path, hook, want)));
}

SEC("lsm/path_mknod")
int BPF_PROG(path_mknod, struct path *dir, struct dentry *dentry, umode_t mode, unsigned int dev, int ret)
{
	int r;

	if (ret || !governed())
		return ret;
	r = name_decide(dir, dentry, PV_HOOK_PATH_MKNOD, PV_WANT1(PV_ACC_CREATE), 0);
	if (r >= 0 && (mode & S_IFMT) == S_IFSOCK)
		r = unix_path_decide(dir, dentry);
	return own_hook(PV_HOOK_PATH_MKNOD, dentry, verdict(r));
}

SEC("lsm/path_mkdir")
int BPF_PROG(path_mkdir, struct path *dir, struct dentry *dentry, umode_t mode, int ret)
{
	return name_hook(dir, dentry, PV_HOOK_PATH_MKDIR, PV_WANT1(PV_ACC_CREATE), ret);
}

SEC("lsm/path_symlink")
int BPF_PROG(path_symlink, struct path *dir, struct dentry *dentry, const char *old_name, int ret)
{
	return name_hook(dir, dentry, PV_HOOK_PATH_SYMLINK, PV_WANT1(PV_ACC_CREATE), ret);
}

SEC("lsm/path_unlink")
int BPF_PROG(path_unlink, struct path *dir, struct dentry *dentry, int ret)
{
	ret = name_hook(dir, dentry, PV_HOOK_PATH_UNLINK, PV_WANT1(PV_ACC_DELETE), ret);
	return lock_hook(is_pin(dir, dentry), ret);
}

SEC("lsm/path_rmdir")
int BPF_PROG(path_rmdir, struct path *dir, struct dentry *dentry, int ret)
{
	ret = name_hook(dir, dentry, PV_HOOK_PATH_RMDIR, PV_WANT1(PV_ACC_DELETE), ret);
	return lock_hook(is_pin(dir, dentry), ret);
}

#define HOOK_QUIET(quiet) ((quiet) << 8) /* with a hook: `quiet` as for name_decide() */

#define FOLLOW_TIMES 3
#define FOLLOW_NOT   0xff

/* The i-th comparison of an object's names: as those of what it is, of what is below it, and of sockets. */
static __always_inline u32 follow_how(u32 i, umode_t type, u32 hook)
{
	u32 directory = type == S_IFDIR ? FOLLOW_DIRECTORY : 0;

	if (!i)
		return directory ? FOLLOW_FOLDER : 0;
	if (i == 1)
		return directory ? directory : FOLLOW_NOT;
	if (hook != PV_HOOK_PATH_RENAME || (!directory && type != S_IFSOCK))
		return FOLLOW_NOT;
	return FOLLOW_UNIX | directory;
}

/*
 * What an object loses of its rules by getting another name: what was said of it, `quiet` included, or
 * -EACCES.
 */
static __noinline int follow_decide(struct path *dir, struct dentry *dentry, struct path *new_dir,
				    struct dentry *new_dentry, u32 hook)
{
	struct inode *inode = dentry->d_inode;
	struct pv_follow f = {.from = {.want = PV_WANT1(PV_ACC_RENAME), .seen = PV_NO_ACCESS}};
	umode_t type;
	int r;

	if (!inode)
		return hook >> 8;
	type = inode->i_mode & S_IFMT;
	f.from.hook = hook & 0xff;
	f.from.quiet = hook >> 8;
	f.from.dentry = (u64)dentry;
	f.from.mnt = (u64)dir->mnt;
	f.from.inode = (u64)inode;
	f.dentry = (u64)new_dentry;
	f.mnt = (u64)new_dir->mnt;
	for (u32 i = 0; i < FOLLOW_TIMES; i++) {
		f.how = follow_how(i, type, f.from.hook);
		if (f.how == FOLLOW_NOT)
			continue;
		f.from.kind = f.how & FOLLOW_UNIX ? PV_KIND_UNIX : PV_KIND_PATH;
		r = follow(&f);
		if (r < 0)
			return r;
		f.from.quiet |= r;
	}
	return f.from.quiet;
}

#define QUIET(quiet) ((quiet) << 16) /* with the flags of a rename: `quiet` as for name_decide() */

/* What follows the names' own rules. */
static __always_inline int rename_follow(struct path *old_dir, struct dentry *old_dentry,
					 struct path *new_dir, struct dentry *new_dentry, unsigned int flags,
					 u32 quiet)
{
	int r = follow_decide(old_dir, old_dentry, new_dir, new_dentry,
			      PV_HOOK_PATH_RENAME | HOOK_QUIET(quiet));

	if (r < 0 || !(flags & RENAME_EXCHANGE))
		return r;
	return follow_decide(new_dir, new_dentry, old_dir, old_dentry, PV_HOOK_PATH_RENAME | HOOK_QUIET(r));
}

static __noinline int rename_decide(struct path *old_dir, struct dentry *old_dentry, struct path *new_dir,
				    struct dentry *new_dentry, unsigned int flags)
{
	u32 quiet = flags >> 16;
	u32 want = PV_WANT1(PV_ACC_CREATE);
	int r = name_decide(old_dir, old_dentry, PV_HOOK_PATH_RENAME, PV_WANT1(PV_ACC_RENAME), quiet);

	if (r < 0)
		return r;
	if (flags & RENAME_EXCHANGE)
		want = PV_WANT1(PV_ACC_RENAME);
	else if (new_dentry->d_inode)
		want = PV_WANT(PV_ACC_CREATE, PV_ACC_DELETE, PV_NO_ACCESS);
	quiet |= r;
	r = name_decide(new_dir, new_dentry, PV_HOOK_PATH_RENAME, want, quiet);
	if (r < 0)
		return r;
	return rename_follow(old_dir, old_dentry, new_dir, new_dentry, flags, quiet | r);
}

static __always_inline int rename_hook(struct path *old_dir, struct dentry *old_dentry, struct path *new_dir,
				       struct dentry *new_dentry, unsigned int flags, int ret)
{
	u32 generation;
	int r;

	if (ret || !governed())
		return ret;
	generation = image_generation();
	flags &= RENAME_EXCHANGE;
	r = rename_decide(old_dir, old_dentry, new_dir, new_dentry, flags);
	if (r >= 0 && image_generation() != generation)
		r = rename_decide(old_dir, old_dentry, new_dir, new_dentry, flags | QUIET(r));
	ret = verdict(r);
	if (ret)
		return ret;
	if (leads_to_own(old_dentry) || leads_to_own(new_dentry))
		return agent_hook(PV_HOOK_PATH_RENAME, true, ret);
	return own_hook(PV_HOOK_PATH_RENAME, is_own(old_dentry) ? old_dentry : new_dentry, ret);
}

SEC("lsm/path_rename")
int BPF_PROG(path_rename, struct path *old_dir, struct dentry *old_dentry, struct path *new_dir,
	     struct dentry *new_dentry, unsigned int flags, int ret)
{
	ret = rename_hook(old_dir, old_dentry, new_dir, new_dentry, flags, ret);
	return lock_hook(is_pin(old_dir, old_dentry) || is_pin(new_dir, new_dentry), ret);
}

static __noinline int link_decide(struct dentry *old_dentry, struct path *new_dir, struct dentry *new_dentry,
				  u32 quiet)
{
	/* both names are on one file system, seen through the same mount */
	int r = name_decide(new_dir, old_dentry, PV_HOOK_PATH_LINK, PV_WANT1(PV_ACC_LINK), quiet);

	if (r < 0)
		return r;
	quiet |= r;
	r = name_decide(new_dir, new_dentry, PV_HOOK_PATH_LINK, PV_WANT1(PV_ACC_CREATE), quiet);
	if (r < 0)
		return r;
	quiet |= r;
	return follow_decide(new_dir, old_dentry, new_dir, new_dentry, PV_HOOK_PATH_LINK | HOOK_QUIET(quiet));
}

SEC("lsm/path_link")
int BPF_PROG(path_link, struct dentry *old_dentry, struct path *new_dir, struct dentry *new_dentry, int ret)
{
	u32 generation;
	int r;

	if (ret || !governed())
		return ret;
	generation = image_generation();
	r = link_decide(old_dentry, new_dir, new_dentry, 0);
	if (r >= 0 && image_generation() != generation)
		r = link_decide(old_dentry, new_dir, new_dentry, r);
	ret = verdict(r);
	if (ret)
		return ret;
	return own_hook(PV_HOOK_PATH_LINK, is_own(old_dentry) ? old_dentry : new_dentry, ret);
}

SEC("lsm/path_chmod")
int BPF_PROG(path_chmod, struct path *path, umode_t mode, int ret)
{
	return path_hook(path, PV_HOOK_PATH_CHMOD, PV_WANT1(PV_ACC_ATTRIBUTES), ret);
}

SEC("lsm/path_chown")
int BPF_PROG(path_chown, struct path *path, u64 uid, u64 gid, int ret)
{
	return path_hook(path, PV_HOOK_PATH_CHOWN, PV_WANT1(PV_ACC_ATTRIBUTES), ret);
}

SEC("lsm/path_truncate")
int BPF_PROG(path_truncate, struct path *path, int ret)
{
	struct pv_label *l;
	u64 expected;

	if (truncate_by_path()) {
		l = bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
		expected = l ? l->truncates : 0;
		if (l)
			l->truncates = 0;
		if (expected && expected == truncate_token(path->dentry->d_inode))
			return governed() ? own_hook(PV_HOOK_PATH_TRUNCATE, FIELDS(path, path)->dentry, ret)
					  : ret;
	}
	return path_hook(path, PV_HOOK_PATH_TRUNCATE, PV_WANT1(PV_ACC_WRITE), ret);
}

/*
 * ftruncate, and O_TRUNC, from 6.2 on. A descriptor open for writing was decided when it was
 * opened; an O_RDONLY|O_TRUNC open was not, and one for appending was not decided for this.
 */
SEC("?lsm/file_truncate")
int BPF_PROG(file_truncate, struct file *file, int ret)
{
	if (ret || (file->f_mode & FMODE_WRITE && !(file->f_flags & O_APPEND)) || !governed())
		return ret;
	return own_hook(PV_HOOK_FILE_TRUNCATE, FIELDS(file, file)->f_path.dentry,
			verdict(path_decide(&file->f_path, PV_HOOK_FILE_TRUNCATE, PV_WANT1(PV_ACC_WRITE))));
}

#define S_IFLNK		  0120000
#define PERMISSION_EVENTS 0x170000 /* that somebody has to answer: opens, reading, executing, writing */
#define NOTIFY_INODE	  0	   /* of one file or folder, and not of a mount or file system */
#define SYSFS_MAGIC	  0x62656572
#define CGROUP2_MAGIC	  0x63677270
#define BPF_FS_MAGIC	  0xcafe4a11

/*
 * Does the kernel show there what the agent looks at and changes, wherever that is? procfs takes no marks of
 * whole file systems, and which of its files are the agent's is known.
 */
static __always_inline bool shows_kernel(const struct super_block *sb)
{
	return sb->s_magic == SYSFS_MAGIC || sb->s_magic == CGROUP2_MAGIC || sb->s_magic == BPF_FS_MAGIC;
}

/*
 * Could the agent be made to wait by it, for who was asked and does not answer? A mark of one folder is about
 * what is in it, too.
 */
static __always_inline bool holds_up(const struct path *path, u64 mask, u32 type)
{
	const struct dentry *dentry = FIELDS(path, path)->dentry;

	if (!(mask & PERMISSION_EVENTS))
		return false;
	if (shows_kernel(FIELDS(dentry, dentry)->d_sb))
		return true;
	return type == NOTIFY_INODE ? is_own(dentry) || leads_to_own(dentry)
				    : own_device(FIELDS(dentry, dentry)->d_sb->s_dev);
}

/* Where a symbolic link leads is not secret. */
SEC("lsm/path_notify")
int BPF_PROG(path_notify, struct path *path, u64 mask, unsigned int type, int ret)
{
	umode_t mode = FIELDS(path, path)->dentry->d_inode->i_mode & S_IFMT;

	if (ret || !governed())
		return ret;
	if (mode != S_IFLNK)
		ret = verdict(path_decide(path, PV_HOOK_PATH_NOTIFY,
					  PV_WANT1(mode == S_IFDIR ? PV_ACC_LIST : PV_ACC_READ)));
	return agent_hook(PV_HOOK_PATH_NOTIFY, holds_up(path, mask, type), ret);
}

#define F_UNLCK 2

/* The agent waits for the lock of its state, and whoever opens a file for the one who leased it. */
SEC("lsm/file_lock")
int BPF_PROG(file_lock, struct file *file, unsigned int cmd, int ret)
{
	if (ret || cmd == F_UNLCK || !governed())
		return ret;
	return own_hook(PV_HOOK_FILE_LOCK, FIELDS(file, file)->f_path.dentry, ret);
}
