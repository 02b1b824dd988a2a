"""Single runs on a real Ray cluster on this machine: sent there, steered, cancelled, lost with their node."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray_marks import RAY

from lrgui.core.events import BatchEvent, EndEvent, EndReason, EpochEvent, Event, OutputEvent, RunKind, StateEvent
from lrgui.runs.checkpoints import checkpoints, with_checkpoints
from lrgui.runs.event_source import EventSource
from lrgui.runs.job import Job, switched
from lrgui.runs.ray_settings import RayResources
from lrgui.runs.remote.ray_tasks import RayTasks
from lrgui.runs.remote.running import source_on
from lrgui.runs.targets import Target

ray = pytest.importorskip("ray")

pytestmark = RAY
HERE = Target("lab", "ray", address="auto")
SMALL = Job()
SMALL = replace(
    SMALL, task=replace(SMALL.task, source="digits", model="mlp"), sweep=replace(SMALL.sweep, steps=40), kind="sweep"
)
LONG = replace(SMALL, sweep=replace(SMALL.sweep, steps=100_000))
TASK = """
import torch
from helper import width

def model():
    print("read", open("note.txt").read())
    return torch.nn.Linear(4, width)

def train_loader(batch_size):
    return [(torch.randn(batch_size, 4), torch.randint(0, 2, (batch_size,))) for _ in range(8)]

def loss(output, target):
    return torch.nn.functional.cross_entropy(output, target)
"""


@pytest.fixture
def node(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A node with room for one run; the test may have removed it at its end."""
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    made = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    yield made
    if made in cluster.worker_nodes:
        cluster.remove_node(made)


def read(source: EventSource, act: Callable[[Event], object] = lambda event: None) -> list[Event]:
    """All events of a run; `act` sees each."""
    found: list[Event] = []
    for events in source.chunks():
        found += events
        for event in events:
            act(event)
    return found


def end_of(events: list[Event]) -> EndEvent:
    assert isinstance(events[-1], EndEvent)
    return events[-1]


def test_runs_follow_each_other_and_a_training_brings_its_weights(node: Any, tmp_path: Path) -> None:
    events = read(source_on(HERE, SMALL))
    steps = [event.step for event in events if isinstance(event, BatchEvent)]
    assert steps == list(range(len(steps))) and len(steps) > 20
    assert end_of(events).reason in (EndReason.COMPLETED, EndReason.DIVERGED)
    assert any("Computed on lab, node" in event.text for event in events if isinstance(event, OutputEvent))
    log = tmp_path / "training.lrrun"
    training = replace(SMALL, kind=RunKind.TRAIN, train=replace(SMALL.train, epochs=10_000))
    source = source_on(HERE, with_checkpoints(training, log))

    def finish(event: Event) -> None:
        if isinstance(event, BatchEvent | EpochEvent):
            source.ask("finish")  # type: ignore[attr-defined]

    events = read(source, finish)
    assert end_of(events).reason == EndReason.CANCELLED and "as asked" in end_of(events).detail
    assert 1 <= sum(isinstance(event, EpochEvent) for event in events) < 10_000
    assert {one.kind for one in checkpoints(tmp_path / "training.checkpoints")} == {"last", "best"}


def test_a_run_is_cancelled_in_good_order(node: Any) -> None:
    source = source_on(HERE, LONG)
    events = read(source, lambda event: source.cancel() if isinstance(event, BatchEvent) else None)
    assert end_of(events).reason == EndReason.CANCELLED and "Stopped after" in end_of(events).detail


def test_a_node_dies_and_the_run_with_it(node: Any, cluster: Any) -> None:
    def kill(event: Event) -> None:
        if isinstance(event, BatchEvent) and node in cluster.worker_nodes:
            cluster.remove_node(node, allow_graceful=False)  # SIGKILL

    events = read(source_on(HERE, LONG), kill)
    assert end_of(events) == EndEvent(EndReason.KILLED, "The worker's node died. Everything measured so far is kept.")
    assert any(isinstance(event, BatchEvent) for event in events)


def test_a_run_that_waits_says_so_and_can_be_stopped(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    source = source_on(replace(HERE, gpus="3"), SMALL)
    waits = "Waiting for lab, which has less than the run needs (CPUs: 1, GPUs: 3)"
    events = read(source, lambda event: source.cancel() if getattr(event, "detail", "") == waits else None)
    assert any(isinstance(event, StateEvent) and event.detail == waits for event in events)
    assert end_of(events) == EndEvent(EndReason.CANCELLED, "Stopped; nothing was measured yet.")


def test_where_no_cluster_is_there_it_is_said() -> None:
    events = read(source_on(replace(HERE, address="ray://127.0.0.1:1"), SMALL))
    end = end_of(events)
    assert not any(isinstance(event, OutputEvent) for event in events), "the sentence says it all"
    assert end.reason == EndReason.FAILED and "The Ray cluster ray://127.0.0.1:1 cannot be reached" in end.detail


def test_code_travels_to_a_node_that_does_not_have_it(node: Any, tmp_path: Path) -> None:
    """With the modules that it imports; what it opens by itself is found where a node has the folder."""
    home = tmp_path / "project"
    home.mkdir()
    for name, text in (("task.py", TASK), ("helper.py", "width = 2\n"), ("note.txt", "from home")):
        (home / name).write_text(text)
    job = switched(SMALL, "task", str(home / "task.py"))
    tasks = RayTasks("auto", RayResources())
    tasks._parcel(job)
    os.remove(home / "helper.py")
    (home / "task.py").write_text("raise SystemExit('an older one')")
    tasks.start("run", job)
    events: list[Event] = []
    while tasks.running:
        for told in tasks.take(0.1):
            assert not told.lost, told.lost
            events += told.events
    tasks.close()
    assert any("read from home" in event.text for event in events if isinstance(event, OutputEvent))
    assert end_of(events).reason in (EndReason.COMPLETED, EndReason.DIVERGED), end_of(events)
