"""What `lrgui run` costs a script's own loop: `python benchmarks/script_speed.py [--quick]`.

The same training loop with steps of about 2 ms, in turns without and with the hooks and a sweep, in one process, on one
thread; measured is the time of the processor. The rates stay so low that nothing diverges.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import torch
from harness import interleaved, ratios, spread, table
from torch import nn

from lrgui.core.control import Control
from lrgui.core.run_settings import SweepSettings
from lrgui.script.sweeping import Script, ScriptSweep, SweepOver

VARIANTS = {"plain": "the script alone", "followed": "the script, swept"}


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer steps and repeats")
    options.add_argument("--steps", type=int, default=0, help="steps of each turn")
    chosen = options.parse_args()
    steps, repeats = chosen.steps or (100 if chosen.quick else 400), 5 if chosen.quick else 15
    torch.set_num_threads(1)
    measured = interleaved({"plain": lambda: plain(steps), "followed": lambda: followed(steps)}, repeats)
    base = measured["plain"]
    rows = []
    for name, label in VARIANTS.items():
        each = [1e3 * seconds for seconds in measured[name]]
        rows.append([label, f"{median(each):.3f}", spread(each), *ratios(measured[name], base)])
    table(["variant", "ms a step", "lowest to highest", "ratio", "paired"], rows)
    return 0


def plain(steps: int) -> float:
    """Seconds of the processor for a step of the loop by itself."""
    train = loop()
    train(5)
    begin = time.process_time()
    train(steps)
    return (time.process_time() - begin) / steps


def followed(steps: int) -> float:
    """The same within a sweep."""
    config = SweepSettings(start_lr=1e-9, end_lr=1e-6, steps=steps + 6, stop_factor=0.0)
    sweep = ScriptSweep(Script("train.py", 0, lambda event: None, Control(), lambda rate: ""), config)
    sweep.hooks.install()
    try:
        train = loop()
        train(5)  # the first step begins the sweep
        begin = time.process_time()
        train(steps)
        return (time.process_time() - begin) / steps
    except SweepOver as over:
        raise RuntimeError("The sweep ended before the loop did.") from over
    finally:
        sweep.hooks.remove()


def loop():  # type: ignore[no-untyped-def]
    """A training loop of about 2 ms a step on one core, from fresh weights."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9999)
    x, y = torch.randn(128, 256), torch.randint(0, 10, (128,))

    def train(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            schedule.step()

    return train


if __name__ == "__main__":
    raise SystemExit(main())
