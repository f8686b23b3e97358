/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which characters may be shown as they are. Shared by the encoder and the view on a terminal. */
#ifndef PAVISE_AUDIT_TEXT_H
#define PAVISE_AUDIT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Controls (C0, DEL, C1), line and paragraph separators, marks of direction, invisible characters
 * and code points that are none: what acts on a terminal, or makes a reader see another text.
 */
bool text_is_unsafe(uint32_t code);

#endif
