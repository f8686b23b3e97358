/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: no byte outside the given record is read, whatever the record says of itself; what is
 * accepted has every length in bounds.
 *
 * How: type and length are read once, then the fixed part is copied out, once, and checks and what follows
 * them read the copy; each length is compared with what is left, never added to another before. A path is as
 * long as its list, which is no longer than its room, and is spelled only where somebody asks for it.
 */
#include "decode.h"

#include <errno.h>
#include <string.h>

/* Size of the fixed part, 0 for types that do not exist. */
static size_t record_fixed_size(__u32 type)
{
	switch (type) {
	case PV_REC_DECISION:
		return sizeof(struct pv_decision_record);
	case PV_REC_FORK:
		return sizeof(struct pv_fork_record);
	case PV_REC_EXEC:
		return sizeof(struct pv_exec_record);
	case PV_REC_EXIT:
		return sizeof(struct pv_exit_record);
	case PV_REC_TASK:
		return sizeof(struct pv_task_record);
	default:
		return 0;
	}
}

/* The fixed part of a type that exists, by a copy whose length the compiler knows. */
static void copy_fixed(__u32 type, void *to, const void *from)
{
	switch (type) {
	case PV_REC_DECISION:
		memcpy(to, from, sizeof(struct pv_decision_record));
		break;
	case PV_REC_EXEC:
		memcpy(to, from, sizeof(struct pv_exec_record));
		break;
	case PV_REC_EXIT:
		memcpy(to, from, sizeof(struct pv_exit_record));
		break;
	default:
		memcpy(to, from, sizeof(struct pv_fork_record));
		static_assert(sizeof(struct pv_task_record) == sizeof(struct pv_fork_record), "copied alike");
	}
}

/*
 * A component list is read from its end, where the root is. A component of n bytes takes n + 1 in the list
 * and, with its slash, n + 1 in the path: the path is exactly as long as the list. False where a component
 * does not lie within the list.
 */
static bool names_are_whole(const unsigned char *names, size_t length)
{
	while (length) {
		size_t n = names[--length];

		if (n > length)
			return false;
		length -= n;
	}
	return true;
}

static bool is_abstract(const struct record *r)
{
	return r->u.any.head.type == PV_REC_DECISION && r->u.decision.walk == PV_WALK_ABSTRACT;
}

void record_path(const struct record *r, char path[PV_NAMES_MAX])
{
	const unsigned char *names = r->names;
	size_t length = r->names_length;

	if (is_abstract(r)) {
		/* as /proc/net/unix shows it, and as it is matched */
		for (size_t i = 0; i < length; i++)
			path[i] = names[i] ? (char)names[i] : '@';
		return;
	}
	while (length) {
		size_t n = names[--length];

		length -= n;
		*path++ = '/';
		memcpy(path, names + length, n);
		path += n;
	}
}

int record_decode(const void *data, size_t size, struct record *out)
{
	const unsigned char *bytes = data;
	size_t fixed, left, names = 0, argv = 0;
	__u32 type, length;

	if (size < sizeof(struct pv_record))
		return -EBADMSG;
	memcpy(&type, bytes + offsetof(struct pv_record, type), sizeof(type));
	memcpy(&length, bytes + offsetof(struct pv_record, size), sizeof(length));
	fixed = record_fixed_size(type);
	if (!fixed || length < fixed || length > size)
		return -EBADMSG;
	copy_fixed(type, &out->u, bytes);
	out->u.any.head.type = type;
	out->u.any.head.size = length;
	left = length - fixed;

	if (type == PV_REC_DECISION) {
		if (PV_CELL_VERDICT(out->u.decision.cell) > PV_WOULD_DENY)
			return -EBADMSG;
		names = out->u.decision.names_len;
		out->action = (const char *)bytes + offsetof(struct pv_decision_record, generation);
		out->action_length = fixed - offsetof(struct pv_decision_record, generation) + names;
	} else if (type == PV_REC_EXEC) {
		names = out->u.exec.names_len;
		argv = out->u.exec.argv_len;
	}
	if (names > PV_NAMES_MAX || names > left || argv > PV_ARGV_MAX || argv > left - names)
		return -EBADMSG;
	out->names = bytes + fixed;
	out->names_length = names;
	if (!is_abstract(out) && !names_are_whole(out->names, names))
		return -EBADMSG;
	out->argv = (const char *)bytes + fixed + names;
	out->argv_length = argv;
	return 0;
}

size_t record_comm_length(const char comm[16])
{
	return strnlen(comm, 16);
}
