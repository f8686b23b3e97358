/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Option tables over getopt_long, see options.h. */
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "util/message.h"
#include "util/options.h"
#include "util/util.h"

#define OPTIONS_MAX 32

int usage_error(const struct command *command, const char *fmt, ...)
{
	CLEANUP_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	say_error("%s: %s (see 'pavise %s --help')", command->name, text ? text : "wrong usage",
		  command->name);
	return PAVISE_USAGE;
}

void command_help(const struct command *command, FILE *out)
{
	const struct option_def *o = command->options;

	fprintf(out, "Usage: pavise %s%s%s\n\n%s.\n", command->name, *command->usage ? " " : "",
		command->usage, command->summary);
	if (command->details)
		fprintf(out, "\n%s\n", command->details);
	fputs("\nOptions:\n", out);
	for (; o && o->name; o++) {
		char left[64];

		snprintf(left, sizeof(left), "%s%c%c --%s%s%s", o->id < 256 ? "-" : " ",
			 o->id < 256 ? o->id : ' ', o->id < 256 ? ',' : ' ', o->name, o->argument ? " " : "",
			 o->argument ? o->argument : "");
		fprintf(out, "  %-26s %s\n", left, o->help);
	}
	fprintf(out, "  %-26s %s\n", "-h, --help", "this text");
}

/* The table as getopt wants it. */
static void build(const struct command *command, struct option *longs, char *shorts)
{
	const struct option_def *o = command->options;
	size_t n = 0;

	if (command->stop_early)
		*shorts++ = '+';
	*shorts++ = ':';
	*shorts++ = 'h';
	for (; o && o->name && n < OPTIONS_MAX; o++) {
		longs[n++] =
			(struct option){o->name, o->argument ? required_argument : no_argument, NULL, o->id};
		if (o->id >= 256)
			continue;
		*shorts++ = (char)o->id;
		if (o->argument)
			*shorts++ = ':';
	}
	longs[n++] = (struct option){"help", no_argument, NULL, 'h'};
	longs[n] = (struct option){0};
	*shorts = '\0';
}

int options_next(struct options *options)
{
	struct option longs[OPTIONS_MAX + 2];
	char shorts[2 * OPTIONS_MAX + 4];
	int c;

	build(options->command, longs, shorts);
	if (!options->started) {
		options->started = true;
		optind = 0;
		opterr = 0;
	}
	c = getopt_long(options->argc, options->argv, shorts, longs, NULL);
	if (c == 'h') {
		command_help(options->command, stdout);
		options->status = PAVISE_OK;
		return 0;
	}
	if (c == ':' || c == '?') {
		const char *what = options->argv[optind > 0 ? optind - 1 : 0];

		options->status = c == ':' ? usage_error(options->command, "%s needs a value", what)
					   : usage_error(options->command, "unknown option %s", what);
		return 0;
	}
	if (c >= 0) {
		options->argument = optarg;
		return c;
	}
	options->argc -= optind;
	options->argv += optind;
	options->status = -1;
	return 0;
}
