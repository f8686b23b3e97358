/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The encoder: every string becomes valid, printable, reversible JSON; every line stays in bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>

#include "audit/json.h"
#include "audit/text.h"
#include "policy/utf8.h"

#define LIMIT 65536

/* The text between the brackets of ["..."]. */
static void assert_encoded(const void *data, size_t length, const char *expected)
{
	struct json_buffer b;

	json_buffer_init(&b, LIMIT);
	json_open_array(&b, NULL);
	json_put_bytes(&b, NULL, data, length);
	json_close_array(&b);
	assert_int_equal(json_end_line(&b), 0);
	assert_int_equal(b.length, strlen(expected) + 5);
	assert_memory_equal(b.data, "[\"", 2);
	assert_memory_equal(b.data + 2, expected, strlen(expected));
	assert_memory_equal(b.data + b.length - 3, "\"]\n", 3);
	json_buffer_free(&b);
}

#define assert_text(s, expected) assert_encoded(s, sizeof(s) - 1, expected)

static void test_strings(void **state)
{
	(void)state;
	assert_text("", "");
	assert_text("plain ~!", "plain ~!");
	assert_text("a\"b\\c/d", "a\\\"b\\\\c/d");
	assert_text("\0\n\r\t\x1b[31m\x1f\x7f", "\\u0000\\u000a\\u000d\\u0009\\u001b[31m\\u001f\\u007f");
	assert_text("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	assert_text("\xc2\x80\xc2\x9b\xc2\x9f", "\\u0080\\u009b\\u009f");
	assert_text("\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029");
	assert_text("\xe2\x80\xae\xef\xbb\xbf", "\\u202e\\ufeff");
	assert_text("\xf3\xa0\x81\x81", "\\udb40\\udc41");
	assert_text("\x80\xbf\xc0\xff", "\\\\x80\\\\xbf\\\\xc0\\\\xff");
	assert_text("\\x80", "\\\\x80");
}

static void test_invalid_utf8(void **state)
{
	(void)state;
	assert_text("\xc0\x8a", "\\\\xc0\\\\x8a"); /* overlong newline */
	assert_text("\xe0\x80\x8a", "\\\\xe0\\\\x80\\\\x8a");
	assert_text("\xf0\x80\x80\x8a", "\\\\xf0\\\\x80\\\\x80\\\\x8a");
	assert_text("\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80");		 /* surrogate */
	assert_text("\xf4\x90\x80\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80"); /* above U+10FFFF */
	assert_text("\xe2\x82", "\\\\xe2\\\\x82");			 /* cut */
	assert_text("\xe2\x82\"", "\\\\xe2\\\\x82\\\"");
	assert_text("\xc3\n", "\\\\xc3\\u000a");
}

/* A byte that is not plain, at each place of a string of each length. */
static void test_places(void **state)
{
	static const struct {
		char byte;
		const char *spelling;
	} odd[] = {{'"', "\\\""},     {'\\', "\\\\"},	       {'\n', "\\u000a"},
		   {0x7f, "\\u007f"}, {(char)0x80, "\\\\x80"}, {(char)0xff, "\\\\xff"}};

	(void)state;
	for (size_t length = 1; length < 40; length++)
		for (size_t place = 0; place < length; place++)
			for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
				char text[40], expected[64];

				memset(text, 'a' + (int)place % 26, length);
				text[place] = odd[i].byte;
				snprintf(expected, sizeof(expected), "%.*s%s%.*s", (int)place, text,
					 odd[i].spelling, (int)(length - place - 1), text + place + 1);
				assert_encoded(text, length, expected);
			}
}

/* Any two bytes: the line holds no control character and decodes to the bytes, or to \xNN for each. */
static void test_every_pair(void **state)
{
	struct json_buffer b;

	(void)state;
	json_buffer_init(&b, LIMIT);
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		unsigned char bytes[2] = {pair >> 8, pair & 0xff};
		char expected[16];
		size_t n = 0;
		json_t *root;

		json_buffer_restart(&b);
		json_open_array(&b, NULL);
		json_put_bytes(&b, NULL, bytes, 2);
		json_close_array(&b);
		assert_int_equal(json_end_line(&b), 0);
		for (size_t i = 0; i + 1 < b.length; i++)
			assert_true((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7f);
		assert_int_equal(b.data[b.length - 1], '\n');
		for (size_t i = 0, step; i < 2; i += step) {
			uint32_t code;

			step = utf8_decode((char *)bytes + i, 2 - i, &code);
			if (step) {
				memcpy(expected + n, bytes + i, step);
				n += step;
			} else {
				n += snprintf(expected + n, sizeof(expected) - n, "\\x%02x", bytes[i]);
				step = 1;
			}
		}
		root = json_loadb(b.data, b.length, JSON_ALLOW_NUL, NULL);
		assert_non_null(root);
		assert_int_equal(json_string_length(json_array_get(root, 0)), n);
		assert_memory_equal(json_string_value(json_array_get(root, 0)), expected, n);
		json_decref(root);
	}
	json_buffer_free(&b);
}

