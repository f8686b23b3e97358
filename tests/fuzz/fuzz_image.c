/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Any bytes as an image, and valid images with any bytes changed.
 *
 * The promise that is tested is the one that the BPF programs rely on: from an image that
 * image_validate() accepts, no name whatsoever leads out of the blocks, over the border of a block, to
 * something that is no state, or to an answer that is out of range. The image lies in memory of
 * exactly its size, and every step is checked.
 *
 * The input:
 *   byte 0      0: raw, the rest is the start of the image; otherwise which valid image to change
 *   byte 1      bit 0: leave the digests wrong; the rest: how many changes, of 8 bytes each
 *   changes     what, a byte, a 16-bit number, a 32-bit number; see change(). Words, slots, rows and
 *               blocks are changed wherever they lie, whatever they are used for.
 *   the rest    names, each a byte with its length and then its bytes
 */
#include "fuzz.h"

#include <string.h>

#include "pavise.h"
#include "policy/layout.h"
#include "policy/mark.h"
#include "policy/policy.h"

#define IMAGES	     4
#define IMAGE_BLOCKS 6 /* that a changed image has at most */
#define CHANGES_MAX  48

struct change {
	uint8_t what, byte;
	uint16_t number;
	uint32_t value;
};

struct input {
	const uint8_t *at;
	size_t left;
};

static struct image *image_samples[IMAGES];

static const char image_head_text[] =
	"apiVersion: pavise/v1\nkind: Policy\nmetadata: {name: %s}\nspec:\n  mode: %s\n"
	"  subjects: [{cgroup: \"%s\"}]\n";

static void image_add_policy(FILE *out, const char *name, const char *mode, const char *cgroup,
			     unsigned paths)
{
	fputs("---\n", out);
	fprintf(out, image_head_text, name, mode, cgroup);
	fputs("  files:\n    default: deny\n    rules:\n"
	      "      - {allow: [\"/etc/**\", \"/usr/lib/*.so*\", \"/\"], access: [read, map]}\n"
	      "      - {deny: \"/etc/{shadow,gshadow}\"}\n",
	      out);
	for (unsigned i = 0; i < paths; i++)
		fprintf(out, "      - {deny: /srv/%u/%u, access: read}\n", i % 7, i * 7919);
	fputs("  network:\n    default: deny\n    rules:\n"
	      "      - {allow: connect, to: [10.0.0.0/8, \"2001:db8::/33\"], ports: [443, 8000-9000]}\n",
	      out);
}

/* Files with the names that are denied literally. */
static struct mark_file image_file(const struct image *image, size_t i)
{
	return (struct mark_file){
		.name = i < image->n_marked ? image->marked[i] : NULL, .ino = 1 + i, .dev = 3};
}

static void image_add_marks(struct image *image)
{
	struct mark_file files[8];
	size_t n = 0, many;

	for (; n < image->n_marked && n < 8; n++)
		files[n] = image_file(image, n);
	CHECK(!mark_files(image, files, n, &many));
}

static struct image *image_make(unsigned which)
{
	struct compile_options options = {.generation = 1};
	struct policy_set set = {0};
	struct image *image = NULL;
	struct profiles profiles;
	struct diags d = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret;

	CHECK(out);
	image_add_policy(out, "a", "enforce", "/a/**", which == 3 ? 900 : 0);
	if (which)
		image_add_policy(out, "b", "monitor", "/**/*.service", which == 2 ? 40 : 1);
	fclose(out);
	profiles_init(&profiles);
	ret = policy_parse("sample.yaml", text, size, &set, &d);
	if (!ret)
		ret = policy_compile(&set, &options, &profiles, &image, &d);
	diags_print(&d, stderr);
	CHECK(!ret && image);
	image_add_marks(image);
	CHECK(image->n_blocks <= IMAGE_BLOCKS);
	diags_free(&d);
	profiles_free(&profiles);
	policy_set_free(&set);
	free(text);
	return image;
}

/* The samples stay for the life of the process. */
static const struct image *image_sample(unsigned which)
{
	if (!image_samples[which])
		image_samples[which] = image_make(which);
	return image_samples[which];
}

static uint8_t take_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static uint32_t take_number(struct input *in, unsigned bytes)
{
	uint32_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | take_byte(in);
	return value;
}

/* The n-th state of an automaton block, to be led to. */
static uint32_t find_head(const struct pv_slot *slots, size_t n_slots, uint32_t n)
{
	size_t start = n_slots > PV_BLOCK_SLOTS ? PV_BLOCK_SLOTS + n % (n_slots - PV_BLOCK_SLOTS) : 0;

	for (size_t i = start; i < n_slots; i++) {
		if (slots[i].check & PV_HEAD)
			return i;
	}
	return n;
}

