/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files: ways to a file, and to what is known of it, that tests/vm/probe_file.c does not have.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_file_getattr
#define SYS_file_getattr 468
#define SYS_file_setattr 469
#endif

#ifndef OPEN_TREE_NAMESPACE
#define OPEN_TREE_NAMESPACE 2
#endif
#define FMODE_EXEC_FLAG 0x20

static char place[4096];
static pid_t other;

static int opened(const char *path, int flags)
{
	int fd = open(path, flags);

	return fd < 0 ? before("open") : fd;
}

/* ---- names ---- */

/* NEW: a file that has no name gets one */
static int tmpfile_link(char **a)
{
	char from[64];
	int fd;

	snprintf(place, sizeof(place), "%s/allow", fixture_root);
	fd = opened(place, O_TMPFILE | O_RDWR);
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	return fd < 0 ? fd : linkat(AT_FDCWD, from, AT_FDCWD, a[0], AT_SYMLINK_FOLLOW);
}

/* KIND: a file of T/odd, of whose name one part decides; "long-BYTE" is 255 bytes with this at the end */
static int odd_prepare(char **a)
{
	static const char *const names[][2] = {
		{"deleted", "gone (deleted)"}, {"there", "gone"},   {"newline", "a\nb"}, {"space", "a b"},
		{"bytes", "a\377\300b"},       {"byte", "ax\300b"},
	};
	char name[256] = "";

	if (!strncmp(a[0], "long-", 5))
		snprintf(name, sizeof(name), "%0254d%c", 0, a[0][5]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(a[0], names[i][0]))
			snprintf(name, sizeof(name), "%s", names[i][1]);
	snprintf(place, sizeof(place), "%s/odd/%s", fixture_root, name);
	return write_file(place, "content\n", 0644);
}

static int read_place(char **a)
{
	(void)a;
	return open(place, O_RDONLY);
}

/* FILE: that it is in the layer which can be written */
static int copy_up(char **a)
{
	int fd = open(a[0], O_WRONLY | O_APPEND);

	return fd < 0 ? -1 : close(fd);
}

/* NAME below the overlay: its data is in the upper layer already */
static int copied_up_prepare(char **a)
{
	char layer[4096], *file[] = {place};

	snprintf(place, sizeof(place), "%s/merged/%s", fixture_root, a[0]);
	snprintf(layer, sizeof(layer), "%s/upper/%s", fixture_root, a[0]);
	return copy_up(file) ? -1 : access(layer, F_OK);
}

/* LEVELS of folders with names of 250 bytes, from the fixture's `deep` down: the last of them */
static int long_path(const char *levels, int make)
{
	char name[251];
	int at, next;

	snprintf(name, sizeof(name), "%0250d", 0);
	snprintf(place, sizeof(place), "%s/deep", fixture_root);
	at = open(place, O_PATH | O_DIRECTORY);
	for (int n = atoi(levels); n > 0 && at >= 0; n--) {
		if (make && mkdirat(at, name, 0755) && errno != EEXIST)
			return -1;
		next = openat(at, name, O_PATH | O_DIRECTORY);
		close(at);
		at = next;
	}
	return at;
}

