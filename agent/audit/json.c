/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: whatever bytes a string has, the text is valid JSON in valid UTF-8, holds no control
 * character but the newline that json_end_line() puts, and is never longer than the limit.
 *
 * How: words whose bytes are all plain ASCII are copied whole; what holds another byte takes the slow path,
 * which lets through only characters that are valid UTF-8 and that text.c calls harmless. Sound because that
 * is a white list: there is no byte that is copied without one of the two checks. Whether a comma is due is
 * read from the last byte of the text: after `{` or `[` (or nothing) none is; a string cannot fake that,
 * since it ends with its quote.
 *
 * After an error the buffer is empty and has a capacity of 0, so that all that follows asks for room, and is
 * refused it, without a check of its own.
 */
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/utf8.h"
#include "text.h"

#define JSON_FIRST_CAPACITY 4096

#define EIGHT 100000000u /* what has more than eight digits */

/* A byte in each byte of a word. */
#define EACH(byte) (0x0101010101010101ull * (byte))

static const char hex_digits[] = "0123456789abcdef";

void json_buffer_init(struct json_buffer *b, size_t limit)
{
	*b = (struct json_buffer){.limit = limit};
}

void json_buffer_free(struct json_buffer *b)
{
	free(b->own);
	*b = (struct json_buffer){.limit = b->limit};
}

static bool json_fail(struct json_buffer *b, int error)
{
	if (!b->error)
		b->error = error;
	b->length = b->capacity = 0;
	return false;
}

bool json_grow(struct json_buffer *b, size_t n)
{
	size_t capacity = b->allocated ? b->allocated : JSON_FIRST_CAPACITY;
	char *data;

	if (b->error || n > b->limit || b->length > b->limit - n)
		return json_fail(b, -E2BIG);
	while (capacity < b->length + n)
		capacity *= 2;
	if (capacity > b->limit)
		capacity = b->limit;
	data = realloc(b->own, capacity);
	if (!data)
		return json_fail(b, -ENOMEM);
	if (b->data != b->own && b->length)
		memcpy(data, b->data, b->length);
	b->data = b->own = data;
	b->capacity = b->allocated = capacity;
	return true;
}

/* Eight decimal digits, the first one in the lowest byte, each as its value: halves, quarters, eighths. */
static inline uint64_t eight_digits(uint32_t value)
{
	uint64_t x = value / 10000 | (uint64_t)(value % 10000) << 32;
	uint64_t high = x * 10486 >> 20 & 0x7f0000007full;

	x = high | (x - high * 100) << 16;
	high = x * 103 >> 10 & 0x000f000f000f000full;
	return high | (x - high * 10) << 8;
}

/* The same of four. */
static inline uint32_t four_digits(uint32_t value)
{
	uint32_t high = value * 10486 >> 20;
	uint32_t x = high | (value - high * 100) << 16;

	high = x * 103 >> 10 & 0x000f000f;
	return high | (x - high * 10) << 8;
}

/* Up to eight digits without the zeros in front, of which the last one stays. */
static inline char *first_digits(char *p, uint32_t value)
{
	uint64_t digits = value < 10000 ? (uint64_t)four_digits(value) << 32 : eight_digits(value);
	int zeros = __builtin_ctzll(digits | 1ull << 56) & ~7;

	digits = (digits | EACH('0')) >> zeros;
	memcpy(p, &digits, 8);
	return p + 8 - zeros / 8;
}

static inline char *next_digits(char *p, uint32_t value)
{
	uint64_t digits = eight_digits(value) | EACH('0');

	memcpy(p, &digits, 8);
	return p + 8;
}

char *json_digits(char *p, uint64_t value)
{
	uint64_t high;

	if (value < 10) {
		*p = (char)('0' + value);
		return p + 1;
	}
	if (value < EIGHT)
		return first_digits(p, (uint32_t)value);
	high = value / EIGHT;
	if (high < EIGHT) {
		p = first_digits(p, (uint32_t)high);
	} else {
		p = first_digits(p, (uint32_t)(high / EIGHT));
		p = next_digits(p, (uint32_t)(high % EIGHT));
	}
	return next_digits(p, (uint32_t)(value % EIGHT));
}

