/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Questions (see question.h).
 *
 * Words for addresses, protocols and families are read by the readers of the policy language, so they
 * are spelt the same and refused in the same words. Names come out in the form that the kernel side
 * gives them: an IPv4-mapped address is the IPv4 address, a path is normal.
 */
#include "author/question.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/frontend.h"
#include "policy/pattern.h"

#define PORT_MAX 65535

static const char *const protocol_names[256] = {
	[PV_PROTO_TCP] = "tcp",	  [PV_PROTO_UDP] = "udp",	[PV_PROTO_SCTP] = "sctp",
	[PV_PROTO_ICMP] = "icmp", [PV_PROTO_ICMPV6] = "icmpv6", [PV_PROTO_RAW] = "raw",
};

__attribute__((format(printf, 2, 3))) static int wrong(char error[QUESTION_ERROR], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, QUESTION_ERROR, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* Have a reader of the language read one word into `rule`. */
static int read_with(key_fn *read, const char *word, bool integer, struct policy_rule *rule,
		     char error[QUESTION_ERROR])
{
	struct node *node = calloc(1, sizeof(*node) + strlen(word) + 1);
	struct diags d = {0};
	struct source s = {.d = &d};

	if (!node)
		return wrong(error, "no memory");
	node->kind = integer ? NODE_INTEGER : NODE_STRING;
	strcpy(node->text, word);
	read(&s, node, NULL, rule);
	if (s.errors || s.no_memory)
		wrong(error, "%s", d.n ? d.items[0].message : "no memory");
	diags_free(&d);
	free(node);
	return s.errors || s.no_memory ? -EINVAL : 0;
}

static int read_one_byte(key_fn *read, const char *word, bool integer, unsigned *value,
			 char error[QUESTION_ERROR])
{
	struct policy_rule rule = {0};
	int err = read_with(read, word, integer, &rule, error);

	if (!err)
		*value = rule.n_protocols ? rule.protocols[0] : rule.families[0];
	free(rule.protocols);
	free(rule.families);
	return err;
}

/* A normal absolute path, to name[q->length..]. */
static int parse_path(const char *path, struct question *q, char error[QUESTION_ERROR])
{
	size_t length = strlen(path);

	if (*path != '/')
		return wrong(error, "'%.80s' is not an absolute path", path);
	if (length > PV_NAMES_MAX - 2)
		return wrong(error, "a path has at most %d bytes", PV_NAMES_MAX - 2);
	for (const char *p = path; *p && path[1]; p += strcspn(p, "/")) {
		size_t n = strcspn(++p, "/");

		if (!n || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return wrong(error,
				     "'%.80s' is not a path as the kernel names files: no empty component, "
				     "no '.' or '..', no '/' at the end",
				     path);
	}
	memcpy(q->name + q->length, path, length + 1);
	q->length += length;
	return 0;
}

static int parse_unix(const char *name, struct question *q, char error[QUESTION_ERROR])
{
	size_t length = strlen(name);

	q->name[q->length++] = PV_FAM_UNIX;
	if (*name != '@')
		return *name == '/' && name[1]
			       ? parse_path(name, q, error)
			       : wrong(error,
				       "'unix:%.80s': a unix socket is named by an absolute path, or "
				       "by '@' and its abstract name",
				       name);
	if (!name[1] || length > 108)
		return wrong(error, "'unix:%.80s': an abstract name has from 1 to 107 bytes after '@'", name);
	memcpy(q->name + q->length, name, length + 1);
	q->length += length;
	return 0;
}

static bool has_ports(unsigned protocol)
{
	return protocol == PV_PROTO_TCP || protocol == PV_PROTO_UDP || protocol == PV_PROTO_SCTP;
}

/* ":443", or nothing where there are no ports. */
static int parse_port(const char *text, unsigned protocol, unsigned *port, char error[QUESTION_ERROR])
{
	char *end;
	unsigned long value;

	*port = 0;
	if (!*text && !has_ports(protocol))
		return 0;
	if (*text != ':' || text[1] < '0' || text[1] > '9')
		return wrong(error, "a port is missing: ADDRESS:PORT, or [ADDRESS]:PORT for IPv6");
	value = strtoul(text + 1, &end, 10);
	if (*end || value > PORT_MAX)
		return wrong(error, "'%.20s' is not a port (0 to %d)", text + 1, PORT_MAX);
	*port = value;
	return 0;
}

static void put_address(struct question *q, const struct policy_cidr *address, unsigned protocol,
			unsigned port)
{
	unsigned size = address->family == 4 ? 4 : 16;

	q->name[0] = address->family == 4 ? PV_FAM_INET : PV_FAM_INET6;
	q->name[1] = protocol;
	memcpy(q->name + 2, address->addr, size);
	q->name[2 + size] = port >> 8;
	q->name[3 + size] = port & 255;
	q->length = 4 + size;
}

static int parse_address(const char *name, struct question *q, char error[QUESTION_ERROR])
{
	char address[INET6_ADDRSTRLEN + 2] = "";
	unsigned protocol = PV_PROTO_TCP, port = 0;
	char text[128], *host = text, *rest, *slash;
	struct policy_rule rule = {0};
	int err = 0;

	if (strlen(name) >= sizeof(text))
		return wrong(error, "'%.80s' is not ADDRESS:PORT[/PROTOCOL]", name);
	strcpy(text, name);
	slash = strrchr(text, '/');
	if (slash) {
		*slash = '\0';
		err = read_one_byte(read_protocol, slash + 1, false, &protocol, error);
	}
	host += *text == '[';
	rest = *text == '[' ? strchr(text, ']') : strchr(text, ':');
	if (*text != '[' && rest && strchr(rest + 1, ':'))
		rest = NULL; /* an IPv6 address without a port */
	if (*text == '[' && !rest)
		return wrong(error, "'%.80s': the '[' is not closed", name);
	if (rest && *rest == ']')
		*rest++ = '\0';
	snprintf(address, sizeof(address), "%.*s",
		 rest && *text != '[' ? (int)(rest - host) : (int)sizeof(address) - 1, host);
	if (!err)
		err = parse_port(rest ? rest : "", protocol, &port, error);
	if (!err)
		err = read_with(read_cidr, address, false, &rule, error);
	if (!err)
		put_address(q, &rule.cidrs.at[0], protocol, port);
	for (size_t i = 0; i < rule.cidrs.n; i++)
		free(rule.cidrs.at[i].text);
	free(rule.cidrs.at);
	return err;
}

static int parse_socket(const char *name, struct question *q, char error[QUESTION_ERROR])
{
	unsigned family = 0, protocol = PV_PROTO_TCP;
	char text[64], *slash;
	int err;

	if (strlen(name) >= sizeof(text))
		return wrong(error, "'%.80s' is not FAMILY[/PROTOCOL]", name);
	strcpy(text, name);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (!strcmp(text, "unix"))
		return wrong(error, "making unix sockets is never decided");
	err = read_one_byte(read_family, text, text[strspn(text, "0123456789")] == '\0', &family, error);
	if (!err && slash)
		err = read_one_byte(read_protocol, slash, false, &protocol, error);
	if (err)
		return err;
	if (family != AF_INET && family != AF_INET6 && slash)
		return wrong(error, "'%.80s': only the families inet and inet6 have protocols", name);
	q->name[0] = family == AF_INET ? PV_FAM_INET : family == AF_INET6 ? PV_FAM_INET6 : PV_FAM_OTHER;
	q->name[1] = q->name[0] == PV_FAM_OTHER ? family : protocol;
	q->length = 2;
	return 0;
}

static int parse_capability(const char *name, struct question *q, char error[QUESTION_ERROR])
{
	int number = policy_capability_number(name);

	if (number < 0)
		return wrong(error,
			     "'%.80s' is no capability (sys_admin, net_raw and so on, as in "
			     "capabilities(7), in lower case and without CAP_)",
			     name);
	q->capability = number;
	return 0;
}

static const char *what_names(unsigned access)
{
	return access <= PV_ACC_EXEC	     ? "a path"
	       : access == PV_ACC_SOCKET     ? "a family, such as inet/tcp"
	       : access == PV_ACC_CAPABILITY ? "the name of a capability"
					     : "an address, such as 10.0.0.1:443, or unix:/run/x";
}

int question_parse(const char *access, const char *name, struct question *q, char error[QUESTION_ERROR])
{
	int number = !strcmp(access, "capability") ? PV_ACC_CAPABILITY : policy_access_number(access);

	*q = (struct question){.access = number};
	if (number < 0)
		return wrong(
			error,
			"'%.80s' is no access (read, write, append, create, delete, rename, link, "
			"attributes, map, list, exec, connect, bind, listen, accept, socket, capability, "
			"mount, ptrace, bpf, modules, user-namespaces, anonymous-exec, io-uring, signal, "
			"perf, agent)",
			access);
	if (number >= PV_ACC_SYSTEM) {
		q->kind = QUESTION_SYSTEM;
		return name && *name ? wrong(error, "'%s' takes no name", access) : 0;
	}
	if (!name || !*name)
		return wrong(error, "'%s' needs %s", access, what_names(number));
	if (number <= PV_ACC_EXEC)
		return strcmp(name, PATTERN_NAMELESS) ? parse_path(name, q, error) : 0;
	if (number == PV_ACC_CAPABILITY) {
		q->kind = QUESTION_CAPABILITY;
		return parse_capability(name, q, error);
	}
	q->kind = QUESTION_NET;
	if (number == PV_ACC_SOCKET)
		return parse_socket(name, q, error);
	return !strncmp(name, "unix:", 5) ? parse_unix(name + 5, q, error) : parse_address(name, q, error);
}

enum policy_section question_section(unsigned access)
{
	if (access < PV_ACC_EXEC)
		return SECTION_FILES;
	if (access == PV_ACC_EXEC)
		return SECTION_EXEC;
	if (access == PV_ACC_CAPABILITY)
		return SECTION_CAPABILITIES;
	return access < PV_ACC_SYSTEM ? SECTION_NETWORK : SECTION_SYSTEM;
}

static void print_protocol(FILE *out, unsigned protocol)
{
	if (protocol_names[protocol])
		fprintf(out, "/%s", protocol_names[protocol]);
	else
		fprintf(out, "/%u", protocol);
}

void question_print_socket(FILE *out, const uint8_t *name, size_t length)
{
	bool six = length && name[0] == PV_FAM_INET6;
	size_t size = six ? 16 : 4;
	char text[INET6_ADDRSTRLEN] = "";

	if (length && name[0] == PV_FAM_UNIX) {
		fputs(length > 1 ? "unix:" : "unix: (without a name)", out);
		fwrite(name + 1, 1, length - 1, out);
	} else if (length == 2 && name[0] == PV_FAM_OTHER) {
		fprintf(out, "%u", name[1]);
	} else if (length == 2) {
		fputs(six ? "inet6" : "inet", out);
		print_protocol(out, name[1]);
	} else if (length == size + 4) {
		unsigned port = name[2 + size] << 8 | name[3 + size];

		inet_ntop(six ? AF_INET6 : AF_INET, name + 2, text, sizeof(text));
		fprintf(out, six ? "[%s]:%u" : "%s:%u", text, port);
		print_protocol(out, name[1]);
	}
}
