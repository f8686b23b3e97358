/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets: protocols that tests/vm/probe_net.c does not have.
 */
#include "bypass.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define SCTP_BINDX_ADD 100
#define SCTP_CONNECTX  110 /* SCTP_SOCKOPT_CONNECTX */

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

/* a list of addresses */
static int sctp_connect_list(char **a)
{
	int fd = socket_for(a[0], SOCK_STREAM, IPPROTO_SCTP);

	return fd < 0 ? fd : setsockopt(fd, IPPROTO_SCTP, SCTP_CONNECTX, &address, length);
}

static int sctp_bind_list(char **a)
{
	int fd = socket_for(a[0], SOCK_STREAM, IPPROTO_SCTP);

	return fd < 0 ? fd : setsockopt(fd, IPPROTO_SCTP, SCTP_BINDX_ADD, &address, length);
}

/* the connection is opened by a message, from one socket to many */
static int sctp_send(char **a)
{
	int fd = socket_for(a[0], SOCK_SEQPACKET, IPPROTO_SCTP);

	return fd < 0 ? fd : (int)sendto(fd, "x", 1, 0, (struct sockaddr *)&address, length);
}

const struct operation network_operations[] = {
	{"mptcp-fast-open", 1, mptcp_fast_open, NULL},
	{"sctp-connect", 1, sctp_connect, NULL},
	{"sctp-connect-list", 1, sctp_connect_list, NULL},
	{"sctp-bind-list", 1, sctp_bind_list, NULL},
	{"sctp-send", 1, sctp_send, NULL},
	{0},
};
