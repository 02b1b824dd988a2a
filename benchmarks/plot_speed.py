"""How fast the curve's plot is: `python benchmarks/plot_speed.py [--quick]`.

Zoom and pan with a million points in one curve, and with 50 curves of 20,000 points over each other; the drag of the
selection, by mouse events, in a window that shows everything which follows it. A frame is one change and the painting
of all that it changed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from event_loop_gap import percentile
from harness import ROOT, cores, private_display, table


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer frames")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if not chosen.inside:
        with private_display() as environment:
            words = ["--inside", *(["--quick"] if chosen.quick else [])]
            return subprocess.run([sys.executable, __file__, *words], env=environment, cwd=ROOT).returncode
    frames = 60 if chosen.quick else 300
    rows = []
    for label, measured in (
        ("one curve of 200 points", one_curve(200, frames)),
        ("one curve of 1,000,000 points", one_curve(1_000_000, frames)),
        ("50 curves of 20,000 points", many_curves(50, 20_000, frames)),
        ("drag of the selection, whole window", drag(frames)),
    ):
        middle = median(measured)
        rows.append((label, f"{middle:.1f}", f"{percentile(measured, 0.95):.1f}", f"{1000 / middle:.0f}"))
    print(f"Milliseconds a frame, {frames} frames each; {cores()} cores")
    table(("what", "median", "p95", "frames a second"), rows)
    return 0


def one_curve(points: int, frames: int) -> list[float]:
    """Milliseconds a frame of zooming and panning a finished sweep of so many points."""
    import numpy as np

    from lrgui.core.curve.curve import Curve
    from lrgui.core.curve.sweep_reading import read_sweep
    from lrgui.plot.curve_plot import CurvePlot

    application()
    random = np.random.default_rng(0)
    lr = np.geomspace(1e-6, 1.0, points)
    x = np.log10(lr)
    loss = 2.3 - 1.6 / (1 + np.exp(-(x + 2.3) * 3.2)) + np.exp((x + 0.75) * 9) + random.normal(0, 0.05, points)
    reading = read_sweep(Curve.measured(lr, loss, points, end_reason="completed"), planned_range=(1e-6, 1.0))
    plot = CurvePlot()
    plot.begin(1e-6, 1.0, points)
    plot.set_finished(reading)
    plot.set_selection(reading.selection)
    return zoom_and_pan(plot, plot.view, frames)


def many_curves(curves: int, points: int, frames: int) -> list[float]:
    """The same with so many curves over each other."""
    import numpy as np

    from lrgui.plot.compare_plot import ComparePlot

    application()
    lr = np.geomspace(1e-6, 1.0, points)
    plot = ComparePlot()
    plot.begin(1e-6, 1.0, [f"run {n}" for n in range(curves)], points)
    for n in range(curves):
        plot.set_live(n, lr, 2.3 - 1.6 / (1 + np.exp(-(np.log10(lr) + 1.5 + 0.03 * n) * 3)) + 0.01 * n)
    return zoom_and_pan(plot, plot.view, frames)


def zoom_and_pan(plot, view, frames: int) -> list[float]:  # type: ignore[no-untyped-def]
    """Milliseconds a frame: in and out, left and right."""
    plot.resize(1000, 600)
    plot.show()

    def change(number: int) -> None:
        if number % 2:
            view.scaleBy((0.95, 0.95) if number % 40 < 20 else (1 / 0.95, 1 / 0.95))
        else:
            view.translateBy(x=0.03 if number % 20 < 10 else -0.03)
        view.sigRangeChangedManually.emit([True, True])  # as the wheel and the mouse do

    try:
        return timed(change, plot.canvas.viewport().repaint, frames)
    finally:
        plot.close()


def drag(frames: int) -> list[float]:
    """Milliseconds from a mouse event that drags the selection until the whole window is painted."""
    from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    from lrgui.core.run_settings import SweepSettings
    from lrgui.gui.app import create_window
    from lrgui.gui.settings import Settings
    from lrgui.runs.in_process import InProcess
    from lrgui.runs.job import Job
    from lrgui.tasks.spec import TaskSpec

    app = application()
    job = Job("sweep", TaskSpec(device="cpu"), SweepSettings(1e-6, 1.0, 200))
    window = create_window(Settings(job=job.to_dict(), theme="light"), InProcess)
    window.resize(1366, 768)
    window.show()
    loop = QEventLoop()
    window.session.run_ended.connect(lambda _end: QTimer.singleShot(1000, loop.quit))
    window.session.find()
    loop.exec()
    plot = window.tabs.curve.plot
    viewport = plot.canvas.viewport()

    def send(kind: QEvent.Type, x: float, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
        local = QPointF(plot.view.mapToScene(QPointF(x, 250.0)))
        event = QMouseEvent(kind, local, viewport.mapToGlobal(local), button, buttons, Qt.KeyboardModifier.AltModifier)
        QApplication.sendEvent(viewport, event)

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    start = plot.view.pixel_x(plot.view.handles.selection)
    send(QEvent.Type.MouseMove, start, none, none)
    send(QEvent.Type.MouseButtonPress, start, left, left)

    def change(number: int) -> None:
        time.sleep(0.012)  # pyqtgraph leaves out moves that follow each other more quickly
        begun[0] = time.perf_counter()
        send(QEvent.Type.MouseMove, start - 10 - 2 * (number % 100), none, left)

    begun = [0.0]
    try:
        return timed(change, app.processEvents, frames, begun)
    finally:
        send(QEvent.Type.MouseButtonRelease, start, left, none)
        window.session.close()
        window.close()


def timed(
    change: Callable[[int], None], paint: Callable[[], object], frames: int, begun: list[float] | None = None
) -> list[float]:
    """Milliseconds of each change with its painting; the first ones are left out."""
    app = application()
    app.processEvents()
    found = []
    for number in range(frames + 10):
        start = time.perf_counter()
        change(number)
        paint()
        found.append(1000 * (time.perf_counter() - (begun[0] if begun else start)))
        app.processEvents()
    return found[10:]


def application():  # type: ignore[no-untyped-def]
    """The process' Qt application."""
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication(["benchmark"])
    app.setStyle("Fusion")
    return app


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
    raise SystemExit(main())
