/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Characters: decoding UTF-8 and telling which characters are fit to be shown.
 *
 * One decoder for what is read (source.c) and what is shown (diag.c), so that both count columns
 * alike. It is strict: overlong forms, surrogates and values beyond U+10FFFF are no characters.
 */
#ifndef PAVISE_POLICY_UTF8_H
#define PAVISE_POLICY_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the first character of text[0..length) and its code point, or 0 if it is not a valid one. */
size_t utf8_decode(const char *text, size_t length, uint32_t *code);

/*
 * Whether a character shows as what it is: false for control characters, line separators, marks that
 * change the direction of the text around them (a reader would see another policy than the agent)
 * and code points that are no characters.
 */
bool utf8_visible(uint32_t code);

#endif
