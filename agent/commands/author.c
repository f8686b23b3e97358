/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pavise explain, test, schema, diff: for who writes policies. None needs an agent or a kernel. */
#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "author/diff.h"
#include "author/expect.h"
#include "author/explain.h"
#include "author/schema.h"
#include "commands/commands.h"
#include "kernel/machine.h"
#include "util/message.h"
#include "util/util.h"

#define POLICIES_MAX 256

enum { OPTION_JSON = 256, OPTION_EXE, OPTION_CGROUP, OPTION_UID, OPTION_OWNER };

static const struct option_def json_options[] = {
	{OPTION_JSON, "json", NULL, "print the result as JSON"},
	{0},
};

/* Options of a command that has no other than --json; -1 to go on. */
static int parse_json_option(struct options *o, bool *json)
{
	int id;

	while ((id = options_next(o)))
		*json |= id == OPTION_JSON;
	return o->status;
}

static void print_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(value);
}

/* What `explain` was asked. */
struct asked {
	struct asker who;
	char *policies[POLICIES_MAX];
	size_t n_policies;
	bool json;
};

/* A user by number or name. */
static bool read_user(const char *text, uint32_t *uid)
{
	struct passwd *user;
	uint64_t number;

	if (!parse_number(text, UINT32_MAX - 1, &number)) {
		*uid = (uint32_t)number;
		return true;
	}
	user = getpwnam(text);
	if (user)
		*uid = user->pw_uid;
	return user;
}

static int take_option(struct options *o, int id, struct asked *a)
{
	const char *value = o->argument;

	if ((id == OPTION_EXE || id == OPTION_CGROUP) && *value != '/')
		return usage_error(o->command, "'%s' is not an absolute path", value);
	switch (id) {
	case 'p':
		if (a->n_policies == POLICIES_MAX)
			return usage_error(o->command, "takes at most %d policies", POLICIES_MAX);
		a->policies[a->n_policies++] = (char *)value;
		break;
	case OPTION_EXE:
		a->who.exe = value;
		break;
	case OPTION_CGROUP:
		a->who.cgroup = value;
		break;
	case OPTION_UID:
		if (!read_user(value, &a->who.uid))
			return usage_error(o->command, "'%s' is neither a number nor a user of this machine",
					   value);
		break;
	case OPTION_OWNER:
		a->who.owner = true;
		break;
	case OPTION_JSON:
		a->json = true;
		break;
	}
	return -1;
}

static int read_policies(const struct asked *a, struct sources *s)
{
	int err;

	if (a->n_policies)
		return sources_read(s, a->policies, a->n_policies) ? PAVISE_BAD_POLICY : PAVISE_OK;
	err = sources_read_in_force(s, machine_paths.run);
	if (!err)
		return PAVISE_OK;
	if (err == -EACCES || err == -EPERM)
		say_error("explain: only root may read the policies in force; give policies with -p");
	else if (err == -ENOENT)
		say_error("explain: no policies are in force; give policies with -p");
	else
		say_error(
			"explain: the policies in force below %s cannot be read (%s); give policies with -p",
			machine_paths.run, strerror(-err));
	return err == -ENOENT ? PAVISE_NO_AGENT : PAVISE_NO_STATE;
}

/* Tell what went wrong with policies that were read. */
static int report_failure(const struct command *command, int err, struct diags *d)
{
	if (err == -E2BIG && !d->n)
		say_error("%s: the policies distinguish more names than can be looked at", command->name);
	else if (err && err != -EINVAL && err != -E2BIG)
		say_error("%s: %s", command->name, strerror(-err));
	diags_print(d, stderr);
	diags_free(d);
	return err == -EINVAL || err == -E2BIG ? PAVISE_BAD_POLICY : err ? PAVISE_FAILED : PAVISE_OK;
}

static int explain_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	struct sources sources = {0};
	struct judge judge = {0};
	struct asked asked = {0};
	struct question question;
	struct diags d = {0};
	char error[QUESTION_ERROR];
	json_t *value = NULL;
	int id, code, err;

	while ((id = options_next(&o))) {
		code = take_option(&o, id, &asked);
		if (code >= 0)
			return code;
	}
	if (o.status >= 0)
		return o.status;
	if (o.argc < 1 || o.argc > 2)
		return usage_error(command, "needs an access and a name, such as: read /etc/shadow");
	if (question_parse(o.argv[0], o.argv[1], &question, error))
		return usage_error(command, "%s", error);
	code = read_policies(&asked, &sources);
	if (code)
		return code;
	err = judge_open(&judge, &sources, &d);
	if (!err) {
		struct explain e = {&judge, &sources, &question, o.argv[0], o.argv[1], asked.who};

		err = asked.json ? explain_json(&e, &value) : explain_print(&e, stdout);
	}
	if (value)
		print_json(value);
	judge_close(&judge);
	sources_free(&sources);
	return report_failure(command, err, &d);
}