/* No code point that is unsafe appears as itself. */
static void test_every_code_point(void **state)
{
	struct json_buffer b;

	(void)state;
	json_buffer_init(&b, LIMIT);
	for (uint32_t code = 0x80; code <= 0x10ffff; code++) {
		unsigned char s[4];
		size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

		for (size_t i = n - 1, c = code; i > 0; i--, c >>= 6)
			s[i] = 0x80 | (c & 0x3f);
		s[0] = (unsigned char)(n == 2	? 0xc0 | code >> 6
				       : n == 3 ? 0xe0 | code >> 12
						: 0xf0 | code >> 18);
		json_buffer_restart(&b);
		json_put_bytes(&b, NULL, s, n);
		assert_int_equal(b.error, 0);
		assert_true((memmem(b.data, b.length, s, n) != NULL) ==
			    (!text_is_unsafe(code) && !(code >= 0xd800 && code <= 0xdfff)));
		assert_true(utf8_visible(code) || text_is_unsafe(code));
	}
	json_buffer_free(&b);
}

static void test_numbers_and_order(void **state)
{
	static const char expected[] =
		"{\"a\":0,\"b\":9007199254740992,\"c\":\"9007199254740993\","
		"\"d\":\"18446744073709551615\",\"e\":[],\"f\":[1,{},\"{\",\"[\",2],\"g\":{\"h\":true},"
		"\"i\":false}\n";
	struct json_buffer b;

	(void)state;
	json_buffer_init(&b, LIMIT);
	json_open_object(&b, NULL);
	json_put_u64(&b, "a", 0);
	json_put_u64(&b, "b", 1ull << 53);
	json_put_u64(&b, "c", (1ull << 53) + 1);
	json_put_u64(&b, "d", UINT64_MAX);
	json_open_array(&b, "e");
	json_close_array(&b);
	json_open_array(&b, "f");
	json_put_u64(&b, NULL, 1);
	json_open_object(&b, NULL);
	json_close_object(&b);
	json_put_string(&b, NULL, "{");
	json_put_string(&b, NULL, "[");
	json_put_u64(&b, NULL, 2);
	json_close_array(&b);
	json_open_object(&b, "g");
	json_put_bool(&b, "h", true);
	json_close_object(&b);
	json_put_bool(&b, "i", false);
	json_close_object(&b);
	assert_int_equal(json_end_line(&b), 0);
	assert_int_equal(b.length, sizeof(expected) - 1);
	assert_memory_equal(b.data, expected, b.length);
	json_buffer_free(&b);
}

/* At any limit: an error or a whole line, never more bytes than the limit. */
static void test_limit(void **state)
{
	bool fitted = false;

	(void)state;
	for (size_t limit = 0; limit < 200; limit++) {
		struct json_buffer b;
		int r;

		json_buffer_init(&b, limit);
		json_open_object(&b, NULL);
		json_put_string(&b, "key", "plain\n\xff\xe2\x82\xac\xe2\x80\xa8\"tail");
		json_put_u64(&b, "n", UINT64_MAX);
		json_put_bool(&b, "b", true);
		json_close_object(&b);
		r = json_end_line(&b);
		assert_true(b.length <= limit);
		assert_true(r == 0 || r == -E2BIG);
		assert_false(fitted && r);
		fitted |= !r;
		/* the error is forgotten, the memory is not */
		json_buffer_restart(&b);
		assert_int_equal(b.error, 0);
		assert_int_equal(b.length, 0);
		json_buffer_free(&b);
	}
	assert_true(fitted);
}

static void write_long_line(struct json_buffer *b, const char *text, size_t length)
{
	json_buffer_restart(b);
	json_open_array(b, NULL);
	for (int i = 0; i < 10; i++)
		json_put_bytes(b, NULL, text, length);
	json_close_array(b);
	assert_int_equal(json_end_line(b), 0);
}

/* Memory that is lent for a line: used where the line fits it, and never written beyond its end. */
static void test_lend(void **state)
{
	struct json_buffer plain, b;
	char text[1000], *lent;

	(void)state;
	memset(text, 'x', sizeof(text));
	json_buffer_init(&plain, LIMIT);
	write_long_line(&plain, text, sizeof(text));
	for (size_t size = 0; size < 12000; size += 37) {
		lent = malloc(size + 1);
		assert_non_null(lent);
		json_buffer_init(&b, LIMIT);
		json_buffer_lend(&b, lent, size);
		write_long_line(&b, text, sizeof(text));
		assert_int_equal(b.length, plain.length);
		assert_memory_equal(b.data, plain.data, plain.length);
		if (size < plain.length)
			assert_ptr_not_equal(b.data, lent);
		if (size > plain.length + sizeof(text) + JSON_SPARE)
			assert_ptr_equal(b.data, lent);
		write_long_line(&b, text, sizeof(text)); /* it was for one line */
		assert_ptr_not_equal(b.data, lent);
		json_buffer_free(&b);
		free(lent);
	}
	json_buffer_free(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_invalid_utf8),
		cmocka_unit_test(test_every_pair),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_numbers_and_order),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_lend),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
