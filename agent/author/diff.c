/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Comparing policies (see diff.h).
 *
 * The features of both sets make one partition of names and one of executables. For each region of
 * names, each of executables and each access both compiled images are asked about the name that stands
 * for the region; what one says of it, it says of all its names, because an image's answer depends on
 * what a name matches and on nothing else. Regions come with shorter names first, so the first name
 * found for a change is a shortest one.
 *
 * Who permits is not in an image, so each set is compiled once more with all permissions reported.
 * Subjects are compared in the same way: cgroups, executables and users by region, and the policies
 * that govern.
 */
#include "author/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "author/features.h"
#include "util/util.h"

/* One of the two sets. */
struct side {
	struct bench bound, audited; /* bound to "/" */
	struct bench written;
};

struct comparison {
	struct side sides[2];
	struct features features;
	struct diff *diff;
	struct intern known; /* changes, as text */
	bool owners;
};

/* ---- the two sets ---- */

static int open_bench(struct bench *b, struct sources *s, bool bound, bool audited, struct diags *d)
{
	struct policy_set set = {0};
	int err = sources_parse(s, &set, d);

	for (size_t i = 0; !err && bound && i < set.n_policies; i++)
		err = policy_bind_cgroup(&set.policies[i], "/");
	if (audited)
		audit_all(&set);
	if (!err)
		err = bench_open(b, &set, sources_monitor_all(s), d);
	policy_set_free(&set);
	return err;
}

static int open_side(struct side *side, struct sources *s, struct diags *d)
{
	int err = open_bench(&side->written, s, false, false, d);

	if (!err)
		err = open_bench(&side->bound, s, true, false, d);
	if (!err)
		err = open_bench(&side->audited, s, true, true, d);
	return err;
}

static void close_side(struct side *side)
{
	bench_close(&side->written);
	bench_close(&side->bound);
	bench_close(&side->audited);
}

/* ---- verdicts ---- */

static const struct decision *decision_of(const struct bench *b, uint32_t cell)
{
	const struct decision *d = image_decision(b->image, cell);

	return d && d->policy ? d : NULL;
}

static uint32_t cell_of(const struct bench *b, const struct question *q, const struct image_context *context)
{
	return bench_cell(b, image_profile(b->image, "/", context), q, context);
}

static void fill_side(const struct bench *b, uint32_t cell, struct diff_side *out)
{
	const struct decision *d = decision_of(b, cell);

	if (!d)
		return;
	snprintf(out->policy, sizeof(out->policy), "%s", d->policy);
	if (d->rule)
		snprintf(out->rule, sizeof(out->rule), "%s", d->rule);
	else
		snprintf(out->rule, sizeof(out->rule), "%s.default", policy_section_name(d->section));
}

static void ask_side(const struct side *side, const struct question *q, const char *exe, bool owner,
		     struct diff_side *out)
{
	struct image_context context = {.executed = true, .owner = owner};
	uint32_t cell;

	context.exe = image_exe(side->bound.image, exe);
	cell = cell_of(&side->bound, q, &context);
	*out = (struct diff_side){.verdict = PV_CELL_VERDICT(cell)};
	out->audit = out->verdict == PV_ALLOW && cell & PV_CELL_AUDIT;
	out->kill = out->verdict == PV_DENY && decision_of(&side->bound, cell) &&
		    decision_of(&side->bound, cell)->kill;
	fill_side(&side->bound, cell, out);
	if (*out->policy)
		return;
	context.exe = image_exe(side->audited.image, exe);
	fill_side(&side->audited, cell_of(&side->audited, q, &context), out);
}

static bool same_verdict(const struct diff_side *a, const struct diff_side *b)
{
	return a->verdict == b->verdict && a->kill == b->kill && a->audit == b->audit;
}

/* ---- changes ---- */

static char *side_key(const struct diff_side *s)
{
	return strfmt("%d%d%d %s %s", s->verdict, s->kill, s->audit, s->policy, s->rule);
}

