"""How long a run of many steps takes to open, and how much memory, beside `json.loads` of its lines alone.

Run: python benchmarks/open_run.py [--quick]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.runs.opened import open_run


def written(path: Path, steps: int) -> None:
    """A sweep of so many steps, as it is kept on disk."""
    x = np.linspace(-6, 1, steps)
    fall, rise = 1.7 / (1 + np.exp(-3 * (x + 2.5))), np.exp(np.clip(4 * (x - 0.2), None, 6))
    loss = (2.3 - fall + rise + np.random.default_rng(0).normal(0, 0.03, steps)).tolist()
    lr = (10.0**x).tolist()
    with LogWriter(path, Job(sweep=SweepSettings(1e-6, 10.0, steps))) as log:
        log.write(BatchEvent(0, step, lr[step], loss[step], 0.0123 * step) for step in range(steps))
        log.write([EndEvent("completed", "Done.")])


def main() -> None:
    """Print seconds of processor time, ratios and bytes."""
    steps = 100_000 if "--quick" in sys.argv else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.lrrun"
        written(path, steps)
        begin = time.process_time()
        with open(path, "rb") as lines:
            for line in lines:
                json.loads(line)
        plain = time.process_time() - begin
        begin = time.process_time()
        run = open_run(path)
        opened = time.process_time() - begin
        begin = time.process_time()
        read_sweep(run.sweeps.curves(), planned_range=(1e-6, 10.0))
        read = time.process_time() - begin
        tracemalloc.start()
        open_run(path)
        peak = tracemalloc.get_traced_memory()[1]
        print(f"{steps:,} steps, {path.stat().st_size / 1e6:.0f} MB")
        print(f"json.loads of every line  {plain:6.2f} s")
        print(f"opening the run           {opened:6.2f} s   {opened / plain:.2f} of json.loads")
        print(f"reading the curve         {read:6.2f} s   {read / plain:.2f} of json.loads")
        print(f"memory at most            {peak / steps:6.0f} bytes a step")


if __name__ == "__main__":
    main()
