/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From raw records to lines: golden lines, hostile names, and records that are none. */
#include "audit_records.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "audit/decode.h"
#include "audit/event.h"
#include "policy/policy.h"

#define ENVELOPE(type)                                                                          \
	"{\"v\":1,\"type\":\"" type "\",\"seq\":3,\"time\":\"2024-02-29T23:59:59.000000007Z\"," \
	"\"mono_ns\":5000000000,\"boot\":\"0a1b2c3d\",\"host\":\"web1\","
#define CREDS  "\"uid\":1000,\"gid\":1001,\"mnt_ns\":4026531841"
#define CGROUP "\"cgroup\":\"/web\","
#define PROC4  "\"proc\":{\"pid\":4,\"start_ns\":4000000000,\"exec_n\":3,\"comm\":\"nginx\","
#define PARENT3                                                                               \
	"\"parent\":{\"pid\":3,\"start_ns\":3000000000,\"comm\":\"sh\",\"exe\":\"/bin/sh\"}," \
	"\"ancestors\":[{\"pid\":2,\"start_ns\":2000000000,\"comm\":\"init\","                \
	"\"exe\":\"/sbin/init\"},{\"pid\":1,\"start_ns\":1000000000}],"
#define DENIED                                                                                     \
	"\"policy\":{\"name\":\"web\",\"generation\":7,\"mode\":\"enforce\"},"                     \
	"\"rule\":{\"id\":\"files[1]\",\"line\":14},\"reason\":\"explicit_deny\","                 \
	"\"match\":\"/etc/**\",\"object\":{\"path\":\"/etc/passwd\",\"dev\":\"8:2\",\"ino\":4242," \
	"\"mode\":\"100644\",\"flags\":1"

static struct decision decisions[] = {
	{0},
	{.policy = "web",
	 .rule = "files[1]",
	 .line = 14,
	 .section = SECTION_FILES,
	 .mode = MODE_ENFORCE,
	 .reason = REASON_EXPLICIT_DENY,
	 .match = "/etc/**"},
	{.policy = "web", .section = SECTION_NETWORK, .mode = MODE_MONITOR, .reason = REASON_DEFAULT_DENY},
};

static const struct decision *lookup(void *ctx, unsigned generation, uint32_t cell)
{
	assert_ptr_equal(ctx, decisions);
	if (generation != 7 || PV_CELL_DECISION(cell) >= sizeof(decisions) / sizeof(decisions[0]))
		return NULL;
	return &decisions[PV_CELL_DECISION(cell)];
}

static bool cgroup_path(void *ctx, uint64_t id, char *buf, size_t size)
{
	assert_ptr_equal(ctx, decisions);
	if (id != 77)
		return false;
	snprintf(buf, size, "/web");
	return true;
}

struct fixture {
	struct table *table;
	struct event_source source;
	struct json_buffer line;
	struct record record;
	union raw raw;
	unsigned char *copy; /* of it, which the record points into */
};

/* init (2) -> sh (3) -> nginx (4); of 1, the parent of init, nothing is known but its number. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct pv_process init = make_process(2, 1, "init"), shell = make_process(3, 2, "sh");
	struct pv_process nginx = make_process(4, 3, "nginx");

	assert_non_null(f);
	assert_int_equal(table_new(64, &f->table), 0);
	table_fork(f->table, &init);
	table_exec(f->table, &init, process_text_new("/sbin/init", 10, "init", 5, 1, false));
	table_fork(f->table, &shell);
	table_exec(f->table, &shell, process_text_new("/bin/sh", 7, "sh", 3, 1, false));
	table_fork(f->table, &nginx);
	json_buffer_init(&f->line, 1 << 20);
	f->source = (struct event_source){
		.boot_id = "0a1b2c3d-1111-2222-3333-444455556666",
		.host = "web1",
		/* 2024-02-29T23:59:59.000000007Z at 5 s of the boot clock */
		.clock_offset_ns = 1709251199000000007ull - 5000000000ull,
		.table = f->table,
		.lookup = lookup,
		.cgroup_path = cgroup_path,
		.ctx = decisions,
	};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	table_free(f->table);
	json_buffer_free(&f->line);
	free(f->copy);
	free(f);
	return 0;
}

