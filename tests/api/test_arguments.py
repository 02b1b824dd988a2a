"""Model, batches and loss as people pass them, and the sentence for what stands in another's place."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import lrgui
from lrgui.api.arguments import batches_of, check_places, criterion_of

MODEL = nn.Linear(3, 2)
X, Y = torch.randn(12, 3), torch.randint(0, 2, (12,))
LOADER = DataLoader(TensorDataset(X, Y), batch_size=4)
SGD = torch.optim.SGD(MODEL.parameters(), 0.1)
LOSS = nn.CrossEntropyLoss()


class HasStep(nn.Module):
    """What a LightningModule looks like."""

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        return None

    def configure_optimizers(self) -> Any:
        return None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((MODEL, SGD, LOSS, LOADER), "The loader argument is an SGD: the order is (model, loader, loss, optimizer)."),
        ((MODEL, SGD, LOSS), "lrgui.LRFinder(model, optimizer, criterion) uses the order of torch-lr-finder."),
        ((MODEL, LOSS, LOADER), "The loader argument is a CrossEntropyLoss: the order is"),
        ((MODEL, LOSS, SGD, LOADER), "The loader argument is a CrossEntropyLoss"),
        ((LOADER, MODEL, LOSS), "The model argument is a DataLoader"),
        ((MODEL, LOADER, SGD, LOSS), "The loss argument is an SGD"),
        ((MODEL, LOADER, torch.optim.SGD), "The loss argument is the class SGD"),
        ((MODEL, LOADER, LOSS, LOADER), "The optimizer argument is a DataLoader"),
        ((MODEL, LOADER, LOSS, LOSS), "The optimizer argument is a CrossEntropyLoss"),
        ((MODEL, LOADER, torch.optim.lr_scheduler.StepLR(SGD, 1)), "The loss argument is a StepLR"),
        ((3, LOADER, LOSS), "The model must be a torch.nn.Module, or a function that returns one, not an int."),
        ((MODEL, LOADER, "mse"), "The loss must be a function (output, target), such as"),
        ((HasStep(), LOADER), "use lrgui.integrations.lightning.find_lr(trainer, module, …), or pass training_step="),
    ],
)
@pytest.mark.parametrize("function", [lrgui.find_lr, functools.partial(lrgui.verify, lr=0.1)])
def test_what_stands_in_anothers_place_is_told(function: Any, given: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        function(*given)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        (MODEL, LOADER, LOSS, SGD, None),
        (lambda: MODEL, LOADER, nn.functional.cross_entropy, torch.optim.SGD, None),
        (nn.Sequential(MODEL), [(X, Y)], MODEL, None, None),
        (HasStep(), LOADER, LOSS, None, None),
        (HasStep(), LOADER, None, None, lambda model, batch: None),
        (MODEL, nn.ParameterList(), LOSS, None, None),
    ],
)
def test_what_stands_in_its_own_place_passes(given: tuple[Any, ...]) -> None:
    check_places(*given)


def test_another_packages_trainer_is_sent_to_its_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("transformers")
    monkeypatch.setitem(sys.modules, "transformers", module)
    trainer = type("Trainer", (), {"__module__": "transformers.trainer"})()
    with pytest.raises(ValueError, match=r"is a Trainer: use lrgui\.integrations\.huggingface\.find_lr\(trainer\)"):
        check_places(trainer, LOADER, LOSS, None, None)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("step", "training_step must be a function (model, batch), not a str."),
        (lambda batch: batch, "this one takes (batch): pass a function (model, batch)"),
        (HasStep().training_step, "this one takes (batch, batch_idx)"),
        (lambda batch, model: batch, "this one takes (batch, model)"),
        (lambda model, batch, epoch: batch, "this one takes (model, batch, epoch)"),
    ],
)
def test_the_step_takes_the_model_and_a_batch(step: Any, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        check_places(MODEL, LOADER, None, None, step)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"metric": "acc"}, "The metric must be a function (output, target) that returns a number, not a str."),
        ({"seed": "0"}, "The seed must be an integer, not '0'."),
        ({"seed": 0.5}, "The seed must be an integer, not 0.5."),
        ({"device": "gpu"}, "There is no device 'gpu'. Use cpu, cuda"),
        ({"device": [0]}, "There is no device [0]. Use cpu, cuda"),
    ],
)
@pytest.mark.parametrize("function", [lrgui.find_lr, functools.partial(lrgui.verify, lr=0.1)])
def test_what_no_metric_seed_or_device_can_be_is_told(function: Any, named: dict[str, Any], words: str) -> None:
    before = torch.get_rng_state()
    with pytest.raises(ValueError) as caught:
        function(MODEL, LOADER, LOSS, SGD, validation=LOADER, **named)
    assert words in str(caught.value)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_metric_of_a_step_takes_the_model_and_the_batch() -> None:
    with pytest.raises(ValueError, match=r"The metric must be a function \(model, batch\)"):
        lrgui.find_lr(MODEL, LOADER, optimizer=SGD, training_step=lambda m, b: LOSS(m(b[0]), b[1]), metric="acc")


@pytest.mark.parametrize("step", [lambda model, batch: 0, lambda m, b, epoch=1: 0, lambda *all: 0, print, MODEL])
def test_other_steps_pass(step: Any) -> None:
    check_places(MODEL, LOADER, None, None, step)


# -- batches
def generator() -> Iterator[Any]:
    yield X, Y
    yield X, Y


class Module:
    """Makes loaders, as a LightningDataModule does."""

    def train_dataloader(self) -> Any:
        return LOADER


def test_a_function_of_batches_is_called_and_a_generators_again() -> None:
    batches = batches_of(generator)
    assert [len(list(batches)) for _ in range(3)] == [2, 2, 2]
    assert batches_of(Module().train_dataloader) is LOADER
    assert batches_of(lambda: LOADER) is LOADER


@pytest.mark.parametrize(
    "loader", [LOADER, [(X, Y)], [X, X], [X], iter([X]), generator(), [(X, Y), (X[:5], Y[:5])], [X, X[:, :2]]]
)
def test_batches_are_taken_as_they_are(loader: Any) -> None:
    assert batches_of(loader) is loader


@pytest.mark.parametrize(
    ("loader", "words"),
    [
        ((X, Y), "a pair of inputs and targets, not batches: pass DataLoader(TensorDataset(x, y), batch_size=64"),
        ([X, Y], "a pair of inputs and targets, not batches"),
        ((X.numpy(), Y.numpy()), "a pair of inputs and targets, not batches"),
        (X, "is a Tensor, which yields examples, not batches: pass DataLoader(TensorDataset(x, y)"),
        (X.numpy(), "is a ndarray, which yields examples"),
        ([(X[0], 1), (X[1], 0)], "is a list of single examples, not batches: pass DataLoader(examples, batch_size=64"),
        ([(X[0], Y[0])], "is a list of single examples"),
        ([(X[0].numpy(), np.int64(1))], "is a list of single examples"),
        ({"train": LOADER, "val": LOADER}, "is a dict: pass one of its entries, such as loaders['train']."),
        ({"x": X}, "is a dict"),
        ((LOADER, LOADER), "is a tuple of 2 loaders: pass one of them."),
        (DataLoader, "is the class DataLoader: pass DataLoader(…)."),
        (lambda batch_size: LOADER, "is a function that takes arguments: call it"),
        (lambda: None, "returned None: did you forget return?"),
        ("train", "must be an iterable of batches, such as a DataLoader or a list, not a str."),
        (None, "not None."),
        (3, "not an int."),
    ],
)
def test_what_gives_no_batches_is_told_with_the_way_out(loader: Any, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        batches_of(loader)
    assert words in str(caught.value)
    with pytest.raises(ValueError, match=r"The (function in the )?validation argument"):
        batches_of(loader, "validation")


def test_a_table_gives_no_batches() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="is a DataFrame, which yields examples"):
        batches_of(pandas.DataFrame({"x": [1.0]}))


# -- losses
def test_of_a_class_of_losses_an_instance_is_meant() -> None:
    assert isinstance(criterion_of(nn.CrossEntropyLoss), nn.CrossEntropyLoss)
    assert criterion_of(LOSS) is LOSS
    assert criterion_of(nn.functional.mse_loss) is nn.functional.mse_loss
    assert criterion_of(None) is None
    with pytest.raises(ValueError, match=r"The loss argument is the class LambdaLR: pass LambdaLR\(…\)"):
        criterion_of(torch.optim.lr_scheduler.LambdaLR)


def test_what_torch_offers_for_every_step_is_taken_back_afterwards() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)
    data = [(torch.randn(8, 3), torch.randint(0, 2, (8,))) for _ in range(4)]
    weights = [parameter.detach().clone() for parameter in model.parameters()]
    options = {"label_smoothing": 0.1, "decay_norms": False, "deterministic": True}
    for repeats in (1, 2):
        result = lrgui.find_lr(
            model, data, torch.nn.CrossEntropyLoss(), optimizer, steps=10, repeats=repeats, progress=False, **options
        )
        assert any("have no weight decay" in note for note in result.notes)
        assert len(optimizer.param_groups) == 1 and len(optimizer.param_groups[0]["params"]) == 4
        assert not torch.are_deterministic_algorithms_enabled()
        assert all(map(torch.equal, weights, model.parameters()))
    with pytest.raises(ValueError, match="Label smoothing needs a loss that has it"):
        lrgui.find_lr(model, data, training_step=lambda m, b: m(b[0]).mean(), label_smoothing=0.1, progress=False)
    made = lrgui.find_lr(
        lambda: torch.nn.Linear(3, 2),
        data,
        torch.nn.CrossEntropyLoss(),
        steps=10,
        repeats=2,
        fresh_init=True,
        progress=False,
        label_smoothing=0.1,
    )
    assert made.end.reason in ("completed", "diverged")
