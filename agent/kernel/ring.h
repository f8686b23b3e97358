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
	int fd;		    /* the map's, borrowed; readable when there are records */
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

/*
 * Hand up to `limit` records to `take`, in order. Returns how many; fewer than `limit` where the
 * ring has no more that are complete.
 */
size_t ring_read(struct ring *r, size_t limit, void (*take)(void *context, const void *data, size_t size),
		 void *context);

/*
 * Give everything that was looked at back to the kernel. True where there is more to read already:
 * the kernel wakes a reader only for a record that finds the ring released up to itself.
 */
bool ring_release(struct ring *r);

#endif
