# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Guarantees: a test says in one line what holds or what does not, and no
# test passes because something was too early, too late or missing.
#
# How: sourced by tests/vm/suite and the test files in the guest.  A test
# file is a POSIX shell script in a subshell of its own, with
#   $NAME     its name, without .sh
#   $T        an empty folder of its own, /srv/NAME
#   $BIN      the folder of the helper programs (tests/vm/*.c)
#   $LOG      the log of the agent
# and a line "# agent: shared" or "# agent: own" in its head.  With shared an
# agent runs; with own none does, and the file starts and stops its own.
#
# check, check_output, ok, not_ok and skip print one line each and count.
# deny_test asserts all that a denial must be, see there.  Commands run in
# cgroups made for each of them, so that every event of theirs can be told by
# its cgroup, whichever process did it.
#
# Events are compared at the end, by events_check: first a denied operation
# of its own (the barrier) is made and its event awaited.  Events come in the
# order of the operations, so that then all are there, and one too many shows
# as well as one too few.

CGROUPS=/sys/fs/cgroup
LOG=/var/log/pavise/audit.jsonl
AGENT_OUTPUT=$WORK/agent.output
TAB=$(printf '\t')

# ---- results ----

# result LINE: shown and counted.
result() {
	printf '%s\n' "$1"
	printf '%s\n' "$1" >>"$WORK/results"
}

ok() {
	result "ok $1"
}

# not_ok NAME WHAT: WHAT was expected, and what was found.
not_ok() {
	result "not ok $1: $(printf %s "$2" | tr '\n' ' ' | tr -cd '\011\040-\176')"
}

skip() {
	result "skip $1: $2"
}

# check NAME COMMAND...: COMMAND must succeed.
check() {
	check_name=$1
	shift
	check_status=0
	"$@" >"$WORK/check" 2>&1 || check_status=$?
	if [ "$check_status" = 0 ]; then
		ok "$check_name"
	else
		not_ok "$check_name" "expected success of '$*', found status $check_status: $(tail -n 5 "$WORK/check")"
	fi
}

# check_status NAME STATUS COMMAND...: COMMAND must end with STATUS.
check_status() {
	check_name=$1
	check_expected=$2
	shift 2
	check_status=0
	"$@" >"$WORK/check" 2>&1 || check_status=$?
	if [ "$check_status" = "$check_expected" ]; then
		ok "$check_name"
	else
		not_ok "$check_name" "expected status $check_expected of '$*', found $check_status: $(tail -n 5 "$WORK/check")"
	fi
}

# check_output NAME EXPECTED COMMAND...: COMMAND must print EXPECTED, errors
# included, but for the progress that a busy machine makes it show.
check_output() {
	check_name=$1
	check_expected=$2
	shift 2
	check_status=0
	"$@" >"$WORK/check" 2>&1 || check_status=$?
	check_found=$(sed '/^pavise: waiting for the agent$/d' "$WORK/check")
	if [ "$check_found" = "$check_expected" ]; then
		ok "$check_name"
	else
		not_ok "$check_name" "expected '$check_expected' of '$*', found '$check_found' (status $check_status)"
	fi
}

# clock_read: $UPTIME are the seconds since the boot.
clock_read() {
	read -r UPTIME _ </proc/uptime
	UPTIME=${UPTIME%.*}
}

