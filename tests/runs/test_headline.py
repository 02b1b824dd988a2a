"""What a run is called above its plot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from lrgui.core.events import TaskEvent
from lrgui.runs.headline import clock, headline, shorter
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec

NOW = datetime(2026, 11, 30, 18, 0)


def test_it_says_task_batch_and_time() -> None:
    started = datetime(2026, 11, 30, 15, 47)
    assert headline(Job(), started, now=NOW) == "Digits · small CNN · SGD, momentum 0.9 · batch 64 · 15:47"
    assert headline(Job()) == "Digits · small CNN · SGD, momentum 0.9 · batch 64"
    assert shorter(headline(Job())) == "Digits · small CNN · SGD · batch 64"


def test_names_of_files_stay_as_they_are(tmp_path) -> None:
    file = tmp_path / "mine.py"
    job = replace(Job(), task=TaskSpec("task", "", path=str(file), optimizer="own", batch_size=1024))
    assert headline(job) == "mine · own optimizer · batch 1,024"


def test_a_task_file_is_called_by_its_own_name_once_the_run_has_told_it() -> None:
    job = replace(Job(), task=TaskSpec("task", "", path="/x/task.py"))
    assert headline(job) == "task · SGD, momentum 0.9 · batch 64", "as the file is spelled"
    told = TaskEvent("my\n images · SGD, momentum 0.9", "", 480, 120, 5283, 3, "cpu", 15, 100)
    assert headline(job, told=told) == "my images · SGD, momentum 0.9 · batch 64"
    script = replace(job, task=TaskSpec("script", "", path="/x/train.py", optimizer="own"))
    assert headline(script, told=replace(told, name="")) == headline(script, told=told) == headline(script)


def test_a_script_has_no_batch_size_of_ours() -> None:
    job = replace(Job(), task=TaskSpec("script", "", path="/x/train.py", optimizer="own"))
    assert "batch" not in headline(job)


def test_a_made_up_curve_is_called_so() -> None:
    assert headline(Job(), NOW, "Noisy", NOW) == "Noisy (synthetic example)"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 30, 0, 5), "00:05"),
        (datetime(2026, 11, 3, 9, 7), "3 Nov 09:07"),
        (datetime(2025, 11, 30, 15, 47), "30 Nov 2025 15:47"),
    ],
)
def test_another_day_is_named(moment, words) -> None:
    assert clock(moment, NOW) == words
