/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A BPF ring buffer, read in two steps: look, then release.
 *
 * libbpf's reader gives a record back to the kernel as soon as its callback returns. What was then
 * read and not yet written to the log would be gone, uncounted, with an agent that is killed. Here
 * records stay in the ring until ring_release(), which the agent calls once their lines are written.
 */
#ifndef PAVISE_KERNEL_RING_H
#define PAVISE_KERNEL_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd;		    /* the map's, borrowed; readable once a record has woken the reader */
	size_t size;	    /* bytes of data, a power of two */
	uint64_t *consumer; /* shared with the kernel */
	const uint64_t *producer;
	const unsigned char *data;   /* the part that is mapped, see ring.c; NULL: none yet */
	size_t data_at, data_length; /* which that is */
	uint64_t at;		     /* up to where this reader has looked */
};

/* Map the ring of `fd`, which must stay open as long. 0 or -errno. */
int ring_open(struct ring *r, int fd);

void ring_close(struct ring *r);

/* Up to where there are records now, for ring_peek(). */
uint64_t ring_end(const struct ring *r);

/*
 * The next record before `end`, its size in *size; NULL: there is none, or it is not complete. ring_next()
 * goes on to the one after it.
 */
const void *ring_peek(struct ring *r, uint64_t end, size_t *size);
void ring_next(struct ring *r);

/* Give everything that was looked at back to the kernel. */
void ring_release(struct ring *r);

/* Is there nothing in the ring that was not looked at, complete or not? */
bool ring_idle(const struct ring *r);

#endif