# wait_until SECONDS COMMAND...: until COMMAND succeeds; fails when it did
# not in that time.
wait_until() {
	clock_read
	wait_end=$((UPTIME + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		clock_read
		[ "$UPTIME" -le "$wait_end" ] || return 1
		sleep 0.05
	done
}

# ---- the agent ----

# agent_start OPTION...: an agent that is ready, its process in $AGENT.
agent_start() {
	: >"$AGENT_OUTPUT" # at once: what the one before said is not to be taken for this one's
	pavise agent "$@" >"$AGENT_OUTPUT" 2>&1 &
	AGENT=$!
	wait_until 300 agent_settled
	agent_is_ready
}

agent_is_ready() {
	grep -q 'ready:' "$AGENT_OUTPUT" && kill -0 "$AGENT"
}

agent_settled() {
	agent_is_ready || ! kill -0 "$AGENT"
}

# agent_stop: ends it and returns its status.
agent_stop() {
	kill "$AGENT" 2>/dev/null
	wait "$AGENT"
}

# nowhere FOLDER: the path $NOWHERE to a file system with a file "file" that is mounted in no
# namespace; until the process $NOWHERE_PID ends.
nowhere() {
	mkdir "$1"
	mount -t tmpfs tmpfs "$1"
	echo content >"$1/file"
	"$BIN/probe_file" detached-await "$1" "$1.ready" &
	NOWHERE_PID=$!
	# shellcheck disable=SC2034 # for who calls it
	NOWHERE=/proc/$NOWHERE_PID/fd/9
	wait_until 30 [ -e "$1.ready" ]
}

# ---- policies ----

# policy NAME MODE CGROUP: a policy on standard output; its sections, indented
# by two, come from standard input.
policy() {
	printf '%s\n' "apiVersion: pavise/v1" "kind: Policy" "metadata:" "  name: $1" "spec:" \
		"  mode: $2" "  subjects:" "    - cgroup: $3"
	cat
}

# govern [SUFFIX]: policies with the sections from standard input, in force
# for the cgroups enforce and monitor of this file, in these modes.
govern() {
	GOVERNOR=$NAME${1:+-$1}
	GOVERNOR=$(echo "$GOVERNOR" | tr _ -)
	GROUP=/suite/$GOVERNOR
	POLICY=$WORK/$GOVERNOR.yaml
	cat >"$WORK/sections"
	policy "$GOVERNOR-enforce" enforce "$GROUP/enforce" <"$WORK/sections" >"$POLICY"
	rule_lines >"$POLICY.lines"
	{
		cat "$POLICY"
		echo ---
		policy "$GOVERNOR-monitor" monitor "$GROUP/monitor" <"$WORK/sections"
	} >"$WORK/both.yaml"
	mkdir -p "$CGROUPS$GROUP/enforce" "$CGROUPS$GROUP/monitor" "$CGROUPS$GROUP/free"
	MONITOR_OFFSET=$(($(wc -l <"$POLICY") + 1))
	pavise apply "$WORK/both.yaml" >"$WORK/apply" 2>&1 || {
		not_ok "$GOVERNOR: policy" "expected it to be applied, found: $(head -n 5 "$WORK/apply")"
		return 1
	}
	echo "$GOVERNOR-enforce" >>"$WORK/governors"
	echo "$GOVERNOR-monitor" >>"$WORK/governors"
	PREPARE=:
}

# rule_lines: "RULE LINE" of each rule, like files[0], system.mount or
# capabilities.sys_admin (in a list with a line for each), and of each
# section's default, like files.
rule_lines() {
	awk '
		/^  [a-z]+:/ { section = $1; sub(":.*", "", section); rule = 0 }
		/^    [a-z-]+:/ {
			key = $1
			sub(":.*", "", key)
			print section "." key, NR
			if (key == "default") print section, NR
		}
		/^      - / {
			print section "[" rule++ "]", NR
			print section "." $2, NR
		}
	' "$POLICY"
}

# rule_line RULE: its line.
rule_line() {
	while read -r rule_name rule_at; do
		if [ "$rule_name" = "$1" ]; then echo "$rule_at"; fi
	done <"$POLICY.lines"
}

# ---- operations ----

# run_in CGROUP COMMAND...: COMMAND in a cgroup of its own, named $RUN, below
# CGROUP, its output in $FOUND.  What cannot be executed prints the error.
run_in() {
	RUNS=$((${RUNS:-0} + 1))
	RUN=$1/$RUNS
	shift
	FOUND=$("$BIN/enter" "$CGROUPS$RUN" "$@" 2>&1) || FOUND="${FOUND:+$FOUND }status $?"
}

# placed OBJECT WORD...: sets COMMAND to the words, quoted, with OBJECT in the
# place of each @.
placed() {
	placed_object=$1
	shift
	COMMAND=
	for placed_word; do
		case $placed_word in
		@) placed_word=$placed_object ;;
		@*) placed_word=$placed_object${placed_word#@} ;;
		esac
		case $placed_word in
		*\'*) placed_word=$(printf '%s\n' "$placed_word" | sed "s/'/'\\\\''/g") ;;
		esac
		COMMAND="$COMMAND '$placed_word'"
	done
}

# expect_event NAME RUN TYPE HOOK OP POLICY RULE LINE REASON MATCH OBJECT: the
# one event of RUN.  - where there is none.  Special characters of OBJECT are
# written as jq's @tsv does.
expect_event() {
	printf '%s' "$1" >>"$WORK/expected"
	shift
	printf '\t%s' "$@" >>"$WORK/expected"
	echo >>"$WORK/expected"
}

# expect_none NAME RUN: no event of RUN.
expect_none() {
	printf '%s\t%s\tnone\n' "$1" "$2" >>"$WORK/expected"
}

# deny_test NAME HOOK OP RULE MATCH OBJECT NEIGHBOUR COMMAND...
#
# COMMAND, with OBJECT in the place of the word @, prints 0 or the name of an
# error.  Asserts that it
#   - succeeds in a cgroup that no policy governs,
#   - succeeds under the enforcing policy with NEIGHBOUR in place of OBJECT,
#   - fails with EACCES (or $DENIED) under the enforcing policy,
#   - succeeds under the monitoring policy,
# and (in events_check) that the third left exactly one event "deny", the
# fourth exactly one "would_deny", both with HOOK, OP, RULE and its line,
# reason and MATCH, and the object, and the others none.  RULE is "files[0]"
# or "system.mount", or "files" for the section's default; - where nothing can
# be decided.  $PREPARE, if set, is run before each, $SUCCESS is printed instead
# of 0, $SHOWN is the object in the event if it is not OBJECT, $REASON the
# reason if it does not follow from RULE.
deny_test() {
	deny_name=$NAME/$1
	deny_hook=$2
	deny_op=$3
	deny_rule=$4
	deny_match=$5
	deny_object=$6
	deny_neighbour=$7
	shift 7
	deny_found=
	placed "$deny_object" "$@"
	deny_run free
	expect_none "$deny_name, ungoverned: no event" "$RUN"
	deny_run enforce
	deny_enforced=$RUN
	deny_run monitor
	deny_monitored=$RUN
	placed "$deny_neighbour" "$@"
	deny_run enforce
	expect_none "$deny_name, neighbour: no event" "$RUN"
	deny_expected="${SUCCESS:-0}, ${DENIED:-EACCES}, ${SUCCESS:-0}, ${SUCCESS:-0}, "
	if [ "$deny_found" = "$deny_expected" ]; then
		ok "$deny_name"
	else
		not_ok "$deny_name" "expected free, enforced, monitored, neighbour: ${deny_expected}found: $deny_found"
	fi
	deny_events
}

deny_run() {
	"$PREPARE"
	eval "run_in \"\$GROUP/$1\" $COMMAND"
	deny_found="$deny_found$FOUND, "
}

# deny_events: what is expected of the two runs of deny_test.
deny_events() {
	deny_shown=${SHOWN:-$deny_object}
	deny_line=-
	case $deny_rule in
	-) deny_reason=not_decidable ;;
	*\[* | *.*) deny_reason=explicit_deny ;;
	*) deny_reason=default_deny ;;
	esac
	deny_reason=${REASON:-$deny_reason}
	if [ "$deny_rule" != - ]; then deny_line=$(rule_line "$deny_rule"); fi
	case $deny_rule in
	*\[* | *.*) deny_id=$deny_rule ;;
	*) deny_id=- ;;
	esac
	expect_event "$deny_name, event" "$deny_enforced" deny "$deny_hook" "$deny_op" "$GOVERNOR-enforce" \
		"$deny_id" "$deny_line" "$deny_reason" "$deny_match" "$deny_shown"
	if [ "$deny_line" != - ]; then deny_line=$((deny_line + MONITOR_OFFSET)); fi
	expect_event "$deny_name, monitored event" "$deny_monitored" would_deny "$deny_hook" "$deny_op" \
		"$GOVERNOR-monitor" "$deny_id" "$deny_line" "$deny_reason" "$deny_match" "$deny_shown"
}

