"""Running a job for a command: where it is computed, how it shows, where it is kept."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lrgui import frozen, places
from lrgui.cli.app import fail, printed, say, words
from lrgui.cli.place import Place
from lrgui.cli.tracking import follow
from lrgui.core.events import (
    EndEvent,
    EndReason,
    EpochEvent,
    Event,
    OutputEvent,
    RunKind,
    RunState,
    StateEvent,
    TaskEvent,
)
from lrgui.core.formats import format_loss
from lrgui.gui.settings import Settings, leave_out_foreign_pythons, load_settings, settings_file
from lrgui.runs.checkpoints import with_checkpoints
from lrgui.runs.event_source import EventSource
from lrgui.runs.failures import ended_unexpectedly
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.library import start_log
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.steering import steered
from lrgui.runs.targets import ON, Target
from lrgui.runs.trust import Trust, trust_file

if TYPE_CHECKING:
    from lrgui.runs.record import Record
    from lrgui.runs.records import Records

#: Seconds that a run has to end in good order after SIGTERM or SIGHUP: docker waits ten, Slurm thirty.
GRACE = 5.0
#: Seconds in which the same signal is the same request: `timeout` sends one to the process and one to its group, and
#: a terminal one to everything in it, which some launchers hand on.
ONE_REQUEST = 0.5


class Stoppable(Protocol):
    """What a signal ends: a `EventSource`, or several in turn."""

    def cancel(self) -> None: ...

    def kill(self) -> None: ...


class Journals:
    """The logs of a run: the one in the runs folder, and the one that was asked for. What they say is said.

    A run that an error of ours ends, or a pipe that nobody reads any more, still gets its end.
    """

    kept: ClassVar[Path | None] = None
    """Where this command's last run is, whole; None before it ended and where it could not be written."""

    def __init__(self, job: Job, log: Path | None, continues: Path | None = None) -> None:
        """`continues` is the log of a run that goes on."""
        Journals.kept = None
        self._log = log
        self._ended = False
        self._tell(places.trouble())
        if continues is not None:
            self._writers = [LogWriter(continues, job, continues=True)]
            if (told := follow()) is not None:
                told(continues)
        else:
            self._writers = [start_log(job, "command line", follow())]
        self.job = job if self._writers[0].problem else with_checkpoints(job, self._writers[0].path)
        """What is to run, told where to keep what it trains."""
        if log is not None:
            self._writers.append(LogWriter(log, job, origin="command line"))

    def write(self, events: list[Event]) -> None:
        """Add events."""
        self._ended = self._ended or any(isinstance(event, EndEvent) for event in events)
        for writer in self._writers:
            self._tell(writer.write(events))

    @property
    def lost(self) -> str:
        """A sentence where the log that was asked for was not written, else empty."""
        lost = self._log is not None and self._writers[-1].problem is not None
        return _incomplete(self._log) if self._log is not None and lost else ""

    def steered(self, source: EventSource) -> AbstractContextManager[None]:
        """Inside, `lrgui steer` reaches the run."""
        return steered(self._writers[0].path, source)

    def __enter__(self) -> Journals:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and not self._ended:
            self.write(
                [
                    EndEvent(
                        EndReason.CANCELLED,
                        "The command ended before the run finished; everything measured so far is kept.",
                    )
                ]
            )
        for writer in self._writers:
            self._tell(writer.close())
        if self._writers[0].problem is not None:
            say(_incomplete(self._writers[0].path))
        Journals.kept = next((writer.path for writer in self._writers if writer.problem is None), None)

    def _tell(self, problem: str | None) -> None:
        if problem:
            say(problem)


def _incomplete(log: Path) -> str:
    return f"{log} is incomplete: it could not be written."


def run(
    job: Job,
    log: Path | None,
    quiet: bool,
    sweeps: Records | None = None,
    *,
    python: Place = None,
    continues: tuple[Path, Record] | None = None,
    source: EventSource | None = None,
) -> tuple[Record, str]:
    """Run the job, show how it goes on a terminal, keep it on disk. `sweeps` takes in all of its sweeps; `continues`
    are log and record of a run that goes on, `source` where it comes from if that is not what `python` says.

    Returns what was measured, and a sentence where `log` was asked for and could not be written.
    """
    from lrgui.runs.record import Record

    before, known = continues or (None, None)
    record = known or (Record() if sweeps is None else sweeps.first)
    taking = record if sweeps is None else sweeps
    with Journals(job, log, before) as journals:
        source = source or source_of(journals.job, python)
        with (
            progress(job, quiet) as show,
            Signals(source),
            journals.steered(source),
            closing(source.chunks()) as chunks,  # closing them ends the run
        ):
            for events in chunks:
                taking.add(events)
                journals.write(events)
                repeats = job.sweep.repeats if job.kind == RunKind.SWEEP else 1
                show(events, len(taking), record.all_steps * repeats)
    return record, journals.lost


