"""The list of runs: what stands in each row, and how it is painted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from lrgui.core.formats import format_loss, format_seconds
from lrgui.plot.theme import Palette
from lrgui.runs.headline import clock
from lrgui.runs.index import KeptRun
from lrgui.runs.listing import LATEST, matching, ordered
from lrgui.runs.summary import GAP, POINTS, TOP

Index = QModelIndex | QPersistentModelIndex
#: Size of a thumbnail, and of what surrounds a row's parts, in pixels.
THUMB, PAD = QSize(84, 44), 8
#: The roles that give the KeptRun itself, and how and when it ended in words.
RUN, ENDING = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


def facts_forms(run: KeptRun) -> tuple[str, ...]:
    """What was found, with what optimizer and batch size: "Sweep · 2.1e-3, high · SGD, momentum 0.9 · batch 64". The
    longest form first; none is without the batch size."""
    each = run.summary
    found = f"{each.rate}, {each.sure}" if each.sure else each.rate
    batch = f"batch {each.batch_size:,}" if each.batch_size else ""
    rate = "" if each.lr is None else found
    short = each.optimizer.split(",")[0]
    kind = each.kind_words
    forms = ((kind, rate, each.optimizer, batch), (kind, rate, short, batch), (rate, short, batch))
    return tuple(dict.fromkeys(" · ".join(filter(None, words)) for words in forms))


def ending_line(run: KeptRun, seconds: bool = False) -> str:
    """How it ended and when, and the note: "finished · 15:47 · retry with mixup"; `seconds` tell it from another run of
    the same minute."""
    when = clock(datetime.fromtimestamp(run.summary.created), seconds=seconds)
    return " · ".join(filter(None, (run.ended, when, run.notes.note)))


def details(run: KeptRun) -> str:
    """Everything, for a tooltip and a screen reader."""
    each = run.summary
    loss = "" if each.loss is None else f"Lowest loss {format_loss(each.loss)}"
    facts, ending = facts_forms(run)[0], ending_line(run, seconds=True)
    lines = (run.name, "Starred" if run.notes.star else "", each.task, facts, ending, loss)
    length = f"{each.points:,} batches in {format_seconds(each.seconds)}" if each.points else ""
    return "\n".join(dict.fromkeys(filter(None, (*lines, length, each.problem, each.file))))


class RunsModel(QAbstractListModel):
    """The runs that are searched for, in the order that is chosen."""

    renamed = Signal(Path, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all: list[KeptRun] = []
        self._shown: list[KeptRun] = []
        self._words, self._sort = "", LATEST
        self._crowded: set[int] = set()
        """The minutes, since 1970, in which more than one of all runs began."""

    def show_runs(self, runs: Iterable[KeptRun]) -> None:
        """Show these."""
        self._all = list(runs)
        minutes = Counter(_minute(run) for run in self._all)
        self._crowded = {minute for minute, count in minutes.items() if count > 1}
        self._arrange()

    def search(self, words: str) -> None:
        """Show only the runs with all of these words."""
        self._words = words
        self._arrange()

    def sort_by(self, sort: str) -> None:
        """Show them in one of the orders of `listing.SORTS`."""
        self._sort = sort
        self._arrange()

    def _arrange(self) -> None:
        shown = ordered(matching(self._all, self._words), self._sort)
        if [run.path for run in shown] == [run.path for run in self._shown]:
            self._shown = shown
            if shown:
                self.dataChanged.emit(self.index(0), self.index(len(shown) - 1))
            return
        # Whoever is selected stays so, wherever its row is now.
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        paths = [self._shown[index.row()].path for index in before]
        self._shown = shown
        rows = {run.path: row for row, run in enumerate(shown)} if before else {}
        after = [self.index(rows[path]) if path in rows else QModelIndex() for path in paths]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def rowCount(self, parent: Index | None = None) -> int:
        """How many are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def run_at(self, index: Index) -> KeptRun:
        """The run of a row."""
        return self._shown[index.row()]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a row says in a role."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        run = self._shown[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return run.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return details(run)
        if role == ENDING:
            return ending_line(run, _minute(run) in self._crowded)
        return run if role == RUN else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows can be renamed."""
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Rename a run; an empty name is its task's again."""
        run, name = self.run_at(index), str(value).strip()
        if role != Qt.ItemDataRole.EditRole or name == run.name:
            return False
        self.renamed.emit(run.path, name)
        return True


