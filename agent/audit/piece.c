/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pieces of lines, see piece.h. */
#include "piece.h"

#include <stdlib.h>
#include <string.h>

#include "util/util.h"

struct pieces *pieces_new(void)
{
	return calloc(1, sizeof(struct pieces));
}

void pieces_free(struct pieces *p)
{
	if (!p)
		return;
	free(p->machine.text);
	for (size_t i = 0; i < ARRAY_SIZE(p->processes); i++)
		free(p->processes[i].piece.text);
	for (size_t i = 0; i < ARRAY_SIZE(p->lineages); i++)
		free(p->lineages[i].piece.text);
	for (size_t i = 0; i < ARRAY_SIZE(p->cgroups); i++)
		free(p->cgroups[i].piece.text);
	for (size_t i = 0; i < ARRAY_SIZE(p->decisions); i++)
		free(p->decisions[i].piece.text);
	for (size_t i = 0; i < ARRAY_SIZE(p->bodies); i++) {
		free(p->bodies[i].path.text);
		free(p->bodies[i].piece.text);
	}
	free(p);
}

bool piece_set(struct piece *piece, const char *text, size_t length)
{
	char *grown;

	piece->length = 0;
	if (length > PIECE_MAX)
		return false;
	if (length > piece->capacity) {
		grown = realloc(piece->text, length);
		if (!grown)
			return false;
		piece->text = grown;
		piece->capacity = (uint32_t)length;
	}
	if (length)
		memcpy(piece->text, text, length);
	piece->length = (uint32_t)length;
	return true;
}

void piece_keep(struct piece *piece, const struct json_buffer *line, size_t from)
{
	if (!piece)
		return;
	piece->length = 0;
	if (!line->error)
		piece_set(piece, line->data + from, line->length - from);
}

bool lineage_is_current(const struct lineage *l, const struct table *t)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->entries[i]->version != l->versions[i])
			return false;
	return !l->additions || l->additions == table_additions(t);
}
