"""What trackers have in common: a run that is recorded while it goes on, and how it ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from lrgui.core.events import ERRORS, STOPPED, EndEvent, EndReason
from lrgui.core.options import Scalar

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]


@dataclass(frozen=True)
class About:
    """What is known of a run before its first step."""

    name: str
    """For people: "Digits · small CNN · SGD, momentum 0.9 · batch 64"."""
    file_name: str
    """For files: "2026-11-30_154700_digits-cnn-sgd"."""
    kind: str
    """A `RunKind`."""
    created: datetime
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    """The settings by name."""


@dataclass(frozen=True)
class Ending:
    """What is known of a run at its end."""

    end: EndEvent
    numbers: Mapping[str, float] = field(default_factory=dict)
    """Results by name: "recommended_lr", "best_val_loss"."""
    words: Mapping[str, str] = field(default_factory=dict)
    """The same that are no numbers: "confidence", "reason"."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Pictures and documents by file name: "picture.png", "points.csv"."""

    @property
    def failed(self) -> bool:
        """True where an error ended it."""
        return self.end.reason in ERRORS

    @property
    def stopped(self) -> bool:
        """True where somebody ended it."""
        return self.end.reason in (*STOPPED, EndReason.KILLED)


class TrackedRun(ABC):
    """A run in a tracker. For one thread; its methods may raise anything."""

    @abstractmethod
    def points(self, steps: Steps, columns: Mapping[str, Floats], seconds: Floats) -> None:
        """Record numbers by name, "train/loss", at optimizer steps. All have the shape (n,).

        `seconds` is the time since the run began.
        """

    @abstractmethod
    def part(self, name: str, parameters: Mapping[str, Scalar]) -> TrackedRun:
        """Begin to record a run within this one: a training of a race, a repeat of a sweep."""

    @abstractmethod
    def flush(self) -> None:
        """Let what was recorded so far be seen."""

    @abstractmethod
    def close(self, ending: Ending) -> None:
        """Record how it ended."""