# allow_test NAME COMMAND...: COMMAND prints 0 under the enforcing policy, and
# leaves no event.
allow_test() {
	allow_name=$NAME/$1
	shift
	"$PREPARE"
	run_in "$GROUP/enforce" "$@"
	if [ "$FOUND" = "${SUCCESS:-0}" ]; then
		ok "$allow_name"
	else
		not_ok "$allow_name" "expected ${SUCCESS:-0} of '$*', found $FOUND"
	fi
	expect_none "$allow_name: no event" "$RUN"
}

# ---- events ----

# log_mark: events before this are no concern of this file.
log_mark() {
	LOG_START=1
	if [ -e "$LOG" ]; then LOG_START=$(($(wc -l <"$LOG") + 1)); fi
}

# log_new: the lines since then.
log_new() {
	tail -n "+$LOG_START" "$LOG"
}

# barrier: until the log holds every event of what was done before.
barrier() {
	BARRIERS=$((${BARRIERS:-0} + 1))
	barrier_name=/srv/barrier/$NAME-$BARRIERS
	run_in /suite/barrier "$BIN/probe_file" create "$barrier_name"
	wait_until 60 grep -qF "\"$barrier_name\"" "$LOG" || {
		not_ok "$NAME: barrier" "expected an event of $barrier_name within 60 s, found none ($FOUND)"
		return 1
	}
}

