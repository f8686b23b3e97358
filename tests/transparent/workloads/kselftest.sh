# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# seconds: 900
#
# The kernel's own tests (tools/testing/selftests of Debian 12's linux): the verdict on each, by the name that the test
# gives it, and the status of each program. They run as root in a copy of their folder, where the makefiles made them.
# Left out:
#   what measures         cgroup's cpu, memcontrol, kmem, stress and cpuset tests, proc/proc-uptime-001, benchmarks
#   what reads all        proc/read
#   what takes long       under emulation did not end within 60 s: filesystems/epoll, openat2/rename_attack_test,
#                         pidfd_test, pidfd_poll_test, test_unix_oob; prctl's stress tests; exec/binfmt_script.py; futex
#   what is not made      with FUSE, vfat or rsync
mkdir -p /mnt && cp -a /usr/src/linux/tools/testing/selftests "$S/tests" # a Debian system has /mnt
while read -r folder tests; do
	for test in $tests; do
		(cd "$S/tests/$folder" && timeout -k 2 60 "./$test") >"$S/out" 2>&1 </dev/null
		status=$?
		sed -n -E "s|^[[:space:]]*(ok\|not ok) (.*)|$folder/$test: \1 \2|p" "$S/out"
		echo "$folder/$test: status $status"
	done
done >"$S/verdicts" <<'END'
capabilities test_execve
cgroup test_core test_freezer test_kill
clone3 clone3 clone3_clear_sighand clone3_set_tid clone3_cap_checkpoint_restore
core close_range_test
exec execveat non-regular recursion-depth null-argv load_address.0x1000 load_address.static.0x1000
filesystems devpts_pts
filesystems/binderfs binderfs_test
ipc msgque
kcmp kcmp_test
landlock base_test fs_test ptrace_test
membarrier membarrier_test_single_thread membarrier_test_multi_thread
memfd memfd_test
mincore mincore_selftest
mount run_unprivileged_remount.sh run_nosymfollow.sh
mount_setattr mount_setattr_test
move_mount_set_group move_mount_set_group_test
mqueue mq_open_tests
net/af_unix diag_uid unix_connect
nsfs owner pidns
openat2 openat2_test resolve_test
pid_namespace regression_enomem
pidfd pidfd_fdinfo_test pidfd_open_test pidfd_wait pidfd_getfd_test pidfd_setns_test
proc fd-001-lookup fd-002-posix-eq fd-003-kthread proc-loadavg-001 proc-empty-vm proc-pid-vm proc-self-map-files-001 proc-self-map-files-002 proc-self-syscall proc-self-wchan proc-subset-pid proc-tid0 proc-uptime-002 self setns-dcache setns-sysvipc thread-self proc-multiple-procfs proc-fsconfig-hidepid
ptrace get_syscall_info peeksiginfo vmaccess
rlimits rlimits-per-userns
seccomp seccomp_bpf
sigaltstack sas
splice default_file_splice_read.sh short_splice_read.sh
syscall_user_dispatch sud_test
timens timens timerfd timer clock_nanosleep procfs exec futex
tmpfs bug-link-o-tmpfile
END
cat "$S/verdicts"
# count WORD: the verdicts WORD.
count() { grep -cE ": $1( |\$)" "$S/verdicts"; }
echo "counted: $(count ok) ok, $(count 'not ok') not ok, of both $(grep -c '# SKIP' "$S/verdicts") skipped;" \
	"$(count 'status [0-9]+') programs, $(count 'status 0') with status 0"
