"""Snippets of what LR Finder itself reads: the person's own task file, and everything as JSON."""

from __future__ import annotations

import json
import os
import shlex
from typing import Any

from lrgui._version import __version__
from lrgui.core.curve.plan import ONE_CYCLE
from lrgui.core.run_settings import TrainSettings
from lrgui.export.snippets.code import literal, rate
from lrgui.export.snippets.facts import Facts, SnippetError
from lrgui.export.snippets.pytorch import heading
from lrgui.runs.script_answer import command_with
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.target import Target
from lrgui.tasks.user.task_outline import Outline


def task_file(facts: Facts) -> list[str]:
    """What belongs in the person's own task file, with the lines that it concerns."""
    task = facts.task
    if task is None or not task.is_code:
        raise SnippetError("This task is not a file of yours: use the snippet of the package that you train with.")
    if task.is_script:
        return _script(facts, task)
    trained = facts.cycle.planned_schedule if isinstance(facts.cycle, TrainSettings) else ONE_CYCLE
    target, maximum = Target.parse(task.path), rate(facts.running(trained).lr)  # what a training here runs
    read = outline(task.path)
    file = read.file or target.file
    entries = [f"    {literal(name)}: {literal(value)}," for name, value in read.defaults.items() if name != "max_lr"]
    verb = "Replace the file's defaults by these" if read.defaults else "Add to the file"
    return [
        *heading(facts),
        f"# File: {file if file is not None else target.place}",
        "",
        f"# {verb}: the window then opens it with this max LR for Train and Verify.",
        "defaults = {",
        *entries,
        f'    "max_lr": {maximum},',
        "}",
        "",
        f"# {_where(read)}",
        f"lr = {rate(facts.lr)}",
        "",
        "# From the command line:",
        f"#     {shlex.join(['lrgui', 'train', task.path, '--max-lr', maximum])}",
    ]


def _script(facts: Facts, task: TaskSpec) -> list[str]:
    """The script's own command line with the rate, where an option sets it, and where it makes its optimizer."""
    said = facts.script
    lines = [*heading(facts), f"# Script: {task.path}"]
    if said is not None and said.file:
        lines.append(f"# {said.optimizer} is made in {said.file}, line {said.line}.")
    command = "" if said is None else command_with(task, said, facts.lr)
    return [*lines, command or f"lr = {rate(facts.lr)}"]


def _where(read: Outline) -> str:
    """Where the file makes its optimizer, and what is to be set there."""
    if not read.has_optimizer:
        return "The file makes no optimizer: where your own training makes it, set"
    line = read.lines.get("optimizer")
    place = f"line {line}" if line else "configure_optimizers" if read.style == "lightning" else "the file"
    return f"The optimizer is made in {place}; runs here set its rate. In your own training, make it with"


def json_text(facts: Facts) -> list[str]:
    """The rate and what it holds for, as one JSON object; what nobody knows is null."""
    made, loop, cycle = facts.optimizer, facts.loop, facts.cycle
    schedule = facts.schedule
    shape: dict[str, Any] = {"name": schedule, "total_steps": facts.total_steps, "epochs": facts.epochs}
    if schedule == ONE_CYCLE:
        shape |= {
            "pct_start": cycle.pct_start,
            "div_factor": cycle.div_factor,
            "final_div_factor": cycle.final_div_factor,
            "cycle_momentum": None if made is None else made.cycles_momentum,
        }
    document = {
        "learning_rate": facts.lr,
        "selected_by_hand": facts.chosen,
        "optimizer": None if made is None else made.dotted,
        "optimizer_arguments": None if made is None or made.arguments is None else dict(made.arguments),
        "batch_size": facts.batch_size,
        "accumulation": loop.accumulation,
        "clip_grad_norm": loop.clip_grad_norm,
        "amp": loop.amp,
        "schedule": shape,
        "task": None if facts.task is None else os.fspath(facts.task.path) or facts.task.source,
        "lrgui": __version__,
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).splitlines()
