"""Experiment trackers that runs are recorded with: one row each. Needs none of their packages.

What is recorded is read from the run's log, by a process of its own (`process.py`): a tracker that is slow, hangs or
fails costs the run nothing. From Python, where there is no log, a thread does it (`lrgui.api.tracking`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lrgui import frozen
from lrgui.export.errors import ExportError

if TYPE_CHECKING:
    from lrgui.export.trackers.tracked_run import About, TrackedRun


@dataclass(frozen=True)
class TrackerRow:
    """One tracker."""

    key: str
    """Also the extra that installs it."""
    name: str
    package: str
    """What is imported."""
    contents: str
    """What is written, in words."""
    folder: str
    """Where, unless somebody says; relative to the current folder."""
    look: str
    """The command that shows it, with FOLDER in it."""
    begin: Callable[[str, About], TrackedRun]
    """Begins to record a run in a folder, or at another address that the tracker knows."""
    most_points: int
    """Of longer runs every n-th step is recorded, so many at most: what it takes in a few seconds, and more
    than its charts show."""
    files: bool = False
    """True where it keeps files beside numbers and pictures."""
    addresses: bool = False
    """True where it can write to something other than a folder: "http://…"."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that its process gets, unless they are set: no telemetry, and no waiting for a server that is away."""

    @property
    def missing(self) -> str:
        """Why it cannot record anything, with a way out; empty where it can."""
        if frozen.is_frozen():
            return f"{self.name} is not part of this program. Install LR Finder with pip: {self.install}"
        if find_spec(self.package) is None:
            return f"{self.name} is not installed in the Python that runs LR Finder: {self.install}"
        return ""

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f'pip install "lrgui[{self.key}]"'


def _tensorboard(place: str, about: About) -> TrackedRun:
    from lrgui.export.trackers.tensorboard_files import TensorBoardRun

    return TensorBoardRun.begin(place, about)


def _mlflow(place: str, about: About) -> TrackedRun:
    from lrgui.export.trackers.mlflow_store import MlflowRun

    return MlflowRun.begin(place, about)


def _wandb(place: str, about: About) -> TrackedRun:
    from lrgui.export.trackers.wandb_offline import WandbRun

    return WandbRun.begin(place, about)


TRACKERS: dict[str, TrackerRow] = {
    row.key: row
    for row in (
        TrackerRow(
            "tensorboard",
            "TensorBoard",
            "tensorboard",
            "event files",
            "runs",
            "tensorboard --logdir FOLDER",
            _tensorboard,
            100_000,
        ),
        TrackerRow(
            "mlflow",
            "MLflow",
            "mlflow",
            "a local database with artifacts",
            ".",
            "mlflow ui --backend-store-uri sqlite:///FOLDER/mlflow.db",
            _mlflow,
            20_000,
            files=True,
            addresses=True,
            environment={
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
                "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
                "GIT_PYTHON_REFRESH": "quiet",
            },
        ),
        TrackerRow(
            "wandb",
            "Weights & Biases",
            "wandb",
            "offline runs, to be sent with wandb sync",
            ".",
            "wandb sync FOLDER/wandb/offline-run-*",
            _wandb,
            20_000,
            files=True,
            environment={"WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true", "GIT_PYTHON_REFRESH": "quiet"},
        ),
    )
}


@dataclass(frozen=True)
class Target:
    """A tracker, and where it writes."""

    row: TrackerRow
    place: str
    """An absolute folder, or an address of the tracker's."""

    @classmethod
    def of(cls, key: str, place: str = "") -> Target:
        """The tracker `key`, in its usual folder where there is no `place`. Raises ValueError, with a sentence."""
        row = TRACKERS.get(key.strip().lower())
        if row is None:
            raise ValueError(f"Unknown tracker “{key}”. Choose one of: {', '.join(TRACKERS)}.")
        if "://" in place:
            if not row.addresses:
                raise ValueError(f"{row.name} writes to a folder, not to “{place}”.")
            return cls(row, place)
        return cls(row, str(Path(place or row.folder).expanduser().absolute()))

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that is written as "tensorboard" or "tensorboard=FOLDER". Raises ValueError, with a sentence."""
        key, _, place = text.partition("=")
        return cls.of(key, place.strip())


def targets(wanted: str | Mapping[str, str] | Sequence[str] | None) -> list[Target]:
    """The targets from "tensorboard=FOLDER", several of that, or folders by tracker. Raises ValueError, with a
    sentence."""
    if isinstance(wanted, Mapping):
        return [Target.of(key, str(place)) for key, place in wanted.items()]
    return [Target.parse(text) for text in ([wanted] if isinstance(wanted, str) else wanted or [])]


class TrackerError(ExportError):
    """A tracker could not record a run; the text is a sentence."""


__all__ = ["TRACKERS", "Target", "TrackerError", "TrackerRow", "targets"]
