/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Telling the kernel side what is the agent's (struct pv_agent), see bpf/include/agent.bpf.h.
 *
 * Files are told as the file iterator has them, which is what hooks see. Each has its place in the list, so
 * that a log that is opened anew takes the place of the one before, and all else stays what it was when the
 * agent started: names are not looked up again, since folders above may have been renamed by then. The log is
 * told by the agent's own descriptor. The folders above keep their names, so that the next agent finds all of
 * it. What is neither regular nor a folder is left out: a log may be a device
 * that is everybody's.
 *
 * The folder of the pins and its mount are told and the lock is set only when the pins have their name, so
 * that what was begun and failed can be taken down. What was adopted is told anew, since this process sees it
 * by mounts of its own, and what an `unload` that died left unlocked is locked again. Each word is written by
 * itself: until all are there something is not yet guarded, which it was not a moment before either.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "util/util.h"

int kernel_own_map(struct kernel *k, int fd)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	for (unsigned i = 0; i < PV_AGENT_MAPS; i++) {
		uint32_t *id = &k->state->agent.maps[i];

		if (*id && *id != info.id)
			continue;
		__atomic_store_n(id, info.id, __ATOMIC_RELEASE);
		return 0;
	}
	return -ENOSPC;
}

/* One mount of the list: its number, that of the mount it is on, and the peer group that it shares with. */
struct place {
	uint32_t id, on, group;
	bool pins;
};

/* A line as /proc/self/mountinfo has it. */
static bool read_place(const char *line, const char *bpffs, struct place *p)
{
	const char *end = strstr(line, " - "), *shared = strstr(line, " shared:");
	size_t length = strlen(bpffs);
	int at = 0;

	*p = (struct place){0};
	if (sscanf(line, "%u %u %*s %*s %n", &p->id, &p->on, &at) < 2 || !at || !end)
		return false;
	p->pins = !strncmp(line + at, bpffs, length) && line[(size_t)at + length] == ' ';
	if (shared && shared < end)
		p->group = (uint32_t)strtoul(shared + strlen(" shared:"), NULL, 10);
	return true;
}

/* The mount that shows the pins, which is the last one there, and what it is on. */
static int find_places(const struct machine_paths *paths, struct place *pins, struct place *on)
{
	CLEANUP_FILE FILE *list = fopen(paths->mounts, "re");
	CLEANUP_FREE char *line = NULL;
	struct place place;
	size_t size = 0;

	*pins = *on = (struct place){0};
	if (!list)
		return -errno;
	while (getline(&line, &size, list) > 0)
		if (read_place(line, paths->bpffs, &place) && place.pins)
			*pins = place;
	rewind(list);
	while (getline(&line, &size, list) > 0)
		if (read_place(line, paths->bpffs, &place) && place.id == pins->on)
			*on = place;
	return pins->id ? 0 : -ENOENT;
}

/* Places in struct pv_agent. The first ones are deep, those to PV_OWN_FOLDERS hold what is in them. */
enum own_place {
	OWN_PINS = PV_OWN_PINS,
	OWN_STATE,
	OWN_SETS,
	OWN_LOG_FOLDER, /* where it is the agent's alone */
	OWN_POLICY_FOLDERS,
	OWN_LOG = PV_OWN_FOLDERS,
	OWN_LOG_PARENT, /* where it is not */
	OWN_PROGRAM,
	OWN_POLICY_FILES,
	OWN_ABOVE = PV_OWN, /* the folders above these */
	OWN_NONE = PV_OWN_ALL,
};
static_assert(OWN_SETS < PV_OWN_DEEP && OWN_LOG_FOLDER >= PV_OWN_DEEP, "the deep ones are first");

/* The files to be told, open. */
struct telling {
	int fds[PV_OWN_ALL]; /* -1: none */
	struct pv_own own[PV_OWN_ALL];
};

static void take_own(void *context, const void *data, size_t size)
{
	const struct pv_file_record *file = data;
	struct telling *t = context;

	(void)size;
	for (size_t i = 0; i < PV_OWN_ALL; i++)
		if (t->fds[i] == (int)file->fd)
			t->own[i] = (struct pv_own){file->ino, file->dev, file->generation};
}

static void warn_own(const char *name, const char *why)
{
	say_warning("%s is not kept from who is governed (%s)", name, why);
}

/* The first place that is free from one on, and before another; OWN_NONE: none is. */
static size_t free_place(const struct telling *t, size_t from, size_t end)
{
	while (from < end && t->fds[from] >= 0)
		from++;
	return from < end ? from : OWN_NONE;
}

/* Open for one of two places: that of a folder, or of a file. What is neither is everybody's. */
static void open_own(struct telling *t, const char *name, size_t folder, size_t file)
{
	CLEANUP_CLOSE int fd = open(name, O_PATH | O_CLOEXEC);
	struct stat st;
	size_t place;

	if (fd < 0 || fstat(fd, &st)) {
		warn_own(name, strerror(errno));
		return;
	}
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return;
	place = S_ISDIR(st.st_mode) ? folder : file;
	if (place < OWN_NONE)
		t->fds[place] = take_fd(&fd);
	else
		warn_own(name, "there are too many");
}

static bool is_open(const struct telling *t, const struct stat *folder)
{
	struct stat st;

	for (size_t i = OWN_ABOVE; i < OWN_NONE; i++)
		if (t->fds[i] >= 0 && !fstat(t->fds[i], &st) && st.st_dev == folder->st_dev &&
		    st.st_ino == folder->st_ino)
			return true;
	return false;
}

