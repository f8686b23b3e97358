/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pavise agent: the start-up in order, the loop, the way out.
 *
 * Start-up checks what is cheap and certain first and touches the kernel last. Fresh programs count
 * only when the self-test has passed and the policies given are in force; until then their pins are
 * pending, and any failure takes all of it down again. Adopted pins are never taken down: whatever
 * happens to the agent, enforcement stays.
 *
 * Its files are kept from who is governed (bpf/include/agent.bpf.h): its state, its program, what
 * --policies names, and its log: in the usual folder all that is there, in another one that folder's own
 * name and attributes.
 */
#include <errno.h>
#include <libgen.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "commands/commands.h"
#include "control/agent.h"
#include "control/lock.h"
#include "control/operations.h"
#include "control/protocol.h"
#include "control/store.h"
#include "util/util.h"

#define POLICIES_MAX 64

struct settings {
	const char *log;
	enum audit_lineage lineage;
	char *policies[POLICIES_MAX];
	size_t n_policies;
	json_t *files; /* what the policies hold */
};

static const struct decision *lookup_decision(void *context, unsigned generation, uint32_t cell)
{
	struct agent *a = context;

	return live_decision(&a->live, generation, cell);
}

static bool lookup_cgroup(void *context, uint64_t id, char *text, size_t size)
{
	struct agent *a = context;
	const char *path = cgroup_path(&a->cgroups, id);

	return path && (size_t)snprintf(text, size, "%s", path) < size;
}

static struct process_text *read_process(void *context, uint32_t pid, uint64_t start_ns)
{
	struct agent *a = context;

	return reader_text(&a->reader, pid, start_ns);
}

static void note_governed(void *context, const struct pv_process *process, bool born)
{
	held_note(context, process, born);
}

static int take_lock(struct agent *a, struct refusal *r)
{
	a->lock = lock_take(a->paths->run, true);
	if (a->lock == -EAGAIN)
		return refuse(r, EAGAIN, PAVISE_SECOND_AGENT,
			      "%s/%s is locked, so another agent is running; 'pavise status' shows it",
			      a->paths->run, PROTOCOL_LOCK);
	if (a->lock < 0)
		return refuse(r, -a->lock, PAVISE_NO_STATE, "%s/%s cannot be locked (%s)", a->paths->run,
			      PROTOCOL_LOCK, strerror(-a->lock));
	return 0;
}

static int open_log(struct agent *a, const struct settings *s, struct refusal *r)
{
	struct audit_options options = {
		.path = s->log,
		.lineage = s->lineage,
		.lookup = lookup_decision,
		.cgroup_path = lookup_cgroup,
		.read_process = read_process,
		.governed = note_governed,
		.ctx = a,
	};
	int err = audit_open(&options, &a->audit);

	a->log_path = s->log;
	if (err)
		return refuse(r, -err, PAVISE_NO_LOG,
			      "the audit log %s cannot be opened (%s); give another one with --log", s->log,
			      strerror(-err));
	return 0;
}

/* Tell the kernel side of this process and its files; `log_only`: of the log, which is another. */
static int guard(struct agent *a, bool log_only, struct refusal *r)
{
	CLEANUP_FREE char *sets = strfmt("%s/%s", a->paths->run, STORE_SETS);
	CLEANUP_FREE char *log = strdup(a->log_path), *usual = strdup(LOG_PATH);
	struct own_files own = {.sets = sets,
				.log = audit_descriptor(a->audit),
				.policies = a->policies,
				.n_policies = a->n_policies};

	if (!sets || !log || !usual)
		return refuse(r, ENOMEM, PAVISE_FAILED, "out of memory");
	if (strcmp(log, "-"))
		own.log_folder = dirname(log);
	own.log_folder_whole = own.log_folder && !strcmp(own.log_folder, dirname(usual));
	return log_only ? kernel_guard_log(&a->kernel, &own) : kernel_guard(&a->kernel, &own, r);
}

static void reopen_log(struct agent *a)
{
	struct refusal r = {0};
	int err = audit_reopen(a->audit);

	if (err) {
		say_warning("the log %s cannot be opened again (%s); the old file stays in use", a->log_path,
			    strerror(-err));
		return;
	}
	err = guard(a, true, &r);
	if (err)
		say_warning("the log %s is not kept from who is governed (%s)", a->log_path, strerror(-err));
}

static int signal_ready(struct loop_source *source, uint32_t events)
{
	struct agent *a = source->owner;
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo == SIGHUP) {
		reopen_log(a);
		return 0;
	}
	a->loop.stop = true;
	return 0;
}

