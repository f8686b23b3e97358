/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contract between the BPF programs and user space.
 *
 * Everything that crosses the border stands here and nowhere else: the layout of a compiled policy
 * image, the label of a task, the records of the two rings and the counters. Both sides are built
 * from this header, all types have fixed widths, all padding is named, and the sizes are asserted.
 * A change of anything here is a change of PV_ABI: an agent that finds pins of another ABI refuses
 * to adopt them.
 *
 * IMAGE. A policy set compiles to pure data, an array of blocks of PV_BLOCK_SIZE bytes, which is
 * published as one inner map in slot 0 of the map of maps `images`. Block 0 is struct pv_image_head;
 * the blocks after it hold the automaton (struct pv_slot), the rows (struct pv_row), the choices
 * (struct pv_choice) and the sets of executables (words of bits), each from a block of its own on.
 *
 * One automaton serves all names: cgroup paths, file paths, executables, socket names. It reads
 * bytes. A state is named by a 32-bit reference:
 *
 *   PV_DECIDED | value     nothing that follows can change the answer: it is `value`
 *   otherwise              the index of the state's head slot (block = ref / PV_BLOCK_SLOTS)
 *
 * The step from state s on byte b: e = slot[s + 1 + classes[b]]; if e.check == s the next state is
 * e.next, else it is the head slot's `next` (the default). A state and all slots it may probe lie in
 * one block. At the end of the name the answer is the low 31 bits of the head slot's `check`.
 *
 * The answer for a cgroup path is a profile number (0: ungoverned). For a file path or a socket
 * name, started from the profile's own start state, it is a row; the row's cell for the access
 * says what happens and which decision (policy, rule, reason) says so. All precedence, modes and
 * the intersection of policies are settled by the compiler.
 *
 * What an answer depends on besides the name is in choices: an answer with PV_MORE is the number of
 * one, which asks one question and gives an answer again, of which no more than PV_CHOICE_STEPS
 * follow each other. What executable acts is asked by its class: the answer for the executable's
 * path from exe_start. 0 is the class of those that no pattern matches and that have no name.
 *
 * Behind these n_blocks stand the marks (struct pv_mark): the files that had a literally denied name
 * when the image was published. A file of inode number, device and generation, looked at by a profile
 * with that start state, has its mark in the block and at the place that pv_mark_home() says, or in one
 * of the PV_MARK_PROBES - 1 places after it, wrapping within the block; a free place ends the search.
 * Its answer is what the name leads to, and of the row only the cells from PV_COL_MARK on count.
 *
 * Names as the automaton reads them:
 *   cgroup   "/" or "/a/b", from the cgroup v2 root
 *   path     "/" or "/a/b", from the root mount of the mount namespace down
 *   socket   family (PV_FAM_*), protocol (PV_PROTO_*), then for inet 4 or 16 address bytes and two
 *            port bytes, all big endian. PV_ACC_SOCKET (creation) ends after the protocol.
 *            PV_FAM_OTHER: u8 family (255 when it does not fit) in the protocol's place, and ends.
 *            PV_FAM_UNIX: directly the path, or "@" and the abstract name with "@" for each NUL;
 *            nothing for a socket without a name.
 *   executable  as a path
 */
#ifndef PAVISE_H
#define PAVISE_H

#ifndef __bpf__
#include <assert.h>
#include <linux/types.h>
#endif

#define PV_ABI	 9
#define PV_MAGIC 0x45535650 /* "PVSE", little endian */

/* ---- image ---- */

