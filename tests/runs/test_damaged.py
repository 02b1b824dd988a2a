"""Whatever happened to a run's file: it is read, analysed and exported as far as it goes, or refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mutations import KINDS, log_of, mutated

from lrgui.export import FORMATS
from lrgui.export.report import Report
from lrgui.runs.log import read_log
from lrgui.runs.opened import OpenedRun, open_run
from lrgui.runs.record import Record


def read_all(run: OpenedRun) -> None:
    """Everything that is read from a run, and every export that needs no Qt."""
    if run.race is not None:
        run.race.standings.ranking()
        assert sum(len(run.race.losses(leg)) for leg in run.race.legs) == len(run.race)
    elif run.job.kind == "sweep" and len(run.record):
        report = Report(run.sweeps.read(run.job.sweep), run.job)
        assert FORMATS["csv"].render(report) and FORMATS["json"].render(report)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_log_is_read_without_a_warning(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.lrrun").write_bytes(log_of(kind))
    run = open_run(tmp_path / "a.lrrun")
    assert run.warnings == [] and run.record.end is not None
    read_all(run)


@pytest.mark.parametrize("start", range(0, 250, 25))
def test_a_damaged_log_is_read_as_far_as_it_goes(tmp_path: Path, start: int) -> None:
    path = tmp_path / "a.lrrun"
    opened, refused = 0, list[str]()
    for number in range(start, start + 25):
        path.write_bytes(mutated(number))
        try:
            run = open_run(path)
        except ValueError as error:
            refused.append(str(error))
            continue
        opened += 1
        read_all(run)
        logged = read_log(path)
        assert logged.job == run.job and logged.warnings == run.warnings[: len(logged.warnings)]
        if run.race is None:
            np.testing.assert_array_equal(Record.of(logged.events).loss, run.record.loss)
    assert opened >= 12
    assert all(sentence.startswith("a.lrrun ") for sentence in refused)
