/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The policies that a tool of the author's is about: texts and, as often as needed, their policies.
 *
 * A tool that changes policies in memory (binds them to a cgroup, has every permission reported) asks
 * for a set of its own: the texts are parsed again, so no tool can change what another one sees.
 */
#ifndef PAVISE_AUTHOR_SOURCES_H
#define PAVISE_AUTHOR_SOURCES_H

#include <jansson.h>

#include "control/spec.h"

struct sources {
	json_t *files;	  /* [{file, text}] */
	struct spec spec; /* instead of files: the set in force */
	bool in_force;
};

/*
 * Read files, directories and "-". 0, or -EINVAL when anything is wrong with them; it was printed. Users
 * that this machine does not know are told, and are no error.
 */
int sources_read(struct sources *s, char *const *names, size_t n);

/* The set that an agent on this machine put in force. 0, or -errno. */
int sources_read_in_force(struct sources *s, const char *run);

void sources_free(struct sources *s);

/*
 * The policies, in a new set. Users that this machine does not know match nobody. 0, or -errno, with
 * what is wrong in `d`.
 */
int sources_parse(struct sources *s, struct policy_set *set, struct diags *d);

/* Does an override make all of them monitor? */
bool sources_monitor_all(const struct sources *s);

/* The text of a file as policies name it, or NULL. */
const char *sources_text(const struct sources *s, const char *file);

#endif
