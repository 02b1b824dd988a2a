"""`lrgui check`: try one batch of a task, and say what is wrong with it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import typer
from rich.live import Live
from rich.table import Table

from lrgui.cli.app import Json, Status, checked, command, fail, printed, results, say, tell, words
from lrgui.cli.place import Place, with_place
from lrgui.cli.running import Signals, source_of
from lrgui.cli.script_job import Module
from lrgui.cli.task_options import with_task
from lrgui.cli.wrapping import Wrapped
from lrgui.core.events import (
    CheckEvent,
    CheckState,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    RunKind,
    RunState,
    ScriptEvent,
    StateEvent,
)
from lrgui.core.formats import format_seconds
from lrgui.core.learning_rate import format_lr
from lrgui.runs.failures import ended_unexpectedly
from lrgui.runs.job import Job
from lrgui.runs.script_answer import made_where, sweep_command
from lrgui.tasks.checks.step import STEPS
from lrgui.tasks.spec import TaskSpec

SIGNS: dict[str, str] = {
    CheckState.RUNNING: "…",
    CheckState.GOOD: "[green]✓[/]",
    CheckState.WARNING: "[yellow]![/]",
    CheckState.BAD: "[red]✗[/]",
    CheckState.SKIPPED: "[dim]–[/]",
}


@dataclass
class Checked:
    """What is known of a check so far."""

    steps: dict[str, CheckEvent] = field(default_factory=dict)
    end: EndEvent = field(default_factory=lambda: ended_unexpectedly("check"))
    script: ScriptEvent | None = None
    """What was seen of a training script."""

    def add(self, event: Event) -> None:
        """Take in an event; where the process died, the step that it was at is the bad one."""
        if isinstance(event, CheckEvent):
            self.steps[event.step] = event
        elif isinstance(event, ScriptEvent):
            self.script = event
        elif isinstance(event, EndEvent):
            self.end = event
            for key, step in self.steps.items():
                if step.state == CheckState.RUNNING:
                    state = CheckState.SKIPPED if event.reason == EndReason.CANCELLED else CheckState.BAD
                    self.steps[key] = replace(step, state=state, detail=event.detail)

    def table(self) -> Table:
        """One row for each step."""
        from lrgui.errors.diagnosis import Diagnosis  # with the table of causes, which no other command needs

        table = Table("", "step", "time", "found")
        for key, label in STEPS.items():
            step = self.steps.get(key)
            if step is None:
                table.add_row("", f"[dim]{label}[/]", "", "")
                continue
            time = "" if step.seconds is None else format_seconds(step.seconds)
            told = Diagnosis(step.detail, step.file, step.line).words if step.state == CheckState.BAD else step.detail
            if step.state == CheckState.WARNING and step.file:
                told += f" ({Path(step.file).name}, line {step.line})"
            table.add_row(SIGNS[step.state], label, time, Wrapped(told))
        return table

    def script_sentences(self, task: TaskSpec) -> list[str]:
        """What was seen of a training script, beside how it ended."""
        facts = self.script
        if facts is None:
            return []
        own = f"Its own rate is {format_lr(facts.peak_lr)}" + (f" ({facts.schedule})." if facts.schedule else ".")
        several = [f"{facts.optimizers} optimizers step; --optimizer chooses one."] if facts.optimizers > 1 else []
        made = [where] if (where := made_where(task, facts)) else []
        option = [f"{facts.option.rstrip('=')} sets its rate."] if facts.option else []
        return [own, *several, *option, *made, f"Sweep it: {sweep_command(task)}"]

    def document(self) -> dict[str, Any]:
        """All of it, for JSON."""
        steps = [{**asdict(self.steps[key]), "label": label} for key, label in STEPS.items() if key in self.steps]
        return {
            "ready": self.end.reason == EndReason.COMPLETED,
            "warnings": sum(step.state == CheckState.WARNING for step in self.steps.values()),
            "steps": steps,
            "end": {"reason": self.end.reason, "detail": self.end.detail},
            **({} if self.script is None else {"script": asdict(self.script)}),
        }


@command(of_task=True)
@with_task
@with_place
def check(base: Job, module: Module = False, as_json: Json = False, python: Place = None) -> None:
    """Try one batch of a task: forward, loss, backward, one step; say what is wrong, with the line of your file.

    A training script with a loop of its own (a notebook too, or with -m a module) runs for three steps, with the
    arguments behind “--”: the answer is what “lrgui run” would do with it. Nothing is kept. Exit status: 0 where the
    task can run, also with warnings, 1 where it cannot, 2 for bad arguments.
    """
    found = _run(checked(replace(base, kind=RunKind.CHECK)), as_json, python)
    if as_json:
        print(json.dumps(found.document(), ensure_ascii=False, allow_nan=False))
    else:
        if found.steps and not base.task.is_script:
            results().print(found.table())
        if found.end.reason == EndReason.COMPLETED:
            tell(found.end.detail)
            for sentence in found.script_sentences(base.task):
                tell(sentence)
    if found.end.reason != EndReason.COMPLETED:
        fail(found.end.detail)
    raise typer.Exit(Status.OK)


def _run(job: Job, quiet: bool, python: Place) -> Checked:
    """Check, showing the table as it grows where there is a terminal, and what the task's code prints."""
    found, source = Checked(), source_of(job, python)
    shown = words.is_terminal and not quiet
    live = Live(console=words, transient=True, auto_refresh=False)
    with live, Signals(source), closing(source.chunks()) as chunks:
        for events in chunks:
            for event in events:
                found.add(event)
                if isinstance(event, OutputEvent):
                    printed(event)
                elif isinstance(event, StateEvent) and event.state == RunState.PAUSED:
                    say("Paused.")
            if shown and not job.task.is_script:
                live.update(found.table(), refresh=True)
    return found
