/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The decision: subject, object and access in; 0 or -EACCES out; one record where one is due.
 *
 * Guarantee: every hook decides here, so that no two hooks can disagree about one object. All
 * profiles of the subject must allow. What cannot be decided takes the profile's own cell for that,
 * which the compiler made a denial for policies in enforce mode.
 *
 * Failure direction: no image, no profile: ungoverned, allow. Governed and no memory for the
 * record: the verdict stands, the loss is counted.
 */
#ifndef PAVISE_DECIDE_BPF_H
#define PAVISE_DECIDE_BPF_H

#include "mark.bpf.h"
#include "mounts.bpf.h"
#include "report.bpf.h"
#include "subject.bpf.h"

#define EACCES	13
#define EINVAL	22
#define SIGKILL 9

#define PV_NO_ACCESS	 0xff
#define PV_WANT(a, b, c) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16)
#define PV_WANT1(a)	 PV_WANT(a, PV_NO_ACCESS, PV_NO_ACCESS)

#define PV_ABSTRACT_MAX	 109 /* "@" and 108 bytes */
#define PV_SOCKET_PIECES 128 /* each reads a byte at least */

static __always_inline bool has_path(const struct pv_question *q)
{
	return q->kind == PV_KIND_PATH || q->kind == PV_KIND_UNIX;
}

/*
 * Deny over would-deny over audited allow over allow, and what kills over what does not. Looked up in a
 * word, a digit for each of a cell's lowest four bits: branches would multiply what is verified.
 */
#define PV_CELL_WEIGHTS 0x3351335022412240ull

static __always_inline u32 cell_weight(u32 cell)
{
	return PV_CELL_WEIGHTS >> 4 * (cell & 15) & 15;
}

_Static_assert(PV_ALLOW == 0 && PV_DENY == 1 && PV_WOULD_DENY == 2 && PV_CELL_AUDIT == 4 && PV_CELL_KILL == 8,
	       "the bits that PV_CELL_WEIGHTS goes by");

static __always_inline void answer_take(struct pv_answer *a, u32 cell, u32 profile, u32 access)
{
	if (cell_weight(cell) > cell_weight(a->cell)) {
		a->cell = cell;
		a->profile = profile;
		a->access = access;
	}
}

/* A decision as a hook's return value: the verifier of 6.12 wants to see the two values. */
static __always_inline int verdict(int decision)
{
	int r = 0;

	if (decision < 0)
		asm volatile("%0 = %1" : "=r"(r) : "i"(-EACCES));
	return r;
}

/* The cells of one row for all accesses wanted. */
static __always_inline void answer_row(struct pv_answer *a, struct pv_matcher *m, const struct pv_question *q,
				       u32 row, u32 profile, u32 fallback)
{
	for (u32 i = 0; i < 3; i++) {
		u32 access = (q->want >> (8 * i)) & 0xff;
		u32 cell;

		if (access == PV_NO_ACCESS)
			continue;
		cell = matcher_cell(m, row, access, fallback);
		if (q->seen != PV_NO_ACCESS && PV_CELL_VERDICT(cell) == PV_WOULD_DENY &&
		    PV_CELL_VERDICT(matcher_cell(m, row, q->seen, fallback)) == PV_WOULD_DENY)
			continue;
		answer_take(a, cell, profile, access);
	}
}

static long socket_piece(u32 i, struct pv_name_match *p)
{
	u32 n = p->name_length, at = p->s->match_at;

	if (at >= n || n > PV_SOCKET_NAME)
		return 1;
	p->s->match_at = at + PV_READ(p->m, n - at, PV_PATH_PIECE, p->name[(at + k) & (PV_SOCKET_NAME - 1)]);
	return matcher_settled(p->m) ? 1 : 0;
}

/* Abstract names are matched as /proc/net/unix shows them. */
static __always_inline u8 nul_as_at(u8 byte)
{
	return byte ? byte : '@';
}

