# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a policy governs the executables, users and units that its
# subjects name, all that they start, and nobody else; and what it governs
# sheds it by no exec, change of user, move or renaming.
#
# How: copies of one program under several names, each governed by a policy
# of its own that denies a folder of its own, named like the policy.

P=$BIN/probe_file
E=$BIN/enter
mkdir -p "$T/bin" "$T/good" "$T/user" "$T/mounted"
echo content >"$T/good/file"
for p in exe watched both incgroup first second free script; do cp "$BIN/probe_file" "$T/bin/$p"; done
cp "$T/bin/free" "$T/bin/setuid"
chown tester "$T/bin/setuid"
chmod 4755 "$T/bin/setuid"

# one NAME MODE ENTRY...: a policy; the entries are lines below subjects.
one() {
	one_name=$1
	printf '%s\n' "apiVersion: pavise/v1" "kind: Policy" "metadata:" "  name: subjects-$one_name" "spec:" \
		"  mode: $2" "  subjects:"
	shift 2
	printf '    %s\n' "$@"
	printf '%s\n' "  files:" "    default: allow" "    rules:" "      - deny: $T/$one_name/**" ---
	mkdir -p "$T/$one_name"
	echo content >"$T/$one_name/file"
	echo "subjects-$one_name" >>"$WORK/governors"
}
# starting NAME MODE UNIT: a policy about what a unit executes.
starting() {
	printf '%s\n' "apiVersion: pavise/v1" "kind: Policy" "metadata:" "  name: subjects-$1" "spec:" \
		"  mode: $2" "  subjects:" "    - unit: $3" "  exec:" "    default: allow" "    rules:" \
		"      - deny: [$T/bin/first, $EXECUTOR]" "  system:" "    anonymous-exec: deny" ---
	echo "subjects-$1" >>"$WORK/governors"
}
EXECUTOR=/usr/lib/systemd/systemd-executor
{
	one exe enforce "- exe: $T/bin/exe"
	one watched monitor "- exe: $T/bin/watched"
	one name enforce "- user: tester"
	one number enforce "- user: 1001"
	one both enforce "- exe: $T/bin/both" "  user: tester"
	one incgroup enforce "- cgroup: /suite/subjects-in" "  exe: $T/bin/incgroup"
	one unit enforce "- unit: subjects-x.service"
	one first enforce "- exe: $T/bin/{first,second}"
	one second enforce "- exe: $T/bin/first" "- exe: $T/bin/second"
	one mounted enforce "- exe: $T/mounted/exe"
	starting starting enforce subjects-s.service
	starting monitored monitor subjects-m.service
} | sed '$d' >"$T/policies.yaml"
out=/suite/subjects
mkdir -p "$CGROUPS$out" "$CGROUPS/suite/subjects-in"
check "$NAME/policies" pavise apply "$T/policies.yaml"

# line POLICY: that of its rule.
line() {
	awk -v want="subjects-$1" '/^  name:/ { name = $2 } /^      - deny:/ { if (name == want) print NR }' \
		"$T/policies.yaml"
}

# denied NAME POLICY [CGROUP [TYPE]]: the last command was, with one event.
denied() {
	case ${4:-deny} in
	deny) denied_expected=EACCES ;;
	*) denied_expected=0 ;;
	esac
	check_output "$NAME/$1" "$denied_expected" echo "$FOUND"
	expect_event "$NAME/$1, event" "${3:-$RUN}" "${4:-deny}" file_open read "subjects-$2" 'files[0]' \
		"$(line "$2")" explicit_deny "$T/$2/**" "$T/$2/file"
}

# permitted NAME [CGROUP]: the last command was, without an event.
permitted() {
	check_output "$NAME/$1" 0 echo "$FOUND"
	expect_none "$NAME/$1: no event" "${2:-$RUN}"
}

