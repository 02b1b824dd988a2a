"""`lrgui run`: sweep the learning rate of a training script as it is."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from lrgui.cli.app import Json, Log, Status, checked, command, fail, tell
from lrgui.cli.find import Auto, AutoRange, leave, mended, sweep_of, tell_reading
from lrgui.cli.generated import with_settings
from lrgui.cli.outputs import source_file, spare, with_formats
from lrgui.cli.task_options import Python
from lrgui.core.run_settings import LOOP, SweepSettings
from lrgui.export import FORMATS
from lrgui.runs.job import Job, switched
from lrgui.tasks.user.rows import SCRIPT, USER_SCRIPT

_USUAL = {option.name: option.default for option in USER_SCRIPT.options}
_TIPS = {option.name: f"{option.tip}." for option in USER_SCRIPT.options}


@command("run", of_script=True)
@with_settings(SweepSettings, without=(*LOOP, "repeats"))
@with_formats(row for row in FORMATS.values() if row.key != "json")
def run_script(
    script: Annotated[
        list[str],
        typer.Argument(
            metavar="SCRIPT [ARGUMENTS]...",
            help="Your training script (train.py, a notebook, or with -m a module), and its own arguments.",
            show_default=False,
        ),
    ],
    module: Annotated[bool, typer.Option("-m", help="SCRIPT is a module, as for python -m.")] = False,
    optimizer: Annotated[int, typer.Option(help=_TIPS["optimizer"])] = int(_USUAL["optimizer"]),  # type: ignore[arg-type]
    processes: Annotated[int, typer.Option(help=_TIPS["processes"])] = int(_USUAL["processes"]),  # type: ignore[arg-type]
    patience: Annotated[int, typer.Option(help=_TIPS["patience"])] = int(_USUAL["patience"]),  # type: ignore[arg-type]
    given: dict[str, Any] = {},  # noqa: B006 (`with_settings` fills it, and `with_formats` the other)
    auto: Auto = False,
    auto_range: AutoRange = False,
    as_json: Json = False,
    files: dict[str, Path] = {},  # noqa: B006
    log: Log = None,
    python: Python = None,
) -> None:
    """Run your training script as it is, and find its learning rate.

    The script's own loop trains; only the rate is set before each of its optimizer steps. It ends as soon as the curve
    is complete. Exit status as of find.
    """
    from lrgui.export.report import Report
    from lrgui.runs.script_answer import script_document, script_sentences

    options = {"optimizer": optimizer, "processes": processes, "patience": patience}
    base = script_job(script, module, options)
    spare({**files, "log": log}, source_file(base.task))
    job = checked(replace(base, sweep=base.sweep.with_given(given)))
    swept = sweep_of(job, log, as_json, mended(auto, auto_range), python)
    task, facts, pick = swept.job.task, swept.record.script, swept.reading.recommendation.lr
    more = {"sweep": swept.job.to_dict()["sweep"], **script_document(task, facts, pick)}
    report = Report(swept.reading, swept.job, more=more)
    if as_json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        tell_reading(swept.reading)
        for sentence in script_sentences(task, facts, pick):
            tell(sentence)
    leave(swept, report, files)


def script_job(words: list[str], module: bool, options: dict[str, Any]) -> Job:
    """The sweep of a script, with its arguments, in the current folder; leaves where there is no such script."""
    if not module and not os.path.exists(words[0]):
        words, module = _without_launcher(words)
    name, *arguments = words
    path = name if module else os.path.abspath(os.path.expanduser(name))
    if not module and os.path.isdir(path) and os.path.isfile(os.path.join(path, "__main__.py")):
        path = os.path.join(path, "__main__.py")  # as python does with a folder
    if not module and not os.path.isfile(path):
        fail(f"There is no script {name}: write its path, or -m before the name of a module.", Status.BAD_ARGUMENTS)
    job = switched(Job(), SCRIPT, path)
    given = {key: value for key, value in options.items() if value != _USUAL[key]}
    return replace(
        job,
        task=replace(job.task, arguments=shlex.join(arguments), options={**given, "folder": os.getcwd()}),
    )


#: Programs that start Python programs, and their modules.
_LAUNCHERS = {"torchrun": "torch.distributed.run", "accelerate": "accelerate.commands.accelerate_cli"}


def _without_launcher(words: list[str]) -> tuple[list[str], bool]:
    """A whole command line, as it is usually typed, as a script (or module) and its arguments; and whether that is a
    module."""
    first, *rest = words
    if first in _LAUNCHERS and rest:
        return [_LAUNCHERS[first], *rest], True
    if re.fullmatch(r"python(3(\.\d+)?)?", first) and rest:
        return (rest[1:], True) if rest[0] == "-m" and rest[1:] else (rest, False)
    return words, False
