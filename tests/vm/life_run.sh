# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: `pavise run` ends as its command does, governs it from its first
# instruction and as long as anything of it lives, and leaves nothing behind.
#
# How: commands that end in every way; a command whose own execution is
# denied; a run process that is killed while its command goes on; two runs at
# the same time whose policies have one name and deny different files.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

for file in x y; do echo >"$T/$file"; done
echo "#!/bin/sh" >"$T/not-executable"
deny_policy unrelated enforce "$T/x" >"$T/unrelated.yaml"
start_with "$T/unrelated.yaml" || return 0

no_runs() {
	! ls -d "$CGROUPS"/pavise/run-* >/dev/null 2>&1
}

no_run_policies() {
	pavise status --json | jq -e '.agent.runs == 0 and all(.agent.policies[]; .run == null)' >/dev/null
}

# ---- exit status ----

check_status "$NAME: status 0" 0 pavise run -- "$ACTOR" leaf
check_status "$NAME: status 7" 7 pavise run -- sh -c 'exit 7'
check_status "$NAME: not executable" 126 pavise run -- "$T/not-executable"
check_status "$NAME: not found" 127 pavise run -- "$T/nowhere"
check_status "$NAME: SIGTERM" 143 pavise run -- sh -c 'kill -TERM $$'
check_status "$NAME: SIGKILL" 137 pavise run -- sh -c 'kill -KILL $$'
check_status "$NAME: a policy that is not there" 125 pavise run --policy "$T/nowhere.yaml" -- "$ACTOR" leaf
sed 's/kind/kid/' "$T/unrelated.yaml" >"$T/bad.yaml"
check_status "$NAME: a policy that is not valid" 125 pavise run --policy "$T/bad.yaml" -- "$ACTOR" leaf
check_status "$NAME: no command" 2 pavise run
check_output "$NAME: arguments and streams are the command's" "a b|c" \
	sh -c 'echo c | pavise run -- sh -c "printf \"%s|\" \"\$1\"; cat" - "a b"'
eventually "$NAME: no cgroup is left" no_runs

# ---- from the first instruction ----

printf '  exec:\n    default: deny\n' | policy first enforce /unused >"$T/first.yaml"
log_mark
check_status "$NAME: the execution itself is denied" 126 pavise run --policy "$T/first.yaml" -- "$ACTOR" leaf
wait_until 20 logged 1
is "$NAME: that left one event" "deny bprm_check first default_deny $ACTOR" \
	"$(log_new | grep -F '"decision":' |
		jq -r '"\(.type) \(.decision.hook) \(.decision.policy.name) \(.decision.reason) \(.decision.object.path)"')"
is "$NAME: and the command was never executed" 0 "$(log_new | grep -F '"type":"exec"' | grep -cF '"leaf"')"

deny_policy same enforce "$T/x" >"$T/x.yaml"
deny_policy same enforce "$T/y" >"$T/y.yaml"
check_status "$NAME: the policy acts as written" 13 pavise run --policy "$T/x.yaml" -- "$ACTOR" open "$T/x"
sed '/^    - cgroup:/a\      user: nobody-is-called-that' "$T/x.yaml" >"$T/user.yaml"
check_status "$NAME: also where its subjects name a user that is not here" 13 \
	pavise run --policy "$T/user.yaml" -- "$ACTOR" open "$T/x"
check_status "$NAME: and with --mode monitor denies nothing" 0 \
	pavise run --mode monitor --policy "$T/x.yaml" -- "$ACTOR" open "$T/x"
eventually "$NAME: no cgroup is left of these" no_runs

# ---- two at once, policies of one name ----

log_mark
pavise run --policy "$T/x.yaml" -- "$ACTOR" loop "$T/x" "$T/y" "$T/first" "$T/stop" >"$T/first.found" &
first=$!
pavise run --policy "$T/y.yaml" -- "$ACTOR" loop "$T/y" "$T/x" "$T/second" "$T/stop" >"$T/second.found" &
second=$!
check "$NAME: the first of two runs works" more_rounds "$T/first" 20
check "$NAME: the second works" more_rounds "$T/second" 20
is "$NAME: status shows both policies" "same same" \
	"$(pavise status --json | jq -r '[.agent.policies[] | select(.run) | .name] | join(" ")')"
