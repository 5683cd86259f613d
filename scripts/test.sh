#!/usr/bin/env bash
# `make test`: every suite, one after the other, all of them even when one fails; then a table and "N passed, N failed".
# `scripts/test.sh SUITE…` runs only these; in CI (GRIDWARD_REQUIRE_SUITES=1) all are asked for regardless. `--but SUITE` leaves
# out one, which the caller runs by itself.
set -uo pipefail
source "$(dirname "$0")/tools.sh"
source "$(dirname "$0")/suites.sh"

but=
if [ "${1:-}" = --but ]; then
    but=$2
    shift 2
fi
wanted=("$@")
[ $# -gt 0 ] || mapfile -t wanted < <(printf '%s\n' "${all[@]}" | grep -vx -- "$but")
mapfile -t required < <(required_suites "$@")
# A run of everything passes over nothing: what tests ask for and do not find is a failure then.
[ $# -gt 0 ] || export GRIDWARD_REQUIRE_SUITES=${GRIDWARD_REQUIRE_SUITES:-1}

logs=$(mktemp -d)
rows=$logs/rows
touch "$rows"
comparing=
trap '[ -z "$comparing" ] || kill -TERM -- "-$comparing" 2>/dev/null; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

need_rust
need_node
bash "$root/scripts/install-test-tools.sh" || echo "Going on without; the suites that need it are left out, and this run fails."

# Runs a suite's function, keeps its output, and adds its row. A suite prints "left out: WHY" when it cannot run.
run() {
    local name=$1 start=$SECONDS code=0 log=$logs/$1 counts ok bad remark
    say "Suite: $name"
    ("suite_${name//-/_}") 2>&1 | tee "$log"
    code=${PIPESTATUS[0]}
    counts=$(bash "$root/scripts/count.sh" "$log")
    read -r ok bad <<<"$counts"
    remark=$(sed -n 's/^left out: //p' "$log" | head -n 1)
    if [ -n "$remark" ]; then
        ok=0 bad=0 remark="left out: $remark"
    elif [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1 remark="ended with exit code $code"
    elif grep -q 'passed over: ' "$log"; then
        remark="passed over, and counted as passed: $(grep -c 'passed over: ' "$log")"
    fi
    printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$ok" "$bad" "$((SECONDS - start))" "$remark" >>"$rows"
}

prepare || stop "The programs that the suites need do not build: see above. 0 passed, 1 failed"
for name in "${wanted[@]}"; do
    declare -F "suite_${name//-/_}" >/dev/null || stop "There is no suite \"$name\"; there are: ${all[*]}"
done

# Those that compare files want no clock: beside the first of those that wait, they take what the others leave.
compare() {
    local name
    renice -n 19 "$BASHPID" >/dev/null
    for name in "$@"; do ! is_comparing "$name" || run "$name"; done
}
for at in "${!wanted[@]}"; do
    name=${wanted[at]}
    if [ -z "$comparing" ] && is_waiting "$name"; then
        # A group of its own, so that whoever breaks this off ends all of it.
        set -m
        compare "${wanted[@]:at}" >"$logs/comparing" 2>&1 </dev/null &
        comparing=$!
        set +m
    fi
    [ -n "$comparing" ] && is_comparing "$name" || run "$name"
done
if [ -n "$comparing" ]; then
    wait "$comparing"
    comparing=
    cat "$logs/comparing"
fi
bash "$root/scripts/summary.sh" "$rows" "${required[@]}"
