# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: apply and remove change what is in force completely or not at
# all, and every single operation is decided by one whole set.
#
# How: what is in force is asked of a governed process that is there all the
# time, and of status.  For updates under load, set A denies x and set B
# denies y, each made of two policies, and a process opens x, opens y and
# renames x to y while the sets alternate.  Each open tells a set; a decision
# by parts of both would show as a change of set that nobody made, and a
# rename decided by parts of both would succeed, which neither set permits.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

SWITCHES=50

for file in x y other; do echo >"$T/$file"; done
deny_policy one enforce "$T/x" >"$T/one.yaml"
start_with "$T/one.yaml" || return 0
actor_start
log_mark

# both: what opening x and y gives the actor.
both() {
	echo "$(actor_asks "$T/x") $(actor_asks "$T/y")"
}

is "$NAME: the set in force denies" "EACCES 0" "$(both)"

# ---- a set with errors ----

mkdir "$T/bad"
deny_policy two enforce "$T/y" >"$T/bad/1-good.yaml"
sed 's/rules:/ruls:/' "$T/bad/1-good.yaml" >"$T/bad/2-key.yaml"
deny_policy three enforce "relative/path" >"$T/bad/3-pattern.yaml"
before=$(generation)
check_status "$NAME: a set with bad files is refused" 17 pavise apply "$T/bad"
matches "$NAME: the first error is shown with its place" "2-key.yaml:[0-9]+:[0-9]+: .*unknown key 'ruls'" "$(cat "$WORK/check")"
matches "$NAME: so is the second" "3-pattern.yaml:[0-9]+:[0-9]+: .*'relative/path'" "$(cat "$WORK/check")"
check_status "$NAME: so it is with --prune" 17 pavise apply --prune "$T/bad"
is "$NAME: the generation is the same" "$before" "$(generation)"
is "$NAME: the policies are the same" "one:enforce" "$(policies)"
is "$NAME: what is denied is the same" "EACCES 0" "$(both)"

# The agent does not rely on what the client checks.
jq -cn --rawfile good "$T/bad/1-good.yaml" --rawfile bad "$T/bad/2-key.yaml" \
	'{op: "apply", prune: true, files: [{file: "good", text: $good}, {file: "bad", text: $bad}]}' |
	socat -t 30 - UNIX-CONNECT:/run/pavise/pavise.sock >"$T/reply" 2>&1
is "$NAME: the agent itself refuses it as well" false "$(jq .ok "$T/reply")"
matches "$NAME: and says why" "unknown key 'ruls'" "$(cat "$T/reply")"
is "$NAME: and nothing was changed" "$before one:enforce EACCES 0" "$(generation) $(policies) $(both)"

# ---- replace, add, prune, remove ----

deny_policy one enforce "$T/y" >"$T/again.yaml"
check_output "$NAME: a policy of the same name" "in force: one" pavise apply "$T/again.yaml"
is "$NAME: replaces the one before" "one:enforce 0 EACCES" "$(policies) $(both)"
check "$NAME: another policy" pavise apply "$T/one.yaml" "$T/bad/1-good.yaml"
is "$NAME: is added" "one:enforce two:enforce EACCES EACCES" "$(policies) $(both)"
check_output "$NAME: apply --prune" "in force: two${TAB}removed: one" \
	sh -c 'pavise apply --prune "$1" | paste -s' - "$T/bad/1-good.yaml"
is "$NAME: removes what is not named" "two:enforce 0 EACCES" "$(policies) $(both)"
before=$(generation)
check_status "$NAME: an unknown policy cannot be removed" 1 pavise remove two nobody
is "$NAME: and the known one beside it is not" "$before two:enforce 0 EACCES" "$(generation) $(policies) $(both)"
check_output "$NAME: remove" "removed: two" pavise remove two
is "$NAME: ends what the policy denies" " 0 0" "$(policies) $(both)"
actor_stop

# ---- alternating sets under load ----

mkdir "$T/A" "$T/B"
deny_policy one enforce "$T/x" >"$T/A/one.yaml"
deny_policy two enforce "$T/other" >"$T/A/two.yaml"
deny_policy one enforce "$T/other" >"$T/B/one.yaml"
deny_policy two enforce "$T/y" >"$T/B/two.yaml"
apply_set() {
	pavise apply --prune --json "$T/$1" | sed "s/^/$1 /" >>"$T/applied"
}

apply_set A
log_mark
attempted_before=$(attempted decision)
background "$GROUP" "$T/found" switch "$T/x" "$T/y" "$T/progress" "$T/stop"
check "$NAME: a process opens files all the time" more_rounds "$T/progress" 10
n=0
while [ "$n" -lt "$SWITCHES" ]; do
	case $((n % 2)) in 0) apply_set B ;; *) apply_set A ;; esac
	n=$((n + 1))
done
check "$NAME: it still does after $SWITCHES updates" more_rounds "$T/progress" 10
touch "$T/stop"
wait "$JOB"

# number KEY: out of what the process found.
number() {
	sed "s/.*\<$1=\([0-9]*\).*/\1/" "$T/found"
}

is "$NAME: no operation gave anything but 0 or EACCES" 0 "$(number other)"
is "$NAME: no rename, which both sets deny, succeeded" 0 "$(number renamed)"
# A set that was in force for less than one round is not seen: an even number is missing.
seen=$(number switches)
is "$NAME: the process saw no set but those applied, in their order ($seen of $SWITCHES changes)" 0 \
	"$(((seen > SWITCHES) + (SWITCHES - seen) % 2))"
check "$NAME: and it saw most of them" [ "$seen" -ge $((SWITCHES / 2)) ]

expected=$(($(number denied_x) + $(number denied_y) + $(number rounds)))
wait_until 60 logged "$expected" "$GROUP"
is "$NAME: every denial is in the log exactly once" "$expected" "$(decisions "$GROUP")"
is "$NAME: attempted = written + lost" "$(($(attempted decision) - attempted_before))" \
	"$(($(decisions) + $(losses decision)))"

# Each denial names a generation, and that set denies what was denied.
sed 's/^\([AB]\) .*"generation":\([0-9]*\).*/\2 \1/' "$T/applied" >"$T/sets"
log_new | grep -F '"decision":' |
	sed 's/.*"policy":{"name":"\([^"]*\)","generation":\([0-9]*\).*"path":"\([^"]*\)".*/\2 \1 \3/' |
	awk -v x="$T/x" -v y="$T/y" '
		FILENAME == ARGV[1] { set[$1] = $2; next }
		set[$1] == "A" && $2 == "one" && $3 == x { good++; next }
		set[$1] == "B" && $2 == "two" && $3 == y { good++; next }
		{ bad++; last = $0 }
		END { print good + 0, bad + 0, last }' "$T/sets" - >"$T/judged"
is "$NAME: each event names the generation and the policy that deny its file" "$expected 0 " "$(cat "$T/judged")"
agent_stop
