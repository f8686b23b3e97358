/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What agree.c asks and agree.bpf.c answers. */
#ifndef PAVISE_TESTS_AGREE_H
#define PAVISE_TESTS_AGREE_H

#define AGREE_NAMES 512

enum agree_what {
	AGREE_CGROUP, /* the profile of a cgroup's path */
	AGREE_EXE,    /* the class of an executable's path */
	AGREE_PATH,   /* a cell */
	AGREE_SOCKET,
	AGREE_UNIX,
	AGREE_ABSTRACT,
	AGREE_TABLE,
};

struct agree_case {
	__u32 what;
	__u32 profile;
	__u32 access;
	__u32 row, column; /* of a table */
	__u32 exe, uid, executed, owner;
	__u32 names_len;
	__s32 result;
	__u32 pad;
	__u8 names[AGREE_NAMES]; /* components from the leaf up, or the name itself */
};

#endif
