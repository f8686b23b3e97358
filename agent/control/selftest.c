/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The self-test: does what is attached enforce?
 *
 * An attach that succeeds proves nothing, so the agent does what its policies are for: a child in a
 * cgroup of its own opens a file that a policy of that cgroup denies, and one beside it that the
 * policy permits. The first must fail with EACCES, the second must not, and the denial must come out
 * of the ring. Under the global override to monitor the first succeeds as well, and its record says
 * that it would have been denied.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "audit/names.h"
#include "control/agent.h"
#include "subject/spawn.h"
#include "util/util.h"

#define TIMEOUT_MS	 10000
#define EVENT_TIMEOUT_MS 2000
#define STEP_MS		 20

static const char policy_text[] = "apiVersion: pavise/v1\n"
				  "kind: Policy\n"
				  "metadata:\n"
				  "  name: pavise-self-test\n"
				  "spec:\n"
				  "  mode: enforce\n"
				  "  subjects:\n"
				  "    - cgroup: /pavise/self-test\n"
				  "  files:\n"
				  "    default: allow\n"
				  "    rules:\n"
				  "      - deny: %s/self-test/forbidden\n";

/* What the child found, as its exit status. */
enum finding { FOUND_DENIED, FOUND_OPEN, FOUND_NEIGHBOUR_DENIED, FOUND_OTHER };

static const char *const finding_texts[] = {
	[FOUND_DENIED] = "the forbidden file was denied",
	[FOUND_OPEN] = "the forbidden file could be opened",
	[FOUND_NEIGHBOUR_DENIED] = "the permitted file beside it was denied",
	[FOUND_OTHER] = "the test process did not come to its end",
};

struct test {
	struct agent *agent;
	char *folder, *forbidden, *permitted;
	struct run *run;
};

static int try_files(const struct test *t)
{
	int fd = open(t->permitted, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return FOUND_NEIGHBOUR_DENIED;
	fd = open(t->forbidden, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return FOUND_OPEN;
	return errno == EACCES ? FOUND_DENIED : FOUND_OTHER;
}

static int wait_for(pid_t pid)
{
	CLEANUP_CLOSE int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int status = 0;

	if (fd < 0 || poll(&p, 1, TIMEOUT_MS) != 1)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > FOUND_OTHER)
		return FOUND_OTHER;
	return WEXITSTATUS(status);
}

static int make_files(struct test *t)
{
	CLEANUP_CLOSE int dir = -1;
	int err = make_directory(t->folder, 0700);

	if (err)
		return err;
	dir = open(t->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	err = write_file_durably(dir, "forbidden", "", 0);
	return err ? err : write_file_durably(dir, "permitted", "", 0);
}

static int begin(struct test *t, struct refusal *r)
{
	CLEANUP_FREE char *text = strfmt(policy_text, t->agent->paths->run);
	struct spec_text policy = {.file = "self-test", .text = text, .mode = SPEC_AS_WRITTEN};
	struct diags d = {0};
	int err;

	if (!text)
		return refuse(r, ENOMEM, PAVISE_SELF_TEST_FAILED, "out of memory");
	policy.length = strlen(text);
	err = make_files(t);
	if (err)
		return refuse(r, -err, PAVISE_NO_STATE, "%s cannot be prepared (%s)", t->folder,
			      strerror(-err));
	err = run_begin(t->agent, t, getpid(), &policy, 1, &d, r, &t->run);
	diags_free(&d);
	return err;
}

/* Run the child and read its event, unless none comes in time. */
static int try_once(struct test *t, int *found, struct refusal *r)
{
	struct watch *w = &t->agent->watch;
	CLEANUP_CLOSE int cgroup = cgroup_open(&t->agent->cgroups, run_cgroup(t->run), NULL, O_RDONLY);
	pid_t pid = cgroup < 0 ? cgroup : spawn_into(cgroup);

	if (!pid)
		_exit(try_files(t));
	if (pid < 0)
		return refuse(r, -pid, PAVISE_SELF_TEST_FAILED, "no process in the cgroup %s (%s)",
			      run_cgroup(t->run), strerror(-pid));
	*w = (struct watch){.pid = pid};
	*found = wait_for(pid);
	for (int ms = 0; !w->seen && ms < EVENT_TIMEOUT_MS; ms += STEP_MS) {
		rings_drain(t->agent);
		if (!w->seen)
			poll(NULL, 0, STEP_MS);
	}
	w->pid = 0;
	return 0;
}

static int judge(const struct test *t, int found, struct refusal *r)
{
	const struct watch *w = &t->agent->watch;
	bool monitor = t->agent->live.spec.monitor_all;
	int wanted = monitor ? FOUND_OPEN : FOUND_DENIED;
	unsigned verdict = monitor ? PV_WOULD_DENY : PV_DENY;
	char event[128] = "no event came";

	if (found == wanted && w->seen && PV_CELL_VERDICT(w->cell) == verdict)
		return 0;
	if (w->seen)
		snprintf(event, sizeof(event), "the event says %s by %s%s%s",
			 PV_CELL_VERDICT(w->cell) == PV_DENY	     ? "denied"
			 : PV_CELL_VERDICT(w->cell) == PV_WOULD_DENY ? "would be denied"
								     : "allowed",
			 name_hook(w->hook), w->walk ? ", no name: " : "", w->walk ? name_walk(w->walk) : "");
	return refuse(r, EPROTO, PAVISE_SELF_TEST_FAILED,
		      "the self-test in the cgroup %s failed: %s, and %s; what is enforced here cannot be "
		      "relied on, "
		      "please report it with the output of 'pavise probe --load'",
		      run_cgroup(t->run), finding_texts[found], event);
}

int self_test(struct agent *a, struct refusal *r)
{
	CLEANUP_FREE char *folder = strfmt("%s/self-test", a->paths->run);
	CLEANUP_FREE char *forbidden = strfmt("%s/self-test/forbidden", a->paths->run);
	CLEANUP_FREE char *permitted = strfmt("%s/self-test/permitted", a->paths->run);
	struct test t = {.agent = a, .folder = folder, .forbidden = forbidden, .permitted = permitted};
	int found = FOUND_OTHER, err;

	if (!folder || !forbidden || !permitted)
		return refuse(r, ENOMEM, PAVISE_SELF_TEST_FAILED, "out of memory");
	err = begin(&t, r);
	err = err ? err : try_once(&t, &found, r);
	err = err ? err : judge(&t, found, r);
	if (t.run)
		run_release(t.run);
	remove_tree(AT_FDCWD, folder, 2);
	return err;
}
