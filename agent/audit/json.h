/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Encoder for one JSON value after another into a growing, bounded buffer.
 *
 * Calls append in the order of the text; commas come by themselves. An error sticks: after it calls
 * do nothing, and json_end_line() reports it, so that a caller checks once a line.
 *
 * Strings may hold any bytes. In the JSON text they stand so that the line is printable and one line:
 *
 *   "  \                          \"  \\
 *   bytes < 0x20, 0x7f            \u00XX
 *   C1 controls, U+2028, U+2029, bidi and invisible characters (text_is_unsafe())
 *                                 \uXXXX, above U+FFFF as a surrogate pair
 *   a byte that is not UTF-8      \\xNN: after JSON decoding the four characters \xNN
 *   everything else               itself
 *
 * All but the fourth decode to the very characters. The fourth cannot be told from a name that holds
 * the characters \xNN literally: JSON has no spelling for such bytes. Hex digits are lower case.
 */
#ifndef PAVISE_AUDIT_JSON_H
#define PAVISE_AUDIT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json_buffer {
	char *data; /* not NUL-terminated; `own`, or memory that was lent for the line */
	size_t length;
	size_t capacity; /* bytes that may be written; 0 after an error, so that there is no room */
	char *own;
	size_t allocated;
	char *lent; /* for the next line, NULL: none */
	size_t lent_size;
	size_t limit; /* bytes that a line may have */
	int error;    /* 0, -ENOMEM, -E2BIG (over the limit) */
};

/* Room for a number, its quotes and the comma before it; what json_room() gives has so much to spare. */
#define JSON_SPARE 32

void json_buffer_init(struct json_buffer *b, size_t limit);
void json_buffer_free(struct json_buffer *b);

/* Empty it and forget the error; memory is kept for the next line. */
static inline void json_buffer_restart(struct json_buffer *b)
{
	b->data = b->lent ? b->lent : b->own;
	b->capacity = b->lent ? b->lent_size : b->allocated;
	b->lent = NULL;
	b->length = 0;
	b->error = 0;
}

/* Let the next line be written to memory of the caller's. One that does not fit is written elsewhere. */
static inline void json_buffer_lend(struct json_buffer *b, char *data, size_t size)
{
	b->lent = data;
	b->lent_size = size < b->limit ? size : b->limit;
}

/* For what follows: grow to `n` more bytes. False with the error set, and the buffer empty. */
bool json_grow(struct json_buffer *b, size_t n);

/* The text of a string, and its closing quote. */
void json_append_text(struct json_buffer *b, const void *data, size_t length);

/* The decimal digits of a number from `p` on; where they end. Writes up to JSON_DIGITS bytes. */
#define JSON_DIGITS 24
char *json_digits(char *p, uint64_t value);

/* Nine digits, zeros in front. */
void json_nine_digits(char *p, uint32_t value);

/* Readers may keep numbers as doubles: what is above is a string of decimal digits. */
#define JSON_NUMBER_MAX (1ull << 53)
static inline char *json_number(char *p, uint64_t value)
{
	bool quoted = value > JSON_NUMBER_MAX;

	if (quoted)
		*p++ = '"';
	p = json_digits(p, value);
	if (quoted)
		*p++ = '"';
	return p;
}

static inline bool json_room(struct json_buffer *b, size_t n)
{
	return __builtin_expect(b->capacity - b->length >= n + JSON_SPARE, 1) || json_grow(b, n + JSON_SPARE);
}

/* The comma that is due and the key, with JSON_SPARE bytes after it; where the value goes, or NULL. */
static inline __attribute__((always_inline)) char *json_key(struct json_buffer *b, const char *key)
{
	size_t n = key ? strlen(key) : 0;
	char *p;

	if (!json_room(b, n + 4))
		return NULL;
	p = b->data + b->length;
	if (b->length) {
		*p = ',';
		p += (p[-1] | 0x20) != '{'; /* and not '[', which is the same but for that bit */
	}
	if (key) {
		*p++ = '"';
		memcpy(p, key, n);
		p += n;
		*p++ = '"';
		*p++ = ':';
	}
	return p;
}

static inline __attribute__((always_inline)) void json_put_mark(struct json_buffer *b, const char *key,
								char c)
{
	char *p = json_key(b, key);

	if (!p)
		return;
	*p++ = c;
	b->length = p - b->data;
}

/*
 * `key` is a name of ours: ASCII without quotes or controls, taken as it is. NULL in arrays and for
 * the outermost value.
 */
static inline __attribute__((always_inline)) void json_open_object(struct json_buffer *b, const char *key)
{
	json_put_mark(b, key, '{');
}

static inline __attribute__((always_inline)) void json_open_array(struct json_buffer *b, const char *key)
{
	json_put_mark(b, key, '[');
}

static inline void json_close(struct json_buffer *b, char c)
{
	if (json_room(b, 1))
		b->data[b->length++] = c;
}

static inline void json_close_object(struct json_buffer *b)
{
	json_close(b, '}');
}

static inline void json_close_array(struct json_buffer *b)
{
	json_close(b, ']');
}

static inline __attribute__((always_inline)) void json_put_bytes(struct json_buffer *b, const char *key,
								 const void *data, size_t length)
{
	json_put_mark(b, key, '"');
	json_append_text(b, data, length);
}

static inline __attribute__((always_inline)) void json_put_string(struct json_buffer *b, const char *key,
								  const char *s)
{
	json_put_bytes(b, key, s, strlen(s));
}

/* A text of ours that is plain, taken as it is. */
static inline __attribute__((always_inline)) void json_put_plain(struct json_buffer *b, const char *key,
								 const char *s, size_t length)
{
	char *p;

	json_put_mark(b, key, '"');
	if (!json_room(b, length + 1))
		return;
	p = b->data + b->length;
	memcpy(p, s, length);
	p[length] = '"';
	b->length += length + 1;
}

/* A piece of JSON text that was made before, its comma included. */
static inline void json_put_piece(struct json_buffer *b, const char *text, size_t length)
{
	if (!json_room(b, length))
		return;
	memcpy(b->data + b->length, text, length);
	b->length += length;
}

static inline __attribute__((always_inline)) void json_put_bool(struct json_buffer *b, const char *key,
								bool value)
{
	char *p = json_key(b, key);

	if (!p)
		return;
	memcpy(p, value ? "true" : "false", value ? 4 : 5);
	b->length = p + (value ? 4 : 5) - b->data;
}

static inline __attribute__((always_inline)) void json_put_u64(struct json_buffer *b, const char *key,
							       uint64_t value)
{
	char *p = json_key(b, key);

	if (p)
		b->length = json_number(p, value) - b->data;
}

/* The newline. 0, or the error that stuck; the content is then not to be used. */
int json_end_line(struct json_buffer *b);

#endif