/* Decode from an allocation of exactly `size` bytes, so that ASan sees every byte too far. */
static int decode(struct fixture *f, size_t size)
{
	char path[PV_NAMES_MAX];
	int r;

	free(f->copy);
	f->copy = malloc(size ? size : 1);
	assert_non_null(f->copy);
	memcpy(f->copy, f->raw.bytes, size);
	r = record_decode(f->copy, size, &f->record);
	if (!r && f->record.u.any.head.type == PV_REC_EXEC) {
		struct process_text *text;

		record_path(&f->record, path);
		text = process_text_new(path, f->record.names_length, f->record.argv, f->record.argv_length,
					f->record.u.exec.argc,
					f->record.u.exec.argv_size > f->record.u.exec.argv_len);
		table_exec(f->table, &f->record.u.any.process, text);
	}
	return r;
}

/* The line of the record that was decoded last. */
static void encode(struct fixture *f)
{
	const struct record *r = &f->record;
	const struct process *p = table_see(f->table, &r->u.any.process, 0);
	int error;

	if (r->u.any.head.type == PV_REC_DECISION)
		error = event_decision(&f->source, 3, r, p, &f->line);
	else if (r->u.any.head.type == PV_REC_EXIT)
		error = event_exit(&f->source, 3, r, p, &f->line);
	else
		error = event_exec(&f->source, 3, r, p, &f->line);
	assert_int_equal(error, 0);
}

/* The one JSON object on the one line; the caller's. */
static json_t *parse(const struct fixture *f)
{
	json_t *root =
		json_loadb(f->line.data, f->line.length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);

	assert_true(json_is_object(root));
	assert_int_equal(f->line.data[f->line.length - 1], '\n');
	for (size_t i = 0; i + 1 < f->line.length; i++)
		assert_true((unsigned char)f->line.data[i] >= 0x20 && f->line.data[i] != 0x7f);
	return root;
}

static void assert_line(struct fixture *f, const char *expected)
{
	if (f->line.length != strlen(expected) || memcmp(f->line.data, expected, f->line.length))
		print_error("expected %sgot      %.*s", expected, (int)f->line.length, f->line.data);
	assert_int_equal(f->line.length, strlen(expected));
	assert_memory_equal(f->line.data, expected, f->line.length);
	json_decref(parse(f));
}

static void assert_string_at(json_t *root, const char *group, const char *key, const char *expected)
{
	json_t *value = json_object_get(json_object_get(root, group), key);

	assert_true(json_is_string(value));
	assert_string_equal(json_string_value(value), expected);
}

static void test_deny(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(decode(f, make_decision(&f->raw, make_process(4, 1, "nginx"), "/etc/passwd")), 0);
	f->record.u.any.process.tid = 5;
	encode(f);
	assert_line(f,
		    ENVELOPE("deny") "\"proc\":{\"pid\":4,\"tid\":5,\"start_ns\":4000000000,\"exec_n\":2,"
				     "\"comm\":\"nginx\",\"exe\":\"/bin/sh\",\"argv\":[\"sh\"]," CREDS
				     "}," PARENT3 CGROUP
				     "\"decision\":{\"hook\":\"file_open\",\"op\":\"write\"," DENIED "}}}\n");
}

/* A process of another pid namespace, which a rule kills. */
static void test_kill(void **state)
{
	struct fixture *f = *state;
	json_t *root;

	make_decision(&f->raw, make_process(4, 1, "nginx"), "/etc/passwd");
	f->raw.decision.cell |= PV_CELL_KILL;
	f->raw.any.process.pid_ns++;
	assert_int_equal(decode(f, f->raw.head.size), 0);
	encode(f);
	root = parse(f);
	assert_true(json_is_true(json_object_get(json_object_get(root, "decision"), "kill")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "proc"), "pid_ns")),
			 4026531837);
	json_decref(root);
}

