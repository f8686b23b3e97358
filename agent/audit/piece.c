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
	free(p);
}

void piece_keep(struct piece *piece, const struct json_buffer *line, size_t from)
{
	size_t length;
	char *text;

	if (!piece)
		return;
	piece->length = 0;
	if (line->error)
		return;
	length = line->length - from;
	if (length > PIECE_MAX)
		return;
	if (length > piece->capacity) {
		text = realloc(piece->text, length);
		if (!text)
			return;
		piece->text = text;
		piece->capacity = (uint32_t)length;
	}
	memcpy(piece->text, line->data + from, length);
	piece->length = (uint32_t)length;
}

bool lineage_is_current(const struct lineage_piece *l, const struct table *t)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->entries[i]->version != l->versions[i])
			return false;
	return !l->additions || l->additions == table_additions(t);
}
