"""How long the window cannot answer: `python benchmarks/event_loop_gap.py [--quick] [--end]`.

A timer of 5 ms in the window's event loop notes when it gets its turn. The gap between two turns is what a click
or a key may have to wait. Measured in the real window while it is idle, while a sweep runs and while a training
runs, in turns; the first half second of every phase is left out, the end of a run (drawing the zones, showing the
answer) is a phase of its own.

With `--end` it is the processor's time of the window's thread between two turns, so that a busy machine matters less:
of what happens at once when something begins, ends, is opened or comes into sight.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from harness import ROOT, cores, private_display, spread, table

PHASES = {"idle": "idle", "sweep": "sweep running", "read": "sweep ending", "train": "training running"}
#: Runs that are laid over each other.
OVERLAID = 50


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer steps and repeats")
    options.add_argument("--end", action="store_true", help="what begins, ends, is opened or comes into sight")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    rounds, steps, epochs = (2, 800, 60) if chosen.quick else (5, 2000, 120)
    if not chosen.inside:
        with private_display() as environment:
            words = ["--inside", *sys.argv[1:]]
            return subprocess.run([sys.executable, __file__, *words], env=environment, cwd=ROOT).returncode
    where = f"{cores()} cores, platform {os.environ.get('QT_QPA_PLATFORM', 'xcb on Xvfb')}, medians of {rounds} rounds"
    if chosen.end:
        print(f"The processor's ms of the window's thread between two turns of its event loop; {where}")
        print_ends(Bench(steps, 6).ends(rounds))
    else:
        print(f"Turns of a 5 ms timer in the window's event loop, in ms; {where}")
        print_gaps(Bench(steps, epochs).gaps(rounds))
    print(f"Load of the machine: {os.getloadavg()[0]:.1f}")
    return 0


def print_gaps(found: dict[str, list[list[float]]]) -> None:
    """Gaps in ms by phase, a list per round, as a table."""
    longest_idle = median(max(gaps) for gaps in found["idle"])
    rows = []
    for name, label in PHASES.items():
        longest = [max(gaps) for gaps in found[name]]
        p99 = "–" if name == "read" else f"{median(percentile(gaps) for gaps in found[name]):.1f}"
        ratio = f"{median(longest) / longest_idle:.1f}"
        rows.append((label, p99, f"{median(longest):.1f}", spread(longest), ratio))
    table(("phase", "p99", "longest", "lowest … highest of the longest", "ratio to idle"), rows)


def print_ends(found: dict[str, list[list[float]]]) -> None:
    """The processor's ms of each turn by what happened, a list per time, as a table."""
    rows = []
    for label, times in found.items():
        longest = [max(turns) for turns in times]
        rows.append((label, f"{median(longest):.1f}", spread(longest), f"{median(sum(turns) for turns in times):.0f}"))
    table(("what happens", "longest turn", "lowest … highest", "in all"), rows)


