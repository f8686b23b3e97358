/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pavise container set, remove, list, hook: which containers there are.
 *
 * Each is a command of its own, with its own options and help. The hook is what an OCI runtime runs
 * when a container was made and its program was not started yet, and when it has ended. It fails
 * whenever the agent does not know the container afterwards, so that the runtime does not start it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "commands/commands.h"
#include "control/protocol.h"
#include "control/spec.h"
#include "kernel/machine.h"
#include "subject/oci.h"
#include "util/util.h"

#define STATE_MAX  (1u << 20)
#define CONFIG_MAX (16u << 20)
#define CGROUP_MAX (64u << 10) /* of a /proc/PID/cgroup */

enum { OPTION_JSON = 256, OPTION_CGROUP, OPTION_NAME, OPTION_IMAGE, OPTION_LABEL, OPTION_OPTIONAL };

static int print_json(json_t *reply)
{
	json_dumpf(reply, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(reply);
	return PAVISE_OK;
}

static const char *text(json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static void print_policies(json_t *container)
{
	json_t *policies = json_object_get(container, "policies"), *name;
	size_t i;

	json_array_foreach (policies, i, name)
		printf("%s%s", i ? ", " : "", json_string_value(name));
	if (!json_array_size(policies))
		putchar('-');
}

/* ---- set ---- */

static const struct option_def set_options[] = {
	{OPTION_CGROUP, "cgroup", "PATH", "where it runs, from the root of cgroup v2 (required)"},
	{OPTION_NAME, "name", "NAME", "what its runtime calls it"},
	{OPTION_IMAGE, "image", "IMAGE", "the image that it was made from"},
	{OPTION_LABEL, "label", "KEY=VALUE", "a label; can be repeated"},
	{OPTION_JSON, "json", NULL, "print the result as JSON"},
	{0},
};

static int add_label(const struct command *command, json_t *labels, const char *argument)
{
	const char *equals = strchr(argument, '=');
	CLEANUP_FREE char *key = equals ? strndup(argument, (size_t)(equals - argument)) : NULL;

	if (!key || !*key)
		return usage_error(command, "--label needs KEY=VALUE, not '%s'", argument);
	if (json_object_get(labels, key))
		return usage_error(command, "the label '%s' is given twice", key);
	if (json_object_set_new(labels, key, json_string(equals + 1)))
		return usage_error(command, "the label '%s' is not UTF-8", argument);
	return -1;
}

/* The container that the options say, -1 to go on. */
static int parse_set(struct options *o, json_t *container, bool *json)
{
	static const char *const keys[] = {"cgroup", "name", "image"};
	json_t *labels = json_object();
	int id, code;

	json_object_set_new(container, "labels", labels);
	while ((id = options_next(o))) {
		*json |= id == OPTION_JSON;
		if (id == OPTION_LABEL) {
			code = add_label(o->command, labels, o->argument);
			if (code >= 0)
				return code;
		} else if (id != OPTION_JSON && json_object_set_new(container, keys[id - OPTION_CGROUP],
								    json_string(o->argument))) {
			return usage_error(o->command, "'%s' is not UTF-8", o->argument);
		}
	}
	if (o->status >= 0)
		return o->status;
	if (o->argc)
		return usage_error(o->command, "takes no arguments, but got '%s'", o->argv[0]);
	return json_object_get(container, "cgroup") ? -1 : usage_error(o->command, "needs --cgroup");
}

static int set_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	json_t *container = json_object(), *reply, *set;
	bool json = false;
	int code = parse_set(&o, container, &json);

	if (code >= 0) {
		json_decref(container);
		return code;
	}
	reply = client_call(json_pack("{s:s, s:o}", "op", "container-set", "container", container), &code,
			    NULL);
	if (!reply || json)
		return reply ? print_json(reply) : code;
	set = json_array_get(json_object_get(reply, "containers"), 0);
	if (json_array_size(json_object_get(set, "policies"))) {
		printf("%s: matched by ", text(set, "cgroup"));
		print_policies(set);
		putchar('\n');
	} else {
		printf("%s: no policy matches\n", text(set, "cgroup"));
	}
	json_decref(reply);
	return PAVISE_OK;
}

static const struct command command_set = {
	.name = "container set",
	.usage = "--cgroup PATH [OPTION]...",
	.summary = "Tell the agent about a container, or tell it anew",
	.details =
		"The cgroup has to be there. Policies that match the container govern the processes in its\n"
		"cgroup and below that have executed a program there.",
	.options = set_options,
	.run = set_main,
};

/* ---- remove, list ---- */

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
	json_t *path, *reply;

	if (code >= 0)
		return code;
	if (o.argc != 1)
		return usage_error(command, "needs the cgroup of one container");
	path = json_string(o.argv[0]);
	if (!path)
		return usage_error(command, "the path is not UTF-8");
	reply = client_call(json_pack("{s:s, s:o}", "op", "container-remove", "cgroup", path), &code, NULL);
	if (!reply || json)
		return reply ? print_json(reply) : code;
	printf("removed: %s\n", json_string_value(json_array_get(json_object_get(reply, "removed"), 0)));
	json_decref(reply);
	return PAVISE_OK;
}

