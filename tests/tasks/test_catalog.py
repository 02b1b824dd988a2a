"""Every row names something that exists; the rows themselves need no torch."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from rows import each_row

from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.options import KINDS, Option
from lrgui.errors.missing_modules import PACKAGES
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.catalog_rows import GROUPS, ModelRow
from lrgui.tasks.optimizers.optimizing import MADE_HERE
from lrgui.tasks.spec import TaskSpec

MODELS = {(key, model.key): model for key, source in SOURCES.items() for model in source.models.values()}


def exists(dotted: str) -> bool:
    module, name = dotted.rsplit(".", 1)
    return callable(getattr(importlib.import_module(module), name))


def check_options(options: tuple[Option, ...]) -> None:
    names = [option.name for option in options]
    assert len(set(names)) == len(names)
    for option in options:
        assert option.kind in KINDS
        assert option.label and option.tip
        assert option.problem(option.default) is None, option


@pytest.mark.parametrize("key", SOURCES)
def test_a_source_is_whole(key: str) -> None:
    row = SOURCES[key]
    assert row.key == key
    assert row.group in GROUPS
    assert row.label and row.short and row.detail
    assert exists(row.dotted)
    assert not row.prepare or exists(row.prepare)
    check_options(row.options)
    spec = TaskSpec(source=key, **row.defaults)  # type: ignore[arg-type]
    model = next(iter(row.models), spec.model)
    fields = {problem.field for problem in TaskSpec(source=key, **{"model": model, **row.defaults}).validate()}
    assert fields <= {"path"}, "what a person chooses can be run, but for a file that only they can name"


@each_row(MODELS)
def test_a_model_is_whole(source: str, key: str) -> None:
    row: ModelRow = MODELS[source, key]
    assert row.key == key
    assert row.label and row.short
    assert exists(row.dotted)
    check_options(row.options)


def test_every_optimizer_has_a_maker() -> None:
    for row in OPTIMIZERS.values():
        assert exists(row.dotted or MADE_HERE[row.key]), row.key
    assert MADE_HERE.keys() == {row.key for row in OPTIMIZERS.values() if not row.dotted}


def test_sources_of_a_group_stand_together() -> None:
    groups = [row.group for row in SOURCES.values()]
    assert groups == sorted(groups, key=GROUPS.index)


def test_the_rows_need_no_torch() -> None:
    code = "import sys, lrgui.tasks.spec, lrgui.core.run_settings; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_whatever_a_row_needs_is_asked_for() -> None:
    rows = [
        *SOURCES.values(),
        *OPTIMIZERS.values(),
        *(m for source in SOURCES.values() for m in source.models.values()),
    ]
    needed = {name for row in rows for name in row.needs}
    assert needed <= set(PACKAGES)
