"""What becomes of a sweep's pick when the settings of the next run are other ones."""

from __future__ import annotations

from lrgui.core.curve.lr_scaling import Transfer, transfer
from lrgui.core.formats import exact_number
from lrgui.core.optimizers import OPTIMIZERS
from lrgui.core.options import filled
from lrgui.runs.differences import name_part
from lrgui.runs.job import Job
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.rows import OWN

#: So many settings that are others now are named.
MOST_NAMED = 3


def carry_over(lr: float, swept: Job, now: Job) -> Transfer | None:
    """The pick `lr` of the sweep `swept` for the settings of `now`; None where nothing that it depends on changed, and
    for settings that nobody can train with."""
    if now.validate():
        return None
    before, after = swept.task, now.task
    old, new = before.batch_size * swept.sweep.accumulation, after.batch_size * now.sweep.accumulation
    if new < 1 or old < 1:
        return None
    for name in ("source", "model", "path"):
        if getattr(before, name) != getattr(after, name):
            return Transfer(None, f"The sweep was made with {_words(before, name)}: sweep again.")
    if words := _other_options(before, after):
        return Transfer(None, f"The sweep was made with {words}: sweep again.")
    if not {before.optimizer, after.optimizer} <= {*OPTIMIZERS, OWN}:
        return None
    if OWN in (before.optimizer, after.optimizer):  # nobody here knows which one that is
        if before.optimizer == after.optimizer and old == new:
            return None
        return Transfer(None, f"The sweep was made with {before.optimizer_words}, batch {old:,}: sweep again.")
    if before.optimizer == after.optimizer and before.optimizer_options != after.optimizer_options:
        return Transfer(None, f"The sweep was made with other settings of {before.optimizer_words}: sweep again.")
    takes_momentum = "momentum" in OPTIMIZERS[before.optimizer].fields
    if before.optimizer == after.optimizer and takes_momentum and before.momentum != after.momentum:
        return Transfer(
            None,
            f"The sweep was made with momentum {exact_number(before.momentum)}; higher momentum needs "
            "a lower rate: sweep again.",
        )
    return transfer(
        lr, optimizer=_rule_of(before), batch=old, to_optimizer=_rule_of(after), to_batch=new, extrapolate=False
    )


def _rule_of(task: TaskSpec) -> str:
    """The optimizer's name as rules of transfer know it: of a library's optimizers the name in there."""
    row = task.optimizer_row
    options = {} if row is None else filled(row.options, task.optimizer_options)
    return str(options.get("name") or task.optimizer)


def _words(task: TaskSpec, changed: str) -> str:
    """What the sweep was made with, as far as `changed` matters."""
    words = task.row.label if task.row is not None and changed == "source" else task.title.split(" · ")[0]
    model = task.model_row
    return words if model is None else f"{model.label} on {words}"


def _other_options(before: TaskSpec, after: TaskSpec) -> str:
    """The settings of data, model or the person's own task that the sweep was made with and the next run is not:
    "hidden layers 2, the default width"; empty where all are the same. Their own code alone knows its defaults."""
    words = []
    for row, old, new in (
        (before.row, before.options, after.options),
        (before.model_row, before.model_options, after.model_options),
    ):
        known = {option.name: option for option in (() if row is None else row.options)}
        usual = {name: option.default for name, option in known.items()}
        old, new = usual | old, usual | new
        for name in {**old, **new}:
            label, option = name, known.get(name)
            if name in old and name in new and old[name] == new[name]:
                continue
            if option is not None:
                label = option.label
            shown = "" if name not in old else str(old[name]) if option is None else option.shown(old[name])
            part = name_part(label, shown)
            words.append(part if shown else f"the default {part.rstrip()}")
    return ", ".join(words) if len(words) <= MOST_NAMED else "other settings of the task"
