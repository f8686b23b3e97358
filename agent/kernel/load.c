/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Loading, attaching, pinning, adopting and unloading, see kernel.h.
 *
 * All or nothing: the links live in pavise-new until every program is attached and proven, and
 * kernel_close() of a pending set removes them. Unloading goes the same way back (rename, then
 * remove), so that a set half removed is never adopted either.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "kernel/kernel.h"
#include "kernel/programs.h"
#include "util/util.h"

#define PINS		  "pavise"
#define PINS_NEW	  "pavise-new"
#define LOG_LINES	  12
#define PROGRAMS_MAX	  128
#define DETACH_TIMEOUT_MS 10000
#define DETACH_STEP_MS	  10

/* Names of the maps in the objects, and of their pins, which may have no dot. */
static const struct {
	const char *map, *pin;
} map_names[KMAPS] = {
	[KMAP_IMAGES] = {"images", "map_images"},	   [KMAP_LABELS] = {"labels", "map_labels"},
	[KMAP_DECISIONS] = {"decisions", "map_decisions"}, [KMAP_LINEAGE] = {"lineage", "map_lineage"},
	[KMAP_STATE] = {PROGRAM_STATE_MAP, "map_state"},
};

void kernel_init(struct kernel *k, const struct machine_paths *paths)
{
	*k = (struct kernel){.paths = paths};
	for (int i = 0; i < KMAPS; i++)
		k->maps[i] = -1;
}

/* Remove <bpffs>/NAME. Pins are plain directory entries; their objects go with the last reference. */
static int remove_pins(const struct machine_paths *paths, const char *name)
{
	CLEANUP_CLOSE int dir = open(paths->bpffs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? -errno : remove_tree(dir, name, 2);
}

void kernel_close(struct kernel *k)
{
	if (k->state)
		munmap(k->state, KERNEL_STATE_SIZE);
	for (int i = 0; i < KMAPS; i++)
		if (k->maps[i] >= 0)
			close(k->maps[i]);
	if (k->pending)
		remove_pins(k->paths, PINS_NEW);
	kernel_init(k, k->paths);
}

char *kernel_pin(const struct kernel *k, const char *name)
{
	return strfmt("%s/%s/%s", k->paths->bpffs, k->pending ? PINS_NEW : PINS, name);
}

bool kernel_pinned(const struct machine_paths *paths)
{
	CLEANUP_FREE char *path = strfmt("%s/%s", paths->bpffs, PINS);

	return path && !access(path, F_OK);
}

static int map_state(struct kernel *k)
{
	void *at = mmap(NULL, KERNEL_STATE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, k->maps[KMAP_STATE], 0);

	if (at == MAP_FAILED)
		return -errno;
	k->state = at;
	return 0;
}

static void note_absent(struct kernel *k, const char *program)
{
	if (k->n_absent < KERNEL_ABSENT_MAX)
		k->absent[k->n_absent++] = optional_program_find(program)->program;
}

static int refuse_load(struct refusal *r, int err, enum pv_object which)
{
	return refuse(
		r, -err, PAVISE_LOAD_FAILED,
		"the kernel refused the programs of the %s object (%s); 'pavise probe --load' tries them one "
		"by one. Last lines of its log:\n%s",
		program_object_name(which), strerror(-err), program_log(LOG_LINES));
}

static int attach_program(struct kernel *k, struct bpf_program *program, struct refusal *r)
{
	CLEANUP_FREE char *name = program_pin_name(program);
	CLEANUP_FREE char *path = name ? kernel_pin(k, name) : NULL;
	struct bpf_link *link;
	int err;

	if (!path)
		return refuse(r, ENOMEM, PAVISE_ATTACH_FAILED, "out of memory");
	link = bpf_program__attach(program);
	if (!link)
		return refuse(r, errno, PAVISE_ATTACH_FAILED,
			      "the program %s could not be attached to '%s' (%s), so nothing is; the "
			      "kernel's log and "
			      "'pavise probe' show more",
			      bpf_program__name(program), bpf_program__section_name(program),
			      strerror(errno));
	err = bpf_link__pin(link, path);
	bpf_link__destroy(link);
	if (err)
		return refuse(r, -err, PAVISE_ATTACH_FAILED, "the link %s could not be pinned (%s)", path,
			      strerror(-err));
	k->n_programs += !program_is_iterator(program);
	return 0;
}

static int attach_object(struct kernel *k, const struct program_object *o, struct refusal *r)
{
	struct bpf_program *program;
	int err;

	bpf_object__for_each_program(program, o->object)
	{
		if (!bpf_program__autoload(program)) {
			note_absent(k, bpf_program__name(program));
			continue;
		}
		err = attach_program(k, program, r);
		if (err)
			return err;
	}
	return 0;
}

static int take_maps(struct kernel *k, const struct program_object *o, struct refusal *r)
{
	for (int i = 0; i < KMAPS; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(o->object, map_names[i].map);
		CLEANUP_FREE char *path = kernel_pin(k, map_names[i].pin);

		if (!map || !path)
			return refuse(r, EINVAL, PAVISE_LOAD_FAILED, "the BPF object has no map '%s'",
				      map_names[i].map);
		k->maps[i] = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3);
		if (k->maps[i] < 0 || bpf_obj_pin(k->maps[i], path))
			return refuse(r, errno, PAVISE_ATTACH_FAILED, "the map %s could not be pinned (%s)",
				      path, strerror(errno));
	}
	return 0;
}

