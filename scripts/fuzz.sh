#!/usr/bin/env bash
# `make fuzz`: every fuzz target of fuzz/targets for FUZZ_SECONDS (600), as many at a time as there are cores; what is found is
# kept in the target folder and begun with the next time. `scripts/fuzz.sh TARGET…` runs only these.
#
# A target fails where an input makes it panic, break what it holds the code to, run for more than a second, or hold more
# than 512 MB, all with the address sanitizer, which costs about half of the speed.
set -uo pipefail
source "$(dirname "$0")/tools.sh"
cd "$root"

seconds=${FUZZ_SECONDS:-600}
# Another number than 0 takes one and the same way each time, and keeps nothing.
seed=${FUZZ_SEED:-0}
data=${GRIDWARD_DATA:-$root/../shared/data}/dirty-geojson/files
work=$target/fuzz
wanted=0.13.2

need_rust
triple=$(rustc -vV | sed -n 's/^host: //p')
command -v c++ >/dev/null || stop "A C++ compiler is missing (libFuzzer is compiled in): on Debian, apt-get install build-essential."
PATH=$cache/tools/bin:$PATH
if ! cargo fuzz --version 2>/dev/null | grep -q "$wanted"; then
    CARGO_TARGET_DIR=$cache/tools/build cargo install cargo-fuzz --version "$wanted" --locked --debug --root "$cache/tools" ||
        stop "cargo-fuzz cannot be installed: see above."
fi

all=()
for file in fuzz/targets/*.rs; do
    name=${file##*/}
    all+=("${name%.rs}")
done
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=("${all[@]}")

say "Building ${#targets[@]} fuzz targets"
# The sanitizer is a flag that the stable compiler hides; nothing else here is built so.
for name in "${targets[@]}"; do
    [ -f "fuzz/targets/$name.rs" ] || stop "There is no fuzz target \"$name\"; there are: ${all[*]}"
done
RUSTC_BOOTSTRAP=1 cargo fuzz build --fuzz-dir fuzz --target-dir "$work" || stop "The fuzz targets do not build: see above."

# One target, for the time that is left of its own. An input that was too slow once and is not when tried again was slowed by
# the machine: then it goes on.
run() {
    local name=$1 end=$((SECONDS + seconds)) code log=$work/logs/$1 found=$work/artifacts/$1 slow
    local kept=$work/corpus/$name
    [ "$seed" = 0 ] || kept=$verdicts/corpus/$name
    mkdir -p "$kept" "$found" "$work/logs"
    rm -f "$found"/*
    : >"$log"
    local folders=("$kept") options=(-rss_limit_mb=512 -timeout=1 -detect_leaks=0)
    [ ! -d "fuzz/seeds/$name" ] || folders+=("$root/fuzz/seeds/$name")
    [[ $name != geojson* || ! -d $data ]] || folders+=("$data")
    case $name in
    # Their bytes are choices, and a few hundred are all that are made.
    coverage | repair | locator | tile | datum) options+=(-max_len=400 -len_control=0) ;;
    *) options+=(-max_len=8192) ;;
    esac
    case $name in
    geojson*) options+=("-dict=$root/fuzz/words/json") ;;
    graphql*) options+=("-dict=$root/fuzz/words/graphql") ;;
    workbook) options+=("-dict=$root/fuzz/words/workbook") ;;
    csv | assign) options+=("-dict=$root/fuzz/words/table") ;;
    esac
    for _ in 1 2 3 4; do
        "$work/$triple/release/$name" "${folders[@]}" "${options[@]}" -seed="$seed" -artifact_prefix="$found/" \
            -max_total_time=$((end > SECONDS ? end - SECONDS : 1)) -print_final_stats=1 >>"$log" 2>&1
        code=$?
        slow=$(find "$found" -name 'timeout-*' | head -n 1)
        [ "$code" -ne 0 ] && [ -n "$slow" ] || break
        "$work/$triple/release/$name" "${options[@]}" "$slow" >>"$log" 2>&1 || break
        rm -f "$slow"
    done
    return "$code"
}

# The last line of progress and the figures at the end, as one row.
row() {
    awk -v name="$1" -v verdict="$2" '
        /^#[0-9]+/ { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1) } }
        /^stat::number_of_executed_units:/ { runs += $2 }
        /^stat::peak_rss_mb:/ { rss = $2 > rss ? $2 : rss }
        END { printf "%-16s %12d %8d %8d %6d  %s\n", name, runs, cov, ft, rss, verdict }' "$work/logs/$1"
}

# The sanitizer keeps freed memory for a while, which is not what the target holds. libFuzzer shows where a panic came from;
# to look the names up twice takes longer than an input may.
export RUST_BACKTRACE=0
export ASAN_OPTIONS=quarantine_size_mb=8:detect_odr_violation=0
say "Running ${#targets[@]} fuzz targets for $seconds s each, $(nproc) at a time"
verdicts=$(mktemp -d)
trap 'rm -rf "$verdicts"; kill $(jobs -p) 2>/dev/null' EXIT
for name in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    { run "$name"; echo $? >"$verdicts/$name"; } &
done
wait

passed=0 failed=0
printf '%-16s %12s %8s %8s %6s\n' target runs edges features MB
for name in "${targets[@]}"; do
    if [ "$(cat "$verdicts/$name")" = 0 ] && grep -q '^stat::number_of_executed_units: [1-9]' "$work/logs/$name"; then
        passed=$((passed + 1))
        row "$name" 'nothing found'
    else
        failed=$((failed + 1))
        row "$name" 'FAILED'
    fi
done
for name in "${targets[@]}"; do
    [ "$(cat "$verdicts/$name")" != 0 ] || continue
    say "$name: what it said, and the end of its log"
    grep -a -m 3 -A 2 'panicked at' "$work/logs/$name"
    tail -n 40 "$work/logs/$name"
    for input in "$work/artifacts/$name"/*; do
        [ -f "$input" ] || continue
        printf 'Again: %s %s\n' "$work/$triple/release/$name" "$input"
        # Where nothing but this output is kept.
        printf 'The input, in base64: %s\n' "$(base64 -w 0 "$input" | head -c 12000)"
    done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
