# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every target: `make help`. Everything that is built goes to $(OUTPUT); sources stay untouched.
# V=1 shows commands, SAN=address,undefined builds with sanitizers, WERROR= lets warnings pass.

OUTPUT ?= build
CC = gcc
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool 2>/dev/null || echo /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
WERROR ?= -Werror
K ?= all
T ?= 60
BENCH_K = $(if $(filter all,$(K)),6.12,$(K))
WHERE ?= vm

ifeq ($(V),1)
Q =
say = @:
else
Q = @
say = @printf '  %-8s %s\n'
endif

LIBS := libbpf libelf zlib yaml-0.1 jansson libseccomp
WARNINGS := \
	-Wall \
	-Wextra \
	-Wshadow \
	-Wmissing-prototypes \
	-Wstrict-prototypes \
	-Wpointer-arith \
	-Wformat=2 \
	-Wundef \
	-Wvla \
	$(WERROR)
VERSION := $(shell sed -n 's/^\#\# \([0-9.]*\).*/\1/p' CHANGES.md 2>/dev/null | head -n 1)
CPPFLAGS := -D_GNU_SOURCE -DPAVISE_VERSION='"$(VERSION)"' -Iagent -Ibpf/include -I$(OUTPUT)/gen
CFLAGS ?= -O2 -g
CFLAGS_ALL = -std=gnu11 $(CFLAGS) $(WARNINGS) -fno-strict-aliasing -fstack-protector-strong
LDLIBS = $(shell $(PKG_CONFIG) --libs $(LIBS))
ifneq ($(SAN),)
CFLAGS_ALL += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=$(SAN)
endif

# Few states, since mutation soon leads to patterns that take as many as there may be.
FUZZ_CFLAGS = -std=gnu11 -O2 -g $(WARNINGS) -fno-strict-aliasing -fno-omit-frame-pointer \
	-fno-sanitize-recover=all -DAUTOMATON_STATES_MAX=32768u

BPF_CFLAGS := -std=gnu11 -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Ibpf/include -Itests/agree \
	-Wall -Wextra -Wshadow -Wno-unused-parameter -Wno-missing-declarations $(WERROR)

