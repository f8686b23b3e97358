/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marks: which names are literal, what a mark of one says of each access, that every file is found under
 * every profile and no other file is, and that damaged marks are refused.
 *
 * What a mark says is compared on random policies as well: with the cell for the name under the same
 * policies without their defaults, allow rules and patterns with wildcards.
 */
#include "random_policies.c"

#include "policy/layout.h"
#include "policy/mark.h"
#include "policy/pattern.h"

static const struct image_context anybody = {.executed = true};

/* ---- names ---- */

static void check_literals(const char *pattern, const char *expected)
{
	char *names[PATTERN_LITERALS], text[4096] = "";
	int n = pattern_literals(PATTERN_PATH, pattern, names);

	for (int i = 0; i < n; i++) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "", names[i]);
		free(names[i]);
	}
	if (n < 0 || strcmp(text, expected))
		fail_msg("%s: %d, '%s', expected '%s'", pattern, n, text, expected);
}

static void test_literals(void **state)
{
	char *names[PATTERN_LITERALS] = {NULL};

	(void)state;
	check_literals("/a", "/a");
	check_literals("/a/\\*b", "/a/*b");
	check_literals("/{a,b}/c", "/a/c /b/c");
	check_literals("/a{,x{1,2}}/{y,z}", "/a/y /ax1/y /ax2/y /a/z /ax1/z /ax2/z");
	check_literals("{/a,/b}", "/a /b");
	check_literals("/{a,a}", "/a /a");
	check_literals("/a*", "");
	check_literals("/a?", "");
	check_literals("/[a]", "");
	check_literals("/**", "");
	check_literals("/{a,b*}", "");
	/* 64 are listed, 65 and 81 are too many. */
	check_literals("/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "");
	check_literals("/{a,b,c}{a,b,c}{a,b,c}{a,b,c}", "");
	assert_int_equal(pattern_literals(PATTERN_PATH, "/{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}", names), 64);
	for (unsigned i = 0; i < PATTERN_LITERALS; i++)
		free(names[i]);
	assert_int_equal(pattern_literals(PATTERN_PATH, "a", names), -EINVAL);
	assert_int_equal(pattern_literals(PATTERN_FILE, PATTERN_NAMELESS, names), 0);
}

static struct policy *add_policy(struct fixture *f, const char *name, enum policy_mode mode,
				 enum policy_effect fallback)
{
	struct policy *p = build_policy(&f->set, name, mode);

	build_subject(p, "/x");
	build_section(p, SECTION_FILES, fallback);
	return p;
}

/* The names that are looked for: of literal deny rules on what a file holds, that can be a file's. */
static void test_names(void **state)
{
	static const char *const expected[] = {"/a", "/b/c", "/b/d", "/exec", "/both"};
	struct fixture f = {0};
	struct policy *p = add_policy(&f, "p", MODE_ENFORCE, EFFECT_DENY);

	(void)state;
	build_section(p, SECTION_EXEC, EFFECT_DENY);
	build_section(p, SECTION_NETWORK, EFFECT_DENY);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/a");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(READ), "/b{/c,/d,/,/e/../f,//g,/..}");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(READ), "/a");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(CREATE) | ACCESS(DELETE), "/name");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(READ), "/w*");
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, ACCESS(READ), "/allowed");
	build_path_rule(p, SECTION_EXEC, EFFECT_DENY, ACCESS(EXEC), "/exec");
	build_pattern(build_rule(p, SECTION_NETWORK, EFFECT_DENY, ACCESS(CONNECT)), "/socket");
	p = add_policy(&f, "q", MODE_MONITOR, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(MAP), "/both");
	fixture_compile(&f, false);
	assert_int_equal(f.image->n_marked, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < f.image->n_marked; i++)
		assert_string_equal(f.image->marked[i], expected[i]);
	fixture_free(&f);
}

/* ---- meaning ---- */

static void check_image(const struct image *image)
{
	struct diags d = {0};

	if (image_validate(image->blocks, image->n_blocks, &d))
		fail_msg("%s", d.items[0].message);
	diags_free(&d);
}

/* Mark what has these names, with the inode numbers 1, 2.. */
static void mark(struct fixture *f, const char *const *names, size_t n)
{
	struct mark_file files[8];
	size_t many;

	for (size_t i = 0; i < n; i++)
		files[i] = (struct mark_file){.name = names[i], .ino = 1 + i, .dev = 7, .generation = 9};
	assert_int_equal(mark_files(f->image, files, n, &many), 0);
	check_image(f->image);
}

static uint32_t cell_by(const struct fixture *f, uint64_t ino, unsigned access,
			const struct image_context *context)
{
	struct mark_file file = {.ino = ino, .dev = 7, .generation = 9};

	return image_mark_cell(f->image, image_profile(f->image, "/x", &anybody), &file, access, context);
}

static void check_cell(const struct fixture *f, uint64_t ino, unsigned access, const char *policy,
		       const char *match)
{
	uint32_t cell = cell_by(f, ino, access, &anybody);
	const struct decision *d = image_decision(f->image, cell);

	assert_int_equal(PV_CELL_VERDICT(cell), PV_DENY);
	assert_string_equal(d->policy, policy);
	assert_string_equal(d->match, match);
	assert_int_equal(d->reason, REASON_EXPLICIT_DENY);
}

/* A default that speaks first for the name does not hide the literal rule, nor is it taken over. */
static void test_defaults(void **state)
{
	static const char *const names[] = {"/secret"};
	struct fixture f = {0};
	struct policy *p = add_policy(&f, "a", MODE_ENFORCE, EFFECT_DENY);

	(void)state;
	build_path_rule(p, SECTION_FILES, EFFECT_ALLOW, FILES_ALL, "/other");
	p = add_policy(&f, "b", MODE_ENFORCE, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(READ), "/secret");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(WRITE) | ACCESS(READ), "/s*");
	fixture_compile(&f, false);
	mark(&f, names, 1);
	assert_string_equal(
		image_decision(f.image, image_path_cell(f.image, 1, "/secret", PV_ACC_READ, &anybody))
			->policy,
		"a");
	check_cell(&f, 1, PV_ACC_READ, "b", "/secret");
	assert_int_equal(cell_by(&f, 1, PV_ACC_WRITE, &anybody), 0);
	assert_int_equal(cell_by(&f, 1, PV_ACC_EXEC, &anybody), 0);
	fixture_free(&f);
}

