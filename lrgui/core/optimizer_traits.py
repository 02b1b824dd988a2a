"""What kind of optimizer one is, read off its class and its hyperparameters: its family, and how long it remembers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

#: Classes without a second moment whatever their `betas` say, and those with one although they have no `betas`.
_SIGNS = ("lion", "signum", "tiger")
_SECOND = ("rmsprop", "rmsproptf", "adagrad", "adadelta", "adafactor")
_PLAIN = ("sgd", "asgd", "sgdw", "sgdp")
#: Which of the `betas` average gradients, and not their squares, where that is not the first alone.
_FIRST_MOMENTS = {"lion": (0, 1), "ademamix": (0, 2)}
#: A momentum below this hardly carries a step along.
_HEAVY = 0.5
#: No memory is said to be longer, in steps: 1/(1 - 1) is no number.
_LONGEST = 1e6


def family(name: str, hyper: Mapping[str, Any]) -> str | None:
    """The family (`core.curve.plan.FAMILIES`) of an optimizer, by its class's name and a parameter group's settings.

    None where these do not tell, as for Lion and Muon, whose steps have the same size whatever the gradient's.
    """
    known, first = _known(name), _first_moments(name, hyper)
    if known in _SIGNS or known.startswith("muon"):
        return None
    if known in _PLAIN:
        return "momentum" if max(first, default=0.0) >= _HEAVY else "sgd"
    if len(_betas(hyper)) > 1 or known in _SECOND:
        return "adam" if max(first, default=0.0) > 0 else "adaptive"
    return None


def memory(name: str, hyper: Mapping[str, Any]) -> float | None:
    """Steps over which the optimizer averages gradients, 1/(1 - β) of its longest average; None without one."""
    decays = [decay for decay in _first_moments(name, hyper) if decay > 0]
    if not decays:
        return None
    longest = max(decays)
    return min(1 / (1 - longest), _LONGEST) if longest < 1 else _LONGEST


def is_schedule_free(name: str) -> bool:
    """True for optimizers that need no schedule and are trained at a constant rate, by their class's name."""
    return "schedulefree" in name.lower().replace("_", "")


def finds_own_steps(name: str) -> bool:
    """True for optimizers whose steps are not as long as a rate says, by their class's name.

    LBFGS makes them of the curvature, several in one step, and may search along each: at most rates it trains.
    """
    return "lbfgs" in name.lower().replace("_", "").replace("-", "")


def _known(name: str) -> str:
    """A class's name without what variants of it are called besides."""
    bare = name.lower().replace("_", "").replace("schedulefree", "")
    for part in ("fused", "8bit", "32bit", "4bit", "paged", "foreach"):
        bare = bare.replace(part, "")
    return bare


def _betas(hyper: Mapping[str, Any]) -> tuple[float, ...]:
    found = hyper.get("betas")
    if not isinstance(found, (tuple, list)):
        return ()
    return tuple(number for number in map(_number, found) if number is not None)


def _first_moments(name: str, hyper: Mapping[str, Any]) -> list[float]:
    """The decays of the averages of gradients."""
    betas = _betas(hyper)
    places = _FIRST_MOMENTS.get(_known(name), (0,))
    beta1, momentum = _number(hyper.get("beta1")), _number(hyper.get("momentum"))
    return [*(betas[i] for i in places if i < len(betas)), *(one for one in (beta1, momentum) if one is not None)]


def _number(value: Any) -> float | None:
    """A plain number of a hyperparameter, which may be a tensor; None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError):
        return None
    return number if math.isfinite(number) else None
