from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EpochEvent,
    Event,
    OutputEvent,
    StandingEvent,
    StateEvent,
    SweepEndEvent,
    TaskEvent,
    UntrainedEvent,
)
from lrgui.core.run_settings import SweepSettings, TrainSettings
from lrgui.runs.job import Job
from lrgui.runs.lines import decode, encode
from lrgui.runs.log import LogWriter, read_log
from lrgui.tasks.spec import TaskSpec

EVENTS: list[Event] = [
    StateEvent("starting", "Preparing"),
    TaskEvent("digits · CNN", "8×8", 1347, 450, 3818, 10, "cpu", 21, 200),
    TaskEvent("regression", "", 10, 0, 2, None, "cuda:0", 1, 5),
    StateEvent("running"),
    BatchEvent(0, 0, 1e-6, 2.302585092994046, 0.0),
    BatchEvent(1, 7, 0.1, -3.5e-300, 1e9),
    BatchEvent(0, 8, 0.1, 2.5, 1.0, momentum=0.9125),
    SweepEndEvent(1, "diverged", "Too high."),
    EpochEvent(1, 0.5, 0.25, 0.9, 0.95, 1e-3, 2.5),
    EpochEvent(2, 0.5, None, None, None, 1e-3, 2.5),
    CandidateEvent(1, 3, 0.1, 17, 80, 0.25, 1.5),
    UntrainedEvent(2.3026, 0.1),
    UntrainedEvent(math.nan),
    StandingEvent(1, 3, 0.1, 0.25, True, 80),
    StandingEvent(0, 6, 0.28, math.inf, False, 40, 0.1),
    OutputEvent('two\nlines, "quotes", äöü, \udc80, \x00'),
    OutputEvent("Traceback …", "traceback"),
    EndEvent("completed", "All done."),
]


def write(path: Path, events: list[Event]) -> None:
    with LogWriter(path, Job()) as log:
        log.write(events)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_comes_back_from_one_ascii_line(event: Event) -> None:
    line = encode(event)
    assert line.isascii() and "\n" not in line
    assert decode(line) == event
    assert decode(line.encode()) == event
    json.loads(line, parse_constant=pytest.fail)


@pytest.mark.parametrize("event", [EndEvent("completed", ""), SweepEndEvent(0, "completed", "")])
def test_what_guessing_costs_is_written_where_it_is_known(event: EndEvent | SweepEndEvent) -> None:
    assert "guessing" not in encode(event)
    back = decode(encode(replace(event, guessing=0.693)))
    assert isinstance(back, EndEvent | SweepEndEvent)
    assert back.guessing == 0.693


def test_numbers_of_numpy_are_numbers() -> None:
    event = BatchEvent(int(np.int64(0)), int(np.int64(3)), np.float64(1e-3), np.float32(0.5), 1)  # type: ignore[arg-type]
    assert decode(encode(event)) == BatchEvent(0, 3, 1e-3, 0.5, 1.0)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_losses_that_are_not_finite_come_back_apart(loss: float) -> None:
    line = encode(BatchEvent(0, 3, 1.0, loss, 0.5))
    data = json.loads(line, parse_constant=pytest.fail)
    assert data["loss"] is None and data["finite"] is False
    back = decode(line)
    assert isinstance(back, BatchEvent)
    assert back.loss == loss or (math.isnan(back.loss) and math.isnan(loss))
    assert (back.lr, back.seconds, back.step) == (1.0, 0.5, 3)


def test_not_finite_and_absent_are_different() -> None:
    back = decode(encode(EpochEvent(1, math.inf, math.nan, None, 0.1, 1e-3, 1.0)))
    assert isinstance(back, EpochEvent)
    assert back.train_loss == math.inf and back.train_accuracy is None
    assert back.val_loss is not None and math.isnan(back.val_loss)


def test_not_finite_without_saying_which_is_nan() -> None:
    back = decode('{"event":"batch","sweep":0,"step":1,"lr":0.1,"loss":null,"seconds":1.0,"finite":false}')
    assert isinstance(back, BatchEvent) and math.isnan(back.loss)


def test_unknown_fields_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    write(path, EVENTS)
    lines = path.read_text().splitlines()
    header = json.loads(lines[0]) | {"mood": "good"}
    batch = json.loads(lines[5]) | {"grad_norm": 3.5}
    path.write_text("\n".join([json.dumps(header), *lines[1:5], json.dumps(batch), *lines[6:]]) + "\n")
    run = read_log(path)
    assert run.events == EVENTS
    assert run.header["mood"] == "good"
    assert run.warnings == [] and not run.interrupted


