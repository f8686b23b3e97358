/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marks (see mark.h; the form of the table is described in pavise.h).
 *
 * Guarantee: a mark denies what the literal patterns of deny rules deny of its name under its profile, and
 * nothing else: no default, no rule with wildcards, and nothing that is about a name.
 *
 * How: every row carries, besides the cells of its accesses, those that literal patterns of deny rules
 * alone would make (resolve.c). A mark is what the automaton answers to the name, computed here once for
 * each start state that profiles have, so that the kernel side finds it by the file without reading
 * a name. Conditions and modes are in the answer, as for every name.
 *
 * The marks are no part of what the digest covers: they say what was found on this machine at one moment,
 * and an agent that takes over tells by the digest whether an image is that of its policies.
 *
 * Several names of one file make several marks, which are looked at one after the other. Of those without
 * conditions, one that decides nothing more than another is left out.
 */
#include "mark.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "intern.h"
#include "layout.h"
#include "pattern.h"
#include "pavise.h"

/* ---- names ---- */

/* Paths as the walk gives them. The root is a directory, as is what others end in a slash for. */
static bool can_have_file(const char *path)
{
	size_t n = strlen(path);

	if (n < 2 || path[n - 1] == '/' || strstr(path, "//") || strstr(path, "/./") || strstr(path, "/../"))
		return false;
	return strcmp(path + n - 2, "/.") && (n < 3 || strcmp(path + n - 3, "/.."));
}

static int list_pattern(struct intern *known, struct image *image, size_t *room, const char *text)
{
	char *names[PATTERN_LITERALS];
	int n = pattern_literals(PATTERN_FILE, text, names), ret = n < 0 ? n : 0;

	for (int i = 0; i < n; i++) {
		uint32_t id, before = known->n;

		if (!ret && can_have_file(names[i]))
			ret = intern_add(known, names[i], strlen(names[i]), &id);
		if (!ret && known->n > before)
			ret = array_reserve(&image->marked, room, image->n_marked + 1,
					    sizeof(*image->marked));
		if (!ret && known->n > before)
			image->marked[image->n_marked++] = names[i];
		else
			free(names[i]);
	}
	return ret;
}

static bool marks(const struct policy_rule *rule)
{
	return rule->effect == EFFECT_DENY && rule->access & PV_MARK_ACCESSES;
}

int mark_names(const struct policy_set *set, struct image *image)
{
	struct intern known = INTERN_INIT;
	size_t room = 0;
	int ret = 0;

	for (size_t i = 0; i < set->n_policies; i++) {
		for (unsigned s = 0; s <= SECTION_EXEC; s++) {
			const struct policy_rules *rules = &set->policies[i].sections[s];

			for (size_t k = 0; rules->present && k < rules->n_rules; k++) {
				const struct policy_patterns *patterns = &rules->rules[k].patterns;

				for (size_t j = 0; !ret && marks(&rules->rules[k]) && j < patterns->n; j++)
					ret = list_pattern(&known, image, &room, patterns->at[j].text);
			}
		}
	}
	intern_free(&known);
	return ret;
}

/* ---- marks ---- */

struct marking {
	struct image *image;
	const struct pv_image_head *head;
	struct pv_mark *marks;
	size_t n, room;
	uint32_t *files; /* by mark: the file that it is of */
	size_t files_room;
};

static const uint32_t *cells_of(const struct marking *m, uint32_t row)
{
	const struct pv_row *rows =
		(const struct pv_row *)(m->image->blocks + (size_t)m->head->row_block * PV_BLOCK_SIZE);

	return &rows[row].cell[PV_COL_MARK];
}

/* Does the row of `answer` decide nothing more than that of `other`? */
static bool adds_nothing(const struct marking *m, uint32_t answer, uint32_t other)
{
	const uint32_t *a, *b;

	if (answer == other)
		return true;
	if ((answer | other) & PV_MORE)
		return false;
	a = cells_of(m, answer);
	b = cells_of(m, other);
	for (unsigned access = 0; access <= PV_ACC_EXEC; access++) {
		if (PV_MARK_ACCESSES & 1u << access && cell_weight(a[access]) > cell_weight(b[access]))
			return false;
	}
	return true;
}

static bool same_file(const struct pv_mark *a, const struct pv_mark *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->generation == b->generation && a->start == b->start;
}

