/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What policies say to a question: the verdict, and who says so.
 *
 * Every verdict is read from an image that the compiler made, the same one that the kernel would get,
 * with the functions that take the same steps. Nothing is worked out a second time here.
 */
#ifndef PAVISE_AUTHOR_JUDGE_H
#define PAVISE_AUTHOR_JUDGE_H

#include "author/question.h"
#include "author/sources.h"

/* Who asks. */
struct asker {
	const char *cgroup; /* NULL: every policy governs */
	const char *exe;    /* NULL: an executable that no policy names */
	uint32_t uid;	    /* for `user` of subjects, where there is a cgroup */
	bool owner;	    /* the acting user owns the object */
};

enum voice {
	VOICE_SILENT,  /* the policy does not govern, or has no section for it */
	VOICE_DEFAULT, /* a section's default */
	VOICE_RULE,    /* a rule, or what a section says of one capability or operation */
	VOICE_IMPLIED, /* the socket for an address that a rule permits */
};

struct answer {
	enum pv_verdict verdict;
	bool kill, audit;
	enum voice voice;
	const struct policy *policy; /* the one that speaks; NULL: none does */
	char rule[64];		     /* "files[0]", "files.default"; empty without a policy */
	const char *match;	     /* pattern, address or capability, or NULL */
	unsigned line;		     /* 0: none */
	enum policy_mode mode;	     /* as in force */
	enum decision_reason reason;
};

/* A compiled set, and the number of the profile in question. */
struct bench {
	struct policy_set set;
	struct profiles profiles;
	struct image *image;
};

struct judge {
	struct bench written; /* subjects as they stand there */
	struct bench bound;   /* all policies govern "/" */
	struct bench alone;   /* policy i governs "/i", and all that its rules allow is reported */
	bool monitor_all;
};

/* 0, or -errno with what is wrong in `d`. The sources must stay. */
int judge_open(struct judge *j, struct sources *s, struct diags *d);
void judge_close(struct judge *j);

/* Does policy i of the set govern who asks? */
bool judge_governs(const struct judge *j, size_t policy, const struct asker *who);

/* What one policy says on its own. */
void judge_ask_one(const struct judge *j, size_t policy, const struct question *q, const struct asker *who,
		   struct answer *out);

/* What all policies that govern say together. */
void judge_ask(const struct judge *j, const struct question *q, const struct asker *who, struct answer *out);

/* The rule that speaks, NULL where it is none of a list of rules. */
const struct policy_rule *answer_rule(const struct answer *a);

/* "allow", "deny", "would_deny" or "kill". */
const char *answer_verdict(const struct answer *a);

/* ---- what the other tools share ---- */

/* Compile policies that were changed; the set is taken over. */
int bench_open(struct bench *b, struct policy_set *set, bool monitor_all, struct diags *d);
void bench_close(struct bench *b);

/* Have all that rules allow reported, so that decisions name those rules. */
void audit_all(struct policy_set *set);

/* The cell of an image for a question under a profile. */
uint32_t bench_cell(const struct bench *b, uint32_t profile, const struct question *q,
		    const struct image_context *context);

#endif