/* A marked file that was reached by another name: its path is that name, `match` the denied one. */
static void test_marked(void **state)
{
	static const char expected[] =
		"\"match\":\"/etc/**\",\"marked\":true,\"object\":{\"path\":\"/tmp/link\"";
	struct fixture *f = *state;

	make_decision(&f->raw, make_process(4, 1, "nginx"), "/tmp/link");
	f->raw.decision.cell |= PV_CELL_MARK;
	assert_int_equal(decode(f, f->raw.head.size), 0);
	encode(f);
	assert_non_null(memmem(f->line.data, f->line.length, expected, strlen(expected)));
	json_decref(parse(f));
}

/* As a decision, but nothing was denied: the descriptor, and what opening its file now would give. */
static void test_held(void **state)
{
	struct fixture *f = *state;
	struct event_held held = {.fd = 7, .deleted = true, .path = "/etc/passwd", .path_length = 11};

	make_decision(&f->raw, make_process(4, 1, "nginx"), "/etc/passwd");
	held.decision = f->raw.decision;
	assert_int_equal(
		event_held(&f->source, 3, &held, table_see(f->table, &held.decision.process, 0), &f->line),
		0);
	assert_line(f, ENVELOPE("held") "\"proc\":{\"pid\":4,\"start_ns\":4000000000,\"exec_n\":2,"
					"\"comm\":\"nginx\",\"exe\":\"/bin/sh\",\"argv\":[\"sh\"]," CREDS
					"}," PARENT3 CGROUP
					"\"held\":{\"verdict\":\"deny\",\"fd\":7,\"op\":\"write\"," DENIED
					",\"deleted\":true}}}\n");
}

static void test_would_deny_connect(void **state)
{
	struct fixture *f = *state;
	static const char decision[] =
		"\"decision\":{\"hook\":\"socket_connect\",\"op\":\"connect\",\"policy\":{\"name\":\"web\","
		"\"generation\":7,\"mode\":\"monitor\"},"
		"\"reason\":\"default_deny\",\"object\":{\"family\":\"inet\",\"type\":\"stream\","
		"\"protocol\":\"tcp\",\"remote\":\"192.0.2.1\",\"port\":443}}}\n";

	make_decision(&f->raw, make_process(4, 3, "nginx"), "/");
	f->raw.decision.cell = PV_CELL(PV_WOULD_DENY, 0, 2);
	f->raw.decision.hook = PV_HOOK_SOCKET_CONNECT;
	f->raw.decision.access = PV_ACC_CONNECT;
	f->raw.decision.dev = f->raw.decision.mode = f->raw.decision.ino = f->raw.decision.flags = 0;
	f->raw.decision.family = AF_INET;
	f->raw.decision.sock_type = SOCK_STREAM;
	f->raw.decision.protocol = IPPROTO_TCP;
	f->raw.decision.port = 443;
	memcpy(f->raw.decision.addr, "\xc0\x00\x02\x01", 4);
	assert_int_equal(decode(f, f->raw.head.size), 0);
	encode(f);
	json_decref(parse(f));
	assert_true(f->line.length > sizeof(decision));
	assert_memory_equal(f->line.data + f->line.length - strlen(decision), decision, strlen(decision));
}

static void assert_object(struct fixture *f, const char *expected)
{
	json_t *root;
	char *text;

	encode(f);
	root = parse(f);
	text = json_dumps(json_object_get(json_object_get(root, "decision"), "object"), JSON_COMPACT);
	assert_string_equal(text, expected);
	free(text);
	json_decref(root);
}

