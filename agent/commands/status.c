/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pavise status: what is in force, and who says so.
 *
 * Whether programs are attached, which image is in force, what was counted and which cgroups are
 * governed is read from the pins and the image itself, with or without an agent. Only what no pin
 * holds (texts, modes, the log) is asked of the agent.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "commands/commands.h"
#include "control/lock.h"
#include "control/protocol.h"
#include "kernel/kernel.h"
#include "kernel/programs.h"
#include "subject/cgroup.h"
#include "util/util.h"

#define CGROUPS_SHOWN 1000

enum { OPTION_JSON = 256 };

static const struct option_def status_options[] = {
	{OPTION_JSON, "json", NULL, "print the result as JSON"},
	{0},
};

/* Cgroups that the image in force governs. */
struct governed {
	struct image image;
	json_t *list;
	size_t n;
	json_int_t processes;
};

static int visit_cgroup(void *context, const char *path, int fd)
{
	struct governed *g = context;
	long processes;
	json_t *name;

	if (!image_profile(&g->image, path, NULL))
		return 0;
	processes = cgroup_processes(fd);
	processes = processes < 0 ? 0 : processes;
	g->processes += processes;
	if (g->n++ >= CGROUPS_SHOWN)
		return 0;
	name = json_string(path);
	json_array_append_new(g->list,
			      json_pack("{s:o, s:I}", "cgroup", name ? name : json_string("(not UTF-8)"),
					"processes", (json_int_t)processes));
	return 0;
}

/* Adds "governed": {cgroups, processes, list}. */
static int read_governed(struct kernel *k, const char *mount, json_t *result)
{
	struct cgroups *c = calloc(1, sizeof(*c));
	struct governed g = {0};
	int err = c ? kernel_image(k, &g.image.blocks, &g.image.n_blocks) : -ENOMEM;

	err = err ? err : cgroups_open(c, mount);
	if (!err) {
		g.list = json_array();
		err = cgroups_walk(c, "/", CGROUP_DEPTH, visit_cgroup, &g);
		json_object_set_new(result, "governed",
				    json_pack("{s:I, s:I, s:b, s:o}", "cgroups", (json_int_t)g.n, "processes",
					      g.processes, "complete", !err, "list", g.list));
		cgroups_close(c);
	}
	free(g.image.blocks);
	free(c);
	return err;
}

static json_t *read_counters(const struct pv_state *s)
{
	static const char *const names[PV_LANES] = {
		[PV_LANE_DECISION] = "decisions", [PV_LANE_LINEAGE] = "lineage"};
	json_t *counters = json_object();

	for (int i = 0; i < PV_LANES; i++)
		json_object_set_new(counters, names[i],
				    json_pack("{s:I, s:I}", "attempted", (json_int_t)s->lanes[i].attempted,
					      "lost", (json_int_t)s->lanes[i].lost));
	json_object_set_new(counters, "label_failures", json_integer((json_int_t)s->label_failures));
	json_object_set_new(counters, "scratch_failures", json_integer((json_int_t)s->scratch_failures));
	json_object_set_new(counters, "races", json_integer((json_int_t)s->races));
	return counters;
}

static json_t *read_absent(const struct kernel *k)
{
	json_t *array = json_array();

	for (size_t i = 0; i < k->n_absent; i++)
		json_array_append_new(array, json_pack("{s:s, s:s}", "program", k->absent[i], "instead",
						       optional_program_find(k->absent[i])->instead));
	return array;
}

/* "enforcement": {in_place, programs, generation...}, from the pins. */
static bool read_pins(const struct machine *m, json_t *result)
{
	json_t *e = json_object();
	struct refusal r = {0};
	struct kernel k;
	bool in_place = false, pinned = kernel_pinned(&machine_paths);

	json_object_set_new(result, "enforcement", e);
	json_object_set_new(e, "pinned", json_boolean(pinned));
	kernel_init(&k, &machine_paths);
	if (!pinned) {
		json_object_set_new(e, "problem", json_string("nothing is loaded"));
	} else if (kernel_adopt(&k, &r)) {
		json_object_set_new(e, "problem", json_string(r.text));
	} else {
		in_place = true;
		json_object_set_new(e, "programs", json_integer((json_int_t)k.n_programs));
		json_object_set_new(e, "generation", json_integer(kernel_generation(&k)));
		json_object_set_new(e, "absent", read_absent(&k));
		json_object_set_new(e, "counters", read_counters(k.state));
		read_governed(&k, m->cgroup2, e);
	}
	json_object_set_new(e, "in_place", json_boolean(in_place));
	kernel_close(&k);
	return in_place;
}

