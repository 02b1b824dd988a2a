"""Losses that stretch output and target to one shape and so compare each example with each other one."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from lrgui.core.engine.objective import Supervised
from lrgui.errors.traces import is_persons
from lrgui.tasks.checks.step import Finding, Place


@contextmanager
def noticed_stretching() -> Iterator[list[warnings.WarningMessage]]:
    """Collects torch's warnings about shapes that a loss stretches; all others go on."""
    kept: list[warnings.WarningMessage] = []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield kept
    for message in said:
        if "Using a target size" in str(message.message):
            kept.append(message)
        else:
            warnings.warn_explicit(message.message, message.category, message.filename, message.lineno)


def stretch_findings(said: Sequence[warnings.WarningMessage], place: Place) -> list[Finding]:
    """What torch's warnings found, each with the person's line that it was about, else with `place`."""
    findings = []
    for message in said:
        shapes = re.findall(r"torch\.Size\(\[(.*?)\]\)", str(message.message))
        target, output = ([shape.split(", ") for shape in shapes] + [[], []])[:2]
        file, line = (message.filename, message.lineno) if is_persons(message.filename) else place
        findings.append(Finding(_stretched(output, target), False, file, line))
    return findings


def each_with_each(objective: Supervised, output: Any, target: Any, place: Place) -> list[Finding]:
    """Torch's losses warn of (N, 1) and (N); of `(output - target) ** 2` nobody does.

    It gives itself away: in which order the targets come makes no difference, until the shapes are alike.
    """
    if not (isinstance(output, torch.Tensor) and isinstance(target, torch.Tensor)) or output.numel() < 2:
        return []
    if {output.shape, target.shape} != {torch.Size([output.numel()]), torch.Size([output.numel(), 1])}:
        return []
    try:
        with torch.no_grad():
            first = float(objective.judged(output, target))
            turned = float(objective.judged(output, target.flip(0)))
            alike = float(objective.judged(output.view_as(target), target))
    except Exception:
        return []  # the loss wants them as they are
    if not math.isclose(first, turned, rel_tol=1e-5) or math.isclose(first, alike, rel_tol=1e-3):
        return []
    return [Finding(_stretched(output.shape, target.shape), False, *place)]


def _stretched(output: Sequence[Any], target: Sequence[Any]) -> str:
    shapes = ["×".join(map(str, shape)) for shape in (output, target)]
    way = "output.squeeze(1) or target.unsqueeze(1)" if len(output) > len(target) else "output.unsqueeze(1)"
    return (
        f"The output has shape {shapes[0]}, the target {shapes[1]}, and the loss compares each with each: match them, "
        f"with {way}."
    )
