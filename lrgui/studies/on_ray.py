"""Studies on Ray: every run is a task with its own resources, its events come through one actor beside the driver.

What runs on a node is the same worker process as everywhere, started by the Ray task there: with the GPUs that Ray gave
it, and ended with it. The driver alone writes logs and journal, so that nodes need no common disk. A node that dies
takes its tasks along; the driver hears of it from Ray and starts their runs again, under a new ticket, so that what a
lost attempt may still send is told apart. If the driver dies, its actor goes with it, and each task ends its run.
"""

from __future__ import annotations

import logging
import math
import os
import time
from contextlib import closing
from importlib import import_module
from typing import Any

from lrgui._version import __version__
from lrgui.core.events import EndEvent, Event
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.lines import decode, encode
from lrgui.studies.execution import RAY, ExecutionSettings
from lrgui.studies.executor import Told, with_threads

#: Seconds for which a task gathers events, and the driver waits for news: each message costs some milliseconds of
#: three processes, on the cores that compute.
GATHER = 0.25
#: Seconds for which it is remembered how much the cluster has room for: a cluster may grow.
ROOM_KNOWN = 2.0
#: Runs that wait in Ray's own queue, beside those that there is room for: a cluster that grows by demand must see some.
AHEAD = 2


#: Where Ray keeps the token that its clusters ask for.
TOKEN = "~/.ray/auth_token"


class RayProblem(ValueError):  # noqa: N818  (a sentence for people, not a fault)
    """There is no Ray to run on, and the sentence that says why."""


class Mailbox:
    """The actor: takes what the tasks send, hands it to the driver. Runs in a process of Ray's."""

    def __init__(self) -> None:
        self._letters: list[tuple[str, int, list[str]]] = []
        self._cancelled = False

    def put(self, ticket: str, number: int, lines: list[str]) -> bool:
        """Take event lines of a run; `number` counts its letters. True where the run is to end."""
        self._letters.append((ticket, number, lines))
        return self._cancelled

    def take(self) -> list[tuple[str, int, list[str]]]:
        """Everything since the last call."""
        letters, self._letters = self._letters, []
        return letters

    def cancel(self) -> None:
        """Let every run that sends something from now on end."""
        self._cancelled = True


def compute(mailbox: Any, ticket: str, job: dict[str, Any], version: str) -> int:
    """The task: run `job` in a worker process on this node; returns how many letters were sent."""
    ray: Any = import_module("ray")
    if version != __version__:
        raise RuntimeError(
            f"LR Finder is {__version__} on {ray.util.get_node_ip_address()} and {version} where the study runs. "
            "Install the same version on all nodes."
        )
    source, sent = ChildProcess(Job.from_dict(job)), 0
    waiting: list[str] = []
    last = time.monotonic()
    with closing(source.chunks()) as chunks:  # closing them ends the run, also where the driver is gone
        for events in chunks:
            waiting += map(encode, events)
            if time.monotonic() - last >= GATHER or any(isinstance(event, EndEvent) for event in events):
                last = time.monotonic()
                if ray.get(mailbox.put.remote(ticket, sent, waiting)):
                    source.cancel()
                sent, waiting = sent + 1, []
    return sent


