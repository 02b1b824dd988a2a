"""Steps per second of a sweep, four ways: `python benchmarks/sweep_speed.py [--quick]`.

(a) a plain PyTorch loop, (b) the engine in the same process, (c) the child process, read without a window,
(d) the child process with the real window open and drawing. Task: digits, small CNN, SGD; the rates stay below
1e-2, so that every loss is finite, and the stop rules are off.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from harness import ROOT, cores, interleaved, private_display, ratios, spread, table

VARIANTS = {
    "plain": "(a) plain PyTorch loop",
    "engine": "(b) engine, same process",
    "child": "(c) child process, no window",
    "window": "(d) child process, window open",
}


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer steps and repeats")
    options.add_argument("--only", choices=VARIANTS, help=argparse.SUPPRESS)
    options.add_argument("--steps", type=int, default=0, help="steps of each sweep")
    chosen = options.parse_args()
    steps = chosen.steps or (400 if chosen.quick else 2000)
    if chosen.only:
        print(MEASURES[chosen.only](steps))
        return 0
    with private_display() as environment:

        def one(name: str) -> float:
            command = [sys.executable, __file__, "--only", name, "--steps", str(steps)]
            done = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
            return float(done.stdout.split()[-1])

        found = interleaved({name: partial(one, name) for name in VARIANTS}, 2 if chosen.quick else 5)
    print(f"Sweep of {steps} steps; {cores()} cores, torch on {threads()}; medians of {len(found['plain'])} rounds")
    rows = [
        (label, f"{median(found[name]):.0f}", spread(found[name]), *ratios(found[name], found["plain"]))
        for name, label in VARIANTS.items()
    ]
    table(("way", "steps/s", "lowest … highest", "ratio to (a)", "paired"), rows)
    return 0


def threads() -> int:
    """Torch's threads in all variants: what the worker takes, all cores but one."""
    return max(1, cores() - 1)


def plain(steps: int) -> float:
    """A loop as people write it by hand; nothing of LR Finder but its data and model."""
    import torch

    from lrgui.tasks.build import build_task
    from lrgui.tasks.spec import TaskSpec

    torch.set_num_threads(threads())
    task = build_task(TaskSpec(device="cpu"))
    model, criterion = task.model, torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6, momentum=0.9, weight_decay=1e-4)
    lr, factor = 1e-6, (1e-2 / 1e-6) ** (1 / (steps - 1))
    average, best, rates, losses = 0.0, float("inf"), [], []
    model.train()
    began, done = time.perf_counter(), 0
    while done < steps:
        for inputs, targets in task.loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            average = 0.98 * average + 0.02 * loss.item()
            smooth = average / (1 - 0.98 ** (done + 1))
            rates.append(lr)
            losses.append(smooth)
            best = min(best, smooth)
            loss.backward()
            optimizer.step()
            lr *= factor
            for group in optimizer.param_groups:
                group["lr"] = lr
            done += 1
            if done == steps:
                break
    return steps / (time.perf_counter() - began)


def job(steps: int):  # noqa: ANN201 (imported late, like everything here)
    """The same sweep as a job."""
    from lrgui.core.run_settings import SweepSettings
    from lrgui.runs.job import Job
    from lrgui.tasks.spec import TaskSpec

    return Job("sweep", TaskSpec(device="cpu"), SweepSettings(1e-6, 1e-2, steps, stop_factor=0.0))


def engine(steps: int) -> float:
    """The engine's generator, its events thrown away."""
    import torch

    from lrgui.core.engine.sweep import sweep
    from lrgui.core.events import BatchEvent
    from lrgui.tasks.build import build_task

    torch.set_num_threads(threads())
    wanted = job(steps)
    task = build_task(wanted.task)
    began = time.perf_counter()
    count = sum(
        isinstance(event, BatchEvent)
        for event in sweep(task.model, task.loader, task.optimizer, task.loss, wanted.sweep)
    )
    return count / (time.perf_counter() - began)


class Clock:
    """Steps per second as the reader of events sees them: from the first batch to the last."""

    def __init__(self) -> None:
        self.count = 0
        self.first = self.last = 0.0

    def take(self, events: list) -> None:  # type: ignore[type-arg]
        """Look at a chunk."""
        from lrgui.core.events import BatchEvent, EndEvent

        batches = sum(isinstance(event, BatchEvent) for event in events)
        end = next((event for event in events if isinstance(event, EndEvent)), None)
        if end is not None and end.reason != "completed":
            raise SystemExit(f"the run ended early: {end.detail}")
        if batches:
            self.last = time.perf_counter()
            if self.first:
                self.count += batches  # those of the first chunk came before the clock
            else:
                self.first = self.last

    @property
    def rate(self) -> float:
        """Steps per second."""
        return self.count / (self.last - self.first)


def child(steps: int) -> float:
    """A worker, read as fast as it writes."""
    return through_worker(job(steps))


def window(steps: int) -> float:
    """The real window, drawing at its usual pace."""
    return through_window(job(steps), lambda session: session.find())


def through_worker(wanted) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Steps per second of a job that a worker computes."""
    from lrgui.runs.launch import ChildProcess

    clock = Clock()
    with ChildProcess() as worker:
        worker.submit(wanted)
        for events in worker.chunks():
            clock.take(events)
    return clock.rate


def through_window(wanted, begin: Callable[..., None]) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Steps per second of a job that the window has computed; `begin` gets its session."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from lrgui.gui.app import create_window, pool_source
    from lrgui.gui.settings import Settings
    from lrgui.runs.spare_pool import SparePool

    app = QApplication(["benchmark"])
    app.setStyle("Fusion")
    pool, clock = SparePool(), Clock()
    try:
        main_window = create_window(Settings(job=wanted.to_dict(), theme="light"), pool_source(pool))
        main_window.show()
        pool.warm()
        main_window.session.worker.chunk.connect(clock.take)
        main_window.session.run_ended.connect(app.quit)
        QTimer.singleShot(6000, lambda: begin(main_window.session))
        app.exec()
        main_window.session.close()
    finally:
        pool.close()
    return clock.rate


MEASURES = {"plain": plain, "engine": engine, "child": child, "window": window}

if __name__ == "__main__":
    raise SystemExit(main())
