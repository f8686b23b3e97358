/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of files from a distribution's file lists (see bench.h).
 *
 * Sorted with "/" before everything else, a directory comes right before what is in it, so it shows in
 * its successor.
 */
#include "bench.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 4096

void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

FILE *open_or_die(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		die("%s cannot be read", path);
	return file;
}

void texts_add(struct texts *t, const char *text)
{
	char *own = strdup(text);

	if (t->n == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->at = reallocarray(t->at, t->room, sizeof(*t->at));
	}
	if (!own || !t->at)
		die("no memory");
	t->at[t->n++] = own;
}

void texts_free(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->at[i]);
	free(t->at);
	*t = (struct texts){0};
}

void texts_shuffle(struct texts *t)
{
	uint64_t state = 1;

	for (size_t i = t->n; i > 1; i--) {
		char *last = t->at[i - 1];
		size_t j;

		state = state * 6364136223846793005u + 1442695040888963407u;
		j = (state >> 33) % i;
		t->at[i - 1] = t->at[j];
		t->at[j] = last;
	}
}

const char *literal_pattern(const char *name)
{
	static char pattern[NAME_MAX_LENGTH * 2 + 1];
	size_t n = 0;

	for (; *name && n < sizeof(pattern) - 2; name++) {
		if (strchr("*?[]{},\\", *name))
			pattern[n++] = '\\';
		pattern[n++] = *name;
	}
	pattern[n] = '\0';
	return pattern;
}

const char *literal_name(const char *pattern)
{
	static char name[NAME_MAX_LENGTH + 1];
	size_t n = 0;

	for (; *pattern && n < sizeof(name) - 1; pattern++) {
		if (strchr("*?[{", *pattern))
			return NULL;
		if (*pattern == '\\' && pattern[1])
			pattern++;
		name[n++] = *pattern;
	}
	name[n] = '\0';
	return name;
}

/* The order of a byte of a path: the end, "/", all others. */
static unsigned rank(char c)
{
	return c == '/' ? 1 : c ? (unsigned char)c + 1u : 0;
}

static int compare(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return (int)rank(*x) - (int)rank(*y);
}

static void read_list(struct texts *names, const char *path)
{
	FILE *file = open_or_die(path);
	char line[NAME_MAX_LENGTH + 2];

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '/' && line[1] && strcmp(line, "/."))
			texts_add(names, line);
	}
	fclose(file);
}

/* Keep one of each, and no directories. */
static void keep_files(struct texts *names)
{
	size_t n = 0;

	qsort(names->at, names->n, sizeof(*names->at), compare);
	for (size_t i = 0; i < names->n; i++) {
		const char *next = i + 1 < names->n ? names->at[i + 1] : "";
		size_t length = strlen(names->at[i]);

		if (!strncmp(next, names->at[i], length) && (next[length] == '/' || !next[length]))
			free(names->at[i]);
		else
			names->at[n++] = names->at[i];
	}
	names->n = n;
}

void names_read(struct texts *names, const char *directory)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, NULL, alphasort);

	if (n < 0)
		die("%s cannot be read", directory);
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name, *dot = strrchr(name, '.');
		char path[NAME_MAX_LENGTH];

		if (dot && !strcmp(dot, ".list")) {
			snprintf(path, sizeof(path), "%s/%s", directory, name);
			read_list(names, path);
		}
		free(entries[i]);
	}
	free(entries);
	keep_files(names);
	if (names->n < 1000)
		die("%s lists %zu files, which are too few to measure with", directory, names->n);
	texts_shuffle(names);
}

size_t names_complete(struct texts *names, size_t n)
{
	static const char *const suffixes[] = {".dpkg-dist", ".dpkg-old", ".orig", ".bak",
					       ".gz",	     ".1",	  ".new",  "~"};
	size_t had = names->n;

	for (size_t i = 0; names->n < n; i++) {
		char name[NAME_MAX_LENGTH + 64];
		unsigned turn = i / had;

		snprintf(name, sizeof(name), "%s%s", names->at[i % had], suffixes[turn % 8]);
		if (turn >= 8)
			snprintf(name + strlen(name), 16, ".%u", turn / 8);
		texts_add(names, name);
	}
	return names->n - had;
}
