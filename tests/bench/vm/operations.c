/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * operations [-t] -d|-p LABEL [OPERATION,...]: what one operation costs, in instructions; -t: in nanoseconds.
 *
 * Guarantees: one line an operation, "cost LABEL OPERATION MEDIAN LEAST MOST" with tabs between, in
 * instructions that the guest executes from one call of the operation to the next, the loop itself left
 * out. Nothing is measured, and the exit status is 1, where an operation does not do what it should: where
 * the clock does not count instructions, where with -d the forbidden file can be opened or the permitted
 * one cannot, or where with -p the forbidden one cannot be opened.
 *
 * How: under QEMU's -icount the time stamp counter advances by one with each instruction. Every operation
 * is run for a batch to warm up and then for many batches, and the median of the batches counts, so that an
 * interrupt, a timer or another process that gets its turn in a few of them changes nothing. Operations are
 * raw system calls of a static program, so that no library's own work is in them. With -t the clock is
 * CLOCK_MONOTONIC_RAW, which needs no -icount, and counts what other processes take, too.
 *
 * The files are those that tests/bench/vm/guest makes. An operation that starts with "first" opens, each
 * time, a file that nobody has opened since it was made.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEPTH3	 "/d1/d2/f"
#define DEPTH10	 "/d1/d2/d3/d4/d5/d6/d7/d8/d9/f"
#define LONG	 "/d1/d2/a-name-that-just-fits-a-dentry"
#define LIBRARY	 "/usr/lib/x86_64-linux-gnu/libc.so.6"
#define WRITABLE "/d1/d2/w"
#define AUDITED	 "/d1/d2/a"
#define FORBID	 "/d1/no/f"
#define PROGRAM	 "/d1/d2/x"
#define UDP_PORT 4242
#define TCP_PORT 4243

#define BATCHES_MAX 61

static const char *label;
static const char *operation; /* at hand */
static int file_fd, null_fd, listener, sender, receiver, bound;
static struct sockaddr_in tcp_address, udp_address;
static unsigned opened_first;
static bool timed; /* -t */

static _Noreturn void fail(const char *what, long found)
{
	fprintf(stderr, "operations: %s: %s%s%s\n", label, what, found < 0 ? ": " : "",
		found < 0 ? strerror((int)-found) : "");
	exit(1);
}

