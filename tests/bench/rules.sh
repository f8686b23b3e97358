# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The files that the operations open, and policies about them: for tests/bench/vm/guest and
# tests/bench/host, which set $BIN, $WORK and $CGROUPS.

DEEP=/d1/d2/d3/d4/d5/d6/d7/d8
FIRST_FILES=920

make_files() {
	mkdir -p "$WORK" $DEEP/d9 /d1/no /srv/rules "$CGROUPS/bench" "$CGROUPS/free"
	for file in /d1/d2/f /d1/d2/w /d1/d2/a /d1/no/f $DEEP/d9/f /d1/d2/a-name-that-just-fits-a-dentry; do
		echo content >"$file"
	done
	cp "$BIN/exit" /d1/d2/x
}

# Files that nobody has opened, in /d1/n and in $DEEP/n.
make_first_files() {
	for folder in /d1/n $DEEP/n; do
		rm -rf "$folder"
		mkdir "$folder"
		(cd "$folder" && seq -f %04.0f 0 $FIRST_FILES | xargs touch)
	done
}

# literals N: N paths that nothing here opens, the first ones the same for every N.
literals() {
	awk -v n="$1" 'BEGIN {
		for (x = 1; n-- > 0;) {
			x = (x * 16807) % 2147483647
			printf "/srv/rules/%08x\n", x
		}
	}'
}

# policy NAME MODE CGROUP N: with N rules for files.
policy() {
	cat <<-EOF
		apiVersion: pavise/v1
		kind: Policy
		metadata:
		  name: $1
		spec:
		  mode: $2
		  subjects:
		    - cgroup: $3
		  files:
		    default: deny
		    rules:
		      - allow: /d1/d2/**
		        except: /d1/d2/a
		        access: [read, write, map]
		      - allow: /d1/n/*
		        access: read
		      - allow: /d1/d2/a
		        audit: true
		        access: read
		      - allow: [/usr/lib/x86_64-linux-gnu/libc.so.6, $BIN/*, /proc/meminfo]
		        access: read
		      - allow: [/dev/null, /proc/sys/vm/stat_refresh]
		        access: write
	EOF
	literals $(($4 - 5)) | sed 's/.*/      - allow: &\n        access: read/'
	cat <<-EOF
		  exec:
		    default: deny
		    rules:
		      - allow: [/d1/d2/x, $BIN/*]
		  network:
		    default: deny
		    rules:
		      - allow: [bind, listen, accept]
		        to: 127.0.0.0/8
		        ports: 4242-4244
		      - allow: connect
		        to: 127.0.0.0/8
		        ports: [4242, 4243]
	EOF
}
