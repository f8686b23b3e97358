/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules in the mix of published policies (see bench.h).
 *
 * AppArmor's rules on paths are read as far as they can be said as a pattern: variables stand for what
 * they usually hold, a rule that needs another one is left out, and what is permitted does not matter.
 */
#include "bench.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/pattern.h"

enum kind { LITERAL, BELOW, WITHIN, KINDS };

/* Of ten rules, which kind each is. */
static const enum kind mixture[10] = {LITERAL, BELOW,	LITERAL, LITERAL, WITHIN,
				      LITERAL, LITERAL, BELOW,	 LITERAL, LITERAL};

static enum kind kind_of(const char *pattern)
{
	size_t length = strlen(pattern), first = strcspn(pattern, "*?[{");

	if (first == length)
		return LITERAL;
	return first == length - 2 && !strcmp(pattern + first, "**") ? BELOW : WITHIN;
}

static void add_pattern(struct texts kinds[KINDS], const char *pattern)
{
	char error[200];
	enum kind kind = kind_of(pattern);

	if (pattern_check(PATTERN_PATH, pattern, error, sizeof(error)) || pattern[1] == '*')
		return;
	for (size_t i = 0; i < kinds[kind].n; i++) {
		if (!strcmp(kinds[kind].at[i], pattern))
			return;
	}
	texts_add(&kinds[kind], pattern);
}

/* Replace variables. False where one is not known. */
static bool expand(const char *from, char *to, size_t room)
{
	static const char *const variables[][2] = {
		{"@{HOME}", "/home/*"}, {"@{HOMEDIRS}", "/home"},
		{"@{PROC}", "/proc"},	{"@{sys}", "/sys"},
		{"@{run}", "/run"},	{"@{etc_ro}", "/etc"},
		{"@{etc_rw}", "/etc"},	{"@{pid}", "[1-9]*"},
		{"@{pids}", "[1-9]*"},	{"@{multiarch}", "*-linux-gnu"},
	};
	size_t n = 0, v;

	while (*from && n + 32 < room) {
		if (strncmp(from, "@{", 2)) {
			if (from[0] == '/' && n && to[n - 1] == '/') { /* a variable may end in one */
				from++;
				continue;
			}
			to[n] = from[0] == '^' && n && to[n - 1] == '[' ? '!' : from[0];
			n++;
			from++;
			continue;
		}
		for (v = 0; v < sizeof(variables) / sizeof(variables[0]); v++) {
			if (!strncmp(from, variables[v][0], strlen(variables[v][0])))
				break;
		}
		if (v == sizeof(variables) / sizeof(variables[0]))
			return false;
		n += sprintf(to + n, "%s", variables[v][1]);
		from += strlen(variables[v][0]);
	}
	while (n > 1 && to[n - 1] == '/') /* a directory */
		n--;
	to[n] = '\0';
	return !*from && to[0] == '/';
}

static void read_abstraction(struct texts kinds[KINDS], const char *path)
{
	FILE *file = fopen(path, "re");
	char line[2048], pattern[2048];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		char *word = strtok(line, " \t\n");

		while (word && (!strcmp(word, "owner") || !strcmp(word, "audit") || !strcmp(word, "deny") ||
				!strcmp(word, "allow")))
			word = strtok(NULL, " \t\n");
		if (word && (word[0] == '/' || word[0] == '@') && expand(word, pattern, sizeof(pattern)))
			add_pattern(kinds, pattern);
	}
	fclose(file);
}

static bool read_abstractions(struct texts kinds[KINDS], const char *directory)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[1024];

		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		if (entries[i]->d_type == DT_REG)
			read_abstraction(kinds, path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return kinds[LITERAL].n && kinds[BELOW].n && kinds[WITHIN].n;
}

static void read_sample(struct texts kinds[KINDS], const char *path)
{
	FILE *file = open_or_die(path);
	char line[1024];

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '/')
			add_pattern(kinds, line);
	}
	fclose(file);
	if (!kinds[LITERAL].n || !kinds[BELOW].n || !kinds[WITHIN].n)
		die("%s does not hold patterns of every kind", path);
}

void mix_make(struct texts *patterns, size_t n, const char *abstractions, const char *sample,
	      const char **source)
{
	struct texts kinds[KINDS] = {{0}};
	size_t used[KINDS] = {0};

	*source = abstractions;
	if (!read_abstractions(kinds, abstractions)) {
		for (unsigned k = 0; k < KINDS; k++)
			texts_free(&kinds[k]);
		*source = sample;
		read_sample(kinds, sample);
	}
	for (unsigned k = 0; k < KINDS; k++)
		texts_shuffle(&kinds[k]);
	while (patterns->n < n) {
		enum kind kind = mixture[patterns->n % 10];
		size_t index = used[kind]++, turn = index / kinds[kind].n;
		char pattern[PATTERN_MAX];

		if (turn)
			snprintf(pattern, sizeof(pattern), "/srv/site-%zu%s", turn,
				 kinds[kind].at[index % kinds[kind].n]);
		else
			snprintf(pattern, sizeof(pattern), "%s", kinds[kind].at[index]);
		texts_add(patterns, pattern);
	}
	for (unsigned k = 0; k < KINDS; k++)
		texts_free(&kinds[k]);
}
