/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading a BPF ring buffer, see ring.h.
 *
 * The layout is the kernel's (kernel/bpf/ringbuf.c, Documentation/bpf/ringbuf.rst): a page with the
 * consumer's position, which user space writes, a page with the producer's, and the data mapped
 * twice in a row, so that a record never wraps. A record is eight bytes of head, whose first four are
 * its length with a busy and a discard bit, and its bytes, rounded up to eight.
 *
 * The data is not mapped as a whole: pages of a ring count as resident in each mapping, twice for both
 * rows, whether records were ever in them or not. A window of it moves along with the reader instead. One
 * that begins before the end of the first row reaches into the second, so a record lies in it in one piece.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/ring.h"

#define RING_WINDOW	    (256u << 10) /* bytes of data that are mapped at a time */
#define RECORD_LENGTH(head) ((head) & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void unmap_data(struct ring *r)
{
	if (r->data)
		munmap((void *)(uintptr_t)r->data, r->data_length);
	r->data = NULL;
	r->data_length = 0;
}

/* The `n` bytes from where the reader is, or NULL where they cannot be mapped. */
static const unsigned char *data_here(struct ring *r, size_t n)
{
	size_t offset = r->at & (r->size - 1), length = RING_WINDOW;
	void *at;

	if (r->data && offset >= r->data_at && offset + n <= r->data_at + r->data_length)
		return r->data + (offset - r->data_at);
	unmap_data(r);
	r->data_at = offset & ~(page_size() - 1);
	while (length < offset - r->data_at + n)
		length *= 2;
	if (length > 2 * r->size - r->data_at)
		length = 2 * r->size - r->data_at;
	if (length < offset - r->data_at + n)
		return NULL;
	at = mmap(NULL, length, PROT_READ, MAP_SHARED, r->fd, (off_t)(2 * page_size() + r->data_at));
	if (at == MAP_FAILED)
		return NULL;
	r->data = at;
	r->data_length = length;
	return r->data + (offset - r->data_at);
}

int ring_open(struct ring *r, int fd)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	struct ring new = {.fd = fd};
	void *at;

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return -EINVAL;
	new.size = info.max_entries;
	at = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	new.consumer = at;
	at = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, fd, (off_t)page_size());
	if (at == MAP_FAILED) {
		int err = -errno;

		munmap(new.consumer, page_size());
		return err;
	}
	new.producer = at;
	new.at = *new.consumer;
	*r = new;
	return 0;
}

void ring_close(struct ring *r)
{
	if (!r->consumer)
		return;
	unmap_data(r);
	munmap((void *)(uintptr_t)r->producer, page_size());
	munmap(r->consumer, page_size());
	*r = (struct ring){.fd = -1};
}

uint64_t ring_end(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}

static uint32_t head_of(const unsigned char *record)
{
	return __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
}

void ring_next(struct ring *r)
{
	r->at += (RECORD_LENGTH(head_of(data_here(r, BPF_RINGBUF_HDR_SZ))) + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
}

const void *ring_peek(struct ring *r, uint64_t end, size_t *size)
{
	while (r->at < end) {
		const unsigned char *record = data_here(r, BPF_RINGBUF_HDR_SZ);
		uint32_t head = record ? head_of(record) : BPF_RINGBUF_BUSY_BIT;

		if (head & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		*size = RECORD_LENGTH(head);
		if (!(head & BPF_RINGBUF_DISCARD_BIT)) {
			record = data_here(r, BPF_RINGBUF_HDR_SZ + *size);
			return record ? record + BPF_RINGBUF_HDR_SZ : NULL;
		}
		ring_next(r);
	}
	return NULL;
}

void ring_release(struct ring *r)
{
	__atomic_store_n(r->consumer, r->at, __ATOMIC_RELEASE);
}

bool ring_idle(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_SEQ_CST) == r->at;
}
