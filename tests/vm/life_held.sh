# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: own
#
# Guarantees: a descriptor from before its process was governed keeps what it
# has, and where the policy denies it, it is reported once and status names
# it as long as it is held, however the process became governed: by a policy
# that came, by entering the cgroup, or by executing in it.
#
# How: an actor holds a file open and reads by that descriptor when it is
# told to.  That nothing more is reported is asked once status says that the
# agent has looked at everything ("complete").

# jq's variables are not the shell's, and start_agent needs no options.
# shellcheck disable=SC2016,SC2119
# shellcheck source=tests/vm/life_lib.sh
. tests/vm/life_lib.sh

FREE=/suite/$NAME-free
FILE=$T/file

# hold_start CGROUP: an actor there that holds $FILE; sets $ACTOR_PID and $FD.
hold_start() {
	mkdir -p "$CGROUPS/suite"
	rm -f "$T/ask" "$T/answer"
	mkfifo "$T/ask" "$T/answer"
	"$BIN/enter" "$CGROUPS$1" "$ACTOR" hold "$FILE" <"$T/ask" >"$T/answer" &
	ACTOR_JOB=$!
	exec 3>"$T/ask" 4<"$T/answer"
	actor_asks "$T" >/dev/null
	ACTOR_PID=$(cat "$CGROUPS$1/cgroup.procs")
	FD=$(find "/proc/$ACTOR_PID/fd" -lname "$FILE" -printf %f)
}

# held FILTER: what a jq filter gives of the events "held" since log_mark.
held() {
	log_new | grep -F '"type":"held"' | jq -r "$1" | sort | paste -s -d ';'
}

held_events() {
	held '"\(.cgroup) \(.proc.pid) \(.held.fd) \(.held.op) \(.held.verdict) \(.held.policy.name) \(.held.rule.id) \(.held.reason) \(.held.match) \(.held.object.path)"'
}

held_are() {
	[ "$(log_new | grep -cF '"type":"held"')" = "$1" ]
}

# listed: what status names.
listed() {
	pavise status --json | jq -r '.agent.held.list[] | "\(.pid) \(.fd) \(.op) \(.verdict) \(.policy) \(.rule) \(.path)"' |
		sort | paste -s -d ';'
}

looked() {
	pavise status --json | jq -e .agent.held.complete
}

# event CGROUP PID FD VERDICT: as held_events shows it.
event() {
	echo "$1 $2 $3 read $4 held files[0] explicit_deny $FILE $FILE"
}

for file in file other written gone; do echo text >"$T/$file"; done
mkdir "$T/folder" "$T/lower" "$T/layers"
modprobe overlay 2>/dev/null || true
mount -t overlay overlay -o "lowerdir=$T/folder:$T/lower" "$T/layers" ||
	not_ok "$NAME: an overlay" "expected it to be mounted"
deny_policy other enforce "$T/other" >"$T/other.yaml"
deny_policy held enforce "$FILE" >"$T/held.yaml"
deny_policy held monitor "$FILE" >"$T/monitor.yaml"
deny_policy held enforce "$T/folder" "$T/written" "$T/gone" "$T/layers" >"$T/more.yaml"
start_with "$T/other.yaml" || return 0

# ---- a policy comes ----

hold_start "$GROUP"
exec 5<"$FILE" # held by this shell, which no policy governs
log_mark
check "$NAME: a policy denies what a process holds" pavise apply "$T/held.yaml"
eventually "$NAME: that is reported" held_are 1
is "$NAME: with process, descriptor, access, policy and rule" "$(event "$GROUP" "$ACTOR_PID" "$FD" deny)" "$(held_events)"
is "$NAME: the descriptor keeps what it has" 0 "$(actor_asks read)"
is "$NAME: a new one is denied, and another file is not" "EACCES 0" "$(actor_asks "$FILE") $(actor_asks "$T/written")"
eventually "$NAME: that denial is an event" logged 1 "$GROUP"
is "$NAME: status names what is held" "$ACTOR_PID $FD read deny held files[0] $FILE" "$(listed)"
matches "$NAME: and says it to people" "^ *$ACTOR_PID life_actor \(uid 0\), fd $FD: read $FILE  held/files\[0\]\$" "$(pavise status)"
matches "$NAME: tail shows it" "HELD  life_actor\[$ACTOR_PID\] fd $FD:read $FILE .* held/files\[0\]\$" "$(pavise tail --policy held)"

