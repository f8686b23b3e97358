/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file system in user space whose one file has another file behind it (FUSE passthrough, Linux 6.9).
 *
 * Its root is that file, mounted on a file. It is served by a child, which gives the kernel a descriptor of
 * the other file that was opened for reading. Who opens the file for writing then writes the other one.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Newer than the headers: of the kernel's interface. */
struct backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};
#define BACKING_OPEN	 _IOW(229, 1, struct backing_map)
#define INIT_EXT	 (1u << 30)
#define PASSTHROUGH	 (1u << 5) /* in flags2 */
#define OPEN_PASSTHROUGH (1u << 7)

static char requests[65536];

static void answer(int device, uint64_t unique, int error, const void *data, size_t size)
{
	char out[512];
	struct fuse_out_header *head = (void *)out;

	*head = (struct fuse_out_header){(uint32_t)(sizeof(*head) + size), error, unique};
	if (data)
		memcpy(out + sizeof(*head), data, size);
	if (write(device, out, sizeof(*head) + size) < 0 && errno != ENOENT)
		_exit(1);
}

static void answer_init(int device, uint64_t unique)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION, .minor = 40, .flags = INIT_EXT, .max_write = 4096};
	uint32_t *after = (void *)((char *)&out + 32); /* flags2, max_stack_depth */

	after[0] = PASSTHROUGH;
	after[1] = 1;
	answer(device, unique, 0, &out, sizeof(out));
}

static void answer_open(int device, uint64_t unique, int behind)
{
	struct backing_map map = {.fd = behind};
	struct fuse_open_out out = {.open_flags = OPEN_PASSTHROUGH};
	int id = ioctl(device, BACKING_OPEN, &map);

	out.padding = (uint32_t)id;
	answer(device, unique, id < 0 ? -errno : 0, &out, id < 0 ? 0 : sizeof(out));
}

static void answer_attributes(int device, uint64_t unique)
{
	struct fuse_attr_out out = {.attr = {.ino = 1, .mode = S_IFREG | 0644, .nlink = 1, .blksize = 4096}};

	answer(device, unique, 0, &out, sizeof(out));
}

static _Noreturn void serve(int device, int behind)
{
	const struct fuse_in_header *in = (const void *)requests;

	while (read(device, requests, sizeof(requests)) > 0) {
		switch (in->opcode) {
		case FUSE_INIT:
			answer_init(device, in->unique);
			break;
		case FUSE_GETATTR:
			answer_attributes(device, in->unique);
			break;
		case FUSE_OPEN:
			answer_open(device, in->unique, behind);
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
			break;
		default:
			answer(device, in->unique, in->opcode == FUSE_RELEASE ? 0 : -ENOSYS, NULL, 0);
		}
	}
	_exit(0);
}

int fuse_passthrough(char **a)
{
	int behind = open(a[0], O_RDONLY), device = open("/dev/fuse", O_RDWR), fd, error;
	char place[64], options[128];
	pid_t server;

	if (behind < 0 || device < 0)
		return before("open");
	snprintf(place, sizeof(place), "/tmp/fuse-%d", getpid());
	fd = open(place, O_CREAT | O_WRONLY, 0600);
	snprintf(options, sizeof(options), "fd=%d,rootmode=100644,user_id=0,group_id=0", device);
	if (fd < 0 || close(fd) || mount("bypass", place, "fuse", 0, options))
		return before("mount");
	server = fork();
	if (!server)
		serve(device, behind);
	close(device);
	fd = open(place, O_RDWR);
	error = errno;
	umount2(place, MNT_DETACH);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(place);
	errno = error;
	return fd < 0 ? -1 : 0;
}
