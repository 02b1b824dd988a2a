"""What a command writes takes the place of nothing that it reads, and of no other output."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lrgui.cli import Status, app
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter

CODE = """
from torch import nn
def model(): return nn.Linear(1, 1)
def train_loader(batch_size): return []
def loss(output, target): return output
"""


def call(*words: str | Path) -> Result:
    """The command's answer; where it refuses, nothing has been started."""
    return CliRunner().invoke(app, [str(word) for word in words])


def told(done: Result) -> str:
    return " ".join(done.stderr.split())


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A person's own code, which exists only once."""
    path = tmp_path / "task.py"
    path.write_text(CODE)
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("find", "--csv"),
        ("find", "--png"),
        ("find", "--log"),
        ("train", "--max-lr", "1", "--log"),
        ("verify", "--log"),
        ("compare", "--png"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("how", ["itself", "one function of it", "a link to it", "a second name"])
def test_the_task_is_never_replaced(task: Path, words: tuple[str, ...], how: str) -> None:
    output = task
    if "link" in how:
        output = task.with_name("points.csv")
        output.symlink_to(task)
    elif "name" in how:
        output = task.with_name("points.csv")
        os.link(task, output)
    source = f"{task}:model" if "function" in how else task
    command, *more = words
    done = call(command, source, *more, output)
    assert done.exit_code == Status.BAD_ARGUMENTS
    assert f"{words[-1]} would replace {output}, which is read here: name another file." in told(done)
    assert task.read_text() == CODE


def test_nor_is_a_table(tmp_path: Path) -> None:
    table = tmp_path / "sales.csv"
    table.write_text("a,price\n" + "1,2\n" * 50)
    done = call("find", table, "--csv", table)
    assert done.exit_code == Status.BAD_ARGUMENTS
    assert "--csv would replace" in told(done)
    assert table.read_text().startswith("a,price")


def test_nor_the_run_that_is_exported(tmp_path: Path) -> None:
    run = tmp_path / "run.lrrun"
    with LogWriter(run, Job()) as writer:
        writer.write([BatchEvent(0, 0, 1e-6, 1.0, 0.0), EndEvent("completed", "All steps were measured.")])
    before = run.read_bytes()
    done = call("export", run, "--csv", run)
    assert done.exit_code == Status.BAD_ARGUMENTS
    assert "--csv would replace" in told(done)
    assert run.read_bytes() == before


def test_two_outputs_are_two_files(task: Path, tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to(tmp_path)
    one, same = tmp_path / "out", tmp_path / "here" / "out"
    for words in (("find", task, "--csv", one, "--log", same), ("scenarios", "--png", one, "--csv", same)):
        done = call(*words)
        assert done.exit_code == Status.BAD_ARGUMENTS
        assert "are the same file" in told(done) and "name two" in told(done)
    assert not one.exists()


def test_an_output_that_fails_does_not_take_the_others_along(tmp_path: Path) -> None:
    table, nowhere = tmp_path / "out.csv", tmp_path / "none" / "out.svg"
    done = call("scenarios", "--svg", nowhere, "--csv", table)
    assert done.exit_code == Status.FAILED
    assert f"{nowhere} could not be written" in told(done)
    assert table.exists()
    assert call("scenarios", "--csv", os.devnull, "--svg", os.devnull).exit_code == Status.OK
