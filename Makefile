# SPDX-License-Identifier: MIT
# The entry points only: meson does the work.
PREFIX ?= /usr/local
MESON = meson
ROCPART = build/cli/rocpart
SIM = --sim mi300x-demo

.PHONY: run build deps deps-build test check-long campaign check-hw bench bench-model install format lint clean

# Uses a fresh simulated machine each time; the GPUs of this host are not touched.
run: deps-build build
	@sh tools/demo.sh $(ROCPART)

deps-build:
	@sh tools/install-packages.sh build

deps:
	@sh tools/install-packages.sh all

build: deps-build
	@[ -f build/build.ninja ] || $(MESON) setup build -Dtests=false --prefix=$(PREFIX) >/dev/null
	@sh tools/build.sh build $(or $(CC),cc)

# gcc as packagers build it, and clang with sanitizers and fuzzers: both without warnings.
build-test/build.ninja: | deps
	@$(MESON) setup build-test -Dwerror=true >/dev/null
build-asan/build.ninja: | deps
	@CC=clang $(MESON) setup build-asan -Dwerror=true -Dfuzzers=true -Dbuildtype=debug \
		-Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false >/dev/null

TESTS = meson test --print-errorlogs --num-processes 2
test: deps build-test/build.ninja build-asan/build.ninja
	@sh tools/build.sh build-test gcc
	@sh tools/build.sh build-asan clang
	@rm -f build-*/meson-logs/quick.junit.xml
	@$(TESTS) -C build-test --no-suite long --logbase quick || true
	@$(TESTS) -C build-asan --no-suite long --no-suite gates --logbase quick || true
	@python3 tools/test-summary.py build-test/quick.json \
		build-test/meson-logs/quick.junit.xml build-asan/meson-logs/quick.junit.xml

check-long: deps build-test/build.ninja build-asan/build.ninja
	@sh tools/build.sh build-test gcc
	@sh tools/build.sh build-asan clang
	@rm -f build-*/meson-logs/long.junit.xml
	@$(TESTS) -C build-test --suite long --logbase long || true
	@$(TESTS) -C build-asan --suite long --logbase long || true
	@python3 tools/test-summary.py build-test/long.json \
		build-test/meson-logs/long.junit.xml build-asan/meson-logs/long.junit.xml

# Every point of the sweeps that check-long samples (tests/sample.py); takes hours.
campaign: deps build-test/build.ninja
	@sh tools/build.sh build-test gcc
	@ROCPART_CAMPAIGN=1 $(TESTS) -C build-test --suite sweep --timeout-multiplier 0 --logbase campaign

# Against a real GPU: ROCPART_HW_TEST=<bdf> make check-hw; restores what it finds, writes a report.
check-hw: build
	@ROCPART=$(abspath build/cli/rocpart) python3 tests/tap.py tests/hw/test_hw.py

bench: deps build-test/build.ninja
	@sh tools/build.sh build-test gcc
	@sh bench/run.sh build-test

# What was measured is kept outside of the repository: where that is not, it says so.
bench-model: deps build-test/build.ninja
	@sh tools/build.sh build-test gcc
	@python3 bench/bench_model.py build-test/bench/bench_model models/catalog.yaml \
		../shared/reference/models

install: build
	@$(MESON) configure build --prefix=$(abspath $(PREFIX)) >/dev/null
	@DESTDIR=$(DESTDIR) $(MESON) install -C build

format:
	@clang-format -i $$(git ls-files '*.c' '*.h')
	@python3 tools/make-python-abi.py

lint:
	@clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
	@python3 tools/check-layers.py
	@python3 tools/check-data.py
	@python3 tools/check-docs.py
	@python3 tools/check-words.py

clean:
	@rm -rf build build-test build-asan
