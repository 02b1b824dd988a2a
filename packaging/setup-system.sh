#!/usr/bin/env bash
# Installs the Debian packages that Qt needs (and, with "tests", those that the journeys need), where they are
# missing and we may. Where we may not, says in one sentence what to install, and lets go on.
set -euo pipefail

window=(libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
    libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libdbus-1-3 libfontconfig1 libglib2.0-0
    libgssapi-krb5-2)
bundle=(binutils)
tests=(xvfb xauth xdotool openbox imagemagick desktop-file-utils appstream shared-mime-info openssh-server)

wanted=()
for group in "$@"; do
    case $group in
        window) wanted+=("${window[@]}") ;;
        tests) wanted+=("${tests[@]}") ;;
        bundle) wanted+=("${bundle[@]}") ;;
        *) echo "usage: $0 [window] [tests] [bundle]" >&2; exit 2 ;;
    esac
done

# Other systems name their packages differently; there the program says itself what it misses.
command -v dpkg-query >/dev/null 2>&1 || exit 0

installed() { # newer releases give some of these libraries a new name, ending in t64
    local found # not a pipe: dpkg-query fails when it does not know one of the two names, and pipefail is on
    found=$(dpkg-query -W -f '${Status}\n' "$1" "$1t64" 2>/dev/null) || true
    [[ $found == *"install ok installed"* ]]
}

missing=()
for package in "${wanted[@]}"; do
    installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "System packages are missing; if the window does not open: sudo apt-get install ${missing[*]}" >&2
    exit 0
fi
echo "Installing system packages: ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