class Bench:
    """The real window with a job, and a timer that notes its turns."""

    def __init__(self, steps: int, epochs: int) -> None:
        from PySide6.QtCore import Qt, QTimer
        from PySide6.QtWidgets import QApplication

        from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
        from lrgui.gui.app import create_window, pool_source
        from lrgui.gui.gc_timer import Collector
        from lrgui.gui.settings import Settings
        from lrgui.runs.job import Job
        from lrgui.runs.spare_pool import SparePool
        from lrgui.tasks.spec import TaskSpec

        self.app = QApplication(["benchmark"])
        self.app.setStyle("Fusion")
        self.pool = SparePool()
        sweep = SweepSettings(1e-6, 1.0, steps, stop_factor=0.0)
        job = Job("sweep", TaskSpec(device="cpu"), sweep, TrainSettings(epochs, 1e-2), RaceSettings(steps=60))
        self.window = create_window(Settings(job=job.to_dict(), theme="light"), pool_source(self.pool))
        self.window.show()
        self.session = self.window.session
        self.turns: list[tuple[float, float]] = []
        """When the timer got its turn, and the processor's time of this thread until then; seconds."""
        self._overlay: object = None
        """The comparison that was shown before the present one."""
        self.timer = QTimer(self.window, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._note)
        self.timer.start()
        self.wait(1)
        self.collector = Collector()  # as in the program

    def wait(self, seconds: float) -> None:
        """Let the event loop run."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()

    def close(self) -> None:
        """End everything, threads included, which are told when the application is about to quit."""
        from PySide6.QtCore import QTimer

        self.window.close()
        self.pool.close()
        QTimer.singleShot(0, self.app.quit)
        self.app.exec()

    def run(self, verb: str) -> tuple[float, float]:
        """Run to the end; when it began to compute, and when it ended."""
        from PySide6.QtCore import QEventLoop, QTimer

        self.pool.warm()
        self.wait(5)
        loop = QEventLoop()
        marks = [0.0, 0.0]

        def began(state: str) -> None:
            if state == "running":
                marks[0] = time.perf_counter()

        def over(_end: object) -> None:
            if marks[0]:  # else it is said of what was on screen before a visit, to which a sweep leads back
                marks[1] = time.perf_counter()
                QTimer.singleShot(700, loop.quit)

        self.session.state_changed.connect(began)
        self.session.run_ended.connect(over)
        self.turns.clear()
        QTimer.singleShot(20, getattr(self.session, verb))
        loop.exec()
        self._note()
        self.session.state_changed.disconnect(began)
        self.session.run_ended.disconnect(over)
        return marks[0], marks[1]

    # ---------------------------------------------------------------- gaps
    def gaps(self, rounds: int) -> dict[str, list[list[float]]]:
        """Gaps in ms by phase, a list per round."""
        found: dict[str, list[list[float]]] = {name: [] for name in PHASES}
        try:
            self.wait(6)
            for number in range(rounds):
                self.turns.clear()
                self.wait(4)
                found["idle"].append(self._gaps(self.turns[0][0] + 0.5, self.turns[-1][0]))
                start, end = self.run("find")
                found["sweep"].append(self._gaps(start + 0.5, end - 0.2))
                found["read"].append(self._gaps(end - 0.2, end + 0.6))
                start, end = self.run("train")
                found["train"].append(self._gaps(start + 0.5, end - 0.2))
                print(f"  round {number + 1} of {rounds}", file=sys.stderr)
        finally:
            self.close()
        return found

    def _gaps(self, start: float, end: float) -> list[float]:
        times = [at for at, _ in self.turns]
        return [1000 * (b - a) for a, b in itertools.pairwise(times) if a >= start and b <= end]

    # ---------------------------------------------------------------- what begins, ends, is opened
    def ends(self, rounds: int) -> dict[str, list[list[float]]]:
        """The processor's ms of each turn by what happened, a list per time that it did."""
        found: dict[str, list[list[float]]] = {}

        def note(label: str, turns: list[float]) -> None:
            found.setdefault(label, []).append(turns)

        logs: list[Path] = []
        tabs = self.window.tabs
        self.session.follow = logs.append
        try:
            self.wait(6)
            for number in range(rounds):
                again = " again" if number else " first"
                for verb, name in (("find", "a sweep"), ("train", "a training"), ("verify", "a race")):
                    start, end = self.run(verb)
                    note(f"{name} begins{again}", self._costs(self.turns[0][0], start + 0.3))
                    note(f"{name} ends{again}", self._costs(end - 0.05, end + 0.6))
                swept, trained = logs[-3], logs[-2]
                for name, log in (("a saved sweep", swept), ("a saved training", trained)):
                    note(f"{name} is opened", self.act(lambda log=log: self.session.open_run(log)))
                note(
                    f"{OVERLAID} sweeps are compared{again}",
                    self.act(lambda log=swept: self._compare(log), self._compared),
                )
                for tab, name in ((tabs.curve, "curve"), (tabs.compare, f"{OVERLAID} curves")):
                    note(f"to the tab of the {name}", self.act(lambda tab=tab: tabs.setCurrentWidget(tab)))
                print(f"  round {number + 1} of {rounds}", file=sys.stderr)
        finally:
            self.close()
        return found

    def act(self, do: Callable[[], Any], over: Callable[[], bool] = lambda: True) -> list[float]:
        """The turns of what is done at once, and of what follows, until it is `over` and shown."""
        from PySide6.QtCore import QTimer

        self.wait(1)
        self.turns.clear()
        self._note()
        QTimer.singleShot(20, do)
        self.wait(0.1)
        while not over():
            self.wait(0.1)
        self.wait(0.6)
        self._note()
        return self._costs(self.turns[0][0], self.turns[-1][0])

    def _note(self) -> None:
        self.turns.append((time.perf_counter(), time.thread_time()))

    def _costs(self, start: float, end: float) -> list[float]:
        """The processor's ms of the turns between two times, those that had begun or not yet ended then included."""
        return [1000 * (b[1] - a[1]) for a, b in itertools.pairwise(self.turns) if b[0] >= start and a[0] <= end]

    def _compared(self) -> bool:
        """Whether the runs are laid over each other."""
        overlay = self.window.tabs.compare.saved.overlay
        return overlay is not None and overlay is not self._overlay

    def _compare(self, log: Path) -> None:
        """Lay copies of one run over each other."""
        self._overlay = self.window.tabs.compare.saved.overlay
        copies = [log.with_name(f"copy-{number}.lrrun") for number in range(OVERLAID)]
        for copy in copies:
            if not copy.exists():
                os.link(log, copy)
        self.window.compare_runs(copies)


def percentile(values: list[float], share: float = 0.99) -> float:
    """The value that `share` of all values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    raise SystemExit(main())
