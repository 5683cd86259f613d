#!/usr/bin/env bash
# Proves that the summary says no (to a failure, to a suite that ran no test, to one that was left out, to nothing at all), and
# that the closing lines of every runner are read.
set -euo pipefail

here=$(dirname "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0

# same CLAIM WANTED GOT
same() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        printf '%s: expected "%s", got "%s"\n' "$1" "$2" "$3"
        failed=$((failed + 1))
    fi
}

# summary CLAIM WANTED ROWS SUITE…: WANTED is the exit code and the closing line.
summary() {
    local claim=$1 wanted=$2 code=0 output
    printf '%b' "$3" >"$folder/rows"
    shift 3
    output=$(bash "$here/summary.sh" "$folder/rows" "$@") || code=$?
    same "$claim" "$wanted" "$code: ${output##*$'\n'}"
}

# count CLAIM WANTED LOG
count() {
    printf '%b' "$3" >"$folder/log"
    same "$1" "$2" "$(bash "$here/count.sh" "$folder/log")"
}

# required CLAIM WANTED [NAME=VALUE…] -- SUITE…: with no data set there; `but` among the values is the suite that is left out.
required() {
    local claim=$1 wanted=$2 settings=()
    shift 2
    while [ "$1" != -- ]; do
        settings+=("$1")
        shift
    done
    shift
    same "$claim" "$wanted" "$(env -u GRIDWARD_REQUIRE_SUITES -u GRIDWARD_REQUIRE_DATA GRIDWARD_DATA="$folder" "${settings[@]}" \
        bash -c 'here=$1; shift; source "$here/tools.sh"; source "$here/suites.sh"; required_suites "$@"' bash "$here" "$@" |
        paste -sd ' ')"
}

