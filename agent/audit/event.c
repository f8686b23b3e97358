/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: one line for one record, complete or an error; the same input gives the same line to
 * the byte (golden tests); every text of a subject goes through json_put_bytes() and nothing else.
 *
 * How: the line is written in one pass in the order that event.h documents, without a tree in
 * between; what an earlier line said in the same words is taken from there (piece.h). A walk up the table is
 * bounded by EVENT_ANCESTORS, so that even a forged ring of parents would end. Strings of the record that
 * have no terminator of their own are always written with their length.
 */
#include "event.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "names.h"
#include "policy/policy.h"
#include "util/util.h"

#define SECOND_NS	1000000000ull
#define CGROUP_PATH_MAX 4096
#define TIME_SECOND	20	    /* bytes of a time up to its second, the point included */
#define ENVELOPE_MAX	256	    /* bytes up to the boot, with a type of ours */
#define FIRST_PID_NS	4026531836u /* PROC_PID_INIT_INO: the pid namespace that the machine starts with */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SECOND_NS + ts.tv_nsec;
}

void event_clock_measure(struct event_source *s)
{
	uint64_t before = clock_ns(CLOCK_BOOTTIME);
	uint64_t real = clock_ns(CLOCK_REALTIME);
	uint64_t after = clock_ns(CLOCK_BOOTTIME);

	s->clock_offset_ns = real - (before + (after - before) / 2);
	s->clock_measured_ns = after;
}

int event_source_init(struct event_source *s)
{
	CLEANUP_FREE char *boot_id = NULL;
	struct utsname name;
	size_t length;
	int r = read_file("/proc/sys/kernel/random/boot_id", 64, &boot_id, &length);

	if (r)
		return r;
	if (length < sizeof(s->boot_id) - 1)
		return -EIO;
	if (uname(&name))
		return -errno;
	snprintf(s->boot_id, sizeof(s->boot_id), "%.36s", boot_id);
	snprintf(s->host, sizeof(s->host), "%.64s", name.nodename);
	event_clock_measure(s);
	return 0;
}

/* ---- pieces ---- */

/* What a line may be about, with its length, so that it is copied as a whole. */
struct word {
	char text[16];
	size_t length;
};

#define WORD(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static const struct word actions[] = {
	[PV_ALLOW] = WORD("allow"), [PV_DENY] = WORD("deny"), [PV_WOULD_DENY] = WORD("would_deny")};
static const struct word held_word = WORD("held"), exec_word = WORD("exec"), exit_word = WORD("exit"),
			 loss_word = WORD("loss"), agent_word = WORD("agent"), policy_word = WORD("policy");

/* 1970-01-01T00:00:00. */
static __attribute__((noinline)) void spell_second(uint64_t second, char text[TIME_SECOND + 1])
{
	time_t seconds = (time_t)second;
	struct tm tm;

	gmtime_r(&seconds, &tm); /* 2^64 ns end in 2554: four digits will do */
	strftime(text, TIME_SECOND + 1, "%Y-%m-%dT%H:%M:%S.", &tm);
}

/* Nine digits of nanoseconds, and before them a second that is spelled once for many lines. */
static char *append_time(const struct event_source *s, char *p, uint64_t real_ns)
{
	uint64_t second = real_ns / SECOND_NS;
	struct pieces *known = s->pieces;

	if (!known) {
		spell_second(second, p);
	} else {
		if (known->second != second)
			spell_second(second, known->time);
		known->second = second;
		memcpy(p, known->time, TIME_SECOND);
	}
	json_nine_digits(p + TIME_SECOND, (uint32_t)(real_ns - second * SECOND_NS));
	return p + TIME_SECOND + 9;
}

static char *append_mono(const struct event_source *s, char *p, uint64_t mono_ns)
{
	uint64_t second = mono_ns / SECOND_NS;
	struct pieces *known = s->pieces;

	if (!known || !second || mono_ns > JSON_NUMBER_MAX)
		return json_number(p, mono_ns);
	if (known->mono_second != second)
		known->mono_end = json_digits(known->mono, second);
	known->mono_second = second;
	memcpy(p, known->mono, sizeof(known->mono));
	p += known->mono_end - known->mono;
	json_nine_digits(p, (uint32_t)(mono_ns - second * SECOND_NS));
	return p + 9;
}

