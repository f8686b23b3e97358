/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A long stream of records and its lines, to the byte.
 *
 * Processes fork, execute, change their names and credentials, exit, and their entries are evicted, while
 * decisions of all kinds are made about them. What they are called holds quotes, controls, text in UTF-8
 * and bytes that are none. Each line is the one that is written from scratch. The stream is the same every
 * time, and so is the digest of its lines: who changes what a line says changes it knowingly.
 */
#include "audit_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "audit/decode.h"
#include "audit/event.h"
#include "policy/policy.h"

#define RECORDS	  40000
#define PROCESSES 48
#define CAPACITY  40 /* of the table: fewer, so that some are evicted */
#define FIRST_SEQ \
	((1ull << 53) - 20000) /* and the time of the first line: both come to be strings on the way */
#define FIRST_NS ((1ull << 53) - 5000000000000ull)
#define DIGEST	 0x0f470e0b123e262cull

struct stream {
	struct table *table;
	struct event_source source, plain; /* with pieces of earlier lines, and without */
	struct json_buffer line, other;
	struct record record;
	union raw raw, tried; /* the last decision */
	size_t tried_size;
	struct pv_process processes[PROCESSES];
	uint64_t random, digest, time_ns, lines;
	uint32_t next_pid;
};

static const char *const texts[] = {
	"nginx",
	"a \"quoted\" name",
	"caf\xc3\xa9 \xe2\x82\xac",
	"\xff\xfe bytes that are none \xc3",
	"back\\slash",
	"line\nfeed\x1b[31m",
	"right \xe2\x80\xae to left",
	"seven77",
	"eight888",
	"nine99999",
	"exactly sixteen.",
	"a name that is a good deal longer than a word of the processor's, or than two of them",
	"plain up to the last\x7f",
	"",
};

static const char *const paths[] = {
	"/",	     "/etc/shadow",	 "/usr/lib/x86_64-linux-gnu/libc.so.6",
	"/a/\"/\\x", "/srv/caf\xc3\xa9", "/tmp/\xff\x01/\xe2\x80\xa8",
	"/x",
};

#define PICK(s, table) ((table)[draw(s, sizeof(table) / sizeof((table)[0]))])

static uint32_t draw(struct stream *s, uint32_t n)
{
	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(s->random >> 33) % n;
}

static const struct decision decisions[] = {
	{0},
	{"web", "files[1]", 14, SECTION_FILES, MODE_ENFORCE, REASON_EXPLICIT_DENY, false, "/etc/**"},
	{"web", NULL, 3, SECTION_NETWORK, MODE_MONITOR, REASON_DEFAULT_DENY, false, NULL},
	{"caf\xc3\xa9 \"x\"", "system.mount", 0, SECTION_SYSTEM, MODE_ENFORCE, REASON_EXPLICIT_DENY, true,
	 "10.0.0.0/8"},
};

/* Numbers whose meaning is known only from 32 lines after their first use on. */
static bool is_known(const struct stream *s, uint64_t number)
{
	return number % 4 != 3 || s->lines >= number / 4 * 64 + 32;
}

static uint32_t new_number(const struct stream *s)
{
	return (uint32_t)(s->lines / 64 * 4 + 3);
}

static const struct decision *lookup(void *ctx, unsigned generation, uint32_t cell)
{
	const struct stream *s = ctx;

	return is_known(s, generation) && PV_CELL_DECISION(cell) < 4 ? &decisions[PV_CELL_DECISION(cell)]
								     : NULL;
}

static bool cgroup_path(void *ctx, uint64_t id, char *buf, size_t size)
{
	const struct stream *s = ctx;

	if (!is_known(s, id))
		return false;
	snprintf(buf, size, "/system.slice/unit-%u", (unsigned)id);
	return true;
}

static void rename_process(struct stream *s, struct pv_process *p)
{
	const char *name = PICK(s, texts);
	size_t n = strlen(name);

	memset(p->comm, 0, sizeof(p->comm));
	memcpy(p->comm, name, n < sizeof(p->comm) ? n : sizeof(p->comm));
}

static void fork_process(struct stream *s, struct pv_process *p)
{
	const struct pv_process *parent = &s->processes[draw(s, PROCESSES)];

	*p = make_process(++s->next_pid, parent->pid, "");
	p->start_ns = s->time_ns;
	p->parent_start_ns = parent->pid ? parent->start_ns : 0;
	p->cgroup_id = draw(s, 6);
	p->profile = draw(s, 3);
	memcpy(p->comm, parent->comm, sizeof(p->comm));
	if (!draw(s, 6))
		return; /* a fork that nobody told of */
	make_simple(&s->raw, PV_REC_FORK, *p);
	table_fork(s->table, p);
}