AGENT_SRC := $(wildcard agent/*.c agent/*/*.c)
AGENT_OBJ := $(AGENT_SRC:%.c=$(OUTPUT)/%.o)
LIB_OBJ := $(filter-out $(OUTPUT)/agent/main.o,$(AGENT_OBJ))
SKELETONS := $(OUTPUT)/gen/lsm.skel.h $(OUTPUT)/gen/trace.skel.h
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(UNIT_SRC:%.c=$(OUTPUT)/%)
BENCH_SRC := $(wildcard tests/bench/*.c)
BENCH_OBJ := $(BENCH_SRC:%.c=$(OUTPUT)/%.o)
BENCH_AGENT := $(patsubst %.c,$(OUTPUT)/%,$(wildcard tests/bench/agent/*.c))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_OBJ := $(patsubst agent/policy/%.c,$(OUTPUT)/fuzz/policy/%.o,$(wildcard agent/policy/*.c))
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(OUTPUT)/fuzz/%)
VM_SRC := $(wildcard tests/vm/*.c)
VM_BIN := $(VM_SRC:%.c=$(OUTPUT)/%) $(OUTPUT)/tests/vm/agree
BYPASS := $(OUTPUT)/tests/bypass/bypass
BYPASS_OBJ := $(patsubst %.c,$(OUTPUT)/%.o,$(wildcard tests/bypass/*.c))
BENCH_VM := $(patsubst %.c,$(OUTPUT)/%,$(wildcard tests/bench/vm/*.c)) \
	$(patsubst %.c,$(OUTPUT)/%.o,$(wildcard tests/bench/floor/*.bpf.c)) $(OUTPUT)/tests/bench/floor/floor
DEPENDENCIES := $(AGENT_OBJ:.o=.d) $(patsubst %,$(OUTPUT)/bpf/%.bpf.d,lsm trace agree) $(UNIT_BIN:=.d) $(VM_BIN:=.d) \
	$(BYPASS_OBJ:.o=.d) $(BENCH_OBJ:.o=.d) $(BENCH_AGENT:=.d) $(addsuffix .d,$(basename $(BENCH_VM))) $(FUZZ_OBJ:.o=.d) $(FUZZ_BIN:=.d)

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.DEFAULT_GOAL := all

##@ Use
.PHONY: all demo test
all: $(OUTPUT)/pavise ## build the program (build/pavise)

demo: ## show the main job with real programs, in a VM (WHERE=host: on this machine)
	@tests/demo $(WHERE) $(filter-out all,$(K))

test: ## everything: unit tests, then the VM suite on every kernel of the matrix
	@tests/run-all

##@ Work
.PHONY: deps unit unit-san check fmt fuzz bench bench-compile bench-agent bench-check verify vmtest bypass transparent objects install clean help
deps: ## install what is missing (Debian packages; root or sudo)
	@packaging/install-deps

unit: $(UNIT_BIN) ## unit tests
	@tests/run-unit $(UNIT_BIN)

unit-san: ## unit tests under ASan and UBSan
	@$(MAKE) --no-print-directory OUTPUT=build-san SAN=address,undefined unit

check: ## format, static analysis, shell scripts, -Werror build
	@tests/check

fmt: ## format the sources in place
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

fuzz: $(FUZZ_BIN) ## fuzz what reads policies and images, T seconds each target (default 60)
	@tests/run-fuzz $(T) $(FUZZ_BIN)

ifeq ($(WHERE),host)
bench: all $(OUTPUT)/tests/vm/enter $(BENCH_VM)
	@tests/bench/host '$(OPERATIONS)'
else
bench: bench-compile all $(OUTPUT)/tests/vm/enter $(BENCH_VM) $(BENCH_AGENT) ## measure what operations cost (K, default 6.12); fills docs/bench and docs/performance.md (WHERE=host: by wall clock, here)
	@tests/bench/measure $(BENCH_K)
endif

bench-compile: $(OUTPUT)/tests/bench/bench ## measure compiling and matching alone (ARGS=--json)
	@$< $(ARGS)

bench-agent: $(BENCH_AGENT) ## measure the agent's part of an event, in instructions (valgrind), and of a start
	@tests/bench/agent/measure $(OUTPUT)/tests/bench/agent

bench-check: all $(OUTPUT)/tests/vm/enter $(BENCH_VM) ## compare with what docs/bench says (K, default 6.12); fails over 3 %
	@tests/bench/measure --check $(BENCH_K)

verify: all ## load every program on every kernel (K=6.1 for one); verifier's log on refusal
	@tests/verify $(K)

vmtest: all $(VM_BIN) $(BYPASS) ## the VM suite on kernel K (default: all)
	@tests/run-vm $(K)

bypass: all $(VM_BIN) $(BYPASS) ## the matrix of bypasses on kernel K; on all of them it fills docs/bypass.md
	@tests/bypass/run $(or $(K),all) '$(ROWS)'

transparent: all $(VM_BIN) ## other people's programs, governed and ungoverned, to the byte (K, default 6.12; WORKLOADS='git|tar')
	@tests/transparent/run $(BENCH_K) '$(WORKLOADS)'

objects: $(VM_BIN) $(BYPASS) $(UNIT_BIN) $(OUTPUT)/tests/bench/bench $(BENCH_AGENT) $(BENCH_VM) all

install: all ## install below DESTDIR/PREFIX
	install -D -m 0755 $(OUTPUT)/pavise $(DESTDIR)$(PREFIX)/sbin/pavise
	install -d $(DESTDIR)$(PREFIX)/share/pavise/policies
	install -m 0644 policies/*.yaml $(DESTDIR)$(PREFIX)/share/pavise/policies/
	install -m 0644 SECURITY.md $(DESTDIR)$(PREFIX)/share/pavise/
	install -m 0644 docs/pavise-policy.schema.json $(DESTDIR)$(PREFIX)/share/pavise/
	sed 's|/usr/local|$(PREFIX)|' packaging/pavise-podman-hook.json > $(OUTPUT)/pavise-podman-hook.json
	install -m 0644 $(OUTPUT)/pavise-podman-hook.json $(DESTDIR)$(PREFIX)/share/pavise/
	install -d $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0644 docs/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -d $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 0644 docs/*.5 $(DESTDIR)$(PREFIX)/share/man/man5/

clean: ## remove what was built
	$(Q)rm -rf build build-san

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z][a-z-]*:.*## / {printf "  %-13s %s\n", $$1, $$2}' Makefile

$(OUTPUT)/pavise: $(AGENT_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(OUTPUT)/libpavise.a: $(LIB_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# those that tell the version
$(addprefix $(OUTPUT)/agent/,main.o control/operations.o commands/agent.o commands/status.o): CHANGES.md

$(OUTPUT)/agent/%.o: agent/%.c | $(SKELETONS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(OUTPUT)/agent/author/schema.o: $(OUTPUT)/gen/schema.inc

$(OUTPUT)/gen/schema.inc: docs/pavise-policy.schema.json Makefile
	$(say) GEN $@
	$(Q)mkdir -p $(@D)
	$(Q){ echo 'const char author_schema[] ='; sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; } > $@

# The programs of one object are compiled together, so that what they share is in it once.
# The folders are named for programs that come and go.
$(OUTPUT)/bpf/lsm.bpf.c: bpf/state.bpf.c $(wildcard bpf/lsm/*.bpf.c) bpf/lsm
$(OUTPUT)/bpf/trace.bpf.c: bpf/state.bpf.c $(wildcard bpf/trace/*.bpf.c) bpf/trace
$(OUTPUT)/bpf/agree.bpf.c: bpf/state.bpf.c tests/agree/agree.bpf.c
$(OUTPUT)/bpf/%.bpf.c:
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include "%s"\n' $(filter %.c,$^) > $@

$(OUTPUT)/bpf/%.bpf.o: $(OUTPUT)/bpf/%.bpf.c
	$(say) BPF $@
	$(Q)$(CLANG) $(BPF_CFLAGS) -I. -MMD -MP -c -o $@ $<

$(OUTPUT)/gen/%.bpf.o: $(OUTPUT)/bpf/%.bpf.o
	$(say) BPFSTRIP $@
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen object $@ $<

$(OUTPUT)/gen/%.skel.h: $(OUTPUT)/gen/%.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name pv_$* > $@

$(OUTPUT)/tests/unit/test_%: tests/unit/test_%.c $(OUTPUT)/libpavise.a
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(OUTPUT)/libpavise.a $(LDLIBS) -lcmocka

$(OUTPUT)/tests/unit/test_fuzz_corpus: $(FUZZ_SRC) tests/fuzz/fuzz.h

$(OUTPUT)/tests/bench/%.o: tests/bench/%.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(OUTPUT)/tests/bench/bench: $(BENCH_OBJ) $(OUTPUT)/libpavise.a
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(OUTPUT)/tests/bench/floor/%.bpf.o: tests/bench/floor/%.bpf.c
	$(say) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

$(OUTPUT)/tests/bench/vm/%: tests/bench/vm/%.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -MF $@.d $(LDFLAGS) -static -o $@ $<

$(OUTPUT)/tests/bench/agent/%: tests/bench/agent/%.c $(OUTPUT)/libpavise.a
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(OUTPUT)/libpavise.a $(LDLIBS)

$(OUTPUT)/tests/bench/floor/floor: tests/bench/floor/floor.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(LDLIBS)

# it has no library under it
$(OUTPUT)/tests/bench/vm/exit: CFLAGS_ALL = -O2 -nostdlib -fno-stack-protector $(WARNINGS)

# Here comparisons are of numbers that no input holds, and to trace them would take most of the time.
FUZZ_UNTRACED := $(addprefix $(OUTPUT)/fuzz/policy/,$(addsuffix .o,automaton image intern layout minimise nfa resolve))
$(FUZZ_UNTRACED) $(OUTPUT)/fuzz/fuzz_image: FUZZ_CFLAGS += -fno-sanitize-coverage=trace-cmp
$(FUZZ_OBJ): FUZZ_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined
$(FUZZ_BIN): FUZZ_CFLAGS += -fsanitize=fuzzer,address,undefined

$(OUTPUT)/fuzz/policy/%.o: agent/policy/%.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(OUTPUT)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_OBJ)
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -MF $@.d \
		-o $@ $< $(FUZZ_OBJ) $$($(PKG_CONFIG) --libs yaml-0.1)

$(OUTPUT)/tests/vm/%: tests/vm/%.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -MF $@.d $(LDFLAGS) -static -o $@ $<

$(OUTPUT)/tests/bypass/%.o: tests/bypass/%.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# A row that says closed and is not shown by a program is a broken build.
$(BYPASS): $(BYPASS_OBJ) tests/bypass/rows tests/bypass/complete
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -static -o $@ $(BYPASS_OBJ)
	$(Q)tests/bypass/complete $@

# The guest has no cmocka: it comes along.
$(OUTPUT)/gen/agree.skel.h: $(OUTPUT)/gen/agree.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name agree_bpf > $@

$(OUTPUT)/tests/vm/agree: tests/agree/agree.c $(OUTPUT)/gen/agree.skel.h $(OUTPUT)/libpavise.a
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)cp -L "$$($(CC) -print-file-name=libcmocka.so)" $(@D)/libcmocka.so.0
	$(Q)$(CC) $(CPPFLAGS) -Itests/agree $(CFLAGS_ALL) -MMD -MP -MF $@.d $(LDFLAGS) -Wl,-rpath,'$$ORIGIN' -o $@ $< \
		$(OUTPUT)/libpavise.a $(LDLIBS) -lcmocka

-include $(DEPENDENCIES)
