"""What a study measures, from files and from Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.spec import MOST_RUNS, StudySpec, read_spec, spec_of

TOML = """
task = "digits"
measure = "prove"
seeds = 3
workers = 2
gpus = 0.25

[fixed]
model = "mlp"
sweep.steps = 60

[grid]
optimizers = ["sgd", "adamw"]
batch-sizes = [32, 64]
sweep.beta = [0.9, 0.98]
"""


def test_a_file_describes_a_grid(tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    file = tmp_path / "study.toml"
    file.write_text(TOML)
    spec, how = read_spec(file)
    assert spec.measure == "prove" and spec.seeds == (0, 1, 2)
    assert spec.fixed == {"model": "mlp", "sweep.steps": 60}
    assert spec.axes == ("optimizer", "batch_size", "sweep.beta")
    assert len(spec.combinations()) == 8
    assert (how.workers, how.gpus, how.on) == (2, 0.25, "local")


def test_yaml_is_the_same(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    file = tmp_path / "study.yaml"
    file.write_text("task: digits\ngrid:\n  optimizer: [sgd, adamw]\nseeds: [1, 7]\n")
    spec, _ = read_spec(file)
    assert spec.seeds == (1, 7) and spec.grid == {"optimizer": ("sgd", "adamw")}


def test_a_task_lies_beside_its_study(tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text("")
    assert spec_of({"task": "task.py"}, tmp_path)[0].task == str(tmp_path / "task.py")
    assert spec_of({"task": "task.py:other"}, tmp_path)[0].task == str(tmp_path / "task.py:other")
    assert spec_of({"task": "digits"}, tmp_path)[0].task == "digits"


def test_listed_combinations_are_crossed_with_the_grid() -> None:
    runs = [{"optimizer": "sgd", "momentum": 0.9}, {"optimizer": "adamw"}]
    spec, _ = spec_of({"runs": runs, "grid": {"batch_size": [32, 64]}})
    assert spec.combinations() == [
        {"optimizer": "sgd", "momentum": 0.9, "batch_size": 32},
        {"optimizer": "sgd", "momentum": 0.9, "batch_size": 64},
        {"optimizer": "adamw", "batch_size": 32},
        {"optimizer": "adamw", "batch_size": 64},
    ]


def test_it_survives_json() -> None:
    spec, _ = spec_of({"grid": {"optimizer": ["sgd"], "amp": [None, "bf16"]}, "runs": [{"width": 8}], "seeds": 2})
    assert spec_of(json.loads(json.dumps(spec.to_dict())))[0] == spec


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"measures": "find"}, "no setting “measures”"),
        ({"measure": "guess"}, "cannot measure “guess”"),
        ({"grid": {"optimizer": "sgd"}}, "optimizer must be a list"),
        ({"grid": {"optimizer": []}}, "no values for optimizer"),
        ({"grid": {"batch_size": [32, 32]}}, "twice"),
        ({"grid": {"batch_size": [[32]]}}, "must be a number, a text"),
        ({"grid": {"seed": [1, 2]}}, "Write seeds beside the grid"),
        ({"grid": {"width": [1]}, "fixed": {"width": 2}}, "both fixed and varied"),
        ({"seeds": []}, "Seeds must be different"),
        ({"seeds": [1, 1]}, "Seeds must be different"),
        ({"seeds": 0}, "how many there are"),
        ({"seeds": [0.5]}, "must be an integer"),
        ({"grid": {"batch_size": list(range(1, MOST_RUNS + 2))}}, "is the most"),
        ({"workers": 0}, "Workers cannot be"),
        ({"workers": "two"}, "workers must be an integer"),
        ({"on": "the moon"}, "Unknown place “the moon”"),
        ({"grid": 3}, "must have named settings"),
        ({"task": 3}, "task must be a text"),
        ({"prove_best": -1}, "use 0 or more"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(data: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        spec_of(data)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("text", ["task = ", "[grid", "a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    pytest.importorskip("tomllib")
    file = tmp_path / "bad.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"bad\.toml is not a study"):
        read_spec(file)


def test_nothing_said_is_one_run() -> None:
    spec, how = spec_of({})
    assert spec == StudySpec() and how == ExecutionSettings()
    assert spec.combinations() == [{}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not say what is trained"),
        (b'[grid]\noptimizer = ["sgd"]\n', "does not say what is trained"),
        ('task = "digits"'.encode("utf-16"), "save it with that encoding"),
    ],
)
def test_a_file_that_says_too_little_or_is_no_text(tmp_path: Path, content: bytes, words: str) -> None:
    pytest.importorskip("tomllib")
    file = tmp_path / "bad.toml"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.toml") as refused:
        read_spec(file)
    assert words in str(refused.value)


def test_the_mark_that_editors_on_windows_write_is_passed_over(tmp_path: Path) -> None:
    pytest.importorskip("tomllib")
    file = tmp_path / "bom.toml"
    file.write_bytes(b'\xef\xbb\xbftask = "digits"\n')
    assert read_spec(file)[0].task == "digits"
