# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: a literal deny holds for the file that had the name when the
# policies were put in force, through older and later hard links, mounts and
# received descriptors; and no other rule, name or file is taken in by it.
#
# How: each file has a second name that no rule is about, and beside it stands
# a pair of names that nothing denies.

P=$BIN/probe_file
R=$BIN/probe_receive
mkdir -p "$T/else" "$T/to" "$T/data" "$T/tmpfs" "$T/lower" "$T/upper" "$T/work" "$T/merged"
mount -t tmpfs none "$T/tmpfs"
mount -t overlay overlay -o "lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work" "$T/merged"

# pair FILE...: with a second name below else, from before.
pair() {
	for file; do
		echo content >"$file"
		mkdir -p "$(dirname "$file")/else"
		ln "$file" "$(dirname "$file")/else/${file##*/}"
	done
}

pair "$T/secret" "$T/key" "$T/plain" "$T/mine" "$T/spared" "$T/used" "$T/data/file"
for d in tmpfs merged; do pair "$T/$d/secret" "$T/$d/plain"; done
for program in program tool; do
	cp "$BIN/probe_true" "$T/$program"
	ln "$T/$program" "$T/else/$program"
done
ln -s else "$T/linked"
used=$(stat -c %i "$T/used")
govern <<EOP
  files:
    default: allow
    rules:
      - deny: $T/{secret,key,spared,used}
        except: $T/spared
      - deny: $T/data/*
      - deny: [$T/tmpfs/secret, $T/merged/secret]
        access: read
      - deny: $T/mine
        unless-from: $P
      - deny: [$T/linked/plain, $T/missing]
  exec:
    default: allow
    rules:
      - deny: $T/program
  system:
    mount: allow
EOP

# marked_test NAME HOOK OP OPERATION...: on another name of $T/secret.
marked_test() {
	marked_name=$1
	marked_hook=$2
	marked_op=$3
	shift 3
	deny_test "$marked_name" "$marked_hook" "$marked_op" 'files[0]' "$T/{secret,key,spared,used}" \
		"$T/else/secret" "$T/else/plain" "$P" "$@"
}

marked_test "read" file_open read read @
marked_test "write" file_open write write @
marked_test "append" file_open append append @
marked_test "truncate" path_truncate write truncate @
marked_test "chmod" path_chmod attributes chmod @
deny_test "the literal name itself" file_open read 'files[0]' "$T/{secret,key,spared,used}" "$T/key" "$T/plain" \
	"$P" read @
deny_test "exec" bprm_check exec 'exec[0]' "$T/program" "$T/else/program" "$T/else/tool" "$P" exec @
deny_test "map of a program" mmap_file map 'exec[0]' "$T/program" "$T/else/program" "$T/else/tool" \
	"$P" map-exec @

# Mounts.
deny_test "a bind mount in a namespace of its own" file_open read 'files[0]' "$T/{secret,key,spared,used}" \
	"$T/to/secret" "$T/to/plain" "$P" bind "$T" "$T/to" read @
: >"$T/to/key"
mount --bind "$T/key" "$T/to/key"
deny_test "a bind mount from before the process" file_open read 'files[0]' "$T/{secret,key,spared,used}" \
	"$T/to/key" "$T/plain" "$P" read @
for d in tmpfs merged; do
	deny_test "another name on $d" file_open read 'files[2]' "$T/$d/secret" "$T/$d/else/secret" \
		"$T/$d/else/plain" "$P" read @
done

# A name that is made later.
ln "$T/secret" "$T/else/later"
deny_test "a link from after" file_open read 'files[0]' "$T/{secret,key,spared,used}" "$T/else/later" \
	"$T/else/plain" "$P" read @

# Descriptors.
"$R" serve "$T/socket" &
server=$!
check "$NAME/the server is there" wait_until 20 test -S "$T/socket"
deny_test "a received descriptor" file_receive read 'files[0]' "$T/{secret,key,spared,used}" "$T/else/secret" \
	"$T/else/plain" "$R" get "$T/socket" read @
kill "$server"

# What is about names, and what no literal deny is about.
allow_test "the path alone" "$P" path "$T/else/secret"
allow_test "link of another name" "$P" link "$T/else/secret" "$T/else/secret-2"
allow_test "rename of another name" "$P" rename "$T/else/secret-2" "$T/else/secret-3"
allow_test "unlink of another name" "$P" unlink "$T/else/secret-3"
allow_test "a write where read is denied" "$P" write "$T/tmpfs/else/secret"
allow_test "what a wildcard denies" "$P" read "$T/data/else/file"
allow_test "what is excepted" "$P" read "$T/else/spared"
allow_test "what this executable may" "$P" read "$T/else/mine"
allow_test "a name through a symbolic link" "$P" read "$T/plain"

# Another file with the number of one that was marked.
rm "$T/used" "$T/else/used"
for i in $(seq 200); do
	echo content >"$T/else/$i"
	if [ "$(stat -c %i "$T/else/$i")" = "$used" ]; then break; fi
done
if [ "$(stat -c %i "$T/else/$i")" = "$used" ]; then
	allow_test "a later file with the same inode number" "$P" read "$T/else/$i"
else
	skip "$NAME/a later file with the same inode number" "the file system gave $used to none of 200 new files"
fi
events_check

# A file put in place is marked when policies are put in force again; and
# what a file's name is denied by default is not denied of its other names.
mv "$T/plain" "$T/key"
allow_test "a file put in place later" "$P" read "$T/else/plain"
first=$GROUP
govern defaults <<EOP
  files:
    default: deny
    rules:
      - allow: /**
        except: $T/tool
      - deny: $T/tool
        access: write
EOP
deny_test "write, which is denied literally" file_open write 'files[1]' "$T/tool" "$T/else/tool" "$T/else/spared" \
	"$P" write @
allow_test "read, which is denied by default" "$P" read "$T/else/tool"
allow_test "what another policy denies" "$P" read "$T/else/secret"
GROUP=$first
GOVERNOR=enforce-marks
POLICY=$WORK/$GOVERNOR.yaml
MONITOR_OFFSET=$(($(wc -l <"$POLICY") + 1))
deny_test "a file put in place, once policies are applied" file_open read 'files[0]' \
	"$T/{secret,key,spared,used}" "$T/else/plain" "$T/else/spared" "$P" read @
events_check
umount "$T/to/key" "$T/merged" "$T/tmpfs"
