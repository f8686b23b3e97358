/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * events SCENARIO ROUNDS LOG: what the agent does with records, without a kernel that sends them.
 *
 * Records as the kernel side sends them go through audit_record() and, after every AUDIT_TURN_RECORDS,
 * audit_flush(), as the agent's own turn does. Only feed() is to be counted: the records are made
 * before. Scenarios, each with the records of a round:
 *
 *   same       a denied open, always by the same process
 *   many       denied opens by 1,000 processes in turn
 *   lineage    fork, exec and exit of a governed process, which are logged
 *   ungoverned fork, exec and exit of a process that no policy governs
 *
 * The process lies six generations below the first one. Prints records, lines, bytes of a line, and
 * nanoseconds of processor time for each record. Exits with 1 where a line was lost.
 */
#include "../../unit/audit_records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit/audit.h"
#include "policy/policy.h"

#define ANCESTORS 6
#define MANY	  1000
#define EXECUTED  "/usr/sbin/nginx"
#define ARGUMENTS "nginx: worker process"

struct record_of {
	size_t size;
	union raw raw;
};

struct feed {
	struct audit *audit;
	struct record_of *records; /* of a round */
	size_t n;
	uint32_t next_pid;
	uint64_t clock_ns;
};

static const struct decision decision = {
	.policy = "nginx",
	.rule = "files[3]",
	.line = 41,
	.section = SECTION_FILES,
	.mode = MODE_ENFORCE,
	.reason = REASON_EXPLICIT_DENY,
	.match = "/srv/private/**",
};

static const struct decision *lookup(void *ctx, unsigned generation, uint32_t cell)
{
	(void)ctx;
	return generation == 7 && PV_CELL_DECISION(cell) == 1 ? &decision : NULL;
}

static bool cgroup_path(void *ctx, uint64_t id, char *buf, size_t size)
{
	(void)ctx;
	return id == 77 && (size_t)snprintf(buf, size, "/system.slice/nginx.service") < size;
}

static struct process_text *read_process(void *ctx, uint32_t pid, uint64_t start_ns)
{
	(void)ctx;
	(void)start_ns;
	return process_text_new(EXECUTED, sizeof(EXECUTED) - 1, ARGUMENTS, sizeof(ARGUMENTS), pid, false);
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "events: %s\n", what);
	exit(1);
}

static void take(struct feed *f, const struct record_of *r)
{
	if (audit_record(f->audit, r->raw.bytes, r->size))
		die("a record was refused, or its line was lost");
}

/* Processes that the agent finds when it starts. */
static void list_process(struct feed *f, uint32_t pid, uint32_t ppid)
{
	static struct record_of r;

	r.size = make_simple(&r.raw, PV_REC_TASK, make_process(pid, ppid, "nginx"));
	take(f, &r);
}

static void make_round(struct feed *f, const char *scenario)
{
	bool many = !strcmp(scenario, "many"), same = !strcmp(scenario, "same");
	struct pv_process process = make_process(ANCESTORS + MANY, ANCESTORS, "sh");

	f->n = many ? MANY : same ? 1 : 3;
	f->records = calloc(f->n, sizeof(*f->records));
	if (!f->records)
		die("no memory");
	if (!strcmp(scenario, "ungoverned"))
		process.profile = 0;
	else if (!many && !same && strcmp(scenario, "lineage"))
		die("the scenarios are same, many, lineage and ungoverned");
	for (size_t i = 0; i < f->n && (many || same); i++)
		f->records[i].size =
			make_decision(&f->records[i].raw, make_process(ANCESTORS + 1 + i, ANCESTORS, "nginx"),
				      "/srv/private/accounts/2024.db");
	if (many || same)
		return;
	f->records[0].size = make_simple(&f->records[0].raw, PV_REC_FORK, process);
	f->records[1].size = make_exec(&f->records[1].raw, process, "/usr/bin/dash", "sh\0-c\0id -u", 12, 3);
	f->records[2].size = make_exit(&f->records[2].raw, process, 0);
}

/* Another time, and another process where the last one has exited. */
static void renew(struct feed *f, union raw *raw)
{
	f->clock_ns += 20011;
	raw->any.head.time_ns = f->clock_ns;
	if (raw->head.type == PV_REC_DECISION)
		return;
	if (raw->head.type == PV_REC_FORK)
		f->next_pid++;
	raw->any.process.pid = raw->any.process.tid = f->next_pid;
	raw->any.process.start_ns = f->next_pid * 1000000000ull;
}

/* What is counted. */
__attribute__((noinline)) void feed(struct audit *audit, const struct record_of *r);
void feed(struct audit *audit, const struct record_of *r)
{
	static size_t n;

	audit_record(audit, r->raw.bytes, r->size);
	if (++n % AUDIT_TURN_RECORDS == 0)
		audit_flush(audit);
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static off_t log_size(const char *log)
{
	FILE *file = fopen(log, "r");
	off_t size = 0;

	if (file && !fseeko(file, 0, SEEK_END))
		size = ftello(file);
	if (file)
		fclose(file);
	return size;
}

int main(int argc, char **argv)
{
	struct audit_options options = {
		.lookup = lookup, .cgroup_path = cgroup_path, .read_process = read_process};
	struct feed f = {.next_pid = ANCESTORS + MANY, .clock_ns = 5000000000ull};
	struct audit_stats stats;
	uint64_t rounds, began, spent;

	if (argc != 4 || !(rounds = strtoul(argv[2], NULL, 10)))
		die("usage: events SCENARIO ROUNDS LOG");
	options.path = argv[3];
	if (audit_open(&options, &f.audit))
		die("the log cannot be opened");
	for (uint32_t pid = 1; pid <= ANCESTORS; pid++)
		list_process(&f, pid, pid - 1);
	make_round(&f, argv[1]);
	for (size_t i = 0; i < f.n && f.records[i].raw.head.type == PV_REC_DECISION; i++)
		list_process(&f, f.records[i].raw.any.process.pid, ANCESTORS);
	began = cpu_ns();
	for (uint64_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < f.n; i++) {
			renew(&f, &f.records[i].raw);
			feed(f.audit, &f.records[i]);
		}
	spent = cpu_ns() - began;
	audit_flush(f.audit);
	audit_stats(f.audit, &stats);
	if (stats.lost || stats.pending || stats.malformed || stats.attempted != stats.written)
		die("lines were lost");
	audit_close(f.audit, NULL);
	printf("%-10s %8" PRIu64 " records %8" PRIu64 " lines %5.0f bytes a line %6.0f ns a record\n",
	       argv[1], rounds * f.n, stats.written,
	       stats.written ? (double)log_size(argv[3]) / (double)stats.written : 0.0,
	       (double)spent / (double)(rounds * f.n));
	free(f.records);
	return 0;
}
