"""Programs of what compares runs do what the window showed: each is executed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest_of_studies import drive, folder  # noqa: F401
from scripted import race, sweep, training

import lrgui
from lrgui.core.curve.scenarios import SCENARIOS
from lrgui.core.run_settings import SweepSettings
from lrgui.export import FORMATS, ExportError
from lrgui.export.comparison import ComparisonReport
from lrgui.export.overlay import OverlayReport
from lrgui.export.scenarios import Scene
from lrgui.export.shown import Shown
from lrgui.export.study import StudyReport
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.runs.opened import open_run
from lrgui.runs.overlaid import OverlaidRun
from lrgui.runs.overlay import Overlay, View
from lrgui.runs.record import Record
from lrgui.runs.sequential import jobs_to_compare
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.plan import planned
from lrgui.studies.results import StudyResults
from lrgui.studies.spec import StudySpec
from lrgui.tasks.spec import TaskSpec


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib").use("agg")
    monkeypatch.chdir(tmp_path)


def execute(thing: Shown) -> dict[str, Any]:
    """Run the program; what it has made."""
    names: dict[str, Any] = {"__name__": "program"}
    code = FORMATS["py"].render(thing).decode()
    exec(code.replace("\n\n\nif", "\n    return locals()\n\n\nif"), names)
    made: dict[str, Any] = names["main"]()
    return made


def test_kept_runs_are_drawn_as_they_were_shown(tmp_path: Path) -> None:
    job = Job()
    proof = job.verification()
    opened = []
    for name, each, chunks in (("a", job, sweep()), ("b", job.training(), training()), ("c", proof, race(proof.race))):
        with LogWriter(tmp_path / f"{name}.lrrun", each) as log:
            for events in chunks:
                log.write(events)
        opened.append(OverlaidRun.of(open_run(log.path), log.path))
    shown = Overlay.of(opened, View("lr", "first", hidden=frozenset({1})))
    again: Overlay = execute(OverlayReport(shown))["overlay"]
    assert again.labels == (shown.labels[0], shown.labels[2]) and again.align == "lr"
    kept = [shown.traces[0], shown.traces[2]]
    assert [[trace.y.tolist() for trace in traces] for traces in again.traces] == [
        [trace.y.tolist() for trace in traces] for traces in kept
    ]
    assert (tmp_path / "comparison.png").exists()


def test_runs_that_are_not_on_disk_have_none() -> None:
    run = OverlaidRun(Job(), Record.of([event for chunk in sweep() for event in chunk]), "SGD")
    with pytest.raises(ExportError, match="not all of them are kept on disk"):
        FORMATS["py"].render(OverlayReport(Overlay.of([run, run])))


def test_scenarios_are_those_that_were_set(tmp_path: Path) -> None:
    noisy = replace(SCENARIOS["noisy"], noise=0.123, optimum=3e-3)
    scene = Scene((SCENARIOS["well_behaved"], noisy), seed=7, selection=1e-3)
    assert execute(scene)["scenarios"] == list(scene.scenarios)
    assert (tmp_path / "scenarios.png").exists()


def test_a_study_goes_on_in_its_folder(drive: Callable[..., StudyResults], tmp_path: Path) -> None:  # noqa: F811
    spec = StudySpec("digits", fixed={"sweep.steps": 50}, grid={"optimizer": ("sgd", "adamw"), "batch_size": (32, 64)})
    found = drive(spec, how=ExecutionSettings())
    again = execute(StudyReport(found))["study"]
    assert again.folder == found.folder.absolute() and not again.missing
    assert again.results.plan.spec == spec and [row.lr for row in again.rows] == [row.lr for row in found.rows]
    assert (tmp_path / "study.png").exists()


def test_a_comparison_sweeps_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(task=TaskSpec(batch_size=32, seed=5), sweep=SweepSettings(1e-5, 1.0, 70))
    jobs = jobs_to_compare(job, ["sgd", "adamw"])
    called: dict[str, Any] = {}

    class Nothing:
        def plot(self) -> Any:
            from matplotlib.figure import Figure

            return Figure().add_subplot()

    def study(task: str, **given: Any) -> Nothing:
        called.update(task=task, **given)
        return Nothing()

    monkeypatch.setattr(lrgui, "study", study, raising=False)
    execute(ComparisonReport((), jobs))
    assert called.pop("folder") == "optimizers.study"
    made = planned(StudySpec(**{**called, "seeds": tuple(called["seeds"])}))
    swept = [run.stages[0].job for run in made.runs]
    assert [each.sweep for each in swept] == [each.sweep for each in jobs]
    assert [each.task for each in swept] == [each.task for each in jobs]
