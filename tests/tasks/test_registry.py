"""Every row names something that exists and tells the truth about it."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from lrgui.tasks.registry import SOURCES
from lrgui.tasks.spec import TaskSpec


@pytest.mark.parametrize("key", SOURCES)
def test_a_source_loads_what_it_says(key: str) -> None:
    row = SOURCES[key]
    module, name = row.dotted.rsplit(".", 1)
    model = next(iter(row.models))
    data = getattr(importlib.import_module(module), name)(TaskSpec(source=key, model=model))
    assert row.key == key
    assert len(data.train) == row.train_size
    assert len(data.validation) == row.val_size
    for model_key, model_row in row.models.items():
        module, name = model_row.dotted.rsplit(".", 1)
        assert model_row.key == model_key
        assert getattr(importlib.import_module(module), name)()


def test_the_rows_need_no_torch() -> None:
    code = "import sys, lrgui.tasks.spec, lrgui.core.config; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
