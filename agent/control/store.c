/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sets on disk, see store.h. A set is written under another name and renamed when it is complete. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "control/store.h"
#include "util/util.h"

#define META	  "meta.json"
#define META_MAX  (64u << 20)
#define NAME_SIZE 64

static int open_sets(const char *run)
{
	CLEANUP_FREE char *path = strfmt("%s/%s", run, STORE_SETS);
	int fd;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int store_prepare(const char *run)
{
	CLEANUP_FREE char *sets = strfmt("%s/%s", run, STORE_SETS);
	int err = sets ? make_directory(run, 0700) : -ENOMEM;

	if (!err && chmod(run, 0700))
		err = -errno;
	return err ? err : make_directory(sets, 0700);
}

/* "003-web.yaml": the number finds it, the rest is for people. */
static void source_name(size_t n, const char *file, char name[NAME_SIZE])
{
	const char *base = strrchr(file, '/');
	size_t at = (size_t)snprintf(name, NAME_SIZE, "%03zu-", n);

	base = base ? base + 1 : file;
	for (; *base && at < NAME_SIZE - 6; base++)
		name[at++] = isalnum((unsigned char)*base) || strchr("-_.", *base) ? *base : '_';
	name[at] = '\0';
	if (at < 5 || strcmp(name + at - 5, ".yaml"))
		strcat(name, ".yaml");
}

static int save_into(int dir, const struct spec *s)
{
	json_t *meta = spec_to_json(s);
	CLEANUP_FREE char *text = meta ? json_dumps(meta, JSON_INDENT(2)) : NULL;
	int err = text ? 0 : -EINVAL;

	json_decref(meta);
	for (size_t i = 0; !err && i < s->n_sources; i++) {
		char name[NAME_SIZE];

		source_name(i, s->sources[i]->file, name);
		err = write_file_durably(dir, name, s->sources[i]->text, s->sources[i]->length);
	}
	err = err ? err : write_file_durably(dir, META, text, strlen(text));
	if (!err && fsync(dir))
		err = -errno;
	return err;
}

/* Give the set that is complete its name. What had it goes afterwards, if it can. */
static int put_in_place(int sets, const char *name)
{
	if (!renameat(sets, "new", sets, name))
		return 0;
	if (errno != EEXIST && errno != ENOTEMPTY)
		return -errno;
	if (renameat2(sets, "new", sets, name, RENAME_EXCHANGE))
		return -errno;
	remove_tree(sets, "new", 2);
	return 0;
}

int store_save(const char *run, unsigned generation, const struct spec *s)
{
	CLEANUP_CLOSE int sets = open_sets(run);
	CLEANUP_CLOSE int dir = -1;
	char name[NAME_SIZE];
	int err;

	if (sets < 0)
		return sets;
	snprintf(name, sizeof(name), "%u", generation);
	err = remove_tree(sets, "new", 2);
	if (err)
		return err;
	if (mkdirat(sets, "new", 0700))
		return -errno;
	dir = openat(sets, "new", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	err = save_into(dir, s);
	if (!err)
		err = put_in_place(sets, name);
	if (!err && fsync(sets))
		err = -errno;
	return err;
}

struct reader {
	int dir;
	json_t *sources;
};

static int read_source(void *context, size_t n, char **text, size_t *length)
{
	struct reader *reader = context;
	const char *file = json_string_value(json_object_get(json_array_get(reader->sources, n), "file"));
	CLEANUP_CLOSE int fd = -1;
	char name[NAME_SIZE];

	if (!file)
		return -EINVAL;
	source_name(n, file, name);
	fd = openat(reader->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -EINVAL : read_fd(fd, SPEC_TEXT_MAX, text, length);
}

int store_load(const char *run, unsigned generation, struct spec *s)
{
	CLEANUP_CLOSE int sets = open_sets(run);
	CLEANUP_CLOSE int dir = -1;
	CLEANUP_CLOSE int fd = -1;
	CLEANUP_FREE char *text = NULL;
	struct reader reader;
	char name[NAME_SIZE];
	size_t length;
	json_t *meta;
	int err;

	if (sets < 0)
		return sets;
	snprintf(name, sizeof(name), "%u", generation);
	dir = openat(sets, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	fd = openat(dir, META, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	err = fd < 0 ? -EINVAL : read_fd(fd, META_MAX, &text, &length);
	if (err)
		return err;
	meta = json_loadb(text, length, 0, NULL);
	reader = (struct reader){dir, json_object_get(meta, "sources")};
	err = meta ? spec_from_json(meta, s, read_source, &reader) : -EINVAL;
	json_decref(meta);
	return err == -ENOENT ? -EINVAL : err;
}

static int each_set(int sets, int (*visit)(void *context, int dir, const char *name, unsigned generation),
		    void *context)
{
	int copy = openat(sets, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int result = 0;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return -errno;
	}
	while (!result && (entry = readdir(dir))) {
		uint64_t generation;

		if (!parse_number(entry->d_name, UINT32_MAX, &generation))
			result = visit(context, sets, entry->d_name, (unsigned)generation);
	}
	closedir(dir);
	return result;
}

static int remove_other(void *context, int dir, const char *name, unsigned generation)
{
	return generation == *(unsigned *)context ? 0 : remove_tree(dir, name, 2);
}

int store_prune(const char *run, unsigned generation)
{
	CLEANUP_CLOSE int sets = open_sets(run);

	return sets < 0 ? sets : each_set(sets, remove_other, &generation);
}

static int find_latest(void *context, int dir, const char *name, unsigned generation)
{
	unsigned *latest = context;

	(void)dir;
	(void)name;
	if (generation > *latest)
		*latest = generation;
	return 0;
}

unsigned store_latest(const char *run)
{
	CLEANUP_CLOSE int sets = open_sets(run);
	unsigned latest = 0;

	if (sets >= 0)
		each_set(sets, find_latest, &latest);
	return latest;
}
