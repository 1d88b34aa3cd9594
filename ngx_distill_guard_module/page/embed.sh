#!/bin/sh
#
# Writes the files of the page as arrays of C, for the module to be built
# with:
#
#   embed.sh DIRECTORY > ngx_distill_guard_page.h

set -eu

cd "$1"


array() {
    name=$1
    shift
    echo "static u_char  ngx_distill_guard_page_$name[] = {"
    cat "$@" | od -A n -v -t x1 | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
    echo "};"
    echo
}


array html page.html
array css page.css
array js tools.js traffic.js state.js people.js campaign.js why.js decide.js \
    page.js