/* Those of all programs, so that nobody else gets at what they decide by. */
static int own_maps(struct kernel *k, const struct program_object *o, struct refusal *r)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, o->object)
	{
		if (!err && bpf_map__fd(map) >= 0)
			err = kernel_own_map(k, bpf_map__fd(map));
	}
	return err ? refuse(r, -err, PAVISE_LOAD_FAILED, "the maps of the %s object cannot be guarded (%s)",
			    program_object_name(o->which), strerror(-err))
		   : 0;
}

/* How images are made, as the open object says; a loaded one has forgotten it. */
static int image_shape(struct kernel *k, const struct program_object *o, struct refusal *r)
{
	struct bpf_map *images = bpf_object__find_map_by_name(o->object, map_names[KMAP_IMAGES].map);
	struct bpf_map *inner = images ? bpf_map__inner_map(images) : NULL;

	if (!inner || bpf_map__value_size(inner) != PV_BLOCK_SIZE)
		return refuse(r, EINVAL, PAVISE_LOAD_FAILED, "the BPF object has no map of images");
	k->image_flags = bpf_map__map_flags(inner);
	return 0;
}

static int load_objects(struct kernel *k, struct program_object o[PV_OBJECTS], struct refusal *r)
{
	struct btf *btf;
	int err = 0;

	program_log_start();
	btf = btf__parse(k->paths->btf, NULL);
	if (!btf)
		return refuse(r, errno, PAVISE_NO_BTF, "%s cannot be read (%s)", k->paths->btf,
			      strerror(errno));
	for (int i = 0; i < PV_OBJECTS && !err; i++) {
		err = program_object_open(&o[i], i);
		if (err)
			refuse_load(r, err, i);
		else
			err = program_object_select(&o[i], btf, r);
	}
	btf__free(btf);
	err = err ? err : image_shape(k, &o[PV_OBJECT_LSM], r);
	for (int i = 0; i < PV_OBJECTS && !err; i++) {
		err = i ? program_object_share(&o[i], &o[0]) : 0;
		err = err ? err : program_object_load(&o[i]);
		if (err)
			refuse_load(r, err, i);
	}
	return err;
}

/* In which mount namespace the service manager is, whose helper the kernel side knows there. */
static void tell_host(struct kernel *k)
{
	struct stat st;

	if (stat(k->paths->host, &st)) {
		say_warning("%s cannot be read (%s): by `unit`, what sets a unit up is governed, too",
			    k->paths->host, strerror(errno));
		return;
	}
	__atomic_store_n(&k->state->host_mounts, (uint32_t)st.st_ino, __ATOMIC_RELEASE);
}

