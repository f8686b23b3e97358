/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading the path that the walk left in the scratch space, and naming executables.
 */
#ifndef PAVISE_NAME_BPF_H
#define PAVISE_NAME_BPF_H

#include "match.bpf.h"
#include "walk.bpf.h"

#define PV_PATH_PIECE  4
#define PV_PATH_PIECES (PV_WALK_LEVELS + PV_NAMES_MAX) /* every piece reads a byte at least */

/*
 * Where the reading is stands in the scratch space and not in this context: the verifier would
 * follow every value that a position on the stack can take.
 */
struct pv_name_match {
	struct pv_matcher *m;
	struct pv_scratch *s;
	const u8 *name; /* of a socket, PV_SOCKET_NAME bytes */
	u32 name_length;
	u32 pad;
};

/* Read a piece of the path, from the root down: the length of a component is its last byte. */
static long path_piece(u32 i, struct pv_name_match *p)
{
	struct pv_scratch *s = p->s;
	u32 n = s->match_length, left = s->match_left, at = s->match_at, done;

	if (!n) {
		if (!left || left > PV_NAMES_MAX)
			return 1;
		left -= 1;
		n = s->names[left & (PV_NAMES_MAX - 1)];
		if (n > left) {
			p->m->fault = 1;
			return 1;
		}
		s->match_left = at = left - n;
		matcher_slash(p->m);
	}
	done = PV_READ(p->m, n, PV_PATH_PIECE, s->names[(at + k) & (PV_NAMES_MAX - 1)]);
	s->match_at = at + done;
	s->match_length = n - done;
	return matcher_settled(p->m) ? 1 : 0;
}

/*
 * The answer for the path in scratch, read from `start` in the image of `generation`; PV_UNKNOWN or
 * PV_STALE. The state that it ends in is left in s->state. A kernel-internal object has no name: no pattern
 * matches, the defaults decide. A function of its own for the verifier.
 */
__weak int path_answer(struct pv_scratch *s, u32 start, u32 generation)
{
	struct pv_name_match p = {};
	struct pv_matcher m;
	u32 answer;

	if (!s || !matcher_open(&m))
		return PV_UNKNOWN;
	if (m.head->generation != generation)
		return PV_STALE;
	m.at = start;
	p.m = &m;
	p.s = s;
	s->match_left = s->names_len;
	s->match_length = 0;
	if (s->end != PV_WALK_INTERNAL) {
		if (s->names_len)
			bpf_loop(PV_PATH_PIECES, path_piece, &p, 0);
		else
			matcher_slash(&m);
	}
	s->state = m.at;
	answer = matcher_answer(&m);
	return m.fault ? PV_UNKNOWN : (int)answer;
}

/*
 * The class of a task's executable under the image of `generation`: PV_EXE_UNKNOWN where its path
 * cannot be read, or PV_STALE by *stale. It has the name that it has in the mount namespace where it
 * was found, so that a task which changes its own does not change what it runs. What has no name, a
 * program in memory or one that is not below its mount's root, is of class 0; and so is another file
 * than the one that was executed (PR_SET_MM_EXE_FILE).
 */
static __always_inline u32 exe_class(struct pv_scratch *s, struct task_struct *task, u32 generation,
				     bool *stale)
{
	struct mm_struct *mm = task_fields(task)->mm;
	struct pv_matcher m;
	struct file *file;
	u64 inode = 0;
	int answer;

	if (!s || !matcher_open(&m))
		return PV_EXE_UNKNOWN;
	file = mm ? mm->exe_file : NULL;
	if (file)
		inode = (u64)file->f_inode;
	if (!s->origin.exe_inode)
		s->origin.exe_inode = inode;
	if (m.head->exe_start & PV_DECIDED)
		return m.head->exe_start & PV_VALUE_MASK;
	if (!file)
		return PV_EXE_UNKNOWN;
	if (s->origin.exe_inode != inode) {
		s->origin.exe_digest = inode;
		return 0;
	}
	s->object = (u64)file->f_path.dentry;
	s->mnt = (u64)file->f_path.mnt;
	answer = walk(s);
	s->origin.exe_digest = walk_digest(s);
	switch (answer) {
	case PV_WALK_OK:
	case PV_WALK_FOREIGN:
		break;
	case PV_WALK_INTERNAL:
	case PV_WALK_DETACHED:
	case PV_WALK_ESCAPED:
	case PV_WALK_LAYER:
		return 0;
	default:
		return PV_EXE_UNKNOWN;
	}
	answer = path_answer(s, m.head->exe_start, generation);
	*stale = answer == PV_STALE;
	return answer < 0 || (u32)answer >= m.head->n_exe ? PV_EXE_UNKNOWN : (u32)answer;
}

/*
 * Is this a program that sets others up: by its class under the image of `generation`, found by `mnt`, in the
 * mount namespace of the host? A container's image, or a unit's own root, can have any file under that name.
 * No, where that cannot be said: what sets others up is then governed, too. A function of its own for the
 * verifier.
 */
__weak int sets_up(u32 class, u64 mnt, u32 generation)
{
	u64 ns = 0;
	struct pv_matcher m;
	u32 number = 0, fault = 0;

	if (!mnt || !matcher_open(&m) || m.head->generation != generation || m.head->setup_set == PV_NO_SET ||
	    !set_has(&m, m.head->setup_set, class, &fault))
		return 0;
	mnt -= MOUNT(mnt);
	if (!READ_FIELD(&ns, mount, mnt, mnt_ns) || !ns || ns >= (u64)-4095)
		return 0;
	return READ_FIELD(&number, mnt_namespace, ns, ns.inum) && number && number == state.host_mounts;
}

/*
 * The mount by which a task's executable was found, as long as that is the inode `inode`; 0. By way of
 * memory, which turns it into a number for the verifier.
 */
static __always_inline u64 exe_mount(struct task_struct *task, u64 inode)
{
	struct mm_struct *mm = task_fields(task)->mm;
	struct file *file = mm ? mm->exe_file : NULL;
	u64 mnt = 0;

	if (!file || (u64)file->f_inode != inode)
		return 0;
	bpf_probe_read_kernel(&mnt, sizeof(mnt),
			      (void *)file + bpf_core_field_offset(struct file, f_path.mnt));
	return mnt;
}

#endif
