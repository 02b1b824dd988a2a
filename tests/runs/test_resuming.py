"""A training that was killed goes on as if it had not been: the same losses, bit for bit, on the CPU."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrgui.core.control import Control
from lrgui.core.engine.train import NEW_SCHEDULE
from lrgui.core.events import BatchEvent, EndEvent, EpochEvent, Event, OutputEvent, ResumeEvent
from lrgui.core.run_settings import TRAINED, TrainSettings
from lrgui.runs import keeper
from lrgui.runs.checkpoints import BEST, LAST, checkpoints, folder_of, newest, size_of, with_checkpoints
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job, Keeping
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.opened import open_run
from lrgui.runs.resuming import NotResumableError, resumed
from lrgui.tasks.spec import TaskSpec

pytestmark = pytest.mark.usefixtures("warm_processes")

TASK = """
import random
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, WeightedRandomSampler

class Points(Dataset):
    def __len__(self):
        return 60
    def __getitem__(self, index):
        g = torch.Generator().manual_seed(index)
        x = torch.randn(6, generator=g)
        return x + 0.1 * torch.randn(6) * NOISE, int(x[0] > 0)

class Stream(IterableDataset):
    def __iter__(self):
        order = list(range(60))
        random.shuffle(order)
        for index in order:
            yield Points()[index]

class Counted(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.register_buffer("seen", torch.zeros(1), persistent=False)
        self.net = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))
    def forward(self, x):
        self.calls += self.training
        self.seen += 0.001
        return self.net(x) * (1 + 0.001 * self.calls) + self.seen

def model():
    return Counted()

def train_loader(batch_size):
    return LOADER

def val_loader(batch_size):
    return DataLoader(Points(), batch_size=30)

def loss(output, target):
    return nn.functional.cross_entropy(output, target)

def optimizer(model):
    return OPTIMIZER
"""
LOADERS = {
    "shuffled": "DataLoader(Points(), batch_size=10, shuffle=True)",
    "its own generator": "DataLoader(Points(), 10, shuffle=True, generator=torch.Generator().manual_seed(3))",
    "weighted": "DataLoader(Points(), 10, sampler=WeightedRandomSampler([1.0] * 60, 60))",
    "two workers": "DataLoader(Points(), 10, shuffle=True, num_workers=2)",
    "a stream": "DataLoader(Stream(), batch_size=10)",
    "a list": "[(torch.randn(10, 6), torch.randint(0, 2, (10,))) for _ in range(6)]",
}
SGD, ADAMW = "torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)", "torch.optim.AdamW(model.parameters(), 1e-2)"


@pytest.fixture(autouse=True)
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after each step, however long it takes."""
    monkeypatch.setattr(keeper, "SHARE", 0)


def own(folder: Path, loader: str, optimizer: str = SGD, noise: int = 1) -> TaskSpec:
    path = folder / "task_of_points.py"
    text = TASK.replace("LOADER", loader).replace("OPTIMIZER", optimizer).replace("NOISE", str(noise))
    path.write_text(text, encoding="utf-8")
    return TaskSpec(source="task", path=str(path), optimizer="own", device="cpu", model="")


def of(task: TaskSpec, **settings: Any) -> Job:
    usual: dict[str, Any] = {"epochs": 3, "max_lr": 0.05, "checkpoints": 1e-9}
    return Job("train", task, train=TrainSettings(**{**usual, **settings}))


def cut(job: Job, folder: Path, steps: int) -> list[Event]:
    """The events of a run that is given up after so many steps, as a process that is killed would."""
    found: list[Event] = []
    events: Iterator[Event] = run_job(replace(job, keeping=Keeping(str(folder))))
    for event in events:
        found.append(event)
        if sum(isinstance(one, BatchEvent) for one in found) > steps:
            break
    events.close()  # type: ignore[attr-defined]
    return found


def go_on(job: Job, folder: Path) -> list[Event]:
    state = newest(folder, LAST)
    assert state is not None
    return list(run_job(replace(job, keeping=Keeping(str(folder), str(state.path)))))


def losses(events: list[Event]) -> dict[int, float]:
    return {event.step: event.loss for event in events if isinstance(event, BatchEvent)}


