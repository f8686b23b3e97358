# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Servers and clients: nginx and curl, socat and nc by TCP, UDP and unix sockets, IPv4 and IPv6, ssh keys, ping, namespaces, mounts and modules.
seq 50000 >page && mkdir -p "$S/logs" /var/lib/nginx
cat >"$S/nginx.conf" <<EOF
user www-data; worker_processes 2; pid $S/nginx.pid; error_log $S/logs/error;
events { worker_connections 64; }
http { access_log off; client_body_temp_path $S/body; proxy_temp_path $S/proxy; fastcgi_temp_path $S/f; uwsgi_temp_path $S/u; scgi_temp_path $S/s;
server { listen 127.0.0.1:8081; listen [::1]:8081; listen unix:$S/nginx.sock; root $T; sendfile on;
location /up/ { proxy_pass http://unix:$S/nginx.sock:/; } location /gone/ { proxy_pass http://127.0.0.1:1/; } } }
EOF
chmod 755 "$T" "$S"
nginx -c "$S/nginx.conf" -t 2>&1 | tail -n 1
nginx -c "$S/nginx.conf"
for url in http://127.0.0.1:8081/page 'http://[::1]:8081/page' http://127.0.0.1:8081/up/page http://127.0.0.1:8081/gone/x http://127.0.0.1:8081/absent; do
	curl -s -w '%{http_code} %{size_download}\n' "$url" | sha256sum
done
curl -s --unix-socket "$S/nginx.sock" -r 100-109 http://x/page
curl -s http://127.0.0.1:2/ || echo "curl $?"
nginx -c "$S/nginx.conf" -s reload && sleep 1 && curl -s http://127.0.0.1:8081/page | wc -c && nginx -c "$S/nginx.conf" -s stop
# answer ADDRESS CLIENT: one question and its answer.
answer() {
	socat "$1" EXEC:cat 2>"$S/socat" &
	sleep 0.4
	echo "hello over $1" | socat -t 0.5 - "$2" 2>&1
	kill $! 2>/dev/null
	wait
}
answer TCP4-LISTEN:7001,reuseaddr TCP4:127.0.0.1:7001
answer TCP6-LISTEN:7002,reuseaddr 'TCP6:[::1]:7002'
answer TCP6-LISTEN:7003,reuseaddr,ipv6only=0 TCP4:127.0.0.1:7003
answer UDP4-LISTEN:7004,reuseaddr UDP4:127.0.0.1:7004
answer UDP6-LISTEN:7005,reuseaddr 'UDP6:[::1]:7005'
answer "UNIX-LISTEN:$S/unix" "UNIX-CONNECT:$S/unix"
answer ABSTRACT-LISTEN:transparent ABSTRACT-CONNECT:transparent
ping -c 2 -i 0.2 127.0.0.1 | grep received
ping -6 -c 1 ::1 | grep received
ip -j link show lo | jq -c '.[0].ifname'
unshare -Urnmpf --mount-proc sh -c 'id -u; ip link set lo up; mount -t tmpfs none /media && touch /media/x && ls /media; echo $$'
unshare -m sh -c 'mount --make-rprivate / && mkdir a b && touch a/x && mount --bind a b && ls b && mount -o remount,ro,bind b && touch b/y; umount b && ls b'
ssh-keygen -q -t ed25519 -N '' -C test -f "$S/key" && ssh-keygen -y -f "$S/key" | cut -d ' ' -f 1
strace -f -e trace=execve -o "$S/strace" sh -c 'true; /bin/true; (exec /bin/false)'; echo "strace $?, $(grep -c execve "$S/strace")"
modprobe -r dummy 2>/dev/null; modprobe dummy && ip link show dummy0 >/dev/null && modprobe -r dummy && echo "module"
bpftool prog list >/dev/null && echo "bpftool"
su -s /bin/sh tester -c 'id -un; touch /etc/x; cat /etc/shadow' 2>&1
truncate -s 2M image && mke2fs -q -F image && modprobe loop && mkdir mounted && mount -o loop image mounted && echo in >mounted/file && ls mounted; umount mounted
rm image
chroot / sh -c 'echo in a root'; dmesg | head -n 1 | wc -l; hostname