/* Whether this change has been noted for this access: 0 or 1, or -errno. */
static int is_known(struct comparison *c, const struct diff_change *change)
{
	CLEANUP_FREE char *before = side_key(&change->before);
	CLEANUP_FREE char *after = side_key(&change->after);
	CLEANUP_FREE char *key =
		before && after ? strfmt("%u %u %d\n%s\n%s", change->question.access,
					 change->question.capability, change->undecidable, before, after)
				: NULL;
	uint32_t id, known = c->known.n;
	int err = key ? intern_add(&c->known, key, strlen(key), &id) : -ENOMEM;

	return err ? err : id < known;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The last changes may be the same with the same example, for another access. */
static bool join_change(struct diff *d, const struct diff_change *change)
{
	for (size_t i = d->n_changes; i-- > 0 && d->n_changes - i <= PV_COLUMNS;) {
		struct diff_change *old = &d->changes[i];

		if (old->question.kind != change->question.kind ||
		    change->question.kind == QUESTION_CAPABILITY ||
		    old->question.length != change->question.length || old->owner != change->owner ||
		    old->undecidable || change->undecidable ||
		    memcmp(old->question.name, change->question.name, old->question.length) ||
		    !same_text(old->exe, change->exe) ||
		    memcmp(&old->before, &change->before, sizeof(old->before)) ||
		    memcmp(&old->after, &change->after, sizeof(old->after)))
			continue;
		old->accesses |= change->accesses;
		return true;
	}
	return false;
}

static int note_change(struct comparison *c, struct diff_change *change, const char *exe)
{
	struct diff *d = c->diff;
	int known = same_verdict(&change->before, &change->after) ? 1 : is_known(c, change), err;

	if (known)
		return known < 0 ? known : 0;
	change->accesses = 1u << change->question.access;
	change->exe = (char *)exe;
	if (join_change(d, change))
		return 0;
	err = array_reserve(&d->changes, &d->changes_room, d->n_changes + 1, sizeof(*d->changes));
	if (err)
		return err;
	d->changes[d->n_changes] = *change;
	if (exe) {
		d->changes[d->n_changes].exe = strdup(exe);
		if (!d->changes[d->n_changes].exe)
			return -ENOMEM;
	}
	d->n_changes++;
	return 0;
}

static int compare_one(struct comparison *c, const struct question *q, const char *exe, bool owner)
{
	struct diff_change *change = calloc(1, sizeof(*change));
	int err;

	if (!change)
		return -ENOMEM;
	change->question = *q;
	change->owner = owner;
	ask_side(&c->sides[0], q, exe, owner, &change->before);
	ask_side(&c->sides[1], q, exe, owner, &change->after);
	err = note_change(c, change, exe);
	free(change);
	return err;
}

/* One name, for everybody. */
static int compare_name(struct comparison *c, const struct question *q)
{
	const struct partition *exes = &c->features.exes;
	unsigned owners = c->owners && q->kind == QUESTION_PATH ? 2 : 1;
	int err = 0;

	for (unsigned owner = 0; !err && owner < owners; owner++) {
		err = compare_one(c, q, NULL, owner);
		for (size_t e = 0; !err && e < exes->n_regions; e++) {
			if (exes->regions[e].n_features)
				err = compare_one(c, q, (const char *)exes->regions[e].name, owner);
		}
	}
	return err;
}

static int compare_names(struct comparison *c, const struct partition *names, enum question_kind kind)
{
	struct question *q = calloc(1, sizeof(*q));
	int err = q ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < names->n_regions; i++) {
		const struct region *r = &names->regions[i];
		uint32_t accesses = (2u << PV_ACC_EXEC) - 1;

		/* a longer name cannot be: nothing that there is, is of this region */
		if (r->length >= sizeof(q->name))
			continue;
		if (kind == QUESTION_NET)
			accesses = region_socket_accesses(r);
		q->kind = kind;
		q->length = r->length;
		memcpy(q->name, r->name, r->length + 1);
		for (; !err && accesses; accesses &= accesses - 1) {
			q->access = __builtin_ctz(accesses);
			err = compare_name(c, q);
		}
	}
	free(q);
	return err;
}