/* The start states that profiles have, each once. */
static uint32_t *list_starts(const struct pv_image_head *head, size_t *n)
{
	struct intern known = INTERN_INIT;
	uint32_t *starts = calloc(head->n_profiles, sizeof(*starts)), id;

	*n = 0;
	for (uint32_t i = 0; starts && i < head->n_profiles; i++) {
		uint32_t start = head->profiles[i].path_start;

		if (start & PV_DECIDED)
			continue;
		if (intern_add(&known, &start, sizeof(start), &id)) {
			free(starts);
			starts = NULL;
		} else if (id == *n) {
			starts[(*n)++] = start;
		}
	}
	intern_free(&known);
	return starts;
}

static int collect(struct marking *m, const struct mark_file *files, size_t n)
{
	size_t n_starts;
	uint32_t *starts = list_starts(m->head, &n_starts);
	int ret = starts ? 0 : -ENOMEM;

	for (size_t s = 0; !ret && s < n_starts; s++) {
		for (size_t i = 0; !ret && i < n; i++) {
			const struct mark_file *f = &files[i];
			struct pv_mark mark = {f->ino, f->dev, f->generation, starts[s], 0, {0}};

			mark.answer = image_match(m->image, starts[s], f->name, strlen(f->name));
			if (adds_nothing(m, mark.answer, 0))
				continue;
			ret = array_reserve(&m->marks, &m->room, m->n + 1, sizeof(*m->marks));
			if (!ret)
				ret = array_reserve(&m->files, &m->files_room, m->n + 1, sizeof(*m->files));
			if (ret)
				break;
			m->files[m->n] = i;
			m->marks[m->n++] = mark;
		}
	}
	free(starts);
	return ret;
}

/*
 * Put a mark in its place. -ERANGE where there is none and a larger table may have one, -EMLINK where the
 * file has too many.
 */
static int place(const struct marking *m, struct pv_mark *table, uint32_t n_blocks,
		 const struct pv_mark *mark)
{
	uint32_t home = pv_mark_home(mark->ino, mark->dev, mark->generation, mark->start);
	struct pv_mark *block = &table[(size_t)(home / PV_BLOCK_MARKS % n_blocks) * PV_BLOCK_MARKS];
	unsigned of_file = 0;

	for (unsigned i = 0; i < PV_MARK_PROBES; i++) {
		struct pv_mark *at = &block[(home + i) % PV_BLOCK_MARKS];

		if (!at->answer) {
			*at = *mark;
			return 0;
		}
		if (!same_file(at, mark))
			continue;
		if (adds_nothing(m, mark->answer, at->answer))
			return 0;
		if (++of_file >= PV_MARKS_OF_FILE)
			return -EMLINK;
	}
	return -ERANGE;
}

static int place_all(const struct marking *m, struct pv_mark *table, uint32_t n_blocks, size_t *many)
{
	int ret = 0;

	memset(table, 0, (size_t)n_blocks * PV_BLOCK_SIZE);
	for (size_t i = 0; !ret && i < m->n; i++) {
		ret = place(m, table, n_blocks, &m->marks[i]);
		if (ret == -EMLINK)
			*many = m->files[i];
	}
	return ret;
}

/* Behind the blocks that are there, as many as it takes; half of the places stay free. */
static int append_table(struct marking *m, size_t *many)
{
	size_t first = m->image->n_blocks, n_blocks = 1;
	struct pv_image_head *head;
	unsigned char *blocks;
	int ret = -ERANGE;

	while (n_blocks * PV_BLOCK_MARKS < 2 * m->n)
		n_blocks *= 2;
	for (; ret == -ERANGE; n_blocks *= 2) {
		if (first + n_blocks > PV_BLOCKS_MAX)
			return -E2BIG;
		blocks = realloc(m->image->blocks, (first + n_blocks) * PV_BLOCK_SIZE);
		if (!blocks)
			return -ENOMEM;
		m->image->blocks = blocks;
		m->head = head = (struct pv_image_head *)blocks;
		ret = place_all(m, (struct pv_mark *)(blocks + first * PV_BLOCK_SIZE), n_blocks, many);
		if (ret)
			continue;
		head->marks.n_blocks = n_blocks;
		head->marks.digest = layout_marks_digest(blocks + first * PV_BLOCK_SIZE, n_blocks);
		m->image->n_blocks = first + n_blocks;
	}
	return ret;
}

int mark_files(struct image *image, const struct mark_file *files, size_t n, size_t *many)
{
	struct marking m = {.image = image, .head = (const struct pv_image_head *)image->blocks};
	int ret = collect(&m, files, n);

	if (!ret && m.n)
		ret = append_table(&m, many);
	free(m.marks);
	free(m.files);
	return ret;
}
