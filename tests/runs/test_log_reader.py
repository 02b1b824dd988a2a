from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from lrgui.core.events import BatchEvent, EndEvent, OutputEvent, SweepEndEvent, TaskEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.event_arrays import EventArrays
from lrgui.runs.job import Job
from lrgui.runs.lines import MOST_PRINTED, MOST_TEXT, encode
from lrgui.runs.log_parser import MOST_KINDS, MOST_LINE
from lrgui.runs.log_reader import CHUNK, LogReader
from lrgui.runs.opened import open_run

HEADER = json.dumps({"lrrun": 1, "job": Job(sweep=SweepSettings(steps=60_000)).to_dict()})
END = encode(EndEvent("completed", "Done."))


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="ascii")
    return path


def batches(count: int) -> list[str]:
    return [encode(BatchEvent(0, step, 1e-6 * (1 + step), 2.0 + 1 / (1 + step), step / 7)) for step in range(count)]


def test_a_long_run_needs_less_than_100_bytes_a_point(tmp_path: Path) -> None:
    count = 60_000
    path = write(tmp_path / "a.lrrun", *batches(count), END)
    open_run(path)
    tracemalloc.start()
    try:
        run = open_run(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(run.record) == count and run.warnings == []
    assert peak < 100 * count + 3_000_000, "what one piece of the file needs comes on top"


def test_a_damaged_line_costs_itself_only(tmp_path: Path) -> None:
    lines = batches(5000)
    lines[1234] = lines[1234].replace("loss", "lost")
    lines[4000] = '{"event":"batch"'
    lines[2345] = ""
    lines.insert(3000, '{"event":"future","x":1}')
    run = open_run(write(tmp_path / "a.lrrun", *lines, END))
    assert len(run.record) == 4997
    assert run.warnings == ["Ignored: 1 line of the unknown kind “future”.", "Ignored: 2 lines that cannot be read."]


def test_unknown_kinds_are_counted_and_few_are_named(tmp_path: Path) -> None:
    lines = [f'{{"event":"kind {number % 1000}"}}' for number in range(5000)]
    warnings = open_run(write(tmp_path / "a.lrrun", *lines, END)).warnings
    assert len(warnings) == MOST_KINDS + 1
    assert warnings[0] == "Ignored: 5 lines of the unknown kind “kind 0”."
    assert warnings[-1] == f"… and {5000 - 5 * MOST_KINDS:,} more of other kinds."


def test_a_line_that_nobody_would_write_is_passed_over(tmp_path: Path) -> None:
    huge = json.dumps({"event": "output", "text": "x" * (MOST_LINE + 2 * CHUNK), "stream": "out"})
    run = open_run(write(tmp_path / "a.lrrun", *batches(3), huge, *batches(2), END))
    assert len(run.record) == 5 and run.record.end is not None
    assert run.warnings == ["Ignored: 1 line that cannot be read."]


def test_a_file_that_is_one_endless_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.lrrun").write_bytes(b"x" * (2 * MOST_LINE))
    with pytest.raises(ValueError, match=r"a\.lrrun is not an LR Finder run"):
        LogReader(tmp_path / "a.lrrun")


def test_many_ordinary_lines_come_as_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.lrrun", *batches(2000), END)
    with LogReader(path) as reader:
        pieces = [piece for some in reader for piece in some]
    assert sum(len(piece) for piece in pieces if isinstance(piece, EventArrays)) > 1900


def test_whoever_waits_is_told_how_far_it_is_and_can_give_up(tmp_path: Path) -> None:
    path = write(tmp_path / "a.lrrun", *batches(5000), END)
    shares: list[float] = []
    open_run(path, shares.append)
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 2

    def give_up(_share: float) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        open_run(path, give_up)


@pytest.mark.parametrize("line", ['{"event":"end","reason":"eaten","detail":"By a dog."}'])
def test_an_end_for_a_reason_that_nobody_knows_is_an_end(tmp_path: Path, line: str) -> None:
    run = open_run(write(tmp_path / "a.lrrun", *batches(3), line))
    assert run.record.end == EndEvent("failed", "By a dog.") and run.warnings == []
    run = open_run(write(tmp_path / "a.lrrun", line.replace('"end"', '"sweep_end","sweep":0'), END))
    assert run.record.sweep_end == SweepEndEvent(0, "failed", "By a dog.")


def test_texts_that_no_window_can_show_are_cut(tmp_path: Path) -> None:
    giant = "word " * 100_000
    task = TaskEvent(giant, giant, 10, 0, 2, None, "cpu", 1, 3)
    events = [task, OutputEvent(giant), OutputEvent(giant, "note"), EndEvent("completed", giant)]
    record = open_run(write(tmp_path / "a.lrrun", *map(encode, events))).record
    assert record.task is not None and record.end is not None
    assert {len(text) for text in (record.task.name, record.task.detail, record.end.detail)} == {MOST_TEXT}
    assert [len(event.text) for event in record.output] == [MOST_PRINTED, MOST_TEXT]
    assert record.end.detail == giant[: MOST_TEXT - 1] + "…"


@pytest.mark.parametrize("job", [{"kind": "x" * 20_000}, {"task": {"options": {"y" * 20_000: 1}}}])
def test_a_header_with_a_giant_text_is_refused(tmp_path: Path, job: dict[str, object]) -> None:
    (tmp_path / "a.lrrun").write_text(json.dumps({"lrrun": 1, "job": job}) + "\n")
    with pytest.raises(ValueError, match=r"a\.lrrun cannot be opened: its header contains an unknown value"):
        LogReader(tmp_path / "a.lrrun")
