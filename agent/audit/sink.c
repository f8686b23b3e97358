/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guarantees: lines come out whole and in order, or are counted as lost; what one crash tore is
 * terminated before the next line; a full disk costs what does not fit the buffer, and once there is
 * room the count of it is told before anything else is written.
 *
 * How: lines gather in a buffer that a flush hands to write(2), and so does the line that makes a batch full:
 * more at once is no cheaper, and takes memory. A short write takes its bytes off the front, so the rest of a
 * torn line goes out first when writing works again. While it does not, lines are kept as long as they fit;
 * from the first that does not, all are lost until the buffer has been written out: the gap is one piece, and
 * its place in the log is where the loss record stands.
 *
 * Sound because a line leaves the buffer only by the bytes that the kernel took, and because every
 * refusal passes sink_lose().
 */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/util.h"

#define BATCH (64u << 10) /* bytes */

struct sink {
	char *path;
	int fd;
	int error;    /* of the last write, 0 when it worked */
	int cause;    /* of the first loss that is not told */
	bool torn;    /* the file ends within a line that is not ours */
	bool midline; /* the buffer begins within a line */
	uint64_t last_seq;
	uint64_t written, lost, untold, pending;
	size_t capacity, length;
	char *buffer;
};

static bool is_stdout(const struct sink *s)
{
	return !strcmp(s->path, "-");
}

/* Write all of it; how much went out, with the cause in *error when that is less. */
static size_t write_out(int fd, const char *data, size_t length, int *error)
{
	size_t done = 0;

	*error = 0;
	while (done < length) {
		ssize_t n = write(fd, data + done, length - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*error = n ? errno : EIO;
			break;
		}
		done += n;
	}
	return done;
}

static uint64_t count_lines(const char *data, size_t length)
{
	const char *end = data + length;
	uint64_t n = 0;

	while ((data = memchr(data, '\n', end - data))) {
		data++;
		n++;
	}
	return n;
}

int sink_flush(struct sink *s)
{
	size_t done;
	uint64_t lines;

	if (s->torn && write_out(s->fd, "\n", 1, &s->error) == 1)
		s->torn = false;
	if (s->torn)
		return -s->error;
	if (!s->length) {
		s->error = 0;
		return 0;
	}
	done = write_out(s->fd, s->buffer, s->length, &s->error);
	if (done) {
		lines = done == s->length ? s->pending : count_lines(s->buffer, done);
		s->midline = s->buffer[done - 1] != '\n';
		s->written += lines;
		s->pending -= lines;
		s->length -= done;
		memmove(s->buffer, s->buffer + done, s->length);
	}
	return -s->error;
}

void sink_lose(struct sink *s, int error)
{
	if (!s->untold)
		s->cause = error;
	s->untold++;
	s->lost++;
}

int sink_append(struct sink *s, const char *line, size_t length)
{
	int error = 0;

	if (length > s->capacity)
		error = E2BIG;
	else if (s->error && s->untold)
		error = s->error; /* a gap has begun: it ends when writing works */
	else if (length > s->capacity - s->length && sink_flush(s) && length > s->capacity - s->length)
		error = s->error;
	if (error) {
		sink_lose(s, error);
		return -error;
	}
	if (line != s->buffer + s->length)
		memcpy(s->buffer + s->length, line, length);
	s->length += length;
	s->pending++;
	if (s->length >= BATCH && !s->error)
		sink_flush(s); /* what it cannot write stays */
	return 0;
}

char *sink_room(struct sink *s, size_t *room)
{
	*room = s->capacity - s->length;
	return s->buffer + s->length;
}

uint64_t sink_loss(const struct sink *s)
{
	return s->untold;
}

int sink_loss_cause(const struct sink *s)
{
	return s->cause;
}

void sink_loss_told(struct sink *s, uint64_t count)
{
	s->untold -= count;
}

bool sink_works(const struct sink *s)
{
	return !s->error;
}

uint64_t sink_last_seq(const struct sink *s)
{
	return s->last_seq;
}

void sink_stats(const struct sink *s, struct sink_stats *out)
{
	*out = (struct sink_stats){.written = s->written, .lost = s->lost, .pending = s->pending};
}

