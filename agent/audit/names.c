/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: every number has a spelling, also one that this program does not know, so that a newer
 * kernel never costs an event. How: tables indexed by the number; holes and what lies beyond fall
 * back to "unknown" or to the number itself.
 */
#include "names.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "pavise.h"
#include "util/util.h"

static const char *const hooks[] = {
	[PV_HOOK_FILE_OPEN] = "file_open",
	[PV_HOOK_BPRM_CHECK] = "bprm_check",
	[PV_HOOK_MMAP_FILE] = "mmap_file",
	[PV_HOOK_SOCKET_CREATE] = "socket_create",
	[PV_HOOK_SOCKET_BIND] = "socket_bind",
	[PV_HOOK_SOCKET_CONNECT] = "socket_connect",
	[PV_HOOK_SOCKET_LISTEN] = "socket_listen",
	[PV_HOOK_SOCKET_ACCEPT] = "socket_accept",
	[PV_HOOK_SOCKET_SENDMSG] = "socket_sendmsg",
	[PV_HOOK_PATH_MKNOD] = "path_mknod",
	[PV_HOOK_PATH_MKDIR] = "path_mkdir",
	[PV_HOOK_PATH_SYMLINK] = "path_symlink",
	[PV_HOOK_PATH_UNLINK] = "path_unlink",
	[PV_HOOK_PATH_RMDIR] = "path_rmdir",
	[PV_HOOK_PATH_RENAME] = "path_rename",
	[PV_HOOK_PATH_LINK] = "path_link",
	[PV_HOOK_PATH_CHMOD] = "path_chmod",
	[PV_HOOK_PATH_CHOWN] = "path_chown",
	[PV_HOOK_PATH_TRUNCATE] = "path_truncate",
	[PV_HOOK_FILE_TRUNCATE] = "file_truncate",
	[PV_HOOK_FILE_MPROTECT] = "file_mprotect",
	[PV_HOOK_FILE_RECEIVE] = "file_receive",
	[PV_HOOK_UNIX_STREAM_CONNECT] = "unix_stream_connect",
	[PV_HOOK_UNIX_MAY_SEND] = "unix_may_send",
	[PV_HOOK_CAPABLE] = "capable",
	[PV_HOOK_PTRACE_ACCESS_CHECK] = "ptrace_access_check",
	[PV_HOOK_PTRACE_TRACEME] = "ptrace_traceme",
	[PV_HOOK_BPF] = "bpf",
	[PV_HOOK_KERNEL_MODULE_REQUEST] = "kernel_module_request",
	[PV_HOOK_KERNEL_READ_FILE] = "kernel_read_file",
	[PV_HOOK_KERNEL_LOAD_DATA] = "kernel_load_data",
	[PV_HOOK_USERNS_CREATE] = "userns_create",
	[PV_HOOK_SB_MOUNT] = "sb_mount",
	[PV_HOOK_SB_REMOUNT] = "sb_remount",
	[PV_HOOK_SB_UMOUNT] = "sb_umount",
	[PV_HOOK_SB_KERN_MOUNT] = "sb_kern_mount",
	[PV_HOOK_SB_PIVOTROOT] = "sb_pivotroot",
	[PV_HOOK_MOVE_MOUNT] = "move_mount",
	[PV_HOOK_INODE_INIT_SECURITY_ANON] = "inode_init_security_anon",
	[PV_HOOK_INODE_SETATTR] = "inode_setattr",
	[PV_HOOK_INODE_SETXATTR] = "inode_setxattr",
	[PV_HOOK_INODE_REMOVEXATTR] = "inode_removexattr",
	[PV_HOOK_INODE_SET_ACL] = "inode_set_acl",
	[PV_HOOK_INODE_REMOVE_ACL] = "inode_remove_acl",
	[PV_HOOK_INODE_FILE_SETATTR] = "inode_file_setattr",
	[PV_HOOK_FILE_IOCTL] = "file_ioctl",
	[PV_HOOK_BPRM_CREDS_FOR_EXEC] = "bprm_creds_for_exec",
	[PV_HOOK_SCTP_BIND_CONNECT] = "sctp_bind_connect",
	[PV_HOOK_TASK_KILL] = "task_kill",
	[PV_HOOK_TASK_SETSCHEDULER] = "task_setscheduler",
	[PV_HOOK_TASK_SETNICE] = "task_setnice",
	[PV_HOOK_TASK_SETIOPRIO] = "task_setioprio",
	[PV_HOOK_TASK_SETRLIMIT] = "task_setrlimit",
	[PV_HOOK_PERF_EVENT_OPEN] = "perf_event_open",
	[PV_HOOK_BPF_MAP] = "bpf_map",
	[PV_HOOK_PATH_NOTIFY] = "path_notify",
	[PV_HOOK_FILE_LOCK] = "file_lock",
};
static_assert(ARRAY_SIZE(hooks) == PV_HOOK_MAX, "every hook has a name");

