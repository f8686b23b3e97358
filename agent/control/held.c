/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Descriptors from before, see held.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "audit/json.h"
#include "audit/procfs.h"
#include "control/agent.h"
#include "util/util.h"

#define TURN_DESCRIPTORS 1024
#define READ_TRIES	 4 /* of a descriptor that changes while it is read */
#define SECOND_NS	 1000000000ull
#define MILLISECOND_NS	 1000000ull

/* One descriptor on the list. */
struct held_entry {
	struct pv_process process;
	int number, mount;
	uint32_t mode;
	uint64_t inode;
	enum pv_access access;
	enum pv_verdict verdict;
	bool seen;	    /* by the pass */
	const char *reason; /* of the decision, NULL: not known */
	char *path, *policy, *rule;
};

/* A process that is looked at. */
struct look {
	struct agent *agent;
	const struct image *image;
	const struct pv_process *process;
	struct pv_label label;
	struct image_context context;
	const struct mounts *mounts;
	bool anew; /* the mounts were read for this process */
	int directory;
	size_t n; /* descriptors so far, and what took as long as so many */
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* ---- the decision ---- */

/* The accesses that opening it in this mode asks for. */
static size_t accesses_of(const struct held_question *q, enum pv_access accesses[2])
{
	uint32_t flags = q->descriptor->flags, mode = flags & O_ACCMODE;
	size_t n = 0;

	if (q->directory) {
		accesses[n++] = PV_ACC_LIST;
		return n;
	}
	if (mode != O_WRONLY)
		accesses[n++] = PV_ACC_READ;
	if (mode != O_RDONLY)
		accesses[n++] = flags & O_APPEND && mode != O_ACCMODE ? PV_ACC_APPEND : PV_ACC_WRITE;
	return n;
}

static void answer_take(struct held_answer *answer, uint32_t cell, enum pv_access access, size_t length)
{
	if (cell_weight(cell) > cell_weight(answer->cell))
		*answer = (struct held_answer){cell, access, length};
}

static void judge_profile(const struct image *image, uint32_t profile, const struct held_question *q,
			  const struct image_context *context, struct held_answer *answer)
{
	static const size_t removed = sizeof(" (deleted)") - 1;
	const struct pv_image_head *head = (const struct pv_image_head *)image->blocks;
	const struct descriptor *d = q->descriptor;
	enum pv_access accesses[2] = {0};
	size_t n = accesses_of(q, accesses);
	char name[PATH_MAX];

	if (!profile || profile >= head->n_profiles)
		return;
	if (q->walk != PV_WALK_OK) {
		answer_take(answer, head->profiles[profile].path_undecidable, accesses[0], d->length);
		return;
	}
	/* a removed file is known by its name, and a file may be called like that: both are asked about */
	memcpy(name, d->path, d->length + 1);
	if (d->deleted)
		name[d->length - removed] = '\0';
	for (size_t i = 0; i < n; i++) {
		answer_take(answer, image_path_cell(image, profile, name, accesses[i], context), accesses[i],
			    strlen(name));
		if (d->deleted)
			answer_take(answer, image_path_cell(image, profile, d->path, accesses[i], context),
				    accesses[i], d->length);
	}
}

struct held_answer held_judge(const struct image *image, const struct pv_label *label,
			      const struct held_question *q, const struct image_context *context)
{
	struct held_question asked = *q;
	struct held_answer answer = {0};

	if (q->descriptor->flags & O_PATH)
		return answer; /* nothing can be read or written by it */
	if (label->flags & PV_LABEL_OVERFULL)
		asked.walk = PV_WALK_OVERFULL;
	judge_profile(image, label->profile, &asked, context, &answer);
	for (uint32_t i = 0; i < PV_HELD_MAX && label->held[i]; i++)
		judge_profile(image, label->held[i], &asked, context, &answer);
	return answer;
}

/* ---- the list ---- */

static void entry_free(struct held_entry *e)
{
	free(e->path);
	free(e->policy);
	free(e->rule);
}

static void entries_drop(struct held *h, bool (*drop)(const struct held_entry *e))
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_entries; i++) {
		if (drop(&h->entries[i]))
			entry_free(&h->entries[i]);
		else
			h->entries[n++] = h->entries[i];
	}
	h->n_entries = n;
}

