/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests to the agent, as a table. Each changes everything it was asked to or nothing, and every
 * change of the policy set leaves an event that names who asked for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "control/operations.h"
#include "control/protocol.h"
#include "kernel/programs.h"
#include "util/util.h"

/* One request on its way. */
struct operation {
	struct agent *agent;
	const struct peer *peer;
	const void *owner;
	json_t *request;
	json_t *reply;
	struct diags diags;
	struct refusal refusal;
};

static void tell_policies(struct agent *a, const char *what, json_t *names, const struct peer *peer)
{
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name) {
		const struct event_field fields[] = {
			{"name", json_string_value(name), 0},
			{"generation", NULL, a->live.generation},
			{"by_pid", NULL, (uint64_t)peer->pid},
			{"by_uid", NULL, peer->uid},
		};

		audit_policy_event(a->audit, what, fields, ARRAY_SIZE(fields));
	}
}

static void tell_agent(struct agent *a, const char *what, const char *key, const char *text,
		       const struct peer *peer)
{
	const struct event_field fields[] = {
		{"generation", NULL, a->live.generation},
		{"by_pid", NULL, (uint64_t)peer->pid},
		{"by_uid", NULL, peer->uid},
		{key, text, 0},
	};

	audit_agent_event(a->audit, what, fields, ARRAY_SIZE(fields) - !text);
}

/* The `files` of a request as texts, with room for one more than there are. NULL without memory. */
static struct spec_text *texts_of(json_t *files, int mode, size_t *n, bool *valid)
{
	struct spec_text *texts = calloc(json_array_size(files) + 1, sizeof(*texts));
	json_t *file;
	size_t i;

	*valid = json_array_size(files) <= SPEC_SOURCES_MAX;
	json_array_foreach (files, i, file) {
		json_t *text = json_object_get(file, "text");
		const char *name = json_string_value(json_object_get(file, "file"));

		if (!texts)
			break;
		*valid = *valid && name && json_is_string(text);
		texts[i] = (struct spec_text){
			name, json_string_value(text), json_string_length(text), SPEC_NO_SLOT, mode, NULL};
	}
	*n = json_array_size(files);
	return texts;
}

static struct spec_text *texts_checked(json_t *files, int mode, enum spec_users users, size_t *n,
				       struct diags *d, struct refusal *r)
{
	bool valid;
	struct spec_text *texts = texts_of(files, mode, n, &valid);
	int err = texts ? valid ? spec_check_texts(texts, *n, users, d) : -EINVAL : -ENOMEM;

	if (!err)
		return texts;
	refuse(r, -err, valid ? PAVISE_BAD_POLICY : PAVISE_FAILED, "%s",
	       err == -ENOMEM ? "out of memory"
	       : valid	      ? "the policies are not valid; nothing was changed"
			      : "files have to be a list of {file, text}");
	free(texts);
	return NULL;
}

int operation_apply(struct agent *a, json_t *files, bool prune, const struct peer *peer, json_t *added,
		    json_t *removed, struct diags *d, struct refusal *r)
{
	struct spec candidate;
	size_t n = 0;
	CLEANUP_FREE struct spec_text *texts = texts_checked(files, SPEC_AS_WRITTEN, USERS_KNOWN, &n, d, r);
	int err;

	if (!texts)
		return -EINVAL;
	err = live_edit(&a->live, prune, &candidate, r);
	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		err = spec_add(&candidate, &texts[i], d, added);
	if (!err && prune)
		err = spec_prune(&candidate, added, removed);
	if (err) {
		spec_free(&candidate);
		return refuse(r, -err, PAVISE_BAD_POLICY,
			      "the policies cannot be added (%s); nothing was changed",
			      err == -E2BIG ? "too many, or too large" : strerror(-err));
	}
	err = live_commit(&a->live, &candidate, d, r);
	if (err)
		return err;
	tell_policies(a, "apply", added, peer);
	tell_policies(a, "remove", removed, peer);
	return 0;
}

