"""A tracker that only remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from lrgui.core.options import Scalar
from lrgui.export.trackers import TRACKERS
from lrgui.export.trackers.tracked_run import About, Ending, Floats, Steps, TrackedRun


class Remembered(TrackedRun):
    """One run: its points by name as (step, seconds, value), its parts, and how it ended."""

    def __init__(self, name: str, parameters: Mapping[str, Scalar]) -> None:
        self.name, self.parameters = name, dict(parameters)
        self.values: dict[str, list[tuple[int, float, float]]] = {}
        self.parts: list[Remembered] = []
        self.calls = self.flushes = 0
        self.ending: Ending | None = None

    def points(self, steps: Steps, columns: Mapping[str, Floats], seconds: Floats) -> None:
        assert self.ending is None
        self.calls += 1
        for name, column in columns.items():
            assert len(column) == len(steps) == len(seconds)
            rows = zip(steps.tolist(), seconds.tolist(), column.tolist(), strict=True)
            self.values.setdefault(name, []).extend(rows)

    def part(self, name: str, parameters: Mapping[str, Scalar]) -> Remembered:
        self.parts.append(Remembered(name, parameters))
        return self.parts[-1]

    def flush(self) -> None:
        self.flushes += 1

    def close(self, ending: Ending) -> None:
        assert self.ending is None, "closed twice"
        self.ending = ending


class Memory:
    """Stands for TensorBoard, whose package need not be there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[tuple[str, About]] = []
        self.runs: list[Remembered] = []
        row = replace(TRACKERS["tensorboard"], package="json", begin=self.begin)
        monkeypatch.setitem(TRACKERS, "tensorboard", row)

    def begin(self, place: str, about: About) -> TrackedRun:
        self.begun.append((place, about))
        self.runs.append(Remembered(about.name, about.parameters))
        return self.runs[-1]
