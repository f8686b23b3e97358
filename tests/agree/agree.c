/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * agree ROUNDS [SEED]: the kernel side reads images as user space does.
 *
 * Guarantees: ends with 0 only if the BPF programs' functions gave the same answer as image_*() for
 * every question: who governs a process, the class of its executable, and the cells of paths, sockets,
 * unix sockets, operations and capabilities, over ROUNDS random policy sets. What the oracle of the unit
 * tests says of image_*() holds for the kernel then, too.
 *
 * How: sets and questions are those of tests/unit/random_policies.c. Each set's image is put into the
 * map of images that agree.bpf.c has for itself, and each question is one run of its program, which is
 * attached to nothing.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/random_policies.c"
#include "agree.h"
#include "agree.skel.h"

#define PROCESSES 20
#define NAMES	  6 /* of each kind, for a process */

struct asked {
	struct agree_bpf *skeleton;
	struct agree_case *cases;
	const struct world *world;
	uint64_t n[AGREE_TABLE + 1];
};

__attribute__((noreturn)) static void die(const char *what, int err)
{
	fprintf(stderr, "agree: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(2);
}

static void publish(struct asked *a, const struct image *image)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_INNER_MAP);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "image", sizeof(uint32_t), PV_BLOCK_SIZE, image->n_blocks,
				&options);
	uint32_t zero = 0;

	if (fd < 0)
		die("no map for an image", errno);
	for (uint32_t i = 0; i < image->n_blocks; i++) {
		if (bpf_map_update_elem(fd, &i, image->blocks + (size_t)i * PV_BLOCK_SIZE, BPF_ANY))
			die("an image cannot be written", errno);
	}
	if (bpf_map_update_elem(bpf_map__fd(a->skeleton->maps.images), &zero, &fd, BPF_ANY))
		die("an image cannot be put in place", errno);
	close(fd);
}

/* A path as the walk leaves it: components from the leaf up, each followed by its length. */
static void set_components(struct agree_case *c, const char *path)
{
	size_t end = strlen(path);

	c->names_len = 0;
	while (end > 1) {
		const char *slash = memrchr(path, '/', end);
		size_t n = path + end - slash - 1;

		memcpy(c->names + c->names_len, slash + 1, n);
		c->names[c->names_len + n] = n;
		c->names_len += n + 1;
		end = slash - path;
	}
}

/* The walk finds no empty component. */
static bool is_normal(const char *path)
{
	size_t n = strlen(path);

	return !strstr(path, "//") && (n == 1 || path[n - 1] != '/');
}

static void set_bytes(struct agree_case *c, const void *bytes, size_t n)
{
	memset(c->names, 0, 64);
	memcpy(c->names, bytes, n);
	c->names_len = n;
}

static void compare(struct asked *a, uint32_t expected)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct agree_case *c = a->cases;
	int err = bpf_prog_test_run_opts(bpf_program__fd(a->skeleton->progs.agree), &run);

	if (err || run.retval)
		die("the program does not run", err ? err : EIO);
	a->n[c->what]++;
	if ((uint32_t)c->result == expected)
		return;
	world_show(a->world, stderr);
	fprintf(stderr,
		"agree: seed %#llx: question %u, profile %u, access %u, name '%.*s': %#x, expected %#x\n",
		(unsigned long long)a->world->seed, c->what, c->profile, c->access, (int)c->names_len,
		c->names, c->result, expected);
	exit(1);
}

static void ask_names(struct asked *a, struct world *w, const struct image_context *context)
{
	struct agree_case *c = a->cases;
	char path[NAME_SIZE];

	random_path(&w->r, &w->paths, path);
	if (!is_normal(path))
		return;
	c->what = AGREE_PATH;
	set_components(c, path);
	for (c->access = 0; c->access <= PV_ACC_EXEC; c->access++)
		compare(a, image_path_cell(w->f.image, c->profile, path, c->access, context));
}