static long abstract_piece(u32 i, struct pv_name_match *p)
{
	u32 n = p->s->names_len, at = p->s->match_at;

	if (at >= n || n > PV_NAMES_MAX)
		return 1;
	p->s->match_at = at + PV_READ(p->m, n - at, PV_PATH_PIECE,
				      nul_as_at(p->s->names[(at + k) & (PV_NAMES_MAX - 1)]));
	return matcher_settled(p->m) ? 1 : 0;
}

/* The answer for a socket's name, as path_answer(). */
__weak int socket_answer(struct pv_scratch *s, const struct pv_question *q, u32 start, u32 generation)
{
	struct pv_name_match p = {};
	struct pv_matcher m;
	u32 answer;

	if (!s || !q || !matcher_open(&m))
		return PV_UNKNOWN;
	if (m.head->generation != generation)
		return PV_STALE;
	m.at = start;
	p.m = &m;
	p.s = s;
	p.name = q->name;
	p.name_length = q->name_length;
	s->match_at = 0;
	if (q->kind == PV_KIND_ABSTRACT)
		bpf_loop(PV_SOCKET_PIECES, abstract_piece, &p, 0);
	else
		bpf_loop(PV_SOCKET_NAME, socket_piece, &p, 0);
	answer = matcher_answer(&m);
	return m.fault ? PV_UNKNOWN : (int)answer;
}

/* The subject's i-th profile, NULL where there is nothing to ask. */
static __always_inline struct pv_profile *
subject_profile(struct pv_matcher *m, const struct pv_subject *subject, u32 i, u32 *number)
{
	u32 p = subject->profile[i & PV_HELD_MAX];

	if (i >= subject->n || !p || p >= m->head->n_profiles || p >= PV_PROFILES_MAX)
		return NULL;
	*number = p;
	return &m->head->profiles[p];
}

#define PV_WALK_DUE 1

#define PV_NEEDS_WALK (-3)

/*
 * The row of the question's name under a profile; PV_UNKNOWN, PV_STALE, or PV_NEEDS_WALK: the path
 * was not walked and matters. Choices are followed.
 */
static __always_inline int name_row(struct pv_scratch *s, struct pv_matcher *m, const struct pv_question *q,
				    const struct pv_profile *p, u32 generation)
{
	int answer;

	m->at = q->kind == PV_KIND_PATH ? p->path_start : p->net_start;
	if (q->kind == PV_KIND_UNIX || q->kind == PV_KIND_ABSTRACT)
		PV_READ(m, 1, 1, PV_FAM_UNIX);
	if (m->fault || (s->walked && s->answer.walk != PV_WALK_OK && s->answer.walk != PV_WALK_INTERNAL))
		return PV_UNKNOWN;
	if (m->at & PV_DECIDED)
		answer = m->at & PV_VALUE_MASK;
	else if (!s->walked)
		return PV_NEEDS_WALK;
	else if (has_path(q))
		answer = path_answer(s, m->at, generation);
	else
		answer = socket_answer(s, q, m->at, generation);
	if (answer > 0 && answer & PV_MORE)
		answer = choose(&s->context, answer, generation);
	return answer >= (int)m->head->n_rows ? PV_UNKNOWN : answer;
}

/*
 * The word of the subject's i-th profile on what its table answers, into s->answer. 0 or PV_STALE. A
 * function of its own for the verifier.
 */
__weak int table_answer(struct pv_scratch *s, const struct pv_question *q, u32 i, u32 generation)
{
	u32 number, row, column;
	struct pv_profile *p;
	struct pv_matcher m;
	bool known;

	if (!s || !q || !matcher_open(&m))
		return 0;
	if (m.head->generation != generation)
		return PV_STALE;
	p = subject_profile(&m, &s->subject, i, &number);
	if (!p || !p->system_row)
		return 0;
	known = s->answer.walk == PV_WALK_OK || q->column == PV_ACC_AGENT;
	row = p->system_row + (known ? q->row : 0);
	column = known ? q->column : PV_COL_UNDECIDABLE;
	answer_take(&s->answer, matcher_cell(&m, row, column, 0), number, q->want & 0xff);
	return 0;
}

