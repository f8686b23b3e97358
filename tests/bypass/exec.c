/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exec: ways to have a program run, or its bytes executable, without executing it by its name.
 */
#include "bypass.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOADER	      "/lib64/ld-linux-x86-64.so.2"
#define FORMATS	      "/proc/sys/fs/binfmt_misc"
#define EXECVE_CHECK  0x10000 /* AT_EXECVE_CHECK */
#define LOADER_FAILED 127     /* the loader's status where it could not map a file */

static char place[4096];

/* 0 where PROGRAM ended well; EACCES also where it was denied when it was half executed, and killed */
static int executed(char **words)
{
	int status, quiet;
	pid_t pid = fork();

	if (!pid) {
		quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(quiet, 1);
		dup2(quiet, 2);
		execv(words[0], words);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return before("fork");
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	errno = WIFSIGNALED(status) || WEXITSTATUS(status) == LOADER_FAILED ? EACCES : WEXITSTATUS(status);
	return -1;
}

/* PROGRAM, which the loader is told to run */
static int loader(char **a)
{
	char *words[] = {LOADER, a[0], NULL};

	return executed(words);
}

/* LIBRARY: a program is told to load it */
static int preload(char **a)
{
	char *words[] = {LOADER, "--preload", a[0], "/bin/true", NULL};
	int r;

	/* the loader goes on without a library that it cannot map: that is said on its standard error */
	FILE *said;
	char command[4096], text[256] = "";

	snprintf(command, sizeof(command), "%s %s %s %s 2>&1", words[0], words[1], words[2], words[3]);
	said = popen(command, "r");
	if (!said)
		return before("popen");
	r = fgets(text, sizeof(text), said) ? -1 : 0;
	pclose(said);
	errno = EACCES;
	return r;
}

/* LOADER: a program that names it as its loader */
static int interpreter_prepare(char **a)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;
	char text[sizeof(LOADER)] = "";
	int fd;

	snprintf(place, sizeof(place), "%s/allow/program", fixture_root);
	if (strlen(a[0]) >= sizeof(text) || copy_file(LOADER, a[0]) || copy_file("/bin/true", place))
		return -1;
	memcpy(text, a[0], strlen(a[0]));
	fd = open(place, O_RDWR | O_CLOEXEC);
	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != sizeof(head))
		return -1;
	for (int i = 0; i < head.e_phnum; i++) {
		off_t at = (off_t)(head.e_phoff + (unsigned)i * sizeof(part));

		if (pread(fd, &part, sizeof(part), at) == sizeof(part) && part.p_type == PT_INTERP) {
			ssize_t n = pwrite(fd, text, sizeof(text), (off_t)part.p_offset);

			return close(fd) || n != sizeof(text) ? -1 : 0;
		}
	}
	return -1;
}

static int run_place(char **a)
{
	char *words[] = {place, NULL};

	(void)a;
	return executed(words);
}

/* INTERPRETER [FLAGS]: of a file format that the kernel is told of */
static int format_prepare(char **a)
{
	char line[512];

	mount("none", FORMATS, "binfmt_misc", 0, NULL);
	write_file(FORMATS "/status", "-1", 0644);
	snprintf(line, sizeof(line), ":pavise:M::PAVISE::%s:%s", a[0], a[1]);
	snprintf(place, sizeof(place), "%s/allow/program", fixture_root);
	return write_file(place, "PAVISE\n", 0755) || write_file(FORMATS "/register", line, 0644);
}

/* exec, or data: the device of zeros, mapped by all who share it */
static int map_zero(char **a)
{
	int fd = open("/dev/zero", O_RDONLY);
	void *p = mmap(NULL, 4096, PROT_READ | (strcmp(a[0], "exec") ? 0 : PROT_EXEC), MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? -1 : 0;
}

/* the same: mapped for oneself, and executable afterwards */
static int protect_zero(char **a)
{
	int fd = open("/dev/zero", O_RDONLY);
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	return p == MAP_FAILED ? before("map")
			       : mprotect(p, 4096, PROT_READ | (strcmp(a[0], "exec") ? 0 : PROT_EXEC));
}

static int map_ring(int fd, off_t at, const char *how)
{
	int protection = PROT_READ | (strcmp(how, "exec") ? 0 : PROT_EXEC);

	return mmap(NULL, 4096, protection, MAP_SHARED, fd, at) == MAP_FAILED ? -1 : 0;
}

/* exec, or data: what packets are read from */
static int ring_exec(char **a)
{
	struct tpacket_req ring = {
		.tp_block_size = 4096, .tp_block_nr = 1, .tp_frame_size = 2048, .tp_frame_nr = 2};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)))
		return before("socket");
	return map_ring(fd, 0, a[0]);
}

