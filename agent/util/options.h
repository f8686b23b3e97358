/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Commands and their options as tables: one table parses and prints the help, so they cannot differ.
 */
#ifndef PAVISE_OPTIONS_H
#define PAVISE_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

struct option_def {
	int id; /* the letter, or any number from 256 on for one without a letter */
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *help;
};

struct command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *summary;
	const char *details;		  /* paragraphs for --help, may be NULL */
	const struct option_def *options; /* ends with an entry without name; may be NULL */
	int (*run)(const struct command *command, int argc, char **argv);
	bool stop_early; /* options end at the first other argument */
};

/*
 * Take the options of a command one by one: returns the option's id with its argument in
 * options->argument, or 0 at the end. At the end options->status is -1 and the arguments left are
 * argv[0..argc), or it is the code to exit with (--help, or an error that was printed).
 */
struct options {
	const struct command *command;
	int argc;
	char **argv;
	const char *argument;
	int status;
	bool started;
};

int options_next(struct options *options);

/* Print "pavise COMMAND: ..." with a hint at --help; returns PAVISE_USAGE. */
int usage_error(const struct command *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void command_help(const struct command *command, FILE *out);

#endif
