"""What a study says."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest_of_studies import FOUR

from lrgui.core.curve.lr_scaling import measured_scaling
from lrgui.export import FORMATS, ExportError
from lrgui.export.documents import parquet_bytes
from lrgui.export.study import StudyReport, overlay_of
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.folder import StudyFolder
from lrgui.studies.opened import open_study
from lrgui.studies.results import Rule, StudyResults
from lrgui.studies.spec import StudySpec

Drive = Callable[..., StudyResults]
WIDE = StudySpec("digits", grid={"optimizer": ("sgd", "adamw"), "batch_size": (128, 32, 64)}, seeds=(0, 1))


def test_the_rule_is_measured() -> None:
    """Against numpy's own fit, and against an interval from a table of Student's t."""
    batches, rates = [16, 16, 32, 64, 128], [1e-3, 1.2e-3, 2e-3, 3.5e-3, 8.1e-3]
    found = measured_scaling(batches, rates)
    assert found is not None
    (slope, start), covariance = np.polyfit(np.log(batches), np.log(rates), 1, cov="unscaled")
    left = np.log(rates) - start - slope * np.log(batches)
    assert found.exponent == pytest.approx(slope)
    assert found.error == pytest.approx(3.182 * math.sqrt(covariance[0, 0] * (left @ left) / 3), rel=1e-6)
    assert found.at(32) == pytest.approx(math.exp(start + slope * math.log(32)))
    assert (found.low, found.high, found.sweeps) == (16, 128, 5)


def test_a_rule_needs_two_batches_and_an_error_three_sweeps() -> None:
    assert measured_scaling([32, 32], [1e-3, 2e-3]) is None
    exact = measured_scaling([32, 64], [1e-3, 2e-3])
    assert exact is not None and exact.exponent == pytest.approx(1) and exact.error is None
    assert exact.agrees(1.0) is None
    line = measured_scaling([32, 64, 128], [1e-3, 2e-3, 4e-3])
    assert line is not None and line.agrees(1.0 + 1e-12) and line.agrees(0.5) is False
    wide = measured_scaling([32, 64, 64], [1e-3, 1e-3, 8e-3])
    assert wide is not None and wide.agrees(0.5) is None, "an interval that holds every rule says nothing"


@pytest.mark.parametrize(
    ("values", "expected", "rates", "said"),
    [
        (
            {"optimizer": "sgd"},
            1.0,
            [1e-3, 9e-3, 1e-3],
            "SGD: 3 sweeps from batch 32 to 128 are too few to tell how LR follows the batch; linear scaling says 1.",
        ),
        ({}, None, [1e-3, 9e-3, 1e-3], "3 sweeps from batch 32 to 128 are too few to tell how LR follows the batch."),
        (
            {},
            0.5,
            [1e-3, 2e-3, 4e-3],
            "LR ∝ batch^1 ± 0.01 from batch 32 to 128 (3 sweeps); square-root scaling says "
            "0.5, which does not hold here.",
        ),
        ({}, None, [1e-3, 2e-3, 4e-3], "LR ∝ batch^1 ± 0.01 from batch 32 to 128 (3 sweeps)."),
        ({}, -9.0, [1e-3, 4e-3, 8e-3], ""),
    ],
)
def test_an_exponent_that_is_left_open_is_not_named(
    values: dict[str, str], expected: float | None, rates: list[float], said: str
) -> None:
    found = measured_scaling([32, 64, 128], rates)
    assert found is not None
    if said:
        assert Rule(values, found, expected).words == said
    else:
        assert found.error is not None and found.error > 0.25 and found.tells(expected), "not that one, at any rate"


def test_the_rule_of_the_model_is_found_in_the_study(drive: Drive) -> None:
    """The made-up sweeps have picks proportional to the batch."""
    found = drive(WIDE)
    assert [rule.values for rule in found.rules] == [{"optimizer": "sgd"}, {"optimizer": "adamw"}]
    for rule in found.rules:
        assert rule.scaling.exponent == pytest.approx(1, abs=0.15)
        assert (rule.scaling.low, rule.scaling.high, rule.scaling.sweeps) == (32, 128, 6)
    sgd, adamw = (rule.words for rule in found.rules)
    assert sgd.startswith("SGD: LR ∝ batch^") and "linear scaling says 1, which agrees" in sgd
    assert "square-root scaling says 0.5, which does not hold here" in adamw


def test_cells_hold_their_seeds(drive: Drive) -> None:
    found = drive(WIDE)
    assert len(found.cells) == 6 and all(len(cell.rows) == 2 for cell in found.cells)
    for cell in found.cells:
        assert cell.lr == pytest.approx(math.sqrt(cell.rates[0] * cell.rates[1]))
        assert cell.spread == pytest.approx(max(cell.rates) / min(cell.rates))
    heads, lines = found.table()
    assert heads[:5] == ("optimizer", "batch size", "learning rate", "confidence", "over the seeds")
    assert len(lines) == 6 and all(len(line) == len(heads) for line in lines)


def test_the_best_is_one_of_several_and_only_so_far(drive: Drive) -> None:
    found = drive()
    for measured in range(5):
        rows = tuple(row if number < measured else replace(row, stages={}) for number, row in enumerate(found.rows))
        words = replace(found, rows=rows).best_words
        assert words.startswith(
            "Best: " if measured == 4 else f"Best so far ({measured} of 4 measured): " if measured > 1 else ""
        )
        assert bool(words) == (measured > 1)


def test_the_heat_map_has_batches_in_order(drive: Drive) -> None:
    heat = drive(WIDE).heat_map()
    assert heat.across == "batch_size" and heat.columns == ("32", "64", "128") and heat.rows == ("SGD", "AdamW")
    for row in heat.cells:
        rates = [cell.lr for cell in row if cell is not None]
        assert rates == sorted(rates)


def test_listed_combinations_leave_holes(drive: Drive) -> None:
    runs = ({"optimizer": "sgd", "batch_size": 32}, {"optimizer": "adamw", "batch_size": 64})
    heat = drive(StudySpec("digits", runs=runs)).heat_map()
    assert [[cell is not None for cell in row] for row in heat.cells] == [[True, False], [False, True]]


def test_one_run_is_a_study_too(drive: Drive) -> None:
    found = drive(StudySpec("digits"))
    assert found.heat_map().cells[0][0] is found.cells[0] and found.rules == () and found.best_words == ""
    assert StudyReport(found).to_dict()["missing"] == 0


def test_a_folder_tells_the_same(drive: Drive, folder: StudyFolder) -> None:
    found = drive()
    folder.write(found.plan, ExecutionSettings(workers=3))
    assert folder.read()[1].workers == 3
    assert open_study(folder.path).records() == found.records()
    with pytest.raises(ValueError, match="There is no study in"):
        open_study(folder.path / "runs")


def test_tables_and_documents(drive: Drive) -> None:
    report = StudyReport(drive(replace(FOUR, measure="prove")))
    lines = list(csv.DictReader(io.StringIO(FORMATS["csv"].render(report).decode())))
    assert len(lines) == 4 and {line["confidence"] for line in lines} == {"measured"}
    assert [float(line["race_lr"]) for line in lines] == [row.lr for row in report.results.rows]
    document = json.loads(FORMATS["json"].render(report))
    assert len(document["runs"]) == 4 and document["best"]["by"] == "race"
    assert document["scaling"][0]["expected"] == 1.0
    assert {section.title for section in report.sections()} >= {"Combinations", "What it says"}


def test_parquet_has_numbers(drive: Drive, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    report = StudyReport(drive(StudySpec("digits", grid={"batch_size": (32, 64), "nesterov": (False, True)})))
    file = tmp_path / "runs.parquet"
    file.write_bytes(parquet_bytes(report))
    read = parquet.read_table(file).to_pylist()
    assert [line["lr"] for line in read] == [row.lr for row in report.results.rows]
    assert [line["batch_size"] for line in read] == [32, 32, 64, 64]


def test_without_pyarrow_it_is_said(drive: Drive, monkeypatch) -> None:
    import sys

    report = StudyReport(drive())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match="pip install pyarrow"):
        parquet_bytes(report)


def test_the_curves_lie_over_each_other(drive: Drive) -> None:
    report = overlay_of(drive(WIDE))
    assert report is not None
    assert report.overlay.labels[0] == "SGD · batch size 128" and len(report.overlay.runs) == 6
