"""What a training costs beside the guide's loop: `python benchmarks/train_speed.py [--batch N] [--window] [--quick]`.

(a) a plain PyTorch loop with OneCycleLR, loss and accuracy of each epoch and a pass over the validation data, (b) the
engine, which besides looks after divergence, dead networks and gradients and tells each step, (c) the same with
*Recover* and *Early stopping*. Digits, small CNN, SGD; torch on one thread. Each round trains all of
them in turn in one process, and the rounds are compared one by one; seconds are those of the processor, so that
other programs disturb little.

With `--window` (a) against (d) the worker, read without a window, and (e) with the real window open and drawing, each
in a process of its own, one after the other; seconds are those of the clock.
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
from sweep_speed import through_window, through_worker

VARIANTS = {"plain": "(a) the guide's loop", "engine": "(b) engine", "guarded": "(c) engine, all guards"}
OUTSIDE = {"plain": VARIANTS["plain"], "child": "(d) worker, no window", "window": "(e) worker, window open"}
EPOCHS = 8
#: The clock begins with the first chunk of events, and a run that is over at once tells little.
EPOCHS_OUTSIDE = 40


def main() -> int:
    """Measure and print."""
    import torch

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer rounds")
    options.add_argument("--batch", type=int, default=96, help="batch size, which says how long a step takes")
    options.add_argument("--window", action="store_true", help="the worker, and the window open and drawing")
    options.add_argument("--only", choices=OUTSIDE, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    if chosen.only:
        print(OUTSIDES[chosen.only](chosen.batch))
        return 0
    if chosen.window:
        outside(chosen.batch, 2 if chosen.quick else 5)
        return 0
    for name in VARIANTS:
        MEASURES[name](chosen.batch)  # what is done once only
    found = interleaved({name: partial(MEASURES[name], chosen.batch) for name in VARIANTS}, 6 if chosen.quick else 24)
    took = 1000 / median(found["plain"])
    print(f"{EPOCHS} epochs, batch {chosen.batch}, {took:.2f} ms a step in (a); {cores()} cores, torch on 1 thread")
    rows = [
        (label, f"{median(found[name]):.0f}", spread(found[name]), *ratios(found[name], found["plain"]))
        for name, label in VARIANTS.items()
    ]
    table(("way", "steps/s", "lowest … highest", "ratio to (a)", "paired"), rows)
    return 0


def task(batch: int):  # noqa: ANN201 (imported late, like everything here)
    """Data, model and optimizer, made anew."""
    from lrgui.tasks.build import build_task
    from lrgui.tasks.spec import TaskSpec

    return build_task(TaskSpec(device="cpu", batch_size=batch))


def outside(batch: int, rounds: int) -> None:
    """Measure and print what a worker costs, without and with the window."""
    with private_display() as environment:

        def one(name: str) -> float:
            command = [sys.executable, __file__, "--only", name, "--batch", str(batch)]
            done = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
            return float(done.stdout.split()[-1])

        found = interleaved({name: partial(one, name) for name in OUTSIDE}, rounds)
    took = 1000 / median(found["plain"])
    print(f"{EPOCHS_OUTSIDE} epochs, batch {batch}, {took:.2f} ms a step in (a); {cores()} cores, torch on 1 thread")
    rows = [
        (label, f"{median(found[name]):.0f}", spread(found[name]), *ratios(found[name], found["plain"]))
        for name, label in OUTSIDE.items()
    ]
    table(("way", "steps/s", "lowest … highest", "ratio to (a)", "paired"), rows)


def job(batch: int):  # noqa: ANN201 (imported late, like everything here)
    """The training as a job, on one thread as the others."""
    from lrgui.core.run_settings import TrainSettings
    from lrgui.runs.job import Job
    from lrgui.tasks.spec import TaskSpec

    task = TaskSpec(device="cpu", batch_size=batch, threads=1)
    return Job("train", task, train=TrainSettings(epochs=EPOCHS_OUTSIDE, max_lr=0.01))


def plain(batch: int, epochs: int = EPOCHS, clock: Callable[[], float] = time.process_time) -> float:
    """The loop of the guide, as people write it by hand."""
    import torch

    built = task(batch)
    model, criterion = built.model, torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    steps = epochs * len(built.loader)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=steps + 1, div_factor=10)
    began, losses = clock(), []
    for _epoch in range(epochs):
        model.train()
        total, right, seen = 0.0, 0, 0
        for inputs, targets in built.loader:
            optimizer.zero_grad()
            output = model(inputs)
            loss = criterion(output, targets)
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            total += losses[-1] * len(targets)
            right += (output.argmax(1) == targets).sum().item()
            seen += len(targets)
        model.eval()
        with torch.no_grad():
            for inputs, targets in built.validation:
                output = model(inputs)
                total += criterion(output, targets).item() * len(targets)
                right += (output.argmax(1) == targets).sum().item()
    return len(losses) / (clock() - began)


def engine(batch: int, **settings: object) -> float:
    """The engine's generator, its events thrown away."""
    from lrgui.core.engine.train import train
    from lrgui.core.events import BatchEvent
    from lrgui.core.run_settings import TrainSettings

    built = task(batch)
    config = TrainSettings(epochs=EPOCHS, max_lr=0.01, **settings)  # type: ignore[arg-type]
    began = time.process_time()
    events = train(built.model, built.loader, built.optimizer, built.objective, config, validation=built.validation)
    count = sum(isinstance(event, BatchEvent) for event in events)
    return count / (time.process_time() - began)


MEASURES = {"plain": plain, "engine": engine, "guarded": partial(engine, recover=True, patience=5)}
OUTSIDES = {
    "plain": lambda batch: plain(batch, EPOCHS_OUTSIDE, time.perf_counter),
    "child": lambda batch: through_worker(job(batch)),
    "window": lambda batch: through_window(job(batch), lambda session: session.train()),
}

if __name__ == "__main__":
    raise SystemExit(main())
