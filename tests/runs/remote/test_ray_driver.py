"""The process that has a run computed on Ray, without Ray."""

from __future__ import annotations

from typing import Any

import pytest

from lrgui.core.control import Control
from lrgui.core.events import EndEvent, EndReason
from lrgui.runs.job import Job
from lrgui.runs.remote import ray_driver
from lrgui.runs.remote.ray_tasks import RayProblem, RayTasks


class GoneRay:
    """A cluster that was there when the run began."""

    def is_initialized(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        def lost(*_words: Any, **_more: Any) -> Any:
            raise ConnectionError("GCS is away.\nMore of it")

        return lost


class GoneTasks(RayTasks):
    def __init__(self, *_words: Any, **_more: Any) -> None:
        self._ray, self._mailbox, self._tickets, self._connected = GoneRay(), None, {"task": "run"}, True

    def start(self, _ticket: str, _job: Job) -> None:
        raise ConnectionError("GCS is away.\nMore of it")


def test_a_cluster_that_is_lost_ends_the_run_once_and_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_driver, "RayTasks", GoneTasks)
    run = ray_driver.run_on_ray(Job(), Control(), name="lab", address="ray", folder="", resources={})
    events = list(run)
    words = "The connection to lab broke (GCS is away). Everything measured so far is kept."
    assert [event for event in events if isinstance(event, EndEvent)] == [EndEvent(EndReason.KILLED, words)]


class BusyRay:
    """A head that starts no process for its first clients in time."""

    __version__ = "2.60"

    def __init__(self, refuses: int) -> None:
        self.refuses = refuses

    def init(self, **_how: Any) -> None:
        self.refuses -= 1
        if self.refuses >= 0:
            raise ConnectionAbortedError("Initialization failure from server:\nMore of it")


class Connecting(RayTasks):
    def __init__(self, ray: BusyRay) -> None:
        self._ray, self._where = ray, "ray://head:10001"
        self._connect()


def test_a_busy_head_is_asked_a_second_time_and_no_more() -> None:
    Connecting(BusyRay(refuses=1))
    with pytest.raises(RayProblem, match="ray://head:10001 cannot be reached"):
        Connecting(BusyRay(refuses=2))
