"""`lrgui snippet`, and `lrgui find --snippet`."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lrgui.cli import Status, app
from lrgui.core.events import BatchEvent, EndEvent, Event, ScriptEvent, TaskEvent
from lrgui.core.learning_rate import format_lr
from lrgui.export.snippets import SNIPPETS
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.tasks.spec import TaskSpec


def curve(falls: bool = True) -> list[Event]:
    """A sweep that falls and rises again, or that stays where it is."""
    points: list[Event] = [TaskEvent("digits", "", 1347, 450, 3818, 10, "cpu", 22, 200)]
    for step in range(200):
        x = 6 * step / 199
        loss = 2.3 - 2 / (1 + math.exp(-3 * (x - 3.5))) + math.exp(6 * (x - 5.6)) if falls else 2.3
        points.append(BatchEvent(0, step, 10 ** (x - 6), loss, 0.01 * step))
    return [*points, EndEvent("completed", "All steps were measured.")]


def saved(folder: Path, job: Job, events: Sequence[Event]) -> str:
    path = folder / "run.lrrun"
    with LogWriter(path, job) as writer:
        writer.write(list(events))
    return str(path)


def snippet(*words: str) -> Result:
    return CliRunner().invoke(app, ["snippet", *words])


@pytest.mark.parametrize("key", ["pytorch", "lightning", "huggingface", "fastai", "ignite", "skorch", "timm", "json"])
def test_a_saved_sweep_gives_code_with_its_rate(key: str, tmp_path: Path) -> None:
    run = saved(tmp_path, Job(), curve())
    rate = json.loads(snippet(run, "--for", "json").stdout)["learning_rate"]
    done = snippet(run, "--for", key)
    assert done.exit_code == Status.OK
    assert key in ("huggingface", "timm", "json") or format_lr(rate) in done.stdout
    assert done.stderr == ""


def test_any_other_rate_can_be_used(tmp_path: Path) -> None:
    flat = saved(tmp_path, Job(), curve(falls=False))
    none = snippet(flat)
    assert none.exit_code == Status.NO_PICK
    assert none.stdout == ""
    assert "There is no reliable learning rate to use." in none.stderr
    assert "--lr 1e-3" in none.stderr
    done = snippet(flat, "--lr", "1,25e-3")
    assert done.exit_code == Status.OK
    assert "max_lr=1.25e-3," in done.stdout
    assert "selected by hand" in done.stdout


def test_of_a_training_all_is_known(tmp_path: Path) -> None:
    job = Job("train")
    run = saved(tmp_path, replace(job, train=replace(job.train, max_lr=2e-2, epochs=5)), curve())
    text = snippet(run).stdout
    assert "max_lr=2e-2," in text
    assert "total_steps = 110  # 5 epochs of 22 steps" in text


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--for", "keras"], Status.BAD_ARGUMENTS, "Unknown snippet “keras”. Choose one of: pytorch,"),
        (["--lr", "fast"], Status.BAD_ARGUMENTS, "“fast” is not a number"),
        (["--for", "nanogpt"], Status.FAILED, "nanoGPT trains with AdamW, but this rate was found with SGD"),
        (["--for", "task"], Status.FAILED, "This task is not a file of yours"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(words: list[str], status: Status, said: str, tmp_path: Path) -> None:
    done = snippet(saved(tmp_path, Job(), curve()), *words)
    assert done.exit_code == status
    assert said in done.stderr
    assert done.stdout == ""


def test_races_and_empty_runs_have_none(tmp_path: Path) -> None:
    race = snippet(saved(tmp_path, Job("race"), [EndEvent("completed", "Done.")]))
    assert "is a race; only sweeps and trainings have a snippet." in race.stderr
    empty = snippet(saved(tmp_path, Job(), [EndEvent("cancelled", "Stopped.")]))
    assert "contains no points" in empty.stderr
    assert {race.exit_code, empty.exit_code} == {Status.FAILED}


def test_a_training_that_was_only_watched_has_no_rate_of_ours(tmp_path: Path) -> None:
    script = {"folder": str(tmp_path)}
    task = TaskSpec(source="script", path=str(tmp_path / "train.py"), arguments="--epochs 3", options=script)
    told = TaskEvent("train.py", "", 0, 0, 5, None, "cpu", 0, 0)
    seen = ScriptEvent("SGD", 0, 1, 1, 60, 1, own_lr=0.05, last_lr=0.01, highest_lr=0.05, planned="step")
    events = [told, BatchEvent(0, 0, 0.05, 1.0, 0.1), seen, EndEvent("completed", "Ended.")]
    run = saved(tmp_path, Job("train", task=task), events)
    done = snippet(run)
    assert (done.exit_code, done.stdout) == (Status.NO_PICK, "")
    assert "with its own rate (at most 5e-2), and no other was found" in done.stderr
    assert "lrgui run train.py --epochs 3" in done.stderr
    chosen = json.loads(snippet(run, "--lr", "2e-2", "--for", "json").stdout)
    assert chosen["learning_rate"] == 0.02
    assert chosen["schedule"] == {"name": "step", "total_steps": None, "epochs": None}


def test_find_prints_it_after_the_answer_and_in_json() -> None:
    done = CliRunner().invoke(app, ["find", "digits", "--steps", "60", "--snippet", "json"])
    assert done.exit_code in (Status.OK, Status.NO_PICK)
    if done.exit_code == Status.OK:
        answer, _, code = done.stdout.partition("\n{\n")
        assert "Learning rate: " in answer
        assert json.loads("{" + code)["optimizer"] == "torch.optim.SGD"
    done = CliRunner().invoke(app, ["find", "digits", "--steps", "60", "--snippet", "pytorch", "--json"])
    document = json.loads(done.stdout)
    assert ("snippet" in document) is (document["lr"] is not None)
    if "snippet" in document:
        assert document["snippet"].startswith("import torch\n")


def test_the_measurement_is_kept_where_the_code_cannot_be_written(tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    done = CliRunner().invoke(app, ["find", "digits", "--steps", "60", "--snippet", "nanogpt", "--csv", str(table)])
    assert done.exit_code in (Status.FAILED, Status.NO_PICK)
    assert len(table.read_text().splitlines()) > 40
    assert "nanoGPT trains with AdamW" in done.stderr or done.exit_code == Status.NO_PICK


def test_help_names_them_all() -> None:
    text = "".join(CliRunner().invoke(app, ["snippet", "--help"]).stdout.split())
    for key in SNIPPETS:
        assert key in text
