#!/usr/bin/env bash
# `make bench`: every bench of the repository, one after the other. What is measured takes turns with what a user would
# otherwise take, on the same input, in one run.
set -euo pipefail
source "$(dirname "$0")/tools.sh"
cd "$root"

need_rust
say "$(grep -m 1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs || uname -m), $(nproc 2>/dev/null || echo '?') cores, $(rustc --version)"
cargo bench --locked -p geo-tools --bench '*'
# The service: servers that are processes of their own, asked by another.
cargo run --locked --release -p tests --example bench_service
# A file for each socket, on both sides.
if ulimit -n 20000 2>/dev/null; then
    cargo run --locked --release -p tests --example bench_subscribers
else
    say "Only $(ulimit -n) files may be open: fewer subscribers"
    SUBSCRIBERS=$(($(ulimit -n) / 2)) cargo run --locked --release -p tests --example bench_subscribers
fi
