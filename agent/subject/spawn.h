/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A child that is born in a cgroup.
 *
 * clone3(CLONE_INTO_CGROUP) puts it there before its first instruction. Where that call is refused
 * (a seccomp filter around us), the child enters the cgroup itself before anything else is done.
 */
#ifndef PAVISE_SPAWN_H
#define PAVISE_SPAWN_H

#include <sys/types.h>

/* Like fork(): 0 in the child, its pid in the parent; -errno, in the parent only. `cgroup`: directory. */
pid_t spawn_into(int cgroup);

#endif
