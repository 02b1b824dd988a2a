"""Where a command's run is computed: `--python` names an interpreter here, `--on` a saved target."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from lrgui.cli.app import Status, fail
from lrgui.cli.generated import in_place_of
from lrgui.cli.task_options import Python
from lrgui.runs.targets import Target, TargetsError, target_named

Place = Path | Target | None
"""An interpreter of this machine, another place, or the usual Python."""

On = Annotated[
    str | None,
    typer.Option("--on", help="Compute on this target: see lrgui targets.", show_default="this machine"),
]


def _collect(values: dict[str, Any]) -> Place:
    python, name = values["python"], values["on"]
    if name is None:
        return python  # type: ignore[no-any-return]
    if python is not None:
        fail("--python and --on both say where to compute: keep one of them.", Status.BAD_ARGUMENTS)
    try:
        target = target_named(name)
    except TargetsError as error:
        fail(str(error), Status.BAD_ARGUMENTS)
    return Path(target.python) if target.kind == "python" else target


#: Gives a command `--python` and `--on` where its `python` stands; it gets a `Place`.
with_place = in_place_of(
    "python",
    [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in (("python", Python), ("on", On))
    ],
    _collect,
)
