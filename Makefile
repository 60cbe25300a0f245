# The commands of the project. Each installs what it needs.

TARGET := $(or $(CARGO_TARGET_DIR),target)
VENV   := $(TARGET)/venv
# What the console is built from.
WEB    := $(shell find web -name node_modules -prune -o -path web/dist -prune -o -path web/src/api/schema.d.ts -o -type f -print)

# Where setup puts a Node that is recent enough, if the machine's is not.
export PATH := $(CURDIR)/web/.node/node_modules/.bin:$(PATH)

.PHONY: run build web test chaos check fuzz bench bench-peers audit setup setup-test

## Build Viva, start it with its demo model, open a session.
run: build
	@scripts/run.sh

## Build the release binary; ./viva leads to it.
build: web
	cargo build --release --locked
	@ln -sfn "$(abspath $(TARGET))/release/viva" viva

## Build the console, which the binary embeds.
web: web/dist/index.html

## Every test: units, engine, crashes, the SDKs, the console in a browser.
test: setup-test web
	cd web && npm run test --if-present
	VIVA_TEST_PYTHON="$(abspath $(VENV))/bin/python" cargo test --workspace --locked

## Faults at random under load, for CHAOS_MINUTES (10); CHAOS_SEED repeats a run. Root fills disks, too.
chaos: setup-test web
	CHAOS_MINUTES="$(or $(CHAOS_MINUTES),10)" cargo test --workspace --locked --test e2e -- chaos --nocapture

## Format, lints, documentation, the console's types.
check: web
	cd web && npm run check --if-present
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@# Without the crates that link llama.cpp: without test dependencies it would be built a second time for them.
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --exclude engine --exclude viva --no-deps --locked --document-private-items

## A minute of fuzzing for each target; needs a nightly Rust and cargo-fuzz.
FUZZ_SECONDS ?= 60
fuzz: web
	@cargo +nightly fuzz --version >/dev/null 2>&1 || cargo +nightly install --locked cargo-fuzz
	@cd fuzz && for target in $$(cargo +nightly fuzz list); do \
		mkdir -p "corpus/$$target" "seeds/$$target"; \
		cargo +nightly fuzz run "$$target" "corpus/$$target" "seeds/$$target" -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=5 -rss_limit_mb=2048 || exit 1; \
	done

## Measurements; beside llama-server where `make bench-peers` has built it.
bench: build $(VENV)/.ready
	cargo build --release --locked -p server -p store -p docs --examples
	"$(VENV)/bin/python" bench/bench.py --viva ./viva --target "$(abspath $(TARGET))"

## Build llama-server and llama-bench for comparison (optional, some minutes).
bench-peers:
	@scripts/setup.sh test
	bench/build-peers.sh "$(abspath $(TARGET))/peers"

## Licences and advisories; needs a network and cargo-deny.
audit:
	cargo deny check licenses advisories

setup:
	@scripts/setup.sh build

setup-test: $(VENV)/.ready tests/sdk/node_modules/.ready tests/console/node_modules/.ready tests/oidc/node_modules/.ready

web/node_modules/.ready: web/package.json web/package-lock.json | setup
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch "$@"

web/dist/index.html: web/node_modules/.ready docs/openapi.json $(WEB)
	cd web && npm run build --silent
	@touch "$@"

$(VENV)/.ready: tests/sdk/requirements.txt
	@scripts/setup.sh test
	python3 -m venv "$(VENV)"
	"$(VENV)/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/sdk/requirements.txt
	@touch "$@"

tests/%/node_modules/.ready: tests/%/package.json
	@scripts/setup.sh test
	cd tests/$* && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch "$@"
