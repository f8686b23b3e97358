/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policy sets on disk: <run>/sets/<generation>/ holds what image <generation> was compiled from.
 *
 *   000-web.yaml ...   the texts as applied, in order
 *   meta.json          file names as given, runs, modes, the registry of profiles, containers
 *
 * A set is stored and synced before its image is published, and older sets go afterwards. So
 * whatever image is found in force, its set is there, unless somebody removed it. Storing one again
 * replaces it in one step.
 */
#ifndef PAVISE_STORE_H
#define PAVISE_STORE_H

#include "control/spec.h"

#define STORE_SETS "sets"

/* Make <run> and <run>/sets, both for root only. */
int store_prepare(const char *run);

int store_save(const char *run, unsigned generation, const struct spec *s);

/* -ENOENT when there is no such set, -EINVAL when it cannot be understood. */
int store_load(const char *run, unsigned generation, struct spec *s);

/* Remove all sets but this one (0: all). */
int store_prune(const char *run, unsigned generation);

/* The highest generation stored, 0: none. */
unsigned store_latest(const char *run);

#endif
