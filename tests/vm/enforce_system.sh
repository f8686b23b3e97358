# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: capabilities and the operations of the section system are denied
# as the policy says, one by one, by every way that leads to them.
#
# How: for each an operation of tests/vm/probe_system.c beside one that needs
# something else.

P=$BIN/probe_system
F=$BIN/probe_file
for d in good mnt mnt-2 move/a move/b new; do mkdir -p "$T/$d"; done
mount -t tmpfs none "$T/mnt-2"
mount -t tmpfs none "$T/move"
mount --make-private "$T/move"
mkdir -p "$T/move/a" "$T/move/b"
mount -t tmpfs none "$T/move/a"
echo content >"$T/good/file"
cp "$BIN/probe_true" "$T/good/true"
govern <<EOP
  capabilities:
    default: allow
    deny:
      - sys_admin
      - net_raw
      - sys_chroot
      - wake_alarm
      - chown
EOP

# capability_test NAME CAPABILITY OPERATION...
capability_test() {
	SHOWN=$2
	capability_name=$1
	capability=$2
	shift 2
	deny_test "$capability_name" capable capability "capabilities.$capability" "$capability" \
		"$*" nice sh -c "exec \"$P\" \$1" sh @
	SHOWN=
}
DENIED=EPERM
capability_test "sys_admin" sys_admin hostname
capability_test "net_raw" net_raw raw
capability_test "sys_chroot" sys_chroot chroot /
capability_test "a capability above 31" wake_alarm alarm
capability_test "chown" chown chown "$T/good/file"
DENIED=
allow_test "another capability" "$P" nice
# who lacks a capability is told so by the kernel, and no policy is asked
SUCCESS=EPERM
allow_test "a capability that the process lacks" "$F" uid 1000 exec "$P" hostname
SUCCESS=
events_check

govern capabilities-only <<EOP
  capabilities:
    default: deny
    allow:
      - sys_chroot
      - dac_override
EOP
# setpriority says EACCES to who lacks it
SHOWN=sys_nice
deny_test "capabilities, default deny" capable capability capabilities - nice chroot "$P" @ /
SHOWN=
events_check

govern system <<EOP
  system:
    mount: deny
    bpf: deny
    modules: deny
    user-namespaces: deny
    io-uring: deny
    ptrace: allow
EOP

# system_test NAME HOOK KEY OP WORD NEIGHBOUR COMMAND...
system_test() {
	system_name=$1
	system_hook=$2
	system_key=$3
	system_op=$4
	system_word=$5
	system_neighbour=$6
	shift 6
	SHOWN=-
	deny_test "$system_name" "$system_hook" "$system_op" "system.$system_key" "$system_key" \
		"$system_word" "$system_neighbour" "$P" "$@"
	SHOWN=
}

# mount_test NAME HOOK OPERATION...: beside one that is no mount.
mount_test() {
	mount_name=$1
	mount_hook=$2
	mount_operation=$3
	shift 3
	system_test "$mount_name" "$mount_hook" mount mount "$mount_operation" chroot @ "$@"
}
mount_test "mount" sb_mount mount "$T/mnt"
mount_test "bind mount" sb_mount bind "$T/mnt"
mount_test "change of propagation" sb_mount propagation "$T/mnt-2"
# two hooks are asked: the first denies, and where nobody does both report
run_in "$GROUP/enforce" "$P" remount "$T/mnt-2"
check_output "$NAME/remount" EACCES echo "$FOUND"
expect_event "$NAME/remount, event" "$RUN" deny sb_mount mount "$GOVERNOR-enforce" system.mount \
	"$(rule_line system.mount)" explicit_deny mount -
mount_test "remount by a file system's context" sb_remount reconfigure "$T/mnt-2"
mount_test "umount" sb_umount umount "$T/mnt-2"
mount_test "lazy umount" sb_umount umount-lazily "$T/mnt-2"
mount_test "a mount moved" sb_mount move "$T/move/a" "$T/move/b"
mount_test "a mount's copy attached" move_mount move_mount "$T/mnt-2" "$T/mnt"
mount_test "a new mount attached" move_mount fsmount "$T/mnt"
SHOWN=-
deny_test "pivot_root" sb_pivotroot mount system.mount mount pivot_root chroot unshare -m --propagation unchanged "$P" \
	@ "$T/mnt-2"
