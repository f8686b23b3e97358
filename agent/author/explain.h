/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why an access is permitted or denied, and what would change that. */
#ifndef PAVISE_AUTHOR_EXPLAIN_H
#define PAVISE_AUTHOR_EXPLAIN_H

#include "author/judge.h"

struct explain {
	const struct judge *judge;
	const struct sources *sources;
	const struct question *question;
	const char *access, *name; /* as asked; name may be NULL */
	struct asker who;
};

/* Print it for people, or as one JSON object. 0, or -errno with nothing printed. */
int explain_print(const struct explain *e, FILE *out);
int explain_json(const struct explain *e, json_t **out);

#endif
