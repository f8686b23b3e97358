# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: `signal: deny` keeps a process from acting on those that its
# policies do not govern, and from nothing that it does among its own; what is
# the agent's is kept from who does not say `agent: allow`, and from nobody
# else.
#
# How: each operation on a process outside beside the same on a child; then
# what shells, service managers and the kernel do with signals.

P=$BIN/probe_system
govern <<EOP
  system:
    signal: deny
    perf: deny
    agent: deny
EOP
# in a session of its own, for SIGCONT
setsid sleep 1000 &
outside=$!

# outside_test NAME HOOK OPERATION
outside_test() {
	SHOWN=pid
	deny_test "$1" "$2" signal system.signal signal "$outside" 0 "$P" "$3" @
	SHOWN=
}
DENIED=EPERM
outside_test "a signal" task_kill signal
outside_test "a signal by a descriptor" task_kill signal-descriptor
outside_test "SIGCONT to another session" task_kill continue
DENIED=
outside_test "processors" task_setscheduler processors
outside_test "priority" task_setnice priority
outside_test "I/O priority" task_setioprio io-priority
outside_test "limits" task_setrlimit limit
SHOWN=-
deny_test "perf" perf_event_open perf system.perf perf perf eventfd "$P" @
SHOWN=

allow_test "signal 0" "$P" signal-none "$outside"
allow_test "limits, only read" "$P" limit-read "$outside"
allow_test "a child that is killed" sh -c 'sleep 100 & kill $!; wait $! 2>/dev/null; [ $? = 143 ] && echo 0'
allow_test "a child that is killed by a timer" sh -c 'timeout -k 1 0.2 sleep 100; [ $? = 124 ] && echo 0'
allow_test "jobs of a shell" bash -c 'set -m; sleep 100 & kill -STOP %1; kill -CONT %1; kill -TERM %1; wait %1 2>/dev/null; [ $? = 143 ] && echo 0'
allow_test "a parent" sh -c 'trap "echo 0; exit" USR1; (kill -USR1 $$); sleep 10 & wait'
allow_test "the own group" setsid sh -c 'trap "echo 0; exit" TERM; sleep 3 & kill -TERM 0; wait'
allow_test "another user's child" sh -c 'setpriv --reuid 1000 --clear-groups sleep 100 & sleep 0.3; kill $!; wait $! 2>/dev/null; [ $? = 143 ] && echo 0'
allow_test "limits of one's own" sh -c 'ulimit -n 64 && nice -n 1 true && echo 0'
check "$NAME/the end of a parent that became governed" sh -c "
	sh -c 'setpriv --pdeathsig TERM sleep 1000 & echo \$! >$T/child; sleep 0.3
		mkdir -p $CGROUPS$GROUP/enforce/parent; echo \$\$ >$CGROUPS$GROUP/enforce/parent/cgroup.procs'
	sleep 0.3
	! kill -0 \$(cat $T/child)"
check "$NAME/a governed process that is stopped from outside" sh -c "
	'$BIN/enter' '$CGROUPS$GROUP/enforce/stopped' sleep 1000 &
	sleep 0.3
	kill \$!"
events_check

# The agent's, as the policy says.
agent_test() {
	agent_name=$1
	agent_hook=$2
	shift 2
	SHOWN=pid
	deny_test "$agent_name" "$agent_hook" agent system.agent agent "$AGENT" 0 "$P" "$@" @
	SHOWN=
}
DENIED=EPERM
agent_test "the agent, a signal" task_kill signal
agent_test "the agent, SIGCONT" task_kill continue
DENIED=
agent_test "the agent, processors" task_setscheduler processors
agent_test "the agent, priority" task_setnice priority
agent_test "the agent, limits" task_setrlimit limit
allow_test "the agent, signal 0" "$P" signal-none "$AGENT"
events_check

# SIGKILL by a descriptor's owner: kills who may be killed, and not the agent, whoever is behind it.
sleep 1000 &
victim=$!
run_in "$GROUP/free" "$P" owner "$victim"
check_output "$NAME/SIGIO" 0 echo "$FOUND"
check "$NAME/SIGIO comes to its owner" wait_until 30 sh -c "! kill -0 $victim"
run_in "$GROUP/free" "$P" owner "$AGENT"
check_output "$NAME/SIGIO for the agent" 0 echo "$FOUND"
sleep 0.3
check "$NAME/SIGIO comes not to the agent" pavise self-test

run_in "$GROUP/enforce" pavise self-test
check_output "$NAME/a command, governed" denied sh -c "case \"$FOUND\" in *'Permission denied'*) echo denied ;; esac"
expect_event "$NAME/a command, governed: event" "$RUN" deny unix_stream_connect agent "$GOVERNOR-enforce" system.agent \
	"$(rule_line system.agent)" explicit_deny agent -
run_in "$GROUP/free" pavise run -- echo run
check_output "$NAME/run, ungoverned" run echo "$FOUND"
events_check

govern administrators <<EOP
  system:
    agent: allow
    signal: allow
EOP
allow_test "who administers: a signal" "$P" signal "$AGENT"
allow_test "who administers: processors" "$P" processors "$AGENT"
allow_test "who administers: anybody" "$P" signal "$outside"
run_in "$GROUP/enforce" pavise run -- echo run
check_output "$NAME/who administers: run" run echo "$FOUND"
check "$NAME/who administers: status" "$BIN/enter" "$CGROUPS$GROUP/enforce/status" pavise status
events_check
kill $outside