def epochs(events: list[Event]) -> list[EpochEvent]:
    return [replace(event, seconds=0) for event in events if isinstance(event, EpochEvent)]


def assert_goes_on(job: Job, folder: Path, steps: int) -> list[Event]:
    """The second half of a run that was cut is that of a whole one."""
    whole = list(run_job(job))
    assert isinstance(whole[-1], EndEvent) and whole[-1].reason == "completed", whole[-1]
    cut(job, folder, steps)
    rest = go_on(job, folder)
    begin = next(event for event in rest if isinstance(event, ResumeEvent))
    assert begin.step == steps and begin.steps == len(losses(whole))
    assert losses(rest) == {step: loss for step, loss in losses(whole).items() if step >= steps}
    known = epochs(whole)
    assert epochs(rest) == known[len(known) - len(epochs(rest)) :]
    assert rest[-1] == whole[-1]
    return rest


@pytest.mark.parametrize(("loader", "noise"), [(name, 0 if "workers" in name else 1) for name in LOADERS])
def test_the_persons_own_loaders(loader: str, noise: int, tmp_path: Path) -> None:
    rest = assert_goes_on(of(own(tmp_path, LOADERS[loader], noise=noise)), tmp_path / "c", 9)
    assert not [event for event in rest if isinstance(event, OutputEvent)]


@pytest.mark.parametrize(
    "settings",
    [
        *({"schedule": schedule} for schedule in TRAINED if schedule != "onecycle"),
        {"ema_decay": 0.9},
        {"ema_decay": 0.9, "patience": 2, "label_smoothing": 0.1, "decay_norms": False},
        {"recover": True, "clip_grad_norm": 0.5},
    ],
    ids=str,
)
def test_on_every_schedule_and_with_what_torch_offers(settings: dict[str, Any], tmp_path: Path) -> None:
    usual = {"step_size": 1, "plateau_patience": 0, "max_lr": 0.2}
    optimizer = SGD.replace("momentum=0.9", "momentum=0.9, weight_decay=0.1")
    task = own(tmp_path, LOADERS["shuffled"], optimizer)
    file = Path(task.path)
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("def loss(output, target):", "def loss(output, target, label_smoothing=0.0):").replace(
            "cross_entropy(output, target)", "cross_entropy(output, target, label_smoothing=label_smoothing)"
        )
    )
    assert_goes_on(of(task, **usual, **settings), tmp_path / "c", 15)


@pytest.mark.parametrize("steps", [9, 12])
def test_a_rate_that_was_changed_by_hand_stays_changed(steps: int, tmp_path: Path) -> None:
    job = of(own(tmp_path, LOADERS["shuffled"]))

    def run(job: Job, most: int) -> list[Event]:
        control, found = Control(), list[Event]()
        events: Any = run_job(job, control)
        for event in events:
            found.append(event)
            if isinstance(event, BatchEvent) and event.step == 4:
                control.multiply_rate(0.25)
            if isinstance(event, BatchEvent) and event.step == most:
                break
        events.close()
        return found

    whole = run(job, 99)
    run(replace(job, keeping=Keeping(str(tmp_path / "c"))), steps)
    rest = go_on(job, tmp_path / "c")
    for events in (whole, rest):
        assert any(isinstance(event, EndEvent) and event.reason == "completed" for event in events)
    rates = {event.step: (event.lr, event.loss) for event in whole if isinstance(event, BatchEvent)}
    for event in rest:
        if isinstance(event, BatchEvent):
            assert (event.lr, event.loss) == rates[event.step]


def test_a_training_that_stopped_early_gets_more_epochs(tmp_path: Path) -> None:
    job, log = of(own(tmp_path, LOADERS["a list"]), epochs=30, patience=1, max_lr=0.3), tmp_path / "a.lrrun"
    kept(job, log)
    first = open_run(log)
    made = len(first.record.epochs)
    assert first.record.end_reason == "completed" and made < 30, "it was to stop early"
    continue_log(resumed(log, first, 1), log)
    again = open_run(log)
    assert again.job.train.epochs == made + 1 and [e.epoch for e in again.record.epochs] == list(range(1, made + 2))
    assert again.record.begun == len(first.record)


