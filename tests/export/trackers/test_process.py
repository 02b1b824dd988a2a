"""A run's log on its way to a tracker, while the run goes on."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from kept_logs import CREATED, STEPS, sweep_events, sweep_job, write_logs
from recorded import Memory

from lrgui.core.events import EndReason
from lrgui.export.trackers import TRACKERS, Target, TrackerError, process, targets
from lrgui.export.trackers.process import record, why_not
from lrgui.export.trackers.results import ending_of
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.opened import open_run


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Qt application of another kind than the tests' own."""
    monkeypatch.setattr(
        "lrgui.export.trackers.results._files", lambda thing, every: {"points.csv": b""} if every else {}
    )


@pytest.mark.parametrize("kind", ["sweep", "train", "race"])
def test_a_run_that_is_over(kind: str, memory: Memory, tmp_path: Path) -> None:
    record(Target.of("tensorboard", str(tmp_path)), write_logs(tmp_path)[kind])
    ((place, about),) = memory.begun
    assert place == str(tmp_path) and about.file_name == kind and about.kind == kind and about.created == CREATED
    assert about.name.startswith("Digits · small CNN · SGD") and "15:47" not in about.name
    (run,) = memory.runs
    assert run.ending is not None and run.ending.end.reason == EndReason.COMPLETED
    expected = {"sweep": "recommended_lr", "train": "best_val_loss", "race": "best_lr"}[kind]
    assert run.ending.numbers[expected] > 0
    assert all("/" not in name for name in run.ending.numbers)


def test_a_run_that_goes_on_is_told_as_it_grows(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LOOK", 0.01)
    log, events = tmp_path / "run.lrrun", sweep_events()
    seen = threading.Event()
    over = threading.Event()
    thread = threading.Thread(target=record, args=(Target.of("tensorboard"), log, over.is_set))
    thread.start()  # before there is a log
    with LogWriter(log, sweep_job()) as writer:
        writer.write(events[:50])
        while not (memory.runs and memory.runs[0].values and memory.runs[0].flushes):
            assert not seen.wait(0.01) and thread.is_alive()
        assert len(memory.runs[0].values["sweep/loss"]) == 49
        writer.write(events[50:])
    assert not seen.wait(0.1) and thread.is_alive(), "a training may be resumed after its end"
    over.set()
    thread.join(60)
    assert not thread.is_alive()
    assert len(memory.runs[0].values["sweep/loss"]) == STEPS and memory.runs[0].ending is not None


def test_a_run_that_never_said_its_end_was_interrupted(memory: Memory, tmp_path: Path) -> None:
    log = tmp_path / "run.lrrun"
    with LogWriter(log, sweep_job()) as writer:
        writer.write(sweep_events()[:60])
    record(Target.of("tensorboard"), log)
    ending = memory.runs[0].ending
    assert ending is not None and ending.stopped and ending.end.detail == "The run was interrupted."
    assert len(memory.runs[0].values["sweep/loss"]) == 59


def test_a_run_without_a_point_has_only_its_end(tmp_path: Path) -> None:
    log = tmp_path / "run.lrrun"
    with LogWriter(log, sweep_job()) as writer:
        writer.write(sweep_events()[-1:])
    ending = ending_of(open_run(log), files=True)
    assert not ending.numbers and not ending.files and ending.end.detail == "All steps were measured."


def test_files_are_for_trackers_that_keep_them(tmp_path: Path) -> None:
    opened = open_run(write_logs(tmp_path)["sweep"])
    assert ending_of(opened, files=True).files and not ending_of(opened, files=False).files


def test_a_log_that_is_not_there_is_told_in_a_sentence(memory: Memory, tmp_path: Path) -> None:
    with pytest.raises(TrackerError, match=r"^Nothing was recorded: .*No such file"):
        record(Target.of("tensorboard"), tmp_path / "none.lrrun")


def test_a_package_that_is_missing_is_told_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrgui.export.trackers.find_spec", lambda name: None)
    with pytest.raises(TrackerError, match=r'MLflow is not installed .*: pip install "lrgui\[mlflow\]"'):
        record(Target.of("mlflow"), tmp_path / "none.lrrun")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "(No space left on device)"),
        (ValueError("one\n  two."), "(one two)"),
        (KeyError(), "(KeyError)"),
        (ValueError("x" * 999), "…)"),
        (TrackerError("As it is."), "As it is."),
    ],
)
def test_what_a_package_raises_is_one_sentence(error: Exception, words: str) -> None:
    sentence = why_not(Target.of("mlflow", "/some/where"), error)
    assert words in sentence and "\n" not in sentence and len(sentence) < 300


def test_targets_are_written_in_three_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = targets(["tensorboard", f"wandb={tmp_path}/w"])
    assert [(each.row.key, each.place) for each in named] == [
        ("tensorboard", str(tmp_path / "runs")),
        ("wandb", f"{tmp_path}/w"),
    ]
    assert targets({"wandb": f"{tmp_path}/w"}) == named[1:] == targets(f"wandb={tmp_path}/w")
    assert targets(None) == targets([]) == []
    assert targets("mlflow=http://server:5000")[0].place == "http://server:5000"


@pytest.mark.parametrize(
    ("text", "words"), [("aim", "Unknown tracker “aim”"), ("wandb=http://x", "writes to a folder")]
)
def test_what_is_no_target_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        targets(text)


def test_each_row_is_an_extra_of_its_own() -> None:
    pyproject = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    for key, row in TRACKERS.items():
        assert key == row.key and f"\n{key} = [" in pyproject and "FOLDER" in row.look
