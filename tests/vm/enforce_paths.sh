# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a file's path is the one that the process's mount namespace
# shows, from its root mount down, whatever the process's own root, however
# long, deep and odd; and where there is no such path the answer is no.
#
# How: the same file, or one beside it, is reached by the ways that change
# what a path looks like.

P=$BIN/probe_file
for d in good deny to lower/deny lower/good upper work merged tmpfs "good$T/deny"; do mkdir -p "$T/$d"; done
for d in good deny to lower/deny lower/good "good$T/deny"; do echo content >"$T/$d/file"; done
mount -t tmpfs none "$T/tmpfs"
mkdir "$T/tmpfs/deny" "$T/tmpfs/good"
echo content | tee "$T/tmpfs/deny/file" >"$T/tmpfs/good/file"
mount -t overlay overlay -o "lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work" "$T/merged"
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/deny/**
      - deny: $T/to/**
      - deny: $T/{lower,upper,work}/**
      - deny: $T/merged/deny/**
      - deny: $T/tmpfs/deny/**
  system:
    mount: allow
EOP

# read_test NAME RULE MATCH OBJECT NEIGHBOUR WRAPPER...
read_test() {
	read_name=$1
	read_rule=$2
	read_match=$3
	read_object=$4
	read_neighbour=$5
	shift 5
	deny_test "$read_name" file_open read "$read_rule" "$read_match" "$read_object" "$read_neighbour" \
		"$P" "$@" read @
}

# A root of one's own.
SHOWN=$T/deny/file
read_test "after chroot" 'files[0]' "$T/deny/**" /deny/file /good/file chroot "$T"
SHOWN=
allow_test "after chroot, a name that is denied outside" "$P" chroot "$T/good" read "$T/deny/file"

# Mounts.
read_test "a bind mount in a namespace of its own" 'files[1]' "$T/to/**" "$T/to/file" "$T/good/file" \
	bind "$T/good" "$T/to"
read_test "a mount namespace" 'files[0]' "$T/deny/**" "$T/deny/file" "$T/good/file" unshare
read_test "a user namespace" 'files[0]' "$T/deny/**" "$T/deny/file" "$T/good/file" userns
SHOWN=$T/deny/file
deny_test "a detached tree of what is mounted" file_open read 'files[0]' "$T/deny/**" "$T/deny" "$T/good" \
	"$P" detached @ file
nowhere "$T/nowhere"
SHOWN=/file
deny_test "a detached tree of what is mounted nowhere" file_open read - - "$NOWHERE/file" "$T/good/file" "$P" read @
SHOWN=
kill "$NOWHERE_PID"
mkfifo "$T/fifo"
# shellcheck disable=SC2016
unshare -m --propagation private sh -c ': >"$1"; exec cat "$1"' sh "$T/fifo" &
foreign=$!
exec 9<"$T/fifo"
SHOWN=$T/good/file
read_test "a mount of another namespace" - - "/proc/$foreign/root$T/good/file" "/proc/self/root$T/good/file"
SHOWN=
exec 9<&-
kill $foreign
read_test "tmpfs" 'files[4]' "$T/tmpfs/deny/**" "$T/tmpfs/deny/file" "$T/tmpfs/good/file"

# An overlay: its own paths count, those of its layers do not.
read_test "overlay" 'files[3]' "$T/merged/deny/**" "$T/merged/deny/file" "$T/merged/good/file"
deny_test "overlay, write and copy up" file_open write 'files[3]' "$T/merged/deny/**" "$T/merged/deny/file" \
	"$T/merged/good/file" "$P" write @
allow_test "overlay, after the copy up" "$P" rdwr "$T/merged/good/file"
allow_test "overlay, create" "$P" create "$T/merged/good/new"
allow_test "overlay, unlink" "$P" unlink "$T/merged/good/new"
allow_test "overlay, rename" "$P" rename "$T/merged/good/file" "$T/merged/good/other"
read_test "a layer of an overlay" 'files[2]' "$T/{lower,upper,work}/**" "$T/lower/good/file" "$T/good/file"

# Names.
long=$(printf %0255d 0)
echo content | tee "$T/deny/$long" >"$T/good/$long"
read_test "a name of 255 bytes" 'files[0]' "$T/deny/**" "$T/deny/$long" "$T/good/$long"

# odd_test NAME TEXT SHOWN: TEXT is printf's, SHOWN is in the event as jq's @tsv writes it
odd_test() {
	# shellcheck disable=SC2059
	odd=$(printf "$2")
	echo content | tee "$T/deny/$odd" >"$T/good/$odd"
	SHOWN=$T/deny/$3
	read_test "$1" 'files[0]' "$T/deny/**" "$T/deny/$odd" "$T/good/$odd"
	SHOWN=
}
odd_test "a name with a newline" 'a\nb' 'a\nb'
odd_test "a name with an escape sequence" 'a\033[31mb' "$(printf 'a\033[31mb')"
odd_test "a name that is not UTF-8" 'a\377\300b' 'a\\xff\\xc0b'
odd_test "a name of UTF-8" 'a\303\244b' "$(printf 'a\303\244b')"
odd_test "a name with a quote and a backslash" 'a"\\b' 'a"\\b'
odd_test "a name that looks deleted" 'a (deleted)' 'a (deleted)'

# Depth: levels N prints N times /d.
levels() {
	printf "%$1s" '' | sed 's, ,/d,g'
}
for d in deny good; do
	run_in "$GROUP/free" "$P" new-deep "$T/$d" 300 create file
	run_in "$GROUP/free" "$P" deep "$T/$d" 200 create file
done
SHOWN=$T/deny$(levels 200)/file
deny_test "200 levels" file_open read 'files[0]' "$T/deny/**" "$T/deny" "$T/good" "$P" deep @ 200 read file
SHOWN=$(levels 255)/file
deny_test "300 levels" file_open read - - 300 200 "$P" deep "$T/good" @ read file
SHOWN=

# Another's renames must not lead to a denial here.
mkdir -p "$T/storm/a" "$T/good/x/y"
echo content >"$T/good/x/y/file"
"$P" rename-forever "$T/storm/a" "$T/storm/b" >/dev/null &
storm=$!
allow_test "2,000 opens beside a rename storm" "$P" read-often "$T/good/x/y/file" 2000
check "$NAME/the rename storm went on" kill $storm
wait $storm

# Nor may they lead to a permission.  The file is in deny all the time.  Read
# from the file up while first q and then p is moved, its name would be one in
# good.  On two processors, as not every kernel interrupts a walk; until some
# walks were disturbed, and in batches that the ring has room for.
disturbed() {
	echo $(($(pavise status --json | jq .enforcement.counters.races) - disturbed_before))
}
mkdir -p "$T/deny/p" "$T/deny/z"
run_in "$GROUP/free" "$P" new-deep "$T/deny/p" 200 mkdir q
run_in "$GROUP/free" "$P" deep "$T/deny/p" 200 create q/file
disturbed_before=0
disturbed_before=$(disturbed)
taskset -c 1 "$P" dance "$T" 200 >/dev/null &
dance=$!
batches=0
FOUND=EACCES
while [ "$FOUND" = EACCES ] && [ $batches -lt 10 ] && [ "$(disturbed)" -lt 8 ]; do
	batches=$((batches + 1))
	run_in "$GROUP/enforce" taskset -c 0 "$P" denied-often "$T/deny/z/q/file" 3000
	barrier
done
check_output "$NAME/a denied file whose folders are moved" EACCES echo "$FOUND"
check "$NAME/its folders were moved all the time" kill $dance
wait $dance
check "$NAME/walks were disturbed by that ($(disturbed) of $((batches * 3000)))" test "$(disturbed)" -ge 8
events_check

raw=$(log_new | tr -d '\012\040-\176\200-\377' | wc -c)
check_output "$NAME/no control character in the log" 0 echo "$raw"
umount "$T/merged" "$T/tmpfs"