#define PV_BLOCK_SIZE	65536
#define PV_BLOCK_SLOTS	(PV_BLOCK_SIZE / 8)
#define PV_BLOCKS_MAX	1024 /* 64 MiB */
#define PV_DECIDED	0x80000000u
#define PV_HEAD		0x80000000u /* in pv_slot.check: a head slot */
#define PV_EMPTY	0x7fffffffu /* in pv_slot.check: a free slot; never a state */
#define PV_VALUE_MASK	0x7fffffffu
#define PV_PROFILES_MAX 3072
#define PV_COLUMNS	32
#define PV_BLOCK_ROWS	(PV_BLOCK_SIZE / (PV_COLUMNS * 4))
#define PV_MORE		0x40000000u /* in an answer: the rest is the number of a choice */
#define PV_CHOICE_STEPS 48

struct pv_slot {
	__u32 check; /* owner state, or PV_HEAD | answer at end of name, or PV_EMPTY */
	__u32 next;  /* next state; in a head slot the default next state */
};

/* What an access is called in a row. Files and exec share the rows of the path automaton. */
enum pv_access {
	PV_ACC_READ,
	PV_ACC_WRITE,
	PV_ACC_APPEND,
	PV_ACC_CREATE,
	PV_ACC_DELETE,
	PV_ACC_RENAME,
	PV_ACC_LINK,
	PV_ACC_ATTRIBUTES,
	PV_ACC_MAP,
	PV_ACC_LIST,
	PV_ACC_EXEC,
	PV_ACC_CONNECT = 16, /* connect, and a datagram or fast-open send to an address */
	PV_ACC_BIND,
	PV_ACC_LISTEN,
	PV_ACC_ACCEPT,
	PV_ACC_SOCKET,	   /* socket creation */
	PV_ACC_CAPABILITY, /* which one stands in the record; cells: see pv_profile.system_row */
	PV_ACC_MOUNT,
	PV_ACC_PTRACE,
	PV_ACC_BPF,
	PV_ACC_MODULES,
	PV_ACC_USER_NAMESPACES,
	PV_ACC_ANONYMOUS_EXEC,
	PV_ACC_IO_URING,
	PV_ACC_SIGNAL, /* signals, priorities and limits of a process that is governed by less */
	PV_ACC_PERF,
	PV_ACC_AGENT, /* what is the agent's: denied where a policy does not say otherwise */
};
#define PV_ACC_SYSTEM PV_ACC_MOUNT /* the first of those that the section `system` is about */

/* Columns of a table's first row that are not accesses. */
#define PV_COL_UNDECIDABLE 0 /* who governs cannot be said */
#define PV_COL_REMOUNT	   1 /* `mount`, where no name changes its meaning */
#define PV_COL_REACH	   2 /* a process that is governed by less is reached for */

/*
 * Of a path's row: column PV_COL_MARK + access is what the literal patterns of `deny` rules alone say of
 * the access, for a marked file that is reached by another name. Of accesses that are about a name and not
 * about what has it there is none.
 */
#define PV_COL_MARK 16
#define PV_MARK_ACCESSES                                                                          \
	(1u << PV_ACC_READ | 1u << PV_ACC_WRITE | 1u << PV_ACC_APPEND | 1u << PV_ACC_ATTRIBUTES | \
	 1u << PV_ACC_MAP | 1u << PV_ACC_EXEC)

/*
 * A cell: bits 0-1 verdict, bit 2 audit (of what is permitted), bit 3 kill (of what is, or would be,
 * denied), bits 8-31 index of the decision in the agent's table. In a record bit 4: a mark led to it.
 */
enum pv_verdict { PV_ALLOW, PV_DENY, PV_WOULD_DENY };
#define PV_CELL_VERDICT(c)  ((c)&3u)
#define PV_CELL_AUDIT	    4u
#define PV_CELL_KILL	    8u
#define PV_CELL_MARK	    16u
#define PV_CELL_DECISION(c) ((c) >> 8)
#define PV_CELL(verdict, audit, decision) \
	((__u32)(verdict) | ((audit) ? PV_CELL_AUDIT : 0u) | ((__u32)(decision) << 8))

struct pv_row {
	__u32 cell[PV_COLUMNS];
};

