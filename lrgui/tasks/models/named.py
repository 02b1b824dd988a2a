"""Names of models and optimizers that the libraries of this Python have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec

_SECOND = "it needs second derivatives, which no training here computes."
#: Optimizers of timm that no sweep can be made with, and why.
TIMM_EXCLUDED = {"adahessian": _SECOND}
#: Those of timm that need one more package each.
TIMM_MORE = {"bnb": "bitsandbytes", "fused": "apex"}
_NO_RATE = "it has no learning rate to sweep."
_LENGTH = "it must know the length of the training beforehand."
_FUSED = "it steps during the backward pass, with a rate of its own."
#: Optimizers of pytorch_optimizer that no sweep can be made with, and why.
PYTORCH_OPTIMIZER_EXCLUDED = {
    "a2grad": _NO_RATE,
    "adahessian": _SECOND,
    "adalomo": _FUSED,
    "aggmo": "its momenta cannot be cycled, as OneCycle does.",
    "alig": _NO_RATE,
    "bsam": _LENGTH,
    "demo": "it is for several processes that train together.",
    "distributedmuon": "it is for several processes that train together.",
    "lbfgs": "it computes the loss several times in each step.",
    "lomo": _FUSED,
    "ranger21": _LENGTH,
    "sophiah": _SECOND,
    "spectralsphere": "it takes matrices only.",
}


def torchvision_models() -> tuple[str, ...]:
    """Models of torchvision that tell classes of images, in order; empty where it is not installed."""
    if find_spec("torchvision") is None:
        return ()
    from torchvision import models

    return tuple(sorted(models.list_models(module=models)))


def timm_models() -> tuple[str, ...]:
    """Models of timm, in order; empty where it is not installed."""
    if find_spec("timm") is None:
        return ()
    import timm

    return tuple(sorted(timm.list_models()))


def timm_optimizers() -> tuple[str, ...]:
    """Optimizers of timm that can be swept, in order; empty where it is not installed."""
    if find_spec("timm") is None:
        return ()
    names: list[str] = import_module("timm.optim").list_optimizers()
    absent = tuple(start for start, package in TIMM_MORE.items() if find_spec(package) is None)
    return tuple(sorted(n for n in names if n not in TIMM_EXCLUDED and not n.startswith(absent or "?")))


def pytorch_optimizers() -> tuple[str, ...]:
    """Optimizers of pytorch_optimizer that can be swept, in order; empty where it is not installed."""
    if find_spec("pytorch_optimizer") is None:
        return ()
    from pytorch_optimizer import get_supported_optimizers

    return tuple(sorted(n for n in get_supported_optimizers() if n not in PYTORCH_OPTIMIZER_EXCLUDED))


def must_know(library: str, kind: str, name: str, names: Iterable[str]) -> None:
    """Raise ValueError, with the closest names, where `name` is none of `names`."""
    names = list(names)
    if name in names:
        return
    close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.4)
    like = f"Closest are {', '.join(close)}." if close else f"It has {', '.join(names[:3])} and others."
    raise ValueError(f"{library} has no {kind} “{name}”. {like}")
