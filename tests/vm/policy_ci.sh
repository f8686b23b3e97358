# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a job under policies/ci-runner.yaml clones, compiles and tests, and reaches neither the
# machine nor the network around it; and a build under policies/build-sandbox.yaml has no network.
#
# How: 10.0.0.7 and 169.254.169.254, on loopback here, are the network around.

# shellcheck source=tests/vm/policy_lib.sh
. tests/vm/policy_lib.sh

if [ ! -x /usr/bin/tcc ] || [ ! -x /usr/bin/git ]; then
	skip "$NAME" "git or a compiler is not there"
	return
fi
ip link set lo up
ip address add 10.0.0.7/32 dev lo
ip address add 169.254.169.254/32 dev lo
mkdir -p /srv/ci/origin /srv/build "$T/www"
socat UNIX-LISTEN:/run/docker.sock,fork /dev/null &
engine=$!
(
	export HOME=/srv/ci
	cd /srv/ci/origin || exit
	git config --global user.name tester
	git config --global user.email tester@localhost
	git config --global --add safe.directory '*'
	git init -q .
	printf '#include <stdio.h>\nint main(void)\n{\n\tputs("built");\n\treturn 0;\n}\n' >main.c
	printf 'test: prog\n\t./prog\nprog: main.c\n\ttcc -o prog main.c\n' >Makefile
	git add .
	git commit -q -m first
) || not_ok "$NAME/repository" "expected it to be made"

job() {
	RUNS=$((${RUNS:-0} + 1))
	(cd /srv/ci && HOME=/srv/ci in_group "ci.slice/$NAME/$RUNS" "$@")
}

in_force ci-runner
works "clone" "" job git clone -q file:///srv/ci/origin /srv/ci/job
works "build and test" "built" job make -s -C /srv/ci/job test
works "commit" "" job git -C /srv/ci/job commit -q --allow-empty -m second
works "a server that a test starts" "200" job python3 -c '
import http.server, threading, urllib.request
s = http.server.HTTPServer(("127.0.0.1", 8000), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=s.serve_forever, daemon=True).start()
print(urllib.request.urlopen("http://127.0.0.1:8000/").status)'
denied "passwords" "Permission denied" "deny read /etc/shadow" job cat /etc/shadow
denied "keys" "Permission denied" "deny list /root" job ls /root
denied "cloud metadata" "Permission denied" "deny connect 169.254.169.254:80" \
	job curl -sv http://169.254.169.254/
denied "the network around" "Permission denied" "deny connect 10.0.0.7:443" job curl -sv https://10.0.0.7/
denied "the container engine" "Permission denied" "deny connect /run/docker.sock" \
	job socat - UNIX-CONNECT:/run/docker.sock
denied "programs of the system" "Permission denied" "deny create /usr/bin/x" job sh -c 'echo >/usr/bin/x'
denied "user namespaces" "ermi" "deny user-namespaces user-namespaces" job unshare -U true

build() {
	RUNS=$((${RUNS:-0} + 1))
	(cd /srv/build/job && HOME=/srv/build in_group "build.slice/$NAME/$RUNS" "$@")
}

rm -rf /srv/ci/job/prog
mv /srv/ci/job /srv/build/job
in_force build-sandbox
works "build, without a network" "built" build make -s test
denied "build, connecting" "Permission denied" "deny socket inet" \
	build python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8125))'
denied "build, outside of its tree" "Permission denied" "deny create /srv/ci/x" build sh -c 'echo >/srv/ci/x'
kill $engine
wait $engine 2>/dev/null
ip address del 10.0.0.7/32 dev lo
ip address del 169.254.169.254/32 dev lo
rm -rf /srv/ci /srv/build /run/docker.sock
