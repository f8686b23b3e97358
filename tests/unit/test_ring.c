/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The reader of a ring, over a file that has the kernel's layout: each record is written to both rows of
 * the data, as the kernel's mapping of one row behind the other shows it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/ring.h"

#define SIZE	(1u << 20)
#define RECORDS 20000
#define LONGEST 300000 /* longer than what is mapped at a time */
#define SUM	0x9e3779b9u

struct writer {
	struct ring ring;
	unsigned char *data; /* both rows */
	uint64_t *producer;
	uint32_t written, read;
	size_t most; /* bytes that were mapped at a time */
};

static struct writer *writer_new(void)
{
	struct writer *w = calloc(1, sizeof(*w));
	size_t page = (size_t)sysconf(_SC_PAGESIZE), length = 2 * page + 2 * SIZE;
	int fd = memfd_create("ring", MFD_CLOEXEC);
	unsigned char *at;

	assert_non_null(w);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)length), 0);
	at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	w->data = at + 2 * page;
	w->producer = (uint64_t *)(at + page);
	w->ring = (struct ring){.fd = fd, .size = SIZE};
	w->ring.consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	w->ring.producer = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)page);
	assert_true((void *)w->ring.consumer != MAP_FAILED && (const void *)w->ring.producer != MAP_FAILED);
	return w;
}

static void writer_free(struct writer *w)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = w->ring.fd;

	ring_close(&w->ring);
	munmap(w->data - 2 * page, 2 * page + 2 * SIZE);
	close(fd);
	free(w);
}

/* Into both rows, as far as they go. */
static void put(struct writer *w, uint64_t position, const void *bytes, size_t n)
{
	const unsigned char *from = bytes;

	for (size_t i = 0; i < n; i++)
		w->data[(position + i) % SIZE] = w->data[(position + i) % SIZE + SIZE] = from[i];
}

/* Room for a record of `length` bytes? Then write it: its number, and bytes that follow from it. */
static bool write_record(struct writer *w, uint32_t length, uint32_t flags)
{
	static unsigned char bytes[LONGEST];
	uint32_t head[2] = {length | flags, 0};
	uint64_t at = *w->producer;
	uint64_t next = at + ((length + BPF_RINGBUF_HDR_SZ + 7) & ~7ull);

	if (next - *w->ring.consumer > SIZE)
		return false;
	memset(bytes, (int)(w->written * SUM >> 24), length);
	memcpy(bytes, &w->written, sizeof(w->written));
	put(w, at, head, sizeof(head));
	put(w, at + sizeof(head), bytes, length);
	w->written += !(flags & BPF_RINGBUF_DISCARD_BIT);
	*w->producer = next;
	return true;
}

static void take(void *context, const void *data, size_t size)
{
	struct writer *w = context;
	const unsigned char *bytes = data;
	uint32_t number;

	memcpy(&number, data, sizeof(number));
	assert_int_equal(number, w->read);
	for (size_t i = sizeof(number); i < size; i++)
		assert_int_equal(bytes[i], w->read * SUM >> 24);
	w->read++;
	if (w->ring.data_length > w->most)
		w->most = w->ring.data_length;
}

static void read_all(struct writer *w)
{
	uint64_t end = ring_end(&w->ring);
	const void *data;
	size_t size;

	for (; (data = ring_peek(&w->ring, end, &size)); ring_next(&w->ring))
		take(w, data, size);
	ring_release(&w->ring);
}

/* Records of all lengths, over both ends of the window and of the ring, some of them discarded. */
static void test_window(void **state)
{
	struct writer *w = writer_new();
	unsigned seed = 7;

	(void)state;
	for (uint32_t i = 0; i < RECORDS; i++) {
		uint32_t length = 4 + (uint32_t)rand_r(&seed) % 600;

		if (i % 5000 == 4999)
			length = LONGEST;
		while (!write_record(w, length, i % 16 ? 0 : BPF_RINGBUF_DISCARD_BIT))
			read_all(w);
	}
	read_all(w);
	assert_true(w->written > RECORDS / 2);
	assert_int_equal(w->read, w->written);
	assert_int_equal(*w->ring.consumer, *w->producer);
	assert_true(*w->producer > 4 * SIZE);
	assert_true(w->most <= 512u << 10); /* LONGEST and what is before it in its page; else half of it */
	writer_free(w);
}

/* A record that is not complete ends the reading, and is read once it is. */
static void test_busy(void **state)
{
	struct writer *w = writer_new();
	uint32_t head;

	(void)state;
	write_record(w, 100, 0);
	write_record(w, 100, BPF_RINGBUF_BUSY_BIT);
	write_record(w, 100, 0);
	read_all(w);
	assert_int_equal(w->read, 1);
	assert_int_equal(*w->ring.consumer, 112);
	head = 100;
	put(w, 112, &head, sizeof(head));
	read_all(w);
	assert_int_equal(w->read, 3);
	writer_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_busy),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