# Executables.
run_in $out "$T/bin/exe" read "$T/exe/file"
denied "exe, the program" exe
run_in $out "$T/bin/exe" read "$T/good/file"
permitted "exe, what is not denied"
run_in $out "$T/bin/free" read "$T/exe/file"
permitted "exe, another program"
run_in $out "$T/bin/exe" fork read "$T/exe/file"
denied "exe, a child" exe
run_in $out "$T/bin/exe" thread read "$T/exe/file"
denied "exe, a thread" exe
run_in $out "$T/bin/exe" exec "$T/bin/free" read "$T/exe/file"
denied "exe, what it executes" exe
run_in $out "$T/bin/exe" fork exec "$T/bin/free" fork exec "$P" read "$T/exe/file"
denied "exe, what that executes" exe
run_in $out "$T/bin/exe" vfork "$T/bin/free" read "$T/exe/file"
denied "exe, what it executes by vfork" exe
run_in $out "$T/bin/exe" thread exec "$T/bin/free" read "$T/exe/file"
denied "exe, what a thread executes" exe
run_in $out "$T/bin/free" exec "$T/bin/exe" read "$T/exe/file"
denied "exe, executed by another" exe
run_in $out "$T/bin/free" vfork "$T/bin/exe" read "$T/exe/file"
denied "exe, executed by vfork" exe
run_in $out "$T/bin/free" thread exec "$T/bin/exe" read "$T/exe/file"
denied "exe, executed by a thread" exe
run_in $out sh -c "\"$T/bin/exe\" read \"$T/good/file\" >/dev/null; \"$T/bin/free\" read \"$T/exe/file\""
permitted "exe, the parent of a governed program is not"
run_in $out "$T/bin/exe" exec-memfd "$BIN/probe_true"
permitted "exe, a program in memory"
printf '#!%s read\n' "$T/bin/exe" >"$T/exe/script"
chmod +x "$T/exe/script"
run_in $out "$T/exe/script"
check_output "$NAME/exe, by a script" EACCES echo "$FOUND"
expect_event "$NAME/exe, by a script, event" "$RUN" deny file_open read subjects-exe 'files[0]' "$(line exe)" \
	explicit_deny "$T/exe/**" "$T/exe/script"
ln -s exe "$T/bin/symlink"
run_in $out "$T/bin/symlink" read "$T/exe/file"
denied "exe, by a symbolic link" exe
run_in $out "$P" in "$T/bin" exec ./exe read "$T/exe/file"
denied "exe, by a relative name" exe
run_in $out "$P" exec-as exe "$T/bin/free" read "$T/exe/file"
permitted "exe, another program that calls itself so"
run_in $out "$P" exec-as free "$T/bin/exe" read "$T/exe/file"
denied "exe, calling itself something else" exe
run_in $out "$T/bin/watched" read "$T/watched/file"
denied "exe, monitored" watched "" would_deny
run_in $out "$T/bin/watched" exec "$T/bin/free" read "$T/watched/file"
denied "exe, monitored, what it executes" watched "" would_deny
run_in $out "$T/bin/first" read "$T/first/file"
denied "exe, two policies, the first" first
run_in $out "$T/bin/first" read "$T/second/file"
denied "exe, two policies, the second" second
run_in $out "$T/bin/first" exec "$T/bin/second" read "$T/second/file"
denied "exe, two entries" second
run_in $out "$T/bin/first" read "$T/exe/file"
permitted "exe, two policies, both allow"
run_in $out "$T/bin/exe" exec "$T/bin/first" exec "$T/bin/free" read "$T/exe/file"
denied "exe, one after the other, the one" exe
run_in $out "$T/bin/exe" exec "$T/bin/first" exec "$T/bin/free" read "$T/second/file"
denied "exe, one after the other, the other" second