@pytest.mark.parametrize("steps", [5, 6, 7, 12])
def test_at_and_around_an_epochs_end_with_adamw(steps: int, tmp_path: Path) -> None:
    assert_goes_on(of(own(tmp_path, LOADERS["shuffled"], ADAMW)), tmp_path / "c", steps)


def test_steps_of_batches_that_begin_again_and_accumulation(tmp_path: Path) -> None:
    job = of(own(tmp_path, LOADERS["shuffled"]), steps=20, accumulation=2, epochs=2)
    assert_goes_on(job, tmp_path / "c", 7)
    assert_goes_on(job, tmp_path / "d", 10)


def test_the_digits(tmp_path: Path) -> None:
    assert_goes_on(of(TaskSpec(device="cpu", model="cnn"), epochs=2), tmp_path / "c", 30)


def test_a_training_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    job, control = of(own(tmp_path, LOADERS["shuffled"]), checkpoints=60.0), Control()
    whole, found = list(run_job(job)), list[Event]()
    for event in run_job(replace(job, keeping=Keeping(str(tmp_path / "c"))), control):
        found.append(event)
        if len(losses(found)) == 8:
            control.cancel()
    assert found[-1].reason == "cancelled"  # type: ignore[union-attr]
    rest = go_on(job, tmp_path / "c")
    assert losses(found) | losses(rest) == losses(whole) and not set(losses(found)) & set(losses(rest))


def test_a_loader_that_says_itself_where_it_is(tmp_path: Path) -> None:
    loader = "Stateful()"
    text = """
class Stateful:
    def __init__(self):
        self.at, self.begin = 0, 0
    def __len__(self):
        return 6
    def __iter__(self):
        self.at, self.begin = self.begin, 0
        while self.at < 6:
            self.at += 1
            yield torch.full((10, 6), float(self.at)) + torch.rand(10, 6), torch.randint(0, 2, (10,))
    def state_dict(self):
        return {"at": self.at}
    def load_state_dict(self, state):
        self.begin = state["at"] % 6
"""
    task = own(tmp_path, loader)
    path = Path(task.path)
    path.write_text(path.read_text("utf-8") + text, "utf-8")
    assert_goes_on(of(task), tmp_path / "c", 9)


def test_a_loader_whose_place_cannot_be_found_is_said_to_be_one(tmp_path: Path) -> None:
    task = own(tmp_path, "Chance()")
    text = """
import os
class Chance:
    def __len__(self):
        return 6
    def __iter__(self):
        for _ in range(6):
            g = torch.Generator().manual_seed(int.from_bytes(os.urandom(6), "little"))
            yield torch.randn(10, 6, generator=g), torch.randint(0, 2, (10,))
"""
    path = Path(task.path)
    path.write_text(path.read_text("utf-8") + text, "utf-8")
    job = of(task)
    cut(job, tmp_path / "c", 9)
    rest = go_on(job, tmp_path / "c")
    (note,) = [event.text for event in rest if isinstance(event, OutputEvent)]
    assert note.startswith("The loader gives other batches than before") and "3 into its pass" in note
    assert sorted(losses(rest)) == list(range(9, 18)) and rest[-1].reason == "completed"  # type: ignore[union-attr]


def test_another_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    job = of(own(tmp_path, LOADERS["shuffled"]))
    cut(job, tmp_path / "c", 4)
    path = Path(job.task.path)
    path.write_text(path.read_text("utf-8").replace("16", "17"), "utf-8")
    end = go_on(job, tmp_path / "c")[-1]
    assert isinstance(end, EndEvent) and end.reason == "failed" and "The checkpoint does not fit" in end.detail


def test_which_checkpoints_stay(tmp_path: Path) -> None:
    job = of(own(tmp_path, LOADERS["shuffled"]))
    cut(job, tmp_path / "c", 15)
    assert [(one.kind, one.step) for one in checkpoints(tmp_path / "c") if one.kind == LAST] == [(LAST, 15), (LAST, 14)]
    assert [one.step for one in checkpoints(tmp_path / "c") if one.kind == BEST] == [12]
    go_on(job, tmp_path / "c")
    assert [(one.step, one.over) for one in checkpoints(tmp_path / "c") if one.kind == LAST] == [(18, True)]