static const struct option_def explain_options[] = {
	{'p', "policy", "FILE|DIR", "policies to ask instead of those in force (may be given several times)"},
	{OPTION_EXE, "exe", "PATH", "the executable that acts (default: one that no policy names)"},
	{OPTION_CGROUP, "cgroup", "PATH", "the cgroup that acts (default: one that every policy governs)"},
	{OPTION_UID, "uid", "USER", "the user that acts, by number or name (default: 0)"},
	{OPTION_OWNER, "owner", NULL, "the user that acts owns the file"},
	{OPTION_JSON, "json", NULL, "print the result as JSON"},
	{0},
};

const struct command command_explain = {
	.name = "explain",
	.usage = "[OPTION]... ACCESS [NAME]",
	.summary = "Say whether an access is permitted, by which rule, and what would change that",
	.details = "ACCESS and NAME:\n\n"
		   "  read write append create delete rename link attributes map list exec   PATH\n"
		   "  connect bind listen accept   ADDRESS:PORT[/PROTOCOL], unix:PATH or unix:@NAME\n"
		   "  socket                       FAMILY[/PROTOCOL]\n"
		   "  capability                   its name\n"
		   "  mount ptrace bpf modules user-namespaces anonymous-exec io-uring signal perf agent\n\n"
		   "Nothing is asked of the kernel, and nothing is changed. Exits with 0 whatever the answer "
		   "is.",
	.options = explain_options,
	.run = explain_main,
};

static int test_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	struct expect_result result = {0};
	bool json = false, wrong = false;
	int code = parse_json_option(&o, &json);

	if (code >= 0)
		return code;
	if (!o.argc)
		return usage_error(command, "needs a file of expectations");
	if (json)
		result.results = json_array();
	for (int i = 0; i < o.argc; i++)
		wrong = expect_run(o.argv[i], json ? NULL : stdout, &result) || wrong;
	if (json)
		print_json(json_pack("{s:I, s:I, s:o}", "passed", (json_int_t)result.passed, "failed",
				     (json_int_t)result.failed, "results", result.results));
	else
		printf("%s%zu passed, %zu failed%s\n",
		       colour(stdout, result.failed ? COLOUR_RED : COLOUR_GREEN), result.passed,
		       result.failed, colour(stdout, COLOUR_NONE));
	if (wrong)
		return PAVISE_BAD_POLICY;
	return result.failed ? PAVISE_FAILED : PAVISE_OK;
}

const struct command command_test = {
	.name = "test",
	.usage = "[OPTION]... FILE...",
	.summary = "Compare what policies say with what they are expected to say",
	.details = "A file names policies and what is expected of them:\n\n"
		   "  policies: [web.yaml]\n"
		   "  expect:\n"
		   "    - {access: read, name: /etc/shadow, verdict: deny, rule: \"files[0]\"}\n"
		   "    - {access: connect, name: \"10.0.0.1:443/tcp\", verdict: allow}\n\n"
		   "A verdict is allow, deny, would_deny or kill; rule, policy, exe, uid, cgroup and owner "
		   "may be\n"
		   "given. Exits with 0 when all is as expected, with 1 when not.",
	.options = json_options,
	.run = test_main,
};

static int schema_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};

	options_next(&o);
	if (o.status >= 0)
		return o.status;
	if (o.argc)
		return usage_error(command, "takes no arguments, but got '%s'", o.argv[0]);
	fputs(author_schema, stdout);
	return PAVISE_OK;
}

static const struct option_def no_options[] = {{0}};

const struct command command_schema = {
	.name = "schema",
	.usage = "",
	.summary = "Print the JSON Schema of the policy language, for editors",
	.details = "An editor with a YAML language server completes and checks policies with it:\n\n"
		   "  pavise schema > pavise.json\n"
		   "  # yaml-language-server: $schema=pavise.json     (first line of a policy)\n\n"
		   "What a schema cannot express, 'pavise check' tells.",
	.options = no_options,
	.run = schema_main,
};

static int diff_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	struct sources before = {0}, after = {0};
	struct diff diff = {0};
	struct diags d = {0};
	bool json = false, empty;
	int code = parse_json_option(&o, &json), err;

	if (code >= 0)
		return code;
	if (o.argc != 2)
		return usage_error(command, "needs two files or directories");
	err = sources_read(&before, &o.argv[0], 1);
	err = sources_read(&after, &o.argv[1], 1) || err ? -EINVAL : 0;
	if (!err)
		err = diff_find(&before, &after, &diff, &d);
	sources_free(&before);
	sources_free(&after);
	code = report_failure(command, err, &d);
	if (err)
		return code == PAVISE_FAILED ? PAVISE_BAD_POLICY : code;
	empty = diff_is_empty(&diff);
	if (json)
		print_json(diff_json(&diff));
	else
		diff_print(&diff, stdout);
	diff_free(&diff);
	return empty ? PAVISE_OK : PAVISE_FAILED;
}

const struct command command_diff = {
	.name = "diff",
	.usage = "[OPTION]... OLD NEW",
	.summary = "Say what changes between two sets of policies",
	.details =
		"OLD and NEW are files or directories. Every name there can be is looked at: what is not\n"
		"listed does not change. Names are grouped by access, verdict and rule, and each group is\n"
		"shown by a shortest name of it. Exits with 0 when nothing changes, with 1 when something "
		"does.",
	.options = json_options,
	.run = diff_main,
};
