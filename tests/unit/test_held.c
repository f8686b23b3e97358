/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Descriptors from before: what /proc says of them, what of mounts, and what a policy says of opening
 * such a file now. The list and the events are the VM suite's (tests/vm/life_held.sh).
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/held.h"
#include "policy/policy.h"
#include "subject/descriptor.h"
#include "util/util.h"

static void test_fdinfo(void **state)
{
	static const char *const wrong[] = {"",
					    "pos:\t0\n",
					    "flags:\t01\nmnt_id:\t2\n",
					    "flags:\t01\nmnt_id:\t99999999999\nino:\t3\n",
					    "flags:\t\nmnt_id:\t2\nino:\t3\n",
					    "xflags:\t01\nmnt_id:\t2\nino:\t3\n"};
	struct descriptor d = {0};

	(void)state;
	assert_int_equal(descriptor_parse("pos:\t0\nflags:\t02100002\nmnt_id:\t29\nino:\t4294967297\n", &d),
			 0);
	assert_int_equal(d.flags, O_RDWR | 0100000);
	assert_int_equal(d.mount, 29);
	assert_int_equal(d.inode, 4294967297);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(descriptor_parse(wrong[i], &d), -EINVAL);
}

static void test_mounts(void **state)
{
	struct mounts m = {0};
	const struct mount_fact *fact;

	(void)state;
	assert_int_equal(mounts_parse("35 1 259:2 / / rw shared:1 - ext4 /dev/sda1 rw\n"
				      "7 35 0:55 / /a\\040-\\040b rw - nfs4 server:/ rw\n"
				      "not a mount\n"
				      "40 35 0:6 / /dev rw shared:2 - devtmpfs udev rw\n"
				      "41 35 0:7 / /cut rw",
				      &m),
			 0);
	assert_int_equal(m.n, 3);
	fact = mounts_find(&m, 35);
	assert_non_null(fact);
	assert_int_equal(fact->device, 259 << 20 | 2);
	assert_non_null(mounts_find(&m, 7));
	assert_non_null(mounts_find(&m, 40));
	assert_null(mounts_find(&m, 41));
	mounts_free(&m);
	assert_null(mounts_find(&m, 35));
}

/* The number of this process' own descriptor, read with its file. */
static int read_own(int number, struct descriptor *d, struct descriptor_file *file)
{
	CLEANUP_CLOSE int self = open("/proc/self", O_PATH | O_DIRECTORY);
	int err;

	assert_true(self >= 0);
	err = descriptor_read(self, number, d);
	if (!err)
		assert_int_equal(descriptor_stat(self, number, file), 0);
	return err;
}

static void test_read(void **state)
{
	char name[] = "/tmp/held-XXXXXX";
	CLEANUP_CLOSE int fd = mkostemp(name, O_CLOEXEC | O_APPEND), folder = open("/", O_RDONLY);
	struct descriptor d, again;
	struct descriptor_file file;
	int pipes[2];

	(void)state;
	assert_int_equal(read_own(fd, &d, &file), 0);
	assert_string_equal(d.path, name);
	assert_int_equal(d.length, strlen(name));
	assert_int_equal(d.flags & (O_ACCMODE | O_APPEND | O_CLOEXEC), O_RDWR | O_APPEND);
	assert_false(d.deleted || file.directory);
	assert_int_equal(file.owner, getuid());
	assert_int_equal(unlink(name), 0);
	assert_int_equal(read_own(fd, &again, &file), 0);
	assert_true(again.deleted && descriptor_same(&d, &again));
	assert_int_equal(read_own(folder, &again, &file), 0);
	assert_true(file.directory && !descriptor_same(&d, &again));
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(read_own(pipes[0], &d, &file), -ENOTSUP);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(read_own(pipes[1], &d, &file), -ENOENT);
}

static void count(void *context, int number)
{
	(void)number;
	++*(size_t *)context;
}

static void test_visit(void **state)
{
	CLEANUP_CLOSE int self = open("/proc/self", O_PATH | O_DIRECTORY);
	size_t all = 0, some = 0;

	(void)state;
	assert_int_equal(descriptors_visit(self, 1000000, count, &all), 0);
	assert_true(all >= 4);
	assert_int_equal(descriptors_visit(self, 2, count, &some), 1);
	assert_int_equal(some, 2);
}

/* ---- the decision ---- */

static const char policies[] = "apiVersion: pavise/v1\n"
			       "kind: Policy\n"
			       "metadata: {name: strict}\n"
			       "spec:\n"
			       "  mode: enforce\n"
			       "  subjects: [cgroup: /strict]\n"
			       "  files:\n"
			       "    default: allow\n"
			       "    rules:\n"
			       "      - deny: [/secret, /removed]\n"
			       "      - {deny: /folder, access: list}\n"
			       "      - {deny: /log, access: write}\n"
			       "      - {deny: /mine, unless-from: /bin/keeper}\n"
			       "---\n"
			       "apiVersion: pavise/v1\n"
			       "kind: Policy\n"
			       "metadata: {name: watch}\n"
			       "spec:\n"
			       "  mode: monitor\n"
			       "  subjects: [cgroup: /watch]\n"
			       "  files:\n"
			       "    default: allow\n"
			       "    rules: [deny: [/secret, /watched]]\n";

