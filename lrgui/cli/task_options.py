"""The options that say what to train: the same ones for all commands that train something."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from lrgui.cli.app import ARGUMENTS, Status, fail, say
from lrgui.cli.script_job import script_job
from lrgui.core.formats import exact_number
from lrgui.runs.defaults import apply_defaults
from lrgui.runs.job import Job, switched
from lrgui.runs.library import SUFFIX
from lrgui.runs.task_settings import places, with_choice, with_setting
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.recognise import recognise
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.roles import CONTEXT
from lrgui.tasks.user.task_outline import Outline

#: The argument of a command that takes saved runs in the place of a task.
RUNS = "runs"
#: The command that also looks at scripts which run as they are.
CHECK = "check"
#: The ending of what can only be a script that runs as it is.
NOTEBOOK = ".ipynb"
Config = TypeVar("Config")
#: Other names that a task's code may use for what a field of the task gives it.
CONTEXT_OF = {field: [name for name, of in CONTEXT.items() if of == field] for field in CONTEXT.values()}
_TASK = TaskSpec()


def _options(
    source: Annotated[
        str,
        typer.Argument(
            help=f"What to train: your task.py, package.module, a folder of images, a table (.csv, .parquet), a text, "
            f"arrays (.npz), or one of: {', '.join(key for key, row in SOURCES.items() if not _needs_path(row.key))}."
        ),
    ] = "digits",
    model: Annotated[
        str | None,
        typer.Option(
            help="A key such as cnn or mlp (an unknown key lists them all), or library:name, for example "
            "torchvision:resnet18.",
            show_default="the source's first",
        ),
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            help="sgd, adam, adamw, …, library:name (timm:lion), or own: the optimizer the task's code creates.",
            show_default="the task's own, else sgd",
        ),
    ] = None,
    momentum: Annotated[
        float | None, typer.Option(help="SGD's momentum.", show_default=exact_number(_TASK.momentum))
    ] = None,
    weight_decay: Annotated[
        float | None, typer.Option(help="Weight decay.", show_default=exact_number(_TASK.weight_decay))
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Examples per step.", show_default=f"the task's, else {_TASK.batch_size}")
    ] = None,
    subset: Annotated[
        int | None,
        typer.Option(
            help="Train on only this many examples from the start; 0 uses all.", show_default="the source's, else all"
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A setting of the data, the model or the optimizer, or an argument of your task; may be repeated.",
        ),
    ] = None,
    data_folder: Annotated[
        Path | None,
        typer.Option("--data", help="Folder that contains the data set, or to download it to."),
    ] = None,
    loader_workers: Annotated[
        int | None, typer.Option(help="DataLoader workers (processes that load batches).", show_default="0")
    ] = None,
    pin_memory: Annotated[
        bool | None,
        typer.Option(
            "--pin-memory/--no-pin-memory",
            help="Load batches into page-locked (pinned) memory.",
            show_default="yes on a CUDA device",
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads.", show_default="all cores but one")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights and batches.", show_default="0")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps, xpu.", show_default="auto")] = None,
    *,
    context: typer.Context,
) -> None:
    """The options of a task; none but the source has a default, so that a task's own defaults can be told apart."""


def _needs_path(key: str) -> bool:
    row = SOURCES[key]
    return row.path is not None and not row.path.default