/* The number after the one before is that, but for its last digit, most of the time. */
static char *append_seq(const struct event_source *s, char *p, uint64_t seq)
{
	struct pieces *known = s->pieces;

	if (!known)
		return json_number(p, seq);
	if (seq == known->seq + 1 && seq <= JSON_NUMBER_MAX && known->seq_end[-1] < '9')
		known->seq_end[-1]++;
	else
		known->seq_end = json_number(known->seq_text, seq);
	known->seq = seq;
	memcpy(p, known->seq_text, sizeof(known->seq_text));
	return p + (known->seq_end - known->seq_text);
}

/* `text` is a literal. */
#define APPEND(p, text) ((char *)memcpy(p, text, sizeof(text) - 1) + sizeof(text) - 1)

/* Written without the encoder: every line begins with it, and nothing in it is a subject's. */
static void put_envelope(const struct event_source *s, const struct word *type, uint64_t seq,
			 uint64_t mono_ns, struct json_buffer *out)
{
	char *p;

	json_buffer_restart(out);
	if (!json_room(out, ENVELOPE_MAX))
		return;
	p = APPEND(out->data, "{\"v\":1,\"type\":\"");
	static_assert(EVENT_VERSION == 1, "the version in the line");
	memcpy(p, type->text, sizeof(type->text));
	p = APPEND(p + type->length, "\",\"seq\":");
	p = append_seq(s, p, seq);
	p = APPEND(p, ",\"time\":\"");
	p = append_time(s, p, mono_ns + s->clock_offset_ns);
	p = APPEND(p, "Z\",\"mono_ns\":");
	p = append_mono(s, p, mono_ns);
	out->length = p - out->data;
}

static void put_machine(const struct event_source *s, struct json_buffer *out)
{
	json_put_bytes(out, "boot", s->boot_id, EVENT_BOOT_DIGITS);
	json_put_string(out, "host", s->host);
}

static int end_event(struct json_buffer *out)
{
	json_close_object(out);
	return json_end_line(out);
}

static void put_device(uint32_t dev, struct json_buffer *out)
{
	char text[2 * JSON_DIGITS];
	char *p = json_digits(text, dev >> 20);

	*p++ = ':';
	p = json_digits(p, dev & 0xfffff);
	json_put_plain(out, "dev", text, p - text);
}

/* ---- processes ---- */

static void put_text(const struct process_text *text, struct json_buffer *out)
{
	const char *arg, *end;

	if (!text->argv_known)
		return;
	json_open_array(out, "argv");
	arg = text->data + text->exe_length;
	end = arg + text->argv_length;
	while (arg < end) {
		size_t n = strnlen(arg, end - arg);

		json_put_bytes(out, NULL, arg, n);
		arg += n + 1;
	}
	json_close_array(out);
	if (!text->argv_cut)
		return;
	if (text->argc)
		json_put_u64(out, "argc", text->argc);
	json_put_bool(out, "argv_cut", true);
}

static void put_exe(const struct process_text *text, struct json_buffer *out)
{
	if (text && text->exe_length)
		json_put_bytes(out, "exe", text->data, text->exe_length);
}

static void put_process_flags(uint32_t flags, struct json_buffer *out)
{
	if (!flags)
		return;
	json_open_array(out, "flags");
	if (flags & PROCESS_ITERATED)
		json_put_string(out, NULL, "iter");
	if (flags & PROCESS_THREAD_EXEC)
		json_put_string(out, NULL, "thread_exec");
	if (flags & PROCESS_UNKNOWN_PARENT)
		json_put_string(out, NULL, "unknown_parent");
	json_close_array(out);
}

/* What can change (credentials, namespaces, comm) from the record, the rest from the table. */
static void put_process(const struct pv_process *now, const struct process *p, struct json_buffer *out)
{
	json_open_object(out, "proc");
	json_put_u64(out, "pid", now->pid);
	if (now->tid != now->pid)
		json_put_u64(out, "tid", now->tid);
	json_put_u64(out, "start_ns", now->start_ns);
	json_put_u64(out, "exec_n", p->exec_n);
	json_put_bytes(out, "comm", now->comm, record_comm_length(now->comm));
	put_exe(p->text, out);
	if (p->text)
		put_text(p->text, out);
	json_put_u64(out, "uid", now->uid);
	json_put_u64(out, "gid", now->gid);
	json_put_u64(out, "mnt_ns", now->mnt_ns);
	if (now->pid_ns != FIRST_PID_NS)
		json_put_u64(out, "pid_ns", now->pid_ns);
	put_process_flags(p->flags, out);
	json_close_object(out);
}