/* Exec and map go together, and what is about names has no marks. */
static void test_accesses(void **state)
{
	static const char *const names[] = {"/program", "/library", "/all"};
	struct fixture f = {0};
	struct policy *p = add_policy(&f, "p", MODE_ENFORCE, EFFECT_ALLOW);

	(void)state;
	build_section(p, SECTION_EXEC, EFFECT_DENY);
	build_path_rule(p, SECTION_EXEC, EFFECT_DENY, ACCESS(EXEC), "/program")->kill = true;
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(MAP), "/library");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/all");
	fixture_compile(&f, false);
	mark(&f, names, 3);
	for (uint64_t i = 1; i <= 2; i++) {
		check_cell(&f, i, PV_ACC_EXEC, "p", names[i - 1]);
		check_cell(&f, i, PV_ACC_MAP, "p", names[i - 1]);
		assert_int_equal(cell_by(&f, i, PV_ACC_READ, &anybody), 0);
		assert_int_equal(!!(cell_by(&f, i, PV_ACC_EXEC, &anybody) & PV_CELL_KILL), i == 1);
	}
	for (unsigned access = 0; access <= PV_ACC_EXEC; access++) {
		uint32_t verdict = PV_CELL_VERDICT(cell_by(&f, 3, access, &anybody));

		assert_int_equal(verdict, PV_MARK_ACCESSES >> access & 1 ? PV_DENY : PV_ALLOW);
	}
	fixture_free(&f);
}

