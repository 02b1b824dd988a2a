"""`lrgui targets`: the places where runs can be computed, by name."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from lrgui.cli.app import Json, Status, command, complain, fail, results, tell, was_given
from lrgui.core.settings import settings_of
from lrgui.runs.ray_settings import ADDRESS, AUTO, RayResources
from lrgui.runs.targets import (
    KINDS,
    Target,
    TargetsError,
    load_targets,
    save_targets,
    target_named,
    with_target,
    without_target,
)

_RAY = {option.name: option for option in settings_of(RayResources)}


@command("targets")
def manage_targets(
    action: Annotated[str, typer.Argument(help="One of: list, add, edit, remove.")] = "list",
    name: Annotated[str, typer.Argument(help="What --on calls it.", show_default=False)] = "",
    kind: Annotated[str, typer.Option(help=f"What it is. One of: {', '.join(KINDS)}.")] = "ssh",
    host: Annotated[str, typer.Option(help="[user@]host[:port], as ssh knows it; of SLURM the login node.")] = "",
    endpoint: Annotated[
        str, typer.Option(help="Of several hosts: where the others reach the first one, host[:port].")
    ] = "",
    nodes: Annotated[str, typer.Option(help="Of SLURM: how many nodes compute a sweep together.")] = "",
    python: Annotated[str, typer.Option(help="The interpreter there, with torch and numpy.")] = "",
    folder: Annotated[str, typer.Option(help="The working directory there, where your data lie.")] = "",
    processes: Annotated[str, typer.Option(help="How many processes of each machine compute a sweep together.")] = "",
    options: Annotated[str, typer.Option(help="Of SLURM: options of sbatch, in one word.")] = "",
    setup: Annotated[str, typer.Option(help="Of SLURM: shell commands before the run (module load cuda).")] = "",
    address: Annotated[
        str,
        typer.Option(
            help=f"Of Ray: {ADDRESS}HOST:PORT, or {AUTO} for the cluster that runs here; without it that one, or one "
            "that is started."
        ),
    ] = "",
    cpus: Annotated[str, typer.Option(help=f"{_RAY['cpus'].tip}.")] = "",
    gpus: Annotated[str, typer.Option(help=f"{_RAY['gpus'].tip}.")] = "",
    as_json: Json = False,
    *,
    context: typer.Context,
) -> None:
    """List, add, edit or remove the places where runs can be computed: other Pythons, machines that ssh reaches, SLURM,
    Ray.

    find, verify, train, compare, check, run and watch use one with --on NAME. Adding one takes the place of one of that
    name, editing changes what is given, removing leaves its runs alone. Exit status: 0, 1 where the list cannot be read
    or kept, 2 for bad arguments.
    """
    try:
        saved = load_targets()
        if action == "list" and not name:
            _list(saved, as_json)
        elif action == "add" and name:
            _add(saved, Target(**{each.name: context.params[each.name] for each in fields(Target)}))
        elif action == "edit" and name:
            values = {each.name: context.params[each.name] for each in fields(Target) if was_given(context, each.name)}
            _add(saved, replace(target_named(name), **values))
        elif action == "remove" and name:
            _remove(saved, name)
        else:
            words = "lrgui targets, lrgui targets add NAME …, edit NAME …, or remove NAME"
            fail(f"“{f'{action} {name}'.strip()}” is not one of: {words}.", Status.BAD_ARGUMENTS)
    except TargetsError as error:
        fail(str(error))


def _list(saved: list[Target], as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(target) for target in saved], ensure_ascii=False))
    elif not saved:
        tell("No targets yet. To add a machine: lrgui targets add NAME --host HOST --python '~/venv/bin/python'")
    else:
        table = Table("name", "what it is")
        for target in saved:
            table.add_row(target.name, escape(target.words))
        results().print(table)


def _add(saved: list[Target], target: Target) -> None:
    wrong = target.validate()
    for sentence in wrong:
        complain(sentence)
    if wrong:
        raise typer.Exit(Status.BAD_ARGUMENTS)
    save_targets(with_target(saved, target))
    tell(f"{target.name}: {target.words}. Use it with --on {target.name}.")


def _remove(saved: list[Target], name: str) -> None:
    if not any(target.name == name for target in saved):
        fail(f"There is no target {name}.", Status.BAD_ARGUMENTS)
    save_targets(without_target(saved, name))
    tell(f"{name} is forgotten.")
