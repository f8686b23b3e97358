# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# stress-ng: one after the other, a fixed number of operations of the stressors of files, sockets and processes, which
# look at what they get (--verify). What fails is compared, and the status.
cd "$S" || exit
{
	printf '%s\n' 'run sequential' 'timeout 3' 'verify' 'no-rand-seed' "temp-path $S"
	for stressor in access:2 chattr:1 chdir:5 chmod:5 chown:5 chroot:2 clone:2 copy-file:1 dentry:20 dir:10 dup:2 epoll:2 \
		eventfd:2 fallocate:1 fanotify:1 fcntl:2 file-ioctl:2 flock:5 fork:5 getdent:2 handle:2 hdd:1 inotify:1 \
		io-uring:2 kcmp:2 kill:5 link:1 lockf:2 memfd:1 mknod:2 mprotect:2 mq:5 msg:5 open:2 pidfd:2 pipe:5 pty:1 \
		rawsock:2 rename:10 seal:2 sem-sysv:5 sendfile:2 session:2 shm:1 shm-sysv:1 sock:1 sockfd:2 sockpair:5 \
		splice:5 symlink:1 tee:5 touch:5 udp:2 unshare:1 utime:2 vfork:5 wait:2 xattr:2 zombie:2; do
		printf '%s 1\n%s-ops %s\n' "${stressor%:*}" "${stressor%:*}" "${stressor#*:}"
	done
} >job
stress-ng --job job >out 2>&1
echo "status $?"
grep -aE 'error in line|fail|skipp|EACCES|EPERM|denied|[Pp]ermi' out | sed 's/.*stress-ng: //'
