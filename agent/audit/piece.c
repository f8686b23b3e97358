/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pieces of lines, see piece.h. */
#include "piece.h"

#include <stdlib.h>
#include <string.h>

#include "util/util.h"

struct pieces *pieces_new(void)
{
	struct pieces *p = calloc(1, sizeof(*p));

	if (p)
		p->seq_end = json_number(p->seq_text, 0);
	return p;
}

void pieces_free(struct pieces *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(p->subjects); i++)
		free(p->subjects[i].piece.text);
	for (size_t i = 0; i < ARRAY_SIZE(p->lineages); i++)
		free(p->lineages[i].piece.text);
	for (size_t i = 0; i < ARRAY_SIZE(p->cgroups); i++)
		free(p->cgroups[i].piece.text);
	for (size_t i = 0; i < ARRAY_SIZE(p->verdicts); i++)
		free(p->verdicts[i].piece.text);
	for (size_t i = 0; i < ARRAY_SIZE(p->actions); i++) {
		free(p->actions[i].key.text);
		free(p->actions[i].piece.text);
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
	piece->length = 0;
	if (!line->error)
		piece_set(piece, line->data + from, line->length - from);
}
