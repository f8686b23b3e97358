# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: patterns match in the kernel as the language says.
#
# How: a table of patterns, each in a folder of its own, and of names that
# they match and that they do not; every name is opened once.  The unit tests
# go much further; this is the proof that the kernel reads the same automaton.

P=$BIN/probe_file
mkdir -p "$T/list"

# pattern FOLDER PATTERN MATCHED... -- UNMATCHED...
pattern() {
	printf "      - deny: '%s'\n" "$T/$1/$2" >>"$T/list/rules"
	pattern_folder=$T/$1
	pattern_result=EACCES
	shift 2
	for file; do
		if [ "$file" = -- ]; then
			pattern_result=0
			continue
		fi
		file=$pattern_folder/$file
		mkdir -p "$(dirname "$file")"
		: >"$file"
		printf '%s\n' "$file" >>"$T/list/files"
		printf '%s %s\n' "$pattern_result" "$file" >>"$T/list/expected"
	done
}

pattern star '*.key' a.key .key .hidden.key -- a.keys key x/a.key
pattern star-middle 'a*b*c' abc axbxc abcbc -- ab acb abcd a/b/c
pattern deep '**' x .b a/b a/c/d --
pattern between 'a/**/z' a/z a/b/z a/b/c/z -- a/zz az b/a/z
pattern deep-end 'a/**.pem' a/x.pem a/b/x.pem a/.pem -- x.pem a/x.pem2
pattern question 'a?c' abc a.c aäc -- ac abbc a/c
pattern class 'f[0-3x]' f0 f3 fx -- f4 f fy f00
pattern not-class 'f[!0-3]' f4 fz -- f0 f3 f f4f
pattern braces '{one,two,t*ee}' one two three tee -- four onetwo on
pattern nested 'a{b{c,d},}e' abce abde ae -- abe ace
pattern escaped 'a\*b' 'a*b' -- axb 'a\*b' ab
pattern literal 'plain' plain -- plai plainer plain.
pattern empty '{,x}y' y xy -- x xxy

{
	printf '  %s\n' files: "  default: allow" "  rules:"
	cat "$T/list/rules"
} >"$T/list/sections"
govern <"$T/list/sections"

sort "$T/list/expected" >"$T/list/sorted"
tr '\n' '\0' <"$T/list/files" >"$T/list/files0"

# each MODE: all names are opened; the results, sorted.
each() {
	RUNS=$((RUNS + 1))
	RUN=$GROUP/$1/$RUNS
	xargs -0 "$BIN/enter" "$CGROUPS$RUN" "$P" read-each <"$T/list/files0" 2>&1 | sort >"$T/list/found"
}

RUNS=0
each enforce
check "$NAME/enforced" diff "$T/list/sorted" "$T/list/found"
enforced=$RUN
each monitor
check_output "$NAME/monitored, all can be opened" 0 grep -vc '^0 ' "$T/list/found"
monitored=$RUN
barrier
log_decisions >"$T/list/decisions"

# events_of RUN TYPE: the objects of its events
events_of() {
	awk -F '\t' -v run="$1" -v type="$2" '$1 == run && $2 == type { print $10 }' "$T/list/decisions" |
		sed 's/\\\\/\\/g' | sort
}
sed -n 's/^EACCES //p' "$T/list/sorted" | sort >"$T/list/denied"
events_of "$enforced" deny >"$T/list/found"
check "$NAME/one event for each" diff "$T/list/denied" "$T/list/found"
events_of "$monitored" would_deny >"$T/list/found"
check "$NAME/one event for each, monitored" diff "$T/list/denied" "$T/list/found"
