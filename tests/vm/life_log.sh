# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: the log is one numbered sequence of valid lines, over rotations
# and restarts, and tail shows what comes as it comes.
#
# How: a follower of each kind runs all the time; denials are made one by one,
# before and after the log is moved away and the agent told, and before and
# after the agent is stopped, killed and started.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

echo >"$T/denied"
deny_policy log enforce "$T/denied" >"$T/log.yaml"
rm -f "$LOG" "$LOG.1"
start_with "$T/log.yaml" || return 0
actor_start
pavise tail --follow --lines 0 >"$T/compact" 2>&1 &
compact=$!
pavise tail --follow --lines 0 -o json --deny --policy log >"$T/json" 2>&1 &
json=$!

lines() {
	[ "$(wc -l <"$T/json")" = "$1" ]
}

denied_compact() {
	[ "$(grep -c ' DENY ' "$T/compact")" = "$1" ]
}

# followed: a denial; both followers show it.  The first ones may be too early.
denials=0
follow() {
	denials=$((denials + 1))
	actor_asks "$T/denied" >"$WORK/answer"
	eventually "$NAME: $1: tail -f shows the denial" denied_compact "$denials"
	eventually "$NAME: $1: tail -f --json shows it" lines "$denials"
}

# The followers begin at the end of the file, wherever that is when they come to it.
follower_is_there() {
	for follower in "$compact" "$json"; do
		find "/proc/$follower/fd" -lname "$LOG" | grep -q . || return 1
	done
}
eventually "$NAME: followers have the log open" follower_is_there

follow "at first"
matches "$NAME: the compact line has time, process, hook, object, ancestors, policy and rule" \
	"^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} DENY  life_actor\[$ACTOR_PID\] file_open:read $T/denied  <- enter <- .*  log/files\[0\]\$" \
	"$(grep ' DENY ' "$T/compact")"
check "$NAME: --json prints valid JSON" jq -e '.type == "deny" and .decision.policy.name == "log"' "$T/json"
matches "$NAME: tail -n shows the last ones" " DENY  life_actor\[$ACTOR_PID\]" "$(pavise tail --deny --lines 1)"
is "$NAME: tail --policy leaves out what others decided" "" "$(pavise tail --policy nobody)"

# ---- rotation ----

mv "$LOG" "$LOG.1"
follow "after the log was moved"
check "$NAME: that is in the old file" grep -qF "\"$T/denied\"" "$LOG.1"
kill -HUP "$AGENT"
eventually "$NAME: SIGHUP makes a new file" [ -e "$LOG" ]
follow "after SIGHUP"
is "$NAME: two denials are in the old file, one in the new" "2 1" \
	"$(grep -c '"type":"deny".*"name":"log"' "$LOG.1") $(grep -c '"type":"deny".*"name":"log"' "$LOG")"
is "$NAME: the log is for its owner and group" "640 root" "$(stat -c '%a %U' "$LOG")"

# ---- restarts ----

agent_stop
is "$NAME: the last line is the stop" stop "$(tail -n 1 "$LOG" | jq -r .agent.op)"
start_agent || return 0
follow "after a restart"
actor_asks "$T/denied" >"$WORK/answer"
denials=$((denials + 1))
eventually "$NAME: one more" denied_compact "$denials"
kill_agent
start_agent || return 0
follow "after a kill"
agent_stop

is "$NAME: the lines of all agents are one sequence without a hole" "" \
	"$(cat "$LOG.1" "$LOG" | sed -n 's/.*"seq":\([0-9]*\),.*/\1/p' | awk 'NR > 1 && $1 != last + 1 { print last, $1 } { last = $1 }')"
check "$NAME: and every line is valid JSON with what every event has" \
	jq -e '.v == 1 and .seq > 0 and (.time | test("^[0-9T:.-]+Z$")) and .mono_ns != null and (.boot | test("^[0-9a-f]{8}$")) and .host == "pavise"' \
	"$LOG.1" "$LOG"
is "$NAME: as many lines as numbers" "$(cat "$LOG.1" "$LOG" | wc -l)" "$(cat "$LOG.1" "$LOG" | grep -c '^{"v":1,"type":"[a-z_]*","seq":[0-9]*,')"
kill "$compact" "$json"
check "$NAME: SIGTERM ends tail -f with success" wait "$compact" "$json"
actor_stop
