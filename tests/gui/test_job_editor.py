"""The job as it is set in the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from lrgui.gui.job_editor import JobEditor
from lrgui.gui.run_jobs import agreed
from lrgui.runs.job import Job
from lrgui.runs.trust import Trust

CODE = """
def model(width: int = 8): ...
def train_loader(batch_size): ...
def loss(output, target): ...
"""


@pytest.fixture
def editor(qtbot: QtBot, tmp_path: Path) -> Iterator[JobEditor]:
    editor = JobEditor(Job(), trust=Trust(tmp_path / "trust.json"))
    yield editor
    editor.tasks.close()


@pytest.fixture
def heard(editor: JobEditor) -> list[str]:
    found: list[str] = []
    editor.job_changed.connect(lambda job: found.append(f"steps {job.sweep.steps}"))
    editor.job_replaced.connect(lambda: found.append("replaced"))
    editor.problems_found.connect(lambda problems: found.append(f"{len(problems['sweep'])} wrong"))
    return found


def test_an_edit_tells_the_job_and_what_is_wrong_with_it(editor: JobEditor, heard: list[str]) -> None:
    editor.edit(sweep=replace(editor.job.sweep, steps=1))
    assert heard == ["steps 1", "1 wrong"]
    editor.edit(sweep=replace(editor.job.sweep, steps=1))
    assert heard == ["steps 1", "1 wrong"], "nothing is another"


def test_what_is_being_typed_is_given_up_before_another_job_comes(editor: JobEditor, heard: list[str]) -> None:
    other = replace(Job(), sweep=replace(Job().sweep, steps=77))
    editor.set_job(other)
    assert heard[0] == "replaced"
    assert heard[-1] == "steps 77"
    assert editor.job == agreed(None, other)


def test_settings_that_the_code_does_not_have_any_more_go(editor: JobEditor, tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text(CODE)
    editor.edit(task=replace(editor.job.task, source="task", path=str(file), options={"width": 4, "depth": 2}))
    assert editor.job.task.options == {"width": 4}
