# shellcheck shell=sh disable=SC2015,SC2016
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# rsync -aHAX --delete: the first copy, changes, a sparse copy, hard links to an older copy, and by its daemon.
mkdir -p from/a/b from/gone && seq 20000 >from/a/numbers && ln from/a/numbers from/a/b/hard && ln -s ../numbers from/a/b/soft
mkfifo from/pipe && mknod from/null c 1 3 && truncate -s 2M from/sparse && echo x >from/gone/x
chown -R 1000:1000 from/a && setfattr -n user.word -v value from/a/numbers && setfacl -m u:33:r from/a/numbers
find from -exec touch -h -d @1700000000 {} +
rsync -aHAX --delete -i from/ to
rsync -aHAX --delete -i from/ to
rm -r from/gone && sed -i 's/^77$/x/' from/a/numbers && mv from/null from/renamed && chmod 600 from/a/b/hard && echo new >from/new
find from -exec touch -h -d @1700000001 {} +
rsync -aHAX --delete -n -i from/ to
rsync -aHAX --delete -i --backup --backup-dir="$T/older" from/ to
rsync -aHAXS --numeric-ids --link-dest="$T/to" -i from/ linked
rsync -aHAX --inplace --no-whole-file --checksum -i from/a/ to/b
printf 'uid = 0\ngid = 0\nuse chroot = yes\nport = 8730\naddress = 127.0.0.1\npid file = %s\nlog file = /dev/null\n[m]\npath = %s\nread only = no\n' \
	"$S/pid" "$T/served" >"$S/conf"
mkdir served
rsync --daemon --config="$S/conf"
for _ in 1 2 3 4 5 6 7 8 9 10; do rsync rsync://127.0.0.1:8730/ 2>/dev/null && break || sleep 0.5; done
rsync -aHAX --delete -i from/ rsync://127.0.0.1:8730/m/deep
rsync -aHAX --delete -i rsync://127.0.0.1:8730/m/deep/ back
kill "$(cat "$S/pid")"
diff -r from/a back/a && rsync -aHAX -n -i from/ back