touch "$T/stop"
check "$NAME: the first ends" wait "$first"
check "$NAME: the second ends" wait "$second"
for which in first second; do
	n=$(rounds "$T/$which")
	is "$NAME: the $which was governed by its own policy only" "rounds=$n denied=$n permitted=$n" "$(cat "$T/$which.found")"
done
total=$(($(rounds "$T/first") + $(rounds "$T/second")))
wait_until 60 logged "$total" /pavise/run-
log_new | grep -F '"decision":' | jq -r '"\(.cgroup) \(.decision.policy.name) \(.decision.object.path)"' |
	sort | uniq -c | awk '{ print $1, $3, $4 }' | sort -k 3 >"$T/told"
is "$NAME: each denial left one event, under its policy and from its cgroup" \
	"$(rounds "$T/first") same $T/x, $(rounds "$T/second") same $T/y" "$(paste -s -d , "$T/told" | sed 's/,/, /')"
eventually "$NAME: their cgroups are gone" no_runs
eventually "$NAME: and their policies" no_run_policies

# ---- the run process is killed ----

rm -f "$T/stop"
pavise run --policy "$T/x.yaml" -- "$ACTOR" loop "$T/x" "$T/y" "$T/progress" "$T/stop" >"$T/found" &
run=$!
check "$NAME: a run works" more_rounds "$T/progress" 10
kill -KILL "$run"
wait "$run" 2>/dev/null
check "$NAME: it goes on when the run process is killed" more_rounds "$T/progress" 20
check "$NAME: its cgroup is still there" sh -c "ls -d $CGROUPS/pavise/run-*"
kill_agent
check "$NAME: it goes on when the agent is killed as well" more_rounds "$T/progress" 20
start_agent || return 0
is "$NAME: the next agent knows the run" 1 "$(pavise status --json | jq .agent.runs)"
check "$NAME: under which it goes on" more_rounds "$T/progress" 20
touch "$T/stop"
eventually "$NAME: its cgroup is gone when it ended" no_runs
eventually "$NAME: and its policy" no_run_policies
n=$(rounds "$T/progress")
is "$NAME: it was governed all the time" "rounds=$n denied=$n permitted=$n" "$(cat "$T/found")"

# ---- somebody has left the cgroup, and the processes cannot be seen ----

rm -f "$T/go"
mkdir -p "$CGROUPS/suite/life-run-left"
pavise run --policy "$T/x.yaml" -- "$BIN/probe_file" cgroup "$CGROUPS/suite/life-run-left" \
	await "$T/go" read "$T/x" >"$T/found" &
run=$!
has_left() {
	grep -q . "$CGROUPS/suite/life-run-left/cgroup.procs"
}
check "$NAME: a command leaves the cgroup of its run" wait_until 30 has_left
mount -t tmpfs none /proc
kill -KILL "$run"
for _ in $(seq 600); do # the clock cannot be read
	no_runs && break
	sleep 0.05
done
check "$NAME: the cgroup of a run that was left is gone" no_runs
pavise status >"$WORK/status" 2>&1 # answered when the agent is done with that
umount /proc
wait "$run" 2>/dev/null
: >"$T/go"
check "$NAME: who left it ends" wait_until 30 test -s "$T/found"
is "$NAME: and was governed all the time" EACCES "$(cat "$T/found")"
check_status "$NAME: another run" 0 pavise run -- "$ACTOR" leaf
eventually "$NAME: and the policy is gone" no_run_policies

agent_stop
check_status "$NAME: without an agent nothing is started" 125 pavise run -- touch "$T/started"
check "$NAME: nothing was" [ ! -e "$T/started" ]
