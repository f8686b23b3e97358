/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The least that a program costs which keeps something with the task: one lookup in its storage. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} marks SEC(".maps");

SEC("lsm/file_open")
int BPF_PROG(floor_storage, struct file *file)
{
	u64 *mark = bpf_task_storage_get(&marks, bpf_get_current_task_btf(), NULL,
					 BPF_LOCAL_STORAGE_GET_F_CREATE);

	return mark && *mark ? -13 : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
