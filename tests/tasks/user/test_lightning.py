"""LightningModules as tasks, without a Trainer."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import torch

from lrgui.core.events import BatchEvent, EpochEvent, OutputEvent
from lrgui.core.run_settings import SweepSettings, TrainSettings
from lrgui.runs.in_process import run_job
from lrgui.runs.job import Job
from lrgui.tasks.build import build_task
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import BuiltTask
from lrgui.tasks.user import code as user_code
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.target import TaskError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what they say at their import is theirs
    pl = pytest.importorskip("lightning.pytorch")

PREAMBLE = """\
import torch
import lightning.pytorch as pl
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
X = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
Y = X[:, :3].argmax(1)
DATA = TensorDataset(X, Y)
"""
NET = """
class Net(pl.LightningModule):
    def __init__(self, width: int = 8, lr: float = 1e-2, noise: float = 0.0):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))
        self.seen = []
    def forward(self, x):
        return self.net(x)
    def training_step(self, batch, batch_idx):
        x, y = batch
        self.seen.append(batch_idx)
        loss = F.cross_entropy(self(x), y)
        self.log("train_loss", loss, prog_bar=True, on_epoch=True)
        self.log_dict({"a": loss})
        self.logger.experiment.add_scalar("x", 1)
        self.print("") if self.trainer.global_step < 0 else None
        return {"loss": loss, "seen": len(x)}
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.5)
"""
POINTS = """
class Points(pl.LightningDataModule):
    def __init__(self, batch_size: int = 20, part: float = 1.0):
        super().__init__()
        self.save_hyperparameters()
    def prepare_data(self):
        self.prepared = True
    def setup(self, stage):
        assert self.prepared and stage == "fit"
        self.data = DATA
    def train_dataloader(self):
        return DataLoader(self.data, self.hparams.batch_size, shuffle=True)
    def val_dataloader(self):
        return DataLoader(self.data, self.hparams.batch_size)
