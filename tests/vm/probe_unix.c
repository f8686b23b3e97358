/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe_unix OPERATION NAME...: one operation on a unix socket.
 *
 * Guarantees: prints 0 when the operation succeeds, the name of its error when it fails, and
 * "STEP: ERROR" when what was to happen before it failed.
 *
 * How: a table of operations. A name is a path, or "@" and an abstract name in which each further "@"
 * stands for a NUL byte. "serve" is for the other side: it serves all its names until it is killed.
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What fails from now on is not the operation asked about; NULL: it is. */
static const char *step;

static socklen_t address(const char *name, struct sockaddr_un *a)
{
	size_t n = strlen(name);

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (n > sizeof(a->sun_path))
		n = sizeof(a->sun_path);
	memcpy(a->sun_path, name, n);
	if (name[0] != '@')
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	for (size_t i = 0; i < n; i++)
		if (a->sun_path[i] == '@')
			a->sun_path[i] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static int open_socket(int type)
{
	int fd;

	step = "socket";
	fd = socket(AF_UNIX, type, 0);
	step = NULL;
	return fd;
}

static int bind_to(int fd, const char *name)
{
	struct sockaddr_un a;
	socklen_t length = address(name, &a);

	return bind(fd, (struct sockaddr *)&a, length);
}

static int connect_to(int fd, const char *name)
{
	struct sockaddr_un a;
	socklen_t length = address(name, &a);

	return connect(fd, (struct sockaddr *)&a, length);
}

static int op_connect(char **a)
{
	return connect_to(open_socket(SOCK_STREAM), a[0]);
}

static int op_connect_dgram(char **a)
{
	return connect_to(open_socket(SOCK_DGRAM), a[0]);
}

static int op_connect_seqpacket(char **a)
{
	return connect_to(open_socket(SOCK_SEQPACKET), a[0]);
}

static int op_send(char **a)
{
	struct sockaddr_un to;
	socklen_t length = address(a[0], &to);

	return (int)sendto(open_socket(SOCK_DGRAM), "x", 1, 0, (struct sockaddr *)&to, length);
}

/* connected to the first, a message to the second */
static int op_send_elsewhere(char **a)
{
	struct sockaddr_un to;
	socklen_t length = address(a[1], &to);
	int fd = open_socket(SOCK_DGRAM);

	step = "connect";
	if (connect_to(fd, a[0]))
		return -1;
	step = NULL;
	return (int)sendto(fd, "x", 1, 0, (struct sockaddr *)&to, length);
}

/* two messages in one call: to the first, to the second; both must go */
static int op_sendmmsg(char **a)
{
	struct mmsghdr m[2] = {0};
	struct iovec text = {.iov_base = "x", .iov_len = 1};
	struct sockaddr_un to[2];
	int fd = open_socket(SOCK_DGRAM), n;

	for (int i = 0; i < 2; i++) {
		m[i].msg_hdr.msg_namelen = address(a[i], &to[i]);
		m[i].msg_hdr.msg_name = &to[i];
		m[i].msg_hdr.msg_iov = &text;
		m[i].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(fd, m, 2, 0);
	if (n == 1) /* nobody says why the second did not go */
		errno = EACCES;
	return n == 2 ? 0 : -1;
}

static int op_bind(char **a)
{
	return bind_to(open_socket(SOCK_STREAM), a[0]);
}

static int op_bind_dgram(char **a)
{
	return bind_to(open_socket(SOCK_DGRAM), a[0]);
}

/* the kernel chooses an abstract name */
static int op_autobind(char **a)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	(void)a;
	return bind(open_socket(SOCK_STREAM), (struct sockaddr *)&at, sizeof(at.sun_family));
}

/* the same by the way: the sender of a datagram that passes credentials gets a name */
static int op_autobind_passcred(char **a)
{
	struct sockaddr_un to;
	socklen_t length = address(a[0], &to);
	int fd = open_socket(SOCK_DGRAM), one = 1;

	step = "SO_PASSCRED";
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)))
		return -1;
	step = NULL;
	return (int)sendto(fd, "x", 1, 0, (struct sockaddr *)&to, length);
}

