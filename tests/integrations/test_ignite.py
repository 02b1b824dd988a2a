"""`lrgui.integrations.ignite`."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

pytest.importorskip("ignite")

from ignite.engine import Engine, Events, create_supervised_trainer
from ignite.handlers.param_scheduler import CosineAnnealingScheduler, LRScheduler

from lrgui.api.find import find_lr as plain
from lrgui.integrations.ignite import find_lr

SWEEP = {"steps": 60, "progress": False}
ONE_RATE = {"start_lr": 0.05, "end_lr": 0.050000001, "stop_factor": 0, "progress": False}


@pytest.fixture
def parts(make_net):
    """A model and its optimizer, as `to_save` holds them; the first layer learns at a tenth of the rate."""
    model = make_net()
    groups = [{"params": model[:2].parameters(), "lr": 0.005}, {"params": model[2:].parameters()}]
    return {"model": model, "optimizer": torch.optim.SGD(groups, 0.05, momentum=0.9)}


def supervised(parts, **settings):
    return create_supervised_trainer(parts["model"], parts["optimizer"], cross_entropy, **settings)


def recorded(trainer):
    """A list that grows by the engine's output after every batch."""
    outputs = []
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda engine: outputs.append(engine.state.output))
    return outputs


@pytest.mark.parametrize("accumulation", [1, 3])
def test_the_curve_is_that_of_a_sweep_by_hand(parts, loader, make_net, accumulation):
    trainer = supervised(parts, gradient_accumulation_steps=accumulation)
    ours = find_lr(trainer, loader, parts, accumulation=accumulation, seed=5, **SWEEP)
    model = make_net()
    groups = [{"params": model[:2].parameters(), "lr": 0.005}, {"params": model[2:].parameters()}]
    optimizer = torch.optim.SGD(groups, 0.05, momentum=0.9)
    theirs = plain(model, loader, cross_entropy, optimizer, accumulation=accumulation, seed=5, **SWEEP)
    assert len(ours.curve.lr) > 30
    np.testing.assert_allclose(ours.curve.loss, theirs.curve.loss, rtol=1e-5)


def test_a_sweep_at_one_rate_is_the_engines_own_training(parts, examples):
    parts["model"][3].p = 0.0
    loader = DataLoader(examples, 16)
    trainer = supervised(parts, gradient_accumulation_steps=2)
    result = find_lr(trainer, loader, parts, accumulation=2, steps=12, **ONE_RATE)
    outputs = recorded(trainer)
    trainer.run(loader, max_epochs=2)
    np.testing.assert_allclose(result.curve.loss, np.reshape(outputs, (12, 2)).mean(axis=1), rtol=1e-5)


def test_training_is_as_if_never_swept(parts, loader, make_net, snap, same):
    start = snap(parts["model"], parts["optimizer"])
    trained = {}
    for swept in (False, True):
        parts["model"].load_state_dict(start[0][0])
        parts["optimizer"].load_state_dict(start[1])
        trainer = supervised(parts)
        outputs = recorded(trainer)
        torch.manual_seed(2)
        trainer.run(loader, max_epochs=1)
        if swept:
            before = snap(*parts.values()), vars(trainer.state).copy(), len(outputs)
            find_lr(trainer, loader, parts, repeats=2, **SWEEP)
            after = snap(*parts.values()), vars(trainer.state).copy(), len(outputs)
            assert same(before, after)
        trainer.run(loader, max_epochs=2)
        trained[swept] = outputs
    assert trained[True] == trained[False] and len(trained[True]) == 24


def test_a_process_function_of_ones_own(parts, loader):
    """It counts iterations, keeps state in the engine, and its output is a dict."""
    iterations = []

    def update(engine, batch):
        iterations.append(engine.state.iteration)
        engine.state.seen = engine.state.iteration
        inputs, target = batch
        model, optimizer = parts["model"].train(), parts["optimizer"]
        loss = cross_entropy(model(inputs), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "batch": len(inputs)}

    trainer = Engine(update)
    result = find_lr(trainer, loader, parts, output_transform=lambda output: output["loss"], repeats=2, **SWEEP)
    assert result.curve.loss.min() < 0.9 * result.curve.loss[0]
    assert iterations[0] == 1 and iterations.count(1) == 2 and iterations[1] == 2
    assert trainer.state.iteration == 0 and not hasattr(trainer.state, "seen")