/* One change of an image of *n_blocks in a buffer of IMAGE_BLOCKS. */
static void change(unsigned char *blocks, size_t *n_blocks, const struct change *c)
{
	struct pv_image_head *head = (struct pv_image_head *)blocks;
	struct pv_slot *slots = (struct pv_slot *)blocks;
	uint32_t *words = (uint32_t *)blocks;
	size_t size = *n_blocks * PV_BLOCK_SIZE, n_slots = size / sizeof(*slots);
	size_t slot = PV_BLOCK_SLOTS * (*n_blocks > 1) + c->number % PV_BLOCK_SLOTS;
	size_t block = c->number % *n_blocks, from = c->value % *n_blocks;

	switch (c->what % 13) {
	case 0: /* a word of the head, the first ones more often */
		words[c->byte & 1 ? c->number % 16 : c->number % (PV_BLOCK_SIZE / 4)] = c->value;
		break;
	case 1:
		words[(c->byte * (size_t)65536 + c->number) % (size / 4)] = c->value;
		break;
	case 2:
		words[(c->byte * (size_t)65536 + c->number) % (size / 4)] += (int32_t)(c->value % 65) - 32;
		break;
	case 3:
		blocks[c->value % size] ^= c->byte;
		break;
	case 4:
		slots[slot].check = c->value;
		break;
	case 5:
		slots[slot].next = c->value;
		break;
	case 6: /* lead to another state, or answer */
		slots[slot].next =
			c->byte & 1 ? PV_DECIDED | c->value % 8 : find_head(slots, n_slots, c->value);
		break;
	case 7:
		slots[slot].check =
			c->byte & 1 ? PV_HEAD | c->value % 8 : find_head(slots, n_slots, c->value);
		break;
	case 8:
		slots[slot] = slots[c->value % n_slots];
		break;
	case 9:
		head->classes[c->number % 256] = c->byte;
		break;
	case 10:
		memmove(blocks + block * PV_BLOCK_SIZE, blocks + from * PV_BLOCK_SIZE, PV_BLOCK_SIZE);
		break;
	case 11: /* a word of the head becomes a state */
		words[c->number % (PV_BLOCK_SIZE / 4)] = find_head(slots, n_slots, c->value);
		break;
	case 12: /* fewer blocks, or one more */
		*n_blocks = c->byte & 1 || *n_blocks == IMAGE_BLOCKS ? 1 + from : *n_blocks + 1;
		if (c->byte & 2)
			head->n_blocks = *n_blocks;
		break;
	}
}

/* A match that checks each of its steps, and that image_match() takes the same ones. */
static void match_checked(const struct image *image, uint32_t start, uint32_t limit, const uint8_t *name,
			  size_t length)
{
	const struct pv_image_head *head = (const struct pv_image_head *)image->blocks;
	const struct pv_slot *slots = (const struct pv_slot *)image->blocks;
	uint32_t state = start, value;

	for (size_t i = 0;; i++) {
		uint32_t probe;

		if (state & PV_DECIDED)
			break;
		CHECK(state >= PV_BLOCK_SLOTS && state / PV_BLOCK_SLOTS < head->row_block);
		CHECK(slots[state].check & PV_HEAD);
		if (i == length)
			break;
		probe = state + 1 + head->classes[name[i]];
		CHECK(probe / PV_BLOCK_SLOTS == state / PV_BLOCK_SLOTS);
		state = slots[probe].check == state ? slots[probe].next : slots[state].next;
	}
	value = (state & PV_DECIDED ? state : slots[state].check) & PV_VALUE_MASK;
	CHECK(value < limit);
	CHECK(value == image_match(image, start, name, length));
}

static void match_all(const struct image *image, const uint8_t *name, size_t length)
{
	const struct pv_image_head *head = (const struct pv_image_head *)image->blocks;

	match_checked(image, head->cgroup_start, head->n_profiles, name, length);
	for (uint32_t p = 0; p < head->n_profiles && p < 16; p++) {
		match_checked(image, head->profiles[p].path_start, head->n_rows, name, length);
		match_checked(image, head->profiles[p].net_start, head->n_rows, name, length);
	}
}

