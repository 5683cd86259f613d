#!/usr/bin/env bash
# Adds up what the suites wrote down: `summary.sh ROWS SUITE…`. A row is NAME, PASSED, FAILED, SECONDS and a remark, with tabs
# between. Ends non-zero where a suite failed, ran no test, or was left out although it is among those that must run.
set -euo pipefail

rows=$1
shift
passed=0 failed=0
printf '\n%-28s %7s %7s %8s\n' suite passed failed seconds
while IFS=$'\t' read -r name ok bad seconds remark; do
    printf '%-28s %7s %7s %8s  %s\n' "$name" "$ok" "$bad" "$seconds" "$remark"
    passed=$((passed + ok))
    failed=$((failed + bad))
done <"$rows"
for name in "$@"; do
    if ! awk -F '\t' -v name="$name" '$1 == name && $2 + $3 > 0 { found = 1 } END { exit !found }' "$rows"; then
        printf '%-28s %7s %7s %8s  %s\n' "$name" 0 1 - 'left out'
        failed=$((failed + 1))
    fi
done
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
