/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a command does with its terminal.
 *
 *   probe_terminal pty COMMAND [ARGUMENT]...   run COMMAND with a new controlling terminal, which is its
 *                                              standard input, output and error too; show what it writes
 *   probe_terminal ioctls                      of standard input: get its size, and type into it by each
 *                                              way of calling the kernel; print what each gave, as
 *                                              "size=0 sti=0 high=EPERM ..."
 *
 * high: with bits in the number that the kernel does not look at; i386: by int 0x80; x32: by the number of
 * that ABI (ENOSYS where the kernel has none); linux: TIOCLINUX, which a pty has not (ENOTTY).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define SECONDS	   60
#define I386_IOCTL 54
#define X32_IOCTL  (0x40000000 + 514)

/* ---- a terminal ---- */

static _Noreturn void run_on(const char *name, char **argv)
{
	struct termios raw;
	int fd;

	setsid();
	fd = open(name, O_RDWR); /* by that it is the controlling terminal */
	if (fd < 0 || tcgetattr(fd, &raw))
		_exit(99);
	cfmakeraw(&raw); /* what is typed is not shown, and what is written is as it was */
	if (tcsetattr(fd, TCSANOW, &raw) || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(99);
	if (fd > 2)
		close(fd);
	execvp(argv[0], argv);
	_exit(99);
}

static int do_pty(char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status;
	char text[512];
	ssize_t n;
	pid_t pid;

	if (master < 0 || grantpt(master) || unlockpt(master))
		return 99;
	pid = fork();
	if (!pid)
		run_on(ptsname(master), argv);
	/* EIO once nobody has the other end */
	while ((n = read(master, text, sizeof(text))) > 0)
		if (write(STDOUT_FILENO, text, (size_t)n) != n)
			return 99;
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 99;
	return WEXITSTATUS(status);
}

/* ---- what is asked of it ---- */

static void tell(const char *what, long result)
{
	printf("%s%s=%s", strcmp(what, "size") ? " " : "", what,
	       result < 0 ? strerrorname_np((int)-result) : "0");
}

static long raw(long number, long fd, unsigned long request, const void *argument)
{
	return syscall(number, fd, request, argument) < 0 ? -errno : 0;
}

static long by_i386(long fd, unsigned long request, const void *argument)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(I386_IOCTL), "b"(fd), "c"(request), "d"(argument)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

static int do_ioctls(char **argv)
{
	/* where a pointer of 32 bits can be to */
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct winsize size;

	(void)argv;
	if (low == MAP_FAILED)
		return 99;
	*low = 'x';
	tell("size", raw(SYS_ioctl, 0, TIOCGWINSZ, &size));
	tell("sti", raw(SYS_ioctl, 0, TIOCSTI, low));
	tell("high", raw(SYS_ioctl, 0, TIOCSTI | 1ul << 40, low));
	tell("i386", by_i386(0, TIOCSTI, low));
	tell("x32", raw(X32_IOCTL, 0, TIOCSTI, low));
	*low = 4; /* nothing is done by it but to show that it is asked */
	tell("linux", raw(SYS_ioctl, 0, TIOCLINUX, low));
	printf("\n");
	return 0;
}

int main(int argc, char **argv)
{
	alarm(SECONDS);
	if (argc > 2 && !strcmp(argv[1], "pty"))
		return do_pty(argv + 2);
	if (argc == 2 && !strcmp(argv[1], "ioctls"))
		return do_ioctls(argv);
	fputs("usage: see probe_terminal.c\n", stderr);
	return 98;
}