# Users.
run_in $out "$P" uid 1000 read "$T/name/file"
denied "user by name" name
run_in $out "$P" uid 1000 read "$T/good/file"
permitted "user by name, what is not denied"
run_in $out "$P" read "$T/name/file"
permitted "user by name, another user"
run_in $out "$P" uid 1001 read "$T/name/file"
permitted "user by name, another number"
run_in $out "$P" uid 1001 read "$T/number/file"
denied "user by number" number
run_in $out "$P" uid 1002 read "$T/number/file"
permitted "user by number, the next"
run_in $out "$P" euid 1000 read "$T/name/file"
denied "effective user" name
run_in $out "$P" euid 1000 fork exec "$T/bin/free" euid 0 read "$T/name/file"
denied "user, a program that goes back" name
run_in $out "$P" euid 1000 in / euid 0 read "$T/name/file"
denied "user, gone back at once" name
run_in $out "$P" euid 1000 fork euid 0 read "$T/name/file"
denied "user, a child that goes back" name
run_in $out "$P" euid 1000 thread euid 0 exec "$T/bin/free" read "$T/name/file"
denied "user, a thread that goes back and executes" name
run_in $out "$P" euid 1000 euid 1001 euid 0 read "$T/name/file"
check "$NAME/user, from one to the next is not permitted" test "$FOUND" = "euid: EPERM"
run_in $out "$T/bin/setuid" read "$T/name/file"
denied "user by a setuid program" name
run_in $out "$T/bin/setuid" euid 0 read "$T/name/file"
denied "user by a setuid program, gone back" name
run_in $out "$T/bin/setuid" vfork "$T/bin/free" read "$T/name/file"
denied "user by a setuid program, what it executes" name
run_in $out setpriv --reuid tester --clear-groups "$T/bin/free" read "$T/name/file"
denied "user by setpriv" name
run_in $out "$P" uid 1000 userns read "$T/name/file"
denied "user in a user namespace" name

# Both.
run_in $out "$T/bin/both" uid 1000 read "$T/both/file"
denied "exe and user" both
run_in $out "$T/bin/both" read "$T/both/file"
permitted "exe and user, another user"
run_in $out "$P" uid 1000 read "$T/both/file"
permitted "exe and user, another program"
run_in $out "$P" uid 1000 exec "$T/bin/both" read "$T/both/file"
denied "exe and user, the program after the user" both
run_in /suite/subjects-in "$T/bin/incgroup" read "$T/incgroup/file"
denied "cgroup and exe" incgroup
run_in /suite/subjects-in "$P" read "$T/incgroup/file"
permitted "cgroup and exe, another program"
run_in $out "$T/bin/incgroup" read "$T/incgroup/file"
permitted "cgroup and exe, another cgroup"
mkdir -p "$CGROUPS/suite/subjects-in/moved" "$CGROUPS$out/moved"
run_in $out "$T/bin/incgroup" cgroup "$CGROUPS/suite/subjects-in/moved" read "$T/incgroup/file"
denied "cgroup and exe, moved in" incgroup /suite/subjects-in/moved
run_in /suite/subjects-in "$T/bin/incgroup" cgroup "$CGROUPS$out/moved" exec "$P" read "$T/incgroup/file"
denied "cgroup and exe, moved out" incgroup $out/moved

# Units.
for u in /system.slice/subjects-x.service /system.slice/a.slice/subjects-x.service /subjects-x.service \
	/system.slice/subjects-y.service /system.slice/subjects-y.service/subjects-x.service; do
	mkdir -p "$CGROUPS$u/in" "$CGROUPS$u/run"
done
unit=/system.slice/subjects-x.service
run_in $unit/run "$P" read "$T/unit/file"
denied "unit, a program executed in it" unit
run_in $unit/run "$P" read "$T/good/file"
permitted "unit, what is not denied"
run_in /system.slice/a.slice/subjects-x.service/run "$P" read "$T/unit/file"
denied "unit in a slice" unit
run_in /subjects-x.service/run "$P" read "$T/unit/file"
denied "unit without a slice" unit
run_in /system.slice/subjects-y.service/run "$P" read "$T/unit/file"
permitted "another unit"
run_in /system.slice/subjects-y.service/subjects-x.service "$P" read "$T/unit/file"
permitted "a cgroup of that name in another unit"
run_in $out "$P" cgroup "$CGROUPS$unit/in" read "$T/unit/file"
permitted "unit, moved in" $unit/in
expect_in() {
	mkdir -p "$CGROUPS$unit/$1"
}
expect_in in-2
run_in $out "$P" cgroup "$CGROUPS$unit/in-2" fork thread read "$T/unit/file"
permitted "unit, moved in, what it forks" $unit/in-2
expect_in in-3
run_in $out "$P" cgroup "$CGROUPS$unit/in-3" exec "$P" read "$T/unit/file"
denied "unit, moved in and executed" unit $unit/in-3
expect_in in-4
run_in $out "$P" cgroup "$CGROUPS$unit/in-4" thread exec "$P" read "$T/unit/file"
denied "unit, moved in, executed by a thread" unit $unit/in-4
mkdir -p "$CGROUPS$out/left" "$CGROUPS$out/left-2" "$CGROUPS$out/left-3"
run_in $unit/run "$P" cgroup "$CGROUPS$out/left" read "$T/unit/file"
denied "unit, left" unit $out/left
run_in $unit/run "$P" cgroup "$CGROUPS$out/left-2" fork exec "$P" read "$T/unit/file"
denied "unit, left and executed" unit $out/left-2
expect_in in-5
run_in $unit/run "$P" cgroup "$CGROUPS$unit/in-5" read "$T/unit/file"
denied "unit, moved within" unit $unit/in-5
run_in $out "$P" cgroup "$CGROUPS$unit/in" cgroup "$CGROUPS$out/left-3" exec "$P" read "$T/unit/file"
permitted "unit, in and out without executing" $out/left-3

