"""A run that is computed on a target: sent there, left there, and followed from here."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lrgui import frozen
from lrgui.core.events import EndEvent, EndReason, Event, OutputEvent, RunKind, RunState, StateEvent, Stream
from lrgui.core.formats import format_bytes
from lrgui.runs.checkpoints import Checkpoint, folder_of
from lrgui.runs.event_source import EventSource, NoSource
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.lines import SUFFIX
from lrgui.runs.python_command import boot_text, unbundled_command
from lrgui.runs.ray_settings import RAY
from lrgui.runs.remote.address import Address, Host
from lrgui.runs.remote.connection import FIRST_SILENCE, Connection, RemoteError, program_text
from lrgui.runs.remote.following import Following
from lrgui.runs.remote.package import package, packed
from lrgui.runs.remote.tail import TROUBLE_BYTES
from lrgui.runs.remote.whereabouts import SUBMITTED, known_events, where_words
from lrgui.runs.targets import Target
from lrgui.tasks.launchers import LAUNCHERS, TORCHRUN, Team, srun_command, team_command

#: Seconds that sbatch may take.
SUBMITTING = 150.0
#: Bytes of a file that are sent at once.
PIECE = 1 << 20
#: Where the machines of a team meet, when nobody says it: one that is free in all likelihood.
PORTS = (20_000, 30_000)


@dataclass(frozen=True)
class GoesOn:
    """From what a training on a target goes on."""

    log: Path
    """Its log here, which has all that was measured."""
    state: Checkpoint
    """Its state: there, beside the log in `folder`, else here."""
    folder: str = ""
    """The run's folder there; empty where log and state are to be sent to a new one."""

    @property
    def files(self) -> dict[str, Path]:
        """What is to be sent: where it is to lie, and where it is."""
        if self.folder:
            return {}
        log = f"run{SUFFIX}"
        return {log: self.log, f"{folder_of(Path(log))}/{self.state.path.name}": self.state.path}

    @property
    def words(self) -> str:
        """How much is sent."""
        return "" if self.folder else f", with its last checkpoint ({format_bytes(self.state.size)})"


def source_on(target: Target, job: Job) -> EventSource:
    """Computes a job on a target."""
    if target.kind != "ray":
        return RemoteRun(job, target)
    about = {
        "name": target.name,
        "address": target.address or RAY,
        "folder": target.folder,
        "resources": target.given_resources,
    }
    try:
        command = unbundled_command(os.path.expanduser(target.python) or None, "lrgui.runs.remote.ray_driver")
    except frozen.NoPythonError as error:
        return NoSource(str(error))
    child = ChildProcess(command=[*command, json.dumps(about)])
    child.start()
    child.submit(job)  # only now: what a script's process would prepare here is prepared there
    return child


class RemoteRun:
    """An `EventSource` whose run goes on without us: it is computed by a process there, which writes its log there.

    Stopping it stops the run; `leave` lets it go on alone.
    """

    def __init__(self, job: Job, target: Target, goes_on: GoesOn | None = None) -> None:
        """`goes_on` is of a training that goes on there."""
        self._job, self._target, self._goes_on = job, target, goes_on
        self._host = target.hosts[0]
        self._following: Following | None = None
        self._asked = ""
        self._paused = False

    @property
    def address(self) -> Address | None:
        """Where its log is; None before it was started."""
        return None if self._following is None else self._following.address

    def chunks(self) -> Generator[list[Event], None, None]:
        """See `EventSource.chunks`. Closing it leaves the run alone."""
        where, goes_on = self._target.name, self._goes_on
        yield [StateEvent(RunState.STARTING, f"Sending the run to {where}{'' if goes_on is None else goes_on.words}")]
        known = 0 if goes_on is None else known_events(goes_on.log)
        try:
            told = begin(self._job, self._target, goes_on)
        except RemoteError as error:
            yield [EndEvent(EndReason.FAILED, str(error))]
            return
        address = Address(told["log"], self._host)
        following = Following(address, python=self._target.python, commands=True, known=known, resumed_at=told["lines"])
        if self._paused:
            following.pause()
        self._following = following
        if self._asked:  # meanwhile
            getattr(following, self._asked)()
        chunk: list[Event] = [OutputEvent(where_words(where, address), Stream.NOTE)]
        if "script" in told:
            chunk.insert(0, OutputEvent(f"{SUBMITTED} {told['job']}:\n{told['script']}", Stream.OUT))
        yield chunk
        yield from following.chunks()

    def pause(self) -> None:
        """Hold the run before its next batch."""
        self._paused = True
        if self._following is not None:
            self._following.pause()

    def resume(self) -> None:
        """Let a held run go on."""
        self._paused = False
        if self._following is not None:
            self._following.resume()

    def cancel(self) -> None:
        """End the run before its next batch; one that waits in a queue is taken out of it."""
        self._ask("cancel")

    def kill(self) -> None:
        """End the run's process there without asking it."""
        self._ask("kill")

    def ask(self, request: str) -> None:
        """Hand on a request in words (`core.control.Control.obey`) to a run that is followed."""
        if self._following is not None:
            self._following.ask(request)

    def leave(self) -> None:
        """End the following; the run goes on."""
        self._ask("leave")

    def _ask(self, what: str) -> None:
        self._asked = what
        if self._following is not None:
            getattr(self._following, what)()


