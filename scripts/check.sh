#!/usr/bin/env bash
# `make check`: everything that CI asks, in the order in which it fails soonest. Ends at the first step that fails, and at the
# end looks whether the tree is as it was: what is generated must be committed.
set -euo pipefail
source "$(dirname "$0")/tools.sh"
cd "$root"

start=$SECONDS
timings=()
step() {
    local name=$1 from=$SECONDS
    shift
    say "$name"
    "$@" || stop "make check: \"$name\" does not hold."
    timings+=("$(printf '%6d s  %s' $((SECONDS - from)) "$name")")
}

# A step is called behind `||`, where bash forgets `set -e`: what may fail in the middle says `|| return` itself.

# What git sees of the tree: names and contents.
tree() { git status --porcelain && git diff | cksum; }

format() {
    cargo fmt --all --check && cargo fmt --manifest-path fuzz/Cargo.toml --check &&
        cargo fmt --manifest-path scripts/bench_peers/Cargo.toml --check
}

# What is no part of the workspace must not rot either.
clippy() {
    cargo clippy --locked --workspace --all-targets -- -D warnings || return
    for apart in fuzz scripts/bench_peers; do
        cargo clippy --locked --manifest-path "$apart/Cargo.toml" --target-dir "$target/apart" -- -D warnings || return
    done
}

deny() {
    local tools=$cache/tools wanted=0.20.2 cargo_deny=cargo-deny
    if ! cargo-deny --version 2>&1 | grep -q "$wanted"; then
        cargo_deny=$tools/bin/cargo-deny
        [ -x "$cargo_deny" ] && "$cargo_deny" --version | grep -q "$wanted" ||
            CARGO_TARGET_DIR=$tools/build cargo install cargo-deny --version "$wanted" --locked --debug --root "$tools" ||
            return
    fi
    "$cargo_deny" --locked check bans licenses sources || return
    if timeout 20 git ls-remote -q https://github.com/rustsec/advisory-db HEAD >/dev/null 2>&1; then
        "$cargo_deny" --locked check advisories
    else
        echo "advisories: passed over, the database cannot be reached from here"
    fi
}

dashboard() { (cd dashboard && npm run check); }

# Along one and the same way each time, so that a change fails for what it did; `make fuzz` goes other ways. Without `repair`,
# which reads nothing, and whose scrawls of a few units still turn up what no run before did: what they turned up is a test of
# geo-tools. Beside it the suite that `suites` leaves out: both last as long as they are told to, whatever else runs, so that
# neither makes the other longer.
fuzz() {
    local file names=() code=0 log=$target/schemathesis.log
    for file in fuzz/targets/*.rs; do
        [ "$file" = fuzz/targets/repair.rs ] || names+=("$(basename "$file" .rs)")
    done
    behind "$log" env -u GRIDWARD_REQUIRE_SUITES SCHEMATHESIS_SECONDS="${SCHEMATHESIS_SECONDS:-300}" \
        bash scripts/test.sh "$beside"
    FUZZ_SECONDS=60 FUZZ_SEED=1 bash scripts/fuzz.sh "${names[@]}" || code=1
    wait_behind || code=1
    cat "$log"
    return "$code"
}

beside=schemathesis
suites() { bash scripts/test.sh --but "$beside"; }

# What a suite is worth shows in what it catches; `make planted` takes all of them.
planted() { bash scripts/planted.sh --three; }

unchanged() {
    [ "$(tree)" = "$before" ] || { git status --short; git diff --stat; stop "The run changed the tree: commit what it generated (make bless)."; }
    [ "${CI:-}" != true ] || [ -z "$(git status --porcelain)" ] || { git status --short; return 1; }
}

need_rust
need_node
before=$(tree)
step 'Format' format
step 'Dashboard: build' build_dashboard
export DASHBOARD_IS_BUILT=yes
step 'Dashboard: types, operations, lints' dashboard
step 'Dependencies' deny
step 'Clippy' clippy
step 'Every suite but one' suites
step 'Three planted bugs turn the tests red' planted
step 'Fuzzing, a minute for each target, and that suite beside it' fuzz
step 'The tree is as it was' unchanged
say "make check: all holds, in $((SECONDS - start)) s"
printf '%s\n' "${timings[@]}"
