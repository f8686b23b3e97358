/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe_system OPERATION ARGUMENT...: one operation on the system, or on another process.
 *
 * Guarantees: prints 0 when the operation succeeds, the name of its error when it fails, and
 * "STEP: ERROR" when what was to happen before it failed. What it mounts is in a mount namespace of
 * its own, unless the operation is "move" or "umount", which say so.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/ioprio.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#define CLONE_TREE  1
#define MOVE_EMPTY  4
#define RECONFIGURE 7 /* FSCONFIG_CMD_RECONFIGURE */
#define CREATE	    6 /* FSCONFIG_CMD_CREATE */

/* What fails from now on is not the operation asked about; NULL: it is. */
static const char *step;

/* ---- capabilities ---- */

/* sys_admin */
static int op_hostname(char **a)
{
	char name[65];

	(void)a;
	return gethostname(name, sizeof(name)) || sethostname(name, strlen(name)) ? -1 : 0;
}

/* sys_chroot */
static int op_chroot(char **a)
{
	return chroot(a[0]);
}

/* net_raw */
static int op_raw(char **a)
{
	(void)a;
	return socket(AF_INET, SOCK_RAW, 6);
}

/* sys_nice */
static int op_nice(char **a)
{
	(void)a;
	return setpriority(PRIO_PROCESS, 0, -1);
}

/* wake_alarm: a number above 31 */
static int op_alarm(char **a)
{
	(void)a;
	return timerfd_create(CLOCK_REALTIME_ALARM, 0);
}

/* chown */
static int op_chown(char **a)
{
	return chown(a[0], 1000, -1);
}

/* ---- mounts ---- */

static int private_mounts(void)
{
	step = "namespace";
	if (unshare(CLONE_NEWNS))
		return -1;
	step = NULL;
	return 0;
}

static int op_mount(char **a)
{
	return private_mounts() ? -1 : mount("none", a[0], "tmpfs", 0, NULL);
}

/* over FOLDER, of itself */
static int op_overlay(char **a)
{
	char options[512];

	snprintf(options, sizeof(options), "lowerdir=%s:/etc", a[0]);
	return private_mounts() ? -1 : mount("none", a[0], "overlay", 0, options);
}

/* what is mounted elsewhere */
static int op_sysfs(char **a)
{
	return private_mounts() ? -1 : mount("none", a[0], "sysfs", 0, NULL);
}

/* the kernel's objects once more */
static int op_procfs(char **a)
{
	return private_mounts() ? -1 : mount("none", a[0], "proc", 0, NULL);
}

static int op_bind(char **a)
{
	return private_mounts() ? -1 : mount(a[0], a[0], NULL, MS_BIND, NULL);
}

static int op_propagation(char **a)
{
	return private_mounts() ? -1 : mount(NULL, a[0], NULL, MS_PRIVATE, NULL);
}

static int op_remount(char **a)
{
	return private_mounts() ? -1 : mount(NULL, a[0], NULL, MS_REMOUNT, NULL);
}

/* the other way: FOLDER, a mount of its own */
static int op_reconfigure(char **a)
{
	int fd;

	step = "fspick";
	fd = (int)syscall(SYS_fspick, AT_FDCWD, a[0], 0);
	if (fd < 0)
		return -1;
	step = NULL;
	return (int)syscall(SYS_fsconfig, fd, RECONFIGURE, NULL, NULL, 0);
}

static int op_umount(char **a)
{
	return private_mounts() ? -1 : umount2(a[0], 0);
}

static int op_umount_lazily(char **a)
{
	return private_mounts() ? -1 : umount2(a[0], MNT_DETACH);
}

static int op_pivot_root(char **a)
{
	return private_mounts() || chdir(a[0]) ? -1 : (int)syscall(SYS_pivot_root, ".", ".");
}

/* FROM TO */
static int op_move(char **a)
{
	return private_mounts() ? -1 : mount(a[0], a[1], NULL, MS_MOVE, NULL);
}

/* a copy of FROM, attached to TO */
static int op_move_mount(char **a)
{
	int tree;

	if (private_mounts())
		return -1;
	step = "open_tree";
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, a[0], CLONE_TREE | O_CLOEXEC);
	if (tree < 0)
		return -1;
	step = NULL;
	return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, a[1], MOVE_EMPTY);
}

/* the new way to mount */
static int op_fsmount(char **a)
{
	int fs, fd;

	if (private_mounts())
		return -1;
	step = "fsopen";
	fs = (int)syscall(SYS_fsopen, "tmpfs", 0);
	if (fs < 0)
		return -1;
	step = "fsconfig";
	if (syscall(SYS_fsconfig, fs, CREATE, NULL, NULL, 0))
		return -1;
	step = "fsmount";
	fd = (int)syscall(SYS_fsmount, fs, 0, 0);
	if (fd < 0)
		return -1;
	step = NULL;
	return (int)syscall(SYS_move_mount, fd, "", AT_FDCWD, a[0], MOVE_EMPTY);
}