static void test_sockets(void **state)
{
	struct fixture *f = *state;
	struct pv_decision_record *d = &f->record.u.decision;

	make_decision(&f->raw, make_process(4, 3, "nginx"), "/");
	assert_int_equal(decode(f, f->raw.head.size), 0);
	d->hook = PV_HOOK_SOCKET_BIND;
	d->family = AF_INET6;
	d->sock_type = SOCK_DGRAM;
	d->protocol = IPPROTO_UDP;
	d->flags = d->dev = d->mode = d->ino = 0;
	d->addr[15] = 1;
	d->port = 53;
	assert_object(f, "{\"family\":\"inet6\",\"type\":\"dgram\",\"protocol\":\"udp\",\"local\":\"::1\","
			 "\"port\":53}");
	d->hook = PV_HOOK_SOCKET_SENDMSG;
	assert_object(f, "{\"family\":\"inet6\",\"type\":\"dgram\",\"protocol\":\"udp\",\"remote\":\"::1\","
			 "\"port\":53,\"flags\":0}");
	d->hook = PV_HOOK_SOCKET_CONNECT;
	d->walk = PV_WALK_ADDRESS;
	assert_object(f, "{\"family\":\"inet6\",\"type\":\"dgram\",\"protocol\":\"udp\"}");
	d->walk = PV_WALK_OK;
	d->hook = PV_HOOK_SOCKET_CREATE;
	d->family = 16;
	d->sock_type = 77;
	d->protocol = 0;
	assert_object(f, "{\"family\":\"netlink\",\"type\":\"77\",\"protocol\":\"0\"}");
	d->family = 65535;
	assert_object(f, "{\"family\":\"65535\",\"type\":\"77\",\"protocol\":\"0\"}");
}

static void test_paths(void **state)
{
	struct fixture *f = *state;
	struct pv_decision_record *d = &f->record.u.decision;

	make_decision(&f->raw, make_process(4, 3, "nginx"), "/");
	assert_int_equal(f->raw.decision.names_len, 0);
	assert_int_equal(decode(f, f->raw.head.size), 0);
	d->dev = d->mode = d->ino = 0;
	assert_object(f, "{\"path\":\"/\",\"flags\":1}");
	d->walk = PV_WALK_FAULT; /* nothing could be read: no path, and not the root */
	assert_object(f, "{\"flags\":1}");
	d->hook = PV_HOOK_PATH_UNLINK;
	d->flags = 0;
	assert_object(f, "{}");
	make_decision(&f->raw, make_process(4, 3, "nginx"), "/deep/leaf");
	f->raw.decision.walk = PV_WALK_DEEP;
	assert_int_equal(decode(f, f->raw.head.size), 0);
	d->dev = d->mode = d->ino = 0;
	assert_object(f, "{\"path\":\"/deep/leaf\",\"path_cut\":true,\"flags\":1}");
}

/* What the agent does not know is left out; nothing of the record is. */
static void test_unknown(void **state)
{
	struct fixture *f = *state;

	make_decision(&f->raw, make_process(9, 0, "x"), "/a");
	f->raw.decision.generation = 6;
	f->raw.decision.cell = PV_CELL(PV_ALLOW, 1, 1);
	f->raw.decision.hook = 999;
	f->raw.decision.access = PV_COLUMNS;
	f->raw.decision.walk = 77;
	f->raw.any.process.cgroup_id = (1ull << 53) + 1;
	assert_int_equal(decode(f, f->raw.head.size), 0);
	encode(f);
	assert_line(f, ENVELOPE("allow") "\"proc\":{\"pid\":9,\"start_ns\":9000000000,\"exec_n\":0,"
					 "\"comm\":\"x\"," CREDS ",\"flags\":[\"unknown_parent\"]},"
					 "\"cgroup_id\":\"9007199254740993\","
					 "\"decision\":{\"hook\":\"unknown\",\"policy\":{\"generation\":6},"
					 "\"walk\":\"unknown\",\"object\":{\"path\":\"/a\",\"dev\":\"8:2\","
					 "\"ino\":4242,\"mode\":\"100644\",\"flags\":1}}}\n");
}

