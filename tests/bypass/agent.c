/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The agent: its programs and maps in the kernel, its pins and its control socket.
 *
 * What could not be undone is done to a pin of the same kind that is made for it.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static char pin[512];

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* FOLDER: a map, pinned there */
static int pin_prepare(char **a)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
	union bpf_attr at = {.pathname = (unsigned long)pin};
	int fd = (int)bpf(BPF_MAP_CREATE, &map);

	mkdir(a[0], 0700);
	snprintf(pin, sizeof(pin), "%s/bypass", a[0]);
	unlink(pin);
	at.bpf_fd = (unsigned)fd;
	return fd < 0 || bpf(BPF_OBJ_PIN, &at) ? -1 : close(fd);
}

static int unpin(char **a)
{
	(void)a;
	return unlink(pin);
}

static int rename_pin(char **a)
{
	char other[640];

	(void)a;
	snprintf(other, sizeof(other), "%s-2", pin);
	return rename(pin, other) || unlink(other) ? -1 : 0;
}

static int get_pin(char **a)
{
	union bpf_attr at = {.pathname = (unsigned long)pin};

	(void)a;
	return (int)bpf(BPF_OBJ_GET, &at);
}

/* the first map that there is */
static int get_map(char **a)
{
	union bpf_attr attr = {0};

	(void)a;
	if (bpf(BPF_MAP_GET_NEXT_ID, &attr))
		return -1;
	attr.map_id = attr.next_id;
	attr.next_id = 0;
	return (int)bpf(BPF_MAP_GET_FD_BY_ID, &attr);
}

/* SOCKET: ask for the agent's status, and get an answer */
static int control(char **a)
{
	static const char question[] = "{\"op\":\"status\"}\n";
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char answer[16];

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", a[0]);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return -1;
	if (write(fd, question, sizeof(question) - 1) < 0 || read(fd, answer, sizeof(answer)) <= 0) {
		errno = EACCES;
		return -1;
	}
	return 0;
}

const struct operation agent_operations[] = {
	{"unpin", 1, unpin, pin_prepare},     {"rename-pin", 1, rename_pin, pin_prepare},
	{"get-pin", 1, get_pin, pin_prepare}, {"get-map", 0, get_map, NULL},
	{"control", 1, control, NULL},	      {0},
};
