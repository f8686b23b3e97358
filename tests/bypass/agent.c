/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The agent: its programs and maps in the kernel, its pins and its control socket.
 *
 * What could not be undone is done to a pin of the same kind that is made for it, or is what nobody may do,
 * and fails without a policy, too.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static char pin[512];
static unsigned map_id;

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
	/* of this run: those of others may be there, and stay */
	snprintf(pin, sizeof(pin), "%s/bypass-%d", a[0], getpid());
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

/* NAME: the map of that name, made where there is none */
static int find_map(char **a)
{
	union bpf_attr attr = {0}, query;
	struct bpf_map_info info;
	int fd;

	while (!bpf(BPF_MAP_GET_NEXT_ID, &attr)) {
		query = (union bpf_attr){.map_id = attr.next_id};
		attr.start_id = attr.next_id;
		fd = (int)bpf(BPF_MAP_GET_FD_BY_ID, &query);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		query = (union bpf_attr){.info = {.bpf_fd = (unsigned)fd,
						  .info_len = sizeof(info),
						  .info = (unsigned long)&info}};
		if (!bpf(BPF_OBJ_GET_INFO_BY_FD, &query) && !strcmp(info.name, a[0]))
			map_id = info.id;
		close(fd);
	}
	if (map_id)
		return 0;
	attr = (union bpf_attr){
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
	snprintf(attr.map_name, sizeof(attr.map_name), "%s", a[0]);
	return bpf(BPF_MAP_CREATE, &attr) < 0 ? -1 : find_map(a);
}

static int get_map_of(char **a)
{
	union bpf_attr attr = {.map_id = map_id};

	(void)a;
	return (int)bpf(BPF_MAP_GET_FD_BY_ID, &attr);
}

/* FOLDER: renamed; made, where it is not the agent's */
static int folder_prepare(char **a)
{
	return mkdir(a[0], 0700) && errno != EEXIST ? -1 : 0;
}

static int rename_folder(char **a)
{
	char other[640];

	snprintf(other, sizeof(other), "%s-2", a[0]);
	return rename(a[0], other) || rmdir(other) ? -1 : 0;
}

static int rename_and_back(char **a)
{
	char other[640];

	snprintf(other, sizeof(other), "%s-2", a[0]);
	return rename(a[0], other) || rename(other, a[0]) ? -1 : 0;
}

/* FOLDER OTHER */
static int exchange_and_back(char **a)
{
	for (int i = 0; i < 2; i++)
		if (syscall(SYS_renameat2, AT_FDCWD, a[0], AT_FDCWD, a[1], RENAME_EXCHANGE))
			return -1;
	return 0;
}

/* FOLDER: on one layer of an overlay it is written to by another name */
static int layer_prepare(char **a)
{
	snprintf(pin, sizeof(pin), "%s-work", a[0]);
	mkdir(pin, 0700);
	return unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -1 : 0;
}

static int layer(char **a)
{
	char place[512], options[2048];

	snprintf(place, sizeof(place), "%s/allow", fixture_root);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", place, a[0], pin);
	if (mount("none", place, "overlay", 0, options))
		return before("mount");
	snprintf(options, sizeof(options), "%s/folder-of-a-run", place);
	return mkdir(options, 0700) || rmdir(options) ? -1 : 0;
}

/* FOLDER: a folder is made in it, and removed */
static int folder_in(char **a)
{
	char name[640];

	snprintf(name, sizeof(name), "%s/bypass", a[0]);
	return mkdir(name, 0700) || rmdir(name) ? -1 : 0;
}

/* PLACE: something is mounted there; it is the run's own where it is not the system's */
static int place_prepare(char **a)
{
	return strncmp(a[0], "/sys",
		       4) && ((mkdir(a[0], 0700) && errno != EEXIST) || mount("none", a[0], "tmpfs", 0, NULL))
		       ? -1
		       : 0;
}

static int unmount(char **a)
{
	return umount2(a[0], MNT_DETACH);
}

/* PLACE: in a mount namespace that was not made private */
static int unmount_shared(char **a)
{
	return unshare(CLONE_NEWNS) ? before("unshare") : umount2(a[0], MNT_DETACH);
}

/* PLACE: a copy, with what is on it, is taken down, and by that the place itself; it goes with the run */
static int bound_prepare(char **a)
{
	snprintf(pin, sizeof(pin), "%s/bound-%d", fixture_root, getpid());
	return place_prepare(a) || unshare(CLONE_NEWNS) || mkdir(pin, 0700) ||
			       mount(a[0], pin, NULL, MS_BIND | MS_REC, NULL)
		       ? -1
		       : 0;
}

static int unmount_bound(char **a)
{
	(void)a;
	return umount2(pin, MNT_DETACH);
}

static int mount_over(char **a)
{
	return mount("none", a[0], "tmpfs", 0, NULL) || umount2(a[0], MNT_DETACH) ? -1 : 0;
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
	if (strcmp(a[0], "/run/pavise/pavise.sock"))
		return 0; /* who serves that is not asked */
	if (write(fd, question, sizeof(question) - 1) < 0 || read(fd, answer, sizeof(answer)) <= 0) {
		errno = EACCES;
		return -1;
	}
	return 0;
}

const struct operation agent_operations[] = {
	{"unpin", 1, unpin, pin_prepare},
	{"rename-pin", 1, rename_pin, pin_prepare},
	{"get-pin", 1, get_pin, pin_prepare},
	{"get-map", 0, get_map, NULL},
	{"control", 1, control, NULL},
	{"get-map-of", 1, get_map_of, find_map},
	{"rename-folder", 1, rename_folder, folder_prepare},
	{"rename-and-back", 1, rename_and_back, NULL},
	{"exchange-and-back", 2, exchange_and_back, NULL},
	{"layer", 1, layer, layer_prepare},
	{"folder-in", 1, folder_in, NULL},
	{"hide", 1, mount_over, NULL},
	{"umount", 1, unmount, place_prepare},
	{"umount-shared", 1, unmount_shared, place_prepare},
	{"umount-bound", 1, unmount_bound, bound_prepare},
	{"mount-over", 1, mount_over, place_prepare},
	{0},
};
