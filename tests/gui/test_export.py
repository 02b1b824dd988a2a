"""Export: one dialog for what is on the tab in sight, and Ctrl+C."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from bench import Bench
from conftest_of_studies import drive, folder  # noqa: F401
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot
from scripted import Scripted, race, sweep, training

from lrgui.core.events import RunKind
from lrgui.export import FORMATS
from lrgui.export.report import Report
from lrgui.export.style import PictureStyle, style_to
from lrgui.gui.dialogs.export import PREVIEW, ExportDialog
from lrgui.gui.window import MainWindow
from lrgui.places import runs_folder
from lrgui.runs.job import Job
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.results import StudyResults
from lrgui.studies.spec import StudySpec

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def opened(window: MainWindow, bench: Bench, qtbot: QtBot) -> Iterator[Callable[[], ExportDialog]]:
    """Opens the dialog with its key."""

    def press() -> ExportDialog:
        with qtbot.waitActive(window):
            window.activateWindow()
        qtbot.keyClick(window, Qt.Key.Key_E, CTRL)
        dialogs = [dialog for dialog in window.findChildren(ExportDialog) if dialog.isVisible()]
        assert len(dialogs) == 1
        return dialogs[0]

    yield press
    for dialog in window.findChildren(QDialog):
        dialog.reject()


def retype(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    with qtbot.waitActive(line.window()):
        line.window().activateWindow()
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Tab)


def choose(dialog: ExportDialog, key: str) -> None:
    dialog.format.setCurrentIndex(dialog.format.findData(key))
    dialog.format.activated.emit(dialog.format.currentIndex())
    dialog.draw()


def test_a_picture_is_made_as_it_was_chosen(
    opened: Callable[[], ExportDialog],
    window: MainWindow,
    bench: Bench,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench.play()
    dialog = opened()
    assert (dialog.form.key, dialog.look.size, dialog.look.dpi) == ("png", (8.0, 5.0), 300)
    before = dialog.picture.pixmap().toImage()
    assert not before.isNull()
    qtbot.mouseClick(dialog.boxes["zones"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.picture.pixmap().toImage() != before)
    dialog.unit.setCurrentIndex(dialog.unit.findData("px"))
    dialog.unit.activated.emit(0)
    assert (dialog.wide.text(), dialog.high.text()) == ("2400", "1500")
    for box, text in ((dialog.wide, "1200"), (dialog.high, "800"), (dialog.dpi, "150")):
        retype(qtbot, box, text)
    assert dialog.look.pixels == (1200, 800), "pixels that were typed stay"
    chosen, path = dialog.look, tmp_path / "curve.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    with Image.open(path) as image:
        assert image.size == (1200, 800)
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.5)
    assert window.status.text.text() == f"Saved {path}"
    again = opened()
    assert again.look == chosen and not again.boxes["zones"].isChecked()


def test_the_preview_is_as_large_as_there_is_room_for(
    opened: Callable[[], ExportDialog], bench: Bench, qtbot: QtBot
) -> None:
    bench.play()
    dialog = opened()
    first = dialog.picture.pixmap().deviceIndependentSize()
    assert first.width() <= PREVIEW.width() + 1 and first.height() <= PREVIEW.height() + 1, "nor is it cut at first"
    for width in (900, 1100):
        dialog.resize(width, 500)
        qtbot.waitUntil(lambda: not dialog._timer.isActive())
        shown = dialog.picture.pixmap().deviceIndependentSize()
        assert shown.width() <= dialog.picture.width() + 1 and shown.height() <= dialog.picture.height() + 1
        assert shown.width() > 0.9 * dialog.picture.width() or shown.height() > 0.9 * dialog.picture.height()


def test_every_format_has_a_preview_and_is_copied(
    opened: Callable[[], ExportDialog], bench: Bench, qtbot: QtBot
) -> None:
    bench.play()
    dialog = opened()
    assert isinstance(dialog._thing, Report) and dialog._thing.record is bench.runs.sweep, "code knows what was run"
    for key, form in FORMATS.items():
        if key == "parquet" and find_spec("pyarrow") is None:
            continue
        choose(dialog, key)
        assert dialog.why.text() == "", key
        QGuiApplication.clipboard().clear()
        qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
        if form.has_picture:
            assert QGuiApplication.clipboard().image().size().width() == 2400, key
        else:
            text = form.text(dialog._thing)
            assert QGuiApplication.clipboard().text() == text, key
            assert dialog.text.toPlainText()[:1000] == text[:1000], key
        assert dialog.dpi.isEnabled() == (key == "png")


def test_a_size_that_cannot_be_is_said(opened: Callable[[], ExportDialog], bench: Bench, qtbot: QtBot) -> None:
    bench.play()
    dialog = opened()
    retype(qtbot, dialog.wide, "0.5")
    dialog.draw()
    assert "not possible" in dialog.why.text() and not dialog.save.isEnabled()
    for text, said in (
        ("wide", "Width: “wide” is not a number."),
        ("0", "Width cannot be “0”. Use more than 0 and less than 1,000,000."),
    ):
        retype(qtbot, dialog.wide, text)
        dialog.draw()
        assert (dialog.wide.text(), dialog.why.text()) == (text, said) and dialog.wide.property("wrong")
        assert not dialog.save.isEnabled() and not dialog.copy.isEnabled()
    retype(qtbot, dialog.wide, "8")
    dialog.draw()
    assert dialog.why.isHidden() and dialog.save.isEnabled() and not dialog.wide.property("wrong")
    retype(qtbot, dialog.high, "none")
    choose(dialog, "csv")
    assert dialog.save.isEnabled(), "a table has no size"


def test_what_cannot_be_written_is_said_and_the_dialog_stays(
    opened: Callable[[], ExportDialog], bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.play()
    dialog = opened()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "a.png"), ""))
    dialog.save.click()
    assert "could not be written" in dialog.why.text() and dialog.isVisible()
    dialog.draw()  # as the room that the sentence takes makes it do
    assert "could not be written" in dialog.why.text() and not dialog.why.isHidden() and dialog.save.isEnabled()
    choose(dialog, "csv")
    dialog.draw()
    assert dialog.why.isHidden()


def test_it_fits_a_small_window(opened: Callable[[], ExportDialog], window: MainWindow, bench: Bench) -> None:
    window.resize(1024, 700)
    bench.play()
    size = opened().sizeHint()
    assert size.width() <= 1024 and size.height() <= 660


def test_the_tab_in_sight_is_exported(
    opened: Callable[[], ExportDialog], window: MainWindow, bench: Bench, qtbot: QtBot
) -> None:
    bench.play()
    window.tabs.setCurrentWidget(window.tabs.scenarios)
    dialog = opened()
    assert list(dialog.boxes) == ["title", "legend", "zones", "selection"]
    choose(dialog, "csv")
    assert dialog.text.toPlainText().startswith("lr,well_behaved,noisy,stable\n")
    choose(dialog, "py")
    assert "noisy_loss(scenario" in dialog.text.toPlainText() and dialog.save.isEnabled()
    dialog.reject()
    window.tabs.setCurrentWidget(window.tabs.training)
    qtbot.keyClick(window, Qt.Key.Key_E, CTRL)
    assert "Nothing to export on this tab" in window.banner.text


def fill(window: MainWindow, bench: Bench, name: str, drive: Callable[..., StudyResults]) -> None:  # noqa: F811
    """Bring something onto a tab, as runs of the person's would."""

    def open_source(job: Job) -> Scripted:
        kinds = {RunKind.TRAIN: training, RunKind.RACE: lambda: race(job.race)}
        return Scripted(kinds.get(job.kind, sweep)())

    bench.session._open_source = open_source  # type: ignore[assignment]
    bench.play()
    if name == "study":
        with bench.qtbot.waitSignal(window.tabs.study.opened):
            window.session.use(
                str(drive(StudySpec("digits", grid={"batch_size": (32, 64)}), how=ExecutionSettings()).folder)
            )
    elif name == "overlay":
        bench.play(start=bench.session.train)
        window.compare_runs(sorted(runs_folder().glob("*.lrrun")))
        bench.qtbot.waitUntil(lambda: window.tabs.compare.saved.overlay is not None)
    elif name == "queue":
        bench.session.train_candidates([1e-3, 1e-2])
        bench.qtbot.waitUntil(lambda: len(bench.session.queue.runs) == 2 and not bench.session.busy)
        bench.qtbot.waitUntil(lambda: not bench.session.queue.active)
    elif name in ("training", "verify", "compare"):
        starts = {
            "training": bench.session.train,
            "verify": bench.session.verify,
            "compare": lambda: bench.session.compare_optimizers(["sgd", "adamw"]),
        }
        bench.play(start=starts[name])
    window.tabs.setCurrentWidget(getattr(window.tabs, "compare" if name == "overlay" else name))


