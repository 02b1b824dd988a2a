"""The steps of a check by name, and what comes of one. No torch here: window and command line read the names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Names of the steps and what people call them, in the order in which they are made.
STEPS: dict[str, str] = {
    "task": "Code, data and model",
    "batch": "One batch",
    "forward": "Forward pass",
    "loss": "Loss",
    "backward": "Backward pass",
    "step": "Optimizer step",
    "memory": "Second step, memory",
    "validation": "Validation batch",
}


Place = tuple[str, int]
"""The person's file and a line in it; "" and 0 where there is none."""


@dataclass(frozen=True)
class Finding:
    """Something of a step that a person should know."""

    sentence: str
    """What is wrong, its probable cause and the way out."""
    bad: bool = False
    """A run cannot go on with it; else it can, and will probably disappoint."""
    file: str = ""
    """The person's file and the line in it, where there is such a place."""
    line: int = 0


@dataclass(frozen=True)
class StepResult:
    """What came of a step."""

    facts: Sequence[str] = ()
    """Figures: shapes, dtypes, the loss."""
    findings: Sequence[Finding] = ()
    skipped: bool = False
    """There was nothing to do; `facts` say why."""
    notes: Sequence[str] = ()
    """Sentences that are not about a step but about the data."""
