#!/usr/bin/env bash
# `make build`: what one would install: `gridward` with the dashboard inside, and `geo-tools`.
set -euo pipefail
source "$(dirname "$0")/tools.sh"

need_rust
need_node
build_dashboard
say "Building the release binaries"
cargo build --locked --manifest-path "$root/Cargo.toml" --release -p api -p geo-tools --bins
say "Built: $target/release/gridward and $target/release/geo-tools"
