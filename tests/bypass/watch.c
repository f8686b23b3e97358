/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Being told of what is done to files, and making those wait who do it.
 *
 * What is held up is let go at once, since the descriptor is closed with the process.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef FS_IOC_SHUTDOWN
#define FS_IOC_SHUTDOWN _IOR('X', 125, __u32)
#endif

/* BY PATH: inotify, fanotify */
static int watch(char **a)
{
	int fd;

	if (!strcmp(a[0], "inotify")) {
		fd = inotify_init1(IN_CLOEXEC);
		return fd < 0 ? before("inotify_init") : inotify_add_watch(fd, a[1], IN_ALL_EVENTS);
	}
	fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME, O_RDONLY);
	return fd < 0 ? before("fanotify_init")
		      : fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN | FAN_EVENT_ON_CHILD, AT_FDCWD, a[1]);
}

/* MARK PATH: whoever opens what is in that folder, or anything on its file system, has to be permitted to */
static int hold_up(char **a)
{
	unsigned all = strcmp(a[0], "folder") ? FAN_MARK_FILESYSTEM : 0;
	int fd = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY);

	return fd < 0 ? before("fanotify_init")
		      : fanotify_mark(fd, FAN_MARK_ADD | all, FAN_OPEN_PERM | FAN_EVENT_ON_CHILD, AT_FDCWD,
				      a[1]);
}

/* HOW PATH: freeze its file system, or end it, by flags that there are none of; 0 also where it cannot be */
static int stop_device(char **a)
{
	int fd = open(a[1], O_RDONLY), r;
	unsigned none = ~0U;

	if (fd < 0)
		return before("open");
	r = strcmp(a[0], "freeze") ? ioctl(fd, FS_IOC_SHUTDOWN, &none) : ioctl(fd, FIFREEZE, 0);
	if (!r)
		return ioctl(fd, FITHAW, 0);
	return errno == EOPNOTSUPP || errno == ENOTTY || errno == EINVAL ? 0 : -1;
}

/* HOW FILE: flock, lease, record */
static int lock(char **a)
{
	struct flock record = {.l_type = F_RDLCK};
	int fd = open(a[1], O_RDONLY);

	if (fd < 0)
		return before("open");
	if (!strcmp(a[0], "flock"))
		return flock(fd, LOCK_EX | LOCK_NB);
	return !strcmp(a[0], "lease") ? fcntl(fd, F_SETLEASE, F_RDLCK) : fcntl(fd, F_OFD_SETLK, &record);
}

const struct operation watch_operations[] = {
	{"watch", 2, watch, NULL},
	{"hold-up", 2, hold_up, NULL},
	{"stop-device", 2, stop_device, NULL},
	{"lock", 2, lock, NULL},
	{0},
};
