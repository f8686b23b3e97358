/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Images: their form, that validation lets nothing through that a reader could trip over, that equal
 * input gives equal bytes, that what is too large is refused in time, and how long compiling takes.
 */
#include "oracle.c"

#include <stdio.h>
#include <time.h>

#include "policy/layout.h"

/* A few policies with some of everything. */
static void sample_set(struct policy_set *set)
{
	struct policy *p = build_policy(set, "web", MODE_ENFORCE);
	struct policy_subject *entry;
	struct policy_rule *rule;

	build_subject(p, "/web/**");
	build_text(&build_entry(p)->unit, "web-*.service");
	for (unsigned i = 0; i < 3; i++) {
		entry = build_entry(p);
		build_user(entry, 33 + 10 * i);
		build_text(&entry->exe, i ? "/usr/bin/{a,b}" : "/usr/sbin/*");
	}
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_section(p, SECTION_EXEC, EFFECT_DENY);
	build_section(p, SECTION_NETWORK, EFFECT_DENY);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/home/*/.ssh/id_*");
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(WRITE), "/etc/**");
	build_path_rule(p, SECTION_EXEC, EFFECT_ALLOW, ACCESS(EXEC), "/usr/bin/{gzip,brotli,n?}");
	build_path_rule(p, SECTION_EXEC, EFFECT_DENY, ACCESS(EXEC), "/**/*.tmp")->kill = true;
	rule = build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(READ), "/home/**");
	rule->owner = true;
	build_listed(&rule->unless_from, "/usr/bin/*");
	build_listed(&rule->except, "/home/*/public");
	build_capability(p, 21, EFFECT_DENY);
	build_system(p, PV_ACC_MOUNT, EFFECT_DENY);
	build_pattern(build_rule(p, SECTION_NETWORK, EFFECT_ALLOW, ACCESS(CONNECT)), "@web-*");
	rule = build_rule(p, SECTION_NETWORK, EFFECT_ALLOW, ACCESS(CONNECT));
	build_cidr(rule, 4, "10.0.0.0", 8);
	build_cidr(rule, 6, "2001:db8::", 33);
	build_ports(rule, 8000, 9000);
	p = build_policy(set, "base", MODE_MONITOR);
	build_subject(p, "/");
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, ACCESS(READ), "/etc/shadow");
}

static struct image *sample_image(void)
{
	struct policy_set set = {0};
	struct profiles profiles;
	struct image *image;

	profiles_init(&profiles);
	sample_set(&set);
	image = build_image(&set, false, &profiles);
	policy_set_free(&set);
	profiles_free(&profiles);
	return image;
}

static void test_form(void **state)
{
	struct image *image = sample_image();
	const struct pv_image_head *h = image_head(image);

	(void)state;
	assert_int_equal(h->magic, PV_MAGIC);
	assert_int_equal(h->abi, PV_ABI);
	assert_int_equal(h->generation, 1);
	assert_int_equal(h->n_blocks, image->n_blocks);
	assert_int_equal(h->n_rows, image->n_rows);
	assert_int_equal(h->n_profiles, 3);
	assert_int_equal(h->row_block, 2);
	assert_int_equal(h->cgroup_start / PV_BLOCK_SLOTS, 1);
	assert_null(image->decisions[0].policy);
	assert_null(image_decision(image, PV_CELL(PV_DENY, false, image->n_decisions)));
	/* Outside of what there is: denied, not read. */
	assert_int_equal(image_path_cell(image, 3, "/", PV_ACC_READ, NULL), PV_DENY);
	assert_int_equal(image_path_cell(image, 1, "/", PV_COLUMNS, NULL), PV_DENY);
	assert_int_equal(image_net_cell(image, UINT32_MAX, "", 0, PV_ACC_CONNECT, NULL), PV_DENY);
	image_free(image);
	image_free(NULL);
}

