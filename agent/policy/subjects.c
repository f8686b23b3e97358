/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Subjects (see subjects.h).
 *
 * Keys of one entry are ANDed. What a key says of the cgroup's path is a part of the entry, an item
 * of its own in the automaton, and an entry holds where all of its parts match; what a key says of
 * the process is the entry's condition.
 *
 *   cgroup     paths that match the pattern, and everything below
 *   unit       the component that names a unit: those before it are slices ("*.slice"), and it is
 *              none, since the pattern ends in another type; and everything below
 *   container  the cgroups of the containers that run and match, and everything below
 *   exe, user  conditions; without one of the keys above, in every cgroup
 *
 * Units and containers are set up in their cgroup by somebody else: they add the condition that the
 * process has executed there. For a unit that is not systemd's own helper, the host's, which executes in
 * the cgroup before the unit's program does: what sets others up. The exec of the program itself is
 * decided by the profile that it leads to (bpf/include/subject.bpf.h).
 */
#include "subjects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

enum part { PART_CGROUP, PART_UNIT, PART_CONTAINER, PARTS };

/* An item: entry, part, and whether the part covers the root cgroup, "/". */
#define ITEM(entry, part, root) (((uint32_t)(entry)*PARTS + (part)) * 2 + (root))
#define ITEM_ROOT(item)		((item)&1u)
#define ITEM_PART(item)		((item) / 2 % PARTS)
#define ITEM_ENTRY(item)	((item) / 2 / PARTS)
#define ENTRIES_MAX		(UINT32_MAX / (2 * PARTS))

/* What adding one entry needs. */
struct adding {
	struct subjects *s;
	struct nfa *nfa;
	const struct policy *p;
	const struct compile_options *options;
	struct diags *d;
	uint32_t entry;
	size_t index;
};

void subjects_init(struct subjects *s, struct nfa *nfa, uint32_t exe_root, struct choices *choices)
{
	*s = (struct subjects){.exe_root = exe_root, .choices = choices};
	s->roots[0] = nfa_root(nfa);
	s->roots[1] = nfa_root(nfa);
}

void subjects_free(struct subjects *s)
{
	free(s->entries);
	*s = (struct subjects){0};
}

static int report(const struct adding *a, int error, const struct policy_pattern *pattern,
		  const char *message)
{
	char where[32];

	if (error == -ENOMEM)
		return error;
	if (error == -E2BIG)
		message = "the subjects of the policies up to this one are too many";
	snprintf(where, sizeof(where), "subjects[%zu]", a->index);
	diag_add(a->d, a->p->file, pattern->line, pattern->column, where, NULL, "%s", message);
	return error;
}

/* A part matches at `node`, and everything below. `start`: where "/" was read when that is the root. */
static int accept_below(const struct adding *a, uint32_t start, const struct pattern_end *end, enum part part)
{
	struct byteset any = {{0}};
	uint32_t item = ITEM(a->entry, part, end->root), below[2] = {0};

	byteset_add(&any, 0, 255);
	below[0] = nfa_byte(a->nfa, end->node, '/');
	if (end->root)
		below[1] = nfa_byte(a->nfa, start, '/'); /* below the root, the slash is the root's own */
	nfa_accept(a->nfa, end->node, item);
	for (unsigned i = 0; i < (end->root ? 2 : 1); i++)
		nfa_accept(a->nfa, nfa_run(a->nfa, below[i], &any), item);
	a->s->entries[a->entry].parts |= 1u << part;
	return a->nfa->error;
}

static int add_cgroup(const struct adding *a, const struct policy_subject *subject)
{
	uint32_t root = a->s->roots[0];
	struct pattern_end end;
	char error[200] = "";
	int ret;

	if (subject->cgroup_literal)
		ret = pattern_add_literal(a->nfa, root, subject->cgroup.text, &end, error, sizeof(error));
	else
		ret = pattern_add(a->nfa, root, PATTERN_PATH, subject->cgroup.text, &end, error,
				  sizeof(error));
	if (!ret)
		ret = accept_below(a, root, &end, PART_CGROUP);
	return ret ? report(a, ret, &subject->cgroup, error) : 0;
}

