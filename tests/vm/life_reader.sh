# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: processes whose arguments cannot be read do not hold the agent
# up: it starts, answers and logs, and says of them what it knows; what can be
# read is read, and nothing of the agent is left when it has ended.
#
# How: processes whose memory is locked, by a FUSE server that never answers,
# are there before the programs, so that nothing is known of their exec, with
# others before and between them.  They are more than the agent waits for.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

MORE=5 # with the first one more than the agent waits for in a minute

modprobe -q fuse
echo >"$T/denied"
deny_policy reader enforce "$T/denied" >"$T/reader.yaml"
if [ -d "$PINS" ]; then check "$NAME: nothing is loaded" pavise unload; fi
mkdir -p "$CGROUPS/suite"

# there PLACE: one such process in the cgroup, its pid in $THERE; all pids are in $ALL, in the order in which
# they are to be killed.
there() {
	there_output=$(mktemp -p "$T")
	"$BIN/enter" "$CGROUPS$GROUP" "$BIN/life_stuck" "$1" "$T/denied" >"$there_output" 2>&1 &
	wait_until 30 grep -qE '^[0-9]+ [0-9]+$' "$there_output" || {
		not_ok "$NAME: a process is there" "expected its pid, found: $(cat "$there_output")"
		return 1
	}
	read -r THERE there_server <"$there_output"
	ALL="$ALL $there_server $THERE"
}

# known PID: executable and arguments of the process by its last decision.
known() {
	log_new | jq -r --argjson pid "$1" 'select(.decision and .proc.pid == $pid) |
		"\(.proc.exe | sub(".*/"; "")) \(.proc.argv) \(.proc.argv_cut)"' | tail -n 1
}

no_reader() {
	! pgrep -x pavise-reader
}

ALL=
actor_start
there "$T/place" || return 0
first=$THERE
there - || return 0
other=$THERE
for number in $(seq $MORE); do there "$T/place$number" || return 0; done
last=$THERE

log_mark
began=$(date +%s)
if agent_start --policies "$T/reader.yaml"; then
	ok "$NAME: the agent starts beside processes that cannot be read ($(($(date +%s) - began)) s)"
	check_output "$NAME: it answers" '"reader"' sh -c 'timeout 20 pavise status --json | jq -c ".agent.policies[].name"'
	is "$NAME: it enforces" EACCES "$(actor_asks "$T/denied")"
	kill -USR1 "$first" "$other" "$last"
	eventually "$NAME: and logs" logged 4 "$GROUP"
	is "$NAME: of a process that was there before" 'life_actor ["'"$ACTOR"'","ask"] null' "$(known "$ACTOR_PID")"
	is "$NAME: of one that cannot be read: the executable" 'life_stuck null null' "$(known "$first")"
	is "$NAME: of one after it" 'life_stuck ["'"$BIN/life_stuck"'","-","'"$T/denied"'"] null' "$(known "$other")"
	is "$NAME: of one more than may be waited for" 'life_stuck null null' "$(known "$last")"
else
	not_ok "$NAME: the agent starts beside processes that cannot be read" \
		"expected it to be ready, found: $(cat "$AGENT_OUTPUT")"
fi
# shellcheck disable=SC2086
kill -KILL $ALL 2>/dev/null
actor_stop
check_status "$NAME: it ends" 0 agent_stop
eventually "$NAME: and nothing of it is left" no_reader
