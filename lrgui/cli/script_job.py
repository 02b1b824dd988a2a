"""The job of a training script that runs as it is, from the words of a command line."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import replace
from typing import Annotated, Any

import typer

from lrgui.cli.app import Status, fail
from lrgui.runs.job import Job, switched
from lrgui.tasks.user.rows import SCRIPT, USER_SCRIPT

Module = Annotated[bool, typer.Option("-m", help="It is a module, as for python -m.")]
_USUAL = {option.name: option.default for option in USER_SCRIPT.options}


def script_job(words: list[str], module: bool, options: dict[str, Any]) -> Job:
    """The sweep of a script, with its arguments, in the current folder; leaves where there is no such script."""
    if not module and not os.path.exists(words[0]):
        words, module = _without_launcher(words)
    name, *arguments = words
    path = name if module else os.path.abspath(os.path.expanduser(name))
    if not module and os.path.isdir(path) and os.path.isfile(os.path.join(path, "__main__.py")):
        path = os.path.join(path, "__main__.py")  # as python does with a folder
    if not module and os.path.isdir(path):
        inside = os.path.join(name, "train.py")
        fail(f"{name} is a folder without __main__.py: name the script in it, as in {inside}.", Status.BAD_ARGUMENTS)
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
