"""The card of the task: what is chosen brings its own fields, code says what it has, devices and Pythons are listed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench import Bench
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from lrgui.gui.cards import Side
from lrgui.gui.editors import Choice, PathEditor, Suggesting
from lrgui.gui.file_dialogs import start_folder
from lrgui.gui.form_choices import python_lines, unknown_name
from lrgui.gui.labels import BREAK
from lrgui.gui.panels.task import LOOKING, LOOKING_FURTHER, TaskPanel
from lrgui.gui.window import MainWindow
from lrgui.runs.environment import Environment
from lrgui.runs.interpreters import Interpreter
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.device_rows import DeviceFacts

CODE = """
name = "Cats and dogs"
defaults = {"batch_size": 16}


def model(width=32, dropout: float = 0.1, frozen: bool = False):
    ...


def train_loader(batch_size, augment=True):
    ...


def loss(output, target):
    ...
"""
OWN_OPTIMIZER = """

def optimizer(params, lr):
    ...
"""
GOOD = Environment(
    "",
    "3.12.4",
    "2.9.0",
    "2.1",
    {"torch": "2.9.0", "numpy": "2.1", "torchvision": "0.24", "PIL": "11", "pandas": "3.0"},
    (
        DeviceFacts("cuda:0", "NVIDIA H100 · 78 GB free", "80 GB in all"),
        DeviceFacts("cpu", "CPU · 16 threads"),
        DeviceFacts("mps", "MPS", "MPS is available only on Macs", there=False),
    ),
    {},
    {"torchvision": tuple(f"model_{number}" for number in range(80))},
)
BARE = replace(GOOD, python="/venv/bin/python", torch="", packages={}, devices=(), problem="PyTorch is missing there.")


class Pythons(QObject):
    """Stands in for `Environments`: knows everything at once and starts nothing."""

    known = Signal(object)
    interpreters_changed = Signal(object)
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.python, self.current, self.asked, self.proven = "", GOOD, 0, False
        self.interpreters = [Interpreter("", "this program's", "own"), Interpreter(BARE.python, "cats/venv", "venv")]

    def choose(self, python: str) -> None:
        """Take another Python."""
        self.python = python
        self.current = BARE if python else GOOD
        self.chosen.emit(python)
        self.known.emit(self.current)

    def refresh(self) -> None:
        """Count how often somebody wants to know anew."""
        self.asked += 1

    def look_near(self, path: str) -> None:
        """Nothing is looked for."""


class Card:
    """The card on screen, worked with mouse and keyboard."""

    def __init__(self, bench: Bench, qtbot: QtBot, pythons: Pythons | None) -> None:
        self.qtbot, self.session = qtbot, bench.session
        if pythons is not None:
            self.session.environments = pythons  # type: ignore[assignment]
        self.panel = TaskPanel(self.session)
        qtbot.addWidget(self.panel)
        self.panel.resize(272, 700)
        self.panel.show()
        qtbot.waitUntil(self._is_active)

    def _is_active(self) -> bool:
        self.panel.activateWindow()  # without a window manager a wish can be lost
        return self.panel.isActiveWindow()

    @property
    def task(self) -> Any:
        return self.session.job.task

    def editor(self, name: str) -> Any:
        """A field's editor, None where there is none (any more)."""
        for form in self.panel.forms:
            if name in form.editors:
                return form.editors[name]
        return None

    def line(self, name: str) -> QLineEdit:
        """Where a field is typed."""
        editor = self.editor(name)
        line = editor.line if isinstance(editor, PathEditor | Suggesting) else editor
        assert isinstance(line, QLineEdit)
        return line

    def choose(self, name: str, value: object) -> None:
        """Choose in a list, by key."""
        box = self.editor(name)
        assert isinstance(box, Choice)
        box.setFocus()
        steps = box.values.index(value) - (
            box.values.index(box.currentData()) if box.currentData() in box.values else 0
        )
        for _ in range(abs(steps)):
            self.qtbot.keyClick(box, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
            if box.currentData() == value:
                break

    def type(self, name: str, text: str) -> None:
        """Type over what stands in a field, and Enter."""
        line = self.line(name)
        line.setFocus()
        line.selectAll()
        self.qtbot.keyClicks(line, text)
        self.qtbot.keyClick(line, Qt.Key.Key_Return)

    def problems(self) -> list[str]:
        """What stands in red."""
        return [label.text() for label in self.panel.window().findChildren(QLabel, "problem") if label.text()]

    def muted(self) -> str:
        """The secondary lines that can be seen."""
        labels = self.panel.findChildren(QLabel, "muted")
        return "\n".join(label.text() for label in labels if not label.isHidden())

    def button(self, name: str) -> QPushButton:
        """A button by its name."""
        return next(one for one in self.panel.findChildren(QPushButton) if one.accessibleName() == name)

    def rows(self) -> list[str]:
        """The fields of the first form that can be seen, from the top."""
        editors = self.panel.forms[0].editors
        return sorted((name for name in editors if not editors[name].isHidden()), key=lambda name: editors[name].y())


@pytest.fixture
def card(bench: Bench, qtbot: QtBot) -> Card:
    return Card(bench, qtbot, Pythons())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A task's file."""
    file = tmp_path / "cats.py"
    file.write_text(CODE)
    return file


def test_the_digits_show_little(card: Card) -> None:
    assert card.rows() == ["source", "model", "optimizer", "batch_size", "device", "python"]
    assert "1,797 images" in card.muted() and "Python 3.12.4 · torch 2.9.0" in card.muted()
    assert card.problems() == []


def test_another_source_brings_its_fields_and_takes_them_away(card: Card, qtbot: QtBot) -> None:
    card.choose("source", "table")
    assert card.task.source == "table"
    rows = card.rows()
    assert rows[:2] == ["source", "path"] and any(name.startswith("options.") for name in rows)
    assert card.problems() == [], "nothing was done wrong yet"
    card.choose("source", "digits")
    assert card.rows() == ["source", "model", "optimizer", "batch_size", "device", "python"]
    assert not card.session.job.task.options


def test_tab_goes_through_the_fields_in_their_order(card: Card, qtbot: QtBot) -> None:
    card.choose("source", "table")
    card.editor("source").setFocus()
    seen: list[str] = []
    for _ in range(40):
        focus = QApplication.focusWidget()
        assert focus is not None
        name = focus.objectName().removeprefix("field_")
        if name in seen:
            break
        if focus.objectName().startswith("field_"):
            seen.append(name)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    assert seen[: len(card.rows())] == card.rows()


def test_a_path_that_is_wrong_is_said_below_it(card: Card, tmp_path: Path) -> None:
    card.choose("source", "table")
    card.type("path", str(tmp_path / "none.csv"))
    assert any("There is no file" in text for text in card.problems())
    assert card.line("path").property("wrong")
    (tmp_path / "there.csv").write_text("a,b\n1,2\n")
    card.type("path", str(tmp_path / "there.csv"))
    assert card.problems() == [] and card.task.path == str(tmp_path / "there.csv")


def test_the_columns_of_a_table_are_suggested_as_its_target(card: Card, tmp_path: Path) -> None:
    table = tmp_path / "cats.csv"
    table.write_text("weight,colour,price\n1,red,3\n2,blue,4\n")
    card.session.use(str(table))
    box = card.editor("options.target")
    assert isinstance(box, Suggesting)
    assert [box.itemText(number) for number in range(box.count())] == ["weight", "colour", "price"]
    assert box.line.placeholderText() == "auto: price"
    box.setFocus()
    card.qtbot.keyClick(box, Qt.Key.Key_Down)
    assert card.task.options == {"target": "weight"}
    card.type("options.target", "auto")
    assert card.task.options == {} and box.currentText() == ""


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
def test_devices_are_looked_at_anew_when_their_list_opens(card: Card, qtbot: QtBot) -> None:
    qtbot.mouseClick(card.editor("device"), Qt.MouseButton.LeftButton)
    assert isinstance(card.session.environments, Pythons)
    assert card.session.environments.asked == 1
    card.editor("device").hidePopup()


def test_a_file_of_the_last_session_that_is_gone_is_told_at_once(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.session.edit(task=replace(bench.session.job.task, source="task", path=str(tmp_path / "gone.py")))
    card = Card(bench, qtbot, Pythons())
    assert any("There is no file" in text for text in card.problems())


def test_a_path_that_is_still_to_be_chosen_is_a_problem_when_a_run_wants_it(card: Card) -> None:
    card.choose("source", "task")
    assert card.problems() == []
    assert card.line("path").placeholderText() == "task.py"
    card.session.find()
    assert any("No task is chosen" in text for text in card.problems())
    card.choose("source", "digits")
    assert card.problems() == []


def test_an_option_that_is_edited_is_in_the_job_and_gone_with_the_usual_value(card: Card) -> None:
    card.choose("optimizer", "adam")
    card.panel.more.open()
    card.type("optimizer_options.beta1", "0.8")
    assert card.task.optimizer_options == {"beta1": 0.8}
    assert "1 changed" not in card.panel.more.button.text(), "an open fold counts nothing"
    card.panel.more.button.setChecked(False)
    assert "1 changed" in card.panel.more.button.text()
    card.type("optimizer_options.beta1", "2")
    assert any(text.startswith("Cannot be “2”.") for text in card.problems())
    assert card.panel.more.button.isChecked(), "a problem is not folded away"
    card.type("optimizer_options.beta1", "0.9")
    assert card.task.optimizer_options == {} and card.problems() == []


def test_an_optimizer_shows_its_own_fields(card: Card) -> None:
    more = card.panel.forms[1]
    assert more.is_row_visible("momentum") and "optimizer_options.nesterov" in more.editors
    card.choose("optimizer", "adam")
    assert not more.is_row_visible("momentum") and more.is_row_visible("weight_decay")
    assert "optimizer_options.nesterov" not in more.editors and "optimizer_options.amsgrad" in more.editors
    card.choose("optimizer", "timm")
    assert isinstance(card.editor("optimizer_options.name"), Suggesting)
    assert "optimizer_options.name" in card.rows(), "which one it is must be seen"
    assert any("needs timm" in text for text in card.problems())


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)  # the offscreen platform, of every list
def test_a_model_by_name_is_offered_what_this_python_has(card: Card) -> None:
    model = next(key for key, row in card.task.row.models.items() if "torchvision" in row.needs)
    card.choose("model", model)
    box = card.editor("model_options.name")
    assert isinstance(box, Suggesting) and box.count() == 80
    card.type("model_options.name", "model_7")
    assert card.task.model_options == {"name": "model_7"}
    assert "model_options.name" in card.rows()


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
def test_a_name_that_this_python_does_not_know_is_told_before_the_run(card: Card) -> None:
    card.choose("model", "torchvision")
    card.type("model_options.name", "modle_7")
    assert any("torchvision has no model “modle_7”. Closest are model_7" in text for text in card.problems())
    card.type("model_options.name", "model_7")
    assert card.problems() == []


def test_names_of_libraries() -> None:
    known = {"timm": ("resnet18", "vit_tiny")}
    assert unknown_name("model", ("timm",), "resnet18.a1_in1k", known) == "", "with the weights' name"
    assert "Closest are resnet18" in unknown_name("model", ("timm",), "resnet81", known)
    assert unknown_name("model", ("torchvision",), "resnet81", known) == "", "nobody knows"
    why = unknown_name("optimizer", ("timm",), "adahessian", {"timm": ("lion",)})
    assert why == (
        "timm's adahessian cannot be swept: it needs second derivatives, which no training here computes. "
        "Choose another one."
    )


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
def test_a_target_that_the_table_does_not_have_is_told_before_the_run(card: Card, tmp_path: Path) -> None:
    table = tmp_path / "cats.csv"
    table.write_text("weight,colour,price\n1,red,3\n2,blue,4\n")
    card.session.use(str(table))
    card.type("options.target", "prise")
    wrong = "cats.csv has no column “prise”. Choose one of: weight, colour, price."
    assert card.problems() == [wrong]
    card.panel.more.open()
    card.choose("options.header", "no")
    assert card.problems() == [], "the file is read otherwise than it was looked at"
    card.choose("options.header", "auto")
    for name in ("price", "Price"):
        card.type("options.target", name)
        assert card.problems() == []


def test_a_part_of_the_data_is_said(card: Card) -> None:
    card.choose("source", "mnist")
    assert "60,000 images 28×28 · 10 classes · 2,048 of them to train on" in card.muted()
    assert card.line("path").toolTip().endswith("empty is ~/.cache/lrgui/data")
    card.panel.more.open()
    card.type("subset", "all")
    assert "2,048" not in card.muted()


def test_what_a_run_said_of_its_data_comes_back_with_them(card: Card, bench: Bench) -> None:
    card.choose("source", "digits")
    bench.play()
    measured = "1,347 training images · 3,818 parameters · cpu"
    assert measured in card.muted()
    bench.session.choose_source("mnist")
    assert measured not in card.muted() and "60,000 images" in card.muted()
    bench.session.choose_source("digits")
    assert measured in card.muted() and "60,000 images" not in card.muted()


def test_code_shows_its_name_and_its_arguments(card: Card, file: Path) -> None:
    card.choose("source", "task")
    card.type("path", str(file))
    assert card.task.path == str(file) and card.task.batch_size == 16
    assert card.rows()[:6] == [
        "source",
        "path",
        "options.width",
        "options.dropout",
        "options.frozen",
        "options.augment",
    ]
    assert "model" not in card.rows()
    assert "Cats and dogs" in card.muted()
    card.type("options.width", "64")
    assert card.task.options == {"width": 64}
    card.type("options.dropout", "much")
    assert any("“much” is not a number" in text for text in card.problems())


def test_long_names_make_the_card_no_wider(card: Card, tmp_path: Path) -> None:
    short = tmp_path / "cats.py"
    short.write_text(CODE)
    card.session.use(str(short))
    usual = card.panel.minimumSizeHint().width()
    file = tmp_path / f"{'a_quite_long_name_' * 6}.py"
    file.write_text(CODE.replace("name =", "title ="))
    card.session.use(str(file))
    assert file.name in card.muted().replace(BREAK, "")
    file.unlink()
    card.session.find()
    assert any(file.name in text.replace(BREAK, "") for text in card.problems())
    assert card.panel.minimumSizeHint().width() == usual


def test_code_that_was_saved_shows_its_new_fields_and_its_error(card: Card, file: Path, qtbot: QtBot) -> None:
    card.session.use(str(file))
    assert "changed on disk" not in card.muted()
    file.write_text(CODE.replace("width=32", "depth=4"))
    qtbot.waitUntil(lambda: card.editor("options.depth") is not None)
    qtbot.waitUntil(lambda: "changed on disk" in card.muted())
    assert card.editor("options.width") is None
    file.write_text(CODE + "\ndef broken(:\n    pass\n")
    qtbot.waitUntil(lambda: any("line 17" in text for text in card.problems()))
    assert card.line("path").property("wrong")
    assert card.editor("options.depth") is not None and "Cats and dogs" in card.muted(), "a slip moves nothing"
    file.write_text(CODE)
    qtbot.waitUntil(lambda: card.problems() == [])


def test_the_tasks_own_optimizer_is_on_offer_where_there_is_one(card: Card, file: Path) -> None:
    card.session.use(str(file))
    assert "own" not in card.editor("optimizer").values
    file.write_text(CODE + OWN_OPTIMIZER)
    card.session.choose_source("digits")
    card.session.use(str(file))
    assert card.editor("optimizer").values[0] == "own"
    assert card.task.optimizer == "own" and "own" in card.editor("optimizer").currentText()
    more = card.panel.forms[1]
    assert not more.is_row_visible("momentum") and not more.is_row_visible("weight_decay")
    card.choose("optimizer", "sgd")
    assert card.task.optimizer == "sgd" and more.is_row_visible("momentum")


def test_devices_are_those_of_the_python_that_computes(card: Card) -> None:
    box = card.editor("device")
    assert box.values == ["auto", "cuda:0", "cpu"]
    labels = [box.itemText(number) for number in range(box.count())]
    assert "NVIDIA H100 · 78 GB free" in labels and "MPS: missing" in labels
    item = box.model().item(labels.index("MPS: missing"))
    assert item.toolTip() == "MPS is available only on Macs" and not item.isEnabled()
    card.choose("device", "cuda:0")
    assert card.task.device == "cuda:0"
    card.session.edit(task=replace(card.task, device="mps"))
    assert card.problems() == ["MPS is missing: MPS is available only on Macs."]
    card.session.edit(task=replace(card.task, device="cuda:3"))
    assert box.currentText() == "CUDA 3", "what a run file asks for is shown"


def test_devices_while_nothing_is_known(bench: Bench, qtbot: QtBot) -> None:
    card = Card(bench, qtbot, None)
    assert card.editor("device").values == ["auto", "cpu", "cuda", "mps", "xpu"]
    assert "python" not in card.rows()


def test_another_python_says_what_it_lacks(card: Card, qtbot: QtBot) -> None:
    card.choose("python", BARE.python)
    assert card.session.environments is not None
    assert card.session.environments.python == BARE.python
    assert card.problems() == ["PyTorch is missing there."]
    assert "no torch" in card.muted()
    card.choose("python", "")
    assert card.problems() == [] and "torch 2.9.0" in card.muted()
    assert card.task == replace(card.task), "the job knows nothing of it"


def test_of_a_python_that_does_not_start_only_its_problem_is_told(card: Card) -> None:
    pythons = card.session.environments
    assert isinstance(pythons, Pythons)
    broken = replace(BARE, version="", problem="/old/python is Python 3.8.18; LR Finder needs 3.10 or newer.")
    pythons.current = broken
    pythons.known.emit(broken)
    assert "torch" not in card.muted() and "no torch" not in card.muted()
    assert card.problems() == [broken.problem]


def test_pythons_that_cannot_compute_are_not_offered() -> None:
    found = [Interpreter(f"/p/{version}", f"pyenv: {version}", "path") for version in ("2.7.18", "3.9.1", "3.12.1")]
    found.append(Interpreter("/usr/bin/python3", "/usr/bin/python3", "path"))
    labels = [line.label for line in python_lines(found, "")]
    assert labels[1:-2] == ["pyenv: 3.12.1", "/usr/bin/python3"]
    assert "pyenv: 2.7.18" in [line.label for line in python_lines(found, "/p/2.7.18")], "what is chosen is shown"


def test_a_python_is_chosen_in_a_dialog(card: Card, qtbot: QtBot, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text("")
    box = card.editor("python")
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_End)
    dialog = dialog_of(card.panel)
    assert box.currentData() == ""
    dialog.fileSelected.emit(str(python))
    dialog.close()
    assert card.session.environments is not None
    assert card.session.environments.python == str(python) and box.currentData() == str(python)


def test_a_file_is_chosen_in_a_dialog_that_begins_beside_the_last_one(
    card: Card, file: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    card.choose("source", "task")
    qtbot.mouseClick(card.editor("path").button, Qt.MouseButton.LeftButton)
    dialog = dialog_of(card.panel)
    assert dialog.nameFilters()[0] == ".py (*.py)"
    dialog.fileSelected.emit(str(file))
    dialog.close()
    assert card.task.path == str(file) and "options.width" in card.rows()
    assert start_folder(card.session) == tmp_path


def test_a_new_file_is_not_proposed_among_images(card: Card, file: Path) -> None:
    photos = file.parent / "photos"
    photos.mkdir()
    card.session.edit(task=replace(card.task, source="image_folder", path=str(photos)))
    assert start_folder(card.session) == photos
    assert start_folder(card.session, str(file.parent), for_code=True) == file.parent
    card.session.tasks.recent[:] = [str(photos), str(file)]
    assert start_folder(card.session, for_code=True) == file.parent


def test_the_buttons(card: Card, qtbot: QtBot) -> None:
    started: list[bool] = []
    wanted: list[str] = []
    card.session.check_started.connect(lambda: started.append(True))
    card.session.wanted.connect(wanted.append)
    with qtbot.waitSignal(card.session.check_ended):
        qtbot.mouseClick(card.button("Check task"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(card.button("New task"), Qt.MouseButton.LeftButton)
    assert (started, wanted) == ([True], ["new"])


def test_names_of_ones_own_are_no_markup(card: Card, file: Path) -> None:
    file.write_text(CODE.replace("Cats and dogs", "<b>Cats</b>"))
    card.session.use(str(file))
    label = next(one for one in card.panel.findChildren(QLabel) if "Cats" in one.text())
    assert label.textFormat() == Qt.TextFormat.PlainText


def test_every_control_of_every_source_has_a_name_and_a_tooltip(card: Card) -> None:
    for key in card.editor("source").values:
        card.session.choose_source(key)
        for form in card.panel.forms:
            for name, editor in form.editors.items():
                for widget in [editor, *editor.findChildren(QLineEdit), *editor.findChildren(QPushButton)]:
                    if isinstance(editor, PathEditor) and widget is editor:
                        continue
                    assert widget.accessibleName(), (key, name)
                    assert widget.toolTip() or isinstance(editor, Suggesting), (key, name)


def test_every_source_fits_into_the_side(window: MainWindow, qtbot: QtBot) -> None:
    card = window.findChild(TaskPanel)
    side = window.findChild(Side)
    assert not side.verticalScrollBar().isVisible(), "the first success needs no scrolling"
    for key, row in SOURCES.items():
        window.session.choose_source(key)
        for model in row.models:
            window.session.edit(task=replace(window.session.job.task, model=model))
            assert card.minimumSizeHint().width() <= side.width() - 8, (key, model)


def dialog_of(panel: QWidget) -> QFileDialog:
    """The dialog that is open."""
    dialogs = [one for one in panel.window().findChildren(QFileDialog) if one.isVisible()]
    assert len(dialogs) == 1
    return dialogs[0]


def test_pytorch_is_not_looked_for_where_it_is_known_to_be(card: Card) -> None:
    pythons = card.session.environments
    assert isinstance(pythons, Pythons)
    for proven, said in ((False, LOOKING), (True, LOOKING_FURTHER)):
        pythons.current, pythons.proven = None, proven  # type: ignore[assignment]
        pythons.interpreters_changed.emit(pythons.interpreters)
        assert card.panel._versions.text() == said and not card.panel._versions.isHidden(), "no row moves"
