# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# For the tests of policies/: each applies a policy as it is shipped, in enforce mode, does the work of
# its program, and then what it denies.
#
# Guarantees: works means that the program did it, and left no decision of the policy in the log;
# denied means that it failed in the way said, and left the events said and no others.

# Python's modules are compiled at their installation, which was not done here.
export PYTHONDONTWRITEBYTECODE=1

# in_force POLICY [MODE]: policies/POLICY.yaml in force; MODE in place of its own.
in_force() {
	SHIPPED=$1
	cp "policies/$SHIPPED.yaml" "$WORK/$SHIPPED.yaml"
	if [ -n "${2:-}" ]; then sed -i "s/^  mode: .*/  mode: $2/" "$WORK/$SHIPPED.yaml"; fi
	check "$NAME/the policy is applied" pavise apply "$WORK/$SHIPPED.yaml"
	grep -qx "$SHIPPED" "$WORK/governors" || echo "$SHIPPED" >>"$WORK/governors"
	mkdir -p "$CGROUPS/suite/$NAME"
}

# in_group PATH COMMAND...: COMMAND is the first program of the cgroup PATH, made with what is above.
in_group() {
	mkdir -p "$CGROUPS/${1%/*}"
	group=$CGROUPS/$1
	shift
	"$BIN/enter" "$group" "$@"
}

# decided: the decisions of the policy since log_mark, each once: type, op, object.
decided() {
	barrier
	log_new | grep -F '"decision":' | jq -r --arg policy "$SHIPPED" '.decision as $d | $d.object as $o |
		select($d.policy.name == $policy) |
		"\(.type) \($d.op) \(if $o.path then $o.path
		elif $o.port then "\($o.remote // $o.local):\($o.port)"
		elif $o.family then $o.family else ($d.match // "-") end)"' | sort -u
}

# quiet: the program's work since log_mark left no decision.
quiet() {
	check_output "$NAME/$1: no event" "" decided
	log_mark
}

# works NAME TEXT COMMAND...: COMMAND succeeds, its output has TEXT, and there is no event.
works() {
	works_name=$1
	works_text=$2
	shift 2
	works_status=0
	works_found=$("$@" 2>&1) || works_status=$?
	case $works_status$works_found in
	0*"$works_text"*) ok "$NAME/$works_name" ;;
	*) not_ok "$NAME/$works_name" "expected '$works_text', found status $works_status: $works_found" ;;
	esac
	quiet "$works_name"
}

# denied NAME TEXT EVENTS COMMAND...: the output of COMMAND has TEXT, and the events are EVENTS.
denied() {
	denied_name=$1
	denied_text=$2
	denied_events=$3
	shift 3
	denied_found=$("$@" 2>&1) || true
	case $denied_found in
	*"$denied_text"*) ok "$NAME/$denied_name" ;;
	*) not_ok "$NAME/$denied_name" "expected '$denied_text', found: $denied_found" ;;
	esac
	check_output "$NAME/$denied_name: event" "$denied_events" decided
	log_mark
}
