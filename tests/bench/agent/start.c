/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * start: the agent's own part of loading its programs, in milliseconds, up to its first bpf(2).
 *
 * Guarantees: nothing is loaded: bpf(2) ends this process (a seccomp filter that is in place before
 * anything else is done), and the measurement with it.
 *
 * What is measured are the steps of kernel_load() before that: reading the kernel's types, opening both
 * objects, and choosing the programs that this kernel has a place for. The verifier's part, which is most
 * of a start, and the relocations that libbpf makes between calls of bpf(2) are not in it.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "kernel/machine.h"
#include "kernel/programs.h"

static int forbid_bpf(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(void)
{
	struct program_object objects[PV_OBJECTS] = {0};
	double began = now_ms(), parsed;
	struct refusal r = {0};
	struct btf *btf;

	if (forbid_bpf()) {
		perror("start: seccomp");
		return 1;
	}
	btf = btf__parse(machine_paths.btf, NULL);
	if (!btf) {
		fprintf(stderr, "start: %s: %s\n", machine_paths.btf, strerror(errno));
		return 1;
	}
	parsed = now_ms();
	for (int i = 0; i < PV_OBJECTS; i++)
		if (program_object_open(&objects[i], i) || program_object_select(&objects[i], btf, &r)) {
			fprintf(stderr, "start: object %d: %s\n", i, r.text);
			return 1;
		}
	printf("start      %.1f ms to the first bpf(2), of which the kernel's types %.1f ms\n",
	       now_ms() - began, parsed - began);
	for (int i = 0; i < PV_OBJECTS; i++)
		program_object_close(&objects[i]);
	btf__free(btf);
	return 0;
}