/* Open the folders above a file or folder, but for the root, and those that are open. */
static void open_above(struct telling *t, const char *name)
{
	CLEANUP_FREE char *path = realpath(name, NULL);
	char *slash = path ? strrchr(path, '/') : NULL;
	struct stat st;

	for (; slash && slash != path; slash = strrchr(path, '/')) {
		*slash = 0;
		if (stat(path, &st) || !is_open(t, &st))
			open_own(t, path, free_place(t, OWN_ABOVE, OWN_NONE), OWN_NONE);
	}
}

static void open_log(struct telling *t, const struct own_files *files)
{
	char log[64];

	snprintf(log, sizeof(log), "/proc/self/fd/%d", files->log);
	open_own(t, log, OWN_NONE, OWN_LOG);
	if (t->fds[OWN_LOG] >= 0 && files->log_folder)
		open_own(t, files->log_folder, files->log_folder_whole ? OWN_LOG_FOLDER : OWN_LOG_PARENT,
			 OWN_NONE);
}

static void open_policies(struct telling *t, const struct own_files *files)
{
	for (size_t i = 0; i < files->n_policies; i++)
		if (strcmp(files->policies[i], "-")) {
			open_own(t, files->policies[i], free_place(t, OWN_POLICY_FOLDERS, PV_OWN_FOLDERS),
				 free_place(t, OWN_POLICY_FILES, PV_OWN));
			open_above(t, files->policies[i]);
		}
}

/*
 * What was permitted of files is remembered (bpf/include/cache.bpf.h) until something is renamed: so what
 * became the agent's is not what a task may still write. Where this fails, it is for some seconds.
 */
static void forget_permitted(const struct kernel *k)
{
	CLEANUP_FREE char *from = strfmt("%s/renamed.new", k->paths->run);
	CLEANUP_FREE char *to = strfmt("%s/renamed", k->paths->run);
	CLEANUP_CLOSE int fd = from ? open(from, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

	if (fd < 0 || !to || rename(from, to) || unlink(to))
		say_warning("%s cannot be written to (%s)", k->paths->run, strerror(errno));
}

/* Put what was opened in its places, and what has the others out of them, but for a log that is opened anew.
 */
static int tell(struct kernel *k, struct telling *t, bool log_only)
{
	struct pv_agent *agent = &k->state->agent;
	uint64_t filter = 0;
	int err = kernel_files(k, take_own, t);
	bool hidden = false;

	for (size_t i = 0; i < PV_OWN_ALL; i++) {
		hidden = hidden || (t->fds[i] >= 0 && !t->own[i].ino);
		if (log_only && (err || !t->own[i].ino))
			t->own[i] = agent->own[i];
		filter |= t->own[i].ino ? PV_OWN_BIT(t->own[i].ino) : 0;
		if (t->fds[i] >= 0)
			close(t->fds[i]);
	}
	if (err)
		return err;
	if (hidden)
		warn_own("one of the agent's files", "the kernel does not show it");
	__atomic_store_n(&agent->filter, agent->filter | filter, __ATOMIC_RELEASE);
	memcpy(agent->own, t->own, sizeof(agent->own));
	__atomic_store_n(&agent->filter, filter, __ATOMIC_RELEASE);
	forget_permitted(k);
	return t->own[PV_OWN_PINS].ino ? 0 : -ENOENT;
}

int kernel_guard_log(struct kernel *k, const struct own_files *files)
{
	struct telling t = {.own = {{0}}};

	memset(t.fds, -1, sizeof(t.fds));
	open_log(&t, files);
	return tell(k, &t, true);
}

static int tell_all(struct kernel *k, const struct own_files *files)
{
	CLEANUP_FREE char *pins = kernel_pin(k, "");
	struct telling t = {.own = {{0}}};

	if (!pins)
		return -ENOMEM;
	memset(t.fds, -1, sizeof(t.fds));
	open_own(&t, pins, OWN_PINS, OWN_NONE);
	open_own(&t, k->paths->run, OWN_STATE, OWN_NONE);
	open_own(&t, files->sets, OWN_SETS, OWN_NONE);
	open_own(&t, "/proc/self/exe", OWN_NONE, OWN_PROGRAM);
	open_above(&t, pins);
	open_above(&t, k->paths->run);
	open_above(&t, "/proc/self/exe");
	open_log(&t, files);
	if (files->log_folder)
		open_above(&t, files->log_folder);
	open_policies(&t, files);
	return tell(k, &t, false);
}

int kernel_guard(struct kernel *k, const struct own_files *files, struct refusal *r)
{
	struct pv_agent *own = &k->state->agent;
	struct place pins, on;
	int err = tell_all(k, files);

	err = err ? err : find_places(k->paths, &pins, &on);
	if (err)
		return refuse(r, -err, PAVISE_ATTACH_FAILED, "the pins in %s cannot be guarded (%s)",
			      k->paths->bpffs, strerror(-err));
	own->mount = pins.id;
	own->group = on.group;
	own->pid = (uint32_t)getpid();
	__atomic_store_n(&k->state->locked, 1, __ATOMIC_RELEASE);
	return 0;
}

void kernel_unlock(const char *pin)
{
	CLEANUP_CLOSE int fd = bpf_obj_get(pin);
	struct pv_state *state;

	if (fd < 0)
		return;
	state = mmap(NULL, KERNEL_STATE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
		return;
	__atomic_store_n(&state->locked, 0, __ATOMIC_RELEASE);
	munmap(state, KERNEL_STATE_SIZE);
}
