/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cgroups, see cgroup.h.
 *
 * An id becomes a path without a walk: it is the file handle of the cgroup's directory, and the
 * kernel gives the path of an open directory. That needs CAP_DAC_READ_SEARCH.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "subject/cgroup.h"
#include "util/util.h"

#define HANDLE_KERNFS 0xfe /* FILEID_KERNFS: the handle is the 64-bit id */
#define WALK_MAX      100000

int cgroups_open(struct cgroups *c, const char *mount)
{
	CLEANUP_FREE char *copy = strdup(mount);
	int fd;

	if (!copy)
		return -ENOMEM;
	fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*c = (struct cgroups){.mount = take_ptr(copy), .fd = fd};
	return 0;
}

void cgroups_close(struct cgroups *c)
{
	if (!c->mount)
		return;
	for (size_t i = 0; i < CGROUP_CACHE; i++)
		free(c->cache[i].path);
	free(c->mount);
	close(c->fd);
	*c = (struct cgroups){.fd = -1};
}

static char *path_of_handle(const struct cgroups *c, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} h = {.handle = {.handle_bytes = sizeof(id), .handle_type = HANDLE_KERNFS}};
	char target[CGROUP_PATH_MAX], link[64];
	size_t prefix = strlen(c->mount);
	CLEANUP_CLOSE int fd = -1;
	ssize_t n;

	memcpy(h.room + sizeof(struct file_handle), &id, sizeof(id));
	fd = open_by_handle_at(c->fd, &h.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0 || n == sizeof(target) - 1)
		return NULL;
	target[n] = '\0';
	if (strncmp(target, c->mount, prefix) || (target[prefix] && target[prefix] != '/'))
		return NULL;
	return strdup(target[prefix] ? target + prefix : "/");
}

const char *cgroup_path(struct cgroups *c, uint64_t id)
{
	struct cgroup_name *entry = &c->cache[id % CGROUP_CACHE];
	char *path;

	if (entry->path && entry->id == id)
		return entry->path;
	path = path_of_handle(c, id);
	if (!path)
		return NULL;
	free(entry->path);
	*entry = (struct cgroup_name){id, path};
	return path;
}

/* openat wants a relative path, and "." for the root. */
static const char *relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

int cgroup_open(const struct cgroups *c, const char *path, const char *file, int flags)
{
	CLEANUP_FREE char *name = strfmt("%s%s%s", relative(path), file ? "/" : "", file ? file : "");
	int fd;

	if (!name)
		return -ENOMEM;
	fd = openat(c->fd, name, flags | O_CLOEXEC | O_NOFOLLOW | (file ? 0 : O_DIRECTORY));
	return fd < 0 ? -errno : fd;
}

int cgroup_id(const struct cgroups *c, const char *path, uint64_t *id)
{
	struct stat st;

	if (fstatat(c->fd, relative(path), &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	*id = st.st_ino;
	return 0;
}

int cgroup_create(const struct cgroups *c, const char *path)
{
	CLEANUP_FREE char *name = strdup(relative(path));
	char *slash;

	if (!name)
		return -ENOMEM;
	for (slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(c->fd, name, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdirat(c->fd, name, 0755) ? -errno : 0;
}

/* Only directories can be removed from a cgroup; its files go with it. */
static int remove_below(int at, const char *name, unsigned depth)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	if (!unlinkat(at, name, AT_REMOVEDIR) || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -errno;
	if (!depth)
		return -ELOOP;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int err = -errno;

		if (fd >= 0)
			close(fd);
		return err;
	}
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			remove_below(dirfd(dir), entry->d_name, depth - 1);
	closedir(dir);
	return !unlinkat(at, name, AT_REMOVEDIR) || errno == ENOENT ? 0 : -errno;
}

int cgroup_remove(const struct cgroups *c, const char *path)
{
	return remove_below(c->fd, relative(path), CGROUP_DEPTH);
}

int cgroup_populated(int events)
{
	char text[256];
	ssize_t n = pread(events, text, sizeof(text) - 1, 0);
	const char *at;

	if (n < 0)
		return -errno;
	text[n] = '\0';
	at = strstr(text, "populated ");
	return at ? at[10] == '1' : -EPROTO;
}

long cgroup_processes(int dir)
{
	CLEANUP_CLOSE int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char text[8192];
	long lines = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	return n < 0 ? -errno : lines;
}

struct walk {
	int (*visit)(void *context, const char *path, int fd);
	void *context;
	size_t left;
	char path[CGROUP_PATH_MAX];
};

static int walk_below(struct walk *w, int at, size_t length, unsigned depth);

static int walk_one(struct walk *w, int at, const char *name, size_t length, unsigned depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	if (!w->left) {
		close(fd);
		return -E2BIG;
	}
	w->left--;
	result = w->visit(w->context, length ? w->path : "/", fd);
	if (!result && depth)
		result = walk_below(w, fd, length, depth - 1);
	close(fd);
	return result;
}

static int walk_below(struct walk *w, int at, size_t length, unsigned depth)
{
	int copy = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int result = 0;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return 0; /* gone meanwhile */
	}
	while (!result && (entry = readdir(dir))) {
		size_t n = strlen(entry->d_name);

		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (length + 1 + n >= sizeof(w->path)) {
			result = -E2BIG;
			break;
		}
		w->path[length] = '/';
		memcpy(w->path + length + 1, entry->d_name, n + 1);
		result = walk_one(w, dirfd(dir), entry->d_name, length + 1 + n, depth);
		w->path[length] = '\0';
	}
	closedir(dir);
	return result;
}

int cgroups_walk(const struct cgroups *c, const char *from, unsigned depth,
		 int (*visit)(void *context, const char *path, int fd), void *context)
{
	CLEANUP_FREE struct walk *w = calloc(1, sizeof(*w));
	size_t length = strcmp(from, "/") ? strlen(from) : 0;

	if (!w)
		return -ENOMEM;
	if (length >= sizeof(w->path))
		return -ENAMETOOLONG;
	memcpy(w->path, from, length);
	w->visit = visit;
	w->context = context;
	w->left = WALK_MAX;
	return walk_one(w, c->fd, relative(from), length, depth);
}
