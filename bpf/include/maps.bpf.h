/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps, shared by both objects and by all programs.
 *
 * Weak definitions, so that every .bpf.c may include them and the linker keeps one. None of them
 * holds state of security in a form that could be evicted: labels are task storage, images are
 * plain arrays.
 */
#ifndef PAVISE_MAPS_BPF_H
#define PAVISE_MAPS_BPF_H

#include "kernel.bpf.h"
#include <bpf/bpf_tracing.h>
#include "pavise.h"

struct pv_block {
	struct pv_slot slot[PV_BLOCK_SLOTS];
};

/* Written by user space only, and frozen once filled. */
struct pv_image_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__uint(value_size, PV_BLOCK_SIZE);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct pv_image_map);
} images __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct pv_label);
} labels __weak SEC(".maps");

/* Does any policy govern the task that has this label? */
static __always_inline bool label_has_any(const struct pv_label *l)
{
	return l->profile || l->held[0];
}

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} decisions __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} lineage __weak SEC(".maps");

/* A variable and no map of its own, so that programs read it without a lookup (bpf/state.bpf.c). */
extern struct pv_state state SEC(".data.state");

/* The profiles of a task for one decision: a copy, so that a move meanwhile changes nothing. */
struct pv_subject {
	u32 n; /* profiles, the first may be 0 */
	u32 overfull;
	u32 exe; /* class of the acting executable */
	u32 profile[1 + PV_HELD_MAX];
};

/* What an answer depends on besides the name. */
struct pv_context {
	u32 exe; /* class, PV_EXE_UNKNOWN */
	u32 uid;
	u16 executed;
	u16 started;
	u32 owner_asked; /* an answer depended on the object's owner */
	u64 inode;	 /* of the object, 0: it is yet to be made, and by this user */
};

/* What a profile is resolved for. */
struct pv_origin {
	u64 cgroup_id;
	u64 exec_cgroup; /* as in the label, 0 without one */
	u32 execs;
	u32 uid;
	u32 exe; /* class, to be found */
	u32 pad;
	u64 exe_inode;	/* as in the label, or to be found */
	u64 exe_digest; /* to be found */
};

struct pv_cgroup_query {
	u64 cgroup; /* struct cgroup */
	u32 level;
	u32 generation; /* of the image that must answer */
	struct pv_context context;
};

/* A search for the marks of a file under a profile. */
struct pv_mark_search {
	u64 ino; /* the file */
	u32 dev;
	u32 inode_generation;
	u32 start; /* the profile */
	u32 home;  /* where the search begins */
	u32 next;  /* place, from there */
	u32 answer;
};

/* The mounts of an object's file system, searched for one that shows the object: mounts.bpf.h. */
struct pv_mounts {
	u64 object; /* dentry */
	u64 next;   /* where the list goes on */
	u64 end;    /* where it ends */
	u64 root;   /* of the mount at hand */
	u64 up;	    /* the object, or what it is below */
	u64 found;  /* vfsmount */
	u64 internal;
	u32 skip;
	u32 below;
	u32 broken;
	u32 pad;
};

/* Of the cells seen the weightiest. */
struct pv_answer {
	u32 cell;
	u32 profile;
	u32 access;
	u32 walk; /* enum pv_walk */
};

#define PV_SOCKET_NAME 32

/* What kind of name a question is about. */
enum pv_kind {
	PV_KIND_PATH,
	PV_KIND_SOCKET,	  /* an internet socket, or one that is made: its name is in `name` */
	PV_KIND_UNIX,	  /* a unix socket with a path */
	PV_KIND_ABSTRACT, /* a unix socket with an abstract name, which is in the scratch space */
	PV_KIND_TABLE,	  /* none: a cell of the profile's table */
};

