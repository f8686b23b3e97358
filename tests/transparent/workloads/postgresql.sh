# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# PostgreSQL: a cluster made, started, asked by several clients at once, dumped, restored, crashed and recovered.
# Its files differ with every run: what is compared is what it answers and its dumps.
bin=/usr/lib/postgresql/15/bin
chmod 777 "$S" "$T"
as() { setpriv --reuid postgres --regid postgres --clear-groups env HOME="$S" PATH="$bin:$PATH" PGHOST="$S" PGDATABASE=postgres "$@"; }
control() { as pg_ctl -s -D "$S/data" -w -t 120 -l "$S/log" "$@"; }
sql() { as psql -X -q -A -t -v ON_ERROR_STOP=0 "$@" 2>&1; }
as initdb -k -D "$S/data" -A trust --no-sync --locale=C.UTF-8 --encoding=UTF8 >"$S/initdb" 2>&1
echo "initdb: $?, $(grep -c '\.\.\. ok$' "$S/initdb")"
cat >>"$S/data/postgresql.conf" <<EOF
unix_socket_directories = '$S'
listen_addresses = '127.0.0.1'
fsync = off
shared_buffers = 16MB
huge_pages = off
EOF
control start && echo started
sql <<'EOF'
create table t (n int primary key, word text, at timestamptz default '2026-01-01');
insert into t select n, md5(n::text) from generate_series(1, 3000) n;
create index on t using hash (word);
select count(*), sum(n), min(word), max(word) from t;
begin; delete from t where n % 2 = 0; savepoint s; truncate t; rollback to s; commit;
select count(*) from t;
insert into t values (1, 'twice');
select 1 / 0;
create function f(int) returns int language plpgsql as $$ begin if $1 > 0 then return f($1 - 1) + 1; end if; return 0; end $$;
select f(50);
set work_mem = '64kB'; select count(distinct word) from (select md5((n * 7)::text) as word from generate_series(1, 20000) n) x;
set force_parallel_mode = on; select count(*) from t where word like 'a%'; reset force_parallel_mode;
create tablespace elsewhere location '/nowhere/at/all';
copy t to program 'sort | md5sum >&2 && cat /proc/self/comm >/dev/null';
create extension dblink; create extension pg_trgm;
select * from dblink('dbname=postgres host=127.0.0.1', 'select count(*) from t') as d(n int);
select pg_read_file('PG_VERSION'); select pg_read_file('/nowhere');
select lo_import('/etc/passwd') > 0; create materialized view v as select n % 10 as d, count(*) from t group by 1; select * from v order by 1;
listen c; notify c; vacuum full analyze t; reindex table t; checkpoint;
set timezone = 'Europe/Berlin'; select at from t limit 1;
EOF
as pgbench -q -i -I dtGvp -s 1 >"$S/bench" 2>&1
echo "pgbench -i: $?"
as pgbench -n -c 4 -j 2 -t 25 --random-seed=1 2>&1 | grep -E 'actually processed|failed'
as pgbench -n -S -C -h 127.0.0.1 -c 2 -t 10 2>&1 | grep -E 'actually processed|failed'
sql -c 'select count(*), sum(abalance) = (select sum(delta) from pgbench_history) from pgbench_accounts'
as pg_dump -t t -t v --no-comments >"$T/dump.sql" && as pg_dump -F d -j 2 -f "$S/folder" && as createdb copy &&
	as pg_restore -j 2 -d copy "$S/folder" && sql -d copy -c 'select count(*) from t'
kill -9 "$(head -n 1 "$S/data/postmaster.pid")"
sleep 1
control start && sql -c 'select count(*), sum(n) from t'
as pg_basebackup -D "$S/copy" -c fast && as pg_verifybackup "$S/copy"
control -m fast restart && sql -c 'select count(*) from pgbench_history' && control -m fast stop && as pg_checksums -c "$S/data" 2>&1 | tail -n 1
find "$S/data" -printf '%P %y %m %u\n' | grep -vE '[0-9]|pg_stat|log' | sort >"$T/names"
