"""Requests that reach a run through a file beside its log."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from scripted import Scripted

from lrgui.core.events import EndEvent
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote.tail import Follower
from lrgui.runs.steering import requests_of, steered


class Source(Scripted):
    """A run that notes what it is asked, further requests too."""

    def __init__(self) -> None:
        super().__init__([[EndEvent("completed", "")]])

    def ask(self, request: str) -> None:
        self.asked.append(f"asked {request}")


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    assert true()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "one.lrrun"


def test_whoever_reads_the_run_hands_on_what_others_ask(log: Path) -> None:
    source = Source()
    with LogWriter(log, Job()), steered(log, source):
        follower = Follower(str(log))
        assert not any(follower.ask(word) for word in ("rate 0.5", "pause", "resume", "finish", "cancel"))
        until(lambda: len(source.asked) == 5)
    assert source.asked == ["asked rate 0.5", "pause", "resume", "asked finish", "cancel"]
    assert not requests_of(log).exists(), "nothing stays behind"


def test_what_was_asked_of_a_killed_process_is_not_meant_for_the_one_that_goes_on(log: Path) -> None:
    with LogWriter(log, Job()):
        requests_of(log).write_text("cancel\n")
    source = Source()
    with LogWriter(log, Job(), continues=True):
        assert Follower(str(log)).ask("pause") == "", "the log is held, and nobody listens yet"
        with requests_of(log).open("a") as file:
            file.write("nonsense\nhal")
        with steered(log, source):
            until(lambda: len(source.asked) == 2)
    assert source.asked == ["pause", "asked nonsense"]


def test_nobody_hears_where_nobody_computes(log: Path) -> None:
    with LogWriter(log, Job()):
        pass
    assert Follower(str(log)).ask("pause") == "nobody computes it any more"
    assert not requests_of(log).exists()


def test_a_run_that_is_written_nowhere_is_not_steered() -> None:
    with steered(None, Source()):
        pass
