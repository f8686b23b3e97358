/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One process that does what each line of standard input says, and answers each with one line: 0, or the
 * name of the error.
 *
 *   read PATH, write PATH, list PATH   open it so; relative to where the program was started
 *   euid N                             take another effective user id
 *   connect PORT, bind PORT            a datagram socket of its own, and 127.0.0.1
 *   connect6 PORT                      the same, and ::1
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int do_read(const char *path)
{
	return opens(path, O_RDONLY);
}

static int do_write(const char *path)
{
	return opens(path, O_WRONLY);
}

static int do_list(const char *path)
{
	return opens(path, O_RDONLY | O_DIRECTORY);
}

static int do_euid(const char *id)
{
	return seteuid((uid_t)atoi(id)) ? errno : 0;
}

static int socket_call(int (*call)(int, const struct sockaddr *, socklen_t), int family, const char *port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return errno;
	v4.sin_port = v6.sin6_port = htons((uint16_t)atoi(port));
	if (family == AF_INET)
		err = call(fd, (const struct sockaddr *)&v4, sizeof(v4)) ? errno : 0;
	else
		err = call(fd, (const struct sockaddr *)&v6, sizeof(v6)) ? errno : 0;
	close(fd);
	return err;
}

static int do_connect(const char *port)
{
	return socket_call(connect, AF_INET, port);
}

static int do_connect6(const char *port)
{
	return socket_call(connect, AF_INET6, port);
}

static int do_bind(const char *port)
{
	return socket_call(bind, AF_INET, port);
}

static const struct {
	const char *name;
	int (*run)(const char *argument);
} operations[] = {
	{"read", do_read},	 {"write", do_write},	    {"list", do_list}, {"euid", do_euid},
	{"connect", do_connect}, {"connect6", do_connect6}, {"bind", do_bind},
};

int main(void)
{
	char line[4096], *argument;

	while (fgets(line, sizeof(line), stdin)) {
		int err = EINVAL;

		line[strcspn(line, "\n")] = '\0';
		argument = strchr(line, ' ');
		if (!argument)
			break;
		*argument++ = '\0';
		for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
			if (!strcmp(line, operations[i].name))
				err = operations[i].run(argument);
		puts(err ? strerrorname_np(err) : "0");
		fflush(stdout);
	}
	return 0;
}