/* What narrows a rule narrows its marks; a mode is that of the policy. */
static void test_conditions(void **state)
{
	static const char *const names[] = {"/mine", "/spared", "/watched"};
	struct image_context owner = {.executed = true, .owner = true};
	struct fixture f = {0};
	struct policy *p = add_policy(&f, "p", MODE_ENFORCE, EFFECT_ALLOW);
	struct policy_rule *rule;

	(void)state;
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/mine")->owner = true;
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/spared");
	build_listed(&rule->except, "/sp*");
	p = add_policy(&f, "q", MODE_MONITOR, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/watched");
	fixture_compile(&f, false);
	mark(&f, names, 3);
	assert_int_equal(PV_CELL_VERDICT(cell_by(&f, 1, PV_ACC_READ, &owner)), PV_DENY);
	assert_int_equal(cell_by(&f, 1, PV_ACC_READ, &anybody), 0);
	assert_int_equal(cell_by(&f, 2, PV_ACC_READ, &anybody), 0);
	assert_int_equal(PV_CELL_VERDICT(cell_by(&f, 3, PV_ACC_READ, &anybody)), PV_WOULD_DENY);
	fixture_free(&f);
}

/* One file with several denied names: of their words the weightiest. */
static void test_one_file(void **state)
{
	static const char *const text[] = {"/watched", "/read", "/write"};
	struct mark_file files[3];
	struct fixture f = {0};
	struct policy *p = add_policy(&f, "p", MODE_ENFORCE, EFFECT_ALLOW);
	size_t many;

	(void)state;
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(READ), "/read");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(WRITE), "/write");
	p = add_policy(&f, "a", MODE_MONITOR, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/watched");
	fixture_compile(&f, false);
	for (size_t i = 0; i < 3; i++)
		files[i] = (struct mark_file){.name = text[i], .ino = 1, .dev = 7, .generation = 9};
	assert_int_equal(mark_files(f.image, files, 3, &many), 0);
	check_image(f.image);
	check_cell(&f, 1, PV_ACC_READ, "p", "/read");
	check_cell(&f, 1, PV_ACC_WRITE, "p", "/write");
	assert_int_equal(PV_CELL_VERDICT(cell_by(&f, 1, PV_ACC_APPEND, &anybody)), PV_WOULD_DENY);
	fixture_free(&f);
}

/* As many names as one may deny, and more rules with conditions than can be looked at. */
static void test_many_names(void **state)
{
	(void)state;
	for (unsigned conditions = 0; conditions < 2; conditions++) {
		struct mark_file files[300];
		char names[300][16];
		struct fixture f = {0};
		struct policy *p = add_policy(&f, "p", MODE_ENFORCE, EFFECT_ALLOW);
		size_t many = 0;

		for (unsigned i = 0; i < 300; i++) {
			struct policy_rule *rule;

			snprintf(names[i], sizeof(names[i]), "/%u", i);
			rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, names[i]);
			rule->owner = conditions;
			files[i] = (struct mark_file){.name = names[i], .ino = 1, .dev = 7, .generation = 9};
		}
		fixture_compile(&f, false);
		assert_int_equal(mark_files(f.image, files, 300, &many), conditions ? -EMLINK : 0);
		assert_int_equal(many, conditions ? PV_MARKS_OF_FILE : 0);
		check_image(f.image);
		if (!conditions)
			check_cell(&f, 1, PV_ACC_READ, "p", "/0");
		fixture_free(&f);
	}
}

/* ---- the table ---- */

#define FILES	 20000
#define PROFILES 3

static struct mark_file numbered(size_t i)
{
	return (struct mark_file){
		.name = "/secret", .ino = i / 4 + 1, .dev = 1 + i % 2, .generation = i / 2 % 2 * 77};
}

/* Three profiles with start states of their own, which deny /secret, and a fourth that does not. */
static void make_profiles(struct fixture *f)
{
	for (unsigned i = 0; i <= PROFILES; i++) {
		char name[8], cgroup[8], pattern[8];
		struct policy *p;

		snprintf(name, sizeof(name), "p%u", i);
		snprintf(cgroup, sizeof(cgroup), "/%u", i);
		snprintf(pattern, sizeof(pattern), "/own%u", i);
		p = build_policy(&f->set, name, MODE_ENFORCE);
		build_subject(p, cgroup);
		build_section(p, SECTION_FILES, EFFECT_ALLOW);
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, pattern);
		if (i < PROFILES)
			build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/secret");
	}
	fixture_compile(f, false);
}

