# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# gcc and make: a program of several files with a static and a shared library, a plugin that is loaded at
# run time, a generated header and a test of its own; built, run, cleaned, and built with tcc.
mkdir src
for n in 1 2 3; do
	cat >src/part$n.c <<-EOF
		#include "generated.h"
		#include <math.h>
		#include <string.h>
		#include <stdio.h>
		double part$n(const char *text)
		{
			char copy[LENGTH];
			snprintf(copy, sizeof(copy), "%s", text);
			return sqrt((double)strlen(copy) * $n);
		}
	EOF
done
cat >src/plugin.c <<EOF
int answer(void) { return 42; }
EOF
cat >src/main.c <<EOF
#include <dlfcn.h>
#include <stdio.h>
double part1(const char *), part2(const char *), part3(const char *);
int main(int argc, char **argv)
{
	void *plugin = dlopen("./plugin.so", RTLD_NOW);
	int (*answer)(void) = plugin ? (int (*)(void))dlsym(plugin, "answer") : 0;
	printf("%f %f %f %d %d\n", part1(argv[0]), part2(argv[0]), part3(argv[0]), argc, answer ? answer() : -1);
	return answer == 0;
}
EOF
cat >Makefile <<'EOF'
CC = gcc
CFLAGS = -O1 -g -Isrc -fPIC -pipe
all: program plugin.so
generated.h: Makefile
	printf '#define LENGTH %d\n' 64 >src/generated.h && touch $@
%.o: src/%.c generated.h
	$(CC) $(CFLAGS) -c -o $@ $<
libparts.a: part1.o part2.o
	rm -f $@ && ar rcsD $@ $^
libshared.so: part3.o
	$(CC) -shared -Wl,-soname,$@ -o $@ $^ -lm
plugin.so: plugin.o
	$(CC) -shared -o $@ $^
program: main.o libparts.a libshared.so
	$(CC) -o $@ main.o libparts.a -L. -lshared -Wl,-rpath,'$$ORIGIN' -lm
check: all
	./program one two
install: all
	install -D -m 755 -s program out/bin/program && install -D -m 644 libshared.so out/lib/libshared.so
EOF
make -s -j2 all
echo "make: $?"
make check
make -s install
touch src/part2.c
make -n all
make -j2 wrong
gcc -c -o bad.o src/absent.c
echo 'int main(void) { return 3 }' | gcc -x c -o bad -
tcc -run -lm - <<EOF
#include <stdio.h>
int main(void) { puts("compiled in memory"); return 0; }
EOF
rm -f part1.o && rm -rf out/lib
