/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe_file [WRAPPER ARGUMENT...]... OPERATION ARGUMENT...: one operation on files.
 *
 * Guarantees: prints 0 when the operation succeeds, the name of its error when it fails, and
 * "WRAPPER: ERROR" when what was to happen before it failed, so that the one is never taken for the
 * other. What is opened is not used further.
 *
 * How: two tables. A wrapper changes the process (or makes another) and goes on with the rest of the
 * command line; an operation is the end of it. As a library function an operation returns -1 and
 * sets errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif

static int run(char **argv);

/* ---- operations ---- */

static int op_read(char **a)
{
	return open(a[0], O_RDONLY);
}

static int op_write(char **a)
{
	return open(a[0], O_WRONLY);
}

static int op_rdwr(char **a)
{
	return open(a[0], O_RDWR);
}

static int op_append(char **a)
{
	return open(a[0], O_WRONLY | O_APPEND);
}

static int op_create(char **a)
{
	return open(a[0], O_WRONLY | O_CREAT, 0644);
}

static int op_create_rdwr(char **a)
{
	return open(a[0], O_RDWR | O_CREAT | O_EXCL, 0644);
}

static int op_list(char **a)
{
	return open(a[0], O_RDONLY | O_DIRECTORY);
}

static int op_path(char **a)
{
	return open(a[0], O_PATH);
}

static int op_truncate_open(char **a)
{
	return open(a[0], O_WRONLY | O_TRUNC);
}

static int op_truncate_read(char **a)
{
	return open(a[0], O_RDONLY | O_TRUNC);
}

/* for appending only, and emptied */
static int op_truncate_append(char **a)
{
	return open(a[0], O_WRONLY | O_APPEND | O_TRUNC);
}

static int op_tmpfile(char **a)
{
	return open(a[0], O_TMPFILE | O_RDWR, 0600);
}

static int op_openat2(char **a)
{
	struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS};

	return (int)syscall(SYS_openat2, AT_FDCWD, a[0], &how, sizeof(how));
}

/* read relative to a folder: FOLDER NAME */
static int op_openat(char **a)
{
	int dir = open(a[0], O_PATH | O_DIRECTORY);

	if (dir < 0) {
		printf("openat: ");
		return -1;
	}
	return openat(dir, a[1], O_RDONLY);
}

