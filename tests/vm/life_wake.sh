# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: at rest nothing wakes the agent; a denial after a rest, however
# long, is in the log soon; under load the agent is woken much less often than
# events come, yet before the ring is full, and all of them are there.
#
# How: the governed process watches the agent and the log by itself, since a
# process that the shell starts is a record that wakes the agent.  Whom the
# kernel wakes is seen by a second reader of the ring, that reads nothing; it may
# open the ring and stop the agent, because its policy says `agent: allow`.

# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

QUIET=5    # seconds
SINGLE=60  # denials, each after a rest
PACED=1000 # denials, about one in a millisecond
FEW=1000   # of about 240 bytes each: less than what counts as much
MANY=8000  # more than that, and less than a ring of 4 MiB

echo >"$T/denied"
{ deny_policy wake enforce "$T/denied" && printf '  system:\n    agent: allow\n'; } >"$T/wake.yaml"
start_with "$T/wake.yaml" || return 0
mkdir -p "$CGROUPS/suite"

wake() {
	"$BIN/enter" "$CGROUPS$GROUP" "$BIN/life_wake" "$@" 2>&1
}

is "$NAME: in $QUIET seconds at rest the agent is not woken" "sleeps=0" "$(wake quiet "$AGENT" $QUIET)"

log_mark
is "$NAME: each of $SINGLE denials after a rest is in the log soon" "denied=$SINGLE slow=0" \
	"$(wake single "$T/denied" "$LOG" $SINGLE)"
eventually "$NAME: and there once" logged $SINGLE

log_mark
found=$(wake paced "$T/denied" "$AGENT" $PACED)
matches "$NAME: $PACED denials are denied" "^denied=$PACED " "$found"
check "$NAME: the agent is woken for less than every third: $found" [ "${found##*=}" -lt $((PACED / 3)) ]
eventually "$NAME: all of them are in the log" logged $PACED

# ---- what the kernel does while nobody reads ----

log_mark
lost_before=$(lost decision)
found=$(wake wakes "$T/denied" "$PINS/map_decisions" "$AGENT" $FEW $MANY)
matches "$NAME: of $FEW records the first one wakes a reader that sleeps, and no other" '^first=1 ' "$found"
check "$NAME: when much is unread more of them wake: $found" [ "${found##*=}" -gt 1 ]
is "$NAME: none was lost" "$lost_before" "$(lost decision)"
kill -CONT "$AGENT"
eventually "$NAME: all of them are in the log once somebody reads" logged $((FEW + MANY))

# ---- an agent that is killed while it sleeps, and one that is while it is awake ----

for rest in 1 0; do
	sleep $rest
	kill_agent
	log_mark
	wake paced "$T/denied" "$$" 1 >"$WORK/paced"
	start_agent || return 0
	eventually "$NAME: killed after $rest s: what nobody read is in the log" logged 1
	is "$NAME: killed after $rest s: the next agent is woken as well" "denied=1 slow=0" \
		"$(wake single "$T/denied" "$LOG" 1)"
done
agent_stop
