"""The same job twice on the CPU gives the same log apart from times; what differs is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lrgui.core.events import (
    BatchEvent,
    EndEvent,
    EpochEvent,
    Event,
    RateEvent,
    ResumeEvent,
    StateEvent,
    TaskEvent,
)
from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.runs.repeating import compared
from lrgui.tasks.spec import TaskSpec

CODE = """
import torch
from torch import nn
from torch.utils.data import TensorDataset
from helper import width

def model():
    return nn.Sequential(nn.Linear(4, width), nn.Dropout(0.2), nn.Linear(width, 2))

def train_loader(batch_size):
    return TensorDataset(torch.randn(64, 4), torch.randint(0, 2, (64,)))

def loss(output, target):
    return nn.functional.cross_entropy(output, target)
"""


def own(folder: Path) -> TaskSpec:
    (folder / "code_of_a_task.py").write_text(CODE)
    (folder / "helper.py").write_text("width = 8\n")
    return TaskSpec(source="task", path=str(folder / "code_of_a_task.py"), model="", device="cpu", batch_size=8)


def logged(job: Job, path: Path) -> Path:
    with LogWriter(path, job) as log:
        log.write(run_job(job))
    return path


KINDS = {
    "sweep": {"sweep": SweepSettings(steps=12, repeats=2)},
    "train": {"train": TrainSettings(epochs=2)},
    "race": {"race": RaceSettings(steps=8, trainings=3)},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", [False, True])
def test_the_same_job_twice_is_the_same_run(kind: str, code: bool, tmp_path: Path) -> None:
    task = own(tmp_path) if code else TaskSpec(device="cpu")
    job = Job(kind, task, **KINDS[kind])  # type: ignore[arg-type]
    first, second = logged(job, tmp_path / "a.lrrun"), logged(job, tmp_path / "b.lrrun")
    found = compared(first, second)
    assert found.same, found.sentence
    assert found.sentence.startswith("The same as a.lrrun: all ")
    one, other = ([json.loads(line) for line in path.read_text().splitlines()] for path in (first, second))
    for line in (*one, *other):
        line.pop("seconds", None)
        line.pop("created", None)
    assert one == other


def test_changed_code_is_named(tmp_path: Path) -> None:
    job = Job("train", own(tmp_path), train=TrainSettings(epochs=1))
    first = logged(job, tmp_path / "a.lrrun")
    (tmp_path / "helper.py").write_text("width = 9\n")
    found = compared(first, logged(job, tmp_path / "b.lrrun"))
    assert not found.same and found.reasons == ("the task's code",)
    assert "Changed since: the task's code." in found.sentence


def test_changed_data_is_named(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b,y\n" + "".join(f"{i},{i % 7},{i % 2}\n" for i in range(80)))
    task = TaskSpec(source="table", path=str(table), model="mlp", device="cpu", batch_size=8)
    job = Job("train", task, train=TrainSettings(epochs=1))
    assert not task.validate()
    first = logged(job, tmp_path / "a.lrrun")
    table.write_text(table.read_text().replace("7,0,1", "7,5,1"))
    found = compared(first, logged(job, tmp_path / "b.lrrun"))
    assert not found.same and found.reasons == ("the data",)


def events(made_in: dict[str, str], *losses: float) -> list[Event]:
    task = TaskEvent("x", "", 10, 0, 10, None, "cpu", 5, 5, made_in=made_in)
    batches = [BatchEvent(0, step, 1e-3, loss, 0.1 * step) for step, loss in enumerate(losses)]
    return [task, StateEvent("running"), *batches, EndEvent("completed", "")]


def pair(folder: Path, one: list[Event], other: list[Event]) -> tuple[Path, Path]:
    for name, some in (("a", one), ("b", other)):
        with LogWriter(folder / name, Job("train")) as log:
            log.write(some)
    return folder / "a", folder / "b"


def test_versions_devices_and_changes_by_hand_are_named(tmp_path: Path) -> None:
    then, now = {"torch": "2.3.0", "device": "cpu · A"}, {"torch": "2.4.1", "device": "cpu · B", "numpy": "2"}
    one, other = events(then, 2.0, 1.0, 0.5), events(now, 2.0, 1.0, 0.6)
    found = compared(*pair(tmp_path, one, other))
    assert found.sentence == (
        "Not the same as a, after 2 equal measurements. Changed since: PyTorch 2.3.0, now 2.4.1, "
        "device cpu · A, now cpu · B."
    )
    one.insert(3, RateEvent(1, 0.5, 0.5, 1e-3, "by hand"))
    assert "changed by hand" in compared(*pair(tmp_path, one, other)).reasons[-1]
    found = compared(*pair(tmp_path, events(then, 2.0), events(then, 3.0)))
    assert (
        found.reasons == () and "from the first measurement on. Nothing that is recorded has changed" in found.sentence
    )


def test_of_a_resumed_run_only_what_counts_is_compared(tmp_path: Path) -> None:
    whole = events({}, 4.0, 3.0, 2.0, 1.0)
    whole.insert(-1, EpochEvent(1, 2.5, None, None, None, 1e-3, 0.35))
    cut = [*whole[:5], EpochEvent(1, 9.0, None, None, None, 1e-3, 0.3), ResumeEvent(1, 0, 4, 0.1), *whole[3:]]
    assert compared(*pair(tmp_path, cut, whole)).same
    twice = [*whole[:-1], ResumeEvent(4, 0, 4, 0.35), *whole[-2:]]
    assert compared(*pair(tmp_path, twice, whole)).same, "kept with the epoch's last step, before its end"
    short = compared(*pair(tmp_path, [*whole[:4], replace(whole[-1], reason="cancelled")], whole))  # type: ignore[type-var, arg-type]
    assert short.same and "as far as the earlier run went" in short.sentence


def test_the_command(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    job = Job("train", TaskSpec(device="cpu"), train=TrainSettings(epochs=1))
    log = logged(job, tmp_path / "a.lrrun")
    done = command("rerun", str(log))
    assert done.returncode == 0 and "The same as a.lrrun: all" in done.stdout and "epoch" in done.stdout
    document = json.loads(command("rerun", str(log), "--json").stdout)
    assert document["same"] is True and document["changed"] == [] and Path(document["log"]).is_file()
    code = logged(Job("sweep", own(tmp_path), SweepSettings(steps=3)), tmp_path / "b.lrrun")
    refused = command("rerun", str(code))
    assert refused.returncode == 2 and "has not been run here before" in refused.stderr and "--trust" in refused.stderr


def test_a_folder_of_data_and_a_repository(tmp_path: Path) -> None:
    import torch

    from lrgui.runs.made_in import made_in

    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text("# pack-refs\n1234567890 refs/heads/main\n")
    facts = made_in(own(tmp_path), torch.device("cpu"))
    assert facts["commit"] == "1234567890" and len(facts["code"]) == 16 and "data" not in facts
    (git / "refs" / "heads" / "main").write_text("abcdef\n")
    assert made_in(own(tmp_path), torch.device("cpu"))["commit"] == "abcdef"
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_text("x")
    images = TaskSpec(source="images", path=str(tmp_path / "images"))
    before = made_in(images, torch.device("cpu"))["data"]
    (tmp_path / "images" / "b.png").write_text("x")
    assert made_in(images, torch.device("cpu"))["data"] != before
