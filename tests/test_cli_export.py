"""`lrgui export`: a run that was kept on disk becomes files; no torch."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lrgui.cli import Status, app
from lrgui.core.events import BatchEvent, EndEvent, Event
from lrgui.core.run_settings import TrainSettings
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter

STEPS = 200


def batches() -> list[Event]:
    """A curve that falls and rises again."""
    points: list[Event] = []
    for step in range(STEPS):
        x = 6 * step / (STEPS - 1)
        loss = 2.3 - 2 / (1 + math.exp(-3 * (x - 3.5))) + math.exp(6 * (x - 5.6))
        points.append(BatchEvent(0, step, 10 ** (x - 6), loss, 0.01 * step))
    return points


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A sweep that ended well."""
    path = tmp_path / "run.lrrun"
    with LogWriter(path, Job()) as writer:
        writer.write([*batches(), EndEvent("completed", "All steps were measured.")])
    return path


def call(*words: str | Path) -> Result:
    """The command's answer."""
    return CliRunner().invoke(app, ["export", *map(str, words)])


def test_all_formats_at_once(log: Path, tmp_path: Path) -> None:
    picture, table, document = (tmp_path / f"out.{ending}" for ending in ("png", "csv", "json"))
    # A process of its own: its Qt application is none of the tests'.
    command = [sys.executable, "-m", "lrgui", "export", str(log)]
    for key, path in (("--png", picture), ("--csv", table), ("--json", document)):
        command += [key, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("Written: ") == 3
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(table.read_text(encoding="utf-8").splitlines()) > STEPS
    assert json.loads(document.read_text(encoding="utf-8"))


def test_points_as_parquet_are_those_of_the_table(log: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    points, table = tmp_path / "out.parquet", tmp_path / "out.csv"
    done = call(log, "--parquet", points, "--csv", table)
    assert done.exit_code == 0, done.stderr
    read = parquet.read_table(points).to_pylist()
    lines = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [str(row["loss"]) for row in read] == [line["loss"] for line in lines] and len(read) == STEPS


def test_without_torch(log: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        f"sys.argv[1:] = ['export', {str(log)!r}, '--csv', {str(tmp_path / 'out.csv')!r}]\n"
        "from lrgui.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.csv").exists()


def test_a_run_that_was_cut_off_is_exported_with_a_word(log: Path, tmp_path: Path) -> None:
    log.write_bytes(b"\n".join(log.read_bytes().split(b"\n")[:-10]) + b'\n{"event":"ba')
    done = call(log, "--csv", tmp_path / "out.csv")
    assert done.exit_code == 0
    assert "The log is incomplete: the run was interrupted." in done.stderr
    assert (tmp_path / "out.csv").exists()


def test_nothing_to_write_is_a_bad_argument(log: Path) -> None:
    done = call(log)
    assert done.exit_code == Status.BAD_ARGUMENTS
    assert "--png" in done.stderr


def test_an_unknown_option_is_a_bad_argument(log: Path) -> None:
    assert call(log, "--gif", "x").exit_code == Status.BAD_ARGUMENTS


def test_no_such_file(tmp_path: Path) -> None:
    done = call(tmp_path / "none.lrrun", "--csv", tmp_path / "out.csv")
    assert done.exit_code == Status.FAILED
    assert "“lrgui runs” lists those that were kept." in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_something_else_than_a_log(tmp_path: Path) -> None:
    other = tmp_path / "other.lrrun"
    other.write_text("hello")
    done = call(other, "--csv", tmp_path / "out.csv")
    assert done.exit_code == Status.FAILED
    words = " ".join(done.stderr.split())
    assert words == "lrgui: other.lrrun is not an LR Finder run: its first line is not a header."


def test_an_empty_run_cannot_be_exported(tmp_path: Path) -> None:
    for name, job, part in (
        ("training", Job("train", train=TrainSettings(1)), "no points"),
        ("empty", Job(), "no points"),
    ):
        path = tmp_path / f"{name}.lrrun"
        with LogWriter(path, job) as writer:
            writer.write([EndEvent("failed", "It did not start.")])
        done = call(path, "--csv", tmp_path / "out.csv")
        assert done.exit_code == Status.FAILED
        assert part in " ".join(done.stderr.split())
    assert not (tmp_path / "out.csv").exists()


def test_a_folder_that_is_not_there(log: Path, tmp_path: Path) -> None:
    done = call(log, "--csv", tmp_path / "none" / "out.csv")
    assert done.exit_code == Status.FAILED
    assert "could not be written" in " ".join(done.stderr.split())