def test_what_else_is_saved_is_put_back_before_every_repeat(parts, loader):
    class Average:
        def __init__(self):
            self.updates = 0

        def state_dict(self):
            return {"updates": self.updates}

        def load_state_dict(self, state):
            self.updates = state["updates"]

    average = Average()
    average.updates = 7
    first = []
    step = supervised(parts)._process_function

    def update(engine, batch):
        if engine.state.iteration == 1:
            first.append(average.updates)
        average.updates += 1
        return step(engine, batch)

    trainer = Engine(update)
    find_lr(trainer, loader, {**parts, "average": average, "trainer": trainer}, repeats=3, **SWEEP)
    assert first == [7, 7, 7] and average.updates == 7


def test_an_error_is_raised_and_everything_is_put_back(parts, loader, snap, same):
    def update(engine, batch):
        raise RuntimeError("mine")

    trainer = Engine(update)
    before = snap(*parts.values())
    with pytest.raises(RuntimeError, match="mine"):
        find_lr(trainer, loader, parts, **SWEEP)
    assert same(before, snap(*parts.values())) and trainer.state.iteration == 0


def test_what_cannot_be_swept_is_said(parts, loader):
    with pytest.raises(ValueError, match="“optimizer”"):
        find_lr(supervised(parts), loader, {"model": parts["model"]})
    with pytest.raises(ValueError, match="output_transform"):
        find_lr(supervised(parts, output_transform=lambda *parts: {"loss": 1.0}), loader, parts, **SWEEP)
    with pytest.raises(TypeError, match="`validation` cannot be passed here"):
        find_lr(supervised(parts), loader, parts, validation=loader)


# The number reaches the training ------------------------------------------------------------------


def trained_with(trainer, parts, loader):
    """The highest rate of each group in a training."""
    seen = []
    groups = parts["optimizer"].param_groups
    handler = trainer.add_event_handler(
        Events.ITERATION_STARTED, lambda _: seen.append([group["lr"] for group in groups])
    )
    trainer.run(loader, max_epochs=2)
    handler.remove()
    return np.max(seen, axis=0)


def warm_up(optimizer):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda e: min(1, (e + 1) / 4))


def one_cycle(optimizer):
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, [1e-6, 1e-5], total_steps=41, pct_start=0.1)


@pytest.mark.parametrize("wrapped", [False, True], ids=["by hand", "LRScheduler"])
@pytest.mark.parametrize("schedule", [None, warm_up, one_cycle])
def test_the_pick_reaches_the_training(parts, loader, schedule, wrapped):
    """As the docs say, with `result.apply(optimizer)`, whoever steps the schedule."""
    trainer, optimizer = supervised(parts), parts["optimizer"]
    if schedule is not None:
        made = schedule(optimizer)
        if wrapped:
            # Ignite's own sets the rate of the step that comes.
            trainer.add_event_handler(Events.ITERATION_STARTED, LRScheduler(made))
        else:
            trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda _: made.step())
    result = find_lr(trainer, loader, parts, steps=100, progress=False, seed=0)
    assert result.lr is not None
    result.apply(optimizer)
    assert trained_with(trainer, parts, loader) == pytest.approx([result.lr / 10, result.lr], rel=0.02)


def test_a_schedule_of_ignites_own_is_refused(parts, loader):
    trainer, optimizer = supervised(parts), parts["optimizer"]
    handler = CosineAnnealingScheduler(optimizer, "lr", 1e-5, 1e-6, 24)
    trainer.add_event_handler(Events.ITERATION_STARTED, handler)
    result = find_lr(trainer, loader, parts, steps=100, progress=False, seed=0)
    before = [group["lr"] for group in optimizer.param_groups]
    with pytest.raises(ValueError, match="CosineAnnealingScheduler controls this optimizer's rates"):
        result.apply(optimizer)
    assert before == [group["lr"] for group in optimizer.param_groups]


def test_an_attached_schedule_and_the_kind_of_optimizer_are_known(parts, loader):
    trainer = supervised(parts)
    cycle = torch.optim.lr_scheduler.OneCycleLR(parts["optimizer"], [0.01, 0.1], total_steps=900)
    trainer.add_event_handler(Events.ITERATION_STARTED, LRScheduler(cycle))
    plan = find_lr(trainer, loader, parts, **SWEEP).reading.plan
    assert (plan.schedule, plan.steps, plan.family) == ("onecycle", 900, "momentum")
