/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the operations of tests/bypass share: see main.c.
 *
 * An operation's `prepare` runs before the process is governed, its `run` after. Both return -1 and set
 * errno where they fail. What fails in `run` before the operation that the row is about names itself in
 * `step`, so that the one is never taken for the other.
 */
#ifndef BYPASS_H
#define BYPASS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct operation {
	const char *name;
	int arguments;
	int (*run)(char **a);
	int (*prepare)(char **a);
};

/* each ends with an entry without a name */
/* fuse.c */
int fuse_passthrough(char **a);

extern const struct operation file_operations[];
extern const struct operation exec_operations[];
extern const struct operation descriptor_operations[];
extern const struct operation network_operations[];
extern const struct operation uring_operations[];
extern const struct operation process_operations[];
extern const struct operation agent_operations[];
extern const struct operation watch_operations[];

/* What fails from now on is not the operation asked about; NULL: it is. */
extern const char *step;

/* -1, and what failed was not the operation asked about. */
int before(const char *what);

/* The folder of the fixture; a name that no other run has. */
extern const char *fixture_root;
extern const char *run_name;

/* Folders below the root, all alike, as they were at first. */
int fixture(void);

/* FILE with this content. */
int write_file(const char *path, const char *content, int mode);
int copy_file(const char *from, const char *to);

/*
 * A process that no policy governs: calls `body` and then waits for its end, which is ours. Returns its
 * number once `body` is done, -1 where that failed.
 */
pid_t helper(int (*body)(const void *context), const void *context);

/* One descriptor in a message. */
int send_descriptor(int to, int fd);
int receive_descriptor(int from);

/* "ADDRESS:PORT" of IPv4. */
int parse_address(const char *text, struct sockaddr_storage *address, socklen_t *length);

#endif
