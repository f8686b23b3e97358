/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The probe, see machine.h. Mounts are taken from mountinfo and not from the existence of
 * directories: an empty /sys/fs/bpf or a tmpfs in its place must not pass.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/machine.h"
#include "util/util.h"

#define PROC_FILE_MAX (4 << 20)
#define LOCKDOWN_MAX  256
#define SWITCH_MAX    16

const struct machine_paths machine_paths = {
	.release = "/proc/sys/kernel/osrelease",
	.status = "/proc/self/status",
	.mounts = "/proc/self/mountinfo",
	.btf = "/sys/kernel/btf/vmlinux",
	.securityfs = "/sys/kernel/security",
	.ftrace = "/proc/sys/kernel/ftrace_enabled",
	.bpffs = "/sys/fs/bpf",
	.run = "/run/pavise",
	.pids = "/proc/self/ns/pid",
	.host = "/proc/1/ns/mnt",
};

#define MACHINE_PIDS "pid:[4026531836]" /* PROC_PID_INIT_INO of include/linux/proc_ns.h */

static const struct {
	unsigned number;
	const char *name;
} needed[] = {
	{CAP_DAC_READ_SEARCH, "cap_dac_read_search"},
	{CAP_SYS_ADMIN, "cap_sys_admin"},
	{CAP_PERFMON, "cap_perfmon"},
	{CAP_BPF, "cap_bpf"},
};

void capability_names(uint64_t mask, char *text, unsigned long size)
{
	*text = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (!(mask & 1ull << needed[i].number))
			continue;
		if (*text)
			strncat(text, ", ", size - strlen(text) - 1);
		strncat(text, needed[i].name, size - strlen(text) - 1);
	}
}

static void probe_status(const char *text, struct machine *m)
{
	const char *uid = strstr(text, "\nUid:"), *caps = strstr(text, "\nCapEff:");
	unsigned long long effective = 0;

	m->uid = ~0u;
	if (uid)
		sscanf(uid, "\nUid: %*u %u", &m->uid);
	if (caps)
		sscanf(caps, "\nCapEff: %llx", &effective);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		m->missing |= ~effective & 1ull << needed[i].number;
}

/* mountinfo writes blanks and backslashes of a path as \ooo. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		unsigned value;

		if (*text == '\\' && sscanf(text + 1, "%3o", &value) == 1) {
			*to++ = (char)value;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* A later line at the same place hides an earlier one. */
static void probe_mount(const struct machine_paths *paths, char *root, char *point, const char *type,
			struct machine *m)
{
	unescape(point);
	if (!strcmp(point, paths->bpffs))
		m->bpffs = !strcmp(type, "bpf");
	if (!strcmp(point, paths->securityfs))
		m->securityfs = !strcmp(type, "securityfs");
	if (!strcmp(point, m->cgroup2))
		*m->cgroup2 = '\0';
	if (!*m->cgroup2 && !strcmp(type, "cgroup2") && !strcmp(root, "/"))
		snprintf(m->cgroup2, sizeof(m->cgroup2), "%s", point);
}

static void probe_mounts(const struct machine_paths *paths, char *text, struct machine *m)
{
	char *line, *next;

	for (line = text; line && *line; line = next) {
		char *save = NULL, *root = NULL, *point = NULL, *type, *word;
		unsigned column = 0;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		type = strstr(line, " - ");
		if (!type)
			continue;
		*type = '\0';
		type += 3;
		type[strcspn(type, " ")] = '\0';
		for (word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save), column++) {
			root = column == 3 ? word : root;
			point = column == 4 ? word : point;
		}
		if (root && point)
			probe_mount(paths, root, point, type, m);
	}
}

static bool list_contains(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (!strncmp(list, word, length) && (list[length] == ',' || !list[length]))
			return true;
	}
	return false;
}

static void probe_lsm(const struct machine_paths *paths, struct machine *m)
{
	CLEANUP_FREE char *path = strfmt("%s/lsm", paths->securityfs);
	CLEANUP_FREE char *text = NULL;

	if (!path || read_file(path, sizeof(m->lsm) - 1, &text, NULL))
		return;
	text[strcspn(text, "\n")] = '\0';
	strcpy(m->lsm, text);
	m->bpf_lsm = list_contains(m->lsm, "bpf");
}

static void probe_lockdown(const struct machine_paths *paths, struct machine *m)
{
	CLEANUP_FREE char *path = strfmt("%s/lockdown", paths->securityfs);
	CLEANUP_FREE char *text = NULL;

	m->confidential =
		path && !read_file(path, LOCKDOWN_MAX, &text, NULL) && strstr(text, "[confidentiality]");
}

static void probe_ftrace(const struct machine_paths *paths, struct machine *m)
{
	CLEANUP_FREE char *text = NULL;

	m->ftrace_off = !read_file(paths->ftrace, SWITCH_MAX, &text, NULL) && !strcmp(text, "0\n");
}

/* A kernel without pid namespaces has no such link. */
static void probe_pids(const struct machine_paths *paths, struct machine *m)
{
	char text[64] = "";

	m->inner_pids = readlink(paths->pids, text, sizeof(text) - 1) > 0 && strcmp(text, MACHINE_PIDS) != 0;
}

