/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The model: what a policy says, as plain data.
 *
 * The YAML front end (frontend*.c) is the only writer, the compiler (compile.c) and `explain`-like tools
 * are readers. Nothing here refers to files, the kernel or the clock. All strings are owned by the
 * structure they stand in, NUL-terminated UTF-8-or-bytes, and freed by policy_set_free().
 */
#ifndef PAVISE_POLICY_MODEL_H
#define PAVISE_POLICY_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_mode { MODE_ENFORCE, MODE_MONITOR };
enum policy_effect { EFFECT_ALLOW, EFFECT_DENY };
enum policy_section { SECTION_FILES, SECTION_EXEC, SECTION_NETWORK, SECTIONS };

/* A pattern as written, and where. */
struct policy_pattern {
	char *text;
	unsigned line, column;
};

/* An address block: `bits` leading bits of addr are fixed. family is 4 or 6. */
struct policy_cidr {
	uint8_t family;
	uint8_t bits;
	uint8_t addr[16];
	char *text;
};

struct policy_ports {
	uint16_t first, last; /* inclusive, host order */
};

/*
 * One rule. access is a set of bits 1 << enum pv_access. For files and exec: patterns. For network:
 * cidrs (none = every address), ports (none = every port), protocols (bytes PV_PROTO_*, none =
 * every protocol), families (AF_* numbers for PV_ACC_SOCKET rules, none = every family).
 */
struct policy_rule {
	enum policy_section section;
	enum policy_effect effect;
	uint32_t access;
	bool audit;	       /* report permitted use as well */
	unsigned index;	       /* within its section, from 0 */
	unsigned line, column; /* of the rule's first key */
	struct policy_pattern *patterns;
	size_t n_patterns;
	struct policy_cidr *cidrs;
	size_t n_cidrs;
	struct policy_ports *ports;
	size_t n_ports;
	uint8_t *protocols;
	size_t n_protocols;
	uint8_t *families;
	size_t n_families;
};

struct policy_rules {
	bool present;		     /* an absent section allows everything and decides nothing */
	enum policy_effect fallback; /* the section's `default` */
	unsigned line;		     /* of `default`, else of the section */
	struct policy_rule *rules;
	size_t n_rules;
};

/* Who. One entry; keys of an entry are ANDed, entries are ORed. */
struct policy_subject {
	struct policy_pattern cgroup; /* text NULL: not given */
	bool cgroup_literal;	      /* text is a path, not a pattern */
};

struct policy {
	char *name;
	char *description;		 /* may be NULL */
	char *file;			 /* as given, for messages and events */
	unsigned line;			 /* of the document */
	unsigned name_line, name_column; /* of the name */
	enum policy_mode mode;
	struct policy_subject *subjects;
	size_t n_subjects;
	struct policy_rules sections[SECTIONS];
};

struct policy_set {
	struct policy *policies;
	size_t n_policies;
};

/* Free all policies of the set and make it empty. */
void policy_set_free(struct policy_set *set);

/* The name of an access as policies spell it ("read"), NULL where there is none. */
const char *policy_access_name(unsigned access);

/* The access of that name, or -1. Groups ("modify") are not accesses. */
int policy_access_number(const char *name);

#endif
