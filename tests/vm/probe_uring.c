/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe_uring open|open-async FILE: open a file by io_uring.
 *
 * Guarantees: prints 0 when it was opened, the name of the error when it was not, and "STEP: ERROR"
 * when io_uring itself could not be used. With open-async a worker thread of the kernel does it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ring {
	int fd;
	struct io_uring_params p;
	char *sq, *cq;
	struct io_uring_sqe *entries;
};

static int fail(const char *step)
{
	printf("%s: %s\n", step, strerrorname_np(errno));
	return 0;
}

static void *ring_map(const struct ring *r, size_t size, off_t offset)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, offset);
}

static int ring_open(struct ring *r)
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
static int ring_do(struct ring *r, const struct io_uring_sqe *entry, int *result)
{
	struct io_uring_cqe *done = (void *)(r->cq + r->p.cq_off.cqes);
	unsigned *tail = (void *)(r->sq + r->p.sq_off.tail);

	r->entries[0] = *entry;
	*(unsigned *)(r->sq + r->p.sq_off.array) = 0;
	__atomic_store_n(tail, 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -1;
	*result = __atomic_load_n(&done->res, __ATOMIC_ACQUIRE);
	return 0;
}

int main(int argc, char **argv)
{
	struct io_uring_sqe entry = {.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .open_flags = O_RDONLY};
	struct ring ring = {0};
	int result;

	if (argc != 3)
		return 125;
	entry.addr = (unsigned long)argv[2];
	entry.flags = strcmp(argv[1], "open-async") ? 0 : IOSQE_ASYNC;
	if (ring_open(&ring))
		return fail("io_uring_setup");
	if (ring_do(&ring, &entry, &result))
		return fail("io_uring_enter");
	printf("%s\n", result < 0 ? strerrorname_np(-result) : "0");
	return 0;
}
