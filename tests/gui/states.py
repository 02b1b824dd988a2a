"""Every state of the window, one after the other: for what is looked at by geometry, and for pictures of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench import Bench
from conftest_of_studies import Scripted as StudyRun
from conftest_of_studies import events_of
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QWidget
from scripted import Scripted, points, sweep, task, training
from test_prove import unsure
from test_verify_tab import race

from lrgui.core.curve.scenarios import SCENARIOS
from lrgui.core.events import EndEvent, Event, OutputEvent, StateEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.gui.dialogs.target import TargetDialog
from lrgui.gui.runs_drawer import RunsDrawer
from lrgui.gui.window import MainWindow
from lrgui.places import runs_folder
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.studies.driver import Driver
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.executor import LocalPool
from lrgui.studies.folder import StudyFolder
from lrgui.studies.plan import planned
from lrgui.studies.spec import StudySpec

LONG = "RuntimeError: an error at /home/somebody/a/path/without/spaces/model.py that goes on. " * 4
#: What opens each dialog that the window has.
DIALOGS = ("export", "use", "new", "palette", "preferences", "shortcuts", "about", "guide", "check", "study")


def broken(reason: str, words: str, steps: int = 60) -> Scripted:
    """A sweep that ends early, at its flat beginning."""
    return Scripted([[StateEvent("running"), task(), *points()[:steps], EndEvent(reason, words)]])


class States:
    """Brings a window into its states. `folder` is for files of the person's own."""

    def __init__(self, window: MainWindow, bench: Bench, folder: Path) -> None:
        self.window, self.bench, self.folder = window, bench, folder

    def walk(self) -> Iterator[str]:
        """The states, one after the other, each by its name."""
        for part in (self._empty, self._curve, self._other_runs, self._trouble, self._runs, self._visits, self._more):
            yield from part()

    # ---------------------------------------------------------------- helpers
    def _tab(self, tab: QWidget) -> None:
        self.window.tabs.setCurrentWidget(tab)

    def _end(self) -> None:
        """End a run that is held."""
        with self.bench.qtbot.waitSignal(self.bench.session.run_ended):
            self.bench.session.stop()

    def _going(self, chunks: Sequence[list[Event]], start: Callable[[], None], name: str) -> Iterator[str]:
        """A run that goes on while it is looked at."""
        self.bench.source = Scripted(chunks, hold=True)
        start()
        self.bench.qtbot.waitUntil(lambda: self.bench.session.state == "running")
        self.bench.qtbot.wait(60)  # it is drawn 30 times a second
        yield name
        self._end()

    def _closed(self) -> None:
        self.window.session.noticed.emit(None)

    # ---------------------------------------------------------------- the states
    def _empty(self) -> Iterator[str]:
        window, tabs = self.window, self.window.tabs
        yield "first start"
        for tab in (tabs.training, tabs.verify, tabs.compare, tabs.queue):
            self._tab(tab)
            yield f"{type(tab).__name__} empty"
        self._tab(tabs.curve)
        window.toggle_runs()
        drawer = window.findChild(RunsDrawer)
        self.bench.qtbot.waitUntil(lambda: not drawer.shelf.left)
        yield "no runs"
        window.toggle_runs()

    def _curve(self) -> Iterator[str]:
        bench, session, runs = self.bench, self.bench.session, self.bench.runs
        start = [StateEvent("starting"), task(200), StateEvent("running")]
        bench.source = Scripted([start[:1]], hold=True)
        session.find()
        yield "sweep starting"
        self._end()
        yield from self._going([[*start, *points()[:90]]], session.find, "sweep running")
        yield "sweep stopped early"
        bench.play()
        yield "sweep done"
        session.edit(task=replace(session.job.task, optimizer="adamw"))
        yield from self._going([[*start, *points(depth=1.5)[:90]]], session.find, "sweep running after another")
        bench.play(Scripted(sweep(depth=1.5)))
        yield "sweep with an earlier one"
        session.edit(task=replace(session.job.task, optimizer="sgd", batch_size=32))
        bench.play(Scripted(unsure()))
        yield "sweep of low confidence"
        bench.play(Scripted(sweep(depth=0.0)))
        yield "sweep without confidence"
        bench.play(broken("diverged", "The loss was not finite after 60 of 200 steps: the sweep ended there."))
        yield "sweep diverged early"
        bench.play()
        runs.select(2e-4)
        for number in range(7):
            runs.toggle_candidate(10.0 ** (-5 + number / 2))
        yield "with candidates, selected by hand"
        self.window.tabs.curve.log.setChecked(True)
        yield "log loss"
        self.window.tabs.curve.log.setChecked(False)

    def _other_runs(self) -> Iterator[str]:
        bench, session, window = self.bench, self.bench.session, self.window
        part = [event for chunk in training() for event in chunk][:30]
        yield from self._going([part], session.train, "training running")
        bench.play(Scripted(training()), session.train)
        yield "training done"
        bench.play(Scripted(training("diverged")), session.train)
        yield "training diverged"
        config = session.job.verification().race
        yield from self._going(race(config, 2, end=False), session.verify, "race running")
        bench.play(Scripted(race(session.job.verification().race)), session.verify)
        yield "race done"
        yield from self._going(
            [[StateEvent("running"), task(), *points()[:90]]], window.compare_optimizers, "comparing"
        )
        bench.play(Scripted(sweep()), window.compare_optimizers)
        yield "optimizers compared"
        bench.source = Scripted(training())
        session.train_candidates(bench.runs.candidates[:3], 2)
        bench.qtbot.waitUntil(lambda: not session.queue.active and not session.busy)
        session.enqueue_training(seeds=2)
        yield "the queue"
        session.queue.cancel_all()

    def _trouble(self) -> Iterator[str]:
        bench, window, tabs = self.bench, self.window, self.window.tabs
        self._tab(tabs.curve)
        bench.play(Scripted([[OutputEvent("line 3\n", "traceback"), EndEvent("failed", LONG)]]))
        yield "a failure"
        self._closed()
        field = window.findChild(QLineEdit, "field_steps")
        before = field.text()
        field.setText("0")
        field.setModified(True)
        window.actions_by_key["find"].trigger()
        yield "a wrong number"
        field.setText(before)
        field.setModified(True)
        field.editingFinished.emit()
        self._closed()

    def _runs(self) -> Iterator[str]:
        window, bench = self.window, self.bench
        window.toggle_runs()
        drawer = window.findChild(RunsDrawer)
        bench.qtbot.waitUntil(lambda: drawer.model.rowCount() > 9 and not drawer.shelf.left)
        bench.qtbot.wait(30)  # thumbnails
        yield "the list of runs"
        drawer.search.setText("nothing is called so")
        yield "no run found"
        drawer.search.clear()
        window.toggle_runs()
        window.compare_runs(sorted(runs_folder().glob("*.lrrun"))[:9])
        saved = window.tabs.compare.saved
        bench.qtbot.waitUntil(lambda: window.tabs.plot is saved.plot)
        yield "saved runs compared"

    def _visits(self) -> Iterator[str]:
        window, bench, session = self.window, self.bench, self.bench.session
        file = self.folder / "theirs.lrrun"
        self.folder.mkdir(exist_ok=True)
        with LogWriter(file, Job(sweep=SweepSettings(steps=120))) as log:
            log.write([event for chunk in sweep(depth=1.0) for event in chunk])
        assert session.open_run(file)
        yield "an opened run"
        session.leave_visit()
        growing = self.folder / "growing.lrrun"
        with LogWriter(growing, Job(sweep=SweepSettings(steps=120))) as log:
            log.write([StateEvent("running"), task(), *points()[:90]])
            session.follow_run(str(growing))
            bench.qtbot.waitUntil(lambda: session.state == "running")
            bench.qtbot.wait(60)
            yield "a run that is followed"
            self._end()
        session.leave_visit()
        self._closed()
        self._tab(window.tabs.scenarios)
        scenarios = window.tabs.scenarios
        for place in range(len(SCENARIOS)):
            scenarios.which.setCurrentIndex(place)
            scenarios.which.activated.emit(place)
            yield f"scenario {place + 1}"
        scenarios.game.asked.emit()
        yield "scenario with its answers"
        reading = bench.runs.reading
        assert reading is not None and bench.runs.zones is not None
        session.show_synthetic("Noisy", reading.curve, bench.runs.zones)
        self._tab(window.tabs.curve)
        yield "a synthetic curve"
        session.leave_visit()
        file = self.folder / "train.py"
        file.write_text("import torch\nfor step in range(3):\n    print(step)\n")
        session.use_script(str(file))
        yield "a script"
        session.choose_source("digits")

    def _more(self) -> Iterator[str]:
        window, bench = self.window, self.bench
        there = StudyFolder(self.folder / "a.study")
        spec = StudySpec("digits", grid={"optimizer": ("sgd", "adamw"), "batch_size": (32, 64, 128)})
        there.path.mkdir(parents=True)
        there.write(planned(spec), ExecutionSettings())
        Driver(planned(spec), there, LocalPool(2, lambda job: StudyRun(events_of(job)))).run()
        with bench.qtbot.waitSignal(window.tabs.study.opened):
            window.session.use(str(there.path))
        yield "a study"
        self._tab(window.tabs.curve)

    # ---------------------------------------------------------------- dialogs
    def dialogs(self) -> Iterator[tuple[str, QDialog]]:
        """Each dialog, open."""
        window, bench = self.window, self.bench
        bench.source = Scripted([[StateEvent("running"), EndEvent("completed", "All.")]])
        for key in DIALOGS:
            window.actions_by_key[key].trigger()
            yield key, self._dialog()
        file = self.folder / "birds" / "task.py"
        file.parent.mkdir(parents=True)
        file.write_text("def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target): ...\n")
        bench.session.use(str(file))
        window.actions_by_key["find"].trigger()
        yield "trust", self._dialog()
        target = TargetDialog(window)
        target.open()
        yield "target", self._dialog()

    def _dialog(self) -> QDialog:
        found: list[QDialog] = []

        def visible() -> bool:
            found[:] = [each for each in self.window.findChildren(QDialog) if each.isVisible()]
            return bool(found)

        self.bench.qtbot.waitUntil(visible)
        self.bench.qtbot.wait(20)  # what is read in the background comes
        QApplication.processEvents()
        (dialog,) = found
        return dialog


def unfold(window: QWidget) -> None:
    """Open all folds: what is in them is seen too."""
    for button in window.findChildren(QPushButton, "fold"):
        if button.isCheckable() and not button.isChecked():
            button.setChecked(True)