static void test_exec(void **state)
{
	struct fixture *f = *state;
	static const char argv[] = "nginx\0-g\0\0daemon off;\0"; /* with an empty one inside */

	make_exec(&f->raw, make_process(4, 3, "nginx"), "/usr/sbin/nginx", argv, sizeof(argv) - 1, 4);
	assert_int_equal(decode(f, f->raw.head.size), 0);
	encode(f);
	assert_line(f, ENVELOPE("exec") PROC4 "\"exe\":\"/usr/sbin/nginx\","
					      "\"argv\":[\"nginx\",\"-g\",\"\",\"daemon off;\"]," CREDS
					      "}," PARENT3 CGROUP
					      "\"exec\":{\"dev\":\"8:2\",\"ino\":99,\"nlink\":1}}\n");
}

static void assert_argv(struct fixture *f, const char *argv, size_t length, uint32_t argc, uint32_t full,
			const char *expected)
{
	const char *start, *end;

	make_exec(&f->raw, make_process(4, 3, "nginx"), "/x", argv, length, argc);
	f->raw.exec.argv_size = full;
	assert_int_equal(decode(f, f->raw.head.size), 0);
	encode(f);
	json_decref(parse(f));
	start = memmem(f->line.data, f->line.length, "\"argv\"", 6);
	end = memmem(f->line.data, f->line.length, ",\"uid\"", 6);
	assert_non_null(start);
	assert_non_null(end);
	assert_int_equal(end - start, strlen(expected));
	assert_memory_equal(start, expected, strlen(expected));
}

static void test_argv(void **state)
{
	struct fixture *f = *state;
	char big[PV_ARGV_MAX];

	assert_argv(f, "", 0, 0, 0, "\"argv\":[]");
	assert_argv(f, "\0", 1, 1, 1, "\"argv\":[\"\"]");
	assert_argv(f, "a\0\0", 3, 2, 3, "\"argv\":[\"a\",\"\"]"); /* empty last argument */
	assert_argv(f, "\0\0\0", 3, 3, 3, "\"argv\":[\"\",\"\",\"\"]");
	/* cut within, at the end of, and before an argument; none copied at all */
	assert_argv(f, "ab\0c", 4, 2, 6, "\"argv\":[\"ab\",\"c\"],\"argc\":2,\"argv_cut\":true");
	assert_argv(f, "ab\0cd", 5, 2, 6, "\"argv\":[\"ab\",\"cd\"],\"argc\":2,\"argv_cut\":true");
	assert_argv(f, "ab\0", 3, 2, 6, "\"argv\":[\"ab\"],\"argc\":2,\"argv_cut\":true");
	assert_argv(f, "", 0, 100000, 200000, "\"argv\":[],\"argc\":100000,\"argv_cut\":true");
	/* cut within a character */
	assert_argv(f, "\xe2\x82", 2, 1, 4, "\"argv\":[\"\\\\xe2\\\\x82\"],\"argc\":1,\"argv_cut\":true");
	memset(big, 0, sizeof(big)); /* as many elements as fit */
	make_exec(&f->raw, make_process(4, 3, "nginx"), "/x", big, sizeof(big), PV_ARGV_MAX);
	assert_int_equal(decode(f, f->raw.head.size), 0);
	encode(f);
	json_decref(parse(f));
}

static void test_exec_flags(void **state)
{
	struct fixture *f = *state;

	make_exec(&f->raw, make_process(4, 3, "x"), "/memfd:a", "", 0, 0);
	f->raw.exec.walk = PV_WALK_INTERNAL;
	f->raw.exec.nlink = 0;
	f->raw.exec.mode = 0106777;
	assert_int_equal(decode(f, f->raw.head.size), 0);
	encode(f);
	json_decref(parse(f));
	assert_non_null(
		memmem(f->line.data, f->line.length, "\"flags\":[\"memfd\",\"setuid\",\"setgid\"]}", 35));
	f->record.u.exec.walk = PV_WALK_OK;
	f->record.u.exec.mode = 0100755;
	encode(f);
	assert_non_null(memmem(f->line.data, f->line.length, "\"flags\":[\"deleted\"]}", 19));
}

