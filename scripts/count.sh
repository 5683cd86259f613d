#!/usr/bin/env bash
# Reads a log of a test runner and prints how many tests passed and failed: "PASSED FAILED". Knows nextest, cargo test, vitest,
# node's runner, and the plain line "N passed, N failed".
set -euo pipefail

sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    # The number that stands before a word on this line.
    function before(word,   i) { for (i = 2; i <= NF; i++) if ($i ~ "^" word "[,;)]?$") return $(i - 1) + 0; return 0 }
    /^ *Summary \[/ { passed += before("passed"); failed += before("failed") + before("timed") + before("aborted"); next }
    /^test result: / { passed += before("passed"); failed += before("failed"); next }
    /^ *Tests  / { passed += before("passed"); failed += before("failed"); next }
    /^(#|ℹ) pass [0-9]+$/ { passed += $3; next }
    /^(#|ℹ) (fail|cancelled) [0-9]+$/ { failed += $3; next }
    /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
    END { print passed + 0, failed + 0 }'
