/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types in use, by hand.
 *
 * Only the fields that the programs read, in any order: every access is relocated against the
 * running kernel's BTF (preserve_access_index), so neither offsets nor missing fields matter here.
 * A dump of one kernel would be 130,000 lines and would still be the wrong kernel. The integer types
 * with underscores are also those that libbpf's declarations of the helpers are made of.
 */
#ifndef PAVISE_VMLINUX_H
#define PAVISE_VMLINUX_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
typedef unsigned short umode_t;
typedef unsigned int fmode_t;

#define NULL ((void *)0)
#define true 1
#define false 0

enum bpf_map_type {
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_F_NO_PREALLOC = 1U << 0,
	BPF_F_MMAPABLE = 1U << 10,
	BPF_F_INNER_MAP = 1U << 12,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1U << 0,
	BPF_RB_AVAIL_DATA = 0,
	BPF_RB_NO_WAKEUP = 1U << 0,
	BPF_RB_FORCE_WAKEUP = 1U << 1,
};

struct bpf_dynptr {
	u64 opaque[2];
} __attribute__((aligned(8)));

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	const char *name;
	u64 id;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
	int level;
	struct cgroup *ancestors[];
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct proc_ns_operations {
	int type; /* to 6.17 */
};

struct ns_common {
	const struct proc_ns_operations *ops;
	u32 ns_type; /* from 6.18 on */
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
	u64 seq; /* to 6.17 */
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4]; /* by their pid_links: of a thread, of a group, ... */
	struct upid numbers[1];
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

typedef struct {
	u32 val;
} kuid_t;

typedef struct {
	u32 val;
} kgid_t;

struct cred {
	kuid_t euid;
	kuid_t fsuid;
	kgid_t egid;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	struct pid *pids[4]; /* of the thread group by itself, of its leader, of the group, of the session */
	int nr_threads;
	unsigned int flags;
	int group_exit_code;
};

struct file;

struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start;
	unsigned long arg_end;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	int exit_code;
	u64 start_boottime;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct css_set *cgroups;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct mm_struct *mm;
	struct files_struct *files;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	const struct cred *cred;
	const struct cred *real_cred;
	void *io_uring;
	char comm[16];
};

struct qstr {
	union {
		struct {
			u32 hash;
			u32 len;
		};
		u64 hash_len;
	};
	const unsigned char *name;
};

typedef struct {
	unsigned int sequence;
} seqcount_t;

typedef struct {
	seqcount_t seqcount;
} seqcount_spinlock_t;

struct list_head {
	struct list_head *next;
};

struct super_block {
	u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
	struct dentry *s_root;
	struct list_head s_mounts; /* to 6.17 */
	struct file_system_type *s_type;
};

struct file_system_type {
	const char *name;
};

struct pt_regs {
	unsigned long r15;
};

struct seqcount {
	unsigned int sequence;
};

struct super_block___newer {
	struct mount *s_mounts;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct inode {
	umode_t i_mode;
	kuid_t i_uid;
	unsigned int i_nlink;
	u32 i_rdev;
	struct pipe_inode_info *i_pipe;
	void *i_private;
	unsigned long i_ino;
	struct super_block *i_sb;
	u32 i_generation;
	/* when it last changed: to 6.5, to 6.10, and from then on */
	struct timespec64 i_ctime;
	struct timespec64 __i_ctime;
	__s64 i_ctime_sec;
	u32 i_ctime_nsec;
};

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct dentry {
	seqcount_spinlock_t d_seq;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
	struct list_head mnt_instance; /* to 6.17 */
	struct list_head mnt_mounts;   /* on it: a list, by their mnt_child */
	struct list_head mnt_child;
	int mnt_id;
	int mnt_group_id;
	struct mount *mnt_next_for_sb; /* from 6.18 on */
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct iattr {
	unsigned int ia_valid;
};

struct file {
	unsigned int f_flags;
	fmode_t f_mode;
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

/* What overlayfs, and FUSE for its passthrough, open behind their own file, since 6.8. */
struct backing_file {
	struct path user_path; /* of that file */
};

struct linux_binprm {
	struct file *file;
	struct mm_struct *mm;
	int argc;
	unsigned int is_check : 1; /* from 6.14 on */
};

struct in6_addr {
	union {
		__be32 u6_addr32[4];
	} in6_u;
};

struct sockaddr_in6 {
	u16 sin6_family;
	__be16 sin6_port;
	__be32 sin6_flowinfo;
	struct in6_addr sin6_addr;
};

struct sock_common {
	unsigned short skc_family;
	__be32 skc_rcv_saddr;
	u16 skc_num;
	int skc_bound_dev_if;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	struct pid *sk_peer_pid; /* of one that listens: who began to */
};

struct bpf_map {
	u32 id;
};

struct socket {
	short type;
	struct sock *sk;
};

struct sockaddr_un {
	u16 sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[];
};

struct inet_sock {
	struct sock sk;
	__be32 inet_saddr;
	int uc_index;
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct path path;
};

struct vm_area_struct {
	unsigned long vm_flags;
	struct file *vm_file;
	void *anon_vma;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	unsigned int msg_flags;
	void *msg_control;
	unsigned long msg_controllen;
};

struct sockaddr {
	u16 sa_family;
};

/* what there are hooks for */
/* only asked for */
struct bpf_list_head {
	u64 next;
};

union security_list_options {
	int (*file_truncate)(struct file *file);
	int (*inode_file_setattr)(struct dentry *dentry, void *attributes);
	void (*inode_post_setattr)(void *idmap, struct dentry *dentry, int valid);
};

struct user_namespace;
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

#pragma clang attribute pop

#endif