def test_a_full_disk_ends_no_training(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("a file where the folder should be")
    found = list(run_job(replace(of(TaskSpec(device="cpu"), epochs=1), keeping=Keeping(str(tmp_path / "c")))))
    (note,) = [event.text for event in found if isinstance(event, OutputEvent)]
    assert note.startswith("No checkpoint could be written") and found[-1].reason == "completed"  # type: ignore[union-attr]


# ---------------------------------------------------------------- the log
def kept(job: Job, log: Path, steps: int | None = None) -> None:
    """A run with its log, given up after so many steps."""
    with LogWriter(log, job) as writer:
        events: Any = run_job(with_checkpoints(job, log))
        for event in events:
            writer.write([event])
            if isinstance(event, BatchEvent) and event.step == steps:
                break
        events.close()


def continue_log(job: Job, log: Path) -> None:
    with LogWriter(log, job, continues=True) as writer:
        writer.write(run_job(job))


def test_the_log_goes_on_as_one_curve_and_nothing_counts_twice(tmp_path: Path) -> None:
    job, log = of(TaskSpec(device="cpu"), epochs=2), tmp_path / "a.lrrun"
    kept(job, log, steps=30)
    with log.open("ab") as file:
        file.write(b'{"event":"batch","sweep":0,"st')  # cut off as by a loss of power
    assert size_of(log) > 0 and folder_of(log) == tmp_path / "a.checkpoints"
    continue_log(resumed(log, open_run(log)), log)
    opened = open_run(log)
    assert not opened.warnings and opened.record.end_reason == "completed"
    assert opened.record.steps.tolist() == list(range(42)) and [e.epoch for e in opened.record.epochs] == [1, 2]
    whole = [event.loss for event in run_job(job) if isinstance(event, BatchEvent)]
    assert opened.record.loss.tolist() == whole
    with pytest.raises(NotResumableError, match="complete: say how many more epochs"):
        resumed(log, opened)


def test_more_epochs_begin_the_schedule_again(tmp_path: Path) -> None:
    job, log = of(TaskSpec(device="cpu"), epochs=1), tmp_path / "a.lrrun"
    kept(job, log)
    more = resumed(log, open_run(log), 2)
    continue_log(more, log)
    opened = open_run(log)
    assert opened.job.train.epochs == 3 and opened.record.begun == 21 and opened.record.task is not None
    assert opened.record.task.steps == 63 and len(opened.record) == 63
    assert [e.epoch for e in opened.record.epochs] == [1, 2, 3]
    alone = [e.lr for e in run_job(of(TaskSpec(device="cpu"), epochs=2)) if isinstance(e, BatchEvent)]
    assert opened.record.lr[21:].tolist() == pytest.approx(alone)
    assert opened.record.seconds[21] > opened.record.seconds[20]


def test_what_was_changed_by_hand_ends_with_the_old_schedule(tmp_path: Path) -> None:
    job, log, control = of(TaskSpec(device="cpu"), epochs=1), tmp_path / "a.lrrun", Control()
    with LogWriter(log, job) as writer:
        for event in run_job(with_checkpoints(job, log), control):
            writer.write([event])
            if isinstance(event, BatchEvent) and event.step == 9:
                control.multiply_rate(1.8)
    continue_log(resumed(log, open_run(log), 2), log)
    record = open_run(log).record
    alone = [e.lr for e in run_job(of(TaskSpec(device="cpu"), epochs=2)) if isinstance(e, BatchEvent)]
    assert record.lr[21:].tolist() == pytest.approx(alone)
    changes = [(one.step, one.total, one.why) for one in record.rate_changes]
    assert changes == [(10, 1.8, "by hand"), (21, 1.0, NEW_SCHEDULE)]
    assert record.rate_changes[-1].factor == 1 and record.rate_changes[-1].lr == alone[0]


def test_of_a_log_with_fewer_steps_an_older_state_is_taken(tmp_path: Path) -> None:
    job, log = of(TaskSpec(device="cpu"), epochs=2), tmp_path / "a.lrrun"
    kept(job, log, steps=10)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]))  # the last step was not written
    state = newest(folder_of(log), LAST, 9)
    assert state is not None and state.step == 9
    continue_log(resumed(log, open_run(log)), log)
    assert open_run(log).record.steps.tolist() == list(range(42))


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_a_run_that_goes_on_is_not_resumed_beside_itself(tmp_path: Path) -> None:
    job, log = of(TaskSpec(device="cpu"), epochs=1), tmp_path / "a.lrrun"
    kept(job, log, steps=5)
    with LogWriter(log, job, continues=True), pytest.raises(NotResumableError, match="still going on"):
        resumed(log, open_run(log))
    assert resumed(log, open_run(log)).keeping is not None


