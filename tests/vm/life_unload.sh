# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: stopping the agent ends nothing, unloading ends all of it, and
# after that a new agent starts afresh, and proves that it enforces.
#
# How: one governed process is asked to open a denied file at every stage.  At
# the end one program is detached behind the agent's back.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

echo >"$T/denied"
deny_policy unload enforce "$T/denied" >"$T/unload.yaml"
start_with "$T/unload.yaml" || return 0
actor_start
is "$NAME: enforced" EACCES "$(actor_asks "$T/denied")"

# program_count: how many programs are loaded that some link holds.
program_count() {
	bpftool -j link list | jq length
}

no_programs() {
	[ "$(program_count)" = 0 ]
}

is_free() {
	[ "$(actor_asks "$T/denied")" = 0 ]
}

# ---- stopped ----

agent_stop
is "$NAME: SIGTERM ends the agent with success" 0 "$?"
is "$NAME: enforced without an agent" EACCES "$(actor_asks "$T/denied")"
check "$NAME: status says so" pavise status
for command in "apply $T/unload.yaml" "remove unload" "mode monitor" self-test; do
	# shellcheck disable=SC2086
	refused "$NAME: ${command%% *} needs an agent" 3 'agent cannot be reached at /run/pavise/pavise.sock .*; start it with .pavise agent' \
		pavise $command
done

# ---- unloaded without an agent ----

check "$NAME: unload without an agent" pavise unload
matches "$NAME: says what it did" '^[0-9]+ programs detached; nothing is enforced any more$' "$(cat "$WORK/check")"
# No time to settle: unload has just said that nothing is enforced any more.
is "$NAME: the process is free at once" 0 "$(actor_asks "$T/denied")"
eventually "$NAME: the process is free" is_free
check "$NAME: no pin is left" [ ! -e "$PINS" ]
check "$NAME: nor a pending one" [ ! -e "$PINS-new" ]
eventually "$NAME: nor a program" no_programs
check_status "$NAME: status says so" 1 pavise status
matches "$NAME: in words" '^enforcement +not in place: nothing is loaded' "$(cat "$WORK/check")"
check_output "$NAME: unloading twice" "nothing was loaded" pavise unload

# ---- afresh ----

log_mark
start_agent --policies "$T/unload.yaml" || return 0
matches "$NAME: a new agent attaches anew, with these policies only" 'ready: [0-9]+ programs attached, policies: 1,' "$(cat "$AGENT_OUTPUT")"
is "$NAME: it tested itself at start: one denial" "deny file_open" \
	"$(log_new | grep -F '"name":"pavise-self-test"' | jq -r '"\(.type) \(.decision.hook)"')"
is "$NAME: the process is governed again" EACCES "$(actor_asks "$T/denied")"
is "$NAME: nobody removes a pin by accident" "rm: cannot remove '$PINS/link_file_open': Operation not permitted" \
	"$(rm "$PINS/link_file_open" 2>&1)"
is "$NAME: nor renames their folder" "mv: cannot move '$PINS' to '$PINS-2': Operation not permitted" \
	"$(mv "$PINS" "$PINS-2" 2>&1)"
for mount in /sys/fs/bpf /sys; do
	check_status "$NAME: nor unmounts $mount" 32 umount -l "$mount"
done
check "$NAME: in a mount namespace of one's own, this touches none" unshare -m umount -l /sys/fs/bpf
is "$NAME: the process is governed still" EACCES "$(actor_asks "$T/denied")"
check "$NAME: self-test on demand" pavise self-test
is "$NAME: leaves an event" passed "$(log_new | grep -F '"op":"self_test"' | jq -r .agent.result)"
check "$NAME: and no folder" [ ! -e /run/pavise/self-test ]
check "$NAME: and no cgroup" sh -c "! ls -d $CGROUPS/pavise/run-*"

# ---- unloaded under an agent ----

check "$NAME: unload under an agent" pavise unload
matches "$NAME: says that it stopped it" '^agent stopped, [0-9]+ programs detached' "$(cat "$WORK/check")"
check "$NAME: the agent ended with success" wait "$AGENT"
is "$NAME: the process is free again at once" 0 "$(actor_asks "$T/denied")"
eventually "$NAME: the process is free again" is_free
check "$NAME: no pin is left" [ ! -e "$PINS" ]
eventually "$NAME: nor a program" no_programs
actor_stop
check "$NAME: its cgroup can be removed" rmdir "$CGROUPS$GROUP"

# ---- a hole ----

start_agent --policies "$T/unload.yaml" || return 0
attached=$(program_count)
one_is_gone() {
	[ "$(program_count)" -lt "$attached" ]
}

log_mark
# the lock is the second word of the state
# shellcheck disable=SC2046
bpftool map update pinned "$PINS/map_state" key 0 0 0 0 value \
	$(bpftool -j map lookup pinned "$PINS/map_state" key 0 0 0 0 | jq -r '.value | .[4] = 0 | join(" ")')
check "$NAME: what makes a hole" rm "$PINS/link_file_open"
eventually "$NAME: a program without its pin is detached" one_is_gone
check_status "$NAME: the self-test sees that" 22 pavise self-test
matches "$NAME: and says what it found" 'failed: the forbidden file could be opened, and no event came' "$(cat "$WORK/check")"
is "$NAME: so does its event" failed "$(log_new | grep -F '"op":"self_test"' | jq -r .agent.result)"
agent_stop
refused "$NAME: pins with a hole are not adopted" 19 "the pin $PINS/link_file_open is missing.*; run .pavise unload' and start again" \
	pavise agent
check_status "$NAME: status is in doubt" 1 pavise status
check "$NAME: they can be unloaded" pavise unload
eventually "$NAME: completely" no_programs
