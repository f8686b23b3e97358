/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The JSON Schema of the policy language, as it stands in docs/pavise-policy.schema.json. */
#ifndef PAVISE_AUTHOR_SCHEMA_H
#define PAVISE_AUTHOR_SCHEMA_H

extern const char author_schema[];

#endif
