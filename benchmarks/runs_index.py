"""How long the list of all runs takes to open: from its index, after some were added, and the first time.

Run: python benchmarks/runs_index.py [--quick]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from open_run import written

from lrgui.runs.index import RunIndex

#: Runs in the folder, and how many of them are new in the second measurement.
COUNT, NEW = 10_000, 100


def main() -> None:
    """Print seconds."""
    count = COUNT // 10 if "--quick" in sys.argv else COUNT
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "runs"
        folder.mkdir()
        os.environ["LRGUI_CONFIG"] = place
        written(folder / "one.lrrun", 200)
        log = (folder / "one.lrrun").read_bytes()
        for number in range(count - 1):
            (folder / f"{number:05d}.lrrun").write_bytes(log)

        def timed(words: str, files: int) -> None:
            begin = time.perf_counter()
            runs = RunIndex(folder).all()
            seconds = time.perf_counter() - begin
            assert len(runs) == files
            print(f"{words:<44} {seconds:7.2f} s")

        print(f"{count:,} runs of 200 steps")
        timed("the first time, every log is read", count)
        timed("from the index", count)
        for number in range(NEW):
            (folder / f"new-{number:05d}.lrrun").write_bytes(log)
        timed(f"from the index, {NEW} runs are new", count + NEW)


if __name__ == "__main__":
    main()
