# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: the kernel's programs read an image as user space does, for
# random policy sets and names.
#
# How: tests/agree, which asks the programs' own functions one by one.

check "$NAME/random sets" "$BIN/agree" 60
