/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is valid and still not what its author can have meant: parts of rules that decide nothing.
 *
 * Found by asking about every name (partition.h), not by comparing texts: a warning is never wrong, and
 * what no warning is about does decide something.
 */
#ifndef PAVISE_AUTHOR_LINT_H
#define PAVISE_AUTHOR_LINT_H

#include "author/sources.h"

/* Why a part of a rule decides nothing. */
enum lint_reason {
	LINT_MATTERS,  /* it does decide */
	LINT_NO_NAME,  /* no name matches */
	LINT_EXCEPTED, /* `except` takes all of it out */
	LINT_NOBODY,   /* no executable is left by from and unless-from */
	LINT_DENIED,   /* allows what is denied */
	LINT_COVERED,  /* other rules say the same */
	LINT_DEFAULT,  /* allows what the default allows */
};

/* By part of rule, in the order of sections, rules and parts: patterns, blocks, or one for the rule. */
struct lint {
	enum lint_reason *reasons;
	size_t n;
};

/*
 * Look at one policy: warnings go to `d`, with lines of `text` (may be NULL) as excerpts. *lint may be
 * NULL. 0, -E2BIG when there are too many names to tell apart (a warning says so), -ENOMEM.
 */
int lint_policy(const struct policy *policy, const char *text, struct diags *d, struct lint *lint);

#endif
