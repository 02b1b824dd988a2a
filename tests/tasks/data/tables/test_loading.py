"""Tables as tasks, the person's own and the built-in ones, up to a sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lrgui.core.engine.sweep import sweep
from lrgui.core.events import BatchEvent
from lrgui.core.options import Scalar
from lrgui.core.run_settings import SweepSettings
from lrgui.resources import resource
from lrgui.tasks.build import build_task
from lrgui.tasks.data.tables.loading import load, load_breast_cancer, load_diabetes
from lrgui.tasks.data.tables.rows import BREAST_CANCER, DIABETES
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data


def pets(folder: Path, rows: int = 120) -> Path:
    """A table with numbers, words, missing values, a row's number and a target that follows from the rest."""
    lines = ["id,name,weight,colour,born,animal"]
    for i in range(rows):
        weight = "" if i % 9 == 0 else f"{3.5 + i % 7 + 20 * (i % 2)}"
        colour = ("black", "NA", "white")[i % 3]
        lines.append(f"{i},pet {i},{weight},{colour},20{10 + i % 9}-05-01,{('cat', 'dog')[i % 2]}")
    file = folder / "pets.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def table(path: Path | str, **options: Scalar) -> Data:
    return load(TaskSpec(source="table", path=str(path), options=options))


def part(examples: object) -> tuple[torch.Tensor, ...]:
    return examples.__getitems__(range(len(examples)))  # type: ignore[attr-defined,arg-type,no-any-return]


def losses(spec: TaskSpec) -> list[float]:
    """A short sweep's losses, through all that a run uses."""
    task = build_task(spec)
    config = SweepSettings(steps=20, start_lr=1e-6, end_lr=1e-1)
    events = sweep(task.model, task.loader, task.optimizer, task.loss, config)
    return [event.loss for event in events if isinstance(event, BatchEvent)]


def test_a_csv_with_missing_values_and_words(tmp_path: Path) -> None:
    data = table(pets(tmp_path))
    assert data.detail == "96 training and 24 validation rows · 3 columns · 2 classes"
    assert data.notes == (
        "The column's median replaced missing numbers, and an extra column marks them: weight (14).",
        "Columns left out: id (numbers the rows), name (different in every row).",
    )
    x, y = part(data.train)
    assert (x.dtype, y.dtype, x.shape) == (torch.float32, torch.int64, (96, 6))  # 2 + 3 + 1
    assert torch.isfinite(x).all()
    assert (data.classes, data.outputs, data.inputs, data.metric_name) == (2, 2, (6,), "accuracy")
    assert int(y.sum()) == 48 and int(part(data.validation)[1].sum()) == 12  # each class has its share


def test_the_split_is_part_of_the_task(tmp_path: Path) -> None:
    file = str(pets(tmp_path))
    one, other = (load(TaskSpec(source="table", path=file, seed=seed)) for seed in (0, 7))
    assert torch.equal(part(one.train)[0], part(other.train)[0])


def test_a_regression_in_its_own_unit(tmp_path: Path) -> None:
    data = table(pets(tmp_path), target="weight")
    assert data.detail == "85 training and 21 validation rows · 3 columns · regression of weight"
    assert data.notes[:2] == (
        "14 rows have no weight and were left out.",
        "Target “weight” treated as numeric (mean 16.47, standard deviation 10.17).",
    )
    _, y = part(data.train)
    assert y.shape == (85, 1)
    assert float(y.mean()) == pytest.approx(0, abs=1e-6) and float(y.std()) == pytest.approx(1, abs=0.01)
    assert data.metric_name == "mean absolute error"
    assert data.metric is not None
    there = np.array([3.5 + i % 7 + 20 * (i % 2) for i in range(120) if i % 9])
    error = float(data.metric(torch.zeros(21, 1), part(data.validation)[1]))
    assert 0.7 * there.std() < error < 1.3 * there.std()  # in pounds, not in deviations


def test_embeddings(tmp_path: Path) -> None:
    data = table(pets(tmp_path), categories="embedding")
    assert data.facts["categories"] == (4,)
    assert data.inputs == (4,)


def test_no_validation_and_a_subset(tmp_path: Path) -> None:
    assert table(pets(tmp_path), validation=0).validation is None
    data = load(TaskSpec(source="table", path=str(pets(tmp_path)), subset=10))
    assert len(part(data.train)[1]) == 10
    assert data.detail.startswith("10 training and 24 validation rows")


