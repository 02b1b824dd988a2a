"""Starts LR Finder: without an argument, or with a run log, its window; with a command the command line."""

from __future__ import annotations

import multiprocessing
import sys


def wants_window(arguments: list[str]) -> bool:
    """True where `arguments` ask for the window (or its worker), false where they are a command."""
    if not arguments or arguments[0] in ("--scenarios", "--new-window", "--worker"):
        return True
    first = arguments[0]
    return not first.startswith("-") and (first.endswith(".lrrun") or "/" in first or "\\" in first)


if __name__ == "__main__":
    multiprocessing.freeze_support()  # first: a frozen program's helper processes start here too

    if wants_window(sys.argv[1:]):
        from lrgui.gui.app import main

        raise SystemExit(main())
    from lrgui.cli import main as command

    command()
