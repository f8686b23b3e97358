/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pavise run: one command, confined.
 *
 * The agent makes a cgroup that its policies govern; the command's process is born in it and does
 * nothing but exec, so it is governed from its first instruction. The command keeps the terminal,
 * the process group and the standard streams. Signals from the terminal reach it by themselves, the
 * others are passed on. The agent keeps the policies as long as a process is left. What the command could
 * type into the terminal, somebody would read who is not confined: that is prevented (subject/terminal.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "commands/commands.h"
#include "control/protocol.h"
#include "control/spec.h"
#include "subject/spawn.h"
#include "subject/terminal.h"
#include "util/util.h"

#define POLICIES_MAX 64

static const int passed_on[] = {SIGHUP,	 SIGINT,  SIGQUIT, SIGTERM,  SIGUSR1,
				SIGUSR2, SIGCONT, SIGALRM, SIGWINCH, SIGURG};

static int command_code(int err)
{
	return err == ENOENT || err == ENOTDIR ? PAVISE_RUN_NOT_FOUND : PAVISE_RUN_DENIED;
}

static void child(char **argv, const sigset_t *mask)
{
	int err;

	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	if (err == ENOENT || err == ENOTDIR)
		say_error("run: %s: not found", argv[0]);
	else
		say_error("run: %s cannot be executed (%s); 'pavise tail --deny' shows what a policy denied",
			  argv[0], strerror(err));
	_exit(command_code(err));
}

/* Until the child ends; its wait status. */
static int supervise(pid_t pid, const sigset_t *set)
{
	for (;;) {
		siginfo_t info;
		int status;

		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		if (sigwaitinfo(set, &info) < 0 || info.si_signo == SIGCHLD)
			continue;
		/* what the terminal sent, it sent to the whole process group */
		if (info.si_code != SI_KERNEL)
			kill(pid, info.si_signo);
	}
}

/* The command is not to type for who reads from the terminal after it. */
static int guard_terminal(void)
{
	int err = terminal_is_there() ? terminal_guard() : 0;

	if (err)
		say_error("run: the command would have this terminal, and no seccomp filter could be "
			  "installed (%s) that keeps it from typing there; start it without a terminal: "
			  "setsid -w pavise run ... </dev/null 2>&1 | cat",
			  strerror(-err));
	return err;
}

static int start_and_wait(const char *cgroup, char **argv)
{
	CLEANUP_CLOSE int fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sigset_t set, before;
	int status;
	pid_t pid;

	if (guard_terminal())
		return PAVISE_RUN_FAILED;
	signal(SIGCHLD, SIG_DFL); /* where it is ignored, there is no status to wait for */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		sigaddset(&set, passed_on[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
	pid = fd < 0 ? -errno : spawn_into(fd);
	if (!pid)
		child(argv, &before);
	if (pid < 0) {
		say_error("run: no process in the cgroup %s (%s)", cgroup, strerror(-pid));
		return PAVISE_RUN_FAILED;
	}
	status = supervise(pid, &set);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static const struct option_def run_options[] = {
	{'p', "policy", "FILE|DIR", "govern the command by these policies; can be repeated"},
	{'m', "mode", "MODE", "enforce or monitor: their mode, whatever they say"},
	{0},
};

struct settings {
	char *policies[POLICIES_MAX];
	size_t n_policies;
	const char *mode;
};

static int parse(const struct command *command, struct options *o, struct settings *s)
{
	int id;

	while ((id = options_next(o))) {
		if (id == 'm')
			s->mode = o->argument;
		else if (s->n_policies < POLICIES_MAX)
			s->policies[s->n_policies++] = (char *)o->argument;
		else
			return usage_error(command, "at most %d times --policy", POLICIES_MAX);
	}
	if (o->status >= 0)
		return o->status;
	if (s->mode && policy_mode_number(s->mode) < 0)
		return usage_error(command, "--mode is enforce or monitor, not '%s'", s->mode);
	if (s->mode && !s->n_policies)
		return usage_error(command, "--mode is the mode of the policies given with --policy");
	return o->argc ? -1 : usage_error(command, "needs a command");
}

static int run_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	struct settings s = {0};
	CLEANUP_CLOSE int connection = -1;
	json_t *files, *reply;
	int code = parse(command, &o, &s);
	const char *cgroup;

	if (code >= 0)
		return code;
	files = policy_files_read(s.policies, s.n_policies, USERS_UNASKED);
	if (!files)
		return PAVISE_RUN_FAILED;
	reply = client_call(json_pack("{s:s, s:o, s:s*}", "op", "run", "files", files, "mode", s.mode), &code,
			    &connection);
	if (!reply)
		return PAVISE_RUN_FAILED;
	cgroup = json_string_value(json_object_get(reply, "cgroup"));
	code = cgroup ? start_and_wait(cgroup, o.argv) : PAVISE_RUN_FAILED;
	json_decref(reply);
	return code;
}

const struct command command_run = {
	.name = "run",
	.usage = "[OPTION]... [--] COMMAND [ARGUMENT]...",
	.summary = "Run a command in a fresh cgroup, governed from its first instruction",
	.details =
		"Without --policy, the command is governed by whatever policies in force match the cgroup\n"
		"/pavise/run-*. It cannot type into the terminal that it is started from. Exits as the\n"
		"command does; with 125 when nothing was started, 126 when the command could not be\n"
		"executed, 127 when it was not found, 128 + n when signal n ended it.",
	.options = run_options,
	.run = run_main,
	.stop_early = true,
};