/* An answer to the end, whatever its choices ask; in bounds at each step. */
static uint32_t follow_carefully(const struct pv_image_head *h, uint32_t answer, struct random *r)
{
	const char *blocks = (const char *)h;
	const struct pv_choice *choices =
		(const struct pv_choice *)(blocks + (size_t)h->choice_block * PV_BLOCK_SIZE);

	for (unsigned i = 0; answer & PV_MORE; i++) {
		const struct pv_choice *c = &choices[answer & ~PV_MORE];

		assert_true(i < PV_CHOICE_STEPS);
		assert_true((answer & ~PV_MORE) < h->n_choices);
		assert_true((const char *)(c + 1) <= blocks + (size_t)h->n_blocks * PV_BLOCK_SIZE);
		assert_true(c->test < PV_TESTS);
		if (c->test == PV_TEST_EXE)
			assert_true(((uint64_t)c->value + 1) * h->set_words <=
				    (uint64_t)(h->n_blocks - h->set_block) * PV_BLOCK_WORDS);
		answer = random_chance(r, 50) ? c->yes : c->no;
	}
	return answer;
}

/* A byte that leads somewhere, or any other. */
static uint8_t random_byte(struct random *r)
{
	static const uint8_t likely[] = "/aetchomwb\4\6\1";

	return random_chance(r, 50) ? likely[random_below(r, sizeof(likely) - 1)] : random_below(r, 256);
}

/* Names of any length and content are read without a fault. */
static void test_names(void **state)
{
	struct random r = {random_seed(0x9a3e5)};
	struct image *image = sample_image();
	const struct pv_image_head *h = image_head(image);
	uint8_t name[64];

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		size_t n = random_below(&r, sizeof(name));

		for (size_t j = 0; j < n; j++)
			name[j] = random_byte(&r);
		for (uint32_t p = 0; p < 3; p++)
			image_net_cell(image, p, name, n, PV_ACC_CONNECT, NULL);
		assert_true(follow_carefully(h, image_match(image, h->cgroup_start, name, n), &r) < 3);
		assert_true(follow_carefully(h, image_match(image, h->profiles[2].path_start, name, n), &r) <
			    image->n_rows);
		assert_true(image_match(image, h->exe_start, name, n) < h->n_exe);
	}
	image_free(image);
}

/* ---- validation ---- */

static int validate(const void *blocks, size_t n)
{
	struct diags d = {0};
	int ret = image_validate(blocks, n, &d);

	assert_int_equal(ret != 0, d.n == 1);
	diags_free(&d);
	return ret;
}

/* A match that checks each of its steps. */
static void match_carefully(const struct pv_image_head *h, uint32_t start, uint32_t limit, struct random *r)
{
	const struct pv_slot *slots = (const struct pv_slot *)h;
	size_t n = (size_t)h->row_block * PV_BLOCK_SLOTS;
	uint32_t s = start, value;

	for (unsigned i = 0; i < 40 && !(s & PV_DECIDED); i++) {
		uint32_t probe = s + 1 + h->classes[random_byte(r)];

		assert_true(s >= PV_BLOCK_SLOTS && probe < n);
		assert_int_equal(s / PV_BLOCK_SLOTS, probe / PV_BLOCK_SLOTS);
		assert_true(slots[s].check & PV_HEAD);
		s = slots[probe].check == s ? slots[probe].next : slots[s].next;
	}
	value = (s & PV_DECIDED ? s : slots[s].check) & PV_VALUE_MASK;
	assert_true(follow_carefully(h, value, r) < limit);
}

/* Change something that may matter. The digest is set right unless it is the thing to test. */
static void corrupt(struct random *r, unsigned char *blocks, size_t n_blocks)
{
	struct pv_image_head *h = (struct pv_image_head *)blocks;
	struct pv_slot *slots = (struct pv_slot *)blocks;
	size_t slot = PV_BLOCK_SLOTS + random_below(r, PV_BLOCK_SLOTS / 8), choice = 0;
	uint32_t *words = (uint32_t *)blocks, value = random_below(r, UINT32_MAX);

	if (random_chance(r, 50))
		value = (random_chance(r, 50) ? PV_BLOCK_SLOTS : PV_HEAD) +
			random_below(r, PV_BLOCK_SLOTS / 8);
	if (h->choice_block < n_blocks)
		choice = (size_t)h->choice_block * (PV_BLOCK_SIZE / 4) + random_below(r, 4 * 16);
	switch (random_below(r, 8)) {
	case 0:
		words[random_below(r, 20)] = random_chance(r, 50) ? random_below(r, 4) : value;
		break;
	case 1:
		h->classes[random_below(r, 256)] = random_below(r, 256);
		break;
	case 2:
		((uint32_t *)h->profiles)[random_below(r, 16)] = value;
		break;
	case 3:
		slots[slot].check = value;
		break;
	case 4:
		slots[slot].next = value;
		break;
	case 5:
		words[random_below(r, n_blocks * (PV_BLOCK_SIZE / 4))] = value;
		break;
	case 6:
		words[choice] = random_chance(r, 30)   ? random_below(r, 8)
				: random_chance(r, 50) ? PV_MORE | random_below(r, 16)
						       : value;
		break;
	case 7:
		slots[slot] = slots[PV_BLOCK_SLOTS + random_below(r, PV_BLOCK_SLOTS / 8)];
		break;
	}
	if (random_chance(r, 90))
		h->digest = layout_digest(blocks, n_blocks);
}

