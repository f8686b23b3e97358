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

struct json_buffer {
	char *data; /* owned; not NUL-terminated */
	size_t length;
	size_t capacity;
	size_t limit; /* bytes that a line may have */
	int error;    /* 0, -ENOMEM, -E2BIG (over the limit) */
};

void json_buffer_init(struct json_buffer *b, size_t limit);
void json_buffer_free(struct json_buffer *b);

/* Empty it and forget the error; memory is kept for the next line. */
void json_buffer_restart(struct json_buffer *b);

/*
 * `key` is a name of ours: ASCII without quotes or controls, taken as it is. NULL in arrays and for
 * the outermost value.
 */
void json_open_object(struct json_buffer *b, const char *key);
void json_close_object(struct json_buffer *b);
void json_open_array(struct json_buffer *b, const char *key);
void json_close_array(struct json_buffer *b);
void json_put_bytes(struct json_buffer *b, const char *key, const void *data, size_t length);
void json_put_string(struct json_buffer *b, const char *key, const char *s);
void json_put_bool(struct json_buffer *b, const char *key, bool value);

/* A number up to 2^53, a string of decimal digits above: readers may keep numbers as doubles. */
void json_put_u64(struct json_buffer *b, const char *key, uint64_t value);

/* The newline. 0, or the error that stuck; the content is then not to be used. */
int json_end_line(struct json_buffer *b);

#endif
