# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: a policy governs the containers that it matches, from the first
# program executed in them on, and no others; what the agent knows of them
# outlives it, and is forgotten with their cgroups.
#
# How: cgroups made by hand, called containers; an actor that lives in one of
# them through everything; a process that moves into it and executes later;
# states as an OCI runtime gives them to its hooks.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

BASE=$GROUP
GROUP=$BASE/one # where the actor is
echo >"$T/denied"
policy web enforce /unused >"$T/web.yaml" <<-EOF_POLICY
	  files:
	    default: allow
	    rules:
	      - deny: $T/denied
EOF_POLICY
sed -i 's|- cgroup: /unused|- container: {name: "web-*"}|' "$T/web.yaml"
mkdir -p "$CGROUPS$BASE/one" "$CGROUPS$BASE/two"
start_with "$T/web.yaml" || return 0
log_mark # the self-test's denial is none of these
actor_start

# denied_in CGROUP: what opening the file gives a program that is executed there.
denied_in() {
	{ "$BIN/enter" "$CGROUPS$1" "$ACTOR" open "$T/denied" 2>&1 || echo "status $?"; } | paste -s -d ' ' -
}

# known: the containers that the agent knows, cgroup and name, in one line.
known() {
	pavise container list --json | jq -r '[.containers[] | "\(.cgroup) \(.name)"] | join(", ")'
}

free="$T/denied=0"
denied="$T/denied=EACCES status 13"

# ---- a container that is told of ----

in_force=$(generation)
is "$NAME: before, nothing is governed" 0 "$(actor_asks "$T/denied")"
check_output "$NAME: a container that no policy matches" "$BASE/two: no policy matches" \
	pavise container set --cgroup "$BASE/two" --name db-1
is "$NAME: that published nothing" "$in_force" "$(generation)"
check_output "$NAME: a container that a policy matches" "$BASE/one: matched by web" \
	pavise container set --cgroup "$BASE/one/" --name web-1 --image nginx:1 --label app=web
is "$NAME: that published once" $((in_force + 1)) "$(generation)"
is "$NAME: what executed there before is governed" EACCES "$(actor_asks "$T/denied")"
is "$NAME: what is executed there is governed" "$denied" "$(denied_in "$BASE/one")"
is "$NAME: and what is executed below" "$denied" "$(denied_in "$BASE/one/below")"
is "$NAME: a neighbour is not" "$free" "$(denied_in "$BASE/two")"
is "$NAME: a process that comes is governed when it executes there, and not before" \
	"before=0 $denied" "$(sh -c 'echo $$ >"$1/cgroup.procs"
		if true <"$2"; then echo before=0; else echo before=denied; fi
		"$3" open "$2" || echo "status $?"' - "$CGROUPS$BASE/one" "$T/denied" "$ACTOR" 2>&1 |
		paste -s -d ' ' -)"
is "$NAME: list tells of both" "$BASE/one web-1, $BASE/two db-1" "$(known)"
is "$NAME: and all that is known" '{"cgroup":"'"$BASE/one"'","name":"web-1","image":"nginx:1","labels":{"app":"web"},"policies":["web"]}' \
	"$(pavise container list --json | jq -c '.containers[0]')"
is "$NAME: status counts them" 2 "$(pavise status --json | jq .agent.containers)"
matches "$NAME: status says it to people" '^containers +2 known$' "$(pavise status)"
is "$NAME: a denial names the policy and the cgroup" "deny web $BASE/one" \
	"$(wait_until 20 logged 4 "$BASE/one"
		log_new | grep -F '"decision":' | jq -r '"\(.type) \(.decision.policy.name) \(.cgroup)"' | head -n 1)"
is "$NAME: what was set is in the log" 2 "$(log_new | grep -c '"op":"container_set"')"

in_force=$(generation)
check_output "$NAME: it is told of anew" "$BASE/one: no policy matches" \
	pavise container set --cgroup "$BASE/one" --name other
is "$NAME: and governed no longer" 0 "$(actor_asks "$T/denied")"
check_output "$NAME: and again" "$BASE/one: matched by web" pavise container set --cgroup "$BASE/one" --name web-2
is "$NAME: and governed again" EACCES "$(actor_asks "$T/denied")"
pavise container set --cgroup "$BASE/one" --name web-3 >/dev/null
is "$NAME: another name that the same policies match publishes nothing" $((in_force + 2)) "$(generation)"

refused "$NAME: a cgroup that is not there" 1 "there is no cgroup $BASE/none" \
	pavise container set --cgroup "$BASE/none" --name web-1
