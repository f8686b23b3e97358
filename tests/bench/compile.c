/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long compiling takes, how large the image gets, and how many steps a match takes, for 10 to
 * 100,000 rules (`make bench`).
 *
 * Each size of each set is measured in a process of its own: the CPU time of policy_compile(), best of
 * several, the peak memory of the process, the image. A step is a byte of a name that is read
 * before the answer is known. Steps are counted for two sorts of names: files of the distribution, and
 * what the first ten rules match, the same names for every size.
 *
 * What is said of goals is for a machine that has nothing else to do. The exit status tells whether
 * the measuring worked, not whether the goals are met.
 */
#include "bench.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pavise.h"
#include "policy/policy.h"

#define LISTS	     "/var/lib/dpkg/info"
#define ABSTRACTIONS "/etc/apparmor.d/abstractions"
#define SAMPLE	     "tests/bench/patterns.txt"
#define NAMES	     2000
#define HITS	     10
#define RUNS_MAX     7
#define RUNS_SECONDS 3.0 /* after that much time no further run */

static const size_t sizes[] = {10, 100, 1000, 10000, 100000};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

enum { LITERALS, MIX, SETS };
static const char *const set_names[SETS] = {"literal paths", "mix"};

struct steps {
	double average;
	uint32_t most;
	double bytes; /* average length of the names */
};

struct result {
	size_t rules;
	bool refused; /* as too large: the rest is 0 but for the time */
	double seconds;
	uint64_t image_bytes, states, rows, memory;
	struct steps files, hits;
	double match_ns; /* files, per name */
};

struct input {
	struct texts names;	  /* of files */
	struct texts rules[SETS]; /* patterns */
	const char *mix_source;
	size_t listed, completed;
};

/* CPU time of this process. */
static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static char *copy(const char *text)
{
	char *own = strdup(text);

	if (!own)
		die("no memory");
	return own;
}

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die("no memory");
	return p;
}

/* A policy that denies what its n rules, one pattern each, do not allow; a tenth of them denies. */
static void make_set(struct policy_set *set, const struct texts *patterns, size_t n)
{
	static const uint32_t accesses[] = {
		1u << PV_ACC_READ,
		1u << PV_ACC_READ | 1u << PV_ACC_MAP,
		1u << PV_ACC_READ | 1u << PV_ACC_LIST,
		(1u << PV_ACC_EXEC) - 1,
	};
	struct policy *p = zeroed(1, sizeof(*p));
	struct policy_rules *section = &p->sections[SECTION_FILES];

	*set = (struct policy_set){.policies = p, .n_policies = 1};
	p->name = copy("bench");
	p->file = copy("bench.yaml");
	p->subjects = zeroed(1, sizeof(*p->subjects));
	p->n_subjects = 1;
	p->subjects[0].cgroup.text = copy("/bench/**");
	section->present = true;
	section->fallback = EFFECT_DENY;
	section->rules = zeroed(n, sizeof(*section->rules));
	section->n_rules = n;
	for (size_t i = 0; i < n; i++) {
		struct policy_rule *rule = &section->rules[i];

		rule->section = SECTION_FILES;
		rule->effect = i % 10 == 3 ? EFFECT_DENY : EFFECT_ALLOW;
		rule->access = accesses[i % 4];
		rule->index = i;
		rule->line = i + 1;
		rule->patterns.at = zeroed(1, sizeof(*rule->patterns.at));
		rule->patterns.n = 1;
		rule->patterns.at[0].text = copy(patterns->at[i]);
	}
}

/* NULL where it is refused as too large. */
static struct image *compile(const struct policy_set *set)
{
	struct compile_options options = {.generation = 1};
	struct image *image = NULL;
	struct profiles profiles;
	struct diags d = {0};
	int ret;

	profiles_init(&profiles);
	ret = policy_compile(set, &options, &profiles, &image, &d);
	if (ret && ret != -E2BIG) {
		diags_print(&d, stderr);
		die("%zu rules do not compile", set->policies[0].sections[SECTION_FILES].n_rules);
	}
	diags_free(&d);
	profiles_free(&profiles);
	return image;
}

