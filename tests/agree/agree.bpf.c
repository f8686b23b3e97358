// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The programs' own reading of an image, for tests/agree/agree.c: name, choices and cells by the very
 * functions that the hooks use. Run by BPF_PROG_TEST_RUN; attached to nothing.
 */
#include "decide.bpf.h"
#include "agree.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct agree_case);
} cases SEC(".maps");

static __always_inline void set_scene(struct pv_scratch *s, const struct agree_case *c)
{
	u32 length = c->names_len;

	if (length > AGREE_NAMES)
		length = 0;
	barrier_var(length);
	bpf_probe_read_kernel(s->names, length, c->names);
	s->names_len = length;
	s->end = PV_WALK_OK;
	s->walked = 1;
	__builtin_memset(&s->subject, 0, sizeof(s->subject));
	s->subject.n = 1;
	s->subject.profile[0] = c->profile;
	s->context.exe = c->exe;
	s->context.uid = c->uid;
	s->context.executed = c->executed;
	/* an object that is not there yet is the acting user's; what is at `level` is nobody's */
	s->context.inode = c->owner ? 0 : (u64)s->level;
	for (u32 i = 0; i < 32; i++)
		s->level[i] = ~0ull;
	__builtin_memset(&s->answer, 0, sizeof(s->answer));
}

static __noinline int ask(struct pv_scratch *s, const struct agree_case *c, u32 generation)
{
	struct pv_question q = {.want = PV_WANT1(c->access), .seen = PV_NO_ACCESS};

	switch (c->what) {
	case AGREE_PATH:
		q.kind = PV_KIND_PATH;
		break;
	case AGREE_SOCKET:
		q.kind = PV_KIND_SOCKET;
		__builtin_memcpy(q.name, c->names, PV_SOCKET_NAME);
		q.name_length = c->names_len;
		break;
	case AGREE_UNIX:
		q.kind = PV_KIND_UNIX;
		break;
	case AGREE_ABSTRACT:
		q.kind = PV_KIND_ABSTRACT;
		break;
	default:
		q.kind = PV_KIND_TABLE;
		q.row = c->row;
		q.column = c->column;
		return table_answer(s, &q, 0, generation) ? -100 : (int)s->answer.cell;
	}
	if (profile_answer(s, &q, 0, generation))
		return -100;
	return s->answer.cell;
}

SEC("raw_tp")
int agree(void *ctx)
{
	u32 zero = 0, fault = 0, generation;
	struct agree_case *c = bpf_map_lookup_elem(&cases, &zero);
	struct pv_scratch *s = scratch_get(bpf_get_current_task_btf());
	struct pv_matcher m;
	int answer;

	if (!c || !s || !matcher_open(&m))
		return 1;
	generation = m.head->generation;
	set_scene(s, c);
	/* as of what sets up where the host's names hold */
	s->context.started = c->executed && (m.head->setup_set == PV_NO_SET ||
					     !set_has(&m, m.head->setup_set, c->exe, &fault));
	if (c->what == AGREE_CGROUP || c->what == AGREE_EXE) {
		answer = path_answer(s, c->what == AGREE_EXE ? m.head->exe_start : m.head->cgroup_start,
				     generation);
		if (answer > 0 && answer & PV_MORE)
			answer = choose(&s->context, answer, generation);
		c->result = answer;
	} else {
		c->result = ask(s, c, generation);
	}
	return 0;
}