# The exec by which a unit's program starts is decided by the unit's policy.
starts=/system.slice/subjects-s.service
watched=/system.slice/subjects-m.service
mkdir -p "$CGROUPS$starts/in" "$CGROUPS$starts/in-2" "$CGROUPS$starts/in-3" "$CGROUPS$watched"
# not_started NAME [TYPE [POLICY]]
not_started() {
	check_output "$NAME/$1" "${4:-EACCES}" echo "$FOUND"
	expect_event "$NAME/$1, event" "$RUN" "${2:-deny}" bprm_check exec "subjects-${3:-starting}" 'exec[0]' \
		"$(line "${3:-starting}")" explicit_deny "${5:-$T/bin/first}" "${5:-$T/bin/first}"
}
run_in $starts "$T/bin/first" read "$T/good/file"
not_started "unit, its program may not be executed"
run_in $starts "$T/bin/second" read "$T/good/file"
permitted "unit, its program may be executed"
run_in $watched "$T/bin/first" read "$T/good/file"
not_started "unit, its program would not be executed" would_deny monitored 0
RUN=$starts/in
FOUND=$("$E" "$CGROUPS$out/start" "$P" cgroup "$CGROUPS$starts/in" exec "$T/bin/first" read "$T/good/file")
not_started "unit, moved in and not executed"
RUN=$starts/in-2
FOUND=$("$E" "$CGROUPS$out/start" "$P" cgroup "$CGROUPS$starts/in-2" exec-memfd "$BIN/probe_true")
check_output "$NAME/unit, its program is in memory" EACCES echo "$FOUND"
expect_event "$NAME/unit, its program is in memory, event" "$RUN" deny bprm_check anonymous-exec \
	subjects-starting system.anonymous-exec "$(($(line starting) + 2))" explicit_deny anonymous-exec -
mkdir -p "${EXECUTOR%/*}"
executor_there=$(ls "$EXECUTOR" 2>/dev/null) || true
if [ -z "$executor_there" ]; then
	cp "$P" "$EXECUTOR"
	run_in $starts "$EXECUTOR" read "$T/good/file"
	permitted "unit, what sets it up"
	run_in $starts "$EXECUTOR" exec "$T/bin/first" read "$T/good/file"
	not_started "unit, its program, by what sets it up"
	run_in $starts "$EXECUTOR" exec "$T/bin/second" read "$T/good/file"
	permitted "unit, another program, by what sets it up"
	run_in $starts "$T/bin/second" exec "$EXECUTOR" read "$T/good/file"
	not_started "unit, what sets up, by its program" deny starting EACCES "$EXECUTOR"
	# the same name in another mount namespace is another program
	# moved_in NAME FIRST [COMMAND...]: a shell, by COMMAND, does FIRST, moves in and executes it
	moved_in() {
		RUN=$unit/$1
		mkdir -p "$CGROUPS$RUN"
		moved_from=$CGROUPS$out/$1
		moved_does="$2; echo \$\$ >$CGROUPS$RUN/cgroup.procs; exec $EXECUTOR read $T/unit/file"
		shift 2
		FOUND=$("$E" "$moved_from" "$@" sh -c "$moved_does")
	}
	moved_in helper :
	permitted "unit, what sets it up, moved in"
	moved_in image "mount --bind $P $EXECUTOR" unshare -m
	denied "unit, an image's program of the name of what sets it up" unit
	rm "$EXECUTOR"
