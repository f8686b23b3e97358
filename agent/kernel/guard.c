/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Telling the kernel side what is the agent's (struct pv_agent), see bpf/include/agent.bpf.h.
 *
 * The folder of the pins and its mount are told and the lock is set only when the pins have their name, so
 * that what was begun and failed can be taken down. What was adopted is told anew, since this process sees it
 * by mounts of its own, and what an `unload` that died left unlocked is locked again. Each word is written by
 * itself: until all are there something is not yet guarded, which it was not a moment before either.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kernel/kernel.h"
#include "util/util.h"

#define KERNEL_MINORS 20 /* as s_dev has them */

int kernel_own_map(struct kernel *k, int fd)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	for (unsigned i = 0; i < PV_AGENT_MAPS; i++) {
		uint32_t *id = &k->state->agent.maps[i];

		if (*id && *id != info.id)
			continue;
		__atomic_store_n(id, info.id, __ATOMIC_RELEASE);
		return 0;
	}
	return -ENOSPC;
}

/* One mount of the list: its number, that of the mount it is on, and the peer group that it shares with. */
struct place {
	uint32_t id, on, group;
	bool pins;
};

/* A line as /proc/self/mountinfo has it. */
static bool read_place(const char *line, const char *bpffs, struct place *p)
{
	const char *end = strstr(line, " - "), *shared = strstr(line, " shared:");
	size_t length = strlen(bpffs);
	int at = 0;

	*p = (struct place){0};
	if (sscanf(line, "%u %u %*s %*s %n", &p->id, &p->on, &at) < 2 || !at || !end)
		return false;
	p->pins = !strncmp(line + at, bpffs, length) && line[(size_t)at + length] == ' ';
	if (shared && shared < end)
		p->group = (uint32_t)strtoul(shared + strlen(" shared:"), NULL, 10);
	return true;
}

/* The mount that shows the pins, which is the last one there, and what it is on. */
static int find_places(const struct machine_paths *paths, struct place *pins, struct place *on)
{
	CLEANUP_FILE FILE *list = fopen(paths->mounts, "re");
	CLEANUP_FREE char *line = NULL;
	struct place place;
	size_t size = 0;

	*pins = *on = (struct place){0};
	if (!list)
		return -errno;
	while (getline(&line, &size, list) > 0)
		if (read_place(line, paths->bpffs, &place) && place.pins)
			*pins = place;
	rewind(list);
	while (getline(&line, &size, list) > 0)
		if (read_place(line, paths->bpffs, &place) && place.id == pins->on)
			*on = place;
	return pins->id ? 0 : -ENOENT;
}

int kernel_guard(struct kernel *k, struct refusal *r)
{
	CLEANUP_FREE char *folder = kernel_pin(k, "");
	struct pv_agent *own = &k->state->agent;
	struct place pins, on;
	struct stat st;
	int err = folder ? 0 : -ENOMEM;

	if (!err && stat(folder, &st))
		err = -errno;
	err = err ? err : find_places(k->paths, &pins, &on);
	if (err)
		return refuse(r, -err, PAVISE_ATTACH_FAILED, "the pins in %s cannot be guarded (%s)",
			      k->paths->bpffs, strerror(-err));
	own->pins_dev = major(st.st_dev) << KERNEL_MINORS | minor(st.st_dev);
	own->pins_ino = st.st_ino;
	own->mount = pins.id;
	own->group = on.group;
	own->pid = (uint32_t)getpid();
	__atomic_store_n(&k->state->locked, 1, __ATOMIC_RELEASE);
	return 0;
}

void kernel_unlock(const char *pin)
{
	CLEANUP_CLOSE int fd = bpf_obj_get(pin);
	struct pv_state *state;

	if (fd < 0)
		return;
	state = mmap(NULL, KERNEL_STATE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
		return;
	__atomic_store_n(&state->locked, 0, __ATOMIC_RELEASE);
	munmap(state, KERNEL_STATE_SIZE);
}
