/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading a BPF ring buffer, see ring.h.
 *
 * The layout is the kernel's (kernel/bpf/ringbuf.c, Documentation/bpf/ringbuf.rst): a page with the
 * consumer's position, which user space writes, a page with the producer's, and the data mapped
 * twice in a row, so that a record never wraps. A record is eight bytes of head, whose first four are
 * its length with a busy and a discard bit, and its bytes, rounded up to eight.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/ring.h"

#define RECORD_LENGTH(head) ((head) & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t producer_size(const struct ring *r)
{
	return page_size() + 2 * r->size;
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
	at = mmap(NULL, producer_size(&new), PROT_READ, MAP_SHARED, fd, (off_t)page_size());
	if (at == MAP_FAILED) {
		int err = -errno;

		munmap(new.consumer, page_size());
		return err;
	}
	new.producer = at;
	new.data = (const unsigned char *)at + page_size();
	new.at = *new.consumer;
	*r = new;
	return 0;
}

void ring_close(struct ring *r)
{
	if (!r->consumer)
		return;
	munmap((void *)(uintptr_t)r->producer, producer_size(r));
	munmap(r->consumer, page_size());
	*r = (struct ring){.fd = -1};
}

uint64_t ring_end(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}

static const unsigned char *record_at(const struct ring *r)
{
	return r->data + (r->at & (r->size - 1));
}

static uint32_t head_of(const unsigned char *record)
{
	return __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
}

void ring_next(struct ring *r)
{
	r->at += (RECORD_LENGTH(head_of(record_at(r))) + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
}

const void *ring_peek(struct ring *r, uint64_t end, size_t *size)
{
	while (r->at < end) {
		const unsigned char *record = record_at(r);
		uint32_t head = head_of(record);

		if (head & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		*size = RECORD_LENGTH(head);
		if (!(head & BPF_RINGBUF_DISCARD_BIT))
			return record + BPF_RINGBUF_HDR_SZ;
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
