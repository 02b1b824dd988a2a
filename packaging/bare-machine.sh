#!/usr/bin/env bash
# Do the two commands at the top of the README work where nothing but the project's own scripts has installed anything?
#
#     packaging/bare-machine.sh [PYTEST ARGUMENT …]
#
# Makes a minimal Debian in a temporary folder, puts this checkout and its Python into it (nothing else of this
# machine), opens the window there by `make run`, and runs all tests, or those named, by `make test`. The virtual
# environment is this checkout's: whether it can be made from nothing shows wherever it is made. Needs root, mounts and
# network; where these are missing it says so and ends with status 77.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { echo "A bare machine cannot be made here: $*." >&2; exit 77; }

if [ -z "${LRGUI_BARE_ROOT:-}" ]; then
    [ "$(id -u)" -eq 0 ] || skip "that needs root"
    command -v apt-get >/dev/null || skip "that needs Debian"
    if ! command -v debootstrap >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >/dev/null ||
            skip "debootstrap cannot be installed"
    fi
    unshare --mount --pid --fork --mount-proc true 2>/dev/null || skip "mounts are not allowed"
    [ -x .venv/bin/python ] || make .venv/dev.stamp
    root=$(mktemp -d)
    chmod 755 "$root" # for the accounts that packages are fetched by
    trap 'rm -rf --one-file-system "$root"' EXIT
    # Mounts and processes of the namespace vanish with it.
    LRGUI_BARE_ROOT=$root bash packaging/with-display.sh unshare --mount --pid --fork --mount-proc bash "$0" "$@"
    exit
fi

root=$LRGUI_BARE_ROOT
here=$PWD
step() { printf -- '-- bare machine: %s\n' "$*"; }

step "a minimal Debian"
# shellcheck source=/dev/null
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
debootstrap --variant=minbase "$codename" "$root" >"$root.log" 2>&1 || { tail "$root.log" >&2; exit 1; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --rbind /sys "$root/sys"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"
mkdir -p "$root$here"
mount --bind "$here" "$root$here"

inside() { # the environment of a fresh login, and the display
    chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        DISPLAY="${DISPLAY:-}" bash -ec "cd '$here'; $1"
}

step "make, and this checkout's Python"
prefix=$(.venv/bin/python -c 'import sys; print(sys.base_prefix)')
needed=(make)
if [ "$prefix" = /usr ]; then
    needed+=(python3-venv)
else
    mkdir -p "$root$prefix"
    mount --bind "$prefix" "$root$prefix"
    # The libraries that Python itself was built with; Tk's would bring those in that are to be missing.
    mapfile -t libraries < <(find "$prefix"/lib/python3*/lib-dynload -name '*.so' ! -name '_tkinter*' -exec ldd {} + |
        awk '$3 ~ /^\// {print $3}' | sort -u)
    mapfile -t -O 1 needed < <(for each in "${libraries[@]}"; do
        dpkg-query -S "$(readlink -f "$each")" 2>/dev/null || true; done | cut -d: -f1 | sort -u)
fi
inside "export DEBIAN_FRONTEND=noninteractive; apt-get update -qq; apt-get install -y -qq --no-install-recommends ${needed[*]} >/dev/null"

step "make run"
# Installed already, but on another machine.
rm -f .venv/system.stamp .venv/system-test.stamp
seen() { xdotool search --onlyvisible --name '^LR Finder$' >/dev/null 2>&1; }
inside 'exec make run' & window=$!
for _ in $(seq 240); do
    seen && break
    kill -0 "$window" 2>/dev/null || { echo "The window did not open." >&2; exit 1; }
    sleep 0.5
done
seen || { echo "The window did not open in two minutes." >&2; exit 1; }
pkill -TERM -f "^(\S*/)?\.venv/bin/python main\.py$" || { echo "The window is gone." >&2; exit 1; }
wait "$window" || { echo "The window ended with status $?." >&2; exit 1; }

step "make test"
rm -f .venv/system-test.stamp
inside "make test TESTS='$*'"
