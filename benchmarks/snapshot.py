"""What a snapshot costs, against a plain copy: `python benchmarks/snapshot.py [--quick] [--folder FOLDER]`.

The state is that of a transformer with 100 million parameters and Adam: 1.2 GB in float32 (`--quick`: 7 million).
(a) a plain copy, `{name: tensor.detach().clone()}` of all its tensors, (b) taking a snapshot, (c) restoring it, and,
with `--folder`, (d) and (e) the same through a temporary file there. Everything is done once before it is measured:
a program's first copy pays for memory that the system has to find and clear, often more than for the copying, and
beside that (c), which needs no new memory, would look too good. Target: (b) and (c) at most 1.2 times (a), and at
the peak one copy of the state beside the state (on Linux, each in a process of its own).
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from harness import ROOT, cores, interleaved, ratios, spread, table

STATUS = Path("/proc/self/status")
PEAK = Path("/proc/self/clear_refs")
LABELS = {
    "plain": "(a) plain copy",
    "snapshot": "(b) snapshot",
    "restore": "(c) restore",
    "written": "(d) snapshot, in a file",
    "read": "(e) restore, from a file",
}


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="seven million parameters, fewer repeats")
    options.add_argument("--folder", type=Path, help="measure snapshots in a file there, too")
    options.add_argument("--rounds", type=int, default=0, help="how often everything is measured")
    options.add_argument("--memory", choices=LABELS, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    state = State(chosen.quick, chosen.folder)
    if chosen.memory:
        print(state.peak(chosen.memory))
        return 0
    names = [name for name in LABELS if chosen.folder is not None or name not in ("written", "read")]
    measures: dict[str, Callable[[], float]] = {name: partial(state.seconds, name) for name in names}
    for measure in measures.values():
        measure()
    found = interleaved(measures, chosen.rounds or (5 if chosen.quick else 9))
    state.check()
    peaks = {name: peak_of(name, chosen.quick, chosen.folder) for name in names}
    print(
        f"State of {state.parameters / 1e6:.0f} million parameters with Adam, {state.size / 1e9:.2f} GB; "
        f"{cores()} cores, torch on {threads()}; medians of {len(found['plain'])} rounds"
    )
    rows = [
        (
            LABELS[name],
            f"{median(found[name]):.3f}",
            spread(found[name]),
            *ratios(found[name], found["plain"]),
            peaks[name],
        )
        for name in names
    ]
    table(("way", "seconds", "lowest … highest", "ratio to (a)", "paired", "memory / state"), rows)
    return 0


def threads() -> int:
    """Torch's threads: what the worker takes, all cores but one."""
    return max(1, cores() - 1)


def peak_of(name: str, quick: bool, folder: Path | None) -> str:
    """The highest memory that a variant needs beside the state, in units of the state; in a process of its own."""
    if not PEAK.exists():
        return "–"
    command = [sys.executable, __file__, "--memory", name]
    command += ["--quick"] if quick else []
    command += ["--folder", str(folder)] if folder is not None else []
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return f"{float(done.stdout.split()[-1]):.2f}"


class State:
    """A model and an optimizer that has made a step, and the variants."""

    def __init__(self, quick: bool, folder: Path | None) -> None:
        import torch
        from torch import nn

        torch.set_num_threads(threads())
        layer = nn.TransformerEncoderLayer(768, 12, 3072, batch_first=True)
        # 7.1 million parameters each
        self.model = nn.TransformerEncoder(layer, 1 if quick else 14, enable_nested_tensor=False)
        self.optimizer = torch.optim.Adam(self.model.parameters())
        for parameter in self.model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.size = sum(tensor.nbytes for tensor in self._tensors())
        self.folder = folder
        gc.collect()

    def seconds(self, name: str) -> float:
        """The time that a variant takes, its clean-up not included."""
        if name == "plain":
            return self._timed(lambda: {str(i): tensor.detach().clone() for i, tensor in enumerate(self._tensors())})
        folder = self.folder if name in ("written", "read") else None
        if name in ("snapshot", "written"):
            return self._timed(lambda: self._snapshot(folder))
        snapshot = self._snapshot(folder)
        try:
            return self._timed(snapshot.restore)
        finally:
            snapshot.close()

    def peak(self, name: str) -> float:
        """The highest memory during a variant, less the memory before it, in units of the state."""
        before = _memory("VmRSS")
        PEAK.write_text("5")  # the peak is what there is now
        self.seconds(name)
        return (_memory("VmHWM") - before) / self.size

    def check(self) -> None:
        """What was measured must be right: after a restore every bit is as it was."""
        import torch

        before = [tensor.detach().clone() for tensor in self._tensors()]
        snapshot = self._snapshot(self.folder)
        with torch.no_grad():
            for tensor in self._tensors():
                tensor.add_(1)
        snapshot.restore()
        if not all(torch.equal(a, b) for a, b in zip(before, self._tensors(), strict=True)):
            raise SystemExit("the restored state is not the one before")

    def _snapshot(self, folder: Path | None):  # noqa: ANN202 (imported late, like everything here)
        from lrgui.core.engine.snapshot import Snapshot

        return Snapshot(self.model, self.optimizer, folder=folder, limit_bytes=0)

    def _tensors(self) -> list:  # type: ignore[type-arg]
        states = self.optimizer.state.values()
        return [*self.model.parameters(), *(value for state in states for value in state.values())]

    @staticmethod
    def _timed(work: Callable[[], object]) -> float:
        gc.collect()
        began = time.perf_counter()
        made = work()
        taken = time.perf_counter() - began
        del made
        return taken


def _memory(name: str) -> int:
    """A line of the process' status, in bytes."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    raise SystemExit(main())
