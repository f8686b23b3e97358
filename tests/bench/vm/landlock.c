/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * landlock NETWORK COMMAND [ARGUMENT]...: run a command under Landlock.
 *
 * Guarantees: the command can read, write and execute the files that standard input names, one a line, and
 * what is below the folders among them, and no others; with NETWORK 1 it can bind and connect TCP on the
 * benchmark's port and no other, where the kernel's Landlock has that (6.7 and newer). A rule that cannot
 * be had ends it with 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TCP_PORT 4243

/* Of the headers of Linux 6.7, which may be newer than those at hand. */
#define NET_BIND_CONNECT 3
#define RULE_NET_PORT	 2
#define ABI_WITH_NET	 4
#define FILE_ACCESS \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define FOLDER_ACCESS (FILE_ACCESS | LANDLOCK_ACCESS_FS_READ_DIR)
#define HANDLED	      ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

struct ruleset {
	uint64_t files, network;
};

struct port_rule {
	uint64_t access, port;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "landlock: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void allow(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr rule = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat st;

	if (rule.parent_fd < 0 || fstat(rule.parent_fd, &st))
		fail(path);
	rule.allowed_access = S_ISDIR(st.st_mode) ? FOLDER_ACCESS : FILE_ACCESS;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		fail(path);
	close(rule.parent_fd);
}

int main(int argc, char **argv)
{
	struct ruleset attributes = {.files = HANDLED};
	struct port_rule port = {NET_BIND_CONNECT, TCP_PORT};
	size_t size = sizeof(attributes.files);
	char path[4096];
	int ruleset;

	if (argc < 3)
		return 2;
	if (argv[1][0] == '1' &&
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= ABI_WITH_NET) {
		attributes.network = NET_BIND_CONNECT;
		size = sizeof(attributes);
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
	if (ruleset < 0)
		fail("landlock_create_ruleset");
	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = '\0';
		allow(ruleset, path);
	}
	if (attributes.network && syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &port, 0))
		fail("landlock_add_rule");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_landlock_restrict_self, ruleset, 0))
		fail("landlock_restrict_self");
	execv(argv[2], argv + 2);
	fail(argv[2]);
}
