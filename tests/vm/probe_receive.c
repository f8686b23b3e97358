/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Descriptors that come from another process.
 *
 *   probe_receive serve SOCKET       gives away what it is asked for, until it is killed
 *   probe_receive get SOCKET MODE PATH
 *                                    asks for PATH opened with MODE (read, write, list, path), and prints
 *                                    0 if it came, EACCES if the kernel kept it back
 *   probe_receive pair               0 if one end of a pair came by the other
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TEXT 4096

static int fail(const char *what)
{
	printf("%s: %s\n", what, strerrorname_np(errno));
	return 1;
}

static int listening(const char *path, int (*join)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || join(fd, (struct sockaddr *)&address, sizeof(address)))
		return -1;
	return fd;
}

static int send_fd(int to, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec text = {.iov_base = "x", .iov_len = 1};
	struct msghdr m = {.msg_iov = &text,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(to, &m, 0) < 0 ? -1 : 0;
}

/* A descriptor; -1, and errno EACCES where it was kept back. */
static int receive_fd(int from)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec text = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &text, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	struct cmsghdr *c;
	int fd;

	if (recvmsg(from, &m, 0) < 0)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_len != CMSG_LEN(sizeof(int))) {
		errno = m.msg_flags & MSG_CTRUNC ? EACCES : EBADMSG;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static int flags_of(const char *mode)
{
	return !strcmp(mode, "write")  ? O_WRONLY
	       : !strcmp(mode, "list") ? O_RDONLY | O_DIRECTORY
	       : !strcmp(mode, "path") ? O_PATH
				       : O_RDONLY;
}

static int serve(const char *path)
{
	int fd = listening(path, bind);

	if (fd < 0 || listen(fd, 8))
		return fail("serve");
	for (;;) {
		int client = accept(fd, NULL, NULL), file;
		char asked[TEXT] = "", *name;

		if (client < 0)
			return fail("accept");
		if (read(client, asked, sizeof(asked) - 1) > 0 && (name = strchr(asked, ' '))) {
			*name++ = 0;
			file = open(name, flags_of(asked) | O_CLOEXEC);
			if (file >= 0 && send_fd(client, file))
				fail("send");
			close(file);
		}
		close(client);
	}
}

static int get(const char *path, const char *mode, const char *name)
{
	int fd = listening(path, connect);
	char asked[TEXT];

	snprintf(asked, sizeof(asked), "%s %s", mode, name);
	if (fd < 0 || write(fd, asked, strlen(asked)) < 0)
		return fail("ask");
	puts(receive_fd(fd) < 0 ? strerrorname_np(errno) : "0");
	return 0;
}

static int pair(void)
{
	int ends[2], other[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) || pipe(other) || send_fd(ends[0], other[0]))
		return fail("pair");
	puts(receive_fd(ends[1]) < 0 ? strerrorname_np(errno) : "0");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "get"))
		return get(argv[2], argv[3], argv[4]);
	if (argc == 2 && !strcmp(argv[1], "pair"))
		return pair();
	fprintf(stderr, "usage: probe_receive serve SOCKET | get SOCKET MODE PATH | pair\n");
	return 2;
}