def with_task(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a task; it gets them as its first argument, a `Job` with the task's defaults.

    Where the command has an argument `runs`, saved runs may be named in the place of a task: it gets their paths there,
    and its first argument is None. Leaves with a sentence for each setting that there is not, or that cannot be read.
    """
    ours = inspect.signature(_options).parameters
    takes_runs = RUNS in inspect.signature(command).parameters
    own = list(inspect.signature(command).parameters.values())[1:]
    hints = {
        **get_type_hints(_options, include_extras=True),
        **get_type_hints(command, include_extras=True),
        "return": None,
    }

    def run(**values: Any) -> None:
        of_task = {name: values.pop(name) for name in ours}
        if takes_runs and (values[RUNS] or of_task["source"].endswith(SUFFIX)):
            given = [
                name for name, one in ours.items() if name not in ("source", "context") and of_task[name] is not None
            ]
            if given:
                option = f"--{'set' if given[0] == 'settings' else given[0].replace('_', '-')}"
                fail(f"{option} belongs to a task, and saved runs were named: leave it out.", Status.BAD_ARGUMENTS)
            values[RUNS] = [Path(of_task["source"]), *(values[RUNS] or [])]
            command(None, **values)
            return
        command(_job(**of_task), **values)

    first, *others = ours.values()
    if takes_runs:
        words = "Or saved runs (.lrrun), two or more, of any kinds."
        first = first.replace(annotation=_with_help(hints["source"], words))
        hints["source"] = first.annotation
    places = [first, *own, *others]  # what is the command's own stands first in its help
    keyword = [place.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[place.name]) for place in places]
    run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
    run.__annotations__ = {place.name: hints[place.name] for place in places}
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


def _with_help(annotation: Any, more: str) -> Any:
    """The annotation of an argument with another sentence in its help."""
    kind, argument = annotation.__origin__, annotation.__metadata__[0]
    return Annotated[kind, typer.Argument(help=f"{argument.help} {more}")]


def changed(config: Config, **values: Any) -> Config:
    """`config` with those of `values` that were given: None stands for what was not."""
    return replace(config, **{name: value for name, value in values.items() if value is not None})  # type: ignore[type-var]


def _job(
    source: str,
    model: str | None,
    optimizer: str | None,
    subset: int | None,
    settings: Sequence[str] | None,
    data_folder: Path | None,
    context: typer.Context,
    **given: Any,
) -> Job:
    """The job that the options describe: the source's defaults, over them the task's own, over them what was given."""
    if context.command.name == CHECK and (context.params.get("module") or source.lower().endswith(NOTEBOOK)):
        arguments = context.meta.get(ARGUMENTS, [])
        return script_job([source, *arguments], bool(context.params["module"]), {})
    found = recognise(source)
    if found.problem:
        fail(found.problem, Status.BAD_ARGUMENTS)
    row = SOURCES[found.source]
    path = found.path
    if data_folder is not None:
        if row.path is None or not row.path.default:
            fail(f"--data applies to data sets such as mnist; {row.label} does not need it.", Status.BAD_ARGUMENTS)
        path = str(data_folder.absolute())
    job, known = switched(Job(), found.source, path, found.model), None
    if job.task.is_code:
        known = outline(path)
        if known.runs_by_itself and known.file is not None and context.command.name == CHECK:
            return script_job([str(known.file), *context.meta.get(ARGUMENTS, [])], False, {})
        if known.problem is not None:
            hint = ""
            if known.runs_by_itself and known.file is not None:
                hint = f" If it trains by itself, “lrgui run {shlex.quote(known.file.name)}” runs it as it is."
            fail(f"{known.problem.sentence}{hint}")
        job, unused = apply_defaults(job, known)
        for sentence in unused:
            say(sentence)
    task = job.task
    if words := context.meta.get(ARGUMENTS):
        task = replace(task, arguments=shlex.join(words))
    if model is not None:
        task = with_choice(task, "model", model)
    if optimizer is not None:
        task = with_choice(task, "optimizer", optimizer.lower())
    task = changed(task, **given)
    if subset is not None:
        task = replace(task, subset=subset or None)
    own = {name: one.opts[0] for one in context.command.params for name in (one.name, *CONTEXT_OF.get(one.name, ()))}
    return replace(job, task=_with_settings(task, settings or (), known, own))


def _with_settings(task: TaskSpec, settings: Sequence[str], known: Outline | None, own: Mapping[str, str]) -> TaskSpec:
    """Put each NAME=VALUE where an option has that name: the data's first, then the model's, then the optimizer's.

    `own` are the options of the command itself, by name.
    """
    there = places(task, known)
    for each in settings:
        name, text = named(each)
        if name not in there and name.replace("-", "_") in own:
            option_of_command = own[name.replace("-", "_")]
            fail(f"--set {each}: use its own option: {option_of_command} {text}", Status.BAD_ARGUMENTS)
        try:
            task = with_setting(task, there, name, text)
        except ValueError as error:
            fail(f"--set {each}: {error}", Status.BAD_ARGUMENTS)
    return task


def named(words: str, option: str = "--set", example: str = "") -> tuple[str, str]:
    """Name and text of an option that takes NAME=VALUE, or NAME=VALUES where `example` has several.

    Leaves with a sentence for anything else.
    """
    name, equals, text = words.partition("=")
    if not equals or not name.strip():
        kind = "VALUES" if "," in example else "VALUE"
        shown = example or f"{name.strip() or 'width'}=1"
        fail(f"{option} {words}: write NAME={kind}, for example {option} {shown}.", Status.BAD_ARGUMENTS)
    return name.strip(), text


Python = Annotated[
    Path | None,
    typer.Option("--python", help="Python interpreter for runs, with torch and numpy.", show_default="this program's"),
]