/* As image_match(), counting the bytes that are read. */
static uint32_t count_steps(const struct image *image, uint32_t start, const char *name)
{
	const struct pv_image_head *head = (const struct pv_image_head *)image->blocks;
	const struct pv_slot *slots = (const struct pv_slot *)image->blocks;
	uint32_t state = start, n = 0;

	for (; name[n] && !(state & PV_DECIDED); n++) {
		const struct pv_slot *e = &slots[state + 1 + head->classes[(uint8_t)name[n]]];

		state = e->check == state ? e->next : slots[state].next;
	}
	return n;
}

static struct steps measure_steps(const struct image *image, uint32_t start, const struct texts *names,
				  size_t n)
{
	struct steps steps = {0};

	for (size_t i = 0; i < n; i++) {
		uint32_t count = count_steps(image, start, names->at[i]);

		steps.average += (double)count / n;
		steps.bytes += (double)strlen(names->at[i]) / n;
		if (count > steps.most)
			steps.most = count;
	}
	return steps;
}

static double measure_match(const struct image *image, uint32_t start, const struct texts *names, size_t n)
{
	volatile uint32_t answers = 0;
	unsigned turns = 0;
	double began = cpu_seconds(), took;

	do {
		for (size_t i = 0; i < n; i++)
			answers += image_match(image, start, names->at[i], strlen(names->at[i]));
		turns++;
		took = cpu_seconds() - began;
	} while (took < 0.05);
	return took / turns / n * 1e9;
}

/* The image of the last run; the result gets the least time. */
static struct image *measure_compile(const struct policy_set *set, struct result *r)
{
	struct image *image = NULL;
	double total = 0;

	for (unsigned run = 0; run < RUNS_MAX && (!run || total < RUNS_SECONDS); run++) {
		double began = cpu_seconds(), took;

		image_free(image);
		image = compile(set);
		took = cpu_seconds() - began;
		total += took;
		if (!run || took < r->seconds)
			r->seconds = took;
	}
	r->refused = !image;
	return image;
}

static void measure_image(const struct input *in, unsigned which, const struct image *image, struct result *r)
{
	const struct pv_image_head *head = (const struct pv_image_head *)image->blocks;
	uint32_t start = head->profiles[image_profile(image, "/bench/x", NULL)].path_start;
	struct texts hits = {0};

	for (size_t i = 0; i < HITS; i++) {
		const char *name = literal_name(in->rules[which].at[i]);

		if (name)
			texts_add(&hits, name);
	}
	r->image_bytes = (uint64_t)image->n_blocks * PV_BLOCK_SIZE;
	r->states = image->n_states;
	r->rows = image->n_rows;
	r->files = measure_steps(image, start, &in->names, NAMES);
	r->hits = measure_steps(image, start, &hits, hits.n);
	r->match_ns = measure_match(image, start, &in->names, NAMES);
	texts_free(&hits);
}

static void measure(const struct input *in, unsigned which, size_t n, struct result *r)
{
	struct policy_set set;
	struct image *image;

	make_set(&set, &in->rules[which], n);
	*r = (struct result){.rules = n};
	image = measure_compile(&set, r);
	if (image)
		measure_image(in, which, image, r);
	image_free(image);
	policy_set_free(&set);
}

/* In a process of its own, so that one does not see the memory of the other. */
static void measure_apart(const struct input *in, unsigned which, size_t n, struct result *r)
{
	struct rusage usage;
	int ends[2], status;
	pid_t child;

	fflush(NULL);
	if (pipe(ends) || (child = fork()) < 0)
		die("no process: %m");
	if (!child) {
		measure(in, which, n, r);
		_exit(write(ends[1], r, sizeof(*r)) == sizeof(*r) ? 0 : 1);
	}
	close(ends[1]);
	if (read(ends[0], r, sizeof(*r)) != sizeof(*r))
		*r = (struct result){0};
	close(ends[0]);
	if (wait4(child, &status, 0, &usage) != child || status || r->rules != n)
		die("measuring %zu rules failed", n);
	r->memory = (uint64_t)usage.ru_maxrss * 1024;
}

