"""How much sooner a study on Ray is done with two workers than with one: 40 short sweeps.

Needs two cores that nobody else uses, and ray (pip install 'lrgui[cluster]').

Run: python benchmarks/study_on_ray.py [--quick]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from harness import cores, table

from lrgui.studies.driver import Driver
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.folder import StudyFolder
from lrgui.studies.plan import planned
from lrgui.studies.spec import StudySpec

#: Of the time with one worker: at most this much should two take.
WANTED = 0.6


def main() -> None:
    """Print seconds, and two workers' share of one's."""
    try:
        import ray
    except ImportError:
        print("ray is not installed: pip install 'lrgui[cluster]'")
        return
    from lrgui.studies.on_ray import RayExecutor

    seeds = tuple(range(4 if "--quick" in sys.argv else 20))
    spec = StudySpec("digits", fixed={"model": "mlp", "threads": 1}, grid={"batch_size": (32, 64)}, seeds=seeds)
    plan = planned(spec)
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    try:
        seconds = {}
        for workers in (2, 1):
            with tempfile.TemporaryDirectory() as place:
                how = ExecutionSettings(on="ray", workers=workers)
                begin = time.perf_counter()
                found = Driver(plan, StudyFolder(Path(place)), RayExecutor(how)).run()
                seconds[workers] = time.perf_counter() - begin
                assert not found.missing
                assert not found.failed
    finally:
        ray.shutdown()
    print(f"{len(plan.runs)} sweeps of 200 steps on Ray, {cores()} cores")
    rows = [(str(n), f"{seconds[n]:.1f} s", f"{seconds[n] / seconds[1]:.2f}") for n in (1, 2)]
    table(("workers", "time", f"of one's (at most {WANTED} wanted)"), rows)


if __name__ == "__main__":
    main()