struct pv_profile {
	__u32 path_start; /* state; PV_DECIDED | row where no path rule can matter */
	__u32 net_start;
	__u32 path_undecidable; /* the cell for a path that cannot be decided */
	__u32 net_undecidable;
	__u32 system_row; /* cells of `system` by access; the two rows after it are those of
			   * capabilities 0-31 and 32-63 by number. 0: nothing is decided */
};

enum pv_test {
	PV_TEST_EXE,	  /* is the acting executable's class in set `value`? */
	PV_TEST_OWNER,	  /* does the acting user own the object? */
	PV_TEST_EXECUTED, /* has the task executed since it came to its cgroup? */
	PV_TEST_STARTED,  /* ... something that does not set others up */
	PV_TEST_UID,	  /* is the effective uid `value` or above? */
	PV_TESTS
};

struct pv_choice {
	__u32 test; /* enum pv_test */
	__u32 value;
	__u32 no; /* answers; choices among them have lower numbers than this one */
	__u32 yes;
};
#define PV_BLOCK_CHOICES (PV_BLOCK_SIZE / 16)
#define PV_NO_SET	 0xffffffffu
#define PV_BLOCK_WORDS	 (PV_BLOCK_SIZE / 4)

/* A file under a profile. All zero: a free place. */
struct pv_mark {
	__u64 ino;
	__u32 dev;	  /* the kernel's s_dev */
	__u32 generation; /* the inode's, which tells it from a later one of the same number */
	__u32 start;	  /* pv_profile.path_start */
	__u32 answer;	  /* of the name; never 0, which is the row that permits everything */
	__u32 pad[2];
};
#define PV_BLOCK_MARKS	 (PV_BLOCK_SIZE / 32)
#define PV_MARK_PROBES	 32
#define PV_MARKS_OF_FILE 4 /* under one profile */

/* Where the search for a mark begins: the low bits are the place in a block, the rest the block. */
static inline __u32 pv_mark_home(__u64 ino, __u32 dev, __u32 generation, __u32 start)
{
	__u64 h = (ino ^ (__u64)dev << 32 ^ (__u64)generation << 13 ^ start) * 0x9e3779b97f4a7c15ull;

	h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9ull;
	return (__u32)(h >> 32);
}

struct pv_marks {
	__u32 n_blocks; /* a power of two, or 0: no marks */
	__u32 pad;
	__u64 digest; /* of these blocks; FNV-1a 64 */
};

struct pv_image_head {
	__u32 magic;
	__u32 abi;
	__u32 generation; /* never 0 */
	__u32 n_blocks;	  /* without marks */
	__u32 row_block;  /* first block of rows */
	__u32 n_rows;
	__u32 n_profiles;   /* profile 0 is "ungoverned" and not usable */
	__u32 cgroup_start; /* start state for cgroup paths */
	__u32 exe_start;    /* for executables; PV_DECIDED | 0 where no executable matters */
	__u32 n_exe;	    /* classes of executables, at least 1 */
	__u32 choice_block;
	__u32 n_choices;
	__u32 set_block;
	__u32 n_sets;
	__u32 set_words; /* of each set: class c is bit c % 32 of word c / 32 */
	__u32 uids;	 /* some cgroup's profile depends on the uid */
	__u32 setup_set; /* executables that set others up, where they are the host's: a set, or PV_NO_SET */
	__u32 pad;
	__u64 digest; /* of the n_blocks with this field and `marks` as 0; FNV-1a 64 */
	struct pv_marks marks;
	__u8 classes[256];
	struct pv_profile profiles[PV_PROFILES_MAX];
};

#define PV_FAM_INET	4
#define PV_FAM_INET6	6
#define PV_FAM_OTHER	1
#define PV_FAM_UNIX	2
#define PV_PROTO_TCP	6  /* MPTCP counts as TCP */
#define PV_PROTO_UDP	17 /* and UDP-Lite */
#define PV_PROTO_SCTP	132
#define PV_PROTO_ICMP	1 /* ping sockets */
#define PV_PROTO_ICMPV6 58
#define PV_PROTO_RAW	255 /* SOCK_RAW of any protocol, and what is none of the above */