/* A system call with up to six arguments: its result, or -errno. */
static inline long call(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

static inline long must(long r)
{
	if (r < 0)
		fail(operation, r);
	return r;
}

static inline uint64_t now(void)
{
	struct timespec t;
	uint32_t low, high;

	if (timed) {
		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	}
	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* ---- files ---- */

static inline long open_file(const char *path, int flags)
{
	return call(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, 0, 0, 0);
}

static inline void open_close(const char *path, int flags)
{
	call(SYS_close, must(open_file(path, flags)), 0, 0, 0, 0, 0);
}

static void loop(void)
{
	__asm__ volatile("" : : : "memory");
}

static void open3(void)
{
	open_close(DEPTH3, O_RDONLY);
}

static void open10(void)
{
	open_close(DEPTH10, O_RDONLY);
}

static void open_long(void)
{
	open_close(LONG, O_RDONLY);
}

static void open_library(void)
{
	open_close(LIBRARY, O_RDONLY);
}

static void open_write(void)
{
	open_close(WRITABLE, O_WRONLY);
}

static void open_audited(void)
{
	open_close(AUDITED, O_RDONLY);
}

static void open_denied(void)
{
	if (open_file(FORBID, O_RDONLY) != -EACCES)
		fail("a forbidden file was opened", 0);
}

/* The next file of a folder: its name is the last four characters of the path. */
static void open_next(char *path, size_t size)
{
	unsigned n = opened_first++;

	for (int i = 2; i <= 5; i++, n /= 10)
		path[size - i] = (char)('0' + n % 10);
	open_close(path, O_RDONLY);
}

static void first3(void)
{
	static char path[] = "/d1/n/0000";

	open_next(path, sizeof(path));
}

static void first10(void)
{
	static char path[] = "/d1/d2/d3/d4/d5/d6/d7/d8/n/0000";

	open_next(path, sizeof(path));
}

static void stat3(void)
{
	static struct stat st;

	must(call(SYS_newfstatat, AT_FDCWD, (long)DEPTH3, (long)&st, 0, 0, 0));
}

static void read1(void)
{
	char byte;

	must(call(SYS_pread64, file_fd, (long)&byte, 1, 0, 0, 0));
}

static void write1(void)
{
	must(call(SYS_pwrite64, null_fd, (long)"x", 1, 0, 0, 0));
}

static void map_exec(void)
{
	long at = must(call(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file_fd, 0));

	call(SYS_munmap, at, 4096, 0, 0, 0, 0);
}

/* ---- processes ---- */

/* vfork(2) with, or without, an exec. */
static void spawn(bool execute)
{
	static char *const arguments[] = {"x", NULL};
	static char *const environment[] = {NULL};
	int status = -1;
	pid_t pid = vfork();

	if (!pid) {
		if (execute)
			execve(PROGRAM, arguments, environment);
		_exit(execute ? 127 : 0);
	}
	must(pid);
	if (waitpid(pid, &status, 0) != pid || status)
		fail("the child did not end with 0", 0);
}

static void fork_exit(void)
{
	spawn(false);
}

static void fork_exec(void)
{
	spawn(true);
}

/* ---- network ---- */

static void socket_close(void)
{
	call(SYS_close, must(call(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, 0, 0)), 0, 0, 0, 0,
	     0);
}

/* Of a datagram socket: the decision and little else. */
static void udp_connect(void)
{
	must(call(SYS_connect, sender, (long)&udp_address, sizeof(udp_address), 0, 0, 0));
}

static void udp_send(void)
{
	char byte = 'x';

	must(call(SYS_sendto, sender, (long)&byte, 1, 0, (long)&udp_address, sizeof(udp_address)));
	must(call(SYS_recvfrom, receiver, (long)&byte, 1, MSG_DONTWAIT, 0, 0));
}

/* Of a socket that has an address: it is decided first, and then refused. */
static void bind_again(void)
{
	struct sockaddr_in address = udp_address;

	address.sin_port = htons(UDP_PORT + 2);
	if (call(SYS_bind, bound, (long)&address, sizeof(address), 0, 0, 0) != -EINVAL)
		fail("a second bind did not get to where it is refused", 0);
}

/* socket, connect, accept, and an end without a state that lingers. */
static void tcp_connect(void)
{
	struct linger abort = {1, 0};
	long s = must(call(SYS_socket, AF_INET, SOCK_STREAM, 0, 0, 0, 0)), peer;

	call(SYS_setsockopt, s, SOL_SOCKET, SO_LINGER, (long)&abort, sizeof(abort), 0);
	must(call(SYS_connect, s, (long)&tcp_address, sizeof(tcp_address), 0, 0, 0));
	peer = must(call(SYS_accept4, listener, 0, 0, 0, 0, 0));
	call(SYS_close, s, 0, 0, 0, 0, 0);
	call(SYS_close, peer, 0, 0, 0, 0, 0);
}

static int socket_at(int type, unsigned port, struct sockaddr_in *address)
{
	int s = socket(AF_INET, type, 0);

	*address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (s < 0 || bind(s, (struct sockaddr *)address, sizeof(*address)))
		fail("bind", -errno);
	return s;
}

static void sockets_open(void)
{
	struct sockaddr_in other;

	listener = socket_at(SOCK_STREAM, TCP_PORT, &tcp_address);
	if (listen(listener, 64))
		fail("listen", -errno);
	receiver = socket_at(SOCK_DGRAM, UDP_PORT, &udp_address);
	bound = socket_at(SOCK_DGRAM, UDP_PORT + 1, &other);
	sender = socket(AF_INET, SOCK_DGRAM, 0);
	if (sender < 0)
		fail("socket", -errno);
}

/* ---- measuring ---- */

static const struct operation {
	const char *name;
	void (*run)(void);
	int calls, batches;
	bool asked; /* only where it is named */
} operations[] = {
	{"open3", open3, 200, 31, false},
	{"open10", open10, 200, 31, false},
	{"open-long", open_long, 200, 31, false},
	{"open-library", open_library, 200, 31, false},
	{"open-write", open_write, 200, 31, false},
	{"first3", first3, 40, 21, false},
	{"first10", first10, 40, 21, false},
	{"stat", stat3, 200, 21, false},
	{"read", read1, 500, 21, false},
	{"write", write1, 500, 21, false},
	{"map-exec", map_exec, 100, 41, false},
	{"fork", fork_exit, 20, 41, false},
	{"exec", fork_exec, 20, 61, false},
	{"socket", socket_close, 200, 41, false},
	{"bind", bind_again, 200, 31, false},
	{"connect", udp_connect, 200, 31, false},
	{"udp-send", udp_send, 100, 31, false},
	{"tcp-connect", tcp_connect, 20, 61, false},
	{"open-audited", open_audited, 40, 21, true},
	{"denied", open_denied, 40, 21, true},
};

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Sorted totals of the batches. */
static void measure(const struct operation *o, uint64_t totals[BATCHES_MAX])
{
	operation = o->name;
	opened_first = 0;
	for (int i = -1; i < o->batches; i++) {
		uint64_t start = now();

		for (int n = 0; n < o->calls; n++)
			o->run();
		if (i >= 0)
			totals[i] = now() - start;
	}
	qsort(totals, (size_t)o->batches, sizeof(*totals), by_size);
}

/* What the loop itself takes for one call. */
static double loop_cost(void)
{
	const struct operation o = {"loop", loop, 200, 31, false};
	uint64_t totals[BATCHES_MAX] = {0};

	measure(&o, totals);
	return (double)totals[o.batches / 2] / o.calls;
}

static void report(const struct operation *o, double overhead)
{
	uint64_t totals[BATCHES_MAX] = {0};

	measure(o, totals);
	printf("cost\t%s\t%s\t%.1f\t%.1f\t%.1f\n", label, o->name,
	       (double)totals[o->batches / 2] / o->calls - overhead, (double)totals[0] / o->calls - overhead,
	       (double)totals[o->batches - 1] / o->calls - overhead);
	fflush(stdout);
}

static bool named(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *p = list; (p = strstr(p, name)); p += length) {
		if ((p == list || p[-1] == ',') && (p[length] == ',' || !p[length]))
			return true;
	}
	return false;
}

static void check_clock(void)
{
	uint64_t start = now(), middle, end;

	__asm__ volatile(".rept 1000\n\tnop\n\t.endr");
	middle = now();
	end = now();
	if (middle - start - (end - middle) != 1000)
		fail("1,000 instructions are not 1,000 of the clock; the guest needs -icount shift=0", 0);
}

/* One denial and one permission, or two permissions. */
static void check_enforced(const char *expected)
{
	long no = open_file(FORBID, O_RDONLY), yes = open_file(DEPTH3, O_RDONLY);

	if (yes < 0)
		fail("the permitted file cannot be opened", yes);
	close((int)yes);
	if (no >= 0)
		close((int)no);
	if (!strcmp(expected, "-d") && no != -EACCES && no != -EPERM)
		fail("the forbidden file is not denied", no);
	if (!strcmp(expected, "-p") && no < 0)
		fail("nothing should be denied, and a file is", no);
}

int main(int argc, char **argv)
{
	double overhead;

	if (argc > 1 && !strcmp(argv[1], "-t")) {
		timed = true;
		argc--;
		argv++;
	}
	if (argc < 3 || argc > 4 || (strcmp(argv[1], "-d") && strcmp(argv[1], "-p"))) {
		fputs("usage: operations [-t] -d|-p LABEL [OPERATION,...]\n", stderr);
		return 2;
	}
	label = argv[2];
	if (!timed)
		check_clock();
	check_enforced(argv[1]);
	file_fd = open(DEPTH3, O_RDONLY);
	null_fd = open("/dev/null", O_WRONLY);
	if (file_fd < 0 || null_fd < 0)
		fail("open", -errno);
	sockets_open();
	overhead = loop_cost();
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		const struct operation *o = &operations[i];

		if (argc == 4 ? named(argv[3], o->name) : !o->asked)
			report(o, overhead);
	}
	return 0;
}
