"""`python -m lrgui` is the `lrgui` command."""

from __future__ import annotations

import os
import sys


def _leave_current_folder() -> None:
    """Python puts the current folder in front for -m: what lies there must not stand for a package."""
    try:
        here = os.getcwd()
    except OSError:  # it was deleted
        return
    if sys.path[:1] == [here] and here != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
        del sys.path[0]


if __name__ == "__main__":
    _leave_current_folder()

    from lrgui.start import main

    main()
