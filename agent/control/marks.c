/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finding what is to be marked (see marks.h).
 *
 * Names are resolved in the agent's own mount namespace, without following any symbolic link: a name that
 * leads through one names nothing, as for rules. What is there is opened by O_PATH, which needs no right
 * to read it, starts nothing and waits for nobody, as opening a device or a pipe would.
 *
 * What the hooks will know of the file is asked of the kernel itself, by an iterator over the agent's open
 * files: st_dev and st_ino are not what they see on btrfs and overlayfs, and the inode's generation, which
 * tells a file from a later one with its number, can be had of some file systems only.
 *
 * Directories are not marked: what is in them is decided by its names. Nor are symbolic links, since
 * nothing is read from them by an access that is decided.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/marks.h"
#include "policy/intern.h"
#include "policy/mark.h"
#include "util/util.h"

#define BATCH 64 /* files open at once */

struct search {
	char *const *names; /* of the batch */
	int fds[BATCH];	    /* -1: nothing there */
	size_t n;
	struct mark_file *found;
	size_t n_found, room;
	int error;
};

static int open_name(const char *name)
{
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};

	return (int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof(how));
}

/* What is not there is the usual case; what cannot be looked at is said. */
static int open_batch(struct search *s)
{
	for (size_t i = 0; i < s->n; i++) {
		s->fds[i] = open_name(s->names[i]);
		if (s->fds[i] >= 0)
			continue;
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOSYS) {
			s->n = i;
			return -errno;
		}
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP && errno != ENAMETOOLONG)
			say_warning("%s cannot be looked at (%s): what denies it does not hold for other "
				    "names of the file",
				    s->names[i], strerror(errno));
	}
	return 0;
}

static void close_batch(struct search *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	}
}

static void take_file(void *context, const void *data, size_t size)
{
	const struct pv_file_record *file = data;
	struct search *s = context;
	size_t i = 0;

	(void)size;
	while (i < s->n && s->fds[i] != (int)file->fd)
		i++;
	if (i == s->n || S_ISDIR(file->mode) || S_ISLNK(file->mode) || s->error)
		return;
	s->error = array_reserve(&s->found, &s->room, s->n_found + 1, sizeof(*s->found));
	if (!s->error)
		s->found[s->n_found++] =
			(struct mark_file){s->names[i], file->ino, file->dev, file->generation};
}

static int search_batch(struct kernel *k, struct search *s)
{
	int err = open_batch(s);

	if (!err)
		err = kernel_files(k, take_file, s);
	close_batch(s);
	return err ? err : s->error;
}

static int refuse_marks(int err, const struct search *s, size_t many, struct refusal *r)
{
	if (err == -EMLINK)
		return refuse(r, EMLINK, PAVISE_BAD_POLICY,
			      "%s is one file with many names that rules with conditions deny; deny them by "
			      "one rule, or by a pattern with a wildcard",
			      s->found[many].name);
	if (err == -E2BIG)
		return refuse(r, E2BIG, PAVISE_BAD_POLICY,
			      "%zu files have names that are denied literally, and the image has no room to "
			      "mark them; deny folders by patterns instead",
			      s->n_found);
	return refuse(r, -err, PAVISE_PUBLISH_FAILED,
		      "the files that are denied literally cannot be looked up (%s); the image before stays "
		      "in force",
		      strerror(-err));
}

int marks_find(struct kernel *k, struct image *image, struct refusal *r)
{
	struct search s = {.found = NULL};
	size_t many = 0;
	int err = 0;

	for (size_t i = 0; !err && i < image->n_marked; i += BATCH) {
		s.names = &image->marked[i];
		s.n = image->n_marked - i < BATCH ? image->n_marked - i : BATCH;
		err = search_batch(k, &s);
	}
	if (!err && s.n_found)
		err = mark_files(image, s.found, s.n_found, &many);
	if (err)
		err = refuse_marks(err, &s, many, r);
	free(s.found);
	return err;
}
