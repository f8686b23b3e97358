/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* See spawn.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "subject/spawn.h"
#include "util/util.h"

#define EXIT_NOT_ENTERED 125

static pid_t fork_into(int cgroup)
{
	CLEANUP_CLOSE int procs = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	pid_t pid;

	if (procs < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid && write_all(procs, "0", 1))
		_exit(EXIT_NOT_ENTERED);
	return pid;
}

pid_t spawn_into(int cgroup)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid >= 0)
		return (pid_t)pid;
	return errno == ENOSYS || errno == EPERM ? fork_into(cgroup) : -errno;
}
