# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: neither a rename nor a link gives a file what its name denied,
# and a folder below which rules differ is not renamed; nor does a mount,
# unless the policy says that it may.
#
# How: each is tried on names of which the rules deny more or less than those
# of the other name; an event names the rule of the old one.

P=$BIN/probe_file
folders="secret locked program good spare tree/private tree/public plain/inner"
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/secret/**
        access: read
      - deny: $T/locked/*
        access: [write, append]
        except: $T/locked/open
      - deny: $T/tree/private/**
        access: read
      - deny: $T/**/*.key
        access: [read, delete]
  exec:
    default: allow
    rules:
      - deny: $T/program/**
EOP

clean() {
	rm -rf "${T:?}"/*
	for d in $folders; do
		mkdir -p "$T/$d"
		echo content >"$T/$d/file"
	done
	echo content >"$T/locked/open"
	echo content >"$T/good/a.key"
	echo content >"$T/good/a.pub"
}
PREPARE=clean

# follow_test NAME HOOK OP RULE MATCH OBJECT NEIGHBOUR COMMAND...
deny_test "rename out of what may not be read" path_rename read 'files[0]' "$T/secret/**" "$T/secret/file" \
	"$T/good/file" "$P" rename @ "$T/spare/new"
deny_test "rename over another file" path_rename read 'files[0]' "$T/secret/**" "$T/secret/file" \
	"$T/good/file" "$P" rename @ "$T/spare/file"
deny_test "link to another name" path_link read 'files[0]' "$T/secret/**" "$T/secret/file" \
	"$T/good/file" "$P" link @ "$T/spare/new"
deny_test "rename to what may be written" path_rename write 'files[1]' "$T/locked/*" "$T/locked/file" \
	"$T/locked/open" "$P" rename @ "$T/spare/new"
deny_test "rename to a name without the suffix" path_rename read 'files[3]' "$T/**/*.key" "$T/good/a.key" \
	"$T/good/a.pub" "$P" rename @ "$T/good/b.pub"
deny_test "rename of a program that may not run" path_rename map 'exec[0]' "$T/program/**" "$T/program/file" \
	"$T/good/file" "$P" rename @ "$T/spare/new"
deny_test "exchange, the first loses" path_rename read 'files[0]' "$T/secret/**" "$T/secret/file" \
	"$T/good/file" "$P" exchange @ "$T/spare/file"
deny_test "exchange, the second loses" path_rename read 'files[0]' "$T/secret/**" "$T/secret/file" \
	"$T/good/file" "$P" exchange "$T/spare/file" @
deny_test "a folder below which rules are" path_rename rename - - "$T/tree" "$T/plain" "$P" rename @ "$T/new"
deny_test "a folder with its rules" path_rename rename - - "$T/tree/private" "$T/tree/public" "$P" rename @ "$T/tree/new"

allow_test "rename within the same rules" "$P" rename "$T/secret/file" "$T/secret/new"
allow_test "link within the same rules" "$P" link "$T/secret/file" "$T/secret/new"
allow_test "rename to a name with fewer rights" "$P" rename "$T/good/file" "$T/secret/new"
allow_test "exchange within the same rules" "$P" exchange "$T/good/file" "$T/spare/file"
allow_test "a folder among those without rules of their own" "$P" rename "$T/plain/inner" "$T/good/inner"
events_check

# Mounts.  A new file system where no rule looks is one; the rest is not.
SYSTEM=$BIN/probe_system
modprobe overlay 2>/dev/null || true
REASON=moves_names
SHOWN=-
printf '%s\n' "  files:" "    default: allow" "    rules:" "      - deny: $T/tree/private/**" \
	"        access: read" >"$WORK/files"
govern mounts <"$WORK/files"
PREPARE=clean
# mount_test NAME HOOK OPERATION NEIGHBOUR FOLDER
mount_test() {
	deny_test "$1" "$2" mount files - "$3" "$4" "$SYSTEM" @ "$5"
}
deny_test "a file system on a folder below which rules are" sb_mount mount files - "$T/tree" "$T/plain" \
	"$SYSTEM" mount @
deny_test "one on a folder with rules" sb_mount mount files - "$T/tree/private" "$T/tree/public" \
	"$SYSTEM" mount @
mount_test "a bind mount" sb_mount bind mount "$T/plain"
mount_test "a tree that is attached" move_mount fsmount mount "$T/plain"
mount_test "an overlay" sb_kern_mount overlay mount "$T/plain"
mount_test "a file system that is mounted" sb_kern_mount sysfs mount "$T/plain"
allow_test "a change of propagation" "$SYSTEM" propagation /
printf '%s\n' "  system:" "    mount: allow" >>"$WORK/files"
govern mounts-allowed <"$WORK/files"
PREPARE=clean
for operation in "mount $T/tree" "bind $T/plain" "fsmount $T/plain" "overlay $T/plain" "sysfs $T/plain"; do
	# shellcheck disable=SC2086
	allow_test "permitted by the policy: ${operation%% *}" "$SYSTEM" $operation
done
REASON=
SHOWN=
events_check
