# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: under policies/protect-credentials.yaml ssh and su use what is theirs, and other programs
# of root's do not get it; all else goes on.

# shellcheck source=tests/vm/policy_lib.sh
. tests/vm/policy_lib.sh

key=/root/.ssh/id_ed25519
mkdir -p /root/.ssh /root/.aws
if ! ssh-keygen -q -t ed25519 -N '' -f $key; then
	skip "$NAME" "ssh is not there"
	return
fi
echo secret >/root/.aws/credentials
echo region >/root/.aws/config

session() {
	RUNS=$((${RUNS:-0} + 1))
	in_group "user.slice/$NAME/$RUNS" "$@"
}

in_force protect-credentials
works "ssh-keygen has its key" "ssh-ed25519" session ssh-keygen -y -f $key
works "su" "tester" session su -s /bin/sh tester -c 'id -un'
works "the public key" "ssh-ed25519" session cat $key.pub
works "another file beside" "region" session cat /root/.aws/config
works "users" "tester" session grep tester /etc/passwd
denied "cat" "Permission denied" "deny read $key" session cat $key
denied "cp" "Permission denied" "deny read $key" session cp $key /tmp/key
denied "tar" "Permission denied" "deny read $key" session tar -cf /tmp/keys.tar $key
denied "mv" "Permission denied" "deny rename $key" session mv $key /root/key
denied "ln" "Permission denied" "deny link $key" session ln $key /root/key
denied "by another name of the folder" "Permission denied" "deny read $key" session cat /proc/self/root/root/.ssh/id_ed25519
denied "python3" "Permission denied" "deny read /root/.aws/credentials" \
	session python3 -c 'open("/root/.aws/credentials").read()'
denied "passwords" "Permission denied" "deny read /etc/shadow" session cat /etc/shadow
denied "tracing who may" "ermi" "deny ptrace ptrace" session strace -f ssh-keygen -y -f $key
rm -rf /root/.ssh /root/.aws