#define EXITED PROC4 "\"exe\":\"/x\",\"argv\":[\"x\"]," CREDS "}," PARENT3 CGROUP

static void test_exit(void **state)
{
	struct fixture *f = *state;
	struct pv_process p = make_process(4, 3, "nginx");

	table_exec(f->table, &p, process_text_new("/x", 2, "x", 2, 1, false));
	assert_int_equal(decode(f, make_exit(&f->raw, p, 3 << 8)), 0);
	encode(f);
	assert_line(f, ENVELOPE("exit") EXITED "\"exit\":{\"code\":3,\"duration_ns\":1000000000,"
					       "\"execs\":1,\"denials\":0}}\n");
	f->record.u.exit.status = 9;
	f->record.u.exit.denials = 5;
	encode(f);
	assert_line(f, ENVELOPE("exit") EXITED "\"exit\":{\"signal\":9,\"core\":false,"
					       "\"duration_ns\":1000000000,\"execs\":1,\"denials\":5}}\n");
	f->record.u.exit.status = 11 | 0x80;
	f->record.u.exit.denials = 0;
	table_see(f->table, &p, 1);
	encode(f);
	assert_line(f, ENVELOPE("exit") EXITED "\"exit\":{\"signal\":11,\"core\":true,"
					       "\"duration_ns\":1000000000,\"execs\":1,\"denials\":1}}\n");
}

/* Names and command names of every byte but NUL and slash: one line, harmless, nothing added. */
static void test_hostile_names(void **state)
{
	struct fixture *f = *state;
	static const char forged[] = "/tmp/\n{\"v\":1,\"type\":\"deny\"}\n\x1b[2J\xff\"},{";
	char path[8] = "/a?b";
	json_t *root;

	for (int c = 1; c < 256; c++) {
		char comm[4] = {'x', (char)c, 'y', 0};

		if (c == '/')
			continue;
		path[2] = (char)c;
		make_decision(&f->raw, make_process(4, 3, comm), path);
		assert_int_equal(decode(f, f->raw.head.size), 0);
		encode(f);
		root = parse(f);
		if (c < 0x80) {
			assert_string_at(root, "proc", "comm", comm);
			assert_string_at(json_object_get(root, "decision"), "object", "path", path);
		}
		json_decref(root);
	}
	make_decision(&f->raw, make_process(4, 3, "sixteen bytes: x"), forged);
	assert_int_equal(decode(f, f->raw.head.size), 0);
	encode(f);
	root = parse(f);
	assert_string_at(root, "proc", "comm", "sixteen bytes: x");
	assert_string_at(json_object_get(root, "decision"), "object", "path",
			 "/tmp/\n{\"v\":1,\"type\":\"deny\"}\n\x1b[2J\\xff\"},{");
	json_decref(root);
}

