/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pieces of lines, kept to be used again.
 *
 * Most of a line says what an earlier line said of the same process, or of the same decision. Each of these
 * is a piece, kept under all that it was made of:
 *
 *   subject    what the record says of its process, the version of its entry (table.h), and its lineage;
 *              once the path of its cgroup is known
 *   lineage    the versions of the entries that it names; where it ends at a process that is not in
 *              the table, that none was added since
 *   cgroup     its id, once its path is known
 *   verdict    the cell, its generation, hook, access and walk, once the decision is known
 *   action     what a decision's record says besides of its process and its time, names included: who does
 *              again what was denied, and who does what another was denied
 *
 * A line is then what is new in it, a subject and an action. A piece that is found is to the byte what would
 * be written anew. Each kind has a fixed number of slots, a piece takes the slot of its hash from the one
 * before, and one that is longer than PIECE_MAX is not kept: memory is bounded.
 */
#ifndef PAVISE_AUDIT_PIECE_H
#define PAVISE_AUDIT_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "pavise.h"
#include "table.h"

#define PIECE_MAX	2048
#define PIECE_ANCESTORS 9 /* and the parent */

/* Text that was written into a line, its first comma included. */
struct piece {
	char *text;
	uint32_t length; /* 0: nothing is kept */
	uint32_t capacity;
};

/* The entries that a line names besides its own process. */
struct lineage {
	uint32_t n;
	uint64_t additions; /* when it was made; 0: its end is known */
	uint64_t changes;   /* of the table, up to which it was found to be current */
	const struct process *entries[PIECE_ANCESTORS];
	uint64_t versions[PIECE_ANCESTORS];
};

struct subject_piece {
	struct pv_process process;
	uint64_t version;
	struct lineage lineage;
	struct piece piece;
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

struct verdict_key {
	uint32_t cell, generation;
	uint16_t hook, access, walk, zero;
};

struct verdict_piece {
	struct verdict_key key;
	struct piece piece;
};

struct action_piece {
	struct piece key, piece; /* the key as decode.h has it */
};

struct pieces {
	uint64_t second;      /* whose spelling `time` is, 0: of none */
	char time[21];	      /* 1970-01-01T00:00:00. */
	uint64_t mono_second; /* the same of the boot clock */
	char mono[JSON_DIGITS];
	char *mono_end;
	uint64_t seq; /* whose digits `seq_text` is */
	char seq_text[JSON_DIGITS];
	char *seq_end;
	struct subject_piece subjects[1024];
	struct lineage_piece lineages[128];
	struct cgroup_piece cgroups[32];
	struct verdict_piece verdicts[64];
	struct action_piece actions[256];
};

/* NULL when there is no memory. */
struct pieces *pieces_new(void);
void pieces_free(struct pieces *p);

/* Keep `length` bytes; false where there is no memory, or they are too many. */
bool piece_set(struct piece *piece, const char *text, size_t length);

/* Into the line. */
static inline void piece_put(const struct piece *piece, struct json_buffer *out)
{
	json_put_piece(out, piece->text, piece->length);
}

/* Keep what the line has from `from` on. Nothing is kept of a line with an error. */
void piece_keep(struct piece *piece, const struct json_buffer *line, size_t from);

/* Below `slots`, at most 2^32. Keys in a row, as process ids are, come to lie far from each other. */
static inline size_t piece_hash(uint64_t key, size_t slots)
{
	return (key * 0x9e3779b97f4a7c15ull >> 32) * slots >> 32;
}

/* The slot for a piece of a kind. NULL where there are no pieces. */
#define PIECE_SLOT(pieces, kind, key)                                                                    \
	((pieces) ? &(pieces)->kind[piece_hash(key, sizeof((pieces)->kind) / sizeof((pieces)->kind[0]))] \
		  : NULL)

/* Do its entries still say what they said? */
static inline bool lineage_is_current(struct lineage *l, const struct table *t)
{
	uint64_t changes = table_changes(t);

	if (l->changes == changes)
		return true;
	for (uint32_t i = 0; i < l->n; i++)
		if (l->entries[i]->version != l->versions[i])
			return false;
	if (l->additions && l->additions != table_additions(t))
		return false;
	l->changes = changes;
	return true;
}

#endif