def begin(job: Job, target: Target, goes_on: GoesOn | None = None) -> dict[str, Any]:
    """Send the job to its target and start it there, or let it go on: returns the log's path, its lines before that,
    and of SLURM job and script.

    Raises RemoteError with a sentence.
    """
    team, hosts = target.team, target.hosts
    if job.kind == RunKind.CHECK:  # of the code, for which one process is enough
        team, hosts = Team(1), hosts[:1]
    if team.size > 1 and not job.task.is_script and job.kind != RunKind.SWEEP:
        raise RemoteError(
            f"{target.name} computes with several processes, which only a sweep can: choose another target."
        )
    if team.machines > 1 and job.task.is_script:
        raise RemoteError(
            f"{target.name} has several machines, and a script runs on one: call lrgui.find_lr in it and start it "
            "yourself, or choose another target."
        )
    moved, files = packed(job, target.folder)
    if goes_on is not None:
        files = {**files, **goes_on.files}
    digest, archive = package()
    try:
        sizes = {name: path.stat().st_size for name, path in files.items()}
    except OSError as error:
        raise _unreadable(error) from None
    slurm = {"options": target.options, "setup": target.setup} if target.kind == "slurm" else None
    launcher = target.kind if target.kind in LAUNCHERS else TORCHRUN
    about = {
        "digest": digest,
        "size": len(archive),
        "files": list(sizes.items()),
        "again": "" if goes_on is None else goes_on.folder,
        "state": "" if goes_on is None else goes_on.state.path.name,
        "folder": target.folder,
        "job": moved.to_dict(),
        "boot": boot_text("lrgui.runs.remote.detached"),
        "team": boot_text("lrgui.runs.team_worker"),
        "slurm": slurm,
        "trouble": TROUBLE_BYTES,
        "launcher": launcher,
        "processes": team.processes,
        "nodes": team.machines,
        "endpoint": _endpoint(target),
    }
    if slurm is not None and team.machines > 1:
        return _begun(target.hosts[0], target, {**about, "command": srun_command(team)}, archive, files)
    told: list[tuple[Host, dict[str, Any]]] = []
    for rank, host in enumerate(hosts):
        command = team_command(launcher, replace(team, rank=rank)) if team.size > 1 else []
        try:
            told.append((host, _begun(host, target, {**about, "rank": rank, "command": command}, archive, files)))
        except RemoteError as error:
            _end(told, target)
            raise RemoteError(str(error), error.may_pass) from None
    return told[0][1]


def _endpoint(target: Target) -> tuple[str, int]:
    """Where the first machine's launcher waits for the others; of SLURM it is known on the node."""
    meant = Host.parse(target.endpoint)
    return meant.name or target.hosts[0].name, meant.port or random.randrange(*PORTS)


def _end(begun: list[tuple[Host, dict[str, Any]]], target: Target) -> None:
    """End what was begun on some machines of a team that is not complete."""
    for host, told in begun:
        source = Following(Address(told["log"], host), python=target.python, commands=True)
        source.kill()
        for _ in source.chunks():
            pass


def _begun(host: Host, target: Target, about: dict[str, Any], archive: bytes, files: dict[str, Path]) -> dict[str, Any]:
    """Send a run to one machine and start it there."""
    connection = Connection(host, program_text("there.py"), target.python)
    try:
        connection.write(json.dumps({**about, "host": host.name}).encode("ascii") + b"\n")
        if _answer(connection, target)["need"]:
            connection.write(archive)
        for (_, size), path in zip(about["files"], files.values(), strict=True):
            with path.open("rb") as file:
                while size > 0:
                    data = file.read(min(size, PIECE))
                    if not data:
                        raise RemoteError(f"{path} became shorter while it was sent. Try again.")
                    connection.write(data)
                    size -= len(data)
        return _answer(connection, target)
    except OSError as error:
        raise _unreadable(error) from None
    finally:
        connection.close()


def _unreadable(error: OSError) -> RemoteError:
    return RemoteError(f"{error.filename} cannot be read ({error.strerror or error}).")


def _answer(connection: Connection, target: Target) -> dict[str, Any]:
    line = connection.line(SUBMITTING if target.kind == "slurm" else FIRST_SILENCE)
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        raise RemoteError(
            f"{target.name} answers with something else: “{line.decode('utf-8', 'replace')[:80]}”. Check what Python "
            "prints there when it starts (sitecustomize.py)."
        ) from None
    if "error" in said:
        raise RemoteError(f"The run cannot start on {target.name}: {str(said['error']).rstrip('.')}.")
    return said
