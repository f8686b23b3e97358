/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading the kernel's objects.
 *
 * Guarantee: KERNEL(type, address) is an object of the kernel for reading, field by field: what can be read
 * is read, what cannot is 0, as of any such pointer, and nothing faults.
 *
 * Why not the pointers that hooks and bpf_get_current_task_btf() give: verifiers from 6.2 on ask of each
 * pointer that is loaded through one of these whether it can be trusted in turn, and to find out they
 * search all of the kernel's types by name, some million instructions each time that they pass the load.
 * Those loads took three quarters of the agent's start. What comes from bpf_rdonly_cast() is not trusted, so
 * that nothing is looked for; and it takes an address as well, where a typed load is a few
 * instructions and bpf_probe_read_kernel() a function call.
 *
 * 6.1 has no such function: can_cast() is a constant there for the verifier, and what stands behind it is
 * dead code.
 */
#ifndef PAVISE_KERNEL_BPF_H
#define PAVISE_KERNEL_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define FUSE_SUPER_MAGIC 0x65735546 /* its server says what is in it, and what is behind a file */

extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

/* Is there bpf_rdonly_cast()? It came with this type. */
static __always_inline bool can_cast(void)
{
	return bpf_core_type_exists(struct bpf_list_head);
}

/* Only where can_cast(). */
#define KERNEL(type, address) \
	((struct type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(struct type)))

/*
 * A field of the object at an address, into *to, which has its size. False: it cannot be read; where
 * can_cast() that is not told, and it is 0.
 */
#define READ_FIELD(to, type, address, field)                                       \
	(can_cast()                                                                \
		 ? (*(to) = (__typeof__(*(to)))KERNEL(type, address)->field, true) \
		 : !bpf_probe_read_kernel(to, sizeof(*(to)),                       \
					  (void *)((address) + bpf_core_field_offset(struct type, field))))

/* A task for reading its fields. */
static __always_inline struct task_struct *task_fields(struct task_struct *task)
{
	return can_cast() ? KERNEL(task_struct, task) : task;
}

#endif