static void prepare(struct input *in, size_t max, const char *abstractions)
{
	names_read(&in->names, LISTS);
	in->listed = in->names.n;
	in->completed = in->listed < max ? names_complete(&in->names, max) : 0;
	for (size_t i = 0; i < max; i++)
		texts_add(&in->rules[LITERALS], literal_pattern(in->names.at[i]));
	mix_make(&in->rules[MIX], max, abstractions, SAMPLE, &in->mix_source);
}

/* ---- goals ---- */

struct goal {
	const char *what;
	double limit, found;
	const char *unit;
	bool measured;
};

#define GOALS 9

/* What a result stands for in a goal: as much as can be where there is none. */
static double milliseconds(const struct result *r)
{
	return r->refused ? HUGE_VAL : r->seconds * 1e3;
}

static double step_growth(const struct result *many, const struct result *few)
{
	return many->refused ? HUGE_VAL : many->hits.average / few->hits.average;
}

static void judge(struct result results[SETS][SIZES], size_t max, struct goal goals[GOALS])
{
	const struct result *l = results[LITERALS], *m = results[MIX];
	bool got[SIZES];

	for (unsigned i = 0; i < SIZES; i++)
		got[i] = sizes[i] <= max;

	const struct goal all[GOALS] = {
		{"1,000 literal paths: compile", 50, milliseconds(&l[2]), "ms", got[2]},
		{"1,000 rules of the mix: compile", 50, milliseconds(&m[2]), "ms", got[2]},
		{"10,000 literal paths: compile", 500, milliseconds(&l[3]), "ms", got[3]},
		{"10,000 rules of the mix: compile", 500, milliseconds(&m[3]), "ms", got[3]},
		{"100,000 literal paths: compile", 10, milliseconds(&l[4]) / 1e3, "s", got[4]},
		{"100,000 literal paths: image", 64, l[4].refused ? HUGE_VAL : l[4].image_bytes / 1048576.0,
		 "MiB", got[4]},
		{"literal paths: steps at 10,000 rules, in those at 10", 1, step_growth(&l[3], &l[0]),
		 "times", got[3]},
		{"mix: steps at 10,000 rules, in those at 10", 1, step_growth(&m[3], &m[0]), "times", got[3]},
		{"mix: steps a byte of a file's name", 1,
		 m[3].refused ? HUGE_VAL : m[3].files.average / m[3].files.bytes, "", got[3]},
	};

	memcpy(goals, all, sizeof(all));
}

/* ---- output ---- */

static void print_table(const struct input *in, struct result results[SETS][SIZES], size_t max)
{
	printf("literal paths: %zu files of " LISTS, in->listed);
	if (in->completed)
		printf(", and %zu more by adding suffixes to them", in->completed);
	printf("\nmix: patterns of %s, 70 %% literal, 20 %% below a directory, 10 %% with wildcards "
	       "within\n\n",
	       in->mix_source);
	printf("%-14s %7s %10s %10s %8s %7s %10s  %-23s %-17s %8s\n", "", "", "compile", "image", "", "",
	       "memory at", "steps: files", "steps: rules 1-10", "match");
	printf("%-14s %7s %10s %10s %8s %7s %10s  %7s %6s %8s %8s %8s %8s\n", "set", "rules", "ms", "KiB",
	       "states", "rows", "most, MiB", "average", "most", "of bytes", "average", "most", "ns");
	for (unsigned s = 0; s < SETS; s++) {
		for (size_t i = 0; i < SIZES && sizes[i] <= max; i++) {
			const struct result *r = &results[s][i];

			if (r->refused) {
				printf("%-14s %7zu %10.2f refused as too large\n", set_names[s], r->rules,
				       r->seconds * 1e3);
				continue;
			}
			printf("%-14s %7zu %10.2f %10" PRIu64 " %8" PRIu64 " %7" PRIu64
			       " %10.1f  %7.1f %6u %8.1f %8.1f %8u %8.0f\n",
			       set_names[s], r->rules, r->seconds * 1e3, r->image_bytes / 1024, r->states,
			       r->rows, r->memory / 1048576.0, r->files.average, r->files.most,
			       r->files.bytes, r->hits.average, r->hits.most, r->match_ns);
		}
	}
	putchar('\n');
}

