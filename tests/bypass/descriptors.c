/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Descriptors, mappings and sockets that were not made by the process, or not under the policy.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int kept = -1, ends[2] = {-1, -1};
static char *mapping;
static struct sockaddr_storage address;
static socklen_t address_length;
static pid_t parent;

static int flags_of(const char *mode)
{
	return !strcmp(mode, "write") ? O_RDWR : !strcmp(mode, "path") ? O_PATH : O_RDONLY;
}

/* MODE FILE, opened before */
static int keep_file(char **a)
{
	parent = getpid();
	kept = open(a[1], flags_of(a[0]));
	return kept < 0 ? -1 : 0;
}

static int read_kept(char **a)
{
	char byte;

	(void)a;
	return read(kept, &byte, 1) == 1 ? 0 : -1;
}

static int truncate_kept(char **a)
{
	(void)a;
	return ftruncate(kept, 0);
}

static int reopen(int fd)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return open(link, O_RDONLY);
}

static int reopen_kept(char **a)
{
	(void)a;
	return reopen(kept);
}

static int open_below_kept(char **a)
{
	(void)a;
	return openat(kept, "file", O_RDONLY);
}

static int exec_kept(char **a)
{
	return (int)syscall(SYS_execveat, kept, "", a, environ, AT_EMPTY_PATH);
}

/* MODE FILE, sent before */
static int send_prepare(char **a)
{
	return keep_file(a) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) || send_descriptor(ends[0], kept);
}

static int receive(char **a)
{
	(void)a;
	close(kept);
	return receive_descriptor(ends[1]);
}

/* MODE FILE, received, and opened again */
static int receive_reopen(char **a)
{
	int fd = receive(a);

	return fd < 0 ? before("receive") : reopen(fd);
}

static int fetch_from(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? before("pidfd_open") : (int)syscall(SYS_pidfd_getfd, fd, kept, 0);
}

/* MODE FILE: a descriptor of a process that is governed alike */
static int fetch_peer(char **a)
{
	pid_t pid = fork();
	int r, error;

	(void)a;
	if (!pid) {
		pause();
		_exit(0);
	}
	r = pid < 0 ? before("fork") : fetch_from(pid);
	error = errno;
	kill(pid, SIGKILL);
	errno = error;
	return r;
}

/* MODE FILE: of one that no policy governs */
static int fetch_outside(char **a)
{
	(void)a;
	return fetch_from(parent);
}

/*
 * MODE FILE: put into the process by who watches its system calls. That one gets the descriptor of the filter
 * over a socket, and what it found is the result of the call.
 */
static int put_descriptor(const struct seccomp_notif *call, int listener)
{
	struct seccomp_notif_addfd add = {.id = call->id, .srcfd = (unsigned)kept};
	struct seccomp_notif_resp answer = {.id = call->id};
	int fd = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);

	answer.val = fd;
	answer.error = fd < 0 ? -errno : 0;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static int watch_calls(void)
{
	int listener = receive_descriptor(ends[0]);
	struct seccomp_notif call = {0};

	return listener < 0 || ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call)
		       ? 1
		       : put_descriptor(&call, listener);
}

static int put_prepare(char **a)
{
	pid_t pid;

	if (keep_file(a) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
		return -1;
	pid = fork();
	if (!pid) {
		alarm(60);
		_exit(watch_calls());
	}
	return pid < 0 ? -1 : 0;
}

/* epoll_create(2) is the call that is answered by another */
static int put(char **a)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_create, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
	int listener;

	(void)a;
	close(kept);
	listener =
		(int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
	if (listener < 0 || send_descriptor(ends[1], listener))
		return before("seccomp");
	return (int)syscall(SYS_epoll_create, 1);
}

static pid_t outside;

#define PIPE   9
#define MEMORY 8

/* A pipe and memory without a name, by these numbers. */
static int make_nameless(const void *context)
{
	int ends_of[2], memory = memfd_create("memory", 0);

	(void)context;
	return memory < 0 || pipe(ends_of) || dup2(ends_of[0], PIPE) < 0 || dup2(memory, MEMORY) < 0;
}

static int reach_prepare(char **a)
{
	(void)a;
	outside = helper(make_nameless, NULL);
	return outside < 0 ? -1 : 0;
}

/* The descriptor of a process, opened anew. */
static int open_of(pid_t pid, int number, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, number);
	return open(path, flags | O_NONBLOCK);
}

