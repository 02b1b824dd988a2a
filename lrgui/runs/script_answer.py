"""What a sweep over a training script says beside its curve: the script's own schedule, and how to set the rate."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lrgui.core.events import ScriptEvent
from lrgui.core.learning_rate import format_lr
from lrgui.script.options import with_rate
from lrgui.tasks.spec import TaskSpec


def script_document(task: TaskSpec, facts: ScriptEvent | None, pick: float | None) -> dict[str, Any]:
    """What was seen of the script, and the command line with the pick; plain values only."""
    if facts is None:
        return {}
    return {"script": {**asdict(facts), "command": command_with(task, facts, pick)}}


def script_sentences(task: TaskSpec, facts: ScriptEvent | None, pick: float | None) -> list[str]:
    """The same in sentences; none where no optimizer stepped."""
    if facts is None:
        return []
    return [*_what_was_swept(facts), *_how_to_set(task, facts, pick), _side_effects(task)]


def command_with(task: TaskSpec, facts: ScriptEvent, rate: float | None) -> str:
    """How to start the script with `rate`; empty where no option of its own sets the rate."""
    if rate is None or not facts.option:
        return ""
    return shlex.join(["python", *_program(task), *with_rate(task.argv, facts.option, format_lr(rate))])


def sweep_command(task: TaskSpec) -> str:
    """How to sweep the script."""
    return shlex.join(["lrgui", "run", *_program(task), *task.argv])


def _program(task: TaskSpec) -> list[str]:
    """The script as it is named in its folder."""
    folder = task.script_options["folder"]
    return [os.path.relpath(task.path, folder or None)] if os.path.isabs(task.path) else ["-m", task.path]


def _what_was_swept(facts: ScriptEvent) -> list[str]:
    """Which of several optimizers, and the script's schedule; where its own rate lies, the reading says."""
    words = []
    if facts.optimizers > 1:
        words.append(
            f"Swept: optimizer {facts.number} of {facts.optimizers} ({facts.optimizer}); the others kept their rates."
        )
    if facts.own_lr != facts.last_lr:
        name = f"The script's schedule ({facts.schedule})" if facts.schedule else "The script itself"
        ends = f"from {format_lr(facts.own_lr)} to {format_lr(facts.last_lr)}"
        words.append(f"{name} went {ends} in these {facts.steps:,} steps.")
    elif facts.schedule:
        words.append(f"The script's schedule ({facts.schedule}) kept its rate in these {facts.steps:,} steps.")
    return words


def _how_to_set(task: TaskSpec, facts: ScriptEvent, pick: float | None) -> list[str]:
    command = command_with(task, facts, pick)
    place = f"{facts.optimizer} is made in {Path(facts.file).name}, line {facts.line}." if facts.file else ""
    return [line for line in (f"To use it: {command}" if command else "", place) if line]


def _side_effects(task: TaskSpec) -> str:
    if task.script_options["sandbox"]:
        return "What the script wrote into its folder was discarded with the sandbox."
    return "The script ran as it is: files that it wrote (checkpoints, logs) are where it always writes them."