static int reopen_descriptor(int fd, int flags)
{
	char link[64];

	if (fd < 0) {
		printf("descriptor: ");
		return -1;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return open(link, flags);
}

/* a descriptor that gives nothing, opened again for reading */
static int op_reopen_path(char **a)
{
	return reopen_descriptor(open(a[0], O_PATH), O_RDONLY);
}

/* a descriptor for writing, opened again for reading */
static int op_reopen_write(char **a)
{
	return reopen_descriptor(open(a[0], O_WRONLY), O_RDONLY);
}

/* what has no place in any folder, opened again */
static int op_reopen_pipe(char **a)
{
	int fds[2] = {-1, -1};

	(void)a;
	return reopen_descriptor(pipe(fds) ? -1 : fds[1], O_WRONLY);
}

static int op_reopen_memfd(char **a)
{
	(void)a;
	return reopen_descriptor(memfd_create("pavise-test", MFD_CLOEXEC), O_RDWR);
}

/* a file whose name is gone, opened again: FILE */
static int op_reopen_deleted(char **a)
{
	int fd = open(a[0], O_RDWR | O_CREAT, 0600);

	return reopen_descriptor(fd >= 0 && unlink(a[0]) ? -1 : fd, O_RDONLY);
}

static int op_mknod(char **a)
{
	return mknod(a[0], S_IFIFO | 0600, 0);
}

static int op_mkdir(char **a)
{
	return mkdir(a[0], 0755);
}

static int op_symlink(char **a)
{
	return symlink("/nowhere", a[0]);
}

static int op_unlink(char **a)
{
	return unlink(a[0]);
}

static int op_rmdir(char **a)
{
	return rmdir(a[0]);
}

static int op_rename(char **a)
{
	return rename(a[0], a[1]);
}

static int op_exchange(char **a)
{
	return renameat2(AT_FDCWD, a[0], AT_FDCWD, a[1], RENAME_EXCHANGE);
}

static int op_link(char **a)
{
	return link(a[0], a[1]);
}

static int op_chmod(char **a)
{
	return chmod(a[0], 0600);
}

static int op_fchmod(char **a)
{
	int fd = open(a[0], O_RDONLY);

	if (fd < 0) {
		printf("fchmod: ");
		return -1;
	}
	return fchmod(fd, 0600);
}

static int op_chown(char **a)
{
	return chown(a[0], 1000, 1000);
}

static int op_lchown(char **a)
{
	return lchown(a[0], 1000, 1000);
}

static int op_truncate(char **a)
{
	return truncate(a[0], 0);
}

static int op_ftruncate(char **a)
{
	int fd = open(a[0], O_WRONLY);

	if (fd < 0) {
		printf("ftruncate: ");
		return -1;
	}
	return ftruncate(fd, 0);
}

static int op_ftruncate_append(char **a)
{
	int fd = open(a[0], O_WRONLY | O_APPEND);

	if (fd < 0) {
		printf("ftruncate: ");
		return -1;
	}
	return ftruncate(fd, 0);
}

static int map(const char *path, int prot, int flags)
{
	int fd = open(path, O_RDONLY);
	void *p;

	if (fd < 0) {
		printf("map: ");
		return -1;
	}
	p = mmap(NULL, 4096, prot, flags, fd, 0);
	return p == MAP_FAILED ? -1 : 0;
}

static int op_map_exec(char **a)
{
	return map(a[0], PROT_READ | PROT_EXEC, MAP_PRIVATE);
}

static int op_map_exec_shared(char **a)
{
	return map(a[0], PROT_EXEC, MAP_SHARED);
}

static int op_map_read(char **a)
{
	return map(a[0], PROT_READ, MAP_PRIVATE);
}

/* executable memory that is no file's */
static int op_map_anonymous(char **a)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)a;
	return p == MAP_FAILED ? -1 : 0;
}

/* a mount that is in no namespace: FOLDER NAME */
static int op_detached(char **a)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, a[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0) {
		printf("open_tree: ");
		return -1;
	}
	return openat(tree, a[1], O_RDONLY);
}

/* FOLDER FILE: a mount that is in no namespace, and whose FOLDER is unmounted, as descriptor 9; then makes
 * FILE */
static int op_detached_await(char **a)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, a[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 || dup2(tree, 9) < 0 || umount2(a[0], MNT_DETACH) || creat(a[1], 0600) < 0)
		return -1;
	for (;;)
		pause();
}

