/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pavise probe: what would work here.
 *
 * Shows what the agent's checks look at, all of it and not only the first fault. With --load, every
 * program is loaded by itself, and not attached, so that the kernel's verifier says of each what it
 * thinks: its size in instructions verified, or its refusal with the end of its log.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "commands/commands.h"
#include "kernel/machine.h"
#include "kernel/programs.h"
#include "util/util.h"

#define VERIFIER_LOG_SIZE (4 << 20)
#define LOG_LINES	  25

enum { OPTION_JSON = 256, OPTION_LOAD };

static const struct option_def probe_options[] = {
	{OPTION_LOAD, "load", NULL, "load every program by itself, without attaching it (needs root)"},
	{OPTION_JSON, "json", NULL, "print the result as JSON"},
	{0},
};

/* The result of one program. */
struct trial {
	const char *object, *program, *section;
	bool has_hook;
	int error; /* of the load; 0: loaded */
	unsigned verified;
};

static const char *last_lines(const char *text, unsigned lines)
{
	const char *at = text + strlen(text);

	while (at > text && (at[-1] != '\n' || !at[0] || --lines))
		at--;
	return at;
}

static void measure(const struct bpf_program *program, struct trial *t)
{
	struct bpf_prog_info info = {0};
	unsigned size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return;
	t->verified = info.verified_insns;
}

/* Load program number `index` of an object alone. `log` gets the verifier's words. -ENOENT: no such. */
static int try_program(enum pv_object which, size_t index, const struct btf *kernel, char *log,
		       struct program_object *o, struct trial *t)
{
	struct bpf_program *program, *chosen = NULL;
	size_t i = 0;
	int err = program_object_open(o, which);

	if (err)
		return err;
	bpf_object__for_each_program(program, o->object)
	{
		if (i++ == index)
			chosen = program;
		bpf_program__set_autoload(program, program == chosen);
	}
	if (!chosen)
		return -ENOENT;
	*t = (struct trial){program_object_name(which),
			    bpf_program__name(chosen),
			    bpf_program__section_name(chosen),
			    program_has_hook(chosen, kernel),
			    0,
			    0};
	if (!t->has_hook)
		return 0;
	log[0] = '\0';
	bpf_program__set_log_buf(chosen, log, VERIFIER_LOG_SIZE);
	t->error = program_object_load(o);
	if (!t->error)
		measure(chosen, t);
	return 0;
}

static json_t *trial_to_json(const struct trial *t, const char *log)
{
	const char *result = !t->has_hook ? "no hook" : t->error ? "refused" : "loaded";

	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s*}", "object", t->object, "program", t->program,
			 "section", t->section, "result", result, "errno", -t->error, "verified_insns",
			 (json_int_t)t->verified, "log", t->error ? last_lines(log, LOG_LINES) : NULL);
}

static void print_trial(const struct trial *t, const char *log)
{
	const struct optional_program *optional = optional_program_find(t->program);

	printf("  %-6s %-20s %-28s ", t->object, t->program, t->section);
	if (!t->has_hook)
		printf("%s: %s\n", optional ? "left out" : "NO HOOK",
		       optional ? optional->instead : "enforcement is not possible");
	else if (t->error)
		printf("%srefused%s (%s)\n%s\n", colour(stdout, COLOUR_RED), colour(stdout, COLOUR_NONE),
		       strerror(-t->error), *log ? last_lines(log, LOG_LINES) : program_log(LOG_LINES));
	else
		printf("%8u instructions verified\n", t->verified);
}

/* All programs of both objects; *failed counts those that do not work and are needed. */
static int try_all(const struct btf *kernel, json_t *array, unsigned *failed)
{
	CLEANUP_FREE char *log = malloc(VERIFIER_LOG_SIZE);
	int err = 0;

	if (!log)
		return -ENOMEM;
	for (enum pv_object which = 0; which < PV_OBJECTS; which++)
		for (size_t i = 0; !err; i++) {
			struct program_object o = {0};
			struct trial t;

			program_log_start();
			err = try_program(which, i, kernel, log, &o, &t);
			if (!err) {
				*failed += t.error || (!t.has_hook && !optional_program_find(t.program));
				if (array)
					json_array_append_new(array, trial_to_json(&t, log));
				else
					print_trial(&t, log);
			}
			program_object_close(&o);
			if (err == -ENOENT) {
				err = 0;
				break;
			}
		}
	return err;
}