def test_the_header_says_what_ran_and_when(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    created = datetime(2026, 11, 22, 14, 15, 3, tzinfo=timezone.utc)
    job = Job("train", TaskSpec(optimizer="adamw"))
    LogWriter(path, job, origin="window", created=created).close()
    run = read_log(path)
    assert (run.job, run.created, run.origin, run.events) == (job, created, "window", [])
    assert run.interrupted and run.warnings == ["The log is incomplete: the run was interrupted."]


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_log_cut_in_mid_line_is_read_up_to_there(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.lrrun"
    write(path, EVENTS[:6])
    path.write_bytes(path.read_bytes()[: -1 - cut])
    run = read_log(path)
    assert run.events == EVENTS[:5]
    assert "ends in the middle of line 7" in run.warnings[0]
    assert run.interrupted


def test_every_possible_cut_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    write(path, EVENTS)
    data = path.read_bytes()
    start = data.index(b"\n")
    for size in range(start, len(data)):
        path.write_bytes(data[:size])
        run = read_log(path)
        assert run.events == EVENTS[: len(run.events)]
    for size in range(start):
        path.write_bytes(data[:size])
        with pytest.raises(ValueError, match="is not an LR Finder run"):
            read_log(path)


def test_unknown_kinds_and_damaged_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    write(path, EVENTS[:5])
    odd = [b'{"event":"weather","sky":1}'] * 2 + [
        b"\x00\x00\x00",
        b"[1]",
        b"[" * 100_000,
        b'{"event":"batch","step":1}',
        b'{"event":["batch"]}',
        b'{"event":"state","state":5}',
        b"",
    ]
    with path.open("ab") as file:
        file.write(b"\n".join(odd) + b"\n" + encode(EVENTS[-1]).encode() + b"\n")
    run = read_log(path)
    assert run.events == [*EVENTS[:5], EVENTS[-1]]
    assert run.warnings == [
        "Ignored: 2 lines of the unknown kind “weather”.",
        "Ignored: 1 line of the unknown kind “['batch']”.",
        "Ignored: 5 lines that cannot be read.",
    ]


def test_a_newer_form_is_read_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    write(path, EVENTS)
    path.write_text(path.read_text().replace('{"lrrun":1,', '{"lrrun":2,', 1))
    run = read_log(path)
    assert run.events == EVENTS and "newer LR Finder (form 2)" in run.warnings[0]


@pytest.mark.parametrize("text", ["", "\n", "step,loss\n1,2\n", '{"lrrun":"x"}\n', "[1]\n", "\x00" * 100])
def test_other_files_are_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"notes\.txt is not an LR Finder run"):
        read_log(path)


def test_a_header_with_a_broken_job_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    path.write_text('{"lrrun":1,"job":{"kind":3}}\n')
    with pytest.raises(ValueError, match=r"a\.lrrun cannot be opened: The job's kind must be a text, not 3\."):
        read_log(path)


def test_what_was_written_is_on_disk_before_write_returns(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    log = LogWriter(path, Job())
    for count in range(1, len(EVENTS) + 1):
        assert log.write([EVENTS[count - 1]]) is None
        assert read_log(path).events == EVENTS[:count]
    assert log.close() is None and log.close() is None


def test_a_file_that_cannot_be_made_is_told_once(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "nowhere" / "a.lrrun", Job())
    assert log.problem is not None
    told = log.write(EVENTS)
    assert told == log.problem
    assert "No such file or directory" in told and "kept in memory only" in told
    assert log.write(EVENTS) is None and log.close() is None
    assert log.problem == told.partition(". ")[0].replace("cannot be saved", "could not be saved completely") + "."


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_once_and_the_run_goes_on() -> None:
    with LogWriter("/dev/full", Job()) as log:
        told = log.write(EVENTS)
        assert told is not None and "No space left on device" in told
        assert log.write(EVENTS) is None


def test_a_disk_that_fills_up_keeps_what_was_written(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "a.lrrun", Job())
    log.write(EVENTS[:5])
    assert log._file is not None
    log._file.close()  # every further write fails, as on a drive that was taken away
    assert log.write(EVENTS[5:]) is not None
    assert log.write(EVENTS[5:]) is None and log.close() is None
    assert read_log(tmp_path / "a.lrrun").events == EVENTS[:5]


@pytest.mark.parametrize(
    ("part", "name", "value", "sentence"),
    [
        ("sweep", "start_lr", -1.0, "The first learning rate cannot be “-1”."),
        ("sweep", "end_lr", 1e-9, "The last learning rate (1e-9) is not above the first (1e-6)."),
        ("sweep", "end_lr", 1e308, "The last learning rate cannot be “1e308”."),
        ("train", "div_factor", 1e308, "Initial LR divisor cannot be “1e308”."),
        ("train", "epochs", 10**30, f"Epochs cannot be “{10**30:,}”."),
    ],
)
def test_settings_that_no_run_can_have_become_the_usual_ones(
    tmp_path: Path, part: str, name: str, value: float, sentence: str
) -> None:
    """Plots of such ranges are more than Qt survives, but what was measured must stay within reach."""
    job = Job().to_dict()
    job[part][name] = value
    path = tmp_path / "a.lrrun"
    point = BatchEvent(0, 0, 1e-3, 2.0, 0.1)
    for kind in ("sweep", "train", "race"):
        path.write_text(json.dumps({"lrrun": 1, "job": {**job, "kind": kind}}) + "\n" + encode(point))
        logged = read_log(path)
        assert logged.events == [point] and logged.job == Job(kind)
        used = {"sweep": "sweep", "train": "train", "race": "race"}[part] == kind
        said = [f"{sentence} The default is used instead."] if used else []
        assert logged.warnings == [*said, "The log is incomplete: the run was interrupted."]


def test_a_field_that_a_run_did_not_use_does_not_keep_it_from_being_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.lrrun"
    job = Job(sweep=SweepSettings(steps=30), train=TrainSettings(epochs=0, max_lr=0.3))
    with LogWriter(path, job) as log:
        log.write([EndEvent("completed", "Done.")])
    logged = read_log(path)
    assert logged.warnings == []
    assert logged.job == replace(job, train=TrainSettings(max_lr=0.3)), "the rest of them stays"


@pytest.mark.parametrize(
    "event",
    [
        BatchEvent(10**9, 0, 1e-3, 1.0, 0.0),
        BatchEvent(-1, 0, 1e-3, 1.0, 0.0),
        BatchEvent(0, 2**63, 1e-3, 1.0, 0.0),
        BatchEvent(0, 0, 0.0, 1.0, 0.0),
        BatchEvent(0, 0, math.nan, 1.0, 0.0),
        SweepEndEvent(10**9, "diverged", ""),
        CandidateEvent(0, 0, 1e308, 0, 10, 1.0, 0.0),
        EpochEvent(10**30, 0.5, None, None, None, 1e-3, 1.0),
    ],
)
def test_events_that_no_run_can_have_are_left_out(tmp_path: Path, event: Event) -> None:
    path = tmp_path / "a.lrrun"
    fine = BatchEvent(0, 1, 1e-3, 1e308, 0.0)
    write(path, [event, fine, EVENTS[-1]])
    log = read_log(path)
    assert log.events == [fine, EVENTS[-1]]
    assert log.warnings == ["Ignored: 1 line that cannot be read."]


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("train", BatchEvent(0, 0, 1e-36, 2.0, 0.0)),  # the end of a OneCycle with large divisors
        ("train", BatchEvent(0, 0, 0.0, 2.0, 0.0)),
        ("train", EpochEvent(1, 1e250, 1e300, None, None, 1e-36, 1.0, 1e250, None, "mae")),
        ("race", CandidateEvent(0, 0, 0.1, 0, 10, 1e250, 0.0)),
        ("race", StandingEvent(0, 0, 0.1, 1e250, True, 10, 1e250)),
        ("sweep", BatchEvent(0, 0, 1e-30, 1e308, 0.0)),
    ],
)
def test_whatever_was_measured_is_read_again(tmp_path: Path, kind: str, event: Event) -> None:
    path = tmp_path / "a.lrrun"
    with LogWriter(path, Job(kind=kind)) as log:
        log.write([event, EVENTS[-1]])
    logged = read_log(path)
    assert logged.events == [event, EVENTS[-1]]
    assert logged.warnings == []


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.lrrun")
    with pytest.raises(ValueError, match=r"a\.lrrun is not a file"):
        read_log(tmp_path / "a.lrrun")
