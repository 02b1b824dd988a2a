"""Writes the pages of the reference that are made from the code: `python docs/make_reference.py`.

A test compares them with what this gives, so that they cannot fall behind.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from lrgui.cli import app
from lrgui.cli.app import ScriptCommand, TaskCommand
from lrgui.core.curve.plan import EXPONENTS, FACTORS, LOWEST, SCHEDULES, SHORT
from lrgui.core.formats import exact_number
from lrgui.core.options import Option
from lrgui.core.phrases import any_of
from lrgui.core.run_settings import CycleSettings, LoopSettings, RaceSettings, SweepSettings, TrainSettings
from lrgui.core.settings import settings_of

PAGES = Path(__file__).parent / "reference"

#: Heading, class, classes whose settings have a table of their own, and what the settings are for.
PARTS: tuple[tuple[str, type, tuple[type, ...], str], ...] = (
    (
        "Sweep",
        SweepSettings,
        (LoopSettings,),
        "`lrgui find`, `lrgui compare`, `lrgui.find_lr`, and the window's *Sweep* card.",
    ),
    ("Training", TrainSettings, (LoopSettings, CycleSettings), "`lrgui train` and the window's *Training* card."),
    (
        "Race",
        RaceSettings,
        (LoopSettings, CycleSettings),
        "`lrgui verify`, `lrgui.verify` and the window's *Verify* tab.",
    ),
    (
        "OneCycle",
        CycleSettings,
        (),
        "The shape of a training with the schedule `onecycle`, as in PyTorch's `OneCycleLR`; a race trains with the "
        "same. `div_factor` also says where the warm-up of `cosine`, `linear` and `wsd` begins.",
    ),
    (
        "Optimizer step",
        LoopSettings,
        (),
        "How one step is made, alike in sweeps, trainings and races: a learning rate holds for the loop with which it "
        "was found. In the window they are on the *Sweep* card.",
    ),
)


def settings_page() -> str:
    """The page of all settings."""
    parts = [
        "# Settings",
        "Every setting of a run: its name in Python and in a task's `defaults`, its option on the command line, its "
        "label in the window.",
    ]
    for heading, cls, apart, words in PARTS:
        elsewhere = {option.name for other in apart for option in settings_of(other)}
        rows = [_row(option, cls) for option in settings_of(cls) if option.name not in elsewhere]
        table = [
            "| name | option | label | meaning | values | unit | default |",
            "|---|---|---|---|---|---|---|",
            *rows,
        ]
        parts += [f"## {heading}", words, "\n".join(table)]
    parts += ["## Planned training", _PLANNED, _planned_table()]
    return "\n\n".join(parts) + "\n"


#: What stands above the table of factors.
_PLANNED = (
    f"By what the pick, the maximum of a OneCycle of up to {SHORT} steps, is multiplied for a `planned_schedule`, by "
    f"the kind of optimizer; a training of more `planned_steps` multiplies it by (steps ÷ {SHORT}) to the power in the "
    f"last line, too, never by less than {LOWEST}. "
    "[How they were found](../explanation/suggestions.md#the-training-to-come)."
)
#: What the families of optimizers are called.
_FAMILIES = {
    "adam": "like Adam (first and second moments)",
    "adaptive": "like RMSprop, Adagrad (second moments)",
    "momentum": "SGD with momentum",
    "sgd": "plain SGD",
    None: "others",
}


def _planned_table() -> str:
    """The factors of `core.curve.plan`, a line for each schedule and a column for each family of optimizers."""
    lines = [f"| | {' | '.join(_FAMILIES.values())} |", "|---|" + "---|" * len(_FAMILIES)]
    lines += [
        f"| `{key}`: {label} | {' | '.join(exact_number(FACTORS[key][family]) for family in _FAMILIES)} |"
        for key, label in SCHEDULES.items()
    ]
    powers = " | ".join(exact_number(EXPONENTS[family]).replace("-", "−") for family in _FAMILIES)
    return "\n".join([*lines, f"| power of the length | {powers} |"])


def _row(option: Option, cls: type) -> str:
    flag = option.flag or f"--{option.name.replace('_', '-')}"
    meaning = f"{option.tip}."
    if option.only is not None and option.only[0] in {one.name for one in settings_of(cls)}:
        meaning += f" Only with `{option.only[0]}` {any_of([f'`{value}`' for value in option.only[1]])}."
    cells = (f"`{option.name}`", f"`{flag}`", option.label, meaning, option.range, option.unit)
    return f"| {' | '.join(cells)} | {option.shown(option.default)} |"


class Parameter(NamedTuple):
    """One argument or option of a command, as its table shows it."""

    words: str
    value: str
    meaning: str
    default: str
    option: bool

    @property
    def row(self) -> str:
        """Its line of the table."""
        return f"| `{self.words}` | {self.value} | {self.meaning} | {self.default} |"


#: What a value's type is called.
VALUES = {int: "integer", float: "number", Path: "path", str: "text", list[str]: "text"}


def command_line_page() -> str:
    """The page of all commands."""
    commands = {info.name or info.callback.__name__: info for info in app.registered_commands if info.callback}
    listed = {name: _parameters(info.callback) for name, info in commands.items() if info.callback}
    of_task = [name for name, info in commands.items() if info.cls is TaskCommand]
    shared = [one for one in listed[of_task[0]] if all(one in listed[name] for name in of_task)]
    parts = [
        "# Command line",
        "The same engine as the window's. `lrgui` without a command opens the window; `lrgui FILE` opens it on a task, "
        "data or a run. `--version` prints the version, `--help` (`-h`) explains a command.",
        "What the commands print, and how they react to signals: [output and exit statuses](output.md). The same "
        "settings in Python and in the window: [settings](settings.md).",
    ]
    for name, info in commands.items():
        rows = listed[name]
        usage = ["lrgui", name, "[OPTIONS]"]
        usage += [one.words if "required" in one.default else f"[{one.words}]" for one in rows if not one.option]
        usage += ["[-- ARGUMENTS...]"] if name in of_task else ["[ARGUMENTS]..."] if info.cls is ScriptCommand else []
        own = [one for one in rows if name not in of_task or one not in shared]
        also = f"{'Also' if own else 'Takes'} the [options of a task](#{_anchor(SHARED)})." if name in of_task else ""
        words = re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(info.callback) or "")
        parts += [f"## lrgui {name}", words, f"```sh\n{' '.join(usage)}\n```"]
        parts += [part for part in (_table(own), also) if part]
    parts += [
        f"## {SHARED}",
        f"{_listed(of_task)} take these. What stands behind `--` is what the task's own code finds in `sys.argv`.",
        _table(shared),
    ]
    return "\n\n".join(parts) + "\n"


SHARED = "Options of a task"


def _table(rows: Iterable[Parameter]) -> str:
    lines = [one.row for one in rows]
    return (
        "\n".join(["| argument or option | value | meaning | default |", "|---|---|---|---|", *lines]) if lines else ""
    )


def _parameters(callback: Callable[..., Any]) -> list[Parameter]:
    """What a command takes, in the order of its help."""
    hints = get_type_hints(callback, include_extras=True)
    found = []
    for place in inspect.signature(callback).parameters.values():
        kind, *extras = get_args(hints[place.name]) or (hints[place.name],)
        info = next((one for one in extras if isinstance(one, ArgumentInfo | OptionInfo)), None)
        if info is not None:
            found.append(_parameter(place, kind, info))
        elif kind is not typer.Context:
            raise TypeError(f"{callback.__name__}: {place.name} is neither an argument nor an option.")
    return found


def _parameter(place: inspect.Parameter, kind: Any, info: ArgumentInfo | OptionInfo) -> Parameter:
    types = [one for one in get_args(kind) if one is not type(None)]
    kind = types[0] if type(None) in get_args(kind) else kind
    flag = place.name.replace("_", "-")
    option = isinstance(info, OptionInfo)
    if option:
        names = [info.default, *info.param_decls] if isinstance(info.default, str) else [*info.param_decls]
        flag = ", ".join(names) or f"--{flag}"
    value = "" if kind is bool else info.metavar or VALUES[kind]
    if info.min is not None:
        value += f", at least {info.min}"
    if isinstance(info.show_default, str):
        default = info.show_default
    else:
        default = "" if place.default is None or place.default is False else str(place.default)
    if place.default in (inspect.Parameter.empty, ...):
        default = "(required)"
    meaning = re.sub(r"\s+", " ", info.help or "").replace("|", "\\|")
    return Parameter(flag, value, meaning, default, option)


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def _listed(names: list[str]) -> str:
    words = [f"`{name}`" for name in names]
    return f"{', '.join(words[:-1])} and {words[-1]}"


#: Each page that is made from the code, by the name of its file.
MADE: dict[str, Callable[[], str]] = {"settings.md": settings_page, "command-line.md": command_line_page}


def main() -> None:
    """Write all pages."""
    PAGES.mkdir(exist_ok=True)
    for name, page in MADE.items():
        (PAGES / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
