/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The control socket: connections, lines in, lines out. What requests mean stands in operations.c.
 *
 * Peers are root, by the kernel's word (SO_PEERCRED, taken when they connected); others are closed
 * at once. Nothing here blocks: a client that neither reads nor writes holds its own buffers, whose
 * number and size are bounded, and nothing else. When a client goes, memory that is free goes back to the
 * system, so that an agent at rest is not as large as its largest request made it.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "control/agent.h"
#include "control/operations.h"
#include "control/protocol.h"
#include "util/util.h"

#define READ_SIZE 65536

struct client {
	struct client *next;
	struct agent *agent;
	struct loop_source source;
	struct peer peer;
	char *in;
	size_t in_used, in_size;
	char *out;
	size_t out_at, out_used;
};

static void client_free(struct client *c)
{
	struct agent *a = c->agent;
	struct client **at = &a->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	a->n_clients--;
	loop_remove(&a->loop, &c->source);
	close(c->source.fd);
	free(c->in);
	free(c->out);
	runs_release(a, c);
	free(c);
	malloc_trim(0); /* a policy set, its text and what compiling it took may have been freed */
}

/* Send what there is; 0 also when the rest has to wait. */
static int client_send(struct client *c)
{
	while (c->out_at < c->out_used) {
		ssize_t n = send(c->source.fd, c->out + c->out_at, c->out_used - c->out_at,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return loop_change(&c->agent->loop, &c->source, EPOLLOUT);
		if (n < 0 && errno != EINTR)
			return -errno;
		c->out_at += n > 0 ? (size_t)n : 0;
	}
	free(c->out);
	c->out = NULL;
	c->out_at = c->out_used = 0;
	return loop_change(&c->agent->loop, &c->source, EPOLLIN);
}

static int client_reply(struct client *c, json_t *reply)
{
	CLEANUP_FREE char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	json_decref(reply);
	if (!text)
		return -ENOMEM;
	c->out = strfmt("%s\n", text);
	if (!c->out)
		return -ENOMEM;
	c->out_used = strlen(c->out);
	return client_send(c);
}

/* Take the first line of the buffer, if it is complete, and answer it. */
static int client_line(struct client *c)
{
	char *end = memchr(c->in, '\n', c->in_used);
	json_t *request;
	int err;

	if (!end)
		return c->in_used > PROTOCOL_MAX ? -EFBIG : 0;
	request = json_loadb(c->in, (size_t)(end - c->in), 0, NULL);
	c->in_used -= (size_t)(end + 1 - c->in);
	memmove(c->in, end + 1, c->in_used);
	err = client_reply(c, operation_perform(c->agent, &c->peer, c, request));
	json_decref(request);
	return err;
}

static int client_read(struct client *c)
{
	ssize_t n;

	if (c->in_size - c->in_used < READ_SIZE) {
		size_t size = c->in_size ? c->in_size * 2 : 2 * READ_SIZE;
		char *grown = realloc(c->in, size);

		if (!grown)
			return -ENOMEM;
		c->in = grown;
		c->in_size = size;
	}
	n = recv(c->source.fd, c->in + c->in_used, READ_SIZE, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!n)
		return -ECONNRESET;
	c->in_used += (size_t)n;
	return client_line(c);
}

static int client_ready(struct loop_source *source, uint32_t events)
{
	struct client *c = source->owner;
	int err;

	if (events & EPOLLOUT)
		err = client_send(c);
	else
		err = client_read(c);
	/* a line that waited behind a long reply */
	while (!err && !c->out && c->in_used && memchr(c->in, '\n', c->in_used))
		err = client_line(c);
	if (err || (c->out && events & (EPOLLHUP | EPOLLERR)))
		client_free(c);
	return 0;
}

static int client_add(struct agent *a, int fd)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);
	struct client *c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size))
		return -errno;
	if (cred.uid || a->n_clients >= PROTOCOL_CLIENTS_MAX)
		return -EPERM;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	*c = (struct client){
		.next = a->clients,
		.agent = a,
		.source = {.fd = fd, .ready = client_ready, .owner = c},
		.peer = {.pid = cred.pid, .uid = cred.uid},
	};
	if (loop_add(&a->loop, &c->source, EPOLLIN)) {
		free(c);
		return -ENOMEM;
	}
	a->clients = c;
	a->n_clients++;
	return 0;
}

static int listener_ready(struct loop_source *source, uint32_t events)
{
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0 && client_add(source->owner, fd))
		close(fd);
	return 0;
}

int server_open(struct agent *a, struct refusal *r)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", a->paths->run, PROTOCOL_SOCKET);
	/* The lock is ours, so a socket that is there is nobody's. */
	unlink(address.sun_path);
	if (fd < 0 || fchmod(fd, 0600) || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 64))
		return refuse(r, errno, PAVISE_NO_STATE, "the control socket %s cannot be made (%s)",
			      address.sun_path, strerror(errno));
	a->listener = (struct loop_source){.fd = fd, .ready = listener_ready, .owner = a};
	if (loop_add(&a->loop, &a->listener, EPOLLIN))
		return refuse(r, errno, PAVISE_NO_STATE, "the control socket cannot be waited for (%s)",
			      strerror(errno));
	take_fd(&fd);
	return 0;
}

void server_close(struct agent *a)
{
	while (a->clients)
		client_free(a->clients);
	if (!a->listener.owner)
		return;
	CLEANUP_FREE char *path = strfmt("%s/%s", a->paths->run, PROTOCOL_SOCKET);

	if (path)
		unlink(path);
	close(a->listener.fd);
	a->listener = (struct loop_source){.fd = -1};
}
