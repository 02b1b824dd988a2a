"""What a sweep over a training script says beside its curve: the script's own schedule, and how to set the rate."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lrgui.core.curve.plan import Plan
from lrgui.core.events import ScriptEvent
from lrgui.core.learning_rate import format_lr
from lrgui.script.options import with_rate
from lrgui.tasks.spec import TaskSpec


def script_document(task: TaskSpec, facts: ScriptEvent | None, pick: float | None) -> dict[str, Any]:
    """What was seen of the script, and the command line with the pick; plain values only."""
    if facts is None:
        return {}
    return {"script": {**asdict(facts), "command": command_with(task, facts, pick)}}


def script_sentences(
    task: TaskSpec, facts: ScriptEvent | None, pick: float | None, maximum: float | None = None
) -> list[str]:
    """The same in sentences; none where no optimizer stepped. `maximum` is the rate of a race whose OneCycle took the
    place of the script's schedule, and `pick` what it comes to there (`raced_rate`)."""
    if facts is None:
        return []
    schedule = _its_schedule(facts) if maximum is None else _of_maximum(facts, pick, maximum)
    return [*_which_optimizer(facts), *schedule, *_how_to_set(task, facts, pick), _side_effects(task)]


def raced_rate(lr: float | None, one_cycle: bool, plan: Plan) -> float | None:
    """The rate for a script, by its own schedule (that of `plan`), of a race that measured `lr`.

    `one_cycle`: that is the maximum of a OneCycle which took the schedule's place; None where nobody knows that one.
    """
    if lr is None or not one_cycle:
        return lr
    return None if plan.schedule is None else plan.from_one_cycle(lr)


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


def _which_optimizer(facts: ScriptEvent) -> list[str]:
    """Which of several."""
    if facts.optimizers == 1:
        return []
    kept = "; the others kept their rates" if facts.meanwhile else ", which trained alone"
    next_one = f" --optimizer {facts.number + 1} sweeps the next." if facts.number + 1 < facts.optimizers else ""
    return [f"Swept: optimizer {facts.number} of {facts.optimizers} ({facts.optimizer}){kept}.{next_one}"]


def _its_schedule(facts: ScriptEvent) -> list[str]:
    """What the script's schedule did; where its own rate lies, the reading says."""
    if facts.own_lr != facts.last_lr:
        name = f"The script's schedule ({facts.schedule})" if facts.schedule else "The script itself"
        highest = format_lr(facts.highest_lr)
        first, last = format_lr(facts.own_lr), format_lr(facts.last_lr)
        to_last = f"to {last}" if highest in (first, last) else f"up to {highest} and down to {last}"
        ends = f"from {first} {to_last}"
        return [f"{name} went {ends} in these {facts.steps:,} steps."]
    if facts.schedule:
        return [f"The script's schedule ({facts.schedule}) kept its rate in these {facts.steps:,} steps."]
    return []


def _of_maximum(facts: ScriptEvent, pick: float | None, maximum: float) -> list[str]:
    """What a rate that was measured under OneCycle is for the script."""
    name = f" ({facts.schedule})" if facts.schedule else ""
    measured = f"The race ran OneCycle in the place of the script's own schedule{name}: {format_lr(maximum)} is"
    if pick is None:
        return [f"{measured} OneCycle's maximum, and what it comes to there is not known."]
    if format_lr(pick) == format_lr(maximum):
        return [f"{measured} OneCycle's maximum, and the highest rate there."]
    return [f"{measured} OneCycle's maximum, which comes to a highest rate of about {format_lr(pick)} there."]


def _how_to_set(task: TaskSpec, facts: ScriptEvent, pick: float | None) -> list[str]:
    command = command_with(task, facts, pick)
    return [line for line in (f"To use it: {command}" if command else "", made_where(task, facts)) if line]


def made_where(task: TaskSpec, facts: ScriptEvent) -> str:
    """Which line makes the optimizer; empty where that is not known. A file in the script's folder is called as it is
    there: projects have many a module.py."""
    if not facts.file:
        return ""
    path, folder = Path(facts.file), task.script_options["folder"]
    name = path.relative_to(folder) if folder and path.is_relative_to(folder) else path.name
    return f"{facts.optimizer} is made in {name}, line {facts.line}."


def _side_effects(task: TaskSpec) -> str:
    if task.script_options["sandbox"]:
        return "What the script wrote into its folder was discarded with the sandbox."
    return "The script ran as it is: files that it wrote (checkpoints, logs) are where it always writes them."
