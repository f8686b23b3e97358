/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A rule follows the file: a new name gives nothing that the old one does not.
 *
 * Guarantee: a governed task that renames or links a file cannot do with it afterwards what it could
 * not before, nor with a directory, which is renamed only where every name below it means the same before and
 * after. What the names themselves say of renaming, linking and creating is decided first, by the
 * hooks.
 *
 * How: both names are read by each of the task's profiles. Of files, the rows are compared: an access
 * that the old name's row denies and the new one's does not is denied, by the rule that denies it of
 * the old name. Of directories also the states that the automaton is in behind the names and a "/": the
 * automaton is minimal, so the states are the same exactly where all that can follow is. Where they
 * are not, and not both settled, it cannot be decided what the names below would give.
 *
 * A unix socket that is renamed is connected to by its new name from then on. So of a socket, and of a
 * directory, the names are read a second time, as those of sockets.
 *
 * A name that cannot be read, by whatever it was decided before, is undecidable here where rules could tell
 * it from another: the names are read anew, and a rename or a mount may be in the way this time.
 */
#ifndef PAVISE_FOLLOW_BPF_H
#define PAVISE_FOLLOW_BPF_H

#include "decide.bpf.h"

#define FOLLOW_DIRECTORY 1
#define FOLLOW_UNIX	 2 /* the names are those of sockets */
#define FOLLOW_FOLDER	 4 /* the names are those of a directory, and not what is below it */

/* Accesses that are not asked of a directory; and those of nothing else. */
#define FOLLOW_NO_FOLDER (1U << PV_ACC_READ | 1U << PV_ACC_APPEND | 1U << PV_ACC_MAP | 1U << PV_ACC_EXEC)
#define FOLLOW_NO_FILE	 (1U << PV_ACC_LIST)

/* What is renamed or linked, and the name that it is to have. */
struct pv_follow {
	struct pv_question from;
	u64 dentry;
	u64 mnt;
	u32 how; /* FOLLOW_* */
	u32 pad;
};

/* What is known of a profile's new name: an answer, or for directories a state. */
#define PV_NOTHING 0xffffffffu
#define PV_UNREAD  0xfffffffeu /* the name cannot be read, and matters */

/* Read the "/" behind the directory in scratch. The root's name is one already. */
static __always_inline void below(struct pv_scratch *s, struct pv_matcher *m)
{
	if (s->names_len)
		matcher_slash(m);
}

/*
 * Read the name in scratch with the subject's i-th profile: the answer at its end, or the state behind
 * a "/" after it; PV_NOTHING where no rule can matter. A function of its own for the verifier.
 */
__weak int follow_read(struct pv_scratch *s, u32 i, u32 how, u32 generation)
{
	u32 number, start;
	int r;
	struct pv_profile *p;
	struct pv_matcher m;

	if (!s || !matcher_open(&m))
		return PV_UNKNOWN;
	s->state = PV_NOTHING;
	p = subject_profile(&m, &s->subject, i, &number);
	if (!p)
		return 0;
	m.at = p->path_start;
	if (how & FOLLOW_UNIX) {
		m.at = p->net_start;
		PV_READ(&m, 1, 1, PV_FAM_UNIX);
	}
	start = m.at;
	if (start & PV_DECIDED)
		return 0;
	if (s->end != PV_WALK_OK) {
		s->state = PV_UNREAD;
		return 0;
	}
	r = path_answer(s, start, generation);
	if (r == PV_STALE)
		return r;
	m.at = s->state;
	if (how & FOLLOW_DIRECTORY)
		below(s, &m);
	else
		m.at = PV_DECIDED | matcher_answer(&m);
	s->state = r < 0 || m.fault ? PV_UNREAD : m.at;
	return 0;
}

/* Of two rows, what the first denies and the second does not, into s->answer. */
static __always_inline void compare_rows(struct pv_scratch *s, struct pv_matcher *m, u32 from, u32 to,
					 u32 profile, u32 how)
{
	u32 first = how & FOLLOW_UNIX ? PV_ACC_CONNECT : 0;
	u32 without = how & FOLLOW_UNIX ? 0 : how & FOLLOW_FOLDER ? FOLLOW_NO_FOLDER : FOLLOW_NO_FILE;

	for (u32 i = 0; i <= PV_ACC_EXEC; i++) {
		u32 access = first + i;
		u32 before = matcher_cell(m, from, access, 0), after = matcher_cell(m, to, access, before);

		/* `create` and `bind` are about a name and not about what has it */
		if (!(without >> i & 1) && access != PV_ACC_CREATE && access != PV_ACC_BIND &&
		    PV_CELL_VERDICT(before) && cell_weight(before) > cell_weight(after))
			answer_take(&s->answer, before, profile, access);
	}
}

/* A row of a settled reading. */
static __always_inline int settled_row(struct pv_scratch *s, struct pv_matcher *m, u32 settled,
				       u32 generation)
{
	int answer = settled & PV_VALUE_MASK;

	if (answer & PV_MORE)
		answer = choose(&s->context, answer, generation);
	return answer >= (int)m->head->n_rows ? PV_UNKNOWN : answer;
}

/* What a profile says of a name that cannot be decided. A function of its own for 6.1, which loses bounds. */
__weak u32 follow_undecidable(u32 number, u32 how)
{
	struct pv_matcher m;

	if (!matcher_open(&m) || number >= PV_PROFILES_MAX)
		return PV_DENY;
	return how & FOLLOW_UNIX ? m.head->profiles[number].net_undecidable
				 : m.head->profiles[number].path_undecidable;
}

