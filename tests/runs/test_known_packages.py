"""The packages that a Python is asked for."""

from __future__ import annotations

from lrgui.core.optimizers import OPTIMIZERS
from lrgui.runs.known_packages import PACKAGES
from lrgui.tasks.catalog import SOURCES


def test_whatever_a_row_needs_is_asked_for() -> None:
    rows = [
        *SOURCES.values(),
        *OPTIMIZERS.values(),
        *(m for source in SOURCES.values() for m in source.models.values()),
    ]
    needed = {name for row in rows for name in row.needs}
    assert needed <= set(PACKAGES)
