/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an OCI runtime tells its hooks about a container, in the words of `container-set` (protocol.h).
 *
 * Pure functions. The runtime specification gives a hook the container's id, its process and its
 * annotations; which annotation holds a name or an image is the runtime's own habit, and a table here.
 */
#ifndef PAVISE_OCI_H
#define PAVISE_OCI_H

#include <jansson.h>
#include <stddef.h>

/*
 * {id, name, image, labels} of a container: `state` is its state, `config` its config.json or NULL.
 * Annotations of the state win over those of the configuration. The name is the id where no
 * annotation has one. Labels are all annotations, and those that an annotation of its own holds as a
 * JSON object; what is longer than `longest` or has control characters is left out, no policy could
 * say it. NULL without memory.
 */
json_t *oci_container(json_t *state, json_t *config, size_t longest);

/* The cgroup v2 path in the text of /proc/PID/cgroup, NULL when there is none (or no memory). */
char *oci_cgroup(const char *text);

#endif
