"""Names of models and optimizers that the libraries of this Python have."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from lrgui.tasks.library_names import PYTORCH_OPTIMIZER_EXCLUDED, TIMM_EXCLUDED, TIMM_MORE


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
