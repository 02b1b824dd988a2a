"""The learning rates of an optimizer's parameter groups: what is called the rate is that of the largest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def largest(groups: Sequence[Mapping[str, Any]]) -> float:
    """The largest of the groups' rates."""
    return max(float(group["lr"]) for group in groups)


def ratios(groups: Sequence[Mapping[str, Any]]) -> list[float]:
    """Each group's learning rate relative to the largest; all 1 where they say nothing."""
    top = largest(groups)
    return [float(group["lr"]) / top if top > 0 else 1.0 for group in groups]
