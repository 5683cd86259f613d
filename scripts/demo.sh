#!/usr/bin/env bash
# `make demo`: from a fresh clone to a map. Needs Rust, Node 20 and a C compiler, and nothing else.
set -euo pipefail
source "$(dirname "$0")/tools.sh"

need_rust
need_node
start=$SECONDS
build_dashboard
say "Building the server (the first time takes up to ten minutes; the last crate alone two, without a word)"
cargo build --locked --manifest-path "$root/Cargo.toml" --profile demo -p api --bin gridward
say "Built in $((SECONDS - start)) s; serving the demo district"
exec "$target/demo/gridward" demo "$@"
