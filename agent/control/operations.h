/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent does on request, see protocol.h for the requests. */
#ifndef PAVISE_OPERATIONS_H
#define PAVISE_OPERATIONS_H

#include <jansson.h>
#include <sys/types.h>

#include "control/agent.h"

struct peer {
	pid_t pid;
	uid_t uid;
};

/* Answer a request, which may be NULL or anything. `owner` stands for the connection. NULL: no memory. */
json_t *operation_perform(struct agent *a, const struct peer *peer, const void *owner, json_t *request);

/*
 * Put policies in force: `files` as in a request. Names of what was added and removed are appended to
 * the arrays. This is what `apply` does, and the agent itself for --policies.
 */
int operation_apply(struct agent *a, json_t *files, bool prune, const struct peer *peer, json_t *added,
		    json_t *removed, struct diags *d, struct refusal *r);

#endif
