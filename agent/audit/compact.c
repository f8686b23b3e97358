/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: no byte of an event reaches the terminal but through compact_print_text(), which lets
 * through only characters that have a glyph and no effect; our own text is the only source of escape
 * sequences, and only where colours were asked for.
 *
 * How: a table from type to label, colour and printer. Values are looked up where they are needed;
 * jansson's getters take NULL, so a line that lacks a group prints with a gap, not a crash.
 */
#include "compact.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/utf8.h"
#include "text.h"
#include "util/util.h"

#define CHAIN_SHOWN 4

void compact_print_text(const char *text, size_t length, FILE *out)
{
	while (length) {
		uint32_t code = (unsigned char)*text;
		size_t n = utf8_decode(text, length, &code);

		if (n && !text_is_unsafe(code))
			fwrite(text, 1, n, out);
		else if (code < 0x100)
			fprintf(out, "\\x%02x", code);
		else
			fprintf(out, "\\u{%x}", code);
		text += n ? n : 1;
		length -= n ? n : 1;
	}
}

static void print_string(json_t *value, FILE *out)
{
	compact_print_text(json_string_value(value), json_string_length(value), out);
}

/* A string or a number: numbers over 2^53 are strings in the log. */
static void print_scalar(json_t *value, FILE *out)
{
	if (json_is_string(value))
		print_string(value, out);
	else if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "true" : "false", out);
	else
		fputc('?', out);
}

static uint64_t number(json_t *value)
{
	if (json_is_string(value))
		return strtoull(json_string_value(value), NULL, 10);
	return json_integer_value(value);
}

/* Quoted where its ends would not show. */
static void print_argument(json_t *value, FILE *out)
{
	size_t length = json_string_length(value);
	bool quoted = !length || memchr(json_string_value(value), ' ', length);

	if (quoted)
		fputc('"', out);
	print_string(value, out);
	if (quoted)
		fputc('"', out);
}

static void print_time(const struct compact_options *options, json_t *value, FILE *out)
{
	const char *text = json_string_value(value);
	struct tm tm = {0};
	time_t seconds;
	char millis[4] = "000";
	const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (!rest) {
		fputs("--:--:--.---", out);
		return;
	}
	if (*rest == '.' && strspn(rest + 1, "0123456789") >= 3)
		memcpy(millis, rest + 1, 3);
	if (!options->utc) {
		seconds = timegm(&tm);
		localtime_r(&seconds, &tm);
	}
	fprintf(out, "%02d:%02d:%02d.%s", tm.tm_hour, tm.tm_min, tm.tm_sec, millis);
}

/* nginx[4121] */
static void print_process(json_t *event, FILE *out)
{
	json_t *proc = json_object_get(event, "proc");
	json_t *comm = json_object_get(proc, "comm");

	if (json_is_string(comm))
		print_string(comm, out);
	fputc('[', out);
	print_scalar(json_object_get(proc, "pid"), out);
	fputc(']', out);
}

static bool print_ancestor(json_t *process, FILE *out)
{
	json_t *comm = json_object_get(process, "comm");

	if (!json_is_string(comm))
		return false;
	fputs(" <- ", out);
	print_string(comm, out);
	return true;
}

/* "  <- sh <- nginx" */
static void print_chain(json_t *event, FILE *out)
{
	json_t *parent = json_object_get(event, "parent");
	json_t *ancestors = json_object_get(event, "ancestors");

	if (!json_is_string(json_object_get(parent, "comm")))
		return;
	fputc(' ', out);
	print_ancestor(parent, out);
	for (size_t i = 0; i + 1 < CHAIN_SHOWN && i < json_array_size(ancestors); i++)
		if (!print_ancestor(json_array_get(ancestors, i), out))
			break;
}

static void print_address(json_t *object, json_t *address, FILE *out)
{
	bool v6 = strchr(json_string_value(address), ':');

	if (v6)
		fputc('[', out);
	print_string(address, out);
	if (v6)
		fputc(']', out);
	fputc(':', out);
	print_scalar(json_object_get(object, "port"), out);
}

static void print_object(json_t *object, FILE *out)
{
	static const char *const keys[] = {"family", "type", "protocol"};
	static const char *const single[] = {"abstract", "capability", "pid"};
	json_t *path = json_object_get(object, "path");
	json_t *address = json_object_get(object, "remote");

	for (size_t i = 0; i < ARRAY_SIZE(single); i++) {
		json_t *value = json_object_get(object, single[i]);

		if (!value)
			continue;
		fputc(' ', out);
		print_scalar(value, out);
		return;
	}
	if (json_is_string(path)) {
		fputs(json_is_true(json_object_get(object, "path_cut")) ? " ..." : " ", out);
		print_string(path, out);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *value = json_object_get(object, keys[i]);

		if (!value)
			continue;
		fputc(i ? '/' : ' ', out);
		print_scalar(value, out);
	}
	if (!address)
		address = json_object_get(object, "local");
	if (json_is_string(address)) {
		fputc(' ', out);
		print_address(object, address, out);
	}
}

/* "  web/files[1]"; where no rule decided, why: "  web/default_deny"; "(marked)" for another name of a file.
 */
static void print_rule(json_t *decision, FILE *out)
{
	json_t *name = json_object_get(json_object_get(decision, "policy"), "name");
	json_t *rule = json_object_get(json_object_get(decision, "rule"), "id");
	json_t *walk = json_object_get(decision, "walk");

	if (!json_is_string(name))
		return;
	if (!json_is_string(rule))
		rule = json_object_get(decision, "reason");
	fputs("  ", out);
	print_string(name, out);
	if (json_is_string(rule)) {
		fputc('/', out);
		print_string(rule, out);
	}
	if (json_is_true(json_object_get(decision, "marked")))
		fputs(" (marked)", out);
	if (json_is_string(walk)) {
		fputs(" (", out);
		print_string(walk, out);
		fputc(')', out);
	}
}