static int long_path_prepare(char **a)
{
	int fd = openat(long_path(a[0], 1), "file", O_WRONLY | O_CREAT, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int long_path_read(char **a)
{
	int at = long_path(a[0], 0);

	return at < 0 ? before("folder") : openat(at, "file", O_RDONLY);
}

/* PATH LEVELS: a socket at a path goes below such folders */
static int socket_far_prepare(char **a)
{
	return mknod(a[0], S_IFSOCK | 0600, 0) || long_path(a[1], 1) < 0 ? -1 : 0;
}

static int socket_far(char **a)
{
	int at = long_path(a[1], 0);

	return at < 0 ? before("folder") : renameat(AT_FDCWD, a[0], at, "socket");
}

/* FILE: by a file handle */
static union {
	struct file_handle handle;
	char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
} named;

static int handle_prepare(char **a)
{
	int mount_id;

	named.handle.handle_bytes = MAX_HANDLE_SZ;
	return name_to_handle_at(AT_FDCWD, a[0], &named.handle, &mount_id, 0);
}

static int handle(char **a)
{
	int root = opened(fixture_root, O_RDONLY | O_DIRECTORY);

	(void)a;
	return root < 0 ? root : open_by_handle_at(root, &named.handle, O_RDONLY);
}

/* FILE: by the mapping that a process has of it */
static int map_files_prepare(char **a)
{
	int fd = open(a[0], O_RDONLY);
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	if (fd < 0 || p == MAP_FAILED)
		return -1;
	close(fd);
	snprintf(place, sizeof(place), "/proc/self/map_files/%lx-%lx", (unsigned long)p,
		 (unsigned long)p + 4096);
	return 0;
}

static int change_folder(const void *folder)
{
	return chdir(folder);
}

/* FOLDER: by another process's working folder */
static int cwd_prepare(char **a)
{
	other = helper(change_folder, a[0]);
	snprintf(place, sizeof(place), "/proc/%d/cwd/file", other);
	return other < 0 ? -1 : 0;
}

static int own_mounts(const void *context)
{
	(void)context;
	return unshare(CLONE_NEWNS);
}

/* FILE other|self: by the root of a process, of another mount namespace or one's own */
static int root_prepare(char **a)
{
	other = helper(own_mounts, NULL);
	if (other < 0)
		return -1;
	if (strcmp(a[1], "self"))
		snprintf(place, sizeof(place), "/proc/%d/root%s", other, a[0]);
	else
		snprintf(place, sizeof(place), "/proc/self/root%s", a[0]);
	return 0;
}

/* FILE: in a mount namespace that another process made */
static int setns_read(char **a)
{
	int fd;

	fd = (int)syscall(SYS_pidfd_open, other, 0);
	if (fd < 0 || setns(fd, CLONE_NEWNS))
		return before("setns");
	return open(a[0], O_RDONLY);
}

/* "other" or "own": the mount namespace of another process, or one's own */
static int mounts_open(char **a)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", strcmp(a[0], "other") ? (int)getpid() : other);
	return open(path, O_RDONLY);
}

/* The same, by a copy of its mount */
static int mounts_copy(char **a)
{
	char path[64];
	int copy;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", strcmp(a[0], "other") ? (int)getpid() : other);
	copy = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (copy < 0)
		return before("open_tree");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
	return open(path, O_RDONLY);
}

/* "namespace" or "tree": a folder as a mount namespace of its own, which comes to be opened, or as a tree */
static int tree_namespace(char **a)
{
	unsigned flags = strcmp(a[0], "namespace") ? OPEN_TREE_CLONE : OPEN_TREE_NAMESPACE;

	return (int)syscall(SYS_open_tree, AT_FDCWD, fixture_root, flags | OPEN_TREE_CLOEXEC);
}

static int tree;

static int tree_prepare(char **a)
{
	(void)a;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, fixture_root, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return tree < 0 ? -1 : 0;
}

/* FILE NAME: below the root of the fixture, in a tree that is attached nowhere */
static int tree_rename(char **a)
{
	return renameat(tree, a[0], tree, a[1]);
}

static int tree_link(char **a)
{
	return linkat(tree, a[0], tree, a[1], 0);
}

/* "queue" or "file": with the flag that the kernel sets where it opens a program; open(2) takes it from
 * nobody */
static int open_flag(char **a)
{
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 1};

	if (strcmp(a[0], "queue"))
		return open("/proc/self/exe", O_RDONLY | FMODE_EXEC_FLAG);
	return (int)syscall(SYS_mq_open, run_name, O_RDONLY | O_CREAT | FMODE_EXEC_FLAG, 0600, &attr);
}

static int setns_prepare(char **a)
{
	(void)a;
	other = helper(own_mounts, NULL);
	return other < 0 ? -1 : 0;
}

/* FILE: the one who listens is given a descriptor of what others open */
static int open_often(const void *file)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -1 : 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		close(open(file, O_RDONLY));
		usleep(20000);
	}
}

static int fanotify_prepare(char **a)
{
	other = helper(open_often, a[0]);
	return other < 0 ? -1 : 0;
}