/* The longest possible event fits the line that audit.c allows, every byte of it taking six. */
static void test_longest(void **state)
{
	struct fixture *f = *state;
	size_t fixed = sizeof(f->raw.exec), n = 0;
	char argv[PV_ARGV_MAX];

	memset(argv, 1, sizeof(argv));
	for (uint32_t pid = 20; pid < 32; pid++) {
		make_exec(&f->raw, make_process(pid, pid - 1, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"), "/", "", 0,
			  0);
		for (n = 0; n + 256 <= PV_NAMES_MAX; n += 256) {
			memset(f->raw.bytes + fixed + n, 1, 255);
			f->raw.bytes[fixed + n + 255] = 255;
		}
		memcpy(f->raw.bytes + fixed + n, argv, sizeof(argv));
		f->raw.exec.names_len = n;
		f->raw.exec.argv_len = sizeof(argv);
		f->raw.exec.argv_size = 1 << 20;
		f->raw.exec.head.size = fixed + n + sizeof(argv);
		assert_int_equal(decode(f, f->raw.head.size), 0);
	}
	assert_int_equal(n, PV_NAMES_MAX);
	encode(f);
	json_decref(parse(f));
	assert_true(f->line.length > 10 * 6 * 4000);
	assert_true(f->line.length < (1 << 20) - 12 * PV_NAMES_MAX);
}

/* A chain longer than EVENT_ANCESTORS, and one that bites its own tail. */
static void test_ancestors(void **state)
{
	struct fixture *f = *state;
	json_t *root;

	for (uint32_t pid = 100; pid < 120; pid++) {
		struct pv_process p = make_process(pid, pid - 1, "x");

		table_fork(f->table, &p);
	}
	assert_int_equal(decode(f, make_decision(&f->raw, make_process(119, 118, "x"), "/")), 0);
	encode(f);
	root = parse(f);
	assert_int_equal(json_array_size(json_object_get(root, "ancestors")), EVENT_ANCESTORS);
	json_decref(root);
	make_simple(&f->raw, PV_REC_FORK, make_process(200, 200, "ring"));
	table_fork(f->table, &f->raw.any.process);
	assert_int_equal(decode(f, make_decision(&f->raw, make_process(200, 200, "ring"), "/")), 0);
	encode(f);
	json_decref(parse(f));
}

static void test_notices(void **state)
{
	struct fixture *f = *state;
	const struct event_field fields[] = {{.key = "version", .text = "1\n"},
					     {.key = "generation", .number = 1ull << 60}};
	json_t *root;

	assert_int_equal(event_notice(&f->source, 3, EVENT_AGENT, "start", fields, 2, &f->line), 0);
	root = parse(f);
	assert_string_at(root, "agent", "op", "start");
	assert_string_at(root, "agent", "boot_id", "0a1b2c3d-1111-2222-3333-444455556666");
	assert_string_at(root, "agent", "version", "1\n");
	assert_string_at(root, "agent", "generation", "1152921504606846976");
	json_decref(root);
	assert_int_equal(event_loss(&f->source, 3, "decision", "ring_full", 2, 10, &f->line), 0);
	root = parse(f);
	assert_string_at(root, "loss", "lane", "decision");
	assert_string_at(root, "loss", "cause", "ring_full");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "loss"), "count")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "loss"), "total")), 10);
	json_decref(root);
}

static void test_source(void **state)
{
	struct event_source s = {0};

	(void)state;
	assert_int_equal(event_source_init(&s), 0);
	assert_int_equal(strlen(s.boot_id), 36);
	assert_true(*s.host);
	assert_true(s.clock_offset_ns > 0);
	assert_true(s.clock_measured_ns > 0);
}

/* Each kind of record, cut to every size, in full, with one byte more, and with sizes that lie. */
static void test_every_size(void **state)
{
	struct fixture *f = *state;
	struct pv_process p = make_process(4, 3, "nginx");

	for (uint32_t type = 0; type < 8; type++) {
		size_t size = sizeof(f->raw.any);

		if (type == PV_REC_DECISION)
			size = make_decision(&f->raw, p, "/etc/ssl/private/key");
		else if (type == PV_REC_EXEC)
			size = make_exec(&f->raw, p, "/usr/bin/env", "env\0-i\0", 7, 2);
		else if (type == PV_REC_EXIT)
			size = make_exit(&f->raw, p, 0);
		else
			make_simple(&f->raw, type, p);
		for (size_t cut = 0; cut < size; cut++) {
			f->raw.head.size = size;
			assert_int_equal(decode(f, cut), -EBADMSG);
			f->raw.head.size = cut; /* consistent with the cut, not with itself */
			assert_int_equal(decode(f, cut), -EBADMSG);
		}
		f->raw.head.size = size;
		if (type < PV_REC_DECISION || type > PV_REC_TASK) {
			assert_int_equal(decode(f, size), -EBADMSG);
			continue;
		}
		assert_int_equal(decode(f, size), 0);
		assert_int_equal(decode(f, size + 8), 0); /* the ring may round up */
		f->raw.head.size = size + 9;
		assert_int_equal(decode(f, size + 8), -EBADMSG);
		f->raw.head.size = UINT32_MAX;
		assert_int_equal(decode(f, size), -EBADMSG);
	}
}