static int apply(struct operation *o)
{
	json_t *added = json_array(), *removed = json_array();
	int err;

	json_object_set_new(o->reply, "added", added);
	json_object_set_new(o->reply, "removed", removed);
	runs_retry(o->agent);
	err = operation_apply(o->agent, json_object_get(o->request, "files"),
			      json_is_true(json_object_get(o->request, "prune")), o->peer, added, removed,
			      &o->diags, &o->refusal);
	json_object_set_new(o->reply, "generation", json_integer(o->agent->live.generation));
	return err;
}

static int remove_policies(struct operation *o)
{
	json_t *names = json_object_get(o->request, "names"), *name;
	struct spec candidate;
	size_t i;
	int err = live_edit(&o->agent->live, false, &candidate, &o->refusal);

	if (err)
		return err;
	json_array_foreach (names, i, name) {
		const char *text = json_string_value(name);

		err = text ? spec_remove(&candidate, text) : -EINVAL;
		if (!err)
			continue;
		spec_free(&candidate);
		return refuse(&o->refusal, -err, PAVISE_FAILED,
			      "no policy '%s' is loaded (see 'pavise status'); nothing was changed",
			      text ? text : "");
	}
	err = live_commit(&o->agent->live, &candidate, &o->diags, &o->refusal);
	if (err)
		return err;
	tell_policies(o->agent, "remove", names, o->peer);
	json_object_set(o->reply, "removed", names);
	json_object_set_new(o->reply, "generation", json_integer(o->agent->live.generation));
	return 0;
}

static int set_mode(struct operation *o)
{
	const char *text = json_string_value(json_object_get(o->request, "mode"));
	const char *policy = json_string_value(json_object_get(o->request, "policy"));
	int mode = text ? policy_mode_number(text) : -EINVAL;
	CLEANUP_FREE char *what = NULL;
	struct spec candidate;
	int err;

	if (mode < 0)
		return refuse(&o->refusal, EINVAL, PAVISE_FAILED, "the mode has to be enforce or monitor");
	err = live_edit(&o->agent->live, false, &candidate, &o->refusal);
	if (err)
		return err;
	if (policy)
		err = spec_set_mode(&candidate, policy, (enum policy_mode)mode);
	else
		candidate.monitor_all = mode == MODE_MONITOR;
	if (err) {
		spec_free(&candidate);
		return refuse(&o->refusal, -err, PAVISE_FAILED,
			      "no policy '%s' is loaded (see 'pavise status')", policy);
	}
	err = live_commit(&o->agent->live, &candidate, &o->diags, &o->refusal);
	if (err)
		return err;
	what = strfmt("%s%s%s", policy ? policy : "", policy ? ": " : "", text);
	tell_agent(o->agent, "mode_change", "mode", what, o->peer);
	json_object_set_new(o->reply, "generation", json_integer(o->agent->live.generation));
	return 0;
}

static int run(struct operation *o)
{
	const char *text = json_string_value(json_object_get(o->request, "mode"));
	int mode = text ? policy_mode_number(text) : SPEC_AS_WRITTEN;
	size_t n = 0;
	CLEANUP_FREE struct spec_text *texts = NULL;
	CLEANUP_FREE char *path = NULL;
	struct run *begun = NULL;
	int err;

	if (mode < SPEC_AS_WRITTEN)
		return refuse(&o->refusal, EINVAL, PAVISE_FAILED, "the mode has to be enforce or monitor");
	texts = texts_checked(json_object_get(o->request, "files"), mode, USERS_UNASKED, &n, &o->diags,
			      &o->refusal);
	if (!texts)
		return -EINVAL;
	err = run_begin(o->agent, o->owner, o->peer->pid, texts, n, &o->diags, &o->refusal, &begun);
	if (err)
		return err;
	tell_agent(o->agent, "run", "cgroup", run_cgroup(begun), o->peer);
	path = strfmt("%s%s", o->agent->cgroups.mount, run_cgroup(begun));
	json_object_set_new(o->reply, "cgroup", path ? json_string(path) : NULL);
	return 0;
}

