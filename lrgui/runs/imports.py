"""Importing much at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heavy_imports() -> Iterator[None]:
    """Inside, Python looks for no garbage, and later not in what was made inside: imports leave hardly any.

    With it torch is there a fifth sooner. For a process that computes one run: whatever is unreachable at the end
    stays until the process ends.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
