# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: what may not be executed is not executed, neither by its name
# nor by a script, a descriptor, a loader or a copy in memory; and a file
# whose mapping is denied is not mapped executable.
#
# How: the same program in a denied and in a permitted folder.  What cannot
# be executed prints the name of the error (tests/vm/enter.c).

P=$BIN/probe_file
for d in good bad map; do
	mkdir -p "$T/$d"
	cp "$BIN/probe_true" "$T/$d/true"
	cp /usr/bin/printf "$T/$d/printf"
done
for d in good bad; do
	printf '#!%s\n' "$T/$d/true" >"$T/good/by-$d"
	printf '#!%s\n' "$T/good/true" >"$T/$d/script"
done
chmod +x "$T"/*/*
loader=$(readlink -f /lib64/ld-linux-x86-64.so.2)
govern <<EOP
  exec:
    default: allow
    rules:
      - deny: $T/bad/**
  files:
    default: allow
    rules:
      - deny: $T/map/**
        access: map
EOP

# exec_test NAME OBJECT NEIGHBOUR COMMAND...
exec_test() {
	exec_name=$1
	exec_object=$2
	exec_neighbour=$3
	shift 3
	deny_test "$exec_name" bprm_check exec 'exec[0]' "$T/bad/**" "$exec_object" "$exec_neighbour" "$@"
}

exec_test "a program" "$T/bad/true" "$T/good/true" @
exec_test "a script" "$T/bad/script" "$T/good/script" @
SHOWN=$T/bad/true
exec_test "a script's interpreter" "$T/good/by-bad" "$T/good/by-good" @
exec_test "relative to a folder" bad/true good/true "$P" execveat "$T" @
SHOWN=
exec_test "a program with libraries" "$T/bad/printf" "$T/good/printf" @ 0
exec_test "a descriptor" "$T/bad/true" "$T/good/true" "$P" exec-descriptor @
deny_test "a program that may not be mapped" bprm_check exec 'files[0]' "$T/map/**" "$T/map/true" "$T/good/true" @
deny_test "mapping of a program" mmap_file map 'exec[0]' "$T/bad/**" "$T/bad/true" "$T/good/true" "$P" map-exec @
deny_test "mapping, shared" mmap_file map 'exec[0]' "$T/bad/**" "$T/bad/true" "$T/good/true" \
	"$P" map-exec-shared @
deny_test "mapping of a file" mmap_file map 'files[0]' "$T/map/**" "$T/map/true" "$T/good/true" "$P" map-exec @
allow_test "mapping to read" "$P" map-read "$T/bad/true"
allow_test "executable memory without a file" "$P" map-anonymous
allow_test "a program in memory" "$P" exec-memfd "$BIN/probe_true"

# The loader says in words what happened.
for where in free monitor; do
	run_in "$GROUP/$where" "$loader" "$T/bad/printf" 0
	check_output "$NAME/by the loader, $where" 0 echo "$FOUND"
done
expect_event "$NAME/by the loader, monitored event" "$RUN" would_deny mmap_file map "$GOVERNOR-monitor" 'exec[0]' \
	$(($(rule_line 'exec[0]') + MONITOR_OFFSET)) explicit_deny "$T/bad/**" "$T/bad/printf"
run_in "$GROUP/enforce" "$loader" "$T/bad/printf" 0
check "$NAME/by the loader, enforced" test "${FOUND%status 127}" != "$FOUND"
expect_event "$NAME/by the loader, event" "$RUN" deny mmap_file map "$GOVERNOR-enforce" 'exec[0]' \
	"$(rule_line 'exec[0]')" explicit_deny "$T/bad/**" "$T/bad/printf"
allow_test "by the loader, permitted" "$loader" "$T/good/printf" 0
events_check

# Nothing but what is permitted.
govern only <<EOP
  exec:
    default: deny
    rules:
      - allow: [$BIN/*, $T/good/*]
  files:
    default: allow
    rules:
      - allow: ["/{usr/,}lib/**", "/{usr/,}lib64/**"]
        access: map
EOP
deny_test "default deny, a program" bprm_check exec exec - "$T/bad/true" "$T/good/true" @
allow_test "default deny, a program with libraries" "$T/good/printf" 0
deny_test "default deny, mapping" mmap_file map exec - "$T/bad/true" "$T/good/true" "$P" map-exec @
SHOWN=/memfd:pavise-test
deny_test "default deny, a program in memory" bprm_check exec exec - exec-memfd exec "$P" @ "$BIN/probe_true"
SHOWN=
events_check

# What is in no file system that can be mounted.
govern nameless <<EOP
  exec:
    default: deny
    rules:
      - allow: [$BIN/*, "@nameless"]
  files:
    default: deny
    rules:
      - allow: ["/{usr/,}lib/**", "/{usr/,}lib64/**", $T/good/**, $BIN/**]
      - allow: "@nameless"
        access: read
EOP
allow_test "@nameless, a program in memory" "$P" exec-memfd "$BIN/probe_true"
allow_test "@nameless, a namespace" "$P" read /proc/self/ns/net
SHOWN=/memfd:pavise-test
deny_test "@nameless, another access to a file in memory" file_open write files - reopen-memfd reopen-pipe "$P" @
SHOWN=
events_check

# Libraries are programs too.
govern no-libraries <<EOP
  exec:
    default: deny
    rules:
      - allow: [$BIN/*, $T/good/*]
EOP
run_in "$GROUP/enforce" "$T/good/printf" 0
check "$NAME/default deny, without its libraries" test "$FOUND" != 0
expect_event "$NAME/default deny, without its libraries, event" "$RUN" deny mmap_file map "$GOVERNOR-enforce" - \
	"$(rule_line exec)" default_deny - "$loader"
allow_test "default deny, a program without libraries" "$T/good/true"
events_check
