/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: whatever bytes a string has, the text is valid JSON in valid UTF-8, holds no control
 * character but the newline that json_end_line() puts, and is never longer than the limit.
 *
 * How: runs of plain ASCII are copied whole; every other byte takes the slow path, which lets through
 * only characters that are valid UTF-8 and that text.c calls harmless. Sound because that is a white list:
 * there is no byte that is copied without one of the two checks. Whether a comma is due is read from the last
 * byte of the text: after `{` or `[` (or nothing) none is; a string cannot fake that, since it ends with its
 * quote.
 */
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/utf8.h"
#include "text.h"

#define JSON_FIRST_CAPACITY 4096
#define JSON_NUMBER_MAX	    (1ull << 53)

static const uint8_t plain[256] = {
	[0x20 ... 0x21] = 1,
	[0x23 ... 0x5b] = 1,
	[0x5d ... 0x7e] = 1,
};

static const char hex_digits[] = "0123456789abcdef";

void json_buffer_init(struct json_buffer *b, size_t limit)
{
	*b = (struct json_buffer){.limit = limit};
}

void json_buffer_free(struct json_buffer *b)
{
	free(b->data);
	*b = (struct json_buffer){.limit = b->limit};
}

void json_buffer_restart(struct json_buffer *b)
{
	b->length = 0;
	b->error = 0;
}

/* Make sure of `n` free bytes; where they begin, or NULL with the error set. */
static char *json_room(struct json_buffer *b, size_t n)
{
	size_t capacity = b->capacity ? b->capacity : JSON_FIRST_CAPACITY;
	char *data;

	if (b->error)
		return NULL;
	if (n > b->limit || b->length > b->limit - n) {
		b->error = -E2BIG;
		return NULL;
	}
	if (b->capacity - b->length >= n)
		return b->data + b->length;
	while (capacity - b->length < n)
		capacity *= 2;
	data = realloc(b->data, capacity);
	if (!data) {
		b->error = -ENOMEM;
		return NULL;
	}
	b->data = data;
	b->capacity = capacity;
	return data + b->length;
}

/* The comma that is due, the key, and room for `n` bytes after it; where the value goes, or NULL. */
static char *json_begin(struct json_buffer *b, const char *key, size_t n)
{
	size_t key_length = key ? strlen(key) : 0;
	char *p = json_room(b, key_length + 4 + n);
	char *start = p;

	if (!p)
		return NULL;
	if (b->length && p[-1] != '{' && p[-1] != '[')
		*p++ = ',';
	if (key) {
		*p++ = '"';
		memcpy(p, key, key_length);
		p += key_length;
		*p++ = '"';
		*p++ = ':';
	}
	b->length += p - start;
	return p;
}

static void json_put_char(struct json_buffer *b, char c)
{
	char *p = json_room(b, 1);

	if (!p)
		return;
	*p = c;
	b->length++;
}

static void json_open(struct json_buffer *b, const char *key, char bracket)
{
	char *p = json_begin(b, key, 1);

	if (!p)
		return;
	*p = bracket;
	b->length++;
}

void json_open_object(struct json_buffer *b, const char *key)
{
	json_open(b, key, '{');
}

void json_close_object(struct json_buffer *b)
{
	json_put_char(b, '}');
}

void json_open_array(struct json_buffer *b, const char *key)
{
	json_open(b, key, '[');
}

void json_close_array(struct json_buffer *b)
{
	json_put_char(b, ']');
}

static void json_put_unit(struct json_buffer *b, unsigned unit)
{
	char *p = json_room(b, 6);

	if (!p)
		return;
	p[0] = '\\';
	p[1] = 'u';
	p[2] = hex_digits[unit >> 12 & 15];
	p[3] = hex_digits[unit >> 8 & 15];
	p[4] = hex_digits[unit >> 4 & 15];
	p[5] = hex_digits[unit & 15];
	b->length += 6;
}

/* The character at `s`, not plain; how many bytes it took. */
static size_t json_put_odd(struct json_buffer *b, const unsigned char *s, size_t size)
{
	uint32_t code;
	size_t n;
	char *p;

	if (*s == '"' || *s == '\\') {
		p = json_room(b, 2);
		if (p) {
			p[0] = '\\';
			p[1] = (char)*s;
			b->length += 2;
		}
		return 1;
	}
	n = utf8_decode((const char *)s, size, &code);
	if (!n) {
		p = json_room(b, 5);
		if (p) {
			memcpy(p, "\\\\x", 3);
			p[3] = hex_digits[*s >> 4];
			p[4] = hex_digits[*s & 15];
			b->length += 5;
		}
		return 1;
	}
	if (!text_is_unsafe(code)) {
		p = json_room(b, n);
		if (p) {
			memcpy(p, s, n);
			b->length += n;
		}
	} else if (code < 0x10000) {
		json_put_unit(b, code);
	} else {
		json_put_unit(b, 0xd800 + ((code - 0x10000) >> 10));
		json_put_unit(b, 0xdc00 + ((code - 0x10000) & 0x3ff));
	}
	return n;
}

void json_put_bytes(struct json_buffer *b, const char *key, const void *data, size_t length)
{
	const unsigned char *s = data;
	char *p = json_begin(b, key, 1);
	size_t i = 0;

	if (!p)
		return;
	*p = '"';
	b->length++;
	while (i < length && !b->error) {
		size_t run = i;

		while (run < length && plain[s[run]])
			run++;
		if (run > i) {
			p = json_room(b, run - i);
			if (!p)
				return;
			memcpy(p, s + i, run - i);
			b->length += run - i;
			i = run;
		} else {
			i += json_put_odd(b, s + i, length - i);
		}
	}
	json_put_char(b, '"');
}

void json_put_string(struct json_buffer *b, const char *key, const char *s)
{
	json_put_bytes(b, key, s, strlen(s));
}

void json_put_bool(struct json_buffer *b, const char *key, bool value)
{
	char *p = json_begin(b, key, 5);
	size_t n = value ? 4 : 5;

	if (!p)
		return;
	memcpy(p, value ? "true" : "false", n);
	b->length += n;
}

void json_put_u64(struct json_buffer *b, const char *key, uint64_t value)
{
	bool quoted = value > JSON_NUMBER_MAX;
	char digits[24];
	size_t at = sizeof(digits);
	size_t n;
	char *p;

	if (quoted)
		digits[--at] = '"';
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	if (quoted)
		digits[--at] = '"';
	n = sizeof(digits) - at;
	p = json_begin(b, key, n);
	if (!p)
		return;
	memcpy(p, digits + at, n);
	b->length += n;
}

int json_end_line(struct json_buffer *b)
{
	json_put_char(b, '\n');
	return b->error;
}
