/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs as tables, see programs.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/programs.h"
#include "pavise.h"
#include "lsm.skel.h"
#include "trace.skel.h"
#include "util/util.h"

#define LOG_SIZE  65536
#define LOG_SHOWN 3000 /* fits a refusal */

const struct optional_program optional_programs[] = {
	{"file_truncate", "bpf_lsm_file_truncate", "path_truncate decides ftruncate(2) as well"},
	{"inode_set_acl", "bpf_lsm_inode_set_acl", "inode_setxattr decides ACLs as well"},
	{"inode_remove_acl", "bpf_lsm_inode_remove_acl", "inode_removexattr decides ACLs as well"},
	{"inode_file_setattr", "bpf_lsm_inode_file_setattr", "file_ioctl decides file flags"},
	{"file_ioctl_compat", "bpf_lsm_file_ioctl_compat", "file_ioctl decides those of 32 bits as well"},
	{"bprm_creds_for_exec", "linux_binprm.is_check", "there is no exec that is only asked about"},
};
const size_t n_optional_programs = ARRAY_SIZE(optional_programs);

static void *open_lsm(struct bpf_object **object)
{
	struct pv_lsm *s = pv_lsm__open();

	if (s)
		*object = s->obj;
	return s;
}

static void *open_trace(struct bpf_object **object)
{
	struct pv_trace *s = pv_trace__open();

	if (s)
		*object = s->obj;
	return s;
}

static int load_lsm(void *skeleton)
{
	return pv_lsm__load(skeleton);
}

static int load_trace(void *skeleton)
{
	return pv_trace__load(skeleton);
}

static void close_lsm(void *skeleton)
{
	pv_lsm__destroy(skeleton);
}

static void close_trace(void *skeleton)
{
	pv_trace__destroy(skeleton);
}

static const struct {
	const char *name;
	void *(*open)(struct bpf_object **object);
	int (*load)(void *skeleton);
	void (*close)(void *skeleton);
} objects[PV_OBJECTS] = {
	[PV_OBJECT_LSM] = {"lsm", open_lsm, load_lsm, close_lsm},
	[PV_OBJECT_TRACE] = {"trace", open_trace, load_trace, close_trace},
};

const char *program_object_name(enum pv_object which)
{
	return objects[which].name;
}

int program_object_open(struct program_object *o, enum pv_object which)
{
	struct bpf_object *object = NULL;
	void *skeleton = objects[which].open(&object);

	if (!skeleton)
		return errno ? -errno : -EINVAL;
	*o = (struct program_object){which, skeleton, object};
	return 0;
}

int program_object_share(struct program_object *o, const struct program_object *first)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, o->object)
	{
		struct bpf_map *other;
		int err;

		if (bpf_map__is_internal(map) && strcmp(bpf_map__name(map), PROGRAM_STATE_MAP))
			continue;
		other = bpf_object__find_map_by_name(first->object, bpf_map__name(map));
		if (!other)
			continue;
		err = bpf_map__reuse_fd(map, bpf_map__fd(other));
		if (err)
			return err;
	}
	return 0;
}

int program_object_load(struct program_object *o)
{
	return objects[o->which].load(o->skeleton);
}

void program_object_close(struct program_object *o)
{
	if (o->skeleton)
		objects[o->which].close(o->skeleton);
	*o = (struct program_object){0};
}

const struct optional_program *optional_program_find(const char *program)
{
	for (size_t i = 0; i < n_optional_programs; i++)
		if (!strcmp(optional_programs[i].program, program))
			return &optional_programs[i];
	return NULL;
}

bool program_is_iterator(const struct bpf_program *program)
{
	return bpf_program__expected_attach_type(program) == BPF_TRACE_ITER;
}

/* "lsm/file_open" calls bpf_lsm_file_open, "tp_btf/x" needs the type btf_trace_x, and so on. */
static const struct {
	const char *section, *prefix;
	unsigned kind;
} hooks[] = {
	{"lsm/", "bpf_lsm_", BTF_KIND_FUNC}, {"tp_btf/", "btf_trace_", BTF_KIND_TYPEDEF},
	{"fentry/", "", BTF_KIND_FUNC},	     {"fexit/", "", BTF_KIND_FUNC},
	{"fmod_ret/", "", BTF_KIND_FUNC},    {"iter/", "bpf_iter_", BTF_KIND_FUNC},
};

