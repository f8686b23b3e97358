# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: PostgreSQL starts and keeps data under policies/postgresql.yaml, and
# its superuser gets no further than the data.
#
# How: a cluster where Debian has it. What is denied is permitted by the modes of the files, so that
# nothing but the policy stands between.

# shellcheck source=tests/vm/policy_lib.sh
. tests/vm/policy_lib.sh

if [ ! -x /usr/lib/postgresql/15/bin/postgres ]; then
	skip "$NAME" "PostgreSQL is not there"
	return
fi
data=/var/lib/postgresql/15/main
programs=/usr/lib/postgresql/15/bin
mkdir -p /var/lib/postgresql/15 /run/postgresql /var/log/postgresql
chown postgres:postgres /var/lib/postgresql/15 /run/postgresql /var/log/postgresql
echo "a secret" >/etc/pavise-secret
ip link set lo up

as_postgres() {
	(cd / && exec setpriv --reuid postgres --regid postgres --clear-groups "$@")
}

control() {
	as_postgres "$programs/pg_ctl" -D "$data" -w -t 120 -l /var/log/postgresql/log "$@" 2>&1 </dev/null
}

sql() {
	as_postgres "$programs/psql" -X -A -t -v ON_ERROR_STOP=1 -h /run/postgresql -c "$1"
}

check "$NAME/initdb, before" \
	as_postgres "$programs/initdb" -D "$data" -A trust --no-sync --locale=C.UTF-8 --encoding=UTF8
in_force postgresql
cat >>"$data/postgresql.conf" <<EOF
unix_socket_directories = '/run/postgresql'
fsync = off
EOF
works "start" "server started" control start
works "create" "CREATE TABLE" sql "create table t (n int primary key, word text)"
works "insert" "INSERT 0 1000" sql "insert into t select n, md5(n::text) from generate_series(1, 1000) n"
works "select" "1000|500500" sql "select count(*), sum(n) from t"
works "by TCP" "1000" as_postgres "$programs/psql" -X -A -t -h 127.0.0.1 -c "select count(*) from t"
works "vacuum and checkpoint" "" sql "vacuum analyze t"
works "extension" "CREATE EXTENSION" sql "create extension dblink"
works "a time zone" "2026-01-01 01:00:00+01" sql \
	"set timezone = 'Europe/Berlin'; select timestamptz '2026-01-01 00:00:00+00'"
works "compiled query" "1000" as_postgres "$programs/psql" -X -A -t -h /run/postgresql \
	-c "set jit_above_cost = 0" -c "select count(word) from t where n > 0"
works "in parallel" "1000" as_postgres "$programs/psql" -X -A -t -h /run/postgresql \
	-c "set force_parallel_mode = on" -c "select count(*) from t"
works "reading its own files" "15" sql "select pg_read_file('PG_VERSION')"

denied "COPY PROGRAM" "could not execute command" "deny exec /usr/bin/dash" \
	sql "copy t from program 'id'"
denied "COPY TO PROGRAM" "could not execute command" "deny exec /usr/bin/dash" sql "copy t to program 'cat >/tmp/t'"
denied "pg_read_file" "/etc/pavise-secret\" for reading: Permission denied" "deny read /etc/pavise-secret" \
	sql "select pg_read_file('/etc/pavise-secret')"
denied "COPY from a file" "Permission denied" "deny read /etc/pavise-secret" sql "copy t from '/etc/pavise-secret'"
denied "COPY to a file" "Permission denied" "deny create /tmp/pavise-t" sql "copy t to '/tmp/pavise-t'"
denied "pg_ls_dir" "Permission denied" "deny list /home" sql "select pg_ls_dir('/home')"
cp /usr/lib/postgresql/15/lib/dblink.so "$data/x.so"
chown postgres "$data/x.so"
denied "a library of its own" "x.so" "deny map $data/x.so" \
	sql "create function f() returns text as '$data/x.so', 'dblink_connect' language c"
denied "dblink" "Permission denied" "deny connect 127.0.0.1:9999" \
	sql "select dblink_connect('host=127.0.0.1 port=9999 dbname=x')"
works "select, still" "1000|500500" sql "select count(*), sum(n) from t"
works "restart" "server started" control restart
works "select after a restart" "1000" sql "select count(*) from t"
works "stop" "server stopped" control stop -m fast
rm -rf /etc/pavise-secret /var/lib/postgresql/15
