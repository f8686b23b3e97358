/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A question: an access and what it is about, as words and as the automaton reads it.
 *
 *   read .. list, exec         an absolute path, or @nameless
 *   connect bind listen accept ADDRESS:PORT[/PROTOCOL] (tcp if not said), [ADDRESS]:PORT for IPv6,
 *                              ADDRESS/icmp and the like where there are no ports, unix:PATH, unix:@NAME
 *   socket                     FAMILY[/PROTOCOL], such as inet/tcp or netlink
 *   capability                 its name
 *   mount, ptrace, ..          nothing
 */
#ifndef PAVISE_AUTHOR_QUESTION_H
#define PAVISE_AUTHOR_QUESTION_H

#include <stdint.h>
#include <stdio.h>

#include "pavise.h"
#include "policy/policy.h"

enum question_kind { QUESTION_PATH, QUESTION_NET, QUESTION_CAPABILITY, QUESTION_SYSTEM };

#define QUESTION_ERROR 256

struct question {
	enum question_kind kind;
	unsigned access;
	unsigned capability;
	size_t length;
	uint8_t name[PV_NAMES_MAX + 2]; /* as the automaton reads it, and a NUL */
};

/* `name` may be NULL. 0, or -EINVAL with a sentence in `error`. */
int question_parse(const char *access, const char *name, struct question *q, char error[QUESTION_ERROR]);

/* The section that decides on an access first. */
enum policy_section question_section(unsigned access);

/* A socket's name as a question spells it ("10.0.0.1:443/tcp"). What is not printable is escaped. */
void question_print_socket(FILE *out, const uint8_t *name, size_t length);

#endif
