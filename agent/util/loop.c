/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loop, see loop.h. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "util/loop.h"

int loop_open(struct loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -errno : 0;
}

static int loop_control(struct loop *loop, int operation, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(loop->epoll, operation, source->fd, &event) ? -errno : 0;
}

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
	return loop_control(loop, EPOLL_CTL_ADD, source, events);
}

int loop_change(struct loop *loop, struct loop_source *source, uint32_t events)
{
	return loop_control(loop, EPOLL_CTL_MOD, source, events);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	if (source->fd >= 0)
		loop_control(loop, EPOLL_CTL_DEL, source, 0);
}

int loop_run(struct loop *loop)
{
	while (!loop->stop) {
		int timeout = loop->before_wait ? loop->before_wait(loop->owner) : -1;
		struct epoll_event event;
		int n = epoll_wait(loop->epoll, &event, 1, timeout);
		struct loop_source *source;
		int err;

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		source = event.data.ptr;
		err = source->ready(source, event.events);
		if (err)
			return err;
	}
	return 0;
}

void loop_close(struct loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	loop->epoll = -1;
}