/* The parent of `p` in short form; its entry when there is one. */
static const struct process *put_short(const struct event_source *s, const char *key, const struct process *p,
				       struct json_buffer *out)
{
	const struct process *parent = table_find(s->table, p->ppid, p->parent_start_ns);

	json_open_object(out, key);
	json_put_u64(out, "pid", p->ppid);
	if (p->parent_start_ns)
		json_put_u64(out, "start_ns", p->parent_start_ns);
	if (parent) {
		json_put_bytes(out, "comm", parent->comm, record_comm_length(parent->comm));
		put_exe(parent->text, out);
	}
	json_close_object(out);
	return parent;
}

/* The idle task (pid 0) is nobody's parent here. */
static bool has_parent(const struct process *p)
{
	return p && p->ppid;
}

static void note_entry(struct lineage *l, const struct event_source *s, const struct process *p)
{
	if (!p) {
		l->additions = table_additions(s->table); /* not 0: there is the process itself */
		return;
	}
	l->entries[l->n] = p;
	l->versions[l->n++] = p->version;
}

/* *l is what the text is made of. */
static void write_lineage(const struct event_source *s, const struct process *p, struct lineage *l,
			  struct json_buffer *out)
{
	p = put_short(s, "parent", p, out);
	note_entry(l, s, p);
	if (!has_parent(p))
		return;
	json_open_array(out, "ancestors");
	for (int i = 0; i < EVENT_ANCESTORS && has_parent(p); i++) {
		p = put_short(s, NULL, p, out);
		note_entry(l, s, p);
	}
	json_close_array(out);
}

static void put_lineage(const struct event_source *s, const struct process *p, struct lineage *l,
			struct json_buffer *out)
{
	struct lineage_piece *known = PIECE_SLOT(s->pieces, lineages, p->parent_start_ns);
	size_t from = out->length;

	l->n = 0;
	l->additions = 0;
	l->changes = table_changes(s->table);
	if (!has_parent(p))
		return;
	if (known && known->piece.length && known->pid == p->ppid && known->start_ns == p->parent_start_ns &&
	    lineage_is_current(&known->lineage, s->table)) {
		*l = known->lineage;
		piece_put(&known->piece, out);
		return;
	}
	write_lineage(s, p, l, out);
	if (!known)
		return;
	known->pid = p->ppid;
	known->start_ns = p->parent_start_ns;
	known->lineage = *l;
	piece_keep(&known->piece, out, from);
}

/* False where the path is not known. */
static bool put_cgroup(const struct event_source *s, uint64_t cgroup_id, struct json_buffer *out)
{
	struct cgroup_piece *known = PIECE_SLOT(s->pieces, cgroups, cgroup_id);
	char path[CGROUP_PATH_MAX];
	size_t from = out->length;
	bool named;

	if (!cgroup_id)
		return true;
	if (known && known->piece.length && known->id == cgroup_id) {
		piece_put(&known->piece, out);
		return true;
	}
	named = s->cgroup_path && s->cgroup_path(s->ctx, cgroup_id, path, sizeof(path));
	if (named)
		json_put_string(out, "cgroup", path);
	else
		json_put_u64(out, "cgroup_id", cgroup_id);
	if (named && known) {
		known->id = cgroup_id;
		piece_keep(&known->piece, out, from);
	}
	return named;
}

static __attribute__((noinline)) void write_subject(const struct event_source *s,
						    const struct pv_process *now, const struct process *p,
						    struct subject_piece *known, struct json_buffer *out)
{
	size_t from = out->length;
	struct lineage lineage;
	bool whole;

	put_machine(s, out);
	put_process(now, p, out);
	put_lineage(s, p, &lineage, out);
	whole = put_cgroup(s, now->cgroup_id, out);
	if (!known || !whole)
		return;
	known->process = *now;
	known->version = p->version;
	known->lineage = lineage;
	piece_keep(&known->piece, out, from);
}

/* Where it was, and who it is about: from the machine to the cgroup. */
static void put_subject(const struct event_source *s, const struct pv_process *now, const struct process *p,
			struct json_buffer *out)
{
	struct subject_piece *known = PIECE_SLOT(s->pieces, subjects, now->tid);

	if (known && known->piece.length && known->version == p->version &&
	    !memcmp(&known->process, now, sizeof(*now)) && lineage_is_current(&known->lineage, s->table))
		piece_put(&known->piece, out);
	else
		write_subject(s, now, p, known, out);
}

