"""Options of a command that are made from rows: one for each file format, one for each setting."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, get_type_hints

import typer

from lrgui.cli.app import Status, fail
from lrgui.core.options import Option
from lrgui.core.phrases import any_of
from lrgui.core.settings import idle, settings_of

Command = Callable[..., None]

_TYPES: dict[str, type] = {"whole": int, "number": float, "rate": float, "share": float, "flag": bool}


def in_place_of(
    argument: str, options: Iterable[inspect.Parameter], collect: Callable[[dict[str, Any]], Any]
) -> Callable[[Command], Command]:
    """Give a command `options` where its `argument` stands; it gets what `collect` makes of their values, by name."""
    options = list(options)

    def wrap(command: Command) -> Command:
        hints = get_type_hints(command, include_extras=True)
        places: list[inspect.Parameter] = []
        for one in inspect.signature(command).parameters.values():
            places += options if one.name == argument else [one.replace(annotation=hints[one.name])]

        def run(*words: Any, **values: Any) -> None:
            given = {option.name: values.pop(option.name, option.default) for option in options}
            command(*words, **{argument: collect(given)}, **values)

        kinds = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in places]
        run.__signature__ = inspect.Signature(kinds)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in places}
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        return run

    return wrap


def with_settings(
    cls: type,
    *,
    without: Iterable[str] = (),
    required: Mapping[str, str] | None = None,
    usual: Mapping[str, str] | None = None,
) -> Callable[[Command], Command]:
    """Give a command an option for each setting of `cls`; it gets those that were given as `given`, values by name.

    `required` are those that must be given, with words on where to get one; `usual` names other defaults than the
    settings' own, in words.
    """
    left_out, needed, words = set(without), dict(required or {}), dict(usual or {})
    options = [
        _parameter(option, needed.get(option.name), words.get(option.name, _default(option)), _only(option, cls))
        for option in settings_of(cls)
        if option.name not in left_out
    ]
    return in_place_of("given", options, lambda values: {k: v for k, v in values.items() if v is not None})


def _default(option: Option) -> str:
    """The default as it would be typed here: a share is no percentage, a choice is its key."""
    if option.kind in ("share", "choice") and option.default is not None:
        return str(option.default)
    return option.written(option.default).lower()


def refuse_without_effect(settings: Any, given: Iterable[str]) -> None:
    """Leave, with a sentence, where one of the `given` settings has no effect beside the others."""
    unused = {option.name: option for option in idle(settings)}
    for name in given:
        if name in unused:
            option = unused[name]
            assert option.only is not None
            chosen = getattr(settings, option.only[0])
            fail(
                f"{_flag(option)} has no effect with --{option.only[0]} {chosen}.{_only(option, type(settings))}",
                Status.BAD_ARGUMENTS,
            )


def _flag(option: Option) -> str:
    return option.flag or f"--{option.name.replace('_', '-')}"


def _only(option: Option, cls: type) -> str:
    """With which choice the setting has an effect: a sentence with a space before it; empty where it always has."""
    if option.only is None or option.only[0] not in {one.name for one in settings_of(cls)}:
        return ""
    return f" Only with --{option.only[0]} {any_of([str(value) for value in option.only[1]])}."


def _parameter(option: Option, source: str | None, usual: str, only: str) -> inspect.Parameter:
    """`source` says where to get one that is required; None for one that is not."""
    kind: Any = _TYPES.get(option.kind, str)
    required = source is not None
    words = (
        option.tip
        + (f"; {source}." if source else ".")
        + (f" One of: {option.range}." if option.kind == "choice" else "")
        + only
    )
    flag = _flag(option)
    if option.kind == "flag":
        flag += f"/--no-{flag.removeprefix('--')}"
    shown: Any = False if required else usual
    annotation: Any = Annotated[kind if required else kind | None, typer.Option(flag, help=words, show_default=shown)]
    default = ... if required else None
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
