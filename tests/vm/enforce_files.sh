# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: opening a file asks for exactly the accesses that the open
# gives, whichever way it is opened.
#
# How: a folder for each access, in which a rule denies this access and no
# other, and "good", where everything is permitted.  So an open that asked
# for another access than it should succeeds where it must not, or fails in
# one of the other folders.

P=$BIN/probe_file
for d in good bad read write append create list; do mkdir -p "$T/$d"; done
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/bad{,/**}
      - deny: $T/read{,/**}
        access: read
      - deny: $T/write{,/**}
        access: write
      - deny: $T/append{,/**}
        access: append
      - deny: $T/create{,/**}
        access: create
      - deny: $T/list{,/**}
        access: list
EOP

files() {
	for d in good bad read write append list create; do echo content >"$T/$d/file"; done
}

files_without_new() {
	for d in good bad read write append list create; do rm -f "$T/$d/new"; done
}

# open_test NAME OP RULE FOLDER OPERATION: on the file of a folder
open_test() {
	deny_test "$1" file_open "$2" "$3" "$T/$4{,/**}" "$T/$4/file" "$T/good/file" "$P" "$5" @
}

PREPARE=files
open_test "read" read 'files[1]' read read
open_test "write" write 'files[2]' write write
open_test "append" append 'files[3]' append append
open_test "read and write, reading denied" read 'files[1]' read rdwr
open_test "read and write, writing denied" write 'files[2]' write rdwr
open_test "read, everything denied" read 'files[0]' bad read
open_test "openat2" read 'files[1]' read openat2
open_test "opened as a path, then for reading" read 'files[1]' read reopen-path
open_test "opened for writing, then for reading" read 'files[1]' read reopen-write
open_test "truncating open for writing" write 'files[2]' write truncate-open
deny_test "list" file_open list 'files[5]' "$T/list{,/**}" "$T/list" "$T/good" "$P" list @
for folder in write append create list; do allow_test "read is not $folder" "$P" read "$T/$folder/file"; done
for folder in read append create list; do allow_test "write is not $folder" "$P" write "$T/$folder/file"; done
for folder in read write create list; do allow_test "append is not $folder" "$P" append "$T/$folder/file"; done
for folder in read write append create; do allow_test "list is not $folder" "$P" list "$T/$folder"; done
allow_test "create of a file that is there" "$P" create "$T/create/file"
allow_test "a path without access" "$P" path "$T/bad/file"

# Reading and truncating at once: on kernels before 6.2 another hook than after.
case $(uname -r) in
6.1.* | 5.*) truncating=path_truncate ;;
*) truncating=file_truncate ;;
esac
deny_test "truncating open for reading" "$truncating" write 'files[2]' "$T/write{,/**}" "$T/write/file" \
	"$T/good/file" "$P" truncate-read @

for how in truncate-append ftruncate-append; do
	deny_test "appending is not emptying, $how" "$truncating" write 'files[2]' "$T/write{,/**}" \
		"$T/write/file" "$T/good/file" "$P" $how @
done

PREPARE=files_without_new
deny_test "create" path_mknod create 'files[4]' "$T/create{,/**}" "$T/create/new" "$T/good/new" "$P" create @
deny_test "create and read" path_mknod create 'files[4]' "$T/create{,/**}" "$T/create/new" "$T/good/new" \
	"$P" create-rdwr @
deny_test "create, everything denied" path_mknod create 'files[0]' "$T/bad{,/**}" "$T/bad/new" "$T/good/new" \
	"$P" create-rdwr @
deny_test "create, writing denied" file_open write 'files[2]' "$T/write{,/**}" "$T/write/new" "$T/good/new" \
	"$P" create @
files_without_new
run_in "$GROUP/enforce" "$P" create "$T/create/new"
check "$NAME/a denied create leaves no file" test ! -e "$T/create/new"
expect_event "$NAME/a denied create leaves no file, event" "$RUN" deny path_mknod create "$GOVERNOR-enforce" \
	'files[4]' "$(rule_line 'files[4]')" explicit_deny "$T/create{,/**}" "$T/create/new"

# A file without a name has the name of a number in its folder.
PREPARE=:
run_in "$GROUP/enforce" "$P" tmpfile "$T/good"
check "$NAME/O_TMPFILE in a permitted folder" test "$FOUND" = 0
expect_none "$NAME/O_TMPFILE in a permitted folder" "$RUN"
run_in "$GROUP/enforce" "$P" tmpfile "$T/read"
check "$NAME/O_TMPFILE in a denied folder" test "$FOUND" = EACCES

# The name that counts is the one of the file, however it was said.
files
ln -s "$T/read/file" "$T/good/link"
ln -s "$T/read" "$T/good/folder"
echo content >"$T/good/other"
ln -s "$T/good/other" "$T/read/link"
SHOWN=$T/read/file
deny_test "symbolic link to a file" file_open read 'files[1]' "$T/read{,/**}" "$T/good/link" "$T/good/file" \
	"$P" read @
deny_test "symbolic link to a folder" file_open read 'files[1]' "$T/read{,/**}" "$T/good/folder/file" \
	"$T/good/file" "$P" read @
deny_test "a way with dots" file_open read 'files[1]' "$T/read{,/**}" "$T/good/../read/./file" "$T/good/../good/file" \
	"$P" read @
deny_test "relative to a folder's descriptor" file_open read 'files[1]' "$T/read{,/**}" ../read/file file \
	"$P" openat "$T/good" @
deny_test "relative to the working folder" file_open read 'files[1]' "$T/read{,/**}" ../read/file file \
	"$P" in "$T/good" read @
SHOWN=
allow_test "symbolic link out of a denied folder" "$P" read "$T/read/link"

# What is no file in a folder.
PREPARE=:
allow_test "/dev/null" "$P" rdwr /dev/null
allow_test "/proc" "$P" read /proc/self/status
allow_test "/sys" "$P" list /sys/kernel
allow_test "a pipe, opened again" "$P" reopen-pipe
allow_test "a file in memory, opened again" "$P" reopen-memfd
allow_test "a file without a name, opened again" "$P" reopen-deleted "$T/good/gone"
events_check