static int compare_tables(struct comparison *c)
{
	struct question *q = calloc(1, sizeof(*q));
	int err = q ? 0 : -ENOMEM;

	for (unsigned i = 0; !err && i < POLICY_CAPABILITIES; i++) {
		if (!policy_capability_name(i))
			continue;
		*q = (struct question){
			.kind = QUESTION_CAPABILITY, .access = PV_ACC_CAPABILITY, .capability = i};
		err = compare_one(c, q, NULL, false);
	}
	for (unsigned access = PV_ACC_SYSTEM; !err && access < PV_COLUMNS; access++) {
		if (!policy_access_name(access))
			continue;
		*q = (struct question){.kind = QUESTION_SYSTEM, .access = access};
		err = compare_one(c, q, NULL, false);
	}
	free(q);
	return err;
}

/* What cannot be decided: cells that stand in the images' profiles. */
static int compare_undecidable(struct comparison *c)
{
	int err = 0;

	for (unsigned net = 0; !err && net < 2; net++) {
		struct diff_change *change = calloc(1, sizeof(*change));

		if (!change)
			return -ENOMEM;
		change->undecidable = true;
		change->question.kind = net ? QUESTION_NET : QUESTION_PATH;
		for (unsigned i = 0; i < 2; i++) {
			const struct bench *b = &c->sides[i].bound;
			const struct pv_image_head *head = (const struct pv_image_head *)b->image->blocks;
			const struct image_context context = {.executed = true};
			const struct pv_profile *p = &head->profiles[image_profile(b->image, "/", &context)];
			uint32_t cell = net ? p->net_undecidable : p->path_undecidable;
			struct diff_side *side = i ? &change->after : &change->before;

			side->verdict = PV_CELL_VERDICT(cell);
			side->audit = cell & PV_CELL_AUDIT;
			fill_side(b, cell, side);
			*side->rule = '\0';
		}
		change->question.access = net ? PV_ACC_CONNECT : PV_ACC_READ;
		err = note_change(c, change, NULL);
		free(change);
	}
	return err;
}

/* ---- subjects ---- */

static int add_subjects(struct partition *cgroups, const struct policy_set *set)
{
	int err = 0;

	for (size_t i = 0; i < set->n_policies; i++) {
		for (size_t k = 0; !err && k < set->policies[i].n_subjects; k++) {
			const struct policy_subject *s = &set->policies[i].subjects[k];
			uint32_t feature;

			if (s->cgroup.text)
				err = partition_add_below(cgroups, s->cgroup.text, s->cgroup_literal,
							  &feature);
			if (!err && s->unit.text)
				err = partition_add_unit(cgroups, s->unit.text, &feature);
		}
	}
	return err;
}

static bool has_name(const struct profile_set *set, const char *name)
{
	for (size_t i = 0; i < set->n; i++) {
		if (!strcmp(set->names[i], name))
			return true;
	}
	return false;
}

/* Names of `a` that are not in `b`. */
static char *names_less(const struct profile_set *a, const struct profile_set *b)
{
	char *text = strdup("");

	for (size_t i = 0; text && i < a->n; i++) {
		char *longer;

		if (has_name(b, a->names[i]))
			continue;
		longer = strfmt("%s%s%s", text, *text ? ", " : "", a->names[i]);
		free(text);
		text = longer;
	}
	return text;
}

static const struct profile_set *governing(const struct side *side, const char *cgroup, const char *exe,
					   uint32_t uid, bool executed)
{
	struct image_context context = {.uid = uid, .executed = executed};

	context.exe = image_exe(side->written.image, exe);
	return &side->written.profiles.sets[image_profile(side->written.image, cgroup, &context)];
}

static bool mentions_uid(const struct policy_set *set, uint32_t uid)
{
	for (size_t i = 0; i < set->n_policies; i++) {
		for (size_t k = 0; k < set->policies[i].n_subjects; k++) {
			const struct policy_subject *s = &set->policies[i].subjects[k];

			if (s->user.text && s->user_known && s->uid == uid)
				return true;
		}
	}
	return false;
}

/* The same change, in the same cgroup or for the same program and user. */
static bool is_like(const struct diff_subject *a, const struct diff_subject *b, const char *cgroup,
		    const char *exe)
{
	return !strcmp(a->added, b->added) && !strcmp(a->removed, b->removed) &&
	       (!strcmp(a->cgroup, cgroup) || (a->uid == b->uid && same_text(a->exe, exe)));
}