/* What is to be decided, filled by a hook. */
struct pv_question {
	u32 hook;
	u32 kind; /* enum pv_kind */
	u32 want; /* PV_WANT: up to three accesses */
	u32 seen; /* PV_WANT1: an access already reported, whose would-deny is not said again */
	u32 flags;
	u64 inode; /* of the object, 0: none yet */
	union {
		struct { /* of a path, a socket's too; dentry: the address of an abstract name */
			u64 dentry;
			u64 mnt;
		};
		u8 name[PV_SOCKET_NAME]; /* as the automaton reads it; at most 20 bytes */
		struct {		 /* of a table */
			u32 row;	 /* 0: `system`; 1, 2: capabilities */
			u32 column;
		};
	};
	u32 name_length;
	u16 walk; /* enum pv_walk, PV_WALK_OK or PV_WALK_ADDRESS */
	u8 layer; /* what is behind a file that was decided by its own name is permitted */
	u8 pad;
	u8 quiet;  /* what was said of the operation already, PV_WOULD or PV_SAID: that is not said again */
	u8 silent; /* nothing is reported, whatever the verdict */
	u8 starts; /* an exec: what it starts may be governed already */
	u8 tentative; /* one of several names: nothing but the verdict */
	u32 detail;   /* for the record */
	u16 family;
	u16 sock_type;
	u16 protocol;
	u16 port;
};

/*
 * Work space of one task: a record under construction, directly followed by the names that the
 * walk collects, and the state of the walk. Task storage and not per-CPU memory, because programs
 * are preemptible and a second task would overwrite it; a task's own hooks do not nest. Not the
 * stack either, which is 512 bytes for a whole call chain. Fits 8 KiB with the storage's own head.
 */
#define PV_RECORD_ROOM	168		     /* >= every record head; they end where names begin */
#define PV_NAMES_ROOM	(PV_NAMES_MAX + 264) /* the last component may overshoot */
#define PV_DENTRY_BYTES 96 /* from the start: covers d_seq, d_parent, d_name and a short name */
struct pv_scratch {
	u8 record[PV_RECORD_ROOM];
	u8 names[PV_NAMES_ROOM];
	u64 level[PV_WALK_LEVELS]; /* dentry, or mount + 1 where a mount was crossed */
	u32 check[PV_WALK_LEVELS]; /* the dentry's d_seq, or a digest of the mount's parent */
	/* walk: what to name, and the outcome */
	u64 object; /* dentry */
	u64 mnt;    /* vfsmount */
	u32 end;    /* enum pv_walk */
	u32 names_len;
	/* walk: where it is */
	union {
		u64 raw[PV_DENTRY_BYTES / 8]; /* the dentry */
		struct pv_cgroup_query query; /* made when the walk to the executable is over */
		struct pv_mark_search search; /* when that to the object is */
		struct pv_mounts mounts;      /* before it */
	};
	u64 dentry;
	u64 mount;
	u64 root;      /* mnt_root of that mount */
	u64 namespace; /* of the current task */
	u64 digest;    /* of the levels: where the name is */
	u32 levels;
	u32 walked; /* the walk was done, or the question needs none */
	/* match: where the reading of a name is */
	u32 match_left;		     /* bytes of names before the component at hand */
	u32 match_at;		     /* next byte */
	u32 match_length;	     /* bytes of the component still to read */
	u32 state;		     /* where the reading ended */
	u32 follow[1 + PV_HELD_MAX]; /* by profile: what follow.bpf.h knows of the new name */
	struct pv_subject subject;
	struct pv_origin origin;
	struct pv_context context;
	struct pv_answer answer;
	struct pv_question question; /* the one that is decided */
};
_Static_assert(sizeof(struct pv_scratch) <= 8192 - 152, "scratch and its storage head fit 8 KiB");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct pv_scratch);
} scratch __weak SEC(".maps");

/*
 * Work spaces that are there already, for programs that need one for themselves and for no longer than they
 * run: making one for a task, and clearing it, costs more than most of them. Whoever finds `taken` 0 and sets
 * it has the space until it sets it back; it may be preempted and moved to another processor meanwhile. Where
 * none is found the task's own is used, see process.bpf.h.
 */
#define PV_SPACES 64
struct pv_space {
	u32 taken;
	u32 pad;
	struct pv_scratch scratch;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PV_SPACES);
	__type(key, u32);
	__type(value, struct pv_space);
} spaces __weak SEC(".maps");

static __always_inline struct pv_state *state_get(void)
{
	return &state;
}

#endif
