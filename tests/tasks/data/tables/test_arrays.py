"""Arrays as tasks: shapes, kinds of targets, and every model that fits, up to a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lrgui.core.engine.sweep import sweep
from lrgui.core.events import BatchEvent
from lrgui.core.options import Scalar
from lrgui.core.run_settings import SweepSettings
from lrgui.tasks.build import build_task
from lrgui.tasks.data.tables.arrays import load
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data

RANDOM = np.random.RandomState(0)
LABELS = np.arange(40) % 4


def saved(folder: Path, **arrays: Any) -> str:
    file = folder / "some.npz"
    np.savez(file, **arrays)
    return str(file)


def arrays(path: str, model: str = "mlp", subset: int | None = None, **options: Scalar) -> Data:
    return load(TaskSpec("arrays", model, path=path, options=options, subset=subset))


def part(examples: object) -> tuple[torch.Tensor, ...]:
    return examples.__getitems__(range(len(examples)))  # type: ignore[attr-defined,arg-type,no-any-return]


@pytest.mark.parametrize(
    ("shape", "inputs"),
    [
        ((40,), (1,)),
        ((40, 5), (5,)),
        ((40, 8, 6), (1, 8, 6)),
        ((40, 3, 8, 6), (3, 8, 6)),
        ((40, 8, 6, 3), (3, 8, 6)),
        ((40, 3, 8, 4), (3, 8, 4)),  # could be both: channels first is torch's own order
        ((40, 8, 8, 7), (7, 8, 8)),  # of many channels, which squares tell
        ((40, 7, 8, 8), (7, 8, 8)),
        ((40, 2, 3, 4, 5), (2, 3, 4, 5)),
    ],
)
def test_shapes(tmp_path: Path, shape: tuple[int, ...], inputs: tuple[int, ...]) -> None:
    data = arrays(saved(tmp_path, x=RANDOM.rand(*shape) * 9, y=LABELS))
    x, y = part(data.train)
    assert data.inputs == x.shape[1:] == inputs
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    assert data.detail == f"32 training and 8 validation examples {'×'.join(map(str, inputs))} · 4 classes"
    assert float(x.mean()) == pytest.approx(0, abs=1e-5) and float(x.std()) == pytest.approx(1, abs=0.02)


def test_images_keep_their_pixels_where_channels_come_last(tmp_path: Path) -> None:
    x = RANDOM.randint(0, 256, (40, 8, 6, 3)).astype(np.uint8)
    data = arrays(saved(tmp_path, x=x, y=np.arange(40) % 2), normalise=False)
    images = part(data.train)[0]
    assert float(images.min()) >= 0 and 0.9 < float(images.max()) <= 1
    first = torch.from_numpy(x).permute(0, 3, 1, 2) / 255
    assert any(torch.allclose(images[0], image) for image in first)


def test_every_channel_and_column_is_standardised(tmp_path: Path) -> None:
    x = RANDOM.rand(40, 3, 4, 5) * np.array([1, 10, 100])[:, None, None]
    images = part(arrays(saved(tmp_path, x=x, y=LABELS)).train)[0]
    assert images.std(dim=(0, 2, 3), correction=0).tolist() == pytest.approx([1, 1, 1], abs=1e-4)
    x = np.c_[np.arange(40.0), np.full(40, 7.0)]  # the second has no deviation
    rows = part(arrays(saved(tmp_path, x=x, y=LABELS)).train)[0]
    assert rows.mean(dim=0).tolist() == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("y", "options", "classes", "outputs"),
    [
        (LABELS, {}, 4, 4),
        (LABELS[:, None] - 7, {}, 4, 4),
        (LABELS > 1, {}, 2, 2),
        (np.array(list("abcd"))[LABELS], {}, 4, 4),
        (np.eye(4)[LABELS], {}, 4, 4),
        (LABELS.astype(float), {"kind": "classification"}, 4, 4),
        (LABELS.astype(float) + 0.5, {}, None, 1),
        (LABELS, {"kind": "regression"}, None, 1),
        (RANDOM.rand(40, 3), {}, None, 3),
    ],
)
def test_targets(tmp_path: Path, y: np.ndarray, options: dict[str, Scalar], classes: int | None, outputs: int) -> None:
    data = arrays(saved(tmp_path, x=RANDOM.rand(40, 5), y=y), **options)
    _, targets = part(data.train)
    assert (data.classes, data.outputs) == (classes, outputs)
    assert targets.shape == ((32,) if classes else (32, outputs))
    assert data.metric_name == ("accuracy" if classes else "mean absolute error")


def test_many_whole_numbers_are_a_regression(tmp_path: Path) -> None:
    for count in (500, 60):
        assert arrays(saved(tmp_path, x=RANDOM.rand(count, 2), y=np.arange(count))).classes is None


def test_several_labels_are_pointed_out(tmp_path: Path) -> None:
    labels = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 0]])[LABELS]
    data = arrays(saved(tmp_path, x=RANDOM.rand(40, 5), y=labels))
    assert data.classes is None and "are treated as numbers" in data.notes[0] and "BCEWithLogitsLoss" in data.notes[0]


def test_classes_saved_as_floats_are_pointed_out(tmp_path: Path) -> None:
    data = arrays(saved(tmp_path, x=RANDOM.rand(40, 5), y=LABELS.astype(np.float32)))
    assert data.notes == ("y contains float32: a regression. If these are classes, set the task to classification.",)


def test_what_is_not_finite_is_left_out(tmp_path: Path) -> None:
    x, y = RANDOM.rand(40, 5), LABELS.astype(float)
    x[0, 0], x[1, 1], y[2] = np.nan, 1e300, np.nan
    for kind in ("classification", "regression"):
        data = arrays(saved(tmp_path, x=x, y=y), kind=kind)
        assert len(part(data.train)[0]) + len(part(data.validation)[0]) == 37
        assert all(bool(torch.isfinite(tensor).all()) for tensor in (*part(data.train), *part(data.validation)))
        assert data.notes[0].startswith("3 examples with missing or infinite numbers")
        assert int(part(data.train)[1].min()) >= (0 if kind == "classification" else -9)


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_large_numbers_keep_their_last_digits(tmp_path: Path, dtype: type) -> None:
    x = (1_700_000_000_000 + np.arange(40)).astype(dtype)  # milliseconds since 1970: float32 cannot tell them apart
    inputs = part(arrays(saved(tmp_path, x=x, y=LABELS)).train)[0]
    assert inputs.dtype == torch.float32 and len(inputs.unique()) == 32
    assert float(inputs.std()) == pytest.approx(1, abs=0.02)


def test_a_validation_pair_is_taken(tmp_path: Path) -> None:
    x = RANDOM.rand(50, 5)
    x[3, 0] = np.nan
    data = arrays(saved(tmp_path, x_train=x[:40], y_train=LABELS, x_test=x[40:], y_test=LABELS[:10]))
    assert (len(part(data.train)[0]), len(part(data.validation)[0])) == (39, 10)
    assert data.notes[0] == "x_test and y_test are used for validation."
    assert part(data.validation)[1].tolist() == LABELS[:10].tolist()


def test_a_subset_and_no_validation(tmp_path: Path) -> None:
    file = saved(tmp_path, x=RANDOM.rand(40, 5), y=LABELS)
    assert len(part(arrays(file, subset=10).train)[0]) == 10
    assert arrays(file, validation=0.0).validation is None


@pytest.mark.parametrize(
    ("x", "y", "options", "sentence"),
    [
        (RANDOM.rand(40, 5) * 1j, LABELS, {}, "x contains complex128, but a model needs numbers"),
        (RANDOM.rand(40, 5), LABELS * 1j, {}, "y contains complex128: save"),
        (RANDOM.rand(40, 5), LABELS * 0, {}, "y is the same for all examples"),
        (RANDOM.rand(40, 5), np.zeros((40, 2, 2)), {}, r"y has shape \(40, 2, 2\)"),
        (RANDOM.rand(40, 5), RANDOM.rand(40, 3), {"kind": "classification"}, "classes need one number"),
        (RANDOM.rand(40, 5), LABELS.astype(str), {"kind": "regression"}, "contains words"),
        (RANDOM.rand(3000, 2), np.arange(3000), {"kind": "classification"}, "3,000 different values, too many"),
        (RANDOM.rand(4, 2), LABELS[:4], {}, "too few examples: 4"),
        (RANDOM.rand(0, 2), LABELS[:0], {}, "too few examples: 0"),
        (
            RANDOM.rand(40, 5) * np.nan,
            LABELS,
            {},
            "All 40 examples of .*npz have missing or infinite.*save a table",
        ),
    ],
)
def test_what_cannot_be_learned(
    tmp_path: Path, x: np.ndarray, y: np.ndarray, options: dict[str, Scalar], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        arrays(saved(tmp_path, x=x, y=y), **options)


def test_a_model_for_images_needs_images(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cnn is a model for images, but x has shape \(40, 5\).*mlp, linear"):
        arrays(saved(tmp_path, x=RANDOM.rand(40, 5), y=LABELS), model="cnn")


@pytest.mark.parametrize(
    ("model", "shape"),
    [("mlp", (5,)), ("linear", (5,)), ("mlp", (3, 4, 5, 2)), ("mlp", (8, 8)), ("cnn", (8, 8)), ("cnn", (8, 8, 3))],
)
@pytest.mark.parametrize("regression", [False, True])
def test_sweeps_of_arrays(tmp_path: Path, model: str, shape: tuple[int, ...], regression: bool) -> None:
    labels = np.arange(80) % 2
    x = RANDOM.rand(80, *shape) + labels.reshape(-1, *[1] * len(shape))
    file = saved(tmp_path, x=x, y=labels + 0.5 if regression else labels)
    task = build_task(TaskSpec("arrays", model, path=file, batch_size=16, device="cpu"))
    events = sweep(
        task.model, task.loader, task.optimizer, task.loss, SweepSettings(steps=20, start_lr=1e-6, end_lr=0.1)
    )
    losses = [event.loss for event in events if isinstance(event, BatchEvent)]
    assert min(losses) < 0.9 * losses[0]
