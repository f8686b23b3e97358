/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program: finds the command and runs it. Everything else stands in the commands' tables. */
#include <stdio.h>
#include <string.h>

#include "commands/commands.h"
#include "util/message.h"
#include "util/util.h"

static const struct command *const commands[] = {
	&command_agent,	  &command_apply, &command_remove,    &command_check,
	&command_explain, &command_test,  &command_diff,      &command_schema,
	&command_mode,	  &command_run,	  &command_container, &command_status,
	&command_tail,	  &command_probe, &command_self_test, &command_unload,
};

static void overview(FILE *out)
{
	fputs("Usage: pavise COMMAND [ARGUMENT]...\n\n"
	      "Confines what processes do with files, programs and the network, by policies that the kernel\n"
	      "enforces, and keeps a record of it.\n\nCommands:\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n'pavise COMMAND --help' says more of one, 'pavise help exit-codes' lists the exit codes,\n"
	      "'pavise --version' prints the version.\n",
	      out);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	say_error("'%s' is no command (see 'pavise --help')", name);
	return PAVISE_USAGE;
}

static int help(const char *topic)
{
	const struct command *command = topic ? find(topic) : NULL;

	if (!topic)
		overview(stdout);
	else if (!strcmp(topic, "exit-codes"))
		print_exit_codes(stdout);
	else if (command)
		command_help(command, stdout);
	else
		return unknown(topic);
	return PAVISE_OK;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct command *command;

	if (!name) {
		overview(stderr);
		return PAVISE_USAGE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help"))
		return help(argc > 2 ? argv[2] : NULL);
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		printf("pavise %s\n", PAVISE_VERSION);
		return PAVISE_OK;
	}
	command = find(name);
	return command ? command->run(command, argc - 1, argv + 1) : unknown(name);
}