barrier_policy() {
	mkdir -p /srv/barrier "$CGROUPS/suite/barrier"
	policy barrier enforce /suite/barrier <<-EOF
		  files:
		    default: allow
		    rules:
		      - deny: /srv/barrier/*
	EOF
}

# log_decisions: the decisions since log_mark, one line each: cgroup, type
# (with "+kill" if it kills), hook, op, policy, rule, line, reason, match,
# object.
log_decisions() {
	log_new | grep -F '"decision":' | jq -r '.decision as $d | $d.object as $o |
		[.cgroup // "-", .type + (if $d.kill then "+kill" else "" end), $d.hook // "-", $d.op // "-", $d.policy.name // "-",
		 $d.rule.id // "-", $d.rule.line // "-", $d.reason // "-", $d.match // "-",
		 if $o.path then $o.path
		 elif $o.abstract then $o.abstract
		 elif $o.capability then $o.capability
		 elif $o.pid then "pid"
		 elif $o.port then "\($o.remote // $o.local):\($o.port)"
		 elif $o.family then "\($o.family)/\($o.type)/\($o.protocol)"
		 else $d.walk // "-" end] | @tsv'
}

# events_told RUN: "TYPE OP POLICY" of each event of a run that may have more than one, sorted.
events_told() {
	barrier || return 1
	log_decisions | awk -F '\t' -v run="$1" '$1 == run { print $2, $4, $5 }' | sort
}

# events_check: what expect_event and expect_none said, one line of result for
# each; for expect_none one line together.
events_check() {
	barrier || return 1
	log_decisions >"$WORK/decisions" 2>&1
	awk -F '\t' -v name="$NAME" '
		FILENAME == ARGV[1] {
			n[$1]++
			found[$1] = found[$1] (n[$1] > 1 ? " and " : "") "\"" substr($0, length($1) + 2) "\""
			next
		}
		{
			expected = substr($0, length($1) + length($2) + 3)
			if ($3 == "none") {
				nothing++
				if (n[$2]) {
					print "not\t" $1 "\texpected none, found " found[$2]
					bad++
				}
			} else if (n[$2] == 1 && found[$2] == "\"" expected "\"") {
				print "ok\t" $1
			} else {
				print "not\t" $1 "\texpected one event \"" expected "\", found " n[$2] + 0 \
					(n[$2] ? ": " found[$2] : "")
			}
		}
		END { if (nothing && !bad) print "ok\t" name ": no event of " nothing " permitted operations" }
	' "$WORK/decisions" "$WORK/expected" >"$WORK/compared"
	while IFS=$TAB read -r events_verdict events_name events_why; do
		if [ "$events_verdict" = ok ]; then ok "$events_name"; else not_ok "$events_name" "$events_why"; fi
	done <"$WORK/compared"
	: >"$WORK/expected"
	log_mark
}

# ---- a test file ----

begin() {
	T=/srv/$NAME
	mkdir -p "$T"
	: >"$WORK/expected"
	: >"$WORK/governors"
	log_mark
	PREPARE=:
	SUCCESS=
	DENIED=
	SHOWN=
	REASON=
}

# end: leaves nothing behind that the next file could stumble over.
end() {
	if [ -s "$WORK/governors" ] && agent_answers; then
		# shellcheck disable=SC2046
		pavise remove $(cat "$WORK/governors") >"$WORK/remove" 2>&1 ||
			not_ok "$NAME: policies removed" "expected success, found: $(cat "$WORK/remove")"
	fi
	find "$CGROUPS/suite" -mindepth 1 -depth -type d ! -path "$CGROUPS/suite/barrier" \
		-exec rmdir {} + 2>/dev/null
	rm -rf "${T:?}"
}

agent_answers() {
	pavise status --json | jq -e .agent >/dev/null 2>&1
}
