/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A terminal that is shared with who is less confined.
 *
 * Guarantees: once terminal_guard() has returned 0, neither this process nor any that it starts can put input
 * into a terminal (TIOCSTI), nor paste into a virtual console (TIOCLINUX): both fail with EPERM, by each of
 * the ways in which x86_64 can be called. All else is as it was, privileges gained by execve(2) included.
 *
 * How: a seccomp filter. It is installed by who starts the command, not by the command's process, since that
 * is governed and may be denied the capability that this takes; who starts it needs neither of the two.
 *
 * Why this is sound: a filter cannot be taken off and is inherited. The kernel looks at the lower half of an
 * ioctl's number only, and so does the filter. A program for another way of calling than the three ends.
 */
#ifndef PAVISE_SUBJECT_TERMINAL_H
#define PAVISE_SUBJECT_TERMINAL_H

#include <stdbool.h>

/* Has this process a controlling terminal, or a terminal as a standard stream? */
bool terminal_is_there(void);

/* -EPERM or -EACCES: a filter can be had neither by CAP_SYS_ADMIN nor by no_new_privs; -errno. */
int terminal_guard(void);

#endif