for script in "$here"/*.sh "$here/../.ci/run"; do
    same "$script can be read" '' "$(bash -n "$script" 2>&1)"
done

same 'every planted bug says what turns red, and applies' '' "$(bash "$here/planted.sh" --check 2>&1 >/dev/null)"

# Whoever is run behind something inherits that interrupts are ignored.
listening=(env --default-signal=INT)
# left_behind COMMAND…: Ctrl-C, as a terminal sends it, to all that runs in front; prints who is left of what ran behind, whose
# number the command writes to "$folder/pid".
left_behind() {
    local tries pid
    rm -f "$folder/pid"
    set -m
    "$@" >/dev/null 2>&1 &
    set +m
    for tries in $(seq 100); do
        [ ! -s "$folder/pid" ] || break
        sleep 0.1
    done
    kill -INT -- "-$!"
    wait "$!" || true
    pid=$(cat "$folder/pid")
    for tries in $(seq 50); do
        # One that has ended, and that nobody has asked for, is none.
        case $(ps -o stat= -p "$pid") in '' | Z*) return ;; esac
        sleep 0.1
    done
    kill "$pid"
    echo "process $pid"
}
begun_behind='source "$1/tools.sh"; behind "$2/log" bash -c "sleep 60 & echo \$! >\"$2/pid\"; wait"; sleep 60'
same 'Ctrl-C leaves nothing of what ran behind' '' "$(left_behind "${listening[@]}" bash -c "$begun_behind" bash "$here" "$folder" 2>&1)"

ended_behind='set -e; source "$1/tools.sh"; behind "$2/log" bash -c "exit 3"; wait_behind || echo "$?"'
same 'what has ended behind says how, and the script ends well' 'said 3, ended 0' \
    "said $(bash -c "$ended_behind" bash "$here" "$folder"), ended $?"

# The runner of the suites itself, with two suites of ours: one waits until the other, which compares files, has begun.
mkdir -p "$folder/lane/scripts"
cp "$here"/{count,suites,summary,test,tools}.sh "$folder/lane/scripts"
: >"$folder/lane/scripts/install-test-tools.sh"
cat >>"$folder/lane/scripts/suites.sh" <<'END'
need_rust() { :; }
need_node() { :; }
prepare() { :; }
suite_rust() {
    local tries
    for tries in $(seq 100); do
        [ ! -e "$root/begun" ] || break
        sleep 0.1
    done
    [ -e "$root/begun" ] && echo '1 passed, 0 failed' && sleep "${WAITED_SECONDS:-0}"
}
suite_formats() {
    touch "$root/begun"
    bash -c "$COMPARED"
}
END
# run_lane COMPARED: a run in which the suite that compares does that.
run_lane() {
    rm -f "$folder/lane/begun"
    "${listening[@]}" -u GRIDWARD_REQUIRE_SUITES -u GRIDWARD_REQUIRE_DATA COMPARED="$1" \
        bash "$folder/lane/scripts/test.sh" rust formats
}
# lane CLAIM WANTED COMPARED: WANTED is the exit code and the closing line.
lane() {
    local code=0 output
    output=$(run_lane "$3" 2>&1) || code=$?
    same "$1" "$2" "$code: ${output##*$'\n'}"
}
lane 'files are compared beside what waits' '0: 3 passed, 0 failed' 'echo "2 passed, 0 failed"'
lane 'what differs beside what waits is a failure' '1: 2 passed, 1 failed' 'echo "1 passed, 1 failed"; exit 1'
lane 'what breaks off beside what waits is a failure' '1: 1 passed, 1 failed' 'exit 3'
same 'Ctrl-C leaves nothing of what is compared' '' \
    "$(WAITED_SECONDS=60 left_behind run_lane "sleep 60 & echo \$! >'$folder/pid'; wait" 2>&1)"

attack=$here/../tests/schemathesis/attack.py
printf '  admin   http://127.0.0.1:9/#token=a\n' >"$folder/demo.log"
same 'schemathesis asks as nobody whose token is not there' \
    'no token of worker stands in what the demo printed: nobody may ask as another viewer' \
    "$(python3 "$attack" http://127.0.0.1:9 "$folder/demo.log" 2>&1)"
# of_run MODE TOKEN WORKED CODES: how many of the claims about a run hold.
of_run() {
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$(dirname "$attack") python3 -c '
import attack, json, sys
mode, token, worked, codes = sys.argv[1:]
counted = {"worked": json.loads(worked), "codes": json.loads(codes)}
print(sum(bool(holds) for holds, _ in attack.of_run(mode, token, counted)))' "$@"
}
same 'a viewer who comes to answers' 2 "$(of_run positive t '{"Query.cells": 3}' '{"FORBIDDEN": 2}')"
same 'a viewer who is refused throughout' 1 "$(of_run positive t '{}' '{"FORBIDDEN": 9}')"
same 'a viewer whose token nobody knows' 0 "$(of_run positive t '{}' '{"UNAUTHENTICATED": 9}')"
same 'the public, who has no token' 2 "$(of_run positive '' '{"Query.cells": 3}' '{"UNAUTHENTICATED": 9}')"
same 'what is not valid, and comes to no answer' 2 "$(of_run negative t '{}' '{}')"

both='rust\t12\t0\t3\t\nbrowser\t4\t0\t9\t\n'
summary 'all suites pass' '0: 16 passed, 0 failed' "$both" rust browser
summary 'PostgreSQL was left out' '1: 16 passed, 1 failed' "$both" rust browser postgresql
summary 'Chromium was missing' '1: 12 passed, 1 failed' 'rust\t12\t0\t3\t\nbrowser\t0\t0\t0\tleft out\n' rust browser
summary 'the data was missing' '1: 12 passed, 1 failed' 'rust\t12\t0\t3\t\nliechtenstein\t0\t0\t0\tleft out\n' rust liechtenstein
summary 'pyogrio was missing' '1: 12 passed, 1 failed' 'rust\t12\t0\t3\t\nformats\t0\t0\t0\tleft out\n' rust formats
summary 'a test failed' '1: 15 passed, 1 failed' 'rust\t12\t0\t3\t\nbrowser\t3\t1\t9\t\n' rust browser
summary 'nothing ran' '1: 0 passed, 0 failed' ''
summary 'nothing ran of what must' '1: 0 passed, 1 failed' '' postgresql

without_data='scripts rust documentation postgresql dashboard browser graphql-http generated formats schemathesis'
with_data='scripts rust documentation postgresql dashboard browser graphql-http liechtenstein chicago generated repair formats districting schemathesis'
required 'two suites are named' 'dashboard browser' -- dashboard browser
required 'two suites are named in CI' "$without_data" GRIDWARD_REQUIRE_SUITES=1 -- dashboard browser
required 'no suite is named' "$without_data" --
required 'no suite is named and data is asked for' "$with_data" GRIDWARD_REQUIRE_DATA=1 --
required 'all are asked for but one' "${with_data% schemathesis}" but=schemathesis GRIDWARD_REQUIRE_SUITES=1 GRIDWARD_REQUIRE_DATA=1 --
required 'the one that was left out' schemathesis -- schemathesis

count 'nextest' '44 2' '     Summary [   0.5s] 46 tests run: 44 passed (1 slow), 2 failed, 0 skipped\n'
count 'nextest with a test that hung' '3 1' '     Summary [   9.0s] 4 tests run: 3 passed, 1 timed out, 0 skipped\n'
count 'cargo test' '9 1' 'test result: ok. 4 passed; 0 failed; 0 ignored\ntest result: FAILED. 5 passed; 1 failed; 0 ignored\n'
count 'vitest' '11 1' ' Test Files  1 failed | 3 passed (4)\n      Tests  1 failed | 11 passed (12)\n'
count "node's runner" '3 1' 'ℹ tests 4\nℹ pass 3\nℹ fail 1\n'
count 'ours' '9 1' '9 passed, 1 failed\n'
count 'no runner at all' '0 0' 'a program that printed nothing of use\n'
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
