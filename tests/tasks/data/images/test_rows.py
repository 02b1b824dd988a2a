"""The rows of image data: complete, without torch, and in agreement with torchvision."""

from __future__ import annotations

import subprocess
import sys

import pytest
from torchvision import datasets

from lrgui.core.options import filled, option_problems
from lrgui.tasks.catalog_rows import GROUPS, SourceRow
from lrgui.tasks.data.images.rows import IMAGE_FOLDER, IMAGE_SETS, SETS
from lrgui.tasks.spec import TaskSpec

ROWS = (*IMAGE_SETS, IMAGE_FOLDER)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_row_is_complete(row: SourceRow) -> None:
    assert row.group in GROUPS
    assert row.models
    assert row.path is not None and row.path.kind == "folder"
    assert bool(row.path.default) == (row is not IMAGE_FOLDER)
    assert option_problems(row.options, filled(row.options, {}), "options") == []
    assert all(hasattr(TaskSpec(), name) for name in row.defaults)
    assert len({option.name for option in row.options}) == len(row.options)


@pytest.mark.parametrize("key", SETS)
def test_classes_are_torchvisions(key: str) -> None:
    image_set = SETS[key]
    known = getattr(datasets, image_set.torchvision)
    names = getattr(known, "classes", None)
    if isinstance(names, list) and key != "emnist":
        assert len(names) == image_set.classes
    if image_set.mean is not None and image_set.deviation is not None:
        assert len(image_set.mean) == len(image_set.deviation)


def test_emnists_parts_are_torchvisions() -> None:
    (split, _) = SETS["emnist"].row.options
    assert {value for value, _ in split.choices} == set(datasets.EMNIST.splits)


def test_mnist_is_the_guides() -> None:
    row = SETS["mnist"].row
    assert (SETS["mnist"].mean, SETS["mnist"].deviation) == ((0.1307,), (0.3081,))
    assert row.defaults == {"batch_size": 64, "subset": 2048}
    assert row.detail == "60,000 images 28×28 · 10 classes"


def test_the_rows_need_no_torch() -> None:
    code = "import sys, lrgui.tasks.data.images.rows; print([name for name in ('torch', 'PIL') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
