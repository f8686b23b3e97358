# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: every row of tests/bypass/rows that says closed is closed on
# this kernel: the operation succeeds where no policy governs, fails under the
# policy with the error that the row says, leaves exactly one event, which has
# the hook and the access that the row says, and its neighbour succeeds under
# the policy and leaves none.  A row that says open and is closed fails, too.
#
# How: all operations are done first, each in a cgroup named after its row,
# and compared with the log at the end.  One line a row is printed besides the
# results, "row ID OUTCOME", from which tests/bypass/run makes the matrix.  A
# file build/tests/bypass/only holds a pattern of the rows to be run.

OUTSIDE=$CGROUPS/suite/bypass-out
BYPASS=build/tests/bypass/bypass
export T OUTSIDE AGENT POLICIES

# bypass_mounts: what rows need that is not made anew for each.
bypass_mounts() {
	mkdir -p "$T/mnt" "$T/mnt-2" "$T/private" "$T/lower/deny" "$T/lower/allow" "$T/upper" "$T/work" \
		"$T/merged" "$T/else" "$T/source" "$T/bound" "$T/deep" "$T/sockets" "$T/trusted"
	mount -t tmpfs none "$T/mnt-2"
	mount -t tmpfs none "$T/private"
	mount --make-private "$T/private"
	mkdir "$T/private/from" "$T/private/to"
	mount -t tmpfs none "$T/private/from"
	echo content | tee "$T/lower/deny/file" >"$T/lower/allow/file"
	mkdir "$T/lower/map"
	cp "$BIN/probe_true" "$T/lower/map/true"
	cp "$BIN/probe_true" "$T/lower/allow/true"
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	echo content | tee "$T/lower/deny/copied" >"$T/lower/allow/copied"
	mount -t overlay overlay -o "lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work" "$T/merged"
	echo content | tee "$T/secret" "$T/else/plain" "$T/trusted/file" >"$T/source/plain"
	ln "$T/secret" "$T/else/secret"
	ln "$T/secret" "$T/source/secret"
	mount --bind "$T/source" "$T/bound"
	(cd "$T/deep" && "$BIN/probe_file" new-deep . 300 create file && "$BIN/probe_file" deep . 200 create file)
}

bypass_programs() {
	mkdir -p "$T/no" "$T/yes" "$T/map"
	for folder in no yes map; do
		cp "$BIN/probe_true" "$T/$folder/true"
		cp /bin/true "$T/$folder/dynamic"
		cp "$(readlink -f /lib/x86_64-linux-gnu/libz.so.1)" "$T/$folder/library.so"
		printf '#!%s\n' "$T/yes/true" >"$T/$folder/script"
	done
	printf '#!%s\n' "$T/no/true" >"$T/yes/script-no"
	chmod +x "$T/no"/* "$T/yes"/* "$T/map"/*
	ln "$T/no/true" "$T/yes/linked"
}

bypass_network() {
	ip link set lo up
	echo "0 2147483647" >/proc/sys/net/ipv4/ping_group_range
	for module in fuse af_packet sctp vsock af_alg xsk_diag binfmt_misc dccp_ipv4 smc tipc rds kcm pppox qrtr \
		bluetooth can_raw; do
		modprobe -q "$module"
	done
	"$BIN/probe_unix" serve "$T/sockets/deny-stream" "$T/sockets/allow-stream" "$T/sockets/deny-dgram" \
		"$T/sockets/allow-dgram" @bypass-deny-stream @bypass-allow-stream @bypass-deny-dgram \
		@bypass-allow-dgram >"$T/served" 2>&1 &
	bypass_server=$!
	wait_until 30 grep -q '^ready$' "$T/served"
	ln "$T/sockets/deny-stream" "$T/sockets/linked"
}

# bypass_rows: for this kernel, separated by tabs: id, policy, operation,
# object, neighbour, state, error, success, event; without operation, no row
# but id and state.
bypass_rows() {
	awk -F ' *[|] *' -v release="$(uname -r)" -v only="$(cat build/tests/bypass/only 2>/dev/null)" '
		function here(series) { return index(release, series ".") == 1 }
		function own(text, words, n, i, found, pair) {
			n = split(text, words, " ")
			found = words[1]
			for (i = 2; i <= n; i++) {
				split(words[i], pair, "=")
				if (here(pair[1])) found = pair[2]
			}
			return found
		}
		/^#/ || !NF { next }
		only != "" && $1 !~ only { next }
		{
			known = $5 == "all"
			n = split($5, series, " ")
			for (i = 1; i <= n; i++) if (here(series[i])) known = 1
			state = $4
			other = ""
			if (match(state, / [0-9.]+=[a-z-]+$/)) {
				split(substr(state, RSTART + 1), pair, "=")
				if (here(pair[1])) other = pair[2]
				state = substr(state, 1, RSTART - 1)
			}
			sub(/^out-of-scope: .*/, "out-of-scope", state)
			state = known ? other ? other : state : "unknown"
			error = $10
			success = "0"
			if (match(error, / ungoverned=/)) {
				success = substr(error, RSTART + RLENGTH)
				error = substr(error, 1, RSTART - 1)
			}
			print $1 "\t" $6 "\t" $7 "\t" $8 "\t" $9 "\t" state "\t" error "\t" success "\t" own($11)
		}' tests/bypass/rows
}

