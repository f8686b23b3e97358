/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: at most `capacity` processes at a time, whatever happens on the machine; adding one
 * never fails; an exit is reported once; exited processes stay for late records, up to an eighth of
 * the capacity. Two rings are read one after the other, so a decision may come before the fork or
 * after the exit of its process: both orders end in the same entry.
 *
 * How: all entries are allocated at once (untouched pages cost nothing) and named by their index. A
 * hash with chains finds them; two lists in order of arrival, of the living and of the exited, say
 * which goes when room is needed: the oldest exited, else the oldest. What a process runs is a counted
 * reference, so a fork copies nothing, and the sum is bounded by one text (PV_NAMES_MAX +
 * PV_ARGV_MAX bytes) an entry.
 *
 * Sound because (pid, start) is unique within a boot: an entry cannot be taken for another process,
 * and a record that comes late finds its own process or none.
 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE		   UINT32_MAX
#define TABLE_CAPACITY_MAX (1u << 24)
#define TABLE_EXITED_SHARE 8

struct table_list {
	uint32_t first, last;
	size_t n;
};

struct table {
	struct process *entries;
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint32_t capacity;
	uint32_t used; /* entries ever handed out: those above were never touched */
	uint32_t free; /* chain of entries that were given back */
	struct table_list living, exited;
	uint64_t evicted, duplicates, additions, changes;
};

struct process_text *process_text_new(const char *exe, size_t exe_length, const char *argv,
				      size_t argv_length, uint32_t argc, bool argv_cut)
{
	struct process_text *text = malloc(sizeof(*text) + exe_length + argv_length);

	if (!text)
		return NULL;
	*text = (struct process_text){
		.refs = 1,
		.argc = argc,
		.exe_length = exe_length,
		.argv_length = argv_length,
		.argv_cut = argv_cut,
		.argv_known = true,
	};
	memcpy(text->data, exe, exe_length);
	if (argv_length)
		memcpy(text->data + exe_length, argv, argv_length);
	return text;
}

void process_text_put(struct process_text *text)
{
	if (text && !--text->refs)
		free(text);
}

int table_new(size_t capacity, struct table **out)
{
	struct table *t;
	size_t n_buckets = 1;

	if (!capacity || capacity > TABLE_CAPACITY_MAX)
		return -EINVAL;
	while (n_buckets < capacity)
		n_buckets *= 2;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->entries = calloc(capacity, sizeof(*t->entries));
	t->buckets = malloc(n_buckets * sizeof(*t->buckets));
	if (!t->entries || !t->buckets) {
		table_free(t);
		return -ENOMEM;
	}
	memset(t->buckets, 0xff, n_buckets * sizeof(*t->buckets));
	t->bucket_mask = n_buckets - 1;
	t->capacity = capacity;
	t->free = NONE;
	t->living = t->exited = (struct table_list){.first = NONE, .last = NONE};
	*out = t;
	return 0;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->used; i++)
		process_text_put(t->entries[i].text);
	free(t->entries);
	free(t->buckets);
	free(t);
}

static uint32_t *table_bucket(const struct table *t, uint32_t pid, uint64_t start_ns)
{
	uint64_t x = (start_ns ^ (uint64_t)pid << 32 ^ pid) * 0x9e3779b97f4a7c15ull;

	x ^= x >> 32;
	return &t->buckets[(x * 0x9e3779b97f4a7c15ull >> 32) & t->bucket_mask];
}

static struct process *table_lookup(const struct table *t, uint32_t pid, uint64_t start_ns)
{
	for (uint32_t i = *table_bucket(t, pid, start_ns); i != NONE; i = t->entries[i].chain) {
		struct process *p = &t->entries[i];

		if (p->pid == pid && p->start_ns == start_ns)
			return p;
	}
	return NULL;
}

static void list_append(struct table *t, struct table_list *list, struct process *p)
{
	uint32_t index = p - t->entries;

	p->previous = list->last;
	p->next = NONE;
	if (list->last != NONE)
		t->entries[list->last].next = index;
	else
		list->first = index;
	list->last = index;
	list->n++;
}

static void list_remove(struct table *t, struct table_list *list, struct process *p)
{
	if (p->previous != NONE)
		t->entries[p->previous].next = p->next;
	else
		list->first = p->next;
	if (p->next != NONE)
		t->entries[p->next].previous = p->previous;
	else
		list->last = p->previous;
	list->n--;
}

/* No two entries, at no two times, have the same version. */
static void table_change(struct table *t, struct process *p)
{
	p->version = ++t->changes;
}

static void table_remove(struct table *t, struct process *p)
{
	uint32_t index = p - t->entries;
	uint32_t *link = table_bucket(t, p->pid, p->start_ns);

	while (*link != index)
		link = &t->entries[*link].chain;
	*link = p->chain;
	list_remove(t, p->exited ? &t->exited : &t->living, p);
	process_text_put(p->text);
	p->text = NULL;
	table_change(t, p);
	p->chain = t->free;
	t->free = index;
}

/* Free entry; makes one where there is none. */
static uint32_t table_take(struct table *t)
{
	uint32_t index;

	if (t->free == NONE && t->used < t->capacity)
		return t->used++;
	if (t->free == NONE) {
		index = t->exited.n ? t->exited.first : t->living.first;
		table_remove(t, &t->entries[index]);
		t->evicted++;
	}
	index = t->free;
	t->free = t->entries[index].chain;
	return index;
}