static const char *yes(bool value)
{
	return value ? "yes" : "no";
}

static void print_machine(const struct machine *m, const struct refusal *r)
{
	char missing[256];

	capability_names(m->missing, missing, sizeof(missing));
	printf("kernel        %s (oldest supported: %d.%d)\n", m->release, KERNEL_FLOOR_MAJOR,
	       KERNEL_FLOOR_MINOR);
	printf("user          %u%s%s\n", m->uid, *missing ? ", without " : "", missing);
	printf("BTF           %s\n", yes(m->btf));
	printf("securityfs    %s\n", m->securityfs ? "mounted" : "not mounted");
	printf("LSM           %s\n", *m->lsm ? m->lsm : "not known");
	if (m->confidential)
		puts("lockdown      confidentiality");
	if (m->inner_pids)
		puts("pids          not the machine's own namespace");
	printf("cgroup v2     %s\n", *m->cgroup2 ? m->cgroup2 : "not mounted");
	printf("bpffs         %s\n", m->bpffs ? "mounted" : "not mounted");
	if (r->code)
		printf("\n%s\n", r->text);
	else
		printf("\nThe agent can start here, as far as can be seen without loading programs.\n");
}

static json_t *machine_to_json(const struct machine *m, const struct refusal *r)
{
	char missing[256];

	capability_names(m->missing, missing, sizeof(missing));
	return json_pack("{s:s, s:i, s:s, s:b, s:b, s:s, s:b, s:b, s:s, s:b, s:b, s:i, s:s}", "kernel",
			 m->release, "uid", (int)m->uid, "missing_capabilities", missing, "btf", m->btf,
			 "securityfs", m->securityfs, "lsm", m->lsm, "bpf_lsm", m->bpf_lsm, "confidential",
			 m->confidential, "cgroup2", m->cgroup2, "bpffs", m->bpffs, "inner_pids",
			 m->inner_pids, "code", r->code, "refusal", r->text);
}

static int probe_load(json_t *result)
{
	struct btf *btf = btf__parse(machine_paths.btf, NULL);
	json_t *array = result ? json_array() : NULL;
	unsigned failed = 0;
	int err;

	if (!btf) {
		say_error("%s cannot be read (%s)", machine_paths.btf, strerror(errno));
		json_decref(array);
		return PAVISE_NO_BTF;
	}
	err = try_all(btf, array, &failed);
	btf__free(btf);
	if (result)
		json_object_set_new(result, "programs", array);
	if (err)
		say_error("the programs cannot be tried (%s)", strerror(-err));
	else if (failed)
		say_error("%u programs do not work on this kernel", failed);
	return err || failed ? PAVISE_LOAD_FAILED : PAVISE_OK;
}

static int probe_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	bool load = false, json = false;
	struct refusal r = {0};
	struct machine m;
	json_t *result = NULL;
	int id, code, err;

	while ((id = options_next(&o))) {
		load |= id == OPTION_LOAD;
		json |= id == OPTION_JSON;
	}
	if (o.status >= 0)
		return o.status;
	if (o.argc)
		return usage_error(command, "takes no arguments, but got '%s'", o.argv[0]);
	err = machine_probe(&machine_paths, &m);
	if (err) {
		say_error("/proc cannot be read (%s); is it mounted?", strerror(-err));
		return PAVISE_FAILED;
	}
	machine_check(&machine_paths, &m, &r);
	if (json)
		result = machine_to_json(&m, &r);
	else
		print_machine(&m, &r);
	code = r.code;
	if (load) {
		int loaded;

		if (!json)
			puts("\nPrograms:");
		loaded = probe_load(result);
		code = code ? code : loaded;
	}
	if (json) {
		json_dumpf(result, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(result);
	}
	return code;
}

const struct command command_probe = {
	.name = "probe",
	.usage = "[OPTION]...",
	.summary = "Show whether the agent would work on this machine",
	.details = "Exits with 0 when it would, else with the code that the agent would exit with;\n"
		   "with --load, with 20 where a program cannot be loaded or its hook is missing.",
	.options = probe_options,
	.run = probe_main,
};
