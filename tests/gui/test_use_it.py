"""*Use it*: code with the selected rate, to copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from bench import Bench
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, sweep, task

from lrgui.core.events import BatchEvent, EndEvent
from lrgui.core.learning_rate import format_lr
from lrgui.export.snippets import SNIPPETS, SnippetError
from lrgui.gui.dialogs.use_it import UseItDialog
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.window import MainWindow

KEYS = list(SNIPPETS)


@pytest.fixture
def opened(window: MainWindow, bench: Bench, qtbot: QtBot) -> Iterator[Callable[[], UseItDialog]]:
    """Opens the dialog with its key."""

    def press() -> UseItDialog:
        with qtbot.waitActive(window):
            window.activateWindow()
        qtbot.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        dialogs = [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]
        assert len(dialogs) == 1
        assert isinstance(dialogs[0], UseItDialog)
        return dialogs[0]

    yield press
    for dialog in window.findChildren(QDialog):
        dialog.reject()


def test_the_recommended_rate_is_copied_with_keys_alone(
    opened: Callable[[], UseItDialog], window: MainWindow, bench: Bench, qtbot: QtBot
) -> None:
    bench.play()
    dialog = opened()
    assert dialog.key == "pytorch"
    text = dialog.code.toPlainText()
    assert "torch.optim.SGD(" in text
    assert bench.runs.selection is not None
    assert f"max_lr={format_lr(bench.runs.selection)}" in text
    assert "total_steps = 252  # 12 epochs of 21 steps" in text
    qtbot.keyClick(dialog.targets, Qt.Key.Key_Down)
    assert dialog.key == "lightning"
    assert "def configure_optimizers(self):" in dialog.code.toPlainText()
    qtbot.keyClick(dialog.targets, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == dialog.code.toPlainText() + "\n"
    assert dialog.copy.text() == "✓ Copied"
    qtbot.waitUntil(lambda: dialog.copy.text() == "Copy")
    qtbot.keyClick(dialog.targets, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert opened().key == "lightning"
    assert window.settings.snippet == "lightning"


def test_what_has_no_code_says_why_and_cannot_be_copied(opened: Callable[[], UseItDialog], bench: Bench) -> None:
    bench.play()
    dialog = opened()
    dialog.targets.setCurrentRow(KEYS.index("nanogpt"))
    assert dialog.why.isVisible()
    assert "nanoGPT trains with AdamW" in dialog.why.text()
    assert not dialog.code.isVisible()
    assert not dialog.copy.isEnabled()
    dialog.targets.setCurrentRow(KEYS.index("json"))
    assert dialog.code.isVisible()
    assert dialog.copy.isEnabled()


def test_a_rate_that_is_being_typed_counts(
    opened: Callable[[], UseItDialog], window: MainWindow, bench: Bench, qtbot: QtBot
) -> None:
    bench.play()
    panel = window.findChild(SelectionPanel)
    assert panel is not None
    panel.number.setFocus()
    panel.number.selectAll()
    qtbot.keyClicks(panel.number, "1.25e-3")
    text = opened().code.toPlainText()
    assert "max_lr=1.25e-3," in text
    assert "selected by hand" in text


def test_without_a_rate_there_is_nothing_to_use(window: MainWindow, bench: Bench) -> None:
    panel = window.findChild(SelectionPanel)
    assert panel is not None
    assert not panel.use.isEnabled()
    assert not window.actions_by_key["use"].isEnabled()
    with pytest.raises(SnippetError, match="No learning rate is selected"):
        bench.runs.facts(bench.session.job)
    bench.runs.select(2e-3)
    assert panel.use.isEnabled()
    assert bench.runs.facts(bench.session.job).lr == 2e-3


def test_a_guess_does_not_become_code_but_a_rate_selected_by_hand_does(bench: Bench) -> None:
    noise = np.random.default_rng(0).standard_normal(200)
    measured = [point for point in points() if isinstance(point, BatchEvent)]
    flat = [replace(point, loss=2.3 + 0.3 * z) for point, z in zip(measured, noise.tolist(), strict=True)]
    bench.play(Scripted([[task()], [*flat], [EndEvent("completed", "All steps.")]]))
    reading = bench.runs.reading
    assert reading is not None
    assert reading.recommendation.lr is None
    if reading.recommendation.best_guess is not None and bench.runs.selection is not None:
        with pytest.raises(SnippetError, match=r"There is no reliable learning rate to use\."):
            bench.runs.facts(bench.session.job)
    bench.runs.select(1e-3)
    facts = bench.runs.facts(bench.session.job)
    assert facts.chosen
    assert facts.lr == 1e-3


def test_a_recommended_rate_belongs_to_the_settings_of_its_sweep(bench: Bench) -> None:
    bench.play(Scripted(sweep()))
    job = bench.session.job
    bench.session.edit(task=replace(job.task, batch_size=256))
    facts = bench.runs.facts(bench.session.job)
    assert (facts.batch_size, facts.chosen) == (64, False)
    bench.runs.select(1e-3)
    assert bench.runs.facts(bench.session.job).batch_size == 256


def test_a_synthetic_curve_has_none(window: MainWindow, bench: Bench) -> None:
    bench.play()
    reading = bench.runs.reading
    assert reading is not None
    assert reading.zones is not None
    bench.runs.show_synthetic("Textbook", reading.curve, reading.zones, bench.session.job)
    with pytest.raises(SnippetError, match="This curve is synthetic"):
        bench.runs.facts(bench.session.job)
