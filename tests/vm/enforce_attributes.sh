# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: what is known of a file is changed only where a policy permits
# that by one of the names that the file has in the task's mount namespace,
# and what the kernel changes of it for another operation is no question.
#
# How: as in enforce_files.sh, a folder for each access; one folder that is
# mounted at several places; and an overlay whose layers may not be touched.

P=$BIN/probe_attributes
for d in good attributes write source bound deny deny-too lower upper work merged many hidden; do
	mkdir -p "$T/$d"
done
fill() {
	for fill_d in good attributes write source deny hidden; do echo content >"$T/$fill_d/file"; done
}
fill
echo content >"$T/attributes/marked"
ln "$T/attributes/marked" "$T/good/marked"
mount --bind "$T/source" "$T/bound"
mount --bind "$T/deny" "$T/deny-too"
for i in $(seq 20); do
	mkdir "$T/many/$i"
	mount --bind "$T/hidden" "$T/many/$i"
done
for f in file other written; do
	echo content >"$T/lower/$f"
	"$P" setxattr "$T/lower/$f" >"$WORK/prepared"
	"$P" capability "$T/lower/$f" >"$WORK/prepared"
done
mount -t overlay overlay -o "lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work" "$T/merged"
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/attributes/**
        access: attributes
      - deny: $T/write/**
        access: write
      - deny: ["$T/bound/**", "$T/{hidden,many/[1-9],many/1[1-9],many/20}/**"]
        access: modify
      - deny: $T/deny{,-too}/**
        access: modify
      - deny: $T/{lower,upper,work}{,/**}
      - deny: $T/attributes/marked
        access: attributes
EOP

# What is asked for.
PREPARE=fill
for how in setxattr/inode_setxattr times/inode_setattr times-half/inode_setattr; do
	deny_test "${how%/*}" "${how#*/}" attributes 'files[0]' "$T/attributes/**" "$T/attributes/file" \
		"$T/good/file" "$P" "${how%/*}" @
done
case $(uname -r) in
6.1.* | 6.12.*) flags=file_ioctl ;;
*) flags=inode_file_setattr ;;
esac
deny_test "flags" "$flags" attributes 'files[0]' "$T/attributes/**" "$T/attributes/file" "$T/good/file" "$P" flags @
deny_test "the time as it is" inode_setattr write 'files[1]' "$T/write/**" "$T/write/file" "$T/good/file" \
	"$P" times-now @
allow_test "the time as it is, where attributes are denied" "$P" times-now "$T/attributes/file"
allow_test "times, where writing is denied" "$P" times "$T/write/file"
deny_test "another name of a marked file" inode_setattr attributes 'files[5]' "$T/attributes/marked" \
	"$T/good/marked" "$T/good/file" "$P" times @

# Names by several mounts.
allow_test "the name that is permitted" "$P" times "$T/source/file"
allow_test "the other name of what may be changed by one" "$P" times "$T/bound/file"
for how in setxattr/inode_setxattr times/inode_setattr; do
	SHOWN=$T/deny/file
	deny_test "${how%/*} by two names that are denied" "${how#*/}" attributes 'files[3]' "$T/deny{,-too}/**" \
		"$T/deny-too/file" "$T/good/file" "$P" "${how%/*}" @
	SHOWN=
done

# eight names are asked about, of the oldest mounts or of the newest
case $flags in
file_ioctl) SHOWN=$T/hidden/file ;;
*) SHOWN=$T/many/13/file ;;
esac
deny_test "more names than are looked at" inode_setattr attributes 'files[2]' \
	"$T/{hidden,many/[1-9],many/1[1-9],many/20}/**" "$T/many/10/file" "$T/good/file" "$P" times @
SHOWN=
umount "$T/many"/[2-5] "$T/many/20" "$T/many"/1[6-9]
allow_test "the one of its names that is permitted" "$P" times "$T/many/10/file"

# What the kernel does besides.
allow_test "writing" "$P" write "$T/attributes/file"
"$P" capability "$T/attributes/file" >"$WORK/prepared"
PREPARE=:
allow_test "writing, which takes a capability" "$P" write-capability "$T/attributes/file"
allow_test "truncating" "$BIN/probe_file" truncate "$T/attributes/file"
allow_test "what has no name: a file in memory" "$P" memfd "$T/attributes/file"
allow_test "what has no name: a pipe" "$P" pipe none

# An overlay: what it does to its layers is not decided, what others do is.
allow_test "overlay: writing, after a copy" "$P" write "$T/merged/written"
allow_test "overlay: an attribute, with a copy" "$P" setxattr "$T/merged/file"
allow_test "overlay: times" "$P" times "$T/merged/file"
allow_test "overlay: the time as it is" "$P" times-now "$T/merged/file"
allow_test "overlay: times, with a copy" "$P" times "$T/merged/other"
allow_test "overlay: flags" "$P" flags "$T/merged/file"
allow_test "overlay: an attribute less" "$P" removexattr "$T/merged/file"
allow_test "overlay: a folder" "$BIN/probe_file" mkdir "$T/merged/folder"
allow_test "overlay: removal" "$BIN/probe_file" unlink "$T/merged/other"
allow_test "overlay: a file in its place" "$BIN/probe_file" create "$T/merged/other"
check_output "$NAME/overlay: the copies have their attributes" 0 "$P" removexattr "$T/upper/written"
deny_test "overlay: a layer" inode_setattr attributes 'files[4]' "$T/{lower,upper,work}{,/**}" "$T/upper/file" \
	"$T/merged/file" "$P" times @
events_check
umount "$T/merged" "$T/bound" "$T/deny-too" "$T/many"/[16-9] "$T/many"/1[0-5]
