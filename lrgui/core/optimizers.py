"""The optimizers on offer: one row each, so that forms and command lines build themselves."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lrgui.core.options import Option, Scalar, filled
from lrgui.core.run_settings import Problem


@dataclass(frozen=True)
class OptimizerRow:
    """One optimizer: where torch has its class (by name: this file needs no torch) and which settings it takes."""

    key: str
    label: str
    dotted: str
    """Takes parameters, `lr` and the arguments; empty where torch has no such class, and `tasks` makes it."""
    fields: tuple[str, ...]
    """Settings of every task that this optimizer takes, by name: `momentum`, `weight_decay`."""
    typical_lr: str
    """Where good rates usually lie, in words."""
    options: tuple[Option, ...] = ()
    """Settings that are its own; their names are those of the class' arguments, or stand in `tuples`."""
    tuples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Arguments that are several options in one: `betas` are `beta1` and `beta2`."""
    takes_model: bool = False
    """It is made from the model, not from its parameters."""
    since: str = ""
    """The PyTorch that had it first; empty for the oldest that runs are made with."""
    needs: tuple[str, ...] = ()
    """Modules that must be installed beside torch."""
    compared: bool = False
    """Comparisons have it in them unless asked otherwise."""
    detail: str = ""
    """A sentence for the tooltip."""

    def arguments(self, settings: Mapping[str, Any], options: Mapping[str, Scalar] | None = None) -> dict[str, Any]:
        """Those of `settings` that this optimizer takes, and its own options: a given one, else the default."""
        return {**{name: settings[name] for name in self.fields}, **self.own_arguments(options)}

    def own_arguments(self, options: Mapping[str, Scalar] | None = None) -> dict[str, Any]:
        """Its own options alone: a given one, else the default."""
        own: dict[str, Any] = filled(self.options, options or {})
        for argument, names in self.tuples.items():
            own[argument] = tuple(own.pop(name) for name in names)
        return own

    def problems(self, settings: Mapping[str, Any], options: Mapping[str, Scalar]) -> list[Problem]:
        """What is wrong with settings that are right each by itself. Unknown names do not matter here."""
        if "momentum" not in self.fields or not options.get("nesterov"):
            return []
        if settings["momentum"] == 0:
            fix = "Set a momentum, 0.9 is usual, or switch Nesterov off."
            return [Problem("momentum", "Nesterov looks ahead along the momentum, which is 0.", fix)]
        if options.get("dampening"):
            fix = "Set the dampening to 0, or switch Nesterov off."
            return [Problem("optimizer_options.dampening", "Nesterov works without dampening only.", fix)]
        return []


#: The largest number below 1 that a decay can be set to.
ALMOST_1 = 0.999999

DECAYED = ("weight_decay",)
BETAS = {"betas": ("beta1", "beta2")}


def _betas(first: float = 0.9, second: float = 0.999) -> tuple[Option, Option]:
    return (
        Option("beta1", "Beta 1", "number", first, "Decay rate of the running mean of gradients", (), 0, ALMOST_1),
        Option(
            "beta2", "Beta 2", "number", second, "Decay rate of the running mean of squared gradients", (), 0, ALMOST_1
        ),
    )


def _eps(default: float = 1e-8) -> Option:
    return Option("eps", "Epsilon", "number", default, "Added to the denominator for numerical stability", (), 0)


_DECOUPLED = Option(
    "decoupled_weight_decay",
    "Decoupled weight decay",
    "flag",
    False,
    "Apply weight decay to the weights as AdamW does, not to the gradients",
)
_AMSGRAD = Option("amsgrad", "AMSGrad", "flag", False, "Divide by the maximum of the running mean of squares")


def _name(tip: str, *suggestions: str) -> Option:
    return Option("name", "Name", "text", suggestions[0], tip, tuple((name, name) for name in suggestions))


OPTIMIZERS: dict[str, OptimizerRow] = {
    row.key: row
    for row in (
        OptimizerRow(
            "sgd",
            "SGD",
            "torch.optim.SGD",
            ("momentum", "weight_decay"),
            "1e-2 to 1e-1 with momentum",
            options=(
                Option("nesterov", "Nesterov", "flag", False, "Evaluate the gradient ahead, along the momentum"),
                Option("dampening", "Dampening", "number", 0.0, "Dampening of the momentum", (), 0, 1),
            ),
            compared=True,
        ),
        OptimizerRow(
            "adam",
            "Adam",
            "torch.optim.Adam",
            DECAYED,
            "near 1e-3",
            options=(*_betas(), _eps(), _AMSGRAD),
            tuples=BETAS,
            compared=True,
        ),
        OptimizerRow(
            "adamw",
            "AdamW",
            "torch.optim.AdamW",
            DECAYED,
            "near 1e-3",
            options=(*_betas(), _eps(), _AMSGRAD),
            tuples=BETAS,
            compared=True,
        ),
        OptimizerRow(
            "radam",
            "RAdam",
            "torch.optim.RAdam",
            DECAYED,
            "near 1e-3",
            options=(*_betas(), _eps(), _DECOUPLED),
            tuples=BETAS,
            detail="Adam with a built-in warm-up: step 100 has a fifth of the rate, so short sweeps point too high.",
        ),
        OptimizerRow(
            "nadam",
            "NAdam",
            "torch.optim.NAdam",
            DECAYED,
            "near 2e-3",
            options=(
                *_betas(),
                _eps(),
                Option("momentum_decay", "Momentum decay", "number", 4e-3, "Decay of the momentum schedule", (), 0),
                _DECOUPLED,
            ),
            tuples=BETAS,
            detail="Adam with Nesterov's momentum.",
        ),
        OptimizerRow(
            "adamax",
            "Adamax",
            "torch.optim.Adamax",
            DECAYED,
            "near 2e-3",
            options=(*_betas(), _eps()),
            tuples=BETAS,
            detail="Adam based on the infinity norm.",
        ),
        OptimizerRow(
            "rmsprop",
            "RMSprop",
            "torch.optim.RMSprop",
            DECAYED,
            "1e-4 to 1e-3",
            options=(
                Option(
                    "alpha",
                    "Alpha",
                    "number",
                    0.99,
                    "Decay rate of the running mean of squared gradients",
                    (),
                    0,
                    ALMOST_1,
                ),
                _eps(),
                Option("momentum", "Momentum", "number", 0.0, "Momentum; 0 for none", (), 0, ALMOST_1),
                Option("centered", "Centered", "flag", False, "Divide by an estimate of the gradient's variance"),
            ),
        ),
        OptimizerRow(
            "adagrad",
            "Adagrad",
            "torch.optim.Adagrad",
            DECAYED,
            "near 1e-2",
            options=(
                Option(
                    "lr_decay", "Rate decay", "number", 0.0, "The learning rate is divided by 1 + this × steps", (), 0
                ),
                Option(
                    "initial_accumulator_value",
                    "First sum",
                    "number",
                    0.0,
                    "Initial value of the sum of squares",
                    (),
                    0,
                ),
                _eps(1e-10),
            ),
        ),
        OptimizerRow(
            "adafactor",
            "Adafactor",
            "torch.optim.Adafactor",
            DECAYED,
            "near 1e-2",
            options=(
                Option(
                    "beta2_decay",
                    "Beta 2 decay",
                    "number",
                    -0.8,
                    "Exponent with which beta 2 approaches 1",
                    (),
                    None,
                    0,
                ),
                Option(
                    "eps1", "Epsilon of squares", "number", None, "Automatic uses the smallest", (), 0, optional=True
                ),
                Option("eps2", "Epsilon of weights", "number", 1e-3, "Lower bound of the weights' scale", (), 0),
                Option("d", "Clipping", "number", 1.0, "Larger steps are clipped to this", (), 1),
            ),
            tuples={"eps": ("eps1", "eps2")},
            since="2.5",
            detail="Needs less memory than Adam; its steps are relative to the scale of the weights.",
        ),
        OptimizerRow(
            "muon",
            "Muon",
            "",
            DECAYED,
            "near 1e-3",
            options=(
                Option("momentum", "Momentum", "number", 0.95, "Momentum of Muon", (), 0, ALMOST_1),
                Option("nesterov", "Nesterov", "flag", True, "Evaluate the gradient ahead, along the momentum"),
                Option("ns_steps", "Newton-Schulz steps", "whole", 5, "Iterations of the orthogonalization", (), 1, 99),
                Option(
                    "adjust_lr_fn",
                    "Size of steps",
                    "choice",
                    "match_rms_adamw",
                    "One learning rate fits Muon and AdamW only if their steps have similar sizes",
                    (("match_rms_adamw", "as AdamW's"), ("original", "as in Muon's first version")),
                ),
                *_betas(),
            ),
            tuples=BETAS,
            takes_model=True,
            since="2.9",
            detail="Muon for the hidden weight matrices, AdamW for everything else (including convolutions).",
        ),
        OptimizerRow(
            "asgd",
            "ASGD",
            "torch.optim.ASGD",
            DECAYED,
            "1e-2 to 1e-1",
            options=(
                Option("lambd", "Lambda", "number", 1e-4, "Decay term", (), 0),
                Option("alpha", "Alpha", "number", 0.75, "Exponent of the learning rate decay", (), 0),
                Option("t0", "Averaging from", "number", 1e6, "Step at which averaging starts", (), 0),
            ),
            detail="SGD that averages its weights.",
        ),
        OptimizerRow(
            "timm",
            "timm optimizer",
            "",
            DECAYED,
            "as its paper says",
            options=(
                _name("Name of a timm optimizer", "lamb", "lion", "adan", "madgrad", "sgdw"),
                Option("momentum", "Momentum", "number", 0.9, "For optimizers that accept one", (), 0, ALMOST_1),
            ),
            takes_model=True,
            needs=("timm",),
            detail="Any optimizer of timm, by name.",
        ),
        OptimizerRow(
            "pytorch_optimizer",
            "pytorch_optimizer",
            "",
            DECAYED,
            "as its paper says",
            options=(
                _name(
                    "Name of a pytorch_optimizer optimizer",
                    *("lion", "adabelief", "came", "soap", "ademamix"),
                ),
            ),
            takes_model=True,
            needs=("pytorch_optimizer",),
            detail="Any optimizer of pytorch_optimizer, by name.",
        ),
    )
}

EXCLUDED: dict[str, str] = {
    "rprop": "It uses only the signs of gradients and needs the same full batch at every step: with mini-batches its "
    "curve is meaningless. Use Adam.",
    "lbfgs": "It evaluates the loss several times per step and searches for the rate itself: use another optimizer.",
    "sam": "It evaluates the loss twice per step; sweep its base optimizer.",
    "sparseadam": "It supports only sparse gradients; Adam supports all.",
}
"""Optimizers that are not on offer, by their class in lower case, and why."""


def optimizer_name(optimizer: Any) -> str:
    """What an optimizer is called: its class, past Accelerate's wrapper and our own stand-ins."""
    kind = type(optimizer)
    if (stood_for := getattr(optimizer, "stands_for", None)) is not None:
        return optimizer_name(stood_for)
    inner = getattr(optimizer, "optimizer", None)
    return optimizer_name(inner) if inner is not None and kind.__module__.startswith("accelerate.") else kind.__name__


