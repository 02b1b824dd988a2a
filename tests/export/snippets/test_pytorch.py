"""Snippets that make torch's optimizer and schedule are run, and the optimizer really reaches the rate."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from snippet_facts import (
    BATCHES,
    CYCLED,
    EPOCHS,
    INPUTS,
    LR,
    STEPS,
    TORCHS,
    Watch,
    event,
    facts,
    loader,
    network,
    planned,
    provided,
    rates_of,
    reaches,
    run,
)
from torch import nn

from lrgui.core.engine.made_with import made_with
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.run_settings import TrainSettings
from lrgui.core.schedule_shapes import planned_lr
from lrgui.export.snippets import snippet
from lrgui.export.snippets.facts import made_by_event
from lrgui.tasks.optimizers.optimizing import make_optimizer
from lrgui.tasks.spec import TaskSpec


@pytest.mark.parametrize("optimizer", TORCHS)
def test_pytorch_makes_the_same_optimizer_as_a_run_and_trains_the_same_cycle(optimizer: str) -> None:
    model, said = network(), facts(optimizer)
    names = run(snippet(said, "pytorch"), model=model)
    made, asked = names["optimizer"], make_optimizer(TaskSpec(optimizer=optimizer), model)
    assert type(made) is type(asked)
    settings = {name: value for name, value in asked.defaults.items() if name != "lr"}
    assert {name: made.defaults[name] for name in settings} == settings
    assert names["total_steps"] == STEPS
    assert rates_of(made, names["scheduler"].step, STEPS) == pytest.approx(
        planned_lr(TrainSettings(max_lr=LR), STEPS, STEPS).tolist()
    )
    assert max(planned_lr(TrainSettings(max_lr=LR), 1000, 1000)) == pytest.approx(LR, rel=1e-3)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_momentum_is_cycled_only_where_one_is_in_use(momentum: float) -> None:
    names = run(snippet(facts(momentum=momentum), "pytorch"), model=network())
    watch = Watch(names["optimizer"])
    rates_of(names["optimizer"], names["scheduler"].step, STEPS)
    assert (min(watch.momenta) < max(watch.momenta)) is (momentum > 0)
    assert momentum > 0 or max(watch.momenta) == 0


@pytest.mark.parametrize(
    ("key", "options"), [("muon", {}), ("timm", {"name": "lamb"}), ("pytorch_optimizer", {"name": "lion"})]
)
def test_optimizers_that_torch_has_no_class_for(key: str, options: dict[str, Any]) -> None:
    for module in OPTIMIZERS[key].needs:
        pytest.importorskip(module)
    if key == "muon" and not hasattr(torch.optim, "Muon"):
        pytest.skip("this PyTorch has no Muon")
    model, said = network(), facts(key, optimizer_options=options)
    names = run(snippet(said, "pytorch"), model=model)
    asked = make_optimizer(TaskSpec(optimizer=key, optimizer_options=options), model)
    assert type(names["optimizer"]) is type(asked)
    for made, other in zip(names["optimizer"].param_groups, asked.param_groups, strict=True):
        assert {k: v for k, v in made.items() if k not in CYCLED} == {k: v for k, v in other.items() if k not in CYCLED}
    model(INPUTS).sum().backward()
    assert reaches(rates_of(names["optimizer"], names["scheduler"].step, STEPS))


def test_what_is_not_known_is_a_name_of_the_callers() -> None:
    text = snippet(facts(known=False), "pytorch")
    assert provided(text) == ["model", "train_loader", "epochs"]
    names = run(text, model=network(), train_loader=loader(), epochs=EPOCHS)
    assert names["total_steps"] == STEPS


def test_accumulated_batches_make_fewer_steps() -> None:
    loop = {"accumulation": 2, "clip_grad_norm": 1.0, "amp": "bf16"}
    names = run(snippet(facts(loop=loop), "pytorch"), model=network())
    assert names["total_steps"] == 3 * EPOCHS  # the last step of an epoch takes what is left
    text = snippet(facts(known=False, loop=loop), "pytorch")
    assert run(text, model=network(), train_loader=loader(), epochs=EPOCHS)["total_steps"] == 3 * EPOCHS
    for words in ("(loss / 2).backward()", "clip_grad_norm_(model.parameters(), 1)", "torch.bfloat16"):
        assert words in text
    assert provided(text) == ["model", "train_loader", "epochs", "device"]


@pytest.mark.parametrize(
    ("schedule", "first"), [("warmup", LR / 10), ("decay", LR), ("constant", LR), ("step", LR), (None, LR / 10)]
)
def test_each_planned_schedule_reaches_the_rate(schedule: str | None, first: float) -> None:
    said = planned(replace(facts(), epochs=20), schedule=schedule)
    names = run(snippet(said, "pytorch"), model=network())
    step = names["scheduler"].step if "scheduler" in names else lambda: None
    rates = rates_of(names["optimizer"], step, 20 * BATCHES)
    assert rates[0] == pytest.approx(first)
    assert reaches(rates, share=0.999)
    assert (min(rates) < LR / 5) is (schedule != "constant")


def test_a_warmup_of_a_single_step_can_be_run() -> None:
    said = facts()
    said = planned(replace(said, cycle=replace(said.cycle, pct_start=0.25)), steps=4)
    names = run(snippet(said, "pytorch"), model=network())
    assert rates_of(names["optimizer"], names["scheduler"].step, 4)[0] == pytest.approx(LR)


def test_parameter_groups_of_the_callers_keep_their_ratio() -> None:
    said = replace(facts(), optimizer=made_by_event(event(**made_with(groups(network())))), several_groups=True)
    text = snippet(said, "pytorch")
    assert provided(text) == ["model", "make_optimizer"]
    names = run(text, model=network(), make_optimizer=groups)
    watched = []
    for _ in range(STEPS):
        watched.append([group["lr"] for group in names["optimizer"].param_groups])
        names["optimizer"].step()
        names["scheduler"].step()
    assert reaches([rates[1] for rates in watched])
    assert all(low == pytest.approx(high / 10) for low, high in watched)


def groups(model: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD([{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters()}], lr=1.0)


QUIET = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)


@pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
@pytest.mark.filterwarnings("ignore:.*smaller than the logging interval.*")
def test_lightning() -> None:
    lightning = pytest.importorskip("lightning")
    watch = Watch()

    class Module(lightning.LightningModule):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def training_step(self, batch: Any) -> torch.Tensor:
            return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def on_fit_start(self) -> None:
            watch.on(self.optimizers().optimizer)

    for known in (True, False):
        text = snippet(facts(known=known, loop={"clip_grad_norm": 1.0}), "lightning")
        assert provided(text) == ([] if known else ["epochs"])
        names = run(
            text.replace("L.Trainer(", "trainer_of("), epochs=EPOCHS, trainer_of=partial(lightning.Trainer, **QUIET)
        )
        Module.configure_optimizers = names["configure_optimizers"]
        names["trainer"].fit(Module(), loader())
        assert watch.rates == pytest.approx(planned_lr(TrainSettings(max_lr=LR), STEPS, STEPS).tolist())
        assert names["trainer"].gradient_clip_val == 1.0
        watch.rates.clear()


@pytest.mark.parametrize("accumulation", [1, 5])
def test_ignite(accumulation: int) -> None:
    pytest.importorskip("ignite")
    watch = Watch()

    class Watched(torch.optim.SGD):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **settings)
            watch.on(self)

    text = snippet(facts(loop={"accumulation": accumulation}), "ignite").replace("torch.optim.SGD", "Watched")
    assert provided(text) == ["model", "loss_fn", "train_loader"]
    run(text, model=network(), loss_fn=nn.functional.cross_entropy, train_loader=loader(), Watched=Watched)
    assert watch.rates == pytest.approx(
        planned_lr(TrainSettings(max_lr=LR), STEPS // accumulation, STEPS // accumulation).tolist()
    )
