#!/bin/bash
#
# Installs those of the Debian packages named that are missing; their
# services are not started. command=package wants the package only where
# there is no such command. Without root, says what is missing.

set -eu

policy=/usr/sbin/policy-rc.d
missing=()


die() {
    echo "distill_guard: $*" >&2
    exit 1
}


install_packages() {
    apt-get install -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confold "${missing[@]}" < /dev/null
}


if ! command -v dpkg-query > /dev/null; then
    echo "not Debian, nothing is installed; wanted here: $*" >&2
    exit
fi

for item; do
    package=${item#*=}

    [ "$item" != "$package" ] && command -v "${item%=*}" > /dev/null \
        && continue

    case $(dpkg-query -W -f '${Status}' "$package" 2> /dev/null || true) in
        *' ok installed') ;;
        *) missing+=("$package") ;;
    esac
done

[ ${#missing[@]} = 0 ] && exit

[ "$(id -u)" = 0 ] \
    || die "missing, as root: apt-get install ${missing[*]}"

echo "installing ${missing[*]}"

# not in $BUILD: who builds afterwards may be someone else

log=$(mktemp -t distill-guard-deps.XXXXXX)
remove=("$log")
trap 'rm -f "${remove[@]}"' EXIT
trap 'exit 1' HUP INT TERM

if [ ! -e "$policy" ]; then
    remove+=("$policy")
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive

# a list of packages that is absent or out of date is the usual reason for
# a failure

if ! install_packages > "$log" 2>&1; then
    { apt-get update -qq && install_packages; } >> "$log" 2>&1 || {
        tail -n 40 "$log" >&2
        die "apt-get could not install ${missing[*]}"
    }
fi
