# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a process is governed from the moment that it is in a governed
# cgroup, or that the policy is put in force, until the policy is removed; it
# sheds the policy by no fork, thread, exec or move.
#
# How: one file that a policy denies is opened by processes that came to be
# governed, or try not to be, in each of these ways.  An event carries the
# cgroup that the process was in when it did it.

P=$BIN/probe_file
E=$BIN/enter
for d in deny first second good; do
	mkdir -p "$T/$d"
	echo content >"$T/$d/file"
done
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/deny/**
EOP
outside=/suite/labels-outside
mkdir -p "$CGROUPS$outside"

# label_test NAME COMMAND...: with @ for the file.
label_test() {
	label_name=$1
	shift
	deny_test "$label_name" file_open read 'files[0]' "$T/deny/**" "$T/deny/file" "$T/good/file" "$@"
}

# denied NAME CGROUP [POLICY LINE FOLDER]: the last command was, its event
# has that cgroup, and says which rule of which policy.
denied() {
	check_output "$NAME/$1" EACCES echo "$FOUND"
	expect_event "$NAME/$1, event" "$2" deny file_open read "${3:-$GOVERNOR-enforce}" 'files[0]' "${4:-12}" \
		explicit_deny "$T/${5:-deny}/**" "$T/${5:-deny}/file"
}

label_test "a process" "$P" read @
label_test "a child" "$P" fork read @
label_test "a child's child" "$P" fork fork read @
label_test "a thread" "$P" thread read @
label_test "a child of a thread" "$P" thread fork read @
label_test "after exec" "$P" exec "$P" read @
for how in open open-async; do
	label_test "io_uring, $how" "$BIN/probe_uring" $how @
done

# Out of the cgroup.
run_in "$GROUP/enforce" "$P" cgroup "$CGROUPS$outside/1" read "$T/deny/file"
check_output "$NAME/a cgroup that is not there" "cgroup: ENOENT" echo "$FOUND"
for n in 1 2 3 4 5 6 7 8; do mkdir -p "$CGROUPS$outside/$n"; done
run_in "$GROUP/enforce" "$P" cgroup "$CGROUPS$outside/1" read "$T/deny/file"
denied "moved out" "$outside/1"
run_in "$GROUP/enforce" "$P" cgroup "$CGROUPS$outside/2" fork read "$T/deny/file"
denied "moved out, a child" "$outside/2"
run_in "$GROUP/enforce" "$P" cgroup "$CGROUPS$outside/3" exec "$P" read "$T/deny/file"
denied "moved out, after exec" "$outside/3"
run_in "$GROUP/enforce" "$P" cgroup "$CGROUPS$outside/4" cgroup "$CGROUPS$outside/5" thread read "$T/deny/file"
denied "moved out twice, a thread" "$outside/5"
run_in "$GROUP/enforce" "$E" "$CGROUPS$outside/6" "$P" read "$T/deny/file"
denied "a child born outside" "$outside/6"
run_in "$GROUP/enforce" "$P" cgroup "$CGROUPS$outside/8" read "$T/good/file"
check_output "$NAME/moved out, a permitted file" 0 echo "$FOUND"
run_in "$GROUP/enforce" "$P" cgroup "$CGROUPS$outside/7" userns read "$T/deny/file"
denied "moved out, into a user namespace" "$outside/7"

# Into it.
mkdir -p "$CGROUPS$GROUP/enforce/in" "$CGROUPS$GROUP/enforce/below/it"
run_in "$GROUP/free" "$P" cgroup "$CGROUPS$GROUP/enforce/in" read "$T/deny/file"
denied "moved in" "$GROUP/enforce/in"
run_in "$GROUP/free" "$P" cgroup "$CGROUPS$GROUP/enforce/below/it" read "$T/deny/file"
denied "moved into a cgroup below" "$GROUP/enforce/below/it"
mkdir -p "$CGROUPS$GROUP/enforcement"
run_in "$GROUP/enforcement" "$P" read "$T/deny/file"
check_output "$NAME/a cgroup whose name begins alike" 0 echo "$FOUND"
expect_none "$NAME/a cgroup whose name begins alike" "$RUN"
# there and back, before it did anything that is asked about
run_in "$GROUP/free" "$P" cgroup "$CGROUPS$GROUP/enforce/in" cgroup "$CGROUPS$outside/8" read "$T/deny/file"
denied "in and out again" "$outside/8"

# waits CGROUP: the process in it executes the probe already.
waits() {
	waits_pid=$(cat "$CGROUPS$1/cgroup.procs") && grep -qx probe_file "/proc/$waits_pid/comm"
}

# move FROM TO: the process of one cgroup, all of its threads.
move() {
	cat "$CGROUPS$1/cgroup.procs" >"$T/moved"
	cat "$T/moved" >"$CGROUPS$2/cgroup.procs"
}

has_two_threads() {
	[ "$(wc -l <"$CGROUPS$1/cgroup.threads")" = 2 ]
}

# A thread that sleeps while its process is moved in and out.
mkdir -p "$CGROUPS$outside/10"
"$E" "$CGROUPS$GROUP/free/threads" "$P" thread await "$T/go-4" read "$T/deny/file" >"$T/found-4" &
sleeper=$!
check "$NAME/a thread waits" wait_until 30 has_two_threads "$GROUP/free/threads"
move "$GROUP/free/threads" "$GROUP/enforce/in"
move "$GROUP/enforce/in" "$outside/10"
: >"$T/go-4"
wait $sleeper
FOUND=$(cat "$T/found-4")
denied "a thread that slept while its process was moved in and out" "$outside/10"

# The same, and the first that it does is to fork.
mkdir -p "$CGROUPS$outside/11"
"$E" "$CGROUPS$GROUP/free/forks" "$P" thread await "$T/go-6" fork read "$T/deny/file" >"$T/found-6" &
sleeper=$!
check "$NAME/a thread waits to fork" wait_until 30 has_two_threads "$GROUP/free/forks"
move "$GROUP/free/forks" "$GROUP/enforce/in"
move "$GROUP/enforce/in" "$outside/11"
: >"$T/go-6"
wait $sleeper
FOUND=$(cat "$T/found-6")
denied "a child of a thread that slept while its process was moved in and out" "$outside/11"

# A thread that was found to be ungoverned, and whose process is moved in when its first thread has ended.
first_has_ended() {
	read -r alone_pid <"$CGROUPS$1/cgroup.procs" && grep -q '^State:.Z' "/proc/$alone_pid/status"
}
mkdir -p "$CGROUPS$GROUP/enforce/alone"
"$E" "$CGROUPS$GROUP/free/alone" "$P" alone created "$T/good/looked" await "$T/go-5" read "$T/deny/file" \
	>"$T/found-5" &
sleeper=$!
check "$NAME/its first thread has ended" wait_until 30 first_has_ended "$GROUP/free/alone"
check "$NAME/and another one has been looked at" wait_until 30 [ -e "$T/good/looked" ]
move "$GROUP/free/alone" "$GROUP/enforce/alone"
: >"$T/go-5"
wait $sleeper
FOUND=$(cat "$T/found-5")
denied "a thread whose process's first has ended, moved in" "$GROUP/enforce/alone"

# Those that were there first, and the end of a policy.
later_policy() {
	policy labels-later enforce /suite/labels-later <<-EOF
		  files:
		    default: allow
		    rules:
		      - deny: $T/first/**
	EOF
}
mkdir -p "$CGROUPS/suite/labels-later"
"$E" "$CGROUPS/suite/labels-later/1" "$P" await "$T/go-1" read "$T/first/file" >"$T/found-1" &
before=$!
check "$NAME/a process waits, ungoverned" wait_until 30 waits /suite/labels-later/1
"$E" "$CGROUPS/suite/labels-later/3" "$P" await "$T/go-3" read "$T/first/file" >"$T/found-3" &
idle=$!
check "$NAME/another one waits" wait_until 30 waits /suite/labels-later/3
later_policy >"$T/later.yaml"
check "$NAME/its policy comes" pavise apply "$T/later.yaml"
: >"$T/go-1"
wait $before
FOUND=$(cat "$T/found-1")
denied "a process that was there before the policy" /suite/labels-later/1 labels-later 12 first
# nothing that is asked about happened in it between the policy and the move
mkdir -p "$CGROUPS$outside/9"
move /suite/labels-later/3 "$outside/9"
: >"$T/go-3"
wait $idle
FOUND=$(cat "$T/found-3")
denied "one that was moved out before it did anything under the policy" "$outside/9" labels-later 12 first
"$E" "$CGROUPS/suite/labels-later/2" "$P" await "$T/go-2" read "$T/first/file" >"$T/found-2" &
before=$!
check "$NAME/a process waits, governed" wait_until 30 waits /suite/labels-later/2
check "$NAME/its policy goes" pavise remove labels-later
: >"$T/go-2"
wait $before
check_output "$NAME/a process whose policy was removed" 0 cat "$T/found-2"
expect_none "$NAME/a process whose policy was removed" /suite/labels-later/2

# Several policies: each must allow, and each cgroup adds its own.  The rule
# of the second is in line 25 of their file.
several() {
	policy labels-first enforce '/suite/labels-{first,both}' <<-EOF
		  files:
		    default: allow
		    rules:
		      - deny: $T/first/**
		---
	EOF
	policy labels-second enforce '/suite/labels-{second,both}' <<-EOF
		  files:
		    default: allow
		    rules:
		      - deny: $T/second/**
	EOF
}
several >"$T/several.yaml"
check "$NAME/two policies" pavise apply "$T/several.yaml"
for g in first second both; do mkdir -p "$CGROUPS/suite/labels-$g"; done
run_in /suite/labels-both "$P" read "$T/first/file"
denied "two policies, the first denies" "$RUN" labels-first 12 first
run_in /suite/labels-both "$P" read "$T/second/file"
denied "two policies, the second denies" "$RUN" labels-second 25 second
run_in /suite/labels-both "$P" read "$T/good/file"
check_output "$NAME/two policies, both allow" 0 echo "$FOUND"
expect_none "$NAME/two policies, both allow" "$RUN"
run_in /suite/labels-first "$P" read "$T/second/file"
check_output "$NAME/one policy of two" 0 echo "$FOUND"
for n in 1 2 3; do mkdir -p "$CGROUPS/suite/labels-second/$n"; done
run_in /suite/labels-first "$P" cgroup "$CGROUPS/suite/labels-second/1" read "$T/first/file"
denied "moved to another policy, the one it had" /suite/labels-second/1 labels-first 12 first
run_in /suite/labels-first "$P" cgroup "$CGROUPS/suite/labels-second/2" read "$T/second/file"
denied "moved to another policy, the new one" /suite/labels-second/2 labels-second 25 second
run_in /suite/labels-first "$P" cgroup "$CGROUPS/suite/labels-second/3" read "$T/good/file"
check_output "$NAME/moved to another policy, both allow" 0 echo "$FOUND"
expect_none "$NAME/moved to another policy, both allow" /suite/labels-second/3

# More policies than a label holds: it cannot be said any more what is permitted.
many() {
	for n in 1 2 3 4 5 6 7 8 9; do
		policy "labels-many-$n" enforce "/suite/labels-many-$n" <<-EOF
			  files:
			    default: allow
			    rules:
			      - deny: $T/second/**
		EOF
		echo ---
	done
}
many >"$T/many.yaml"
check "$NAME/nine policies" pavise apply "$T/many.yaml"
set --
for n in 1 2 3 4 5 6 7 8 9; do
	mkdir -p "$CGROUPS/suite/labels-many-$n"
	set -- "$@" cgroup "$CGROUPS/suite/labels-many-$n"
done
run_in "$GROUP/free" "$P" "$@" read "$T/good/file"
check_output "$NAME/moved through more policies than a label holds" EACCES echo "$FOUND"
expect_event "$NAME/moved through more policies than a label holds, event" /suite/labels-many-9 deny file_open read \
	labels-many-9 - - not_decidable - "$T/good/file"
events_check
check "$NAME/nine policies removed" pavise remove labels-many-1 labels-many-2 labels-many-3 labels-many-4 \
	labels-many-5 labels-many-6 labels-many-7 labels-many-8 labels-many-9
check "$NAME/two policies removed" pavise remove labels-first labels-second
