"""Export what is on screen: format, size, colours and parts of the picture, with a live preview."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from lrgui.core.options import Option, read_option
from lrgui.export import FORMATS, ExportError, Format
from lrgui.export.pictures import image
from lrgui.export.shown import Shown
from lrgui.export.style import (
    PARTS,
    PRESETS,
    THEMES,
    UNITS,
    PictureStyle,
    style_from,
    style_to,
)
from lrgui.gui.dialogs.closing import close_button
from lrgui.gui.editors import Choice
from lrgui.gui.fitting import Dialog, scrolling
from lrgui.gui.labels import wrapped
from lrgui.gui.problem_label import ProblemLabel
from lrgui.gui.settings import Settings
from lrgui.gui.typing_keys import TypingKeys, mark_wrong
from lrgui.plot.plots import Plot

#: Milliseconds after the last change before the preview is drawn.
DEBOUNCE = 120
#: What is set, in logical pixels: wider where its words need more.
FORM_WIDTH = 270
#: The preview, in logical pixels: as large as it is where there is room, and at least.
PREVIEW, LEAST_PREVIEW = QSize(470, 400), QSize(240, 150)
#: Characters of a text that are shown.
MOST_TEXT = 20_000
#: No side or resolution is as large, whatever its unit.
MOST_NUMBER = 1_000_000
SCREEN, CUSTOM = "screen", "custom"
#: Logical pixels of an inch on the screen.
_SCREEN_DPI = 96


class Number(QLineEdit):
    """A number above 0; what cannot be used stays, marked, until it is right."""

    changed = Signal()
    refused = Signal()
    """What was typed cannot be used; or it could not, and is being changed."""

    def __init__(self, name: str, decimals: int) -> None:
        super().__init__()
        self._decimals, self._value = decimals, 1.0
        self._option = Option(name.lower(), name, "number", 1.0, "", above=0, below=MOST_NUMBER)
        self.setAccessibleName(name)
        self.setMinimumWidth(40)
        self.problem = ""
        """What is wrong with what was typed; empty where nothing is."""
        self._label = ProblemLabel(self)
        self.editingFinished.connect(self._read)
        self.textEdited.connect(lambda _text: self._say(""))
        TypingKeys(self)

    @property
    def value(self) -> float:
        """The number."""
        return self._value

    def show_number(self, value: float, decimals: int) -> None:
        """Show another, with at most so many decimals."""
        self._value, self._decimals = value, decimals
        text = f"{value:.{decimals}f}"
        self._say("")
        self.setText(text.rstrip("0").rstrip(".") if "." in text else text)
        self.setModified(False)

    def _say(self, problem: str) -> None:
        if problem == self.problem:
            return
        self.problem = problem
        mark_wrong(self, problem)
        self._label.say(problem)
        self.refused.emit()

    @Slot()
    def _read(self) -> None:
        if not self.isModified():
            return
        self.setModified(False)
        try:
            value = read_option(self._option, self.text())
            wrong = self._option.problem(value)
        except ValueError as error:
            self._say(str(error))
            return
        if wrong is not None:
            self._say(str(wrong))
            return
        assert isinstance(value, int | float)
        self.show_number(value, self._decimals)
        self.changed.emit()


class ExportDialog(Dialog):
    """Choose how, look, then save or copy; the choice is remembered."""

    def __init__(
        self,
        thing: Shown,
        plot: Plot,
        settings: Settings,
        save: Callable[[str, PictureStyle], str],
        parent: QWidget | None = None,
    ) -> None:
        """`plot` is the one on screen; `save` asks for a file and returns why nothing was written, or nothing."""
        super().__init__(parent)
        self._thing, self._settings, self._save_as = thing, settings, save
        self._screen = (plot.width() / _SCREEN_DPI, plot.height() / _SCREEN_DPI)
        self._views = plot.views
        kept = settings.export
        self._style = style_from(kept)
        self._filling = False
        self._failed = ""
        """Why the last Save or Copy failed, until something is changed: room for it draws the preview again."""
        self.setWindowTitle("Export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        row = QHBoxLayout()
        row.setSpacing(16)
        form = self._form()
        area = scrolling(form)
        row.addWidget(area)
        row.addWidget(self._preview(), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addLayout(row, 1)
        self.why = wrapped("", "problem")
        self.why.setAccessibleName("What is wrong")
        self.why.hide()
        column.addWidget(self.why)
        column.addLayout(self._buttons())
        self._timer = QTimer(self, singleShot=True, interval=DEBOUNCE)
        self._timer.timeout.connect(self.draw)
        wanted = kept.get("format")
        self.format.setCurrentIndex(max(0, self.format.findData(wanted)))
        self._show_style()
        self._changed()
        self._make_room(form, area)
        self.draw()
        self.format.setFocus()

    def _make_room(self, form: QWidget, area: QScrollArea) -> None:
        """All of the form and a large preview where the screen has room for them, else less of both."""
        self.ensurePolished()
        wide = max(FORM_WIDTH, form.minimumSizeHint().width())
        form.setFixedWidth(wide)
        area.setFixedWidth(wide + area.verticalScrollBar().sizeHint().width())
        self.picture.setMinimumSize(PREVIEW)
        area.setMinimumHeight(form.sizeHint().height())
        whole = self.sizeHint()
        self.picture.setMinimumSize(LEAST_PREVIEW)
        area.setMinimumHeight(LEAST_PREVIEW.height())
        self.resize(whole)
        self.picture.resize(PREVIEW)  # what it will be, in which it is drawn before it is laid out

    # ---------------------------------------------------------------- widgets
    def _form(self) -> QWidget:
        form = QWidget()
        grid = QGridLayout(form)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        self._grid = grid
        self.format = Choice()
        for key, row in FORMATS.items():
            self.format.addItem(row.label, key)
        self._add("Format", self.format, "What kind of file is written")
        self.size_choice = Choice()
        for key, (words, _size) in PRESETS.items():
            self.size_choice.addItem(words, key)
        self.size_choice.addItem("As on screen", SCREEN)
        self.size_choice.addItem("Custom", CUSTOM)
        self._add("Size", self.size_choice, "Text and lines keep their size on paper, whatever the size of the picture")
        self.wide, self.high = Number("Width", 2), Number("Height", 2)
        self.unit = Choice()
        for unit in (*UNITS, "px"):
            self.unit.addItem(unit, unit)
        self.unit.setAccessibleName("Unit")
        self.unit.setToolTip("Unit of width and height; pixels follow from the resolution")
        sides = QHBoxLayout()
        sides.setSpacing(4)
        for box in (self.wide, self.high):
            box.setToolTip(f"{box.accessibleName()} of the picture")
            box.changed.connect(self._typed_size)
        sides.addWidget(self.wide, 1)
        sides.addWidget(QLabel("×"))
        sides.addWidget(self.high, 1)
        sides.addWidget(self.unit)
        holder = QWidget()
        holder.setLayout(sides)
        sides.setContentsMargins(0, 0, 0, 0)
        self._sides = holder
        grid.addWidget(holder, grid.rowCount(), 1)
        self.dpi = Number("DPI", 0)
        self._add("DPI", self.dpi, "Dots per inch of a PNG picture; 300 is right for print")
        self.theme = Choice()
        for key, words in THEMES.items():
            self.theme.addItem(words, key)
        self._add("Colours", self.theme, "Light, dark, or light without a background")
        boxes = QGridLayout()
        boxes.setVerticalSpacing(4)
        self.boxes: dict[str, QCheckBox] = {}
        for number, part in enumerate(self._thing.parts_there):
            tick = QCheckBox(PARTS[part])
            tick.setToolTip(f"Draw it into the picture: {PARTS[part].lower()}")
            tick.toggled.connect(self._changed)
            self.boxes[part] = tick
            boxes.addWidget(tick, number // 2, number % 2)
        self.view = QCheckBox("Zoomed as on screen")
        self.view.setToolTip("Show the part of the plot that is in sight, not all of it")
        self.view.setChecked(self._views is not None)
        self.view.setVisible(self._views is not None)
        self.view.toggled.connect(self._changed)
        label = QLabel("Show")
        label.setObjectName("fieldName")
        at = grid.rowCount()
        grid.addWidget(label, at, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(boxes, at, 1)
        grid.addWidget(self.view, at + 1, 1)
        grid.setRowStretch(at + 2, 1)
        for choice in (self.format, self.theme):
            choice.activated.connect(self._changed)
        self.size_choice.activated.connect(self._chose_size)
        self.unit.activated.connect(self._show_style)
        self.dpi.changed.connect(self._typed_dpi)
        for box in (self.wide, self.high, self.dpi):
            box.refused.connect(lambda: self._timer.start())
        return form

    def _add(self, words: str, editor: QWidget, tip: str) -> None:
        name, at = QLabel(words), self._grid.rowCount()
        name.setObjectName("fieldName")
        name.setBuddy(editor)
        editor.setAccessibleName(words)
        editor.setToolTip(tip)
        self._grid.addWidget(name, at, 0)
        self._grid.addWidget(editor, at, 1)

    def _preview(self) -> QWidget:
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName("Preview of the picture")
        # The picture that it shows follows its size, not the other way round.
        self.picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Preview of the text")
        self.text.setTabChangesFocus(True)
        self.preview = QStackedWidget()
        self.preview.addWidget(self.picture)
        self.preview.addWidget(self.text)
        return self.preview

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.close_it, self.copy, self.save = close_button(self), QPushButton("Copy"), QPushButton("Save…")
        self.copy.clicked.connect(self._copy)
        self.save.setObjectName("primary")
        self.save.setToolTip("Choose a file and write it (Enter)")
        self.save.setDefault(True)
        self.save.clicked.connect(self._save)
        self.said = QLabel()
        self.said.setObjectName("muted")
        row.addWidget(self.said, 1)
        for button in (self.close_it, self.copy, self.save):
            row.addWidget(button)
        return row

    # ---------------------------------------------------------------- what is chosen
    @property
    def form(self) -> Format:
        """The format."""
        return FORMATS[str(self.format.currentData())]

    @property
    def look(self) -> PictureStyle:
        """The picture's look."""
        # What this plot has not is left as it was chosen for others.
        without = {part for part in self._style.without if part not in self.boxes}
        without |= {part for part, box in self.boxes.items() if not box.isChecked()}
        views = self._views if self.view.isChecked() else None
        return replace(self._style, theme=str(self.theme.currentData()), without=frozenset(without), views=views)

    @property
    def _typed_wrong(self) -> str:
        """What is wrong with the numbers that matter for this format; empty where nothing is."""
        return next((box.problem for box in (self.wide, self.high, self.dpi) if box.problem and box.isEnabled()), "")

    def _inch(self) -> float:
        """One unit of width and height in inches."""
        return UNITS.get(str(self.unit.currentData()), 1 / self._style.dpi)

    @Slot()
    def _show_style(self) -> None:
        """Put the style into the fields."""
        self._filling = True
        style, inch = self._style, self._inch()
        decimals = 0 if self.unit.currentData() == "px" else 2
        for box, side in zip((self.wide, self.high), style.size, strict=True):
            box.show_number(side / inch, decimals)
        known = next((key for key, (_words, size) in PRESETS.items() if size == style.size), CUSTOM)
        self.size_choice.setCurrentIndex(self.size_choice.findData(SCREEN if style.size == self._screen else known))
        self.dpi.show_number(style.dpi, 0)
        self.theme.setCurrentIndex(self.theme.findData(style.theme))
        for part, tick in self.boxes.items():
            tick.setChecked(part not in style.without)
        self._filling = False

    @Slot()
    def _chose_size(self) -> None:
        key = str(self.size_choice.currentData())
        if key == CUSTOM:
            self.wide.setFocus()
            return
        self._style = replace(self.look, size=self._screen if key == SCREEN else PRESETS[key][1])
        self._show_style()
        self._changed()

    @Slot()
    def _typed_size(self) -> None:
        if not self._filling:
            size = self.wide.value * self._inch(), self.high.value * self._inch()
            self._style = replace(self.look, size=size)
            self.size_choice.setCurrentIndex(self.size_choice.findData(CUSTOM))
            self._changed()

    @Slot()
    def _typed_dpi(self) -> None:
        if not self._filling:
            # Pixels that were typed stay, and are smaller or larger on paper.
            size = self._style.size
            if self.unit.currentData() == "px" and self.size_choice.currentData() == CUSTOM:
                size = self.wide.value / self.dpi.value, self.high.value / self.dpi.value
            self._style = replace(self.look, dpi=max(1, round(self.dpi.value)), size=size)
            self._show_style()
            self._changed()

    @Slot()
    def _changed(self) -> None:
        if self._filling:
            return
        form = self.form
        for widget in (self.size_choice, self._sides, self.theme, self.view, *self.boxes.values()):
            widget.setEnabled(form.has_picture)
        self.dpi.setEnabled(form.key == "png")
        self.theme.setEnabled(form.has_picture and form.key != "html")  # a page has both
        self.said.setText("")
        self._failed = ""
        self.copy.setToolTip("Copy the picture" if form.has_picture else "Copy the text")
        self._style = replace(self.look, views=None)
        self._settings.export = {"format": form.key, **style_to(self._style)}
        self._timer.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The preview is as large as there is room for."""
        super().resizeEvent(event)
        self._timer.start()

    # ---------------------------------------------------------------- looking, saving, copying
    @Slot()
    def draw(self) -> None:
        """Bring the preview up to date."""
        self._timer.stop()
        style, form = self.look, self.form
        why, pixmap, text = self._typed_wrong or style.problem() if form.has_picture else "", None, ""
        try:
            if not why and form.has_picture:
                pixmap = self._small(style)
            elif not why:
                text = form.text(self._thing)
        except ExportError as error:
            why = str(error)
        self.preview.setCurrentWidget(self.picture if form.has_picture else self.text)
        if pixmap is not None:
            self.picture.setPixmap(pixmap)
        if not form.has_picture:
            self.text.setPlainText(text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n…")
        self._say_why(why or self._failed)
        for button in (self.save, self.copy):
            button.setEnabled(not why)
        if form.key == "png" and not why:
            self.said.setText("{:,} × {:,} pixels".format(*style.pixels))

    def _say_why(self, why: str) -> None:
        self.why.setText(why)
        self.why.setVisible(bool(why))

    def _fail(self, why: str) -> None:
        """Say why a Save or Copy failed; nothing where it did not."""
        self._failed = why
        self._say_why(why)

    def _small(self, style: PictureStyle) -> QPixmap:
        ratio = self.devicePixelRatioF()
        wide, high = style.size
        dpi = min(self.picture.width() / wide, self.picture.height() / high)
        drawn = image(self._thing, replace(style, dpi=max(1, int(dpi * ratio))))
        drawn.setDevicePixelRatio(ratio)
        return QPixmap.fromImage(drawn)

    @Slot()
    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        try:
            if self.form.has_picture:
                clipboard.setImage(self._whole())
            else:
                clipboard.setText(self.form.text(self._thing))
        except ExportError as error:
            self._fail(str(error))
            return
        self._fail("")
        self.said.setText("✓ Copied")

    def _whole(self) -> QImage:
        return image(self._thing, self.look)

    @Slot()
    def _save(self) -> None:
        self.draw()  # what was typed last counts
        if self.save.isEnabled():
            self._fail(self._save_as(self.form.key, self.look))
