/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The client's end of the control socket, see protocol.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "control/protocol.h"
#include "kernel/machine.h"
#include "util/util.h"

int client_connect(const char *run, unsigned patience, struct refusal *r)
{
	const struct timeval step = {.tv_sec = 1}, all = {.tv_sec = patience};
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0)
		return refuse(r, errno, PAVISE_NO_AGENT, "no socket (%s)", strerror(errno));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", run, PROTOCOL_SOCKET);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof(step));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &all, sizeof(all));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return refuse(r, errno, PAVISE_NO_AGENT, "the agent cannot be reached at %s (%s); %s",
			      address.sun_path, strerror(errno),
			      errno == EACCES ? "this needs root" : "start it with 'pavise agent'");
	return take_fd(&fd);
}

/* Everything up to the newline. Reads return once a second, so that somebody who waits is told why. */
static int read_line(int fd, unsigned patience, char **line)
{
	CLEANUP_FREE char *buffer = NULL;
	size_t size = 0, used = 0;
	unsigned waited = 0;

	for (;;) {
		ssize_t n;

		if (size - used < 4096) {
			char *grown = realloc(buffer, size ? size * 2 : 16384);

			if (!grown)
				return -ENOMEM;
			buffer = grown;
			size = size ? size * 2 : 16384;
		}
		n = read(fd, buffer + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && ++waited < patience) {
			if (waited == 1)
				say("waiting for the agent");
			continue;
		}
		if (n <= 0)
			return n ? -errno : -ECONNRESET;
		used += (size_t)n;
		if (used > PROTOCOL_MAX)
			return -EFBIG;
		if (buffer[used - 1] == '\n')
			break;
	}
	buffer[used] = '\0';
	*line = take_ptr(buffer);
	return 0;
}

json_t *client_ask(int fd, json_t *request, unsigned patience, struct refusal *r)
{
	CLEANUP_FREE char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	CLEANUP_FREE char *line = NULL;
	json_t *reply;
	int err = text ? 0 : -ENOMEM;

	json_decref(request);
	err = err ? err : write_all(fd, text, strlen(text));
	err = err ? err : write_all(fd, "\n", 1);
	err = err ? err : read_line(fd, patience, &line);
	if (err) {
		refuse(r, -err, PAVISE_NO_AGENT, "the agent gave no answer (%s)", strerror(-err));
		return NULL;
	}
	reply = json_loads(line, 0, NULL);
	if (!json_is_object(reply)) {
		json_decref(reply);
		refuse(r, EPROTO, PAVISE_NO_AGENT,
		       "the agent's answer cannot be understood; are both of one version?");
		return NULL;
	}
	return reply;
}

json_t *client_request(json_t *request, int *keep, struct refusal *r)
{
	CLEANUP_CLOSE int fd = client_connect(machine_paths.run, PATIENCE_WORK, r);
	json_t *reply;

	if (fd < 0) {
		json_decref(request);
		return NULL;
	}
	reply = client_ask(fd, request, PATIENCE_WORK, r);
	if (!reply)
		return NULL;
	if (!json_is_true(json_object_get(reply, "ok"))) {
		const char *error = json_string_value(json_object_get(reply, "error"));
		const char *diagnostics = json_string_value(json_object_get(reply, "diagnostics"));
		json_int_t code = json_integer_value(json_object_get(reply, "code"));

		if (diagnostics)
			fputs(diagnostics, stderr);
		refuse(r, EINVAL, code ? (enum exit_code)code : PAVISE_FAILED, "%s",
		       error ? error : "the agent refused");
		json_decref(reply);
		return NULL;
	}
	if (keep)
		*keep = take_fd(&fd);
	return reply;
}

json_t *client_call(json_t *request, int *code, int *keep)
{
	struct refusal r = {0};
	json_t *reply = client_request(request, keep, &r);

	if (!reply)
		*code = say_refusal(&r);
	return reply;
}
