"""The runs of a study, and the keys by which they are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrgui.core.events import RunKind
from lrgui.studies.plan import axis_words, planned
from lrgui.studies.spec import StudySpec

GRID = {"optimizer": ("sgd", "adamw"), "batch_size": (32, 64)}
TASK = """
from torch import nn

defaults = {"batch_size": 16}


def model(width=8):
    return nn.Linear(4, width)


def train_loader(batch_size):
    return []


def loss(output, target):
    return output.sum()
"""


def keys(spec: StudySpec) -> list[str]:
    return [stage.key for run in planned(spec).runs for stage in run.stages]


def test_every_combination_with_every_seed() -> None:
    plan = planned(StudySpec(grid=GRID, seeds=(0, 5)))
    assert len(plan.runs) == 8 and len(set(keys(plan.spec))) == 8
    jobs = [run.stages[0].job for run in plan.runs]
    assert {(job.task.optimizer, job.task.batch_size, job.task.seed) for job in jobs} == {
        (optimizer, batch, seed) for optimizer in ("sgd", "adamw") for batch in (32, 64) for seed in (0, 5)
    }
    assert plan.runs[0].words == "SGD · batch size 32 · seed 0"
    assert len({stage.log for run in plan.runs for stage in run.every}) == 16


def test_settings_are_called_as_the_forms_call_them() -> None:
    spec = StudySpec(
        grid={
            "sweep.steps": (50, 60),
            "train.max_lr": (0.1,),
            "race.octaves": (0.5,),
            "amp": ("bf16",),
            "clip_grad_norm": (1.0,),
            "loader_workers": (2,),
            "weight_decay": (0.0,),
        }
    )
    plan = planned(spec)
    assert [axis_words(name) for name in spec.axes] == [
        "sweep steps",
        "training max LR",
        "race distance",
        "precision",
        "clip gradients",
        "DataLoader workers",
        "weight decay",
    ]
    assert plan.runs[0].words == (
        "sweep steps 50 · training max LR 0.1 · race distance 0.5 · bf16 · clip gradients 1 · DataLoader workers 2 · "
        "weight decay 0 · seed 0"
    )
    assert plan.runs[0].stages[0].name.startswith("sweep.steps-50-train.max-lr-0.1-"), "files are called as ever"


def test_settings_go_where_they_belong() -> None:
    spec = StudySpec(
        "digits",
        fixed={"model": "mlp", "sweep.steps": 50, "accumulation": 2, "race.trainings": 3},
        grid={"width": (16, 32), "train.epochs": (2,), "sweep.end_lr": (0.5,)},
    )
    job = planned(spec).runs[1].stages[0].job
    assert job.task.model_options == {"width": 32}
    assert (job.sweep.steps, job.sweep.accumulation, job.train.accumulation) == (50, 2, 2)
    assert (job.race.trainings, job.train.epochs) == (3, 2)
    assert job.sweep.end_lr == 0.5 and job.sweep.end_chosen
    proof = planned(spec).runs[1].proof.job
    assert proof.kind == RunKind.RACE and proof.race.accumulation == 2


def test_texts_of_a_command_line_are_numbers_where_these_are_meant() -> None:
    job = planned(StudySpec(fixed={"batch_size": "16", "weight_decay": "0", "threads": "auto"})).runs[0].stages[0].job
    assert (job.task.batch_size, job.task.weight_decay, job.task.threads) == (16, 0.0, None)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"grid": {"optimizer": ("sgd", "sdg")}}, "sdg · seed 0: Unknown optimizer “sdg”"),
        ({"grid": {"depth_of_sea": (1,)}}, "depth_of_sea: no such setting"),
        ({"fixed": {"steps": 5}}, "Or did you mean sweep.steps or train.steps or race.steps"),
        ({"fixed": {"sweep.step": 5}}, "sweep.step: no such setting. Available: start_lr"),
        ({"fixed": {"batch_size": "many"}}, "batch_size must be an integer"),
        ({"grid": {"batch_size": (32, 0)}}, "A batch of 0 cannot be made"),
        ({"task": "no-such-thing"}, "no-such-thing"),
        ({"fixed": {"sweep.start_lr": 2.0}}, "last learning rate"),
    ],
)
def test_what_cannot_run_is_said_before_anything_runs(more: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        planned(StudySpec(**more))


def test_the_same_run_twice_is_made_once() -> None:
    plan = planned(StudySpec(grid={"batch_size": (32, 32.0)}))
    assert len(plan.runs) == 1
    assert "made once" in plan.notes[-1]


def test_keys_follow_what_is_measured_and_nothing_else(tmp_path: Path) -> None:
    spec = StudySpec(grid=GRID)
    assert keys(spec) == keys(StudySpec(grid=GRID, fixed={"threads": 3, "loader_workers": 2}))
    assert set(keys(spec)) < set(keys(StudySpec(grid={**GRID, "batch_size": (32, 64, 128)})))
    assert keys(spec) == [run.stages[0].key for run in planned(StudySpec(grid=GRID, measure="prove")).runs]
    assert keys(spec) == keys(StudySpec(grid=GRID, fixed={"race.steps": 80}))  # a sweep knows nothing of races
    assert not set(keys(spec)) & set(keys(StudySpec(grid=GRID, fixed={"sweep.steps": 80})))


def test_other_code_is_another_run(tmp_path: Path) -> None:
    file = tmp_path / "task.py"
    file.write_text(TASK)
    spec = StudySpec(str(file), grid={"width": (8, 16)})
    plan, before = planned(spec), keys(spec)
    assert plan.runs[0].stages[0].job.task.batch_size == 16, "the task's own default"
    assert plan.runs[1].stages[0].job.task.options == {"width": 16}
    assert keys(spec) == before
    file.write_text(TASK.replace("nn.Linear(4", "nn.Linear(5"))
    assert not set(keys(spec)) & set(before)
    assert [run.stages[0].key for run in planned(spec, plan.code).runs] == before, "as it was then"


def test_measures_are_stages() -> None:
    kinds = {
        (measure, *fixed): [stage.kind for stage in planned(StudySpec(measure=measure, fixed=fixed)).runs[0].stages]
        for measure, fixed in (("find", {}), ("prove", {}), ("train", {}), ("train", {"train.max_lr": 0.1}))
    }
    assert list(kinds.values()) == [["sweep"], ["sweep", "race"], ["sweep", "train"], ["train"]]