/* Every other file is marked: each of these is found, and none of the others. */
static void test_table(void **state)
{
	struct mark_file *files = calloc(FILES, sizeof(*files));
	struct fixture f = {0};
	uint64_t digest;
	size_t many, n;

	(void)state;
	assert_non_null(files);
	for (size_t i = 0; i < FILES; i++)
		files[i] = numbered(2 * i);
	make_profiles(&f);
	digest = image_head(f.image)->digest;
	n = f.image->n_blocks;
	assert_int_equal(mark_files(f.image, files, FILES, &many), 0);
	assert_int_equal(image_head(f.image)->n_blocks, n);
	assert_true(image_head(f.image)->digest == digest);
	check_image(f.image);
	for (uint32_t i = 0; i <= PROFILES; i++) {
		char cgroup[8];
		uint32_t profile;

		snprintf(cgroup, sizeof(cgroup), "/%u", i);
		profile = image_profile(f.image, cgroup, &anybody);
		assert_int_not_equal(profile, 0);
		for (size_t k = 0; k < 2 * FILES; k++) {
			struct mark_file file = numbered(k);
			uint32_t cell = image_mark_cell(f.image, profile, &file, PV_ACC_READ, &anybody);

			assert_int_equal(PV_CELL_VERDICT(cell), k % 2 || i == PROFILES ? PV_ALLOW : PV_DENY);
		}
	}
	print_message("%d marks in %u blocks\n", FILES * PROFILES, image_head(f.image)->marks.n_blocks);
	free(files);
	fixture_free(&f);
}

/* A file that differs in one thing and is looked for in the same place is another one. */
static void test_alike(void **state)
{
	static const char *const names[] = {"/secret"};
	struct fixture f = {0};
	uint32_t profile, start, home;

	(void)state;
	make_profiles(&f);
	mark(&f, names, 1);
	profile = image_profile(f.image, "/0", &anybody);
	start = image_head(f.image)->profiles[profile].path_start;
	home = pv_mark_home(1, 7, 9, start) % PV_BLOCK_MARKS;
	for (unsigned what = 0; what < 3; what++) {
		for (uint32_t i = 1, found = 0; found < 3; i++) {
			struct mark_file file = {.ino = what == 0 ? 1 + i : 1,
						 .dev = what == 1 ? 7 + i : 7,
						 .generation = what == 2 ? 9 + i : 9};

			if (pv_mark_home(file.ino, file.dev, file.generation, start) % PV_BLOCK_MARKS != home)
				continue;
			found++;
			assert_int_equal(image_mark_cell(f.image, profile, &file, PV_ACC_READ, &anybody), 0);
		}
	}
	fixture_free(&f);
}

/* More than an image may hold, and nothing to mark at all. */
static void test_room(void **state)
{
	size_t n = (size_t)PV_BLOCKS_MAX * PV_BLOCK_MARKS / 2, many;
	struct mark_file *files = calloc(n, sizeof(*files));
	struct fixture f = {0};

	(void)state;
	assert_non_null(files);
	for (size_t i = 0; i < n; i++)
		files[i] = numbered(i);
	make_profiles(&f);
	assert_int_equal(mark_files(f.image, files, n, &many), -E2BIG);
	check_image(f.image);
	assert_int_equal(mark_files(f.image, files, 0, &many), 0);
	files[0].name = "/elsewhere";
	assert_int_equal(mark_files(f.image, files, 1, &many), 0);
	assert_int_equal(image_head(f.image)->marks.n_blocks, 0);
	check_image(f.image);
	free(files);
	fixture_free(&f);
}

/* ---- validation ---- */

static int validate(const unsigned char *blocks, size_t n)
{
	struct diags d = {0};
	int ret = image_validate(blocks, n, &d);

	assert_int_equal(ret != 0, d.n == 1);
	diags_free(&d);
	return ret;
}

/* The marks in `blocks`, changed by a statement, are not valid. */
#define REFUSES(...)                                            \
	do {                                                    \
		memcpy(blocks, f.image->blocks, size);          \
		__VA_ARGS__;                                    \
		h->marks.digest = digest_where(blocks, n);      \
		assert_int_equal(validate(blocks, n), -EINVAL); \
	} while (0)