/* Both spellings of a line. */
#define LINE(s, function, ...)                                                                  \
	finish_line(s, function(&(s)->source, FIRST_SEQ + (s)->lines, __VA_ARGS__, &(s)->line), \
		    function(&(s)->plain, FIRST_SEQ + (s)->lines, __VA_ARGS__, &(s)->other))

static void finish_line(struct stream *s, int error, int other_error)
{
	assert_int_equal(error, 0);
	assert_int_equal(other_error, 0);
	assert_int_equal(s->line.length, s->other.length);
	assert_memory_equal(s->line.data, s->other.data, s->line.length);
	for (size_t i = 0; i < s->line.length; i++)
		s->digest = (s->digest ^ (unsigned char)s->line.data[i]) * 0x100000001b3ull;
	s->lines++;
}

static void decode(struct stream *s, size_t size)
{
	s->raw.head.time_ns = s->time_ns;
	assert_int_equal(record_decode(s->raw.bytes, size, &s->record), 0);
}

static void exec_process(struct stream *s, struct pv_process *p)
{
	struct pv_exec_record *x = &s->raw.exec;
	const struct record *r = &s->record;
	const struct process *entry;
	char argv[256], path[PV_NAMES_MAX];
	size_t n = 0;
	uint32_t argc = draw(s, 4);

	for (uint32_t i = 0; i < argc; i++) {
		const char *text = PICK(s, texts);

		if (n + strlen(text) + 1 > sizeof(argv))
			break;
		memcpy(argv + n, text, strlen(text) + 1);
		n += strlen(text) + 1;
	}
	rename_process(s, p);
	decode(s, make_exec(&s->raw, *p, PICK(s, paths), argv, n, argc));
	x->nlink = draw(s, 3);
	x->mode |= draw(s, 4) << 10;
	x->walk = draw(s, 8) ? PV_WALK_OK : PV_WALK_INTERNAL;
	x->argv_size += draw(s, 5) ? 0 : 1000;
	decode(s, s->raw.head.size);
	record_path(r, path);
	entry = table_exec(s->table, p,
			   process_text_new(path, r->names_length, r->argv, r->argv_length, x->argc,
					    x->argv_size > x->argv_len));
	LINE(s, event_exec, r, entry);
}

static void exit_process(struct stream *s, struct pv_process *p)
{
	const struct process *entry;

	uint32_t status = draw(s, 2) ? draw(s, 256) << 8 : draw(s, 32);

	status |= draw(s, 2) << 7 & (status < 256 ? 0x80u : 0);
	decode(s, make_exit(&s->raw, *p, status));
	entry = table_exit(s->table, p);
	if (entry)
		LINE(s, event_exit, &s->record, entry);
	if (draw(s, 3))
		fork_process(s, p); /* else it is heard of after its exit */
}

static void make_object(struct stream *s)
{
	struct pv_decision_record *d = &s->raw.decision;
	static const uint16_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, 77};

	/* one draw in each expression: operands have no order */
	d->cell = PV_CELL(draw(s, 3), 0, 0);
	d->cell |= PV_CELL(0, 0, draw(s, 4) ? 1 : draw(s, 6));
	d->cell |= draw(s, 4) ? 0 : PV_CELL_MARK;
	d->cell |= draw(s, 4) ? 0 : PV_CELL_KILL;
	d->generation = draw(s, 4) ? draw(s, 3) : new_number(s);
	d->hook = draw(s, 2) ? PV_HOOK_FILE_OPEN : draw(s, PV_HOOK_MAX + 2);
	d->access = draw(s, 2) ? PV_ACC_READ : draw(s, PV_ACC_CAPABILITY + 16);
	d->walk = draw(s, 3) ? PV_WALK_OK : draw(s, PV_WALK_ABSTRACT + 2);
	d->flags = draw(s, 2) ? 0 : draw(s, 1u << 20);
	d->dev = draw(s, 4) ? draw(s, 1u << 31) : 0;
	d->ino = draw(s, 4) ? draw(s, 1u << 31) : 0;
	d->ino <<= draw(s, 32);
	d->mode = draw(s, 4) ? draw(s, 1u << 18) : 0;
	d->detail = draw(s, 80);
	if (draw(s, 2))
		return;
	d->family = PICK(s, families);
	d->sock_type = draw(s, 12);
	d->protocol = PICK(s, ((const uint16_t[]){0, 1, 6, 17, 262, 99}));
	d->port = (uint16_t)draw(s, 65536);
	for (size_t i = 0; i < sizeof(d->addr); i++)
		d->addr[i] = draw(s, 2) ? 0 : (uint8_t)draw(s, 256);
}

