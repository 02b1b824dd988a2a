"""What is said of names that a library does not have, and of its optimizers that cannot be swept; needs no library."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SECOND = "it needs second derivatives, which no training here computes."
#: Optimizers of timm that no sweep can be made with, and why.
TIMM_EXCLUDED = {"adahessian": _SECOND}
#: Those of timm that need one more package each.
TIMM_MORE = {"bnb": "bitsandbytes", "fused": "apex"}
_NO_RATE = "it has no learning rate to sweep."
_LENGTH = "it needs to know the length of the training in advance."
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
    "lbfgs": "it evaluates the loss several times per step.",
    "lomo": _FUSED,
    "ranger21": _LENGTH,
    "sophiah": _SECOND,
    "spectralsphere": "it supports only matrices.",
}
EXCLUDED = {"timm": TIMM_EXCLUDED, "pytorch_optimizer": PYTORCH_OPTIMIZER_EXCLUDED}


def must_know(library: str, kind: str, name: str, names: Iterable[str]) -> None:
    """Raise ValueError, with the reason or the closest names, where `name` is none of `names`."""
    names = list(names)
    if name in names:
        return
    if kind == "optimizer" and name in EXCLUDED.get(library, {}):
        raise ValueError(f"{library}'s {name} cannot be swept: {EXCLUDED[library][name]} Choose another one.")
    plain = name.lower().replace("-", "_")
    begin = [other for other in names if plain and other.startswith(plain)]
    close = list(dict.fromkeys([*begin, *difflib.get_close_matches(plain, names, n=3, cutoff=0.4)]))[:3]
    like = f"Closest are {', '.join(close)}." if close else f"It has {', '.join(names[:3])} and others."
    raise ValueError(f"{library} has no {kind} “{name}”. {like}")
