# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: modes, of one policy and of all, change for processes that are
# there, show in the events, and outlive the agent.
#
# How: two policies govern one process, which opens x (denied by one) and y
# (denied by the other) after each change.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

for file in x y; do echo >"$T/$file"; done
deny_policy one enforce "$T/x" >"$T/one.yaml"
deny_policy two enforce "$T/y" >"$T/two.yaml"
start_with "$T/one.yaml" "$T/two.yaml" || return 0
actor_start

# state NAME X Y EVENTS: what the actor gets, and the events of it.
state() {
	log_mark
	is "$NAME: $1" "$2 $3" "$(actor_asks "$T/x") $(actor_asks "$T/y")"
	wait_until 20 logged 2 "$GROUP"
	is "$NAME: $1: events" "$4" "$(values '"\(.type)/\(.decision.policy.name)/\(.decision.policy.mode)"')"
}

# shown: the lines of status that tell modes, without their spaces.
shown() {
	pavise status | awk '$1 == "mode" { $1 = $1; print } $1 == "one" || $1 == "two" { print $1, $2 }' | paste -s -d ';'
}

state "both enforce" EACCES EACCES "deny/one/enforce deny/two/enforce"
is "$NAME: status says that to people" "mode each policy as written;one enforce;two enforce" "$(shown)"
check_output "$NAME: one policy is set to monitor" "one: monitor" pavise mode monitor one
state "one monitors" 0 EACCES "deny/two/enforce would_deny/one/monitor"
is "$NAME: status says so" "one:monitor two:enforce" "$(policies)"
is "$NAME: status says to people that this was set by hand" \
	"mode each policy as written, those marked * as set by hand;one monitor*;two enforce" "$(shown)"

kill_agent
is "$NAME: without an agent it is the same" "0 EACCES" "$(actor_asks "$T/x") $(actor_asks "$T/y")"
start_agent || return 0
is "$NAME: the next agent knows it" "one:monitor two:enforce" "$(policies)"
state "after a restart" 0 EACCES "deny/two/enforce would_deny/one/monitor"

check "$NAME: all policies are set to monitor" pavise mode monitor
state "all monitor" 0 0 "would_deny/one/monitor would_deny/two/monitor"
matches "$NAME: status says that nothing is denied" '^mode +monitor: nothing is denied' "$(pavise status)"
check "$NAME: the self-test passes under monitor" pavise self-test
kill_agent
start_agent || return 0
is "$NAME: the next agent knows it of all" true "$(pavise status --json | jq .agent.monitor_all)"
state "all monitor, after a restart" 0 0 "would_deny/one/monitor would_deny/two/monitor"

check_output "$NAME: that is lifted" "every policy has its own mode" pavise mode enforce
state "one still monitors by itself" 0 EACCES "deny/two/enforce would_deny/one/monitor"
check "$NAME: one is set to enforce" pavise mode enforce one
is "$NAME: which is as it was written" "mode each policy as written;one enforce;two enforce" "$(shown)"
state "both enforce again" EACCES EACCES "deny/one/enforce deny/two/enforce"
check_status "$NAME: the mode of an unknown policy" 1 pavise mode monitor nobody
check_status "$NAME: an unknown mode" 2 pavise mode strict
is "$NAME: each change is an event" "one: monitor,monitor,enforce,one: enforce" \
	"$(grep -F '"op":"mode_change"' "$LOG" | tail -n 4 | jq -r .agent.mode | paste -s -d ,)"
actor_stop
agent_stop
