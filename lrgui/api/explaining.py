"""What the caller's own exceptions mean: the probable cause and the way out, told with them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lrgui.errors.diagnosis import diagnose
from lrgui.errors.traces import raised_by_us


@contextmanager
def explaining() -> Iterator[None]:
    """Inside, the caller's exceptions get such a note."""
    try:
        yield
    except Exception as error:
        explain_in(error)
        raise


def explain_in(error: BaseException) -> None:
    """Add to `error` a note with its probable cause, where one is known; Python 3.10 has no notes and prints it."""
    if raised_by_us(error):
        return  # it is such a sentence itself
    found = diagnose(error)
    note = f"LR Finder: {found.sentence}"
    if not found.known or note in getattr(error, "__notes__", ()):
        return
    if sys.version_info >= (3, 11):
        error.add_note(note)
    else:
        print(note, file=sys.stderr)
