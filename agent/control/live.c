/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The set in force, see live.h. */
#include <errno.h>
#include <string.h>

#include "control/live.h"
#include "control/marks.h"
#include "control/store.h"
#include "util/util.h"

void live_close(struct live *l)
{
	for (size_t i = 0; i < LIVE_HISTORY; i++)
		compiled_free(&l->history[i]);
	spec_free(&l->spec);
	*l = (struct live){0};
}

static struct compiled *newest(struct live *l)
{
	return &l->history[(l->next + LIVE_HISTORY - 1) % LIVE_HISTORY];
}

/* Forget the oldest sets where the sets are large. */
static void forget(struct live *l)
{
	size_t kept = 0;

	for (size_t i = 1; i <= LIVE_HISTORY; i++) {
		struct compiled *c = &l->history[(l->next + LIVE_HISTORY - i) % LIVE_HISTORY];

		kept += c->image ? c->image->n_decisions : 0;
		if (i > LIVE_HISTORY_LEAST && kept > LIVE_HISTORY_DECISIONS)
			compiled_free(c);
	}
}

/*
 * The image is all that is asked for later, so the policies that it was made of can go; of those before only
 * decisions are, so their blocks can go too.
 */
static void remember(struct live *l, struct compiled *c)
{
	struct image *before = newest(l)->image;
	struct compiled *slot = &l->history[l->next++ % LIVE_HISTORY];

	if (before) {
		free(before->blocks);
		before->blocks = NULL;
		before->n_blocks = 0;
	}
	compiled_free(slot);
	policy_set_free(&c->set);
	*slot = *c;
	forget(l);
}

const struct image *live_image(const struct live *l)
{
	const struct image *image = newest((struct live *)l)->image;

	return image && image->generation == l->generation ? image : NULL;
}

/*
 * Labels hold profile numbers of the lost set. Give each of these numbers a set of its own that no
 * policy belongs to, so that none of them comes to mean anything else.
 */
static int reserve_profiles(struct spec *s, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		CLEANUP_FREE char *name = strfmt("?%u", i);
		const char *names[] = {name};
		int number = name ? profiles_number(&s->profiles, names, 1) : -ENOMEM;

		if (number < 0)
			return number;
	}
	return 0;
}

/* Take up a stored set; without one, l->spec stays empty. */
static int load_set(struct live *l, unsigned generation)
{
	struct spec stored;
	int err = store_load(l->run, generation, &stored);

	if (err)
		return err;
	spec_free(&l->spec);
	l->spec = stored;
	return 0;
}

static int restore_image(struct live *l, const struct pv_image_head *head)
{
	struct diags d = {0};
	struct compiled c = {0};
	uint64_t digest = 0;
	int err;

	l->generation = head->generation;
	kernel_repair_generation(l->kernel, head->generation);
	err = load_set(l, head->generation);
	if (err == -ENOMEM)
		return err;
	if (err) {
		say_warning("the policy set of generation %u, which is in force, cannot be read from %s/sets "
			    "(%s); it "
			    "stays in force, and its rules cannot be named in events until 'pavise apply "
			    "--prune FILE...'",
			    head->generation, l->run, strerror(-err));
		l->unknown = true;
		return reserve_profiles(&l->spec, head->n_profiles);
	}
	err = spec_compile(&l->spec, head->generation, &c, &d);
	diags_free(&d);
	if (err == -ENOMEM)
		return err;
	if (!err)
		digest = ((struct pv_image_head *)c.image->blocks)->digest;
	if (err || digest != head->digest) {
		say_warning("the policy set of generation %u compiles to another image than the one in "
			    "force; that one "
			    "stays in force, and its rules cannot be named in events until the next 'pavise "
			    "apply'",
			    head->generation);
		compiled_free(&c);
		return 0;
	}
	remember(l, &c);
	return 0;
}

static int restore_stored(struct live *l)
{
	int err;

	l->generation = store_latest(l->run);
	if (!l->generation)
		return 0;
	err = load_set(l, l->generation);
	if (err == -ENOMEM)
		return err;
	if (!err)
		return 0;
	say_warning("the policy set stored in %s/sets/%u cannot be read (%s); starting without it", l->run,
		    l->generation, strerror(-err));
	return 0;
}

int live_open(struct live *l, struct kernel *kernel, const struct cgroups *cgroups, const char *run,
	      struct refusal *r)
{
	CLEANUP_FREE unsigned char *blocks = NULL;
	const struct pv_image_head *head;
	size_t n = 0;
	int err;

