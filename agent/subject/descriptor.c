/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Open files of other processes, see descriptor.h.
 *
 * A link below /proc/PID/fd is read, not followed, so that the name is the kernel's own. It is followed
 * once, for statx() with AT_STATX_DONT_SYNC: that leads to the open file without looking up a name.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "subject/descriptor.h"
#include "util/util.h"

#define FDINFO_READ   512 /* of the text: what is looked for stands first */
#define MOUNTINFO_MAX (64u << 20)

static const char removed[] = " (deleted)";

static bool read_number(const char *text, const char *key, int base, uint64_t *value)
{
	const char *at = strstr(text, key);
	char *end;

	if (!at || (at != text && at[-1] != '\n'))
		return false;
	at += strlen(key);
	at += strspn(at, "\t ");
	*value = strtoull(at, &end, base);
	return end != at;
}

int descriptor_parse(const char *text, struct descriptor *d)
{
	uint64_t flags, mount, inode;

	if (!read_number(text, "flags:", 8, &flags) || !read_number(text, "mnt_id:", 10, &mount) ||
	    !read_number(text, "ino:", 10, &inode) || flags > UINT32_MAX || mount > INT_MAX)
		return -EINVAL;
	d->flags = (uint32_t)flags & ~(uint32_t)O_CLOEXEC;
	d->mount = (int)mount;
	d->inode = inode;
	return 0;
}

static int read_fdinfo(int process, struct descriptor *d)
{
	CLEANUP_CLOSE int fd = -1;
	char name[32], text[FDINFO_READ + 1];
	ssize_t n;

	snprintf(name, sizeof(name), "fdinfo/%d", d->number);
	fd = openat(process, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, FDINFO_READ);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return descriptor_parse(text, d);
}

int descriptor_read(int process, int number, struct descriptor *d)
{
	char name[32];
	ssize_t n;

	snprintf(name, sizeof(name), "fd/%d", number);
	n = readlinkat(process, name, d->path, sizeof(d->path));
	if (n < 0 && errno != ENAMETOOLONG)
		return -errno;
	if (n > 0 && d->path[0] != '/')
		return -ENOTSUP;
	if (n < 0 || n == sizeof(d->path))
		n = 0;
	d->path[n] = '\0';
	d->length = (size_t)n;
	d->number = number;
	d->deleted = d->length > strlen(removed) && !strcmp(d->path + d->length - strlen(removed), removed);
	return read_fdinfo(process, d);
}

bool descriptor_same(const struct descriptor *a, const struct descriptor *b)
{
	return a->number == b->number && a->mount == b->mount && a->inode == b->inode &&
	       (a->flags & O_ACCMODE) == (b->flags & O_ACCMODE);
}

int descriptor_stat(int process, int number, struct descriptor_file *file)
{
	struct statx st;
	char name[32];

	snprintf(name, sizeof(name), "fd/%d", number);
	if (statx(process, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_UID, &st))
		return -errno;
	file->directory = S_ISDIR(st.stx_mode);
	file->owner = st.stx_uid;
	return 0;
}

int descriptors_visit(int process, size_t max, void (*visit)(void *context, int number), void *context)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!directory) {
		result = -errno;
		if (fd >= 0)
			close(fd);
		return result;
	}
	while (!result && (entry = readdir(directory))) {
		uint64_t number;

		if (parse_number(entry->d_name, INT_MAX, &number))
			continue;
		if (max--)
			visit(context, (int)number);
		else
			result = 1;
	}
	closedir(directory);
	return result;
}

/* ---- mounts ---- */

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw" */
static bool parse_mount(const char *line, const char *end, struct mount_fact *fact)
{
	unsigned major, minor;

	if (!memmem(line, (size_t)(end - line), " - ", 3) ||
	    sscanf(line, "%d %*d %u:%u ", &fact->id, &major, &minor) != 3)
		return false;
	fact->device = major << 20 | minor;
	return true;
}

static int by_id(const void *a, const void *b)
{
	int x = ((const struct mount_fact *)a)->id, y = ((const struct mount_fact *)b)->id;

	return (x > y) - (x < y);
}

int mounts_parse(const char *text, struct mounts *m)
{
	size_t lines = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	m->facts = calloc(lines + 1, sizeof(*m->facts));
	m->n = 0;
	if (!m->facts)
		return -ENOMEM;
	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
		if (parse_mount(line, end, &m->facts[m->n]))
			m->n++;
	qsort(m->facts, m->n, sizeof(*m->facts), by_id);
	return 0;
}

uint64_t mounts_namespace(int process)
{
	char text[64];
	ssize_t n = readlinkat(process, "ns/mnt", text, sizeof(text) - 1);
	const char *at;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	at = strchr(text, '[');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

int mounts_read(int process, struct mounts *m)
{
	CLEANUP_CLOSE int fd = openat(process, "mountinfo", O_RDONLY | O_CLOEXEC);
	CLEANUP_FREE char *text = NULL;
	size_t length;
	int err = fd < 0 ? -errno : read_fd(fd, MOUNTINFO_MAX, &text, &length);

	mounts_free(m);
	if (!err)
		err = mounts_parse(text, m);
	if (!err)
		m->namespace = mounts_namespace(process);
	return err;
}

void mounts_free(struct mounts *m)
{
	free(m->facts);
	*m = (struct mounts){0};
}

const struct mount_fact *mounts_find(const struct mounts *m, int id)
{
	const struct mount_fact key = {.id = id};

	return m->n ? bsearch(&key, m->facts, m->n, sizeof(key), by_id) : NULL;
}
