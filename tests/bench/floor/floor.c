/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * floor OBJECT: attaches the programs of OBJECT, says "attached", and keeps them until it is killed.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct bpf_program *program;

	if (!object || bpf_object__load(object)) {
		fputs("floor: the object could not be loaded\n", stderr);
		return 1;
	}
	bpf_object__for_each_program(program, object)
	{
		if (!bpf_program__attach(program)) {
			fputs("floor: a program could not be attached\n", stderr);
			return 1;
		}
	}
	puts("attached");
	fflush(stdout);
	for (;;)
		pause();
}
