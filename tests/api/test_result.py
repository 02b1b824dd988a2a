"""The result of `find_lr`: what it says, how it is kept, and how its rate is used."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from lrgui.api.result import Result
from lrgui.core.curve.plan import Plan
from lrgui.core.events import EndEvent
from lrgui.core.run_settings import SweepSettings
from lrgui.export import ExportError
from lrgui.runs.record import Record

Make = Callable[..., Result]
Arrays = tuple[np.ndarray, np.ndarray]


def sgd(*rates: float) -> torch.optim.SGD:
    return torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates])


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_the_planned_training_reaches_the_recommendation(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from lrgui.core.curve import sweep_reading as module

    asked: list[Plan] = []
    recommend = module.recommend
    monkeypatch.setattr(module, "recommend", lambda c, m, plan: asked.append(plan) or recommend(c, m, plan))
    make(config=SweepSettings(planned_steps=1234, planned_schedule="decay"))
    assert asked == [Plan(1234, "decay")]


def test_without_a_record_there_is_no_result() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        Result.of([], SweepSettings(), title="", end=EndEvent("completed", ""))


# Using it -----------------------------------------------------------------------------------------


def test_apply_sets_the_pick_and_keeps_the_ratios(make: Make) -> None:
    result = make()
    optimizer = sgd(1e-3, 1e-2, 5e-3)
    result.apply(optimizer)
    assert result.lr is not None
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.1 * result.lr, result.lr, 0.5 * result.lr])
    result.apply(optimizer, lr=0.5)
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.05, 0.5, 0.25])


def test_apply_changes_a_tensor_in_place_and_what_a_new_scheduler_reads(make: Make) -> None:
    rate = torch.tensor(1e-3)
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=rate, foreach=False, capturable=False)
    torch.optim.lr_scheduler.StepLR(optimizer, 10)
    make().apply(optimizer, lr=0.25)
    assert optimizer.param_groups[0]["lr"] is rate and rate.item() == 0.25
    assert float(optimizer.param_groups[0]["initial_lr"]) == 0.25
    assert torch.optim.lr_scheduler.StepLR(optimizer, 10).base_lrs == [0.25]


def test_apply_sets_only_the_groups_that_were_swept(make: Make) -> None:
    optimizer = sgd(1e-3, 1e-2, 2e-2)
    make(swept=[0, 2]).apply(optimizer, lr=1.0)
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.05, 1e-2, 1.0])
    with pytest.raises(ValueError, match="Group 2 was swept, but this optimizer has 1"):
        make(swept=[0, 2]).apply(sgd(0.1), lr=1.0)


def test_apply_to_groups_without_a_rate(make: Make) -> None:
    optimizer = sgd(0.0, 0.0)
    make().apply(optimizer, lr=0.1)
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.1]


def test_apply_refuses_what_is_not_reliable(make: Make, doubtful: Result, scenario: Callable[..., Arrays]) -> None:
    lr, loss = scenario()
    optimizer = sgd(1e-3)
    with pytest.raises(
        ValueError, match=r"no reliable learning rate.*2e-3 is only a guess: measure around it with lrgui\.verify"
    ):
        doubtful.apply(optimizer)
    assert optimizer.param_groups[0]["lr"] == 1e-3
    doubtful.apply(optimizer, lr=doubtful.best_guess)
    assert optimizer.param_groups[0]["lr"] == 2e-3
    with pytest.raises(ValueError, match=r"only 5 points.*pass lr="):
        make((lr[:5], loss[:5])).apply(optimizer)
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="above 0 and finite"):
            doubtful.apply(optimizer, lr=wrong)


def test_apply_wants_an_instance(make: Make) -> None:
    with pytest.raises(TypeError, match=r"SGD is not an optimizer .* instance"):
        make().apply(torch.optim.SGD)
    with pytest.raises(TypeError, match=r"pass lr=0\.5"):
        make().apply(sgd(0.1), 0.5)


@pytest.mark.parametrize("passed", [False, True])
def test_apply_reaches_the_schedule(make: Make, passed: bool) -> None:
    result, optimizer = make(), sgd(1e-6, 1e-5)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 4))
    result.apply(optimizer, scheduler) if passed else result.apply(optimizer)
    for _ in range(4):
        assert optimizer.param_groups[1]["lr"] != result.lr
        optimizer.step()
        scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.1 * result.lr, result.lr])  # type: ignore[operator]


# Keeping it ---------------------------------------------------------------------------------------


def test_the_table(make: Make, tmp_path: Path, record: Callable[..., Record], scenario: Callable[..., Arrays]) -> None:
    lr, loss = scenario()
    accuracy = np.linspace(0.1, 0.9, 200)
    accuracy[3] = np.nan
    result = make([record(lr, loss, metric=accuracy)])
    path = result.save_csv(tmp_path / "points.csv")
    assert path == tmp_path / "points.csv"
    rows = table(path)
    assert list(rows[0]) == ["step", "lr", "loss", "smoothed", "average", "metric"]
    assert [float(row["loss"]) for row in rows] == loss.tolist()
    assert rows[3]["metric"] == "" and float(rows[4]["metric"]) == accuracy[4]


def test_the_table_of_repeats_has_every_sweep(
    make: Make, tmp_path: Path, record: Callable[..., Record], scenario: Callable[..., Arrays]
) -> None:
    lr, _ = scenario()
    losses = [scenario("noisy", seed)[1] for seed in range(3)]
    losses[1] = losses[1][:190]
    result = make([record(lr[: len(y)], y, number=i) for i, y in enumerate(losses)])
    rows = table(result.save_csv(str(tmp_path / "points.csv")))
    assert list(rows[0]) == ["step", "lr", "loss", "smoothed", "average", "loss_1", "loss_2", "loss_3", "low", "high"]
    assert [float(row["loss_3"]) for row in rows] == losses[2].tolist()
    assert [row["loss_2"] for row in rows[190:]] == [""] * 10


def test_the_document(make: Make, tmp_path: Path) -> None:
    result = make(notes=["A note."], groups={"head": make()}, traceback="Traceback …", reason="failed")
    document = json.loads(result.save_json(tmp_path / "run.json").read_text())
    assert document["title"] == "LR Finder: digits · small CNN" and document["job"] is None
    assert document["lr"] == result.lr and document["confidence"] == result.confidence
    assert document["curve"]["loss"] == result.curve.loss.tolist()
    assert document["end"] == {"reason": "failed", "detail": "All steps were measured."}
    assert document["notes"] == ["A note."] and document["traceback"] == "Traceback …"
    assert document["sweep"]["steps"] == 200 and document["seconds"] == pytest.approx(19.9)
    assert document["groups"]["head"]["lr"] == result.lr


def test_the_document_of_a_sweep_that_ended_in_nan_has_plain_numbers(
    make: Make, tmp_path: Path, record: Callable[..., Record], scenario: Callable[..., Arrays]
) -> None:
    lr, loss = scenario()
    loss[120:] = np.inf
    result = make([record(lr, loss, metric=[float("nan")] * 3 + [0.5] * 197, reason="not_finite")])
    document = json.loads(result.save_json(tmp_path / "run.json").read_text())
    assert document["curve"]["metric"][:4] == [None, None, None, 0.5]


def test_a_folder_that_is_not_there(make: Make, tmp_path: Path) -> None:
    for save in ("save_csv", "save_json", "save_svg"):
        with pytest.raises(ExportError, match="Choose another folder"):
            getattr(make(), save)(tmp_path / "none" / "file")


# What it loads ------------------------------------------------------------------------------------


def test_looking_at_a_result_loads_neither_torch_nor_qt(tmp_path: Path) -> None:
    code = """