static int load_into_new(struct kernel *k, struct program_object o[PV_OBJECTS], struct refusal *r)
{
	int err;

	err = load_objects(k, o, r);
	err = err ? err : take_maps(k, &o[PV_OBJECT_LSM], r);
	if (err)
		return err;
	err = map_state(k);
	if (err)
		return refuse(r, -err, PAVISE_LOAD_FAILED, "the shared state cannot be mapped (%s)",
			      strerror(-err));
	__atomic_store_n(&k->state->abi, PV_ABI, __ATOMIC_RELEASE);
	tell_host(k);
	for (int i = 0; i < PV_OBJECTS && !err; i++)
		err = own_maps(k, &o[i], r);
	if (err)
		return err;
	/* Labels first: what they say is nothing until the hooks ask. */
	err = attach_object(k, &o[PV_OBJECT_TRACE], r);
	return err ? err : attach_object(k, &o[PV_OBJECT_LSM], r);
}

int kernel_load(struct kernel *k, struct refusal *r)
{
	CLEANUP_FREE char *dir = strfmt("%s/%s", k->paths->bpffs, PINS_NEW);
	struct program_object o[PV_OBJECTS] = {0};
	int err;

	if (!dir)
		return refuse(r, ENOMEM, PAVISE_LOAD_FAILED, "out of memory");
	err = remove_pins(k->paths, PINS_NEW);
	if (!err && mkdir(dir, 0700))
		err = -errno;
	if (err)
		return refuse(r, -err, PAVISE_ATTACH_FAILED, "%s cannot be made afresh (%s)", dir,
			      strerror(-err));
	k->pending = true;
	err = load_into_new(k, o, r);
	for (int i = PV_OBJECTS - 1; i >= 0; i--)
		program_object_close(&o[i]);
	if (err)
		kernel_close(k);
	return err;
}

int kernel_commit(struct kernel *k, struct refusal *r)
{
	CLEANUP_FREE char *from = strfmt("%s/%s", k->paths->bpffs, PINS_NEW);
	CLEANUP_FREE char *to = strfmt("%s/%s", k->paths->bpffs, PINS);

	if (!from || !to || rename(from, to))
		return refuse(r, errno, PAVISE_ATTACH_FAILED, "%s cannot be renamed (%s)", from,
			      strerror(errno));
	k->pending = false;
	return 0;
}

static int adopt_maps(struct kernel *k, struct refusal *r)
{
	for (int i = 0; i < KMAPS; i++) {
		CLEANUP_FREE char *path = kernel_pin(k, map_names[i].pin);

		k->maps[i] = path ? bpf_obj_get(path) : -1;
		if (k->maps[i] < 0)
			return refuse(r, errno ? errno : EINVAL, PAVISE_FOREIGN_PINS,
				      "the pin %s cannot be opened (%s); run 'pavise unload' (enforcement "
				      "ends) and "
				      "start again",
				      path ? path : map_names[i].pin, strerror(errno));
	}
	return 0;
}

/* Whatever wrote the pins: its version is the first word of the state. */
static int adopt_state(struct kernel *k, struct refusal *r)
{
	uint32_t abi;
	int err = map_state(k);

	if (err)
		return refuse(r, -err, PAVISE_FOREIGN_PINS, "the shared state cannot be mapped (%s)",
			      strerror(-err));
	abi = __atomic_load_n(&k->state->abi, __ATOMIC_ACQUIRE);
	if (abi != PV_ABI)
		return refuse(
			r, EPROTO, PAVISE_FOREIGN_PINS,
			"the pins in %s/%s are of ABI %u and this program speaks ABI %u; run 'pavise unload' "
			"(enforcement ends) and start again",
			k->paths->bpffs, PINS, abi, PV_ABI);
	tell_host(k);
	return 0;
}

