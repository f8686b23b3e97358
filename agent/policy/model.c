/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The model's own functions (see model.h): names, checks across policies, users, freeing.
 *
 * Everything here works on partly filled structures as well, as long as what is not filled is zero:
 * the front end frees a policy that it could not finish with the same function.
 */
#include "model.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "pavise.h"
#include "policy.h"

static const char *const access_names[PV_COLUMNS] = {
	[PV_ACC_READ] = "read",
	[PV_ACC_WRITE] = "write",
	[PV_ACC_APPEND] = "append",
	[PV_ACC_CREATE] = "create",
	[PV_ACC_DELETE] = "delete",
	[PV_ACC_RENAME] = "rename",
	[PV_ACC_LINK] = "link",
	[PV_ACC_ATTRIBUTES] = "attributes",
	[PV_ACC_MAP] = "map",
	[PV_ACC_LIST] = "list",
	[PV_ACC_EXEC] = "exec",
	[PV_ACC_CONNECT] = "connect",
	[PV_ACC_BIND] = "bind",
	[PV_ACC_LISTEN] = "listen",
	[PV_ACC_ACCEPT] = "accept",
	[PV_ACC_SOCKET] = "socket",
	[PV_ACC_CAPABILITY] = "capability",
	[PV_ACC_MOUNT] = "mount",
	[PV_ACC_PTRACE] = "ptrace",
	[PV_ACC_BPF] = "bpf",
	[PV_ACC_MODULES] = "modules",
	[PV_ACC_USER_NAMESPACES] = "user-namespaces",
	[PV_ACC_ANONYMOUS_EXEC] = "anonymous-exec",
	[PV_ACC_IO_URING] = "io-uring",
	[PV_ACC_SIGNAL] = "signal",
	[PV_ACC_PERF] = "perf",
	[PV_ACC_AGENT] = "agent",
};

static const char *const capability_names[] = {
	[CAP_CHOWN] = "chown",
	[CAP_DAC_OVERRIDE] = "dac_override",
	[CAP_DAC_READ_SEARCH] = "dac_read_search",
	[CAP_FOWNER] = "fowner",
	[CAP_FSETID] = "fsetid",
	[CAP_KILL] = "kill",
	[CAP_SETGID] = "setgid",
	[CAP_SETUID] = "setuid",
	[CAP_SETPCAP] = "setpcap",
	[CAP_LINUX_IMMUTABLE] = "linux_immutable",
	[CAP_NET_BIND_SERVICE] = "net_bind_service",
	[CAP_NET_BROADCAST] = "net_broadcast",
	[CAP_NET_ADMIN] = "net_admin",
	[CAP_NET_RAW] = "net_raw",
	[CAP_IPC_LOCK] = "ipc_lock",
	[CAP_IPC_OWNER] = "ipc_owner",
	[CAP_SYS_MODULE] = "sys_module",
	[CAP_SYS_RAWIO] = "sys_rawio",
	[CAP_SYS_CHROOT] = "sys_chroot",
	[CAP_SYS_PTRACE] = "sys_ptrace",
	[CAP_SYS_PACCT] = "sys_pacct",
	[CAP_SYS_ADMIN] = "sys_admin",
	[CAP_SYS_BOOT] = "sys_boot",
	[CAP_SYS_NICE] = "sys_nice",
	[CAP_SYS_RESOURCE] = "sys_resource",
	[CAP_SYS_TIME] = "sys_time",
	[CAP_SYS_TTY_CONFIG] = "sys_tty_config",
	[CAP_MKNOD] = "mknod",
	[CAP_LEASE] = "lease",
	[CAP_AUDIT_WRITE] = "audit_write",
	[CAP_AUDIT_CONTROL] = "audit_control",
	[CAP_SETFCAP] = "setfcap",
	[CAP_MAC_OVERRIDE] = "mac_override",
	[CAP_MAC_ADMIN] = "mac_admin",
	[CAP_SYSLOG] = "syslog",
	[CAP_WAKE_ALARM] = "wake_alarm",
	[CAP_BLOCK_SUSPEND] = "block_suspend",
	[CAP_AUDIT_READ] = "audit_read",
	[CAP_PERFMON] = "perfmon",
	[CAP_BPF] = "bpf",
	[CAP_CHECKPOINT_RESTORE] = "checkpoint_restore",
};

static const char *const section_names[SECTIONS] = {
	[SECTION_FILES] = "files",     [SECTION_EXEC] = "exec",
	[SECTION_NETWORK] = "network", [SECTION_CAPABILITIES] = "capabilities",
	[SECTION_SYSTEM] = "system",
};

#define N_CAPABILITIES (sizeof(capability_names) / sizeof(capability_names[0]))
_Static_assert(N_CAPABILITIES <= POLICY_CAPABILITIES, "a policy has room for every capability");

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

const char *policy_capability_name(unsigned capability)
{
	return capability < N_CAPABILITIES ? capability_names[capability] : NULL;
}

int policy_capability_number(const char *name)
{
	for (unsigned i = 0; i < N_CAPABILITIES; i++) {
		if (!strcmp(capability_names[i], name))
			return i;
	}
	return -1;
}

const char *policy_section_name(enum policy_section section)
{
	return section_names[section];
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
	for (size_t i = 0; i < n; i++) {
		struct policy_subject *subject = &subjects[i];

		free(subject->cgroup.text);
		free(subject->unit.text);
		free(subject->exe.text);
		free(subject->user.text);
		free(subject->container_name.text);
		free(subject->container_image.text);
		for (size_t j = 0; j < subject->n_labels; j++) {
			free(subject->labels[j].key);
			free(subject->labels[j].value.text);
		}
		free(subject->labels);
	}
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

/* The uid that a user's name or number stands for. 0, or why there is none. */
static int find_uid(const char *user, user_lookup_fn lookup, uint32_t *uid)
{
	unsigned long long number;

	if (!*user || user[strspn(user, "0123456789")])
		return lookup(user, uid);
	errno = 0;
	number = strtoull(user, NULL, 10);
	if (errno || number >= UINT32_MAX) /* the highest is no user's */
		return -ENOENT;
	*uid = number;
	return 0;
}

static int resolve_user(const struct policy *policy, size_t index, user_lookup_fn lookup, bool lenient,
			struct diags *d)
{
	struct policy_subject *subject = &policy->subjects[index];
	const struct policy_pattern *user = &subject->user;
	char where[48];
	int err;

	if (!user->text)
		return 0;
	err = find_uid(user->text, lookup, &subject->uid);
	subject->user_known = !err;
	if (!err || err == -ENOMEM)
		return err;
	snprintf(where, sizeof(where), "subjects[%zu].user", index);
	if (err == -ENOENT)
		diag_add(d, policy->file, user->line, user->column, where, NULL, "there is no user '%s'",
			 user->text);
	else
		diag_add(d, policy->file, user->line, user->column, where, NULL,
			 "the user '%s' cannot be looked up: %s", user->text, strerror(-err));
	return lenient ? 0 : -EINVAL;
}

int policy_resolve_users(struct policy_set *set, user_lookup_fn lookup, bool lenient, struct diags *d)
{
	int result = 0;

	for (size_t i = 0; i < set->n_policies; i++) {
		for (size_t j = 0; j < set->policies[i].n_subjects; j++) {
			int err = resolve_user(&set->policies[i], j, lookup, lenient, d);

			if (err == -ENOMEM)
				return err;
			result = err ? err : result;
		}
	}
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
