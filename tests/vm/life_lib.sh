# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the life-cycle tests share.  They start and kill their own agents; the
# programs stay loaded from one file to the next (loading is what takes long),
# and each file replaces the policies it finds by its own.
#
# The governed process of most of them is an actor that opens what it is told
# to: it lives through kills, restarts and policy changes, so that what is
# tested is enforcement on a process that is there, and not on a new one.

# Variables are for the files that source this; start_agent's options are theirs.
# shellcheck disable=SC2034,SC2119,SC2120

ACTOR=$BIN/life_actor
PINS=/sys/fs/bpf/pavise
GROUP=/suite/$NAME

# start_agent OPTION...: as agent_start, with time for a slow machine.
start_agent() {
	agent_start "$@" || wait_until 300 agent_settled
	agent_is_ready && return
	not_ok "$NAME: the agent starts" "expected it to be ready, found: $(tail -n 5 "$AGENT_OUTPUT")"
	return 1
}

# start_with FILE...: an agent with these policies and no others.
start_with() {
	start_agent || return
	pavise apply --prune "$@" >"$WORK/apply" 2>&1 && return
	not_ok "$NAME: policies" "expected them to be applied, found: $(cat "$WORK/apply")"
	return 1
}

kill_agent() {
	kill -KILL "$AGENT"
	wait "$AGENT" 2>/dev/null
}

# deny_policy NAME MODE PATH...: for the cgroup of this file, denies PATHs.
deny_policy() {
	deny_policy_name=$1
	deny_policy_mode=$2
	shift 2
	{
		printf '  files:\n    default: allow\n    rules:\n'
		printf '      - deny: %s\n' "$@"
	} | policy "$deny_policy_name" "$deny_policy_mode" "$GROUP"
}

# refused NAME CODE PATTERN COMMAND...: COMMAND must end with CODE and say why
# in one line that PATTERN (an extended regular expression) matches.
refused() {
	refused_name=$1
	refused_code=$2
	refused_pattern=$3
	shift 3
	refused_status=0
	timeout 120 "$@" >"$WORK/refused" 2>&1 || refused_status=$?
	sed -i '/^pavise: waiting for the agent$/d' "$WORK/refused" # a busy machine's progress
	if [ "$refused_status" = "$refused_code" ] && [ "$(wc -l <"$WORK/refused")" = 1 ] &&
		grep -qE "$refused_pattern" "$WORK/refused"; then
		ok "$refused_name"
	else
		not_ok "$refused_name" "expected status $refused_code and one line with '$refused_pattern', found $refused_status: $(head -n 5 "$WORK/refused")"
	fi
}

# is NAME EXPECTED FOUND
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected '$2', found '$3'"; fi
}

# matches NAME PATTERN TEXT
matches() {
	if printf '%s\n' "$3" | grep -qE -- "$2"; then ok "$1"; else not_ok "$1" "expected '$2', found '$3'"; fi
}

# eventually NAME COMMAND...: COMMAND must succeed before long.
eventually() {
	eventually_name=$1
	shift
	if wait_until 60 "$@"; then
		ok "$eventually_name"
	else
		not_ok "$eventually_name" "expected success of '$*' within 60 s, found none"
	fi
}

# ---- the actor that answers ----

# actor_start: in the cgroup of this file; its pid in $ACTOR_PID.
actor_start() {
	mkdir -p "$CGROUPS/suite"
	mkfifo "$T/ask" "$T/answer"
	"$BIN/enter" "$CGROUPS$GROUP" "$ACTOR" ask <"$T/ask" >"$T/answer" &
	ACTOR_JOB=$!
	exec 3>"$T/ask" 4<"$T/answer"
	actor_asks "$T" >/dev/null
	ACTOR_PID=$(cat "$CGROUPS$GROUP/cgroup.procs")
}

# actor_asks PATH: prints what opening it gave the actor.
actor_asks() {
	echo "$1" >&3
	read -r actor_answer <&4
	echo "$actor_answer"
}

# An agent that was started meanwhile holds the pipes too, so closing them is not enough.
actor_stop() {
	echo >&3
	exec 3>&- 4<&-
	wait "$ACTOR_JOB"
}

# ---- an actor that goes on by itself ----

# background CGROUP OUTPUT WORD...: the actor in a cgroup, its job in $JOB.
background() {
	background_group=$1
	background_output=$2
	shift 2
	mkdir -p "$CGROUPS/suite"
	"$BIN/enter" "$CGROUPS$background_group" "$ACTOR" "$@" >"$background_output" 2>&1 &
	JOB=$!
}

# rounds FILE: a background actor's progress.
rounds() {
	rounds_text=$(cat "$1" 2>/dev/null)
	rounds_text=${rounds_text#"${rounds_text%%[!0]*}"}
	echo "${rounds_text:-0}"
}

rounds_reach() {
	[ "$(rounds "$1")" -ge "$2" ]
}

# more_rounds FILE N: waits for N rounds more.
more_rounds() {
	wait_until 60 rounds_reach "$1" $(($(rounds "$1") + $2))
}

# ---- the log and the counters ----

# decisions [CGROUP]: how many decisions the log holds since log_mark. Only whole
# lines: a killed agent may leave the beginning of one, whose record is written again.
decisions() {
	log_new | grep '"decision":.*}}}$' | grep -cF "\"cgroup\":\"${1:-}"
}

# losses LANE: the sum of the losses since log_mark.
losses() {
	log_new | grep -F "\"lane\":\"$1\"" | jq -s 'map(.loss.count) | add // 0'
}

# counter LANE WORD: the kernel's own, without asking an agent.
counter() {
	case $1 in decision) counter_lane=0 ;; *) counter_lane=1 ;; esac
	bpftool -j map lookup pinned "$PINS/map_state" key 0 0 0 0 |
		jq "[.formatted.value | .. | .lanes? // empty][0][$counter_lane].$2"
}

# attempted LANE, lost LANE: decision or lineage.
attempted() {
	counter "$1" attempted
}

lost() {
	counter "$1" lost
}

generation() {
	pavise status --json | jq .enforcement.generation
}

# policies: the names in force, with their modes, in one line.
policies() {
	pavise status --json | jq -r '[.agent.policies[] | "\(.name):\(.mode)"] | sort | join(" ")'
}

# logged N [CGROUP]: are there N decisions?
logged() {
	[ "$(decisions "${2:-}")" = "$1" ]
}

# values FILTER: what a jq filter gives of the decisions of this file's cgroup
# since log_mark, each value once, in one line.
values() {
	log_new | grep -F '"decision":' | grep -F "\"cgroup\":\"$GROUP\"" | jq -r "$1" | sort -u | tr '\n' ' ' |
		sed 's/ $//'
}
