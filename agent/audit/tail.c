/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: each whole line of the log is shown once and in order, over rotation, truncation and
 * re-creation; memory is bounded whatever the file holds; nothing that is not one well-formed event
 * is passed on.
 *
 * How: the start is found by reading blocks from the end and counting lines; from there one forward
 * reader does everything, so -n and -f cannot disagree. To follow, the directory is watched (a file
 * that does not exist yet has no watch) and every wake-up compares the path with the open file.
 *
 * Rotation: the old file is left only when the new one has something in it. Its writer has then
 * switched, so what the old one holds by now is all it will ever hold, and it is read to the end
 * first. An inode number cannot be used again while we hold the file open, so (dev, ino) tells files
 * apart. A wake-up lost to a race or a file system without events costs one TAIL_WAIT_S.
 */
#include "tail.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compact.h"
#include "policy/utf8.h"
#include "text.h"
#include "util/util.h"

#define TAIL_BLOCK    65536
#define TAIL_LINE_MAX (4u << 20)
#define TAIL_WAIT_S   1

struct tail {
	const struct tail_options *options;
	struct compact_options compact;
	FILE *out, *err;
	char *directory;
	int fd; /* -1: no file yet */
	dev_t dev;
	ino_t ino;
	off_t offset; /* in the file, of the buffer's first byte */
	char *buffer; /* bytes after the last newline */
	size_t length, capacity;
	bool skipping; /* within a line that is too long */
	int inotify;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void complain(struct tail *t, off_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct tail *t, off_t offset, const char *fmt, ...)
{
	va_list args;

	fputs("pavise: ", t->err);
	compact_print_text(t->options->path, strlen(t->options->path), t->err);
	fprintf(t->err, ": byte %lld: ", (long long)offset);
	va_start(args, fmt);
	vfprintf(t->err, fmt, args);
	va_end(args);
	fputc('\n', t->err);
	fflush(t->err);
}

/* ---- one line ---- */

/* Why it is not an event, or NULL with the event in *event. */
static const char *parse_line(const char *line, size_t length, json_t **event)
{
	json_t *root;

	for (size_t i = 0, n; i < length; i += n) {
		uint32_t code;

		n = utf8_decode(line + i, length - i, &code);
		if (!n)
			return "bytes that are not UTF-8";
		if (text_is_unsafe(code))
			return "a control or invisible character";
	}
	root = json_loadb(line, length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return "not valid JSON";
	if (!json_is_string(json_object_get(root, "type"))) {
		json_decref(root);
		return "no event";
	}
	*event = root;
	return NULL;
}

static bool has_filter(const struct tail_options *options)
{
	return options->deny || options->policy;
}

static bool passes(const struct tail_options *options, json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	json_t *decision = json_object_get(event, "decision"), *held = json_object_get(event, "held");
	json_t *policy = json_object_get(decision ? decision : held, "policy");
	const char *name = json_string_value(json_object_get(policy, "name"));

	if (options->deny && strcmp(type, "deny") && strcmp(type, "would_deny"))
		return false;
	return !options->policy || (name && !strcmp(name, options->policy));
}

static void show_line(struct tail *t, const char *line, size_t length, off_t offset)
{
	json_t *event;
	const char *fault = parse_line(line, length, &event);

	if (fault) {
		complain(t, offset, "line skipped: %s", fault);
		return;
	}
	if (passes(t->options, event)) {
		if (t->options->json) {
			fwrite(line, 1, length, t->out);
			fputc('\n', t->out);
		} else {
			compact_print(&t->compact, event, t->out);
		}
	}
	json_decref(event);
}

/* ---- where to begin ---- */

/* Up to `size` bytes at `offset`; fewer at the end of the file. */
static ssize_t read_at(int fd, char *data, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, data + done, size - done, offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += n;
	}
	return done;
}

/* Whether the line in [start, end), newline included, is one of those that -n counts. */
static bool counts(struct tail *t, off_t start, off_t end)
{
	CLEANUP_FREE char *line = NULL;
	json_t *event;
	bool yes;

	if (!has_filter(t->options))
		return true;
	if (end - start > TAIL_LINE_MAX)
		return false;
	line = malloc(end - start);
	if (!line || read_at(t->fd, line, end - start, start) != end - start ||
	    parse_line(line, end - start - 1, &event))
		return false;
	yes = passes(t->options, event);
	json_decref(event);
	return yes;
}

/* The offset from which options->lines whole lines follow (or all there are). 0 or -errno. */
static int find_start(struct tail *t, off_t size, off_t *start)
{
	CLEANUP_FREE char *block = malloc(TAIL_BLOCK);
	off_t end = -1; /* of the line at hand; -1: its newline has not been met */
	size_t found = 0;

	if (!block)
		return -ENOMEM;
	while (size > 0) {
		size_t want = size < TAIL_BLOCK ? size : TAIL_BLOCK;
		ssize_t n;

		size -= want;
		n = read_at(t->fd, block, want, size);
		if (n < 0)
			return n;
		for (ssize_t i = n; i-- > 0;) {
			off_t next = size + i + 1;

			if (block[i] != '\n')
				continue;
			found += end >= 0 && counts(t, next, end);
			end = next;
			if (found == t->options->lines) {
				*start = next;
				return 0;
			}
		}
	}
	*start = 0;
	return 0;
}

/* ---- forward ---- */

static void show_lines(struct tail *t)
{
	size_t start = 0;
	char *newline;

	while ((newline = memchr(t->buffer + start, '\n', t->length - start))) {
		size_t end = newline - t->buffer;

		if (!t->skipping)
			show_line(t, t->buffer + start, end - start, t->offset + start);
		t->skipping = false;
		start = end + 1;
	}
	if (t->skipping)
		start = t->length;
	t->offset += start;
	t->length -= start;
	memmove(t->buffer, t->buffer + start, t->length);
	if (t->length >= TAIL_LINE_MAX) {
		complain(t, t->offset, "line skipped: longer than %u bytes", TAIL_LINE_MAX);
		t->skipping = true;
		t->offset += t->length;
		t->length = 0;
	}
}

/* Everything up to the present end of the file. 0 or -errno. */
static int read_on(struct tail *t)
{
	while (!stopped) {
		ssize_t n;

		if (t->capacity - t->length < TAIL_BLOCK) {
			char *buffer = realloc(t->buffer, t->capacity + TAIL_BLOCK);

			if (!buffer)
				return -ENOMEM;
			t->buffer = buffer;
			t->capacity += TAIL_BLOCK;
		}
		n = pread(t->fd, t->buffer + t->length, TAIL_BLOCK, t->offset + t->length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		t->length += n;
		show_lines(t);
		if (ferror(t->out))
			return -EPIPE;
	}
	return 0;
}

/* The file will not go on: what follows the last newline is no line. */
static void give_up_rest(struct tail *t)
{
	if (t->length)
		complain(t, t->offset, "the last line is not complete (%zu bytes)", t->length);
	t->length = 0;
	t->skipping = false;
}

static int open_log(struct tail *t)
{
	struct stat st;
	int fd = open(t->options->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
	if (r) {
		close(fd);
		return r;
	}
	if (t->fd >= 0)
		close(t->fd);
	t->fd = fd;
	t->dev = st.st_dev;
	t->ino = st.st_ino;
	t->offset = 0;
	return 0;
}

/* ---- follow ---- */

/* Whether there is something new to read: a file where none was, another one, or the same cut. */
static bool has_changed(struct tail *t, int *error)
{
	struct stat st;

	*error = 0;
	if (stat(t->options->path, &st))
		return false; /* rotated away; the next one will come */
	if (t->fd < 0)
		return !open_log(t);
	if (st.st_dev == t->dev && st.st_ino == t->ino) {
		if (st.st_size >= t->offset + (off_t)t->length)
			return false;
		complain(t, t->offset, "the file was cut to %lld bytes: reading it from its start",
			 (long long)st.st_size);
		t->offset = 0;
		t->length = 0;
		t->skipping = false;
		return true;
	}
	if (!st.st_size)
		return false;
	*error = read_on(t);
	if (*error)
		return false;
	give_up_rest(t);
	return !open_log(t);
}

static void wait_for_change(struct tail *t, const sigset_t *waiting)
{
	const struct timespec timeout = {.tv_sec = TAIL_WAIT_S};
	struct pollfd pollfd = {.fd = t->inotify, .events = POLLIN};
	char events[4096];

	if (ppoll(&pollfd, 1, &timeout, waiting) > 0)
		while (read(t->inotify, events, sizeof(events)) > 0)
			;
}

/* The directory may come and go: a watch that is there already costs nothing. */
static void watch_directory(struct tail *t)
{
	inotify_add_watch(t->inotify, t->directory,
			  IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ATTRIB);
}

static int follow(struct tail *t)
{
	sigset_t blocked, before;
	int r = 0;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	while (!r && !stopped) {
		watch_directory(t);
		if (t->fd >= 0)
			r = read_on(t);
		if (r || has_changed(t, &r))
			continue;
		if (fflush(t->out) && !stopped)
			r = -EPIPE;
		/* a signal after the last look at `stopped` must end the wait: only ppoll() takes it */
		sigprocmask(SIG_BLOCK, &blocked, &before);
		if (!r && !stopped)
			wait_for_change(t, &before);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	return stopped ? 0 : r;
}

static int follow_until_signal(struct tail *t)
{
	struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: a write must end too */
	struct sigaction old_int, old_term;
	int r;

	t->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (t->inotify < 0)
		return -errno;
	sigaction(SIGINT, &action, &old_int);
	sigaction(SIGTERM, &action, &old_term);
	r = follow(t);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	close(t->inotify);
	return r;
}

/* ---- the command ---- */

/* Open the file, and go to where -n begins. A missing file is no error when it may come. */
static int begin(struct tail *t)
{
	struct stat st;
	int r = open_log(t);

	if (r == -ENOENT && t->options->follow) {
		fputs("pavise: ", t->err);
		compact_print_text(t->options->path, strlen(t->options->path), t->err);
		fputs(": not there yet, waiting\n", t->err);
		fflush(t->err);
		return 0;
	}
	if (r)
		return r;
	if (fstat(t->fd, &st))
		return -errno;
	return find_start(t, st.st_size, &t->offset);
}

int tail_run(const struct tail_options *options)
{
	struct tail t = {.options = options, .fd = -1};
	const char *no_colour = getenv("NO_COLOR");
	CLEANUP_FREE char *path = strdup(options->path);
	int r;

	if (!path)
		return -ENOMEM;
	stopped = 0;
	t.directory = dirname(path);
	t.out = options->out ? options->out : stdout;
	t.err = options->err ? options->err : stderr;
	t.compact.utc = options->utc;
	t.compact.colour = isatty(fileno(t.out)) && (!no_colour || !*no_colour);
	tzset();
	r = begin(&t);
	if (!r && options->follow) {
		r = follow_until_signal(&t);
	} else if (!r) {
		r = read_on(&t);
		if (!r)
			give_up_rest(&t);
	}
	if (fflush(t.out) && !r && !stopped)
		r = -EPIPE;
	if (t.fd >= 0)
		close(t.fd);
	free(t.buffer);
	return r;
}
