"""The `lrgui` command, whichever way it is started: the window at once, or the command line.

Imports nothing heavy: the window must not wait for the command line's packages.
"""

from __future__ import annotations

import os
import signal
import sys

#: The words that the command line knows. A file of such a name is opened as "./find".
COMMANDS = (
    "find",
    "run",
    "watch",
    "train",
    "resume",
    "weights",
    "rerun",
    "steer",
    "verify",
    "compare",
    "study",
    "check",
    "new",
    "export",
    "runs",
    "targets",
    "snippet",
    "scenarios",
)


def wants_window(arguments: list[str]) -> bool:
    """True where `arguments` ask for the window (or its worker), false where they are a command.

    A file or a folder opens the window on it: a run, a task (`file.py:name` too), images, a table.
    """
    if not arguments or arguments[0] in ("--scenarios", "--new-window", "--worker", "--describe"):
        return True
    first = arguments[0]
    if first.startswith("-") or first in COMMANDS:
        return False
    if first.endswith(".lrrun") or "/" in first or "\\" in first:
        return True
    file = first.rpartition(":")[0] if not os.path.exists(first) else first
    return bool(file) and os.path.exists(file)


def main() -> None:
    """Open the window, or do what the command says; leaves with its exit status.

    Once something runs, Ctrl+C is handled there; while packages are imported, it ends here, with a shell's status 130.
    """
    try:
        if wants_window(sys.argv[1:]):
            from lrgui.gui.app import main as window

            raise SystemExit(window())
        from lrgui.cli import main as command

        command()
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
