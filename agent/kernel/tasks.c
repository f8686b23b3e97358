/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes as the kernel side sees them: the task iterator, and the labels; and the agent's own files.
 *
 * An iterator's pin is an ordinary file whose content is one record per process, or per task. Reads may
 * end within a record, so the rest is kept for the next one. Another iterator has no content: its
 * work is done by reading it. The one over files is pinned as what would go through those of all tasks;
 * its program is linked anew for the calling thread alone.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "kernel/kernel.h"
#include "util/util.h"

#define ITERATOR	"iter_task_iter"
#define LABEL_ITERATOR	"iter_label_iter"
#define HOLDER_ITERATOR "iter_holder_iter"
#define FILE_ITERATOR	"iter_file_iter"

#define RECORDS_ROOM (256 * sizeof(struct pv_task_record))

/* Records of one size. */
static int read_records(int fd, size_t size, void (*record)(void *context, const void *data, size_t size),
			void *context)
{
	char buffer[RECORDS_ROOM];
	size_t used = 0;

	for (;;) {
		ssize_t n = read(fd, buffer + used, sizeof(buffer) - used);
		size_t at = 0;

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n ? -errno : used ? -EPROTO : 0;
		used += (size_t)n;
		for (; used - at >= size; at += size)
			record(context, buffer + at, size);
		used -= at;
		memmove(buffer, buffer + at, used);
	}
}

int kernel_tasks(struct kernel *k, void (*record)(void *context, const void *data, size_t size),
		 void *context)
{
	CLEANUP_FREE char *path = kernel_pin(k, ITERATOR);
	CLEANUP_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	return fd < 0 ? -errno : read_records(fd, sizeof(struct pv_task_record), record, context);
}

/* The program of a pinned link. */
static int open_program(const char *path)
{
	struct bpf_link_info info = {0};
	CLEANUP_CLOSE int link = bpf_obj_get(path);
	uint32_t size = sizeof(info);

	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &size))
		return -errno;
	return bpf_prog_get_fd_by_id(info.prog_id);
}

int kernel_files(struct kernel *k, void (*record)(void *context, const void *data, size_t size),
		 void *context)
{
	union bpf_iter_link_info which = {.task.tid = (uint32_t)gettid()};
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &which, .iter_info_len = sizeof(which));
	CLEANUP_FREE char *path = kernel_pin(k, FILE_ITERATOR);
	CLEANUP_CLOSE int program = path ? open_program(path) : -ENOMEM;
	CLEANUP_CLOSE int link =
		program < 0 ? program : bpf_link_create(program, 0, BPF_TRACE_ITER, &options);
	CLEANUP_CLOSE int fd = link < 0 ? link : bpf_iter_create(link);

	return fd < 0 ? fd : read_records(fd, sizeof(struct pv_file_record), record, context);
}

int kernel_label_tasks(struct kernel *k)
{
	CLEANUP_FREE char *path = kernel_pin(k, LABEL_ITERATOR);
	CLEANUP_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char buffer[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, buffer, sizeof(buffer));
	while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	return n < 0 ? -errno : 0;
}

int kernel_label(struct kernel *k, int pid, struct pv_label *label)
{
	CLEANUP_CLOSE int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return errno == ESRCH || errno == EINVAL ? -ESRCH : -errno;
	if (bpf_map_lookup_elem(k->maps[KMAP_LABELS], &fd, label))
		return errno == ENOENT || errno == ESRCH || errno == EBADF ? -ESRCH : -errno;
	return 0;
}

int kernel_holders(struct kernel *k, void (*record)(void *context, const void *data, size_t size),
		   void *context)
{
	CLEANUP_FREE char *path = kernel_pin(k, HOLDER_ITERATOR);
	CLEANUP_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	return fd < 0 ? -errno : read_records(fd, sizeof(struct pv_holder_record), record, context);
}
