"""Text on screen is text: what a run file, a task or a path says is never taken for HTML.

Qt guesses whether a label's, a tooltip's or a message's text is HTML, and then loads the pictures that it names. All
of these are labels in the end, so the style, which meets each of them before it is first laid out, settles it.
"""

from __future__ import annotations

from typing import Any

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QProxyStyle


class PlainTextStyle(QProxyStyle):
    """Fusion, with labels that show HTML only where somebody asked for it (`setTextFormat(RichText)`)."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def polish(self, target: Any) -> Any:
        """Prepare a widget, the application or a palette."""
        if isinstance(target, QLabel) and target.textFormat() == Qt.TextFormat.AutoText:
            target.setTextFormat(Qt.TextFormat.PlainText)
        return super().polish(target)


_style: PlainTextStyle | None = None


def use_plain_text(app: QApplication) -> None:
    """Give the application its style. Idempotent."""
    global _style
    if _style is None or not shiboken6.isValid(_style):
        _style = PlainTextStyle()
        app.setStyle(_style)


def without_mnemonic(text: str) -> str:
    """`text` for a button, a tab or a menu, in which “&” would underline the next letter."""
    return text.replace("&", "&&")