/* The digest of the marks where the head says that they are, as far as there are blocks. */
static uint64_t digest_where(const unsigned char *blocks, size_t n)
{
	const struct pv_image_head *h = (const struct pv_image_head *)blocks;
	size_t there = n - h->n_blocks;

	return layout_marks_digest(blocks + (size_t)h->n_blocks * PV_BLOCK_SIZE,
				   h->marks.n_blocks < there ? h->marks.n_blocks : there);
}

/* A mark where its search comes to after so many places, in the only block. */
static void place_at(struct pv_mark *marks, const struct pv_mark *mark, unsigned distance)
{
	struct pv_mark copy = *mark;

	marks[(pv_mark_home(copy.ino, copy.dev, copy.generation, copy.start) + distance) % PV_BLOCK_MARKS] =
		copy;
}

static void test_refused(void **state)
{
	static const char *const names[] = {"/secret"};
	struct fixture f = {0};
	unsigned char *blocks;
	struct pv_image_head *h;
	struct pv_mark *marks, *one = NULL, *hole = NULL;
	size_t n, size;

	(void)state;
	make_profiles(&f);
	mark(&f, names, 1);
	n = f.image->n_blocks;
	size = n * PV_BLOCK_SIZE;
	blocks = malloc(size);
	assert_non_null(blocks);
	memcpy(blocks, f.image->blocks, size);
	h = (struct pv_image_head *)blocks;
	assert_int_equal(h->marks.n_blocks, 1);
	marks = (struct pv_mark *)(blocks + (size_t)h->n_blocks * PV_BLOCK_SIZE);
	for (unsigned i = 0; i < PV_BLOCK_MARKS; i++) {
		if (marks[i].answer)
			one = &marks[i];
		else
			hole = &marks[i];
	}
	assert_non_null(one);
	assert_non_null(hole);
	REFUSES(h->n_blocks--, h->marks.n_blocks++, h->digest = layout_digest(blocks, h->n_blocks));
	REFUSES(h->marks.n_blocks = 0);
	REFUSES(h->n_blocks = 0, h->marks.n_blocks = n);
	REFUSES(one->answer = h->n_rows);
	REFUSES(one->answer = PV_MORE | h->n_choices);
	REFUSES(one->ino++);
	REFUSES(one->dev++);
	REFUSES(one->generation++);
	REFUSES(one->start++);
	REFUSES(*hole = *one);
	/* One place after a free one, and behind as many as are looked at. */
	REFUSES(place_at(marks, one, 1), *one = (struct pv_mark){0});
	for (unsigned i = 0; i <= PV_MARK_PROBES; i++) {
		memcpy(blocks, f.image->blocks, size);
		for (unsigned k = 0; k < i; k++)
			place_at(marks, one, k);
		h->marks.digest = layout_marks_digest(marks, 1);
		assert_int_equal(validate(blocks, n), 0);
	}
	REFUSES(for (unsigned k = 0; k <= PV_MARK_PROBES; k++) place_at(marks, one, k));
	memcpy(blocks, f.image->blocks, size);
	assert_int_equal(validate(blocks, n), 0);
	hole->pad[0] = 1;
	assert_int_equal(validate(blocks, n), -EINVAL);
	assert_int_equal(validate(f.image->blocks, n - 1), -EINVAL);
	free(blocks);
	fixture_free(&f);
}

/* ---- random policies ---- */

#define ROUNDS 400

static bool is_literal_text(const char *pattern)
{
	char *names[PATTERN_LITERALS];
	int n = pattern_literals(PATTERN_PATH, pattern, names);

	assert_true(n >= 0);
	for (int i = 0; i < n; i++)
		free(names[i]);
	return n;
}

