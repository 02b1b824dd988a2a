"""The launcher's side: it is never held up, and hears of what fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lrgui.export.trackers import Target, following
from lrgui.export.trackers.following import Following

Start = Callable[[str], tuple[Following, list[str]]]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, memory: object) -> Start:
    """Follows a run with a process that does what a piece of code says."""

    def make(code: str) -> tuple[Following, list[str]]:
        said: list[str] = []
        monkeypatch.setattr(following, "python_command", lambda *_: [sys.executable, "-c", f"import os, sys\n{code}"])
        return Following(lambda: [Target.of("tensorboard", "/some/where")], said.append), said

    return make


def test_it_is_told_where_the_log_is_and_that_the_run_is_over(start: Start, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    recording, said = start(f"os.read(0, 1)\nopen({str(heard)!r}, 'w').write(' '.join(sys.argv[1:]))")
    recording.follow(tmp_path / "run.lrrun")
    assert not heard.exists()
    recording.wait()
    assert heard.read_text() == f"tensorboard /some/where {tmp_path / 'run.lrrun'}"
    assert said == []


def test_the_next_run_is_the_end_of_the_one_before(start: Start, tmp_path: Path) -> None:
    recording, said = start("os.read(0, 1)\nopen(sys.argv[3] + '.over', 'w')")
    recording.follow(tmp_path / "one")
    recording.follow(tmp_path / "two")
    for _ in range(6000):
        if (tmp_path / "one.over").exists():
            break
        time.sleep(0.01)
    assert (tmp_path / "one.over").exists() and not (tmp_path / "two.over").exists()
    recording.wait()
    assert (tmp_path / "two.over").exists() and said == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('The disk is full.'); sys.exit(1)", "The disk is full."),
        ("os._exit(3)", "TensorBoard ended unexpectedly and did not record the whole run."),
    ],
)
def test_one_that_fails_says_one_sentence(start: Start, tmp_path: Path, code: str, words: str) -> None:
    recording, said = start(code)
    recording.follow(tmp_path / "run.lrrun")
    recording.wait()
    assert said == [words]


def test_one_that_hangs_is_ended_at_last(start: Start, tmp_path: Path) -> None:
    recording, said = start("import time\ntime.sleep(600)")
    recording.follow(tmp_path / "run.lrrun")
    recording.wait(0.2)
    (sentence,) = said
    assert sentence.startswith("TensorBoard was not finished 200 ms after the run") and "lrgui export --to" in sentence


def test_one_that_cannot_be_started_says_so(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording, said = start("")
    monkeypatch.setattr(following, "python_command", lambda *_: [str(tmp_path / "none")])
    recording.follow(tmp_path / "run.lrrun")
    recording.wait()
    assert said == ["TensorBoard could not be started (No such file or directory)."]


def test_a_missing_package_is_told_before_anything_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrgui.export.trackers.find_spec", lambda name: None)
    said: list[str] = []
    recording = Following(lambda: [Target.of("wandb")], said.append)
    recording.follow(tmp_path / "run.lrrun")
    assert len(said) == 1 and "pip install" in said[0]
    recording.wait()
