/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs: a fresh cgroup each, with policies that hold for it alone.
 *
 * The policies are in force before anybody can enter the cgroup, and they stay in force as long as
 * anybody can be governed by them: until the owner is gone and the cgroup is empty and removed, and
 * then until nobody holds them who left the cgroup before. The last is asked of the labels, in the
 * kernel: no mount and no namespace hides one from that. Nothing is killed.
 *
 * The labels are read by ascending number, so that who forks, or executes as a thread, while they are read
 * can have got a number that was passed already. Each time somebody with a profile does either is counted.
 * Two readings in a row in which nobody did, and in neither of which there is a holder, mean that there is
 * none: what was forked before the first and was not visible in it yet is so in the second. Where there is
 * always somebody who forks, the policies stay in force until the next time that it is looked.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "control/agent.h"
#include "util/util.h"

#define RUNS_MAX       1024
#define RUNS_CGROUP    "/pavise"
#define READINGS       2 /* in which nobody may have forked */
#define READINGS_TRIES 4

struct run {
	struct run *next;
	struct agent *agent;
	struct loop_source events; /* cgroup.events */
	const void *owner;	   /* NULL: gone */
	bool watched;
	bool removed; /* the cgroup */
	int slot;     /* SPEC_NO_SLOT: no policies of its own */
	char cgroup[96];
};

const char *run_cgroup(const struct run *run)
{
	return run->cgroup;
}

static void run_free(struct run *run)
{
	struct run **at = &run->agent->runs;

	while (*at && *at != run)
		at = &(*at)->next;
	if (*at) {
		*at = run->next;
		run->agent->n_runs--;
	}
	if (run->watched)
		loop_remove(&run->agent->loop, &run->events);
	if (run->events.fd >= 0)
		close(run->events.fd);
	free(run);
}

struct search {
	const struct spec *spec;
	int slot;
	bool found;
};

static void take_holder(void *context, const void *data, size_t size)
{
	const struct pv_holder_record *holder = data;
	struct search *s = context;

	(void)size;
	if (holder->flags & PV_LABEL_OVERFULL || spec_profile_has_slot(s->spec, holder->profile, s->slot))
		s->found = true;
	for (uint32_t i = 0; i < PV_HELD_MAX; i++)
		if (holder->held[i] && spec_profile_has_slot(s->spec, holder->held[i], s->slot))
			s->found = true;
}

/* May a process still be governed by the run's policies? Yes, when in doubt. */
static bool run_is_held(const struct run *run)
{
	struct search search = {.spec = &run->agent->live.spec, .slot = run->slot};
	struct kernel *k = &run->agent->kernel;

	for (int try = 0; try < READINGS_TRIES; try++) {
		uint64_t before = __atomic_load_n(&k->state->copies, __ATOMIC_ACQUIRE);

		for (int i = 0; i < READINGS; i++)
			if (kernel_holders(k, take_holder, &search) || search.found)
				return true;
		if (__atomic_load_n(&k->state->copies, __ATOMIC_ACQUIRE) == before)
			return false;
	}
	return true;
}

static int drop_policies(struct run *run)
{
	struct refusal r = {0};
	struct diags d = {0};
	struct spec candidate;
	int err = live_edit(&run->agent->live, false, &candidate, &r);

	if (!err) {
		spec_remove_slot(&candidate, run->slot);
		err = live_commit(&run->agent->live, &candidate, &d, &r);
	}
	if (err)
		say_warning("the policies of %s are over and could not be removed: %s", run->cgroup, r.text);
	diags_free(&d);
	return err;
}

/* End a run as far as it can be ended now; frees it at the end. */
static void run_advance(struct run *run)
{
	if (run->owner)
		return;
	if (!run->removed) {
		if (run->events.fd >= 0 && cgroup_populated(run->events.fd) == 1)
			return;
		if (cgroup_remove(&run->agent->cgroups, run->cgroup))
			return;
		run->removed = true;
		if (run->watched)
			loop_remove(&run->agent->loop, &run->events);
		run->watched = false;
	}
	if (run->slot != SPEC_NO_SLOT && (run_is_held(run) || drop_policies(run)))
		return;
	run_free(run);
}

static int events_ready(struct loop_source *source, uint32_t events)
{
	struct run *run = source->owner;

	(void)events;
	/* Reading it is what makes the next change an event again. */
	cgroup_populated(source->fd);
	run_advance(run);
	return 0;
}

static struct run *run_new(struct agent *a, const char *cgroup, int slot)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	*run = (struct run){.next = a->runs, .agent = a, .slot = slot};
	snprintf(run->cgroup, sizeof(run->cgroup), "%s", cgroup);
	run->events = (struct loop_source){.fd = -1, .ready = events_ready, .owner = run};
	a->runs = run;
	a->n_runs++;
	return run;
}

