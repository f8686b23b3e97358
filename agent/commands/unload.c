/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pavise unload: the way out. And pavise self-test.
 *
 * Unloading needs no agent and no particular version: it ends the agent that runs, takes its place
 * (the lock), so that none starts meanwhile, and removes the pins. The stored policy sets go too:
 * what an administrator ended does not come back with the next agent.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "commands/commands.h"
#include "control/lock.h"
#include "control/protocol.h"
#include "control/store.h"
#include "kernel/kernel.h"
#include "subject/cgroup.h"
#include "util/util.h"

#define STOP_TIMEOUT_MS 30000
#define STOP_STEP_MS	100
#define STOP_QUIET_MS	1000

enum { OPTION_JSON = 256 };

static const struct option_def json_options[] = {
	{OPTION_JSON, "json", NULL, "print the result as JSON"},
	{0},
};

/* Ask a running agent to end. Whether it does is seen by its lock. */
static bool ask_to_stop(const char *run)
{
	struct refusal r = {0};
	CLEANUP_CLOSE int fd = client_connect(run, PATIENCE_ANSWER, &r);
	json_t *reply = fd < 0 ? NULL : client_ask(fd, json_pack("{s:s}", "op", "stop"), PATIENCE_ANSWER, &r);

	json_decref(reply);
	return reply != NULL;
}

static int take_lock(const char *run, bool *stopped, struct refusal *r)
{
	int fd = lock_take(run, false);

	if (fd >= 0 || fd == -ENOENT)
		return fd;
	if (fd == -EAGAIN)
		*stopped = ask_to_stop(run);
	for (int ms = 0; fd == -EAGAIN && ms < STOP_TIMEOUT_MS; ms += STOP_STEP_MS) {
		if (ms == STOP_QUIET_MS)
			say("waiting for the agent to end");
		poll(NULL, 0, STOP_STEP_MS);
		fd = lock_take(run, false);
	}
	if (fd == -EAGAIN)
		return refuse(r, ETIMEDOUT, PAVISE_FAILED,
			      "the agent was asked to end and still holds %s/%s; end it (SIGKILL does no "
			      "harm) and try "
			      "again",
			      run, PROTOCOL_LOCK);
	return fd < 0 ? refuse(r, -fd, PAVISE_FAILED, "%s/%s: %s", run, PROTOCOL_LOCK, strerror(-fd)) : fd;
}

/* The folder of the runs' cgroups goes as well, unless somebody is left in it. */
static void remove_cgroups(const struct machine *m)
{
	struct cgroups *c = calloc(1, sizeof(*c));

	if (c && *m->cgroup2 && !cgroups_open(c, m->cgroup2)) {
		cgroup_remove(c, "/pavise");
		cgroups_close(c);
	}
	free(c);
}

static int unload(const struct machine_paths *paths, bool *stopped, size_t *links, size_t *left,
		  struct refusal *r)
{
	CLEANUP_CLOSE int lock = -1;
	struct machine m = {0};
	int err;

	if (geteuid())
		return refuse(r, EPERM, PAVISE_NOT_ROOT, "unload needs root, and the effective user is %u",
			      geteuid());
	lock = take_lock(paths->run, stopped, r);
	if (lock < 0 && lock != -ENOENT)
		return lock;
	err = kernel_unload(paths, links, left, r);
	if (err)
		return err;
	if (lock >= 0)
		store_prune(paths->run, 0);
	if (!machine_probe(paths, &m))
		remove_cgroups(&m);
	return 0;
}

static int unload_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	struct refusal r = {0};
	bool json = false, stopped = false;
	size_t links = 0, left = 0;
	int id;

	while ((id = options_next(&o)))
		json |= id == OPTION_JSON;
	if (o.status >= 0)
		return o.status;
	if (o.argc)
		return usage_error(command, "takes no arguments, but got '%s'", o.argv[0]);
	if (unload(&machine_paths, &stopped, &links, &left, &r))
		return say_refusal(&r);
	if (json)
		printf("{\"agent_stopped\":%s,\"links\":%zu,\"left\":%zu}\n", stopped ? "true" : "false",
		       links, left);
	else if (links && !left)
		printf("%s%zu programs detached; nothing is enforced any more\n",
		       stopped ? "agent stopped, " : "", links);
	else if (!links)
		puts(stopped ? "agent stopped; no programs were attached" : "nothing was loaded");
	if (!left)
		return PAVISE_OK;
	say_error("%zu of %zu programs are unpinned and still held by another process, so they may still "
		  "enforce; 'bpftool link' shows who holds them",
		  left, links);
	return PAVISE_FAILED;
}

static int self_test_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	bool json = false;
	json_t *reply;
	int id, code;

	while ((id = options_next(&o)))
		json |= id == OPTION_JSON;
	if (o.status >= 0)
		return o.status;
	if (o.argc)
		return usage_error(command, "takes no arguments, but got '%s'", o.argv[0]);
	reply = client_call(json_pack("{s:s}", "op", "self-test"), &code, NULL);
	if (!reply)
		return code;
	if (json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (json_is_true(json_object_get(reply, "monitor_all"))) {
		puts("passed: a forbidden file was open, as all policies only monitor, and the event says "
		     "so");
	} else {
		puts("passed: a forbidden file was denied, its neighbour was not, and the event came");
	}
	json_decref(reply);
	return PAVISE_OK;
}

const struct command command_unload = {
	.name = "unload",
	.usage = "[OPTION]...",
	.summary = "End enforcement: stop the agent, detach all programs, forget the policies",
	.options = json_options,
	.run = unload_main,
};

const struct command command_self_test = {
	.name = "self-test",
	.usage = "[OPTION]...",
	.summary = "Let the agent do a forbidden thing and see that it is denied and logged",
	.options = json_options,
	.run = self_test_main,
};