# bypass_do GROUP NAME OBJECT OPERATION: one operation, its output in $FOUND.
bypass_do() {
	# the operation is words
	# shellcheck disable=SC2086
	"$BYPASS" "$CGROUPS/suite/bypass/$1/$2" "$3" $4 >"$T/found" 2>&1 || echo "status $?" >>"$T/found"
	FOUND=
	while IFS= read -r bypass_line; do FOUND="$FOUND${FOUND:+ }$bypass_line"; done <"$T/found"
}

# bypass_run ...: the fields of a row; leaves what was found in $T/done.
bypass_run() {
	bypass_neighbour=-
	bypass_do free "$1.free" "$4" "$3"
	bypass_free=$FOUND
	bypass_do "$2" "$1.governed" "$4" "$3"
	bypass_governed=$FOUND
	if [ "$5" != - ]; then
		bypass_do "$2" "$1.neighbour" "$5" "$3"
		bypass_neighbour=$FOUND
	fi
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$6" "$7" "$8" "$9" "$bypass_free" "$bypass_governed" \
		"$bypass_neighbour" >>"$T/done"
}

bypass_do_all() {
	while IFS=$TAB read -r id policy operation object neighbour state error success event; do
		case $state,$operation in
		unknown,* | *,-) printf '%s\t%s\n' "$id" "$state" >>"$T/done" ;;
		*) bypass_run "$id" "$policy" "$operation" "$object" "$neighbour" "$state" "$error" "$success" "$event" ;;
		esac
	done
}

# bypass_judge: a line of result for each row: id, outcome, and what is wrong.
bypass_judge() {
	awk -F '\t' '
		FILENAME == ARGV[1] {
			run = $1
			sub(".*/", "", run)
			events[run] = events[run] (events[run] == "" ? "" : ", ") ($2 == "deny" ? "" : $2 " ") $3 "/" $4
			objects[run] = objects[run] " (" $8 " " $10 ")"
			next
		}
		NF == 2 { print $1 "\t" $2; next }
		{
			wanted = $2 == "closed" ? $3 : $4
			event = $2 == "closed" ? $5 : ""
			found = "ungoverned " $6 ", governed " $7 ", neighbour " $8 ", events: " events[$1 ".free"] "; " \
				events[$1 ".governed"] objects[$1 ".governed"] "; " events[$1 ".neighbour"] objects[$1 ".neighbour"]
			good = $6 == $4 && ($8 == "-" || $8 == "0" || $8 == $4) && events[$1 ".free"] events[$1 ".neighbour"] == ""
			if (good && $7 == wanted && events[$1 ".governed"] == event) {
				print $1 "\t" ($2 == "closed" ? "denied" : $2)
			} else if (good && $2 != "closed" && $7 != $4) {
				print $1 "\tFAILED\tsays " $2 ", and is denied here: it can say closed; found " found
			} else {
				print $1 "\tFAILED\texpected ungoverned " $4 ", governed " wanted ", event: " event "; found " found
			}
		}' "$1" "$T/done"
}

bypass_report() {
	while IFS=$TAB read -r id outcome wrong; do
		echo "row $id $outcome"
		case $outcome in
		denied) ok "$NAME/$id" ;;
		FAILED) not_ok "$NAME/$id" "$wrong" ;;
		unknown | out-of-scope | open) ok "$NAME/$id: $outcome" ;;
		esac
	done
}

bypass_mounts >"$T/made"
bypass_programs
bypass_network
mkdir -p "$OUTSIDE" "$CGROUPS/suite/bypass"
for group in free names mounts system memory capabilities only loose nameless sockets; do mkdir -p "$CGROUPS/suite/bypass/$group"; done
check "$NAME/policies" pavise apply tests/bypass/policies.yaml
sed -n 's/^  name: //p' tests/bypass/policies.yaml >"$WORK/governors"
: >"$T/done"
bypass_rows >"$T/rows"
bypass_do_all <"$T/rows"
barrier
log_decisions >"$WORK/decisions"
bypass_judge "$WORK/decisions" >"$T/judged"
bypass_report <"$T/judged"
kill "$bypass_server"
umount "$T/bound" "$T/merged" "$T/private/from" "$T/private" "$T/mnt-2"
