/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The model's own functions (see model.h): names of accesses, checks across policies, freeing.
 *
 * Everything here works on partly filled structures as well, as long as what is not filled is zero:
 * the front end frees a policy that it could not finish with the same function.
 */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pavise.h"
#include "policy.h"

static const char *const access_names[PV_COLUMNS] = {
	[PV_ACC_READ] = "read",	    [PV_ACC_WRITE] = "write",
	[PV_ACC_APPEND] = "append", [PV_ACC_CREATE] = "create",
	[PV_ACC_DELETE] = "delete", [PV_ACC_RENAME] = "rename",
	[PV_ACC_LINK] = "link",	    [PV_ACC_ATTRIBUTES] = "attributes",
	[PV_ACC_MAP] = "map",	    [PV_ACC_LIST] = "list",
	[PV_ACC_EXEC] = "exec",	    [PV_ACC_CONNECT] = "connect",
	[PV_ACC_BIND] = "bind",	    [PV_ACC_LISTEN] = "listen",
	[PV_ACC_ACCEPT] = "accept", [PV_ACC_SOCKET] = "socket",
	[PV_ACC_MOUNT] = "mount",
};

const char *policy_access_name(unsigned access)
{
	return access < PV_COLUMNS ? access_names[access] : NULL;
}

int policy_access_number(const char *name)
{
	for (unsigned i = 0; i < PV_COLUMNS; i++) {
		if (access_names[i] && !strcmp(access_names[i], name))
			return i;
	}
	return -1;
}

static const char *const section_names[SECTIONS] = {
	[SECTION_FILES] = "files",     [SECTION_EXEC] = "exec",
	[SECTION_NETWORK] = "network", [SECTION_CAPABILITIES] = "capabilities",
	[SECTION_SYSTEM] = "system",
};

const char *policy_section_name(enum policy_section section)
{
	return section_names[section];
}

const char *policy_capability_name(unsigned capability)
{
	return capability == 21 ? "sys_admin" : NULL;
}

static void patterns_free(struct policy_patterns *patterns)
{
	for (size_t i = 0; i < patterns->n; i++)
		free(patterns->at[i].text);
	free(patterns->at);
}

static void cidrs_free(struct policy_cidrs *cidrs)
{
	for (size_t i = 0; i < cidrs->n; i++)
		free(cidrs->at[i].text);
	free(cidrs->at);
}

static void rule_free(struct policy_rule *rule)
{
	patterns_free(&rule->patterns);
	patterns_free(&rule->except);
	patterns_free(&rule->from);
	patterns_free(&rule->unless_from);
	cidrs_free(&rule->cidrs);
	cidrs_free(&rule->except_cidrs);
	free(rule->ports);
	free(rule->protocols);
	free(rule->families);
}

static void subjects_free(struct policy_subject *subjects, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(subjects[i].cgroup.text);
	free(subjects);
}

static void policy_free(struct policy *policy)
{
	for (size_t i = 0; i < RULE_SECTIONS; i++) {
		for (size_t j = 0; j < policy->sections[i].n_rules; j++)
			rule_free(&policy->sections[i].rules[j]);
		free(policy->sections[i].rules);
	}
	subjects_free(policy->subjects, policy->n_subjects);
	free(policy->name);
	free(policy->description);
	free(policy->file);
}

void policy_set_free(struct policy_set *set)
{
	for (size_t i = 0; i < set->n_policies; i++)
		policy_free(&set->policies[i]);
	free(set->policies);
	*set = (struct policy_set){0};
}

static int by_name(const void *a, const void *b)
{
	const struct policy *first = *(const struct policy *const *)a;
	const struct policy *second = *(const struct policy *const *)b;
	int order = strcmp(first->name, second->name);

	/* Equal names in the order of the set: the first one is the one that the others repeat. */
	return order ? order : (first > second) - (first < second);
}

int policy_set_check(const struct policy_set *set, struct diags *d)
{
	const struct policy **sorted, *first;
	int result = 0;

	if (set->n_policies < 2)
		return 0;
	sorted = calloc(set->n_policies, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_policies; i++)
		sorted[i] = &set->policies[i];
	qsort(sorted, set->n_policies, sizeof(*sorted), by_name);
	first = sorted[0];
	for (size_t i = 1; i < set->n_policies; i++) {
		const struct policy *policy = sorted[i];

		if (strcmp(policy->name, first->name)) {
			first = policy;
			continue;
		}
		diag_add(d, policy->file, policy->name_line, policy->name_column, "metadata.name", NULL,
			 "policy name '%s' is used twice (also at %s:%u)", policy->name, first->file,
			 first->name_line);
		result = -EINVAL;
	}
	free(sorted);
	return result;
}

int policy_bind_cgroup(struct policy *policy, const char *path)
{
	struct policy_subject *subject = calloc(1, sizeof(*subject));

	if (!subject)
		return -ENOMEM;
	subject->cgroup_literal = true;
	subject->cgroup.text = strdup(path);
	if (!subject->cgroup.text) {
		free(subject);
		return -ENOMEM;
	}
	subjects_free(policy->subjects, policy->n_subjects);
	policy->subjects = subject;
	policy->n_subjects = 1;
	return 0;
}
