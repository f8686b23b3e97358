/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* See terminal.h. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>

#include "subject/terminal.h"
#include "util/util.h"

#define NUMBER_MASK 0xffffffffu /* of an ioctl */

bool terminal_is_there(void)
{
	CLEANUP_CLOSE int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd >= 0 || isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) || isatty(STDERR_FILENO);
}

static int deny_ioctl(scmp_filter_ctx filter, unsigned number)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
				SCMP_A1(SCMP_CMP_MASKED_EQ, NUMBER_MASK, number));
}

/* The one that this program is for is in it from the beginning. */
static int add_ways(scmp_filter_ctx filter)
{
	static const uint32_t ways[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ways) && !err; i++) {
		err = seccomp_arch_add(filter, ways[i]);
		if (err == -EEXIST)
			err = 0;
	}
	return err;
}

/* `unprivileged`: for who lacks CAP_SYS_ADMIN, at the price of no_new_privs. */
static int load(scmp_filter_ctx filter, bool unprivileged)
{
	int err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, unprivileged);

	return err ? err : seccomp_load(filter);
}

int terminal_guard(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int err;

	if (!filter)
		return -ENOMEM;
	err = add_ways(filter);
	err = err ? err : seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	err = err ? err : deny_ioctl(filter, TIOCSTI);
	err = err ? err : deny_ioctl(filter, TIOCLINUX);
	err = err ? err : load(filter, false);
	if (err == -EACCES)
		err = load(filter, true);
	seccomp_release(filter);
	return err;
}
