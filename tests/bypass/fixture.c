/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The files that operations act on.
 *
 * Guarantees: before each operation the folders hold the same, whatever
 * the one before left there, so that a row and its neighbour differ in the folder only.
 */
#include "bypass.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const folders[] = {"deny", "keep",  "unread", "stay", "shut",
				      "odd",  "allow", "holder", "plain"};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

int write_file(const char *path, const char *content, int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	ssize_t n = (ssize_t)strlen(content);

	if (fd < 0)
		return -1;
	n -= write(fd, content, (size_t)n);
	return close(fd) || n ? -1 : 0;
}

int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	char buf[65536];
	ssize_t n;

	unlink(to);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (in < 0 || out < 0)
		return -1;
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			return -1;
	close(in);
	return close(out) || n ? -1 : 0;
}

static int fill(const char *folder)
{
	char path[512];

	if (snprintf(path, sizeof(path), "%s/%s", fixture_root, folder) < 0 ||
	    (mkdir(path, 0755) && errno != EEXIST) || nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		return -1;
	snprintf(path, sizeof(path), "%s/%s/file", fixture_root, folder);
	if (write_file(path, "content\n", 0644))
		return -1;
	snprintf(path, sizeof(path), "%s/%s/other", fixture_root, folder);
	if (write_file(path, "content\n", 0644))
		return -1;
	snprintf(path, sizeof(path), "%s/%s/folder", fixture_root, folder);
	if (mkdir(path, 0755))
		return -1;
	snprintf(path, sizeof(path), "%s/%s/link", fixture_root, folder);
	return symlink("file", path);
}

int fixture(void)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (fill(folders[i]))
			return -1;
	return 0;
}

int send_descriptor(int to, int fd)
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

/* EACCES where the kernel kept it back. */
int receive_descriptor(int from)
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

int parse_address(const char *text, struct sockaddr_storage *address, socklen_t *length)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	const char *colon = strrchr(text, ':');
	char host[64] = "";

	memset(address, 0, sizeof(*address));
	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return -1;
	memcpy(host, text, (size_t)(colon - text));
	v4->sin_family = AF_INET;
	v4->sin_port = htons((unsigned short)atoi(colon + 1));
	*length = sizeof(*v4);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? 0 : -1;
}