#: How files of each format begin, after blanks.
BEGINNINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "parquet": b"PAR1", "html": b"<!doctype html>"}
TABS = ("curve", "training", "verify", "compare", "overlay", "study", "queue", "scenarios")


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_in_every_format(
    opened: Callable[[], ExportDialog],
    window: MainWindow,
    bench: Bench,
    tab: str,
    drive: Callable[..., StudyResults],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(window, bench, tab, drive)
    window.settings.export = {"format": "png", **style_to(PictureStyle(dpi=72))}
    dialog = opened()
    for key in FORMATS:
        if key == "parquet" and find_spec("pyarrow") is None:
            continue
        choose(dialog, key)
        path = tmp_path / f"out.{key}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (str(path), ""))
        assert dialog.save.isEnabled() and dialog._save_as(key, dialog.look) == "", (key, dialog.why.text())
        data = path.read_bytes()
        assert data.lstrip().lower().startswith(BEGINNINGS.get(key, b"").lower()), key
        if key == "csv":
            heads, *lines = data.decode().splitlines()
            assert len(lines) >= 2 and all(line.count(",") >= heads.count(",") for line in lines)
        elif key in ("json", "ipynb"):
            assert json.loads(data)
        elif key == "py":
            compile(data, "out.py", "exec")


def test_ctrl_c_copies_the_picture_unless_text_is_being_edited(window: MainWindow, bench: Bench, qtbot: QtBot) -> None:
    bench.play()
    with qtbot.waitActive(window):
        window.activateWindow()
    window.tabs.curve.plot.setFocus()
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(window.tabs.curve.plot.canvas, Qt.Key.Key_C, CTRL)
    plot, copied = window.tabs.curve.plot, QGuiApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (2 * plot.width(), 2 * plot.height())
    line = next(line for line in window.findChildren(QLineEdit) if line.isVisible() and line.text())
    line.setFocus()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == line.text()
    assert QGuiApplication.clipboard().image().isNull()
