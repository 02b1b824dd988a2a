"""What stands in the rows of a form: lists with headings, lines with suggestions, boxes to tick, paths.

None of them is changed by the wheel, which scrolls the panel, and none takes the focus from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPalette, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QStyleOptionViewItem,
    QStylePainter,
    QWidget,
)

#: Item data: true for a heading, and for what stands below one.
_HEADING, _BELOW = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
#: How wide an open list may be, in pixels; longer texts are cut and have a tooltip.
WIDEST_LIST = 460

#: Opacity, of 255, of what cannot be chosen just now; still readable.
PALE = 165


class Entry(NamedTuple):
    """One line of a list."""

    value: Any
    label: str
    tip: str = ""
    usable: bool = True
    """False: shown, and its tip says why it cannot be chosen."""


class Heading(NamedTuple):
    """A line that names those below it and cannot be chosen."""

    label: str


def entries_of(options: Mapping[Any, str]) -> list[Entry]:
    """Value → label as lines of a list."""
    return [Entry(value, label) for value, label in options.items()]


class _Lines(QStyledItemDelegate):
    """Headings bold, what stands below them indented; nothing touches the edge."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        state: Any = option.state
        if index.data(_HEADING):
            font = QFont(option.font)
            font.setWeight(QFont.Weight.DemiBold)
            option.font = font
            # Like any text: a disabled one would be too pale to read.
            option.state = state | QStyle.StateFlag.State_Enabled
        elif not state & QStyle.StateFlag.State_Enabled:
            palette, colour = QPalette(option.palette), QColor(option.palette.color(QPalette.ColorRole.Text))
            colour.setAlpha(PALE)
            palette.setColor(QPalette.ColorRole.Text, colour)
            option.palette = palette
        option.text = f"{'    ' if index.data(_BELOW) else ' '}{option.text}"

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), max(hint.height(), 26))


class Choice(QComboBox):
    """A list of entries and headings; the keyboard steps over what cannot be chosen."""

    opened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setMaxVisibleItems(30)
        lines = QListView(self)
        lines.setUniformItemSizes(True)
        lines.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setView(lines)
        self.setItemDelegate(_Lines(self))
        self._entries: tuple[Entry | Heading, ...] = ()
        self._tip = ""
        self.currentIndexChanged.connect(lambda _index: self._refresh_tip())

    def offer(self, entries: Sequence[Entry | Heading]) -> None:
        """Show these lines; what is chosen stays so where it is among them."""
        entries = tuple(entries)
        if entries == self._entries:
            return
        value = self.currentData()
        keys = [one.value if isinstance(one, Entry) else one for one in entries]
        if keys != [one.value if isinstance(one, Entry) else one for one in self._entries]:
            self.clear()
            for one in entries:
                self.addItem(one.label, one.value if isinstance(one, Entry) else None)
        self._entries = entries
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        below = False
        for number, one in enumerate(entries):
            item = model.item(number)
            item.setText(one.label)
            if isinstance(one, Heading):
                below = True
                item.setFlags(Qt.ItemFlag.NoItemFlags)
                item.setData(True, _HEADING)
            else:
                item.setEnabled(one.usable)
                item.setToolTip(one.tip or one.label)
                item.setData(below, _BELOW)
        self.set_value(value)

    @property
    def values(self) -> list[Any]:
        """What can be chosen, in order."""
        return [one.value for one in self._entries if isinstance(one, Entry) and one.usable]

    def set_value(self, value: Any) -> None:
        """Choose the line with that value, or none."""
        for number, one in enumerate(self._entries):
            if isinstance(one, Entry) and one.value == value and type(one.value) is type(value):
                self.setCurrentIndex(number)
                break
        else:
            self.setCurrentIndex(-1)
        self._refresh_tip()

    def set_tip(self, tip: str) -> None:
        """What the list is for; its tooltip says also what is known of the line that is chosen."""
        self._tip = tip
        self._refresh_tip()

    def setToolTip(self, tip: str) -> None:
        """As `set_tip`: what is said of the chosen line would take its place."""
        self.set_tip(tip)

    def _refresh_tip(self) -> None:
        number = self.currentIndex()
        one = self._entries[number] if 0 <= number < len(self._entries) else None
        more = one.tip if isinstance(one, Entry) else ""
        super().setToolTip("\n".join(words for words in (self._tip, more) if words))

    def showPopup(self) -> None:
        wanted = self.view().sizeHintForColumn(0) + 28
        self.view().setMinimumWidth(max(self.width() - 2, min(wanted, WIDEST_LIST)))
        super().showPopup()
        self.opened.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As usual, but a text that is too long ends in dots."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = beginning_of(option.currentText, self.fontMetrics(), field.width() - 4)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Suggesting(QComboBox):
    """A line that takes any text and offers known ones, also thousands: those that contain what was typed."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setMaxVisibleItems(14)
        lines = QListView(self)
        lines.setUniformItemSizes(True)
        self.setView(lines)
        self.setItemDelegate(_Lines(self))
        completer = QCompleter(self.model(), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setMaxVisibleItems(14)
        found = QListView()
        found.setUniformItemSizes(True)
        completer.setPopup(found)
        self.setCompleter(completer)
        found.setItemDelegate(_Lines(found))
        self._found = found
        self.line.textEdited.connect(lambda _text: self._dress())
        self._texts: tuple[str, ...] = ()

    @property
    def line(self) -> QLineEdit:
        """Where one types."""
        line = self.lineEdit()
        assert line is not None
        return line

    def offer(self, texts: Sequence[str]) -> None:
        """Suggest these; what stands in the line stays."""
        texts = tuple(texts)
        if texts == self._texts:
            return
        self._texts = texts
        line = self.line
        text, modified = line.text(), line.isModified()
        self.clear()
        self.addItems(list(texts))
        self.set_text(text)
        line.setModified(modified)

    def set_text(self, text: str) -> None:
        """Show `text`; a known one is the one from which the arrow keys go on."""
        self.setCurrentIndex(self._texts.index(text) if text in self._texts else -1)
        self.line.setText(text)
        self.line.setCursorPosition(0)

    def showPopup(self) -> None:
        self.view().setMinimumWidth(self._wanted_width())
        super().showPopup()

    def _wanted_width(self) -> int:
        """Pixels in which the longest of the texts, or most of it, can be read."""
        longest = max(self._texts, key=len, default="")
        return max(self.width() - 2, min(self.fontMetrics().horizontalAdvance(longest) + 40, WIDEST_LIST))

    def _dress(self) -> None:
        """The list of what was found is a window of nobody's: it takes the colours of the list that opens."""
        self._found.setMinimumWidth(self._wanted_width())
        self.view().ensurePolished()
        for widget in (self._found, self._found.viewport()):  # a style sheet keeps palettes from being inherited
            widget.setPalette(self.view().palette())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Tick(QCheckBox):
    """Yes or no; as high as a line, so that rows keep their distance."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(28)


class PathLine(QLineEdit):
    """A path: whole while one types, its end while one looks on, and always whole in the tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(60)
        self.setAcceptDrops(False)  # what is dropped is the window's, also here
        self._tip = ""
        self.textChanged.connect(lambda _text: self.set_tip(self._tip))

    def set_tip(self, tip: str) -> None:
        """What the path is for."""
        self._tip = tip
        self.setToolTip("\n".join(words for words in (self.text(), tip) if words))

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        inside = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self).adjusted(2, 0, -2, 0)
        shown = end_of(self.text(), self.fontMetrics(), inside.width())
        if self.hasFocus() or shown == self.text():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option, painter, self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


