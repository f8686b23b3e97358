/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What cppcheck takes for the macros of headers that it does not read (`make check`). */
#define PAVISE_VERSION					"0"
#define LIBBPF_OPTS(type, name, ...)			struct type name = {__VA_ARGS__}
#define json_array_foreach(array, i, value)		for (i = 0; (value = json_array_get(array, i)); i++)
#define json_object_foreach(object, key, value)		while (next_member(object, &key, &value))
#define json_object_foreach_safe(object, n, key, value) while (next_member(object, &key, &value))
#define bpf_object__for_each_program(program, object) \
	while ((program = bpf_object__next_program(object, program)))
#define bpf_object__for_each_map(map, object) while ((map = bpf_object__next_map(object, map)))
#define skip()				      abort() /* cmocka's: does not return */
