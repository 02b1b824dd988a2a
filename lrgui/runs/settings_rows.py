"""The settings of a run by the names that the form has for them: what documents list, and what tells runs apart."""

from __future__ import annotations

from lrgui.core.formats import exact_number
from lrgui.core.options import Option
from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings
from lrgui.core.settings import in_use
from lrgui.runs.job import Job

Row = tuple[str, str]


def task_rows(job: Job) -> list[Row]:
    """What was trained: name and value of each setting."""
    task = job.task
    rows = [("Data", task.data_words), ("Optimizer", task.optimizer_words)]
    if not task.is_code:
        rows.insert(1, ("Model", task.title.split(" · ")[1]))
    if task.path:
        rows.append(("File or folder", task.path))
    if not task.is_script:
        rows.append(("Batch size", f"{task.batch_size:,}"))
        if task.optimizer_row is not None and "weight_decay" in task.optimizer_row.fields:
            rows.append(("Weight decay", exact_number(task.weight_decay)))
    rows.append(("Seed", str(task.seed)))
    return rows


def settings_rows(settings: SweepSettings | TrainSettings | RaceSettings) -> list[Row]:
    """The settings of a sweep, a training or a race that have an effect: name and value of each."""
    return [(option.label, option.shown(getattr(settings, option.name))) for option in in_use(settings)]


def option_rows(job: Job) -> list[Row]:
    """The own settings of data, model and optimizer, and of the task as a whole, that were given: name and value."""
    task = job.task
    rows: list[Row] = []
    parts = (
        (task.row.options if task.row is not None else (), task.options),
        (task.model_row.options if task.model_row is not None else (), task.model_options),
        (task.optimizer_row.options if task.optimizer_row is not None else (), task.optimizer_options),
    )
    for options, values in parts:
        known: dict[str, Option] = {option.name: option for option in options}
        for name, value in values.items():
            option = known.get(name)
            rows.append((option.label, option.shown(value)) if option is not None else (name, str(value)))
    rows.append(("Examples", "all" if task.subset is None else f"{task.subset:,}"))
    rows.append(("Device", task.device))
    if task.arguments:
        rows.append(("Arguments", task.arguments))
    return rows