/* ---- the label of a task ---- */

#define PV_HELD_MAX 7

/*
 * What was permitted to a task without a word, so that it need not be decided again: the question with all
 * that its answer depends on, see bpf/include/cache.bpf.h.
 */
#define PV_CACHED_WORDS 8
#define PV_CACHED	8  /* a power of two */
#define PV_PLACE_LEVELS 16 /* components that bpf/include/place.bpf.h notes; a power of two */

struct pv_cached {
	__u64 word[PV_CACHED_WORDS]; /* all of it is 0 where there is none */
};

/*
 * profile is what the task's cgroup gives it under `generation`; held are the profiles of cgroups
 * that it left: a subject never sheds its policy. Profile numbers are stable over generations.
 * Written by the kernel side only. generation 0: to be resolved at the next hook.
 */
struct pv_label {
	__u32 generation;
	__u32 profile;
	__u32 held[PV_HELD_MAX]; /* taken from the front; 0: this one and what follows is free */
	__u32 flags;		 /* PV_LABEL_* */
	__u32 epoch;		 /* pv_state.thread_moves that the label has seen */
	__u32 writing;		 /* somebody is at it */
	__u32 execs;		 /* programs executed, counted by their own hook only */
	__u32 execs_seen;	 /* by whoever resolved the profile */
	__u32 uid;		 /* effective, that the profile came from */
	__u32 exe;		 /* class of the executable, PV_EXE_UNKNOWN */
	__u32 version;		 /* counts what was written */
	__u32 reached;		 /* the process that was looked at last, see reach.bpf.c */
	__u64 cgroup_id;	 /* the cgroup that `profile` came from */
	__u64 exec_cgroup;	 /* the one of the last exec; 0: before the label was made */
	__u64 exe_inode;	 /* the executable's, 0: not known yet */
	__u64 exe_digest;	 /* of the place of its name, 0: not looked for */
	__u64 exec_mm;		 /* the new mm of an exec under way, and the file that passed its check */
	__u64 exec_inode;
	__u64 truncates; /* truncate_token() of a file that was permitted to be truncated by an open (6.1) */
	__u64 denials;	 /* of this thread, for the exit record */
	/* what follows is the task's own, and not its child's */
	__u64 stamp_free;	/* pv_state.stamp under which it was found ungoverned, 0: none */
	__u64 stamp_kept;	/* or governed and up to date */
	__u64 looked;		/* the same, its task where it is governed alike, or 0 */
	__u64 looked_start;	/* and when that started */
	__u64 moves;		/* changes of what is not in the stamp: cgroup, executable, uid */
	struct pv_cached asked; /* the question at hand */
	struct pv_cached cached[PV_CACHED];
	__u64 path[PV_PLACE_LEVELS]; /* dentries of the file at hand */
	__u32 levels;		     /* and their number */
	__u32 cell;		     /* what quick.bpf.h found that has to be said of it, under this */
	__u32 cell_profile;
	__u32 cell_generation;
};
#define PV_EXE_UNKNOWN	  0xffffffffu
#define PV_LABEL_OVERFULL 1u /* more held profiles than fit: everything is undecidable */

/* ---- records ---- */

enum pv_lane { PV_LANE_DECISION, PV_LANE_LINEAGE, PV_LANES };

enum pv_record_type {
	PV_REC_DECISION = 1,
	PV_REC_FORK,
	PV_REC_EXEC,
	PV_REC_EXIT,
	PV_REC_TASK, /* a process that was there first: from the task iterator, or when it enters a cgroup */
};

struct pv_record {
	__u32 type;
	__u32 size;    /* of the whole record */
	__u64 time_ns; /* CLOCK_BOOTTIME */
	__u64 seq;     /* number of this record within its lane, from 1; gaps are losses */
};