/* FILE TIMES: open it so often; the first failure counts */
static int op_read_often(char **a)
{
	for (long n = atol(a[1]); n > 0; n--) {
		int fd = open(a[0], O_RDONLY);

		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

/* FILE TIMES: one that must be denied every time; by a descriptor, so that no name is looked up */
static int op_denied_often(char **a)
{
	char link[64];
	int place;

	do
		place = open(a[0], O_PATH);
	while (place < 0 && errno == ENOENT); /* others move it */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	for (long n = atol(a[1]); n > 0; n--) {
		if (open(link, O_RDONLY) >= 0) {
			printf("opened with %ld to go: ", n);
			return 0;
		}
		if (errno != EACCES)
			return -1;
	}
	errno = EACCES;
	return -1;
}

/*
 * FOLDER LEVELS: until killed, move deny/p/d/../d/q to deny/z/q and deny/p to good/p, at once, and
 * back a little later. q is in deny all the time.
 */
static int op_dance(char **a)
{
	const struct timespec pause = {.tv_nsec = 200000};
	char p[256], other[256], path[4096];
	int aside, home, n;

	snprintf(p, sizeof(p), "%s/deny/p", a[0]);
	snprintf(other, sizeof(other), "%s/good/p", a[0]);
	snprintf(path, sizeof(path), "%s/deny/z", a[0]);
	aside = open(path, O_PATH | O_DIRECTORY);
	n = snprintf(path, sizeof(path), "%s", p);
	for (long i = atol(a[1]); i > 0 && n < (int)sizeof(path) - 4; i--)
		n += snprintf(path + n, sizeof(path) - n, "/d");
	home = open(path, O_PATH | O_DIRECTORY);
	while (!renameat(home, "q", aside, "q") && !rename(p, other)) {
		nanosleep(&pause, NULL);
		if (rename(other, p) || renameat(aside, "q", home, "q"))
			break;
		nanosleep(&pause, NULL);
	}
	return -1;
}

/* FIRST SECOND: rename to and fro until killed */
static int op_rename_forever(char **a)
{
	while (!rename(a[0], a[1]) && !rename(a[1], a[0]))
		;
	return -1;
}

/* FILE: wait until it is there, then nothing */
static int op_await(char **a)
{
	struct timespec step = {.tv_nsec = 20000000};

	while (access(a[0], F_OK)) {
		if (errno != ENOENT)
			return -1;
		nanosleep(&step, NULL);
	}
	return 0;
}

/* the program is in a file that has no name: PROGRAM */
static int op_exec_memfd(char **a)
{
	int from = open(a[0], O_RDONLY), to = memfd_create("pavise-test", MFD_CLOEXEC);
	char buf[65536];
	ssize_t n;

	if (from < 0 || to < 0) {
		printf("memfd: ");
		return -1;
	}
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, n) != n)
			return -1;
	fflush(stdout);
	return (int)syscall(SYS_execveat, to, "", a, environ, AT_EMPTY_PATH);
}

static int op_exec(char **a)
{
	return execv(a[0], a);
}

/* NAME PROGRAM ARGUMENT...: by another name */
static int op_exec_as(char **a)
{
	const char *program = a[1];

	a[1] = a[0];
	return execv(program, a + 1);
}

static int expect_denied(const char *file)
{
	if (open(file, O_RDONLY) >= 0)
		errno = 0;
	return errno == EACCES ? 0 : -1;
}

/* TIMES FILE PROGRAM: this program and PROGRAM in turns, so often; each must be denied FILE */
static int op_exec_often(char **a)
{
	char self[4096], left[32], *next[] = {a[2], "exec-often", left, a[1], self, NULL};
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	long times = atol(a[0]);

	if (n < 0 || expect_denied(a[1])) {
		printf("%ld left: ", times);
		return -1;
	}
	errno = EACCES;
	if (times <= 0)
		return -1;
	self[n] = '\0';
	snprintf(left, sizeof(left), "%ld", times - 1);
	return execv(a[2], next);
}

/* TIMES UID FILE: a child that becomes UID, and comes back, must be denied FILE before and after */
static int op_euid_often(char **a)
{
	int status;

	for (long n = atol(a[0]); n > 0; n--) {
		pid_t pid = fork();

		if (!pid) {
			if (syscall(SYS_setresuid, -1, atoi(a[1]), -1) || expect_denied(a[2]) ||
			    syscall(SYS_setresuid, -1, 0, -1) || expect_denied(a[2]))
				_exit(1);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
			printf("%ld left: ", n);
			errno = 0;
			return -1;
		}
	}
	errno = EACCES;
	return -1;
}

static int op_exec_descriptor(char **a)
{
	int fd = open(a[0], O_PATH);

	if (fd < 0) {
		printf("descriptor: ");
		return -1;
	}
	return (int)syscall(SYS_execveat, fd, "", a, environ, AT_EMPTY_PATH);
}