/* The accesses wanted that a mark is about. */
static __always_inline void answer_mark(struct pv_answer *a, struct pv_matcher *m,
					const struct pv_question *q, u32 row, u32 profile, u32 fallback)
{
	for (u32 i = 0; i < 3; i++) {
		u32 access = (q->want >> (8 * i)) & 0xff;

		if (access <= PV_ACC_EXEC && PV_MARK_ACCESSES >> access & 1)
			answer_take(a, matcher_cell(m, row, PV_COL_MARK + access, fallback) | PV_CELL_MARK,
				    profile, access);
	}
}

/* The row of one mark under a profile, PV_UNKNOWN: it cannot be said. A function of its own for the verifier.
 */
__weak int mark_take(struct pv_scratch *s, const struct pv_question *q, int row, u32 profile, u32 undecidable)
{
	struct pv_matcher m;

	if (!s || !q || !matcher_open(&m))
		return 0;
	if (row < 0 || row >= (int)m.head->n_rows)
		answer_take(&s->answer, undecidable, profile, q->want & 0xff);
	else
		answer_mark(&s->answer, &m, q, row, profile, undecidable);
	return 0;
}

/*
 * What the marks of the question's object say under the subject's i-th profile, into s->answer. 0 or
 * PV_STALE. Marks that cannot be read are undecidable. A function of its own for the verifier.
 */
__weak int mark_answer(struct pv_scratch *s, const struct pv_question *q, u32 i, u32 generation)
{
	u32 number, undecidable;
	struct pv_profile *p;
	struct pv_matcher m;
	int row;

	if (!s || !q || !matcher_open(&m))
		return 0;
	if (m.head->generation != generation)
		return PV_STALE;
	p = subject_profile(&m, &s->subject, i, &number);
	if (!p || p->path_start & PV_DECIDED)
		return 0;
	undecidable = p->path_undecidable;
	if (!mark_open(&s->search, q->inode, p->path_start))
		m.fault = 1;
	for (u32 k = 0; k < PV_MARKS_OF_FILE && !m.fault; k++) {
		row = mark_next(&m, &s->search);
		if (!row)
			break;
		if (row & PV_MORE)
			row = choose(&s->context, row, generation);
		if (row == PV_STALE)
			return PV_STALE;
		mark_take(s, q, row, number, undecidable);
	}
	if (m.fault)
		mark_take(s, q, PV_UNKNOWN, number, undecidable);
	return 0;
}

/*
 * The word of the subject's i-th profile on the question, into s->answer. 0, PV_STALE, or
 * PV_WALK_DUE: a path that was not walked matters to this profile. A function of its own for the
 * verifier.
 */
__weak int profile_answer(struct pv_scratch *s, const struct pv_question *q, u32 i, u32 generation)
{
	u32 number, undecidable;
	struct pv_profile *p;
	struct pv_matcher m;
	int row;

	if (!s || !q || !matcher_open(&m))
		return 0;
	if (m.head->generation != generation)
		return PV_STALE;
	p = subject_profile(&m, &s->subject, i, &number);
	if (!p)
		return 0;
	undecidable = q->kind == PV_KIND_PATH ? p->path_undecidable : p->net_undecidable;
	row = name_row(s, &m, q, p, generation);
	if (row == PV_STALE)
		return PV_STALE;
	if (row == PV_NEEDS_WALK)
		return PV_WALK_DUE;
	if (row < 0)
		answer_take(&s->answer, undecidable, number, q->want & 0xff);
	else
		answer_row(&s->answer, &m, q, row, number, undecidable);
	return 0;
}

static __always_inline void answer_open(struct pv_scratch *s, const struct pv_question *q)
{
	s->answer.cell = s->answer.profile = 0;
	s->answer.access = q->want & 0xff;
}