static const struct command command_remove_container = {
	.name = "container remove",
	.usage = "[OPTION]... PATH",
	.summary = "Make the agent forget the container in a cgroup",
	.details =
		"Policies that match it govern its processes no longer. A container whose cgroup is gone is\n"
		"forgotten without this.",
	.options = json_options,
	.run = remove_main,
};

static int list_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	bool json = false;
	int code = parse_json_option(&o, &json);
	json_t *reply, *container;
	size_t i;

	if (code >= 0)
		return code;
	if (o.argc)
		return usage_error(command, "takes no arguments, but got '%s'", o.argv[0]);
	reply = client_call(json_pack("{s:s}", "op", "container-list"), &code, NULL);
	if (!reply || json)
		return reply ? print_json(reply) : code;
	if (json_array_size(json_object_get(reply, "containers")))
		puts("NAME                     IMAGE                            CGROUP");
	json_array_foreach (json_object_get(reply, "containers"), i, container) {
		bool matched = json_array_size(json_object_get(container, "policies"));

		printf("%-24s %-32s %s\n    policies: %s", text(container, "name"), text(container, "image"),
		       text(container, "cgroup"), colour(stdout, matched ? COLOUR_GREEN : COLOUR_NONE));
		print_policies(container);
		printf("%s\n", colour(stdout, COLOUR_NONE));
	}
	json_decref(reply);
	return PAVISE_OK;
}

static const struct command command_list = {
	.name = "container list",
	.usage = "[OPTION]...",
	.summary = "Show the containers that the agent knows, and the policies that match them",
	.options = json_options,
	.run = list_main,
};

/* ---- hook ---- */

static const struct option_def hook_options[] = {
	{OPTION_OPTIONAL, "optional", NULL, "succeed, with a warning, when no agent can be reached"},
	{0},
};

/* A JSON object in a text that is bounded. NULL with why. */
static json_t *parse_object(const char *json, const char *what, struct refusal *r)
{
	json_error_t error;
	json_t *object = json_loads(json, 0, &error);

	if (json_is_object(object))
		return object;
	refuse(r, EINVAL, PAVISE_FAILED, "container hook: %s cannot be understood (%s)", what,
	       object ? "it is no JSON object" : error.text);
	json_decref(object);
	return NULL;
}

/* <bundle>/config.json: 0 also where there is none. */
static int read_config(json_t *state, json_t **config, struct refusal *r)
{
	const char *bundle = json_string_value(json_object_get(state, "bundle"));
	CLEANUP_FREE char *path = bundle ? strfmt("%s/config.json", bundle) : NULL;
	CLEANUP_FREE char *json = NULL;
	int err = path ? read_file(path, CONFIG_MAX, &json, NULL) : -ENOENT;

	if (err == -ENOENT)
		return 0;
	if (err)
		return refuse(r, -err, PAVISE_FAILED, "container hook: %s cannot be read (%s)", path,
			      strerror(-err));
	*config = parse_object(json, path, r);
	return *config ? 0 : -EINVAL;
}

/* The cgroup of the container's process. NULL with why. */
static char *read_cgroup(json_t *state, struct refusal *r)
{
	json_int_t pid = json_integer_value(json_object_get(state, "pid"));
	CLEANUP_FREE char *path = strfmt("/proc/%" JSON_INTEGER_FORMAT "/cgroup", pid);
	CLEANUP_FREE char *list = NULL;
	int err = path && pid > 0 ? read_file(path, CGROUP_MAX, &list, NULL) : -ESRCH;
	char *cgroup = err ? NULL : oci_cgroup(list);

	if (!cgroup)
		refuse(r, ESRCH, PAVISE_FAILED,
		       "container hook: process %" JSON_INTEGER_FORMAT
		       " has no cgroup v2 that can be read (%s)",
		       pid, err ? strerror(-err) : "no line 0::");
	return cgroup;
}

