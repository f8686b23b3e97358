/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe_attributes OPERATION FILE: one operation on what is known of a file besides its mode and owner.
 *
 * Guarantees: prints 0 when the operation succeeds, the name of its error when it fails, and
 * "STEP: ERROR" when what was to happen before it failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define CAPABILITY_NAME "security.capability"

static const struct timespec then[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

static int opened(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		printf("open: ");
	return fd;
}

static int op_setxattr(const char *file)
{
	return setxattr(file, "trusted.pavise", "x", 1, 0);
}

static int op_removexattr(const char *file)
{
	return removexattr(file, "trusted.pavise");
}

static int op_times(const char *file)
{
	return utimensat(AT_FDCWD, file, then, 0);
}

/* one is given, the other is now */
static int op_times_half(const char *file)
{
	static const struct timespec half[2] = {{.tv_sec = 1}, {.tv_nsec = UTIME_NOW}};

	return utimensat(AT_FDCWD, file, half, 0);
}

static int op_times_now(const char *file)
{
	return utimensat(AT_FDCWD, file, NULL, 0);
}

static int op_flags(const char *file)
{
	int fd = opened(file, O_RDONLY), flags;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return -1;
	flags |= FS_NODUMP_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/* a byte is written, to what is there */
static int op_write(const char *file)
{
	int fd = opened(file, O_RDWR);

	return fd < 0 || write(fd, "x", 1) != 1 ? -1 : 0;
}

/* the file gets a capability */
static int op_capability(const char *file)
{
	static const struct vfs_cap_data data = {
		.magic_etc = VFS_CAP_REVISION_2,
		.data = {{.permitted = 1 << CAP_CHOWN}},
	};

	return setxattr(file, CAPABILITY_NAME, &data, sizeof(data), 0);
}

/* a write takes the file's capability away */
static int op_write_capability(const char *file)
{
	char data[64];

	if (getxattr(file, CAPABILITY_NAME, data, sizeof(data)) < 0 || op_write(file))
		return -1;
	return getxattr(file, CAPABILITY_NAME, data, sizeof(data)) < 0 && errno == ENODATA ? 0 : -1;
}

/* what has no name */
static int op_memfd(const char *file)
{
	int fd = memfd_create(file, 0);

	return fd < 0 ? -1 : futimens(fd, then);
}

static int op_pipe(const char *file)
{
	int fds[2];

	(void)file;
	return pipe(fds) ? -1 : futimens(fds[0], then);
}

static const struct {
	const char *name;
	int (*run)(const char *file);
} operations[] = {
	{"setxattr", op_setxattr},
	{"removexattr", op_removexattr},
	{"times", op_times},
	{"times-half", op_times_half},
	{"times-now", op_times_now},
	{"flags", op_flags},
	{"write", op_write},
	{"capability", op_capability},
	{"write-capability", op_write_capability},
	{"memfd", op_memfd},
	{"pipe", op_pipe},
};

int main(int argc, char **argv)
{
	if (argc != 3)
		return 125;
	for (size_t i = 0; i < COUNT(operations); i++) {
		if (strcmp(operations[i].name, argv[1]))
			continue;
		puts(operations[i].run(argv[2]) < 0 ? strerrorname_np(errno) : "0");
		return 0;
	}
	return 125;
}
