#!/usr/bin/env bash
# `make bless`: accepts what the SDL, the demo's grid, the generated types, the snapshots and the README's pictures have become.
# Look at the diff before you commit it.
set -euo pipefail
source "$(dirname "$0")/tools.sh"
cd "$root"

need_rust
need_node
build_dashboard
# By the test, which refuses what goes from the contract without a word in the changelog.
GRIDWARD_BLESS=1 cargo test --locked --quiet -p tests --test gridward -- --exact schema::the_committed_sdl_is_what_the_server_prints
# And what `partition` makes of the demo's blocks.
GRIDWARD_BLESS=1 cargo test --locked --quiet -p tests --test gridward -- --exact imports::demo_grid::the_demo_is_cut_by_partition_into_the_bytes_that_are_committed
(cd dashboard && npm run generate)
INSTA_UPDATE=always cargo test --locked --workspace --no-fail-fast
say "Taking the pictures of the README"
cargo build --locked -p api --bin gridward
(cd dashboard && GRIDWARD_BLESS=1 GRIDWARD_BIN=$target/debug/gridward npm run test:browser -- screenshots)
git status --short
