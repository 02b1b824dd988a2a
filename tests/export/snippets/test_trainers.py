"""Snippets for Hugging Face, fastai and skorch train with these, and their optimizer really reaches the rate."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from snippet_facts import (
    BATCH,
    BATCHES,
    EPOCHS,
    INPUTS,
    LABELS,
    LR,
    STEPS,
    WARMUP,
    Watch,
    facts,
    loader,
    network,
    provided,
    reaches,
    run,
)
from torch import nn
from torch.utils.data import Dataset

from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.run_settings import TrainSettings
from lrgui.core.schedule_shapes import planned_lr
from lrgui.export.snippets import snippet
from lrgui.tasks.optimizers.optimizing import make_optimizer
from lrgui.tasks.spec import TaskSpec


class Classifier(nn.Module):
    """A model as the Trainer wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    def forward(self, inputs: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        output = self.net(inputs)
        return {"loss": nn.functional.cross_entropy(output, labels), "logits": output}


class Rows(Dataset[Any]):
    """Its data."""

    def __len__(self) -> int:
        return len(INPUTS)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"inputs": INPUTS[index], "labels": LABELS[index]}


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("known", [True, False])
def test_hugging_face(optimizer: str, known: bool, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    text = snippet(facts(optimizer, known, optimizer_options={}), "huggingface").replace('"out"', repr(str(tmp_path)))
    quiet = (
        'report_to="none", disable_tqdm=True, use_cpu=True, save_strategy="no", logging_strategy="no",\n    max_grad'
    )
    text = text.replace("max_grad", quiet)
    names = run(text, model=Classifier(), train_dataset=Rows(), epochs=EPOCHS)
    args = names["args"]
    assert args.learning_rate == WARMUP
    assert args.per_device_train_batch_size == BATCH
    assert args.num_train_epochs == EPOCHS
    trainer = names.get("trainer") or transformers.Trainer(model=Classifier(), args=args, train_dataset=Rows())
    trainer.create_optimizer_and_scheduler(STEPS)
    watch = Watch(trainer.optimizer)
    trainer.train()
    assert len(watch.rates) == STEPS
    assert max(watch.rates) == pytest.approx(WARMUP)
    made, asked = trainer.optimizer, make_optimizer(TaskSpec(optimizer=optimizer), network())
    innermost = getattr(made, "optimizer", made)
    assert type(innermost) is type(asked)
    assert innermost.param_groups[0]["weight_decay"] == asked.param_groups[0]["weight_decay"]


def test_hugging_face_gets_all_of_adamw() -> None:
    pytest.importorskip("transformers")
    text = snippet(facts("adamw", optimizer_options={"beta2": 0.95, "eps": 1e-6}), "huggingface")
    for words in ("adam_beta1=0.9,", "adam_beta2=0.95,", "adam_epsilon=1e-6,", "weight_decay=0.0001,"):
        assert words in text
    assert "optimizers=(optimizer, None)" in snippet(facts("adamw", optimizer_options={"amsgrad": True}), "huggingface")


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "adagrad"])
def test_fastai(optimizer: str) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.script.*")
        warnings.filterwarnings("ignore", message=".*mode.chained_assignment.*")
        pytest.importorskip("fastai.basics")
        import fastai.callback.schedule  # noqa: F401
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner

    learn = Learner(DataLoaders(loader(), loader()), network(), loss_func=nn.functional.cross_entropy)
    watch = Watch()
    inner = OPTIMIZERS[optimizer].dotted

    def watched(params: Any, **settings: Any) -> torch.optim.Optimizer:
        made = getattr(torch.optim, inner.rpartition(".")[2])(params, **settings)
        watch.on(made)
        return made  # type: ignore[no-any-return]

    text = snippet(facts(optimizer), "fastai")
    with learn.no_logging():
        run(text.replace(inner, "watched"), learn=learn, watched=watched)
    assert len(watch.rates) == STEPS
    assert reaches(watch.rates)
    assert watch.rates[0] == pytest.approx(LR / 10)
    asked = make_optimizer(TaskSpec(optimizer=optimizer), network()).param_groups[0]
    assert learn.opt.opt.param_groups[0]["weight_decay"] == asked["weight_decay"]
    assert max(watch.momenta) == (0.95 if optimizer != "adagrad" else 0.0)


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad"])
def test_skorch(optimizer: str) -> None:
    skorch = pytest.importorskip("skorch")
    watch = Watch()

    class Seen(skorch.callbacks.Callback):  # type: ignore[name-defined, misc]
        def on_train_begin(self, net: Any, **_: Any) -> None:
            watch.on(net.optimizer_)

    net = skorch.NeuralNetClassifier(
        network(), criterion=nn.CrossEntropyLoss, train_split=None, verbose=0, callbacks=[("seen", Seen())]
    )
    text = snippet(facts(optimizer, loop={"clip_grad_norm": 1.0}), "skorch")
    assert provided(text) == ["net", "steps_per_epoch"]
    run(text, net=net, steps_per_epoch=BATCHES)
    net.fit(INPUTS.numpy(), LABELS.numpy())
    assert watch.rates == pytest.approx(planned_lr(TrainSettings(max_lr=LR), STEPS, STEPS).tolist())
    asked = make_optimizer(TaskSpec(optimizer=optimizer), network())
    assert type(net.optimizer_) is type(asked)
    assert net.optimizer_.defaults["weight_decay"] == asked.defaults["weight_decay"]
    assert {name for name, _ in net.callbacks} == {"seen", "clipping", "schedule"}


def test_what_transformers_would_decide_is_said_of_a_script() -> None:
    known = facts("adamw")
    text = snippet(known, "huggingface")
    assert f"per_device_train_batch_size={BATCH}" in text and "max_grad_norm=0.0" in text
    assert "is not known" not in text
    text = snippet(replace(known, batch_size=None, own_loop=True), "huggingface")
    assert "# Its batch size is not known: set per_device_train_batch_size, which is 8 otherwise." in text
    assert "max_grad_norm is 1.0 otherwise, and 0.0 does not clip." in text


@pytest.mark.parametrize("key", ["huggingface", "timm", "nanogpt"])
def test_another_rate_for_one_cycle_is_named_only_where_there_is_one(key: str) -> None:
    said = replace(facts("adamw"), lr=0.0323456)  # it is written with two digits
    assert "it would be" not in snippet(said, key)
    assert "1.25e-3" in snippet(replace(said, lr=1.25e-3, chosen=True), key), "a typed rate keeps its digits"
    assert "As the maximum of a OneCycle (15 steps) it would be 3.2e-2." in snippet(
        replace(said, by_schedule={"warmup": 0.012}), key
    )
