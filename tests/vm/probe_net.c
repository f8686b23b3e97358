/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe_net OPERATION ARGUMENT...: one operation on a socket.
 *
 * Guarantees: prints 0 when the operation succeeds, the name of its error when it fails, and
 * "STEP: ERROR" when what was to happen before it failed.
 *
 * How: a table of operations. An address is ADDRESS:PORT, cut at the last colon, of IPv6 where
 * ADDRESS has a colon. Nothing is listening unless the operation says so, so that a TCP connection
 * that was permitted is refused by the peer: ECONNREFUSED.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t length;
};

/* What fails from now on is not the operation asked about; NULL: it is. */
static const char *step;

static int parse(const char *text, struct address *a)
{
	const char *colon = strrchr(text, ':');
	char host[64];

	memset(a, 0, sizeof(*a));
	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return -1;
	memcpy(host, text, colon - text);
	host[colon - text] = '\0';
	if (strchr(host, ':')) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons((unsigned short)atoi(colon + 1));
		a->length = sizeof(a->v6);
		return inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1 ? 0 : -1;
	}
	a->v4.sin_family = AF_INET;
	a->v4.sin_port = htons((unsigned short)atoi(colon + 1));
	a->length = sizeof(a->v4);
	return inet_pton(AF_INET, host, &a->v4.sin_addr) == 1 ? 0 : -1;
}

/* A socket of the address's family; the address. */
static int open_socket(const char *text, struct address *a, int type, int protocol)
{
	int one = 1, fd;

	step = "address";
	if (parse(text, a)) {
		errno = EINVAL;
		return -1;
	}
	step = "socket";
	fd = socket(a->any.sa_family, type, protocol);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	step = NULL;
	return fd;
}

/* FAMILY TYPE PROTOCOL, numbers */
static int op_socket(char **a)
{
	return socket(atoi(a[0]), atoi(a[1]), atoi(a[2]));
}

static int op_connect(char **a)
{
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_STREAM, 0);

	return fd < 0 ? fd : connect(fd, &to.any, to.length);
}

static int op_connect_mptcp(char **a)
{
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_STREAM, IPPROTO_MPTCP);

	return fd < 0 ? fd : connect(fd, &to.any, to.length);
}

static int op_connect_udp(char **a)
{
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_DGRAM, 0);

	return fd < 0 ? fd : connect(fd, &to.any, to.length);
}

/* connect, then dissolve the association */
static int op_disconnect(char **a)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_DGRAM, 0);

	if (fd < 0)
		return fd;
	step = "connect";
	if (connect(fd, &to.any, to.length))
		return -1;
	step = NULL;
	return connect(fd, &none, sizeof(none));
}

static int op_send(char **a)
{
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_DGRAM, 0);

	return fd < 0 ? fd : (int)sendto(fd, "x", 1, 0, &to.any, to.length);
}

static int op_sendmsg(char **a)
{
	struct iovec data = {"x", 1};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_DGRAM, 0);

	message.msg_name = &to.any;
	message.msg_namelen = to.length;
	return fd < 0 ? fd : (int)sendmsg(fd, &message, 0);
}

static int op_sendmmsg(char **a)
{
	struct iovec data = {"x", 1};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &data, .msg_iovlen = 1}};
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_DGRAM, 0);

	message.msg_hdr.msg_name = &to.any;
	message.msg_hdr.msg_namelen = to.length;
	return fd < 0 ? fd : sendmmsg(fd, &message, 1, 0);
}

/* an IPv4 address given to an IPv6 socket */
static int op_send_mixed(char **a)
{
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_DGRAM, 0);

	if (fd < 0)
		return fd;
	step = "socket";
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0)
		return fd;
	step = NULL;
	return (int)sendto(fd, "x", 1, 0, &to.any, to.length);
}

/* an address whose family says nothing */
static int op_send_unspec(char **a)
{
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_DGRAM, 0);

	to.any.sa_family = AF_UNSPEC;
	return fd < 0 ? fd : (int)sendto(fd, "x", 1, 0, &to.any, to.length);
}