def refusal(optimizer: Any) -> str:
    """Why the rate of an optimizer can't be swept, in a sentence with the way out; empty where it can."""
    innermost, seen = optimizer, set()
    while innermost is not None and id(innermost) not in seen:
        seen.add(id(innermost))
        names = {kind.__name__.lower() for kind in type(innermost).__mro__}
        twice = next((EXCLUDED[name] for name in ("lbfgs", "sam") if name in names), "")
        if not twice and _wants_closure(innermost):
            twice = "Its step computes the loss itself (step(closure)): use another optimizer."
        if twice:
            return f"{type(innermost).__name__} cannot be swept. {twice}"
        innermost = getattr(innermost, "optimizer", None) or getattr(innermost, "base", None)
    for group in getattr(optimizer, "param_groups", ()):
        if group.get("lr") is None or group.get("relative_step"):
            name = optimizer_name(optimizer)
            how = "lr=1e-3, relative_step=False, warmup_init=False" if "relative_step" in group else "lr=1e-3"
            return f"{name} has no learning rate: it sets its own step size. Create it with one, {name}(…, {how})."
    return ""


def _wants_closure(optimizer: Any) -> bool:
    """True where `step` can't be called without a closure."""
    try:
        closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    except (AttributeError, TypeError, ValueError):
        return False
    return closure is not None and closure.default is closure.empty