before=$(generation)
check "$NAME: the same set once more" pavise apply "$T/held.yaml"
check "$NAME: is another generation" [ "$(generation)" -gt "$before" ]
eventually "$NAME: which is looked at" looked
is "$NAME: and reports nothing again" 1 "$(log_new | grep -cF '"type":"held"')"
is "$NAME: status names it still" "$ACTOR_PID $FD read deny held files[0] $FILE" "$(listed)"
is "$NAME: closed, it is named no more" "0 " "$(actor_asks close) $(listed)"
actor_stop
exec 5<&- # else the next actor has it too

# ---- monitor mode ----

pavise remove held >/dev/null
hold_start "$GROUP"
log_mark
check "$NAME: a policy in monitor mode" pavise apply "$T/monitor.yaml"
eventually "$NAME: reports what it would deny" held_are 1
is "$NAME: as that" "$(event "$GROUP" "$ACTOR_PID" "$FD" would_deny)" "$(held_events)"
is "$NAME: and denies nothing" "0 0" "$(actor_asks read) $(actor_asks "$FILE")"
matches "$NAME: status says so" "fd $FD: read $FILE  held/files\[0\] \(monitor\)\$" "$(pavise status)"
check "$NAME: enforcement is switched on" pavise mode enforce held
eventually "$NAME: which is reported" held_are 2
is "$NAME: status names the mode in force" "$ACTOR_PID $FD read deny held files[0] $FILE" "$(listed)"
check "$NAME: the policy goes" pavise remove held
eventually "$NAME: all is looked at" looked
is "$NAME: and nothing is named any more" "" "$(listed)"
actor_stop

# ---- a process enters the cgroup ----

check "$NAME: the policy is there again" pavise apply "$T/held.yaml"
eventually "$NAME: all was looked at" looked
hold_start "$FREE"
log_mark
is "$NAME: a process outside is not named" "" "$(listed)"
echo "$ACTOR_PID" >"$CGROUPS$GROUP/cgroup.procs"
eventually "$NAME: it enters the cgroup and is reported" held_are 1
is "$NAME: as one that was there" "$(event "$GROUP" "$ACTOR_PID" "$FD" deny)" "$(held_events)"
is "$NAME: it reads on, and opens no more" "0 EACCES" "$(actor_asks read) $(actor_asks "$FILE")"
child=$(actor_asks fork)
both=$(printf '%s %s read deny held files[0] %s\n' "$ACTOR_PID" "$FD" "$FILE" "$child" "$FD" "$FILE" | sort | paste -s -d ';')
names_both() {
	[ "$(listed)" = "$both" ]
}
eventually "$NAME: its child is named as well" names_both
is "$NAME: and not reported again" 1 "$(log_new | grep -cF '"type":"held"')"
kill "$child"
kill_agent
start_agent || return 0
eventually "$NAME: the next agent looks" looked
is "$NAME: and names who holds it" "$ACTOR_PID $FD read deny held files[0] $FILE" "$(listed)"
actor_stop
is "$NAME: a process that ended is named no more" "" "$(listed)"

# ---- a program is executed ----

log_mark
check "$NAME: another policy" pavise apply "$T/more.yaml"
exec 5<"$T/layers" 6<"$T/folder" 7>>"$T/written" 8<>"$T/gone"
rm "$T/gone"
"$BIN/enter" "$CGROUPS$GROUP" sleep 50 </dev/null >/dev/null 2>&1 &
exec 5<&- 6<&- 7>&- 8>&-
eventually "$NAME: what a program inherits is reported" held_are 4
is "$NAME: by its mode, directory and deleted file too, and what an overlay says" \
	"5 list held/files[3] $T/layers null;6 list held/files[0] $T/folder null;7 append held/files[1] $T/written null;8 read held/files[2] $T/gone true" \
	"$(held '"\(.held.fd) \(.held.op) \(.held.policy.name)/\(.held.rule.id) \(.held.object.path) \(.held.object.deleted)"')"
log_mark
exec 6<"$T/other"
unshare -m "$BIN/enter" "$CGROUPS$GROUP" sleep 50 </dev/null >/dev/null 2>&1 &
exec 6<&-
eventually "$NAME: of a mount that its namespace does not have" \
	sh -c "tail -n +$LOG_START $LOG | grep -F '\"type\":\"held\"' | jq -e 'select(.held.fd == 6) | .held.reason == \"not_decidable\" and .held.walk == \"foreign\"'"
while read -r pid; do kill "$pid"; done <"$CGROUPS$GROUP/cgroup.procs"
wait_until 20 sh -c "! grep -q . $CGROUPS$GROUP/cgroup.procs"
is "$NAME: nobody is left to be named" "" "$(listed)"
agent_stop
umount "$T/layers"
rmdir "$CGROUPS$FREE" 2>/dev/null || true
