"""Runs on a Ray cluster: each is a task with its own resources, its events come through one actor beside the driver.

The driver is whoever started the runs: a study, or the process of a single run (`ray_driver`). It alone writes logs, so
that nodes need no common disk. What runs on a node is the same worker process as everywhere, started by the task there
(`ray_node`): with the GPUs that Ray gave it, and ended with it. A node that dies takes its tasks along; Ray tells the
driver. If the driver dies, its actor goes with it, and each task ends its run. An attempt has a ticket, so that what a
lost one may still send is told apart.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import platform
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from lrgui._version import __version__
from lrgui.core.events import EndEvent, EndReason, Event
from lrgui.runs.event_source import Told
from lrgui.runs.job import Job, with_threads
from lrgui.runs.lines import decode
from lrgui.runs.ray_settings import ADDRESS, AUTO, RAY, RayResources
from lrgui.runs.remote import ray_node, there
from lrgui.runs.remote.connection import RemoteError
from lrgui.runs.remote.package import package, packed
from lrgui.runs.remote.ray_node import GATHER
from lrgui.tasks.user.target import Target

#: Seconds for which it is remembered how much the cluster has room for: a cluster may grow.
ROOM_KNOWN = 2.0
#: Where Ray keeps the token that its clusters ask for.
TOKEN = "~/.ray/auth_token"
#: What Ray says where none runs.
_NONE = "Could not find any running Ray"


class RayProblem(ValueError):  # noqa: N818  (a sentence for people, not a fault)
    """There is no Ray to run on, and the sentence that says why."""


@dataclass
class Parcel:
    """What is the same for all runs of one task: how it is packed, and its files in Ray's store."""

    job: Job
    about: dict[str, Any]