/* FOLDER NAME */
static int op_execveat(char **a)
{
	int fd = open(a[0], O_PATH | O_DIRECTORY);

	if (fd < 0) {
		printf("folder: ");
		return -1;
	}
	return (int)syscall(SYS_execveat, fd, a[1], a + 1, environ, 0);
}

/* ---- wrappers: 0, or -1 with errno ---- */

static int in_folder(char **a)
{
	return chdir(a[0]);
}

/* down one folder after the other, each named d: FOLDER LEVELS */
static int in_deep(char **a)
{
	int r = chdir(a[0]);

	for (long n = atol(a[1]); !r && n > 0; n--)
		r = chdir("d");
	return r;
}

/* the same, making them */
static int in_new_deep(char **a)
{
	int r = chdir(a[0]);

	for (long n = atol(a[1]); !r && n > 0; n--) {
		r = mkdir("d", 0755);
		if (!r)
			r = chdir("d");
	}
	return r;
}

static int in_root(char **a)
{
	return chroot(a[0]) ? -1 : chdir("/");
}

/* a namespace with FROM bound to TO */
static int in_bind(char **a)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	return mount(a[0], a[1], NULL, MS_BIND, NULL);
}

static int in_namespace(char **a)
{
	(void)a;
	return unshare(CLONE_NEWNS);
}

static int in_user_namespace(char **a)
{
	(void)a;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS);
}

/* move to another cgroup */
static int in_cgroup(char **a)
{
	char path[4096];
	int fd, r;

	snprintf(path, sizeof(path), "%s/cgroup.procs", a[0]);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -1;
	r = write(fd, "0", 1) == 1 ? 0 : -1;
	close(fd);
	return r;
}

/* another effective user, as long as it can be undone */
static int in_euid(char **a)
{
	return (int)syscall(SYS_setresuid, -1, atoi(a[0]), -1);
}

/* another user for good */
static int in_uid(char **a)
{
	uid_t uid = (uid_t)atoi(a[0]);

	return (int)syscall(SYS_setresuid, uid, uid, uid);
}

static const struct wrapper {
	const char *name;
	int arguments;
	int (*enter)(char **a);
} wrappers[] = {
	{"in", 1, in_folder},	      {"deep", 2, in_deep},
	{"new-deep", 2, in_new_deep}, {"chroot", 1, in_root},
	{"bind", 2, in_bind},	      {"unshare", 0, in_namespace},
	{"cgroup", 1, in_cgroup},     {"userns", 0, in_user_namespace},
	{"await", 1, op_await},	      {"euid", 1, in_euid},
	{"uid", 1, in_uid},	      {"created", 1, op_create},
};

static const struct operation {
	const char *name;
	int arguments;
	int (*run)(char **a);
} operations[] = {
	{"read", 1, op_read},
	{"write", 1, op_write},
	{"rdwr", 1, op_rdwr},
	{"append", 1, op_append},
	{"create", 1, op_create},
	{"create-rdwr", 1, op_create_rdwr},
	{"list", 1, op_list},
	{"path", 1, op_path},
	{"truncate-open", 1, op_truncate_open},
	{"truncate-read", 1, op_truncate_read},
	{"truncate-append", 1, op_truncate_append},
	{"tmpfile", 1, op_tmpfile},
	{"openat2", 1, op_openat2},
	{"openat", 2, op_openat},
	{"reopen-path", 1, op_reopen_path},
	{"reopen-write", 1, op_reopen_write},
	{"reopen-pipe", 0, op_reopen_pipe},
	{"reopen-memfd", 0, op_reopen_memfd},
	{"reopen-deleted", 1, op_reopen_deleted},
	{"mknod", 1, op_mknod},
	{"mkdir", 1, op_mkdir},
	{"symlink", 1, op_symlink},
	{"unlink", 1, op_unlink},
	{"rmdir", 1, op_rmdir},
	{"rename", 2, op_rename},
	{"exchange", 2, op_exchange},
	{"link", 2, op_link},
	{"chmod", 1, op_chmod},
	{"fchmod", 1, op_fchmod},
	{"chown", 1, op_chown},
	{"lchown", 1, op_lchown},
	{"truncate", 1, op_truncate},
	{"ftruncate", 1, op_ftruncate},
	{"ftruncate-append", 1, op_ftruncate_append},
	{"map-exec", 1, op_map_exec},
	{"map-exec-shared", 1, op_map_exec_shared},
	{"map-read", 1, op_map_read},
	{"map-anonymous", 0, op_map_anonymous},
	{"detached", 2, op_detached},
	{"detached-await", 2, op_detached_await},
	{"read-often", 2, op_read_often},
	{"denied-often", 2, op_denied_often},
	{"dance", 2, op_dance},
	{"rename-forever", 2, op_rename_forever},
	{"exec", 1, op_exec},
	{"exec-memfd", 1, op_exec_memfd},
	{"exec-as", 2, op_exec_as},
	{"exec-often", 3, op_exec_often},
	{"euid-often", 3, op_euid_often},
	{"exec-descriptor", 1, op_exec_descriptor},
	{"execveat", 2, op_execveat},
};

