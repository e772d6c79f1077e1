# What there is to do. `make` alone lists it.

CARGO ?= cargo
# Arguments for the server: make run ARGS="--listen 0.0.0.0:8000"
ARGS ?=
# Arguments for the standard set of benchmarks.
BENCH ?=
# Targets to fuzz: make fuzz FUZZ="frames bodies". All of them where it is empty.
FUZZ ?=

# The web client is built with Node 20 or newer. A server without the client needs none.
NODE := $(shell command -v npm >/dev/null && node -p 'parseInt(process.versions.node) >= 20 || ""')
# What npm writes last when it has installed, and what the build of the client leaves.
WEB_PACKAGES := web/node_modules/.package-lock.json
WEB_CLIENT := web/dist/index.html
# Folders are among them, so that a file that is gone is noticed, too.
WEB_SOURCES := $(shell find web/src web/public web/scripts web/*.* 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run dev web web-dev test fuzz check bench bench-check docs clean no-node
# A client that was built and not compressed is not there.
.DELETE_ON_ERROR:

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(if $(NODE),web,no-node) ## Builds rim with its web client for use and starts it; settings in ARGS
	$(CARGO) build --release --bin rim
	@exec target/release/rim serve $(ARGS)

dev: $(if $(NODE),web,no-node) ## Builds rim for work on it, in seconds, and starts it; settings in ARGS
	$(CARGO) build --bin rim
	@exec target/debug/rim serve $(ARGS)

web: $(WEB_CLIENT) ## Builds the web client, which the next build of rim embeds

web-dev: $(WEB_PACKAGES) ## Serves the web client with hot reload, against the rim that runs on port 8000
	cd web && exec npm run dev

# Everything runs, whatever fails before it; at the end it says what failed.
test: $(if $(NODE),,no-node) ## Runs all tests
	@CARGO='$(CARGO)' scripts/test.sh $(if $(NODE),web)

# The same targets run in `make test` for seconds. Ten minutes each, or FUZZ_MINUTES of the environment.
fuzz: ## Feeds whatever reads what strangers send with made-up input, for as long as FUZZ_MINUTES says
	@CARGO='$(CARGO)' scripts/fuzz.sh $(FUZZ)

check: $(if $(NODE),$(WEB_PACKAGES),no-node) ## Checks format, lints, types, layers and circles, as CI does
	$(CARGO) fmt --all --check
	python3 scripts/check_layers.py
	python3 scripts/test_check_circles.py --quiet
	python3 scripts/check_circles.py
	$(CARGO) clippy --workspace --all-targets -- -D warnings
ifdef NODE
	cd web && npm run check
endif

# Instructions, not seconds: they are the same on a busy machine. Needs valgrind.
bench-check: ## Checks that a message costs no more instructions than before
	python3 scripts/bench_check.py

# Takes ten to twenty minutes, and half as long again to fill the large store the first time; the machine should have nothing
# else to do. A part of it: make bench BENCH="--only chats,fanout --runs 1"
bench: ## Measures rim on this machine and writes docs/BENCHMARKS.md; arguments in BENCH
	$(CARGO) build --profile dist --bin rim --bin rim-bench
	target/dist/rim-bench --server target/dist/rim standard $(BENCH)

# One test at a time: several write to the same page.
docs: ## Writes the parts of docs/ that are made from the code, and what the web client makes of them
	RIM_UPDATE_DOCS=1 $(CARGO) test --package rim-server --lib documented -- --test-threads=1
ifdef NODE
	cd web && npm run wire
endif

clean: ## Removes everything that was built; data stays
	$(CARGO) clean
	rm -rf web/dist web/node_modules

$(WEB_CLIENT): $(WEB_PACKAGES) $(WEB_SOURCES)
	cd web && npm run build && node scripts/compress.mjs

$(WEB_PACKAGES): web/package-lock.json
	cd web && npm ci
	@touch $@

no-node:
	@echo "There is no Node 20 or newer here: the web client is left out."
