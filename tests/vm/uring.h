/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A ring of io_uring that does one operation, for the test programs.
 *
 * Errors are -1 with errno; the operation's own result is what the kernel left in the ring.
 */
#ifndef PAVISE_TEST_URING_H
#define PAVISE_TEST_URING_H

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ring {
	int fd;
	struct io_uring_params p;
	char *sq, *cq;
	struct io_uring_sqe *entries;
};

static inline void *ring_map(const struct ring *r, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, offset);
}

/* With the flags in r->p. */
static inline int ring_open(struct ring *r)
{
	r->fd = (int)syscall(SYS_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return -1;
	r->sq = ring_map(r, r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
	r->cq = ring_map(r, r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe),
			 IORING_OFF_CQ_RING);
	r->entries = ring_map(r, r->p.sq_entries * sizeof(*r->entries), IORING_OFF_SQES);
	return r->sq == MAP_FAILED || r->cq == MAP_FAILED || (void *)r->entries == MAP_FAILED ? -1 : 0;
}

/* The one entry that there ever is; its result in *result. */
static inline int ring_do(struct ring *r, const struct io_uring_sqe *entry, int *result)
{
	struct io_uring_cqe *done = (void *)(r->cq + r->p.cq_off.cqes);
	unsigned *tail = (void *)(r->sq + r->p.sq_off.tail);
	unsigned flags = IORING_ENTER_GETEVENTS;

	r->entries[0] = *entry;
	*(unsigned *)(r->sq + r->p.sq_off.array) = 0;
	__atomic_store_n(tail, 1, __ATOMIC_RELEASE);
	if (r->p.flags & IORING_SETUP_SQPOLL)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, r->fd, 1, 1, flags, NULL, 0) < 0)
		return -1;
	*result = __atomic_load_n(&done->res, __ATOMIC_ACQUIRE);
	return 0;
}

#endif
