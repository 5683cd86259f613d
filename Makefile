# The commands of this repository; each says in one line what it does. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help demo test build check bless bench bench-peers fuzz planted soak bench-import bench-redis fmt

help: ## List the commands.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 16

demo: ## Build everything and serve the demo district on http://127.0.0.1:8080 (PORT=…, ARGS=…).
	@bash scripts/demo.sh $(ARGS)

test: ## Install or start what the tests need, and run every suite.
	@bash scripts/test.sh

build: ## Build the dashboard and the release binaries into target/release (honours CARGO_TARGET_DIR).
	@bash scripts/build.sh

check: ## All of CI: formats, lints, dependencies, drift, every suite, a clean tree.
	@bash scripts/check.sh

bless: ## Accept what the SDL, the snapshots and the README's pictures have become.
	@bash scripts/bless.sh

bench: ## Measure what is fast against what a user would otherwise take; answers are compared first.
	@bash scripts/bench.sh

bench-peers: ## The same beside shapely, DuckDB, PostGIS, tg, GDAL, GEOS, METIS, KaHIP and others, which it installs.
	@bash scripts/bench_peers.sh

fuzz: ## Feed every reader what nobody meant, for FUZZ_SECONDS (600) a target.
	@bash scripts/fuzz.sh

planted: ## Plant each bug of tests/planted-bugs in a copy of the tree, and see the tests turn red for it (ARGS=NAME…).
	@bash scripts/planted.sh $(ARGS)

soak: ## Kill, cut and break everything ten times as long as CI does: a thousand kill -9 for each database.
	@bash scripts/soak.sh

bench-import: ## Import a million households while reports go on, on SQLite and PostgreSQL; rows and cells are compared.
	@bash scripts/bench_import.sh

bench-redis: ## The tiles of a city from a server that has just been started, without a Redis and beside one.
	@bash scripts/bench_redis.sh

fmt: ## Format the Rust code.
	@cargo fmt --all
