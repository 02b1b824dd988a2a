"""Dimming what was said before, while something newer is on its way."""

from __future__ import annotations

from PySide6.QtWidgets import QGraphicsOpacityEffect, QWidget

#: How much is still seen of what is dimmed.
DIMMED = 0.45


def dim(widget: QWidget, dimmed: bool) -> None:
    """Show `widget` pale, or as usual."""
    effect = widget.graphicsEffect()
    if dimmed and effect is None:
        pale = QGraphicsOpacityEffect(widget)
        pale.setOpacity(DIMMED)
        widget.setGraphicsEffect(pale)
    elif not dimmed and effect is not None:
        widget.setGraphicsEffect(None)  # type: ignore[arg-type]