/* Whether the line is one of ours; its number. */
static bool line_seq(const char *line, size_t length, uint64_t *seq)
{
	json_t *root = json_loadb(line, length, JSON_ALLOW_NUL, NULL);
	json_t *value = json_object_get(root, "seq");
	bool ok = json_is_integer(value) && json_integer_value(value) >= 0;

	if (ok)
		*seq = json_integer_value(value);
	json_decref(root);
	return ok;
}

/*
 * How the file ends: whether within a line, and the number of the last line that can be read. Looks
 * at the last two buffers' worth of bytes: there is a whole line in them unless someone else wrote.
 */
static int read_end(int fd, size_t capacity, bool *torn, uint64_t *last_seq)
{
	struct stat st;
	size_t size, length = 0, end;
	uint64_t seq = 0;
	char *data;

	if (fstat(fd, &st))
		return -errno;
	size = (uint64_t)st.st_size > 2 * capacity ? 2 * capacity : (size_t)st.st_size;
	data = malloc(size + 1);
	if (!data)
		return -ENOMEM;
	while (length < size) {
		ssize_t n = pread(fd, data + length, size - length, st.st_size - size + length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			n = -errno;
			free(data);
			return n;
		}
		if (!n)
			break;
		length += n;
	}
	*torn = length && data[length - 1] != '\n';
	for (end = length; end;) {
		size_t start = end - 1;

		while (start && data[start - 1] != '\n')
			start--;
		if (line_seq(data + start, end - start, &seq))
			break;
		end = start;
	}
	*last_seq = seq;
	free(data);
	return 0;
}

/* The directory, when it is missing. */
static int make_parent(const char *path)
{
	CLEANUP_FREE char *copy = strdup(path);

	return copy ? make_directory(dirname(copy), 0750) : -ENOMEM;
}

/* Read access is for the file's end; and with it, opening a pipe does not wait for a reader. */
static int open_file(const char *path)
{
	const int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
	struct stat st;
	int fd = open(path, flags, 0640);
	int r;

	if (fd < 0 && errno == ENOENT) {
		r = make_parent(path);
		if (r)
			return r;
		fd = open(path, flags, 0640);
	}
	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) ? -errno : 0;
	if (!r && !S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		r = -EINVAL;
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

static int open_and_read(const char *path, size_t capacity, bool *torn, uint64_t *last_seq)
{
	int fd = open_file(path);
	struct stat st;
	int r;

	*torn = false;
	*last_seq = 0;
	if (fd < 0)
		return fd;
	r = fstat(fd, &st) ? -errno : 0;
	if (!r && S_ISREG(st.st_mode))
		r = read_end(fd, capacity, torn, last_seq);
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

static void sink_free(struct sink *s)
{
	free(s->path);
	free(s->buffer);
	free(s);
}

int sink_open(const char *path, size_t capacity, struct sink **out)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->capacity = capacity;
	s->path = strdup(path);
	s->buffer = malloc(capacity);
	if (!s->path || !s->buffer) {
		sink_free(s);
		return -ENOMEM;
	}
	if (is_stdout(s))
		s->fd = STDOUT_FILENO;
	else
		s->fd = open_and_read(path, capacity, &s->torn, &s->last_seq);
	if (s->fd < 0) {
		int r = s->fd;

		sink_free(s);
		return r;
	}
	*out = s;
	return 0;
}

/* The rest of a line whose beginning is in a file that is given up. */
static void drop_torn(struct sink *s)
{
	char *newline;

	if (!s->midline)
		return;
	newline = memchr(s->buffer, '\n', s->length);
	s->length -= newline + 1 - s->buffer;
	memmove(s->buffer, newline + 1, s->length);
	s->midline = false;
	s->pending--;
	sink_lose(s, s->error);
}

int sink_descriptor(const struct sink *s)
{
	return s->fd;
}

int sink_reopen(struct sink *s)
{
	uint64_t last_seq;
	bool torn;
	int fd;

	sink_flush(s);
	if (is_stdout(s))
		return 0;
	fd = open_and_read(s->path, s->capacity, &torn, &last_seq);
	if (fd < 0)
		return fd;
	drop_torn(s);
	close(s->fd);
	s->fd = fd;
	s->torn = torn;
	sink_flush(s);
	return 0;
}

int sink_close(struct sink *s, uint64_t *left)
{
	int r = sink_flush(s);

	if (left)
		*left = s->pending;
	if (!is_stdout(s))
		close(s->fd);
	sink_free(s);
	return r;
}
