"""Starts the process that computes a run and reads its events."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from lrgui import frozen
from lrgui.core.events import (
    ERRORS,
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    RunKind,
    RunState,
    StateEvent,
)
from lrgui.core.formats import format_seconds
from lrgui.runs.failures import cannot_start, explain_exit, stopped_by_force
from lrgui.runs.fork_server import ForkedProcess, ForkServer
from lrgui.runs.job import Job
from lrgui.runs.lines import decode
from lrgui.runs.output import OutputThrottle
from lrgui.runs.pipes import Pipes, open_pipes
from lrgui.runs.python_command import FLAGS, script_command, worker_command

if TYPE_CHECKING:
    from lrgui.runs.sandbox import Sandbox

#: Chunks come at most this often, in seconds: more would only make the reading thread fight for the GIL.
PACE = 0.01
#: Seconds for a process that was asked to end, before it is ended.
PATIENCE = 1.0
#: Seconds for a process whose run is over to leave by itself.
LEAVING = 3.0
#: Seconds after which a Python that has not said that it is ready is called slow, and after which it is given up: it
#: hangs, or asks something. From a cold disk in a network PyTorch may take minutes.
SLOW, HANGS = 30.0, 600.0
_ANOTHER = "Check whether it starts in a terminal, or choose another Python."


class ChildProcess:
    """An `EventSource` whose run is computed by a process of its own.

    It can be started before its job is known (a spare worker). `chunks` is for one thread, everything else
    may be called from any. Nothing is left of the process after the chunks were read to their end, or `kill`.
    """

    def __init__(
        self,
        job: Job | None = None,
        python: str | Path | None = None,
        *,
        command: Sequence[str] | None = None,
        heard: Callable[[bytes], None] = lambda printed: None,
        server: ForkServer | None = None,
    ) -> None:
        """`python` is another interpreter; `command` replaces the whole command (another way to a worker).

        `heard` is given all that is printed, before it is shortened for people. `server` forks the process, where it
        can.
        """
        self.facts: dict[str, str] = {}
        """What the worker said of itself when it was ready (as far as it was read): "torch", "python", …"""
        self._python = python
        self._heard = heard
        self._server = server
        self._command = list(command) if command is not None else []  # else found when it is started
        self._lock = threading.RLock()
        self._job = job
        self._process: subprocess.Popen[bytes] | ForkedProcess | None = None
        self._pipes: Pipes | None = None
        self._alive: int | None = None  # our end of the pipe whose closing tells the guard that we are gone
        self._sandbox: Sandbox | None = None
        self._refused: EndEvent | None = None  # why there is no process
        self._reading = False
        self._killed = False
        self._asked_to_end = False
        self._measured = False  # True once an event told what was measured
        self._mark = b""  # what each line of the worker's begins with, once it has told that

    # -- life

    def start(self) -> None:
        """Start the process, unless it was started before. A failure is told by `chunks`."""
        with self._lock:
            if self._process is None and self._refused is None and not self._killed:
                try:
                    is_script = self._job is not None and self._job.task.is_script
                    self._command = self._command or (script_command if is_script else worker_command)(self._python)
                    if self._job is not None and is_script and self._job.task.script_options["sandbox"]:
                        self._lay_sandbox(self._job)
                    if self._refused is None:
                        self._spawn()
                except frozen.NoPythonError as error:
                    self._refused = EndEvent(EndReason.FAILED, str(error))
                except OSError as error:
                    self._refused = cannot_start(self._command[0], error)
                else:
                    if self._job is not None and self._refused is None:
                        self._send(json.dumps(self._job.to_request()))

    def _lay_sandbox(self, job: Job) -> None:
        from lrgui.runs.sandbox import Sandbox, SandboxError  # few runs want one

        try:
            self._sandbox = Sandbox(job)
            self._job = self._sandbox.job
        except SandboxError as error:
            self._refused = EndEvent(EndReason.FAILED, str(error))

    def submit(self, job: Job) -> None:
        """Give the job to a process that was made without one."""
        with self._lock:
            if self._job is not None:
                raise RuntimeError("A worker runs only one job.")
            self._job = job
            if self._process is not None:
                self._send(json.dumps(job.to_request()))

    def kill(self) -> None:
        """End the process and everything that it started: asked first, after a second without asking.

        Idempotent; blocks until the process is gone.
        """
        with self._lock:
            self._killed = True
        self._end_process()
        with self._lock:
            if not self._reading:
                self._close()

    @property
    def pid(self) -> int | None:
        """The process' number, None before the start."""
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """True while the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def has_spoken(self) -> bool:
        """True where the process has said something that nobody read yet: that it is ready, or why it ends."""
        process = self._process
        if sys.platform == "win32" or process is None or process.stdout is None:
            return False  # where pipes can't be waited for, nobody knows
        try:
            return bool(select.select([process.stdout], [], [], 0)[0])
        except (OSError, ValueError):
            return False  # it is closed already

    def __enter__(self) -> ChildProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    # -- requests

    def pause(self) -> None:
        """Hold the run before its next batch."""
        self._send("pause")

    def resume(self) -> None:
        """Let a held run go on."""
        self._send("resume")

    def cancel(self) -> None:
        """End the run before its next batch."""
        self._asked_to_end = True
        self._send("cancel")

    def ask(self, request: str) -> None:
        """Hand on a request in words (`Control.obey`)."""
        self._send(request)

    # -- events

    def chunks(self) -> Generator[list[Event], None, None]:
        """See `EventSource.chunks`. If the process dies, the last event says how."""
        with self._lock:
            if self._reading:
                raise RuntimeError("The events of a run can be read only once.")
            if self._job is None:
                raise RuntimeError("No job to read events from: submit one first.")
            self._reading = True
        over = False
        try:
            self.start()
            if self._process is None:
                yield [self._refused or self._stopped()]
            else:
                yield from self._read(self._process)
            over = True
        finally:
            self._leave(over)

    def _read(self, process: subprocess.Popen[bytes] | ForkedProcess) -> Iterator[list[Event]]:
        assert self._pipes is not None
        merger = OutputThrottle()
        rest = b""
        end: EndEvent | None = None
        said_starting = said_slow = False
        begin = time.monotonic()
        while end is None:
            gone = process.poll() is not None  # before reading: all that it wrote is in the pipes by then
            due = merger.due()
            wait = 0.25 if due is None else min(0.25, due)
            if gone:
                wait = 0.0 if self._pipes.ended else self._pipes.quiet
            events, printed = self._pipes.read(wait if said_starting else 0)
            *lines, rest = (rest + events).split(b"\n")
            chunk: list[Event] = []
            for line in filter(None, lines):
                event = self._event(line, merger)
                if isinstance(event, EndEvent):
                    end = event
                    break
                if event is not None:
                    self._measured = self._measured or isinstance(event, BatchEvent | CandidateEvent)
                    chunk.append(event)
            merger.feed(printed)
            self._heard(printed)
            if not said_starting:
                said_starting = True
                if not self.facts:
                    chunk.insert(0, StateEvent(RunState.STARTING, "Starting Python and PyTorch"))
            silent = 0.0 if self.facts else time.monotonic() - begin
            if silent > SLOW and not said_slow:
                said_slow = True
                chunk.append(
                    StateEvent(RunState.STARTING, f"{self._command[0]} is slow to start, or hangs; stopping ends it")
                )
            if silent > HANGS:
                self._end_process()
                end = EndEvent(
                    EndReason.FAILED, f"{self._command[0]} was not ready within {format_seconds(HANGS)}. {_ANOTHER}"
                )
            if end is None and not events and not printed and (gone or self._pipes.ended):
                status = self._status(process)
                if isinstance(process, ForkedProcess) and process.refused and not self._killed:
                    process = self._start_alone()
                else:
                    chunk += self._last_words(merger)
                    last, ready = merger.last_line, bool(self.facts)
                    end = explain_exit(status, python=self._command[0], ready=ready, last_line=last)
            elif end is None:
                chunk += merger.take()
            else:
                chunk += self._last_words(merger)
            if end is not None:
                chunk.append(self._stopped() if self._killed and end.reason in ERRORS else end)
            if chunk:
                yield chunk
                time.sleep(PACE)

    def _event(self, line: bytes, merger: OutputThrottle) -> Event | None:
        """What a line says; the announcement of readiness is kept here. What is no line of the worker's was printed.

        A worker tells with its readiness the mark that its lines begin with: others come from the task's code, or
        before it from a command of the user's (ssh), which may greet.
        """
        said = line
        if self._mark:
            strange, marked, said = line.partition(self._mark)
            if strange:
                merger.feed(strange + b"\n")
            if not marked:
                return None
        try:
            event = decode(said)
            if event is None:
                data = json.loads(said)
                if data.get("event") != "ready" or self.facts:
                    raise ValueError("Nothing that a worker says.")
                self._mark = str(data.pop("mark", "")).encode()
                self.facts = {key: str(value) for key, value in data.items() if key != "event"}
            return event
        except (ValueError, RecursionError):
            merger.feed(said + b"\n")
            return None

    def _last_words(self, merger: OutputThrottle) -> list[OutputEvent]:
        """What was printed and not told yet."""
        assert self._pipes is not None
        until = time.monotonic() + 0.5  # something that the task left running may print for ever
        while time.monotonic() < until:
            _, printed = self._pipes.read(self._pipes.quiet)
            if not printed:
                break
            merger.feed(printed)
            self._heard(printed)
        return merger.finish()

    def _status(self, process: subprocess.Popen[bytes] | ForkedProcess) -> int:
        """The exit status of a process that says no more."""
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:  # it closed its events, but computes on
            self._end_process()
            return process.wait()

    def _stopped(self) -> EndEvent:
        """The end of a run that `kill` ended."""
        if self._job is not None and self._job.kind == RunKind.CHECK:
            return EndEvent(EndReason.KILLED, "The check was terminated.")
        if self._asked_to_end:
            return stopped_by_force(self._measured)
        return EndEvent(EndReason.KILLED, "The run was terminated; everything measured so far is kept.")

    # -- the process

    def _start_alone(self) -> subprocess.Popen[bytes] | ForkedProcess:
        """Start the process in the usual way, where a server ended before it had forked it."""
        with self._lock:
            self._close()
            self._server = None
            self._spawn()
            assert self._process is not None
            assert self._job is not None
            self._send(json.dumps(self._job.to_request()))
            return self._process

    def _spawn(self) -> None:
        command, options = self._command, {}
        if self._sandbox is not None:
            command = self._sandbox.command(command)
        theirs = None
        if self._server is not None:
            theirs, self._alive = os.pipe()
            self._process = self._server.fork(theirs)
            os.close(theirs)
            self._pipes = open_pipes(self._process.stdout, self._process.stderr)
            return
        if sys.platform != "win32":
            theirs, self._alive = os.pipe()
            command = [*command, f"--alive={theirs}"]
            options = {"pass_fds": (theirs,), "start_new_session": True}
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                close_fds=True,
                creationflags=FLAGS,
                env=frozen.environment_of(command[0]),
                cwd=frozen.folder_for_children(),
                **options,  # type: ignore[call-overload]
            )
        except OSError:
            if self._alive is not None:
                os.close(self._alive)
                self._alive = None
            raise
        finally:
            if theirs is not None:
                os.close(theirs)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._pipes = open_pipes(self._process.stdout, self._process.stderr)

    def _send(self, line: str) -> None:
        with self._lock:
            stdin = self._process.stdin if self._process else None
            if stdin is None or stdin.closed:
                return
            try:
                stdin.write(line.encode() + b"\n")
            except OSError:
                pass  # the process is gone: its end is told by `chunks`

    def _leave(self, over: bool) -> None:
        """After the last chunk: wait for the process to go, or make it."""
        process = self._process
        if process is not None:
            try:
                process.wait(LEAVING if over else 0)
            except subprocess.TimeoutExpired:
                self._end_process()
        with self._lock:
            self._close()

    def _end_process(self) -> None:
        """Ask the process to end, then end it. Its guard ends what it leaves behind."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            try:
                process.wait(2 * PATIENCE)
            except subprocess.TimeoutExpired:
                pass  # held by the kernel (a driver); nothing can be done about it

    def _close(self) -> None:
        if self._pipes is not None:
            self._pipes.close()
            self._pipes = None
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        if self._alive is not None:
            os.close(self._alive)
            self._alive = None
        if self._sandbox is not None and not self.alive:
            self._sandbox.remove()
