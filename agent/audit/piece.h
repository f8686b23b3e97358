/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pieces of lines, kept to be used again.
 *
 * Most of a line says what the line before said of the same process, of its ancestors, its cgroup and
 * the rule. Each of these is a piece, kept under all that it was made of:
 *
 *   process    what the record says of its process, and the version of its entry (table.h)
 *   lineage    the versions of the entries that it names; where it ends at a process that is not in
 *              the table, that none was added since
 *   cgroup     its id, once its path is known
 *   decision   the cell, its generation, hook, access and walk, once the decision is known
 *   body       all of these, and what the record says of the object: who tries again what was denied
 *
 * A piece that is found is therefore to the byte what would be written anew. Each kind has a fixed number
 * of slots, a piece takes the slot of its hash from the one before, and one that is longer than PIECE_MAX
 * is not kept: memory is bounded.
 */
#ifndef PAVISE_AUDIT_PIECE_H
#define PAVISE_AUDIT_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "pavise.h"
#include "table.h"

#define PIECE_MAX	4096
#define PIECE_ANCESTORS 9 /* and the parent */

/* Text that was written into a line, its first comma included. */
struct piece {
	char *text;
	uint32_t length; /* 0: nothing is kept */
	uint32_t capacity;
};

struct process_piece {
	struct pv_process process;
	uint64_t version;
	struct piece piece;
};

/* The entries that a line names besides its own process. */
struct lineage {
	uint32_t n;
	uint64_t additions; /* when it was made; 0: its end is known */
	const struct process *entries[PIECE_ANCESTORS];
	uint64_t versions[PIECE_ANCESTORS];
};

struct lineage_piece {
	uint64_t start_ns; /* of the parent */
	uint32_t pid;
	struct lineage lineage;
	struct piece piece;
};

struct cgroup_piece {
	uint64_t id;
	struct piece piece;
};

struct decision_key {
	uint32_t cell, generation;
	uint16_t hook, access, walk, zero;
};

struct decision_piece {
	struct decision_key key;
	struct piece piece;
};

/* Of a decision record: all but its head. */
#define BODY_BYTES (sizeof(struct pv_decision_record) - sizeof(struct pv_record))

struct body_piece {
	unsigned char record[BODY_BYTES];
	uint64_t version;
	struct lineage lineage;
	struct piece path, piece;
};

struct pieces {
	uint64_t second; /* whose spelling `time` is, 0: of none */
	char time[21];	 /* 1970-01-01T00:00:00. */
	struct piece machine;
	struct process_piece processes[256];
	struct lineage_piece lineages[128];
	struct cgroup_piece cgroups[32];
	struct decision_piece decisions[64];
	struct body_piece bodies[64];
};

/* NULL when there is no memory. */
struct pieces *pieces_new(void);
void pieces_free(struct pieces *p);

/* Keep `length` bytes; false where there is no memory, or they are too many. */
bool piece_set(struct piece *piece, const char *text, size_t length);

/* Keep what the line has from `from` on. Nothing is kept of a line with an error, or for a NULL piece. */
void piece_keep(struct piece *piece, const struct json_buffer *line, size_t from);

static inline uint32_t piece_hash(uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 40);
}

/* The slot for a piece of a kind. NULL where there are no pieces. */
#define PIECE_SLOT(pieces, kind, key)                                                                       \
	((pieces) ? &(pieces)->kind[piece_hash(key) % (sizeof((pieces)->kind) / sizeof((pieces)->kind[0]))] \
		  : NULL)

/* Do its entries still say what they said? */
bool lineage_is_current(const struct lineage *l, const struct table *t);

#endif