class RayExecutor:
    """An `Executor` on a Ray cluster: the one at an address, the one that runs here, or one that is started here."""

    def __init__(self, how: ExecutionSettings) -> None:
        """Connect. Raises RayProblem, with a sentence, where there is none."""
        if how.on != RAY:
            _show_token()
        try:
            ray: Any = import_module("ray")
        except ImportError:
            raise RayProblem("Running on Ray needs the package ray: pip install 'lrgui[cluster]'") from None
        self._ray, self._how = ray, how
        self._connected = not ray.is_initialized()
        if self._connected:
            self._connect()
        affinity = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
        here = affinity(ray.get_runtime_context().get_node_id(), soft=False)
        # Beside the driver: with any other node the study goes on.
        self._mailbox = ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=here).remote()
        self._task = ray.remote(compute).options(num_cpus=how.cpus, num_gpus=how.gpus, max_retries=0)
        self._tickets: dict[Any, str] = {}
        """Tickets of the tasks that run or wait, by what Ray gives for their result."""
        self._letters: dict[str, int] = {}
        """Letters that came of each."""
        self._over: dict[str, int] = {}
        """Letters that those have sent whose task has ended, and that have not all come."""
        self._cancelled = False
        self._most, self._asked = 1, -math.inf
        nodes = sum(bool(node["Alive"]) for node in ray.nodes())
        self.words = f"Ray ({nodes} {'node' if nodes == 1 else 'nodes'}, room for {self._fits()} runs at once)"

    def _connect(self) -> None:
        ray, where = self._ray, self._how.on
        quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
        try:
            if where != RAY:
                ray.init(address=where, **quiet)
                return
            try:
                ray.init(address="auto", **quiet)
            except ConnectionError:  # none runs here
                ray.init(include_dashboard=False, **quiet)
        except Exception as error:  # Ray has many kinds, and passes those of gRPC on
            first = str(error).strip().partition("\n")[0].rstrip(".")
            more = "" if where == RAY else f" If it asks for a token, copy {TOKEN} from its head to this machine."
            raise RayProblem(f"The Ray cluster {where} cannot be reached: {first}.{more}") from error

    def _fits(self) -> int:
        """Runs that the cluster has resources for, as it was a moment ago."""
        if time.monotonic() < self._asked + ROOM_KNOWN:
            return self._most
        self._asked = time.monotonic()
        there = self._ray.cluster_resources()
        wanted = {"CPU": self._how.cpus, "GPU": self._how.gpus}
        most = [int(there.get(name, 0) / amount + 1e-9) for name, amount in wanted.items() if amount > 0]
        self._most = min(most, default=1)
        return self._most

    def room(self) -> int:
        """See `Executor`."""
        running = len(self._tickets) + len(self._over)
        if self._how.workers is not None:
            return self._how.workers - running
        return max(1, self._fits() + AHEAD) - running

    def start(self, ticket: str, job: Job) -> None:
        """See `Executor`."""
        plain = with_threads(job, int(self._how.cpus)).to_dict()
        self._letters[ticket] = 0
        self._tickets[self._task.remote(self._mailbox, ticket, plain, __version__)] = ticket
        if self._cancelled:
            self._mailbox.cancel.remote()

    def take(self, wait: float) -> list[Told]:
        """See `Executor`."""
        ray, found = self._ray, list[Told]()
        if self._tickets:  # the first that ends wakes it: its place is not to stand empty
            ready, rest = ray.wait(list(self._tickets), num_returns=1, timeout=max(wait, GATHER))
            if ready and rest:
                ready += ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        else:
            ready = []
            time.sleep(wait if self._over else 0)
        lost: list[Told] = []
        for reference in ready:
            ticket = self._tickets.pop(reference)
            try:
                self._over[ticket] = ray.get(reference)
            except Exception as error:  # the node, the task's process, or a fault in it
                lost.append(Told(ticket, (), _why(error)))
        for ticket, number, lines in ray.get(self._mailbox.take.remote()):
            if ticket not in self._letters or number != self._letters[ticket]:
                continue  # of an attempt that was given up, or a letter that was sent twice
            self._letters[ticket] += 1
            found.append(Told(ticket, [event for line in lines if (event := _event(line)) is not None]))
        for ticket in [ticket for ticket, sent in self._over.items() if self._letters[ticket] >= sent]:
            del self._over[ticket], self._letters[ticket]
        for told in lost:
            self._letters.pop(told.ticket, None)
        return found + lost

    def cancel(self) -> None:
        """See `Executor`."""
        self._cancelled = True
        self._mailbox.cancel.remote()
        for reference in list(self._tickets):
            self._ray.cancel(reference)  # those that wait in Ray's queue; those that run hear it from the mailbox

    def kill(self) -> None:
        """See `Executor`."""
        self._cancelled = True
        for reference in list(self._tickets):
            self._ray.cancel(reference, force=True)

    def close(self) -> None:
        """See `Executor`."""
        if not self._ray.is_initialized():
            return
        for reference in list(self._tickets):
            self._ray.cancel(reference, force=True)
        self._tickets.clear()
        self._ray.kill(self._mailbox)
        if self._connected:
            self._ray.shutdown()


def _show_token() -> None:
    """Let Ray's client show the token that there is, before Ray is imported: since 2.60 clusters ask for one, and all
    of Ray but its client (`ray://`) looks for it unasked."""
    kept = os.environ.get("RAY_AUTH_TOKEN_PATH") or os.path.expanduser(TOKEN)
    if "RAY_AUTH_MODE" not in os.environ and (os.environ.get("RAY_AUTH_TOKEN") or os.path.isfile(kept)):
        os.environ["RAY_AUTH_MODE"] = "token"


def _event(line: str) -> Event | None:
    return decode(line.encode())


def _why(error: Exception) -> str:
    """Why a task has no result, in a sentence."""
    kind = type(error).__name__
    names = {
        "WorkerCrashedError": "The worker's process was killed",
        "NodeDiedError": "The worker's node died",
        "OutOfMemoryError": "The worker's node ran out of memory",
        "TaskCancelledError": "The run was cancelled",
    }
    if kind in names:
        return f"{names[kind]}."
    text = str(getattr(error, "cause", None) or error).strip()
    return f"The worker was lost ({kind}: {text.splitlines()[-1].rstrip('.') if text else 'no reason given'})."
