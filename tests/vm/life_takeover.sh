# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: an agent that is killed leaves no gap in enforcement and none in
# the record, and the next one takes over what is there.
#
# How: a governed process opens a denied and a permitted file all the time,
# while the agent is killed and another one started, three times.  Counted by
# the process itself: every attempt; by the kernel: every decision; in the
# log: every line.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

program_ids() {
	bpftool -j prog list | jq -c 'map(.id)'
}

echo >"$T/denied"
echo >"$T/permitted"
deny_policy takeover enforce "$T/nothing" "$T/denied" >"$T/takeover.yaml"
start_with "$T/takeover.yaml" || return 0
log_mark
attempted_before=$(attempted decision)
lost_before=$(lost decision)
background "$GROUP" "$T/found" loop "$T/denied" "$T/permitted" "$T/progress" "$T/stop"
check "$NAME: the governed process works" more_rounds "$T/progress" 20

refused "$NAME: a second agent is refused" 18 'agent.lock is locked, so another agent is running; .pavise status.' pavise agent
check "$NAME: the first one still answers" agent_answers

pins=$(ls "$PINS")
programs=$(program_ids)
in_force=$(generation)
attached=$(pavise status --json | jq .enforcement.programs)

for round in 1 2 3; do
	kill_agent
	is "$NAME: kill $round: the pins are all there" "$pins" "$(ls "$PINS")"
	check "$NAME: kill $round: the process goes on without an agent" more_rounds "$T/progress" 20
	check "$NAME: kill $round: status succeeds" pavise status
	is "$NAME: kill $round: status tells the truth from the pins" \
		"true $attached $in_force null false $GROUP 1" \
		"$(pavise status --json | jq -r --arg group "$GROUP" \
			'"\(.enforcement.in_place) \(.enforcement.programs) \(.enforcement.generation) \(.agent) \(.agent_locked) " +
			(.enforcement.governed.list[] | select(.cgroup == $group) | "\(.cgroup) \(.processes)")')"
	matches "$NAME: kill $round: status says it to people" '^agent +not running$' "$(pavise status)"
	start_agent || return 0
	is "$NAME: takeover $round: no program was loaded" "$programs" "$(program_ids)"
	matches "$NAME: takeover $round: the agent says so" 'ready: [0-9]+ programs adopted, policies: 1, ' "$(cat "$AGENT_OUTPUT")"
	is "$NAME: takeover $round: the generation in force is the same" "$in_force" "$(generation)"
	check "$NAME: takeover $round: the process goes on" more_rounds "$T/progress" 20
done

touch "$T/stop"
wait "$JOB"
total=$(rounds "$T/progress")
is "$NAME: every attempt was denied, every permitted one succeeded" \
	"rounds=$total denied=$total permitted=$total" "$(cat "$T/found")"
wait_until 20 logged "$total" "$GROUP"
is "$NAME: every denial is in the log exactly once" "$total" "$(decisions "$GROUP")"
is "$NAME: kernel: attempted = written + lost" "$(($(attempted decision) - attempted_before))" \
	"$(($(decisions) + $(losses decision)))"
is "$NAME: status counts what the kernel counts" "$(attempted decision)" \
	"$(pavise status --json | jq .enforcement.counters.decisions.attempted)"
is "$NAME: nothing was lost" "$lost_before" "$(lost decision)"
is "$NAME: one process, the same in every event" 1 \
	"$(values '[.proc.start_ns, .proc.pid, .proc.exe, .parent.start_ns, .ancestors[0].start_ns] | join("_")' | wc -w)"
is "$NAME: what decided is named alike by all agents" \
	"deny_takeover_${in_force}_enforce_files[1]_$(grep -n "$T/denied" "$T/takeover.yaml" | cut -d : -f 1)_explicit_deny_$T/denied" \
	"$(values '.decision as $d | [.type, $d.policy.name, $d.policy.generation, $d.policy.mode, $d.rule.id,
		$d.rule.line, $d.reason, $d.object.path] | join("_")')"
is "$NAME: each start says that it adopted the pins" 3 \
	"$(log_new | grep -c '"op":"start".*"pins":"adopted"')"
agent_stop