/* All of the subject's profiles. The first result that is not 0, or 0. */
static __always_inline int subject_answer(struct pv_scratch *s, struct pv_matcher *m,
					  const struct pv_question *q, u32 generation)
{
	bool marks = m->head->marks.n_blocks && q->kind == PV_KIND_PATH && q->inode;
	int r = 0;

	answer_open(s, q);
#pragma unroll
	for (u32 i = 0; i < 1 + PV_HELD_MAX; i++) {
		if (i >= s->subject.n || r)
			continue;
		r = profile_answer(s, q, i, generation);
		if (!r && marks)
			r = mark_answer(s, q, i, generation);
	}
	return r;
}

/* Is it clear that a path must be walked, before any profile is asked? */
static __always_inline bool walk_matters(const struct pv_scratch *s, struct pv_matcher *m,
					 const struct pv_question *q)
{
	struct pv_profile *p;
	u32 number;

	if (s->walked || q->kind != PV_KIND_PATH)
		return false;
	p = subject_profile(m, &s->subject, 0, &number);
	return p && !(p->path_start & PV_DECIDED);
}

/* A kernel-internal object that is not a regular file (a pipe by /proc/self/fd) has no rules. */
static __always_inline bool internal_exempt(const struct pv_question *q)
{
	u16 mode = 0;

	if (bpf_probe_read_kernel(&mode, 2, (void *)(q->inode + bpf_core_field_offset(struct inode, i_mode))))
		return false;
	return (mode & 0170000) != 0100000;
}

/* Nobody can say who governs: a cgroup whose path cannot be read, and nothing held. */
static __always_inline bool subject_lost(const struct pv_subject *subject, int governed)
{
	return governed == PV_UNKNOWN && subject->n == 1 && !subject->profile[0];
}

static __always_inline u32 bare_column(const struct pv_question *q)
{
	return q->column == PV_ACC_AGENT ? PV_ACC_AGENT : PV_COL_UNDECIDABLE;
}

/*
 * A profile's cell for a question without a work space, 0: no profile. It denies where another image than
 * that of the label was published meanwhile. A function of its own, as below.
 */
__weak u32 bare_cell(const struct pv_question *q, u32 number, u32 generation)
{
	struct pv_profile *p;
	struct pv_matcher m;

	if (!number)
		return 0;
	if (!q || !matcher_open(&m) || m.head->generation != generation)
		return PV_DENY;
	if (number >= m.head->n_profiles || number >= PV_PROFILES_MAX)
		return 0;
	p = &m.head->profiles[number];
	if (q->kind == PV_KIND_TABLE)
		return p->system_row ? matcher_cell(&m, p->system_row, bare_column(q), 0) : 0;
	return q->kind == PV_KIND_PATH ? p->path_undecidable : p->net_undecidable;
}

/*
 * No work space: nothing can be named and nothing reported. The governed get what their profiles
 * say of the undecidable; who is governed is known from a label that is up to date, or not at all. 0 or
 * -EACCES. A function of its own for the verifier.
 */
__weak int decide_bare(const struct pv_question *q)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pv_label *l = bpf_task_storage_get(&labels, task, 0, 0);
	struct pv_state *st = state_get();
	struct pv_matcher m;
	u32 cell, heaviest, generation;

	if (!q || !matcher_open(&m))
		return 0;
	generation = m.head->generation;
	if (!l || !st || !label_fresh(l, task, generation, st->thread_moves)) {
		decision_unsent(q);
		return -EACCES;
	}
	heaviest = bare_cell(q, l->profile, generation);
#pragma unroll
	for (u32 i = 0; i < PV_HELD_MAX; i++) {
		cell = bare_cell(q, l->held[i], generation);
		if (cell_weight(cell) > cell_weight(heaviest))
			heaviest = cell;
	}
	if (cell_weight(heaviest))
		decision_unsent(q);
	return PV_CELL_VERDICT(heaviest) == PV_DENY ? -EACCES : 0;
}

/*
 * The walk ended in a mount that is in no namespace: by a mount that shows the same object in the task's, if
 * there is one. A container runtime executes itself so.
 */
static __always_inline u32 walk_detached(struct pv_scratch *s)
{
	s->mounts.object = s->object;
	s->mounts.skip = 0;
	mounts_find(s);
	if (!s->mounts.found)
		return PV_WALK_DETACHED;
	s->mnt = s->mounts.found;
	return walk(s);
}

