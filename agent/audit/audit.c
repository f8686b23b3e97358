/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: every record that is to be logged becomes one line or one count in a later loss record;
 * lines are numbered without a hole except where a loss record says how many are missing.
 *
 * How: a line gets its number before it is made, and whatever then goes wrong (memory, size, disk)
 * passes sink_lose(). Before the next line is numbered, what was lost is told, as soon as the sink
 * takes lines again. Kernel losses are told from the counters, not from gaps: the counters are bumped
 * by the very code that gives up a record, and are exact also where the last records were lost.
 */
#include "audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "names.h"
#include "replay.h"
#include "sink.h"

/*
 * Also the longest line. The longest possible event, in which every byte of ten executable paths, the
 * object's path, the cgroup and all arguments takes six, is about a third of it.
 */
#define AUDIT_BUFFER_SIZE (1u << 20)

static const char *const lane_names[PV_LANES] = {
	[PV_LANE_DECISION] = "decision",
	[PV_LANE_LINEAGE] = "lineage",
};

struct audit {
	struct audit_options options;
	struct event_source source;
	struct table *table;
	struct sink *sink;
	struct json_buffer line;
	uint64_t seq, attempted;
	struct replay *replay; /* lines whose records may still come; NULL: none */
	size_t replay_left;    /* records to compare with them */
	bool repeated;	       /* the record at hand has its line already */
	uint64_t malformed;
	__u64 malformed_told;
	struct record record;
};

static void audit_free(struct audit *a)
{
	table_free(a->table);
	pieces_free(a->source.pieces);
	replay_free(a->replay);
	json_buffer_free(&a->line);
	free(a);
}

int audit_open(const struct audit_options *options, struct audit **out)
{
	struct audit *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	a->options = *options;
	json_buffer_init(&a->line, AUDIT_BUFFER_SIZE);
	r = table_new(options->table_capacity ? options->table_capacity : TABLE_CAPACITY, &a->table);
	if (!r)
		r = event_source_init(&a->source);
	a->source.pieces = pieces_new();
	if (!r && !a->source.pieces)
		r = -ENOMEM;
	if (!r)
		r = sink_open(options->path, AUDIT_BUFFER_SIZE, &a->sink);
	if (r) {
		audit_free(a);
		return r;
	}
	a->source.table = a->table;
	a->source.lookup = options->lookup;
	a->source.cgroup_path = options->cgroup_path;
	a->source.ctx = options->ctx;
	a->seq = sink_last_seq(a->sink);
	a->replay_left = PV_LANES * AUDIT_TURN_RECORDS;
	a->replay = replay_open(options->path, a->source.boot_id, a->replay_left);
	a->options.path = NULL; /* the caller's; the sink has its own */
	*out = a;
	return 0;
}

/* Number a line, and let it be written where it is to go. */
static uint64_t line_begin(struct audit *a)
{
	size_t room;
	char *at = sink_room(a->sink, &room);

	json_buffer_lend(&a->line, at, room);
	a->attempted++;
	return ++a->seq;
}

/* Hand over the line that was made with `error`. */
static int line_end(struct audit *a, int error)
{
	if (error) {
		sink_lose(a->sink, -error);
		return error;
	}
	return sink_append(a->sink, a->line.data, a->line.length);
}

/* Tell the lines that the log itself lost. */
static __attribute__((noinline)) void tell_lost_lines(struct audit *a)
{
	uint64_t count = sink_loss(a->sink), seq;
	struct sink_stats stats;
	int r;

	sink_stats(a->sink, &stats);
	seq = line_begin(a);
	r = event_loss(&a->source, seq, "log", name_errno(sink_loss_cause(a->sink)), count, stats.lost,
		       &a->line);
	if (!line_end(a, r))
		sink_loss_told(a->sink, count);
}

/* Before anything else, once the log takes lines again. */
static void tell_first(struct audit *a)
{
	if (sink_loss(a->sink) && sink_works(a->sink))
		tell_lost_lines(a);
}

static uint64_t next_line(struct audit *a)
{
	tell_first(a);
	return line_begin(a);
}

static bool lineage_is_logged(const struct audit *a, const struct pv_process *process)
{
	if (a->repeated)
		return false;
	return a->options.lineage == LINEAGE_ALL ||
	       (a->options.lineage == LINEAGE_GOVERNED && process->profile);
}

/* Has it come to be governed? `p` is its entry. */
static void note_governed(struct audit *a, const struct process *p, const struct pv_process *process,
			  bool born)
{
	if (table_governed(a->table, p, process->profile) && a->options.governed)
		a->options.governed(a->options.ctx, process, born);
}

static int on_decision(struct audit *a, const struct record *r)
{
	bool denied = PV_CELL_VERDICT(r->u.decision.cell) == PV_DENY;
	const struct process *p = table_see(a->table, &r->u.any.process, denied);
	uint64_t seq;

	note_governed(a, p, &r->u.any.process, false);
	if (a->repeated)
		return 0;
	seq = next_line(a);
	return line_end(a, event_decision(&a->source, seq, r, p, &a->line));
}

static int on_fork(struct audit *a, const struct record *r)
{
	note_governed(a, table_fork(a->table, &r->u.any.process), &r->u.any.process, true);
	return 0;
}

