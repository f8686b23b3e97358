/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reader and how it is asked, see reader.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "audit/procfs.h"
#include "control/reader.h"
#include "util/util.h"

#define SECOND_MS      1000ull
#define MILLISECOND_NS 1000000ull
#define READER_NAME    "pavise-reader" /* 15 bytes at most */
#define FAILED_ANSWER  125
#define ASKED_FOR_ARGV (-1)

struct question {
	uint64_t start_ns;
	uint32_t pid;
	int number; /* of a descriptor, or ASKED_FOR_ARGV */
};

struct answer {
	int64_t result; /* -errno; or the length of the arguments, one more than fit: there are more */
	struct descriptor_file file;
	char argv[PV_ARGV_MAX + 1];
};

/* ---- the child ---- */

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The kernel's maps, as far as they are in memory here. */
static void unmap_shared(void)
{
	FILE *list = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[256], mode[5];

	if (!list)
		_exit(FAILED_ANSWER);
	/* of a longer line the rest is a name, which does not begin like this */
	while (fgets(line, sizeof(line), list))
		if (sscanf(line, "%lx-%lx %4s ", &start, &end, mode) == 3 && mode[3] == 's' &&
		    munmap((void *)start, end - start))
			_exit(FAILED_ANSWER);
	fclose(list);
}

static int64_t read_file_of(const struct question *q, struct descriptor_file *file)
{
	CLEANUP_CLOSE int directory = procfs_open(q->pid, q->start_ns);

	return directory < 0 ? directory : descriptor_stat(directory, q->number, file);
}

static _Noreturn void be_reader(int fd, pid_t agent)
{
	struct question q;
	struct answer a;

	prctl(PR_SET_NAME, READER_NAME);
	prctl(PR_SET_DUMPABLE, 0);
	/* the agent has one thread, so that it does not end before the agent */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != agent)
		_exit(FAILED_ANSWER);
	reset_signals();
	if (dup2(fd, STDIN_FILENO) || close_range(STDIN_FILENO + 1, ~0u, 0))
		_exit(FAILED_ANSWER);
	unmap_shared();
	while (recv(STDIN_FILENO, &q, sizeof(q), 0) == sizeof(q)) {
		memset(&a, 0, sizeof(a));
		if (q.number == ASKED_FOR_ARGV)
			a.result = procfs_arguments(q.pid, q.start_ns, a.argv, sizeof(a.argv));
		else
			a.result = read_file_of(&q, &a.file);
		if (send(STDIN_FILENO, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a))
			break;
	}
	_exit(0);
}

/* ---- the agent ---- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND_MS + (uint64_t)t.tv_nsec / MILLISECOND_NS;
}

/* Forget those that are gone. */
static void reap(struct reader *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_ended; i++)
		if (!waitpid(r->ended[i], NULL, WNOHANG))
			r->ended[n++] = r->ended[i];
	r->n_ended = n;
}

/* It is not waited for: that could last. */
static void end(struct reader *r)
{
	if (!r->pid)
		return;
	close(r->fd);
	kill(r->pid, SIGKILL);
	r->ended[r->n_ended++] = r->pid;
	r->pid = 0;
	reap(r);
}

static int start(struct reader *r)
{
	pid_t agent = getpid(), pid;
	int pair[2];

	if (r->pid)
		return 0;
	reap(r);
	if (r->n_ended == READER_ENDED_MAX)
		return -EAGAIN;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = fork();
	if (!pid)
		be_reader(pair[1], agent);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return -EAGAIN;
	}
	r->pid = pid;
	r->fd = pair[0];
	return 0;
}

/* 0; -EPIPE: it is dead; -EAGAIN: there was no answer in time. */
static int ask_once(struct reader *r, const struct question *q, uint64_t until_ms, struct answer *a)
{
	struct pollfd p = {.fd = r->fd, .events = POLLIN};
	uint64_t now;
	ssize_t n;

	if (send(r->fd, q, sizeof(*q), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(*q))
		return -EPIPE;
	do {
		now = now_ms();
		if (now >= until_ms)
			return -EAGAIN;
	} while (poll(&p, 1, (int)(until_ms - now)) != 1);
	n = recv(r->fd, a, sizeof(*a), MSG_DONTWAIT);
	return n == sizeof(*a) ? 0 : -EPIPE;
}

/* One that died since it was asked last is replaced once. */
static int ask_any(struct reader *r, const struct question *q, uint64_t until_ms, struct answer *a)
{
	int err = -EAGAIN;

	for (int i = 0; i < 2; i++) {
		err = start(r);
		if (!err)
			err = ask_once(r, q, until_ms, a);
		if (!err)
			return 0;
		end(r);
		if (err != -EPIPE)
			break;
	}
	return -EAGAIN;
}

static int ask(struct reader *r, const struct question *q, struct answer *a)
{
	uint64_t began = now_ms(), took;
	int err;

	if (began - r->window_ms >= READER_WINDOW_MS) {
		r->window_ms = began;
		r->waited_ms = 0;
	}
	if (r->waited_ms >= READER_BUDGET_MS)
		return -EAGAIN;
	err = ask_any(r, q, began + READER_WAIT_MS, a);
	took = now_ms() - began;
	if (took > READER_FREE_MS)
		r->waited_ms += took;
	return err;
}

void reader_open(struct reader *r)
{
	start(r);
}

void reader_close(struct reader *r)
{
	end(r);
}

struct process_text *reader_text(struct reader *r, uint32_t pid, uint64_t start_ns)
{
	const struct question q = {start_ns, pid, ASKED_FOR_ARGV};
	struct process_text *text = procfs_text(pid, start_ns, NULL, -EAGAIN);
	struct answer a;

	/* without an executable it is a kernel thread, or gone */
	if (!text || ask(r, &q, &a) || a.result < 0 || (size_t)a.result > sizeof(a.argv))
		return text;
	process_text_put(text);
	return procfs_text(pid, start_ns, a.argv, (ssize_t)a.result);
}

int reader_stat(struct reader *r, uint32_t pid, uint64_t start_ns, int number, struct descriptor_file *file)
{
	const struct question q = {start_ns, pid, number};
	struct answer a;
	int err = ask(r, &q, &a);

	if (!err)
		err = (int)a.result;
	if (!err)
		*file = a.file;
	return err;
}