class RayTasks:
    """Runs on the Ray cluster at an address, on the one that runs here, or on one that is started here."""

    def __init__(self, where: str, resources: RayResources, *, folder: str = "", many: bool = False) -> None:
        """Connect. Raises RayProblem, with a sentence, where there is none.

        `folder` is the working directory on the nodes, "" that of the code; `many`: runs follow each other.
        """
        self._where, self.resources, self._folder, self._many = where, resources, folder, many
        self._ray = ray = the_ray(where)
        self._connected = not ray.is_initialized()
        if self._connected:
            self._connect()
        for module in (ray_node, there):
            ray.cloudpickle.register_pickle_by_value(module)
        affinity = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
        here = affinity(ray.get_runtime_context().get_node_id(), soft=False)
        # Beside the driver: with any other node the runs go on.
        self._mailbox = ray.remote(ray_node.Mailbox).options(num_cpus=0, scheduling_strategy=here).remote()
        given = {"num_cpus": resources.cpus, "num_gpus": resources.gpus}
        self._task = ray.remote(ray_node.compute).options(**given, max_retries=0)
        self._parcels: dict[tuple[str, str], Parcel] = {}
        self._package: Any = None
        self._tickets: dict[Any, str] = {}
        """Tickets of the tasks that run or wait, by what Ray gives for their result."""
        self._letters: dict[str, int] = {}
        """Letters that came of each."""
        self.begun: dict[str, str] = {}
        """On which node those that have begun are."""
        self._over: dict[str, int] = {}
        """Letters that those have sent whose task has ended, and that have not all come."""
        self._refused: list[Told] = []
        """Runs that could not be started, until that was told."""
        self.files: dict[str, dict[str, bytes]] = {}
        """What runs have made, by their tickets."""
        self._cancelled = False
        self._most, self._asked = 1, -math.inf

    def _connect(self) -> None:
        ray, where = self._ray, self._where
        quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
        try:
            with _own_signals(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it timed out is said by the error, too
                try:
                    self._join("auto" if where == RAY else where, quiet)
                except ConnectionError:  # none runs here
                    if where != RAY:
                        raise
                    ray.init(include_dashboard=False, **quiet)
        except Exception as error:  # Ray has many kinds, and passes those of gRPC on
            raise RayProblem(_unreachable(where, str(error), ray.__version__)) from error

    def _join(self, address: str, quiet: dict[str, Any]) -> None:
        """Connect to a cluster that runs, which may want to see a token."""
        try:
            self._ray.init(address=address, **quiet)
        except ConnectionAbortedError:  # a busy head gave up on the process that it starts for a client
            self._ray.init(address=address, **quiet)
        except ConnectionError as error:
            if address.startswith(ADDRESS) or _NONE in str(error) or not _show_token():
                raise
            config = getattr(import_module("ray._raylet"), "Config", None)
            if config is not None:
                config.initialize("")  # it knew already that none is shown
            self._ray.init(address=address, **quiet)

    @property
    def nodes(self) -> int:
        """Machines that are there."""
        return sum(bool(node["Alive"]) for node in self._ray.nodes())

    @property
    def fits(self) -> int:
        """Runs that the cluster has resources for, as it was a moment ago."""
        if time.monotonic() < self._asked + ROOM_KNOWN:
            return self._most
        self._asked = time.monotonic()
        resources = self._ray.cluster_resources()
        wanted = {"CPU": self.resources.cpus, "GPU": self.resources.gpus}
        most = [int(resources.get(name, 0) / amount + 1e-9) for name, amount in wanted.items() if amount > 0]
        self._most = min(most, default=1)
        return self._most

    @property
    def running(self) -> int:
        """Runs that were started and have not ended."""
        return len(self._tickets) + len(self._over) + len(self._refused)

    def start(self, ticket: str, job: Job) -> None:
        """Start a run; one whose files cannot be sent fails."""
        try:
            if job.keeping is not None and job.keeping.resume:
                raise RemoteError("A training cannot go on from a checkpoint on Ray: resume it on this machine.")
            parcel = self._parcel(job)
        except RemoteError as error:
            self._refused.append(Told(ticket, [EndEvent(EndReason.FAILED, str(error))]))
            return
        keeps = job.keeping is not None
        threads = int(self.resources.cpus)
        plain, moved = (with_threads(one, threads).to_dict() for one in (_at_home(job), _moved(job, parcel)))
        about = {**parcel.about, "job": plain, "moved": moved, "keeps": keeps}
        self._letters[ticket] = 0
        self._tickets[self._task.remote(self._mailbox, ticket, about)] = ticket
        if self._cancelled:
            self._mailbox.cancel.remote()

    def _parcel(self, job: Job) -> Parcel:
        """The files of a job's task, put into Ray's store once: all runs of a study have the same code."""
        key = job.task.source, job.task.path
        if key in self._parcels:
            return self._parcels[key]
        digest, archive = package()
        moved, files = packed(job, self._folder, leave=True)
        try:
            contents = {name: path.read_bytes() for name, path in files.items()}
        except OSError as error:
            raise RemoteError(f"{error.filename} cannot be read ({error.strerror or error}).") from None
        is_code = job.task.is_code
        if is_code:  # a node may have an older one
            known = [(str(path), hashlib.sha256(contents[name]).hexdigest()) for name, path in files.items()]
        else:
            known = [(_at_home(job).task.path, "")] if files else []
        if self._package is None:
            self._package = self._ray.put(archive)
        about = {
            "version": __version__,
            "digest": digest,
            "package": self._package,
            "contents": self._ray.put(contents),
            "known": known,
            "homes": [str(next(iter(files.values())).parent)] if is_code and files else [],
            "folder": self._folder,
            "many": self._many,
        }
        return self._parcels.setdefault(key, Parcel(moved, about))

    def take(self, wait: float) -> list[Told]:
        """What has come since the last call; see `studies.executor.Executor`."""
        ray, found = self._ray, self._refused
        self._refused = []
        if self._tickets:  # the first that ends wakes it: its place is not to stand empty
            ready, rest = ray.wait(list(self._tickets), num_returns=1, timeout=max(wait, GATHER))
            if ready and rest:
                ready += ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        else:
            ready = []
            time.sleep(wait if self._over and not found else 0)
        lost: list[Told] = []
        for reference in ready:
            ticket = self._tickets.pop(reference)
            try:
                result = ray.get(reference)
            except Exception as error:  # the node, the task's process, or a fault in it
                lost.append(Told(ticket, (), _why(error)))
            else:
                self._over[ticket] = result["sent"]
                if result["files"]:
                    self.files[ticket] = result["files"]
        begun, letters = ray.get(self._mailbox.take.remote())
        self.begun |= begun
        for ticket, number, lines in letters:
            if ticket not in self._letters or number != self._letters[ticket]:
                continue  # of an attempt that was given up, or a letter that was sent twice
            self._letters[ticket] += 1
            found.append(Told(ticket, [event for line in lines if (event := _event(line)) is not None]))
        for ticket in [ticket for ticket, sent in self._over.items() if self._letters[ticket] >= sent]:
            del self._over[ticket], self._letters[ticket]
        for told in lost:
            self._letters.pop(told.ticket, None)
        return found + lost

    def ask(self, ticket: str, request: str) -> None:
        """Hand on a request in words (`core.control.Control.obey`) to one run."""
        self._mailbox.ask.remote(ticket, request)

    def cancel(self) -> None:
        """Let the runs that have begun end before their next batch; those that wait are not begun."""
        self._cancelled = True
        self._mailbox.cancel.remote()
        for reference, ticket in list(self._tickets.items()):
            if ticket not in self.begun:  # those that wait in Ray's queue; the others hear it from the mailbox
                self._ray.cancel(reference)

    def kill(self) -> None:
        """End them without asking."""
        self._cancelled = True
        for reference in list(self._tickets):
            self._ray.cancel(reference, force=True)

    def close(self) -> None:
        """Let go of everything; what still runs is ended. Of a cluster that is gone nothing is left to let go of."""
        if not self._ray.is_initialized():
            return
        with suppress(Exception):  # Ray's own, of many kinds; with the driver's end the runs end, too
            for reference in list(self._tickets):
                self._ray.cancel(reference, force=True)
            self._ray.kill(self._mailbox)
        self._tickets.clear()
        if self._connected:
            with suppress(Exception):
                self._ray.shutdown()


def _moved(job: Job, parcel: Parcel) -> Job:
    """`job` with the paths of the one that was packed, which may be another run of the same task."""
    task = replace(job.task, path=parcel.job.task.path)
    if task.is_script:
        task = replace(task, options={**task.options, "folder": parcel.job.task.options["folder"]})
    return replace(job, task=task)


def _at_home(job: Job) -> Job:
    """`job` with the absolute paths that its files have here: a node's current folder is another one."""
    path = job.task.path
    if job.task.is_code:
        target = Target.parse(path)
        if target.file is not None:
            path = str(target.file.absolute()) + (f":{target.name}" if target.name else "")
    elif os.path.exists(os.path.expanduser(path)):
        path = os.path.abspath(os.path.expanduser(path))
    return replace(job, task=replace(job.task, path=path))


@contextmanager
def _own_signals() -> Iterator[None]:
    """Inside, nobody takes the signals that end us: Ray would leave at once, with nothing written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def the_ray(where: str) -> Any:
    """The package ray, for a cluster at this address. Raises RayProblem where it is not installed."""
    if where.startswith(ADDRESS):  # that client shows a token if it is told so before; a cluster may do without
        _show_token()
    try:
        return import_module("ray")
    except ImportError:
        words = f"Running on Ray needs the package ray, which {sys.executable} does not have"
        raise RayProblem(f"{words}: pip install 'lrgui[cluster]' there.") from None


def _show_token() -> bool:
    """Let Ray show the token that there is; False where there is none, or the environment says what is to be done.

    Not before a cluster has refused to do without: one that asks for none lets go of whoever shows one.
    """
    kept = os.environ.get("RAY_AUTH_TOKEN_PATH") or os.path.expanduser(TOKEN)
    if "RAY_AUTH_MODE" in os.environ or not (os.environ.get("RAY_AUTH_TOKEN") or os.path.isfile(kept)):
        return False
    os.environ["RAY_AUTH_MODE"] = "token"
    return True


def _unreachable(where: str, why: str, version: str) -> str:
    """Why there is no connection, from what Ray says of it."""
    which = "The Ray cluster on this machine" if where in (RAY, AUTO) else f"The Ray cluster {where}"
    if "ersion mismatch" in why:
        own = f"Ray {version} on Python {platform.python_version()}"
        return f"{which} runs another Ray or another Python than this one, {own}. Use the same on both."
    if _NONE in why:
        return "No Ray cluster runs on this machine. Start one with ray start --head, or give an address."
    said = " ".join(line.strip() for line in why.strip().splitlines()[:2] if line.strip()).rstrip(".:")
    token = f"If it asks for a token, copy {TOKEN} from its head to this machine."
    return f"{which} cannot be reached: {said}. {token}"


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
