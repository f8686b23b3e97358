/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pavise check, apply, remove, mode: the policy set. */
#include <errno.h>
#include <string.h>

#include "author/lint.h"
#include "author/sources.h"
#include "commands/commands.h"
#include "control/protocol.h"
#include "control/spec.h"
#include "util/util.h"

/* "a, b, c" of an array of names; NULL without memory. */
static char *join(json_t *names)
{
	char *text = strdup("");
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name) {
		char *longer = text ? strfmt("%s%s%s", text, i ? ", " : "", json_string_value(name)) : NULL;

		free(text);
		text = longer;
	}
	return text;
}

/* What an operation changed, for people or as the reply itself. */
static int report(json_t *reply, bool json)
{
	static const struct {
		const char *key, *text;
	} parts[] = {{"added", "in force"}, {"removed", "removed"}};

	for (size_t i = 0; !json && i < ARRAY_SIZE(parts); i++) {
		json_t *names = json_object_get(reply, parts[i].key);
		CLEANUP_FREE char *text = json_array_size(names) ? join(names) : NULL;

		if (text)
			printf("%s: %s\n", parts[i].text, text);
	}
	if (json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(reply);
	return PAVISE_OK;
}

enum { OPTION_PRUNE = 256, OPTION_JSON, OPTION_STRICT };

static const struct option_def check_options[] = {
	{OPTION_STRICT, "strict", NULL, "also warn of what is valid and decides nothing"},
	{0},
};

/* Print the warnings of all policies. 0 if there are none, 1 if there are, or -errno. */
static int check_strictly(struct sources *s)
{
	struct policy_set set = {0};
	struct diags d = {0};
	int result = sources_parse(s, &set, &d);

	for (size_t i = 0; !result && i < set.n_policies; i++) {
		int err = lint_policy(&set.policies[i], sources_text(s, set.policies[i].file), &d, NULL);

		result = err == -E2BIG ? 0 : err;
	}
	if (!result)
		result = d.n > 0;
	diags_print(&d, stderr);
	diags_free(&d);
	policy_set_free(&set);
	return result;
}

static int check_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	struct sources sources = {0};
	bool strict = false;
	int id, result;

	while ((id = options_next(&o)))
		strict |= id == OPTION_STRICT;
	if (o.status >= 0)
		return o.status;
	if (!o.argc)
		return usage_error(command, "needs a file or directory");
	result = sources_read(&sources, o.argv, (size_t)o.argc);
	if (!result && strict)
		result = check_strictly(&sources);
	if (result < 0 && result != -EINVAL)
		say_error("check: %s", strerror(-result));
	sources_free(&sources);
	return result ? PAVISE_FAILED : PAVISE_OK;
}

static const struct option_def apply_options[] = {
	{OPTION_PRUNE, "prune", NULL, "remove every policy that is not among these"},
	{OPTION_JSON, "json", NULL, "print the result as JSON"},
	{0},
};

static int apply_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	bool prune = false, json = false;
	json_t *files, *reply;
	int id, code;

	while ((id = options_next(&o))) {
		prune |= id == OPTION_PRUNE;
		json |= id == OPTION_JSON;
	}
	if (o.status >= 0)
		return o.status;
	if (!o.argc)
		return usage_error(command, "needs a file, a directory or - for standard input");
	files = policy_files_read(o.argv, (size_t)o.argc, USERS_KNOWN);
	if (!files)
		return PAVISE_BAD_POLICY;
	reply = client_call(json_pack("{s:s, s:b, s:o}", "op", "apply", "prune", prune, "files", files),
			    &code, NULL);
	return reply ? report(reply, json) : code;
}

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

static int remove_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	bool json = false;
	int code = parse_json_option(&o, &json);
	json_t *names, *reply;

	if (code >= 0)
		return code;
	if (!o.argc)
		return usage_error(command, "needs the name of a policy");
	names = json_array();
	for (int i = 0; i < o.argc; i++)
		if (json_array_append_new(names, json_string(o.argv[i]))) {
			json_decref(names);
			return usage_error(command, "a name is not UTF-8");
		}
	reply = client_call(json_pack("{s:s, s:o}", "op", "remove", "names", names), &code, NULL);
	return reply ? report(reply, json) : code;
}

static int mode_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	bool json = false;
	int code = parse_json_option(&o, &json);
	json_t *reply;

	if (code >= 0)
		return code;
	if (o.argc < 1 || o.argc > 2 || policy_mode_number(o.argv[0]) < 0)
		return usage_error(command, "needs enforce or monitor, and at most one policy");
	reply = client_call(json_pack("{s:s, s:s, s:s*}", "op", "mode", "mode", o.argv[0], "policy",
				      o.argc > 1 ? o.argv[1] : NULL),
			    &code, NULL);
	if (!reply)
		return code;
	if (!json && o.argc > 1)
		printf("%s: %s\n", o.argv[1], o.argv[0]);
	else if (!json)
		puts(policy_mode_number(o.argv[0]) == MODE_MONITOR ? "every policy only monitors"
								   : "every policy has its own mode");
	return report(reply, json);
}

const struct command command_check = {
	.name = "check",
	.usage = "[OPTION]... FILE|DIR...",
	.summary = "Check policies, without an agent and without root",
	.details =
		"Prints every error of all files. - is standard input; of a directory, its *.yaml and *.yml\n"
		"files. Exits with 0 when all are valid, else with 1. With --strict, a rule or a pattern "
		"that\n"
		"decides nothing and what else cannot have been meant is a warning, and exits with 1 as "
		"well.",
	.options = check_options,
	.run = check_main,
};

const struct command command_apply = {
	.name = "apply",
	.usage = "[OPTION]... FILE|DIR...",
	.summary = "Put policies in force, at once and all together",
	.details = "Policies are added, or replace those of the same name. An error in any of them changes\n"
		   "nothing. - is standard input; of a directory, its *.yaml and *.yml files.",
	.options = apply_options,
	.run = apply_main,
};

const struct command command_remove = {
	.name = "remove",
	.usage = "[OPTION]... NAME...",
	.summary = "Remove policies by name",
	.options = json_options,
	.run = remove_main,
};

const struct command command_mode = {
	.name = "mode",
	.usage = "[OPTION]... enforce|monitor [POLICY]",
	.summary = "Switch all policies to monitor and back, or one policy",
	.details =
		"'mode monitor' makes every policy report what it would deny, and deny nothing; 'mode "
		"enforce'\n"
		"lifts that, and each policy has its own mode again. With POLICY, that policy is switched, "
		"until\n"
		"it is switched back or removed.",
	.options = json_options,
	.run = mode_main,
};
