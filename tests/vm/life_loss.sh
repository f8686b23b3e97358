# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: what cannot be recorded is denied all the same, and counted:
# attempted = written + lost, told once and before what comes later, also when
# the agent is killed meanwhile.  A flood of lineage pushes no decision out.
#
# How: the agent is stopped by SIGSTOP, so that nobody empties the rings, and
# a governed process makes more records than they hold.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

FLOOD=25000 # of about 200 bytes each, for a ring of 4 MiB
EXECS=8000  # of about 1.3 KiB each, for a ring of 8 MiB

echo >"$T/denied"
deny_policy loss enforce "$T/denied" >"$T/loss.yaml"
start_with "$T/loss.yaml" || return 0
actor_start
log_mark
attempted_before=$(attempted decision)
lost_before=$(lost decision)

# settled: does the log account for every decision?
settled() {
	[ "$(($(attempted decision) - attempted_before))" = "$(($(decisions) + $(losses decision)))" ]
}

# ---- decisions ----

kill -STOP "$AGENT"
background "$GROUP" "$T/found" flood "$T/denied" "$FLOOD"
wait "$JOB"
is "$NAME: with a full ring everything is denied" "attempts=$FLOOD denied=$FLOOD" "$(cat "$T/found")"
lost=$(($(lost decision) - lost_before))
check "$NAME: records were lost" [ "$lost" -gt 0 ]
check "$NAME: and records were kept" [ "$lost" -lt "$FLOOD" ]
check_status "$NAME: status does not wait for an agent that does not answer" 0 timeout 60 pavise status
matches "$NAME: and says so" '^agent +running, and does not answer' "$(cat "$WORK/check")"
kill -CONT "$AGENT"
eventually "$NAME: attempted = written + lost" settled
is "$NAME: a later denial, with room in the ring" EACCES "$(actor_asks "$T/denied")"
eventually "$NAME: it is accounted for as well" settled
is "$NAME: every attempt was counted" "$((FLOOD + 1))" "$(($(attempted decision) - attempted_before))"
is "$NAME: the log tells what was lost" "$lost" "$(losses decision)"
is "$NAME: the loss stands before the later denial" "loss deny" \
	"$(log_new | grep -e '"lane":"decision"' -e "\"pid\":$ACTOR_PID,.*\"decision\":" | jq -r .type | paste -s -d ' ')"
matches "$NAME: tail shows it" " LOSS  $lost records of lane decision: ring_full \($((lost_before + lost)) in all\)" \
	"$(pavise tail --lines 100000 | grep LOSS)"

kill_agent
start_agent || return 0
is "$NAME: the next agent records again" EACCES "$(actor_asks "$T/denied")"
eventually "$NAME: its denial is there" logged "$((FLOOD - lost + 2))"
is "$NAME: it does not tell the same loss again" "$lost" "$(losses decision)"

# ---- the agent is killed with its hands full ----

log_mark
attempted_before=$(attempted decision)
lost_before=$(lost decision)
background "$GROUP" "$T/found" flood "$T/denied" "$FLOOD"
at_work() {
	[ "$(decisions)" -ge 100 ]
}
check "$NAME: the agent writes down a flood" wait_until 60 at_work
kill_agent
wait "$JOB"
is "$NAME: killed in a flood: everything is denied" "attempts=$FLOOD denied=$FLOOD" "$(cat "$T/found")"
start_agent || return 0
# By the kernel's own count of what the ring did not take: whether the log tells it is asked above.
accounted() {
	[ "$(($(attempted decision) - attempted_before))" = "$(($(decisions) + $(lost decision) - lost_before))" ]
}
wait_until 20 accounted
is "$NAME: killed in a flood: attempted = written + lost" "$(($(attempted decision) - attempted_before))" \
	"$(($(decisions) + $(lost decision) - lost_before))"

# ---- lineage ----

log_mark
attempted_before=$(attempted decision)
lost_before=$(lost decision)
lineage_before=$(lost lineage)
kill -STOP "$AGENT"
background "$GROUP" "$T/found" execs "$EXECS" "$T/denied"
check "$NAME: during a flood of execs everything is denied" wait "$JOB"
check "$NAME: lineage was lost" [ "$(lost lineage)" -gt "$lineage_before" ]
is "$NAME: no decision was" "$lost_before" "$(lost decision)"
kill -CONT "$AGENT"
eventually "$NAME: every decision is in the log" logged "$EXECS" "$GROUP"
is "$NAME: and was attempted once" "$EXECS" "$(($(attempted decision) - attempted_before))"
lineage_told() {
	[ "$(losses lineage)" = "$(($(lost lineage) - lineage_before))" ]
}
eventually "$NAME: the log tells what lineage was lost" lineage_told
is "$NAME: all decisions are of one process" 1 "$(values .proc.start_ns | wc -w)"
actor_stop
agent_stop