/* the same, where a connected socket makes the kernel send it */
static int op_send_unspec_connected(char **a)
{
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_DGRAM, 0);

	if (fd < 0)
		return fd;
	step = "connect";
	if (connect(fd, &to.any, to.length))
		return -1;
	step = NULL;
	to.any.sa_family = AF_UNSPEC;
	return (int)sendto(fd, "x", 1, 0, &to.any, to.length);
}

/* the connection is opened by a message */
static int op_fastopen(char **a)
{
	struct address to;
	int fd = open_socket(a[0], &to, SOCK_STREAM, 0);

	return fd < 0 ? fd : (int)sendto(fd, "x", 1, MSG_FASTOPEN, &to.any, to.length);
}

static int bind_to(const char *text, struct address *at, int type)
{
	int fd = open_socket(text, at, type, 0);

	if (fd < 0)
		return fd;
	return bind(fd, &at->any, at->length) ? -1 : fd;
}

static int op_bind(char **a)
{
	struct address at;

	return bind_to(a[0], &at, SOCK_STREAM);
}

static int op_bind_udp(char **a)
{
	struct address at;

	return bind_to(a[0], &at, SOCK_DGRAM);
}

static int op_bind_unspec(char **a)
{
	struct address at;
	int fd = open_socket(a[0], &at, SOCK_STREAM, 0);

	at.any.sa_family = AF_UNSPEC;
	return fd < 0 ? fd : bind(fd, &at.any, at.length);
}

/* A socket that listens at the address, -1 with the step that failed. */
static int listen_at(const char *text, struct address *at)
{
	int fd = bind_to(text, at, SOCK_STREAM);

	if (fd < 0) {
		step = step ? step : "bind";
		return fd;
	}
	return listen(fd, 1) ? -1 : fd;
}

static int op_listen(char **a)
{
	struct address at;

	return listen_at(a[0], &at);
}

/* without an address: the kernel chooses a port. FAMILY */
static int op_listen_unbound(char **a)
{
	int fd;

	step = "socket";
	fd = socket(atoi(a[0]), SOCK_STREAM, 0);
	if (fd < 0)
		return fd;
	step = NULL;
	return listen(fd, 1);
}

/* a connection of our own; a connect completes without the accept */
static int op_accept(char **a)
{
	struct address at;
	int fd = listen_at(a[0], &at), client;

	if (fd < 0) {
		step = step ? step : "listen";
		return fd;
	}
	step = "client";
	client = socket(at.any.sa_family, SOCK_STREAM, 0);
	if (client < 0 || connect(client, &at.any, at.length))
		return -1;
	step = NULL;
	return accept(fd, NULL, NULL);
}

static const struct operation {
	const char *name;
	int arguments;
	int (*run)(char **a);
} operations[] = {
	{"socket", 3, op_socket},
	{"connect", 1, op_connect},
	{"connect-mptcp", 1, op_connect_mptcp},
	{"connect-udp", 1, op_connect_udp},
	{"disconnect", 1, op_disconnect},
	{"send", 1, op_send},
	{"sendmsg", 1, op_sendmsg},
	{"sendmmsg", 1, op_sendmmsg},
	{"send-mixed", 1, op_send_mixed},
	{"send-unspec", 1, op_send_unspec},
	{"send-unspec-connected", 1, op_send_unspec_connected},
	{"fastopen", 1, op_fastopen},
	{"bind", 1, op_bind},
	{"bind-udp", 1, op_bind_udp},
	{"bind-unspec", 1, op_bind_unspec},
	{"listen", 1, op_listen},
	{"listen-unbound", 1, op_listen_unbound},
	{"accept", 1, op_accept},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < COUNT(operations); i++) {
		const struct operation *o = &operations[i];

		if (strcmp(argv[1], o->name) || argc - 2 < o->arguments)
			continue;
		if (o->run(argv + 2) >= 0)
			printf("0\n");
		else
			printf("%s%s%s\n", step ? step : "", step ? ": " : "", strerrorname_np(errno));
		return 0;
	}
	fprintf(stderr, "probe_net: not an operation, or arguments are missing\n");
	return 125;
}
