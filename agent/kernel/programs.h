/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs: the two BPF objects as a table, and which of their programs a kernel may lack.
 *
 * Every program is mandatory unless it stands in optional_programs[]. An optional program is left
 * out only where what it needs is not in the kernel's BTF; if it is not left out and does not load, that is
 * a failure like any other.
 */
#ifndef PAVISE_PROGRAMS_H
#define PAVISE_PROGRAMS_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/message.h"

struct optional_program {
	const char *program;
	const char *needs; /* in the kernel's BTF where the program has work: a function, or STRUCT.MEMBER */
	const char *instead; /* what decides where the program is left out */
};

extern const struct optional_program optional_programs[];
extern const size_t n_optional_programs;

/* What struct pv_state stands in: a variable of the programs, which the loader shares as a map. */
#define PROGRAM_STATE_MAP ".data.state"

/* One of the two objects, opened from its skeleton. */
enum pv_object { PV_OBJECT_LSM, PV_OBJECT_TRACE, PV_OBJECTS };

struct program_object {
	enum pv_object which;
	void *skeleton;
	struct bpf_object *object;
};

/* 0 or -errno. The second takes over every map that it shares by name with the loaded first. */
int program_object_open(struct program_object *o, enum pv_object which);
int program_object_share(struct program_object *o, const struct program_object *first);
int program_object_load(struct program_object *o);
void program_object_close(struct program_object *o);
const char *program_object_name(enum pv_object which);

/* The entry of an optional program, NULL for a mandatory one. */
const struct optional_program *optional_program_find(const char *program);

/* Does the kernel have what this program attaches to? */
bool program_has_hook(const struct bpf_program *program, const struct btf *kernel);

/*
 * Switch off the optional programs that this kernel cannot have. -ENOTSUP with a refusal when a
 * mandatory one is among those.
 */
int program_object_select(struct program_object *o, const struct btf *kernel, struct refusal *r);

/* Name of the pin of a program's link: "link_NAME", or "iter_NAME" for an iterator. */
char *program_pin_name(const struct bpf_program *program);
bool program_is_iterator(const struct bpf_program *program);

/* Take libbpf's messages into a bounded buffer from now on; program_log() gives the last `lines`. */
void program_log_start(void);
const char *program_log(unsigned lines);

#endif