/* the same: what an io_uring is told by */
static int ring_uring(char **a)
{
	struct io_uring_params parameters = {0};
	int fd = (int)syscall(SYS_io_uring_setup, 4, &parameters);

	return fd < 0 ? before("io_uring_setup") : map_ring(fd, IORING_OFF_SQES, a[0]);
}

/* userfault: by which a private mapping of a file is filled; userfault-device, the same; or event */
static int make_descriptor(char **a)
{
	int fd;

	if (!strcmp(a[0], "event"))
		return eventfd(0, 0);
	if (!strcmp(a[0], "userfault"))
		return (int)syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY);
	fd = open("/dev/userfaultfd", O_RDWR);
	return fd < 0 ? before("open") : ioctl(fd, _IO(0xAA, 0), 0);
}

/* FILE: mapped to read, and then at other pages of it, where what is readable is executable */
static int remap_pages(char **a)
{
	int fd = open(a[0], O_RDWR); /* else it is not shared */
	char *p = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);

	if (fd < 0 || p == MAP_FAILED)
		return before("map");
	personality(READ_IMPLIES_EXEC);
	return (int)syscall(SYS_remap_file_pages, p, 4096, 0, 1, 0);
}

/* FILE: mapped to read, where what is readable is executable */
static int implied(char **a)
{
	int fd = open(a[0], O_RDONLY);

	if (fd < 0)
		return before("open");
	personality(READ_IMPLIES_EXEC);
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0;
}

/* code on the heap, where what is readable is executable; without that, a fault ends the process */
static int run_heap(char **a)
{
	unsigned char *code;

	(void)a;
	personality(READ_IMPLIES_EXEC);
	code = sbrk(4096);
	if (code == (void *)-1)
		return before("brk");
	*code = 0xc3; /* ret */
	((void (*)(void))code)();
	return 0;
}

/* FILE: may it be executed? */
static int exec_check(char **a)
{
	char *words[] = {a[0], NULL};

	return (int)syscall(SYS_execveat, AT_FDCWD, a[0], words, environ, EXECVE_CHECK);
}

/* HOW: a program that is deleted meanwhile, or "kept" */
static int exec_check_deleted(char **a)
{
	char *words[] = {place, NULL};
	int fd;

	snprintf(place, sizeof(place), "%s/allow/program", fixture_root);
	if (copy_file("/bin/true", place))
		return before("copy");
	fd = open(place, O_PATH | O_CLOEXEC);
	if (fd < 0 || (!strcmp(a[0], "deleted") && unlink(place)))
		return before("open");
	return (int)syscall(SYS_execveat, fd, "", words, environ, AT_EMPTY_PATH | EXECVE_CHECK);
}

/* FOLDER: a crash leaves the memory of the process there */
static int core_prepare(char **a)
{
	(void)a;
	return write_file("/proc/sys/kernel/core_pattern", "core", 0644) ||
	       write_file("/proc/sys/kernel/core_uses_pid", "0", 0644);
}

static int core(char **a)
{
	static const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	int status;
	pid_t pid;

	if (chdir(a[0]) || setrlimit(RLIMIT_CORE, &all))
		return before("folder");
	pid = fork();
	if (!pid)
		raise(SIGABRT);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		return before("crash");
	errno = EACCES;
	return WCOREDUMP(status) ? 0 : -1;
}

/* WHAT: the program's own text, by what the kernel permits to who traces; or its data, as anybody may */
static int patch(char **a)
{
	static char data[2];
	off_t at = (off_t)(unsigned long)&remap_pages;
	unsigned char byte;
	int fd;

	if (!strcmp(a[0], "data"))
		return memmove(data, data + 1, 1) ? 0 : -1;
	fd = open("/proc/self/mem", O_RDWR);
	return fd < 0 || pread(fd, &byte, 1, at) != 1 || pwrite(fd, &byte, 1, at) != 1 ? -1 : 0;
}

const struct operation exec_operations[] = {
	{"map-zero", 1, map_zero, NULL},
	{"protect-zero", 1, protect_zero, NULL},
	{"descriptor", 1, make_descriptor, NULL},
	{"ring-exec", 1, ring_exec, NULL},
	{"ring-uring", 1, ring_uring, NULL},
	{"loader", 1, loader, NULL},
	{"preload", 1, preload, NULL},
	{"interpreter", 1, run_place, interpreter_prepare},
	{"format", 2, run_place, format_prepare},
	{"remap-pages", 1, remap_pages, NULL},
	{"read-implies-exec", 1, implied, NULL},
	{"brk", 0, run_heap, NULL},
	{"exec-check", 1, exec_check, NULL},
	{"exec-check-deleted", 1, exec_check_deleted, NULL},
	{"core", 1, core, core_prepare},
	{"patch", 1, patch, NULL},
	{0},
};