/* The file itself may not be watched: its file system is. */
static int fanotify_read(char **a)
{
	struct fanotify_event_metadata event;
	struct stat wanted, st;
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);

	if (fd < 0 || stat(a[0], &wanted) ||
	    fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD, fixture_root))
		return before("fanotify");
	while (read(fd, &event, sizeof(event)) == sizeof(event)) {
		if (!fstat(event.fd, &st) && st.st_ino == wanted.st_ino)
			return event.fd;
		close(event.fd);
	}
	return -1;
}

/* FILE: what is behind it, opened to be written by the kernel for who watches the file system */
static int fanotify_layer(char **a)
{
	struct fanotify_event_metadata event;
	int fd = fanotify_init(FAN_CLASS_NOTIF, O_RDWR);

	if (fd < 0 || fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD, fixture_root))
		return before("fanotify");
	if (opened(a[0], O_RDONLY) < 0)
		return -1;
	while (read(fd, &event, sizeof(event)) == sizeof(event)) {
		if (event.pid == getpid())
			return event.fd;
		close(event.fd);
	}
	return -1;
}

#define DEBUGFS "/sys/kernel/debug"

/* HOW: a file system that the kernel mounts for itself, too, when its mount is "detached" */
static int kernel_fs(char **a)
{
	int fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return before("unshare");
	fd = opened(DEBUGFS, O_PATH | O_DIRECTORY);
	if (fd >= 0 && !strcmp(a[0], "detached") && umount2(DEBUGFS, MNT_DETACH))
		return before("umount");
	return fd < 0 ? fd : openat(fd, ".", O_RDONLY | O_DIRECTORY);
}

/* FILE: the kernel keeps accounts in it */
static int account(char **a)
{
	int r = acct(a[0]);

	if (!r)
		acct(NULL);
	return r;
}

/* NAME: a node of the disk's numbers */
static int device_node(char **a)
{
	return mknod(a[0], S_IFBLK | 0600, makedev(254, 0));
}

/* ---- what is known of a file ---- */

static int chmod_descriptor(char **a)
{
	int fd = opened(a[0], O_RDONLY);

	return fd < 0 ? fd : fchmod(fd, 0600);
}

static int chmod_path_descriptor(char **a)
{
	int fd = opened(a[0], O_PATH);

	return fd < 0 ? fd : (int)syscall(SYS_fchmodat2, fd, "", 0600, AT_EMPTY_PATH);
}

static int chown_descriptor(char **a)
{
	int fd = opened(a[0], O_RDONLY);

	return fd < 0 ? fd : fchown(fd, 1000, 1000);
}

static int set_xattr(char **a)
{
	return setxattr(a[0], "trusted.pavise", "x", 1, 0);
}

static int set_xattr_descriptor(char **a)
{
	int fd = opened(a[0], O_RDONLY);

	return fd < 0 ? fd : fsetxattr(fd, "trusted.pavise", "x", 1, 0);
}

static int remove_xattr_prepare(char **a)
{
	return setxattr(a[0], "trusted.pavise", "x", 1, 0);
}

static int remove_xattr(char **a)
{
	return removexattr(a[0], "trusted.pavise");
}

/* a list of one user more, as the kernel takes it */
static int set_acl(char **a)
{
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} entry[5];
	} acl = {2, {{0x01, 6, ~0u}, {0x02, 6, 1000}, {0x04, 4, ~0u}, {0x10, 6, ~0u}, {0x20, 4, ~0u}}};

	return setxattr(a[0], "system.posix_acl_access", &acl, sizeof(acl), 0);
}

static int set_times(char **a)
{
	static const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	return utimensat(AT_FDCWD, a[0], times, 0);
}

static int set_times_descriptor(char **a)
{
	static const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	int fd = opened(a[0], O_RDONLY);

	return fd < 0 ? fd : futimens(fd, times);
}

static int remove_acl(char **a)
{
	return removexattr(a[0], "system.posix_acl_access");
}

static int set_times_now(char **a)
{
	return utimensat(AT_FDCWD, a[0], NULL, 0);
}

