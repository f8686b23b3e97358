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
enum policy_section {
	SECTION_FILES,
	SECTION_EXEC,
	SECTION_NETWORK,
	RULE_SECTIONS, /* those above consist of rules */
	SECTION_CAPABILITIES = RULE_SECTIONS,
	SECTION_SYSTEM,
	SECTIONS
};

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

/* Patterns as a list, in the order of the file. */
struct policy_patterns {
	struct policy_pattern *at;
	size_t n;
};

/* Address blocks as a list. */
struct policy_cidrs {
	struct policy_cidr *at;
	size_t n;
};

/*
 * One rule. access is a set of bits 1 << enum pv_access.
 *
 * What it covers: for files and exec, `patterns`. For network, `patterns` are names of unix sockets
 * and cidrs, ports, protocols and families restrict internet sockets:
 *
 *   only patterns               unix sockets of these names, and nothing else
 *   cidrs, ports or protocols   internet sockets only (empty: every address, port, protocol)
 *   families                    AF_* numbers, with PV_ACC_SOCKET only
 *   nothing at all              every socket name of every family, unix included
 *
 * What narrows it, all at once: names that match `except` (for network: unix names) or lie in
 * except_cidrs are not covered; `from` (if not empty): only where the acting executable matches one;
 * unless_from: only where it matches none; owner: only objects that the acting user owns.
 */
struct policy_rule {
	enum policy_section section;
	enum policy_effect effect;
	uint32_t access;
	bool audit;	       /* allow rules: report permitted use as well */
	bool kill;	       /* deny rules: SIGKILL for who tries */
	bool owner;	       /* files and exec */
	unsigned index;	       /* within its section, from 0 */
	unsigned line, column; /* of the rule's first key */
	struct policy_patterns patterns, except, from, unless_from;
	struct policy_cidrs cidrs, except_cidrs;
	struct policy_ports *ports;
	size_t n_ports;
	uint8_t *protocols;
	size_t n_protocols;
	uint8_t *families;
	size_t n_families;
};

/* What a policy says of one capability or of one operation on the system. */
struct policy_choice {
	bool present;
	enum policy_effect effect;
	unsigned line, column;
};

#define POLICY_CAPABILITIES 64 /* numbers as in linux/capability.h */
#define POLICY_SYSTEM	    10 /* see enum pv_access from PV_ACC_SYSTEM on, less that */

struct policy_rules {
	bool present;		     /* an absent section allows everything and decides nothing */
	enum policy_effect fallback; /* the section's `default` */
	unsigned line;		     /* of `default`, else of the section */
	struct policy_rule *rules;
	size_t n_rules;
};

struct policy_label {
	char *key;
	struct policy_pattern value;
};

/*
 * Who. One entry; keys of an entry are ANDed, entries are ORed. A pattern with text NULL is not given.
 * At least one key is.
 */
struct policy_subject {
	struct policy_pattern cgroup;
	bool cgroup_literal;	    /* its text is a path, not a pattern */
	struct policy_pattern unit; /* ends in a unit's type, so it matches no slice */
	struct policy_pattern exe;
	struct policy_pattern user; /* no pattern: a user's name or number as written */
	bool user_known;	    /* uid is what `user` stands for */
	uint32_t uid;		    /* in the initial user namespace */
	bool container;		    /* at least one of the next three is given */
	struct policy_pattern container_name;
	struct policy_pattern container_image;
	struct policy_label *labels;
	size_t n_labels;
};

struct policy {
	char *name;
	char *description;		 /* may be NULL */
	char *file;			 /* as given, for messages and events */
	unsigned line;			 /* of the document */
	unsigned name_line, name_column; /* of the name */
	enum policy_mode mode;
	bool allow_on_error; /* what cannot be decided is permitted and reported */
	struct policy_subject *subjects;
	size_t n_subjects;
	/* by section; the rules of SECTION_CAPABILITIES and SECTION_SYSTEM are empty */
	struct policy_rules sections[SECTIONS];
	struct policy_choice capabilities[POLICY_CAPABILITIES];
	struct policy_choice system[POLICY_SYSTEM];
};

struct policy_set {
	struct policy *policies;
	size_t n_policies;
};

/* Free all policies of the set and make it empty. */
void policy_set_free(struct policy_set *set);

/* The name of an access as policies spell it ("read", "mount"), NULL where there is none. */
const char *policy_access_name(unsigned access);

/* The access of that name, or -1. Groups ("modify") are not accesses. */
int policy_access_number(const char *name);

/* The name of a capability as policies spell it ("sys_admin"), NULL where there is none; and back, or -1. */
const char *policy_capability_name(unsigned capability);
int policy_capability_number(const char *name);

/* The name of a section as policies spell it. */
const char *policy_section_name(enum policy_section section);

#endif
