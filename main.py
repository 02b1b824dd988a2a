"""Starts LR Finder: without an argument, or with a run log, its window; with a command the command line."""

from __future__ import annotations

import multiprocessing

from lrgui.start import main, wants_window

__all__ = ["main", "wants_window"]

if __name__ == "__main__":
    multiprocessing.freeze_support()  # first: a frozen program's helper processes start here too
    main()
