# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: that something was permitted to a process before permits nothing
# that its policy would deny now, and hides no event.
#
# How: one process for each case does the same again and again, and is told
# when; in between, what its answer depends on is changed, one thing at a time.
# What comes before the change is asked three times, so that it was permitted
# before, and was looked for among what was.

mkdir -p "$T/yes/d/e" "$T/no" "$T/mount" "$T/own" "$T/outside"
for f in yes/d/e/f yes/f yes/w yes/audited own/f; do echo content >"$T/$f"; done
ln "$T/yes/f" "$T/no/link"
chmod 777 "$T/own"
chmod 666 "$T/own/f" "$T/yes/f"
chown tester "$T/own/f"
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/no/**
      - deny: $T/yes/w
        access: write
      - allow: $T/yes/audited
        audit: true
      - deny: $T/own/*
        owner: true
  network:
    default: allow
    rules:
      - deny: connect
        to: 127.0.0.0/8
        ports: 4343
      - deny: connect
        to: ::1/128
        ports: 4343
EOP

# process CGROUP [FOLDER]: one that is asked, in a cgroup of its own, $RUN.
process() {
	RUNS=$((${RUNS:-0} + 1))
	RUN=$1/$RUNS
	rm -f "$T/ask" "$T/answer"
	mkfifo "$T/ask" "$T/answer"
	(cd "${2:-/}" && exec "$BIN/enter" "$CGROUPS$RUN" "$BIN/probe_cache") <"$T/ask" >"$T/answer" &
	asked=$!
	exec 8>"$T/ask" 9<"$T/answer"
}

# ask OPERATION ARGUMENT: the answer is in $FOUND.
ask() {
	echo "$*" >&8
	read -r FOUND <&9
}

# often NAME OPERATION ARGUMENT: three times, permitted.
often() {
	often_name=$1
	shift
	for _ in 1 2 3; do
		ask "$@"
		[ "$FOUND" = 0 ] || break
	done
	check_output "$NAME/$often_name, before" 0 echo "$FOUND"
}

end_process() {
	exec 8>&- 9<&-
	wait $asked
}

# denied NAME OP RULE LINE MATCH OBJECT [CGROUP]: the last answer, with its one event.
denied() {
	check_output "$NAME/$1" EACCES echo "$FOUND"
	expect_event "$NAME/$1, event" "${7:-$RUN}" deny "${HOOK:-file_open}" "$2" "${POLICY_NAME:-$GOVERNOR-enforce}" \
		"$3" "$4" explicit_deny "$5" "$6"
}
line=$(rule_line 'files[0]')

process "$GROUP/enforce" "$T/yes/d"
often "a renamed folder" read e/f
mv "$T/yes/d" "$T/no/d"
ask read e/f
denied "a renamed folder" read 'files[0]' "$line" "$T/no/**" "$T/no/d/e/f"
mv "$T/no/d" "$T/yes/d"
ask read e/f
check_output "$NAME/a renamed folder, back again" 0 echo "$FOUND"
end_process

process "$GROUP/enforce" "$T/yes/d/e"
often "a renamed folder above" list .
mv "$T/yes/d" "$T/no/d"
ask list .
denied "a renamed folder above" list 'files[0]' "$line" "$T/no/**" "$T/no/d/e"
mv "$T/no/d" "$T/yes/d"
end_process

mount -t tmpfs none "$T/mount"
mkdir "$T/mount/e"
echo content >"$T/mount/e/f"
mkdir "$T/no/mount"
process "$GROUP/enforce" "$T/mount/e"
often "a moved mount" read f
mount --make-private "$T/mount"
mount --move "$T/mount" "$T/no/mount" 2>/dev/null || { mount --make-rprivate / && mount --move "$T/mount" "$T/no/mount"; }
ask read f
denied "a moved mount" read 'files[0]' "$line" "$T/no/**" "$T/no/mount/e/f"
end_process
umount "$T/no/mount"

# once NAME OP RULE MATCH BEFORE NOW: permitted by OPERATION ARGUMENT of BEFORE, then denied that of NOW.
once() {
	process "$GROUP/enforce"
	# shellcheck disable=SC2086 # two words
	often "$1" $5
	# shellcheck disable=SC2086
	ask $6
	denied "$1" "$2" "$3" "$(rule_line "$3")" "$4" "${6#* }"
	end_process
}
once "another name of the same file" read 'files[0]' "$T/no/**" "read $T/yes/f" "read $T/no/link"
once "another access" write 'files[1]' "$T/yes/w" "read $T/yes/w" "write $T/yes/w"

process "$GROUP/enforce"
often "another file by the same name" write "$T/yes/d/e/f"
rm "$T/yes/d/e/f"
ln "$T/yes/w" "$T/yes/d/e/f"
ask write "$T/yes/d/e/f"
check_output "$NAME/another file by the same name" EACCES echo "$FOUND"
expect_event "$NAME/another file by the same name, event" "$RUN" deny file_open write "$GOVERNOR-enforce" 'files[1]' \
	"$(rule_line 'files[1]')" explicit_deny "$T/yes/w" "$T/yes/d/e/f"
end_process

process "$GROUP/enforce"
often "who owns it" read "$T/own/f"
chown root "$T/own/f"
ask read "$T/own/f"
denied "who owns it" read 'files[3]' "$(rule_line 'files[3]')" "$T/own/*" "$T/own/f"
end_process
chown tester "$T/own/f"
process "$GROUP/enforce"
often "another user" read "$T/own/f"
ask euid "$(id -u tester)"
ask read "$T/own/f"
denied "another user" read 'files[3]' "$(rule_line 'files[3]')" "$T/own/*" "$T/own/f"
end_process

# all_told NAME TYPE: an event for each of the three.
all_told() {
	told_run=$RUN
	barrier
	check_output "$NAME/$1, events" 3 sh -c "tail -n +$LOG_START $LOG | grep -F '\"$told_run\"' | grep -c '\"type\":\"$2\"'"
}
process "$GROUP/enforce"
often "audited" read "$T/yes/audited"
all_told "audited" allow
end_process
process "$GROUP/monitor"
often "monitored" read "$T/no/link"
all_told "monitored" would_deny
end_process

# Addresses.
HOOK=socket_connect
process "$GROUP/enforce"
often "another port" connect 4242
ask connect 4343
denied "another port" connect 'network[0]' "$(rule_line 'network[0]')" 127.0.0.0/8 127.0.0.1:4343
ask connect 4242
check_output "$NAME/the first port again" 0 echo "$FOUND"
end_process
process "$GROUP/enforce"
often "another port, IPv6" connect6 4242
ask connect6 4343
denied "another port, IPv6" connect 'network[1]' "$(rule_line 'network[1]')" ::1/128 ::1:4343
end_process
process "$GROUP/enforce"
often "what is bound" bind 4343
ask connect 4343
denied "what is bound is not what is connected" connect 'network[0]' "$(rule_line 'network[0]')" 127.0.0.0/8 127.0.0.1:4343
end_process
HOOK=

# Who governs.
process "$GROUP/free"
often "into a governed cgroup" read "$T/no/link"
mkdir -p "$CGROUPS$GROUP/enforce/in"
cat "$CGROUPS$RUN/cgroup.procs" >"$CGROUPS$GROUP/enforce/in/cgroup.procs"
ask read "$T/no/link"
denied "into a governed cgroup" read 'files[0]' "$line" "$T/no/**" "$T/no/link" "$GROUP/enforce/in"
end_process

later() {
	policy cache-later enforce "/suite/cache-later/$1/**" <<-EOF
		  files:
		    default: allow
		    rules:
		      - deny: $T/yes/$2
	EOF
}
mkdir -p "$CGROUPS/suite/cache-later/one" "$CGROUPS/suite/cache-later/two"
later one w >"$T/later.yaml"
check "$NAME/a policy comes" pavise apply "$T/later.yaml"
process /suite/cache-later/one
often "another policy" read "$T/yes/f"
later one f >"$T/later.yaml"
check "$NAME/another comes in its place" pavise apply "$T/later.yaml"
ask read "$T/yes/f"
POLICY_NAME=cache-later denied "another policy" read 'files[0]' 12 "$T/yes/f" "$T/yes/f"
end_process
process /suite/cache-later/two
often "a policy for who had none" read "$T/yes/f"
later '*' f >"$T/later.yaml"
check "$NAME/a policy comes for it" pavise apply "$T/later.yaml"
ask read "$T/yes/f"
POLICY_NAME=cache-later denied "a policy for who had none" read 'files[0]' 12 "$T/yes/f" "$T/yes/f"
check "$NAME/and goes" pavise remove cache-later
often "a policy that is gone" read "$T/yes/f"
end_process
events_check
