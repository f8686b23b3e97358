/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policies given on a command line. They are read and checked where the command runs, so that every
 * error is shown with or without an agent; the agent checks what it gets again.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "control/protocol.h"
#include "control/spec.h"
#include "util/util.h"

#define FILES_MAX SPEC_SOURCES_MAX
#define FILE_MAX  SPEC_TEXT_MAX

static int is_policy(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return *entry->d_name != '.' && end && (!strcmp(end, ".yaml") || !strcmp(end, ".yml"));
}

/* Say what is wrong with a name; false, so that callers can return it. */
static bool complain(const char *name, int err)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		print_escaped(out, name);
		fclose(out);
	}
	say_error("%s: %s", text ? text : "?",
		  err == -ENODATA ? "no *.yaml or *.yml file in this directory"
		  : err == -EFBIG ? "too large for policies"
		  : err == -E2BIG ? "too many files"
				  : strerror(-err));
	return false;
}

static int add_text(json_t *files, const char *name, const char *text, size_t length)
{
	json_t *file = json_string(name);
	json_t *content = json_stringn(text, length);

	if (json_array_size(files) >= FILES_MAX)
		return -E2BIG;
	/* what is not UTF-8 cannot be sent; a text that is not was refused when it was checked */
	if (!file)
		file = json_string("(a name that is not UTF-8)");
	if (!content)
		content = json_string("");
	return json_array_append_new(files, json_pack("{s:o, s:o}", "file", file, "text", content)) ? -ENOMEM
												    : 0;
}

static bool read_one(const char *name, json_t *files, struct diags *d, struct policy_set *set)
{
	bool input = !strcmp(name, "-");
	CLEANUP_FREE char *text = NULL;
	size_t length = 0;
	int err;

	err = input ? read_fd(STDIN_FILENO, FILE_MAX, &text, &length)
		    : read_file(name, FILE_MAX, &text, &length);
	if (err)
		return complain(name, err);
	if (policy_parse(input ? "<stdin>" : name, text, length, set, d))
		return false;
	err = add_text(files, input ? "<stdin>" : name, text, length);
	return err ? complain(name, err) : true;
}

static bool read_directory(const char *name, json_t *files, struct diags *d, struct policy_set *set)
{
	struct dirent **entries;
	int n = scandir(name, &entries, is_policy, alphasort);
	bool good = true;

	if (n < 0)
		return complain(name, -errno);
	if (!n)
		good = complain(name, -ENODATA);
	for (int i = 0; i < n; i++) {
		CLEANUP_FREE char *path = strfmt("%s/%s", name, entries[i]->d_name);

		good = (path && read_one(path, files, d, set)) && good;
		free(entries[i]);
	}
	free(entries);
	return good;
}

json_t *policy_files_read(char *const *names, size_t n, enum spec_users users)
{
	json_t *files = json_array();
	struct policy_set set = {0};
	struct diags d = {0};
	bool good = files != NULL;

	for (size_t i = 0; files && i < n; i++) {
		struct stat st;

		if (strcmp(names[i], "-") && !stat(names[i], &st) && S_ISDIR(st.st_mode))
			good = read_directory(names[i], files, &d, &set) && good;
		else
			good = read_one(names[i], files, &d, &set) && good;
	}
	if (good && (policy_set_check(&set, &d) || spec_resolve_users(&set, users, &d)))
		good = false;
	diags_print(&d, stderr);
	diags_free(&d);
	policy_set_free(&set);

	if (good)
		return files;
	json_decref(files);
	return NULL;
}
