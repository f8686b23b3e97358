/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Labels: which profile governs a task.
 *
 * Guarantee: when a hook asks, the label says what the policy set in force says of the task's
 * cgroup, executable and user, plus every profile that the task had by others of these. A subject
 * never sheds its policy: a move, an exec or another uid adds, fork copies (task_alloc, so io_uring
 * workers and CLONE_INTO_CGROUP children too), and nothing but a policy set without the policy
 * removes.
 *
 * How: the label holds what it was resolved for: the generation, the cgroup's id, the uid, how many
 * programs the task had executed, and where its executable's name was. Where one of them differs, or where
 * there is no label, the cgroup's path is read in the kernel, from the root down by the cgroup's own list of
 * ancestors, through the image's automaton. So nothing races with user space: no scan at start, no notice of
 * a new cgroup, no table of cgroups that could be full. Cgroup v2 directories cannot be renamed. Entering a
 * cgroup is noticed at once by bpf/trace, so that the profile is taken on even by a task that runs no hook
 * while it is there.
 *
 * The move of a process with several threads makes every label stale (thread_moves): the kernel tells of the
 * leader alone, which may have ended and stays where it was. The others then look at their cgroup, and take
 * over what the leader holds.
 *
 * Soundness of the update order: the publisher swaps the image first and the generation word
 * afterwards. A label is resolved with the image at hand and takes that image's generation; a
 * decision with image G uses a label of generation G, and refreshes it otherwise.
 */
#ifndef PAVISE_LABEL_BPF_H
#define PAVISE_LABEL_BPF_H

#include "name.bpf.h"

#define PF_KTHREAD 0x00200000

/* Names are read piecemeal, the stack being shared by the whole call chain. */
#define PV_NAME_PIECE	 6
#define PV_CGROUP_PIECES 8192

struct pv_cgroup_walk {
	struct pv_matcher *m;
	u64 ancestors; /* address of cgroup->ancestors */
	u64 text;      /* what is left of a name, 0: the next ancestor is due */
	u32 level;     /* of the ancestor at hand; [0] is the root, which has no name */
	u32 levels;
};

/* The address of the next ancestor's name. */
static __always_inline bool cgroup_next(struct pv_cgroup_walk *w)
{
	u64 ancestor = 0, kn = 0;

	w->level++;
	return !bpf_probe_read_kernel(&ancestor, 8, (void *)(w->ancestors + 8 * (u64)w->level)) &&
	       !bpf_probe_read_kernel(&kn, 8,
				      (void *)(ancestor + bpf_core_field_offset(struct cgroup, kn))) &&
	       !bpf_probe_read_kernel(&w->text, 8,
				      (void *)(kn + bpf_core_field_offset(struct kernfs_node, name)));
}

static long cgroup_piece(u32 i, struct pv_cgroup_walk *w)
{
	u8 piece[PV_NAME_PIECE];
	u32 length, done;
	long r;

	if (!w->text) {
		if (w->level >= w->levels)
			return 1;
		if (!cgroup_next(w))
			goto fault;
		matcher_slash(w->m);
	}
	r = bpf_probe_read_kernel_str(piece, sizeof(piece), (void *)w->text);
	if (r < 1)
		goto fault;
	length = r - 1;
	done = PV_READ(w->m, length, PV_NAME_PIECE - 1, piece[k]);
	if (matcher_settled(w->m)) {
		w->text = 0;
		w->level = w->levels;
		return 1;
	}
	w->text = done == length && r < PV_NAME_PIECE ? 0 : w->text + done;
	return 0;
fault:
	w->m->fault = 1;
	return 1;
}

/*
 * The profile that a cgroup gives, PV_UNKNOWN (unreadable memory, a tree deeper than the bound, an
 * executable that matters and has no path to be read) or PV_STALE (another image was published meanwhile). A
 * function of its own for the verifier.
 */
__weak int cgroup_profile(struct pv_cgroup_query *query)
{
	struct pv_cgroup_walk w = {};
	struct pv_matcher m;
	int answer;

	if (!query || !matcher_open(&m))
		return PV_UNKNOWN;
	if (query->generation != m.head->generation)
		return PV_STALE;
	w.m = &m;
	w.levels = query->level;
	w.ancestors = query->cgroup + bpf_core_field_offset(struct cgroup, ancestors);
	m.at = m.head->cgroup_start;
	if (w.levels)
		bpf_loop(PV_CGROUP_PIECES, cgroup_piece, &w, 0);
	else
		matcher_slash(&m);
	if (w.text || w.level < w.levels)
		return PV_UNKNOWN;
	answer = matcher_answer(&m);
	if (m.fault)
		return PV_UNKNOWN;
	if (answer & PV_MORE)
		answer = choose(&query->context, answer, query->generation);
	if (answer >= (int)m.head->n_profiles || answer >= PV_PROFILES_MAX)
		return PV_UNKNOWN;
	return answer;
}