/* What to ask the agent for a container in this state. NULL with why. */
static json_t *request_of(json_t *state, struct refusal *r)
{
	json_t *id = json_object_get(state, "id"), *config = NULL, *container;
	CLEANUP_FREE char *cgroup = NULL;

	if (!json_string_length(id)) {
		refuse(r, EINVAL, PAVISE_FAILED, "container hook: the state has no id");
		return NULL;
	}
	if (!strcmp(text(state, "status"), "stopped"))
		return json_pack("{s:s, s:O}", "op", "container-remove", "id", id);
	cgroup = read_cgroup(state, r);
	if (!cgroup || read_config(state, &config, r))
		return NULL;
	container = oci_container(state, config, SPEC_FACT_MAX);
	json_decref(config);
	if (container && !json_object_set_new(container, "cgroup", json_string(cgroup)))
		return json_pack("{s:s, s:o}", "op", "container-set", "container", container);
	json_decref(container);
	refuse(r, EINVAL, PAVISE_FAILED, "container hook: the path of the container's cgroup is not UTF-8");
	return NULL;
}

static int hook(bool optional, struct refusal *r)
{
	CLEANUP_FREE char *input = NULL;
	int err = read_fd(STDIN_FILENO, STATE_MAX, &input, NULL);
	json_t *state, *request, *reply;

	if (err)
		return refuse(r, -err, PAVISE_FAILED, "container hook: no state on standard input (%s)",
			      strerror(-err));
	state = parse_object(input, "the state on standard input", r);
	request = state ? request_of(state, r) : NULL;
	json_decref(state);
	if (!request)
		return -EINVAL;
	reply = client_request(request, NULL, r);
	json_decref(reply);
	if (reply)
		return 0;
	if (!optional || r->code != PAVISE_NO_AGENT)
		return -EINVAL;
	say_warning("the container is not governed: %s", r->text);
	return 0;
}

static int hook_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	struct refusal r = {0};
	bool optional = false;
	int id;

	while ((id = options_next(&o)))
		optional |= id == OPTION_OPTIONAL;
	if (o.status >= 0)
		return o.status;
	if (o.argc)
		return usage_error(command, "takes no arguments, but got '%s'", o.argv[0]);
	return hook(optional, &r) ? say_refusal(&r) : PAVISE_OK;
}

static const struct command command_hook = {
	.name = "container hook",
	.usage = "[OPTION]... <STATE",
	.summary = "Tell the agent about a container, as a hook of an OCI runtime",
	.details =
		"Reads the container's state from standard input. In the state 'stopped' the container is\n"
		"removed, in every other it is set: its cgroup is that of its process, its name, image and\n"
		"labels are in its annotations (see pavise-container(8)). For the stages createRuntime and\n"
		"poststop. Fails when the agent cannot be reached, and the runtime then starts nothing.",
	.options = hook_options,
	.run = hook_main,
};

/* ---- container ---- */

static const struct {
	const char *name;
	const struct command *command;
} subcommands[] = {
	{"set", &command_set},
	{"remove", &command_remove_container},
	{"list", &command_list},
	{"hook", &command_hook},
};

static int container_main(const struct command *command, int argc, char **argv)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};

	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(subcommands); i++)
		if (!strcmp(subcommands[i].name, argv[1]))
			return subcommands[i].command->run(subcommands[i].command, argc - 1, argv + 1);
	options_next(&o);
	if (o.status >= 0)
		return o.status;
	if (o.argc)
		return usage_error(command, "'%s' is none of set, remove, list and hook", o.argv[0]);
	return usage_error(command, "needs one of set, remove, list and hook");
}

const struct command command_container = {
	.name = "container",
	.usage = "set|remove|list|hook [OPTION]...",
	.summary = "Tell the agent which containers there are",
	.details = "  set      tell the agent about a container, or tell it anew\n"
		   "  remove   make the agent forget the container in a cgroup\n"
		   "  list     show the containers that the agent knows, and the policies that match them\n"
		   "  hook     tell the agent about a container, as a hook of an OCI runtime\n\n"
		   "'pavise container set --help' says more of one. Policies match containers by the key\n"
		   "'container' of their subjects.",
	.run = container_main,
	.stop_early = true,
};
