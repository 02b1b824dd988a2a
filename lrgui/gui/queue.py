"""The queue of trainings in the window: whose turn it is, pausing, cancelling; it is kept between starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal, Slot

from lrgui.core.events import STOPPED, EndEvent, EndReason
from lrgui.core.formats import format_percent
from lrgui.gui.notice import Notice
from lrgui.runs.job import Job
from lrgui.runs.queue import Entry, EntryState, RunQueue, load_queue, queue_file, save_queue
from lrgui.runs.record import Record

if TYPE_CHECKING:
    from lrgui.runs.overlaid import OverlaidRun

#: The tab that shows it.
QUEUE = "queue"
#: How a training ends that has trained.
TRAINED = (EndReason.COMPLETED, EndReason.DATA_ENDED)


class Queue(QObject):
    """Runs one training after the other; knows no widget, and not who runs them."""

    changed = Signal()
    """The entries, their order or their states are others, or the queue was paused or goes on."""
    started = Signal()
    """The person let it run."""
    noticed = Signal(object)
    """A Notice."""
    wanted = Signal()
    """It is to be looked at."""

    def __init__(
        self,
        start: Callable[[Job], Record | None],
        stop: Callable[[], None],
        busy: Callable[[], bool],
        parent: QObject,
    ) -> None:
        """`start` runs a training and returns its record, None where the person is asked first; `stop` ends the run
        that goes on, and `busy` says whether one does."""
        super().__init__(parent)
        self._start, self._stop, self._busy = start, stop, busy
        self._path = queue_file()
        # Another window's queue is its own: it is not read, and this window's is not kept.
        self._lock = QLockFile(str(self._path.with_suffix(".lock")))
        self._kept = self._take_lock()
        self._queue, self._trouble = load_queue(self._path) if self._kept else (RunQueue(), "")
        self._runs: dict[int, OverlaidRun] = {}
        """The entries' runs, by their ids."""
        self.active = False
        """True while the next training begins when one ends."""
        self._skipping = False
        """True where only the training that goes on was cancelled."""

    def _take_lock(self) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
        return self._lock.tryLock(0)

    # ---------------------------------------------------------------- what there is
    @property
    def entries(self) -> list[Entry]:
        """All of them, in their order."""
        return list(self._queue.entries)

    @property
    def waiting(self) -> list[Entry]:
        """Those whose turn is to come."""
        return self._queue.waiting

    @property
    def running(self) -> Entry | None:
        """The one that trains."""
        return self._queue.running

    @property
    def names(self) -> list[str]:
        """What the entries are called."""
        return self._queue.names

    @property
    def runs(self) -> list[OverlaidRun]:
        """The entries as runs that can be laid over each other."""
        self._runs = {id(each): self._run_of(each) for each in self.entries}
        return list(self._runs.values())

    def _run_of(self, entry: Entry) -> OverlaidRun:
        """The same one as before where nothing but its length is another: it knows what was drawn of it."""
        from lrgui.runs.overlaid import OverlaidRun
        from lrgui.runs.summary import optimizer_of

        before, optimizer = self._runs.get(id(entry)), optimizer_of(entry.job, entry.record)
        if before is not None and before.record is entry.record and before.optimizer == optimizer:
            return before
        return OverlaidRun(entry.job, entry.record, optimizer)

    @property
    def words(self) -> str:
        """How far it is: "1 training, 2 waiting, 3 ended"."""
        counts = (
            (1 if self.running is not None else 0, "training"),
            (len(self.waiting), "waiting"),
            (len(self._queue.ended), "ended"),
        )
        said = ", ".join(f"{count} {what}" for count, what in counts if count)
        paused = " · paused" if self.waiting and not self.active else ""
        return f"{said or 'Empty'}{paused}"

    # ---------------------------------------------------------------- what the person does
    def add(self, jobs: Sequence[Job]) -> None:
        """Let these trainings wait behind the others."""
        added = self._queue.add(jobs)
        left = len(jobs) - len(added)
        if left:
            words = f"The queue is full: {left} of {len(jobs)} trainings were not added."
            self.noticed.emit(Notice("warning", words))
        self._tell()
        if self.active:
            self._go_on()

    @Slot()
    def run(self) -> None:
        """Run the waiting trainings, one after another."""
        if not self.waiting:
            return
        self.active = True
        self.started.emit()
        self._next()

    @Slot()
    def pause(self) -> None:
        """Start no further training; the running one continues to its end."""
        self.active = False
        self._tell()

    def move(self, entry: Entry, by: int) -> None:
        """Let a waiting one change places with its neighbour that waits."""
        if self._queue.move(entry, by):
            self._tell()

    def place(self, entries: Iterable[Entry], before: Entry | None) -> None:
        """Let waiting ones wait in front of another one, or behind all for None."""
        if self._queue.place(entries, before):
            self._tell()

    def cancel(self, entries: Iterable[Entry]) -> None:
        """Take these out of the queue; the one that trains is stopped, and the next one begins."""
        chosen = list(entries)
        if self.running in chosen:
            self._skipping = True
            self._stop()
        self._take_out(chosen)

    @Slot()
    def cancel_all(self) -> None:
        """Remove all waiting trainings and stop the running one."""
        self.active = False
        if self.running is not None:
            self._stop()
        self._take_out(self.waiting)

    def _take_out(self, entries: Sequence[Entry]) -> None:
        waited = [entry for entry in entries if entry.state == EntryState.WAITING]
        self._queue.remove(entries)
        self._tell()
        if waited:
            words = f"{len(waited)} training{'s were' if len(waited) > 1 else ' was'} taken out of the queue."
            tip = "Let them wait again, behind the others"
            self.noticed.emit(Notice("info", words, action="Put back", act=lambda: self._put_back(waited), tip=tip))

    def _put_back(self, entries: Sequence[Entry]) -> None:
        self.noticed.emit(None)
        self.add([entry.job for entry in entries])

    @Slot()
    def clear_ended(self) -> None:
        """Forget those that are over; their runs are kept."""
        self._queue.remove(self._queue.ended)
        self._tell()

    @property
    def waiting_words(self) -> str:
        """How many wait from last time, in a sentence; empty where none does."""
        count = len(self.waiting)
        several = f"{count} trainings from last time are waiting in the queue."
        return several if count > 1 else "1 training from last time is waiting in the queue." if count else ""

    @property
    def kept_words(self) -> str:
        """What is said of the queue of last time at a start: what could not be read of it, and how many wait."""
        return " ".join(filter(None, (self._trouble, self.waiting_words)))

    def offer_kept(self) -> None:
        """Ask what is to become of trainings that waited when the window was closed; none runs by itself. What
        could not be read is said."""
        words, waiting = self.kept_words, self.waiting_words
        if not words:
            return
        notice = Notice("warning", words)
        if waiting:
            kind = "warning" if self._trouble else "info"
            notice = self._offer_to_look(kind, words, "Show the queue, where they can be run or removed")
        if not self._trouble:
            notice = replace(notice, holds=lambda: self.waiting_words == waiting)
        self.noticed.emit(notice)

    def close(self) -> None:
        """The window goes: what has not ended waits for the next one."""
        self.active = False
        if self._kept:
            self._lock.unlock()
            self._kept = False

    # ---------------------------------------------------------------- one after the other
    def on_ended(self, end: EndEvent) -> None:
        """A run is over: of the queue or not."""
        entry = self.running
        if entry is not None:
            skipped, self._skipping = self._skipping, False
            stopped = end.reason in STOPPED and not skipped and self.active
            self._queue.end(entry, end)
            if stopped:  # who stops a training means the rest, too, until they say otherwise
                self.active = False
                self._say_paused()
            self._tell()
        self._go_on()

    def _go_on(self) -> None:
        """Begin the next one, once whoever listens to the end of the last one has done so."""
        if self.active:
            QTimer.singleShot(0, self, self._next)

    @Slot()
    def _next(self) -> None:
        if not self.active or self._busy():
            self.changed.emit()
            return  # it begins when the run that goes on is over
        while (entry := self._queue.next()) is not None:
            problems = entry.job.validate()
            if not problems:
                break
            self._queue.refuse(entry, " ".join(map(str, problems)))
        if entry is None:
            self.active = False
            self._tell()
            self._say_finished()
            return
        record = self._start(entry.job)
        if record is None:
            self.active = False  # the person is asked whether its code may run; `run` is called after a yes
        else:
            self._queue.begin(entry, record)
        self._tell()

    def _say_paused(self) -> None:
        count = len(self.waiting)
        if count:
            words = f"Stopped. The queue is paused; {count} training{'s are' if count > 1 else ' is'} waiting."
            tip = "Run the trainings that wait in the queue"
            self.noticed.emit(Notice("info", words, action="Go on", act=self.run, tip=tip))

    @property
    def summary(self) -> str:
        """How those ended that are over: "Queue finished: 2 of 3 trained."."""
        ended = self._queue.ended
        return f"Queue finished: {self._trained} of {len(ended)} trained."

    @property
    def _trained(self) -> int:
        return sum(entry.record.end_reason in TRAINED for entry in self._queue.ended)

    def _say_finished(self) -> None:
        good = self._trained == len(self._queue.ended)
        words = self.summary if good else f"{self.summary} The table says how the others ended."
        kind = "info" if good else "warning"
        self.noticed.emit(self._offer_to_look(kind, words, "Show the queue, with the curves over each other"))

    def _offer_to_look(self, kind: str, words: str, tip: str) -> Notice:
        return Notice(kind, words, action="Show queue", act=self.wanted.emit, tip=tip, leads_to=QUEUE)

    def _tell(self) -> None:
        if self._kept:
            problem = save_queue(self._queue, self._path)
            if problem:
                self.noticed.emit(Notice("warning", problem))
                self._kept = False
        self.changed.emit()

    def state_words(self, entry: Entry) -> str:
        """Where an entry is: "waiting", "40 %", "finished"."""
        if entry.state != EntryState.RUNNING:
            return entry.said or str(entry.state)
        steps = entry.record.all_steps
        return "starting" if not steps else format_percent(min(1.0, len(entry.record) / steps))