static void test_corruption(void **state)
{
	uint64_t first = random_seed(0xc0de);
	struct image *image = sample_image();
	size_t size = image->n_blocks * PV_BLOCK_SIZE;
	unsigned char *blocks = malloc(size);
	unsigned refused = 0, accepted = 0;

	(void)state;
	assert_non_null(blocks);
	for (unsigned i = 0; i < 1500; i++) {
		struct random r = {first + i};
		const struct pv_image_head *h = (const struct pv_image_head *)blocks;

		memcpy(blocks, image->blocks, size);
		for (unsigned n = 1 + random_below(&r, 3); n > 0; n--)
			corrupt(&r, blocks, image->n_blocks);
		if (validate(blocks, image->n_blocks)) {
			refused++;
			continue;
		}
		accepted++;
		for (unsigned j = 0; j < 20; j++) {
			match_carefully(h, h->cgroup_start, h->n_profiles, &r);
			match_carefully(h, h->exe_start, (uint64_t)h->set_words * 32, &r);
			for (uint32_t p = 0; p < h->n_profiles; p++) {
				match_carefully(h, h->profiles[p].path_start, h->n_rows, &r);
				match_carefully(h, h->profiles[p].net_start, h->n_rows, &r);
			}
		}
	}
	assert_true(refused > 300);
	assert_true(accepted > 100);
	free(blocks);
	image_free(image);
}

/* An image in `blocks`, changed by a statement, is not valid. */
#define REFUSES(...)                                                          \
	do {                                                                  \
		memcpy(blocks, image->blocks, size);                          \
		__VA_ARGS__;                                                  \
		h->digest = layout_digest(blocks, image->n_blocks);           \
		assert_int_equal(validate(blocks, image->n_blocks), -EINVAL); \
	} while (0)

/* Choices that follow each other, and give answers that are good for everything. */
static void chain(struct pv_image_head *h, struct pv_choice *choices, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		choices[i] = (struct pv_choice){.test = PV_TEST_OWNER, .yes = i ? PV_MORE | (i - 1) : 0};
	h->n_choices = n;
}

