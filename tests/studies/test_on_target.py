"""Studies whose runs are computed on a target."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from conftest_of_studies import events_of
from slurm_stand_in import Slurm

from lrgui.core.events import EndEvent, EndReason, Event
from lrgui.runs.job import Job
from lrgui.runs.remote.running import RemoteRun
from lrgui.runs.targets import Target, save_targets
from lrgui.studies import on_target, start
from lrgui.studies.driver import Driver
from lrgui.studies.execution import ExecutionSettings, check_place
from lrgui.studies.executor import LocalPool
from lrgui.studies.folder import StudyFolder
from lrgui.studies.on_target import QUEUED, TargetPool
from lrgui.studies.opened import open_study
from lrgui.studies.plan import planned
from lrgui.studies.results import StudyResults
from lrgui.studies.spec import StudySpec

Drive = Callable[..., StudyResults]
BOX = Target("box", host="me@gpu")


class There(RemoteRun):
    """A run on a machine that answers as long as `There.answers` says, counted over all runs."""

    answers: Callable[[int], bool] = staticmethod(lambda number: True)
    begun = 0

    def chunks(self) -> Generator[list[Event], None, None]:
        There.begun += 1
        if not There.answers(There.begun):
            yield [EndEvent(EndReason.FAILED, "gpu cannot be reached: Connection refused.")]
            return
        self._following = type("Following", (), {"address": "ssh://gpu/run.lrrun"})()
        assert self._job.task.threads is None, "that machine knows its own cores"
        yield events_of(self._job)


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LRGUI_CONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(on_target, "RemoteRun", There)
    There.begun, There.answers = 0, staticmethod(lambda number: True)


def test_each_run_is_sent_there(drive: Drive) -> None:
    pool = TargetPool(None, BOX)
    assert pool.words == "box, one at once" and pool.room() == 1
    assert not drive(executor=pool).missing and There.begun == 4


def test_a_run_that_could_not_be_sent_is_sent_again_and_did_not_fail(drive: Drive) -> None:
    There.answers = staticmethod(lambda number: number != 2)
    found = drive(executor=TargetPool(2, BOX))
    assert not found.missing and not found.failed and There.begun == 5


def test_a_machine_that_is_gone_ends_the_study_and_no_run_is_to_blame(drive: Drive, folder: StudyFolder) -> None:
    There.answers = staticmethod(lambda number: number <= 1)
    with pytest.raises(ValueError, match=r"gpu cannot be reached.*The study stops; the same command goes on"):
        drive(executor=TargetPool(1, BOX), retries=10)
    There.answers = staticmethod(lambda number: True)
    found = drive(executor=TargetPool(1, BOX))
    assert not found.missing and not found.failed, "what could not be sent is missing, and made the next time"


def test_the_place_is_chosen_by_its_name() -> None:
    save_targets([BOX, Target("queue", "slurm"), Target("other", "python", python="/bin/sh")])
    opened = [
        start.executor_of(ExecutionSettings(on=name), lambda job: pytest.fail("here")) for name in ("box", "queue")
    ]
    assert [executor.room() for executor in opened] == [1, QUEUED]
    other = start.executor_of(ExecutionSettings(on="other", workers=3), lambda job: pytest.fail("here"))
    assert other.room() == 3 and isinstance(other._inner, LocalPool) and not isinstance(other._inner, TargetPool)
    assert other._inner._source(Job())._python == "/bin/sh"
    with pytest.raises(ValueError, match="There is no target moon"):
        check_place(ExecutionSettings(on="moon"))
    with pytest.raises(ValueError, match="There is no target moon"):
        start.executor_of(ExecutionSettings(on="moon"), lambda job: pytest.fail("here")).room()


def test_its_folder_is_looked_at_where_the_target_is_not(drive: Drive, folder: StudyFolder) -> None:
    drive(executor=TargetPool(1, BOX), how=ExecutionSettings(on="box"))
    assert not open_study(folder.path).missing
    assert start.described(str(folder.path))[1].on == "box"


@pytest.mark.slow
def test_a_real_queue_computes_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: StudyFolder) -> None:
    """Two sweeps, a job each, by the worker that was sent there."""
    monkeypatch.setattr(on_target, "RemoteRun", RemoteRun)
    queue = Slurm(tmp_path / "slurm")
    monkeypatch.setenv("PATH", queue.path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("lrgui.runs.remote.tail.QUEUE_PACE", 0.2)
    fixed = {"model": "mlp", "sweep.steps": 20, "subset": 256}
    plan = planned(StudySpec("digits", fixed=fixed, grid={"batch_size": (32, 64)}))
    found = Driver(plan, folder, TargetPool(1, Target("queue", "slurm", python=sys.executable))).run()
    assert not found.missing and not found.failed, found.sentences()
    assert len(list(queue.folder.glob("*.json"))) == 2, "a job for each"
    assert all(row.log.exists() and row.stages["sweep"].points for row in found.rows)