def test_the_target_may_be_named_without_its_capitals(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("Price,x,X\n" + "".join(f"{i}.5,{i % 7},{i % 3}\n" for i in range(50)))
    assert "regression of Price" in table(file, target="price").detail
    assert table(file, target="X", kind="classification").classes == 3  # as it is written, where that is there
    assert table(file, target="x", kind="classification").classes == 7


def test_what_kind_of_target(tmp_path: Path) -> None:
    file = tmp_path / "stars.csv"
    file.write_text("x,stars\n" + "".join(f"{i * 37 % 50},{i % 5 + 1}\n" for i in range(50)))
    assert table(file).classes == 5
    assert table(file).notes == ("Target “stars” treated as 5 classes; if it is a number, set the task to regression.",)
    assert table(file, kind="regression").classes is None
    assert table(file, target="x").classes is None
    with pytest.raises(ValueError, match="50 different values in 50 rows"):
        table(file, target="x", kind="classification")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"target": "size"}, "no column “size”. It has: id, name, weight, colour, born, animal."),
        ({"target": "colr"}, "no column “colr”. Did you mean “colour”[?] It has: id"),
        (
            {"target": "name"},
            "120 different words \\(such as “.*”\\) in 120 rows, too many for classes: choose another target",
        ),
        ({"kind": "regression"}, "contains words \\(“cat”\\).*set the task to classification"),
        ({"separator": "bar"}, "only one column.*If the separator is wrong"),
    ],
)
def test_what_cannot_be_learned(tmp_path: Path, options: dict[str, Scalar], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        table(pets(tmp_path), **options)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "too few rows: 1. At least 5"),
        ("a,b\n" + "1,\n" * 9 + "1,2\n", "too few rows with a b: 1"),
        ("a,b\n" + "1,x\n" * 9, "“x” in every row. Choose"),
        ("a,b\n" + "".join(f"{i},7.5\n" for i in range(9)), "7.5 in every row. Choose"),
        ("a,b\n" + "".join(f"1,{i}\n" for i in range(9)), "no column to predict b from. Columns left out: a"),
        ("a,b\n" + "".join(f"{i},\n" for i in range(9)), "The target column b .* it is empty"),
    ],
)
def test_tables_too_poor(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "poor.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=sentence):
        table(file)


@pytest.mark.parametrize("model", ["mlp", "linear"])
@pytest.mark.parametrize("options", [{}, {"categories": "embedding"}, {"target": "weight"}])
def test_sweeps_of_a_table(tmp_path: Path, model: str, options: dict[str, Scalar]) -> None:
    spec = TaskSpec("table", model, path=str(pets(tmp_path)), options=options, device="cpu", batch_size=16)
    found = losses(spec)
    assert found[0] == pytest.approx(1.0 if "target" in options else np.log(2), rel=0.75)
    assert min(found) < found[0]


@pytest.mark.parametrize("source", ["breast_cancer", "diabetes"])
def test_sweeps_of_the_built_in_tables(source: str) -> None:
    found = losses(TaskSpec(source, "mlp", device="cpu", batch_size=32))
    assert len(found) == 20
    assert min(found) < 0.9 * found[0]


def test_the_built_in_tables() -> None:
    cancer, diabetes = load_breast_cancer(TaskSpec()), load_diabetes(TaskSpec())
    for data, row in ((cancer, BREAST_CANCER), (diabetes, DIABETES)):
        x, _ = part(data.train)
        vx, _ = part(data.validation)
        assert (len(x), len(vx)) == (row.train_size, row.val_size)
        torch.testing.assert_close(x.mean(dim=0), torch.zeros(x.shape[1]), atol=1e-5, rtol=0)
        torch.testing.assert_close(x.std(dim=0, correction=0), torch.ones(x.shape[1]), atol=1e-4, rtol=0)
        assert float(vx.mean()) != pytest.approx(0, abs=1e-5)  # its own mean would be a leak
    assert cancer.detail == "427 training and 142 validation rows · 30 columns · 2 classes"
    assert diabetes.detail == "332 training and 110 validation rows · 10 columns · regression"
    assert int(part(cancer.train)[1].sum()) == 268 and int(part(cancer.validation)[1].sum()) == 89
    assert len(part(load_diabetes(TaskSpec(subset=50)).train)[0]) == 50


def test_the_files_say_what_they_hold() -> None:
    for name, shape, columns in (("breast_cancer", (569, 30), "mean radius"), ("diabetes", (442, 10), "age")):
        with np.load(resource(f"{name}.npz"), allow_pickle=False) as stored:
            assert stored["x"].shape == shape
            assert len(stored["y"]) == shape[0]
            assert len(stored["columns"]) == shape[1] and stored["columns"][0] == columns
        text = resource(f"{name}.md").read_text(encoding="utf-8")
        assert "**Source.**" in text and "**Licence.**" in text
