#!/bin/bash
#
# "make fuzz": each target named for TIME seconds, from its corpus on. What a
# target finds new stays in $BUILD/fuzz/NAME, what breaks it in
# $BUILD/fuzz/NAME-*, and is told.
#
# From the environment: BUILD, TIME.

set -u

cd "$(dirname "$0")/../.." || exit 1

status=0

for name in "$@"; do
    found=$BUILD/fuzz/$name
    mkdir -p "$found"

    if "$BUILD/fuzz/$name.fuzz" -max_total_time="${TIME:-60}" -rss_limit_mb=2048 \
        -timeout=10 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="$found-" "$found" "t/fuzz/corpus/$name" \
        > "$found.log" 2>&1
    then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log")
        cover=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$found.log" | tail -1)
        echo "$name: $runs inputs, $cover edges"
    else
        echo "$name: BROKEN, see $found.log"
        grep -m 3 -e 'not so:' -e '^==.*ERROR' -e 'Test unit written' \
            -e 'runtime error' "$found.log"
        status=1
    fi
done

exit $status