import sys
import numpy as np
from lrgui.api.result import Result
heavy = ("torch", "PySide6", "shiboken6", "pyqtgraph", "matplotlib", "IPython")
loaded = lambda: [name for name in heavy if name in sys.modules]
assert not loaded(), loaded()
from lrgui.core.run_settings import SweepSettings
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.runs.record import Record
events = [BatchEvent(0, i, 10 ** (i / 33 - 6), 2.0 + (i > 150) * i, 0.1 * i) for i in range(200)]
result = Result.of([Record.of(events)], SweepSettings(), title="x", end=EndEvent("completed", ""))
str(result), repr(result), result.spread
for kind in ("csv", "json"):
    getattr(result, "save_" + kind)(sys.argv[1] + "/file." + kind)
assert not loaded(), loaded()
result._repr_html_()
for kind in ("png", "svg", "pdf"):
    getattr(result, "save_" + kind)(sys.argv[1] + "/file." + kind)
assert loaded() == ["matplotlib"] and "matplotlib.pyplot" not in sys.modules, loaded()
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# For other settings -------------------------------------------------------------------------------


def test_the_pick_for_another_batch_is_an_estimate(make: Make) -> None:
    result = make(optimizer="SGD", batch_size=64)
    double = result.scaled(batch_size=128)
    assert double.lr == pytest.approx(2 * result.lr) and "estimate" in double.reason
    assert result.scaled(batch_size=128, from_batch_size=32).lr == pytest.approx(4 * result.lr)
    same = result.scaled(batch_size=64)
    assert same.lr == result.lr
    other = result.scaled(optimizer=torch.optim.Adam)
    assert other.lr is None and "sweep again" in other.reason


def test_a_result_that_does_not_know_its_settings_asks_for_them(make: Make) -> None:
    result = make()
    with pytest.raises(ValueError, match="from_optimizer"):
        result.scaled(batch_size=128, from_batch_size=64)
    with pytest.raises(ValueError, match="from_batch_size"):
        result.scaled(batch_size=128, from_optimizer="adam")
    found = result.scaled(batch_size=256, from_batch_size=64, from_optimizer=torch.optim.AdamW)
    assert found.lr == pytest.approx(2 * result.lr)
