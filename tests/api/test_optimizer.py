"""Every form in which people give an optimizer, and the sentence where there is none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau, StepLR

import lrgui
from lrgui.api.optimizer import MakeOptimizer, optimizer_and_company

LR = 1e-5


@pytest.fixture
def model() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 2))


def optimizer_of(module: nn.Module, given: MakeOptimizer | None, lr: float) -> torch.optim.Optimizer:
    return optimizer_and_company(module, given, lr)[0]


def parameters(optimizer: torch.optim.Optimizer) -> set[int]:
    return {id(p) for group in optimizer.param_groups for p in group["params"]}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (None, "AdamW"),
        ("adam", "Adam"),
        ("SGD", "SGD"),
        ("AdamW", "AdamW"),
        ("adam_w", "AdamW"),
        ("torch.optim.RMSprop", "RMSprop"),
        (SGD, "SGD"),
        (functools.partial(Adam, weight_decay=0.1), "Adam"),
        (functools.partial(Adam, lr=1e-3), "Adam"),  # as Hydra makes them
        (functools.partial(functools.partial(Adam, lr=1e-3), lr=1e-2), "Adam"),
        (lambda params, lr: SGD(params, lr, momentum=0.9), "SGD"),
        (lambda lr, params: SGD(params, lr), "SGD"),
        (lambda p, rate: SGD(p, rate), "SGD"),
        (lambda params, rate, momentum=0.9: SGD(params, rate, momentum), "SGD"),
        (lambda params, learning_rate: SGD(params, learning_rate), "SGD"),
        (lambda model, lr: SGD(model.parameters(), lr), "SGD"),
        (lambda *arguments: SGD(*arguments), "SGD"),
        (lambda params, lr: {"optimizer": SGD(params, lr)}, "SGD"),
    ],
)
def test_what_makes_an_optimizer_is_called_as_it_asks(model: nn.Module, given: Any, kind: str) -> None:
    made = optimizer_of(model, given, LR)
    assert type(made).__name__ == kind
    assert made.param_groups[0]["lr"] == LR
    assert parameters(made) == {id(p) for p in model.parameters()}


@pytest.mark.parametrize(
    "given",
    [
        lambda params: SGD(params, 0.1),
        lambda params, **settings: SGD(params, 0.1, **settings),
        lambda model: SGD(model.parameters(), 0.1),
    ],
)
def test_a_function_may_choose_the_rate_itself(model: nn.Module, given: Any) -> None:
    made = optimizer_of(model, given, LR)
    assert parameters(made) == {id(p) for p in model.parameters()}


def test_frozen_parameters_are_left_out(model: nn.Module) -> None:
    model[0].requires_grad_(False)
    assert parameters(optimizer_of(model, "sgd", LR)) == {
        id(p) for p in (*model[2].parameters(), *model[3].parameters())
    }


def test_a_name_means_the_class_with_its_usual_settings(model: nn.Module) -> None:
    for name, kind in (("sgd", SGD), ("adamw", AdamW), ("adam", Adam)):
        by_name, by_class = (optimizer_of(model, one, LR).param_groups[0] for one in (name, kind))
        assert {k: v for k, v in by_name.items() if k != "params"} == {
            k: v for k, v in by_class.items() if k != "params"
        }
    if hasattr(torch.optim, "Muon"):
        muon = optimizer_of(model, "muon", LR)
        assert [group["with_muon"] for group in muon.param_groups] == [True, False]


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda o: o,
        lambda o: [o],
        lambda o: (o, StepLR(o, 3)),
        lambda o: ([o], [StepLR(o, 3)]),
        lambda o: {"optimizer": o, "lr_scheduler": {"scheduler": StepLR(o, 3), "interval": "step"}},
        lambda o: [{"optimizer": o, "lr_scheduler": StepLR(o, 3)}],
    ],
)
def test_an_optimizer_is_found_in_what_people_return(model: nn.Module, wrapped: Callable[[Any], Any]) -> None:
    own = SGD(model.parameters(), 0.1)
    assert optimizer_of(model, wrapped(own), LR) is own
    assert own.param_groups[0]["lr"] == 0.1


class Wrapper:
    """Sets the rate of an optimizer, as many a transformer's first implementation has it."""

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer

    def step(self) -> None:
        self.optimizer.step()


class Twice(SGD):
    def step(self, closure: Any) -> Any:
        return super().step(closure)


