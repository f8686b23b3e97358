# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Those of Python's own tests that are about the system and start few processes. The verdict on each test is compared.
cd "$S" || exit
python3 -m test -v --timeout 200 -i '*Spawn*' -i '*Popen*' -i '*subprocess*' -i '*URandom*' -i '*Walk*' -i '*CommandTests*' -i '*random*' \
	-i '*Environ*' -i '*TestSendfile*' -i '*Bytes*' -i '*test_bool*' test_os test_mmap test_fcntl test_epoll test_fileio >"$S/out" 2>&1
echo "status $?"
python3 -m test -v --timeout 200 -m '*SCMRights*' -m '*Unix*' -m '*Abstract*' -m '*SocketPair*' -i '*TCP*' -i '*UDP*' \
	test_socket >>"$S/out" 2>&1
echo "status $?"
grep -aE '^test.* \.\.\. (ok|FAIL|ERROR|skip|expected)' "$S/out" | sort
grep -aE '^(FAIL|ERROR):|tests? (OK|failed)' "$S/out" | sort
