"""Workers that are forked: what they inherit, how they end, and what happens where none can be."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import batches_of, end_of, fake_command, members, read, within

from lrgui.core.events import BatchEvent, EndEvent, Event, OutputEvent, TaskEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs import fork_serving
from lrgui.runs.fork_server import ForkServer, can_fork
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.spare_pool import SparePool
from lrgui.tasks.spec import TaskSpec

pytestmark = pytest.mark.skipif(not can_fork(), reason="torch is forked on Linux only")

Serve = Callable[..., ForkServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers of workers that behave as their kind says; they are ended with the test."""
    servers: list[ForkServer] = []

    def start(kind: str, how: str = "") -> ForkServer:
        servers.append(ForkServer(command=fake_command(kind, how)))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def child(server: ForkServer, steps: int = 20, kind: str = "batches") -> ChildProcess:
    """A run that the server computes; where it cannot, a worker that behaves as `kind` says does."""
    made = ChildProcess(Job(sweep=SweepSettings(steps=steps)), server=server)
    made._command = fake_command(kind)
    made.start()
    return made


def test_each_run_has_a_process_of_its_own_and_nobody_waits_for_the_server(serve: Serve) -> None:
    server = serve("batches")
    first, second = ChildProcess(server=server), ChildProcess(server=server)
    for run in (first, second):
        run.start()
    assert first.alive and second.alive
    for run in (second, first):
        run.submit(Job(sweep=SweepSettings(steps=20)))
        assert len(batches_of(read(run))) == 20
    assert first.pid != second.pid and server.pid not in (first.pid, second.pid)
    assert server.ready and not server.over and not server.busy
    third = child(server)
    assert len(batches_of(read(third))) == 20 and third.pid not in (first.pid, second.pid)


@pytest.mark.parametrize(("kind", "words"), [("exiting", "7"), ("crashing", "SIGSEGV")])
def test_how_a_worker_ended_is_known_and_the_next_one_computes(serve: Serve, kind: str, words: str) -> None:
    server = serve(kind)
    for _ in range(2):
        end = end_of(read(child(server)))
        assert words in end.detail, end
    assert not server.over


def test_what_a_worker_prints_is_its_own(serve: Serve) -> None:
    server = serve("printing")
    for _ in range(2):
        said = "".join(event.text for event in read(child(server, 3)) if isinstance(event, OutputEvent))
        assert "from Python, äöü" in said and "from C" in said and "from a program" in said and "input: ''" in said


def test_a_worker_that_hangs_is_ended_with_all_that_it_started(serve: Serve) -> None:
    server = serve("hanging")
    run = child(server)
    chunks = run.chunks()
    while not any(isinstance(event, BatchEvent) for event in next(chunks)):
        pass
    assert run.pid is not None and len(members(run.pid)) >= 4
    session = run.pid
    run.kill()
    rest: list[Event] = [event for chunk in chunks for event in chunk]
    assert isinstance(rest[-1], EndEvent) and rest[-1].reason == "killed"
    assert within(60, lambda: not members(session))
    assert not server.over and not server.busy


def test_a_worker_that_is_not_wanted_any_more_never_computes(serve: Serve) -> None:
    server = serve("batches")
    run = child(server, 1_000_000)
    run.kill()
    assert not run.alive
    assert len(batches_of(read(child(server)))) == 20
    assert within(60, lambda: not server.busy)


def test_workers_go_on_without_their_server(serve: Serve) -> None:
    server = serve("batches")
    run = child(server, 300)
    chunks = run.chunks()
    events = list(next(chunks))
    while not batches_of(events):
        events += next(chunks)
    server.close()
    for chunk in chunks:
        events += chunk
    assert end_of(events).reason == "completed" and not run.alive


def test_where_the_server_goes_the_run_has_a_process_as_ever(serve: Serve) -> None:
    server = serve("without_torch")
    run = child(server)
    assert len(batches_of(read(run))) == 20
    assert server.over and server.unfit