int machine_probe(const struct machine_paths *paths, struct machine *machine)
{
	CLEANUP_FREE char *release = NULL;
	CLEANUP_FREE char *status = NULL;
	CLEANUP_FREE char *mounts = NULL;
	struct machine m = {0};
	int err;

	err = read_file(paths->release, sizeof(m.release) - 1, &release, NULL);
	err = err ? err : read_file(paths->status, PROC_FILE_MAX, &status, NULL);
	err = err ? err : read_file(paths->mounts, PROC_FILE_MAX, &mounts, NULL);
	if (err)
		return err;
	release[strcspn(release, "\n")] = '\0';
	strcpy(m.release, release);
	sscanf(release, "%u.%u", &m.major, &m.minor);
	probe_status(status, &m);
	probe_mounts(paths, mounts, &m);
	m.btf = !access(paths->btf, R_OK);
	probe_lsm(paths, &m);
	probe_lockdown(paths, &m);
	probe_ftrace(paths, &m);
	probe_pids(paths, &m);
	*machine = m;
	return 0;
}

static int check_lsm(const struct machine_paths *paths, const struct machine *m, struct refusal *r)
{
	if (m->bpf_lsm)
		return 0;
	if (!*m->lsm && !m->securityfs)
		return refuse(
			r, ENOTSUP, PAVISE_NO_LSM,
			"securityfs is not mounted at %s, so the active security modules cannot be read; "
			"run 'mount -t securityfs securityfs %s' and start again",
			paths->securityfs, paths->securityfs);
	if (!*m->lsm)
		return refuse(
			r, ENOTSUP, PAVISE_NO_LSM,
			"%s/lsm cannot be read, so it is not known whether the kernel's bpf security module "
			"is active; the kernel needs CONFIG_SECURITY and CONFIG_BPF_LSM",
			paths->securityfs);
	return refuse(
		r, ENOTSUP, PAVISE_NO_LSM,
		"%s/lsm says '%s', without bpf, so programs would attach and never be called; boot with "
		"'lsm=%s,bpf' on the kernel command line (the kernel needs CONFIG_BPF_LSM=y)",
		paths->securityfs, m->lsm, m->lsm);
}

int machine_check(const struct machine_paths *paths, const struct machine *m, struct refusal *r)
{
	char names[256];

	if (m->major < KERNEL_FLOOR_MAJOR ||
	    (m->major == KERNEL_FLOOR_MAJOR && m->minor < KERNEL_FLOOR_MINOR))
		return refuse(r, ENOTSUP, PAVISE_OLD_KERNEL,
			      "this kernel is %s, and the oldest one supported is %d.%d; boot a newer kernel",
			      m->release, KERNEL_FLOOR_MAJOR, KERNEL_FLOOR_MINOR);
	if (m->uid)
		return refuse(
			r, ENOTSUP, PAVISE_NOT_ROOT,
			"this needs root, and the effective user is %u; start it as root or by the service "
			"manager",
			m->uid);
	if (m->missing) {
		capability_names(m->missing, names, sizeof(names));
		return refuse(
			r, ENOTSUP, PAVISE_NOT_ROOT,
			"%s shows that these capabilities are missing: %s; grant them (a container needs "
			"--privileged)",
			paths->status, names);
	}
	if (m->inner_pids)
		return refuse(r, ENOTSUP, PAVISE_INNER_PIDS,
			      "%s is not the machine's own, so neither the agent nor what it reports could "
			      "be told by "
			      "process number; start it outside of it (a container needs --pid=host)",
			      paths->pids);
	if (!m->btf)
		return refuse(r, ENOTSUP, PAVISE_NO_BTF,
			      "%s is missing, so the kernel's types are not known; use a kernel built with "
			      "CONFIG_DEBUG_INFO_BTF=y",
			      paths->btf);
	if (check_lsm(paths, m, r))
		return -ENOTSUP;
	if (m->confidential)
		return refuse(r, ENOTSUP, PAVISE_LOCKED_DOWN,
			      "%s/lockdown says [confidentiality], so programs may not read the kernel's "
			      "memory and cannot "
			      "tell names; boot with 'lockdown=integrity', or without",
			      paths->securityfs);
	if (m->ftrace_off)
		return refuse(r, ENOTSUP, PAVISE_NO_HOOK,
			      "%s is 0, so programs would attach and never be called; run 'sysctl "
			      "kernel.ftrace_enabled=1' and start again",
			      paths->ftrace);
	if (!*m->cgroup2)
		return refuse(r, ENOTSUP, PAVISE_NO_CGROUP2,
			      "%s shows no cgroup v2 hierarchy mounted from its root; run 'mount -t cgroup2 "
			      "cgroup2 "
			      "/sys/fs/cgroup', or boot with systemd.unified_cgroup_hierarchy=1",
			      paths->mounts);
	if (!m->bpffs)
		return refuse(r, ENOTSUP, PAVISE_NO_BPFFS,
			      "no BPF filesystem is mounted at %s, and enforcement is kept there; run 'mount "
			      "-t bpf "
			      "bpf %s' and start again",
			      paths->bpffs, paths->bpffs);
	return 0;
}