struct fixture {
	struct policy_set set;
	struct profiles profiles;
	struct image *image;
	struct pv_label label; /* in /strict, having left /watch */
};

static int setup(void **state)
{
	struct compile_options options = {.generation = 1};
	struct fixture *f = calloc(1, sizeof(*f));
	struct diags d = {0};

	assert_non_null(f);
	profiles_init(&f->profiles);
	assert_int_equal(policy_parse("test", policies, sizeof(policies) - 1, &f->set, &d), 0);
	assert_int_equal(policy_compile(&f->set, &options, &f->profiles, &f->image, &d), 0);
	f->label.profile = image_profile(f->image, "/strict", NULL);
	f->label.held[0] = image_profile(f->image, "/watch", NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	image_free(f->image);
	profiles_free(&f->profiles);
	policy_set_free(&f->set);
	free(f);
	return 0;
}

static struct held_answer judge(struct fixture *f, const char *path, uint32_t flags, bool directory)
{
	struct image_context context = {.executed = true};
	struct descriptor d = {.flags = flags, .length = strlen(path)};

	snprintf(d.path, sizeof(d.path), "%s", path);
	d.deleted = strstr(path, " (deleted)");
	return held_judge(f->image, &f->label, &(struct held_question){&d, directory, PV_WALK_OK}, &context);
}

static void assert_denied(struct held_answer answer, enum pv_verdict verdict, enum pv_access access)
{
	assert_int_equal(PV_CELL_VERDICT(answer.cell), verdict);
	assert_int_equal(answer.access, access);
}

static void test_accesses(void **state)
{
	struct fixture *f = *state;

	assert_denied(judge(f, "/secret", O_RDONLY, false), PV_DENY, PV_ACC_READ);
	assert_denied(judge(f, "/secret", O_WRONLY, false), PV_DENY, PV_ACC_WRITE);
	assert_denied(judge(f, "/secret", O_WRONLY | O_APPEND, false), PV_DENY, PV_ACC_APPEND);
	assert_denied(judge(f, "/log", O_RDWR, false), PV_DENY, PV_ACC_WRITE);
	assert_denied(judge(f, "/log", O_ACCMODE | O_APPEND, false), PV_DENY, PV_ACC_WRITE);
	assert_denied(judge(f, "/folder", O_RDONLY, true), PV_DENY, PV_ACC_LIST);
	assert_int_equal(judge(f, "/log", O_RDONLY, false).cell, 0);
	assert_int_equal(judge(f, "/log", O_WRONLY | O_APPEND, false).cell, 0);
	assert_int_equal(judge(f, "/folder", O_RDONLY, false).cell, 0);
	assert_int_equal(judge(f, "/secret", O_PATH, false).cell, 0);
	assert_int_equal(judge(f, "/secrets", O_RDWR, false).cell, 0);
}

static void test_names(void **state)
{
	struct fixture *f = *state;
	struct held_answer answer = judge(f, "/removed (deleted)", O_RDONLY, false);

	assert_denied(answer, PV_DENY, PV_ACC_READ);
	assert_int_equal(answer.length, strlen("/removed"));
	assert_int_equal(judge(f, "/removed (gone)", O_RDONLY, false).cell, 0);
}

/* Every profile of the label counts, and a denial more than what is only watched. */
static void test_profiles(void **state)
{
	struct fixture *f = *state;
	uint32_t strict = f->label.profile;

	assert_denied(judge(f, "/watched", O_RDONLY, false), PV_WOULD_DENY, PV_ACC_READ);
	f->label.profile = 0;
	assert_denied(judge(f, "/secret", O_RDONLY, false), PV_WOULD_DENY, PV_ACC_READ);
	f->label.profile = strict;
	f->label.held[0] = 0;
	assert_int_equal(judge(f, "/watched", O_RDONLY, false).cell, 0);
	f->label.profile = f->profiles.n + 1;
	assert_int_equal(judge(f, "/secret", O_RDONLY, false).cell, 0);
}

static void test_conditions(void **state)
{
	struct fixture *f = *state;
	struct descriptor d = {.flags = O_RDONLY, .length = 5, .path = "/mine"};
	struct held_question q = {&d, false, PV_WALK_OK};
	struct image_context keeper = {.exe = image_exe(f->image, "/bin/keeper")}, other = {0};
	struct held_answer answer;

	assert_int_equal(held_judge(f->image, &f->label, &q, &keeper).cell, 0);
	assert_denied(held_judge(f->image, &f->label, &q, &other), PV_DENY, PV_ACC_READ);
	/* a name that does not count, and a label that does not say all */
	q.walk = PV_WALK_FOREIGN;
	answer = held_judge(f->image, &f->label, &q, &keeper);
	assert_denied(answer, PV_DENY, PV_ACC_READ);
	assert_int_equal(image_decision(f->image, answer.cell)->reason, REASON_NOT_DECIDABLE);
	q.walk = PV_WALK_OK;
	f->label.flags = PV_LABEL_OVERFULL;
	answer = held_judge(f->image, &f->label, &q, &keeper);
	assert_int_equal(image_decision(f->image, answer.cell)->reason, REASON_NOT_DECIDABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fdinfo),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_visit),
		cmocka_unit_test_setup_teardown(test_accesses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_profiles, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conditions, setup, teardown),
	};

	return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
