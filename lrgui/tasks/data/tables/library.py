"""pandas, which only tables need: what reads them, and what reads dates for that, ask for it here."""

from __future__ import annotations

import importlib
from typing import Any

from lrgui.tasks.data.tables.rows import TABLE
from lrgui.tasks.optimizers.optimizing import must_have


def pandas() -> Any:
    """The module. Raises ValueError, with the way out, where this Python has none that works."""
    must_have(TABLE.label, TABLE.needs)
    try:
        return importlib.import_module("pandas")
    except ImportError as problem:
        raise ValueError(f"Tables are read by pandas, which could not be imported ({problem}): reinstall it.") from None