static bool is_unseen(const struct held_entry *e)
{
	return !e->seen;
}

/* Does the process hold it no more? */
static bool is_over(const struct held_entry *e)
{
	const struct descriptor then = {
		.number = e->number, .mount = e->mount, .inode = e->inode, .flags = e->mode};
	CLEANUP_CLOSE int directory = procfs_open(e->process.pid, e->process.start_ns);
	struct descriptor now;

	return directory < 0 || descriptor_read(directory, e->number, &now) || !descriptor_same(&then, &now);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The entry of a process for the same descriptor, denied in the same mode by the same policy. */
static struct held_entry *entry_find(struct held *h, uint32_t pid, uint64_t start_ns,
				     const struct descriptor *d, const struct decision *by, uint32_t cell)
{
	for (size_t i = 0; i < h->n_entries; i++) {
		struct held_entry *e = &h->entries[i];

		if (e->process.pid == pid && e->process.start_ns == start_ns && e->number == d->number &&
		    e->mount == d->mount && e->inode == d->inode && e->mode == (d->flags & O_ACCMODE) &&
		    e->verdict == PV_CELL_VERDICT(cell) && same_text(e->policy, by ? by->policy : NULL))
			return e;
	}
	return NULL;
}

/* Of a text that may be NULL. */
static char *copy_text(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

static int entry_add(struct held *h, const struct pv_process *process, const struct descriptor *d,
		     const struct decision *by, const struct held_answer *answer)
{
	struct held_entry e = {
		.process = *process,
		.number = d->number,
		.mount = d->mount,
		.mode = d->flags & O_ACCMODE,
		.inode = d->inode,
		.access = answer->access,
		.verdict = PV_CELL_VERDICT(answer->cell),
		.reason = by ? decision_reason_name(by->reason) : NULL,
		.seen = true,
	};
	bool failed = false;

	if (!h->entries)
		h->entries = calloc(HELD_MAX, sizeof(*h->entries));
	/* to look who is gone costs a good deal: a full list is looked through now and then only */
	if (h->entries && h->n_entries == HELD_MAX && now_ns(CLOCK_MONOTONIC) - h->pruned_ns >= SECOND_NS) {
		entries_drop(h, is_over);
		h->pruned_ns = now_ns(CLOCK_MONOTONIC);
	}
	if (!h->entries || h->n_entries == HELD_MAX)
		return -ENOMEM;
	e.path = strndup(d->path, answer->length);
	e.policy = copy_text(by ? by->policy : NULL, &failed);
	e.rule = copy_text(by ? by->rule : NULL, &failed);
	if (failed || !e.path) {
		entry_free(&e);
		return -ENOMEM;
	}
	h->entries[h->n_entries++] = e;
	return 0;
}

/* ---- one process ---- */

static void tell(const struct look *l, const struct held_question *q, const struct held_answer *answer,
		 uint32_t device)
{
	const struct descriptor *d = q->descriptor;
	const struct event_held event = {
		.decision =
			{
				.head = {.type = PV_REC_DECISION, .time_ns = now_ns(CLOCK_BOOTTIME)},
				.process = *l->process,
				.generation = l->image->generation,
				.cell = answer->cell,
				.access = answer->access,
				.walk = q->walk,
				.flags = d->flags,
				.dev = device,
				.ino = d->inode,
			},
		.fd = d->number,
		.deleted = d->deleted && answer->length < d->length,
		.path = d->path,
		.path_length = answer->length,
	};

	audit_held(l->agent->audit, &event);
}

/* List it, and report it where it is new. */
static void found(const struct look *l, const struct held_question *q, const struct held_answer *answer,
		  uint32_t device)
{
	const struct decision *by = image_decision(l->image, answer->cell);
	const struct pv_process *process = l->process;
	struct held *h = &l->agent->held;
	struct held_entry *e =
		entry_find(h, process->pid, process->start_ns, q->descriptor, by, answer->cell);
	bool inherited;

	if (e) {
		e->seen = true;
		return;
	}
	inherited = entry_find(h, process->ppid, process->parent_start_ns, q->descriptor, by, answer->cell);
	if (entry_add(h, process, q->descriptor, by, answer))
		h->omitted++;
	else if (!inherited)
		tell(l, q, answer, device);
}

/*
 * The mounts that a process has. They are read where the namespace is another than before, or `anew`. There
 * can be many, so that with reading them the turn is over.
 */
static const struct mounts *mounts_of(struct look *l, bool anew)
{
	struct held *h = &l->agent->held;
	int directory = l->directory;
	uint64_t namespace = mounts_namespace(directory);

	if (!h->own.namespace || (anew && namespace == h->own.namespace)) {
		CLEANUP_CLOSE int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

		mounts_read(self, &h->own);
		l->n += TURN_DESCRIPTORS;
	}
	if (namespace == h->own.namespace)
		return &h->own;
	if (anew || namespace != h->theirs.namespace) {
		mounts_read(directory, &h->theirs);
		l->n += TURN_DESCRIPTORS;
	}
	return &h->theirs;
}

/* NULL: none of the process' namespace. One that is newer than the table makes it read once more. */
static const struct mount_fact *mount_of(struct look *l, int id)
{
	const struct mount_fact *mount = mounts_find(l->mounts, id);

	if (mount || l->anew)
		return mount;
	l->anew = true;
	l->mounts = mounts_of(l, true);
	return mounts_find(l->mounts, id);
}

/* A name that only a mount inside the kernel gives: of shared memory and the like. */
static bool is_internal(const struct descriptor *d)
{
	return d->deleted && !strchr(d->path + 1, '/');
}

/* Is the answer the same, whatever else the file is and whosoever it is? */
static bool is_certain(const struct look *l, const struct held_question *q, struct held_answer *answer)
{
	for (int i = 0; i < 4; i++) {
		struct held_question asked = *q;
		struct image_context context = l->context;
		struct held_answer a;

		asked.directory = q->directory || (i & 1);
		context.owner = i & 2;
		a = held_judge(l->image, &l->label, &asked, &context);
		if (i && (a.cell != answer->cell ||
			  (a.cell && (a.access != answer->access || a.length != answer->length))))
			return false;
		*answer = a;
	}
	return true;
}

/* Judge it, once it is known what it is as far as that matters. -EAGAIN: that cannot be known; or -errno. */
static int judge(struct look *l, struct held_question *q, bool foreign, struct held_answer *answer)
{
	const struct pv_process *process = l->process;
	struct descriptor_file file = {.owner = UINT32_MAX};
	int err;

	if (!foreign) {
		if (is_certain(l, q, answer))
			return 0;
		err = reader_stat(&l->agent->reader, process->pid, process->start_ns, q->descriptor->number,
				  &file);
		if (err)
			return err;
	}
	q->directory = q->directory || file.directory;
	l->context.owner = file.owner == process->uid;
	*answer = held_judge(l->image, &l->label, q, &l->context);
	return 0;
}

/* Ask about a descriptor as it was read. False: it is another one by now, or has another name. */
static bool ask(struct look *l, const struct descriptor *d)
{
	struct held_question q = {.descriptor = d, .walk = PV_WALK_OK};
	const struct mount_fact *mount = mount_of(l, d->mount);
	struct held_answer answer = {0};
	struct descriptor now;
	int err;

	if (!mount && is_internal(d))
		return true;
	if (!mount)
		q.walk = PV_WALK_FOREIGN;
	else if (!d->length)
		q.walk = PV_WALK_DEEP;
	/* O_TMPFILE has the bit of O_DIRECTORY too, and is for writing */
	q.directory = (d->flags & O_DIRECTORY) && (d->flags & O_ACCMODE) == O_RDONLY;
	err = judge(l, &q, !mount, &answer);
	if (err == -EAGAIN)
		l->agent->held.omitted++;
	if (err)
		return err == -EAGAIN;
	if (!answer.cell)
		return true;
	if (descriptor_read(l->directory, d->number, &now) || !descriptor_same(d, &now) ||
	    strcmp(d->path, now.path) != 0)
		return false;
	found(l, &q, &answer, mount ? mount->device : 0);
	return true;
}

static void look_at(void *context, int number)
{
	struct look *l = context;
	struct descriptor d;

	l->n++;
	for (int i = 0; i < READ_TRIES; i++)
		if (descriptor_read(l->directory, number, &d) || ask(l, &d))
			return;
	l->agent->held.omitted++;
}

/* How many descriptors were looked at, or what took as long. */
static size_t look(struct agent *a, const struct pv_process *process)
{
	CLEANUP_CLOSE int directory = procfs_open(process->pid, process->start_ns);
	struct look l = {
		.agent = a, .image = live_image(&a->live), .process = process, .directory = directory};

	/* the label is read of whom the directory is: that is not gone as long as it can be read */
	if (directory < 0 || !l.image || kernel_label(&a->kernel, (int)process->pid, &l.label))
		return 0;
	l.context = (struct image_context){.exe = l.label.generation == l.image->generation ? l.label.exe : 0,
					   .uid = process->uid};
	l.mounts = mounts_of(&l, false);
	if (descriptors_visit(directory, HELD_DESCRIPTORS, look_at, &l) > 0)
		a->held.omitted++;
	return l.n;
}

/* ---- what is to be done ---- */

static void queue_add(struct held *h, const struct pv_process *process)
{
	if (h->n == h->capacity) {
		size_t capacity = h->capacity ? h->capacity * 2 : 64;
		struct pv_process *queue =
			capacity > HELD_QUEUE ? NULL : realloc(h->queue, capacity * sizeof(*queue));

		if (!queue) {
			h->omitted++;
			return;
		}
		h->queue = queue;
		h->capacity = capacity;
	}
	h->queue[h->n++] = *process;
}

static void queue_clear(struct held *h)
{
	free(h->queue);
	h->queue = NULL;
	h->at = h->n = h->capacity = 0;
	mounts_free(&h->own);
	mounts_free(&h->theirs);
}

void held_note(struct agent *a, const struct pv_process *process, bool born)
{
	struct held *h = &a->held;
	bool inherits = !born;

	for (size_t i = 0; i < h->n_entries && !inherits; i++)
		inherits = h->entries[i].process.pid == process->ppid &&
			   h->entries[i].process.start_ns == process->parent_start_ns;
	if (inherits)
		queue_add(h, process);
}

static void take_task(void *context, const void *data, size_t size)
{
	struct pv_task_record record;

	memcpy(&record, data, size < sizeof(record) ? size : sizeof(record));
	if (record.process.profile)
		queue_add(context, &record.process);
}

/* Namespace by namespace, so that the mounts of each are read once; parents before their children. */
static int by_namespace(const void *a, const void *b)
{
	const struct pv_process *x = a, *y = b;

	if (x->mnt_ns != y->mnt_ns)
		return x->mnt_ns < y->mnt_ns ? -1 : 1;
	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static void pass_begin(struct agent *a, uint64_t now)
{
	struct held *h = &a->held;
	int err;

	queue_clear(h);
	h->generation = a->live.generation;
	h->began_ns = now;
	h->omitted = 0;
	for (size_t i = 0; i < h->n_entries; i++)
		h->entries[i].seen = false;
	h->passing = true;
	if (!live_image(&a->live))
		return;
	err = kernel_tasks(&a->kernel, take_task, h);
	if (err)
		say_warning("the running processes cannot be listed (%s), so descriptors that they hold "
			    "from before are not reported",
			    strerror(-err));
	if (h->n)
		qsort(h->queue, h->n, sizeof(*h->queue), by_namespace);
}

static void pass_end(struct agent *a)
{
	struct held *h = &a->held;

	entries_drop(h, is_unseen);
	h->passing = false;
}

/* Nothing is left to be done. */
static void rest(struct agent *a)
{
	struct held *h = &a->held;
	const struct event_field fields[] = {
		{"generation", NULL, h->generation},
		{"omitted", NULL, h->omitted},
	};

	if (h->passing)
		pass_end(a);
	if (h->omitted > h->omitted_told)
		audit_agent_event(a->audit, "held_incomplete", fields, ARRAY_SIZE(fields));
	h->omitted_told = h->omitted;
	queue_clear(h);
}

int held_turn(struct agent *a)
{
	struct held *h = &a->held;
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	bool due = h->generation != a->live.generation;

	/* a set that is published while the last pass goes on is in force for the rest of it already */
	if (due && (!h->began_ns || (h->at == h->n && now - h->began_ns >= SECOND_NS))) {
		pass_begin(a, now);
		due = false;
	}
	for (size_t n = 0; h->at < h->n && n < TURN_DESCRIPTORS;)
		n += 1 + look(a, &h->queue[h->at++]);
	if (h->at < h->n)
		return 0;
	if (h->passing || h->queue)
		rest(a);
	return due ? (int)((h->began_ns + SECOND_NS - now) / MILLISECOND_NS) + 1 : -1;
}

/* ---- for status ---- */

/* A text that others control, spelt as in the log. */
static json_t *text_of(const char *text, size_t length)
{
	struct json_buffer b;
	json_t *value = NULL;

	json_buffer_init(&b, PATH_MAX * 8);
	json_put_bytes(&b, NULL, text, length);
	if (!b.error)
		value = json_loadb(b.data, b.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	json_buffer_free(&b);
	return value;
}

static json_t *describe(const struct held_entry *e)
{
	const struct pv_process *p = &e->process;
	json_t *object = json_pack("{s:i, s:I, s:I, s:i}", "pid", (int)p->pid, "start_ns",
				   (json_int_t)p->start_ns, "uid", (json_int_t)p->uid, "fd", e->number);

	json_object_set_new(object, "comm", text_of(p->comm, strnlen(p->comm, sizeof(p->comm))));
	json_object_set_new(object, "op", json_string(policy_access_name(e->access)));
	json_object_set_new(object, "path", text_of(e->path, strlen(e->path)));
	json_object_set_new(object, "verdict", json_string(e->verdict == PV_DENY ? "deny" : "would_deny"));
	if (e->policy)
		json_object_set_new(object, "policy", json_string(e->policy));
	if (e->rule)
		json_object_set_new(object, "rule", json_string(e->rule));
	if (e->reason)
		json_object_set_new(object, "reason", json_string(e->reason));
	return object;
}

json_t *held_describe(struct agent *a)
{
	struct held *h = &a->held;
	json_t *list = json_array();
	bool complete =
		h->at == h->n && h->generation == a->live.generation && !h->omitted && !a->live.unknown;

	entries_drop(h, is_over);
	for (size_t i = 0; i < h->n_entries; i++)
		json_array_append_new(list, describe(&h->entries[i]));
	return json_pack("{s:b, s:I, s:o}", "complete", complete, "omitted", (json_int_t)h->omitted, "list",
			 list);
}

void held_close(struct agent *a)
{
	struct held *h = &a->held;

	for (size_t i = 0; i < h->n_entries; i++)
		entry_free(&h->entries[i]);
	free(h->entries);
	queue_clear(h);
	*h = (struct held){0};
}