static void print_decision(json_t *event, FILE *out)
{
	json_t *decision = json_object_get(event, "decision");
	json_t *op = json_object_get(decision, "op");

	print_process(event, out);
	fputc(' ', out);
	print_scalar(json_object_get(decision, "hook"), out);
	if (op) {
		fputc(':', out);
		print_scalar(op, out);
	}
	print_object(json_object_get(decision, "object"), out);
	print_chain(event, out);
	print_rule(decision, out);
}

static void print_held(json_t *event, FILE *out)
{
	json_t *held = json_object_get(event, "held");

	print_process(event, out);
	fputs(" fd ", out);
	print_scalar(json_object_get(held, "fd"), out);
	fputc(':', out);
	print_scalar(json_object_get(held, "op"), out);
	print_object(json_object_get(held, "object"), out);
	print_chain(event, out);
	print_rule(held, out);
}

static void print_exec(json_t *event, FILE *out)
{
	json_t *proc = json_object_get(event, "proc");
	json_t *exe = json_object_get(proc, "exe");
	json_t *argv = json_object_get(proc, "argv");

	print_process(event, out);
	if (json_is_string(exe)) {
		fputc(' ', out);
		print_string(exe, out);
	}
	for (size_t i = 1; i < json_array_size(argv); i++) {
		json_t *argument = json_array_get(argv, i);

		if (!json_is_string(argument))
			break;
		fputc(' ', out);
		print_argument(argument, out);
	}
	if (json_is_true(json_object_get(proc, "argv_cut")))
		fputs(" ...", out);
	print_chain(event, out);
}

static void print_duration(uint64_t ns, FILE *out)
{
	if (ns < 1000000000)
		fprintf(out, " after %.1fms", (double)ns / 1e6);
	else
		fprintf(out, " after %.1fs", (double)ns / 1e9);
}

static void print_exit(json_t *event, FILE *out)
{
	json_t *ended = json_object_get(event, "exit");
	json_t *signal_number = json_object_get(ended, "signal");
	json_t *duration = json_object_get(ended, "duration_ns");
	const char *name;

	print_process(event, out);
	if (signal_number) {
		name = sigabbrev_np((int)json_integer_value(signal_number));
		fprintf(out, " signal %s%s", name ? "SIG" : "", name ? name : "");
		if (!name)
			print_scalar(signal_number, out);
		if (json_is_true(json_object_get(ended, "core")))
			fputs(" (core dumped)", out);
	} else {
		fputs(" code ", out);
		print_scalar(json_object_get(ended, "code"), out);
	}
	if (duration)
		print_duration(number(duration), out);
	if (number(json_object_get(ended, "denials"))) {
		fputs(", denials: ", out);
		print_scalar(json_object_get(ended, "denials"), out);
	}
}

static void print_loss(json_t *event, FILE *out)
{
	json_t *loss = json_object_get(event, "loss");

	print_scalar(json_object_get(loss, "count"), out);
	fputs(" records of lane ", out);
	print_scalar(json_object_get(loss, "lane"), out);
	fputs(": ", out);
	print_scalar(json_object_get(loss, "cause"), out);
	fputs(" (", out);
	print_scalar(json_object_get(loss, "total"), out);
	fputs(" in all)", out);
}

/* The object of an agent or policy event: op, then key=value. */
static void print_notice(json_t *event, FILE *out)
{
	json_t *object = json_object_get(event, json_string_value(json_object_get(event, "type")));
	const char *key;
	json_t *value;

	print_scalar(json_object_get(object, "op"), out);
	json_object_foreach (object, key, value) {
		if (!strcmp(key, "op"))
			continue;
		fputc(' ', out);
		compact_print_text(key, strlen(key), out);
		fputc('=', out);
		if (json_is_string(value))
			print_argument(value, out);
		else
			print_scalar(value, out);
	}
}

static void print_nothing(json_t *event, FILE *out)
{
	print_scalar(json_object_get(event, "type"), out);
}

static const struct kind {
	const char *type, *label, *colour;
	void (*print)(json_t *event, FILE *out);
} kinds[] = {
	{"deny", "DENY", "\033[1;31m", print_decision},
	{"would_deny", "WOULD", "\033[33m", print_decision},
	{"allow", "ALLOW", "\033[32m", print_decision},
	{"held", "HELD", "\033[33m", print_held},
	{"exec", "EXEC", "", print_exec},
	{"exit", "EXIT", "", print_exit},
	{"loss", "LOSS", "\033[1;35m", print_loss},
	{"agent", "AGENT", "\033[36m", print_notice},
	{"policy", "POLICY", "\033[36m", print_notice},
	{NULL, "OTHER", "", print_nothing},
};

void compact_print(const struct compact_options *options, json_t *event, FILE *out)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const struct kind *kind = kinds;
	bool colour;

	while (kind->type && (!type || strcmp(kind->type, type)))
		kind++;
	colour = options->colour && *kind->colour;
	print_time(options, json_object_get(event, "time"), out);
	fprintf(out, " %s%-5s%s ", colour ? kind->colour : "", kind->label, colour ? "\033[0m" : "");
	kind->print(event, out);
	fputc('\n', out);
}