/* Each thing that a reader relies on, broken by itself. */
static void test_refused(void **state)
{
	struct image *image = sample_image();
	size_t size = image->n_blocks * PV_BLOCK_SIZE;
	unsigned char *blocks = malloc(size);
	struct pv_image_head *h = (struct pv_image_head *)blocks;
	struct pv_slot *slots = (struct pv_slot *)blocks, *move = NULL;
	struct pv_row *rows;
	uint32_t start = image_head(image)->profiles[2].path_start, hole = PV_BLOCK_SLOTS;

	(void)state;
	assert_non_null(blocks);
	rows = (struct pv_row *)(blocks + image_head(image)->row_block * (size_t)PV_BLOCK_SIZE);
	for (unsigned i = 0; i < 256 && !move; i++) {
		if (((struct pv_slot *)image->blocks)[start + 1 + i].check == start)
			move = &slots[start + 1 + i];
	}
	assert_non_null(move);
	while (((struct pv_slot *)image->blocks)[hole].check & PV_HEAD)
		hole++;
	REFUSES(h->magic++);
	REFUSES(h->abi++);
	REFUSES(h->generation = 0);
	REFUSES(h->n_blocks--);
	REFUSES(h->row_block = 0);
	REFUSES(h->row_block = 1);
	REFUSES(h->row_block = h->n_blocks + 1);
	REFUSES(h->n_rows = PV_BLOCK_ROWS + 1);
	REFUSES(h->n_rows = 1);
	REFUSES(h->n_profiles = 0);
	REFUSES(h->n_profiles = 1);
	REFUSES(h->n_profiles = PV_PROFILES_MAX + 1);
	REFUSES(h->cgroup_start = 5);
	REFUSES(h->cgroup_start = h->row_block * PV_BLOCK_SLOTS);
	REFUSES(h->cgroup_start = PV_DECIDED | h->n_profiles);
	REFUSES(h->cgroup_start = h->profiles[2].path_start); /* rows are no profiles */
	REFUSES(h->profiles[1].path_start = PV_DECIDED | h->n_rows);
	REFUSES(h->profiles[2].net_start = hole);
	REFUSES(h->profiles[2].path_undecidable = 3);
	REFUSES(h->profiles[2].net_undecidable = 16);
	REFUSES(h->classes[7] = 255, slots[PV_BLOCK_SLOTS * 2 - 200] = slots[start]);
	REFUSES(slots[start].next = 1);
	REFUSES(slots[start].next = hole);
	REFUSES(slots[start].check &= ~PV_HEAD);
	REFUSES(slots[start].check = PV_HEAD | h->n_rows);
	REFUSES(move->next = PV_DECIDED | h->n_rows);
	REFUSES(move->next = 0x7fffffff);
	REFUSES(move->check = hole);
	REFUSES(slots[PV_BLOCK_SLOTS * 2 - 1] = slots[start]);
	REFUSES(slots[PV_BLOCK_SLOTS * 2 - 1] = *move);
	REFUSES(rows[1].cell[3] = 3);
	REFUSES(rows[1].cell[31] = 1u << 7);
	memcpy(blocks, image->blocks, size);
	assert_int_equal(validate(blocks, image->n_blocks), 0);
	assert_int_equal(validate(blocks, image->n_blocks - 1), -EINVAL);
	assert_int_equal(validate(blocks, 0), -EINVAL);
	assert_int_equal(validate(blocks, PV_BLOCKS_MAX + 1), -EINVAL);
	blocks[size - 1] ^= 1;
	assert_int_equal(validate(blocks, image->n_blocks), -EINVAL);
	free(blocks);
	image_free(image);
}

/* Likewise what answers depend on besides the name. */
static void test_refused_choices(void **state)
{
	struct image *image = sample_image();
	size_t size = image->n_blocks * PV_BLOCK_SIZE;
	unsigned char *blocks = malloc(size);
	struct pv_image_head *h = (struct pv_image_head *)blocks;
	uint32_t n_choices = image_head(image)->n_choices, n_exe = image_head(image)->n_exe;
	struct pv_choice *choices;

	(void)state;
	assert_non_null(blocks);
	choices = (struct pv_choice *)(blocks + image_head(image)->choice_block * (size_t)PV_BLOCK_SIZE);
	memcpy(blocks, image->blocks, size);
	REFUSES(h->profiles[2].system_row = h->n_rows - 2);
	REFUSES(h->profiles[2].system_row = UINT32_MAX);
	REFUSES(h->exe_start = 5);
	REFUSES(h->exe_start = PV_DECIDED | n_exe);
	REFUSES(h->exe_start = PV_DECIDED | PV_MORE); /* a class is known at once */
	REFUSES(h->n_exe = 0);
	REFUSES(h->n_exe = 1);
	REFUSES(h->n_exe = h->set_words * 32 + 1);
	REFUSES(h->set_words = 0);
	REFUSES(h->choice_block = h->row_block - 1);
	REFUSES(h->choice_block = h->n_blocks + 1);
	REFUSES(h->n_choices = 0);
	REFUSES(h->n_choices--);
	REFUSES(h->n_choices = (h->n_blocks - h->choice_block) * PV_BLOCK_CHOICES + 1);
	REFUSES(h->n_choices = UINT32_MAX);
	REFUSES(h->set_block = h->choice_block - 1);
	REFUSES(h->setup_set = h->n_sets);
	REFUSES(h->set_block = h->n_blocks + 1);
	REFUSES(h->n_sets = 0);
	REFUSES(h->n_sets = (h->n_blocks - h->set_block) * PV_BLOCK_WORDS + 1);
	REFUSES(h->set_words = UINT32_MAX);
	REFUSES(choices[0].test = PV_TESTS);
	REFUSES(choices[0].test = PV_TEST_EXE, choices[0].value = h->n_sets);
	REFUSES(choices[0].no = PV_MORE);
	REFUSES(choices[n_choices - 1].yes = PV_MORE | (n_choices - 1));
	REFUSES(choices[n_choices - 1].yes = PV_MORE | PV_DECIDED);
	REFUSES(choices[n_choices - 1].no = PV_MORE | n_choices);
	REFUSES(for (uint32_t i = 0; i < n_choices; i++) choices[i].no = h->n_rows);
	/* A chain of choices may be as long as the readers follow it. */
	REFUSES(chain(h, choices, PV_CHOICE_STEPS + 1));
	chain(h, choices, PV_CHOICE_STEPS);
	h->digest = layout_digest(blocks, image->n_blocks);
	assert_int_equal(validate(blocks, image->n_blocks), 0);
	free(blocks);
	image_free(image);
}

