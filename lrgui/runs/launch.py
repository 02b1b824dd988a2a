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

from lrgui import frozen
from lrgui.core.events import ERRORS, EndEvent, EndReason, Event, OutputEvent, RunKind, RunState, StateEvent
from lrgui.runs.failures import cannot_start, explain_exit
from lrgui.runs.job import Job
from lrgui.runs.lines import decode
from lrgui.runs.output import OutputThrottle
from lrgui.runs.pipes import Pipes, open_pipes

#: Chunks come at most this often, in seconds: more would only make the reading thread fight for the GIL.
PACE = 0.01
#: Seconds for a process that was asked to end, before it is ended.
PATIENCE = 1.0
#: Seconds for a process whose run is over to leave by itself.
LEAVING = 3.0
#: Seconds after which a Python that has not said that it is ready is called slow, and after which it is given up: it
#: hangs, or asks something. From a cold disk in a network PyTorch may take minutes.
SLOW, HANGS = 30.0, 600.0

#: For processes of other Pythons: on Windows each would open a console, while the window has none.
FLAGS = 0
if sys.platform == "win32":
    FLAGS = subprocess.CREATE_NO_WINDOW

#: What a Python says in front of its version that is too old to be one of ours.
TOO_OLD = "This is Python "

# What another Python is told before it can know our files; any Python understands it, however old. The package comes
# from our folder alone, also where the person has an lrgui of their own; of our folder nothing but the package is
# seen, so that another Python keeps its own packages, and what it lacks is missing there. The folder goes behind
# everything else for processes that the run starts, which look for the package there; where they would find another
# lrgui before, one that stands for ours goes in front. The current folder, which -c puts in front, goes: a file
# random.py that lies there must not become the module.
_BOOT = """
import os, sys
if sys.path[:1] == [""]:
    del sys.path[0]
if sys.version_info < (3, 10):
    sys.exit("TOO_OLD" + sys.version.split()[0])
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, PathFinder, SourceFileLoader
from importlib.util import module_from_spec
class OnlyLrgui(FileFinder):
    def find_spec(self, name, target=None):
        return super().find_spec(name, target) if name == "lrgui" else None
folder = sys.argv.pop(1)
finder = OnlyLrgui(folder, (SourceFileLoader, SOURCE_SUFFIXES))
spec, other = finder.find_spec("lrgui"), PathFinder.find_spec("lrgui")
if other is not None and other.origin and os.path.realpath(other.origin) != os.path.realpath(spec.origin):
    sys.path.insert(0, os.path.join(folder, "lrgui", "runs", "stand_in"))
elif folder not in sys.path:
    sys.path.append(folder)
    sys.path_importer_cache[folder] = finder
sys.modules["lrgui"] = module_from_spec(spec)
spec.loader.exec_module(sys.modules["lrgui"])
from MODULE import main
main()
"""


def worker_command(python: str | Path | None = None) -> list[str]:
    """The command of a worker: in `python`, or in the one that runs this program.

    A bundle without torch looks for a Python that has it; raises NoPythonError where there is none.
    """
    return python_command(python, "lrgui.runs.worker", "--worker")


def python_command(python: str | Path | None, module: str, word: str) -> list[str]:
    """The command that calls `main()` of a module of ours in `python`, or in the one that runs this program.

    `word` makes the executable of a bundle with torch do the same. See `worker_command` for one without.
    """
    if python is None and frozen.is_frozen():
        if frozen.has_torch():
            return [sys.executable, word]
        python = frozen.python_with_torch()
    boot = _BOOT.replace("MODULE", module).replace("TOO_OLD", TOO_OLD)
    return [str(python or sys.executable), "-c", boot, str(frozen.sources_folder())]