/* ---- other processes: PID; 0 is a child of our own ---- */

static int shared = 42;

static pid_t target(const char *text)
{
	pid_t pid = (pid_t)atoi(text);

	if (pid)
		return pid;
	pid = fork();
	if (!pid) {
		sleep(10);
		_exit(0);
	}
	return pid;
}

/* 0 or -1, and a child is gone */
static int done(pid_t pid, char **a, long result)
{
	int error = errno;

	if (!atoi(a[0]))
		kill(pid, SIGKILL);
	errno = error;
	return result < 0 ? -1 : 0;
}

static int op_attach(char **a)
{
	pid_t pid = target(a[0]);

	return done(pid, a, ptrace(PTRACE_ATTACH, pid, NULL, NULL));
}

static int op_seize(char **a)
{
	pid_t pid = target(a[0]);

	return done(pid, a, ptrace(PTRACE_SEIZE, pid, NULL, NULL));
}

/* the stack's end is where it is for every process that was not told otherwise; a fault is a success */
static int op_vm_read(char **a)
{
	struct iovec to = {&shared, sizeof(shared)}, from = {&shared, sizeof(shared)};
	pid_t pid = target(a[0]);
	long r = process_vm_readv(pid, &to, 1, &from, 1, 0);

	return done(pid, a, r < 0 && errno == EFAULT ? 0 : r);
}

static int op_vm_write(char **a)
{
	struct iovec from = {&shared, sizeof(shared)}, to = {&shared, sizeof(shared)};
	pid_t pid = target(a[0]);
	long r = process_vm_writev(pid, &from, 1, &to, 1, 0);

	return done(pid, a, r < 0 && errno == EFAULT ? 0 : r);
}

static int op_getfd(char **a)
{
	pid_t pid = target(a[0]);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	step = fd < 0 ? "pidfd_open" : NULL;
	return done(pid, a, fd < 0 ? -1 : syscall(SYS_pidfd_getfd, fd, 1, 0));
}

static int op_signal(char **a)
{
	pid_t pid = target(a[0]);

	return done(pid, a, kill(pid, SIGURG)); /* which nobody minds */
}

static int op_signal_none(char **a)
{
	pid_t pid = target(a[0]);

	return done(pid, a, kill(pid, 0));
}

static int op_continue(char **a)
{
	pid_t pid = target(a[0]);

	return done(pid, a, kill(pid, SIGCONT));
}

static int op_signal_descriptor(char **a)
{
	pid_t pid = target(a[0]);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	step = fd < 0 ? "pidfd_open" : NULL;
	return done(pid, a, fd < 0 ? -1 : syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0));
}

static int op_processors(char **a)
{
	pid_t pid = target(a[0]);
	cpu_set_t set;

	step = sched_getaffinity(0, sizeof(set), &set) ? "affinity" : NULL;
	return done(pid, a, step ? -1 : sched_setaffinity(pid, sizeof(set), &set));
}

static int op_priority(char **a)
{
	pid_t pid = target(a[0]);

	return done(pid, a, setpriority(PRIO_PROCESS, (id_t)pid, 0));
}

static int op_io_priority(char **a)
{
	pid_t pid = target(a[0]);

	return done(pid, a,
		    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4)));
}

static int op_limit(char **a)
{
	const struct rlimit limits = {1024, 4096};
	pid_t pid = target(a[0]);

	return done(pid, a, prlimit(pid, RLIMIT_NOFILE, &limits, NULL));
}

static int op_limit_read(char **a)
{
	pid_t pid = target(a[0]);
	struct rlimit limits;

	return done(pid, a, prlimit(pid, RLIMIT_NOFILE, NULL, &limits));
}

static int op_perf(char **a)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_CPU_CLOCK};

	(void)a;
	return (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);
}

/* SIGKILL for PID when something can be read */
static int op_owner(char **a)
{
	int ends[2];

	if (pipe(ends) || fcntl(ends[0], F_SETOWN, atoi(a[0])) || fcntl(ends[0], F_SETSIG, SIGKILL) ||
	    fcntl(ends[0], F_SETFL, O_ASYNC))
		return -1;
	return write(ends[1], "x", 1) == 1 ? 0 : -1;
}

static int op_mem(char **a)
{
	pid_t pid = target(a[0]);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return done(pid, a, open(path, O_RDONLY));
}

