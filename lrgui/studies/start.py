"""From a study's description to what runs it: its executor, its folder and its driver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lrgui.runs.event_source import EventSource
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.ray_settings import RAY, is_ray
from lrgui.runs.targets import target_named
from lrgui.studies.driver import Driver, Watch
from lrgui.studies.execution import LOCAL, ExecutionSettings
from lrgui.studies.executor import Executor, LocalPool, OnDemand
from lrgui.studies.folder import SUFFIX, StudyFolder
from lrgui.studies.plan import Plan
from lrgui.studies.spec import StudySpec, read_spec

#: How files end that describe a study.
FILES = (".toml", ".yaml", ".yml")


def described(what: str) -> tuple[StudySpec, ExecutionSettings, Path]:
    """The study that is named (by a file, its folder, or what to train), how it is computed, and its usual folder.

    Raises ValueError, with a sentence, for what is none, OSError where it cannot be read.
    """
    path = Path(what).expanduser()
    if path.is_dir() and (there := StudyFolder(path)).there:
        spec, how, _ = there.read()
        return spec, how, path
    if path.suffix.lower() in FILES:
        return *read_spec(path), folder_of(path)
    if path.suffix.lower() == SUFFIX:
        raise ValueError(f"There is no study in {path}.")
    return StudySpec(what), ExecutionSettings(), Path(f"{path.stem.partition(':')[0] or 'study'}{SUFFIX}")


def folder_of(what: Path) -> Path:
    """The usual folder of a study's file; a folder is its own."""
    return what.with_suffix(SUFFIX) if what.suffix.lower() in FILES else what


def executor_of(
    how: ExecutionSettings,
    open_source: Callable[[Job], EventSource],
    opened: Callable[[Executor], object] = lambda executor: None,
) -> Executor:
    """What computes the runs; `open_source` computes one on this machine. It is there once a run is started, and
    `opened` told: a study that is complete needs no cluster. Making it raises ValueError, with a sentence.
    """

    def make() -> Executor:
        if how.on == LOCAL:
            return LocalPool(how.workers, open_source)
        if is_ray(how.on):
            from lrgui.studies.on_ray import RayExecutor

            return RayExecutor(how)
        target = target_named(how.on)
        if target.kind == "ray":
            from lrgui.studies.on_ray import RayExecutor

            given: dict[str, Any] = {"on": target.address or RAY, **target.given_resources}
            return RayExecutor(replace(how, **given), target.folder)
        from lrgui.studies.on_target import TargetPool

        if target.kind == "python":
            return LocalPool(how.workers, lambda job: ChildProcess(job, target.python))
        return TargetPool(how.workers, target)

    return OnDemand(make, opened)


def driver_of(
    plan: Plan, how: ExecutionSettings, folder: Path, executor: Executor, watch: Watch, *, retry_failed: bool = False
) -> Driver:
    """What runs the study in `folder`, where it is written down."""
    return Driver(plan, StudyFolder(folder), executor, how.retries, retry_failed, watch, how)
