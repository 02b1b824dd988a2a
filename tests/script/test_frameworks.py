"""Trainings that packages run: their loops are seen as any other."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from lrgui.core.events import EndReason
from lrgui.core.run_settings import SweepSettings

SHORT = SweepSettings(start_lr=1e-4, end_lr=1e-1, steps=12)

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def expected(ours: Any, model: nn.Module, batches: list[Any]) -> list[tuple[float, float]]:
    """Our own sweep of the same model and batches with SGD."""
    mine = copy.deepcopy(model)
    return ours(mine, batches, torch.optim.SGD(mine.parameters(), 0.1), SHORT)  # type: ignore[no-any-return]


def same(done: Any, expected: list[tuple[float, float]]) -> None:
    assert done.points == [pytest.approx(point, rel=1e-6) for point in expected]
    assert done.end.reason == EndReason.COMPLETED
    assert done.facts.own_lr == pytest.approx(0.1)


def test_accelerate(follow: Any, expected: Any, model: nn.Module, batches: list[Any]) -> None:
    accelerate = pytest.importorskip("accelerate")

    def script() -> None:
        accelerator = accelerate.Accelerator(cpu=True)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        net, wrapped = accelerator.prepare(model, optimizer)
        for _ in range(3):
            for x, y in batches:
                wrapped.zero_grad()
                accelerator.backward(functional.cross_entropy(net(x), y))
                wrapped.step()

    same(follow(script, SHORT), expected)


def test_lightning(
    follow: Any, expected: Any, model: nn.Module, batches: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lightning = pytest.importorskip("lightning.pytorch")
    monkeypatch.chdir(tmp_path)

    class Net(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = model

        def training_step(self, batch: Any, _index: int) -> torch.Tensor:
            return functional.cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch: Any, _index: int) -> None:
            self.log("loss", functional.cross_entropy(self.net(batch[0]), batch[1]))

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]

    def script() -> None:
        trainer = lightning.Trainer(
            max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False
        )
        trainer.fit(Net(), Batches(batches), Batches(batches[:2]))

    done = follow(script, SHORT)
    same(done, expected)
    assert done.facts.schedule == "StepLR"


class Batches(torch.utils.data.DataLoader):  # type: ignore[type-arg]
    """A loader that gives these batches."""

    def __init__(self, batches: list[Any]) -> None:
        super().__init__(batches, batch_size=None)  # type: ignore[arg-type]


def test_ignite(follow: Any, expected: Any, model: nn.Module, batches: list[Any]) -> None:
    engine = pytest.importorskip("ignite.engine")

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        engine.create_supervised_trainer(model, optimizer, nn.CrossEntropyLoss()).run(batches, max_epochs=5)

    same(follow(script, SHORT), expected)


def test_skorch(follow: Any, model: nn.Module, batches: list[Any]) -> None:
    skorch = pytest.importorskip("skorch")
    x, y = torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])

    def script() -> None:
        skorch.NeuralNetClassifier(
            model, criterion=nn.CrossEntropyLoss, lr=0.1, max_epochs=9, train_split=None, verbose=0
        ).fit(x, y)

    done = follow(script, SHORT)
    assert len(done.points) == 12
    assert done.facts.own_lr == 0.1


def test_hugging_face(follow: Any, batches: list[Any], tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(8, 4)

        def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"loss": functional.cross_entropy(self.net(x), labels)}

    model = Net()
    whole = functional.cross_entropy(model.net(torch.cat([x for x, _ in batches])), torch.cat([y for _, y in batches]))
    data = [{"x": x, "labels": y} for xs, ys in batches for x, y in zip(xs, ys, strict=True)]

    def script() -> None:
        arguments = transformers.TrainingArguments(
            output_dir=str(tmp_path),
            max_steps=50,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=2,
            learning_rate=3e-3,
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
            save_strategy="no",
        )
        transformers.Trainer(model, arguments, train_dataset=data).train()

    done = follow(script, SHORT)
    assert len(done.points) == 12
    assert done.points[0][1] == pytest.approx(whole.item(), abs=0.4)  # the mean of two micro-batches, not their sum
    assert done.facts.losses == 2
    assert done.facts.own_lr == pytest.approx(3e-3)
    assert done.facts.schedule == "LambdaLR"
    assert done.facts.optimizer == "AdamW"


def test_fastai(follow: Any, model: nn.Module, batches: list[Any]) -> None:
    fastai = pytest.importorskip("fastai.learner")
    from fastai.callback import schedule  # noqa: F401  (adds fit_one_cycle)
    from fastai.data.core import DataLoaders

    rows = [(x, y) for xs, ys in batches for x, y in zip(xs, ys, strict=True)]

    def script() -> None:
        loaders = DataLoaders.from_dsets(rows, rows[:16], bs=16, device=torch.device("cpu"))
        learner = fastai.Learner(loaders, model, loss_func=nn.CrossEntropyLoss(), lr=0.1)
        with learner.no_bar(), learner.no_logging():
            learner.fit_one_cycle(5, 2e-2)

    done = follow(script, SHORT)
    assert len(done.points) == 12
    assert done.points[0][0] == pytest.approx(1e-4)
    assert done.facts.highest_lr > done.facts.own_lr > 0
    assert "fastai" in sys.modules
