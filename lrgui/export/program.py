"""Python programs that do a run again: find, plot, pick and train, with lrgui's task and plain torch. No torch here."""

from __future__ import annotations

import textwrap
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from lrgui._version import __version__
from lrgui.core.curve.plan import ONE_CYCLE, Plan
from lrgui.core.events import RunKind
from lrgui.core.run_settings import LoopSettings
from lrgui.core.settings import settings_of
from lrgui.export.errors import ExportError
from lrgui.export.shown import Shown
from lrgui.export.snippets import Facts, SnippetError, facts_of_job, facts_of_sweep
from lrgui.export.snippets.code import Argument, call, literal, named, rate
from lrgui.export.snippets.schedules import on_plateaus, schedule_lines
from lrgui.runs.job import Job
from lrgui.runs.task_files import visible
from lrgui.tasks.spec import TaskSpec

if TYPE_CHECKING:
    from lrgui.core.curve.sweep_reading import SweepReading
    from lrgui.runs.record import Record

#: What a sweep and a race are given of the task.
_OF_TASK: tuple[Argument, ...] = (
    ("", "task.model", ""),
    ("", "task.loader", ""),
    ("optimizer", "task.optimizer", ""),
    ("training_step", "task.loss", ""),
)
_PRECISIONS = {"bf16": "torch.bfloat16", "fp16": "torch.float16"}


def program_bytes(thing: Shown) -> bytes:
    """A script that needs lrgui and what the task needs. Raises ExportError where there is none."""
    imports, *parts = thing.program()
    body = textwrap.indent("\n\n".join(parts), "    ")
    guard = 'if __name__ == "__main__":\n    main()'  # workers of a DataLoader read the script again
    text = f"{docstring(thing)}\n\n{imports}\n\n\ndef main() -> None:\n{body}\n\n\n{guard}\n"
    return text.encode(errors="backslashreplace")


def docstring(thing: Shown) -> str:
    """What the program is, as a raw docstring."""
    title = visible(thing.title).replace("\n", " ").replace('"', "'").rstrip("\\")
    return f'r"""{title}\n\nWritten by LR Finder {__version__}. It needs lrgui, torch and matplotlib.\n"""'


def sweep_program(reading: SweepReading, job: Job | None, record: Record | None, synthetic: bool) -> list[str]:
    """Find, plot, pick, train: the pieces of the program, the first one its imports."""
    if synthetic or job is None:
        what = "This curve is synthetic" if synthetic else "This sweep has no task of LR Finder's"
        raise ExportError(f"{what}: there is no program that makes it. Export a picture or the points.")
    _refuse_scripts(job)
    try:
        facts = facts_of_sweep(reading, job, record, selection=reading.selection, trains=True)
        facts = facts.running(job.train.planned_schedule)
    except SnippetError as error:
        raise ExportError(str(error)) from error
    return [
        _imports("torch", "lrgui"),
        task_lines(job.task),
        _find(job),
        _plot("result"),
        "\n".join(
            [
                f"# Pick: {'selected by hand' if facts.chosen else 'recommended'} in LR Finder;"
                " result.lr is what this sweep recommends",
                f"max_lr = {rate(facts.lr)}",
                'print(f"Training with {max_lr:.1e}; this sweep recommends {result.lr}")',
            ]
        ),
        _train(job, facts),
    ]


def training_program(job: Job, record: Record) -> list[str]:
    """Train: the pieces of the program."""
    _refuse_scripts(job)
    facts = facts_of_job(job.train.max_lr, job, record, plan=Plan(schedule=job.train.planned_schedule), trains=True)
    return [_imports("torch"), task_lines(job.task), f"max_lr = {rate(facts.lr)}", _train(job, facts, fresh=False)]


def race_program(job: Job) -> list[str]:
    """Verify, and plot: the pieces of the program."""
    _refuse_scripts(job)
    arguments: list[Argument] = [
        *_OF_TASK,
        ("validation", "task.validation", ""),
        ("lr", rate(job.race.around), ""),
        *_changed(job, RunKind.RACE, ("around",)),
    ]
    race = ["# Verify: short trainings around the rate", *call("lrgui.verify", arguments, "verified = ")]
    return [
        _imports("lrgui"),
        task_lines(job.task),
        "\n".join([*race, "print(verified)"]),
        _plot("verified"),
    ]