/* Of a request: where a container is, its path as the set has it. */
static char *path_of(struct operation *o, json_t *container, uint64_t *id)
{
	struct agent *a = o->agent;
	char *path =
		spec_container_path(json_string_value(json_object_get(container, "cgroup")), &o->refusal);
	int err;

	if (!path)
		return NULL;
	err = cgroup_id(&a->cgroups, path, id);
	if (!err)
		return path;
	refuse(&o->refusal, -err, PAVISE_FAILED, "there is no cgroup %s below %s (%s)", path,
	       a->cgroups.mount, strerror(-err));
	free(path);
	return NULL;
}

static int container_set(struct operation *o)
{
	json_t *container = json_object_get(o->request, "container");
	struct live *live = &o->agent->live;
	struct spec candidate;
	bool published = false;
	uint64_t id = 0;
	CLEANUP_FREE char *path = path_of(o, container, &id);
	int err = path ? live_edit(live, false, &candidate, &o->refusal) : -EINVAL;

	if (err)
		return err;
	err = spec_set_container(&candidate, container, id, &o->refusal);
	if (err)
		spec_free(&candidate);
	err = err ? err : live_commit_containers(live, &candidate, &published, &o->diags, &o->refusal);
	if (err)
		return err;
	tell_agent(o->agent, "container_set", "cgroup", path, o->peer);
	json_object_set_new(o->reply, "published", json_boolean(published));
	json_object_set_new(o->reply, "generation", json_integer(live->generation));
	json_object_set_new(o->reply, "containers", spec_describe_containers(&live->spec, path));
	return 0;
}

struct by_id {
	const struct agent *agent;
	const char *id;
	json_t *removed;
};

/* Ids are unique for one runtime only, so of two with one id it is the one that ended. */
static bool has_ended(void *context, const struct spec_container *container)
{
	const struct by_id *by = context;
	CLEANUP_CLOSE int fd = -1;

	if (!container->id || strcmp(container->id, by->id) != 0)
		return false;
	fd = cgroup_open(&by->agent->cgroups, container->cgroup, "cgroup.events", O_RDONLY);
	if (fd >= 0 && cgroup_populated(fd) == 1)
		return false;
	json_array_append_new(by->removed, json_string(container->cgroup));
	return true;
}

/* What a request asks to be removed, from a candidate. */
static int remove_asked(struct operation *o, struct spec *candidate, json_t *removed)
{
	const char *cgroup = json_string_value(json_object_get(o->request, "cgroup"));
	const char *id = json_string_value(json_object_get(o->request, "id"));
	CLEANUP_FREE char *path = NULL;
	int err;

	if (id) {
		spec_drop_containers(candidate, has_ended, &(struct by_id){o->agent, id, removed});
		return 0;
	}
	path = spec_container_path(cgroup, &o->refusal);
	if (!path)
		return -EINVAL;
	/* one whose cgroup is gone is no longer among the candidate's */
	err = spec_has_container(&o->agent->live.spec, path) ? 0 : -ENOENT;
	spec_remove_container(candidate, path);
	if (err)
		return refuse(&o->refusal, -err, PAVISE_FAILED,
			      "no container in the cgroup %s is known (see 'pavise container list')", path);
	return json_array_append_new(removed, json_string(path));
}

static int container_remove(struct operation *o)
{
	struct live *live = &o->agent->live;
	json_t *removed = json_array(), *path;
	struct spec candidate;
	bool published = false;
	size_t i;
	int err;

	json_object_set_new(o->reply, "removed", removed);
	err = live_edit(live, false, &candidate, &o->refusal);
	if (err)
		return err;
	err = remove_asked(o, &candidate, removed);
	if (err)
		spec_free(&candidate);
	err = err ? err : live_commit_containers(live, &candidate, &published, &o->diags, &o->refusal);
	if (err)
		return err;
	json_array_foreach (removed, i, path)
		tell_agent(o->agent, "container_remove", "cgroup", json_string_value(path), o->peer);
	json_object_set_new(o->reply, "published", json_boolean(published));
	json_object_set_new(o->reply, "generation", json_integer(live->generation));
	return 0;
}

