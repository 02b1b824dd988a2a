#!/usr/bin/env bash
# Runs a command on a private virtual display; without Xvfb, on Qt's offscreen platform (journeys skip then).
set -u
if ! command -v Xvfb >/dev/null 2>&1; then
    echo "Xvfb is not installed: tests that drive the real window are skipped." >&2
    exec env QT_QPA_PLATFORM=offscreen "$@"
fi
unset WAYLAND_DISPLAY QT_QPA_PLATFORM
# Xvfb picks a free number itself and tells it when it is ready.
pipe=$(mktemp -u)
mkfifo "$pipe"
Xvfb -displayfd 3 -screen 0 1600x1000x24 -nolisten tcp 3>"$pipe" >/dev/null 2>&1 &
server=$!
read -r number <"$pipe"
rm -f "$pipe"
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null' EXIT
DISPLAY=":$number" "$@"