static int open_loop(struct agent *a, struct refusal *r)
{
	sigset_t set;
	int err = loop_open(&a->loop);

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	a->signals = (struct loop_source){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .ready = signal_ready, .owner = a};
	if (!err)
		err = loop_add(&a->loop, &a->signals, EPOLLIN);
	if (err)
		return refuse(r, -err, PAVISE_NO_STATE, "no event loop (%s)", strerror(-err));
	a->loop.before_wait = rings_before_wait;
	a->loop.owner = a;
	return 0;
}

static void agent_close(struct agent *a)
{
	runs_close(a);
	server_close(a);
	rings_close(a);
	held_close(a);
	if (a->audit)
		audit_close(a->audit, NULL);
	a->audit = NULL;
	live_close(&a->live);
	kernel_close(&a->kernel);
	reader_close(&a->reader);
	cgroups_close(&a->cgroups);
	if (a->signals.owner)
		close(a->signals.fd);
	loop_close(&a->loop);
	if (a->lock >= 0)
		close(a->lock);
	a->lock = -1;
}

/* What needs nothing of the kernel yet. */
static int prepare(struct agent *a, const struct settings *s, struct refusal *r)
{
	int err = machine_probe(a->paths, &a->machine);

	if (err)
		return refuse(r, -err, PAVISE_FAILED, "%s, %s or %s cannot be read (%s); is /proc mounted?",
			      a->paths->release, a->paths->status, a->paths->mounts, strerror(-err));
	err = machine_check(a->paths, &a->machine, r);
	if (err)
		return err;
	err = store_prepare(a->paths->run);
	if (err)
		return refuse(r, -err, PAVISE_NO_STATE, "the directory %s cannot be made (%s)", a->paths->run,
			      strerror(-err));
	err = take_lock(a, r);
	err = err ? err : open_loop(a, r);
	if (err)
		return err;
	err = cgroups_open(&a->cgroups, a->machine.cgroup2);
	if (err)
		return refuse(r, -err, PAVISE_NO_CGROUP2, "%s cannot be opened (%s)", a->machine.cgroup2,
			      strerror(-err));
	reader_open(&a->reader); /* SIGCHLD is as it is to be, and there is little in memory yet */
	return open_log(a, s, r);
}

/* Put the policies of the command line in force, beside those that are. */
static int apply_policies(struct agent *a, const struct settings *s, struct refusal *r)
{
	const struct peer self = {getpid(), 0};
	json_t *added = json_array(), *removed = json_array();
	struct diags d = {0};
	int err = 0;

	if (s->files && a->live.unknown)
		say_warning("--policies is not followed: the set in force is not known, and it is not "
			    "weakened by a "
			    "guess; replace it with 'pavise apply --prune'");
	else if (s->files)
		err = operation_apply(a, s->files, false, &self, added, removed, &d, r);
	diags_print(&d, stderr);
	diags_free(&d);
	json_decref(added);
	json_decref(removed);
	return err;
}

/* A set that was stored is in force only from its next image on: give it one. */
static int publish_stored(struct agent *a, struct refusal *r)
{
	struct spec candidate;
	struct diags d = {0};
	int err;

	if (!a->live.spec.n_sources || kernel_generation(&a->kernel))
		return 0;
	err = live_edit(&a->live, false, &candidate, r);
	err = err ? err : live_commit(&a->live, &candidate, &d, r);
	diags_print(&d, stderr);
	diags_free(&d);
	return err;
}

/* Without this, what went is forgotten at the next change. */
static void refresh_containers(struct agent *a)
{
	struct refusal r = {0};
	struct diags d = {0};

	if (live_refresh(&a->live, &d, &r))
		say_warning("containers that are gone could not be forgotten: %s", r.text);
	diags_free(&d);
}

static int start_fresh(struct agent *a, struct refusal *r)
{
	int err = self_test(a, r);

	return err ? err : publish_stored(a, r);
}

static int start(struct agent *a, const struct settings *s, struct refusal *r)
{
	int err = prepare(a, s, r);

	if (err)
		return err;
	if (kernel_pinned(a->paths)) {
		err = kernel_adopt(&a->kernel, r);
	} else {
		say("loading the programs");
		err = kernel_load(&a->kernel, r);
	}
	err = err ? err : live_open(&a->live, &a->kernel, &a->cgroups, a->paths->run, r);
	err = err ? err : rings_open(a, r);
	if (err)
		return err;
	runs_restore(a);
	err = a->kernel.adopted ? publish_stored(a, r) : start_fresh(a, r);
	if (!err)
		refresh_containers(a);
	err = err ? err : apply_policies(a, s, r);
	if (!err && a->kernel.pending)
		err = kernel_commit(&a->kernel, r);
	err = err ? err : guard(a, false, r);
	err = err ? err : server_open(a, r);
	malloc_trim(0); /* loading and compiling took a good deal that is free now */
	return err;
}

