/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that tests of the front end parse, held against the JSON Schema: include this, then the source
 * of such a test, whose calls of policy_parse() are noted with their outcome.
 *
 * A file is turned into JSON by the front end's own reader of YAML, so what a scalar is does not
 * depend on whose idea of YAML a validator has. What it refuses to read (syntax, anchors, ..) and what
 * JSON cannot hold (keys that are no strings, or that stand twice) cannot be put to a schema.
 */
#ifndef PAVISE_TESTS_AUTHOR_SCHEMA_H
#define PAVISE_TESTS_AUTHOR_SCHEMA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "author/schema.h"
#include "policy/node.h"
#include "policy/policy.h"

struct noted {
	char *text;
	bool accepted;
};

static struct noted *noted;
static size_t n_noted;
static json_t *documents; /* of the files below, one after the other */
static size_t *document_file, n_documents;

static json_t *to_json(const struct node *node)
{
	json_t *value, *part;

	switch (node->kind) {
	case NODE_BOOLEAN:
		return json_boolean(!strcmp(node->text, "true"));
	case NODE_INTEGER:
		return strlen(node->text) < 18 ? json_integer(strtoll(node->text, NULL, 10))
					       : json_real(1e18);
	case NODE_STRING:
		return json_string(node->text);
	case NODE_LIST:
		value = json_array();
		for (const struct node *n = node->child; n && value; n = n->next) {
			part = to_json(n);
			if (part && !json_array_append_new(value, part))
				continue;
			json_decref(value);
			value = NULL;
		}
		return value;
	case NODE_MAPPING:
		value = json_object();
		for (const struct node *n = node->child; n && value; n = n->next->next) {
			part = n->kind == NODE_STRING && !json_object_get(value, n->text) ? to_json(n->next)
											  : NULL;
			if (part && !json_object_set_new(value, n->text, part))
				continue;
			json_decref(value);
			value = NULL;
		}
		return value;
	case NODE_NOTHING:
		return json_null();
	case NODE_REFUSED:
		break;
	}
	return NULL;
}

static void *grow(void *array, size_t size)
{
	void *grown = realloc(array, size);

	assert_non_null(grown);
	return grown;
}

/* The documents of a file as JSON; false if not all of it can be put that way. */
static bool add_documents(const char *text, size_t length, size_t file)
{
	size_t before = json_array_size(documents), n = 0;
	struct diags d = {0};
	struct tree tree = {0};
	struct source s;
	bool good = !source_open(&s, "t", text, length, &d) && !tree_read(&tree, &s) && !s.errors;

	for (const struct node *node = good ? tree.documents : NULL; good && node; node = node->next) {
		json_t *value = to_json(node);

		if (node->kind == NODE_NOTHING) {
			json_decref(value);
			continue;
		}
		good = value && !json_array_append_new(documents, value);
		n++;
	}
	good = good && n;
	while (!good && json_array_size(documents) > before)
		json_array_remove(documents, json_array_size(documents) - 1);
	for (; good && n > 0; n--) {
		document_file = grow(document_file, (n_documents + 1) * sizeof(*document_file));
		document_file[n_documents++] = file;
	}
	tree_free(&tree);
	source_close(&s);
	diags_free(&d);
	return good;
}

static int noting_parse(const char *file, const char *text, size_t length, struct policy_set *set,
			struct diags *d)
{
	int ret = policy_parse(file, text, length, set, d);

	if (!documents)
		documents = json_array();
	if ((!ret || ret == -22) && length < 100000) {
		noted = grow(noted, (n_noted + 1) * sizeof(*noted));
		noted[n_noted] = (struct noted){strndup(text, length), !ret};
		if (add_documents(text, length, n_noted))
			n_noted++;
		else
			free(noted[n_noted].text);
	}
	return ret;
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

/*
 * Put all files to the schema. accepted[i] says whether it accepts every document of file i. False if
 * there is no validator.
 */
static bool validate(bool *accepted)
{
	char directory[] = "/tmp/pavise-schema-XXXXXX", path[64], schema[64], command[256], line[1024];
	char *text = json_dumps(documents, 0);
	size_t n = 0;
	FILE *in;
	int status;

	assert_non_null(text);
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/documents", directory);
	snprintf(schema, sizeof(schema), "%s/schema", directory);
	write_file(path, text);
	write_file(schema, author_schema);
	snprintf(command, sizeof(command), "tests/schema-validate %s %s", schema, path);
	memset(accepted, true, n_noted * sizeof(*accepted));
	in = popen(command, "r");
	assert_non_null(in);
	for (; fgets(line, sizeof(line), in); n++) {
		assert_true(n < n_documents);
		if (strncmp(line, "good", 4)) {
			accepted[document_file[n]] = false;
			if (noted[document_file[n]].accepted)
				print_error("%s%s", noted[document_file[n]].text, line);
		}
	}
	status = pclose(in);
	unlink(path);
	unlink(schema);
	rmdir(directory);
	free(text);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return false;
	assert_int_equal(status, 0);
	assert_int_equal(n, n_documents);
	return true;
}

static void forget_all(void)
{
	for (size_t i = 0; i < n_noted; i++)
		free(noted[i].text);
	free(noted);
	free(document_file);
	json_decref(documents);
}

#define policy_parse noting_parse

#endif