/* "agent": its answer, or null. */
static void read_agent(json_t *result)
{
	struct refusal r = {0};
	CLEANUP_CLOSE int fd = client_connect(machine_paths.run, PATIENCE_ANSWER, &r);
	json_t *reply =
		fd < 0 ? NULL : client_ask(fd, json_pack("{s:s}", "op", "status"), PATIENCE_ANSWER, &r);

	if (reply)
		json_object_del(reply, "ok");
	json_object_set_new(result, "agent", reply ? reply : json_null());
	json_object_set_new(result, "agent_locked", json_boolean(lock_is_held(machine_paths.run)));
}

static json_int_t number(json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *text(json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static void print_enforcement(json_t *e)
{
	bool in_place = json_is_true(json_object_get(e, "in_place"));
	bool pinned = json_is_true(json_object_get(e, "pinned"));
	json_t *absent;
	size_t i;

	printf("enforcement  %s%s%s", colour(stdout, in_place ? COLOUR_GREEN : COLOUR_RED),
	       in_place ? "in place"
	       : pinned ? "in doubt"
			: "not in place",
	       colour(stdout, COLOUR_NONE));
	if (!in_place) {
		printf(": %s\n", text(e, "problem"));
		return;
	}
	printf(": %" JSON_INTEGER_FORMAT " programs attached, ", number(e, "programs"));
	if (number(e, "generation"))
		printf("image of generation %" JSON_INTEGER_FORMAT "\n", number(e, "generation"));
	else
		puts("no image: nothing is governed");
	json_array_foreach (json_object_get(e, "absent"), i, absent)
		printf("absent       %s: %s\n", text(absent, "program"), text(absent, "instead"));
}

static void print_counters(json_t *counters)
{
	static const char *const lanes[] = {"decisions", "lineage"};

	for (size_t i = 0; counters && i < ARRAY_SIZE(lanes); i++) {
		json_t *lane = json_object_get(counters, lanes[i]);

		printf("%-12s %" JSON_INTEGER_FORMAT " records, %" JSON_INTEGER_FORMAT " lost\n", lanes[i],
		       number(lane, "attempted"), number(lane, "lost"));
	}
	if (number(counters, "label_failures") || number(counters, "scratch_failures"))
		printf("no memory    %" JSON_INTEGER_FORMAT " labels, %" JSON_INTEGER_FORMAT " walks\n",
		       number(counters, "label_failures"), number(counters, "scratch_failures"));
}

/* The policies, and whose modes are not those of their texts. */
static void print_policies(json_t *agent)
{
	json_t *policies = json_object_get(agent, "policies"), *policy;
	bool all = json_is_true(json_object_get(agent, "monitor_all")), any = false;
	size_t i;

	json_array_foreach (policies, i, policy)
		any |= json_is_true(json_object_get(policy, "mode_set"));
	if (all)
		printf("mode         %smonitor%s: nothing is denied ('pavise mode enforce' lifts it)\n",
		       colour(stdout, COLOUR_YELLOW), colour(stdout, COLOUR_NONE));
	else
		printf("mode         each policy as written%s\n",
		       any ? ", those marked * as set by hand" : "");
	puts("\nPOLICY                   MODE     SUBJECTS  RULES  SOURCE");
	json_array_foreach (policies, i, policy) {
		bool marked = !all && json_is_true(json_object_get(policy, "mode_set"));
		const char *run = text(policy, "run");

		printf("%-24s %s%-*s %8" JSON_INTEGER_FORMAT " %6" JSON_INTEGER_FORMAT "  ",
		       text(policy, "name"), text(policy, "mode"), 8 - (int)strlen(text(policy, "mode")),
		       marked ? "*" : "", number(policy, "subjects"), number(policy, "rules"));
		print_escaped(stdout, text(policy, "source"));
		printf("%s%s\n", *run ? ", for " : "", run);
	}
}

static void print_agent(json_t *agent, bool locked)
{
	json_t *log = json_object_get(agent, "log");

	if (!json_is_object(agent)) {
		printf("agent        %s\n", locked ? "running, and does not answer" : "not running");
		return;
	}
	printf("agent        running, pid %" JSON_INTEGER_FORMAT ", version %s\n", number(agent, "pid"),
	       text(agent, "version"));
	printf("log          %s: %" JSON_INTEGER_FORMAT " lines written, %" JSON_INTEGER_FORMAT " lost\n",
	       text(log, "path"), number(log, "written"), number(log, "lost"));
	if (!json_is_true(json_object_get(agent, "set_known"))) {
		puts("policies     not known (their files are gone); 'pavise apply --prune FILE...' replaces "
		     "them");
		return;
	}
	printf("containers   %" JSON_INTEGER_FORMAT " known\n", number(agent, "containers"));
	print_policies(agent);
}

static void print_governed(json_t *governed)
{
	json_t *list = json_object_get(governed, "list"), *item;
	size_t i;

	if (!governed)
		return;
	printf("\n%" JSON_INTEGER_FORMAT " cgroups are governed, with %" JSON_INTEGER_FORMAT " processes%s\n",
	       number(governed, "cgroups"), number(governed, "processes"),
	       json_is_true(json_object_get(governed, "complete")) ? ""
								   : " (and more: not all could be read)");
	json_array_foreach (list, i, item) {
		printf("%6" JSON_INTEGER_FORMAT "  ", number(item, "processes"));
		print_escaped(stdout, text(item, "cgroup"));
		putchar('\n');
	}
	if ((json_int_t)json_array_size(list) < number(governed, "cgroups"))
		puts("   ...");
}

/* "    412 nginx (uid 33), fd 7: write /etc/shadow  web/files[1]" */
static void print_held(json_t *held)
{
	json_t *list = json_object_get(held, "list"), *item;
	size_t i;

	if (json_array_size(list))
		printf("\n%zu descriptors from before their processes were governed, which the policies "
		       "would "
		       "deny\n",
		       json_array_size(list));
	json_array_foreach (list, i, item) {
		const char *rule = text(item, json_object_get(item, "rule") ? "rule" : "reason");

		printf("%7" JSON_INTEGER_FORMAT " ", number(item, "pid"));
		print_escaped(stdout, text(item, "comm"));
		printf(" (uid %" JSON_INTEGER_FORMAT "), fd %" JSON_INTEGER_FORMAT ": %s ",
		       number(item, "uid"), number(item, "fd"), text(item, "op"));
		print_escaped(stdout, text(item, "path"));
		printf("  %s%s%s%s\n", text(item, "policy"), *rule ? "/" : "", rule,
		       strcmp(text(item, "verdict"), "would_deny") ? "" : " (monitor)");
	}
	if (number(held, "omitted"))
		printf("   ... and %" JSON_INTEGER_FORMAT " that were not looked at, or not listed\n",
		       number(held, "omitted"));
}

static int status_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	struct machine m = {0};
	bool json = false, in_place;
	json_t *result;
	int id;

	while ((id = options_next(&o)))
		json |= id == OPTION_JSON;
	if (o.status >= 0)
		return o.status;
	if (o.argc)
		return usage_error(command, "takes no arguments, but got '%s'", o.argv[0]);
	if (geteuid()) {
		say_error("status needs root, and the effective user is %u", geteuid());
		return PAVISE_NOT_ROOT;
	}
	machine_probe(&machine_paths, &m);
	result = json_pack("{s:s, s:s}", "version", PAVISE_VERSION, "kernel", m.release);
	in_place = read_pins(&m, result);
	read_agent(result);
	if (json) {
		json_dumpf(result, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		json_t *e = json_object_get(result, "enforcement");

		printf("kernel       %s\n", m.release);
		print_enforcement(e);
		print_counters(json_object_get(e, "counters"));
		print_agent(json_object_get(result, "agent"),
			    json_is_true(json_object_get(result, "agent_locked")));
		print_governed(json_object_get(e, "governed"));
		print_held(json_object_get(json_object_get(result, "agent"), "held"));
	}
	json_decref(result);
	return in_place ? PAVISE_OK : PAVISE_FAILED;
}

const struct command command_status = {
	.name = "status",
	.usage = "[OPTION]...",
	.summary = "Show what is in force, with or without an agent",
	.details = "Exits with 0 when all programs are attached, with 1 when not, and with 11 without root.",
	.options = status_options,
	.run = status_main,
};