else
	skip "$NAME/unit, what sets it up" "systemd is there"
fi
events_check

# What is governed by its executable stays so when that gets another name, or
# none, and the policies are put in force again.
again() {
	pavise apply "$T/policies.yaml"
}

# change NAME POLICY COMMAND EXE...: EXE waits, COMMAND is evaluated, the policies are
# put in force anew, and only then it reads.
change() {
	change_name=$1
	change_policy=$2
	change_command=$3
	shift 3
	rm -f "$T/go"
	CHANGES=$((${CHANGES:-0} + 1))
	"$E" "$CGROUPS$out/change-$CHANGES" "$@" await "$T/go" read "$T/$change_policy/file" >"$T/found" 2>&1 &
	change_pid=$!
	check "$NAME/$change_name: it waits" wait_until 30 grep -q . "$CGROUPS$out/change-$CHANGES/cgroup.procs"
	sleep 0.3
	eval "$change_command"
	sed -i "s/description: .*/description: no $CHANGES/" "$T/policies.yaml"
	check "$NAME/$change_name: anew" again
	: >"$T/go"
	wait $change_pid
	FOUND=$(cat "$T/found")
	denied "$change_name" "$change_policy" "$out/change-$CHANGES"
}
sed -i 's/^  name: subjects-exe$/&\n  description: no 0/' "$T/policies.yaml"
change "nothing changes" exe : "$T/bin/exe"
# shellcheck disable=SC2016
change "renamed" exe 'mv "$T/bin/exe" "$T/bin/other"' "$T/bin/exe"
mv "$T/bin/other" "$T/bin/exe"
# shellcheck disable=SC2016
change "the folder renamed" exe 'mv "$T/bin" "$T/bon"' "$T/bin/exe"
mv "$T/bon" "$T/bin"
# shellcheck disable=SC2016
change "replaced" exe 'cp "$T/bin/exe" "$T/bin/new"; mv "$T/bin/new" "$T/bin/exe"' "$T/bin/exe"
# shellcheck disable=SC2016
change "deleted" exe 'cp "$T/bin/exe" "$T/exe.kept"; rm "$T/bin/exe"' "$T/bin/exe"
mv "$T/exe.kept" "$T/bin/exe"
mount -t tmpfs none "$T/mounted"
cp "$P" "$T/mounted/exe"
# shellcheck disable=SC2016
change "its file system unmounted lazily" mounted 'umount -l "$T/mounted"' "$T/mounted/exe"
change "executed since" exe : "$T/bin/exe" exec "$T/bin/free"
change "another user since" name : "$P" euid 1000 in / euid 0
change "after chroot" exe : "$T/bin/exe" chroot /
events_check

# Executing, forking and changing users while policies are put in force.
applying() {
	while [ -e "$T/applying" ]; do again >/dev/null 2>&1 || echo failed; done
}
: >"$T/applying"
applying >"$T/applied" &
applier=$!
run_in $out "$T/bin/exe" exec-often 300 "$T/exe/file" "$T/bin/free"
check_output "$NAME/300 programs while policies are put in force" EACCES echo "$FOUND"
run_in $out "$P" euid-often 300 1000 "$T/name/file"
check_output "$NAME/300 changes of user while policies are put in force" EACCES echo "$FOUND"
rm "$T/applying"
wait $applier
check_output "$NAME/all of them were put in force" "" cat "$T/applied"
: >"$WORK/expected"
log_mark

for u in /system.slice/subjects-x.service /system.slice/a.slice/subjects-x.service /subjects-x.service \
	/system.slice/subjects-y.service $starts $watched; do
	find "$CGROUPS$u" -depth -type d -exec rmdir {} + 2>/dev/null
done
rmdir "$CGROUPS/system.slice/a.slice" "$CGROUPS/system.slice" 2>/dev/null || true