/* ---- decisions ---- */

static bool hook_has_flags(unsigned hook)
{
	return hook == PV_HOOK_FILE_OPEN || hook == PV_HOOK_FILE_RECEIVE || hook == PV_HOOK_MMAP_FILE ||
	       hook == PV_HOOK_FILE_MPROTECT || hook == PV_HOOK_SOCKET_SENDMSG;
}

static bool hook_is_local(unsigned hook)
{
	return hook == PV_HOOK_SOCKET_BIND || hook == PV_HOOK_SOCKET_LISTEN || hook == PV_HOOK_SOCKET_ACCEPT;
}

/* A file as far as it is known without a name. */
static void put_inode(const struct pv_decision_record *d, struct json_buffer *out)
{
	char mode[16];

	if (d->dev)
		put_device(d->dev, out);
	if (d->ino)
		json_put_u64(out, "ino", d->ino);
	if (d->mode) {
		int digits = d->mode >> 18 ? (34 - __builtin_clz(d->mode)) / 3 : 6;

		for (int i = 0; i < digits; i++)
			mode[i] = (char)('0' + (d->mode >> 3 * (digits - 1 - i) & 7));
		json_put_plain(out, "mode", mode, digits);
	}
	if (d->flags || hook_has_flags(d->hook))
		json_put_u64(out, "flags", d->flags);
}

static void put_file(const struct pv_decision_record *d, const char *path, size_t length,
		     struct json_buffer *out)
{

	if (length)
		json_put_bytes(out, "path", path, length);
	else if (d->walk == PV_WALK_OK)
		json_put_string(out, "path", "/");
	if (d->walk == PV_WALK_DEEP)
		json_put_bool(out, "path_cut", true);
	put_inode(d, out);
}

static void put_socket(const struct pv_decision_record *d, struct json_buffer *out)
{
	char buf[INET6_ADDRSTRLEN];

	json_put_string(out, "family", name_family(d->family, buf, sizeof(buf)));
	json_put_string(out, "type", name_sock_type(d->sock_type, buf, sizeof(buf)));
	json_put_string(out, "protocol", name_protocol(d->protocol, buf, sizeof(buf)));
	if (d->hook != PV_HOOK_SOCKET_CREATE && d->walk != PV_WALK_ADDRESS &&
	    (d->family == AF_INET || d->family == AF_INET6)) {
		if (inet_ntop(d->family, d->addr, buf, sizeof(buf)))
			json_put_string(out, hook_is_local(d->hook) ? "local" : "remote", buf);
		json_put_u64(out, "port", d->port);
	}
	if (d->flags || hook_has_flags(d->hook))
		json_put_u64(out, "flags", d->flags);
}

/* A unix socket: what it is bound to. */
static void put_unix(const struct pv_decision_record *d, const char *path, size_t length,
		     struct json_buffer *out)
{
	char buf[16];

	json_put_string(out, "family", "unix");
	if (d->sock_type)
		json_put_string(out, "type", name_sock_type(d->sock_type, buf, sizeof(buf)));
	if (d->walk == PV_WALK_ABSTRACT)
		json_put_bytes(out, "abstract", path, length);
	else
		put_file(d, path, length, out);
}

/* What is not known by a name. */
static void put_system(const struct pv_decision_record *d, const char *path, size_t length,
		       struct json_buffer *out)
{
	const char *capability = policy_capability_name(d->detail);

	if (d->access == PV_ACC_CAPABILITY && capability)
		json_put_string(out, "capability", capability);
	else if (d->access == PV_ACC_CAPABILITY)
		json_put_u64(out, "capability", d->detail);
	else if (d->access == PV_ACC_PTRACE || d->access == PV_ACC_SIGNAL ||
		 (d->access == PV_ACC_AGENT && d->detail))
		json_put_u64(out, "pid", d->detail);
	else if (d->ino && length)
		put_file(d, path, length, out);
	else if (d->ino)
		put_inode(d, out);
}

static void put_object(const struct record *r, struct json_buffer *out)
{
	const struct pv_decision_record *d = &r->u.decision;
	size_t length = r->names_length;
	char path[PV_NAMES_MAX];

	record_path(r, path);
	json_open_object(out, "object");
	if (d->access >= PV_ACC_CAPABILITY)
		put_system(d, path, length, out);
	else if (d->family == AF_UNIX)
		put_unix(d, path, length, out);
	else if (d->family)
		put_socket(d, out);
	else
		put_file(d, path, length, out);
	json_close_object(out);
}