def beginning_of(text: str, letters: QFontMetrics, width: int) -> str:
    """As much of the beginning of a text as fits into `width` pixels, in whole words where that leaves most of it."""
    if letters.horizontalAdvance(text) <= width:
        return text
    text = text.partition(" (")[0]  # what stands in brackets is said by the open list
    shown = letters.elidedText(text, Qt.TextElideMode.ElideRight, width)
    words = shown.rpartition(" ")[0]
    return f"{words} …" if shown != text and 2 * len(words) > len(shown) else shown


def end_of(path: str, letters: QFontMetrics, width: int) -> str:
    """As much of the end of a path as fits into `width` pixels; of its name, where not even that does, both ends."""
    name = path.rstrip("/\\")
    name = name[max(name.rfind("/"), name.rfind("\\")) + 1 :]
    if letters.horizontalAdvance(f"…{name}") > width:
        return letters.elidedText(name, Qt.TextElideMode.ElideMiddle, width)
    shown = letters.elidedText(path, Qt.TextElideMode.ElideLeft, width)
    inner = shown.rstrip("/\\")
    folder = min((place for place in (inner.find("/"), inner.find("\\")) if place > 0), default=0)
    return f"…{shown[folder:]}" if folder and shown.startswith("…") else shown  # whole names only


class PathEditor(QWidget):
    """A line for a path and a button that opens a dialog."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.line = PathLine()
        self.button = QPushButton("…")
        self.button.setObjectName("browse")
        row.addWidget(self.line, 1)
        row.addWidget(self.button)

    def set_row(self, label: str, tip: str, placeholder: str) -> None:
        """What path it is."""
        self.line.setAccessibleName(label)
        self.line.setAccessibleDescription(tip)
        self.line.set_tip(tip)
        self.line.setPlaceholderText(placeholder)
        self.button.setAccessibleName(f"Choose {label[:1].lower()}{label[1:]}")
        self.button.setToolTip(f"Choose {label[:1].lower()}{label[1:]} in a dialog")
