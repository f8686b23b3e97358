# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# GNU tar, as root: everything that a file can be, there and back, and as an update, and by another user.
tar() { command tar --xattrs --xattrs-include='*' --acls --sort=name --mtime=@1700000000 --pax-option=exthdr.name=%d/%f,delete=atime,delete=ctime "$@"; }
mkdir from && cd from || exit
mkdir -p a/b/c empty && seq 3000 >a/numbers && ln a/numbers a/b/hard && ln -s ../numbers a/b/soft
ln -s /nowhere dangling
truncate -s 4M sparse && echo data | dd of=sparse bs=1 seek=2000000 conv=notrunc status=none
mknod null c 1 3 && mknod block b 7 0 && mkfifo pipe
install -m 4755 -o 1000 -g 1000 /bin/true setuid && mkdir -m 1777 sticky && mkdir -m 2750 setgid
setfattr -n user.word -v value a/numbers && setfattr -n trusted.word -v other empty
setfacl -m u:1000:rw a/numbers && setcap cap_net_raw+ep setuid 2>&1
: >"$(printf 'n\303\244me \001\nline')" && : >"$(printf '%0200d' 0)"
printf 'odd' >'* ? [a]'
cd ..
tar -c -S -z -f archive.tgz -C from . && tar -tvzf archive.tgz
mkdir to && tar -x -p -S --numeric-owner -C to -f archive.tgz && tar -d -f archive.tgz -C from | head
echo more >>to/a/numbers && cp -a from again && tar -c -f - -C to . | tar -x -p -C again -f - --overwrite
mkdir other && chown 1000 other
setpriv --reuid 1000 --regid 1000 --clear-groups tar -x -C other -f archive.tgz --exclude 'null' --exclude block 2>&1
tar -c -f dev.tar --files-from /dev/null && tar -r -f dev.tar -C from a && tar --delete -f dev.tar a/b/hard && tar -tf dev.tar
tar -c --remove-files -f gone.tar -C to a sparse && ls to
find from -print0 | cpio -0 -o -H newc 2>/dev/null | wc -c
rm -rf from/sticky
