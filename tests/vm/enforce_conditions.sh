# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a rule holds where its conditions hold and nowhere else: except,
# from, unless-from, owner; and audit reports what it permits.
#
# How: one program under three names acts on files that differ in what the
# conditions are about.  A neighbour meets one condition less.

P=$BIN/probe_file
for d in good bin bin/in except list from unless both owner allowed run; do mkdir -p "$T/$d"; done
for p in trusted other in/trusted; do cp "$P" "$T/bin/$p"; done
for p in run from unless mine except-me; do cp "$BIN/probe_true" "$T/run/$p"; done
for f in except/file except/kept except/kept-2 list/a list/b list/c from/file unless/file both/file allowed/file; do
	echo content >"$T/$f"
done
echo content | tee "$T/owner/root" >"$T/owner/tester"
cp "$BIN/probe_true" "$T/owner/program"
chown tester "$T/owner/tester"
chmod 777 "$T/owner"
chmod 666 "$T/owner/root" "$T/owner/tester"
ip link set lo up
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/except/**
        except: $T/except/kept*
      - deny: $T/list/*
        except: [$T/list/b, "$T/**/c"]
      - deny: $T/from/**
        from: $T/bin/trusted
      - deny: $T/unless/**
        unless-from: ["$T/bin/trusted", "$T/nothing"]
      - deny: $T/both/**
        from: $T/bin/**
        unless-from: $T/bin/trusted
      - deny: $T/owner/**
        owner: true
      - allow: $T/allowed/**
        access: read
        audit: true
  exec:
    default: allow
    rules:
      - deny: $T/run/from
        from: $T/bin/trusted
      - deny: $T/run/unless
        unless-from: $T/bin/trusted
      - deny: $T/run/{mine,except-me}
        except: $T/run/except-me
      - allow: $T/run/run
        audit: true
  network:
    default: allow
    rules:
      - deny: connect
        to: 127.0.0.0/8
        except: [127.0.1.0/24, 127.0.2.1]
      - deny: bind
        ports: 7000-7010
        except: "::1"
      - deny: listen
        ports: 7100
        from: $T/bin/trusted-net
      - deny: bind
        ports: 7200
        unless-from: $BIN/probe_net
EOP
trusted=$T/bin/trusted
other=$T/bin/other

# file_test NAME RULE MATCH OBJECT NEIGHBOUR [COMMAND...]
file_test() {
	file_name=$1
	file_rule=$2
	file_match=$3
	file_object=$4
	file_neighbour=$5
	shift 5
	deny_test "$file_name" file_open read "files[$file_rule]" "$T/$file_match/**" "$file_object" "$file_neighbour" "$@"
}

file_test "except" 0 except "$T/except/file" "$T/except/kept" "$P" read @
file_test "except, a pattern" 0 except "$T/except/file" "$T/except/kept-2" "$P" read @
deny_test "except, a list, the first" file_open read 'files[1]' "$T/list/*" "$T/list/a" "$T/list/b" "$P" read @
deny_test "except, a list, the second" file_open read 'files[1]' "$T/list/*" "$T/list/a" "$T/list/c" "$P" read @

SHOWN=$T/from/file
file_test "from" 2 from "$trusted" "$other" @ read "$SHOWN"
file_test "from, a child" 2 from "$trusted" "$other" @ fork read "$SHOWN"
file_test "from, after another program" 2 from "$trusted" "$other" "$P" exec @ read "$SHOWN"
file_test "from, executed by a thread" 2 from "$trusted" "$other" "$P" thread exec @ read "$SHOWN"
file_test "from, in another folder" 2 from "$trusted" "$T/bin/in/trusted" @ read "$SHOWN"
file_test "from, the program counts and not its name" 2 from "$trusted" "$other" "$P" exec-as bin @ read "$SHOWN"
SHOWN=$T/unless/file
file_test "unless-from" 3 unless "$other" "$trusted" @ read "$SHOWN"
file_test "unless-from, in another folder" 3 unless "$T/bin/in/trusted" "$trusted" @ read "$SHOWN"
file_test "unless-from, what a trusted program executes" 3 unless "$other" "$trusted" "$trusted" exec @ read "$SHOWN"
file_test "unless-from, a child" 3 unless "$other" "$trusted" @ fork thread read "$SHOWN"
file_test "unless-from, by vfork" 3 unless "$other" "$trusted" "$trusted" vfork @ read "$SHOWN"
file_test "unless-from, after chroot" 3 unless "$other" "$trusted" @ chroot / read "$SHOWN"
SHOWN=$T/both/file
file_test "from and unless-from" 4 both "$other" "$trusted" @ read "$SHOWN"
file_test "from and unless-from, neither" 4 both "$other" "$P" @ read "$SHOWN"
SHOWN=

# A program without a name is no trusted one: from memory, and deleted.
SHOWN=$T/unless/file
file_test "unless-from, a program in memory" 3 unless exec-memfd exec "$P" @ "$trusted" read "$SHOWN"
# nor is one that only says so
deny_test "unless-from, a program that pretends" file_open read 'files[3]' "$T/unless/**" "$T/unless/file" \
	"$T/good" "$BIN/probe_exe" "$trusted" 1000 @
SHOWN=
run_in "$GROUP/enforce" "$P" exec-memfd "$trusted" read "$T/from/file"
check_output "$NAME/from, a program in memory" 0 echo "$FOUND"
expect_none "$NAME/from, a program in memory" "$RUN"

# Who owns it.
file_test "owner" 5 owner "$T/owner/root" "$T/owner/tester" "$P" read @
file_test "owner, another user" 5 owner "$T/owner/tester" "$T/owner/root" "$P" uid 1000 read @
deny_test "owner, program" bprm_check exec 'files[5]' "$T/owner/**" "$T/owner/program" "$T/run/except-me" @
SHOWN=$T/owner/root
file_test "owner, the effective user" 5 owner 0 1000 "$P" euid @ read "$SHOWN"
SHOWN=
PREPARE=without_new
without_new() {
	rm -f "$T/owner/new" "$T/except/kept-new"
}
deny_test "owner, what is made" path_mknod create 'files[5]' "$T/owner/**" "$T/owner/new" "$T/except/kept-new" \
	"$P" create @
PREPARE=:

# What is executed.
deny_test "exec, from" bprm_check exec 'exec[0]' "$T/run/from" "$T/run/from" "$T/run/except-me" \
	"$trusted" exec @
deny_test "exec, unless-from" bprm_check exec 'exec[1]' "$T/run/unless" "$T/run/unless" "$T/run/except-me" \
	"$other" exec @
deny_test "exec, except" bprm_check exec 'exec[2]' "$T/run/{mine,except-me}" "$T/run/mine" "$T/run/except-me" @
allow_test "exec, from another program" "$other" exec "$T/run/from"
allow_test "exec, unless-from the program" "$trusted" exec "$T/run/unless"

# Addresses.
SUCCESS=ECONNREFUSED
deny_test "except, addresses" socket_connect connect 'network[0]' 127.0.0.0/8 127.0.0.1:80 127.0.1.1:80 \
	"$BIN/probe_net" connect @
deny_test "except, one address" socket_connect connect 'network[0]' 127.0.0.0/8 127.0.2.2:80 127.0.2.1:80 \
	"$BIN/probe_net" connect @
deny_test "except, the end of a block" socket_connect connect 'network[0]' 127.0.0.0/8 127.0.2.0:80 127.0.1.255:80 \
	"$BIN/probe_net" connect @
SHOWN=127.0.2.2:80
deny_test "except, IPv4-mapped" socket_connect connect 'network[0]' 127.0.0.0/8 ::ffff:127.0.2.2:80 \
	::ffff:127.0.2.1:80 "$BIN/probe_net" connect @
SHOWN=
SUCCESS=
deny_test "except, without addresses" socket_bind bind 'network[1]' - 127.0.0.1:7005 ::1:7005 "$BIN/probe_net" bind @
cp "$BIN/probe_net" "$trusted-net"
SHOWN=127.0.0.1:7100
deny_test "network, from" socket_listen listen 'network[2]' - "$trusted-net" "$BIN/probe_net" @ listen "$SHOWN"
SHOWN=127.0.0.1:7200
deny_test "network, unless-from" socket_bind bind 'network[3]' - "$trusted-net" "$BIN/probe_net" @ bind "$SHOWN"
SHOWN=

# audited NAME HOOK OP RULE MATCH OBJECT COMMAND...
audited() {
	audited_name=$NAME/$1
	audited_hook=$2
	audited_op=$3
	audited_rule=$4
	audited_match=$5
	audited_object=$6
	shift 6
	for audited_mode in enforce monitor; do
		run_in "$GROUP/$audited_mode" "$@"
		check_output "$audited_name, $audited_mode" 0 echo "$FOUND"
		audited_line=$(rule_line "$audited_rule")
		if [ $audited_mode = monitor ]; then audited_line=$((audited_line + MONITOR_OFFSET)); fi
		expect_event "$audited_name, $audited_mode, event" "$RUN" allow "$audited_hook" "$audited_op" \
			"$GOVERNOR-$audited_mode" "$audited_rule" "$audited_line" explicit_allow "$audited_match" \
			"$audited_object"
	done
}
audited "audit" file_open read 'files[6]' "$T/allowed/**" "$T/allowed/file" "$P" read "$T/allowed/file"
audited "audit, exec" bprm_check exec 'exec[3]' "$T/run/run" "$T/run/run" "$T/run/run"
allow_test "audit, another access" "$P" append "$T/allowed/file"
events_check

# What is not denied is not reported, and what is permitted by a condition is
# so only as long as it holds.
govern only <<EOP
  files:
    default: deny
    rules:
      - allow: /**
        except: $T/{owner,from,unless}/**
      - allow: $T/owner/**
        owner: true
      - allow: $T/from/**
        from: $trusted
      - allow: $T/unless/**
        unless-from: $other
EOP
deny_test "default deny, owner" file_open read files - "$T/owner/tester" "$T/owner/root" "$P" read @
SHOWN=$T/from/file
deny_test "default deny, from" file_open read files - "$other" "$trusted" @ read "$SHOWN"
SHOWN=$T/unless/file
deny_test "default deny, unless-from" file_open read files - "$other" "$trusted" @ read "$SHOWN"
SHOWN=
run_in "$GROUP/enforce" "$P" exec-memfd "$trusted" read "$T/from/file"
check_output "$NAME/default deny, from, a program in memory" EACCES echo "$FOUND"
expect_event "$NAME/default deny, from, a program in memory, event" "$RUN" deny file_open read "$GOVERNOR-enforce" - \
	"$(rule_line files)" default_deny - "$T/from/file"

# The policies are put in force again and again under a process that is
# permitted one file and denied another.
: >"$T/applying"
: >"$T/applied"
sed 's/^  name: .*/&\n  description: again/' "$WORK/both.yaml" >"$T/again.yaml"
applying() {
	while [ -e "$T/applying" ]; do
		for f in "$T/again.yaml" "$WORK/both.yaml"; do
			pavise apply "$f" >/dev/null 2>&1 || echo failed >>"$T/applied"
		done
	done
}
applying &
applier=$!
run_in "$GROUP/enforce" "$trusted" read-often "$T/from/file" 5000
check_output "$NAME/5,000 permitted opens while policies are put in force" 0 echo "$FOUND"
run_in "$GROUP/enforce" "$other" exec-often 200 "$T/from/file" "$P"
check_output "$NAME/200 programs denied while policies are put in force" EACCES echo "$FOUND"
rm "$T/applying"
wait $applier
check_output "$NAME/all of them were put in force" "" cat "$T/applied"
: >"$WORK/expected"
log_mark
