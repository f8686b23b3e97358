/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The probe and its refusals, on machines made of files: each thing that may be missing is missing
 * once, and the message names what was looked at and what to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/machine.h"
#include "util/util.h"

struct fixture {
	char dir[64];
	char release[96], status[96], mounts[96], btf[96], securityfs[96], ftrace[96], pids[96];
	struct machine_paths paths;
};

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, text, strlen(text)), 0);
	close(fd);
}

#define GOOD_STATUS  "Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n"
#define MOUNT_CGROUP "30 20 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"
#define MOUNT_BPF    "31 20 0:27 / /sys/fs/bpf rw - bpf bpf rw,mode=700\n"
#define MOUNT_ROOT   "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[128];

	strcpy(f->dir, "/tmp/pavise-probe-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->release, sizeof(f->release), "%s/release", f->dir);
	snprintf(f->status, sizeof(f->status), "%s/status", f->dir);
	snprintf(f->mounts, sizeof(f->mounts), "%s/mounts", f->dir);
	snprintf(f->btf, sizeof(f->btf), "%s/btf", f->dir);
	snprintf(f->securityfs, sizeof(f->securityfs), "%s/security", f->dir);
	f->paths =
		(struct machine_paths){f->release, f->status,	  f->mounts,	 f->btf,  f->securityfs,
				       f->ftrace,  "/sys/fs/bpf", "/run/pavise", f->pids, "/proc/1/ns/mnt"};
	snprintf(f->pids, sizeof(f->pids), "%s/pids", f->dir);
	snprintf(f->ftrace, sizeof(f->ftrace), "%s/ftrace", f->dir);
	put(f->release, "6.12.1-test\n");
	put(f->status, GOOD_STATUS);
	put(f->mounts, MOUNT_ROOT MOUNT_CGROUP MOUNT_BPF);
	put(f->btf, "x");
	assert_int_equal(mkdir(f->securityfs, 0700), 0);
	snprintf(path, sizeof(path), "%s/lsm", f->securityfs);
	put(path, "lockdown,capability,landlock,bpf");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(remove_tree(AT_FDCWD, f->dir, 3), 0);
	free(f);
	return 0;
}

/* Probe and check; the machine must be refused with this code, in words that contain `words`. */
static void expect(struct fixture *f, int code, const char *words)
{
	struct refusal r = {0};
	struct machine m;

	assert_int_equal(machine_probe(&f->paths, &m), 0);
	machine_check(&f->paths, &m, &r);
	assert_int_equal(r.code, code);
	if (words && !strstr(r.text, words))
		fail_msg("'%s' is not in: %s", words, r.text);
}

static void test_good(void **state)
{
	struct fixture *f = *state;
	struct machine m;

	expect(f, 0, NULL);
	assert_int_equal(machine_probe(&f->paths, &m), 0);
	assert_int_equal(m.major, 6);
	assert_int_equal(m.minor, 12);
	assert_string_equal(m.release, "6.12.1-test");
	assert_string_equal(m.cgroup2, "/sys/fs/cgroup");
	assert_string_equal(m.lsm, "lockdown,capability,landlock,bpf");
	assert_true(m.bpffs && m.btf && m.bpf_lsm);
}

static void test_old_kernel(void **state)
{
	struct fixture *f = *state;

	put(f->release, "5.15.0-9\n");
	expect(f, PAVISE_OLD_KERNEL, "5.15.0-9");
	put(f->release, "6.0.19\n");
	expect(f, PAVISE_OLD_KERNEL, "6.1");
	put(f->release, "nonsense\n");
	expect(f, PAVISE_OLD_KERNEL, "nonsense");
	put(f->release, "6.1.0\n");
	expect(f, 0, NULL);
	put(f->release, "7.0\n");
	expect(f, 0, NULL);
}

static void test_not_root(void **state)
{
	struct fixture *f = *state;

	put(f->status, "Name:\tx\nUid:\t0\t1000\t0\t0\nCapEff:\t000001ffffffffff\n");
	expect(f, PAVISE_NOT_ROOT, "1000");
	put(f->status, "Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t000001bfffffffff\n");
	expect(f, PAVISE_NOT_ROOT, "cap_perfmon");
	put(f->status, "Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\n");
	expect(f, PAVISE_NOT_ROOT, "cap_dac_read_search, cap_sys_admin, cap_perfmon, cap_bpf");
	put(f->status, "Name:\tx\n");
	expect(f, PAVISE_NOT_ROOT, NULL);
}

