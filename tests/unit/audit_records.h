/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Raw records as the kernel side sends them, for the tests of the audit trail. */
#ifndef PAVISE_TEST_AUDIT_RECORDS_H
#define PAVISE_TEST_AUDIT_RECORDS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "pavise.h"

#define RECORD_MAX (sizeof(struct pv_decision_record) + PV_NAMES_MAX + PV_ARGV_MAX)

/* One raw record of any kind. */
union raw {
	struct pv_record head;
	struct pv_fork_record any;
	struct pv_decision_record decision;
	struct pv_exec_record exec;
	struct pv_exit_record exit;
	unsigned char bytes[RECORD_MAX];
};

/* Started at pid seconds; in cgroup 77; uid 1000, gid 1001. */
static inline struct pv_process make_process(uint32_t pid, uint32_t ppid, const char *comm)
{
	struct pv_process p = {
		.start_ns = pid * 1000000000ull,
		.parent_start_ns = ppid * 1000000000ull,
		.cgroup_id = 77,
		.pid = pid,
		.tid = pid,
		.ppid = ppid,
		.uid = 1000,
		.gid = 1001,
		.profile = 1,
		.mnt_ns = 4026531841,
		.pid_ns = 4026531836,
	};

	memcpy(p.comm, comm, strlen(comm) < sizeof(p.comm) ? strlen(comm) : sizeof(p.comm));
	return p;
}

static inline void make_head(union raw *raw, uint32_t type, size_t size, struct pv_process process)
{
	memset(raw, 0, sizeof(*raw));
	raw->any.head = (struct pv_record){.type = type, .size = size, .time_ns = 5000000000ull, .seq = 1};
	raw->any.process = process;
}

/* The component list of `path` ("/a/b"); its length. */
static inline size_t make_names(unsigned char *to, const char *path)
{
	const char *end = path + strlen(path);
	unsigned char *p = to;

	while (end > path + 1) {
		const char *slash = end;

		while (slash[-1] != '/')
			slash--;
		memcpy(p, slash, end - slash);
		p += end - slash;
		*p++ = (unsigned char)(end - slash);
		end = slash - 1;
	}
	return p - to;
}

static inline size_t make_simple(union raw *raw, uint32_t type, struct pv_process process)
{
	make_head(raw, type, sizeof(raw->any), process);
	return sizeof(raw->any);
}

static inline size_t make_exit(union raw *raw, struct pv_process process, uint32_t status)
{
	make_head(raw, PV_REC_EXIT, sizeof(raw->exit), process);
	raw->exit.status = status;
	return sizeof(raw->exit);
}

/* A denied open for writing of `path`. */
static inline size_t make_decision(union raw *raw, struct pv_process process, const char *path)
{
	size_t n;

	make_head(raw, PV_REC_DECISION, 0, process);
	raw->decision.generation = 7;
	raw->decision.cell = PV_CELL(PV_DENY, 0, 1);
	raw->decision.profile = 1;
	raw->decision.hook = PV_HOOK_FILE_OPEN;
	raw->decision.access = PV_ACC_WRITE;
	raw->decision.accesses = 1u << PV_ACC_WRITE;
	raw->decision.flags = 1;
	raw->decision.dev = 8u << 20 | 2;
	raw->decision.mode = 0100644;
	raw->decision.ino = 4242;
	n = make_names(raw->bytes + sizeof(raw->decision), path);
	raw->decision.names_len = n;
	raw->decision.head.size = sizeof(raw->decision) + n;
	return raw->decision.head.size;
}

/* `argv` holds `argc` arguments, each ended by NUL. */
static inline size_t make_exec(union raw *raw, struct pv_process process, const char *path, const char *argv,
			       size_t argv_length, uint32_t argc)
{
	unsigned char *data;
	size_t n;

	make_head(raw, PV_REC_EXEC, 0, process);
	data = raw->bytes + sizeof(raw->exec);
	n = make_names(data, path);
	memcpy(data + n, argv, argv_length);
	raw->exec.dev = 8u << 20 | 2;
	raw->exec.mode = 0100755;
	raw->exec.ino = 99;
	raw->exec.nlink = 1;
	raw->exec.argc = argc;
	raw->exec.argv_size = argv_length;
	raw->exec.names_len = n;
	raw->exec.argv_len = argv_length;
	raw->exec.head.size = sizeof(raw->exec) + n + argv_length;
	return raw->exec.head.size;
}

#endif
