from __future__ import annotations

from lrgui.runs.output import HALF, PACE, PATIENCE, Merger


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_are_told_at_once_then_merged() -> None:
    clock = Clock()
    merger = Merger(clock)
    assert merger.due() is None and merger.take() == []
    merger.feed(b"one\n")
    assert [e.text for e in merger.take()] == ["one"]
    merger.feed(b"two\n")
    merger.feed(b"three\nfo")
    assert merger.take() == [] and 0 < (merger.due() or 0) <= PACE
    clock.now += PACE
    assert [e.text for e in merger.take()] == ["two\nthree"]
    assert merger.last_line == "three"
    merger.feed(b"ur\n")
    assert [e.text for e in merger.finish()] == ["four"]
    assert merger.finish() == []


def test_an_unfinished_line_is_told_after_a_while() -> None:
    clock = Clock()
    merger = Merger(clock)
    merger.feed(b"Really? [y/n] ")
    assert merger.take() == []
    clock.now += PATIENCE
    assert [e.text for e in merger.take()] == ["Really? [y/n] "]


def test_characters_that_are_cut_between_reads_are_whole() -> None:
    merger = Merger(Clock())
    for byte in "äöü€\n".encode():
        merger.feed(bytes([byte]))
    assert [e.text for e in merger.take()] == ["äöü€"]
    merger.feed(b"\xff broken \xe2")
    assert [e.text for e in merger.finish()] == ["\ufffd broken \ufffd"]


def test_of_a_progress_bar_the_last_state_is_kept() -> None:
    merger = Merger(Clock())
    merger.feed(b"windows line\r\n 1%\r 50%\r100%\nnext\n")
    assert [e.text for e in merger.take()] == ["windows line\n100%\nnext"]


def test_a_flood_is_cut_in_the_middle() -> None:
    merger = Merger(Clock())
    lines = [f"line {number}" for number in range(100_000)]
    data = ("\n".join(lines) + "\n").encode()
    for at in range(0, len(data), 1000):
        merger.feed(data[at : at + 1000])
    (event,) = merger.finish()
    told = event.text.split("\n")
    assert len(event.text) <= 3 * HALF + 100
    assert told[0] == "line 0" and told[-1] == "line 99999"
    (at,) = (index for index, line in enumerate(told) if line.startswith("…"))
    left_out = int(told[at].split()[1].replace(",", ""))
    assert left_out + len(told) - 1 == 100_000
    assert set(told) - {told[at]} <= set(lines)


def test_one_endless_line_is_bounded_too() -> None:
    merger = Merger(Clock())
    for _ in range(100):
        merger.feed(b"x" * 10_000)
    (event,) = merger.finish()
    assert len(event.text) <= 3 * HALF + 100