/* Identity, place and parent as the record has them; the rest is for the caller. */
static struct process *table_add(struct table *t, const struct pv_process *process, uint32_t flags)
{
	uint32_t index = table_take(t);
	uint32_t *bucket = table_bucket(t, process->pid, process->start_ns);
	struct process *p = &t->entries[index];

	*p = (struct process){
		.start_ns = process->start_ns,
		.parent_start_ns = process->parent_start_ns,
		.pid = process->pid,
		.ppid = process->ppid,
		.flags = flags,
		.chain = *bucket,
	};
	memcpy(p->comm, process->comm, sizeof(p->comm));
	*bucket = index;
	t->additions++;
	table_change(t, p);
	list_append(t, &t->living, p);
	return p;
}

const struct process *table_find(const struct table *t, uint32_t pid, uint64_t start_ns)
{
	return table_lookup(t, pid, start_ns);
}

const struct process *table_fork(struct table *t, const struct pv_process *child)
{
	const struct process *parent = table_lookup(t, child->ppid, child->parent_start_ns);
	struct process_text *text = parent ? parent->text : NULL;
	uint32_t exec_n = parent ? parent->exec_n : 0;
	struct process *p;

	if (text)
		text->refs++; /* adding the child may evict the parent */
	p = table_lookup(t, child->pid, child->start_ns);
	if (!p)
		p = table_add(t, child, 0);
	p->ppid = child->ppid;
	p->parent_start_ns = child->parent_start_ns;
	p->flags &= ~(PROCESS_ITERATED | PROCESS_UNKNOWN_PARENT);
	table_change(t, p);
	if (!p->execs) {
		/* a decision or the iterator was faster, no exec was: it still runs its parent's program */
		p->exec_n = exec_n;
		if (text) {
			process_text_put(p->text);
			p->text = text;
			text = NULL;
		}
	}
	process_text_put(text);
	return p;
}

static struct process *table_get(struct table *t, const struct pv_process *process)
{
	struct process *p = table_lookup(t, process->pid, process->start_ns);

	if (!p)
		return table_add(t, process, PROCESS_UNKNOWN_PARENT);
	if (process->tid == process->pid && memcmp(p->comm, process->comm, sizeof(p->comm))) {
		memcpy(p->comm, process->comm, sizeof(p->comm));
		table_change(t, p);
	}
	return p;
}

const struct process *table_exec(struct table *t, const struct pv_process *process, struct process_text *text)
{
	struct process *p = table_get(t, process);

	process_text_put(p->text);
	p->text = text;
	p->exec_n++;
	p->execs++;
	p->flags &= ~PROCESS_THREAD_EXEC;
	if (process->tid != process->pid)
		p->flags |= PROCESS_THREAD_EXEC;
	memcpy(p->comm, process->comm, sizeof(p->comm));
	table_change(t, p);
	return p;
}

/* Whether `now`, from /proc, names the program that `then` does. /proc marks a removed file. */
static bool same_program(const struct process_text *then, const struct process_text *now)
{
	static const char removed[] = " (deleted)";
	size_t n = then->exe_length;

	if (now->exe_length < n || memcmp(then->data, now->data, n))
		return false;
	return now->exe_length == n ||
	       (now->exe_length == n + strlen(removed) && !memcmp(now->data + n, removed, strlen(removed)));
}

const struct process *table_task(struct table *t, const struct pv_process *process, struct process_text *text)
{
	struct process *p = table_lookup(t, process->pid, process->start_ns);

	if (!p)
		p = table_add(t, process, PROCESS_ITERATED);
	/* what was seen at exec cannot be rewritten by the process: it stays, unless an exec was lost */
	if (!text || (p->text && p->text->exe_length && same_program(p->text, text) &&
		      (p->text->argv_known || !text->argv_known))) {
		process_text_put(text);
		return p;
	}
	process_text_put(p->text);
	p->text = text;
	table_change(t, p);
	return p;
}

const struct process *table_see(struct table *t, const struct pv_process *process, unsigned denials)
{
	struct process *p = table_get(t, process);

	p->denials += denials;
	return p;
}

bool table_governed(struct table *t, const struct process *process, uint32_t profile)
{
	struct process *p = &t->entries[process - t->entries];

	if (!profile || p->profile == profile)
		return false;
	p->profile = profile;
	return true;
}

const struct process *table_exit(struct table *t, const struct pv_process *process)
{
	struct process *p = table_get(t, process);

	if (p->exited) {
		t->duplicates++;
		return NULL;
	}
	list_remove(t, &t->living, p);
	p->exited = true;
	list_append(t, &t->exited, p);
	/* the list holds at least this one, which must survive for the caller */
	while (t->exited.n > 1 && t->exited.n > t->capacity / TABLE_EXITED_SHARE)
		table_remove(t, &t->entries[t->exited.first]);
	return p;
}

uint64_t table_changes(const struct table *t)
{
	return t->changes;
}

uint64_t table_additions(const struct table *t)
{
	return t->additions;
}

void table_stats(const struct table *t, struct table_stats *out)
{
	*out = (struct table_stats){
		.processes = t->living.n + t->exited.n,
		.exited = t->exited.n,
		.evicted = t->evicted,
		.duplicates = t->duplicates,
	};
}
