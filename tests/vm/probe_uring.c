/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe_uring open|open-async FILE: open a file by io_uring.
 *
 * Guarantees: prints 0 when it was opened, the name of the error when it was not, and "STEP: ERROR"
 * when io_uring itself could not be used. With open-async a worker thread of the kernel does it.
 */
#include "uring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *step)
{
	printf("%s: %s\n", step, strerrorname_np(errno));
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
