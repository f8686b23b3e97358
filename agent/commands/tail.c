/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pavise tail: options around tail_run(). */
#include <errno.h>
#include <string.h>

#include "audit/tail.h"
#include "commands/commands.h"
#include "util/message.h"
#include "util/util.h"

#define LINES_MAX 10000000

enum { OPTION_JSON = 256, OPTION_DENY, OPTION_POLICY, OPTION_UTC };

static const struct option_def tail_options[] = {
	{'f', "follow", NULL, "go on until interrupted"},
	{'n', "lines", "N", "the last N events that pass (default 10)"},
	{OPTION_DENY, "deny", NULL, "only denials, also those of policies that only monitor"},
	{OPTION_POLICY, "policy", "NAME", "only decisions of this policy"},
	{'o', "output", "FORMAT", "compact (default), or json: lines as they are in the log"},
	{OPTION_JSON, "json", NULL, "the same as -o json"},
	{OPTION_UTC, "utc", NULL, "times in UTC"},
	{'l', "log", "FILE", "the audit log (default " LOG_PATH ")"},
	{0},
};

static bool known_format(const char *name)
{
	return !strcmp(name, "json") || !strcmp(name, "compact");
}

static int tail_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	struct tail_options t = {.path = LOG_PATH, .lines = TAIL_LINES};
	uint64_t lines;
	int id, err;

	while ((id = options_next(&o))) {
		t.follow |= id == 'f';
		t.deny |= id == OPTION_DENY;
		t.json |= id == OPTION_JSON;
		t.utc |= id == OPTION_UTC;
		t.policy = id == OPTION_POLICY ? o.argument : t.policy;
		t.path = id == 'l' ? o.argument : t.path;
		if (id == 'o' && !known_format(o.argument))
			return usage_error(command, "--output knows compact and json, not '%s'", o.argument);
		if (id == 'o')
			t.json = !strcmp(o.argument, "json");
		if (id != 'n')
			continue;
		if (parse_number(o.argument, LINES_MAX, &lines))
			return usage_error(command, "--lines needs a number up to %d, not '%s'", LINES_MAX,
					   o.argument);
		t.lines = (size_t)lines;
	}
	if (o.status >= 0)
		return o.status;
	if (o.argc)
		return usage_error(command, "takes no arguments, but got '%s'", o.argv[0]);
	err = tail_run(&t);
	if (err && err != -EPIPE)
		say_error("the log %s cannot be read (%s)", t.path, strerror(-err));
	return err && err != -EPIPE ? PAVISE_FAILED : PAVISE_OK;
}

const struct command command_tail = {
	.name = "tail",
	.usage = "[OPTION]...",
	.summary = "Show the last events of the log, and those to come",
	.options = tail_options,
	.run = tail_main,
};
