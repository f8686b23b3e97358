# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: `pavise run` governs one command, from its first instruction,
# in the mode asked for, and no longer than that; and ends as it does.  It
# cannot type into the terminal that it shares with who is not governed.
#
# How: policies of its own for each run; the events are told by the policy.

P=$BIN/probe_file
mkdir -p "$T/deny" "$T/second" "$T/good"
for d in deny second good; do echo content >"$T/$d/file"; done
run_policy() {
	policy "$1" "$2" /nowhere <<-EOF
		  files:
		    default: allow
		    rules:
		      - deny: $T/$3/**
	EOF
}
run_policy run-enforce enforce deny >"$T/enforce.yaml"
run_policy run-monitor monitor deny >"$T/monitor.yaml"
run_policy run-second enforce second >"$T/second.yaml"
policy run-exec enforce /nowhere >"$T/exec.yaml" <<EOF
  exec:
    default: deny
    rules:
      - allow: $BIN/probe_true
EOF

# events POLICY: its events, without the policy's name.
events() {
	barrier
	log_decisions | awk -F '\t' -v policy="$1" '$5 == policy { print $2, $3, $4, $6, $7, $8, $9, $10 }'
}

event="file_open read files[0] 12 explicit_deny $T/deny/** $T/deny/file"
check_output "$NAME/enforced" EACCES pavise run -p "$T/enforce.yaml" "$P" read "$T/deny/file"
check_output "$NAME/enforced, a permitted file" 0 pavise run -p "$T/enforce.yaml" "$P" read "$T/good/file"
check_output "$NAME/enforced, event" "deny $event" events run-enforce
log_mark
check_output "$NAME/monitored by the option" 0 \
	pavise run -p "$T/enforce.yaml" --mode monitor "$P" read "$T/deny/file"
check_output "$NAME/monitored by the option, event" "would_deny $event" events run-enforce
check_output "$NAME/monitored by the policy" 0 pavise run -p "$T/monitor.yaml" "$P" read "$T/deny/file"
check_output "$NAME/monitored by the policy, event" "would_deny $event" events run-monitor
log_mark
check_output "$NAME/enforced by the option" EACCES \
	pavise run -m enforce -p "$T/monitor.yaml" "$P" read "$T/deny/file"
check_output "$NAME/enforced by the option, event" "deny $event" events run-monitor
log_mark
check_output "$NAME/two policies, the first" EACCES \
	pavise run -p "$T/enforce.yaml" -p "$T/second.yaml" "$P" read "$T/deny/file"
check_output "$NAME/two policies, the second" EACCES \
	pavise run -p "$T/enforce.yaml" -p "$T/second.yaml" "$P" read "$T/second/file"
check_output "$NAME/two policies, a permitted file" 0 \
	pavise run -p "$T/enforce.yaml" -p "$T/second.yaml" "$P" read "$T/good/file"
check_output "$NAME/two policies, event" \
	"deny file_open read files[0] 12 explicit_deny $T/second/** $T/second/file" events run-second
check_output "$NAME/without a policy" 0 pavise run "$P" read "$T/deny/file"

check_status "$NAME/status of the command" 7 pavise run -p "$T/enforce.yaml" sh -c 'exit 7'
# shellcheck disable=SC2016
check_status "$NAME/a signal" 143 pavise run -p "$T/enforce.yaml" sh -c 'kill $$'
check_status "$NAME/a command that may not be executed" 126 \
	pavise run -p "$T/exec.yaml" "$P" read "$T/good/file"
check_output "$NAME/a command that may be executed" 0 pavise run -p "$T/exec.yaml" "$BIN/probe_true"
check_status "$NAME/a command that is not there" 127 pavise run -p "$T/enforce.yaml" "$T/nothing"

# ---- the terminal ----

TERMINAL=$BIN/probe_terminal
policy run-capability enforce /nowhere >"$T/capability.yaml" <<EOF
  capabilities:
    default: allow
    deny:
      - sys_admin
EOF
# status_of COMMAND...: how it is filtered.
status_of() {
	"$@" grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status | grep -v '^pavise: waiting' |
		tr '\t\n' '  ' | sed 's/ $//'
}

closed="size=0 sti=EPERM high=EPERM i386=EPERM x32=EPERM linux=EPERM"
check_output "$NAME/a terminal, ungoverned" "size=0 sti=0 high=0 i386=0 x32=ENOSYS linux=ENOTTY" \
	"$TERMINAL" pty "$TERMINAL" ioctls
check_output "$NAME/a terminal: no typing" "$closed" "$TERMINAL" pty pavise run "$TERMINAL" ioctls
check_output "$NAME/a terminal: nor for what a command starts" "$closed" \
	"$TERMINAL" pty pavise run -p "$T/enforce.yaml" sh -c "$TERMINAL ioctls; :"
check_output "$NAME/a terminal: without a capability" "$closed" \
	"$TERMINAL" pty pavise run -p "$T/capability.yaml" "$TERMINAL" ioctls
check_output "$NAME/a terminal: a filter and nothing else" "NoNewPrivs: 0 Seccomp: 2" \
	status_of "$TERMINAL" pty pavise run -p "$T/capability.yaml"
check_output "$NAME/a terminal: no event of that" "" events run-capability
check_output "$NAME/a terminal as a standard stream alone" "$closed" \
	"$TERMINAL" pty setsid -w pavise run "$TERMINAL" ioctls
check_output "$NAME/no terminal: no filter" "NoNewPrivs: 0 Seccomp: 0" \
	status_of setsid -w pavise run -p "$T/enforce.yaml" </dev/null
check_status "$NAME/a terminal: status of the command" 7 "$TERMINAL" pty pavise run sh -c 'exit 7'

run_is_over() {
	! pavise status --json | grep -q '"run-enforce"'
}
check "$NAME/a policy of a run ends with it" wait_until 30 run_is_over
