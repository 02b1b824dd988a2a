"""Finds by geometry what is cut or lies over another, and what a screen reader could not name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollBar,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QWidget,
)

from lrgui.gui.room import Handle
from lrgui.gui.scrolled import in_sight
from lrgui.gui.status import Elided
from lrgui.plot.annotations import Annotations
from lrgui.plot.axis import Axis
from lrgui.plot.best_epoch import BestEpoch
from lrgui.plot.candidates import CandidateMarks
from lrgui.plot.compare_plot import PickMarks
from lrgui.plot.end_labels import EndLabels
from lrgui.plot.legend import ROW, Legend
from lrgui.plot.plots import Plot
from lrgui.plot.race_bars import Bars, Winner
from lrgui.plot.rate_marks import RateMarks

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
            if isinstance(widget, QComboBox) and (lacks := _lack_of(widget)) > SLACK:
                found.append(f"{named(widget)} “{widget.currentText()}”: {lacks} pixels too narrow")
        elif isinstance(widget, QTabBar):
            for tab in range(widget.count()):
                place = widget.tabRect(tab)
                if widget.isTabVisible(tab) and (place.right() >= widget.width() or place.left() < 0):
                    found.append(f"the tab “{widget.tabText(tab)}”")
    return found


def _lack_of(box: QComboBox) -> int:
    """Pixels that the chosen entry of a list has too few."""
    option, part = QStyleOptionComboBox(), QStyle.SubControl.SC_ComboBoxEditField
    box.initStyleOption(option)
    room = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box).width()
    return box.fontMetrics().horizontalAdvance(box.currentText()) - room


def written(plot: Plot) -> list[tuple[str, QRectF]]:
    """All that is written in a plot, and where, in its scene: axes, legends, names and labels."""
    items = [item for item in plot.canvas.scene().items() if item.isVisible()]
    return [(text, item.mapRectToScene(box)) for item in items for text, box in _words_of(item)]


def _words_of(item: object) -> list[tuple[str, QRectF]]:
    """What is written on one item of a scene, and where, in its own pixels."""
    if isinstance(item, Axis):
        return [(text, box) for text, box in item.words() if text]
    if isinstance(item, Legend):
        rows = [(row, *place) for row, places in enumerate(item._in_rows()) for place in places]
        return [(entry.text, QRectF(x, row * ROW, words, ROW - 2)) for row, entry, x, words in rows]
    if isinstance(item, Annotations):
        tag = [] if item.tag is None else [item.tag]
        return [(label.text, label.rect) for label in (*item.names, *item.labels, *tag)]
    if isinstance(item, CandidateMarks | PickMarks | RateMarks):
        return [(label.text, label.rect) for label in item.labels]
    if isinstance(item, Bars | Winner):
        return [(text, box) for text, box, *_ in item.labels()]
    if isinstance(item, EndLabels):
        return [(label.text, box) for label, _, box in item.placed()]
    if isinstance(item, BestEpoch) and item.label is not None:
        return [(item.label.text, item.label.rect)]
    return []


def written_over(window: QWidget) -> list[str]:
    """Words in the plots in sight that lie over other words, or that reach beyond their plot."""
    found = []
    for plot in window.findChildren(Plot):
        if not plot.isVisible() or in_sight(plot).isEmpty():
            continue
        words, whole = written(plot), plot.canvas.sceneRect()
        found += [
            f"“{text}” reaches beyond its plot"
            for text, box in words
            if not whole.adjusted(-LEADING, -LEADING, LEADING, LEADING).contains(box)
        ]
        for (one, box), (other, rect) in itertools.combinations(words, 2):
            both = box.intersected(rect)
            if both.width() > SLACK and both.height() > LEADING:
                found.append(f"“{one}” and “{other}” share {both.getRect()} in {named(plot)}")
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
    within: dict[QWidget, list[tuple[QWidget, QRect]]] = {}
    for each in shown(window):
        if isinstance(each, kinds) and not isinstance(each, QScrollBar):
            within.setdefault(each.parentWidget(), []).append((each, each.geometry()))
    found = []
    for parent, all_within in within.items():
        if isinstance(parent, QLineEdit | QComboBox | QTabBar):  # Qt's own parts
            continue
        for (one, place), (other, beside) in itertools.combinations(all_within, 2):
            both = place.intersected(beside)
            if both.width() > SLACK and both.height() > SLACK:
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