/*
 * WHOSE DESCRIPTOR: outside; place, the same by a descriptor that is a place only, after a look at who is
 * governed alike; alike; or self, after a look at the one outside
 */
static int reach(char **a)
{
	int number = atoi(a[1]), fd;
	pid_t alike = helper(make_nameless, NULL);

	if (alike < 0 || make_nameless(NULL))
		return before("helper");
	if (!strcmp(a[0], "outside"))
		return open_of(outside, number, O_RDONLY);
	if (!strcmp(a[0], "alike"))
		return open_of(alike, number, O_RDONLY);
	fd = open_of(outside, number, O_PATH);
	if (fd < 0)
		return before("look");
	if (!strcmp(a[0], "self"))
		return open_of(getpid(), number, O_RDONLY);
	if (open_of(alike, number, O_RDONLY) < 0)
		return before("look at who is governed alike");
	return open_of(getpid(), fd, O_RDONLY);
}

/* FILE, mapped before */
static int keep_mapping(char **a)
{
	int fd = open(a[0], O_RDONLY);

	mapping = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	return fd < 0 || mapping == MAP_FAILED ? -1 : close(fd);
}

static int read_mapping(char **a)
{
	(void)a;
	return *(volatile char *)mapping ? 0 : -1;
}

static int execute_mapping(char **a)
{
	(void)a;
	return mprotect(mapping, 4096, PROT_READ | PROT_EXEC);
}

/* ADDRESS: sockets from before */
static int keep_socket(char **a)
{
	kept = socket(AF_INET, SOCK_DGRAM, 0);
	return kept < 0 ? -1 : parse_address(a[0], &address, &address_length);
}

static int keep_connection(char **a)
{
	return keep_socket(a) || connect(kept, (struct sockaddr *)&address, address_length);
}

static int keep_listener(char **a)
{
	int one = 1;

	if (parse_address(a[0], &address, &address_length))
		return -1;
	kept = socket(AF_INET, SOCK_STREAM, 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	return setsockopt(kept, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	       bind(kept, (struct sockaddr *)&address, address_length) || listen(kept, 1) ||
	       connect(ends[0], (struct sockaddr *)&address, address_length);
}

/* FAMILY ADDRESS: smc or tcp, bound before */
static int keep_bound(char **a)
{
	if (parse_address(a[1], &address, &address_length))
		return -1;
	kept = socket(strcmp(a[0], "smc") ? AF_INET : AF_SMC, SOCK_STREAM, 0);
	return bind(kept, (struct sockaddr *)&address, address_length);
}

static int listen_kept(char **a)
{
	(void)a;
	return listen(kept, 1);
}

static int send_kept(char **a)
{
	(void)a;
	return (int)sendto(kept, "x", 1, 0, (struct sockaddr *)&address, address_length);
}

static int write_kept(char **a)
{
	(void)a;
	return (int)write(kept, "x", 1);
}

static int accept_kept(char **a)
{
	(void)a;
	return accept(kept, NULL, NULL);
}

const struct operation descriptor_operations[] = {
	{"kept-read", 2, read_kept, keep_file},
	{"kept-truncate", 2, truncate_kept, keep_file},
	{"kept-reopen", 2, reopen_kept, keep_file},
	{"kept-folder", 2, open_below_kept, keep_file},
	{"kept-exec", 2, exec_kept, keep_file},
	{"receive", 2, receive, send_prepare},
	{"receive-reopen", 2, receive_reopen, send_prepare},
	{"put", 2, put, put_prepare},
	{"fetch-peer", 2, fetch_peer, keep_file},
	{"fetch-outside", 2, fetch_outside, keep_file},
	{"reach", 2, reach, reach_prepare},
	{"kept-mapping", 1, read_mapping, keep_mapping},
	{"kept-mapping-exec", 1, execute_mapping, keep_mapping},
	{"kept-socket", 1, send_kept, keep_socket},
	{"kept-connection", 1, write_kept, keep_connection},
	{"kept-listener", 1, accept_kept, keep_listener},
	{"listen-kept", 2, listen_kept, keep_bound},
	{0},
};
