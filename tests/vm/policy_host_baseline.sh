# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: root in a session under policies/host-baseline.yaml, enforced, works as ever, and changes
# neither the kernel nor the system's programs; in monitor mode, as it ships, it is only reported.

# shellcheck source=tests/vm/policy_lib.sh
. tests/vm/policy_lib.sh

session() {
	RUNS=$((${RUNS:-0} + 1))
	in_group "user.slice/$NAME/$RUNS" "$@"
}

cp /usr/bin/true /tmp/dropped
in_force host-baseline enforce
works "listing" "passwd" session ls /etc
works "files" "" session sh -c 'echo a >/etc/pavise-x && mv /etc/pavise-x /root/x && rm /root/x'
works "archives" "" session tar -cf /tmp/x.tar /etc/hosts
works "mounts" "" session sh -c "mount -t tmpfs x $T && umount $T"
works "the network" "lo" session ip address
works "processes" "python3" session python3 -c 'import subprocess, sys; print("python3", subprocess.run(["ps"]).returncode)'
denied "module" "dummy" "deny capability sys_module" session modprobe dummy
# Linux 6.1 asks for the capability, too.
case $(uname -r) in
6.1.*) bpf_events=$(printf 'deny bpf bpf\ndeny capability bpf') ;;
*) bpf_events="deny bpf bpf" ;;
esac
denied "bpf" "ermi" "$bpf_events" session bpftool prog list
denied "tracing" "ermi" "deny ptrace ptrace" session strace -p 1
denied "a program of the system" "Permission denied" "deny create /usr/bin/pavise-x" \
	session sh -c 'echo >/usr/bin/pavise-x'
denied "a program of the system, replaced" "Permission denied" "deny rename /usr/bin/true" \
	session mv /usr/bin/true /root/true
denied "core_pattern" "Permission denied" "deny write /proc/sys/kernel/core_pattern" \
	session sh -c 'echo "|/x" >/proc/sys/kernel/core_pattern'
denied "sysrq" "Permission denied" "deny write /proc/sysrq-trigger" session sh -c 'echo h >/proc/sysrq-trigger'
denied "what was dropped" "Permission denied" "deny exec /tmp/dropped" session sh -c /tmp/dropped
denied "packet sockets" "ermi" "deny socket packet" \
	session python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'
in_force host-baseline
denied "monitored: a program that was dropped runs" "ran" "would_deny exec /tmp/dropped" \
	session sh -c '/tmp/dropped && echo ran'
rm -rf /tmp/dropped
