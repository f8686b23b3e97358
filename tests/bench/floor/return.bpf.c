/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The least that a program on a hook costs: it returns 0, so that all is the kernel's way to it and back. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("lsm/file_open")
int BPF_PROG(floor_return, struct file *file)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