/* Walk for the question's object, and ask again. 0, PV_STALE, or PV_EXEMPT. */
#define PV_EXEMPT 1
static __always_inline int decide_by_walk(struct pv_scratch *s, struct pv_matcher *m,
					  const struct pv_question *q, u32 generation)
{
	u32 end;

	s->object = q->dentry;
	s->mnt = q->mnt;
	end = walk(s);
	if (end == PV_WALK_DETACHED)
		end = walk_detached(s);
	/* who binds a socket names it, and most services see it from another mount namespace */
	if (end == PV_WALK_FOREIGN && q->kind == PV_KIND_UNIX && (q->want & 0xff) != PV_ACC_BIND)
		end = PV_WALK_OK;
	if ((end == PV_WALK_LAYER && q->layer) || (end == PV_WALK_INTERNAL && internal_exempt(q)))
		return PV_EXEMPT;
	if (s->answer.walk == PV_WALK_OK)
		s->answer.walk = end;
	s->walked = 1;
	return subject_answer(s, m, q, generation);
}

#define PV_WOULD 1
#define PV_PLAIN 2 /* permitted, nothing was said, and by what changes only with the circumstances */
#define PV_SAID	 4 /* permitted, and that was said */

/*
 * The abstract name of a unix socket, the q->name_length bytes at q->dentry with the NUL before it,
 * into the names. Returns the length.
 */
static __always_inline u32 abstract_read(struct pv_scratch *s, const struct pv_question *q)
{
	u32 length = q->name_length;

	if (length > PV_ABSTRACT_MAX)
		length = PV_ABSTRACT_MAX;
	barrier_var(length);
	if (bpf_probe_read_kernel(s->names, length & 127, (void *)q->dentry))
		return 0;
	return length;
}

/* Report and give the verdict. */
static __always_inline int conclude(struct pv_scratch *s, const struct pv_question *q, u32 generation)
{
	u32 cell = s->answer.cell;

	if ((q->quiet & PV_WOULD && PV_CELL_VERDICT(cell) != PV_DENY) || (q->quiet && !PV_CELL_VERDICT(cell)))
		return 0;
	if (cell_weight(cell) && !q->silent && !q->tentative)
		report(s, q, generation);
	if (PV_CELL_VERDICT(cell) == PV_DENY) {
		if (cell & PV_CELL_KILL && !q->tentative)
			bpf_send_signal(SIGKILL);
		return -EACCES;
	}
	if (cell)
		return PV_CELL_VERDICT(cell) ? PV_WOULD : PV_SAID;
	return s->context.owner_asked || s->answer.walk != PV_WALK_OK ? 0 : PV_PLAIN;
}

#define PV_GO_ON 1

/*
 * Who decides, into s->subject, and what is known of that into s->answer.walk. PV_GO_ON, or the decision:
 * 0, -EACCES or PV_STALE.
 */
static __always_inline int decide_subject(struct pv_scratch *s, const struct pv_question *q, u32 generation)
{
	int governed = subject_open(s, generation);

	if (q->starts && governed != PV_STALE && governed != PV_UNKNOWN) {
		s->object = q->kind == PV_KIND_PATH ? q->dentry : 0;
		s->mnt = q->kind == PV_KIND_PATH ? q->mnt : 0;
		governed = subject_start(s, governed, generation);
	}
	if (governed == PV_STALE)
		return PV_STALE;
	if (governed == SUBJECT_UNGOVERNED) {
		bpf_task_storage_delete(&scratch, bpf_get_current_task_btf());
		return 0;
	}
	if (subject_lost(&s->subject, governed)) {
		decision_unsent(q);
		return -EACCES;
	}
	s->answer.walk = s->subject.overfull ? PV_WALK_OVERFULL
			 : governed == PV_UNKNOWN
				 ? (s->subject.exe == PV_EXE_UNKNOWN ? PV_WALK_EXE : PV_WALK_CGROUP)
				 : q->walk;
	return PV_GO_ON;
}

