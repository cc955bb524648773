# SPDX-License-Identifier: MIT
# The front door only: meson does the work.
PREFIX ?= /usr/local
MESON = meson
ROCPART = build/cli/rocpart
SIM = --sim mi300x-demo

.PHONY: run build deps deps-build test check-long check-hw bench bench-model install format lint clean

# A fresh simulated machine each time; nothing of this computer's GPUs is touched.
run: deps-build build
	@sh tools/demo.sh $(ROCPART)

deps-build:
	@sh tools/install-packages.sh build

deps:
	@sh tools/install-packages.sh all

build: deps-build
	@[ -f build/build.ninja ] || $(MESON) setup build -Dtests=false --prefix=$(PREFIX) >/dev/null
	@ninja -C build --quiet

# gcc as packagers build it, and clang with sanitizers and fuzzers: both without warnings.
build-test/build.ninja: | deps
	@$(MESON) setup build-test -Dwerror=true >/dev/null
build-asan/build.ninja: | deps
	@CC=clang $(MESON) setup build-asan -Dwerror=true -Dfuzzers=true -Dbuildtype=debug \
		-Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false >/dev/null

TESTS = meson test --print-errorlogs --num-processes 2
test: deps build-test/build.ninja build-asan/build.ninja
	@ninja -C build-test --quiet
	@ninja -C build-asan --quiet
	@rm -f build-*/meson-logs/quick.junit.xml
	@$(TESTS) -C build-test --no-suite long --logbase quick || true
	@$(TESTS) -C build-asan --no-suite long --no-suite gates --logbase quick || true
	@python3 tools/test-summary.py build-test/quick.json \
		build-test/meson-logs/quick.junit.xml build-asan/meson-logs/quick.junit.xml

check-long: deps build-test/build.ninja build-asan/build.ninja
	@ninja -C build-test --quiet
	@ninja -C build-asan --quiet
	@rm -f build-*/meson-logs/long.junit.xml
	@$(TESTS) -C build-test --suite long --logbase long || true
	@$(TESTS) -C build-asan --suite long --logbase long || true
	@python3 tools/test-summary.py build-test/long.json \
		build-test/meson-logs/long.junit.xml build-asan/meson-logs/long.junit.xml

# Against a real GPU: ROCPART_HW_TEST=<bdf> make check-hw; restores what it finds, writes a report.
check-hw: build
	@ROCPART=$(abspath build/cli/rocpart) python3 tests/tap.py tests/hw/test_hw.py

bench: deps build-test/build.ninja
	@ninja -C build-test --quiet
	@sh bench/run.sh build-test

bench-model: deps build-test/build.ninja
	@ninja -C build-test --quiet
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

clean:
	@rm -rf build build-test build-asan
