/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a YAML stream says, as a tree with places.
 *
 * Only the part of YAML that a policy needs: mappings, lists and scalars. Built by yaml.c, read by
 * frontend*.c.
 */
#ifndef PAVISE_POLICY_NODE_H
#define PAVISE_POLICY_NODE_H

#include "source.h"

#define NODE_DEPTH_MAX 32
#define NODE_COUNT_MAX 200000

enum node_kind {
	NODE_REFUSED, /* an error was reported here; nothing more is to be said about it */
	NODE_NOTHING, /* no value, ~ or null */
	NODE_BOOLEAN, /* plain true or false */
	NODE_INTEGER, /* plain decimal digits, perhaps behind a minus sign */
	NODE_STRING,  /* every other scalar */
	NODE_LIST,
	NODE_MAPPING,
};

struct node {
	enum node_kind kind;
	unsigned line, column;	/* from 1 */
	struct node *child;	/* of a list: the items; of a mapping: key, value, key, value.. */
	struct node *next;	/* sibling */
	struct node *allocated; /* all nodes of the tree, for freeing */
	char text[];		/* of a scalar; without NULs, not longer than the source */
};

struct tree {
	struct node *documents; /* siblings */
	struct node *allocated;
	size_t n_nodes;
};

/*
 * Read all documents. 0, -EINVAL (reported; refused parts of YAML do not stop the reading, syntax
 * errors and limits do) or -ENOMEM. tree_free() in every case.
 */
int tree_read(struct tree *tree, struct source *s);

void tree_free(struct tree *tree);

#endif
