"""How large gradients are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch


def gradient_norm(parameters: Sequence[Any]) -> Any:
    """The norm of all gradients as they are: a tensor of shape (), for which nothing waits.

    None where there are no gradients, or such as cannot be added up (sparse ones, those of sharded parameters).
    """
    norms = _norms([p.grad for p in parameters if isinstance(getattr(p, "grad", None), torch.Tensor)])
    return None if norms is None else torch.linalg.vector_norm(norms)


def gradient_norms(parameters: Sequence[Any]) -> list[float | None] | None:
    """The norm of each parameter's gradient, None where it has none; waits for the device.

    None where none has one, or such as cannot be added up.
    """
    gradients = [getattr(p, "grad", None) for p in parameters]
    norms = _norms([gradient for gradient in gradients if isinstance(gradient, torch.Tensor)])
    if norms is None:
        return None
    numbers = iter(norms.tolist())
    return [next(numbers) if isinstance(gradient, torch.Tensor) else None for gradient in gradients]


def norm_of(norms: Sequence[float | None]) -> float:
    """The norm of all together."""
    return math.hypot(*(norm for norm in norms if norm is not None))


def _norms(gradients: Sequence[torch.Tensor]) -> torch.Tensor | None:
    """Shape (gradients,), 32 bits."""
    if not gradients or any(gradient.is_sparse for gradient in gradients):
        return None
    try:
        with torch.no_grad():
            norms = list(torch._foreach_norm(list(gradients)))
            if len({norm.device for norm in norms}) > 1:
                norms = [norm.to(norms[0].device) for norm in norms]
            return torch.stack(norms).float()  # numbers of different types become those of the larger one
    except (RuntimeError, NotImplementedError):
        return None