"""
LOADER = "def train_loader(batch_size): return DataLoader(DATA, batch_size)"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    path = list(sys.path)
    yield
    user_code._forget()
    sys.path[:] = path


@pytest.fixture
def spec(tmp_path: Path):
    def spec(*parts: str, suffix: str = "", **settings: object) -> TaskSpec:
        file = tmp_path / "lit.py"
        file.write_text(PREAMBLE + "\n".join(parts) + "\n", encoding="utf-8")
        usual = {"device": "cpu", "batch_size": 10, "optimizer": "own"}
        return TaskSpec(source="task", path=f"{file}{suffix}", **{**usual, **settings})  # type: ignore[arg-type]

    return spec


def method(text: str) -> str:
    """A further method of the class that stands before it."""
    return "\n".join(f"    {line}" for line in dedent(text).strip().splitlines())


def step(task: BuiltTask) -> torch.Tensor:
    return task.certain_loss(task.model, next(iter(task.loader)))


def test_a_module_with_its_data_module(spec) -> None:
    task = build_task(spec(NET, POINTS, options={"width": 5, "part": 0.5}, batch_size=15))
    assert task.name == "Net · own optimizer"
    assert task.detail == (
        "4 training batches of 15 · 4 validation batches of 15 · LightningModule Net · data from Points"
    )
    assert (task.parameters, task.train_size, task.val_size, task.notes) == (5 * 5 + 6 * 3, 60, 60, ())
    assert task.optimizer.param_groups[0]["momentum"] == 0.5
    assert step(task).item() == pytest.approx(1.1, abs=0.5)
    assert type(build_task(spec(NET, POINTS, optimizer="adamw")).optimizer) is torch.optim.AdamW


def test_the_engines_run_it(spec) -> None:
    validation = method(
        """
        def validation_step(self, batch, batch_idx):
            x, y = batch
            output = self(x)
            self.log("val_loss", F.cross_entropy(output, y))
            self.log_dict({"val_f1": 0.5, "val_acc": (output.argmax(1) == y).float().mean()})
        """
    )
    made = spec(NET, validation, POINTS)
    events = list(run_job(Job("sweep", made, SweepSettings(steps=9))))
    assert sum(isinstance(event, BatchEvent) for event in events) == 9
    assert not [event for event in events if isinstance(event, OutputEvent)]
    *_, epoch, end = run_job(Job("train", made, train=TrainSettings(epochs=2)))
    assert end.reason == "completed"  # type: ignore[union-attr]
    assert isinstance(epoch, EpochEvent)
    assert epoch.val_loss is not None
    assert epoch.val_accuracy is not None
    assert 0 <= epoch.val_accuracy <= 1


def test_steps_are_numbered_through_each_epoch(spec) -> None:
    task = build_task(spec(NET, LOADER))
    for batch in [*task.loader, *task.loader]:
        task.loss(task.model, batch)
    assert task.model.seen == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("hook", ["on_train_epoch_start(self)", "on_train_batch_start(self, batch, batch_idx)"])
def test_a_hook_may_freeze(spec, hook: str) -> None:
    freezing = f"def {hook}:\n    self.frozen = self.training\n    self.eval()"
    task = build_task(spec(NET, method(freezing), LOADER))
    assert step(task).requires_grad
    assert task.model.frozen
    assert not task.model.training


@pytest.mark.parametrize(
    "data",
    [
        LOADER,
        method("def train_dataloader(self): return DataLoader(DATA, 10)"),
        method("def train_dataloader(self): return [DataLoader(DATA, 10)]"),
        method("def train_dataloader(self): return {'a': DataLoader(DATA, 10)}"),
        method("def setup(self, stage): self.d = DATA\ndef train_dataloader(self): return DataLoader(self.d, 10)"),
    ],
)
def test_every_way_to_give_batches(spec, data: str) -> None:
    task = build_task(spec(NET, data))
    assert (len(list(task.loader)), task.train_size, task.validation, task.notes) == (6, 60, None, ())


@pytest.mark.parametrize(
    ("made", "notes"),
    [
        ("o", 0),
        ("[o]", 0),
        ("{'optimizer': o}", 0),
        ("[o], []", 0),
        ("[o], [torch.optim.lr_scheduler.StepLR(o, 1)]", 1),
        ("{'optimizer': o, 'lr_scheduler': {'scheduler': torch.optim.lr_scheduler.StepLR(o, 1)}}", 1),
        ("[{'optimizer': o}]", 0),
        ("[o, torch.optim.Adam(self.parameters())]", 1),
        ("[o], [torch.optim.lr_scheduler.OneCycleLR(o, 1, self.trainer.estimated_stepping_batches)]", 1),
    ],
)
def test_every_form_of_optimizers(spec, made: str, notes: int) -> None:
    text = f"def configure_optimizers(self):\n    o = torch.optim.SGD(self.parameters(), lr=1)\n    return {made}"
    task = build_task(spec(NET, method(text), LOADER))
    assert type(task.optimizer) is torch.optim.SGD
    assert len(task.notes) == notes
    assert all(note.endswith(".") for note in task.notes)


@pytest.mark.parametrize(
    ("body", "loss", "metrics"),
    [
        ("return torch.tensor(2.0)", 2.0, None),
        ("return {'loss': torch.tensor(2.0), 'x': 1}", 2.0, None),
        ("self.log('val/loss', 3.0)", 3.0, None),
        (
            "self.log('val_loss', 3.0); self.log('valid_f1', 1); self.log('val_acc', 0.5)",
            3.0,
            {"accuracy": 0.5, "f1": 1},
        ),
    ],
)
def test_what_validation_says(spec, body: str, loss: float, metrics: dict[str, float] | None) -> None:
    task = build_task(spec(NET, method(f"def validation_step(self, batch): {body}"), POINTS))
    said, metric = task.objective.both(task.model, next(iter(task.validation)))
    assert (float(said), metric) == (loss, metrics)
    assert list(metric or ()) == list(metrics or ())


def test_a_validation_that_says_no_loss(spec) -> None:
    task = build_task(spec(NET, method("def validation_step(self, batch, n): self.log('val_acc', 0.5)"), POINTS))
    with torch.no_grad():
        said, metric = task.objective.both(task.model, next(iter(task.validation)))
    assert float(said) == pytest.approx(1.1, abs=0.5)
    assert (metric, task.metric_name) == ({"accuracy": 0.5}, "accuracy")


def test_torchmetrics(spec) -> None:
    pytest.importorskip("torchmetrics")
    validation = method(
        """
        def on_fit_start(self):
            from torchmetrics.classification import MulticlassAccuracy
            self.acc = MulticlassAccuracy(3, average="micro")
        def validation_step(self, batch, batch_idx):
            self.acc.update(self(batch[0]), batch[1])
            self.log("val_acc", self.acc)
            return F.cross_entropy(self(batch[0]), batch[1])
        """
    )
    task = build_task(spec(NET, validation, POINTS))
    with torch.no_grad():
        for x, y in task.validation:
            _, metric = task.objective.both(task.model, (x, y))
            assert metric["accuracy"] == pytest.approx((task.model(x).argmax(1) == y).float().mean().item())


def test_hooks_of_batches_take_part(spec) -> None:
    hook = method("def on_after_batch_transfer(self, batch, index): return batch[0] * 0, batch[1]")
    plain, changed = build_task(spec(NET, LOADER)), build_task(spec(NET, hook, LOADER))
    assert step(plain).item() != step(changed).item()
    in_data = POINTS + method("def on_before_batch_transfer(self, batch, index): return batch[0] * 0, batch[1]")
    assert step(build_task(spec(NET, in_data))).item() == pytest.approx(step(changed).item(), abs=0.3)


def test_data_are_set_up_before_the_module_that_asks_them(spec) -> None:
    asking = method(
        """
        def prepare_data(self): assert self.trainer.datamodule.prepared
        def setup(self, stage): self.examples = len(self.trainer.datamodule.data)
        """
    )
    assert build_task(spec(NET, asking, POINTS)).model.examples == 60


def test_batches_reach_the_device_by_the_modules_own_way(spec) -> None:
    moving = method("def transfer_batch_to_device(self, batch, device, index): return batch[0] * 0, batch[1]")
    plain = build_task(spec(NET, LOADER))
    for parts in ((NET, moving, LOADER), (NET, POINTS, moving)):
        changed = build_task(spec(*parts))
        changed.model.load_state_dict(plain.model.state_dict())
        x, y = next(iter(changed.loader))
        expected = torch.nn.functional.cross_entropy(plain.model(x * 0), y)
        assert changed.certain_loss(changed.model, (x, y)).item() == pytest.approx(expected.item())


def test_what_the_module_does_before_a_step_is_done(spec) -> None:
    clipping = method(
        """
        def on_before_optimizer_step(self, optimizer):
            self.norm = torch.stack([p.grad.norm() for p in self.parameters()]).norm()
        def configure_gradient_clipping(self, optimizer, gradient_clip_val=None, gradient_clip_algorithm=None):
            assert gradient_clip_val is None and gradient_clip_algorithm is None
            self.clip_gradients(optimizer, gradient_clip_val=0.01, gradient_clip_algorithm="norm")
        """
    )
    task = build_task(spec(NET.replace(", momentum=0.5", ""), clipping, LOADER, optimizer="sgd"))
    for rate in (0.0, 1.0):
        task.optimizer.param_groups[0].update(lr=rate, momentum=0.0)
        before = [p.detach().clone() for p in task.model.parameters()]
        step(task).backward()
        task.optimizer.step()
        task.optimizer.zero_grad()
        assert task.model.norm > 0.1, "before it was clipped"
        moved = [(p - old).norm() for p, old in zip(task.model.parameters(), before, strict=True)]
        assert torch.stack(moved).norm().item() == pytest.approx(0.01 * rate, rel=1e-3)


def test_validation_by_the_training_step_is_no_training(spec) -> None:
    counting = method("def on_train_batch_start(self, batch, batch_idx): self.begun = batch_idx + 1")
    task = build_task(spec(NET, counting, POINTS))
    step(task)
    with torch.no_grad():
        for batch in task.validation:
            task.objective.both(task.model, batch)
    assert task.model.begun == 1
    step(task)
    assert task.model.begun == 2


def test_one_of_several_by_name(spec) -> None:
    two = NET + "\nclass Other(Net):\n    pass\nclass Third(Net):\n    pass\n"
    assert build_task(spec(two, LOADER, suffix=":Third")).name == "Third · own optimizer"
    with pytest.raises(
        TaskError, match=r"has several LightningModules \(Other, Third\): name the one to run, lit.py:O"
    ):
        build_task(spec(two, LOADER))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((NET,), "Net in lit.py has no training batches: add a LightningDataModule, a train_dataloader(), or a"),
        ((NET, method("automatic_optimization = False"), LOADER), "uses manual optimization"),
        ((NET, method("def configure_optimizers(self): pass"), LOADER), "returned None: did you forget return?"),
        ((NET, method("def configure_optimizers(self): return 3"), LOADER), "returned an int without an optimizer"),
        ((NET.replace("width: int = 8", "width"), LOADER), "Net in lit.py needs “width”: give it a default"),
        ((NET, method("def training_step(self, batch, i): pass"), LOADER), "training_step() in lit.py (line"),
        ((NET, method("def train_dataloader(self): pass")), "returned None: did you forget return?"),
        ((NET, method("def train_dataloader(self): return []")), "has no batch"),
        ((NET, POINTS, POINTS.replace("Points", "More")), "several LightningDataModules (Points, More)"),
        ((NET, LOADER, "OPTIONS"), "lit.py has no setting “wdth”. Available: width, noise."),
    ],
)
def test_what_is_wrong_is_said(spec, parts: tuple[str, ...], words: str) -> None:
    options = {"wdth": 1} if parts[-1] == "OPTIONS" else {}
    made = spec(*(part for part in parts if part != "OPTIONS"), options=options)
    with pytest.raises(TaskError) as caught:
        step(build_task(made))
    assert words in str(caught.value)


def test_a_trainer_that_is_not_there_is_explained(spec) -> None:
    body = method("def training_step(self, batch, i): return self.trainer.fit_loop.x")
    with pytest.raises(AttributeError, match=r"asks for trainer\.fit_loop, but LR Finder runs it without a Trainer"):
        step(build_task(spec(NET, body, LOADER)))


def test_the_outline_says_the_same(spec) -> None:
    found = outline(spec(NET, POINTS).path)
    assert (found.style, found.problem) == ("lightning", None)
    assert [option.name for option in found.options] == ["width", "noise", "part"]
    task = build_task(spec(NET, POINTS, options={option.name: option.default for option in found.options}))
    assert task.parameters == 67
