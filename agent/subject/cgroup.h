/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cgroups of the v2 hierarchy by path and by id.
 *
 * Paths are as policies write them: "/" or "/a/b" from the hierarchy's root. An id is what the
 * kernel calls the cgroup for its whole life; ids are not used again, so what the bounded cache says
 * of one stays true as history after the cgroup is gone.
 */
#ifndef PAVISE_CGROUP_H
#define PAVISE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CGROUP_CACHE	1024
#define CGROUP_PATH_MAX 4096

struct cgroup_name {
	uint64_t id;
	char *path;
};

struct cgroups {
	char *mount;
	int fd; /* of the mount, -1: closed */
	struct cgroup_name cache[CGROUP_CACHE];
};

int cgroups_open(struct cgroups *c, const char *mount);
void cgroups_close(struct cgroups *c);

/* The path of an id, NULL when no such cgroup is left. Valid until the next call. */
const char *cgroup_path(struct cgroups *c, uint64_t id);

/* The id of a path. 0 or -errno. */
int cgroup_id(const struct cgroups *c, const char *path, uint64_t *id);

/* Make a cgroup and what is missing above it. -EEXIST when it is there. */
int cgroup_create(const struct cgroups *c, const char *path);

/* Remove a cgroup and the empty ones below it; -EBUSY while there are processes. Gone already: 0. */
int cgroup_remove(const struct cgroups *c, const char *path);

/* A descriptor for clone3(CLONE_INTO_CGROUP), or of a file in the cgroup. -errno on failure. */
int cgroup_open(const struct cgroups *c, const char *path, const char *file, int flags);

/* Does `events`, a descriptor of cgroup.events, say that there are processes? 1, 0 or -errno. */
int cgroup_populated(int events);

#define CGROUP_DEPTH 64

/*
 * Visit the cgroup `from` and those below it, `depth` levels deep, parents first; `fd` is the
 * directory of the one visited. Deeper ones are left out. -E2BIG when there are more than can be
 * visited. `visit` ends it early with a value other than 0, which is returned.
 */
int cgroups_walk(const struct cgroups *c, const char *from, unsigned depth,
		 int (*visit)(void *context, const char *path, int fd), void *context);

/* Processes in the cgroup whose directory is `fd` (none are listed in a threaded one), or -errno. */
long cgroup_processes(int fd);

#endif