/* Remember a profile, other than 0, that the task leaves behind. Several may do so at once. */
static __always_inline void label_hold(struct pv_label *l, u32 profile)
{
	for (u32 i = 0; i < PV_HELD_MAX; i++) {
		u32 there = __sync_val_compare_and_swap(&l->held[i], 0, profile);

		if (!there || there == profile)
			return;
	}
	l->flags |= PV_LABEL_OVERFULL;
}

/* Up to 6.1 the truncation by an open comes to path_truncate, which cannot tell it from truncate(2). */
static __always_inline bool truncate_by_path(void)
{
	return !bpf_core_field_exists(union security_list_options, file_truncate);
}

/* Of a file that is to be truncated by an open. No other has the same, nor, where there are generations, a
 * later one in its place. */
static __always_inline u64 truncate_token(const struct inode *inode)
{
	return (u64)inode->i_sb->s_dev << 32 ^ inode->i_generation ^ inode->i_ino * 0x9e3779b97f4a7c15ull;
}

static __always_inline u64 cgroup_id(struct task_struct *task)
{
	return task_fields(task)->cgroups->dfl_cgrp->kn->id;
}

/*
 * A thread takes over what its group's leader left behind. The kernel tells of the move of a whole
 * process once, for the leader: a thread that slept through it learns of it here.
 */
static __always_inline void label_merge_leader(struct pv_label *l, struct task_struct *task)
{
	struct pv_label *leader;

	if (task->pid == task->tgid)
		return;
	leader = bpf_task_storage_get(&labels, task->group_leader, 0, 0);
	if (!leader)
		return;
	if (leader->profile)
		label_hold(l, leader->profile);
	for (u32 i = 0; i < PV_HELD_MAX; i++)
		if (leader->held[i])
			label_hold(l, leader->held[i]);
}

static __always_inline u32 task_uid(struct task_struct *task)
{
	return task_fields(task)->real_cred->euid.val;
}

static __always_inline void origin_get(struct pv_origin *o, const struct pv_label *l,
				       struct task_struct *task)
{
	o->execs = l ? l->execs : 0;
	o->exec_cgroup = l ? l->exec_cgroup : 0;
	o->exe_inode = l && l->execs == l->execs_seen ? l->exe_inode : 0;
	o->exe_digest = 0;
	barrier();
	o->uid = task_uid(task);
}

/*
 * The profile that the policy set gives a task, PV_UNKNOWN or PV_STALE. Kernel threads are never
 * governed. `s`: the work space of the current task; s->origin says what for.
 */
static __always_inline int task_profile(struct pv_scratch *s, struct task_struct *task, u32 generation)
{
	struct cgroup *cgroup = task_fields(task)->cgroups->dfl_cgrp;
	struct pv_origin *o = &s->origin;
	bool stale = false;

	o->exe = 0;
	/* of the very cgroup that is asked about: the task may be moved at any time */
	o->cgroup_id = cgroup->kn->id;
	if (task->flags & PF_KTHREAD)
		return 0;
	o->exe = exe_class(s, task, generation, &stale);
	if (stale)
		return PV_STALE;
	s->query.context.exe = o->exe;
	s->query.context.uid = o->uid;
	s->query.context.executed = !o->exec_cgroup || o->exec_cgroup == o->cgroup_id;
	s->query.context.started =
		s->query.context.executed && !sets_up(o->exe, exe_mount(task, o->exe_inode), generation);
	s->query.generation = generation;
	s->query.cgroup = (u64)cgroup;
	s->query.level = cgroup->level;
	return cgroup_profile(&s->query);
}

/*
 * Bring a label up to the image of `generation`. The profile, or PV_UNKNOWN or PV_STALE: the label
 * then stays as it is, so that the next hook tries again.
 *
 * Several may want to write: the task's own hook, the mover, the agent's iterator. One does; for
 * the others their own result holds for this once, and label_now() of bpf/trace keeps it. While it is written
 * a label has generation 0, so that nobody takes the profile of one set for that of another. What can change
 * meanwhile is read first: a change then leaves a label that is not fresh.
 */