static int listen_at(const char *name, int type)
{
	int fd = open_socket(type);

	step = "bind";
	if (bind_to(fd, name))
		return -1;
	step = NULL;
	return listen(fd, 5) ? -1 : fd;
}

static int op_listen(char **a)
{
	return listen_at(a[0], SOCK_STREAM);
}

/* a connection of our own; a connect completes without the accept */
static int op_accept(char **a)
{
	int fd = listen_at(a[0], SOCK_STREAM);

	if (fd < 0) {
		step = step ? step : "listen";
		return -1;
	}
	step = "client";
	if (connect_to(socket(AF_UNIX, SOCK_STREAM, 0), a[0]))
		return -1;
	step = NULL;
	return accept(fd, NULL, NULL);
}

/* FOLDER OPERATION NAME */
static int op_in(char **a);

static int op_socketpair(char **a)
{
	char byte;
	int fds[2];

	(void)a;
	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		if (socketpair(AF_UNIX, type, 0, fds) || write(fds[0], "x", 1) != 1 ||
		    read(fds[1], &byte, 1) != 1 || send(fds[1], "x", 1, 0) != 1)
			return -1;
	}
	return 0;
}

static int op_listen_unnamed(char **a)
{
	(void)a;
	return listen(open_socket(SOCK_STREAM), 5);
}

/* NAME...: until killed; a line is printed when all are there */
static int op_serve(char **a)
{
	struct pollfd fds[64];
	char buf[16];
	int n = 0;

	for (; *a && n < 64; a++, n++) {
		int dgram = strstr(*a, "dgram") != NULL, seqpacket = strstr(*a, "seqpacket") != NULL;

		fds[n].fd = socket(AF_UNIX, dgram ? SOCK_DGRAM : seqpacket ? SOCK_SEQPACKET : SOCK_STREAM, 0);
		fds[n].events = POLLIN;
		step = *a;
		if (bind_to(fds[n].fd, *a) || (!dgram && listen(fds[n].fd, 5)))
			return -1;
	}
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		poll(fds, (nfds_t)n, -1);
		for (int i = 0; i < n; i++) {
			if (!(fds[i].revents & POLLIN))
				continue;
			if (recv(fds[i].fd, buf, sizeof(buf), MSG_DONTWAIT) < 0)
				close(accept(fds[i].fd, NULL, NULL));
		}
	}
}

static const struct operation {
	const char *name;
	int arguments;
	int (*run)(char **a);
} operations[] = {
	{"connect", 1, op_connect},
	{"connect-dgram", 1, op_connect_dgram},
	{"connect-seqpacket", 1, op_connect_seqpacket},
	{"send", 1, op_send},
	{"send-elsewhere", 2, op_send_elsewhere},
	{"sendmmsg", 2, op_sendmmsg},
	{"bind", 1, op_bind},
	{"bind-dgram", 1, op_bind_dgram},
	{"autobind", 0, op_autobind},
	{"autobind-passcred", 1, op_autobind_passcred},
	{"listen", 1, op_listen},
	{"listen-unnamed", 0, op_listen_unnamed},
	{"accept", 1, op_accept},
	{"socketpair", 0, op_socketpair},
	{"in", 3, op_in},
	{"serve", 1, op_serve},
};

static const struct operation *find(char **a)
{
	int n = 0;

	while (a[0] && a[n + 1])
		n++;
	for (size_t i = 0; a[0] && i < COUNT(operations); i++)
		if (!strcmp(a[0], operations[i].name) && n >= operations[i].arguments)
			return &operations[i];
	return NULL;
}

static int op_in(char **a)
{
	const struct operation *o = find(a + 1);

	step = "in";
	if (chdir(a[0]) || !o)
		return -1;
	step = NULL;
	return o->run(a + 2);
}

int main(int argc, char **argv)
{
	const struct operation *o = argc > 1 ? find(argv + 1) : NULL;

	if (!o) {
		fprintf(stderr, "probe_unix: not an operation, or arguments are missing\n");
		return 125;
	}
	if (o->run(argv + 2) >= 0)
		printf("0\n");
	else
		printf("%s%s%s\n", step ? step : "", step ? ": " : "", strerrorname_np(errno));
	return 0;
}
