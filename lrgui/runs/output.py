"""What a run's process prints, as few enough events: lines are merged, repeats folded, floods cut in the middle."""

from __future__ import annotations

import codecs
import time
from collections import deque
from collections.abc import Callable, Iterable

from lrgui.core.events import OutputEvent

#: Text is told at most this often, in seconds: a person reads it, and every event costs the window some time.
PACE = 0.1
#: An unfinished line is told after this many seconds.
PATIENCE = 0.5
#: Characters kept of the beginning and of the end of what came since the last event.
HALF = 32_768
#: What prints on and on has these characters a second, and never less than this half an event.
STEADY, LEAST_HALF = 16_384, 2_048
#: A line counts as repeated where it is one of this many before it: several threads or processes say the same in turn.
NEAR = 8
#: That many repeated lines are shown as they are, more are counted.
FEW = 4
#: Seconds without another repeat, and at most, until the count is told.
QUIET, LONGEST = 1.0, 10.0


class RepeatFolder:
    """Lines as they come, without those that only repeat what was there: of them the number is told."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._near: deque[str] = deque(maxlen=NEAR)
        self._run = 0  # repeated lines since the last new one
        self._kinds: set[str] = set()  # of those left out
        self._count = 0  # of those left out
        self._since = self._last = 0.0  # when the first and the last of them came

    def folded(self, lines: Iterable[str | int]) -> list[str]:
        """What of `lines` is to be told; a number stands for as many lines that nobody has."""
        told: list[str] = []
        held: list[str] = []
        for line in lines:
            if isinstance(line, str) and line in self._near:
                held.append(line)
                continue
            if isinstance(line, int) and self._run + len(held) > FEW:
                self._leave_out(held, line)
                held = []
                continue
            told += self._settled(held)
            told += self.note()
            held = []
            self._run = 0
            if isinstance(line, str):
                self._near.append(line)
                told.append(line)
            else:
                told.append(f"… {line:,} lines omitted …")
        told += self._settled(held)
        if self._count and self._clock() - self._since >= LONGEST:
            told += self.note()
        return told

    def note(self) -> list[str]:
        """The line about what was left out since the last one; empty where nothing was."""
        count, kinds = self._count, max(1, len(self._kinds))
        self._count = 0
        self._kinds.clear()
        if not count:
            return []
        times = max(1, round(count / kinds))
        many = f"{times:,} time{'' if times == 1 else 's'}"
        return [f"… repeated {many}" if kinds == 1 else f"… {kinds} lines, each repeated about {many}"]

    def due(self) -> float | None:
        """Seconds until the count should be told, None where there is none."""
        if not self._count:
            return None
        return max(0.0, min(self._last + QUIET, self._since + LONGEST) - self._clock())

    def _settled(self, held: list[str]) -> list[str]:
        if self._run + len(held) > FEW:
            self._leave_out(held, 0)
            return []
        self._run += len(held)
        return held

    def _leave_out(self, held: list[str], more: int) -> None:
        if not held and not more:
            return
        self._run += len(held) + more
        self._last = self._clock()
        self._since = self._since if self._count else self._last
        self._count += len(held) + more
        self._kinds.update(held)


class OutputThrottle:
    """Takes bytes as they come and gives `OutputEvent`s of whole lines, without their last line end.

    At most ten events a second of at most twice `HALF` characters, and on the long run `STEADY` characters a second,
    whatever is printed; where more came, the middle is replaced by a line that says how much. Lines that repeat are
    counted. Of a line that was overwritten by carriage returns (progress bars) the last state is kept.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._head = ""
        self._tail = ""
        self._left_out = 0  # lines dropped between the two
        self._last = -PACE  # when text was told
        self._since = 0.0  # when the waiting text began
        self._half = HALF  # what is kept now, of the beginning and of the end
        self._allowed = 2.0 * HALF
        self._counted = clock()  # when that was
        self._folder = RepeatFolder(clock)
        self.last_line = ""
        """The last line told that was not blank."""

    def feed(self, data: bytes) -> None:
        """Take in more of what was printed."""
        text = self._decoder.decode(data)
        if not text:
            return
        if not self._head:
            self._since = self._clock()
            self._allowed = min(2.0 * HALF, self._allowed + STEADY * (self._since - self._counted))
            self._counted = self._since
            self._half = max(LEAST_HALF, int(self._allowed / 2))
        if not self._tail:
            room = max(0, self._half - len(self._head))
            self._head += text[:room]
            text = text[room:]
        self._tail += text
        if len(self._tail) > 2 * self._half:
            cut = len(self._tail) - self._half
            self._left_out += self._tail.count("\n", 0, cut)
            self._tail = self._tail[cut:]

    def due(self) -> float | None:
        """Seconds until `take` may have something, None where nothing waits."""
        if not self._head:
            return self._folder.due()
        now = self._clock()
        whole = "\n" in self._head
        return max(0.0, self._last + PACE - now, 0.0 if whole else self._since + PATIENCE - now)

    def take(self) -> list[OutputEvent]:
        """What may be told now: none or one event."""
        if self.due() != 0.0:
            return []
        if not self._head:
            return [OutputEvent("\n".join(self._folder.note()))]
        text, rest = self._head + self._tail, ""
        parts: tuple[str | int, ...] = (text,)
        if self._left_out:
            parts = self._shortened()
        elif "\n" in text:
            at = text.rindex("\n") + 1
            parts, rest = (text[:at],), text[at:]
        self._head, self._tail, self._left_out = rest[:HALF], rest[HALF:], 0
        self._last = self._since = self._clock()
        return self._told(parts)

    def finish(self) -> list[OutputEvent]:
        """All that waits: none or one event. For the end of the run."""
        self._head += self._decoder.decode(b"", final=True) if not self._tail else ""
        parts: tuple[str | int, ...] = self._shortened() if self._left_out else (self._head + self._tail,)
        waits, (self._head, self._tail, self._left_out) = bool(self._head), ("", "", 0)
        return self._told(parts if waits else (), end=True)

    def _shortened(self) -> tuple[str, int, str]:
        """Head and tail with whole lines, and how many lines are missing between them."""
        first, _, broken = self._head.rpartition("\n")
        second = self._tail.partition("\n")[2] or self._tail
        return first, self._left_out + 1 if broken else self._left_out, second

    def _told(self, parts: tuple[str | int, ...], end: bool = False) -> list[OutputEvent]:
        lines: list[str | int] = []
        for part in parts:
            lines += _lines(part) if isinstance(part, str) else [part]
        said = (line.strip() for line in reversed(lines) if isinstance(line, str))
        self.last_line = next(filter(None, said), self.last_line)
        told = self._folder.folded(lines) + (self._folder.note() if end else [])
        if not told:
            return []
        text = "\n".join(told)
        self._allowed -= len(text)
        return [OutputEvent(text)]


def _lines(text: str) -> list[str]:
    """Whole lines, each as it looked in the end."""
    return [line.rstrip("\r").rpartition("\r")[2] for line in text.removesuffix("\n").split("\n")]
