/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes as the kernel side sees them: the task iterator, and the labels.
 *
 * The iterator's pin is an ordinary file whose content is one pv_task_record per process. Reads may
 * end within a record, so the rest is kept for the next one. The other iterator has no content: its
 * work is done by reading it.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "kernel/kernel.h"
#include "util/util.h"

#define ITERATOR       "iter_task_iter"
#define LABEL_ITERATOR "iter_label_iter"

int kernel_tasks(struct kernel *k, void (*record)(void *context, const void *data, size_t size),
		 void *context)
{
	CLEANUP_FREE char *path = kernel_pin(k, ITERATOR);
	CLEANUP_CLOSE int fd = -1;
	char buffer[256 * sizeof(struct pv_task_record)];
	size_t used = 0;

	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, buffer + used, sizeof(buffer) - used);
		size_t at = 0;

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n ? -errno : used ? -EPROTO : 0;
		used += (size_t)n;
		for (; used - at >= sizeof(struct pv_task_record); at += sizeof(struct pv_task_record))
			record(context, buffer + at, sizeof(struct pv_task_record));
		used -= at;
		memmove(buffer, buffer + at, used);
	}
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

/* Processes come and go under the walk: one that is gone, or has no label, is no error. */
static int visit_process(struct kernel *k, int pid, int (*visit)(void *context, const struct pv_label *label),
			 void *context)
{
	struct pv_label label;
	int err = kernel_label(k, pid, &label);

	if (err)
		return err == -ESRCH ? 0 : err;
	return visit(context, &label);
}

int kernel_labels(struct kernel *k, int (*visit)(void *context, const struct pv_label *label), void *context)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int result = 0;

	if (!proc)
		return -errno;
	while (!result && (entry = readdir(proc))) {
		uint64_t pid;

		if (!parse_number(entry->d_name, 1 << 22, &pid))
			result = visit_process(k, (int)pid, visit, context);
	}
	closedir(proc);
	return result;
}
