"""`python -m lrgui` is the `lrgui` command."""

from __future__ import annotations

import os
import sys

# Python puts the current folder in front for -m: what lies there must not stand for a package. It is "" where the
# folder was deleted, which the command line says.
try:
    current = os.getcwd()
except OSError:
    current = ""
if sys.path[:1] == [current] and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
    del sys.path[0]

from lrgui.start import main

if __name__ == "__main__":
    main()
