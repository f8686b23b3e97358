/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bypass CGROUP OBJECT OPERATION ARGUMENT...: one operation of the matrix of bypasses, in a cgroup.
 * bypass list: the names of the operations that are in here.
 *
 * Guarantees: prints 0 when the operation succeeds, the name of its error when it fails, and
 * "STEP: ERROR" when what was to happen before it failed. What prepares it is done outside of the
 * cgroup, so that no policy has a word in it, and on files that are the same each time; what is said to
 * be done under the policy is done by a process that is born in the cgroup. All is gone after a minute, and
 * this program itself half a minute later, by SIGALRM.
 *
 * How: the fixture is made anew, the operation's `prepare` is called, a child is cloned into the cgroup
 * and calls `run`. An OPERATION that is none of these is a program of tests/vm, which the child executes.
 * In arguments a leading @ is OBJECT, and words that start with "T/", "BIN/", "OUT", "AGENT" and "POLICIES"
 * mean the folder of the fixture, that of the programs, a cgroup that no policy is about, the agent's process
 * and the folder of its policies.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS	     60
#define SECONDS_ALL  90
#define WORDS_MAX    32
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *step;
const char *fixture_root;
const char *run_name;

static const struct operation *const areas[] = {
	file_operations,  exec_operations,    descriptor_operations, network_operations,
	uring_operations, process_operations, agent_operations,	     watch_operations,
};

int before(const char *what)
{
	step = what;
	return -1;
}

pid_t helper(int (*body)(const void *context), const void *context)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		close(ready[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(SECONDS);
		if (!body(context) && write(ready[1], "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static const struct operation *find(const char *name)
{
	for (size_t i = 0; i < COUNT(areas); i++)
		for (const struct operation *o = areas[i]; o->name; o++)
			if (!strcmp(o->name, name))
				return o;
	return NULL;
}

static int list(void)
{
	for (size_t i = 0; i < COUNT(areas); i++)
		for (const struct operation *o = areas[i]; o->name; o++)
			puts(o->name);
	return 0;
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static char *joined(const char *a, const char *b)
{
	size_t n = strlen(a) + strlen(b) + 1;
	char *text = malloc(n);

	if (!text)
		exit(125);
	snprintf(text, n, "%s%s", a, b);
	return text;
}

static char *meant(const char *word)
{
	char out[256];

	if (!strncmp(word, "T/", 2))
		return joined(fixture_root, word + 1);
	if (!strncmp(word, "BIN/", 4))
		return joined(variable("BIN"), word + 3);
	if (!strncmp(word, "AGENT", 5))
		return joined(variable("AGENT"), word + 5);
	if (!strncmp(word, "POLICIES", 8))
		return joined(variable("POLICIES"), word + 8);
	if (!strncmp(word, "OUT", 3)) {
		snprintf(out, sizeof(out), "%s/%s", variable("OUTSIDE"), run_name);
		mkdir(out, 0755);
		return joined(out, word + 3);
	}
	return joined(word, "");
}

static char *expand(const char *word, const char *object)
{
	return word[0] == '@' ? joined(meant(object), word + 1) : meant(word);
}

static pid_t clone_into(const char *cgroup)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int fd;

	mkdir(cgroup, 0755);
	fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	args.cgroup = (uint64_t)fd;
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static int say(int result)
{
	if (result >= 0)
		printf("0\n");
	else
		printf("%s%s%s\n", step ? step : "", step ? ": " : "", strerrorname_np(errno));
	fflush(stdout);
	return 0;
}

static int operate(const struct operation *o, char **words)
{
	char *program;

	alarm(SECONDS);
	/* a program that was executed here would have opened a file already, and be known */
	close(open("/dev/null", O_RDONLY));
	if (o)
		return say(o->run(words + 1));
	program = joined(variable("BIN"), joined("/", words[0]));
	execv(program, words);
	return say(before(program));
}

int main(int argc, char **argv)
{
	const struct operation *o;
	char *words[WORDS_MAX + 1] = {0};
	int status, n = 0;
	pid_t pid;

	if (argc == 2 && !strcmp(argv[1], "list"))
		return list();
	if (argc < 4 || argc - 3 > WORDS_MAX)
		return 125;
	alarm(SECONDS_ALL); /* a clone has none but its own */
	fixture_root = variable("T");
	run_name = strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1];
	for (; argv[n + 3]; n++)
		words[n] = expand(argv[n + 3], argv[2]);
	o = find(words[0]);
	if (o && n - 1 < o->arguments)
		return 125;
	if (fixture())
		return say(before(step ? step : "fixture"));
	if (o && o->prepare && o->prepare(words + 1))
		return say(before(step ? step : "prepare"));
	step = NULL;
	pid = clone_into(argv[1]);
	if (pid < 0)
		return say(before("clone"));
	if (!pid)
		return operate(o, words);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		printf("status %d\n", status);
	return 0;
}