static int container_list(struct operation *o)
{
	json_object_set_new(o->reply, "containers", spec_describe_containers(&o->agent->live.spec, NULL));
	return 0;
}

static json_t *describe_absent(const struct kernel *k)
{
	json_t *array = json_array();

	for (size_t i = 0; i < k->n_absent; i++)
		json_array_append_new(array, json_pack("{s:s, s:s}", "program", k->absent[i], "instead",
						       optional_program_find(k->absent[i])->instead));
	return array;
}

static json_t *describe_log(const struct agent *a)
{
	struct audit_stats s;

	audit_stats(a->audit, &s);
	return json_pack("{s:s, s:I, s:I, s:I, s:I}", "path", a->log_path, "attempted",
			 (json_int_t)s.attempted, "written", (json_int_t)s.written, "lost",
			 (json_int_t)s.lost, "malformed", (json_int_t)s.malformed);
}

static int status(struct operation *o)
{
	struct agent *a = o->agent;

	runs_retry(a);
	json_object_set_new(o->reply, "pid", json_integer(getpid()));
	json_object_set_new(o->reply, "version", json_string(PAVISE_VERSION));
	json_object_set_new(o->reply, "generation", json_integer(a->live.generation));
	json_object_set_new(o->reply, "set_known", json_boolean(!a->live.unknown));
	json_object_set_new(o->reply, "monitor_all", json_boolean(a->live.spec.monitor_all));
	json_object_set_new(o->reply, "policies", spec_describe(&a->live.spec));
	json_object_set_new(o->reply, "runs", json_integer(a->n_runs));
	json_object_set_new(o->reply, "containers",
			    json_integer((json_int_t)json_array_size(a->live.spec.containers)));
	json_object_set_new(o->reply, "absent", describe_absent(&a->kernel));
	json_object_set_new(o->reply, "held", held_describe(a));
	json_object_set_new(o->reply, "log", describe_log(a));
	return 0;
}

static int test(struct operation *o)
{
	int err = self_test(o->agent, &o->refusal);

	json_object_set_new(o->reply, "monitor_all", json_boolean(o->agent->live.spec.monitor_all));
	tell_agent(o->agent, "self_test", "result", err ? "failed" : "passed", o->peer);
	return err;
}

static int stop(struct operation *o)
{
	json_object_set_new(o->reply, "pid", json_integer(getpid()));
	o->agent->loop.stop = true;
	return 0;
}

static const struct {
	const char *name;
	int (*perform)(struct operation *o);
} operations[] = {
	{"apply", apply},
	{"remove", remove_policies},
	{"mode", set_mode},
	{"run", run},
	{"status", status},
	{"self-test", test},
	{"stop", stop},
	{"container-set", container_set},
	{"container-remove", container_remove},
	{"container-list", container_list},
};

static json_t *error_reply(struct operation *o)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *reply = json_pack("{s:b, s:i}", "ok", 0, "code", o->refusal.code);

	if (out) {
		diags_print(&o->diags, out);
		fclose(out);
	}
	/* what is not UTF-8 is left out */
	json_object_set_new(reply, "error", json_string(o->refusal.text));
	json_object_set_new(reply, "diagnostics", json_string(text));
	return reply;
}

json_t *operation_perform(struct agent *a, const struct peer *peer, const void *owner, json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "op"));
	struct operation o = {.agent = a, .peer = peer, .owner = owner, .request = request};
	json_t *reply;
	size_t i = 0;
	int err;

	while (i < ARRAY_SIZE(operations) && (!name || strcmp(operations[i].name, name)))
		i++;
	o.reply = json_pack("{s:b}", "ok", 1);
	if (!o.reply)
		return NULL;
	if (i < ARRAY_SIZE(operations))
		err = operations[i].perform(&o);
	else
		err = refuse(&o.refusal, EINVAL, PAVISE_FAILED,
			     "the agent does not know this request; are client and agent of one version?");
	reply = err ? error_reply(&o) : json_incref(o.reply);
	json_decref(o.reply);
	diags_free(&o.diags);
	return reply;
}