static int on_exec(struct audit *a, const struct record *r)
{
	const struct pv_exec_record *x = &r->u.exec;
	bool root = !r->names_length && x->walk == PV_WALK_OK;
	char path[PV_NAMES_MAX];
	const struct process *p;
	uint64_t seq;

	record_path(r, path);
	p = table_exec(a->table, &x->process,
		       process_text_new(root ? "/" : path, root ? 1 : r->names_length, r->argv,
					r->argv_length, x->argc, x->argv_size > x->argv_len));
	note_governed(a, p, &x->process, false);
	if (!lineage_is_logged(a, &x->process))
		return 0;
	seq = next_line(a);
	return line_end(a, event_exec(&a->source, seq, r, p, &a->line));
}

static int on_exit_record(struct audit *a, const struct record *r)
{
	const struct process *p = table_exit(a->table, &r->u.any.process);
	uint64_t seq;

	if (!p || !lineage_is_logged(a, &r->u.any.process))
		return 0;
	seq = next_line(a);
	return line_end(a, event_exit(&a->source, seq, r, p, &a->line));
}

static int on_task(struct audit *a, const struct record *r)
{
	const struct pv_process *process = &r->u.any.process;
	struct process_text *text = NULL;

	if (a->options.read_process)
		text = a->options.read_process(a->options.ctx, process->pid, process->start_ns);
	note_governed(a, table_task(a->table, process, text), process, false);
	return 0;
}

/* Is the record one whose line is there? Asked of the first ones only. */
static bool is_repeated(struct audit *a, const struct record *r)
{
	bool seen;

	if (!a->replay || r->u.any.head.type == PV_REC_TASK)
		return false;
	seen = replay_seen(a->replay, r->u.any.head.time_ns, r->u.any.process.tid);
	if (!--a->replay_left) {
		replay_free(a->replay);
		a->replay = NULL;
	}
	return seen;
}

int audit_record(struct audit *a, const void *data, size_t size)
{
	static int (*const handlers[])(struct audit *, const struct record *) = {
		[PV_REC_DECISION] = on_decision, [PV_REC_FORK] = on_fork, [PV_REC_EXEC] = on_exec,
		[PV_REC_EXIT] = on_exit_record,	 [PV_REC_TASK] = on_task,
	};
	const struct pv_record *head = &a->record.u.any.head;
	int r = record_decode(data, size, &a->record);

	if (r) {
		a->malformed++;
		return r;
	}
	if (head->time_ns > a->source.clock_measured_ns + EVENT_CLOCK_PERIOD_NS)
		event_clock_measure(&a->source);
	a->repeated = is_repeated(a, &a->record);
	return handlers[head->type](a, &a->record);
}

/* Log `now - *told` as lost; *told follows when that worked. */
static int tell_loss(struct audit *a, const char *lane, const char *cause, uint64_t now, __u64 *told)
{
	uint64_t count, seq;
	int r;

	if (now < *told)
		*told = 0;
	count = now - *told;
	if (!count)
		return 0;
	tell_first(a);
	if (!sink_works(a->sink))
		return -EAGAIN;
	seq = line_begin(a);
	r = line_end(a, event_loss(&a->source, seq, lane, cause, count, now, &a->line));
	if (!r)
		*told = now;
	return r;
}

int audit_losses(struct audit *a, struct pv_state *state)
{
	int result = 0;
	int r;

	event_clock_measure(&a->source);
	for (int i = 0; i < PV_LANES; i++) {
		uint64_t lost = __atomic_load_n(&state->lanes[i].lost, __ATOMIC_RELAXED);

		r = tell_loss(a, lane_names[i], "ring_full", lost, &state->told[i]);
		if (r)
			result = r;
	}
	r = tell_loss(a, "agent", "malformed", a->malformed, &a->malformed_told);
	return r ? r : result;
}

int audit_held(struct audit *a, const struct event_held *held)
{
	const struct pv_process *process = &held->decision.process;
	const struct process *p = table_find(a->table, process->pid, process->start_ns);
	uint64_t seq;

	if (!p)
		p = table_see(a->table, process, 0);
	seq = next_line(a);
	return line_end(a, event_held(&a->source, seq, held, p, &a->line));
}

static int notice(struct audit *a, enum event_group group, const char *op, const struct event_field *fields,
		  size_t n)
{
	uint64_t seq = next_line(a);

	return line_end(a, event_notice(&a->source, seq, group, op, fields, n, &a->line));
}

int audit_agent_event(struct audit *a, const char *op, const struct event_field *fields, size_t n)
{
	return notice(a, EVENT_AGENT, op, fields, n);
}

int audit_policy_event(struct audit *a, const char *op, const struct event_field *fields, size_t n)
{
	return notice(a, EVENT_POLICY, op, fields, n);
}

int audit_flush(struct audit *a)
{
	int r = sink_flush(a->sink);

	if (r || !sink_loss(a->sink))
		return r;
	/* writing works again: tell what was lost now, another event may be long in coming */
	tell_lost_lines(a);
	return sink_flush(a->sink);
}

int audit_reopen(struct audit *a)
{
	return sink_reopen(a->sink);
}

int audit_descriptor(const struct audit *a)
{
	return sink_descriptor(a->sink);
}

void audit_stats(const struct audit *a, struct audit_stats *out)
{
	struct table_stats table;
	struct sink_stats sink;

	table_stats(a->table, &table);
	sink_stats(a->sink, &sink);
	*out = (struct audit_stats){
		.attempted = a->attempted,
		.written = sink.written,
		.lost = sink.lost,
		.pending = sink.pending,
		.seq = a->seq,
		.malformed = a->malformed,
		.evicted = table.evicted,
		.processes = table.processes,
	};
}

int audit_close(struct audit *a, uint64_t *left)
{
	int r;

	if (!a)
		return 0;
	audit_flush(a);
	r = sink_close(a->sink, left);
	audit_free(a);
	return r;
}
