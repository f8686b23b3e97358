# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: an agent at rest has no more than 16 MiB resident: once it has
# compiled 10,000 rules, after large sets were changed over and over, and with
# a small set again; and it goes on to name what they decide.
#
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

RULES=10000
MIB=16

# small_at_rest NAME
small_at_rest() {
	small_kib=$(awk '/^VmRSS/ { print $2 }' "/proc/$AGENT/status")
	if [ "$small_kib" -le $((MIB * 1024)) ]; then
		ok "$NAME: $1: $small_kib KiB resident"
	else
		not_ok "$NAME: $1" "expected at most $MIB MiB resident, found $small_kib KiB"
	fi
}

# large N: its rules, the first of which denies $T/x.
large() {
	{
		printf '  files:\n    default: allow\n    rules:\n      - deny: %s\n' "$T/x"
		awk -v n="$1" 'BEGIN { while (--n > 0) printf "      - allow: /srv/memory/%08x\n", n * 7919 }'
	} | policy large enforce "$GROUP"
}

echo >"$T/x"
deny_policy small enforce "$T/x" >"$T/small.yaml"
large $RULES >"$T/large.yaml"
start_with "$T/small.yaml" || return 0
actor_start
small_at_rest "with one rule"
check_status "$NAME: $RULES rules are applied" 0 pavise apply --prune "$T/large.yaml"
small_at_rest "with $RULES rules"
for mode in monitor enforce monitor enforce; do pavise mode $mode large >/dev/null; done
small_at_rest "with $RULES rules, their mode changed four times"
log_mark
is "$NAME: the actor is denied" EACCES "$(actor_asks "$T/x")"
wait_until 20 logged 1 "$GROUP"
is "$NAME: and the event names the rule" "deny/large/files[0]" \
	"$(values '"\(.type)/\(.decision.policy.name)/\(.decision.rule.id)"')"
check_status "$NAME: one rule is applied again" 0 pavise apply --prune "$T/small.yaml"
small_at_rest "with one rule again"
actor_stop
agent_stop