static void ask_sockets(struct asked *a, struct world *w, const struct image_context *context)
{
	struct agree_case *c = a->cases;
	uint8_t name[NAME_SIZE + 1];
	uint32_t accesses;
	size_t n = random_socket(w, name, &accesses);

	c->what = name[0] != PV_FAM_UNIX    ? AGREE_SOCKET
		  : n > 1 && name[1] == '/' ? AGREE_UNIX
					    : AGREE_ABSTRACT;
	if (c->what == AGREE_SOCKET) {
		set_bytes(c, name, n);
	} else if (c->what == AGREE_ABSTRACT) {
		set_bytes(c, name + 1, n - 1);
	} else {
		name[n] = 0;
		if (!is_normal((const char *)name + 1))
			return;
		set_components(c, (const char *)name + 1);
	}
	for (c->access = PV_ACC_CONNECT; c->access <= PV_ACC_SOCKET; c->access++) {
		if (accesses & 1u << c->access)
			compare(a, image_net_cell(w->f.image, c->profile, name, n, c->access, context));
	}
}

static void ask_tables(struct asked *a, struct world *w)
{
	struct agree_case *c = a->cases;

	c->what = AGREE_TABLE;
	c->names_len = 0;
	for (c->profile = 1; c->profile < w->f.profiles.n; c->profile++) {
		c->row = 0;
		for (c->column = PV_ACC_SYSTEM; c->column <= PV_ACC_AGENT; c->column++)
			compare(a, image_system_cell(w->f.image, c->profile, c->column));
		for (unsigned capability = 0; capability < 2 * PV_COLUMNS; capability++) {
			c->row = 1 + capability / PV_COLUMNS;
			c->column = capability % PV_COLUMNS;
			compare(a, image_capability_cell(w->f.image, c->profile, capability));
		}
	}
}

static void ask_process(struct asked *a, struct world *w)
{
	struct agree_case *c = a->cases;
	struct image_context context;
	struct process p;

	random_process(w, &p);
	context = acting_context(w->f.image, &p.acting);
	c->exe = context.exe;
	c->uid = context.uid;
	c->executed = context.executed;
	if (p.acting.exe && is_normal(p.acting.exe)) {
		c->what = AGREE_EXE;
		set_components(c, p.acting.exe);
		compare(a, context.exe);
	}
	if (is_normal(p.acting.cgroup)) {
		c->what = AGREE_CGROUP;
		set_components(c, p.acting.cgroup);
		compare(a, ask_profile(w->f.image, &p.acting));
	}
	if (w->f.profiles.n < 2)
		return;
	for (unsigned i = 0; i < NAMES; i++) {
		c->profile = 1 + random_below(&w->r, w->f.profiles.n - 1);
		c->owner = context.owner = random_chance(&w->r, 50);
		ask_names(a, w, &context);
		ask_sockets(a, w, &context);
	}
}

static void ask_world(struct asked *a, uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		die("no memory", ENOMEM);
	world_init(w, seed);
	fixture_compile(&w->f, random_chance(&w->r, 10));
	a->world = w;
	publish(a, w->f.image);
	ask_tables(a, w);
	for (unsigned i = 0; i < PROCESSES; i++)
		ask_process(a, w);
	world_free(w);
	free(w);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"cgroups", "executables", "paths",	 "sockets",
					    "unix",    "abstract",    "nameless"};
	struct asked a = {.skeleton = agree_bpf__open_and_load()};
	uint64_t sum = 0, rounds, seed;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: agree ROUNDS [SEED]\n");
		return 2;
	}
	rounds = strtoull(argv[1], NULL, 0);
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 0xa9ee;
	if (!a.skeleton)
		die("the program cannot be loaded", errno);
	a.cases = mmap(NULL, sizeof(*a.cases), PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_map__fd(a.skeleton->maps.cases), 0);
	if (a.cases == MAP_FAILED)
		die("the case cannot be mapped", errno);
	for (uint64_t i = 0; i < rounds; i++)
		ask_world(&a, seed + i);
	for (unsigned i = 0; i <= AGREE_TABLE; i++) {
		printf("%s%s %llu", i ? ", " : "", names[i], (unsigned long long)a.n[i]);
		sum += a.n[i];
		if (!a.n[i]) {
			fprintf(stderr, "agree: nothing was asked of %s\n", names[i]);
			return 1;
		}
	}
	printf("\n%llu answers agree\n", (unsigned long long)sum);
	agree_bpf__destroy(a.skeleton);
	return 0;
}
