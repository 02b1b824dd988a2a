"""Does a sweep's cost grow with its length alone? `python benchmarks/growth.py [--quick]`.

`lrgui.find_lr` with a tiny model, 2,000 steps and ten times as many: time (target: at most 10.5 times as long), and the
bytes that Python and numpy hold more for each point, in the result (target: at most 64) and for a moment while the
finished curve is read. Memory is measured with tracemalloc in runs of their own, because that slows them down.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from functools import partial
from statistics import median
from typing import Any

from harness import interleaved, spread, table

SHORT, LONG = 2_000, 20_000


def task() -> tuple[Any, Any, Any]:
    """A model that costs next to nothing, so that what is ours shows."""
    import torch

    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    batches = [(torch.randn(16, 4), torch.randint(0, 3, (16,))) for _ in range(8)]
    return model, batches, torch.optim.SGD(model.parameters(), 1e-6)


def find(steps: int) -> Any:
    """One sweep."""
    import torch

    import lrgui

    model, batches, optimizer = task()
    loss = torch.nn.functional.cross_entropy
    result = lrgui.find_lr(model, batches, loss, optimizer, end_lr=1e-3, steps=steps, progress=False)
    assert len(result.curve) == steps
    return result


def seconds(steps: int) -> float:
    """Of one sweep."""
    began = time.perf_counter()
    find(steps)
    return time.perf_counter() - began


def memory(steps: int) -> tuple[int, int]:
    """Bytes that a result holds, and that were held at once while it was made, above what was held before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = find(steps)
        now, peak = tracemalloc.get_traced_memory()
        del result
        return now - before, peak - before
    finally:
        tracemalloc.stop()


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="fewer repeats")
    chosen = options.parse_args()
    import torch

    torch.set_num_threads(1)
    find(200)
    rounds = 3 if chosen.quick else 9
    found = interleaved({"short": partial(seconds, SHORT), "long": partial(seconds, LONG)}, rounds)
    paired = median(b / a for a, b in zip(found["short"], found["long"], strict=True))
    print(f"Sweeps of {SHORT:,} and {LONG:,} steps; medians of {rounds} rounds")
    rows = [
        (f"{steps:,}", f"{median(found[name]):.2f}", spread(found[name]), f"{median(found[name]) / steps * 1e6:.0f}")
        for name, steps in (("short", SHORT), ("long", LONG))
    ]
    table(("steps", "seconds", "lowest … highest", "µs a step"), rows)
    print(
        f"\nTen times the steps take {median(found['long']) / median(found['short']):.2f} × the time, "
        f"paired {paired:.2f}."
    )
    short, long = memory(SHORT), memory(LONG)
    for words, less, more in zip(("in the result", "while the curve is read"), short, long, strict=True):
        print(f"Memory per point, {words}: {(more - less) / (LONG - SHORT):.0f} bytes.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