def test_what_cannot_be_resumed_says_why(tmp_path: Path) -> None:
    log = tmp_path / "a.lrrun"
    with LogWriter(log, of(TaskSpec(device="cpu"), checkpoints=0.0)) as writer:
        writer.write([EndEvent("cancelled", "")])
    with pytest.raises(NotResumableError, match=r"no checkpoint to resume from\. It was run with checkpoints off"):
        resumed(log, open_run(log))
    with LogWriter(log, Job()) as writer:
        writer.write([EndEvent("cancelled", "")])
    with pytest.raises(NotResumableError, match="is not a training"):
        resumed(log, open_run(log))


# ---------------------------------------------------------------- killed at any moment
KILLS = """
import os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
import torch
torch.set_num_threads(1)
from lrgui.core import tensor_file
from lrgui.core.events import BatchEvent
from lrgui.core.run_settings import TRAINED, TrainSettings
from lrgui.runs import keeper
from lrgui.runs.checkpoints import LAST, newest
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job, Keeping
from lrgui.tasks.spec import TaskSpec
keeper.SHARE = 0
kills, folder = int(sys.argv[1]), Path(sys.argv[2])
train = TrainSettings(epochs=int(sys.argv[4]), checkpoints=1e-9, max_lr=0.01)
job = Job("train", TaskSpec(device="cpu", model="mlp"), train=train)
whole = {e.step: e.loss for e in run_job(job) if isinstance(e, BatchEvent)}
chance = random.Random(int(sys.argv[3]))
reached = 0
for kill in range(kills):
    state = newest(folder, LAST)
    resume = "" if state is None or state.over else str(state.path)
    child = os.fork()
    if child == 0:
        for event in run_job(replace(job, keeping=Keeping(str(folder), resume))):
            if isinstance(event, BatchEvent) and event.loss != whole[event.step]:
                os._exit(3)
        os._exit(0)
    # Every other one is killed after it kept something, however long its start takes.
    over = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while kill % 2 and newest(folder, LAST) == state and os.waitid(os.P_PID, child, over) is None:
        time.sleep(0.001)
    time.sleep(chance.uniform(0.05, 0.4))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) != 3, "other losses"
    names = os.listdir(folder) if folder.exists() else []
    assert not [name for name in names if name.endswith(".part")], names
    for name in names:
        tensor_file.read(folder / name)
    reached = max([reached, *(int(name.split("-")[1][:9]) for name in names)])
assert reached > 0
others = {"platformdirs", "safetensors"} & set(sys.modules)
assert not others, others  # torch and numpy are all that can be expected
print(reached)
"""


def killed(kills: int, epochs: int, folder: Path) -> None:
    program = folder / "kills.py"
    program.write_text(KILLS)
    words = [str(kills), str(folder / "c"), "5", str(epochs)]
    done = subprocess.run([sys.executable, str(program), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0


@pytest.mark.skipif(sys.platform != "linux", reason="forks; files without a name")
def test_killed_at_random_moments_there_is_always_a_whole_checkpoint(tmp_path: Path) -> None:
    killed(5, 8, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="forks; files without a name")
def test_killed_at_fifty_random_moments(tmp_path: Path) -> None:
    killed(50, 40, tmp_path)