static int run_watch(struct run *run)
{
	int fd = cgroup_open(&run->agent->cgroups, run->cgroup, "cgroup.events", O_RDONLY);
	int err;

	if (fd < 0)
		return fd;
	run->events.fd = fd;
	cgroup_populated(fd);
	err = loop_add(&run->agent->loop, &run->events, EPOLLPRI);
	run->watched = !err;
	return err;
}

static int run_make_cgroup(struct agent *a, pid_t pid, struct run **out, struct refusal *r)
{
	char path[sizeof((*out)->cgroup)];
	struct run *run;
	int err;

	snprintf(path, sizeof(path), RUNS_CGROUP "/run-%d-%u", (int)pid, ++a->run_counter);
	err = cgroup_create(&a->cgroups, path);
	if (err)
		return refuse(r, -err, PAVISE_FAILED, "the cgroup %s%s cannot be made (%s)", a->cgroups.mount,
			      path, strerror(-err));
	run = run_new(a, path, SPEC_NO_SLOT);
	err = run ? run_watch(run) : -ENOMEM;
	if (!err) {
		*out = run;
		return 0;
	}
	cgroup_remove(&a->cgroups, path);
	if (run)
		run_free(run);
	return refuse(r, -err, PAVISE_FAILED, "the cgroup %s cannot be watched (%s)", path, strerror(-err));
}

static int run_add_policies(struct run *run, struct spec_text *texts, size_t n, struct diags *d,
			    struct refusal *r)
{
	struct spec candidate;
	int err = live_edit(&run->agent->live, false, &candidate, r);
	int slot;

	if (err)
		return err;
	slot = spec_free_slot(&candidate);
	if (slot < 0)
		err = refuse(r, ENOSPC, PAVISE_FAILED,
			     "there are %d runs with policies of their own, and no more are possible",
			     SPEC_SLOTS_MAX);
	for (size_t i = 0; !err && i < n; i++) {
		texts[i].slot = slot;
		texts[i].cgroup = run->cgroup;
		err = spec_add(&candidate, &texts[i], d, NULL);
		if (err)
			refuse(r, -err, PAVISE_BAD_POLICY, "the policy cannot be added");
	}
	if (err) {
		spec_free(&candidate);
		return err;
	}
	err = live_commit(&run->agent->live, &candidate, d, r);
	if (!err)
		run->slot = slot;
	return err;
}

int run_begin(struct agent *a, const void *owner, pid_t pid, struct spec_text *texts, size_t n,
	      struct diags *d, struct refusal *r, struct run **out)
{
	struct run *run = NULL;
	int err;

	runs_retry(a);
	if (a->n_runs >= RUNS_MAX)
		return refuse(r, ENOSPC, PAVISE_FAILED, "there are %u runs, and no more are possible",
			      a->n_runs);
	err = run_make_cgroup(a, pid, &run, r);
	if (err)
		return err;
	run->owner = owner;
	if (n)
		err = run_add_policies(run, texts, n, d, r);
	if (err) {
		run_release(run);
		return err;
	}
	*out = run;
	return 0;
}

void run_release(struct run *run)
{
	run->owner = NULL;
	run_advance(run);
}

void runs_release(struct agent *a, const void *owner)
{
	struct run *run, *next;

	for (run = a->runs; run; run = next) {
		next = run->next;
		if (run->owner == owner)
			run_release(run);
	}
}

void runs_retry(struct agent *a)
{
	struct run *run, *next;

	for (run = a->runs; run; run = next) {
		next = run->next;
		if (run->removed)
			run_advance(run);
	}
}

static bool is_known(const struct agent *a, const char *cgroup)
{
	for (const struct run *run = a->runs; run; run = run->next)
		if (!strcmp(run->cgroup, cgroup))
			return true;
	return false;
}

static int restore_cgroup(void *context, const char *path, int fd)
{
	struct agent *a = context;

	(void)fd;
	if (!strncmp(path, RUNS_CGROUP "/run-", strlen(RUNS_CGROUP "/run-")) &&
	    strlen(path) < sizeof(a->runs->cgroup) && !is_known(a, path) && a->n_runs < RUNS_MAX)
		run_new(a, path, SPEC_NO_SLOT);
	return 0;
}

void runs_restore(struct agent *a)
{
	struct run *run, *next;

	for (size_t i = 0; i < a->live.spec.n_sources; i++) {
		const struct spec_source *source = a->live.spec.sources[i];

		if (source->slot != SPEC_NO_SLOT && !is_known(a, source->cgroup))
			run_new(a, source->cgroup, source->slot);
	}
	cgroups_walk(&a->cgroups, RUNS_CGROUP, 1, restore_cgroup, a);
	for (run = a->runs; run; run = next) {
		next = run->next;
		run_watch(run);
		run_advance(run);
	}
}

void runs_close(struct agent *a)
{
	while (a->runs)
		run_free(a->runs);
}
