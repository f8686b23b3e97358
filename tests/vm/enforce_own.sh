# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: the agent's files (its state, its log, its program, the policies
# that it was started with) are changed by nobody who is governed by a policy
# that does not say `agent: allow`, by whatever name, and whether or not the
# policy has a word about files; all may be read, and what is beside them
# changed; a log that takes the place of another is guarded as well.
#
# How: each operation on a file of the agent's and the same on one beside it.
# What they change is put right before the next one.

P=$BIN/probe_file
A=$BIN/probe_attributes
STATE=/run/pavise
PROGRAM=$(readlink -f /usr/sbin/pavise)
for own_folder in "$T" "$POLICIES" "${LOG%/*}"; do
	echo content >"$own_folder/beside"
done
mkdir "$T/folder"
: >"$T/mounted"
mount --bind "$LOG" "$T/mounted"
ln -s "$LOG" "$T/symlink"
case $(uname -r) in
6.1.*) own_truncated=path_truncate ;;
*) own_truncated=file_truncate ;;
esac

# restore: all is as it was before the operation.
restore() {
	for own_name in "$LOG" "${LOG%/*}" "$STATE/agent.lock" "$STATE" "$SET" "$PROGRAM" "$T/beside" "$T/folder"; do
		if [ -e "$own_name.x" ]; then mv "$own_name.x" "$own_name"; fi
	done
	rm -rf "$LOG.y" "$T/beside.y" "$STATE/new" "$STATE/sets/new" "$SET/new" "$POLICIES/new" "$T/folder/new" "${LOG%/*}/new"
	chown 0:0 "$LOG" "$T/beside"
	chmod 755 "$PROGRAM" "$T/folder"
	chmod 750 "${LOG%/*}"
	echo content >"$POLICIES/beside"
	echo content >"$T/beside"
	echo content >"$T/moved"
	echo content >"$WORK/moved"
}

# own_test NAME HOOK OBJECT NEIGHBOUR COMMAND...
own_test() {
	own_test=$1
	own_hook=$2
	own_object=$3
	own_neighbour=$4
	shift 4
	SHOWN=-
	deny_test "$own_test" "$own_hook" agent system.agent agent "$own_object" "$own_neighbour" "$@"
	SHOWN=
	restore
}

govern <<EOP
  network:
    default: allow
  system:
    agent: deny
EOP
SET=$(find $STATE/sets -mindepth 1 -maxdepth 1 | sort -V | tail -n 1)
PREPARE=restore

own_test "the log, write" file_open "$LOG" "$T/beside" "$P" write @
own_test "the log, append" file_open "$LOG" "$T/beside" "$P" append @
own_test "the log, through a link" file_open "$T/symlink" "$T/beside" "$P" append @
own_test "the log, through a mount" file_open "$T/mounted" "$T/beside" "$P" append @
own_test "the log, times" inode_setattr "$LOG" "$T/beside" "$A" times-now @
own_test "the log, an extended attribute" inode_setxattr "$LOG" "$T/beside" "$A" setxattr @
own_test "the log, owner" path_chown "$LOG" "$T/beside" "$P" chown @
own_test "the log, mode" path_chmod "$LOG" "$T/beside" "$P" chmod @
own_test "the log, its name" path_rename "$LOG" "$T/beside" "$P" rename @ @.x
own_test "the log, another name" path_link "$LOG" "$T/beside" "$P" link @ @.y
own_test "the log's folder, its name" path_rename "${LOG%/*}" "$T/folder" "$P" rename @ @.x
own_test "the log's folder, its mode" path_chmod "${LOG%/*}" "$T/folder" "$P" chmod @
own_test "the log's folder, a log from before" file_open "${LOG%/*}/beside" "$T/beside" "$P" write @
own_test "the log's folder, a new file" path_mknod "${LOG%/*}/new" "$T/folder/new" "$P" create @

own_test "the lock" file_open $STATE/agent.lock "$T/beside" "$P" write @
own_test "the lock, its name" path_rename $STATE/agent.lock "$T/beside" "$P" rename @ @.x
own_test "the state, its name" path_rename $STATE "$T/folder" "$P" rename @ @.x
own_test "the state, a new file" path_mknod $STATE/new "$T/folder/new" "$P" mknod @
own_test "the state, a new folder" path_mkdir $STATE/sets/new "$T/folder/new" "$P" mkdir @
own_test "the state, a new symbolic link" path_symlink $STATE/sets/new "$T/folder/new" "$P" symlink @
own_test "the stored policies" file_open "$SET/meta.json" "$T/beside" "$P" write @
own_test "the stored policies, a new file" path_mknod "$SET/new" "$T/folder/new" "$P" create @
own_test "the stored policies, mode" path_chmod "$SET/meta.json" "$T/beside" "$P" chmod @
own_test "the stored policies, their name" path_rename "$SET" "$T/folder" "$P" rename @ @.x

own_test "the policies, write" file_open "$POLICIES/beside" "$T/beside" "$P" write @
own_test "the policies, read and truncated" "$own_truncated" "$POLICIES/beside" "$T/beside" "$P" truncate-read @
own_test "the policies, truncate" path_truncate "$POLICIES/beside" "$T/beside" "$P" truncate @
own_test "the policies, unlink" path_unlink "$POLICIES/beside" "$T/beside" "$P" unlink @
own_test "the policies, a new file" path_mknod "$POLICIES/new" "$T/folder/new" "$P" create @
own_test "the policies, a file that is moved there" path_rename "$POLICIES/new" "$WORK/new" \
	"$P" rename "$WORK/moved" @
own_test "the program, mode" path_chmod "$PROGRAM" "$T/beside" "$P" chmod @
own_test "the program, its name" path_rename "$PROGRAM" "$T/beside" "$P" rename @ @.x

allow_test "the log, read" "$P" read "$LOG"
allow_test "the policies, read" "$P" read "$POLICIES/beside"
allow_test "the stored policies, read" "$P" read "$SET/meta.json"
allow_test "the state, listed" "$P" list "$STATE"
allow_test "the program, executed" sh -c 'pavise --version >/dev/null && echo 0'
events_check

mv "$LOG" "$LOG.1"
kill -HUP "$AGENT"
check "$NAME/the log is opened anew" wait_until 30 [ -e "$LOG" ]
log_mark
own_test "the new log" file_open "$LOG" "$T/beside" "$P" append @
own_test "the log before" file_open "$LOG.1" "$T/beside" "$P" append @
events_check

govern administrators <<EOP
  network:
    default: allow
  system:
    agent: allow
EOP
SET=$(find $STATE/sets -mindepth 1 -maxdepth 1 | sort -V | tail -n 1)
allow_test "who administers: the log" "$P" append "$LOG"
allow_test "who administers: the policies" "$P" create "$POLICIES/new"
allow_test "who administers: the state" "$P" mkdir "$STATE/new"
restore
events_check
umount "$T/mounted"
rm -f "$POLICIES/beside" "$LOG.1"