void json_nine_digits(char *p, uint32_t value)
{
	p[0] = (char)('0' + value / EIGHT);
	next_digits(p + 1, value % EIGHT);
}

static void json_put_unit(char *p, unsigned unit)
{
	p[0] = '\\';
	p[1] = 'u';
	p[2] = hex_digits[unit >> 12 & 15];
	p[3] = hex_digits[unit >> 8 & 15];
	p[4] = hex_digits[unit >> 4 & 15];
	p[5] = hex_digits[unit & 15];
}

/* The character at `s`; how many bytes it took. */
static size_t json_put_character(struct json_buffer *b, const unsigned char *s, size_t size)
{
	char *p = b->data + b->length;
	uint32_t code;
	size_t n;

	if (*s == '"' || *s == '\\') {
		p[0] = '\\';
		p[1] = (char)*s;
		b->length += 2;
		return 1;
	}
	n = utf8_decode((const char *)s, size, &code);
	if (!n) {
		memcpy(p, "\\\\x", 3);
		p[3] = hex_digits[*s >> 4];
		p[4] = hex_digits[*s & 15];
		b->length += 5;
		return 1;
	}
	if (!text_is_unsafe(code)) {
		memcpy(p, s, n);
		b->length += n;
	} else if (code < 0x10000) {
		json_put_unit(p, code);
		b->length += 6;
	} else {
		json_put_unit(p, 0xd800 + ((code - 0x10000) >> 10));
		json_put_unit(p + 6, 0xdc00 + ((code - 0x10000) & 0x3ff));
		b->length += 12;
	}
	return n;
}

/*
 * Is a byte of the word other than plain: below 0x20, a quote, a backslash, 0x7f or above? Where none is
 * above 0x7f no addition carries from one byte into the next, and no subtraction borrows but from a byte
 * that is told already.
 */
static inline bool word_is_odd(uint64_t word)
{
	return (word | (word + EACH(1)) | (word - EACH(0x20)) | ((word ^ EACH('"')) - EACH(1)) |
		((word ^ EACH('\\')) - EACH(1))) &
	       EACH(0x80);
}

/* Copy plain text of less than a word; false where some of it is not plain. */
static bool copy_plain(char *p, const unsigned char *s, size_t length)
{
	uint64_t word = EACH(' ');
	uint32_t half, other;
	uint16_t pair;

	if (length >= 4) {
		memcpy(&half, s, 4);
		memcpy(&other, s + length - 4, 4);
		word = half | (uint64_t)other << 32;
		memcpy(p, &half, 4);
		memcpy(p + length - 4, &other, 4);
	} else if (length) {
		pair = s[0] | (uint16_t)(s[length / 2] << 8);
		word = pair | (uint64_t)s[length - 1] << 16 | EACH(' ') << 24;
		memcpy(p, &pair, 2);
		p[length - 1] = (char)s[length - 1];
	}
	return !word_is_odd(word);
}

void json_append_text(struct json_buffer *b, const void *data, size_t length)
{
	const unsigned char *s = data, *end = s + length;

	/* what is left with its quote, and with the spare bytes the longest spelling of a character */
	while (json_room(b, end - s + 1)) {
		char *p = b->data + b->length;
		uint64_t word;

		for (; end - s >= 8; s += 8, p += 8) {
			memcpy(&word, s, 8);
			if (word_is_odd(word))
				break;
			memcpy(p, &word, 8);
		}
		b->length = p - b->data;
		if (end - s < 8 && copy_plain(p, s, end - s)) {
			p[end - s] = '"';
			b->length += end - s + 1;
			return;
		}
		/* the word, character by character; the last one may end beyond it */
		for (const unsigned char *stop = end - s < 8 ? end : s + 8; s < stop;) {
			if (!json_room(b, end - s + 1))
				return;
			s += json_put_character(b, s, end - s);
		}
	}
}

int json_end_line(struct json_buffer *b)
{
	json_close(b, '\n');
	return b->error;
}