/* As match_all(), and through the functions that take a name. */
static void read_name(const struct image *image, const uint8_t *name, size_t length)
{
	const struct pv_image_head *head = (const struct pv_image_head *)image->blocks;
	struct image_context context = {0};
	char text[256 + 1];

	memcpy(text, name, length);
	text[length] = '\0';
	match_all(image, name, length);
	CHECK(image_profile(image, text, &context) < head->n_profiles);
	for (uint32_t p = 0; p < 4; p++) {
		for (unsigned access = 0; access <= PV_ACC_EXEC; access++) {
			struct mark_file file = image_file(image, length % 8);

			CHECK(PV_CELL_VERDICT(image_mark_cell(image, p, &file, access, &context)) <=
			      PV_WOULD_DENY);
		}
		for (unsigned access = 0; access <= PV_COLUMNS; access++) {
			uint32_t path = image_path_cell(image, p, text, access, &context);
			uint32_t net = image_net_cell(image, p, name, length, access, &context);

			CHECK(PV_CELL_VERDICT(path) <= PV_WOULD_DENY);
			CHECK(PV_CELL_VERDICT(net) <= PV_WOULD_DENY);
		}
	}
}

static void read_names(const struct image *image, struct input *in)
{
	static const char *const names[] = {
		"/",
		"/etc/shadow",
		"/usr/lib/x86_64-linux-gnu/libc.so.6",
		"/srv/3/71271",
		"/a/b",
		"/x/y.service",
		"/srv/\xff\xfe",
		"\4\6\12\0\0\1\x1f\x90",
	};
	static const uint8_t address[] = {PV_FAM_INET, PV_PROTO_TCP, 10, 0, 0, 1, 0x1f, 0x90};
	uint8_t all[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		read_name(image, (const uint8_t *)names[i], strlen(names[i]));
	read_name(image, address, sizeof(address));
	for (unsigned i = 0; i < 256; i++)
		all[i] = i;
	read_name(image, all, sizeof(all));
	for (unsigned i = 0; i < 256; i++)
		match_all(image, &all[i], 1);
	while (in->left) {
		size_t length = take_byte(in);

		if (length > in->left)
			length = in->left;
		read_name(image, in->at, length);
		in->at += length;
		in->left -= length;
	}
}

/* Make the digests right, as far as the head says where the blocks are. */
static void set_digests(unsigned char *blocks, size_t n_blocks)
{
	struct pv_image_head *head = (struct pv_image_head *)blocks;
	size_t n = head->n_blocks < n_blocks ? head->n_blocks : n_blocks;

	if (head->marks.n_blocks == n_blocks - n)
		head->marks.digest = layout_marks_digest(blocks + n * PV_BLOCK_SIZE, n_blocks - n);
	head->digest = layout_digest(blocks, n);
}

/* What the input makes of an image. Returns whether it has to be accepted. */
static bool make_image(struct input *in, unsigned char *blocks, size_t *n_blocks)
{
	unsigned which = take_byte(in), n;
	const struct image *sample = image_sample(which % IMAGES);
	bool wrong;

	*n_blocks = sample->n_blocks;
	if (!which) {
		*n_blocks = 2;
		memcpy(blocks, in->at, in->left < PV_BLOCK_SIZE ? in->left : PV_BLOCK_SIZE);
		return false;
	}
	memcpy(blocks, sample->blocks, *n_blocks * PV_BLOCK_SIZE);
	n = take_byte(in);
	wrong = n & 1;
	n /= 2;
	for (unsigned i = 0; i < n && i < CHANGES_MAX && in->left; i++) {
		struct change c = {.what = take_byte(in), .byte = take_byte(in)};

		c.number = take_number(in, 2);
		c.value = take_number(in, 4);
		change(blocks, n_blocks, &c);
	}
	if (!wrong)
		set_digests(blocks, *n_blocks);
	return !wrong && !n;
}

static void fuzz_image(const uint8_t *data, size_t size)
{
	struct input in = {.at = data, .left = size};
	unsigned char *work = calloc(IMAGE_BLOCKS, PV_BLOCK_SIZE);
	struct image image = {0};
	struct diags d = {0};
	bool valid;
	int ret;

	CHECK(work);
	valid = make_image(&in, work, &image.n_blocks);
	image.blocks = malloc(image.n_blocks * PV_BLOCK_SIZE);
	CHECK(image.blocks);
	memcpy(image.blocks, work, image.n_blocks * PV_BLOCK_SIZE);
	free(work);
	ret = image_validate(image.blocks, image.n_blocks, &d);
	CHECK(!ret == !d.n);
	CHECK(!valid || !ret);
	if (!ret)
		read_names(&image, &in);
	free(image.blocks);
	diags_free(&d);
}

FUZZ_TARGET(fuzz_image)
