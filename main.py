"""Starts the LR Finder window."""

from __future__ import annotations

import multiprocessing

if __name__ == "__main__":
    multiprocessing.freeze_support()  # first: a frozen program's helper processes start here too

    from lrgui.gui.app import main

    raise SystemExit(main())
