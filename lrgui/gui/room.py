"""The room between the tool row and the status line: settings to the left, the tabs, the result to the right.

In a wide window both sides stand beside the tabs: their widths can be dragged, and each can be folded. In a narrow one
they are drawers, which lie over the tabs while they are open. A slim handle between a side and the tabs does all of
it, and is what is left of a side that is folded or closed.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QPushButton, QStyle, QStyleOptionButton, QWidget

from lrgui.gui.cards import Side

#: Below this width of the room (a window of 1,200 less its margins) the sides are drawers.
NARROW = 1180
#: Widths of a handle beside a side that is in sight, and of one that stands in a side's place.
GAP, RAIL = 12, 26
#: No side is wider than this, and the tabs are no narrower than that, while there is room for both.
WIDEST, NARROWEST_TABS = 560, 480
#: What an arrow key on a handle makes a side wider or narrower by.
KEY_STEP = 16


class Handle(QPushButton):
    """A click folds and unfolds a side, dragging changes its width. It stands up straight, and so does its name."""

    dragged = Signal(int)
    """How far the pointer is from where it took the handle: the handle follows, and it is nought again."""
    dropped = Signal()

    def __init__(self, title: str, keys: str, on_the_left: bool) -> None:
        super().__init__()
        self._title, self._keys, self._on_the_left = title, keys, on_the_left
        self._pressed: QPointF | None = None
        """Where the pointer took it, in its own coordinates."""
        self._dragging = False
        self._note = ""
        self.setObjectName("handle")
        self.setCheckable(True)
        self.show_open(True)

    def show_open(self, opened: bool, resizes: bool = True) -> None:
        """Look like the handle of a side that is in sight, or of one that is not."""
        self.setChecked(opened)
        self.setAccessibleName(f"{self._title} panel")
        verb = "Fold" if opened else "Show"
        tip = f"{verb} the {self._title.lower()} panel ({self._keys})"
        self.setToolTip(f"{tip}; drag to change its width" if opened else tip)
        self.setCursor(Qt.CursorShape.SplitHCursor if opened and resizes else Qt.CursorShape.PointingHandCursor)
        self.update()

    def set_note(self, note: str) -> None:
        """Say something behind the name of a side that is out of sight."""
        self._note = note
        self.setAccessibleDescription(note)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(GAP if self.isChecked() else RAIL, 80)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    # ---------------------------------------------------------------- mouse and keys
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragging = event.position(), False
            self.setDown(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or not self.isChecked():
            return
        moved = round(event.position().x() - self._pressed.x())
        self._dragging = self._dragging or abs(moved) >= QApplication.startDragDistance()
        if self._dragging:
            self.dragged.emit(moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        self._pressed = None
        self.setDown(False)
        if self._dragging:
            self.dropped.emit()
        elif self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, alt = event.key(), event.modifiers() & Qt.KeyboardModifier.AltModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self.isChecked() and not alt:
            self.dragged.emit(KEY_STEP if key == Qt.Key.Key_Right else -KEY_STEP)
            self.dropped.emit()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # the press did it

    # ---------------------------------------------------------------- looks
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        self.style().drawControl(QStyle.ControlElement.CE_PushButton, option, painter, self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        opens_right = self.isChecked() != self._on_the_left
        arrow = "›" if opens_right else "‹"
        if self.isChecked():
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, arrow)
            return
        painter.drawText(QRect(0, 6, self.width(), 20), Qt.AlignmentFlag.AlignCenter, arrow)
        words = f"{self._title}  ·  {self._note}" if self._note else self._title
        painter.translate(0, self.height())
        painter.rotate(-90)  # read from below, as the labels of vertical axes are
        place = QRect(8, 0, self.height() - 40, self.width())
        shown = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)


class Wing:
    """A side with its handle: how wide it is, and whether it is in sight."""

    def __init__(self, room: Room, side: Side, keys: str, on_the_left: bool) -> None:
        self.side, self.on_the_left = side, on_the_left
        self.width = side.usual_width
        self.folded = False
        """The person folded it; a narrow window does not ask."""
        self.open = False
        """In a narrow window: the drawer is open."""
        self.backdrop = QFrame(room)
        self.backdrop.setObjectName("drawer")
        self.handle = Handle(side.accessibleName(), keys, on_the_left)
        self.handle.setParent(room)
        side.setParent(room)
        self.handle.clicked.connect(lambda: room.toggle(self))
        self.handle.dragged.connect(lambda moved: room.move_handle(self, moved))
        self.handle.dropped.connect(room.changed)


class Room(QWidget):
    """Lays out two sides and what is between them."""

    changed = Signal()
    """The person has folded a side or changed its width."""
    edge_moved = Signal()
    """`edge` is elsewhere."""

    def __init__(self, left: Side, center: QWidget, right: Side) -> None:
        super().__init__()
        self.left = Wing(self, left, "F9", True)
        self.center = center
        center.setParent(self)
        center.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click beside a drawer closes it
        self.right = Wing(self, right, "Shift+F9", False)
        self.wings = (self.left, self.right)
        self.edge = 0
        """Where the tabs begin beside the left side, also while neither is shown."""
        self._sides_shown = True
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)

    # ---------------------------------------------------------------- what is in sight
    @property
    def narrow(self) -> bool:
        """True where the sides are drawers."""
        return self.width() < NARROW

    def in_sight(self, wing: Wing) -> bool:
        """True where the side itself is shown, not only its handle."""
        return self._sides_shown and (wing.open if self.narrow else not wing.folded)

    def show_sides(self, shown: bool) -> None:
        """Show sides and handles, or neither: a tab may need the whole room."""
        self._sides_shown = shown
        self._lay_out()

    def toggle(self, wing: Wing) -> None:
        """Fold or unfold a side, or open or close its drawer."""
        if not self._sides_shown:
            return
        if self.narrow:
            self._open(wing, not wing.open)
        else:
            wing.folded = not wing.folded
            self._lay_out()
            self.changed.emit()

    def toggle_left(self) -> None:
        """Fold or unfold the settings."""
        self.toggle(self.left)

    def toggle_right(self) -> None:
        """Fold or unfold the result."""
        self.toggle(self.right)

    @property
    def drawer_open(self) -> bool:
        """True while a side lies over the tabs."""
        return self._sides_shown and self.narrow and any(wing.open for wing in self.wings)

    def close_drawers(self) -> None:
        """Have the tabs in sight, where a side lies over them."""
        self._open(self.left, False)

    def reveal(self, widget: QWidget) -> None:
        """Bring a widget of a side into sight."""
        for wing in self.wings:
            if wing.side.isAncestorOf(widget) and self._sides_shown:
                if not self.in_sight(wing):
                    self.toggle(wing)
                wing.side.ensureWidgetVisible(widget)

    def _open(self, wing: Wing, opened: bool) -> None:
        """One drawer at a time: two would hide what is between them."""
        for each in self.wings:
            each.open = opened and each is wing
            if not each.open:  # the list of runs may lie over its handle again
                for part in (each.handle, each.side, each.backdrop):
                    part.lower()
        self._lay_out()
        if wing.open:  # above whatever lies over the tabs already
            for part in (wing.backdrop, wing.side, wing.handle):
                part.raise_()

    @Slot(QWidget, QWidget)
    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Whoever goes on to the tabs has done with the drawer."""
        if self.narrow and now is not None and (now is self.center or self.center.isAncestorOf(now)):
            self.close_drawers()

    # ---------------------------------------------------------------- widths
    @property
    def widths(self) -> dict[str, int]:
        """How wide the person made each side, for the settings."""
        return {"left": self.left.width, "right": self.right.width}

    @property
    def folded(self) -> list[str]:
        """Which sides the person folded, for the settings."""
        return [name for name, wing in (("left", self.left), ("right", self.right)) if wing.folded]

    def restore(self, widths: dict[str, int], folded: Iterable[str]) -> None:
        """Put widths and folds back as they were left."""
        for name, wing in (("left", self.left), ("right", self.right)):
            wing.width = widths.get(name, wing.width)
            wing.folded = name in folded
        self._lay_out()

    def move_handle(self, wing: Wing, moved: int) -> None:
        """Move a handle to the right by so many pixels, as far as it may go."""
        wing.width = self._allowed(wing, self._width(wing) + (moved if wing.on_the_left else -moved))
        self._lay_out()

    def _width(self, wing: Wing) -> int:
        return self._allowed(wing, wing.width)

    def _allowed(self, wing: Wing, width: int) -> int:
        """The width that a side may have here: never so narrow that its own content would be cut."""
        least = wing.side.least_width()
        if self.narrow:
            return max(least, min(width, WIDEST, self.width() - 2 * RAIL))
        other = self.right if wing is self.left else self.left
        taken = other.side.least_width() if self.in_sight(other) else RAIL
        return max(least, min(width, WIDEST, self.width() - taken - 2 * GAP - NARROWEST_TABS))

    # ---------------------------------------------------------------- laying out
    def _lay_out(self) -> None:
        narrow, height = self.narrow, self.height()
        begin, end = 0, self.width()
        for wing in self.wings:
            shown = self.in_sight(wing)
            wing.handle.show_open(shown)
            wing.handle.setVisible(self._sides_shown)
            wing.side.setVisible(shown)
            wing.backdrop.setVisible(shown and narrow)
            there = shown if self._sides_shown else not (narrow or wing.folded)
            width = self._width(wing) if there else 0
            grip = GAP if there else RAIL
            whole = width + grip
            edge = 0 if wing.on_the_left else self.width()
            at = edge if wing.on_the_left else edge - width
            wing.side.setGeometry(at, 0, width, height)
            wing.handle.setGeometry(at + width if wing.on_the_left else at - grip, 0, grip, height)
            wing.backdrop.setGeometry(edge if wing.on_the_left else edge - whole, 0, whole, height)
            taken = RAIL + GAP // 2 if narrow else whole if there else RAIL + GAP // 2
            begin, end = (begin + taken, end) if wing.on_the_left else (begin, end - taken)
        if begin != self.edge:
            self.edge = begin
            self.edge_moved.emit()
        if not self._sides_shown:
            begin, end = 0, self.width()
        self.center.setGeometry(begin, 0, max(end - begin, 0), height)
        if narrow:
            self.center.lower()  # drawers lie over it, and what was laid over all of them stays above

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def sizeHint(self) -> QSize:
        return QSize(1420, 760)

    def minimumSizeHint(self) -> QSize:
        """Room for the tabs between two closed drawers."""
        least = self.center.minimumSizeHint()
        return QSize(least.width() + 2 * RAIL + GAP, least.height())


def bring_into_sight(widget: QWidget) -> None:
    """Unfold the side, or open the drawer, that a widget is on."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, Room):
            parent.reveal(widget)
            return
        parent = parent.parentWidget()
