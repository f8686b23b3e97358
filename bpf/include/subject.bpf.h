/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The subject of one decision: the profiles of the current task under the image at hand.
 */
#ifndef PAVISE_SUBJECT_BPF_H
#define PAVISE_SUBJECT_BPF_H

#include "label.bpf.h"

#define SUBJECT_UNGOVERNED 0
#define SUBJECT_GOVERNED   1

static __always_inline void subject_copy(struct pv_subject *s, const struct pv_label *l)
{
	s->n = 1;
	s->overfull = l->flags & PV_LABEL_OVERFULL;
	if (!l->held[0])
		return;
	for (u32 i = 0; i < PV_HELD_MAX; i++) {
		s->profile[1 + i] = l->held[i];
		if (s->profile[1 + i])
			s->n = i + 2;
	}
}

/* Another profile of the subject. */
static __always_inline void subject_add(struct pv_subject *s, u32 profile)
{
	for (u32 i = 0; i < 1 + PV_HELD_MAX; i++) {
		if (i < s->n && s->profile[i] == profile)
			return;
		if (i == s->n) {
			s->profile[i] = profile;
			s->n = i + 1;
			return;
		}
	}
	s->overfull = 1;
}

/*
 * Bring the current task's label up to `generation` and copy it to work->subject. PV_UNKNOWN: it
 * cannot be said who governs now; what is there are the profiles that the task had. PV_STALE: ask
 * again, of the image that is there now. A function of its own for the verifier.
 */
__weak int subject_open(struct pv_scratch *work, u32 generation)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pv_state *st = state_get();
	struct pv_subject *s;
	struct pv_label *l;
	u32 epoch, version, writing, left = 0;
	int r = 0;

	if (!work || !st)
		return PV_UNKNOWN;
	l = bpf_task_storage_get(&labels, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	s = &work->subject;
	s->n = 1;
	s->overfull = 0;
	if (!l) {
		/* no memory: decide this once by what the task is, and count it */
		__sync_fetch_and_add(&st->label_failures, 1);
		origin_get(&work->origin, NULL, task);
		r = task_profile(work, task, generation);
		s->profile[0] = r < 0 ? 0 : r;
		s->exe = work->origin.exe;
		return r > 0 ? SUBJECT_GOVERNED : r;
	}
	epoch = st->thread_moves;
	version = l->version;
	barrier();
	writing = l->writing;
	barrier();
	s->profile[0] = l->profile;
	s->exe = l->exe;
	barrier();
	/* what was read is of one label only if nobody wrote it meanwhile */
	if (writing || !label_fresh(l, task, generation, epoch) || l->version != version) {
		r = label_refresh(l, work, task, generation, epoch);
		s->profile[0] = r < 0 ? l->profile : (u32)r;
		s->exe = work->origin.exe;
		left = l->profile; /* another may be at the label, and hold this only in a moment */
		barrier();
	}
	subject_copy(s, l);
	if (left && left != s->profile[0])
		subject_add(s, left);
	if (r < 0)
		return r;
	return s->profile[0] || s->n > 1 ? SUBJECT_GOVERNED : SUBJECT_UNGOVERNED;
}

/*
 * Of a task that sets up what is to run in its cgroup and now executes s->object, which has a name if
 * s->mnt says where: add to its profiles the one that governs what is started, as far as that does not
 * depend on the executable. By `unit` and `container` governing starts with this exec; by `exe` after
 * it, as everywhere. Nothing is added where it is another program that sets up. Returns what is now
 * known of the subject, as subject_open(). A function of its own for the verifier.
 */
__weak int subject_start(struct pv_scratch *s, int governed, u32 generation)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup *cgroup = task_fields(task)->cgroups->dfl_cgrp;
	struct pv_matcher m;
	struct pv_label *l;
	u64 mnt;
	int r;

	if (!s || !matcher_open(&m))
		return PV_UNKNOWN;
	if (m.head->generation != generation)
		return PV_STALE;
	l = bpf_task_storage_get(&labels, task, 0, 0);
	if (!l || !label_sets_up(l, task, s->subject.exe, generation))
		return governed;
	mnt = s->mnt;
	if (m.head->setup_set != PV_NO_SET && mnt) {
		r = walk(s);
		r = r == PV_WALK_OK || r == PV_WALK_FOREIGN ? path_answer(s, m.head->exe_start, generation)
							    : 0;
		if (r < 0)
			return r;
		if (sets_up(r, mnt, generation))
			return governed;
	}
	s->query.context.exe = 0;
	s->query.context.uid = task_uid(task);
	s->query.context.executed = s->query.context.started = 1;
	s->query.generation = generation;
	s->query.cgroup = (u64)cgroup;
	s->query.level = cgroup->level;
	r = cgroup_profile(&s->query);
	if (r < 0)
		return r;
	if (r)
		subject_add(&s->subject, r);
	return r ? SUBJECT_GOVERNED : governed;
}

#endif
