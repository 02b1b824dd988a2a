"""Through a training with mouse and keys: pick, train, change the rate, stop after the epoch, resume, compare."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

import pytest
from bench import Bench
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from scripted import Scripted, sweep

from lrgui.core.events import Event, RunKind
from lrgui.core.run_settings import TrainSettings
from lrgui.gui.window import MainWindow
from lrgui.plot.plots import Plot
from lrgui.plot.view import PlotView
from lrgui.runs.event_source import EventSource
from lrgui.runs.in_process import InProcess
from lrgui.runs.job import Job

LEFT = Qt.MouseButton.LeftButton

pytestmark = pytest.mark.usefixtures("every_move_counts")


class HeldEarly(InProcess):
    """A training that is held after a few steps, as if somebody was quick enough with Space."""

    def chunks(self) -> Generator[list[Event], None, None]:
        """See `InProcess`."""
        for count, events in enumerate(super().chunks()):
            if count == 10:
                self.pause()
            yield events


def place(plot: Plot, view: PlotView, x: float, y: float) -> QPoint:
    """Where a point of a chart lies on the canvas."""
    at = view.mapToScene(QPointF(view.pixel_x(x), view.pixel_y(y)))
    return plot.canvas.mapFromScene(at)


def drag(plot: Plot, start: QPoint, end: QPoint, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Press, move and release the mouse, and look at something before the release."""
    viewport = plot.canvas.viewport()
    QTest.mouseMove(viewport, start)
    QTest.mousePress(viewport, LEFT, pos=start)
    for share in (0.25, 0.5, 0.75, 1.0):
        QTest.mouseMove(viewport, start + (end - start) * share)
    meanwhile()
    QTest.mouseRelease(viewport, LEFT, pos=end)


def test_a_training_from_the_pick_to_the_comparison(window: MainWindow, bench: Bench) -> None:
    session, runs, qtbot = bench.session, bench.runs, bench.qtbot
    with qtbot.waitActive(window):
        window.activateWindow()

    def source(job: Job) -> EventSource:
        if job.kind == RunKind.SWEEP:
            return Scripted(sweep())
        return HeldEarly(job) if runs.training is None or not len(runs.training) else InProcess(job)

    session._open_source = source
    task = replace(session.job.task, device="cpu", batch_size=256)
    session.edit(task=task, train=replace(TrainSettings(), epochs=12, checkpoints=1e-9))

    # Pick: find, then drag on the curve.
    with qtbot.waitSignal(session.run_ended):
        QTest.keyClick(window, Qt.Key.Key_F5)
    curve = window.tabs.curve.plot
    curve.grab()
    drag(curve, place(curve, curve.view, -4.0, 1.0), place(curve, curve.view, -2.0, 1.0))
    assert runs.selection == pytest.approx(1e-2, rel=0.1)

    # Train, and hold it.
    tab = window.tabs.training
    plot = tab.plot
    QTest.keyClick(window, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: session.state == "paused")
    assert window.tabs.currentWidget() is tab
    record = runs.training
    assert record is not None and record.task is not None
    qtbot.waitUntil(lambda: len(plot.rate.rates) == len(record))

    # The rest of the plan is dragged to its half, in sight of the highest rate.
    plot.grab()
    top, view, said = int(plot.rate.plan.argmax()), plot.rate.view, list[str]()
    assert top > len(record), "it was held in time"
    start, end = (place(plot, view, top, share * plot.rate.plan[top]) for share in (1.0, 0.5))
    drag(plot, start, end, lambda: said.append(plot.rate.badge.text))
    assert said[0].startswith("LR ×0.")

    # It stops with its epoch, and the change is marked.
    QTest.mouseClick(tab.controls.finish, LEFT)
    with qtbot.waitSignal(session.run_ended) as ended:
        QTest.keyClick(window, Qt.Key.Key_Space)
    assert ended.args[0].reason == "cancelled" and len(record) < record.task.steps
    assert len(record) % record.task.batches_per_epoch == 0
    (change,) = record.rate_changes
    assert change.factor == pytest.approx(0.5, abs=0.05) and plot.rate.marks.marks[0][1].endswith("by hand")

    # It goes on to its end, with the changed rate.
    with qtbot.waitSignal(session.run_ended) as ended:
        QTest.mouseClick(tab.kept.resume, LEFT)
    record = runs.training
    assert record is not None and record.task is not None
    assert ended.args[0].reason == "completed" and len(record) == record.task.steps
    assert record.lr.max() == pytest.approx(change.factor * session.job.train.max_lr, rel=0.02)
    assert not tab.kept.more.isHidden() and tab.kept.resume.isHidden()

    # Beside the sweep: Compare in the list of runs.
    QTest.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    drawer = window._drawer
    assert drawer is not None
    qtbot.waitUntil(lambda: drawer.list.model().rowCount() == 2)
    QTest.keyClick(drawer.list, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.mouseClick(drawer.compare_button, LEFT)
    overlay = window.tabs.compare
    qtbot.waitUntil(lambda: window.tabs.currentWidget() is overlay and overlay.shown() is not None)
