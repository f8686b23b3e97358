# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a descriptor that a governed process receives gives nothing that
# it could not open itself.
#
# How: a server that no policy governs opens what it is asked for and gives it
# away; what the kernel keeps back does not arrive.

P=$BIN/probe_receive
mkdir -p "$T/read" "$T/write" "$T/list" "$T/good"
for d in read write list good; do echo content >"$T/$d/file"; done
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/read/**
        access: read
      - deny: $T/write/**
        access: write
      - deny: $T/list
        access: list
EOP
"$P" serve "$T/socket" &
server=$!
check "$NAME/the server is there" wait_until 20 test -S "$T/socket"

deny_test "to read" file_receive read 'files[0]' "$T/read/**" "$T/read/file" "$T/good/file" \
	"$P" get "$T/socket" read @
deny_test "to write" file_receive write 'files[1]' "$T/write/**" "$T/write/file" "$T/good/file" \
	"$P" get "$T/socket" write @
deny_test "a folder" file_receive list 'files[2]' "$T/list" "$T/list" "$T/good" "$P" get "$T/socket" list @
allow_test "to write what may not be read" "$P" get "$T/socket" write "$T/read/file"
allow_test "by O_PATH" "$P" get "$T/socket" path "$T/read/file"
allow_test "a pipe" "$P" pair
events_check
kill "$server"
