/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What can only be read of a process by waiting for it: a child of the agent does that.
 *
 * Guarantees: no process and no file server holds the agent up for longer than READER_WAIT_MS at once, nor
 * in a window of READER_WINDOW_MS for longer than READER_BUDGET_MS and one such wait together, READER_FREE_MS
 * for each question aside. What was not answered by then is not known, which is not taken for anything else.
 * Nothing wakes an idle agent.
 *
 * How: the reader gets a question at a time through a socket and answers it. One that does not answer in time
 * is killed and not waited for, and the next question goes to a new one. What was waited for answers counts,
 * whether they came or not, and once the budget is used up no question is asked until the window is over.
 *
 * Why this is sound: what waits in the kernel can be left behind only by another process, and its end cannot
 * be relied upon, since some file systems wait where no signal ends it: as many as READER_ENDED_MAX may be
 * left unfinished, and while they are, there is no other one. An answer cannot be taken for that of another
 * question, since a reader that has not answered is asked nothing more. The reader has no descriptor but its
 * socket, and nothing in its memory that is shared with the kernel or the agent. It ends with the agent.
 */
#ifndef PAVISE_READER_H
#define PAVISE_READER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "audit/table.h"
#include "subject/descriptor.h"

#define READER_WAIT_MS	 500
#define READER_FREE_MS	 2
#define READER_BUDGET_MS 2000
#define READER_WINDOW_MS 60000
#define READER_ENDED_MAX 4

struct reader {
	pid_t pid; /* 0: there is none */
	int fd;
	pid_t ended[READER_ENDED_MAX]; /* killed or dead, not known to be gone */
	size_t n_ended;
	uint64_t window_ms, waited_ms; /* since when, and how long then */
};

/* Start the first one, while the agent is small. Where that fails it is tried again by the first question. */
void reader_open(struct reader *r);
void reader_close(struct reader *r);

/*
 * What the process runs: see procfs_text(). Without arguments where these could not be read; NULL as there.
 */
struct process_text *reader_text(struct reader *r, uint32_t pid, uint64_t start_ns);

/* descriptor_stat() of a descriptor of the process. -EAGAIN: there was no answer; or -errno. */
int reader_stat(struct reader *r, uint32_t pid, uint64_t start_ns, int number, struct descriptor_file *file);

#endif