def test_what_was_installed_since_makes_the_next_run_a_fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = [1]
    monkeypatch.setattr(fork_serving, "_packages", lambda: list(packages))
    said: list[bytes] = []
    monkeypatch.setattr(fork_serving, "_say", lambda _requests, words: said.append(words))
    monkeypatch.setattr(fork_serving.guard, "start", lambda alive: None)
    monkeypatch.setattr(fork_serving.os, "dup2", lambda one, other: None)
    monkeypatch.setattr(fork_serving, "_can_fork", lambda: True)

    def leave(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(fork_serving.os, "_exit", leave)
    ours, theirs = fork_serving.socket.socketpair(fork_serving.socket.AF_UNIX, fork_serving.socket.SOCK_SEQPACKET)
    ours.send(b"1")

    def prepare() -> dict[str, str]:
        packages.append(2)
        return {"torch": "none"}

    with ours, pytest.raises(SystemExit):
        fork_serving.serve(theirs.detach(), None, prepare)
    assert said == [fork_serving.READY, fork_serving.STALE]


def test_another_environment_needs_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = SparePool()
    try:
        pool.warm()
        first = pool._spare
        pool.warm()
        assert pool._spare is first and isinstance(first, ForkServer)
        assert pool.forks and pool.server("") is first and pool.server("/another/python") is None
        monkeypatch.setenv("LRGUI_RATES", "plain")
        assert pool.server("") is None, "what it forks would have the other environment"
        pool.warm()
        assert pool._spare is not first and first.over
    finally:
        pool.close()


def test_a_server_ends_with_its_launcher(serve: Serve) -> None:
    server = serve("batches")
    assert within(60, lambda: server.over or server.ready)
    pid = server.pid
    assert pid is not None
    os.close(server._alive)  # as when this process were killed
    server._alive = -1
    assert within(60, lambda: not members(pid))
    assert server._process is not None
    server._process.wait()
    assert server._process.returncode in (0, -signal.SIGTERM, -signal.SIGKILL)


POLLUTER = """
import random
import sys

import numpy as np
import torch
from torch import nn

import helper

random.seed(1)
np.random.seed(1)
torch.manual_seed(1)
seen = getattr(torch, "seen_by_a_task", 0)
torch.seen_by_a_task = helper.COUNT["runs"] = seen + 1
assert sys.modules.get("left") is None
sys.modules["left"] = helper


def model():
    made = nn.Linear(4, 1)
    torch.set_grad_enabled(True)
    torch.backends.cudnn.benchmark = True
    nn.Linear.forward = lambda self, x, f=nn.Linear.forward: f(self, x) + 0.1 * seen
    return made


def train_loader(batch_size):
    x = torch.rand(8 * batch_size, 4)
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True)), batch_size, True)


def loss(output, target):
    return nn.functional.mse_loss(output, target) + helper.COUNT["runs"]
"""


@pytest.mark.slow
def test_a_used_server_measures_what_a_fresh_process_does(tmp_path: Path) -> None:
    """The same events but for the seconds, of a built-in task and of one that leaves things behind."""
    (tmp_path / "task.py").write_text(POLLUTER)
    (tmp_path / "helper.py").write_text("COUNT = {}\n")
    own = TaskSpec(source="task", model="", path=str(tmp_path / "task.py"), batch_size=4, device="cpu")
    sweep = SweepSettings(steps=12, stop_factor=0.0)
    jobs = [Job(task=own, sweep=sweep), Job(task=TaskSpec(device="cpu"), sweep=sweep)]
    pool = SparePool()
    pool.warm()
    server = pool._spare
    used: list[list[Event]] = []
    try:
        for job in (*jobs, *jobs):
            run = pool.take()
            run.submit(job)
            used.append(read(run))
        assert pool._spare is server, "one server for all"
    finally:
        pool.close()
    fresh = [read(ChildProcess(job)) for job in jobs]
    for events in fresh:
        assert len(batches_of(events)) == 12, end_of(events)
    told = [[without_times(event) for event in events] for events in (*used, *fresh)]
    assert told[0] == told[2] == told[4]
    assert told[1] == told[3] == told[5]


def without_times(event: Event) -> object:
    if isinstance(event, BatchEvent):
        return (event.sweep, event.step, event.lr, event.loss)
    if isinstance(event, TaskEvent):
        return (event.name, event.train_size, event.parameters, event.steps, event.optimizer)
    return str(event)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_an_open_device_or_a_thread_forbids_to_fork(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import threading

    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert fork_serving._can_fork()
    with (tmp_path / "nvidia0").open("w"):
        monkeypatch.setattr(fork_serving, "_DEVICES", (str(tmp_path / "nvidia"),))
        assert not fork_serving._can_fork()
    assert fork_serving._can_fork()
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert not fork_serving._can_fork()
