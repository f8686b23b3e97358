# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# seconds: 600
#
# PostgreSQL's regression tests against a cluster of their own: the verdict on each, what differs from the expected, and
# as files what the queries answered. The groups below do more with the system than to compute: they make files,
# processes, connections and shared memory, and load libraries. With WHOLE=1 the whole of its parallel_schedule.
bin=/usr/lib/postgresql/15/bin
regress=/usr/lib/postgresql/15/lib/pgxs/src/test/regress/pg_regress
from=/usr/src/postgresql-15/src/test/regress
chmod 777 "$S" "$T"
as() { setpriv --reuid postgres --regid postgres --clear-groups env HOME="$S" PATH="$bin:$PATH" PGHOST="$S" PGDATABASE=postgres "$@"; }
control() { as pg_ctl -s -D "$S/data" -w -t 120 -l "$S/log" "$@"; }
as initdb -D "$S/data" -A trust --no-sync --locale=C --encoding=UTF8 >"$S/initdb" 2>&1
echo "initdb: $?"
cat >>"$S/data/postgresql.conf" <<END
unix_socket_directories = '$S'
listen_addresses = ''
fsync = off
autovacuum = off
huge_pages = off
END
control start
cat >"$S/schedule" <<END
test: test_setup
test: tablespace
test: copy copyselect copydml insert create_function_c create_misc create_type create_schema
test: prepared_xacts xid mvcc encoding largeobject temp async lock misc_functions
test: write_parallel
END
if [ -n "$WHOLE" ]; then cp "$from/parallel_schedule" "$S/schedule"; fi
as mkdir "$S/out"
as "$regress" --inputdir="$from" --outputdir="$S/out" --bindir="$bin" --dlpath="$P" --host="$S" --user=postgres \
	--schedule="$S/schedule" --max-concurrent-tests=20 >"$S/verdicts" 2>&1
echo "status $?"
sed -n -E 's/^(test)? +([a-z0-9_.]+) +\.\.\. ([a-zA-Z]+( \(.*\))?) .*/\2: \3/p' "$S/verdicts" | sort
tail -n 8 "$S/verdicts" | grep -E 'tests? (passed|failed)|ignored'
grep -a '^[-+][^-+]' "$S/out/regression.diffs"
cp "$S"/out/results/*.out "$T/"
control -m fast stop
echo "counted: $(grep -c ' \.\.\. ok ' "$S/verdicts") ok, $(grep -c ' \.\.\. FAILED' "$S/verdicts") failed"
