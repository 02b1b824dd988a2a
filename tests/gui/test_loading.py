"""Long runs are opened and read while the window goes on; short ones at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import Bench
from mutations import log_of
from scripted import Scripted

from lrgui.core.events import BatchEvent, EndEvent, Event, StateEvent, TaskEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.gui import loading, shown_sweep
from lrgui.gui.notice import Notice
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter

LONG = SweepSettings(1e-6, 1.0, 2000)


@pytest.fixture(autouse=True)
def short_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MOST_BYTES", 100_000)
    monkeypatch.setattr(shown_sweep, "LONG", 1000)


def events(count: int = 2000) -> list[Event]:
    lr = np.geomspace(1e-6, 1.0, count).tolist()
    x = np.linspace(-6, 0, count)
    loss = (2.3 - 2 / (1 + np.exp(-4 * (x + 2.5))) + 3 * np.maximum(x + 1, 0) ** 2).tolist()
    batches = [BatchEvent(0, step, lr[step], loss[step], step / 100) for step in range(count)]
    return [TaskEvent("t", "", 10, 0, 2, None, "cpu", 1, count), StateEvent("running"), *batches]


@pytest.fixture
def long_log(tmp_path: Path) -> Path:
    with LogWriter(tmp_path / "long.lrrun", Job(sweep=LONG)) as log:
        log.write([*events(), EndEvent("completed", "Done.")])
    return tmp_path / "long.lrrun"


def test_a_long_run_comes_later_and_says_how_far_it_is(bench: Bench, long_log: Path) -> None:
    session, runs, notices = bench.session, bench.runs, list[Notice | None]()
    session.noticed.connect(notices.append)
    with bench.qtbot.waitSignal(session.run_ended):
        assert session.open_run(long_log)
        assert runs.sweep is None, "nothing is read in the window's thread"
        assert notices[-1] is not None
        assert (notices[-1].text, notices[-1].action) == ("Opening long.lrrun: 0 %", "Cancel")
    assert runs.sweep is not None and len(runs.sweep) == 2000
    assert runs.reading is not None and runs.selection == runs.reading.selection
    assert notices[-1] is None


def test_opening_can_be_cancelled(bench: Bench, long_log: Path) -> None:
    session, runs, notices = bench.session, bench.runs, list[Notice | None]()
    session.noticed.connect(notices.append)
    session.open_run(long_log)
    assert notices[-1] is not None and notices[-1].act is not None
    notices[-1].act()
    assert notices[-1] is None
    bench.qtbot.wait(100)
    assert runs.sweep is None


def test_a_run_that_is_started_is_not_taken_away_by_one_that_is_opened(bench: Bench, long_log: Path) -> None:
    bench.session.open_run(long_log)
    bench.play()
    bench.qtbot.wait(100)
    assert bench.runs.sweep is not None and len(bench.runs.sweep) != 2000


def test_of_two_runs_the_later_one_is_shown(bench: Bench, long_log: Path, tmp_path: Path) -> None:
    (tmp_path / "train.lrrun").write_bytes(log_of("train"))
    bench.session.open_run(long_log)
    assert bench.session.open_run(tmp_path / "train.lrrun")
    bench.qtbot.wait(100)
    assert bench.runs.training is not None and bench.runs.sweep is None


def test_a_large_file_that_is_no_run_is_refused_in_a_sentence(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "x.lrrun").write_bytes(b"x" * 200_000)
    notices = list[Notice | None]()
    bench.session.noticed.connect(notices.append)
    bench.session.open_run(tmp_path / "x.lrrun")
    bench.qtbot.waitUntil(lambda: notices[-1] is not None and notices[-1].kind == "error")
    assert notices[-1] is not None and notices[-1].text.startswith("x.lrrun is not an LR Finder run: ")


def test_a_check_is_nothing_to_open(bench: Bench, tmp_path: Path) -> None:
    notices = list[Notice | None]()
    bench.session.noticed.connect(notices.append)
    LogWriter(tmp_path / "x.lrrun", Job("check")).close()
    assert not bench.session.open_run(tmp_path / "x.lrrun")
    assert notices[-1] is not None and notices[-1].text == "x.lrrun cannot be opened: a check is not displayed."


def test_a_long_sweep_is_read_in_the_background_and_the_run_ends_after_it(bench: Bench) -> None:
    session, runs, order = bench.session, bench.runs, list[str]()
    runs.reading_changed.connect(lambda _reading: order.append("read"))
    session.run_ended.connect(lambda _end: order.append("ended"))
    session.edit(sweep=LONG)
    bench.play(Scripted([events(), [EndEvent("completed", "Done.")]]))
    assert order == ["read", "ended"]
    assert runs.reading is not None and not session.busy and session.state == "idle"


def test_another_beta_of_a_long_sweep_is_computed_in_the_background(bench: Bench, long_log: Path) -> None:
    session, runs = bench.session, bench.runs
    with bench.qtbot.waitSignal(session.run_ended):
        session.open_run(long_log)
    session.use_visited()
    before = runs.reading
    for beta in (0.5, 0.6, 0.7):  # the last one counts
        session.edit(sweep=replace(session.job.sweep, beta=beta))
    assert runs.reading is before
    bench.qtbot.waitUntil(lambda: runs.reading is not before)
    assert runs.reading is not None and runs.reading.curve.beta == 0.7
