"""What a script writes into its folder goes with its sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lrgui.core.events import EndEvent, EndReason, OutputEvent
from lrgui.runs import sandbox as module
from lrgui.runs.job import Job, switched
from lrgui.runs.launch import ChildProcess
from lrgui.runs.sandbox import Sandbox, SandboxError
from lrgui.tasks.user.rows import SCRIPT

WRITES = """
import os
print(open("here.txt").read(), os.getcwd(), sorted(os.listdir()))
open("here.txt", "w").write("changed")
open("new.txt", "w").write("new")
print(open("here.txt").read(), sorted(os.listdir()))
"""


def job_in(folder: Path) -> Job:
    (folder / "here.txt").write_text("before")
    (folder / "train.py").write_text(WRITES)
    job = switched(Job(), SCRIPT, str(folder / "train.py"))
    return replace(job, task=replace(job.task, options={"folder": str(folder), "sandbox": True}))


@pytest.mark.parametrize("layer", [True, False])
def test_nothing_is_left_of_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layer: bool) -> None:
    folder, temporary = tmp_path / "project", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(module.tempfile, "tempdir", str(temporary))
    if not layer:
        monkeypatch.setattr(module, "_can_mount", lambda *_: False)
    job = job_in(folder)
    box = Sandbox(job)
    if layer and not box.is_layer:
        pytest.skip("this system lets nobody lay a layer over a folder")
    done = subprocess.run(
        box.command([sys.executable, box.job.task.path]),
        capture_output=True,
        text=True,
        check=False,
        cwd=box.job.task.options["folder"],
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("before ")
    assert "new.txt" not in first
    assert second == "changed ['here.txt', 'new.txt', 'train.py']"
    assert (str(folder) in first) == layer
    box.remove()
    assert sorted(os.listdir(folder)) == ["here.txt", "train.py"]
    assert (folder / "here.txt").read_text() == "before"
    assert os.listdir(temporary) == []


def test_a_run_in_a_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, temporary = tmp_path / "project", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(module.tempfile, "tempdir", str(temporary))
    events = [event for chunk in ChildProcess(job_in(folder)).chunks() for event in chunk]
    assert events[-1] == EndEvent(EndReason.FAILED, "train.py ended without importing torch.")
    assert any(isinstance(event, OutputEvent) and "changed" in event.text for event in events)
    assert sorted(os.listdir(folder)) == ["here.txt", "train.py"]
    assert os.listdir(temporary) == []


def test_a_folder_that_cannot_be_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_can_mount", lambda *_: False)

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.shutil, "copytree", fails)
    with pytest.raises(SandboxError, match="No space left on device"):
        Sandbox(job_in(tmp_path))
    (end,) = (event for chunk in ChildProcess(job_in(tmp_path)).chunks() for event in chunk)
    assert isinstance(end, EndEvent)
    assert "cannot be copied for the sandbox" in end.detail