refused "$NAME: a path with .." 1 "'\.\.' in its path" pavise container set --cgroup "$BASE/../x"
refused "$NAME: the root" 1 "root cgroup is no container" pavise container set --cgroup /
refused "$NAME: one that is not known" 1 "no container in the cgroup $BASE/none" pavise container remove "$BASE/none"

# ---- the agent ends, containers do ----

mkdir "$CGROUPS$BASE/three"
pavise container set --cgroup "$BASE/three" --name web-gone >/dev/null
in_force=$(generation)
kill_agent
is "$NAME: without an agent it is governed" EACCES "$(actor_asks "$T/denied")"
start_agent || return 0
is "$NAME: the next agent knows them" "$BASE/one web-3, $BASE/three web-gone, $BASE/two db-1" "$(known)"
is "$NAME: and publishes nothing" "$in_force" "$(generation)"
is "$NAME: and it is governed" EACCES "$(actor_asks "$T/denied")"
kill_agent
rmdir "$CGROUPS$BASE/three"
start_agent || return 0
is "$NAME: one that went meanwhile is forgotten" "$BASE/one web-3, $BASE/two db-1" "$(known)"
is "$NAME: and the image without it in force" $((in_force + 1)) "$(generation)"
find "$CGROUPS$BASE/two" -depth -type d -exec rmdir {} +
mkdir "$CGROUPS$BASE/two"
pavise container set --cgroup "$BASE/one" --name web-4 >/dev/null
is "$NAME: one whose cgroup was made anew is forgotten at the next change" "$BASE/one web-4" "$(known)"
check_output "$NAME: it is removed" "removed: $BASE/one" pavise container remove "$BASE/one"
is "$NAME: and governed no longer" 0 "$(actor_asks "$T/denied")"
actor_stop

# ---- the hook ----

mkdir -p "$T/bundle"
"$BIN/enter" "$CGROUPS$BASE/four" sleep 50 &
wait_until 20 grep -q . "$CGROUPS$BASE/four/cgroup.procs"
pid=$(cat "$CGROUPS$BASE/four/cgroup.procs")

# state STATUS PID: as a runtime gives it to its hooks.
state() {
	jq -n --arg status "$1" --argjson pid "$2" --arg bundle "$T/bundle" '{ociVersion: "1.1.0", id: "0123abcd",
		status: $status, pid: $pid, bundle: $bundle, annotations: {"io.kubernetes.cri.container-name": "web-5"}}'
}

jq -n '{ociVersion: "1.1.0", annotations: {"io.kubernetes.cri.image-name": "nginx:1", app: "web"}}' >"$T/bundle/config.json"
state creating "$pid" >"$T/state"
check_output "$NAME: the hook says nothing" "" sh -c 'pavise container hook <"$1"' - "$T/state"
is "$NAME: and the container is known" \
	'{"cgroup":"'"$BASE/four"'","id":"0123abcd","name":"web-5","image":"nginx:1","app":"web","policies":["web"]}' \
	"$(pavise container list --json | jq -c '.containers[0] | {cgroup, id, name, image, app: .labels.app, policies}')"
is "$NAME: and governed" "$denied" "$(denied_in "$BASE/four")"
state stopped 0 >"$T/stopped"
check "$NAME: the hook for one of that id that goes on" sh -c 'pavise container hook <"$1"' - "$T/stopped"
is "$NAME: leaves it" "$BASE/four web-5" "$(known)"
kill "$pid"
wait_until 20 grep -q 'populated 0' "$CGROUPS$BASE/four/cgroup.events"
check "$NAME: the hook for one that ended" sh -c 'pavise container hook <"$1"' - "$T/stopped"
is "$NAME: removes it" "" "$(known)"
check "$NAME: and does so once more" sh -c 'pavise container hook <"$1"' - "$T/stopped"
refused "$NAME: the hook fails for a process that is not there" 1 'process [0-9]+ has no cgroup' \
	sh -c 'pavise container hook <"$1"' - "$T/state"
echo '{' >"$T/wrong"
refused "$NAME: and for a state that is none" 1 'cannot be understood' sh -c 'pavise container hook <"$1"' - "$T/wrong"
agent_stop
state creating $$ >"$T/state"
refused "$NAME: and without an agent" 3 'the agent cannot be reached' sh -c 'pavise container hook <"$1"' - "$T/state"
refused "$NAME: but not with --optional" 0 'not governed: the agent cannot be reached' \
	sh -c 'pavise container hook --optional <"$1"' - "$T/state"