/* What the subject's i-th profile says: s->follow[i] of the new name against s->state of the old. */
__weak int follow_compare(struct pv_scratch *s, u32 i, u32 how, u32 generation)
{
	u32 number, to, from;
	struct pv_profile *p;
	struct pv_matcher m;
	int old_row, new_row;

	if (!s || !matcher_open(&m))
		return 0;
	if (m.head->generation != generation)
		return PV_STALE;
	p = subject_profile(&m, &s->subject, i, &number);
	from = s->state;
	to = s->follow[i & PV_HELD_MAX];
	if (!p || (from == to && from != PV_UNREAD))
		return 0;
	if (from & to & PV_DECIDED && from != PV_UNREAD && to != PV_UNREAD) {
		old_row = settled_row(s, &m, from, generation);
		new_row = settled_row(s, &m, to, generation);
		if (old_row >= 0 && new_row >= 0) {
			compare_rows(s, &m, old_row, new_row, number, how);
			return 0;
		}
	}
	s->answer.walk = PV_WALK_SUBTREE;
	answer_take(&s->answer, follow_undecidable(number, how), number, s->answer.access);
	return 0;
}

static __always_inline u32 follow_walk(struct pv_scratch *s, u64 dentry, u64 mnt)
{
	s->object = dentry;
	s->mnt = mnt;
	return walk(s);
}

/*
 * Walk to one of the names, as it was decided: on a detached mount by another mount that shows it. Where it
 * cannot be said who is governed, names say nothing. A function of its own for the verifier.
 */
__weak int follow_name(struct pv_scratch *s, int governed, u64 dentry, u64 mnt)
{
	if (!s)
		return 0;
	if (governed != PV_UNKNOWN) {
		if (follow_walk(s, dentry, mnt) == PV_WALK_DETACHED)
			walk_detached(s);
		return 0;
	}
	s->end = PV_WALK_CGROUP;
	s->names_len = 0;
	return 0;
}

/* Decide with the image at hand, as decide_once(). */
__weak int follow_once(const struct pv_follow *f)
{
	struct pv_scratch *s;
	struct pv_matcher m;
	u32 generation;
	int governed, r = 0;

	if (!f || !matcher_open(&m))
		return 0;
	generation = m.head->generation;
	s = scratch_get(bpf_get_current_task_btf());
	if (!s)
		return decide_bare(&f->from);
	governed = subject_open(s, generation);
	if (governed == PV_STALE)
		return governed;
	if (governed == SUBJECT_UNGOVERNED)
		return 0;
	if (subject_lost(&s->subject, governed)) {
		decision_unsent(&f->from);
		return -EACCES;
	}
	s->context.exe = s->subject.exe;
	s->context.inode = f->from.inode;
	s->answer.cell = s->answer.profile = 0;
	s->answer.walk = PV_WALK_OK;
	s->answer.access = f->from.want & 0xff;
	follow_name(s, governed, f->dentry, f->mnt);
	for (u32 i = 0; i < 1 + PV_HELD_MAX && !r; i++) {
		if (i < s->subject.n)
			r = follow_read(s, i, f->how, generation);
		s->follow[i] = s->state;
	}
	if (r)
		return r;
	follow_name(s, governed, f->from.dentry, f->from.mnt);
	for (u32 i = 0; i < 1 + PV_HELD_MAX && !r; i++) {
		if (i >= s->subject.n)
			break;
		r = follow_read(s, i, f->how, generation);
		if (!r)
			r = follow_compare(s, i, f->how, generation);
	}
	return r ? r : conclude(s, &f->from, generation);
}

/* Is what was read with the subject's i-th profile decided by the defaults, as for a name without rules? */
static __always_inline bool follow_default(struct pv_scratch *s, u32 i, u32 generation)
{
	u32 number;
	struct pv_profile *p;
	struct pv_matcher m;

	if (!matcher_open(&m) || m.head->generation != generation)
		return false;
	p = subject_profile(&m, &s->subject, i, &number);
	if (!p || s->state == PV_NOTHING)
		return true;
	m.at = p->path_start;
	PV_READ(&m, 1, 1, 0); /* no name begins so */
	return s->state == (PV_DECIDED | matcher_answer(&m)) && !m.fault;
}

/* Does it matter what executable is below the directory that was walked to, or can that not be said? */
static __always_inline bool follow_exe(struct pv_scratch *s, u32 generation)
{
	struct pv_matcher m;
	u32 none;

	if (!matcher_open(&m) || m.head->generation != generation)
		return true;
	if (m.head->exe_start & PV_DECIDED)
		return false;
	if (path_answer(s, m.head->exe_start, generation) < 0)
		return true;
	m.at = m.head->exe_start;
	PV_READ(&m, 1, 1, 0); /* no name begins so */
	none = m.at;
	m.at = s->state;
	below(s, &m);
	return m.at != none || m.fault;
}

/*
 * Does a rule of the current task's profiles apply to any name below a directory, is one of an executable
 * meant there that a condition trusts, or can that not be said? A function of its own for the verifier.
 */
__weak int follow_below(const struct pv_follow *f)
{
	struct pv_scratch *s;
	struct pv_matcher m;
	u32 generation;

	if (!f || !matcher_open(&m))
		return 1;
	generation = m.head->generation;
	s = scratch_get(bpf_get_current_task_btf());
	if (!s || subject_open(s, generation) < 0 || follow_walk(s, f->dentry, f->mnt) != PV_WALK_OK)
		return 1;
	for (u32 i = 0; i < 1 + PV_HELD_MAX; i++) {
		if (i >= s->subject.n)
			break;
		if (follow_read(s, i, FOLLOW_DIRECTORY, generation) || !follow_default(s, i, generation))
			return 1;
	}
	return follow_exe(s, generation);
}

static __always_inline int follow(const struct pv_follow *f)
{
	int r = follow_once(f);

	if (r == PV_STALE)
		r = follow_once(f);
	return plain_is_permitted(r);
}

#endif
