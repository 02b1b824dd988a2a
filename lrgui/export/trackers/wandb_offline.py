"""Runs for Weights & Biases, offline: nothing leaves the machine until somebody runs `wandb sync`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wandb

from lrgui._version import __version__
from lrgui.core.events import RunKind
from lrgui.core.options import Scalar
from lrgui.export.trackers.tracked_run import About, Ending, Floats, Steps, TrackedRun

PROJECT = "lr-finder"
#: What charts have on their horizontal axis: optimizer steps, and in a sweep the learning rate.
STEP, RATE = "global_step", "sweep/lr"


class WandbRun(TrackedRun):
    """An offline run; trainings of a race and repeats are runs of the same group."""

    def __init__(self, place: str, about: About, group: str) -> None:
        self._place, self._about, self._group = place, about, group
        self._run: Any = wandb.init(
            project=PROJECT,
            dir=place,
            mode="offline",
            name=about.name,
            group=group,
            job_type=about.kind,
            config={**about.parameters, "lrgui_version": __version__},
            tags=[about.kind],
            reinit="create_new",
            settings=wandb.Settings(
                silent=True, console="off", disable_git=True, save_code=False, x_disable_stats=True, x_disable_meta=True
            ),
        )
        self._run.define_metric("*", step_metric=STEP)
        if about.kind == RunKind.SWEEP:
            self._run.define_metric("sweep/*", step_metric=RATE)

    @classmethod
    def begin(cls, place: str, about: About) -> WandbRun:
        """A run in a new folder below `place`/wandb."""
        Path(place).mkdir(parents=True, exist_ok=True)
        return cls(place, about, about.file_name)

    def points(self, steps: Steps, columns: Mapping[str, Floats], seconds: Floats) -> None:
        """One entry of the history a step."""
        names = [STEP, "seconds", *columns]
        for row in zip(steps.tolist(), seconds.tolist(), *(c.tolist() for c in columns.values()), strict=True):
            self._run.log(dict(zip(names, row, strict=True)))

    def part(self, name: str, parameters: Mapping[str, Scalar]) -> WandbRun:
        """A run of the group."""
        about = self._about
        whole = About(name, about.file_name, about.kind, about.created, {**about.parameters, **parameters})
        return WandbRun(self._place, whole, self._group)

    def flush(self) -> None:
        """Nothing waits: a process of W&B's takes it."""

    def close(self, ending: Ending) -> None:
        """Results in the run's summary, and the files."""
        self._run.summary.update({**ending.numbers, **ending.words, "ended": str(ending.end.reason)})
        if ending.end.detail:
            self._run.notes = ending.end.detail
        folder = Path(self._run.dir)  # what is saved from elsewhere is only a link
        for name, data in ending.files.items():
            path = folder / name
            path.write_bytes(data)
            if path.suffix == ".png":
                self._run.log({path.stem: wandb.Image(str(path))})
            self._run.save(str(path), base_path=str(folder), policy="now")
        self._run.finish(exit_code=int(ending.failed))