class ChildProcess:
    """A `Source` whose run is computed by a process of its own.

    It can be started before its job is known (a spare worker). `chunks` is for one thread, everything else
    may be called from any. Nothing is left of the process after the chunks were read to their end, or `kill`.
    """

    def __init__(
        self,
        job: Job | None = None,
        python: str | Path | None = None,
        *,
        command: Sequence[str] | None = None,
    ) -> None:
        """`python` is another interpreter; `command` replaces the whole command (another way to a worker)."""
        self.facts: dict[str, str] = {}
        """What the worker said of itself when it was ready (as far as it was read): "torch", "python", …"""
        self._python = python
        self._command = list(command) if command is not None else []  # else found when it is started
        self._lock = threading.RLock()
        self._job = job
        self._process: subprocess.Popen[bytes] | None = None
        self._pipes: Pipes | None = None
        self._alive: int | None = None  # our end of the pipe whose closing tells the guard that we are gone
        self._refused: EndEvent | None = None  # why there is no process
        self._reading = False
        self._killed = False
        self._mark = b""  # what each line of the worker's begins with, once it has told that

    # -- life

    def start(self) -> None:
        """Start the process, unless it was started before. A failure is told by `chunks`."""
        with self._lock:
            if self._process is None and self._refused is None and not self._killed:
                try:
                    self._command = self._command or worker_command(self._python)
                    self._spawn()
                except frozen.NoPythonError as error:
                    self._refused = EndEvent(EndReason.FAILED, str(error))
                except OSError as error:
                    self._refused = cannot_start(self._command[0], error)
                else:
                    if self._job is not None:
                        self._send(json.dumps(self._job.to_dict()))

    def submit(self, job: Job) -> None:
        """Give the job to a process that was made without one."""
        with self._lock:
            if self._job is not None:
                raise RuntimeError("A worker runs only one job.")
            self._job = job
            if self._process is not None:
                self._send(json.dumps(job.to_dict()))

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
        self._send("cancel")

    # -- events

    def chunks(self) -> Generator[list[Event], None, None]:
        """See `Source.chunks`. If the process dies, the last event says how."""
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

    def _read(self, process: subprocess.Popen[bytes]) -> Iterator[list[Event]]:
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
            events, printed = self._pipes.read(wait if said_starting and not gone else 0)
            *lines, rest = (rest + events).split(b"\n")
            chunk: list[Event] = []
            for line in filter(None, lines):
                event = self._event(line, merger)
                if isinstance(event, EndEvent):
                    end = event
                    break
                if event is not None:
                    chunk.append(event)
            merger.feed(printed)
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
                end = EndEvent(EndReason.FAILED, f"{self._command[0]} was not ready within {HANGS:g} s. {_ANOTHER}")
            if end is None and not events and not printed and (gone or self._pipes.ended):
                status = self._status(process)
                chunk += self._last_words(merger)
                end = explain_exit(status, python=self._command[0], ready=bool(self.facts), last_line=merger.last_line)
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
            _, printed = self._pipes.read(0)
            if not printed:
                break
            merger.feed(printed)
        return merger.finish()

    def _status(self, process: subprocess.Popen[bytes]) -> int:
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
        return EndEvent(EndReason.KILLED, "The run was terminated; everything measured so far is kept.")

    # -- the process

    def _spawn(self) -> None:
        command, options = self._command, {}
        theirs = None
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


_ANOTHER = "Check whether it starts in a terminal, or choose another Python."


class SparePool:
    """Keeps one warm worker, which has imported torch already, so that a run starts at once.

    Starts one only when told (`warm`), and gives up one that nobody took for a while: it holds memory.
    All methods may be called from any thread.
    """

    def __init__(
        self,
        python: str | Path | None = None,
        *,
        idle_seconds: float = 600.0,
        make: Callable[[], ChildProcess] | None = None,
    ) -> None:
        """`make` makes an unstarted worker without a job, in place of the usual one."""
        self._python = python
        self._make = make or (lambda: ChildProcess(python=self._python))
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._spare: ChildProcess | None = None
        self._spare_python: str | Path | None = None  # in which it runs
        self._timer: threading.Timer | None = None
        self._closed = False

    def use(self, python: str | Path | None) -> None:
        """From now on workers run in `python`, None for the program's own.

        Takes no time. The spare of another Python goes with the next `warm` or `take`; nobody gets it any more.
        """
        self._python = python

    def warm(self) -> None:
        """Start a spare worker, unless one is there."""
        with self._lock:
            if self._closed or self._fits():
                return
            self._drop_locked()
            self._spare_python = self._python
            self._spare = self._make()
            self._spare.start()
            self._timer = threading.Timer(self._idle_seconds, self._give_up, args=(self._spare,))
            self._timer.name = "lrgui spare worker"
            self._timer.daemon = True
            self._timer.start()

    def take(self) -> ChildProcess:
        """The spare worker, or a new one that is still cold; it belongs to the caller."""
        with self._lock:
            spare = self._spare
            if spare is not None and self._fits():
                self._forget_locked()
                return spare
            self._drop_locked()
        cold = self._make()
        cold.start()
        return cold

    @property
    def ready(self) -> bool:
        """True while a spare worker waits that has imported everything; False too where that cannot be seen."""
        spare = self._spare  # no lock, as in `memory`
        return spare is not None and spare.has_spoken

    def _fits(self) -> bool:
        return self._spare is not None and self._spare.alive and self._spare_python == self._python

    def memory(self) -> int | None:
        """Bytes of memory that the spare worker takes from others; None without one, or where nobody tells.

        What it shares counts for nothing: torch's libraries are files that the system drops when it needs room.
        """
        spare = self._spare  # no lock: `warm` may hold it for seconds, and the window asks
        if spare is None or not spare.alive or spare.pid is None:
            return None
        try:
            facts = Path(f"/proc/{spare.pid}/statm").read_text(encoding="ascii").split()
            return (int(facts[1]) - int(facts[2])) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError, AttributeError):
            return None

    def close(self) -> None:
        """End the spare worker; no new one is started after this. Idempotent."""
        with self._lock:
            self._closed = True
            timer = self._timer
            self._drop_locked()
        if timer is not None:
            timer.join(1)  # outside of the lock, which it may be waiting for

    def _give_up(self, spare: ChildProcess) -> None:
        with self._lock:
            if self._spare is spare:
                self._drop_locked()

    def _drop_locked(self) -> None:
        spare = self._spare
        self._forget_locked()
        if spare is not None:
            spare.kill()

    def _forget_locked(self) -> None:
        self._spare = None
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