/* The node after any number of slices, which have a root of their own: they lead back to it. */
static uint32_t after_slices(const struct adding *a)
{
	static const char suffix[] = ".slice/";
	uint32_t start = nfa_byte(a->nfa, a->s->roots[1], '/'), node;
	struct byteset name = {{0}};

	byteset_add(&name, 1, 255);
	byteset_remove(&name, '/');
	node = nfa_run(a->nfa, start, &name);
	for (const char *c = suffix; *c; c++)
		node = nfa_byte(a->nfa, node, *c);
	nfa_join(a->nfa, node, start);
	return start;
}

/* A unit is one component: "**" can stand for no more than "*" does. A copy. */
static char *within_component(const char *text)
{
	char *copy = strdup(text), *to = copy;

	for (const char *p = text; copy && *p; p++) {
		if (*p == '*' && p[1] == '*')
			continue;
		if (*p == '\\' && p[1])
			*to++ = *p++;
		*to++ = *p;
	}
	if (copy)
		*to = '\0';
	return copy;
}

static int add_unit(const struct adding *a, const struct policy_subject *subject)
{
	char error[200] = "", *text = within_component(subject->unit.text);
	struct pattern_end end = {0};
	int ret = -ENOMEM;

	if (text)
		ret = pattern_add(a->nfa, after_slices(a), PATTERN_FREE, text, &end, error, sizeof(error));
	free(text);
	if (!ret)
		ret = accept_below(a, 0, &end, PART_UNIT);
	return ret ? report(a, ret, &subject->unit, error) : 0;
}

/* ---- containers ---- */

/* Does a text match a pattern? An automaton of its own, for few and short texts. 1, 0 or -errno. */
static int text_matches(const struct policy_pattern *pattern, const char *text, char *error, size_t size)
{
	struct pattern_end end;
	struct nfa nfa;
	int ret;

	if (!text)
		return 0;
	nfa_init(&nfa);
	ret = pattern_add(&nfa, nfa_root(&nfa), PATTERN_FREE, pattern->text, &end, error, size);
	if (!ret)
		nfa_accept(&nfa, end.node, 0);
	if (!ret)
		ret = nfa_finish(&nfa);
	if (!ret)
		ret = nfa_matches(&nfa, 1, text, strlen(text));
	nfa_free(&nfa);
	return ret;
}

static const char *label_value(const struct policy_container *container, const char *key)
{
	for (size_t i = 0; i < container->n_labels; i++) {
		if (!strcmp(container->labels[2 * i], key))
			return container->labels[2 * i + 1];
	}
	return NULL;
}

int policy_container_matches(const struct policy_subject *subject, const struct policy_container *container,
			     const struct policy_pattern **pattern, char *error, size_t size)
{
	int ret = subject->container;

	*pattern = &subject->container_name;
	if (ret && (*pattern)->text)
		ret = text_matches(*pattern, container->name, error, size);
	if (ret == 1 && subject->container_image.text) {
		*pattern = &subject->container_image;
		ret = text_matches(*pattern, container->image, error, size);
	}
	for (size_t i = 0; ret == 1 && i < subject->n_labels; i++) {
		*pattern = &subject->labels[i].value;
		ret = text_matches(*pattern, label_value(container, subject->labels[i].key), error, size);
	}
	return ret;
}

static int add_containers(const struct adding *a, const struct policy_subject *subject)
{
	a->s->entries[a->entry].parts |= 1u << PART_CONTAINER;
	for (size_t i = 0; i < a->options->n_containers; i++) {
		const struct policy_container *container = &a->options->containers[i];
		const struct policy_pattern *pattern;
		struct pattern_end end;
		char error[200] = "";
		int ret = policy_container_matches(subject, container, &pattern, error, sizeof(error));

		if (ret < 0)
			return report(a, ret, pattern, error);
		if (ret) {
			ret = pattern_add_literal(a->nfa, a->s->roots[0], container->cgroup, &end, error,
						  sizeof(error));
			if (!ret)
				ret = accept_below(a, a->s->roots[0], &end, PART_CONTAINER);
			if (ret)
				return report(a, ret, &subject->container_name, error);
		}
	}
	return 0;
}