static const char *const walks[] = {
	[PV_WALK_OK] = "ok",
	[PV_WALK_INTERNAL] = "internal",
	[PV_WALK_DETACHED] = "detached",
	[PV_WALK_ESCAPED] = "escaped",
	[PV_WALK_FOREIGN] = "foreign",
	[PV_WALK_DEEP] = "deep",
	[PV_WALK_RACE] = "race",
	[PV_WALK_FAULT] = "fault",
	[PV_WALK_ADDRESS] = "address",
	[PV_WALK_OVERFULL] = "overfull",
	[PV_WALK_LAYER] = "layer",
	[PV_WALK_CGROUP] = "cgroup",
	[PV_WALK_EXE] = "exe",
	[PV_WALK_SUBTREE] = "subtree",
	[PV_WALK_ABSTRACT] = "abstract",
};
static_assert(ARRAY_SIZE(walks) == PV_WALK_ABSTRACT + 1, "every walk has a name");

static const char *const families[] = {
	[AF_UNIX] = "unix",   [AF_INET] = "inet",	[AF_AX25] = "ax25",	[AF_INET6] = "inet6",
	[AF_KEY] = "key",     [AF_NETLINK] = "netlink", [AF_PACKET] = "packet", [AF_RDS] = "rds",
	[AF_PPPOX] = "pppox", [AF_CAN] = "can",		[AF_TIPC] = "tipc",	[AF_BLUETOOTH] = "bluetooth",
	[AF_RXRPC] = "rxrpc", [AF_ALG] = "alg",		[AF_NFC] = "nfc",	[AF_VSOCK] = "vsock",
	[AF_KCM] = "kcm",     [AF_QIPCRTR] = "qipcrtr", [AF_SMC] = "smc",	[AF_XDP] = "xdp",
};

static const char *const sock_types[] = {
	[SOCK_STREAM] = "stream", [SOCK_DGRAM] = "dgram",	  [SOCK_RAW] = "raw",
	[SOCK_RDM] = "rdm",	  [SOCK_SEQPACKET] = "seqpacket", [SOCK_PACKET] = "packet",
};

static const struct {
	unsigned number;
	const char *name;
} protocols[] = {
	{IPPROTO_ICMP, "icmp"},	      {IPPROTO_TCP, "tcp"},
	{IPPROTO_UDP, "udp"},	      {IPPROTO_SCTP, "sctp"},
	{IPPROTO_UDPLITE, "udplite"}, {IPPROTO_ICMPV6, "icmpv6"},
	{IPPROTO_RAW, "raw"},	      {262, "mptcp"},
};

static const char *name_or_number(const char *const *table, size_t n, unsigned number, char *buf, size_t size)
{
	if (number < n && table[number])
		return table[number];
	snprintf(buf, size, "%u", number);
	return buf;
}

const char *name_hook(unsigned hook)
{
	return hook < ARRAY_SIZE(hooks) && hooks[hook] ? hooks[hook] : "unknown";
}

const char *name_walk(unsigned walk)
{
	return walk < ARRAY_SIZE(walks) ? walks[walk] : "unknown";
}

const char *name_family(unsigned family, char *buf, size_t size)
{
	return name_or_number(families, ARRAY_SIZE(families), family, buf, size);
}

const char *name_sock_type(unsigned type, char *buf, size_t size)
{
	return name_or_number(sock_types, ARRAY_SIZE(sock_types), type, buf, size);
}

const char *name_protocol(unsigned protocol, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return name_or_number(NULL, 0, protocol, buf, size);
}

const char *name_errno(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "unknown";
}
