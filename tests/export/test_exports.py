"""What leaves the program: tables, documents and pictures of a run."""

from __future__ import annotations

import csv
import io
import json
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrgui.core.curve.curve import Curve
from lrgui.core.curve.sweep_reading import read_sweep
from lrgui.core.events import EndEvent
from lrgui.export import FORMATS, ExportError, export, write_atomically
from lrgui.export.report import Report
from lrgui.plot.theme import LIGHT
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec


@pytest.fixture
def report() -> Report:
    """A textbook sweep with a selection of the person's own."""
    lr = np.logspace(-6, 0, 200)
    x = np.log10(lr)
    loss = 2.3 - 2.0 / (1 + np.exp(-4 * (x + 2.5))) + 3 * np.maximum(x + 1.0, 0) ** 2
    curve = Curve.measured(lr, loss, 200, end_reason="completed")
    reading = read_sweep(curve, end=EndEvent("completed", "All steps."))
    return Report(reading.with_selection(1e-3, reading.zones), Job())


def test_the_table_has_every_point_at_full_precision(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"].render(report).decode())))
    curve = report.reading.curve
    assert [float(row["lr"]) for row in rows] == curve.lr.tolist()
    assert [float(row["loss"]) for row in rows] == curve.loss.tolist()
    assert [float(row["smoothed"]) for row in rows] == curve.smoothed.tolist()
    assert [float(row["average"]) for row in rows] == curve.average.tolist()
    assert [int(row["step"]) for row in rows] == list(range(200))


def test_the_document_is_the_whole_run(report: Report) -> None:
    document = json.loads(FORMATS["json"].render(report))
    assert Job.from_dict(document["job"]) == report.job
    assert document["selection"] == 1e-3
    assert document["lr"] == report.reading.recommendation.lr
    assert document["curve"]["loss"] == report.reading.curve.loss.tolist()
    assert document["end"] == {"reason": "completed", "detail": "All steps."}
    assert list(document["zones"]) == ["too_low", "optimal", "divergence", "note"]
    assert len(document["checklist"]) == 5


def test_a_path_that_is_not_utf8_is_written_and_comes_back(report: Report) -> None:
    job = Job(task=TaskSpec(source="table", path="/data/caf\udce9 “ä”.csv"))
    document = json.loads(FORMATS["json"].render(replace(report, job=job)).decode("utf-8"))
    assert Job.from_dict(document["job"]) == job


def test_a_report_without_columns_has_the_plain_table_and_document(report: Report) -> None:
    """What the command line writes for an ordinary run."""
    assert FORMATS["csv"].render(report).startswith(b"step,lr,loss,smoothed,average\n0,1e-06,")
    document = json.loads(FORMATS["json"].render(report))
    assert list(document)[:4] == ["lrgui", "title", "job", "lr"]
    assert list(document["curve"]) == ["lr", "loss", "smoothed", "average"]
    assert list(document)[-2:] == ["repeats", "spread"] and (document["repeats"], document["spread"]) == (1, {})


def test_a_sweep_that_was_no_job(report: Report) -> None:
    metric = np.linspace(0, 1, 200)
    metric[:2] = np.nan, np.inf
    own = Report(report.reading, name="my net", beside={"metric": metric}, more={"notes": ["one"]})
    assert own.title == "LR Finder: my net" and Report(report.reading).title == "LR Finder"
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"].render(own).decode())))
    assert [row["metric"] for row in rows[:2]] == ["", "inf"]
    assert [float(row["metric"]) for row in rows[2:]] == metric[2:].tolist()
    document = json.loads(FORMATS["json"].render(own))
    assert document["job"] is None and document["title"] == "LR Finder: my net" and document["notes"] == ["one"]
    assert document["curve"]["metric"][:2] == [None, None] and document["curve"]["metric"][-1] == 1.0


def test_the_picture(report: Report, qtbot: object) -> None:
    with Image.open(io.BytesIO(FORMATS["png"].render(report))) as image:
        assert image.size == (2400, 1500)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.5)
        pixels = np.asarray(image.convert("RGB")).astype(int)

    def columns(colour: str) -> tuple[int, int]:
        wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        found = np.flatnonzero((np.abs(pixels[1320] - wanted) <= 2).all(axis=1))
        return int(found.min()), int(found.max())

    zones = report.reading.zones
    assert zones is not None
    left, right = columns(LIGHT.low_tint)[0], columns(LIGHT.divergence_tint)[1]

    def place(lr: float) -> float:
        return left + (np.log10(lr) + 6) / 6 * (right - left)

    assert columns(LIGHT.optimal_tint)[0] == pytest.approx(place(zones.low_end), abs=12)
    assert columns(LIGHT.divergence_tint)[0] == pytest.approx(place(zones.high_start), abs=12)
    dark = (pixels[400:1300] < 60).all(axis=2).sum(axis=0)
    assert int(np.argmax(dark)) == pytest.approx(place(1e-3), abs=8), "the selection line"
    assert (pixels[:90] < 100).all(axis=2).sum() > 500, "the title"


def test_an_old_file_stays_whole_when_the_new_one_fails(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "points.csv"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ExportError, match=r"points\.csv could not be written \(No space left on device\)"):
        export(report, path, "csv")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there(report: Report, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="Choose another folder"):
        export(report, tmp_path / "none" / "points.csv", "csv")


def test_files_are_as_readable_as_others(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_atomically(tmp_path / "ours", b"data")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "ours")]
    assert modes[0] == modes[1]
