"""What 20,000 batches a second cost the window: `python benchmarks/live_signal.py [--quick]`.

A source says 20,000 batches a second, in chunks as they come off a pipe; the curve's tab draws them live, connected to
the thread's signal `batch(step, lr, loss)`. The same without that connection (nothing is drawn), and with a signal
that goes from thread to thread for every batch. Gaps are those between two turns of a timer of 5 ms.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

from event_loop_gap import percentile
from harness import ROOT, cores, private_display, spread, table

RATE, CHUNK = 20_000, 100
WAYS = {"off": "not connected", "signal": "thread's signal, live curve", "queued": "a queued signal per batch"}


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer repeats")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if not chosen.inside:
        with private_display() as environment:
            words = ["--inside", *(["--quick"] if chosen.quick else [])]
            return subprocess.run([sys.executable, __file__, *words], env=environment, cwd=ROOT).returncode
    rounds = 2 if chosen.quick else 5
    found: dict[str, list[tuple[float, float, float]]] = {way: [] for way in WAYS}
    for number in range(rounds):
        for way in WAYS:
            found[way].append(measure(way, 4.0))
        print(f"  round {number + 1} of {rounds}", file=sys.stderr)
    print(f"{RATE:,} batches a second for 4 s; {cores()} cores, medians of {rounds} rounds; gaps in ms")
    base = median(busy for _, _, busy in found["off"])
    rows = []
    for way, label in WAYS.items():
        p99, arrived, busy = zip(*found[way], strict=True)
        ratio = f"{median(busy) / base:.2f}"
        rows.append((label, f"{median(arrived):,.0f}", f"{median(p99):.1f}", spread(p99), f"{median(busy):.2f}", ratio))
    table(("way", "batches a second", "gap p99", "lowest … highest", "processor seconds", "ratio"), rows)
    return 0


def measure(way: str, seconds: float) -> tuple[float, float, float]:
    """Gap p99 in ms, batches that arrived per second, and seconds of the processor for the window's process."""
    from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Signal
    from PySide6.QtWidgets import QApplication

    from lrgui.core.events import BatchEvent, EndEvent, EndReason, Event, StateEvent
    from lrgui.core.run_settings import SweepSettings
    from lrgui.gui.session import Session
    from lrgui.gui.tabs.curve import CurveTab
    from lrgui.plot.theme import LIGHT
    from lrgui.runs.job import Job

    app = QApplication.instance() or QApplication(["benchmark"])
    steps = round(RATE * seconds)
    events = [
        BatchEvent(0, i, 10 ** (-6 + 6 * i / steps), 2.3 - 2 * i / steps + 0.1 * (i * 7919 % 97) / 97, i / RATE)
        for i in range(steps)
    ]

    class Forward(QObject):
        each = Signal(int, float, float)

    forward = Forward()

    class Source:
        """Says its batches at their rate."""

        def chunks(self) -> Iterator[list[Event]]:
            yield [StateEvent("starting"), StateEvent("running")]
            start = time.perf_counter()
            for first in range(0, steps, CHUNK):
                time.sleep(max(0.0, start + first / RATE - time.perf_counter()))
                chunk = events[first : first + CHUNK]
                if way == "queued":
                    for event in chunk:
                        forward.each.emit(event.step, event.lr, event.loss)
                yield list(chunk)
            yield [EndEvent(EndReason.CANCELLED, "Over.")]

        def pause(self) -> None: ...
        def resume(self) -> None: ...
        def cancel(self) -> None: ...
        def kill(self) -> None: ...

    session = Session(Job("sweep", sweep=SweepSettings(steps=steps)), lambda job: Source(), app)
    tab = CurveTab(session, session.runs, LIGHT)
    tab.resize(900, 600)
    tab.show()
    turns: list[float] = []
    timer = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: turns.append(time.perf_counter()))
    loop = QEventLoop()
    session.run_ended.connect(lambda _end: QTimer.singleShot(300, loop.quit))
    timer.start()
    session.find()
    if way != "signal":
        tab._follow(False)
    if way == "queued":
        forward.each.connect(tab._points.add)
    before, began = time.process_time(), time.perf_counter()
    session.run_ended.connect(lambda _end: turns.append(-time.perf_counter()))
    loop.exec()
    over = -min(turns)
    busy = time.process_time() - before
    gaps = [1000 * (b - a) for a, b in itertools.pairwise(t for t in turns if began + 0.5 < t < over - 0.2)]
    arrived = steps / (over - began)
    tab.close()
    tab.deleteLater()
    session.close()
    return percentile(gaps), arrived, busy


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
    raise SystemExit(main())
