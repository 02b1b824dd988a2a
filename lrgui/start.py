"""The `lrgui` command, whichever way it is started: the window at once, or the command line.

Imports nothing heavy: the window must not wait for the command line's packages.
"""

from __future__ import annotations

import sys


def wants_window(arguments: list[str]) -> bool:
    """True where `arguments` ask for the window (or its worker), false where they are a command."""
    if not arguments or arguments[0] in ("--scenarios", "--new-window", "--worker"):
        return True
    first = arguments[0]
    return not first.startswith("-") and (first.endswith(".lrrun") or "/" in first or "\\" in first)


def main() -> None:
    """Open the window, or do what the command says; leaves with its exit status."""
    if wants_window(sys.argv[1:]):
        from lrgui.gui.app import main as window

        raise SystemExit(window())
    from lrgui.cli import main as command

    command()