def _minute(run: KeptRun) -> int:
    return int(run.summary.created // 60)


class RunDelegate(QStyledItemDelegate):
    """Paints a row: its curve, three lines of words, a star that a click sets."""

    starred = Signal(Path, bool)

    def __init__(self, palette: Palette, parent: QWidget) -> None:
        super().__init__(parent)
        self.colours = palette

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are of one height."""
        return QSize(200, max(THUMB.height(), 3 * option.fontMetrics.height() + 4) + 2 * PAD)

    def star_box(self, row: QRect) -> QRect:
        """Where the star of a row is."""
        return QRect(row.right() - 30, row.top() + PAD - 4, 26, 26)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        run: KeptRun = index.data(RUN)
        row: QRect = option.rect
        state: QStyle.StateFlag = option.state
        colours = self.colours
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(row, QColor(colours.selected_row))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(row, QColor(colours.hover))
        painter.setPen(QColor(colours.card_border))
        painter.drawLine(row.bottomLeft(), row.bottomRight())
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(row.adjusted(0, 0, -1, -1))
        box = QRectF(row.left() + PAD, row.center().y() - THUMB.height() / 2, THUMB.width(), THUMB.height())
        self._paint_curve(painter, run.summary.curve, box)
        self._paint_words(painter, option, run, row, str(index.data(ENDING)))
        painter.setPen(QColor(colours.warning if run.notes.star else colours.muted))
        painter.drawText(self.star_box(row), Qt.AlignmentFlag.AlignCenter, "★" if run.notes.star else "☆")
        painter.restore()

    def _paint_words(
        self, painter: QPainter, option: QStyleOptionViewItem, run: KeptRun, row: QRect, ending: str
    ) -> None:
        metrics, font = option.fontMetrics, option.font
        left, right = row.left() + 2 * PAD + THUMB.width() + 2, row.right() - PAD
        height = metrics.height() + 1
        top = row.center().y() - 3 * height // 2
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        forms = facts_forms(run)
        facts = next((form for form in forms if metrics.horizontalAdvance(form) <= right - left), forms[-1])
        lines = (
            (run.name, bold, self.colours.text, self.star_box(row).left() - 4),
            (facts, font, self.colours.text, right),
            (ending, font, self.colours.error if run.summary.problem else self.colours.muted, right),
        )
        for number, (words, used, colour, end) in enumerate(lines):
            painter.setFont(used)
            painter.setPen(QColor(colour))
            box = QRect(left, top + number * height, end - left, height)
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.setFont(font)

    def _paint_curve(self, painter: QPainter, curve: bytes, box: QRectF) -> None:
        painter.setPen(QColor(self.colours.card_border))
        painter.setBrush(QColor(self.colours.background))
        painter.drawRoundedRect(box, 3, 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self.colours.curve), 1.5))
        inner = box.adjusted(4, 4, -4, -4)
        drawn = QPolygonF()
        for number, value in enumerate(curve):
            if value == GAP:
                break
            drawn.append(
                QPointF(
                    inner.left() + inner.width() * number / (POINTS - 1), inner.bottom() - inner.height() * value / TOP
                )
            )
        painter.drawPolyline(drawn)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        """A click on the star sets it or takes it away."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            on_star = self.star_box(option.rect).contains(event.position().toPoint())
            if on_star and event.type() == QEvent.Type.MouseButtonRelease:
                run: KeptRun = index.data(RUN)
                self.starred.emit(run.path, not run.notes.star)
            if on_star:
                return True
        return super().editorEvent(event, model, option, index)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A field for the name."""
        field = QLineEdit(parent)
        field.setAccessibleName("Name of the run")
        field.setToolTip("A name for this run; leave it empty for the name of its task")
        return field

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """The field stands where the name does."""
        row: QRect = option.rect
        left = row.left() + 2 * PAD + THUMB.width()
        editor.setGeometry(left, row.top() + 2, self.star_box(row).left() - left, 30)