/* A process as the kernel knows it, in the initial pid namespace. */
struct pv_process {
	__u64 start_ns; /* start_boottime of the thread group leader */
	__u64 parent_start_ns;
	__u64 cgroup_id;
	__u32 pid; /* thread group id */
	__u32 tid;
	__u32 ppid; /* thread group id of the real parent */
	__u32 uid;  /* effective, initial user namespace */
	__u32 gid;
	__u32 profile; /* 0: ungoverned */
	__u32 mnt_ns;  /* inode numbers of the namespaces */
	__u32 pid_ns;
	char comm[16];
};

enum pv_hook {
	PV_HOOK_FILE_OPEN = 1,
	PV_HOOK_BPRM_CHECK,
	PV_HOOK_MMAP_FILE,
	PV_HOOK_SOCKET_CREATE,
	PV_HOOK_SOCKET_BIND,
	PV_HOOK_SOCKET_CONNECT,
	PV_HOOK_SOCKET_LISTEN,
	PV_HOOK_SOCKET_ACCEPT,
	PV_HOOK_SOCKET_SENDMSG,
	PV_HOOK_PATH_MKNOD,
	PV_HOOK_PATH_MKDIR,
	PV_HOOK_PATH_SYMLINK,
	PV_HOOK_PATH_UNLINK,
	PV_HOOK_PATH_RMDIR,
	PV_HOOK_PATH_RENAME,
	PV_HOOK_PATH_LINK,
	PV_HOOK_PATH_CHMOD,
	PV_HOOK_PATH_CHOWN,
	PV_HOOK_PATH_TRUNCATE,
	PV_HOOK_FILE_TRUNCATE,
	PV_HOOK_FILE_MPROTECT,
	PV_HOOK_FILE_RECEIVE,
	PV_HOOK_UNIX_STREAM_CONNECT,
	PV_HOOK_UNIX_MAY_SEND,
	PV_HOOK_CAPABLE,
	PV_HOOK_PTRACE_ACCESS_CHECK,
	PV_HOOK_PTRACE_TRACEME,
	PV_HOOK_BPF,
	PV_HOOK_KERNEL_MODULE_REQUEST,
	PV_HOOK_KERNEL_READ_FILE,
	PV_HOOK_KERNEL_LOAD_DATA,
	PV_HOOK_USERNS_CREATE,
	PV_HOOK_SB_MOUNT,
	PV_HOOK_SB_KERN_MOUNT,
	PV_HOOK_SB_REMOUNT,
	PV_HOOK_SB_UMOUNT,
	PV_HOOK_SB_PIVOTROOT,
	PV_HOOK_MOVE_MOUNT,
	PV_HOOK_INODE_INIT_SECURITY_ANON,
	PV_HOOK_INODE_SETATTR,
	PV_HOOK_INODE_SETXATTR,
	PV_HOOK_INODE_REMOVEXATTR,
	PV_HOOK_INODE_SET_ACL,
	PV_HOOK_INODE_REMOVE_ACL,
	PV_HOOK_INODE_FILE_SETATTR,
	PV_HOOK_FILE_IOCTL,
	PV_HOOK_BPRM_CREDS_FOR_EXEC,
	PV_HOOK_SCTP_BIND_CONNECT,
	PV_HOOK_TASK_KILL,
	PV_HOOK_TASK_SETSCHEDULER,
	PV_HOOK_TASK_SETNICE,
	PV_HOOK_TASK_SETIOPRIO,
	PV_HOOK_TASK_SETRLIMIT,
	PV_HOOK_PERF_EVENT_OPEN,
	PV_HOOK_BPF_MAP,
	PV_HOOK_PATH_NOTIFY,
	PV_HOOK_FILE_LOCK,
	PV_HOOK_MAX,
};