def source_of(job: Job, python: Place = None, *, always_child: bool = False) -> EventSource:
    """Computes in this process; in one of its own where the person's code runs, where another Python was named,
    where there is no torch in here, or where that is wanted."""
    if isinstance(python, Target):
        from lrgui.runs.remote.running import source_on  # it needs numpy, which help does not

        return source_on(python, job)
    chosen = str(python) if python is not None else frozen.chosen_python(_python_of_settings())
    if job.task.is_script:
        from lrgui.runs.script_source import script_source

        return script_source(job, chosen)
    # The person's code may print, change the folder or exit: it must do so somewhere else.
    if always_child or job.task.is_code or not frozen.computes_itself(chosen):
        return ChildProcess(job, chosen)
    try:
        from lrgui.runs.in_process import InProcess
    except ImportError as error:
        fail(f"PyTorch could not be imported ({error}). Install it: pip install torch")
    return InProcess(job)


def computes_elsewhere(python: Place) -> bool:
    """True where a Python was named for runs, which may have other modules than this one."""
    kept = load_settings(settings_file())[0].python
    return python is not None or bool(frozen.chosen_python("" if kept.startswith(ON) else kept))


def _python_of_settings() -> str:
    """The Python that the person chose in the window; one that only the settings name is told of, and not used."""
    settings = Settings(python=load_settings(settings_file())[0].python)
    for sentence in leave_out_foreign_pythons(settings, Trust(trust_file())):
        say(sentence)
    return "" if settings.python.startswith(ON) else settings.python  # a command computes elsewhere with --on alone


class Signals:
    """Inside, Ctrl+C, SIGTERM and SIGHUP end the run in good order: what was measured is kept and read.

    A second one ends the process that computes at once, and so does the time after SIGTERM (Slurm, systemd, docker)
    and SIGHUP (a terminal that was closed): whoever sends these does not wait. A signal that is ignored (nohup, jobs
    in the background) stays so.
    """

    ended_by: ClassVar[int] = 0
    """The signal for which the command leaves with 128 + its number: any but a first Ctrl+C."""

    def __init__(self, source: Stoppable) -> None:
        self._source = source
        self._asked: tuple[int, float] | None = None
        """The first signal, and when it came."""
        self._before: dict[int, Any] = {}
        self._timer = threading.Timer(GRACE, source.kill)
        self._timer.daemon = True

    def __enter__(self) -> Signals:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for number, usual in self._before.items():
            signal.signal(number, usual)

    def _stop(self, number: int, _frame: object) -> None:
        now = time.monotonic()
        if self._asked is not None and self._asked[0] == number and now - self._asked[1] < ONE_REQUEST:
            return
        if self._asked is not None or number != signal.SIGINT:
            Signals.ended_by = number
        if self._asked is not None:
            self._source.kill()
            return
        self._asked = number, now
        if number == signal.SIGINT:
            _write("\nStopping. Press Ctrl+C again to end it at once if the code hangs.\n")
        else:
            _write(f"\nStopping: {signal.Signals(number).name}.\n")
            if leave := getattr(self._source, "leave", None):  # a run elsewhere goes on without us
                leave()
                return
            self._timer.start()
        self._source.cancel()


def _write(text: str) -> None:
    """Standard error without Python's buffers, which a signal may have come upon half filled."""
    try:
        os.write(2, text.encode())
    except OSError:
        pass  # a terminal that is gone


def progress_bar() -> Progress:
    """An empty progress bar, where standard error is a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=words,
        transient=True,
        disable=not words.is_terminal,
    )


@contextmanager
def progress(job: Job, quiet: bool) -> Iterator[Callable[[list[Event], int, int], None]]:
    """A progress bar where standard error is a terminal; what the run prints and how it fails in any case. It is given
    events, the steps that were made, and how many there are in all, 0 where nobody knows."""
    bar = progress_bar()
    with bar:
        title = "Sweep" if job.kind == RunKind.SWEEP else "Training"
        line = bar.add_task(title, total=None)

        def show(events: list[Event], done: int, total: int) -> None:
            for event in events:
                if isinstance(event, TaskEvent):
                    if not quiet:
                        say(task_words(event))
                elif isinstance(event, StateEvent) and event.state == RunState.STARTING and event.detail:
                    bar.update(line, description=event.detail)  # a download tells how far it is
                elif isinstance(event, StateEvent) and event.state == RunState.RUNNING:
                    bar.update(line, description=title)
                elif isinstance(event, OutputEvent):
                    printed(event)
                elif isinstance(event, EpochEvent):
                    bar.update(
                        line, description=f"Training · epoch {event.epoch} · loss {format_loss(event.train_loss)}"
                    )
            bar.update(line, completed=done, total=total or None)

        yield show


def task_words(event: TaskEvent) -> str:
    """The task in a line: name, data, size, device."""
    return f"{event.name} · {event.detail} · {event.parameters:,} parameters · {event.device}"


def ended(record: Record | None) -> EndEvent:
    """How a run ended; also of a process that did not say it."""
    end = None if record is None else record.end
    return end or ended_unexpectedly()