/* A state may be shared between cgroups and paths only if its answers are right for both. */
static void test_domains(void **state)
{
	struct image *image = sample_image();
	struct pv_image_head *h = (struct pv_image_head *)image->blocks;
	struct pv_slot *slots = (struct pv_slot *)image->blocks;

	(void)state;
	for (uint32_t i = 3; i < 3000; i++)
		h->profiles[i] = h->profiles[1];
	h->n_profiles = 3000;
	h->profiles[1].path_start = h->cgroup_start;
	h->digest = layout_digest(h, image->n_blocks);
	assert_int_equal(validate(h, image->n_blocks), 0);
	slots[h->cgroup_start].check = PV_HEAD | 2999;
	h->digest = layout_digest(h, image->n_blocks);
	assert_int_equal(validate(h, image->n_blocks), -EINVAL);
	h->profiles[1].path_start = h->profiles[2].path_start;
	h->digest = layout_digest(h, image->n_blocks);
	assert_int_equal(validate(h, image->n_blocks), 0);
	image_free(image);
}

/* ---- determinism ---- */

static void test_determinism(void **state)
{
	struct policy_set set = {0}, turned = {0};
	struct profiles profiles[2];
	struct image *a, *b;
	struct policy first;

	(void)state;
	sample_set(&set);
	sample_set(&turned);
	/* The order of policies in the set is of no importance. */
	first = turned.policies[0];
	turned.policies[0] = turned.policies[1];
	turned.policies[1] = first;
	profiles_init(&profiles[0]);
	profiles_init(&profiles[1]);
	a = build_image(&set, false, &profiles[0]);
	b = build_image(&turned, false, &profiles[1]);
	assert_int_equal(a->n_blocks, b->n_blocks);
	assert_memory_equal(a->blocks, b->blocks, a->n_blocks * PV_BLOCK_SIZE);
	assert_int_equal(a->n_decisions, b->n_decisions);
	for (size_t i = 1; i < a->n_decisions; i++) {
		const struct decision *x = &a->decisions[i], *y = &b->decisions[i];

		assert_string_equal(x->policy, y->policy);
		assert_string_equal(shown(x->rule), shown(y->rule));
		assert_string_equal(shown(x->match), shown(y->match));
		assert_int_equal(x->reason, y->reason);
	}
	image_free(a);
	image_free(b);
	/* Nor does it matter that the registry knows the answer already. */
	b = build_image(&set, false, &profiles[0]);
	a = build_image(&set, false, &profiles[0]);
	assert_memory_equal(a->blocks, b->blocks, a->n_blocks * PV_BLOCK_SIZE);
	image_free(a);
	image_free(b);
	profiles_free(&profiles[0]);
	profiles_free(&profiles[1]);
	policy_set_free(&set);
	policy_set_free(&turned);
}