SHOWN=
check "$NAME/what was denied is still mounted" mountpoint -q "$T/mnt-2"
system_test "bpf" bpf bpf bpf bpf eventfd @
system_test "user namespace" userns_create user-namespaces user-namespaces userns utsns @
system_test "user namespace by clone" userns_create user-namespaces user-namespaces userns-clone utsns @
if [ "$("$P" io_uring)" = 0 ]; then
	system_test "io_uring" inode_init_security_anon io-uring io-uring io_uring eventfd @
	allow_test "another file without a name" "$P" userfaultfd
else
	skip "$NAME/io_uring" "the kernel has none"
fi
SUCCESS=ENOEXEC
modules_test() {
	SHOWN=-
	deny_found=
	deny_name=$NAME/$1
	deny_rule=system.modules
	deny_hook=$2
	deny_op=modules
	deny_match=modules
	shift 2
	for modules_where in free enforce monitor; do
		run_in "$GROUP/$modules_where" "$P" "$@"
		deny_found="$deny_found$FOUND, "
		case $modules_where in
		free) expect_none "$deny_name, ungoverned: no event" "$RUN" ;;
		enforce) deny_enforced=$RUN ;;
		monitor) deny_monitored=$RUN ;;
		esac
	done
	check_output "$deny_name" "ENOEXEC, EACCES, ENOEXEC, " echo "$deny_found"
	deny_events
	SHOWN=
}
modules_test "a module from memory" kernel_load_data init_module
modules_test "a module from a file" kernel_read_file finit_module "$T/good/file"
SUCCESS=
run_in "$GROUP/enforce" "$P" finit_module "$T/good/nothing"
check_output "$NAME/no module" "open: ENOENT" echo "$FOUND"
expect_none "$NAME/no module" "$RUN"
events_check

# Other processes.  The number of one is in the event.
govern ptrace <<EOP
  system:
    ptrace: deny
EOP
SHOWN=pid
for how in attach seize mem; do
	deny_test "ptrace, $how" ptrace_access_check ptrace system.ptrace ptrace $how maps "$P" @ 0
done
DENIED=EPERM
for how in vm-read vm-write getfd; do
	deny_test "ptrace, $how" ptrace_access_check ptrace system.ptrace ptrace $how maps "$P" @ 0
done
DENIED=
deny_test "ptrace, traceme" ptrace_traceme ptrace system.ptrace ptrace traceme maps "$P" @ 0
SHOWN=
events_check

# Permitted, it ends at those who are governed by less.
govern reach <<EOP
  system:
    ptrace: allow
EOP
sleep 1000 &
outside=$!
"$BIN/enter" "$CGROUPS$GROUP/enforce/peer" "$F" await "$T/never" &
mkdir -p "$CGROUPS$GROUP/enforce/peer"
check "$NAME/a peer is there" wait_until 30 grep -q . "$CGROUPS$GROUP/enforce/peer/cgroup.procs"
peer=$(cat "$CGROUPS$GROUP/enforce/peer/cgroup.procs")
# reach_test NAME ERROR OPERATION
reach_test() {
	reach_name=$NAME/$1
	reach_found=
	for reach in "free $outside" "free $peer" "enforce $outside" "monitor $outside" "enforce $peer" "enforce 0"; do
		run_in "$GROUP/${reach% *}" "$P" "$3" "${reach#* }"
		reach_found="$reach_found$FOUND, "
		case $reach in
		"enforce $outside") reach_event "$reach_name, event" deny enforce 0 ;;
		"monitor $outside") reach_event "$reach_name, monitored event" would_deny monitor "$MONITOR_OFFSET" ;;
		*) expect_none "$reach_name, $reach: no event" "$RUN" ;;
		esac
	done
	check_output "$reach_name" "0, 0, $2, 0, 0, 0, " echo "$reach_found"
}

