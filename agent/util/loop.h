/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One epoll loop over sources that are embedded in their owners.
 *
 * One event is taken per turn, so a source may remove itself or any other from its callback without
 * leaving a stale event behind, and the kernel's ready list serves all sources in turn: a flooded
 * ring does not starve the control socket. Nothing wakes the loop up that is not a source.
 */
#ifndef PAVISE_LOOP_H
#define PAVISE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop_source {
	int fd;
	/* 0, or -errno to end the loop with it. */
	int (*ready)(struct loop_source *source, uint32_t events);
	void *owner;
};

struct loop {
	int epoll;
	bool stop;
	/* Called before each wait, may be NULL: how long to wait at most (ms), 0: not at all, -1: no limit.
	 */
	int (*before_wait)(void *owner);
	void *owner;
};

int loop_open(struct loop *loop);
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events);
int loop_change(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);

/* Until loop->stop, or a callback fails. */
int loop_run(struct loop *loop);
void loop_close(struct loop *loop);

#endif
