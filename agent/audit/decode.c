/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: no byte outside the given record is read, whatever the record says of itself; what is
 * accepted has every length in bounds.
 *
 * How: the fixed part is copied out first, once, so that a check and the use after it see the same
 * value; each length is compared with what is left, never added to another before. The component
 * list is checked in full before the path is written.
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

/* Every component lies within the list. Read from the end, where the root is. */
static bool names_are_sound(const unsigned char *names, size_t length)
{
	while (length) {
		size_t n = names[--length];

		if (n > length)
			return false;
		length -= n;
	}
	return true;
}

/*
 * A component of n bytes takes n + 1 in the list and, with its slash, n + 1 in the path: the path is
 * exactly as long as the list.
 */
static size_t names_to_path(const unsigned char *names, size_t length, char *path)
{
	char *p = path;

	while (length) {
		size_t n = names[--length];

		length -= n;
		*p++ = '/';
		memcpy(p, names + length, n);
		p += n;
	}
	*p = 0;
	return p - path;
}

int record_decode(const void *data, size_t size, struct record *out)
{
	const unsigned char *bytes = data;
	size_t fixed, left, names = 0, argv = 0;
	bool components = true;
	struct pv_record head;
	typeof(out->u) u = {0};

	if (size < sizeof(head))
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	fixed = record_fixed_size(head.type);
	if (!fixed || head.size < fixed || head.size > size)
		return -EBADMSG;
	memcpy(&u, bytes, fixed);
	left = head.size - fixed;

	if (head.type == PV_REC_DECISION) {
		if (PV_CELL_VERDICT(u.decision.cell) > PV_WOULD_DENY)
			return -EBADMSG;
		names = u.decision.names_len;
		components = u.decision.walk != PV_WALK_ABSTRACT;
	} else if (head.type == PV_REC_EXEC) {
		names = u.exec.names_len;
		argv = u.exec.argv_len;
	}
	if (names > PV_NAMES_MAX || names > left || argv > PV_ARGV_MAX || argv > left - names ||
	    (components && !names_are_sound(bytes + fixed, names)))
		return -EBADMSG;

	memcpy(&out->u, &u, sizeof(u));
	if (components) {
		out->path_length = names_to_path(bytes + fixed, names, out->path);
	} else {
		/* as /proc/net/unix shows it, and as it is matched */
		for (size_t i = 0; i < names; i++)
			out->path[i] = bytes[fixed + i] ? (char)bytes[fixed + i] : '@';
		out->path[names] = 0;
		out->path_length = names;
	}
	out->argv = (const char *)bytes + fixed + names;
	out->argv_length = argv;
	return 0;
}

size_t record_comm_length(const char comm[16])
{
	return strnlen(comm, 16);
}
