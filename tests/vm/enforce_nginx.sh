# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a program of the distribution does its work under a policy that
# permits nothing but this work, and cannot do what the policy does not say.
#
# How: nginx serves a page on one port.  The whole file system is below its
# document root, and it runs as root, so that nothing but the policy stands
# between a request and a file.

mkdir -p "$T/run" "$T/site"
echo "a page" >"$T/site/page"
echo "a secret" >"$T/secret"
ip link set lo up
cat >"$T/nginx.conf" <<EOF
user root;
worker_processes 2;
daemon off;
pid $T/run/pid;
error_log $T/run/error.log;
events { worker_connections 64; }
http {
	access_log $T/run/access.log;
	client_body_temp_path $T/run/body;
	proxy_temp_path $T/run/proxy;
	fastcgi_temp_path $T/run/fastcgi;
	uwsgi_temp_path $T/run/uwsgi;
	scgi_temp_path $T/run/scgi;
	server { listen 127.0.0.1:8080; root /; }
}
EOF
sed 's/8080/8081/' "$T/nginx.conf" >"$T/other.conf"
mkdir -p /var/lib/nginx /var/log/nginx
govern <<EOF
  files:
    default: deny
    rules:
      - allow: [$T/site/**, $T/*.conf]
        access: read
      - allow: $T/run{,/**}
      - allow: ["/{usr/,}lib{,64}/**", /usr/sbin/nginx]
        access: [read, map]
      - allow: ["/etc/{ld.so.cache,nsswitch.conf,passwd,group,localtime}", "/etc/ssl/openssl.cnf"]
        access: read
      - allow: ["/usr/share/zoneinfo/**", "/proc/**", "/sys/devices/system/**"]
        access: [read, list]
      - allow: [/dev/null, /dev/urandom, /var/log/nginx/error.log]
        access: [read, write, append, create]
  exec:
    default: deny
    rules:
      - allow: /usr/sbin/nginx
  network:
    default: deny
    rules:
      - allow: [bind, listen, accept]
        to: 127.0.0.1
        ports: 8080
        protocols: tcp
EOF
mkdir -p "$CGROUPS$GROUP/enforce/nginx"
server=$GROUP/enforce/nginx/1

"$BIN/enter" "$CGROUPS$server" /usr/sbin/nginx -c "$T/nginx.conf" >"$T/nginx.output" 2>&1 &
nginx=$!
get() {
	curl -s -o - -w ' %{http_code}' --max-time 20 "http://127.0.0.1:8080$1"
}

# answers: it has an answer, or gave up.
answers() {
	get /nothing || ! kill -0 $nginx
}

decisions_of() {
	log_decisions | awk -F '\t' -v run="$1" '$1 == run { print $2, $3, $4, $10 }'
}

check "$NAME/nginx starts" wait_until 60 answers
barrier
check_output "$NAME/its start leaves no event" "" decisions_of "$server"
log_mark
check_output "$NAME/the page is served" "a page
 200" get "$T/site/page"
for _ in 1 2 3 4 5 6; do
	get "$T/site/page"
	echo
done >"$T/pages"
check_output "$NAME/and again" 6 grep -c ' 200$' "$T/pages"
barrier
check_output "$NAME/its work leaves no event" "" decisions_of "$server"
status=$(get "$T/secret")
check_output "$NAME/another file is not served" 403 echo "${status##* }"
barrier
check_output "$NAME/another file is not served, event" "deny file_open read $T/secret" decisions_of "$server"
check_output "$NAME/the page is still served" "a page
 200" get "$T/site/page"
while read -r pid; do kill "$pid"; done <"$CGROUPS$server/cgroup.procs" 2>/dev/null
wait $nginx

log_mark
run_in "$GROUP/enforce/nginx" /usr/sbin/nginx -c "$T/other.conf"
case $FOUND in
*"bind() to 127.0.0.1:8081 failed (13"*) ok "$NAME/another port is denied" ;;
*) not_ok "$NAME/another port is denied" "expected bind() to fail with 13, found: $FOUND" ;;
esac
denied=$RUN
barrier
check_output "$NAME/another port is denied, event" "deny socket_bind bind 127.0.0.1:8081" decisions_of "$denied"
run_in "$GROUP/enforce/nginx" /bin/sh -c 'echo ran'
check_output "$NAME/no other program" EACCES echo "$FOUND"