static int compare_subject(struct comparison *c, const char *cgroup, const char *exe, uint32_t uid,
			   bool executed)
{
	const struct profile_set *before = governing(&c->sides[0], cgroup, exe, uid, executed);
	const struct profile_set *after = governing(&c->sides[1], cgroup, exe, uid, executed);
	struct diff *d = c->diff;
	struct diff_subject s = {.uid = uid, .executed = executed};
	int err = array_reserve(&d->subjects, &d->subjects_room, d->n_subjects + 1, sizeof(*d->subjects));

	if (err)
		return err;
	s.added = names_less(after, before);
	s.removed = names_less(before, after);
	err = s.added && s.removed ? 0 : -ENOMEM;
	for (size_t i = 0; !err && i < d->n_subjects; i++) {
		if (is_like(&d->subjects[i], &s, cgroup, exe))
			goto drop; /* an example of it is there */
	}
	if (err || (!*s.added && !*s.removed))
		goto drop;
	s.any_user =
		!mentions_uid(&c->sides[0].written.set, uid) && !mentions_uid(&c->sides[1].written.set, uid);
	s.cgroup = strdup(cgroup);
	s.exe = exe ? strdup(exe) : NULL;
	d->subjects[d->n_subjects++] = s;
	return s.cgroup && (!exe || s.exe) ? 0 : -ENOMEM;
drop:
	free(s.added);
	free(s.removed);
	return err;
}

/* In one cgroup: every executable, with and without having executed. */
static int compare_cgroup(struct comparison *c, const char *cgroup, uint32_t uid)
{
	const struct partition *exes = &c->features.exes;
	int err = 0;

	for (int executed = 1; !err && executed >= 0; executed--) {
		err = compare_subject(c, cgroup, NULL, uid, executed);
		for (size_t e = 0; !err && e < exes->n_regions; e++) {
			if (exes->regions[e].n_features)
				err = compare_subject(c, cgroup, (const char *)exes->regions[e].name, uid,
						      executed);
		}
	}
	return err;
}

/* A user that neither set mentions, and each of those that one does. */
static int compare_users(struct comparison *c, const char *cgroup)
{
	const struct policy_set *sets[] = {&c->sides[0].written.set, &c->sides[1].written.set};
	uint32_t other = 0;
	int err;

	while (mentions_uid(sets[0], other) || mentions_uid(sets[1], other))
		other++;
	err = compare_cgroup(c, cgroup, other);
	for (unsigned s = 0; s < 2; s++) {
		for (size_t i = 0; i < sets[s]->n_policies; i++) {
			for (size_t k = 0; !err && k < sets[s]->policies[i].n_subjects; k++) {
				const struct policy_subject *subject = &sets[s]->policies[i].subjects[k];

				if (subject->user.text && subject->user_known)
					err = compare_cgroup(c, cgroup, subject->uid);
			}
		}
	}
	return err;
}

static int compare_subjects(struct comparison *c)
{
	struct partition cgroups;
	int err;

	partition_init(&cgroups, SHAPE_PATH);
	err = add_subjects(&cgroups, &c->sides[0].written.set);
	if (!err)
		err = add_subjects(&cgroups, &c->sides[1].written.set);
	if (!err)
		err = partition_divide(&cgroups);
	for (size_t i = 0; !err && i < cgroups.n_regions; i++)
		err = compare_users(c, (const char *)cgroups.regions[i].name);
	partition_free(&cgroups);
	return err;
}

/* An entry that names containers, in words. */
static char *container_words(const struct policy_subject *s)
{
	const struct {
		const char *key;
		const struct policy_pattern *pattern;
	} parts[] = {
		{"name", &s->container_name},
		{"image", &s->container_image},
		{"cgroup", &s->cgroup},
		{"unit", &s->unit},
		{"exe", &s->exe},
		{"user", &s->user},
	};
	char *text = strdup("");

	for (size_t i = 0; text && i < ARRAY_SIZE(parts); i++) {
		CLEANUP_FREE char *before = text;

		text = strfmt("%s%s%s%s", before, parts[i].pattern->text ? " " : "",
			      parts[i].pattern->text ? parts[i].key : "", parts[i].pattern->text ? "=" : "");
		if (text && parts[i].pattern->text) {
			CLEANUP_FREE char *head = text;

			text = strfmt("%s%s", head, parts[i].pattern->text);
		}
	}
	for (size_t i = 0; text && i < s->n_labels; i++) {
		CLEANUP_FREE char *before = text;

		text = strfmt("%s label %s=%s", before, s->labels[i].key, s->labels[i].value.text);
	}
	return text;
}

