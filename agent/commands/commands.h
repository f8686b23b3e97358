/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The commands. main.c lists them in the order in which --help shows them. */
#ifndef PAVISE_COMMANDS_H
#define PAVISE_COMMANDS_H

#include "util/options.h"

extern const struct command command_agent;
extern const struct command command_apply;
extern const struct command command_remove;
extern const struct command command_check;
extern const struct command command_explain;
extern const struct command command_test;
extern const struct command command_diff;
extern const struct command command_schema;
extern const struct command command_mode;
extern const struct command command_run;
extern const struct command command_container;
extern const struct command command_status;
extern const struct command command_tail;
extern const struct command command_probe;
extern const struct command command_self_test;
extern const struct command command_unload;

#define LOG_PATH "/var/log/pavise/audit.jsonl"

#endif
