"""How long the window cannot answer: `python benchmarks/event_loop_gap.py [--quick]`.

A timer of 5 ms in the window's event loop notes when it gets its turn. The gap between two turns is what a click
or a key may have to wait. Measured in the real window while it is idle, while a sweep runs and while a training
runs, in turns; the first half second of every phase is left out, the end of a run (reading the curve, drawing the
zones) is a phase of its own.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from statistics import median

from harness import ROOT, cores, private_display, spread, table

PHASES = {"idle": "idle", "sweep": "sweep running", "read": "sweep ending", "train": "training running"}


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer steps and repeats")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    rounds, steps, epochs = (2, 800, 60) if chosen.quick else (5, 2000, 120)
    if not chosen.inside:
        with private_display() as environment:
            words = ["--inside", *(["--quick"] if chosen.quick else [])]
            return subprocess.run([sys.executable, __file__, *words], env=environment, cwd=ROOT).returncode
    found = measure(rounds, steps, epochs)
    print(
        f"Turns of a 5 ms timer in the window's event loop, in ms; {cores()} cores, "
        f"platform {os.environ.get('QT_QPA_PLATFORM', 'xcb on Xvfb')}, medians of {rounds} rounds"
    )
    longest_idle = median(max(gaps) for gaps in found["idle"])
    rows = []
    for name, label in PHASES.items():
        longest = [max(gaps) for gaps in found[name]]
        p99 = "–" if name == "read" else f"{median(percentile(gaps) for gaps in found[name]):.1f}"
        ratio = f"{median(longest) / longest_idle:.1f}"
        rows.append((label, p99, f"{median(longest):.1f}", spread(longest), ratio))
    table(("phase", "p99", "longest", "lowest … highest of the longest", "ratio to idle"), rows)
    return 0


def measure(rounds: int, steps: int, epochs: int) -> dict[str, list[list[float]]]:
    """Gaps in ms by phase, a list per round."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer
    from PySide6.QtWidgets import QApplication

    from lrgui.core.run_settings import SweepSettings, TrainSettings
    from lrgui.gui.app import create_window, pool_source
    from lrgui.gui.settings import Settings
    from lrgui.runs.job import Job
    from lrgui.runs.spare_pool import SparePool
    from lrgui.tasks.spec import TaskSpec

    app = QApplication(["benchmark"])
    app.setStyle("Fusion")
    pool = SparePool()
    job = Job(
        "sweep", TaskSpec(device="cpu"), SweepSettings(1e-6, 1.0, steps, stop_factor=0.0), TrainSettings(epochs, 1e-2)
    )
    window = create_window(Settings(job=job.to_dict(), theme="light"), pool_source(pool))
    window.show()
    session = window.session
    turns: list[float] = []
    timer = QTimer(window, interval=5, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: turns.append(time.perf_counter()))
    timer.start()

    def wait(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()

    def run(verb: str) -> tuple[list[float], list[float]]:
        """Gaps while the run computes, and gaps around its end."""
        pool.warm()
        wait(5)
        loop = QEventLoop()
        marks = [0.0, 0.0]

        def began(state: str) -> None:
            if state == "running":
                marks[0] = time.perf_counter() + 0.5

        def over(end: object) -> None:
            marks[1] = time.perf_counter()
            QTimer.singleShot(700, loop.quit)

        session.state_changed.connect(began)
        session.run_ended.connect(over)
        turns.clear()
        getattr(session, verb)()
        loop.exec()
        session.state_changed.disconnect(began)
        session.run_ended.disconnect(over)
        return gaps(marks[0], marks[1] - 0.2), gaps(marks[1] - 0.2, marks[1] + 0.6)

    def gaps(start: float, end: float) -> list[float]:
        return [1000 * (b - a) for a, b in itertools.pairwise(turns) if a >= start and b <= end]

    found: dict[str, list[list[float]]] = {name: [] for name in PHASES}
    try:
        wait(6)
        for number in range(rounds):
            turns.clear()
            wait(4)
            found["idle"].append(gaps(turns[0] + 0.5, turns[-1]))
            computing, ending = run("find")
            found["sweep"].append(computing)
            found["read"].append(ending)
            found["train"].append(run("train")[0])
            print(f"  round {number + 1} of {rounds}", file=sys.stderr)
    finally:
        session.close()
        pool.close()
    app.quit()
    return found


def percentile(values: list[float], share: float = 0.99) -> float:
    """The value that `share` of all values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    raise SystemExit(main())