static bool has_container(const struct policy_set *set, const char *policy, const char *words)
{
	for (size_t i = 0; i < set->n_policies; i++) {
		for (size_t k = 0; k < set->policies[i].n_subjects; k++) {
			const struct policy_subject *s = &set->policies[i].subjects[k];
			CLEANUP_FREE char *other = s->container ? container_words(s) : NULL;

			if (other && !strcmp(set->policies[i].name, policy) && !strcmp(other, words))
				return true;
		}
	}
	return false;
}

/* Entries of one set that the other one does not have. */
static int compare_containers(struct comparison *c, unsigned in, const char *verb)
{
	const struct policy_set *set = &c->sides[in].written.set, *other = &c->sides[!in].written.set;
	struct diff *d = c->diff;
	int err = 0;

	for (size_t i = 0; i < set->n_policies; i++) {
		for (size_t k = 0; !err && k < set->policies[i].n_subjects; k++) {
			const struct policy_subject *s = &set->policies[i].subjects[k];
			CLEANUP_FREE char *words = s->container ? container_words(s) : NULL;

			if (!words || has_container(other, set->policies[i].name, words))
				continue;
			err = array_reserve(&d->containers, &d->containers_room, d->n_containers + 1,
					    sizeof(*d->containers));
			if (err)
				break;
			d->containers[d->n_containers] = strfmt("policy '%s' %s containers with%s",
								set->policies[i].name, verb, words);
			d->n_containers += d->containers[d->n_containers] != NULL;
		}
	}
	return err;
}

/* ---- all of it ---- */

static int add_features(struct comparison *c)
{
	int err = 0;

	for (unsigned s = 0; s < 2; s++) {
		const struct policy_set *set = &c->sides[s].written.set;

		for (size_t i = 0; !err && i < set->n_policies; i++)
			err = features_add(&c->features, &set->policies[i]);
	}
	for (size_t i = 0; i < c->features.n_rules; i++)
		c->owners = c->owners || c->features.rules[i].rule->owner;
	return err ? err : features_divide(&c->features);
}

int diff_find(struct sources *before, struct sources *after, struct diff *diff, struct diags *d)
{
	struct comparison c = {.diff = diff};
	int err;

	*diff = (struct diff){0};
	features_init(&c.features);
	err = open_side(&c.sides[0], before, d);
	if (!err)
		err = open_side(&c.sides[1], after, d);
	if (!err)
		err = add_features(&c);
	if (!err)
		err = compare_names(&c, &c.features.paths, QUESTION_PATH);
	if (!err)
		err = compare_names(&c, &c.features.sockets, QUESTION_NET);
	if (!err)
		err = compare_tables(&c);
	if (!err)
		err = compare_undecidable(&c);
	if (!err)
		err = compare_subjects(&c);
	if (!err)
		err = compare_containers(&c, 0, "no longer governs");
	if (!err)
		err = compare_containers(&c, 1, "now governs");
	close_side(&c.sides[0]);
	close_side(&c.sides[1]);
	features_free(&c.features);
	intern_free(&c.known);
	if (err)
		diff_free(diff);
	return err;
}

void diff_free(struct diff *diff)
{
	for (size_t i = 0; i < diff->n_changes; i++)
		free(diff->changes[i].exe);
	for (size_t i = 0; i < diff->n_subjects; i++) {
		free(diff->subjects[i].cgroup);
		free(diff->subjects[i].exe);
		free(diff->subjects[i].added);
		free(diff->subjects[i].removed);
	}
	for (size_t i = 0; i < diff->n_containers; i++)
		free(diff->containers[i]);
	free(diff->changes);
	free(diff->subjects);
	free(diff->containers);
	*diff = (struct diff){0};
}