/* Tell the service manager, if there is one. */
static void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	CLEANUP_CLOSE int fd = -1;
	socklen_t length;

	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(address.sun_path))
		return;
	strcpy(address.sun_path, path);
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
}

static void tell_start(struct agent *a)
{
	const struct event_field fields[] = {
		{"version", PAVISE_VERSION, 0},
		{"kernel", a->machine.release, 0},
		{"pins", a->kernel.adopted ? "adopted" : "new", 0},
		{"programs", NULL, a->kernel.n_programs},
		{"generation", NULL, a->live.generation},
	};

	audit_agent_event(a->audit, "start", fields, ARRAY_SIZE(fields));
	audit_flush(a->audit);
	for (size_t i = 0; i < a->kernel.n_absent; i++)
		say_warning(
			"this kernel has no place for the program %s ('pavise status' says what that means)",
			a->kernel.absent[i]);
	say("ready: %zu programs %s, policies: %zu, generation %u, log %s", a->kernel.n_programs,
	    a->kernel.adopted ? "adopted" : "attached", spec_n_policies(&a->live.spec), a->live.generation,
	    a->log_path);
	notify("READY=1");
}

static int serve(struct agent *a)
{
	int err = loop_run(&a->loop);

	notify("STOPPING=1");
	rings_drain(a);
	audit_agent_event(a->audit, "stop", NULL, 0);
	if (audit_flush(a->audit))
		say_warning("the log %s could not be written to its end", a->log_path);
	if (err)
		say_error("the event loop failed (%s); enforcement stays in place", strerror(-err));
	else
		say("stopped; enforcement stays in place ('pavise unload' ends it)");
	return err ? PAVISE_FAILED : PAVISE_OK;
}

static const struct option_def agent_options[] = {
	{'l', "log", "FILE", "the audit log, - for standard output (default " LOG_PATH ")"},
	{'L', "lineage", "WHICH", "log execs and exits of: none, governed (default), all"},
	{'p', "policies", "DIR|FILE", "put these policies in force at start; can be repeated"},
	{0},
};

static int parse_lineage(const char *text)
{
	static const char *const names[] = {
		[LINEAGE_GOVERNED] = "governed", [LINEAGE_NONE] = "none", [LINEAGE_ALL] = "all"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], text))
			return (int)i;
	return -EINVAL;
}

static int parse(const struct command *command, int argc, char **argv, struct settings *s)
{
	struct options o = {.command = command, .argc = argc, .argv = argv};
	int id, lineage;

	while ((id = options_next(&o)))
		switch (id) {
		case 'l':
			s->log = o.argument;
			break;
		case 'L':
			lineage = parse_lineage(o.argument);
			if (lineage < 0)
				return usage_error(command, "--lineage is none, governed or all, not '%s'",
						   o.argument);
			s->lineage = (enum audit_lineage)lineage;
			break;
		default:
			if (s->n_policies == POLICIES_MAX)
				return usage_error(command, "at most %d times --policies", POLICIES_MAX);
			s->policies[s->n_policies++] = (char *)o.argument;
		}
	if (o.status < 0 && o.argc)
		return usage_error(command, "takes no arguments, but got '%s'", o.argv[0]);
	return o.status;
}

static int agent_main(const struct command *command, int argc, char **argv)
{
	struct settings s = {.log = LOG_PATH, .lineage = LINEAGE_GOVERNED};
	struct agent a = {.paths = &machine_paths, .loop.epoll = -1, .lock = -1, .cgroups.fd = -1};
	struct refusal r = {0};
	int code = parse(command, argc, argv, &s);

	a.policies = s.policies;
	a.n_policies = s.n_policies;
	if (code >= 0)
		return code;
	if (s.n_policies) {
		s.files = policy_files_read(s.policies, s.n_policies, USERS_KNOWN);
		if (!s.files) {
			say_error("not started: a policy is not valid");
			return PAVISE_BAD_POLICY;
		}
	}
	kernel_init(&a.kernel, a.paths);
	if (start(&a, &s, &r)) {
		code = say_refusal(&r);
	} else {
		tell_start(&a);
		code = serve(&a);
	}
	agent_close(&a);
	json_decref(s.files);
	return code;
}

const struct command command_agent = {
	.name = "agent",
	.usage = "[OPTION]...",
	.summary = "Enforce policies and log what is done (runs in the foreground)",
	.details =
		"Loads the programs, or takes over those that an earlier agent left in place, and serves "
		"the\n"
		"other commands until SIGTERM or SIGINT. Enforcement stays in place when the agent ends;\n"
		"'pavise unload' ends that too. Policies that were in force before still are, and those of\n"
		"--policies are added to them, or replace those of the same name. SIGHUP opens the log anew.",
	.options = agent_options,
	.run = agent_main,
};
