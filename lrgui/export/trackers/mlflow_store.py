"""Runs in MLflow: in a database below a folder, or wherever a tracking address says."""

from __future__ import annotations

import getpass
import tempfile
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TypeVar

from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from lrgui._version import __version__
from lrgui.core.options import Scalar
from lrgui.export.trackers.tracked_run import About, Ending, Floats, Steps, TrackedRun

#: What runs are listed under.
EXPERIMENT = "LR Finder"
#: So many of each does MLflow take at once.
MOST_METRICS, MOST_PARAMETERS = 1000, 100
#: So often is a database opened that cannot be, and so many seconds lie between.
AGAIN, WAIT = 4, 1.5
#: The longest value of a parameter that every version takes.
MOST_TEXT = 500

Item = TypeVar("Item")


class MlflowRun(TrackedRun):
    """A run; trainings of a race and repeats are its child runs."""

    def __init__(
        self, client: MlflowClient, experiment: str, name: str, begun: float, tags: Mapping[str, str], parent: str = ""
    ) -> None:
        self._client, self._experiment, self._begun, self._tags = client, experiment, begun, tags
        nested = {"mlflow.parentRunId": parent} if parent else {}
        made = client.create_run(experiment, round(1000 * begun), {**tags, **nested}, name)
        self._id: str = made.info.run_id
        self._seconds, self._step = 0.0, 0
        self._waiting: list[Metric] = []

    @classmethod
    def begin(cls, place: str, about: About) -> MlflowRun:
        """A run of the experiment "LR Finder", which is made where it is missing."""
        address, artifacts = place, None
        if "://" not in place:
            folder = Path(place)
            folder.mkdir(parents=True, exist_ok=True)
            address, artifacts = f"sqlite:///{(folder / 'mlflow.db').as_posix()}", (folder / "mlartifacts").as_uri()
        client, experiment = _opened(address, artifacts)
        tags = {
            "mlflow.source.name": "lrgui",
            "mlflow.source.type": "LOCAL",
            "mlflow.user": getpass.getuser(),
            "lrgui.kind": about.kind,
            "lrgui.version": __version__,
        }
        run = cls(client, experiment, about.name, about.created.timestamp(), tags)
        run._parameters(about.parameters)
        return run

    def points(self, steps: Steps, columns: Mapping[str, Floats], seconds: Floats) -> None:
        """They wait until there are as many as MLflow takes at once: a batch of few costs it nearly as much."""
        times = (1000 * (self._begun + seconds)).astype(int).tolist()
        names = [_name(name) for name in columns]
        rows = zip(steps.tolist(), times, *(column.tolist() for column in columns.values()), strict=True)
        for step, time_ms, *row in rows:
            self._waiting += [Metric(name, value, time_ms, step) for name, value in zip(names, row, strict=True)]
        while len(self._waiting) >= MOST_METRICS:
            self._send()
        self._seconds, self._step = max(self._seconds, float(seconds[-1])), max(self._step, int(steps[-1]))

    def part(self, name: str, parameters: Mapping[str, Scalar]) -> MlflowRun:
        """A child run."""
        run = MlflowRun(self._client, self._experiment, name, self._begun + self._seconds, self._tags, self._id)
        run._parameters(parameters)
        return run

    def flush(self) -> None:
        """Send what waits."""
        while self._waiting:
            self._send()

    def close(self, ending: Ending) -> None:
        """Results, tags and files."""
        self.flush()
        at = round(1000 * (self._begun + self._seconds))
        metrics = [Metric(_name(name), value, at, self._step) for name, value in ending.numbers.items()]
        words = {**ending.words, "ended": str(ending.end.reason), "detail": ending.end.detail}
        tags = [RunTag(f"lrgui.{name}", text) for name, text in words.items() if text]
        if reason := ending.words.get("reason"):
            tags.append(RunTag("mlflow.note.content", reason))
        self._client.log_batch(self._id, metrics=metrics, tags=tags)
        with tempfile.TemporaryDirectory(prefix="lrgui-") as folder:
            for name, data in ending.files.items():
                Path(folder, name).write_bytes(data)
                self._client.log_artifact(self._id, str(Path(folder, name)))
        status = "FAILED" if ending.failed else "KILLED" if ending.stopped else "FINISHED"
        self._client.set_terminated(self._id, status, at)

    def _send(self) -> None:
        self._client.log_batch(self._id, metrics=self._waiting[:MOST_METRICS])
        del self._waiting[:MOST_METRICS]

    def _parameters(self, parameters: Mapping[str, Scalar]) -> None:
        every = (Param(name, str(value)[:MOST_TEXT]) for name, value in parameters.items())
        for some in _batches(every, MOST_PARAMETERS):
            self._client.log_batch(self._id, params=some)


def _opened(address: str, artifacts: str | None) -> tuple[MlflowClient, str]:
    """A client and the experiment's id. Another run may be making the same database and experiment just now."""
    tries = AGAIN
    while True:
        try:
            client = MlflowClient(tracking_uri=address)
            known = client.get_experiment_by_name(EXPERIMENT)
            return client, known.experiment_id if known is not None else client.create_experiment(EXPERIMENT, artifacts)
        except Exception:  # of the database's, which MLflow does not hide
            tries -= 1
            if not tries:
                raise
            time.sleep(WAIT)


def _name(name: str) -> str:
    """A number's name as MLflow's own loggers write it: "train_loss"."""
    return name.replace("/", "_")


def _batches(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while some := list(islice(items, size)):
        yield some
