/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What files a process has open, as /proc shows it.
 *
 * Nothing is opened but files of /proc and nothing is looked up by a name that the process chose, so
 * that no process and no server can make the reader wait: a name is what the kernel says of the open
 * file. Only descriptor_stat() may ask somebody else, and takes who can be left waiting. What is read of a
 * descriptor is read in several steps, between which the process may replace it; who acts on it reads it
 * again and compares (descriptor_same()).
 */
#ifndef PAVISE_SUBJECT_DESCRIPTOR_H
#define PAVISE_SUBJECT_DESCRIPTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct descriptor {
	int number;
	uint32_t flags; /* of the open file; O_CLOEXEC, which is the descriptor's, left out */
	int mount;	/* id */
	uint64_t inode; /* number */
	bool deleted;	/* the path ends in " (deleted)", as that of a removed file does */
	size_t length;	/* of the path; 0: it is too long to be had */
	char path[PATH_MAX];
};

/* Flags, mount and inode out of the text of fdinfo. 0, -EINVAL. */
int descriptor_parse(const char *text, struct descriptor *d);

/*
 * Read a descriptor of the process whose directory in /proc is `process`. 0; -ENOENT: there is none;
 * -ENOTSUP: it is of no file with a name (pipes, sockets and the like); -errno.
 */
int descriptor_read(int process, int number, struct descriptor *d);

/* Do both stand for the same open of the same file by the same number? */
bool descriptor_same(const struct descriptor *a, const struct descriptor *b);

/*
 * What is known of the file: 0, or -errno. The kernel is to answer from memory, and does so for most file
 * systems. But nfs and 9p ask their server about what a link leads to, cifs where it knows that its
 * attributes are old, coda and orangefs always, and overlayfs whatever its layers are on: it may last as long
 * as they want, see control/reader.h.
 */
struct descriptor_file {
	bool directory;
	uint32_t owner;
};
int descriptor_stat(int process, int number, struct descriptor_file *file);

/* Visit the numbers of a process' descriptors, `max` at most. 1: there are more, 0, or -errno. */
int descriptors_visit(int process, size_t max, void (*visit)(void *context, int number), void *context);

/* ---- mounts of a namespace ---- */

struct mount_fact {
	int id;
	uint32_t device; /* as the kernel writes it: major << 20 | minor */
};

struct mounts {
	uint64_t namespace;	  /* inode number, 0: none was read */
	struct mount_fact *facts; /* by id */
	size_t n;
};

/* The number of the mount namespace of a process, 0 when it cannot be read. */
uint64_t mounts_namespace(int process);

/* Read the mounts as `process` has them. 0 or -errno; there are none then. */
int mounts_read(int process, struct mounts *m);
int mounts_parse(const char *text, struct mounts *m);
void mounts_free(struct mounts *m);

/* NULL: there is no such mount. */
const struct mount_fact *mounts_find(const struct mounts *m, int id);

#endif