/* "do not dump" */
static int set_flags(char **a)
{
	int fd = opened(a[0], O_RDONLY), flags;

	if (fd < 0)
		return fd;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return before("flags");
	flags |= FS_NODUMP_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

#define IOCTL_32 54

/* as a program of 32 bits calls the kernel */
static int ioctl_32(int fd, unsigned command, unsigned argument)
{
	int result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(IOCTL_32), "b"(fd), "c"(command), "d"(argument)
		     : "memory", "r8", "r9", "r10", "r11");
	errno = result < 0 ? -result : 0;
	return result < 0 ? -1 : 0;
}

static int set_flags_32(char **a)
{
	int fd = opened(a[0], O_RDONLY);
	int *flags = mmap(NULL, sizeof(*flags), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (fd < 0)
		return fd;
	if (flags == MAP_FAILED || ioctl_32(fd, FS_IOC32_GETFLAGS, (unsigned)(unsigned long)flags))
		return before("flags");
	*flags |= FS_NODUMP_FL;
	return ioctl_32(fd, FS_IOC32_SETFLAGS, (unsigned)(unsigned long)flags);
}

/* Some file systems only have it; the hook is asked before they are. */
static int set_generation(char **a)
{
	int fd = opened(a[0], O_RDONLY), generation = 1;

	return fd < 0 ? fd : ioctl(fd, FS_IOC_SETVERSION, &generation);
}

/* the same, without a descriptor: what file_getattr(2) gives, and one flag more */
static int set_file_attributes(char **a)
{
	struct {
		uint64_t flags;
		uint32_t more[4];
	} attributes;

	if (syscall(SYS_file_getattr, AT_FDCWD, a[0], &attributes, sizeof(attributes), 0))
		return before("file_getattr");
	attributes.flags |= FS_XFLAG_NODUMP;
	return (int)syscall(SYS_file_setattr, AT_FDCWD, a[0], &attributes, sizeof(attributes), 0);
}

const struct operation file_operations[] = {
	{"tmpfile-link", 1, tmpfile_link, NULL},
	{"odd-name", 1, read_place, odd_prepare},
	{"copied-up", 1, read_place, copied_up_prepare},
	{"long-path", 1, long_path_read, long_path_prepare},
	{"socket-far", 2, socket_far, socket_far_prepare},
	{"handle", 1, handle, handle_prepare},
	{"map-files", 1, read_place, map_files_prepare},
	{"proc-cwd", 1, read_place, cwd_prepare},
	{"proc-root", 2, read_place, root_prepare},
	{"setns-read", 1, setns_read, setns_prepare},
	{"mounts-open", 1, mounts_open, setns_prepare},
	{"mounts-copy", 1, mounts_copy, setns_prepare},
	{"tree-namespace", 1, tree_namespace, NULL},
	{"tree-rename", 2, tree_rename, tree_prepare},
	{"tree-link", 2, tree_link, tree_prepare},
	{"open-flag", 1, open_flag, NULL},
	{"fanotify-layer", 1, fanotify_layer, copy_up},
	{"kernel-fs", 1, kernel_fs, NULL},
	{"fanotify", 1, fanotify_read, fanotify_prepare},
	{"acct", 1, account, NULL},
	{"device-node", 1, device_node, NULL},
	{"chmod-descriptor", 1, chmod_descriptor, NULL},
	{"chmod-path-descriptor", 1, chmod_path_descriptor, NULL},
	{"chown-descriptor", 1, chown_descriptor, NULL},
	{"setxattr", 1, set_xattr, NULL},
	{"setxattr-descriptor", 1, set_xattr_descriptor, NULL},
	{"removexattr", 1, remove_xattr, remove_xattr_prepare},
	{"acl", 1, set_acl, NULL},
	{"acl-remove", 1, remove_acl, set_acl},
	{"times", 1, set_times, NULL},
	{"times-now", 1, set_times_now, NULL},
	{"times-descriptor", 1, set_times_descriptor, NULL},
	{"flags", 1, set_flags, NULL},
	{"flags-32", 1, set_flags_32, NULL},
	{"generation", 1, set_generation, NULL},
	{"fuse-passthrough", 1, fuse_passthrough, NULL},
	{"file-setattr", 1, set_file_attributes, NULL},
	{0},
};
