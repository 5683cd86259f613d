#!/usr/bin/env bash
# `make bless`: accepts what the SDL, the generated types, the snapshots and the README's pictures have become. Look at the diff
# before you commit it.
set -euo pipefail
source "$(dirname "$0")/tools.sh"
cd "$root"

need_rust
need_node
build_dashboard
cargo run --locked --quiet -p api --bin gridward -- schema >frontend-schema/schema.graphql
(cd dashboard && npm run generate)
INSTA_UPDATE=always cargo test --locked --workspace --no-fail-fast
say "Taking the pictures of the README"
cargo build --locked -p api --bin gridward
(cd dashboard && GRIDWARD_BLESS=1 GRIDWARD_BIN=$target/debug/gridward npm run test:browser -- screenshots)
git status --short
