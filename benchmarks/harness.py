"""What the benchmarks share: a display of their own, interleaved repeats, tables of medians."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the benchmarks run from a checkout, installed or not


@contextmanager
def private_display() -> Iterator[dict[str, str]]:
    """An environment with an X server of its own (Xvfb), or with Qt's offscreen platform where there is none.

    Settings and runs go to a temporary folder, so that nothing of the person's is read or written.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "HOME": folder,
            "XDG_CONFIG_HOME": folder,
            "LRGUI_CONFIG": folder,
            "LRGUI_RUNS": str(Path(folder) / "runs"),
        }
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            environment.pop(name, None)
        if shutil.which("Xvfb") is None:
            yield {**environment, "QT_QPA_PLATFORM": "offscreen"}
            return
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
        server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
        os.close(writing)
        try:
            with open(reading) as told:
                environment["DISPLAY"] = f":{told.readline().strip()}"
            yield environment
        finally:
            server.terminate()
            server.wait(10)


def interleaved(variants: dict[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """`repeats` rounds of all variants, each round in another order: a disturbance hits all of them alike."""
    names = list(variants)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(repeats):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(variants[name]())
            print(f"  round {number + 1} of {repeats} · {name}: {found[name][-1]:.4g}", file=sys.stderr)
    return found


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table that is Markdown at the same time."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for number, row in enumerate([head, *rows]):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def ratios(values: Sequence[float], against: Sequence[float]) -> tuple[str, str]:
    """Ratio of the medians, and median of the ratios of neighbours (values of one round)."""
    paired = statistics.median(a / b for a, b in zip(values, against, strict=True))
    return f"{statistics.median(values) / statistics.median(against):.2f}", f"{paired:.2f}"


def spread(values: Sequence[float]) -> str:
    """Lowest to highest."""
    return f"{min(values):.3g} … {max(values):.3g}"


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