	*l = (struct live){.kernel = kernel, .cgroups = cgroups, .run = run};
	spec_init(&l->spec);
	err = kernel_image(kernel, &blocks, &n);
	head = (const struct pv_image_head *)blocks;
	if (err == -ENOENT)
		err = restore_stored(l);
	else if (!err && (head->magic != PV_MAGIC || head->abi != PV_ABI))
		return refuse(
			r, EPROTO, PAVISE_FOREIGN_PINS,
			"the image in force is of ABI %u and this program speaks ABI %u; run 'pavise unload' "
			"(enforcement ends) and start again",
			head->abi, PV_ABI);
	else if (!err)
		err = restore_image(l, head);
	if (err)
		return refuse(r, -err, PAVISE_NO_STATE, "the policy set in force cannot be taken up (%s)",
			      strerror(-err));
	return 0;
}

/* Is the cgroup gone, or another one in its place? No, when in doubt. */
static bool is_gone(void *context, const struct spec_container *container)
{
	const struct live *l = context;
	uint64_t id = 0;
	int err = cgroup_id(l->cgroups, container->cgroup, &id);

	return err ? err == -ENOENT || err == -ENOTDIR || err == -ENODEV : id != container->cgroup_id;
}

int live_edit(const struct live *l, bool whole, struct spec *candidate, struct refusal *r)
{
	int err;

	if (l->unknown && !whole)
		return refuse(r, ENODATA, PAVISE_FAILED,
			      "the policy set in force is not known (its files are gone), so it cannot be "
			      "changed; say "
			      "what the whole set shall be with 'pavise apply --prune FILE...'");
	err = spec_copy(&l->spec, candidate);
	if (err)
		return refuse(r, -err, PAVISE_FAILED, "out of memory");
	spec_drop_containers(candidate, is_gone, (void *)l);
	return 0;
}

static int refuse_to_store(const struct live *l, int err, struct refusal *r)
{
	return refuse(r, -err, PAVISE_NO_STATE,
		      "the policy set cannot be stored in %s/sets (%s), so the one before stays in force",
		      l->run, strerror(-err));
}

static int publish(struct live *l, struct spec *candidate, struct compiled *c, struct refusal *r)
{
	unsigned generation = c->image->generation;
	int err = marks_find(l->kernel, c->image, r);

	if (err)
		return err;
	err = store_save(l->run, generation, candidate);
	if (err)
		return refuse_to_store(l, err, r);
	err = kernel_publish(l->kernel, c->image, r);
	if (err) {
		store_prune(l->run, l->generation);
		return err;
	}
	err = kernel_label_tasks(l->kernel);
	if (err)
		say_warning("the processes that are there could not all be labelled (%s); each will be at "
			    "its next operation",
			    strerror(-err));
	return 0;
}

int live_commit(struct live *l, struct spec *candidate, struct diags *d, struct refusal *r)
{
	unsigned generation = l->generation + 1 ? l->generation + 1 : 1;
	struct compiled c = {0};
	int err = spec_compile(candidate, generation, &c, d);

	if (err)
		refuse(r, -err, PAVISE_BAD_POLICY, "the policy set cannot be compiled%s",
		       d->n ? "" : " (no memory)");
	else
		err = publish(l, candidate, &c, r);
	if (err) {
		compiled_free(&c);
		spec_free(candidate);
		return err;
	}
	remember(l, &c);
	spec_free(&l->spec);
	l->spec = *candidate;
	*candidate = (struct spec){0};
	l->generation = generation;
	l->unknown = false;
	store_prune(l->run, generation);
	return 0;
}

/* The image in force stays; where there is none yet, the set waits for its first. */
static int store_again(struct live *l, struct spec *candidate, struct refusal *r)
{
	unsigned generation = l->generation ? l->generation : 1;
	int err = store_save(l->run, generation, candidate);

	if (err) {
		spec_free(candidate);
		return refuse_to_store(l, err, r);
	}
	spec_free(&l->spec);
	l->spec = *candidate;
	*candidate = (struct spec){0};
	l->generation = generation;
	return 0;
}

int live_commit_containers(struct live *l, struct spec *candidate, bool *published, struct diags *d,
			   struct refusal *r)
{
	int differ;

	*published = false;
	if (spec_containers_same(&l->spec, candidate)) {
		spec_free(candidate);
		return 0;
	}
	differ = spec_containers_differ(&l->spec, candidate);
	if (differ < 0) {
		spec_free(candidate);
		return refuse(r, -differ, PAVISE_FAILED, "out of memory");
	}
	*published = differ;
	return differ ? live_commit(l, candidate, d, r) : store_again(l, candidate, r);
}

int live_refresh(struct live *l, struct diags *d, struct refusal *r)
{
	struct spec candidate;
	bool published;
	int err;

	if (l->unknown)
		return 0;
	err = live_edit(l, false, &candidate, r);
	return err ? err : live_commit_containers(l, &candidate, &published, d, r);
}

const struct decision *live_decision(const struct live *l, unsigned generation, uint32_t cell)
{
	for (size_t i = 0; i < LIVE_HISTORY; i++) {
		const struct image *image = l->history[i].image;

		if (image && image->generation == generation)
			return image_decision(image, cell);
	}
	return NULL;
}