/* what reads only */
static int op_maps(char **a)
{
	pid_t pid = target(a[0]);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	return done(pid, a, open(path, O_RDONLY));
}

static int op_traceme(char **a)
{
	(void)a;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? -1 : 0;
}

/* ---- system calls ---- */

static int op_bpf(char **a)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)a;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int op_userns(char **a)
{
	(void)a;
	return unshare(CLONE_NEWUSER);
}

static int op_userns_clone(char **a)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	(void)a;
	if (!pid)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

static int op_utsns(char **a)
{
	(void)a;
	return unshare(CLONE_NEWUTS);
}

static int op_io_uring(char **a)
{
	struct io_uring_params params = {0};

	(void)a;
	return (int)syscall(SYS_io_uring_setup, 1, &params);
}

/* another file that the kernel makes without a name */
static int op_eventfd(char **a)
{
	(void)a;
	return (int)syscall(SYS_eventfd2, 0, 0);
}

static int op_userfaultfd(char **a)
{
	(void)a;
	return (int)syscall(SYS_userfaultfd, O_CLOEXEC);
}

static int op_init_module(char **a)
{
	static char junk[4096] = "no module";

	(void)a;
	return (int)syscall(SYS_init_module, junk, sizeof(junk), "");
}

/* FILE */
static int op_finit_module(char **a)
{
	int fd = open(a[0], O_RDONLY);

	step = fd < 0 ? "open" : NULL;
	return fd < 0 ? -1 : (int)syscall(SYS_finit_module, fd, "", 0);
}

/* a module that the kernel is to decompress: FILE; not all can, whatever it is */
static int op_finit_module_compressed(char **a)
{
	int fd = open(a[0], O_RDONLY);

	step = fd < 0 ? "open" : NULL;
	return fd < 0 ? -1 : (int)syscall(SYS_finit_module, fd, "", MODULE_INIT_COMPRESSED_FILE);
}

/* a protocol family whose module is asked for: FAMILY */
static int op_family(char **a)
{
	int fd = socket(atoi(a[0]), SOCK_DGRAM, 0);

	return fd < 0 && errno == EAFNOSUPPORT ? 0 : fd;
}

/* ---- executable memory ---- */

static int made(void *p)
{
	return p == MAP_FAILED ? -1 : 0;
}