/* Leave of a set only what marks are about. */
static void keep_literals(struct policy_set *set)
{
	for (size_t i = 0; i < set->n_policies; i++) {
		for (unsigned s = 0; s <= SECTION_EXEC; s++) {
			struct policy_rules *rules = &set->policies[i].sections[s];

			rules->fallback = EFFECT_ALLOW;
			for (size_t k = 0; k < rules->n_rules; k++) {
				struct policy_rule *rule = &rules->rules[k];

				for (size_t j = 0; j < rule->patterns.n; j++) {
					struct policy_pattern *p = &rule->patterns.at[j];

					if (rule->effect == EFFECT_DENY && is_literal_text(p->text))
						continue;
					free(p->text);
					*p = rule->patterns.at[--rule->patterns.n];
					j--;
				}
			}
		}
	}
}

static void forget_image(struct fixture *f)
{
	image_free(f->image);
	f->image = NULL;
}

/* Which of an image's names a random process is asked about, and what was found there. */
struct found {
	uint32_t cells[8][PV_ACC_EXEC + 1];
	struct image_context context[8];
	uint32_t profile[8];
	char name[NAME_SIZE];
};

static void ask_marks(struct world *w, struct found *found)
{
	const struct image *image = w->f.image;
	struct mark_file file = {.ino = 1, .dev = 2, .generation = 3};
	size_t many;

	snprintf(found->name, sizeof(found->name), "%s", image->marked[random_below(&w->r, image->n_marked)]);
	file.name = found->name;
	assert_int_equal(mark_files(w->f.image, &file, 1, &many), 0);
	check_image(image);
	for (size_t i = 0; i < 8; i++) {
		struct image_context *context = &found->context[i];
		struct process p;

		random_process(w, &p);
		*context = acting_context(image, &p.acting);
		context->owner = random_chance(&w->r, 50);
		found->profile[i] = random_below(&w->r, w->f.profiles.n);
		for (unsigned access = 0; access <= PV_ACC_EXEC; access++)
			found->cells[i][access] =
				image_mark_cell(image, found->profile[i], &file, access, context);
	}
}

/* Verdict and whether it kills; which rule is told may differ where several say the same. */
static uint32_t gist(uint32_t cell)
{
	return cell & (PV_CELL_VERDICT(~0u) | PV_CELL_KILL);
}

static uint64_t compare_marks(struct world *w, const struct found *found)
{
	uint64_t denied = 0;

	for (size_t i = 0; i < 8; i++) {
		for (unsigned access = 0; access <= PV_ACC_EXEC; access++) {
			uint32_t expected = image_path_cell(w->f.image, found->profile[i], found->name,
							    access, &found->context[i]);

			if (!(PV_MARK_ACCESSES >> access & 1))
				expected = PV_ALLOW;
			if (gist(expected) != gist(found->cells[i][access])) {
				world_show(w, stderr);
				fail_msg("seed %#llx: %s, access %u, profile %u: %#x, expected %#x",
					 (unsigned long long)w->seed, found->name, access, found->profile[i],
					 found->cells[i][access], expected);
			}
			denied += PV_CELL_VERDICT(expected) != PV_ALLOW;
		}
	}
	return denied;
}

static void test_random(void **state)
{
	uint64_t first = random_seed(0x3a7c5), rounds = random_rounds(ROUNDS), denied = 0, asked = 0;

	(void)state;
	for (uint64_t i = 0; i < rounds; i++) {
		struct found found = {.name = ""};
		struct world w;

		world_init(&w, first + i);
		fixture_compile(&w.f, random_chance(&w.r, 10));
		if (w.f.image->n_marked) {
			ask_marks(&w, &found);
			keep_literals(&w.f.set);
			forget_image(&w.f);
			w.f.image = build_image(&w.f.set, w.f.monitor_all, &w.f.profiles);
			denied += compare_marks(&w, &found);
			asked++;
		}
		world_free(&w);
	}
	print_message("%llu names, %llu cells denied\n", (unsigned long long)asked,
		      (unsigned long long)denied);
	assert_true(asked > rounds / 4);
	assert_true(denied > rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literals),   cmocka_unit_test(test_names),
		cmocka_unit_test(test_defaults),   cmocka_unit_test(test_accesses),
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_one_file),
		cmocka_unit_test(test_many_names), cmocka_unit_test(test_table),
		cmocka_unit_test(test_room),	   cmocka_unit_test(test_alike),
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
