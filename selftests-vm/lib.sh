# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Guarantees: run and fetch share one answer to where the cache is, which
# kernels exist, how a failure is reported and how a cache entry is named.
#
# How: this file is sourced.  It defines functions and variables and runs
# nothing else.  A cache entry is a folder KIND-KEY.VERSION, where KEY is a
# hash of the scripts and lists that decide how packages become the entry,
# and VERSION is a hash of the packages' names and versions.  It is filled
# under a temporary name and renamed once complete; the symbolic link
# KIND-KEY, also replaced by renaming, points at the newest.
#
# Why this is sound: rename(2) is atomic, so a reader finds a complete entry
# or none.  An entry made by other versions of the scripts has another KEY
# and is never taken for a current one.  A run holds a shared lock on each
# entry it uses, and an entry is removed only under an exclusive one.

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=$(dirname "$vm_dir")
cache=${PAVISE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/pavise}/vm
me=${0##*/}

# The kernels that "-k all" runs on, and those fetched only when asked for.
matrix=(6.1 6.12 6.18 7)
extra_kernels=(5.10)

# A failure of the runner itself; COMMAND's own statuses are passed on.
readonly failure_status=125

say() {
	printf '%s: %s\n' "$me" "$*" >&2
}

die() {
	say "$*"
	exit "$failure_status"
}

# need PROGRAM PACKAGE...: PROGRAM must be on PATH.
need() {
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ||
		die "looked for the program $1 on PATH and found none; install the Debian package ${*:2}."
}

# hash_of FILE...: a short hash of the files' contents.
hash_of() {
	cat -- "$@" | sha256sum | cut -c 1-12
}

# The suites of Debian that are searched for the newest kernel of a series.
suites_of() {
	case $1 in
	5.10) echo "bullseye bullseye-security" ;;
	6.1) echo "bookworm bookworm-security" ;;
	6.12) echo "trixie trixie-security bookworm-backports" ;;
	6.1[3-8]) echo "trixie-backports" ;;
	6.19 | 7 | 7.*) echo "trixie-backports sid" ;;
	*) return 1 ;;
	esac
}

# key_of KIND: the hash of the files that decide how KIND is made.
key_of() {
	case $1 in
	root) hash_of "$vm_dir/build-root" "$vm_dir/guest-packages" ;;
	large) hash_of "$vm_dir/build-root" "$vm_dir/guest-packages" "$vm_dir/guest-packages-large" ;;
	*) hash_of "$vm_dir/build-kernel" ;;
	esac
}

# entry_of KIND: the folder of KIND's current entry.  Fails if there is none.
entry_of() {
	local entry
	entry=$(readlink "$cache/$1-$(key_of "$1")") && [ -d "$cache/$entry" ] &&
		echo "$cache/$entry"
}

# kernel_kind SERIES: the cache's kind for a kernel series.  A name such as
# 7.3 means the kernel of the matrix if that is the one it resolved to.
kernel_kind() {
	local series entry release
	suites_of "$1" >/dev/null || return 1
	for series in "${matrix[@]}"; do
		[[ $1 == "$series".* ]] || continue
		entry=$(entry_of "kernel-$series") || continue
		release=$(cat "$entry/release")
		[[ $release == "$1"[.+-]* ]] && { echo "kernel-$series"; return; }
	done
	echo "kernel-$1"
}
