/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Between client and agent: a stream socket at <run>/pavise.sock, one JSON object a line.
 *
 *   request   {"op": ..., ...}
 *   reply     {"ok": true, ...} or {"ok": false, "error": sentence, "diagnostics": text}
 *
 *   apply      files [{file, text}], prune     -> added [], removed [], generation
 *   remove     names []                        -> removed [], generation
 *   mode       mode, policy (optional)         -> generation
 *   run        files [{file, text}], mode (optional) -> cgroup; the run lasts as long as the connection
 *   status                                     -> see operations.c
 *   self-test                                  -> monitor_all
 *   stop                                       -> pid; the agent ends, enforcement stays
 *   container-set     container {cgroup, id, name, image, labels {key: value}}; all but cgroup optional
 *                                              -> published, generation, containers [..] as below
 *   container-remove  cgroup; or id, of those with that id where no process is left
 *                                              -> removed [cgroup], published, generation
 *   container-list                             -> containers [{cgroup, ..., policies [name]}]
 *
 * A container that is set is in force as a whole when the reply comes, and takes the place of the one
 * that had its cgroup. `published` says whether that changed what any policy governs; the generation
 * is the old one where it did not.
 *
 * Only root may connect. Both directions are bounded.
 */
#ifndef PAVISE_PROTOCOL_H
#define PAVISE_PROTOCOL_H

#include <jansson.h>

#include "control/spec.h"
#include "util/message.h"

#define PROTOCOL_SOCKET	     "pavise.sock"
#define PROTOCOL_LOCK	     "agent.lock"
#define PROTOCOL_MAX	     (48u << 20) /* of a request or a reply: texts of SPEC_TEXT_MAX, all escaped */
#define PROTOCOL_CLIENTS_MAX 320

/* ---- client.c: for commands ---- */

/* Seconds to wait for an agent: that has work to do, and that only has to answer. */
#define PATIENCE_WORK	300
#define PATIENCE_ANSWER 5

/* Connect to the agent: a descriptor, or -errno with a refusal (PAVISE_NO_AGENT). */
int client_connect(const char *run, unsigned patience, struct refusal *r);

/* Send a request (taken over) and wait for the reply. NULL with a refusal when there is none. */
json_t *client_ask(int fd, json_t *request, unsigned patience, struct refusal *r);

/*
 * Connect and ask (the request is taken over). The reply, or NULL with a refusal when the agent cannot
 * be reached (PAVISE_NO_AGENT) or refused; what it says of policies is printed. With `keep`, the
 * connection stays open and is returned there.
 */
json_t *client_request(json_t *request, int *keep, struct refusal *r);

/* The same, and what went wrong is printed: NULL then, with *code to exit with. */
json_t *client_call(json_t *request, int *code, int *keep);

/* ---- files.c: policies given on a command line ---- */

/*
 * Read files, directories (*.yaml and *.yml in them, sorted) and "-" (standard input), check them
 * together, and give them as the `files` of a request. NULL when anything is wrong; it was printed.
 */
json_t *policy_files_read(char *const *names, size_t n, enum spec_users users);

#endif