static void test_no_btf(void **state)
{
	struct fixture *f = *state;

	unlink(f->btf);
	expect(f, PAVISE_NO_BTF, "CONFIG_DEBUG_INFO_BTF");
}

static void test_lsm(void **state)
{
	struct fixture *f = *state;
	char path[128], mounts[512];

	snprintf(path, sizeof(path), "%s/lsm", f->securityfs);
	put(path, "lockdown,capability\n");
	expect(f, PAVISE_NO_LSM, "lsm=lockdown,capability,bpf");
	put(path, "bpfilter,notbpf,xbpf");
	expect(f, PAVISE_NO_LSM, "without bpf");
	put(path, "bpf");
	expect(f, 0, NULL);
	unlink(path);
	expect(f, PAVISE_NO_LSM, "mount -t securityfs");
	snprintf(mounts, sizeof(mounts), "%s32 20 0:28 / %s rw - securityfs securityfs rw\n",
		 MOUNT_CGROUP MOUNT_BPF, f->securityfs);
	put(f->mounts, mounts);
	expect(f, PAVISE_NO_LSM, "CONFIG_BPF_LSM");
}

static void test_lockdown(void **state)
{
	struct fixture *f = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/lockdown", f->securityfs);
	put(path, "none [integrity] confidentiality\n");
	expect(f, 0, NULL);
	put(path, "none integrity [confidentiality]\n");
	expect(f, PAVISE_LOCKED_DOWN, "lockdown=integrity");
}

static void test_ftrace(void **state)
{
	struct fixture *f = *state;

	put(f->ftrace, "1\n");
	expect(f, 0, NULL);
	put(f->ftrace, "0\n");
	expect(f, PAVISE_NO_HOOK, "kernel.ftrace_enabled=1");
}

static void test_pids(void **state)
{
	struct fixture *f = *state;

	expect(f, 0, NULL);
	assert_int_equal(symlink("pid:[4026531836]", f->pids), 0);
	expect(f, 0, NULL);
	unlink(f->pids);
	assert_int_equal(symlink("pid:[4026532836]", f->pids), 0);
	expect(f, PAVISE_INNER_PIDS, "--pid=host");
}

static void test_mounts(void **state)
{
	struct fixture *f = *state;
	struct machine m;

	put(f->mounts, MOUNT_ROOT MOUNT_BPF);
	expect(f, PAVISE_NO_CGROUP2, "mount -t cgroup2");
	put(f->mounts, MOUNT_ROOT MOUNT_CGROUP);
	expect(f, PAVISE_NO_BPFFS, "mount -t bpf");
	/* something else on top, and a part of the hierarchy only */
	put(f->mounts, MOUNT_CGROUP MOUNT_BPF "40 31 0:33 / /sys/fs/bpf rw - tmpfs tmpfs rw\n");
	expect(f, PAVISE_NO_BPFFS, NULL);
	put(f->mounts, MOUNT_CGROUP "40 31 0:33 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n" MOUNT_BPF);
	expect(f, PAVISE_NO_CGROUP2, NULL);
	put(f->mounts, "30 20 0:26 /user.slice /mnt rw - cgroup2 cgroup2 rw\n" MOUNT_BPF);
	expect(f, PAVISE_NO_CGROUP2, NULL);
	put(f->mounts, MOUNT_BPF "30 20 0:26 / /mnt/a\\040b\\134c rw - cgroup2 none rw\n");
	assert_int_equal(machine_probe(&f->paths, &m), 0);
	assert_string_equal(m.cgroup2, "/mnt/a b\\c");
	put(f->mounts, "garbage\n - \n1 2 3 - cgroup2\n\n");
	expect(f, PAVISE_NO_CGROUP2, NULL);
}

/* The first fault is named, in the order in which they have to be cured. */
static void test_order(void **state)
{
	struct fixture *f = *state;

	put(f->mounts, MOUNT_ROOT);
	unlink(f->btf);
	expect(f, PAVISE_NO_BTF, NULL);
	put(f->status, "Uid:\t0\t1\n");
	put(f->release, "5.10\n");
	expect(f, PAVISE_OLD_KERNEL, NULL);
}

static void test_no_proc(void **state)
{
	struct fixture *f = *state;
	struct machine m;

	unlink(f->release);
	assert_int_equal(machine_probe(&f->paths, &m), -ENOENT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),   TEST(test_old_kernel), TEST(test_not_root), TEST(test_no_btf),
		TEST(test_lsm),	   TEST(test_lockdown),	  TEST(test_ftrace),   TEST(test_pids),
		TEST(test_mounts), TEST(test_order),	  TEST(test_no_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
