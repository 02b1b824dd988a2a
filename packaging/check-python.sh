#!/usr/bin/env bash
# Says in one sentence what is missing when the Python given cannot run the program.
set -u
python=${1:-python3}
if ! command -v "$python" >/dev/null 2>&1; then
    echo "There is no $python. Install Python 3.10 or newer, or name one: make run PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "$("$python" --version) is too old. LR Finder needs Python 3.10 or newer: make run PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2
    exit 1
fi
