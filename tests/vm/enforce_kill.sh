# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: who does what a rule with "action: kill" denies is killed, and
# has not done it; in monitor mode nobody is.  The event says so.
#
# How: as in the other files; a process that was killed by a signal ends with
# 128 and its number (tests/vm/enter.c).

P=$BIN/probe_file
for d in good kill deny both except run; do
	mkdir -p "$T/$d"
	echo content >"$T/$d/file"
	cp "$BIN/probe_true" "$T/$d/true"
done
ip link set lo up
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/kill/**
        action: kill
      - deny: $T/deny/**
        action: deny
      - deny: $T/both/*
      - deny: $T/both/**
        action: kill
      - deny: $T/except/**
        except: $T/except/file
        action: kill
  exec:
    default: allow
    rules:
      - deny: $T/run/**
        action: kill
  network:
    default: allow
    rules:
      - deny: connect
        to: 127.0.0.2
        action: kill
      - deny: [bind, connect]
        unix: "@pavise-kill*"
        action: kill
EOP

# kill_test NAME HOOK OP RULE MATCH OBJECT NEIGHBOUR COMMAND...: as deny_test,
# but killed instead of denied.
kill_test() {
	kill_name=$NAME/$1
	kill_event="$2$TAB$3$TAB$GOVERNOR"
	kill_rule=$4
	kill_match=$5
	kill_object=$6
	kill_neighbour=$7
	shift 7
	deny_found=
	placed "$kill_object" "$@"
	deny_run free
	expect_none "$kill_name, ungoverned: no event" "$RUN"
	for kill_mode in enforce monitor; do
		deny_run $kill_mode
		kill_line=$(rule_line "$kill_rule")
		kill_type=deny+kill
		if [ $kill_mode = monitor ]; then
			kill_line=$((kill_line + MONITOR_OFFSET))
			kill_type=would_deny+kill
		fi
		expect_event "$kill_name, $kill_mode, event" "$RUN" $kill_type "$kill_event-$kill_mode" "$kill_rule" \
			"$kill_line" explicit_deny "$kill_match" "${SHOWN:-$kill_object}"
	done
	placed "$kill_neighbour" "$@"
	deny_run enforce
	expect_none "$kill_name, neighbour: no event" "$RUN"
	check_output "$kill_name" "${SUCCESS:-0}, status 137, ${SUCCESS:-0}, ${SUCCESS:-0}, " echo "$deny_found"
}

kill_test "read" file_open read 'files[0]' "$T/kill/**" "$T/kill/file" "$T/good/file" "$P" read @
kill_test "a thread" file_open read 'files[0]' "$T/kill/**" "$T/kill/file" "$T/good/file" "$P" thread read @
without_new() {
	if [ -d "$T/kill/new" ]; then rmdir "$T/kill/new"; fi
	if [ -d "$T/good/new" ]; then rmdir "$T/good/new"; fi
}
PREPARE=without_new
kill_test "mkdir" path_mkdir create 'files[0]' "$T/kill/**" "$T/kill/new" "$T/good/new" "$P" mkdir @
PREPARE=:
kill_test "exec" bprm_check exec 'exec[0]' "$T/run/**" "$T/run/true" "$T/good/true" @
kill_test "a program mapped" mmap_file map 'exec[0]' "$T/run/**" "$T/run/true" "$T/good/true" "$P" map-exec @
kill_test "kill before a plain denial" file_open read 'files[3]' "$T/both/**" "$T/both/file" "$T/good/file" "$P" read @
kill_test "except" file_open read 'files[4]' "$T/except/**" "$T/except/true" "$T/except/file" "$P" read @
kill_test "bind, abstract" socket_bind bind 'network[1]' '@pavise-kill*' @pavise-kill-1 @pavise-live "$BIN/probe_unix" bind @
deny_test "action: deny" file_open read 'files[1]' "$T/deny/**" "$T/deny/file" "$T/good/file" "$P" read @
SUCCESS=ECONNREFUSED
kill_test "connect" socket_connect connect 'network[0]' 127.0.0.2 127.0.0.2:80 127.0.0.3:80 "$BIN/probe_net" connect @
SUCCESS=
kill_test "io_uring" file_open read 'files[0]' "$T/kill/**" "$T/kill/file" "$T/good/file" "$BIN/probe_uring" open @
kill_test "io_uring, by a worker" file_open read 'files[0]' "$T/kill/**" "$T/kill/file" "$T/good/file" \
	"$BIN/probe_uring" open-async @

# Only the process that did it.
run_in "$GROUP/enforce" sh -c "\"$P\" read \"$T/kill/file\"; echo \$?"
check "$NAME/the parent of the killed lives" test "${FOUND%137}" != "$FOUND"
expect_event "$NAME/the parent of the killed lives, event" "$RUN" deny+kill file_open read "$GOVERNOR-enforce" \
	'files[0]' "$(rule_line 'files[0]')" explicit_deny "$T/kill/**" "$T/kill/file"
without_new
run_in "$GROUP/enforce" "$P" mkdir "$T/kill/new"
check "$NAME/what is denied is not done" test ! -e "$T/kill/new"
expect_event "$NAME/what is denied is not done, event" "$RUN" deny+kill path_mkdir create "$GOVERNOR-enforce" \
	'files[0]' "$(rule_line 'files[0]')" explicit_deny "$T/kill/**" "$T/kill/new"
# a process that ignores what it can
run_in "$GROUP/enforce" env --ignore-signal "$P" read "$T/kill/file"
check_output "$NAME/signals ignored" "status 137" echo "$FOUND"
expect_event "$NAME/signals ignored, event" "$RUN" deny+kill file_open read "$GOVERNOR-enforce" \
	'files[0]' "$(rule_line 'files[0]')" explicit_deny "$T/kill/**" "$T/kill/file"
events_check
