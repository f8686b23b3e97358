/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets: protocols that tests/vm/probe_net.c does not have.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/sctp.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct sockaddr_storage address;
static socklen_t length;

static int socket_for(const char *text, int type, int protocol)
{
	int fd;

	if (parse_address(text, &address, &length))
		return before("address");
	fd = socket(AF_INET, type, protocol);
	return fd < 0 ? before("socket") : fd;
}

static int mptcp_fast_open(char **a)
{
	int fd = socket_for(a[0], SOCK_STREAM, IPPROTO_MPTCP);

	return fd < 0 ? fd : (int)sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address, length);
}

static int sctp_connect(char **a)
{
	int fd = socket_for(a[0], SOCK_STREAM, IPPROTO_SCTP);

	return fd < 0 ? fd : connect(fd, (struct sockaddr *)&address, length);
}

/* 127.0.0.NUMBER, of the port at hand */
static struct sockaddr_in loopback(unsigned number)
{
	struct sockaddr_in a = *(struct sockaddr_in *)&address;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number - 1);
	return a;
}

/* ADDRESS: the second of a list */
static int sctp_connect_list(char **a)
{
	int fd = socket_for(a[0], SOCK_STREAM, IPPROTO_SCTP);
	struct sockaddr_in list[2] = {loopback(6), *(struct sockaddr_in *)&address};

	return fd < 0 ? fd : setsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX, list, sizeof(list));
}

/* NUMBER of addresses */
static int sctp_connect_many(char **a)
{
	int fd = socket_for("127.0.0.1:80", SOCK_STREAM, IPPROTO_SCTP);
	struct sockaddr_in list[16];
	unsigned number = (unsigned)atoi(a[0]);

	for (unsigned i = 0; i < number; i++)
		list[i] = loopback(10 + i);
	return fd < 0 ? fd
		      : setsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX, list,
				   (socklen_t)(number * sizeof(list[0])));
}

/* A byte to the address, with what else the kernel is told, `size` bytes of it at most that of struct
 * in_pktinfo. */
static int send_told(int fd, int level, int type, const void *data, size_t size)
{
	union {
		char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec text = {.iov_base = "x", .iov_len = 1};
	struct msghdr m = {.msg_name = &address,
			   .msg_namelen = length,
			   .msg_iov = &text,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = CMSG_SPACE(size)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), data, size);
	return fd < 0 ? fd : sendmsg(fd, &m, 0) < 0 ? -1 : 0;
}

/* WHAT: "more", another address in a control message */
static int sctp_send_more(char **a)
{
	int fd = socket_for("127.0.0.4:80", SOCK_SEQPACKET, IPPROTO_SCTP);
	struct sockaddr_in other = loopback(2);

	if (!strcmp(a[0], "more"))
		return send_told(fd, IPPROTO_SCTP, SCTP_DSTADDRV4, &other.sin_addr, sizeof(other.sin_addr));
	return fd < 0 ? fd : sendto(fd, "x", 1, 0, (struct sockaddr *)&address, length) < 0 ? -1 : 0;
}

static int sctp_bind_list(char **a)
{
	int fd = socket_for(a[0], SOCK_STREAM, IPPROTO_SCTP);

	return fd < 0 ? fd : setsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD, &address, length);
}

/* the connection is opened by a message, from one socket to many */
static int sctp_send(char **a)
{
	int fd = socket_for(a[0], SOCK_SEQPACKET, IPPROTO_SCTP);

	return fd < 0 ? fd : (int)sendto(fd, "x", 1, 0, (struct sockaddr *)&address, length);
}

/* ADDRESS of a connection that is there: the one to be used first */
static int associated = -1;

static int sctp_associate(char **a)
{
	int listener = socket_for(a[0], SOCK_STREAM, IPPROTO_SCTP);

	associated = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
	if (listener < 0 || associated < 0 || bind(listener, (struct sockaddr *)&address, length) ||
	    listen(listener, 1))
		return -1;
	return connect(associated, (struct sockaddr *)&address, length);
}

static int sctp_primary(char **a)
{
	struct sctp_prim first = {0};

	(void)a;
	memcpy(&first.ssp_addr, &address, length);
	return setsockopt(associated, IPPROTO_SCTP, SCTP_PRIMARY_ADDR, &first, sizeof(first));
}

/* ADDRESS, from 127.0.0.2 */
static int send_from(char **a)
{
	struct in_pktinfo from = {.ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + 1)};

	return send_told(socket_for(a[0], SOCK_DGRAM, 0), IPPROTO_IP, IP_PKTINFO, &from, sizeof(from));
}

/* ADDRESS, by the loopback device */
static int connect_device(char **a)
{
	int fd = socket_for(a[0], SOCK_DGRAM, 0);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3))
		return before("device");
	return fd < 0 ? fd : connect(fd, (struct sockaddr *)&address, length);
}

/* ADDRESS, from a socket that is bound to one that it cannot send from */
static int connect_multicast(char **a)
{
	struct sockaddr_in group = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xef010101)};
	int fd = socket_for(a[0], SOCK_DGRAM, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&group, sizeof(group)))
		return before("bind");
	return fd < 0 ? fd : connect(fd, (struct sockaddr *)&address, length);
}

/* PATH NEW: the socket at a path gets another */
static int socket_at(char **a)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(name.sun_path, a[0], sizeof(name.sun_path) - 1);
	return fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) ? -1 : listen(fd, 1);
}

static int socket_rename(char **a)
{
	return rename(a[0], a[1]);
}

/* MODULE of a family, or "unix", of one that is there: a socket of the family */
static int forget_module(char **a)
{
	return !strcmp(a[0], "unix") || !syscall(SYS_delete_module, a[0], O_NONBLOCK) || errno == ENOENT ? 0
													 : -1;
}

static int module_request(char **a)
{
	int fd = socket(strcmp(a[0], "unix") ? AF_ALG : AF_UNIX, SOCK_SEQPACKET, 0);

	return fd < 0 ? -1 : close(fd);
}

const struct operation network_operations[] = {
	{"mptcp-fast-open", 1, mptcp_fast_open, NULL},
	{"sctp-connect", 1, sctp_connect, NULL},
	{"sctp-connect-list", 1, sctp_connect_list, NULL},
	{"sctp-connect-many", 1, sctp_connect_many, NULL},
	{"sctp-send-more", 1, sctp_send_more, NULL},
	{"sctp-bind-list", 1, sctp_bind_list, NULL},
	{"sctp-send", 1, sctp_send, NULL},
	{"sctp-primary", 1, sctp_primary, sctp_associate},
	{"send-from", 1, send_from, NULL},
	{"connect-multicast", 1, connect_multicast, NULL},
	{"connect-device", 1, connect_device, NULL},
	{"socket-rename", 2, socket_rename, socket_at},
	{"module-request", 1, module_request, forget_module},
	{0},
};