# reach_event NAME TYPE MODE OFFSET
reach_event() {
	expect_event "$1" "$RUN" "$2" ptrace_access_check ptrace "$GOVERNOR-$3" - \
		$(($(rule_line system.ptrace) + $4)) governed_by_less - pid
}
reach_test "out of what governs, attach" EACCES attach
reach_test "out of what governs, seize" EACCES seize
reach_test "out of what governs, memory" EACCES mem
reach_test "out of what governs, vm-read" EPERM vm-read
reach_test "out of what governs, getfd" EPERM getfd
run_in "$GROUP/enforce" "$P" maps $outside
check_output "$NAME/out of what governs, only looking" 0 echo "$FOUND"
expect_none "$NAME/out of what governs, only looking" "$RUN"
kill $outside "$peer"
events_check

# What a policy that only watches would deny another one denies as ever.
watched() {
	policy reach-enforced enforce /suite/reach-watched <<-EOP
		  system:
		    ptrace: allow
	EOP
	echo ---
	policy reach-watching monitor /suite/reach-watched <<-EOP
		  system:
		    ptrace: deny
	EOP
}
watched >"$T/watched.yaml"
check "$NAME/a watching policy" pavise apply "$T/watched.yaml"
mkdir -p "$CGROUPS/suite/reach-watched"
sleep 1000 &
outside=$!
printf '%s\n' reach-enforced reach-watching >>"$WORK/governors"
run_in /suite/reach-watched "$P" attach "$outside"
check_output "$NAME/out of what governs, watched by another policy" EACCES echo "$FOUND"
events_told "$RUN" >"$T/watched"
check_output "$NAME/out of what governs, watched by another policy, events" \
	"deny ptrace reach-enforced
would_deny ptrace reach-watching" cat "$T/watched"
kill $outside
events_check

# What is executed and has no file.
govern anonymous <<EOP
  system:
    anonymous-exec: deny
  files:
    default: allow
    rules:
      - deny: $T/map/**
        access: map
EOP
mkdir -p "$T/map"
cp "$BIN/probe_true" "$T/map/file"

# anonymous_test NAME HOOK OPERATION NEIGHBOUR [FILE]
anonymous_test() {
	SHOWN=-
	anonymous_name=$1
	anonymous_hook=$2
	anonymous_operation=$3
	anonymous_neighbour=$4
	shift 4
	deny_test "$anonymous_name" "$anonymous_hook" anonymous-exec system.anonymous-exec anonymous-exec \
		"$anonymous_operation" "$anonymous_neighbour" "$P" @ "$@"
	SHOWN=
}
anonymous_test "executable memory" mmap_file map-anonymous map-data
anonymous_test "executable memory, shared" mmap_file map-shared map-data
anonymous_test "executable memory, System V" mmap_file shm map-data
anonymous_test "memory made executable" file_mprotect protect-anonymous map-data
anonymous_test "the stack made executable" file_mprotect protect-stack map-data
anonymous_test "a file mapped to write and execute" mmap_file map-written map-file "$T/good/true"
anonymous_test "a file mapped to write and execute, shared" mmap_file map-shared-written map-file "$T/good/true"
anonymous_test "a changed mapping made executable" file_mprotect protect-changed protect-file "$T/good/true"
anonymous_test "an executable mapping changed" file_mprotect protect-twice protect-file "$T/good/true"
anonymous_test "an executable mapping made writable" file_mprotect protect-writable protect-file "$T/good/true"
anonymous_test "a deleted program" bprm_check exec-deleted map-file "$T/good/true"
SHOWN=-
deny_test "a program in memory" bprm_check anonymous-exec system.anonymous-exec anonymous-exec exec-memfd exec \
	"$F" @ "$BIN/probe_true"
SHOWN=
allow_test "a program" "$T/good/true"
allow_test "a program with libraries" printf 0
allow_test "a script" sh -c 'echo 0'
deny_test "mapping made executable" file_mprotect map 'files[0]' "$T/map/**" "$T/map/file" "$T/good/true" \
	"$P" protect-file @
events_check
umount "$T/mnt-2" "$T/move/a" "$T/move"
