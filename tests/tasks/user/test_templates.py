"""Templates run as they are."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lrgui.core.events import BatchEvent, EpochEvent, OutputEvent, TaskEvent
from lrgui.runs.defaults import apply_defaults
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user import code as user_code
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.templates import TEMPLATES, TemplateRow, template_text


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    path = list(sys.path)
    yield
    user_code._forget()
    sys.path[:] = path


@pytest.fixture(params=list(TEMPLATES))
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    row = TEMPLATES[request.param]
    file = tmp_path / row.file_name
    file.write_text(template_text(row.key), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what packages say at their import is theirs
        for module in row.needs:
            pytest.importorskip(module)
    return file


@pytest.mark.parametrize("row", TEMPLATES.values(), ids=list(TEMPLATES))
def test_each_names_the_file_that_it_is_written_to(row: TemplateRow) -> None:
    text, own = template_text(row.key, "'my task.py'"), template_text(row.key)
    assert f"lrgui check {row.file_name}\n" in own and f"lrgui find {row.file_name}\n" in own
    assert text == own.replace(row.file_name, "'my task.py'")


def test_each_sweeps_and_trains_as_it_is(written: Path) -> None:
    found = outline(str(written))
    assert found.problem is None
    assert found.has_validation
    assert found.options
    job, sentences = apply_defaults(Job(task=TaskSpec(source="task", path=str(written), device="cpu")), found)
    assert sentences == []
    assert job.validate() == []
    job = replace(job, sweep=replace(job.sweep, steps=20, end_lr=1e-2), train=replace(job.train, epochs=2, max_lr=1e-2))
    events = list(run_job(job))
    assert events[-1].reason == "completed", events[-1]  # type: ignore[union-attr]
    assert sum(isinstance(event, BatchEvent) for event in events) == 20
    assert not [event.text for event in events if isinstance(event, OutputEvent)]
    (said,) = (event for event in events if isinstance(event, TaskEvent))
    assert said.name.startswith(found.name + " · ")
    trained = list(run_job(replace(job, kind="train")))
    epochs = [event for event in trained if isinstance(event, EpochEvent)]
    assert epochs[-1].train_loss < epochs[0].train_loss, trained[-1]  # there is something to learn
    assert epochs[-1].val_loss is not None
    assert epochs[-1].val_accuracy is not None or epochs[-1].val_metric is not None


def test_every_option_can_be_given(written: Path) -> None:
    found = outline(str(written))
    options = {option.name: option.default for option in found.options}
    spec = TaskSpec(source="task", path=str(written), device="cpu", options=options, batch_size=8)
    *_, end = run_job(Job("sweep", spec, replace(Job().sweep, steps=2)))
    assert end.reason == "completed", end  # type: ignore[union-attr]


def test_each_says_what_to_replace_and_how_to_run_it(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    assert f"lrgui check {written.name}" in text
    assert "YOUR" in text
    assert "MADE UP, replace" in text


def test_no_file_is_without_its_row() -> None:
    folder = Path(__file__).parents[3] / "resources" / "templates"
    assert sorted(path.name for path in folder.glob("*.py")) == sorted(row.file_name for row in TEMPLATES.values())


def test_names_hide_no_package() -> None:
    """A task file that is called like an installed package works, but is a nuisance at home."""
    for row in TEMPLATES.values():
        stem = Path(row.file_name).stem
        assert stem not in sys.stdlib_module_names
        assert importlib.util.find_spec(stem) is None
