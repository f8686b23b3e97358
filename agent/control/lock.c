/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* See lock.h. */
#include <errno.h>
#include <fcntl.h>

#include "control/lock.h"
#include "control/protocol.h"
#include "util/util.h"

static int open_lock(const char *run, int flags)
{
	CLEANUP_FREE char *path = strfmt("%s/%s", run, PROTOCOL_LOCK);
	int fd;

	if (!path)
		return -ENOMEM;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

int lock_take(const char *run, bool create)
{
	CLEANUP_CLOSE int fd = open_lock(run, O_RDWR | (create ? O_CREAT : 0));
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fd < 0)
		return fd;
	if (fcntl(fd, F_OFD_SETLK, &lock))
		return errno == EACCES ? -EAGAIN : -errno;
	return take_fd(&fd);
}

bool lock_is_held(const char *run)
{
	CLEANUP_CLOSE int fd = open_lock(run, O_RDONLY);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fd >= 0 && !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
}
