"""PySide's `from __feature__ import snake_case` and its like, of which the program uses none."""

from __future__ import annotations


def look_for_no_features() -> None:
    """Let PySide, which has to be imported, no longer read the source of what is imported.

    It does so to see whether a module could use features: about a fourteenth of a start, and the text of each module
    stays in memory. A PySide in which what is replaced here has another name goes on reading.
    """
    try:
        from shibokensupport import feature
    except ImportError:
        return
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = lambda module: False
