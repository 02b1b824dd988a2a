"""A message over the plot that says what went wrong or what to know, with the way out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lrgui.gui.free_place import emptiest
from lrgui.gui.labels import BREAK, breakable
from lrgui.gui.notice import Notice
from lrgui.gui.scrolled import in_sight

SIGNS = {"info": "i", "warning": "!", "error": "✗"}
IDS = {"info": "open", "warning": "open", "error": "bad"}
#: Characters of a message that are shown at once; a longer one is whole in the details.
MOST_TEXT = 260
#: A message has at least this many pixels beside the buttons, else they stand below it.
TEXT_WIDTH = 380
USUAL_TIP = "Apply the suggested fix"
#: Pixels between the message and the edges of what it lies over.
_MARGIN = 6
#: Widths that it may have beside that of all it lies over.
WIDTHS = (640, 500, 400, 330, 270)
#: Milliseconds that a message without anything to do stays, and more for each of its letters.
READ_MS, LETTER_MS = 5000, 70
#: Milliseconds until it is looked again whether it may go: not while somebody points at it, or the window is behind.
AGAIN_MS = 2000
#: What may have moved that.
_MOVED = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide)


class Banner(QFrame):
    """Shows one Notice at a time; a newer one takes its place.

    It lies over the plot in sight, where there is least to see, and moves nothing that somebody looks at or drags. What
    is only to be known goes by itself, and `recall` shows it again.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._notice: Notice | None = None
        self._last: Notice | None = None
        """The last one that was not in passing, also after it is gone."""
        self._tab = ""
        """The tab in sight."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._sign = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)  # it may quote a person's code
        self._text.setAccessibleName("Message")
        self._action = QPushButton(self)
        self._action.setObjectName("small")
        self._action.setAccessibleName("Fix")
        self._action.setToolTip(USUAL_TIP)
        self._action.clicked.connect(self._act)
        self._more = QPushButton("Details", self)
        self._more.setObjectName("small")
        self._more.setCheckable(True)
        self._more.setToolTip("Show what the run printed and where it failed")
        self._close = QPushButton("×")
        self._close.setObjectName("small")
        self._close.setToolTip("Close this message")
        self._close.setAccessibleName("Close this message")
        self._close.clicked.connect(self.hide)
        row.addWidget(self._sign)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self._beside = row
        self._below = QHBoxLayout()
        self._below.setSpacing(8)
        self._below.addStretch(1)
        layout.addLayout(row)
        layout.addLayout(self._below)
        self._details = QPlainTextEdit(readOnly=True)
        self._details.setAccessibleName("Details")
        self._details.setFixedHeight(160)
        self._more.toggled.connect(self._details.setVisible)
        layout.addWidget(self._details)
        self._place_buttons()
        for first, then in pairwise((self._action, self._more, self._details, self._close)):
            self.setTabOrder(first, then)
        self._strip: Callable[[], QWidget] | None = None
        self._watched: QWidget | None = None
        self._lies_in: tuple[object, ...] = ()
        """For what its place was found last: it stays there while that is the same, whatever is drawn below it."""
        self._place_found = QRect()
        self._goes = QTimer(self, singleShot=True)
        self._goes.timeout.connect(self._go)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._place)
        self._more.toggled.connect(self._place)
        self.hide()

    def lie_over(self, strip: Callable[[], QWidget]) -> None:
        """From now on lie over the widget that `strip` tells, which may be another one with each tab; it is inside the
        banner's parent."""
        self._strip = strip
        parent = self.parentWidget()
        assert parent is not None
        parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what it lies over."""
        if event.type() in _MOVED and not self.isHidden():
            self._later.start()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Its words or buttons are others: it may need more room, or less."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._later.start()
        return super().event(event)

    @Slot()
    def _place(self) -> None:
        parent, layout = self.parentWidget(), self.layout()
        if self._strip is None or parent is None or layout is None or self.isHidden():
            return
        strip = self._strip()
        if strip is not self._watched:
            if self._watched is not None:
                self._watched.removeEventFilter(self)
            self._watched = strip
            strip.installEventFilter(self)
        told = "what goes on" if self._notice is not None and self._notice.passing else self._notice
        lies_in = told, strip, strip.size(), self._more.isChecked(), self._action.isHidden()
        if lies_in != self._lies_in:
            self._lies_in, self._place_found = lies_in, self._find_place(strip)
        place = self._place_found
        self.resize(place.width(), self.height())  # the buttons find their row
        layout.activate()
        self.setGeometry(QRect(strip.mapTo(parent, place.topLeft()), QSize(place.width(), self._height())))
        self.raise_()

    def _height(self) -> int:
        """With the width that it has."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        return self.heightForWidth(self.width())

    def _find_place(self, strip: QWidget) -> QRect:
        """Where there is least to see in what is in sight of `strip`; what is read there needs all its width. Where
        that is too low for it, it lies at the top of all that is in sight beside the strip."""
        seen = in_sight(strip)
        whole = max(strip.width() - 2 * _MARGIN, 0)
        buttons = [button.sizeHint().width() + 8 for button in (self._action, self._more) if not button.isHidden()]
        least = sum(buttons) + 32
        narrower = [] if self._more.isChecked() else [width for width in WIDTHS if least <= width < whole]
        sizes = []
        for width in (whole, *narrower):
            self.resize(width, self.height())
            sizes.append(QSize(width, self._height()))
        fitting = [size for size in sizes if size.height() <= seen.height() - 2 * _MARGIN]
        parent = self.parentWidget()
        if parent is not None and not fitting:
            top = strip.mapFrom(parent, in_sight(parent).topLeft()).y()
            return QRect(QPoint(_MARGIN, top + _MARGIN), sizes[0])
        picture = strip.grab(seen).toImage()
        picture.setDevicePixelRatio(1.0)
        return emptiest(picture.scaled(seen.size()), fitting, _MARGIN).translated(seen.topLeft())

    @property
    def text(self) -> str:
        """What it says now, empty while it is hidden."""
        return "" if self.isHidden() else self._text.text().replace(BREAK, "")

    @Slot(object)
    def show_notice(self, notice: Notice | None) -> None:
        """Show `notice`, or nothing."""
        self._goes.stop()
        if notice is None:
            self._withdraw()
            return
        self._notice = notice
        self._last = self._last if notice.passing else notice
        if self.isHidden():  # another picture may lie below it by now
            self._lies_in = ()
        self._sign.setText(SIGNS[notice.kind])
        self._sign.setObjectName(IDS[notice.kind])
        text, details = notice.text, notice.details
        if len(text) > MOST_TEXT:
            # A message of a library can be pages long, and the curve needs its place too.
            details = f"{text}\n\n{details}".strip()
            text = text[:MOST_TEXT].rsplit(" ", 1)[0] + " …"
        self._text.setText(breakable(text))
        self._action.setText(notice.action)
        self._action.setToolTip(notice.tip or USUAL_TIP)
        self._offer_action()
        self._more.setVisible(bool(details))
        self._more.setChecked(False)
        self._details.setVisible(False)
        self._details.setPlainText(details)
        self._place_buttons()
        self.setProperty("kind", notice.kind)
        for widget in (self, self._sign):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.show()
        self._place()
        if notice.kind == "info" and not (notice.action or details):
            self._goes.start(READ_MS + LETTER_MS * len(text))

    @Slot()
    def _go(self) -> None:
        """Nothing is to be done about it, and there was time to read it."""
        focus = QApplication.focusWidget()
        used = self.underMouse() or (focus is not None and self.isAncestorOf(focus))
        if used or not self.isActiveWindow():
            self._goes.start(AGAIN_MS)
        else:
            self.hide()

    @property
    def can_recall(self) -> bool:
        """True once there was a message."""
        return self._last is not None

    @Slot()
    def recall(self) -> None:
        """Show the last message again; its button only while that still mends something."""
        last = self._last
        if last is not None:
            self.show_notice(last if last.holds is None or last.holds() else replace(last, action=""))

    @Slot()
    def look_again(self) -> None:
        """The settings or the queue are others: what was said of them may hold no longer."""
        if self._notice is not None and self._notice.holds is not None and not self._notice.holds():
            self.hide()

    def on_tab(self, tab: str) -> None:
        """Another tab is in sight, by its key: a button that leads there would lead nowhere."""
        self._tab = tab
        self._offer_action()
        self._place_buttons()
        self._place()

    def _offer_action(self) -> None:
        notice = self._notice
        there = notice is not None and bool(notice.leads_to) and notice.leads_to == self._tab
        self._action.setVisible(notice is not None and bool(notice.action) and not there)

    @Slot()
    def on_saved(self) -> None:
        """The task's code was saved: what was said of it as it was holds no longer."""
        if self._notice is not None and self._notice.until_saved:
            self._withdraw()

    @Slot()
    def on_python(self) -> None:
        """Another Python, or target, is to compute: what one of before could not begin holds no longer."""
        if self._notice is not None and self._notice.until_python:
            self._withdraw()

    def _withdraw(self) -> None:
        """It holds no longer, or its button was pressed: that would mend something else when the message is recalled.
        A button that only leads somewhere stays."""
        self.hide()
        self._notice = None
        if self._last is not None and not self._last.leads_to:
            self._last = replace(self._last, action="")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the message the room it needs."""
        super().resizeEvent(event)
        self._place_buttons()

    def _place_buttons(self) -> None:
        """Beside the message where there is room for both, else below it."""
        buttons = (self._action, self._more)
        widths = (button.sizeHint().width() for button in buttons if not button.isHidden())
        beside = self.width() - sum(widths) >= TEXT_WIDTH
        for widget in (self._sign, self._close):  # at the first line of several
            self._beside.setAlignment(widget, Qt.AlignmentFlag.AlignVCenter if beside else Qt.AlignmentFlag.AlignTop)
        for button in buttons:
            for row in (self._beside, self._below):
                row.removeWidget(button)
            if beside:
                self._beside.insertWidget(self._beside.indexOf(self._close), button)
            else:
                self._below.addWidget(button)

    @Slot()
    def _act(self) -> None:
        notice = self._notice
        self._withdraw()
        if notice is not None and notice.act is not None:
            notice.act()
