#!/usr/bin/env bash
# `make soak`: the tests that break things, and those that ask for what they may not see, each for longer than CI can afford, one
# after the other. FAULT_SEED repeats a run as far as other processes let it, ACCESS_SEED wholly; each of the variables below can
# be set.
set -euo pipefail
source "$(dirname "$0")/tools.sh"
source "$(dirname "$0")/suites.sh"
cd "$root"

need_rust
need_node
bash scripts/install-test-tools.sh
export FAULT_CYCLES=${FAULT_CYCLES:-1000} FAULT_CUTS=${FAULT_CUTS:-10000} FAULT_BREAKDOWNS=${FAULT_BREAKDOWNS:-200}
export FAULT_OPERATIONS=${FAULT_OPERATIONS:-100000} FAULT_RACES=${FAULT_RACES:-10000}
export ACCESS_QUERIES=${ACCESS_QUERIES:-1000000}
prepare
EDITS=${EDITS:-10000000} cargo test --locked --release -p geo-tools --test edits soak:: -- --nocapture | tail -n 40
# Debug builds make the same plans: `make test` holds them to the same bytes.
cargo test --locked --release -p geo-tools --test districting same::
cargo test --locked --workspace --test gridward -- faults:: access:: --test-threads 1 --nocapture