static void test_lying_lengths(void **state)
{
	struct fixture *f = *state;
	static const uint32_t lies[] = {0x7fffffff, 0x80000000, 0xffffffff, 0xffffff00, PV_NAMES_MAX + 1};
	struct pv_process p = make_process(4, 3, "nginx");
	size_t size;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		size = make_decision(&f->raw, p, "/etc/passwd");
		f->raw.decision.names_len = lies[i];
		assert_int_equal(decode(f, size), -EBADMSG);
		size = make_exec(&f->raw, p, "/bin/true", "true", 5, 1);
		f->raw.exec.names_len = lies[i];
		assert_int_equal(decode(f, size), -EBADMSG);
		size = make_exec(&f->raw, p, "/bin/true", "true", 5, 1);
		f->raw.exec.argv_len = lies[i];
		assert_int_equal(decode(f, size), -EBADMSG);
	}
	size = make_decision(&f->raw, p, "/etc/passwd");
	f->raw.bytes[size - 1] = 200; /* a component longer than the list */
	assert_int_equal(decode(f, size), -EBADMSG);
	size = make_decision(&f->raw, p, "/etc/passwd");
	f->raw.decision.cell |= 3;
	assert_int_equal(decode(f, size), -EBADMSG);
	/* names longer than PV_NAMES_MAX that are really there */
	make_exec(&f->raw, p, "/", "", 0, 0);
	f->raw.exec.names_len = PV_NAMES_MAX + 16;
	f->raw.head.size = sizeof(f->raw.exec) + PV_NAMES_MAX + 16;
	assert_int_equal(decode(f, f->raw.head.size), -EBADMSG);
}

/* Random damage: refused, or one valid line. */
static void test_fuzz(void **state)
{
	struct fixture *f = *state;
	struct pv_process p = make_process(4, 3, "nginx");
	unsigned seed = 42, accepted = 0, refused = 0;

	for (int i = 0; i < 30000; i++) {
		size_t size;

		switch (i % 3) {
		case 0:
			size = make_decision(&f->raw, p, "/srv/www/\xc3\xa9t\xc3\xa9/index.html");
			break;
		case 1:
			size = make_exec(&f->raw, p, "/usr/bin/env", "env\0-i\0\xe2\x82\xac\0", 11, 3);
			break;
		default:
			size = make_exit(&f->raw, p, 0);
		}
		for (int n = rand_r(&seed) % 4; n >= 0; n--)
			f->raw.bytes[rand_r(&seed) % size] = (unsigned char)(rand_r(&seed) >> 4);
		if (decode(f, size)) {
			refused++;
			continue;
		}
		accepted++;
		if (f->record.u.any.head.type == PV_REC_FORK || f->record.u.any.head.type == PV_REC_TASK)
			continue;
		encode(f);
		json_decref(parse(f));
	}
	assert_true(accepted > 1000);
	assert_true(refused > 1000);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_deny),	  TEST(test_kill),
		TEST(test_marked),	  TEST(test_would_deny_connect),
		TEST(test_held),	  TEST(test_sockets),
		TEST(test_paths),	  TEST(test_unknown),
		TEST(test_exec),	  TEST(test_argv),
		TEST(test_exec_flags),	  TEST(test_exit),
		TEST(test_hostile_names), TEST(test_longest),
		TEST(test_ancestors),	  TEST(test_notices),
		TEST(test_source),	  TEST(test_every_size),
		TEST(test_lying_lengths), TEST(test_fuzz),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
