// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel functions that the programs call. Linked first into each object: see kernel.bpf.h. The call
 * makes the compiler declare the function; this one is called by nobody and never loaded.
 */
#define PV_KSYM __ksym __weak
#include "kernel.bpf.h"

__weak int kernel_functions(void)
{
	return bpf_rdonly_cast(NULL, 0) != NULL;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