static int count(char **argv)
{
	int n = 0;

	while (argv[n])
		n++;
	return n;
}

static int operate(char **argv)
{
	for (size_t i = 0; i < COUNT(operations); i++) {
		const struct operation *o = &operations[i];

		if (strcmp(argv[0], o->name))
			continue;
		if (count(argv + 1) < o->arguments)
			break;
		printf("%s\n", o->run(argv + 1) < 0 ? strerrorname_np(errno) : "0");
		return 0;
	}
	fprintf(stderr, "probe_file: %s: not an operation, or arguments are missing\n", argv[0]);
	return 125;
}

/* read-each FILE...: a line with the result and the file for each */
static int read_each(char **argv)
{
	for (; *argv; argv++) {
		int fd = open(*argv, O_RDONLY);

		printf("%s %s\n", fd < 0 ? strerrorname_np(errno) : "0", *argv);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static void *run_thread(void *argument)
{
	return (void *)(long)run(argument);
}

static int in_thread(char **argv)
{
	void *status = NULL;
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_thread, argv))
		return 125;
	pthread_join(thread, &status);
	return (int)(long)status;
}

static void *run_alone(void *argument)
{
	int status = run(argument);

	fflush(stdout);
	_exit(status);
}

/* the first thread ends, and another one goes on */
static int in_thread_alone(char **argv)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_alone, argv))
		return 125;
	pthread_exit(NULL);
}

static int in_child(char **argv)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		status = run(argv);
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

/* PROGRAM ARGUMENT..., by a child that shares our memory until then */
static int in_vfork(char **argv)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = vfork();
	if (!pid) {
		execv(argv[0], argv);
		_exit(126);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

static int run(char **argv)
{
	if (!argv[0]) {
		fprintf(stderr, "probe_file: no operation\n");
		return 125;
	}
	if (!strcmp(argv[0], "read-each"))
		return read_each(argv + 1);
	if (!strcmp(argv[0], "thread"))
		return in_thread(argv + 1);
	if (!strcmp(argv[0], "alone"))
		return in_thread_alone(argv + 1);
	if (!strcmp(argv[0], "fork"))
		return in_child(argv + 1);
	if (!strcmp(argv[0], "vfork") && argv[1])
		return in_vfork(argv + 1);
	for (size_t i = 0; i < COUNT(wrappers); i++) {
		const struct wrapper *w = &wrappers[i];

		if (strcmp(argv[0], w->name) || count(argv + 1) < w->arguments)
			continue;
		if (w->enter(argv + 1) < 0) {
			printf("%s: %s\n", w->name, strerrorname_np(errno));
			return 0;
		}
		return run(argv + 1 + w->arguments);
	}
	return operate(argv);
}

int main(int argc, char **argv)
{
	(void)argc;
	return run(argv + 1);
}