def _refuse_scripts(job: Job) -> None:
    if job.task.is_script:
        raise ExportError(
            "A training script is a program already: the lines that set its learning rate are under Use it… in the "
            "window, or printed by lrgui snippet."
        )


def _imports(*modules: str) -> str:
    lines = [f"import {module}" for module in modules]
    return "\n".join([*lines, "from lrgui.tasks.build import build_task", "from lrgui.tasks.spec import TaskSpec"])


def task_lines(task: TaskSpec) -> str:
    """The task as its settings."""
    usual = TaskSpec()
    shown = {"source", "model", "optimizer", "batch_size", "seed"}
    arguments: list[Argument] = []
    for each in fields(task):
        value = getattr(task, each.name)
        if value != getattr(usual, each.name) or (each.name in shown and value):
            arguments.append((each.name, _value(value), ""))
    what = "your task file's" if task.is_code else "data,"
    made = call("TaskSpec", arguments, "spec = ")
    return "\n".join([f"# The task: {what} model, batches and optimizer", *made, "task = build_task(spec)"])


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(str(key))}: {_value(one)}" for key, one in value.items()) + "}"
    return literal(value)


def _changed(job: Job, kind: str, but: tuple[str, ...]) -> list[Argument]:
    """The settings of a run that are not the usual ones."""
    config = job.race if kind == RunKind.RACE else job.sweep
    cls: type = type(config)
    usual = cls()
    options = [option.name for option in settings_of(cls) if option.name not in but]
    changed = [name for name in options if getattr(config, name) != getattr(usual, name)]
    return [(name, _value(getattr(config, name)), "") for name in changed]


def _find(job: Job) -> str:
    sweep = job.sweep
    arguments: list[Argument] = [
        *_OF_TASK,
        ("start_lr", rate(sweep.start_lr), ""),
        ("end_lr", rate(sweep.end_lr), ""),
        ("steps", literal(sweep.steps), ""),
        *_changed(job, RunKind.SWEEP, ("start_lr", "end_lr", "steps")),
        ("title", "task.name", ""),
    ]
    found = call("lrgui.find_lr", arguments, "result = ")
    return "\n".join(["# Find: weights, optimizer and random state are put back afterwards", *found, "print(result)"])


def _plot(name: str) -> str:
    return "\n".join(
        [
            "# Plot",
            f"axes = {name}.plot()",
            f'axes.figure.savefig("{"learning-rate" if name == "result" else "verified"}.png", dpi=300)',
        ]
    )


