/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Raw ring records, checked and decoded. */
#ifndef PAVISE_AUDIT_DECODE_H
#define PAVISE_AUDIT_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "pavise.h"

struct record {
	/* A decision's or an exec's object, see record_path(); points into the raw record. */
	const unsigned char *names;
	size_t names_length;
	/* What a decision's record says besides of its process and its time, names included; as above. */
	const char *action;
	size_t action_length;
	/* An exec's arguments as far as they came, each ended by NUL; points into the raw record. */
	const char *argv;
	size_t argv_length;
	union {
		struct pv_fork_record any; /* head and process: every record begins with them */
		struct pv_decision_record decision;
		struct pv_exec_record exec;
		struct pv_exit_record exit;
	} u;
};

/*
 * Decode `size` bytes at `data` (any alignment). 0, or -EBADMSG for what the kernel side cannot have
 * sent: unknown type, sizes that do not add up. *out then holds nothing usable.
 */
int record_decode(const void *data, size_t size, struct record *out);

/*
 * Spell the path of the record's object: absolute, `names_length` bytes without a terminator, none where it
 * is not known or the root. Of an abstract unix socket, its name.
 */
void record_path(const struct record *r, char path[PV_NAMES_MAX]);

/* Length of a command name in its 16 bytes. */
size_t record_comm_length(const char comm[16]);

#endif