static int op_map_anonymous(char **a)
{
	(void)a;
	return made(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int op_map_shared(char **a)
{
	(void)a;
	return made(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static int op_map_data(char **a)
{
	(void)a;
	return made(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int op_protect_anonymous(char **a)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)a;
	step = p == MAP_FAILED ? "mmap" : NULL;
	if (p == MAP_FAILED)
		return -1;
	*p = 1;
	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static int op_protect_stack(char **a)
{
	char here[8192];
	unsigned long page = ((unsigned long)here + 4096) & ~4095ul;

	(void)a;
	here[4096] = 1;
	return mprotect((void *)page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int map_file(const char *path, int open_flags, int prot, int flags, char **p)
{
	int fd = open(path, open_flags);

	step = "open";
	if (fd < 0)
		return -1;
	step = NULL;
	*p = mmap(NULL, 4096, prot, flags, fd, 0);
	return made(*p);
}

/* FILE, written and executed at once */
static int op_map_written(char **a)
{
	char *p;

	return map_file(a[0], O_RDONLY, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, &p);
}

static int op_map_shared_written(char **a)
{
	char *p;

	return map_file(a[0], O_RDWR, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, &p);
}

static int op_map_file(char **a)
{
	char *p;

	return map_file(a[0], O_RDONLY, PROT_READ | PROT_EXEC, MAP_PRIVATE, &p);
}

/* FILE, mapped to read, and then executable */
static int op_protect_file(char **a)
{
	char *p;

	if (map_file(a[0], O_RDONLY, PROT_READ, MAP_PRIVATE, &p)) {
		step = "mmap";
		return -1;
	}
	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

/* the same, changed in between */
static int op_protect_changed(char **a)
{
	char *p;

	if (map_file(a[0], O_RDONLY, PROT_READ | PROT_WRITE, MAP_PRIVATE, &p)) {
		step = "mmap";
		return -1;
	}
	*p = 1;
	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

/* executable, made writable, changed, executable again */
static int op_protect_twice(char **a)
{
	char *p;

	if (map_file(a[0], O_RDONLY, PROT_READ | PROT_EXEC, MAP_PRIVATE, &p) ||
	    mprotect(p, 4096, PROT_READ | PROT_WRITE)) {
		step = "mmap";
		return -1;
	}
	*p = 1;
	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

/* executable, then writable as well */
static int op_protect_writable(char **a)
{
	char *p;

	if (map_file(a[0], O_RDONLY, PROT_READ | PROT_EXEC, MAP_PRIVATE, &p)) {
		step = "mmap";
		return -1;
	}
	return mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int op_shm(char **a)
{
	long id = syscall(SYS_shmget, 0, 4096, 01000 | 0700);

	(void)a;
	step = id < 0 ? "shmget" : NULL;
	return id < 0 ? -1 : made((void *)syscall(SYS_shmat, id, NULL, 0100000));
}

/* execute a file whose name is gone: FILE, which is copied first */
static int op_exec_deleted(char **a)
{
	char copy[4096], buf[65536], *argv[] = {a[0], NULL}, *environment[] = {NULL};
	int from = open(a[0], O_RDONLY), to, fd;
	ssize_t n;

	snprintf(copy, sizeof(copy), "%s.copy", a[0]);
	step = "copy";
	to = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (from < 0 || to < 0)
		return -1;
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return -1;
	close(to);
	fd = open(copy, O_PATH);
	if (fd < 0 || unlink(copy))
		return -1;
	step = NULL;
	fflush(stdout);
	return (int)syscall(SYS_execveat, fd, "", argv, environment, AT_EMPTY_PATH);
}

static const struct operation {
	const char *name;
	int arguments;
	int (*run)(char **a);
} operations[] = {
	{"hostname", 0, op_hostname},
	{"chroot", 1, op_chroot},
	{"raw", 0, op_raw},
	{"nice", 0, op_nice},
	{"alarm", 0, op_alarm},
	{"chown", 1, op_chown},
	{"mount", 1, op_mount},
	{"overlay", 1, op_overlay},
	{"sysfs", 1, op_sysfs},
	{"procfs", 1, op_procfs},
	{"bind", 1, op_bind},
	{"propagation", 1, op_propagation},
	{"remount", 1, op_remount},
	{"reconfigure", 1, op_reconfigure},
	{"umount", 1, op_umount},
	{"umount-lazily", 1, op_umount_lazily},
	{"pivot_root", 1, op_pivot_root},
	{"move", 2, op_move},
	{"move_mount", 2, op_move_mount},
	{"fsmount", 1, op_fsmount},
	{"attach", 1, op_attach},
	{"seize", 1, op_seize},
	{"vm-read", 1, op_vm_read},
	{"vm-write", 1, op_vm_write},
	{"getfd", 1, op_getfd},
	{"mem", 1, op_mem},
	{"maps", 1, op_maps},
	{"signal", 1, op_signal},
	{"signal-none", 1, op_signal_none},
	{"signal-descriptor", 1, op_signal_descriptor},
	{"continue", 1, op_continue},
	{"processors", 1, op_processors},
	{"priority", 1, op_priority},
	{"io-priority", 1, op_io_priority},
	{"limit", 1, op_limit},
	{"limit-read", 1, op_limit_read},
	{"owner", 1, op_owner},
	{"perf", 0, op_perf},
	{"traceme", 0, op_traceme},
	{"bpf", 0, op_bpf},
	{"userns", 0, op_userns},
	{"userns-clone", 0, op_userns_clone},
	{"utsns", 0, op_utsns},
	{"io_uring", 0, op_io_uring},
	{"eventfd", 0, op_eventfd},
	{"userfaultfd", 0, op_userfaultfd},
	{"init_module", 0, op_init_module},
	{"finit_module", 1, op_finit_module},
	{"finit_module-compressed", 1, op_finit_module_compressed},
	{"family", 1, op_family},
	{"map-anonymous", 0, op_map_anonymous},
	{"map-shared", 0, op_map_shared},
	{"map-data", 0, op_map_data},
	{"protect-anonymous", 0, op_protect_anonymous},
	{"protect-stack", 0, op_protect_stack},
	{"map-written", 1, op_map_written},
	{"map-shared-written", 1, op_map_shared_written},
	{"map-file", 1, op_map_file},
	{"protect-file", 1, op_protect_file},
	{"protect-changed", 1, op_protect_changed},
	{"protect-twice", 1, op_protect_twice},
	{"protect-writable", 1, op_protect_writable},
	{"shm", 0, op_shm},
	{"exec-deleted", 1, op_exec_deleted},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < COUNT(operations); i++) {
		const struct operation *o = &operations[i];

		if (strcmp(argv[1], o->name) || argc - 2 < o->arguments)
			continue;
		if (o->run(argv + 2) >= 0)
			printf("0\n");
		else
			printf("%s%s%s\n", step ? step : "", step ? ": " : "", strerrorname_np(errno));
		return 0;
	}
	fprintf(stderr, "probe_system: not an operation, or arguments are missing\n");
	return 125;
}
