# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: under policies/no-shell.yaml a program runs others, but no shell, interpreter or download;
# under policies/no-egress.yaml it reaches this machine and not the outside.
#
# How: there is no container runtime here: `pavise run` puts the command under the policy.

# shellcheck source=tests/vm/policy_lib.sh
. tests/vm/policy_lib.sh

ip link set lo up
ip address add 192.0.2.1/32 dev lo
(cd /usr/share/nginx/html && exec python3 -m http.server --bind 0.0.0.0 8000) >"$T/server" 2>&1 &
server=$!
wait_until 60 curl -s http://192.0.2.1:8000/

under() {
	policy=$1
	shift
	SHIPPED=$policy
	pavise run -p "policies/$policy.yaml" -- "$@"
}

SHIPPED=no-shell
works "a program that starts another" "root" under no-shell env id -un
works "find -exec" "1" under no-shell find /etc/hostname -exec wc -l '{}' ';'
denied "sh" "Permission denied" "deny exec /usr/bin/dash" under no-shell env sh -c id
denied "busybox" "Permission denied" "deny exec /usr/bin/busybox" under no-shell env busybox sh -c id
denied "python3" "Permission denied" "deny exec /usr/bin/python3.11" under no-shell env python3 -c 'print(1)'
denied "curl" "Permission denied" "deny exec /usr/bin/curl" under no-shell env curl http://127.0.0.1:8000/
denied "sh by its loader" "failed to map" "deny map /usr/bin/dash" under no-shell env /lib64/ld-linux-x86-64.so.2 /usr/bin/dash -c id
SHIPPED=no-egress
works "this machine" "nginx" under no-egress curl -s http://127.0.0.1:8000/
denied "the outside" "Permission denied" "deny connect 192.0.2.1:8000" under no-egress curl -sv http://192.0.2.1:8000/
denied "an address of the outside as one's own" "Operation not permitted" "deny capability net_admin" \
	under no-egress ip address add 192.0.2.2/32 dev lo
kill $server
wait $server 2>/dev/null
ip address del 192.0.2.1/32 dev lo
