"""Finds by geometry what is cut or lies over another, and what a screen reader could not name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollBar,
    QTabBar,
    QWidget,
)

from lrgui.gui.room import Handle
from lrgui.gui.status import Elided

#: What a person can work.
WORKED = (QAbstractButton, QLineEdit, QComboBox, QAbstractSlider)
#: Pixels that rounding to a scaled screen's may take.
SLACK = 1
#: Empty pixels below the last of several lines: a label that has not all of them cuts no letter.
LEADING = 3


def named(widget: QWidget) -> str:
    """A widget in words, for a failure."""
    text = getattr(widget, "text", lambda: "")()
    return f"{type(widget).__name__} {widget.objectName()} “{text or widget.accessibleName()}”"


def shown(window: QWidget) -> Iterator[QWidget]:
    """All widgets in sight, also those that would have to be scrolled to."""
    return (widget for widget in window.findChildren(QWidget) if widget.isVisible() and not widget.size().isEmpty())


def cut(window: QWidget) -> list[str]:
    """Labels, buttons and tabs whose text has not the room that it needs."""
    found = []
    for widget in shown(window):
        if isinstance(widget, QLabel) and not isinstance(widget, Elided) and widget.text():
            needs = widget.sizeHint()
            if widget.wordWrap():
                high = widget.heightForWidth(widget.width())
                if high > widget.height() + LEADING or widget.minimumSizeHint().width() > widget.width() + SLACK:
                    found.append(f"{named(widget)}: {widget.size().toTuple()} for a height of {high}")
            elif needs.width() > widget.width() + SLACK or needs.height() > widget.height() + SLACK:
                found.append(f"{named(widget)}: {widget.size().toTuple()} for {needs.toTuple()}")
        elif isinstance(widget, QAbstractButton | QComboBox) and not isinstance(widget, Handle):
            needs = widget.minimumSizeHint() if isinstance(widget, QComboBox) else widget.sizeHint()
            plain = isinstance(widget, QCheckBox | QComboBox) or bool(getattr(widget, "text", str)())
            if plain and needs.width() > widget.width() + SLACK:
                found.append(f"{named(widget)}: {widget.width()} wide for {needs.width()}")
        elif isinstance(widget, QTabBar):
            for tab in range(widget.count()):
                place = widget.tabRect(tab)
                if widget.isTabVisible(tab) and (place.right() >= widget.width() or place.left() < 0):
                    found.append(f"the tab “{widget.tabText(tab)}”")
    return found


def outside(window: QWidget) -> list[str]:
    """Widgets that stick out of the widget around them, where nothing scrolls sideways."""
    found = []
    for widget in shown(window):
        parent = widget.parentWidget()
        if parent is None or widget.isWindow() or parent.objectName() == "qt_scrollarea_viewport":
            continue
        if widget.geometry().right() > parent.width() or widget.x() < -SLACK:
            found.append(f"{named(widget)}: {widget.geometry().getRect()} in {named(parent)}, {parent.width()} wide")
    return found


def overlaps(window: QWidget) -> list[str]:
    """Pairs of what a person reads or works within one widget, of which one lies over the other."""
    kinds = (*WORKED, QLabel, QProgressBar)
    found = []
    for parent in [window, *shown(window)]:
        within = [
            each
            for each in parent.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
            if each.isVisible() and isinstance(each, kinds) and not isinstance(each, QScrollBar)
        ]
        own = isinstance(parent, QLineEdit | QComboBox | QTabBar)  # Qt's own parts
        for one, other in itertools.combinations(within, 2):
            both: QRect = one.geometry().intersected(other.geometry())
            if both.width() > SLACK and both.height() > SLACK and not own:
                found.append(f"{named(one)} and {named(other)} share {both.getRect()}")
    return found


def unnamed(window: QWidget) -> list[str]:
    """What a person can work and has no name for a screen reader, or no tooltip."""
    labelled = {label.buddy() for label in window.findChildren(QLabel) if label.buddy() is not None}
    found = []
    for widget in shown(window):
        inner = isinstance(widget.parentWidget(), QComboBox | QTabBar | QLineEdit)  # Qt's own parts
        if not isinstance(widget, WORKED) or isinstance(widget, QScrollBar) or inner:
            continue
        text = getattr(widget, "text", lambda: "")() if isinstance(widget, QAbstractButton) else ""
        if not (widget.accessibleName() or text or widget in labelled):
            found.append(f"{named(widget)} has no name")
        if not widget.toolTip():
            found.append(f"{named(widget)} has no tooltip")
    return found


def beyond(window: QWidget, widget: QWidget) -> bool:
    """True for a widget that is not wholly within the window."""
    return not window.rect().contains(QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()))
