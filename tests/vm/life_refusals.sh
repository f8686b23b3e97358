# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: an agent that cannot enforce does not start; it says in one line
# what it looked at, what it found and what to do, and ends with the code that
# is documented for it.  What belongs to the agent is for root only.
#
# How: what the agent needs is hidden from it in a mount namespace of its own.
# tests/refusals-boot has what takes another kernel or another boot.

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

# hidden NAME CODE PATTERN MOUNT-COMMAND: the agent, after this command.
hidden() {
	refused "$1" "$2" "$3" unshare -m sh -c "$4 && exec pavise agent --log $T/log"
}

# as_tester COMMAND...: as another user; a program, so that timeout can run it.
printf '#!/bin/sh\nexec setpriv --reuid=1000 --regid=1000 --clear-groups "$@"\n' >"$T/as_tester"
chmod 755 "$T/as_tester"
PATH=$PATH:$T

# ---- what the machine lacks ----

refused "$NAME: not root" 11 'needs root, and the effective user is 1000; start it as root' \
	as_tester pavise agent
refused "$NAME: root without capabilities" 11 'capabilities are missing: cap_sys_admin, ?cap_bpf; grant them' \
	setpriv --bounding-set -sys_admin,-bpf --inh-caps -sys_admin,-bpf pavise agent
hidden "$NAME: no BTF" 12 '/sys/kernel/btf/vmlinux is missing.*; use a kernel' \
	"mount -t tmpfs tmpfs /sys/kernel/btf"
hidden "$NAME: no securityfs" 13 'securityfs is not mounted at /sys/kernel/security.*; run .mount -t securityfs' \
	"umount /sys/kernel/security"
hidden "$NAME: bpf is not in the list of security modules" 13 "/sys/kernel/security/lsm says 'capability', without bpf.*boot with .lsm=capability,bpf'" \
	"printf capability >$T/lsm && mount --bind $T/lsm /sys/kernel/security/lsm"
hidden "$NAME: no cgroup v2" 14 '/proc/self/mountinfo shows no cgroup v2 hierarchy.*; run .mount -t cgroup2' \
	"umount -l /sys/fs/cgroup"
hidden "$NAME: no BPF file system" 15 'no BPF filesystem is mounted at /sys/fs/bpf.*; run .mount -t bpf' \
	"umount -l /sys/fs/bpf"
hidden "$NAME: a state directory that cannot be made" 24 'the directory /run/pavise cannot be made' \
	"mount -t tmpfs tmpfs /run && touch /run/pavise"
refused "$NAME: a log that cannot be opened" 25 'audit log /proc/nowhere/log cannot be opened \(.*\); give another one with --log' \
	pavise agent --log /proc/nowhere/log
refused "$NAME: a pid namespace of its own" 27 "/proc/self/ns/pid is not the machine's own.*--pid=host" \
	unshare -pf --mount-proc pavise agent
check_status "$NAME: probe ends with the agent's code" 12 \
	unshare -m sh -c "mount -t tmpfs tmpfs /sys/kernel/btf && exec pavise probe"
check_status "$NAME: an unknown option" 2 pavise agent --nonsense

# ---- policies ----

echo "kind: Nothing" >"$T/bad.yaml"
mkdir "$T/empty"
check_status "$NAME: a policy that is not there" 17 timeout 120 pavise agent --policies "$T/nowhere.yaml"
matches "$NAME: is named, with the reason" "$T/nowhere.yaml: No such file" "$(cat "$WORK/check")"
matches "$NAME: and its consequence" "^pavise: not started: " "$(tail -n 1 "$WORK/check")"
check_status "$NAME: a directory without policies" 17 timeout 120 pavise agent --policies "$T/empty"
matches "$NAME: is named" "$T/empty: no .*yaml" "$(cat "$WORK/check")"
check_status "$NAME: an invalid policy" 17 timeout 120 pavise agent --policies "$T/bad.yaml"
matches "$NAME: is shown with its place" "$T/bad.yaml:1:" "$(cat "$WORK/check")"

# ---- permissions ----

echo >"$T/denied"
deny_policy refusals enforce "$T/denied" >"$T/refusals.yaml"
start_with "$T/refusals.yaml" || return 0
actor_start

modes() {
	stat -c '%A %U %G' "$@" | sort -u
}

is "$NAME: the state directory" "drwx------ root root" "$(modes /run/pavise)"
is "$NAME: the stored policies" "drwx------ root root" "$(modes /run/pavise/sets)"
is "$NAME: the control socket" "srw------- root root" "$(modes /run/pavise/pavise.sock)"
is "$NAME: the lock" "-rw------- root root" "$(modes /run/pavise/agent.lock)"
is "$NAME: the folder of the pins" "drwx------ root root" "$(modes "$PINS")"
is "$NAME: the pins" "-rw------- root root" "$(modes "$PINS"/*)"
is "$NAME: the log" "-rw-r----- root root" "$(modes "$LOG")"
matches "$NAME: its folder" '^drwxr-x--- root ' "$(modes "$(dirname "$LOG")")"

check_status "$NAME: another user cannot reach the control socket" 13 \
	as_tester "$ACTOR" connect /run/pavise/pavise.sock
chmod 711 /run/pavise
chmod 666 /run/pavise/pavise.sock
is "$NAME: and gets no answer where the files' modes are wrong" "" \
	"$(echo '{"op":"status"}' | as_tester socat -t 5 - UNIX-CONNECT:/run/pavise/pavise.sock 2>/dev/null)"
matches "$NAME: where root gets one" '"ok":true' \
	"$(echo '{"op":"status"}' | socat -t 5 - UNIX-CONNECT:/run/pavise/pavise.sock)"
chmod 600 /run/pavise/pavise.sock
chmod 700 /run/pavise
for command in status unload; do
	refused "$NAME: $command by another user" 11 "$command needs root, and the effective user is 1000" as_tester pavise "$command"
done
refused "$NAME: apply by another user" 3 'pavise.sock' as_tester pavise apply "$T/refusals.yaml"
refused "$NAME: tail by another user" 1 "$LOG cannot be read" as_tester pavise tail
check "$NAME: check needs no root" as_tester pavise check "$T/refusals.yaml"

# ---- pins of another version ----

# set_abi N: as an agent of that version would have left it.
set_abi() {
	# shellcheck disable=SC2046
	bpftool map update pinned "$PINS/map_state" key 0 0 0 0 value "$1" \
		$(bpftool -j map lookup pinned "$PINS/map_state" key 0 0 0 0 | jq -r '.value[1:] | join(" ")')
}

abi=$(bpftool -j map lookup pinned "$PINS/map_state" key 0 0 0 0 | jq -r '.value[0]')
agent_stop
set_abi 99
refused "$NAME: pins of another version" 19 "the pins in $PINS are of ABI 99 and this program speaks ABI [0-9]+; run .pavise unload'" \
	pavise agent
check_status "$NAME: status is in doubt" 1 pavise status
matches "$NAME: and says why" '^enforcement +in doubt: .*ABI 99' "$(cat "$WORK/check")"
is "$NAME: what they enforce is enforced all the same" EACCES "$(actor_asks "$T/denied")"
set_abi "$abi"
check "$NAME: pins of this version" pavise status
start_agent || return 0
matches "$NAME: are adopted again" ' programs adopted' "$(cat "$AGENT_OUTPUT")"
is "$NAME: and enforced" EACCES "$(actor_asks "$T/denied")"
actor_stop
agent_stop
