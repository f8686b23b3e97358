# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# agent: shared
#
# Guarantees: under policies/sshd.yaml sshd lets people in by key, with commands and sftp; it is no
# tunnel; and root in a session cannot reach its keys.

# shellcheck source=tests/vm/policy_lib.sh
. tests/vm/policy_lib.sh

if [ ! -x /usr/sbin/sshd ]; then
	skip "$NAME" "sshd is not there"
	return
fi
mkdir -p /run/sshd /root/.ssh /home/tester/.ssh
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
ssh-keygen -q -t ed25519 -N '' -f "$T/key"
cp "$T/key.pub" /root/.ssh/authorized_keys
cp "$T/key.pub" /home/tester/.ssh/authorized_keys
chown -R tester:tester /home/tester/.ssh
chmod 700 /root/.ssh /home/tester/.ssh
cp /etc/passwd "$T/passwd"
cat >"$T/config" <<EOF
ListenAddress 127.0.0.1:2222
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile /run/sshd-pavise.pid
UsePAM yes
PrintMotd no
Subsystem sftp /usr/lib/openssh/sftp-server
EOF
printf '%s\n' "put $T/config upload" "ls -l upload" "rm upload" >"$T/batch"

client() {
	program=$1
	shift
	timeout 60 "$program" -F none -i "$T/key" -o BatchMode=yes -o UserKnownHostsFile="$T/hosts" \
		-o StrictHostKeyChecking=no -o LogLevel=INFO -o Port=2222 "$@" </dev/null
}

in_force sshd
works "sshd starts" "" /usr/sbin/sshd -f "$T/config" -E "$T/log"
works "login" "tester" client ssh tester@127.0.0.1 'id -un'
works "a pipe of programs" "2" client ssh tester@127.0.0.1 'printf "a\nb\n" | wc -l'
works "sftp" "upload" client sftp -b "$T/batch" tester@127.0.0.1
works "root, and files of the system" "127.0.0.1" client ssh root@127.0.0.1 'cat /etc/hosts'
works "a public key" "ssh-ed25519" client ssh root@127.0.0.1 'cat /etc/ssh/ssh_host_ed25519_key.pub'
# shellcheck disable=SC2016 # for the shell of the session
works "a session's connection" "SSH-2.0" client ssh tester@127.0.0.1 \
	'bash -c "exec 3<>/dev/tcp/127.0.0.1/2222; read -r line <&3; echo \$line"'

key=/etc/ssh/ssh_host_ed25519_key
denied "a host key" "Permission denied" "deny read $key" client ssh root@127.0.0.1 "cat $key"
denied "a host key, replaced" "Permission denied" "deny rename $key" client ssh root@127.0.0.1 "mv $key /root/x"
denied "authorized_keys" "Permission denied" "deny append /root/.ssh/authorized_keys" \
	client ssh root@127.0.0.1 'echo x >>/root/.ssh/authorized_keys'
denied "a tunnel" "connect failed" "deny connect 127.0.0.1:9200" client ssh -W 127.0.0.1:9200 tester@127.0.0.1
denied "tracing" "ermi" "deny ptrace ptrace" client ssh root@127.0.0.1 'strace -p 1'
sed -i '/^tester:/s|[^:]*$|/usr/bin/busybox|' /etc/passwd
denied "another program than a shell" "Permission denied" "deny exec /usr/bin/busybox" \
	client ssh tester@127.0.0.1 id
cat "$T/passwd" >/etc/passwd
works "login, still" "tester" client ssh tester@127.0.0.1 'id -un'
kill "$(cat /run/sshd-pavise.pid)"
rm -rf /root/.ssh /home/tester/.ssh $key $key.pub
