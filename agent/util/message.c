/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages and exit codes, see message.h. A message is written with one call, so that lines of
 * several processes do not mix.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/message.h"
#include "util/util.h"

static const struct {
	enum exit_code code;
	const char *meaning;
} exit_codes[] = {
	{PAVISE_OK, "done"},
	{PAVISE_FAILED, "not done, or a check with a negative answer; the message says why"},
	{PAVISE_USAGE, "usage: unknown command or option, missing argument"},
	{PAVISE_NO_AGENT, "no agent is running (or it may not be reached), and the command needs one"},
	{PAVISE_OLD_KERNEL, "the kernel is older than the oldest one supported"},
	{PAVISE_NOT_ROOT, "not root, or capabilities are missing"},
	{PAVISE_NO_BTF, "the kernel has no type information (/sys/kernel/btf/vmlinux)"},
	{PAVISE_NO_LSM, "bpf is not among the active security modules, or that cannot be read"},
	{PAVISE_NO_CGROUP2, "no cgroup v2 hierarchy is mounted"},
	{PAVISE_NO_BPFFS, "no BPF filesystem is mounted at /sys/fs/bpf"},
	{PAVISE_NO_HOOK, "a hook that enforcement cannot do without is missing or switched off"},
	{PAVISE_BAD_POLICY, "a policy cannot be read or is not valid"},
	{PAVISE_SECOND_AGENT, "another agent is running"},
	{PAVISE_FOREIGN_PINS, "the pins are of another version, or not complete"},
	{PAVISE_LOAD_FAILED, "the kernel refused a program"},
	{PAVISE_ATTACH_FAILED, "a program could not be attached or pinned"},
	{PAVISE_SELF_TEST_FAILED, "the self-test failed: programs are attached and do not enforce"},
	{PAVISE_PUBLISH_FAILED, "an image could not be published; the one before stays in force"},
	{PAVISE_NO_STATE, "the state directory cannot be used"},
	{PAVISE_NO_LOG, "the audit log cannot be opened"},
	{PAVISE_LOCKED_DOWN, "the kernel is locked down for confidentiality, and programs cannot read it"},
	{PAVISE_INNER_PIDS, "this is not the machine's own pid namespace"},
	{PAVISE_RUN_FAILED, "run: nothing was started; the message says why"},
	{PAVISE_RUN_DENIED, "run: the command was found and could not be executed"},
	{PAVISE_RUN_NOT_FOUND, "run: the command was not found"},
};

void print_exit_codes(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(exit_codes); i++)
		fprintf(out, "  %3d  %s\n", exit_codes[i].code, exit_codes[i].meaning);
	fputs("\n`run` otherwise exits as the command does, with 128 + n when signal n ended it.\n", out);
}

int refuse(struct refusal *r, int error, enum exit_code code, const char *fmt, ...)
{
	va_list args;

	if (!r->code) {
		r->code = code;
		va_start(args, fmt);
		vsnprintf(r->text, sizeof(r->text), fmt, args);
		va_end(args);
	}
	return error > 0 ? -error : -EIO; /* never success */
}

const char *colour(FILE *out, enum colour c)
{
	static const char *const sequences[] = {
		[COLOUR_NONE] = "\033[0m",   [COLOUR_RED] = "\033[1;31m", [COLOUR_YELLOW] = "\033[33m",
		[COLOUR_GREEN] = "\033[32m", [COLOUR_BOLD] = "\033[1m",
	};
	const char *no = getenv("NO_COLOR");

	return (no && *no) || !isatty(fileno(out)) ? "" : sequences[c];
}

static void say_line(enum colour c, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

static void say_line(enum colour c, const char *fmt, va_list args)
{
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FREE char *line = NULL;

	if (vasprintf(&text, fmt, args) < 0) {
		text = NULL;
		return;
	}
	line = strfmt("%spavise:%s %s\n", c ? colour(stderr, c) : "", c ? colour(stderr, COLOUR_NONE) : "",
		      text);
	if (line)
		(void)!write(STDERR_FILENO, line, strlen(line));
}

void say_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_line(COLOUR_RED, fmt, args);
	va_end(args);
}

void say_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_line(COLOUR_YELLOW, fmt, args);
	va_end(args);
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say_line(COLOUR_NONE, fmt, args);
	va_end(args);
}

int say_refusal(const struct refusal *r)
{
	say_error("%s", r->text);
	return r->code ? r->code : PAVISE_FAILED;
}