/* The program behind a pinned link. */
static bool link_program(const char *path, uint32_t *id)
{
	CLEANUP_CLOSE int fd = bpf_obj_get(path);
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) || !info.prog_id)
		return false;
	*id = info.prog_id;
	return true;
}

static int adopt_links(struct kernel *k, const struct program_object *o, struct refusal *r)
{
	struct bpf_program *program;
	uint32_t id;

	bpf_object__for_each_program(program, o->object)
	{
		CLEANUP_FREE char *name = program_pin_name(program);
		CLEANUP_FREE char *path = name ? kernel_pin(k, name) : NULL;

		if (path && link_program(path, &id)) {
			k->n_programs += !program_is_iterator(program);
			continue;
		}
		if (!optional_program_find(bpf_program__name(program)))
			return refuse(r, ENOENT, PAVISE_FOREIGN_PINS,
				      "the pin %s is missing, or nothing is attached by it, so enforcement "
				      "has a hole; run 'pavise unload' and start "
				      "again",
				      path ? path : bpf_program__name(program));
		note_absent(k, bpf_program__name(program));
	}
	return 0;
}

int kernel_adopt(struct kernel *k, struct refusal *r)
{
	struct program_object o = {0};
	int err;

	err = adopt_maps(k, r);
	err = err ? err : adopt_state(k, r);
	program_log_start();
	for (int i = 0; i < PV_OBJECTS && !err; i++) {
		err = program_object_open(&o, i);
		if (err)
			return refuse_load(r, err, i);
		if (i == PV_OBJECT_LSM)
			err = image_shape(k, &o, r);
		err = err ? err : adopt_links(k, &o, r);
		program_object_close(&o);
	}
	if (err)
		kernel_close(k);
	k->adopted = !err;
	return err;
}

/* The programs behind the links of a set of pins; iterators are only pins. */
static size_t list_programs(const char *path, uint32_t ids[PROGRAMS_MAX])
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t n = 0;

	while (dir && (entry = readdir(dir))) {
		CLEANUP_FREE char *pin = strfmt("%s/%s", path, entry->d_name);
		uint32_t id = 0;

		if (strncmp(entry->d_name, "link_", 5) || n == PROGRAMS_MAX)
			continue;
		if (pin)
			link_program(pin, &id);
		ids[n++] = id;
	}
	if (dir)
		closedir(dir);
	return n;
}

static size_t count_living(const uint32_t *ids, size_t n)
{
	size_t living = 0;

	for (size_t i = 0; i < n; i++) {
		CLEANUP_CLOSE int fd = ids[i] ? bpf_prog_get_fd_by_id(ids[i]) : -1;

		living += fd >= 0;
	}
	return living;
}

int kernel_unload(const struct machine_paths *paths, size_t *links, size_t *left, struct refusal *r)
{
	CLEANUP_FREE char *from = strfmt("%s/%s", paths->bpffs, PINS);
	CLEANUP_FREE char *to = strfmt("%s/%s", paths->bpffs, PINS_NEW);
	CLEANUP_FREE char *state = strfmt("%s/%s/%s", paths->bpffs, PINS, map_names[KMAP_STATE].pin);
	int err = remove_pins(paths, PINS_NEW);
	uint32_t ids[PROGRAMS_MAX];

	if (!from || !to || !state)
		return refuse(r, ENOMEM, PAVISE_FAILED, "out of memory");
	kernel_unlock(state);
	*links = list_programs(from, ids);
	if (!err && rename(from, to) && errno != ENOENT)
		err = -errno;
	err = err ? err : remove_pins(paths, PINS_NEW);
	if (err)
		return refuse(r, -err, PAVISE_FAILED, "the pins in %s cannot be removed (%s)", from,
			      strerror(-err));
	/* A removed pin lets go of its link a moment later, and a program is gone once it is detached. */
	*left = count_living(ids, *links);
	for (int ms = 0; *left && ms < DETACH_TIMEOUT_MS; ms += DETACH_STEP_MS) {
		poll(NULL, 0, DETACH_STEP_MS);
		*left = count_living(ids, *links);
	}
	return 0;
}