static void decide(struct stream *s, struct pv_process *p)
{
	struct pv_process asked = *p;
	const struct process *entry;
	char path[PV_NAMES_MAX];
	struct event_held held = {.fd = (int)draw(s, 100), .path = path};
	size_t size;

	asked.tid += draw(s, 3);
	if (!draw(s, 8))
		rename_process(s, &asked);
	if (!draw(s, 8))
		asked.uid = draw(s, 3);
	if (!draw(s, 16))
		asked.mnt_ns++;
	if (!draw(s, 4))
		asked.cgroup_id = new_number(s);
	held.deleted = draw(s, 2);
	size = make_decision(&s->raw, asked, PICK(s, paths));
	make_object(s);
	if (s->tried_size && draw(s, 3)) {
		s->raw = s->tried;
		size = s->tried_size;
		asked = s->raw.any.process;
		/* another name of as many bytes */
		if (!draw(s, 4) && s->raw.decision.names_len > 1)
			s->raw.bytes[sizeof(s->raw.decision)] ^= 1;
	}
	s->tried = s->raw;
	s->tried_size = size;
	decode(s, size);
	entry = table_see(s->table, &asked, 1);
	held.decision = s->record.u.decision;
	held.path_length = s->record.names_length;
	record_path(&s->record, path);
	if (!draw(s, 50))
		LINE(s, event_held, &held, entry);
	else
		LINE(s, event_decision, &s->record, entry);
}

/* What the iterator says after a loss. */
static void list_process(struct stream *s, const struct pv_process *p)
{
	const char *exe = PICK(s, paths);

	table_task(s->table, p,
		   draw(s, 2) ? process_text_new(exe, strlen(exe), "sh\0-c", 5, 2, draw(s, 2)) : NULL);
}

static void step(struct stream *s)
{
	/* most of the time of the same few, so that what was said of a process can be said again */
	struct pv_process *p = &s->processes[draw(s, draw(s, 3) ? 6 : PROCESSES)];
	uint32_t what = draw(s, 100);

	s->time_ns += draw(s, 4) ? draw(s, 1000) : draw(s, 1u << 31);
	if (what < 2)
		exit_process(s, p);
	else if (what < 6)
		exec_process(s, p);
	else if (what < 8)
		list_process(s, p);
	else if (what < 9)
		p->cgroup_id = draw(s, 6);
	else if (what < 10)
		table_fork(s->table, p); /* told late, or twice */
	else
		decide(s, p);
}

static void test_stream(void **state)
{
	struct stream *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	*s = (struct stream){.random = 1, .digest = 0xcbf29ce484222325ull, .time_ns = FIRST_NS};
	assert_int_equal(table_new(CAPACITY, &s->table), 0);
	json_buffer_init(&s->line, 1 << 20);
	json_buffer_init(&s->other, 1 << 20);
	s->source = (struct event_source){
		.boot_id = "0a1b2c3d-1111-2222-3333-444455556666",
		.host = "web1",
		.clock_offset_ns = 1709251199000000007ull,
		.table = s->table,
		.lookup = lookup,
		.cgroup_path = cgroup_path,
		.ctx = s,
	};
	s->plain = s->source;
	s->source.pieces = pieces_new();
	assert_non_null(s->source.pieces);
	for (size_t i = 0; i < PROCESSES; i++)
		fork_process(s, &s->processes[i]);
	for (int i = 0; i < RECORDS; i++)
		step(s);
	print_message("%llu lines, digest %#llx\n", (unsigned long long)s->lines,
		      (unsigned long long)s->digest);
	assert_true(s->lines > RECORDS * 9ull / 10);
	assert_int_equal(s->digest, DIGEST);
	pieces_free(s->source.pieces);
	table_free(s->table);
	json_buffer_free(&s->line);
	json_buffer_free(&s->other);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_stream)};

	return cmocka_run_group_tests_name("event stream", tests, NULL, NULL);
}
