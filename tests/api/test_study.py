"""`lrgui.study`."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest_of_studies import Scripted, events_of

import lrgui
import lrgui.api.study


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Runs are made up, and studies go to a folder of the test's own."""
    monkeypatch.setattr(lrgui.api.study, "ChildProcess", lambda job: Scripted(events_of(job)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_study_in_one_call(made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = lrgui.study(optimizers=["sgd", "adamw"], batch_sizes=[32, 64], seeds=2, workers=3)
    assert len(found.rows) == 8 and len(found.cells) == 4 and not found.missing and not found.failed
    assert found.folder == Path("digits.study") and (made_up / found.folder / "journal.jsonl").exists()
    assert found.rules[0].scaling.exponent == pytest.approx(1, abs=0.2)
    assert "LR ∝ batch^" in str(found) and "batch size" in str(found)
    assert repr(found) == "<Study of 8 runs in digits.study>"
    assert capsys.readouterr().err.count("sweep") == 8
    lrgui.study(optimizers=["sgd", "adamw"], batch_sizes=[32, 64], seeds=2)
    assert capsys.readouterr().err == "", "nothing is left to do"


def test_its_table_and_picture(made_up: Path) -> None:
    pytest.importorskip("pandas")
    found = lrgui.study(batch_sizes=[32, 64], grid={"momentum": [0.0, 0.9]}, progress=False, folder="here")
    frame = found.to_pandas()
    assert list(frame["batch_size"]) == [32, 32, 64, 64] and frame["lr"].notna().all()
    ax = found.plot()
    assert [text.get_text() for text in ax.get_xticklabels()] == ["32", "64"]
    assert len(ax.texts) == 4


def test_what_cannot_be_is_said_before_anything_runs(made_up: Path) -> None:
    with pytest.raises(ValueError, match="Unknown optimizer"):
        lrgui.study(optimizers=["sdg"])
    with pytest.raises(ValueError, match="Workers cannot be"):
        lrgui.study(workers=0)
    with pytest.raises(TypeError, match="optimizer"):
        lrgui.study(optimiser=["sgd"])
    assert list(made_up.iterdir()) == []


def test_a_file_and_a_folder_go_on_as_in_the_terminal(made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tomllib")
    (made_up / "grid.toml").write_text('task = "digits"\nseeds = 2\n[grid]\nbatch_size = [32, 64]\n')
    found = lrgui.study("grid.toml", optimizers=["sgd"])
    assert len(found.rows) == 4 and found.folder == Path("grid.study")
    assert capsys.readouterr().err.count("sweep") == 4
    more = lrgui.study("grid.study", seeds=3)
    assert len(more.rows) == 6 and capsys.readouterr().err.count("sweep") == 2
