/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same operations by io_uring: by the task itself, by a worker of the kernel, by the thread that
 * looks after a ring.
 */
#include "../vm/uring.h"
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Newer than the headers: numbers of the kernel's interface. */
#define OP_SETXATTR 42
#define OP_SOCKET   45
#define OP_SEND_ZC  47
#define OP_BIND	    56
#define OP_LISTEN   57

static struct ring ring;

static int submit(const struct io_uring_sqe *entry)
{
	int result;

	if (ring_do(&ring, entry, &result))
		return before("io_uring_enter");
	if (result >= 0)
		return 0;
	errno = -result;
	return -1;
}

static int once(unsigned setup, const struct io_uring_sqe *entry)
{
	ring.p.flags = setup;
	return ring_open(&ring) ? before("io_uring_setup") : submit(entry);
}

static struct io_uring_sqe opening(const char *path)
{
	return (struct io_uring_sqe){.opcode = IORING_OP_OPENAT,
				     .fd = AT_FDCWD,
				     .addr = (unsigned long)path,
				     .open_flags = O_RDONLY};
}

/* HOW FILE: task, worker, poller */
static int open_file(char **a)
{
	struct io_uring_sqe entry = opening(a[1]);

	if (!strcmp(a[0], "worker"))
		entry.flags = IOSQE_ASYNC;
	return once(!strcmp(a[0], "poller") ? IORING_SETUP_SQPOLL : 0, &entry);
}

/* FILE: by a ring from before; "poller" FILE: that has a thread from before, too */
static int keep_ring(char **a)
{
	ring.p.flags = !strcmp(a[0], "poller") ? IORING_SETUP_SQPOLL : 0;
	return ring_open(&ring);
}

static int open_by_kept(char **a)
{
	struct io_uring_sqe entry = opening(a[1]);

	return submit(&entry);
}

/* WHAT NAME [OTHER] */
static int change_name(char **a)
{
	struct io_uring_sqe entry = {.fd = AT_FDCWD, .addr = (unsigned long)a[1]};
	const char *other = a[2] ? a[2] : "";

	if (!strcmp(a[0], "unlink")) {
		entry.opcode = IORING_OP_UNLINKAT;
	} else if (!strcmp(a[0], "mkdir")) {
		entry.opcode = IORING_OP_MKDIRAT;
		entry.len = 0755;
	} else if (!strcmp(a[0], "symlink")) {
		entry.opcode = IORING_OP_SYMLINKAT;
		entry.addr = (unsigned long)"/nowhere";
		entry.addr2 = (unsigned long)a[1];
	} else {
		entry.opcode = !strcmp(a[0], "rename") ? IORING_OP_RENAMEAT : IORING_OP_LINKAT;
		entry.addr2 = (unsigned long)other;
		entry.len = (unsigned)AT_FDCWD;
	}
	return once(0, &entry);
}

static struct io_uring_sqe attribute(const char *path)
{
	struct io_uring_sqe entry = {.opcode = OP_SETXATTR,
				     .addr = (unsigned long)"trusted.pavise",
				     .addr2 = (unsigned long)"x",
				     .len = 1};

	/* the path is in the third address */
	*(unsigned long *)((char *)&entry + 48) = (unsigned long)path;
	return entry;
}

static int set_xattr(char **a)
{
	struct io_uring_sqe entry = attribute(a[0]);

	return once(0, &entry);
}

/* FILE: with the credentials that the task had before it got others, which it has put by */
static int set_xattr_as(char **a)
{
	struct io_uring_sqe entry = attribute(a[0]);
	long personality;

	if (ring_open(&ring))
		return before("io_uring_setup");
	personality = syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PERSONALITY, NULL, 0);
	if (personality < 0 || setgroups(0, NULL))
		return before("io_uring_register");
	entry.personality = (unsigned short)personality;
	return submit(&entry);
}

/* FAMILY TYPE PROTOCOL */
static int new_socket(char **a)
{
	struct io_uring_sqe entry = {.opcode = OP_SOCKET};

	entry.fd = a[0][0] == 'n' ? 16 : 1;
	entry.off = a[0][0] == 'n' ? 3 : 1;
	return once(0, &entry);
}

/* WHAT ADDRESS */
static int by_address(char **a)
{
	struct sockaddr_storage address;
	struct iovec data = {"x", 1};
	struct msghdr m = {.msg_name = &address, .msg_iov = &data, .msg_iovlen = 1};
	struct io_uring_sqe entry = {.addr = (unsigned long)&address};
	int type = !strncmp(a[0], "send", 4) ? SOCK_DGRAM : SOCK_STREAM, one = 1;
	socklen_t length;

	if (parse_address(a[1], &address, &length))
		return before("address");
	entry.fd = socket(AF_INET, type, 0);
	setsockopt(entry.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	entry.opcode = !strcmp(a[0], "connect") ? IORING_OP_CONNECT : OP_BIND;
	entry.off = length;
	if (!strcmp(a[0], "send")) {
		m.msg_namelen = length;
		entry = (struct io_uring_sqe){
			.opcode = IORING_OP_SENDMSG, .fd = entry.fd, .addr = (unsigned long)&m, .len = 1};
	} else if (!strcmp(a[0], "send-uncopied")) {
		entry = (struct io_uring_sqe){.opcode = OP_SEND_ZC,
					      .fd = entry.fd,
					      .addr = (unsigned long)data.iov_base,
					      .len = 1,
					      .addr2 = (unsigned long)&address};
		/* the length of the address is where some have the place of a file */
		*(uint16_t *)&entry.splice_fd_in = (uint16_t)length;
	} else if (!strcmp(a[0], "listen")) {
		if (bind(entry.fd, (struct sockaddr *)&address, length))
			return before("bind");
		entry = (struct io_uring_sqe){.opcode = OP_LISTEN, .fd = entry.fd, .len = 1};
	}
	return once(0, &entry);
}

const struct operation uring_operations[] = {
	{"uring-open", 2, open_file, NULL},	      {"uring-kept", 2, open_by_kept, keep_ring},
	{"uring-name", 2, change_name, NULL},	      {"uring-setxattr", 1, set_xattr, NULL},
	{"uring-personality", 1, set_xattr_as, NULL}, {"uring-socket", 1, new_socket, NULL},
	{"uring-address", 2, by_address, NULL},	      {0},
};