static __always_inline int label_refresh(struct pv_label *l, struct pv_scratch *s, struct task_struct *task,
					 u32 generation, u32 epoch)
{
	struct pv_origin *o = &s->origin;
	bool other_set, moved;
	int profile;

	origin_get(o, l, task);
	profile = task_profile(s, task, generation);
	if (profile < 0 || __sync_val_compare_and_swap(&l->writing, 0, 1))
		return profile;
	other_set = l->generation != generation;
	moved = l->cgroup_id != o->cgroup_id || l->execs_seen != o->execs || l->uid != o->uid;
	/* another name of the executable, or another executable whose exec is not counted yet */
	if (l->exe_digest && o->exe_digest && l->exe_digest != o->exe_digest)
		moved = true;
	l->version++;
	l->generation = 0;
	barrier();
	if (other_set)
		l->exec_inode = l->truncates = 0; /* decided by another policy set */
	if (l->profile != (u32)profile)
		l->looked = 0; /* who was governed alike may be governed by less now */
	if (l->cgroup_id && moved && l->profile && l->profile != (u32)profile)
		label_hold(l, l->profile);
	barrier();
	if (l->epoch != epoch)
		label_merge_leader(l, task);
	if (!l->exec_cgroup)
		l->exec_cgroup = o->cgroup_id;
	l->profile = profile;
	l->cgroup_id = o->cgroup_id;
	l->exe_inode = o->exe_inode; /* first: whoever finds the exec seen goes by this */
	barrier();
	l->execs_seen = o->execs;
	l->uid = o->uid;
	l->exe = o->exe;
	if (o->exe_digest)
		l->exe_digest = o->exe_digest;
	l->epoch = epoch;
	barrier();
	l->generation = generation;
	barrier();
	l->writing = 0;
	return profile;
}

static __always_inline bool label_fresh(const struct pv_label *l, struct task_struct *task, u32 generation,
					u32 epoch)
{
	return l->generation == generation && l->epoch == epoch && l->cgroup_id == cgroup_id(task) &&
	       l->execs == l->execs_seen && l->uid == task_uid(task);
}

/*
 * Is the current task one that sets up what is to run in its cgroup? It has executed nothing there, or a
 * program that is known to set others up. `exe`: the class of its executable under `generation`.
 */
static __always_inline bool label_sets_up(const struct pv_label *l, struct task_struct *task, u32 exe,
					  u32 generation)
{
	if (l->exec_cgroup && l->exec_cgroup != cgroup_id(task))
		return true;
	return sets_up(exe, exe_mount(task, l->exe_inode), generation);
}

/* Something that a label is resolved for and that is not in the stamp has changed, or is about to. */
static __always_inline void label_moved(struct pv_label *l)
{
	u64 before = __sync_fetch_and_add(&l->moves, 1);

	barrier_var(before); /* used: with its value, the addition is ordered with what follows */
	l->stamp_free = l->stamp_kept = 0;
}

/*
 * Is the current task governed, by all that a label is resolved for? Nonzero also where this cannot be
 * said: the decision finds out, or fails for want of a label. A function of its own for the verifier.
 */
__weak int label_look(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 stamp = state.stamp, *found;
	struct pv_label *l;
	u32 moves;

	if (!(u32)stamp)
		return 0; /* no policy was ever published */
	l = bpf_task_storage_get(&labels, task, 0, 0);
	if (!l)
		return 1;
	moves = l->moves;
	barrier();
	if (!label_fresh(l, task, (u32)stamp, stamp >> 32))
		return 1;
	found = label_has_any(l) ? &l->stamp_kept : &l->stamp_free;
	*found = stamp;
	/* a move from the reading of `moves` on is seen here, or wipes the stamp after it was set */
	if (__sync_fetch_and_add(&l->moves, 0) != moves)
		*found = 0;
	return label_has_any(l);
}

/*
 * Is the current task, whose label is `l`, known to be ungoverned? *kept: its label where it is known to be
 * governed and the label to be up to date, else NULL; label_look() then knows more.
 *
 * Fast, for all tasks run it: the label was looked at before under this stamp (policy set and thread
 * moves), and nothing else has changed since. Whoever changes anything else wipes the stamps
 * (label_moved()): bpf/trace/label.bpf.c at exec and change of uid, which a task does itself, and at entry
 * into a cgroup, before whoever moved the task learns that it is there. A child starts without a stamp.
 */
static __always_inline bool label_free_by(struct pv_label *l, struct pv_label **kept)
{
	u64 stamp = state.stamp;

	/* without any policy published the stamp is 0, and so is that of a label: free */
	if (l && l->stamp_free == stamp)
		return true;
	if (l && l->stamp_kept != stamp)
		l = NULL;
	*kept = l;
	return false;
}

/* The current task's label, NULL: it has none. */
static __always_inline struct pv_label *label_own(void)
{
	return bpf_task_storage_get(&labels, bpf_get_current_task_btf(), 0, 0);
}

static __always_inline bool label_free(struct pv_label **kept)
{
	return label_free_by(label_own(), kept);
}

/* Is the current task governed? True also where this cannot be said, see label_look(). *kept as above. */
static __always_inline bool label_governed(struct pv_label **kept)
{
	return !label_free(kept) && (*kept || label_look());
}

static __always_inline bool governed(void)
{
	struct pv_label *kept;

	return label_governed(&kept);
}

#endif
