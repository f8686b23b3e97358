# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: making, removing, renaming and linking a name and changing what
# is behind it ask for the access that bpf/lsm/path.bpf.c names, of that name.
#
# How: as in enforce_files.sh, a folder for each access and one permitted one.

P=$BIN/probe_file
folders="good create delete rename link attributes write spare"
for d in $folders; do mkdir -p "$T/$d"; done
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/create/**
        access: create
      - deny: $T/delete/**
        access: delete
      - deny: $T/rename/**
        access: rename
      - deny: $T/link/**
        access: link
      - deny: $T/attributes/**
        access: attributes
      - deny: $T/write/**
        access: write
EOP

# In each folder: a file, a folder, and nothing else.
clean() {
	rm -rf "${T:?}"/*/*
	(cd "$T" && for d in $folders; do set -- "$@" "$d/folder"; done && mkdir "$@")
	fill
}

# Cheaper, where nothing has to be removed.
fill() {
	for d in $folders; do echo content >"$T/$d/file"; done
}

# folder_test NAME HOOK ACCESS NUMBER LAST COMMAND...: on LAST of the folder
# named after the access.
folder_test() {
	folder_name=$1
	hook=$2
	access=$3
	number=$4
	last=$5
	shift 5
	deny_test "$folder_name" "$hook" "$access" "files[$number]" "$T/$access/**" "$T/$access/$last" "$T/good/$last" "$P" "$@"
}

PREPARE=clean
folder_test "mknod" path_mknod create 0 new mknod @
folder_test "mkdir" path_mkdir create 0 new mkdir @
folder_test "symlink" path_symlink create 0 new symlink @
folder_test "unlink" path_unlink delete 1 file unlink @
folder_test "rmdir" path_rmdir delete 1 folder rmdir @
folder_test "rename of a file" path_rename rename 2 file rename @ "$T/good/new"
folder_test "rename of a folder" path_rename rename 2 folder rename @ "$T/good/new"
folder_test "rename to a new name" path_rename create 0 new rename "$T/spare/file" @
folder_test "rename over a file" path_rename delete 1 file rename "$T/spare/file" @
folder_test "exchange, the first" path_rename rename 2 file exchange @ "$T/spare/file"
folder_test "exchange, the second" path_rename rename 2 file exchange "$T/spare/file" @
folder_test "link of a file" path_link link 3 file link @ "$T/spare/new"
folder_test "link to a new name" path_link create 0 new link "$T/spare/file" @

# What an operation does not ask for.
allow_test "rename is not delete of the old name" "$P" rename "$T/delete/file" "$T/delete/new"
allow_test "rename to a free name is not delete" "$P" rename "$T/good/file" "$T/delete/new"
allow_test "exchange is not create" "$P" exchange "$T/create/file" "$T/good/file"
allow_test "exchange is not delete" "$P" exchange "$T/delete/file" "$T/delete/folder"
allow_test "link is not rename" "$P" link "$T/rename/file" "$T/rename/new"
allow_test "unlink is not rename" "$P" unlink "$T/rename/file"

PREPARE=fill
folder_test "chmod" path_chmod attributes 4 file chmod @
folder_test "fchmod" path_chmod attributes 4 file fchmod @
folder_test "chown" path_chown attributes 4 file chown @
folder_test "lchown" path_chown attributes 4 file lchown @
folder_test "truncate" path_truncate write 5 file truncate @
allow_test "chmod is not write" "$P" chmod "$T/write/file"
allow_test "truncate is not attributes" "$P" truncate "$T/attributes/file"
allow_test "ftruncate of a descriptor opened for writing" "$P" ftruncate "$T/good/file"

# One operation on two names that are both denied is one denial.
clean
run_in "$GROUP/enforce" "$P" exchange "$T/rename/file" "$T/rename/folder"
check "$NAME/exchange of two denied names" test "$FOUND" = EACCES
expect_event "$NAME/exchange of two denied names, event" "$RUN" deny path_rename rename "$GOVERNOR-enforce" \
	'files[2]' "$(rule_line 'files[2]')" explicit_deny "$T/rename/**" "$T/rename/file"
run_in "$GROUP/monitor" "$P" exchange "$T/rename/file" "$T/rename/folder"
check "$NAME/exchange of two denied names, monitored" test "$FOUND" = 0
expect_event "$NAME/exchange of two denied names, monitored event" "$RUN" would_deny path_rename rename \
	"$GOVERNOR-monitor" 'files[2]' $(($(rule_line 'files[2]') + MONITOR_OFFSET)) explicit_deny \
	"$T/rename/**" "$T/rename/file"

# A denied operation leaves everything as it was.
clean
for words in "unlink $T/delete/file" "rmdir $T/delete/folder" "rename $T/rename/file $T/good/new" \
	"rename $T/good/file $T/delete/file" "truncate $T/write/file" "mkdir $T/create/new"; do
	# shellcheck disable=SC2086
	run_in "$GROUP/enforce" "$P" $words
done
check "$NAME/what is denied changes nothing" test -s "$T/delete/file" -a -d "$T/delete/folder" \
	-a -s "$T/rename/file" -a -s "$T/good/file" -a -s "$T/write/file" -a ! -e "$T/create/new" -a ! -e "$T/good/new"
events_check

# Two names of one operation, of which a policy permits one with a word and another would deny the other: both are said.
two_names() {
	policy names-audited enforce /suite/names-both <<-EOP
		  files:
		    default: allow
		    rules:
		      - allow: $T/good/**
		        audit: true
	EOP
	echo ---
	policy names-watching monitor /suite/names-both <<-EOP
		  files:
		    default: allow
		    rules:
		      - deny: $T/create/**
	EOP
}
two_names >"$T/both.yaml"
check "$NAME/an auditing and a watching policy" pavise apply "$T/both.yaml"
mkdir -p "$CGROUPS/suite/names-both"
printf '%s\n' names-audited names-watching >>"$WORK/governors"
clean
run_in /suite/names-both "$P" rename "$T/good/file" "$T/create/new"
check_output "$NAME/audited and watched" 0 echo "$FOUND"
events_told "$RUN" >"$T/both"
check_output "$NAME/audited and watched, events" "allow rename names-audited
would_deny create names-watching" cat "$T/both"
events_check