/* ---- size ---- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void explosive_set(struct policy_set *set, unsigned kind)
{
	struct policy *p = build_policy(set, "bomb", MODE_ENFORCE);
	char text[80];

	build_subject(p, kind == 3 ? "/*a????????????????????" : "/");
	for (unsigned i = 0; i < 300; i++) {
		unsigned x = 'a' + i % 26, y = 'a' + i / 26;

		if (kind == 0)
			snprintf(text, sizeof(text), "/*%c%c*%c%c*", x, y, y, x);
		else if (kind == 1)
			snprintf(text, sizeof(text), "/**%c%c**", x, y);
		else
			snprintf(text, sizeof(text), "/*a????????????????????%c", x);
		build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, text);
	}
}

/* Patterns that would need too many states are refused soon, and nothing is left behind. */
static void test_explosion(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		struct compile_options options = {.generation = 1, .max_blocks = 1 + kind};
		struct image *image = NULL;
		struct policy_set set = {0};
		struct profiles profiles;
		struct diags d = {0};
		double start = seconds();

		profiles_init(&profiles);
		explosive_set(&set, kind);
		assert_int_equal(policy_compile(&set, &options, &profiles, &image, &d), -E2BIG);
		assert_true(seconds() - start < 30);
		assert_null(image);
		assert_int_equal(profiles.n, 1);
		assert_int_equal(d.n, 1);
		assert_non_null(strstr(d.items[0].message, "too large"));
		if (kind < 3)
			assert_non_null(strstr(d.items[0].message, "'bomb'"));
		diags_free(&d);
		policy_set_free(&set);
		profiles_free(&profiles);
	}
}

/* What a large installation would write: literals, directories, prefixes, and two that float. */
static void realistic_set(struct policy_set *set, unsigned n)
{
	static const char *const directories[] = {"usr/bin",	   "usr/lib/x86_64-linux-gnu",
						  "etc",	   "var/log",
						  "var/lib",	   "opt/app",
						  "home/user",	   "srv/www",
						  "usr/share/doc", "run"};
	static const char *const syllables[] = {"ser", "con", "fig", "log", "net",
						"web", "app", "dat", "sys", "lib"};
	struct policy *p = build_policy(set, "web", MODE_ENFORCE);
	struct random r = {42};

	build_subject(p, "/payments/**");
	build_section(p, SECTION_FILES, EFFECT_ALLOW);
	build_section(p, SECTION_EXEC, EFFECT_DENY);
	build_path_rule(p, SECTION_FILES, EFFECT_DENY, FILES_ALL, "/home/*/.ssh/id_*");
	build_path_rule(p, SECTION_EXEC, EFFECT_DENY, ACCESS(EXEC), "/**/*.tmp");
	for (unsigned i = 0; i < n; i++) {
		static const char *const endings[] = {"/server.conf", "/**", "*"};
		unsigned kind = random_below(&r, 10);
		bool exec = random_chance(&r, 30);
		char text[200];

		snprintf(text, sizeof(text), "/%s/%s%s-%u%s", directories[random_below(&r, 10)],
			 syllables[random_below(&r, 10)], syllables[random_below(&r, 10)],
			 random_below(&r, n),
			 endings[kind < 6   ? 0
				 : kind < 8 ? 1
					    : 2]);
		build_path_rule(p, exec ? SECTION_EXEC : SECTION_FILES,
				exec || random_chance(&r, 30) ? EFFECT_ALLOW : EFFECT_DENY,
				exec ? ACCESS(EXEC) : FILES_ALL, text);
	}
}

static void test_size(void **state)
{
	static const unsigned sizes[] = {10, 100, 1000, 10000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct compile_options options = {.generation = 1};
		struct policy_set set = {0};
		struct profiles profiles;
		struct image *image = NULL;
		struct diags d = {0};
		double start;

		profiles_init(&profiles);
		realistic_set(&set, sizes[i]);
		start = seconds();
		assert_int_equal(policy_compile(&set, &options, &profiles, &image, &d), 0);
		print_message("%5u rules: %6.1f ms, %zu blocks, %zu states, %zu rows\n", sizes[i],
			      (seconds() - start) * 1000, image->n_blocks, image->n_states, image->n_rows);
		assert_int_equal(image_validate(image->blocks, image->n_blocks, &d), 0);
		image_free(image);
		/* The same in less room than it takes. */
		options.max_blocks = 2;
		assert_int_equal(policy_compile(&set, &options, &profiles, &image, &d), -E2BIG);
		assert_int_equal(d.n, 1);
		diags_free(&d);
		profiles_free(&profiles);
		policy_set_free(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),	    cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),	    cmocka_unit_test(test_refused_choices),
		cmocka_unit_test(test_corruption),  cmocka_unit_test(test_domains),
		cmocka_unit_test(test_determinism), cmocka_unit_test(test_explosion),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
