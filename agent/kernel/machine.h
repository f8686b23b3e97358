/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this machine has, and whether it is enough.
 *
 * machine_probe() only looks, machine_check() only judges, so that `pavise probe` can show all of it
 * where the agent stops at the first fault. Every path that is looked at stands in struct
 * machine_paths, which tests point elsewhere.
 */
#ifndef PAVISE_MACHINE_H
#define PAVISE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/message.h"

#define KERNEL_FLOOR_MAJOR 6
#define KERNEL_FLOOR_MINOR 1

struct machine_paths {
	const char *release; /* the kernel's release string */
	const char *status;  /* of this process: effective user and capabilities */
	const char *mounts;  /* in the form of /proc/self/mountinfo */
	const char *btf;
	const char *securityfs;
	const char *ftrace; /* the switch that programs are attached by */
	const char *bpffs;
	const char *run;  /* state, socket and lock of the agent */
	const char *pids; /* this process's pid namespace, a link */
	const char *host; /* the first process's mount namespace, another one */
};

extern const struct machine_paths machine_paths;

struct machine {
	char release[128];
	unsigned major, minor;
	unsigned uid;	  /* effective */
	uint64_t missing; /* capabilities that are needed and not there, as bits */
	bool btf;
	bool securityfs; /* mounted */
	char lsm[512];	 /* the active security modules, "" when not known */
	bool bpf_lsm;
	bool confidential;  /* locked down: programs may not read kernel memory */
	char cgroup2[1024]; /* where the cgroup v2 hierarchy is mounted, "" when it is not */
	bool bpffs;
	bool ftrace_off;
	bool inner_pids; /* in a pid namespace below the machine's own */
};

/* 0, or -errno when not even /proc can be read. */
int machine_probe(const struct machine_paths *paths, struct machine *machine);

/* 0, or -ENOTSUP with the first thing that is missing and its remedy in `r`. */
int machine_check(const struct machine_paths *paths, const struct machine *machine, struct refusal *r);

/* Names of the capabilities in `mask`, separated by commas. */
void capability_names(uint64_t mask, char *text, unsigned long size);

#endif
