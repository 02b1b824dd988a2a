from __future__ import annotations

from lrgui.runs.output import FEW, HALF, LONGEST, PACE, PATIENCE, QUIET, STEADY, OutputThrottle


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_are_told_at_once_then_merged() -> None:
    clock = Clock()
    merger = OutputThrottle(clock)
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
    merger = OutputThrottle(clock)
    merger.feed(b"Really? [y/n] ")
    assert merger.take() == []
    clock.now += PATIENCE
    assert [e.text for e in merger.take()] == ["Really? [y/n] "]


def test_characters_that_are_cut_between_reads_are_whole() -> None:
    merger = OutputThrottle(Clock())
    for byte in "äöü€\n".encode():
        merger.feed(bytes([byte]))
    assert [e.text for e in merger.take()] == ["äöü€"]
    merger.feed(b"\xff broken \xe2")
    assert [e.text for e in merger.finish()] == ["\ufffd broken \ufffd"]


def test_of_a_progress_bar_the_last_state_is_kept() -> None:
    merger = OutputThrottle(Clock())
    merger.feed(b"windows line\r\n 1%\r 50%\r100%\nnext\n")
    assert [e.text for e in merger.take()] == ["windows line\n100%\nnext"]


def test_a_flood_is_cut_in_the_middle() -> None:
    merger = OutputThrottle(Clock())
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
    merger = OutputThrottle(Clock())
    for _ in range(100):
        merger.feed(b"x" * 10_000)
    (event,) = merger.finish()
    assert len(event.text) <= 3 * HALF + 100


def test_repeated_lines_are_counted() -> None:
    merger = OutputThrottle(Clock())
    merger.feed(b"begin\n" + 10_000 * b"again\n" + b"end\n")
    (event,) = merger.finish()
    assert event.text == "begin\nagain\n… repeated 9,999 times\nend"
    assert merger.last_line == "end"


def test_few_repeats_stay_as_they_are() -> None:
    merger = OutputThrottle(Clock())
    text = "x\n" * (FEW + 1) + "y\nx\n" + "-----\na\n-----\nb\n-----\n\n\nend"
    merger.feed(text.encode())
    assert [e.text for e in merger.finish()] == [text]


def test_a_warning_of_two_lines_and_of_several_processes_at_once_is_folded() -> None:
    merger = OutputThrottle(Clock())
    lines = ["one.py:3: UserWarning: no", "  warn()", "two.py:4: UserWarning: no"]
    merger.feed("".join(f"{lines[n * n % 7 % 3]}\n" for n in range(9000)).encode())
    (event,) = merger.finish()
    told = event.text.split("\n")
    assert set(told[:-1]) == set(lines) and len(told) <= 4 + FEW
    assert told[-1].startswith("… 3 lines, each repeated about ") and told[-1].endswith(" times")


def test_a_flood_of_repeats_over_many_events_is_one_line() -> None:
    clock = Clock()
    merger = OutputThrottle(clock)
    told = []
    for _ in range(50):
        merger.feed(1000 * b"again\n")
        told += [e.text for e in merger.take()]
        clock.now += PACE
    assert told == ["again"] and 0 < (merger.due() or 0) <= QUIET
    clock.now += QUIET
    assert merger.due() == 0.0
    assert [e.text for e in merger.take()] == ["… repeated 49,999 times"]
    assert merger.due() is None and merger.take() == [] and merger.finish() == []


def test_repeats_that_go_on_are_told_now_and_then() -> None:
    clock = Clock()
    merger = OutputThrottle(clock)
    told = []
    for _ in range(int(2.5 * LONGEST / PACE)):
        merger.feed(10 * b"again\n")
        told += [e.text for e in merger.take()]
        clock.now += PACE
    assert told[0] == "again" and len(told) == 3
    assert all(text.startswith("… repeated ") for text in told[1:])


def test_a_flood_of_repeats_that_is_cut_counts_what_was_left_out() -> None:
    merger = OutputThrottle(Clock())
    line = b"a warning of some length that comes again and again\n"
    for _ in range(100):
        merger.feed(100 * line)
    (event,) = merger.finish()
    first, note = event.text.split("\n")
    assert first == line.decode().rstrip() and note == "… repeated 9,999 times"


def test_what_prints_on_and_on_has_a_steady_share() -> None:
    clock = Clock()
    merger = OutputThrottle(clock)
    characters, number = 0, 0
    for _ in range(300):
        for _ in range(20):
            merger.feed("".join(f"thread {number + n} says something\n" for n in range(100)).encode())
            number += 100
        characters += sum(len(e.text) for e in merger.take())
        clock.now += PACE
    assert characters < 3 * HALF + 4 * STEADY * 300 * PACE