/* Why a name could not be decided (or, for PV_WALK_FOREIGN.., where the walk ended). */
enum pv_walk {
	PV_WALK_OK,
	PV_WALK_INTERNAL, /* a mount that the kernel made for itself: pipes, memfd, message queues */
	PV_WALK_DETACHED, /* a mount that is in no namespace */
	PV_WALK_ESCAPED,  /* not below the root of its mount */
	PV_WALK_FOREIGN,  /* a mount of another mount namespace */
	PV_WALK_DEEP,	  /* more levels than PV_WALK_LEVELS or bytes than PV_NAMES_MAX */
	PV_WALK_RACE,	  /* renamed or moved under the walk, too often */
	PV_WALK_FAULT,	  /* memory could not be read or had */
	PV_WALK_ADDRESS,  /* a socket address that cannot be interpreted */
	PV_WALK_OVERFULL, /* the label holds too many profiles */
	PV_WALK_LAYER,	  /* a private mount: what is behind it was decided by another name (overlays) */
	PV_WALK_CGROUP,	  /* the path of the task's cgroup cannot be read */
	PV_WALK_EXE,	  /* nor can that of its executable, and it matters */
	PV_WALK_SUBTREE,  /* a directory that is renamed, and the rules below the names differ */
	PV_WALK_ABSTRACT, /* no path: the names are the abstract name of a unix socket */
};

#define PV_WALK_LEVELS 256
#define PV_NAMES_MAX   4096

/*
 * A path in a record: its components from the leaf up, each followed by one byte with its length.
 * No component at all is the root. `names` is data[0..names_len), argv data[names_len..+argv_len).
 */
struct pv_decision_record {
	struct pv_record head;
	struct pv_process process;
	__u32 generation;
	__u32 cell;
	__u32 profile; /* the one that decided */
	__u16 hook;
	__u16 access;	/* the access that decided */
	__u16 accesses; /* bit n: the operation wanted enum pv_access n (files only) */
	__u16 walk;	/* enum pv_walk */
	__u32 flags;	/* open flags, mmap prot or message flags */
	__u32 dev;	/* kernel's s_dev of the object, 0 where there is none */
	__u32 mode;	/* inode mode */
	__u64 ino;
	__u16 family;	 /* AF_*, 0: not a socket */
	__u16 sock_type; /* SOCK_* */
	__u16 protocol;	 /* IPPROTO_* */
	__u16 port;	 /* host order */
	__u8 addr[16];	 /* 4 bytes for AF_INET */
	__u32 names_len;
	__u32 detail; /* capability; process that is reached for */
	__u8 data[];  /* names */
};

struct pv_fork_record {
	struct pv_record head;
	struct pv_process process; /* the child; its parent is the one at fork */
};

#define PV_ARGV_MAX 1024
struct pv_exec_record {
	struct pv_record head;
	struct pv_process process;
	__u32 dev;
	__u32 mode;
	__u64 ino;
	__u32 nlink;
	__u32 walk; /* enum pv_walk */
	__u32 argc;
	__u32 argv_size; /* bytes of all arguments, NULs included; more than argv_len: cut */
	__u32 names_len;
	__u32 argv_len;
	__u8 data[];
};

struct pv_exit_record {
	struct pv_record head;
	struct pv_process process;
	__u32 status; /* as wait(2) reports it */
	__u32 pad;
	__u64 denials; /* of the thread that exited last */
};

struct pv_task_record {
	struct pv_record head;
	struct pv_process process;
};

/* The profiles of a task that has any, from the iterator over those; as in its label. */
struct pv_holder_record {
	__u32 profile;
	__u32 held[PV_HELD_MAX];
	__u32 flags;
};

/* An open file of the agent's own, from the file iterator: its inode as the hooks see it. */
struct pv_file_record {
	__u64 ino;
	__u32 dev;
	__u32 generation;
	__u32 fd;
	__u32 mode;
};