/* False where the decision is not known. */
static bool put_policy(const struct event_source *s, const struct pv_decision_record *d,
		       struct json_buffer *out)
{
	const struct decision *by = s->lookup ? s->lookup(s->ctx, d->generation, d->cell) : NULL;

	if (by && !by->policy)
		by = NULL;
	json_open_object(out, "policy");
	if (by)
		json_put_string(out, "name", by->policy);
	json_put_u64(out, "generation", d->generation);
	if (by)
		json_put_string(out, "mode", by->mode == MODE_ENFORCE ? "enforce" : "monitor");
	json_close_object(out);
	if (!by)
		return false;
	if (by->rule || by->line) {
		json_open_object(out, "rule");
		if (by->rule)
			json_put_string(out, "id", by->rule);
		if (by->line)
			json_put_u64(out, "line", by->line);
		json_close_object(out);
	}
	json_put_string(out, "reason", decision_reason_name(by->reason));
	if (by->match)
		json_put_string(out, "match", by->match);
	if (d->cell & PV_CELL_MARK)
		json_put_bool(out, "marked", true);
	return true;
}

/* All of a decision but its object. */
static bool write_verdict(const struct event_source *s, const struct pv_decision_record *d,
			  struct json_buffer *out)
{
	const char *op = policy_access_name(d->access);
	bool known;

	json_open_object(out, "decision");
	json_put_string(out, "hook", name_hook(d->hook));
	if (op)
		json_put_string(out, "op", op);
	if (d->cell & PV_CELL_KILL)
		json_put_bool(out, "kill", true);
	known = put_policy(s, d, out);
	if (d->walk != PV_WALK_OK)
		json_put_string(out, "walk", name_walk(d->walk));
	return known;
}

/* False where the decision is not known. */
static bool put_verdict(const struct event_source *s, const struct pv_decision_record *d,
			struct json_buffer *out)
{
	const struct verdict_key key = {.cell = d->cell,
					.generation = d->generation,
					.hook = d->hook,
					.access = d->access,
					.walk = d->walk};
	struct verdict_piece *known =
		PIECE_SLOT(s->pieces, verdicts, (uint64_t)d->cell << 32 | d->hook << 8 | d->access);
	size_t from = out->length;

	if (known && known->piece.length && !memcmp(&known->key, &key, sizeof(key))) {
		piece_put(&known->piece, out);
		return true;
	}
	if (!write_verdict(s, d, out))
		return false;
	if (known) {
		known->key = key;
		piece_keep(&known->piece, out, from);
	}
	return true;
}

static __attribute__((noinline)) int write_action(const struct event_source *s, const struct record *r,
						  struct action_piece *known, struct json_buffer *out)
{
	size_t from = out->length;
	bool whole = put_verdict(s, &r->u.decision, out);
	int error;

	put_object(r, out);
	json_close_object(out);
	error = end_event(out);
	if (!known || !whole)
		return error;
	known->piece.length = 0;
	if (piece_set(&known->key, r->action, r->action_length))
		piece_keep(&known->piece, out, from);
	return error;
}

/* The decision with its object, and the end of the line. */
static int put_action(const struct event_source *s, const struct record *r, struct json_buffer *out)
{
	const struct pv_decision_record *d = &r->u.decision;
	struct action_piece *known =
		PIECE_SLOT(s->pieces, actions, d->ino ^ (uint64_t)d->cell << 32 ^ d->port ^ d->hook << 16);

	if (!known || !known->piece.length || known->key.length != r->action_length ||
	    memcmp(known->key.text, r->action, r->action_length) != 0)
		return write_action(s, r, known, out);
	piece_put(&known->piece, out);
	return out->error;
}

int event_decision(const struct event_source *s, uint64_t seq, const struct record *r,
		   const struct process *p, struct json_buffer *out)
{
	const struct pv_decision_record *d = &r->u.decision;

	put_envelope(s, &actions[PV_CELL_VERDICT(d->cell)], seq, d->head.time_ns, out);
	put_subject(s, &d->process, p, out);
	return put_action(s, r, out);
}

