/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where policies come from, see sources.h. */
#include <errno.h>
#include <string.h>

#include "author/sources.h"
#include "control/protocol.h"
#include "control/store.h"
#include "util/util.h"

int sources_read(struct sources *s, char *const *names, size_t n)
{
	*s = (struct sources){.files = policy_files_read(names, n, true)};
	return s->files ? 0 : -EINVAL;
}

int sources_read_in_force(struct sources *s, const char *run)
{
	int err;

	*s = (struct sources){.in_force = true};
	spec_init(&s->spec);
	err = access(run, F_OK) ? -errno : store_load(run, store_latest(run), &s->spec);
	if (err)
		sources_free(s);
	return err;
}

void sources_free(struct sources *s)
{
	json_decref(s->files);
	if (s->in_force)
		spec_free(&s->spec);
	*s = (struct sources){0};
}

/* The policies in force, as the agent puts them together for its compiler. */
static int build_in_force(struct sources *s, struct policy_set *set, struct diags *d)
{
	struct compiled compiled;
	int err = spec_compile(&s->spec, 1, &compiled, d);

	if (err)
		return err;
	*set = compiled.set;
	compiled.set = (struct policy_set){0};
	compiled_free(&compiled);
	return 0;
}

static int parse(struct sources *s, struct policy_set *set, struct diags *d)
{
	json_t *file;
	size_t i;
	int err = 0;

	if (s->in_force)
		return build_in_force(s, set, d);
	json_array_foreach (s->files, i, file) {
		json_t *text = json_object_get(file, "text");

		err = policy_parse(json_string_value(json_object_get(file, "file")), json_string_value(text),
				   json_string_length(text), set, d);
		if (err)
			return err;
	}
	return policy_set_check(set, d);
}

int sources_parse(struct sources *s, struct policy_set *set, struct diags *d)
{
	struct diags unknown_users = {0}; /* were told when the files were read */
	int err = parse(s, set, d);

	if (!err)
		err = policy_resolve_users(set, spec_lookup_user, true, &unknown_users);
	diags_free(&unknown_users);
	if (err)
		policy_set_free(set);
	return err;
}

bool sources_monitor_all(const struct sources *s)
{
	return s->in_force && s->spec.monitor_all;
}

const char *sources_text(const struct sources *s, const char *file)
{
	json_t *entry;
	size_t i;

	for (i = 0; s->in_force && i < s->spec.n_sources; i++) {
		if (!strcmp(s->spec.sources[i]->file, file))
			return s->spec.sources[i]->text;
	}
	json_array_foreach (s->files, i, entry) {
		if (!strcmp(json_string_value(json_object_get(entry, "file")), file))
			return json_string_value(json_object_get(entry, "text"));
	}
	return NULL;
}