static bool has_function(const struct btf *kernel, const char *name)
{
	return btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC) > 0;
}

/* "STRUCT.MEMBER" */
static bool has_member(const struct btf *kernel, const char *name)
{
	const char *member = strchr(name, '.') + 1;
	CLEANUP_FREE char *type_name = strndup(name, member - 1 - name);
	const struct btf_type *type;
	int id = type_name ? btf__find_by_name_kind(kernel, type_name, BTF_KIND_STRUCT) : -ENOMEM;

	if (id <= 0)
		return false;
	type = btf__type_by_id(kernel, id);
	for (int i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(kernel, btf_members(type)[i].name_off), member))
			return true;
	return false;
}

bool program_has_hook(const struct bpf_program *program, const struct btf *kernel)
{
	const struct optional_program *optional = optional_program_find(bpf_program__name(program));
	const char *section = bpf_program__section_name(program);

	if (optional)
		return strchr(optional->needs, '.') ? has_member(kernel, optional->needs)
						    : has_function(kernel, optional->needs);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		size_t length = strlen(hooks[i].section);
		char name[256];

		if (strncmp(section, hooks[i].section, length))
			continue;
		snprintf(name, sizeof(name), "%s%s", hooks[i].prefix, section + length);
		return btf__find_by_name_kind(kernel, name, hooks[i].kind) > 0;
	}
	return true;
}

int program_object_select(struct program_object *o, const struct btf *kernel, struct refusal *r)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, o->object)
	{
		const char *name = bpf_program__name(program);

		if (program_has_hook(program, kernel)) {
			bpf_program__set_autoload(program, true); /* "?" sections start without */
			continue;
		}
		if (!optional_program_find(name))
			return refuse(
				r, ENOTSUP, PAVISE_NO_HOOK,
				"the kernel's BTF does not show the hook '%s' of the program %s, and nothing "
				"replaces it; use a kernel with CONFIG_SECURITY_PATH, "
				"CONFIG_SECURITY_NETWORK "
				"and CONFIG_BPF_LSM",
				bpf_program__section_name(program), name);
		bpf_program__set_autoload(program, false);
	}
	return 0;
}

char *program_pin_name(const struct bpf_program *program)
{
	return strfmt("%s_%s", program_is_iterator(program) ? "iter" : "link", bpf_program__name(program));
}

/* libbpf's print function has no context argument, so the buffer is one for the process. */
static char log_buffer[LOG_SIZE];
static size_t log_used;

static int log_print(enum libbpf_print_level level, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static int log_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	CLEANUP_FREE char *text = NULL;
	size_t length;

	if (level == LIBBPF_DEBUG)
		return 0;
	if (vasprintf(&text, fmt, args) < 0) {
		text = NULL;
		return 0;
	}
	length = strlen(text);
	if (length >= LOG_SIZE) {
		memmove(text, text + length - LOG_SIZE + 1, LOG_SIZE);
		length = LOG_SIZE - 1;
	}
	if (log_used + length >= LOG_SIZE) {
		size_t drop = log_used + length - LOG_SIZE + 1;

		memmove(log_buffer, log_buffer + drop, log_used - drop);
		log_used -= drop;
	}
	memcpy(log_buffer + log_used, text, length + 1);
	log_used += length;
	return 0;
}

void program_log_start(void)
{
	log_used = 0;
	log_buffer[0] = '\0';
	libbpf_set_print(log_print);
}

const char *program_log(unsigned lines)
{
	const char *at = log_buffer + log_used;

	while (at > log_buffer && log_buffer + log_used - at < LOG_SHOWN) {
		if (at[-1] == '\n' && at != log_buffer + log_used && !--lines)
			break;
		at--;
	}
	return at;
}
