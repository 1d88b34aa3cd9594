#!/bin/bash
#
# What the build has to know about an nginx.
#
#   nginx.sh check            is there an nginx to build against?
#   nginx.sh settings         everything a build depends on besides files
#   nginx.sh configure KIND   prepare $BUILD/nginx (KIND is dynamic) or
#                             $BUILD/nginx-static (KIND is static)
#   nginx.sh load             does $NGINX_BIN accept the module?
#   nginx.sh modules-path     where it looks for modules
#
# From the environment: BUILD MODULE NGINX_BIN NGINX_SRC NGINX_ARGS
# CC CC_OPT LD_OPT

set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
tree=${NGINX_SRC:-${NGINX_DEV:-/usr/share/nginx/src}}


die() {
    echo "distill_guard: $*" >&2
    exit 1
}


# The arguments an nginx was configured with, as words the shell can eval:
# nginx quotes them itself.

recorded_in_binary() {
    "$NGINX_BIN" -V 2>&1 | sed -n 's/^configure arguments: *//p'
}


recorded_in_tree() {
    sed -n 's/\\"/"/g; s/^#define NGX_CONFIGURE "\(.*\)"$/\1/p' \
        "$NGINX_SRC/objs/ngx_auto_config.h"
}


header_version() {
    sed -n 's/^#define NGINX_VERSION *"\(.*\)"/\1/p' "$tree/src/core/nginx.h"
}


check() {
    local built headers

    command -v "${CC%% *}" > /dev/null || die "no $CC, install gcc"

    if [ -n "$NGINX_SRC" ]; then
        [ -f "$tree/src/core/nginx.h" ] && [ -d "$tree/auto" ] \
            || die "NGINX_SRC=$NGINX_SRC is not an nginx source tree"
        return
    fi

    [ -x "$NGINX_BIN" ] \
        || die "no nginx, install nginx and nginx-dev or set NGINX_SRC"
    [ -f "$tree/configure" ] && [ -f "$tree/conf_flags" ] \
        && [ -f "$tree/src/core/nginx.h" ] \
        || die "no nginx headers, install nginx-dev or set NGINX_SRC"

    built=$("$NGINX_BIN" -v 2>&1 | sed -n 's,^.*: [^/]*/\([0-9.]*\).*,\1,p')
    headers=$(header_version)

    [ "$built" = "$headers" ] \
        || die "$NGINX_BIN is $built but nginx-dev is $headers," \
               "install both in one version or set NGINX_SRC"
}


settings() {
    echo "CC=$CC CC_OPT=$CC_OPT LD_OPT=$LD_OPT NGINX_ARGS=$NGINX_ARGS"
    echo "$tree $(stat -c %Y "$tree/src/core/nginx.h")"

    if [ -z "$NGINX_SRC" ]; then
        recorded_in_binary
    elif [ -f "$NGINX_SRC/objs/ngx_auto_config.h" ]; then
        recorded_in_tree
    fi

    cd "$top" && ls ngx_distill_guard_module/*/*.[ch] ngx_distill_guard_module/page/*
}


# Paths in recorded arguments are relative to the tree they were given in.

absolute() {
    case $1 in
        /*) echo "$1" ;;
        *)  (cd "$tree" && realpath -m "$1") ;;
    esac
}


configure() {
    local objs arg file script log
    local recorded=() args=() cc_opt=$CC_OPT ld_opt=$LD_OPT add

    case $1 in
        static)
            objs=$BUILD/nginx-static
            add=--add-module
            ;;
        *)
            objs=$BUILD/nginx
            add=--add-dynamic-module
            cc_opt="-std=gnu99 $cc_opt"
            ;;
    esac

    # Debian's own list keeps the ABI; how its binary was compiled and
    # linked only the binary tells

    if [ -z "$NGINX_SRC" ]; then
        . "$tree/conf_flags"
        eval "recorded=($(recorded_in_binary))"

        for arg in "${recorded[@]}"; do
            case $arg in
                --with-cc-opt=* | --with-ld-opt=*)
                    NGX_CONF_FLAGS+=("$arg")
                    ;;
            esac
        done

        recorded=("${NGX_CONF_FLAGS[@]}")

    elif [ -f "$NGINX_SRC/objs/ngx_auto_config.h" ]; then
        eval "recorded=($(recorded_in_tree))"

    else
        eval "recorded=($NGINX_ARGS)"
    fi

    for arg in "${recorded[@]}"; do
        case $arg in
            --with-cc-opt=*)
                cc_opt="${arg#*=} $cc_opt"
                ;;
            --with-ld-opt=*)
                ld_opt="${arg#*=} $ld_opt"
                ;;
            --with-cc=* | --builddir=*)
                ;;
            --add-module=* | --add-dynamic-module=*)
                file=$(absolute "${arg#*=}")
                [ "$file" = "$top" ] || args+=("${arg%%=*}=$file")
                ;;
            --with-pcre=* | --with-zlib=* | --with-openssl=*)
                args+=("${arg%%=*}=$(absolute "${arg#*=}")")
                ;;
            *)
                args+=("$arg")
                ;;
        esac
    done

    # configure writes where it stands: it stands among links to the tree,
    # which itself stays untouched

    rm -rf "$objs"
    mkdir -p "$objs/tree"

    for file in "$tree"/*; do
        case ${file##*/} in
            objs | Makefile) ;;
            *) ln -s "$(realpath "$file")" "$objs/tree/" ;;
        esac
    done

    script=./configure
    [ -f "$tree/configure" ] || script=auto/configure
    log=$objs/configure.log

    # with CFLAGS set configure would drop nginx's warnings

    (cd "$objs/tree" && unset CFLAGS \
        && "$script" "${args[@]}" --builddir="$objs" --with-cc="$CC" \
               --with-cc-opt="$cc_opt" --with-ld-opt="$ld_opt" \
               "$add=$top") > "$log" 2>&1 && return

    grep '^distill_guard:' "$log" >&2 && exit 1
    tail -n 12 "$log" >&2
    die "nginx's configure failed, see $log"
}


load() {
    local conf=$BUILD/load.conf

    [ -x "$NGINX_BIN" ] || return 0

    # only an nginx that is built likewise takes a sanitized module

    [[ $CC_OPT != *-fsanitize* ]] || return 0

    printf '%s;\n' "load_module $MODULE" "pid $BUILD/load.pid" \
        "error_log stderr" > "$conf"
    echo 'events { }' >> "$conf"

    if ! "$NGINX_BIN" -t -q -p "$BUILD/" -c "$conf" 2> "$BUILD/load.log"; then
        cat "$BUILD/load.log" >&2
        die "$NGINX_BIN does not load $MODULE"
    fi
}


modules_path() {
    local arg prefix=/usr/local/nginx path=modules recorded=()

    if [ -x "$NGINX_BIN" ]; then
        eval "recorded=($(recorded_in_binary))"
    else
        eval "recorded=($(recorded_in_tree))"
    fi

    for arg in "${recorded[@]}"; do
        case $arg in
            --prefix=*) prefix=${arg#*=} ;;
            --modules-path=*) path=${arg#*=} ;;
        esac
    done

    case $path in
        /*) echo "$path" ;;
        *)  echo "$prefix/$path" ;;
    esac
}


case $1 in
    check) check ;;
    settings) check; settings ;;
    configure) configure "$2" ;;
    load) load ;;
    modules-path) modules_path ;;
esac