/*
 * The question out of the stack into the work space. Verifiers from 7.1 on follow a pointer to a stack into
 * whatever is called with it, once for every call.
 */
static __always_inline const struct pv_question *question_keep(struct pv_scratch *s,
							       const struct pv_question *q)
{
	s->question = *q;
	return &s->question;
}

/*
 * Decide with the image at hand: 0, PV_WOULD where a would-deny was found, PV_SAID, PV_PLAIN, -EACCES, or
 * PV_STALE. A function of its own for the verifier.
 */
__weak int decide_once(const struct pv_question *q)
{
	struct pv_scratch *s;
	struct pv_matcher m;
	u32 generation;
	int r;

	if (!q || !matcher_open(&m))
		return 0;
	s = scratch_get(bpf_get_current_task_btf());
	if (!s)
		return decide_bare(q);
	q = question_keep(s, q);
	generation = m.head->generation;
	r = decide_subject(s, q, generation);
	if (r != PV_GO_ON)
		return r;
	s->walked = !has_path(q) || s->answer.walk != PV_WALK_OK;
	s->context.exe = s->subject.exe;
	s->context.inode = q->inode;
	s->context.owner_asked = 0;
	s->names_len = q->kind == PV_KIND_ABSTRACT ? abstract_read(s, q) : 0;
	r = walk_matters(s, &m, q) ? PV_WALK_DUE : subject_answer(s, &m, q, generation);
	if (has_path(q) && (r == PV_WALK_DUE || (!r && s->answer.cell))) {
		/* a path matters, or is to be named in the record */
		r = decide_by_walk(s, &m, q, generation);
		if (r == PV_EXEMPT)
			return 0;
	}
	if (r)
		return PV_STALE;
	return conclude(s, q, generation);
}

/*
 * As decide_once(), of what the profiles' tables answer: nothing is named, and hooks that ask only such
 * questions are spared the verification of what reads names.
 */
__weak int decide_table_once(const struct pv_question *q)
{
	struct pv_scratch *s;
	struct pv_matcher m;
	u32 generation;
	int r;

	if (!q || !matcher_open(&m))
		return 0;
	s = scratch_get(bpf_get_current_task_btf());
	if (!s)
		return decide_bare(q);
	q = question_keep(s, q);
	generation = m.head->generation;
	r = decide_subject(s, q, generation);
	if (r != PV_GO_ON)
		return r;
	s->names_len = 0;
	answer_open(s, q);
	r = 0;
#pragma unroll
	for (u32 i = 0; i < 1 + PV_HELD_MAX; i++) {
		if (i < s->subject.n && !r)
			r = table_answer(s, q, i, generation);
	}
	return r ? PV_STALE : conclude(s, q, generation);
}

/*
 * Decide for the current task, which label_governed() found to be possibly governed. Negative is a
 * denial; hooks return verdict() of it, so that the verifier sees the values.
 *
 * Twice is enough: the publisher waits for a grace period after each swap, and a program is a
 * reader, so that it can meet one swap and no second.
 */
static __always_inline int decide_or_plain(const struct pv_question *q)
{
	int r = decide_once(q);

	return r == PV_STALE ? decide_once(q) : r;
}

static __always_inline int plain_is_permitted(int decision)
{
	return decision == PV_PLAIN ? 0 : decision;
}

static __always_inline int decide(const struct pv_question *q)
{
	return plain_is_permitted(decide_or_plain(q));
}

static __always_inline int decide_table(const struct pv_question *q)
{
	int r = decide_table_once(q);

	if (r == PV_STALE)
		r = decide_table_once(q);
	return plain_is_permitted(r);
}

/*
 * The generation of the image at hand, 0 without one. An operation that takes several decisions is
 * decided anew where it changed meanwhile: by parts of two sets it could pass that each of them denies.
 * Once is enough, see above.
 */
static __always_inline u32 image_generation(void)
{
	struct pv_matcher m;

	return matcher_open(&m) ? m.head->generation : 0;
}

#endif