static void print_goals(const struct goal goals[GOALS])
{
	unsigned met = 0, measured = 0;

	for (unsigned i = 0; i < GOALS; i++) {
		const struct goal *g = &goals[i];
		bool good = g->found <= g->limit * (1 + 1e-9);

		if (!g->measured)
			continue;
		measured++;
		met += good;
		printf("  %-7s %-54s %9.2f %-5s goal: %g\n", good ? "met" : "MISSED", g->what, g->found,
		       g->unit, g->limit);
	}
	printf("bench: %u of %u goals met\n", met, measured);
}

static json_t *steps_json(const struct steps *s)
{
	return json_pack("{s:f, s:i, s:f}", "average", s->average, "most", (int)s->most, "bytes", s->bytes);
}

static void print_json(const struct input *in, struct result results[SETS][SIZES], size_t max,
		       const struct goal goals[GOALS])
{
	json_t *rows = json_array(), *judged = json_array(), *all;

	for (unsigned s = 0; s < SETS; s++) {
		for (size_t i = 0; i < SIZES && sizes[i] <= max; i++) {
			const struct result *r = &results[s][i];

			json_t *row =
				json_pack("{s:s, s:I, s:b, s:f, s:I}", "set", set_names[s], "rules",
					  (json_int_t)r->rules, "refused", r->refused, "compile_seconds",
					  r->seconds, "memory_bytes", (json_int_t)r->memory);

			if (!r->refused)
				json_object_update_new(
					row,
					json_pack("{s:I, s:I, s:I, s:o, s:o, s:f}", "image_bytes",
						  (json_int_t)r->image_bytes, "states", (json_int_t)r->states,
						  "rows", (json_int_t)r->rows, "steps_files",
						  steps_json(&r->files), "steps_first_rules",
						  steps_json(&r->hits), "match_ns", r->match_ns));
			json_array_append_new(rows, row);
		}
	}
	for (unsigned i = 0; i < GOALS; i++) {
		if (goals[i].measured)
			json_array_append_new(judged,
					      json_pack("{s:s, s:f, s:f, s:s, s:b}", "goal", goals[i].what,
							"limit", goals[i].limit, "found",
							goals[i].found < 1e9 ? goals[i].found : 1e9, "unit",
							goals[i].unit, "met",
							goals[i].found <= goals[i].limit * (1 + 1e-9)));
	}
	all = json_pack("{s:I, s:I, s:s, s:o, s:o}", "files_listed", (json_int_t)in->listed, "files_added",
			(json_int_t)in->completed, "mix_source", in->mix_source, "results", rows, "goals",
			judged);
	if (!all || json_dumpf(all, stdout, JSON_INDENT(1)))
		die("no JSON");
	putchar('\n');
	json_decref(all);
}

int main(int argc, char **argv)
{
	static struct result results[SETS][SIZES];
	static struct input in;
	struct goal goals[GOALS];
	const char *abstractions = ABSTRACTIONS;
	size_t max = sizes[SIZES - 1];
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (!strncmp(argv[i], "--max=", 6) && strtoul(argv[i] + 6, NULL, 10) >= sizes[0])
			max = strtoul(argv[i] + 6, NULL, 10);
		else if (!strncmp(argv[i], "--abstractions=", 15))
			abstractions = argv[i] + 15;
		else
			die("usage: bench [--json] [--max=RULES] [--abstractions=DIRECTORY]");
	}
	prepare(&in, max, abstractions);
	for (unsigned s = 0; s < SETS; s++) {
		for (size_t i = 0; i < SIZES && sizes[i] <= max; i++)
			measure_apart(&in, s, sizes[i], &results[s][i]);
	}
	judge(results, max, goals);
	if (json) {
		print_json(&in, results, max, goals);
	} else {
		print_table(&in, results, max);
		print_goals(goals);
	}
	texts_free(&in.names);
	for (unsigned s = 0; s < SETS; s++)
		texts_free(&in.rules[s]);
	return 0;
}
