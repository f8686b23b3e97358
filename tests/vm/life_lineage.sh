# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: a process is one identity from fork to exit, whoever of its
# threads executes, and its exit says how it ended.
#
# How: governed processes that end in known ways, and their records.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

CHILDREN=200

echo >"$T/denied"
deny_policy lineage enforce "$T/denied" >"$T/lineage.yaml"
start_with "$T/lineage.yaml" || return 0
mkdir -p "$CGROUPS/suite"

exits() {
	log_new | grep -F '"type":"exit"' | grep -F "\"cgroup\":\"$GROUP\""
}

exits_are() {
	[ "$(exits | wc -l)" = "$1" ]
}

# ended NAME FILTER COMMAND...: of the exit record of COMMAND, FILTER holds.
ended() {
	ended_name=$1
	ended_filter=$2
	shift 2
	log_mark
	"$BIN/enter" "$CGROUPS$GROUP" "$@" >"$WORK/ended" 2>&1
	wait_until 20 exits_are 1
	exits >"$WORK/exits"
	check "$NAME: exit record: $ended_name: $(jq -c .exit "$WORK/exits")" jq -e ".exit | $ended_filter" "$WORK/exits"
}

ended "code 0" '.code == 0 and .signal == null and .denials == 0' "$ACTOR" leaf
ended "code 7" '.code == 7 and .signal == null' sh -c 'exit 7'
ended "SIGKILL" '.signal == 9 and .code == null' sh -c 'kill -KILL $$'
ended "SIGTERM" '.signal == 15 and .core == false' sh -c 'kill -TERM $$'
ended "duration" '.duration_ns > 0 and .duration_ns < 3600000000000' "$ACTOR" leaf
ended "denials" '.denials == 2 and .code == 13' "$ACTOR" open "$T/denied" "$T/denied"

# ---- many ----

log_mark
"$BIN/enter" "$CGROUPS$GROUP" "$ACTOR" forks "$CHILDREN" >"$T/pids"
is "$NAME: $CHILDREN children were made" "$((CHILDREN + 1))" "$(wc -l <"$T/pids")"
parent=$(head -n 1 "$T/pids")
eventually "$NAME: as many exits came, and the parent's" exits_are $((CHILDREN + 1))
log_new | grep -F "\"cgroup\":\"$GROUP\"" |
	jq -r '[.type, .proc.pid, "\(.proc.start_ns)-\(.proc.pid)", "\(.parent.start_ns)-\(.parent.pid)", .parent.pid, (.proc.argv // [] | join(" "))] | @tsv' >"$T/events"
parent_identity=$(awk -F '\t' -v pid="$parent" '$1 == "exec" && $2 == pid { print $3 }' "$T/events")
matches "$NAME: the parent is known" "^[0-9]+-$parent\$" "$parent_identity"
tail -n "+2" "$T/pids" | sort >"$T/expected"
is "$NAME: one exec for each child" "" \
	"$(awk -F '\t' -v pid="$parent" '$1 == "exec" && $2 != pid { print $2 }' "$T/events" | sort | diff - "$T/expected")"
is "$NAME: one exit for each child" "" \
	"$(awk -F '\t' -v pid="$parent" '$1 == "exit" && $2 != pid { print $2 }' "$T/events" | sort | diff - "$T/expected")"
is "$NAME: all have one parent, by identity and by pid" "$parent_identity $parent" \
	"$(awk -F '\t' -v pid="$parent" '$2 != pid { print $4, $5 }' "$T/events" | sort -u)"
is "$NAME: identities are unique" "$CHILDREN" \
	"$(awk -F '\t' -v pid="$parent" '$1 == "exec" && $2 != pid { print $3 }' "$T/events" | sort -u | wc -l)"
is "$NAME: and the same at exec and exit" "$((CHILDREN + 1))" "$(cut -f 2,3 "$T/events" | sort -u | wc -l)"
is "$NAME: arguments are the child's own" "life_actor leaf" \
	"$(awk -F '\t' -v pid="$parent" '$2 != pid { print $6 }' "$T/events" | sort -u)"

# ---- exec by another thread ----

log_mark
"$BIN/enter" "$CGROUPS$GROUP" "$ACTOR" threadexec "$ACTOR" >"$T/pid"
pid=$(sed 's/pid=//' "$T/pid")
eventually "$NAME: a process whose second thread execs exits" exits_are 1
log_new | grep -F "\"cgroup\":\"$GROUP\"" >"$T/events"
is "$NAME: it keeps its pid" "exec:$pid exec:$pid exit:$pid" \
	"$(jq -r '"\(.type):\(.proc.pid)"' "$T/events" | paste -s -d ' ')"
is "$NAME: and the second exec tells which thread" 'true false' \
	"$(jq -r 'select(.type == "exec") | .proc | has("tid") | not' "$T/events" | paste -s -d ' ')"
is "$NAME: and its identity" 1 "$(jq -r .proc.start_ns "$T/events" | sort -u | wc -l)"
is "$NAME: its parent too" 1 "$(jq -r .parent.start_ns "$T/events" | sort -u | wc -l)"
is "$NAME: only its second exec is told as a thread's" '["thread_exec"]' \
	"$(jq -c 'select(.type == "exec") | .proc.flags // empty' "$T/events" | paste -s -d ' ')"
check "$NAME: its execs are counted" jq -e 'select(.type == "exit") | .exit.execs == 2 and .exit.code == 0' "$T/events"
agent_stop
