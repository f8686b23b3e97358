/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A process whose arguments nobody can read: who wants to waits for the lock of its memory.
 *
 *   life_stuck PLACE DENIED   PLACE, which must not be there, becomes a file of a FUSE server. Prints this
 *                             process and the server, "PID SERVER", once all is as it is to be. At SIGUSR1
 *                             opens DENIED. Ends when both are killed, the server first.
 *   life_stuck - DENIED       the same without file, server and waiting: prints "PID PID"
 *
 * A thread reads the file's page, which is mapped, by /proc/self/mem. That holds the lock for reading until
 * the server answers, which it does not. Another thread then asks for the lock for writing, and whoever wants
 * it after that, for reading too, waits behind it. (/proc/PID/cmdline does not read the page itself: it is
 * that of a file.)
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECONDS 900
#define PAGE	4096
#define THREADS 2

static char requests[65536], *page;
static int started[2]; /* written to by the server when the page is read */

static void answer(int device, uint64_t unique, int error, const void *data, size_t size)
{
	char out[512];
	struct fuse_out_header *head = (void *)out;

	*head = (struct fuse_out_header){(uint32_t)(sizeof(*head) + size), error, unique};
	if (data)
		memcpy(out + sizeof(*head), data, size);
	if (write(device, out, sizeof(*head) + size) < 0 && errno != ENOENT)
		_exit(1);
}

/* How many threads of the process wait for a lock (who waits for the server sleeps lightly). */
static int waiting(pid_t process)
{
	char name[320], stat[512], *end;
	struct dirent *entry;
	DIR *tasks;
	int n = 0;

	snprintf(name, sizeof(name), "/proc/%d/task", (int)process);
	tasks = opendir(name);
	while (tasks && (entry = readdir(tasks))) {
		ssize_t length;
		int fd;

		snprintf(name, sizeof(name), "/proc/%d/task/%s/stat", (int)process, entry->d_name);
		fd = open(name, O_RDONLY | O_CLOEXEC);
		length = read(fd, stat, sizeof(stat) - 1);
		close(fd);
		stat[length < 0 ? 0 : length] = '\0';
		end = strrchr(stat, ')');
		n += end && !strncmp(end, ") D", 3);
	}
	if (tasks)
		closedir(tasks);
	return n;
}

static void stall(pid_t process)
{
	if (write(started[1], "", 1) != 1)
		_exit(1);
	while (!waiting(process))
		usleep(10000);
	printf("%d %d\n", (int)process, (int)getpid());
	fflush(stdout);
}

static _Noreturn void serve(int device, pid_t process)
{
	static const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = PAGE};
	static const struct fuse_open_out opened;
	static const struct fuse_attr_out attributes = {
		.attr_valid = SECONDS,
		.attr = {.ino = 1, .size = PAGE, .mode = S_IFREG | 0644, .nlink = 1, .blksize = PAGE}};
	const struct fuse_in_header *in = (const void *)requests;

	while (read(device, requests, sizeof(requests)) > 0) {
		switch (in->opcode) {
		case FUSE_INIT:
			answer(device, in->unique, 0, &init, sizeof(init));
			break;
		case FUSE_GETATTR:
			answer(device, in->unique, 0, &attributes, sizeof(attributes));
			break;
		case FUSE_OPEN:
			answer(device, in->unique, 0, &opened, sizeof(opened));
			break;
		case FUSE_READ:
			stall(process);
			break;
		case FUSE_INTERRUPT:
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
			break;
		default:
			answer(device, in->unique, in->opcode == FUSE_RELEASE ? 0 : -ENOSYS, NULL, 0);
		}
	}
	_exit(0);
}

/* The file's first page in memory, not read; NULL with errno. */
static char *map_file(const char *place)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC), fd = open(place, O_CREAT | O_WRONLY, 0600);
	pid_t process = getpid();
	char options[128], *at;
	struct stat st;

	snprintf(options, sizeof(options), "fd=%d,rootmode=100644,user_id=0,group_id=0", device);
	if (device < 0 || fd < 0 || close(fd) || mount("life_stuck", place, "fuse", 0, options))
		return NULL;
	if (!fork()) {
		alarm(SECONDS);
		serve(device, process);
	}
	close(device);
	fd = open(place, O_RDONLY | O_CLOEXEC);
	/* the size is not known before it is asked for */
	at = fd < 0 || fstat(fd, &st) ? MAP_FAILED : mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	umount2(place, MNT_DETACH);
	unlink(place);
	return at == MAP_FAILED ? NULL : at;
}

static void *hold_lock(void *unused)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char byte;

	if (pread(fd, &byte, 1, (off_t)page) != 1)
		perror("life_stuck: /proc/self/mem");
	return unused;
}

static void *want_lock(void *unused)
{
	char byte;

	if (read(started[0], &byte, 1) == 1)
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return unused;
}

/* Once the threads have the lock nothing here may need it: what is used was used before. */
int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int number, fd = -1;
	sigset_t set;
	bool calm;

	if (argc != 3)
		return 98;
	alarm(SECONDS); /* whatever happens to the test */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	calm = !strcmp(argv[1], "-");
	if (!calm && !pipe(started))
		page = map_file(argv[1]);
	if (!calm && !page) {
		perror("life_stuck");
		return 99;
	}
	raise(SIGUSR1);
	sigwait(&set, &number);
	close(open(argv[2], O_RDONLY | O_CLOEXEC));
	if (calm) {
		printf("%d %d\n", (int)getpid(), (int)getpid());
		fflush(stdout);
	} else if (pthread_create(&threads[0], NULL, want_lock, NULL) ||
		   pthread_create(&threads[1], NULL, hold_lock, NULL)) {
		return 99;
	}
	while (!sigwait(&set, &number)) {
		fd = open(argv[2], O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}