class Relative(SGD):
    """Chooses its rate itself, as transformers' Adafactor does by default."""

    def __init__(self, params: Any, lr: float | None = None) -> None:
        super().__init__(params, 0.0)
        self.param_groups[0].update(lr=lr, relative_step=lr is None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda m: "lbfgs", "lbfgs cannot be swept. It evaluates the loss several times"),
        (lambda m: "adm", "Unknown optimizer “adm”. Choose one of: sgd, adam, adamw"),
        (lambda m: "timm", "Unknown optimizer “timm”"),
        (lambda m: torch.optim.LBFGS, "LBFGS cannot be swept. It evaluates the loss several times"),
        (lambda m: torch.optim.LBFGS(m.parameters()), "LBFGS cannot be swept"),
        (lambda m: Twice(m.parameters(), 0.1), "Twice cannot be swept. Its step computes the loss itself"),
        (
            lambda m: Relative(m.parameters()),
            "Relative has no learning rate: it sets its own step size. Create it with one",
        ),
        (lambda m: [SGD(m[0].parameters(), 0.1), Adam(m[2].parameters())], "There are 2 optimizers (SGD and Adam)"),
        (lambda m: {"a": SGD(m[0].parameters(), 0.1), "b": Adam(m[2].parameters())}, "training_step(model, batch)"),
        (lambda m: OneCycleLR(SGD(m.parameters(), 0.1), 1.0, 9), "is a scheduler (OneCycleLR): pass its .optimizer."),
        (lambda m: ReduceLROnPlateau(SGD(m.parameters(), 0.1)), "is a scheduler (ReduceLROnPlateau): pass its .opt"),
        (lambda m: StepLR, "is the scheduler StepLR: pass the optimizer alone."),
        (
            lambda m: Wrapper(SGD(m.parameters(), 0.1)),
            "is a Wrapper, which is not a torch.optim.Optimizer but wraps one",
        ),
        (lambda m: m.parameters(), "not a generator; a class, a name such as"),
        (lambda m: list(m.parameters()), "These are parameters: pass torch.optim.AdamW(parameters)"),
        (lambda m: [{"params": m.parameters()}], "These are parameter groups: pass torch.optim.AdamW(groups)."),
        (lambda m: {"lr": 0.1}, "Pass settings with functools.partial"),
        (lambda m: 3, "The optimizer must be a torch.optim.Optimizer, not an int"),
        (lambda m: lambda params, lr: None, "The optimizer's function returned None: did you forget return?"),
        (lambda m: lambda params, lr: "SGD", "must return a torch.optim.Optimizer, not a str"),
        (lambda m: SGD(nn.Linear(1, 1).parameters(), 0.1), "has none of this model's parameters"),
        (lambda m: m.requires_grad_(False) and None, "Every parameter of the model is frozen"),
    ],
)
def test_what_is_no_optimizer_is_told_with_the_way_out(
    model: nn.Module, given: Callable[[nn.Module], Any], words: str
) -> None:
    with pytest.raises(ValueError) as caught:
        optimizer_of(model, given(model), LR)
    assert words in str(caught.value)
    assert str(caught.value).endswith((".", "?"))


def test_transformers_adafactor_needs_a_rate(model: nn.Module) -> None:
    adafactor = pytest.importorskip("transformers.optimization").Adafactor
    with pytest.raises(ValueError, match=r"Create it with one, Adafactor.*relative_step=False, warmup_init=False"):
        optimizer_of(model, adafactor(model.parameters(), relative_step=True, warmup_init=True), LR)
    made = optimizer_of(model, functools.partial(adafactor, relative_step=False, warmup_init=False), LR)
    assert made.param_groups[0]["lr"] == LR


def test_an_optimizer_around_another_one_is_refused_for_what_is_inside(model: nn.Module) -> None:
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    own = accelerator.prepare(SGD(model.parameters(), 0.1))
    assert optimizer_of(model, own, LR) is own
    with pytest.raises(ValueError, match="LBFGS cannot be swept"):
        optimizer_of(model, accelerator.prepare(torch.optim.LBFGS(model.parameters())), LR)


class Around:
    """Wrapped around an optimizer without being one of torch's classes, as schedulefree's wrapper is."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.steps = 0

    @property
    def param_groups(self) -> Any:
        return self.inner.param_groups

    @property
    def state(self) -> Any:
        return self.inner.state

    def zero_grad(self) -> None:
        self.inner.zero_grad()

    def step(self) -> None:
        self.steps += 1
        self.inner.step()


def test_what_is_wrapped_around_an_optimizer_takes_its_place(model: nn.Module) -> None:
    own = Around(SGD(model.parameters(), 0.1, momentum=0.9))
    x, y = torch.randn(16, 3), torch.randint(0, 2, (16,))
    before = [p.detach().clone() for p in model.parameters()]
    result = lrgui.find_lr(model, [(x, y)], nn.CrossEntropyLoss(), own, steps=10, progress=False)
    verified = lrgui.verify(model, [(x, y)], nn.CrossEntropyLoss(), own, lr=0.1, steps=20, rates=3, progress=False)
    assert result.end.reason == verified.end.reason == "completed"
    assert result.title == "Sequential · Around"
    assert own.steps == 0 and own.inner.param_groups[0]["lr"] == 0.1 and not own.inner.state
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def test_the_wrappers_of_packages_are_swept_with_their_settings_put_back(model: nn.Module) -> None:
    x, y = torch.randn(16, 3), torch.randint(0, 2, (16,))
    data = [(x, y)]
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    prepared, own = accelerator.prepare(model, SGD(model.parameters(), 0.1))
    plain = lrgui.find_lr(model, data, nn.CrossEntropyLoss(), SGD, steps=10, progress=False)
    result = lrgui.find_lr(prepared, data, nn.CrossEntropyLoss(), own, steps=10, progress=False)
    assert result.title == "Sequential · SGD"
    assert result.curve.loss.tolist() == plain.curve.loss.tolist()
    lookahead = pytest.importorskip("pytorch_optimizer").Lookahead(SGD(model.parameters(), 0.1), k=3)
    before = [p.detach().clone() for p in model.parameters()]
    result = lrgui.find_lr(model, data, nn.CrossEntropyLoss(), lookahead, steps=10, progress=False)
    assert result.end.reason == "completed" and lookahead.param_groups[0]["lr"] == 0.1
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
