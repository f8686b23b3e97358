# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: what cannot be decided is denied, and with "on-error: allow"
# permitted, both reported alike; of several policies each speaks for itself;
# and what can be decided is decided as without it.
#
# How: a path too deep to be followed, a mount that is in no namespace, and a
# process that has more policies than a label holds.

P=$BIN/probe_file
for d in good deny; do mkdir -p "$T/$d"; done
for d in good deny; do echo content >"$T/$d/file"; done
"$P" new-deep "$T/good" 300 create file >/dev/null
"$P" deep "$T/good" 200 create file >/dev/null

# deep: as the events show it.
deep=$(printf '%255s' '' | sed 's, ,/d,g')/file

# sections WORD: those of a policy with on-error.
sections() {
	cat <<-EOP
		  on-error: $1
		  files:
		    default: allow
		    rules:
		      - deny: $T/deny/**
		  capabilities:
		    default: allow
		    deny:
		      - sys_chroot
	EOP
}
sections deny >"$T/sections"
govern <"$T/sections"
SHOWN=$deep
deny_test "deny, a path too deep" file_open read - - 300 200 "$P" deep "$T/good" @ read file
nowhere "$T/nowhere"
SHOWN=/file
deny_test "deny, a mount in no namespace" file_open read - - "$NOWHERE/file" "$T/good/file" "$P" read @
SHOWN=
events_check

# permitted NAME HOOK OP OBJECT COMMAND...: in both modes, with one event.
permitted() {
	permitted_name=$NAME/$1
	permitted_event="$2$TAB$3"
	permitted_object=$4
	shift 4
	run_in "$GROUP/free" "$@"
	check_output "$permitted_name, ungoverned" 0 echo "$FOUND"
	expect_none "$permitted_name, ungoverned" "$RUN"
	for permitted_mode in enforce monitor; do
		run_in "$GROUP/$permitted_mode" "$@"
		check_output "$permitted_name, $permitted_mode" 0 echo "$FOUND"
		expect_event "$permitted_name, $permitted_mode, event" "$RUN" allow "$permitted_event" \
			"$GOVERNOR-$permitted_mode" - - not_decidable - "$permitted_object"
	done
}
sections allow >"$T/sections"
govern allow <"$T/sections"
permitted "allow, a path too deep" file_open read "$deep" "$P" deep "$T/good" 300 read file
permitted "allow, a mount in no namespace" file_open read /file "$P" read "$NOWHERE/file"
kill "$NOWHERE_PID"
allow_test "allow, a path that can be followed" "$P" deep "$T/good" 200 read file
deny_test "allow, what is denied" file_open read 'files[0]' "$T/deny/**" "$T/deny/file" "$T/good/file" "$P" read @
DENIED=EPERM
SHOWN=sys_chroot
deny_test "allow, a capability that is denied" capable capability capabilities.sys_chroot sys_chroot chroot nice \
	"$BIN/probe_system" @ /
DENIED=
SHOWN=
events_check

# Two policies: the one that denies what cannot be decided has its way.
both() {
	policy onerror-lax enforce '/suite/onerror-{lax,both}' <"$T/sections"
	echo ---
	policy onerror-strict enforce '/suite/onerror-{strict,both}' <<-EOP
		  files:
		    default: allow
		    rules:
		      - deny: /nothing/**
	EOP
	echo ---
	policy onerror-watching monitor '/suite/onerror-watched' <<-EOP
		  files:
		    default: allow
		    rules:
		      - deny: /nothing/**
	EOP
	echo ---
	policy onerror-watched enforce '/suite/onerror-watched' <"$T/sections"
}
both >"$T/both.yaml"
check "$NAME/two policies" pavise apply "$T/both.yaml"
for g in lax strict both watched; do mkdir -p "$CGROUPS/suite/onerror-$g"; done

# two NAME GROUP RESULT TYPE POLICY
two() {
	run_in "/suite/onerror-$2" "$P" deep "$T/good" 300 read file
	check_output "$NAME/$1" "$3" echo "$FOUND"
	expect_event "$NAME/$1, event" "$RUN" "$4" file_open read "$5" - - not_decidable - "$deep"
}
two "two policies, the lax alone" lax 0 allow onerror-lax
two "two policies, the strict alone" strict EACCES deny onerror-strict
two "two policies, both" both EACCES deny onerror-strict
two "two policies, a monitoring one before a lax one" watched 0 would_deny onerror-watching
events_check
check "$NAME/two policies removed" pavise remove onerror-lax onerror-strict onerror-watching onerror-watched

# More policies than a label holds.
many() {
	for n in 1 2 3 4 5 6 7 8 9; do
		policy "onerror-many-$n" enforce "/suite/onerror-many-$n" <"$T/sections"
		echo ---
	done
}
many | sed '$d' >"$T/many.yaml"
check "$NAME/nine policies" pavise apply "$T/many.yaml"
set --
for n in 1 2 3 4 5 6 7 8 9; do
	mkdir -p "$CGROUPS/suite/onerror-many-$n"
	set -- "$@" cgroup "$CGROUPS/suite/onerror-many-$n"
done
run_in "$GROUP/free" "$P" "$@" read "$T/good/file"
check_output "$NAME/more policies than a label holds, allow" 0 echo "$FOUND"
expect_event "$NAME/more policies than a label holds, allow, event" /suite/onerror-many-9 allow file_open read \
	onerror-many-9 - - not_decidable - "$T/good/file"
events_check
check "$NAME/nine policies removed" pavise remove onerror-many-1 onerror-many-2 onerror-many-3 onerror-many-4 \
	onerror-many-5 onerror-many-6 onerror-many-7 onerror-many-8 onerror-many-9