int event_held(const struct event_source *s, uint64_t seq, const struct event_held *held,
	       const struct process *p, struct json_buffer *out)
{
	const struct pv_decision_record *d = &held->decision;
	const char *op = policy_access_name(d->access);

	put_envelope(s, &held_word, seq, d->head.time_ns, out);
	put_subject(s, &d->process, p, out);
	json_open_object(out, "held");
	json_put_string(out, "verdict", actions[PV_CELL_VERDICT(d->cell)].text);
	json_put_u64(out, "fd", (uint64_t)held->fd);
	if (op)
		json_put_string(out, "op", op);
	put_policy(s, d, out);
	if (d->walk != PV_WALK_OK)
		json_put_string(out, "walk", name_walk(d->walk));
	json_open_object(out, "object");
	put_file(d, held->path, held->path_length, out);
	if (held->deleted)
		json_put_bool(out, "deleted", true);
	json_close_object(out);
	json_close_object(out);
	return end_event(out);
}

/* ---- lineage ---- */

/* The file that was executed. */
static void put_executed(const struct pv_exec_record *x, const struct process *p, struct json_buffer *out)
{
	static const char memory[] = "/memfd:";
	bool memfd = x->walk == PV_WALK_INTERNAL && p->text && p->text->exe_length >= strlen(memory) &&
		     !memcmp(p->text->data, memory, strlen(memory));

	put_device(x->dev, out);
	json_put_u64(out, "ino", x->ino);
	json_put_u64(out, "nlink", x->nlink);
	if (!memfd && x->nlink && !(x->mode & (S_ISUID | S_ISGID)))
		return;
	json_open_array(out, "flags");
	if (memfd)
		json_put_string(out, NULL, "memfd");
	if (!memfd && !x->nlink)
		json_put_string(out, NULL, "deleted");
	if (x->mode & S_ISUID)
		json_put_string(out, NULL, "setuid");
	if (x->mode & S_ISGID)
		json_put_string(out, NULL, "setgid");
	json_close_array(out);
}

int event_exec(const struct event_source *s, uint64_t seq, const struct record *r, const struct process *p,
	       struct json_buffer *out)
{
	put_envelope(s, &exec_word, seq, r->u.any.head.time_ns, out);
	put_subject(s, &r->u.any.process, p, out);
	json_open_object(out, "exec");
	put_executed(&r->u.exec, p, out);
	json_close_object(out);
	return end_event(out);
}

int event_exit(const struct event_source *s, uint64_t seq, const struct record *r, const struct process *p,
	       struct json_buffer *out)
{
	const struct pv_exit_record *x = &r->u.exit;

	put_envelope(s, &exit_word, seq, x->head.time_ns, out);
	put_subject(s, &x->process, p, out);
	json_open_object(out, "exit");
	if (WIFSIGNALED(x->status)) {
		json_put_u64(out, "signal", WTERMSIG(x->status));
		json_put_bool(out, "core", WCOREDUMP(x->status));
	} else {
		json_put_u64(out, "code", WEXITSTATUS(x->status));
	}
	if (x->head.time_ns >= x->process.start_ns)
		json_put_u64(out, "duration_ns", x->head.time_ns - x->process.start_ns);
	json_put_u64(out, "execs", p->execs);
	/* the kernel knows one thread's, the table what has arrived: both are lower bounds */
	json_put_u64(out, "denials", x->denials > p->denials ? x->denials : p->denials);
	json_close_object(out);
	return end_event(out);
}

/* ---- about the log and the agent ---- */

int event_loss(const struct event_source *s, uint64_t seq, const char *lane, const char *cause,
	       uint64_t count, uint64_t total, struct json_buffer *out)
{
	put_envelope(s, &loss_word, seq, clock_ns(CLOCK_BOOTTIME), out);
	put_machine(s, out);
	json_open_object(out, "loss");
	json_put_string(out, "lane", lane);
	json_put_string(out, "cause", cause);
	json_put_u64(out, "count", count);
	json_put_u64(out, "total", total);
	json_close_object(out);
	return end_event(out);
}

int event_notice(const struct event_source *s, uint64_t seq, enum event_group group, const char *op,
		 const struct event_field *fields, size_t n, struct json_buffer *out)
{
	const struct word *type = group == EVENT_AGENT ? &agent_word : &policy_word;

	put_envelope(s, type, seq, clock_ns(CLOCK_BOOTTIME), out);
	put_machine(s, out);
	json_open_object(out, type->text);
	json_put_string(out, "op", op);
	if (group == EVENT_AGENT)
		json_put_string(out, "boot_id", s->boot_id);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].text)
			json_put_string(out, fields[i].key, fields[i].text);
		else
			json_put_u64(out, fields[i].key, fields[i].number);
	}
	json_close_object(out);
	return end_event(out);
}