/* ---- entries ---- */

/* An entry that says nothing of the cgroup holds in every one. */
static int add_everywhere(const struct adding *a)
{
	static const char root[] = "/";
	struct pattern_end end;
	char error[8];
	int ret = pattern_add_literal(a->nfa, a->s->roots[0], root, &end, error, sizeof(error));

	return ret ? ret : accept_below(a, a->s->roots[0], &end, PART_CGROUP);
}

static int add_executables(const struct adding *a, struct policy_pattern *patterns, size_t n,
			   uint32_t *condition)
{
	const struct policy_patterns list = {.at = patterns, .n = n};
	char error[200] = "";
	size_t bad = 0;
	int ret = choices_add_executables(a->s->choices, a->nfa, a->s->exe_root, &list, condition, &bad,
					  error, sizeof(error));

	return ret ? report(a, ret, &patterns[bad], error) : 0;
}

static int add_conditions(const struct adding *a, const struct policy_subject *subject)
{
	static char helper_text[] = "/{usr/,}lib/systemd/systemd-executor";
	struct condition *condition = &a->s->entries[a->entry].condition;
	struct policy_pattern exe = subject->exe, helper = {.text = helper_text};
	int ret = 0;

	condition->executed = subject->container;
	condition->started = subject->unit.text;
	condition->user = subject->user.text;
	condition->uid = subject->uid;
	if (exe.text)
		ret = add_executables(a, &exe, 1, &condition->from);
	if (!ret && subject->unit.text)
		ret = add_executables(a, &helper, 1, &a->s->choices->setup);
	return ret;
}

static int add_entry(struct adding *a, uint32_t policy, const struct policy_subject *subject)
{
	struct subjects *s = a->s;
	int ret = array_reserve(&s->entries, &s->room, s->n + 1, sizeof(*s->entries));

	if (ret)
		return ret;
	if (s->n >= ENTRIES_MAX)
		return -E2BIG;
	if (!subject->cgroup.text && !subject->unit.text && !subject->exe.text && !subject->user.text &&
	    !subject->container)
		return report(a, -EINVAL, &subject->cgroup,
			      "a subject needs a cgroup, unit, container, exe or user");
	a->entry = s->n++;
	s->entries[a->entry] = (struct entry){.policy = policy};
	ret = add_conditions(a, subject);
	if (!ret && subject->cgroup.text)
		ret = add_cgroup(a, subject);
	if (!ret && subject->unit.text)
		ret = add_unit(a, subject);
	if (!ret && subject->container)
		ret = add_containers(a, subject);
	if (!ret && !s->entries[a->entry].parts)
		ret = add_everywhere(a);
	return ret;
}

int subjects_add(struct subjects *s, struct nfa *nfa, const struct policy *p, uint32_t policy,
		 const struct compile_options *options, struct diags *d)
{
	struct adding a = {.s = s, .nfa = nfa, .p = p, .options = options, .d = d};
	int ret = 0;

	for (a.index = 0; !ret && a.index < p->n_subjects; a.index++) {
		const struct policy_subject *subject = &p->subjects[a.index];

		/* a user that this machine does not know is nobody */
		if (!subject->user.text || subject->user_known)
			ret = add_entry(&a, policy, subject);
	}
	return ret;
}

size_t subjects_reduce(const struct subjects *s, const uint32_t *items, size_t n, bool root,
		       uint32_t *entries)
{
	size_t n_entries = 0;

	for (size_t i = 0, next; i < n; i = next) {
		uint32_t entry = ITEM_ENTRY(items[i]), parts = 0;

		for (next = i; next < n && ITEM_ENTRY(items[next]) == entry; next++) {
			if (!root || ITEM_ROOT(items[next]))
				parts |= 1u << ITEM_PART(items[next]);
		}
		if (parts == s->entries[entry].parts)
			entries[n_entries++] = entry;
	}
	return n_entries;
}
