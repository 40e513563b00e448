# SPDX-License-Identifier: Apache-2.0
# A thin front: meson does the building, tools/ the rest.
# Cores to build with.
JOBS ?= $(shell nproc)

all: build/build.ninja
	@ninja -C build -j $(JOBS)

build/build.ninja:
	@meson setup build

setup:
	@tools/setup

# The main job, from records to the scope of an intrusion, in a minute and a half.
demo: setup
	@$(MAKE) --no-print-directory all
	@tools/demo

# Everything that must hold before a change goes in; the last line is the count.
test: setup
	@tools/run-tests

# The long tests of what breaks: hours; tools/torture names its parts and their sizes.
torture: setup
	@$(MAKE) --no-print-directory all
	@tools/torture

# Beside its peers, in one run; DAYBOOK_RECORDS=1000000.
bench:
	@tools/setup bench
	@$(MAKE) --no-print-directory all
	@bench/run

# A minute of each fuzz target (DAYBOOK_FUZZ_S), with clang.
fuzz: setup
	@tools/fuzz

install: all
	@meson install -C build --no-rebuild --destdir "$(DESTDIR)"

clean:
	@rm -rf build build-san build-clang build-fuzz

.PHONY: all setup demo test torture bench fuzz install clean
