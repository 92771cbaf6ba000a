# SPDX-License-Identifier: GPL-2.0-only
# The verbs people type; CMake knows how to build, CTest how to test. `make help` prints this:
#
#   make build          build/ctgate, and the tests
#   sudo make demo      install what is missing, build, try the gateway in network namespaces
#   sudo make test      install what is missing, build, run unit, BPF and system tests
#   sudo make bench     measure it against the kernel's own ways: table, build/bench.json, bench.svg;
#                       sudo make bench-quick: less of it, in under two minutes
#   sudo make deps      install Debian packages; FOR="build demo": only those of these groups
#   sudo make install   below PREFIX (/usr/local); DESTDIR for packagers
#   make deb            build/ctgate_VERSION_ARCHITECTURE.deb
#   sudo make deb-test  tries that package in a chroot; needs a mirror of Debian
#   make lint           clang-format, clang-tidy, shellcheck; make format: does the first
#   sudo make sanitize  the tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   sudo make soak      reloads, crashes and flaps for SOAK_SECONDS (600), then looks for what leaked
#   make fuzz           each fuzz target for FUZZ_SECONDS (20)
#   make clean          remove everything that was built
#
# On other kernels, in virtual machines: make -f Makefile.vm test

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
BUILD ?= build
JOBS ?= $(shell nproc)
# A system test mostly waits, and each is in network namespaces of its own.
TEST_JOBS ?= $(shell echo $$(($$(nproc) + 1)))
# Sources compiled in groups, a whole build in half of the time; OFF: one by one, for work on a few.
UNITY ?= ON
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 20
SOAK_SECONDS ?= 600
FOR ?= build demo test bench lint fuzz vm

# Recursive, because only lint and format need them.
cpp_sources = $(shell find control tests -name '*.[ch]pp')
c_sources = $(shell find dataplane include tests -name '*.[ch]')
scripts = $(shell find . -path './.git' -prune -o -path './build*' -prune -o -type f -print | \
                  xargs grep -lE -m 1 '^\#!/bin/(ba)?sh|^\# shellcheck shell=')
fuzz_targets := $(basename $(notdir $(wildcard tests/fuzz/*.c tests/fuzz/*.cpp)))
tools := cmake ctest c++ clang llvm-strip bpftool pkg-config

# $(call need,GROUP...): `make deps` for them, but only if one of their packages is missing.
need = @packaging/deps.sh --if-missing $(1)

# $(call compile,DIRECTORY,TARGET,FLAGS)
define compile
@PATH=$$PATH:/usr/sbin; for tool in $(tools); do command -v $$tool >/dev/null || \
    { echo "make: $$tool is missing; run 'sudo make deps'" >&2; exit 1; }; done
@cmake -S . -B $(1) --log-level=NOTICE -DCTGATE_UNITY=$(UNITY) $(3) || \
    { echo "make: if that is for want of a package, run 'sudo make deps'" >&2; exit 1; }
@cmake --build $(1) --parallel $(JOBS) --target $(2)
endef

# $(call run_tests,DIRECTORY): what CTest skips, it lists; what a test skips within, is counted here.
define run_tests
@cd $(1) && { ctest --parallel $(TEST_JOBS) --output-on-failure; status=$$?; \
    log=Testing/Temporary/LastTest.log; \
    grep -E '^(\[  SKIPPED \] .* ms\)|skip - )' $$log; \
    echo "Skipped: $$(grep -cE '^(\[  SKIPPED \] .* ms\)|skip - )' $$log) checks within tests"; \
    exit $$status; }
endef

# $(call need_root,VERB)
need_root = @[ "$$(id -u)" -eq 0 ] || { echo "make: only root can; run 'sudo make $(1)'" >&2; exit 1; }

.PHONY: build help deps demo test bench bench-quick lint format sanitize soak fuzz deb deb-test install \
	clean

build:
	$(call compile,$(BUILD),all)

help:
	@sed -n 's/^#   //p' Makefile

deps:
	@packaging/deps.sh $(FOR)

demo:
	$(call need_root,demo)
	$(call need,build demo)
	$(call compile,$(BUILD),ctgate)
	@$(BUILD)/ctgate lab demo

test:
	$(call need_root,test)
	$(call need,build demo test)
	$(call compile,$(BUILD),all)
	$(call run_tests,$(BUILD))

bench:
	$(call need_root,bench)
	$(call need,build bench)
	$(call compile,$(BUILD),ctgate ctgate_bench)
	@$(BUILD)/ctgate_bench --json $(BUILD)/bench.json --svg $(BUILD)/bench.svg

bench-quick:
	$(call need_root,bench-quick)
	$(call need,build bench)
	$(call compile,$(BUILD),ctgate ctgate_bench)
	@$(BUILD)/ctgate_bench --quick --json $(BUILD)/bench.json --svg $(BUILD)/bench.svg

# Configured without groups, because clang-tidy has its own: a group can be looked at one by one.
lint:
	$(call compile,$(BUILD)-lint,generated,-DCTGATE_UNITY=OFF)
	clang-format --dry-run -Werror $(cpp_sources)
	clang-format --dry-run -Werror --style=file:dataplane/.clang-format $(c_sources)
	shellcheck $(scripts)
	@tests/lint/tidy.py $(BUILD)-lint $(JOBS)

format:
	clang-format -i $(cpp_sources)
	clang-format -i --style=file:dataplane/.clang-format $(c_sources)

# Where faults are injected, fewer: what is slow here is slow enough.
sanitize: export FAULT_SAMPLES ?= 1
sanitize:
	$(call need_root,sanitize)
	$(call compile,build-sanitize,all,-DCTGATE_SANITIZE=ON)
	$(call run_tests,build-sanitize)

soak:
	$(call need_root,soak)
	$(call need,build demo test)
	$(call compile,$(BUILD),ctgate)
	@CTGATE=$(BUILD)/ctgate tests/soak.sh $(SOAK_SECONDS)

fuzz:
	$(call compile,build-fuzz,$(fuzz_targets),-DCTGATE_FUZZ=ON -DCTGATE_TESTS=OFF \
	    -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++)
	@for target in $(fuzz_targets); do \
	    echo "$$target: $(FUZZ_SECONDS) s"; mkdir -p build-fuzz/corpus/$$target; \
	    build-fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -timeout=5 -print_final_stats=1 \
	        -artifact_prefix=build-fuzz/$$target- build-fuzz/corpus/$$target \
	        tests/fuzz/corpus/$${target%_fuzz} >build-fuzz/$$target.log 2>&1 || \
	        { tail -n 60 build-fuzz/$$target.log; echo "make: $$target found something" >&2; exit 1; }; \
	    grep number_of_executed_units build-fuzz/$$target.log; \
	done

deb:
	$(call compile,$(BUILD),ctgate man completions)
	@cd $(BUILD) && rm -f ctgate_*.deb && cpack -G DEB

deb-test: deb
	$(call need_root,deb-test)
	$(call need,packaging)
	@tests/packaging/deb.test.sh $(BUILD)/ctgate_*.deb

install:
	$(call compile,$(BUILD),ctgate man completions)
	cmake --install $(BUILD) --prefix $(PREFIX)

clean:
	rm -rf build build-lint build-sanitize build-fuzz
