"""What a run's process prints, as few enough events: lines are merged, floods are cut in the middle."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable

from lrgui.core.events import OutputEvent

#: Text is told at most this often, in seconds: a person reads it, and every event costs the window some time.
PACE = 0.1
#: An unfinished line is told after this many seconds.
PATIENCE = 0.5
#: Characters kept of the beginning and of the end of what came since the last event.
HALF = 32_768


class Merger:
    """Takes bytes as they come and gives `OutputEvent`s of whole lines, without their last line end.

    At most ten events a second of at most twice `HALF` characters, whatever is printed; where more came, the
    middle is replaced by a line that says how much. Of a line that was overwritten by carriage returns
    (progress bars) the last state is kept.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._head = ""
        self._tail = ""
        self._left_out = 0  # lines dropped between the two
        self._last = -PACE  # when text was told
        self._since = 0.0  # when the waiting text began
        self.last_line = ""
        """The last line told that was not blank."""

    def feed(self, data: bytes) -> None:
        """Take in more of what was printed."""
        text = self._decoder.decode(data)
        if not text:
            return
        if not self._head:
            self._since = self._clock()
        if not self._tail:
            room = HALF - len(self._head)
            self._head += text[:room]
            text = text[room:]
        self._tail += text
        if len(self._tail) > 2 * HALF:
            cut = len(self._tail) - HALF
            self._left_out += self._tail.count("\n", 0, cut)
            self._tail = self._tail[cut:]

    def due(self) -> float | None:
        """Seconds until `take` may have something, None where nothing waits."""
        if not self._head:
            return None
        now = self._clock()
        whole = "\n" in self._head
        return max(0.0, self._last + PACE - now, 0.0 if whole else self._since + PATIENCE - now)

    def take(self) -> list[OutputEvent]:
        """What may be told now: none or one event."""
        if self.due() != 0.0:
            return []
        text, rest = self._head + self._tail, ""
        if self._left_out:
            text = self._shortened()
        elif "\n" in text:
            at = text.rindex("\n") + 1
            text, rest = text[:at], text[at:]
        self._head, self._tail, self._left_out = rest[:HALF], rest[HALF:], 0
        self._last = self._since = self._clock()
        return [self._event(text)]

    def finish(self) -> list[OutputEvent]:
        """All that waits: none or one event. For the end of the run."""
        self._head += self._decoder.decode(b"", final=True) if not self._tail else ""
        if not self._head:
            return []
        text = self._shortened() if self._left_out else self._head + self._tail
        self._head, self._tail, self._left_out = "", "", 0
        return [self._event(text)]

    def _shortened(self) -> str:
        """Head and tail with whole lines and a note between them."""
        first, _, broken = self._head.rpartition("\n")
        second = self._tail.partition("\n")[2] or self._tail
        left_out = self._left_out + 1 if broken else self._left_out
        return f"{first}\n… {left_out:,} lines were left out here …\n{second}"

    def _event(self, text: str) -> OutputEvent:
        lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.removesuffix("\n").split("\n")]
        self.last_line = next((line.strip() for line in reversed(lines) if line.strip()), self.last_line)
        return OutputEvent("\n".join(lines))
