"""From a study's description to what runs it: its executor, its folder and its driver."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lrgui.runs.event_source import EventSource
from lrgui.runs.job import Job
from lrgui.studies.driver import Driver, Watch
from lrgui.studies.execution import LOCAL, ExecutionSettings
from lrgui.studies.executor import Executor, LocalPool
from lrgui.studies.folder import SUFFIX, StudyFolder
from lrgui.studies.plan import Plan
from lrgui.studies.spec import StudySpec, read_spec

#: How files end that describe a study.
FILES = (".toml", ".yaml", ".yml")


def described(what: str) -> tuple[StudySpec, ExecutionSettings, Path]:
    """The study that is named (by a file, its folder, or what to train), how it is computed, and its usual folder.

    Raises ValueError, with a sentence, for what is none, OSError where it cannot be read.
    """
    path = Path(what)
    if path.is_dir() and (there := StudyFolder(path)).there:
        spec, how, _ = there.read()
        return spec, how, path
    if path.suffix.lower() in FILES:
        return *read_spec(path), path.with_suffix(SUFFIX)
    return StudySpec(what), ExecutionSettings(), Path(f"{path.stem.partition(':')[0] or 'study'}{SUFFIX}")


def executor_of(how: ExecutionSettings, open_source: Callable[[Job], EventSource]) -> Executor:
    """What computes the runs; `open_source` computes one on this machine. Raises RayProblem, with a sentence."""
    if how.on == LOCAL:
        return LocalPool(how.workers, open_source)
    from lrgui.studies.on_ray import RayExecutor

    return RayExecutor(how)


def driver_of(
    plan: Plan, how: ExecutionSettings, folder: Path, executor: Executor, watch: Watch, *, retry_failed: bool = False
) -> Driver:
    """What runs the study in `folder`, where it is written down. Raises OSError where that cannot be written."""
    there = StudyFolder(folder)
    there.write(plan, how)
    return Driver(plan, there, executor, how.retries, retry_failed, watch)
