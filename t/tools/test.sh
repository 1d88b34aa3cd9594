#!/bin/bash
#
# "make test": every kind of test, each even after another has failed, and
# one line at the end that says how it went.

set -u

cd "$(dirname "$0")/../.." || exit 1

# the makes started here are their own masters

unset MAKEFLAGS MFLAGS MAKELEVEL

done=()
failed=()


step() {
    local name=$1

    shift
    echo "== $name"
    done+=("$name")
    "$@" || failed+=("$name")
}


finish() {
    local IFS=,

    if [ ${#failed[@]} = 0 ]; then
        echo "make test: PASS (${done[*]})"
        exit 0
    fi

    echo "make test: FAIL (${failed[*]})"
    exit 1
}


# What a directory of tests needs of npm. The SDKs want Node 20; where the
# system's is older npm brings one.

packages() {
    local dir=$1 node=$BUILD/node stamp=$BUILD/$(basename "$1").stamp major

    major=$(node --version 2> /dev/null | sed 's/^v\([0-9]*\).*/\1/')

    if [ "${major:-0}" -lt 20 ]; then
        [ -x "$node/node_modules/.bin/node" ] \
            || npm install --loglevel=error --no-save --prefix "$node" node@20 \
            || return
        export PATH=$node/node_modules/.bin:$PATH
    fi

    [ -d "$dir/node_modules" ] && [ "$stamp" -nt "$dir/package-lock.json" ] \
        && return

    npm --prefix "$dir" ci --ignore-scripts --loglevel=error --no-audit \
        --no-fund && touch "$stamp"
}


tests() {
    [ -n "$TESTS" ] || { echo "no tests in t" >&2; return 1; }
    [ -x "$DG_NGINX" ] \
        || { echo "no $DG_NGINX, set NGINX_BIN" >&2; return 1; }

    # shellcheck disable=SC2086
    prove -j2 -It/lib $TESTS
}


step packages make --silent deps
[ ${#failed[@]} = 0 ] || finish
step build make --silent all
[ ${#failed[@]} = 0 ] || finish

step style make --silent style
step unit make --silent unit
step fuzz make --silent fuzz-replay
[[ $TESTS == *sdk* ]] && step sdk-packages packages t/sdk
[[ $TESTS == *page.t* ]] && step page-packages packages t/page
step nginx tests
finish
