# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: nginx, as the unit's first program, serves, reloads and stops under
# policies/nginx.yaml, and two faults of its configuration lead nowhere.

# shellcheck source=tests/vm/policy_lib.sh
. tests/vm/policy_lib.sh

ip link set lo up
mkdir -p /var/lib/nginx /var/log/nginx /srv/www /srv/secrets
echo "a secret" >/srv/secrets/x
cat >/etc/nginx/pavise.conf <<EOF
user www-data;
worker_processes 2;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events {}
http {
	access_log /var/log/nginx/access.log;
	server {
		listen 127.0.0.1:8080;
		root /usr/share/nginx/html;
		location /static { alias /srv/www/; }
		location /app { proxy_pass http://localhost:3000; }
		location ~ ^/fetch/(.+)$ { proxy_pass http://\$1; }
	}
}
EOF
get() {
	curl -s -o "$T/body" --path-as-is --max-time 20 -w '%{http_code}' "http://127.0.0.1:8080$1"
}

unit() {
	in_group system.slice/nginx.service "$@"
}

in_force nginx
works "start" "" unit /usr/sbin/nginx -e /var/log/nginx/error.log -c /etc/nginx/pavise.conf
works "a page" "200" get /
works "reload" "" unit /usr/sbin/nginx -e /var/log/nginx/error.log -c /etc/nginx/pavise.conf -s reload
works "a page, after reloading" "200" get /
denied "out of the document root" "403" "deny read /srv/secrets/x" get /static../secrets/x
denied "a forged request" "502" "deny connect 127.0.0.1:9200" get /fetch/127.0.0.1:9200/
denied "a shell" "ermission denied" "deny exec /usr/bin/dash" \
	unit /usr/sbin/start-stop-daemon --start --pidfile /var/lib/nginx/none --startas /usr/bin/dash --exec /usr/bin/dash -- -c id
works "a page, still" "200" get /
works "stop" "" unit /usr/sbin/start-stop-daemon --stop --retry QUIT/20 --pidfile /run/nginx.pid
rm -rf /srv/secrets /etc/nginx/pavise.conf
