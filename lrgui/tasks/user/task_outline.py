"""What a task file offers, in plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lrgui.core.options import Option, Scalar

#: How a task can be written.
STYLES = ("functions", "object", "lightning", "function")


@dataclass(frozen=True)
class OutlineProblem:
    """Why a task cannot be run as it is written."""

    sentence: str
    line: int = 0
    """In the task's file; 0 where it belongs to none."""

    @classmethod
    def both(cls, first: OutlineProblem | None, second: OutlineProblem | None) -> OutlineProblem | None:
        """Two problems as one, so that they can be corrected together."""
        if first is None or second is None:
            return first or second
        return cls(f"{first.sentence} {second.sentence}", first.line or second.line)


@dataclass(frozen=True)
class Outline:
    """What a task file offers."""

    name: str = ""
    """The module's variable `name`, empty where there is none."""
    style: str = "functions"
    """One of `STYLES`."""
    options: tuple[Option, ...] = ()
    """Arguments with defaults; those that several functions share once."""
    defaults: dict[str, Scalar] = field(default_factory=dict)
    """What the file wants the form to begin with, see `runs/defaults.py`."""
    has_optimizer: bool = False
    has_validation: bool = False
    problem: OutlineProblem | None = None
    runs_by_itself: bool = False
    """It is, or may as well be, a program: to import it would run that, and a training loop of its own with it."""
    modules: tuple[Path, ...] = ()
    """Files of its folder that it imports, and those that they import."""
    file: Path | None = None
    """The file that was read, None where it is not known."""
    lines: dict[str, int] = field(default_factory=dict)
    """Where the parts of the task are made, or imported, in that file, by name."""