/*
 * Per lane, on a cache line of its own. attempted = records submitted + lost, always; attempted is bumped
 * before the reserve. asleep: the reader waits without a timer, and the next record has to wake it, see
 * bpf/include/send.bpf.h; set by the agent.
 */
struct pv_counter {
	__u64 attempted;
	__u64 lost;
	__u32 asleep;
	__u32 pad[11];
};

/*
 * What is the agent's, for bpf/include/agent.bpf.h. Written by the agent; `pid` is set back by the kernel
 * side when that process ends, before its number is free.
 */
#define PV_AGENT_MAPS  16
#define PV_OWN_PINS    0  /* the folder of the pins */
#define PV_OWN_DEEP    3  /* of these what is in their folders, too */
#define PV_OWN_FOLDERS 16 /* and of these what is in them */
#define PV_OWN	       48
#define PV_OWN_ALL     64 /* the last ones are the folders above, which keep their names */

/* A file or folder as the hooks see it. All 0: none. */
struct pv_own {
	__u64 ino;
	__u32 dev; /* the kernel's s_dev */
	__u32 generation;
};

struct pv_agent {
	struct pv_own own[PV_OWN_ALL]; /* that of the pins is all 0 until they are known */
	__u64 filter;		       /* a bit for each, PV_OWN_BIT() */
	__u32 pid;		       /* of the agent that runs, 0: none */
	__u32 mount;		       /* the mount by which it sees the pins */
	__u32 group; /* what that is mounted on shares its mounts with this peer group, 0: none */
	__u32 maps[PV_AGENT_MAPS]; /* identifiers, or 0 */
};

#define PV_OWN_BIT(ino) (1ull << ((ino)&63))

/*
 * Shared words, one mappable array element. Written by the kernel side but for `generation`, `told`, what
 * the counters say, and what is the agent's. The first line is read at every hook and written rarely.
 */
struct pv_state {
	__u32 abi;
	__u32 locked; /* nobody removes the pins; `pavise unload` of any version finds this here, and lifts it
		       */
	union {
		struct {
			__u32 generation; /* of the image in force, 0: none; written last by the publisher */
			__u32 thread_moves; /* moves that other threads' labels have to learn of, see
					       label.bpf.h */
		};
		__u64 stamp; /* both: a label that was up to date is so as long as this is the same */
	};
	__u64 told[PV_LANES];	/* of each lane's `lost`, in the log; written by the agent */
	__u64 label_failures;	/* labels that could not be stored */
	__u64 scratch_failures; /* walks that got no memory */
	__u64 races;		/* walks repeated */
	__u32 host_mounts;	/* number of the host's mount namespace; written by the agent */
	__u32 spare;
	struct pv_counter lanes[PV_LANES];
	struct pv_agent agent;
	__u64 copies; /* of labels with a profile, to a child or over an exec */
};

#ifndef __bpf__
static_assert(sizeof(struct pv_slot) == 8, "slot");
static_assert(sizeof(struct pv_row) * PV_BLOCK_ROWS == PV_BLOCK_SIZE, "rows fill a block");
static_assert(sizeof(struct pv_choice) * PV_BLOCK_CHOICES == PV_BLOCK_SIZE, "choices fill a block");
static_assert(sizeof(struct pv_mark) * PV_BLOCK_MARKS == PV_BLOCK_SIZE, "marks fill a block");
static_assert(sizeof(struct pv_image_head) <= PV_BLOCK_SIZE, "the head fits block 0");
static_assert(sizeof(struct pv_label) == 896, "label");
static_assert(sizeof(struct pv_process) == 72, "process");
static_assert(sizeof(struct pv_decision_record) == 168, "decision record");
static_assert(sizeof(struct pv_exec_record) == 136, "exec record");
static_assert(sizeof(struct pv_exit_record) == 112, "exit record");
static_assert(sizeof(struct pv_counter) == 64, "a counter fills a cache line");
#endif
#endif
