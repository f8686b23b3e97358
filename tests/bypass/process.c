/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Other processes and the system: what tests/vm/probe_system.c does not have.
 *
 * A process outside is one that no policy governs and that this run made; "own" is a child.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/kexec.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t outside;

static int nothing(const void *context)
{
	(void)context;
	return 0;
}

static int outside_prepare(char **a)
{
	(void)a;
	outside = helper(nothing, NULL);
	return outside < 0 ? -1 : 0;
}

/* WHO: outside, own, or a number */
static pid_t who(const char *text)
{
	pid_t pid;

	if (!strcmp(text, "outside"))
		return outside;
	if (strcmp(text, "own"))
		return (pid_t)atoi(text);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

/* one that is ignored by who does not ask for it; 0 would send nothing */
#define HARMLESS SIGURG

static int signal_by_number(char **a)
{
	return kill(who(a[0]), HARMLESS);
}

static int signal_by_descriptor(char **a)
{
	int fd = (int)syscall(SYS_pidfd_open, who(a[0]), 0);

	return fd < 0 ? before("pidfd_open") : (int)syscall(SYS_pidfd_send_signal, fd, HARMLESS, NULL, 0);
}

static int signal_by_thread(char **a)
{
	pid_t pid = who(a[0]);

	return (int)syscall(SYS_tgkill, pid, pid, HARMLESS);
}

static int limit(char **a)
{
	static const struct rlimit limits = {1024, 4096};

	return prlimit(who(a[0]), RLIMIT_NOFILE, &limits, NULL);
}

static int schedule(char **a)
{
	static const struct sched_param parameters = {0};

	return sched_setscheduler(who(a[0]), SCHED_BATCH, &parameters);
}

static int processors(char **a)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? before("affinity")
						       : sched_setaffinity(who(a[0]), sizeof(set), &set);
}

static int priority(char **a)
{
	return setpriority(PRIO_PROCESS, (id_t)who(a[0]), 5);
}

static int io_priority(char **a)
{
	return (int)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, who(a[0]),
			    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 5));
}

/* WHO NAME: a file of the process, opened to write */
static int write_proc(char **a)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", who(a[0]), a[1]);
	return open(path, O_WRONLY);
}

/* WHO FILE: by the number of its first thread */
static int write_proc_thread(char **a)
{
	char path[128];
	pid_t pid = who(a[0]);

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, pid, a[1]);
	return open(path, O_WRONLY);
}

static int read_proc(char **a)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", who(a[0]), a[1]);
	return open(path, O_RDONLY);
}

/* WHO: its memory goes to the first node */
static int migrate(char **a)
{
	unsigned long first = 1;

	return (int)syscall(SYS_migrate_pages, who(a[0]), 2UL, &first, &first);
}

/* SCOPE: what this process does, if it is "own", else what one processor does */
static int perf(char **a)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(attr),
				       .config = PERF_COUNT_SW_CPU_CLOCK,
				       .exclude_kernel = 1};
	int system = strcmp(a[0], "own");

	return (int)syscall(SYS_perf_event_open, &attr, system ? -1 : 0, system ? 0 : -1, -1, 0);
}

/* 0 where the kernel had it read and found it to be none; a name stands for what is missing */
static int no_kernel(long r)
{
	return r < 0 && errno == ENOEXEC ? 0 : (int)r;
}

/* FILE */
static int kexec_file(char **a)
{
	int fd = open(a[0], O_RDONLY);

	if (fd < 0)
		return before("open");
	return no_kernel(
		syscall(SYS_kexec_file_load, fd, -1, 1UL, "", (unsigned long)KEXEC_FILE_NO_INITRAMFS));
}

/* of no segments, which is to unload what is not there */
static int kexec_segments(char **a)
{
	(void)a;
	return (int)syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL);
}

/* KIND: a namespace of another process; or none, which is only looked at */
static int enter_namespace(char **a)
{
	char path[64];
	int fd;

	int none = !strcmp(a[0], "none");

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", outside, none ? "net" : a[0]);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return before("open");
	return none ? 0 : setns(fd, 0);
}

/* KIND of namespaces of one's own */
static int new_namespace(char **a)
{
	return unshare(!strcmp(a[0], "mnt")   ? CLONE_NEWNS
		       : !strcmp(a[0], "net") ? CLONE_NEWNET
		       : !strcmp(a[0], "pid") ? CLONE_NEWPID
					      : CLONE_FILES);
}

/* capabilities */
static int by_capability(char **a)
{
	char name[512];

	snprintf(name, sizeof(name), "%s/allow/node", fixture_root);
	if (!strcmp(a[0], "mknod"))
		return mknod(name, S_IFBLK | 0600, makedev(254, 0));
	if (!strcmp(a[0], "fifo"))
		return mknod(name, S_IFIFO | 0600, 0);
	if (!strcmp(a[0], "open_tree"))
		return (int)syscall(SYS_open_tree, AT_FDCWD, "/etc", 1 /* OPEN_TREE_CLONE */);
	if (!strcmp(a[0], "fsopen"))
		return (int)syscall(SYS_fsopen, "tmpfs", 0);
	if (!strcmp(a[0], "mem"))
		return open("/dev/mem", O_RDONLY);
	return open(a[0], O_RDONLY);
}

/* MOUNT: to be read only, in a namespace of its own */
static int mount_attributes(char **a)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	return (int)syscall(SYS_mount_setattr, AT_FDCWD, a[0], 0, &attr, sizeof(attr));
}

/* WHAT PLACE: "new", what begins empty; "disk", the disk that the root is on */
static int mount_disk(char **a)
{
	return !strcmp(a[0], "new") ? mount("none", a[1], "tmpfs", 0, NULL)
				    : mount("/dev/vda", a[1], "ext4", 0, NULL);
}

static int own_mounts(char **a)
{
	(void)a;
	return unshare(CLONE_NEWNS) ? -1 : mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

const struct operation process_operations[] = {
	{"mount-setattr", 1, mount_attributes, own_mounts},
	{"mount-disk", 2, mount_disk, own_mounts},
	{"signal", 1, signal_by_number, outside_prepare},
	{"signal-descriptor", 1, signal_by_descriptor, outside_prepare},
	{"signal-thread", 1, signal_by_thread, outside_prepare},
	{"limit", 1, limit, outside_prepare},
	{"schedule", 1, schedule, outside_prepare},
	{"processors", 1, processors, outside_prepare},
	{"priority", 1, priority, outside_prepare},
	{"io-priority", 1, io_priority, outside_prepare},
	{"proc-write", 2, write_proc, outside_prepare},
	{"proc-write-thread", 2, write_proc_thread, outside_prepare},
	{"proc-read", 2, read_proc, outside_prepare},
	{"migrate", 1, migrate, outside_prepare},
	{"perf", 1, perf, NULL},
	{"kexec-file", 1, kexec_file, NULL},
	{"kexec-segments", 0, kexec_segments, NULL},
	{"enter-namespace", 1, enter_namespace, outside_prepare},
	{"new-namespace", 1, new_namespace, NULL},
	{"by-capability", 1, by_capability, NULL},
	{0},
};