def _train(job: Job, facts: Facts, fresh: bool = True) -> str:
    """The training with plain torch: each optimizer step, and the validation loss after each epoch."""
    loop, train = facts.loop, job.train
    per_epoch = f"-(-len(task.loader) // {loop.accumulation})" if loop.accumulation > 1 else "len(task.loader)"
    total = facts.total_steps
    if facts.steps_per_epoch is not None:
        per_epoch = str(facts.steps_per_epoch)
    if train.steps is not None:
        per_epoch = str(-(-train.steps // train.epochs))
    judged = "model" if train.ema_decay is None else "averaged.module"
    lines = [f"# Train: {train.schedule_words}, with that highest rate"]
    if fresh:
        lines.append("task = build_task(spec)  # fresh weights, the same seed")
    lines += [
        "model, optimizer, device = task.model, task.optimizer, task.device",
        *_options(loop),
        f"steps_per_epoch = {per_epoch}",
        f"total_steps = {total if total is not None else f'{train.epochs} * steps_per_epoch'}",
        *_schedule(facts),
    ]
    if on_plateaus(facts):
        lines.append("seen = []  # losses of the epoch")
    if train.ema_decay is not None:
        lines += [
            f"average = torch.optim.swa_utils.get_ema_multi_avg_fn({literal(float(train.ema_decay))})",
            "averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=average, use_buffers=True)",
        ]
    if loop.amp == "fp16":
        lines.append("scaler = torch.amp.GradScaler(device.type)")
    lines += [
        "",
        "def endless(loader):",
        "    while True:",
        "        yield from loader",
        "",
        "def on_device(batch):",
        "    if isinstance(batch, dict):",
        "        return {name: on_device(part) for name, part in batch.items()}",
        "    if isinstance(batch, (list, tuple)):",
        "        return [on_device(part) for part in batch]",
        "    return batch.to(device) if isinstance(batch, torch.Tensor) else batch",
        "",
        "batches = endless(task.loader)",
        "for step in range(total_steps):",
        "    model.train()",
        "    optimizer.zero_grad()",
        *_step(facts),
        *(["    averaged.update_parameters(model)"] if train.ema_decay is not None else []),
        "    if (step + 1) % steps_per_epoch == 0 or step + 1 == total_steps:",
        '        line = f"step {step + 1} of {total_steps}: loss {float(loss.detach()):.4f}"',
        "        if task.validation is not None:",
        f"            {judged}.eval()",
        "            with torch.no_grad():",
        f"                losses = [float(task.loss({judged}, on_device(batch))) for batch in task.validation]",
        '            line += f", validation loss {sum(losses) / len(losses):.4f}"',
        "        print(line)",
    ]
    if on_plateaus(facts):
        lines += [
            "        judged = seen if task.validation is None else losses",
            "        scheduler.step(sum(judged) / len(judged))",
            "        seen = []",
        ]
    if train.ema_decay is not None:
        lines.append("model.load_state_dict(averaged.module.state_dict())")
    return "\n".join(lines)


def _options(loop: LoopSettings) -> list[str]:
    """What is switched on for every step; none where nothing is."""
    usual = LoopSettings()
    names = ("label_smoothing", "decay_norms", "compile", "deterministic")
    changed = {name: getattr(loop, name) for name in names if getattr(loop, name) != getattr(usual, name)}
    if not changed:
        return []
    return [
        "from lrgui.core.engine.loop_options import apply_options",
        "from lrgui.core.run_settings import LoopSettings",
        "",
        *call("LoopSettings", named(changed), "options = "),
        "apply_options(options, model, optimizer, task.loss)",
    ]


def _schedule(facts: Facts) -> list[str]:
    """The scheduler, if there is one; parameter groups keep their ratio."""
    lines = schedule_lines(facts, "total_steps", plateau=True, per_epoch="steps_per_epoch")
    one = 'max_lr=[group["lr"] for group in optimizer.param_groups]'
    text = "\n".join(lines)
    if facts.schedule != ONE_CYCLE or one in text:
        return [
            'highest = max(group["lr"] for group in optimizer.param_groups)',
            "for group in optimizer.param_groups:  # they keep their ratio",
            '    group["lr"] *= max_lr / highest',
            *lines,
        ]
    return text.replace(f"max_lr={rate(facts.lr)}", "max_lr=max_lr").split("\n")


def _step(facts: Facts) -> list[str]:
    """One optimizer step, as the sweep makes it."""
    loop = facts.loop
    count, pad, lines = loop.accumulation, "    ", list[str]()
    if count > 1:
        lines.append(f"    for _ in range({count}):")
        pad = "        "
    loss = "task.loss(model, on_device(next(batches)))"
    if loop.amp is not None:
        lines.append(f"{pad}with torch.autocast(device.type, dtype={_PRECISIONS[loop.amp]}):")
        lines.append(f"{pad}    loss = {loss}")
    else:
        lines.append(f"{pad}loss = {loss}")
    share = "loss" if count == 1 else f"(loss / {count})"
    scaled = loop.amp == "fp16"
    lines.append(f"{pad}scaler.scale({share}).backward()" if scaled else f"{pad}{share}.backward()")
    if loop.clip_grad_norm is not None:
        lines += ["    scaler.unscale_(optimizer)"] if scaled else []
        lines.append(f"    torch.nn.utils.clip_grad_norm_(model.parameters(), {literal(float(loop.clip_grad_norm))})")
    lines += ["    scaler.step(optimizer)", "    scaler.update()"] if scaled else ["    optimizer.step()"]
    if on_plateaus(facts):
        lines.append("    seen.append(float(loss.detach()))")
    elif facts.schedule != "constant":
        lines.append("    scheduler.step()")
    return lines
