"""`track=`: what a call of `find_lr` or `verify` runs is recorded with experiment trackers, by threads beside it."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

from lrgui.api.figure import SIZE as SWEEP_SIZE
from lrgui.api.figure import rendered
from lrgui.api.race_drawing import SIZE as RACE_SIZE
from lrgui.core.events import Event
from lrgui.export.report import Report
from lrgui.export.trackers import Target, targets
from lrgui.export.trackers.following import PATIENCE
from lrgui.export.trackers.process import why_not
from lrgui.export.trackers.results import INTERRUPTED, PICTURE_NAME, ending, of_ranking
from lrgui.export.trackers.story import Story, settings_values
from lrgui.export.trackers.tracked_run import About, Ending
from lrgui.runs.library import dated_name

if TYPE_CHECKING:
    from lrgui.api.result import Result
    from lrgui.api.verified import Verified

Wanted = str | Mapping[str, str] | Sequence[str] | None
#: Events that wait for a tracker at most; what comes while there are more is not recorded.
MOST_WAITING = 1_000_000
#: Seconds between two moments at which what was recorded can be seen.
SEEN = 1.0


class Tracking:
    """Records the runs of one call. A tracker that fails is told of on standard error, and the call goes on.

    Inside `with`; at its end the trackers have what was measured.
    """

    def __init__(self, wanted: Wanted) -> None:
        """Raises ValueError, with a sentence, for what is no tracker."""
        self._recorders = [_Recorder(target) for target in targets(wanted)]
        self._open = False

    def __enter__(self) -> Tracking:
        for recorder in self._recorders:
            recorder.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open:
            self._end(Ending(INTERRUPTED))
        for recorder in self._recorders:
            recorder.put(None)
        until = time.monotonic() + PATIENCE
        try:
            for recorder in self._recorders:
                recorder.join(max(0.0, until - time.monotonic()))
        except KeyboardInterrupt:
            pass  # the caller gets what was found; the threads go on for as long as the program does

    def begin(self, kind: str, title: str, config: Any, **more: Any) -> None:
        """A run begins, with the settings `config`."""
        if not self._recorders:
            return
        now = datetime.now().astimezone()
        settings = {name: value for name, value in {**settings_values(config), **more}.items() if value is not None}
        self._put(About(title, dated_name([title, kind], now), kind, now, settings))
        self._open = True

    def heard(self, on_event: Callable[[Event], None] | None) -> Callable[[Event], None] | None:
        """`on_event`, and this before it."""
        if not self._recorders:
            return on_event
        if on_event is None:
            return self._put

        def both(event: Event) -> None:
            self._put(event)
            on_event(event)

        return both

    def swept(self, result: Result) -> None:
        """The sweep is over."""
        if self._open:
            files = _files(result.plot, SWEEP_SIZE) if len(result.curve) else {}
            self._end(ending(Report(result.reading), result.end, files))

    def raced(self, verified: Verified) -> None:
        """The race is over."""
        if self._open:
            self._end(of_ranking(verified.ranking, verified.end, _files(verified.plot, RACE_SIZE)))

    def _end(self, how: Ending) -> None:
        self._put(how)
        self._open = False

    def _put(self, item: About | Event | Ending) -> None:
        for recorder in self._recorders:
            recorder.put(item)


class _Recorder(threading.Thread):
    """One tracker: takes in what was put, however long that takes."""

    def __init__(self, target: Target) -> None:
        super().__init__(name=f"lrgui tracker {target.row.key}", daemon=True)
        self._target = target
        self._items: queue.SimpleQueue[About | Event | Ending | None] = queue.SimpleQueue()
        self._story: Story | None = None
        self._failed = False

    def put(self, item: About | Event | Ending | None) -> None:
        """Something to record; None is the end."""
        matters = item is None or isinstance(item, About | Ending)
        if matters or not (self._failed or self._items.qsize() >= MOST_WAITING):
            self._items.put(item)

    def run(self) -> None:
        """Record until the end."""
        if self._target.row.missing:
            self._fail(self._target.row.missing)
        seen = time.monotonic()
        while (item := self._items.get()) is not None:
            if self._failed:
                continue
            try:
                self._take(item)
                if self._story is not None and time.monotonic() - seen > SEEN:
                    self._story.flush()
                    seen = time.monotonic()
            except Exception as error:  # whatever a package raises, the call goes on
                self._fail(why_not(self._target, error))

    def _take(self, item: About | Event | Ending) -> None:
        if isinstance(item, About):
            row, place = self._target.row, self._target.place
            self._story = Story(item, lambda about: row.begin(place, about), row.most_points)
        elif self._story is None:
            return
        elif isinstance(item, Ending):
            self._story.close(item)
            self._story = None
        else:
            self._story.add([item])

    def _fail(self, sentence: str) -> None:
        self._failed = True
        print(sentence, file=sys.stderr)


def _files(draw: Callable[..., object], size: tuple[float, float]) -> dict[str, bytes]:
    return {PICTURE_NAME: rendered(draw, "png", size)}
