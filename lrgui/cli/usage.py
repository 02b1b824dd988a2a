"""What is wrong with a command line, in a sentence with the way out."""

from __future__ import annotations

from typing import Any

import typer

from lrgui.core.phrases import any_of

#: What typer raises for a command line that it cannot read. It has no name of its own there: typer brings click along,
#: or its own copy of it.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

#: How pydantic begins, which newer versions of typer read values with.
_SHOULD = "Input should be"


def usage_words(error: Any) -> str:
    """What is wrong, and where it stands what would be right. `error` is a `UsageError`.

    "Missing: --max-lr, the highest rate of the schedule. “lrgui train -h” shows what can be given."
    """
    context = getattr(error, "ctx", None)
    path = "lrgui" if context is None or context.parent is None else f"lrgui {context.info_name}"
    said = _wrong(error)
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} “{path} -h” shows what can be given."


def _wrong(error: Any) -> str:
    parameter, kind = getattr(error, "param", None), type(error).__name__
    if kind == "MissingParameter" and parameter is not None:
        words = getattr(parameter, "help", None) or ""
        return f"Missing: {_name(parameter)}" + (f", {words[:1].lower()}{words[1:]}" if words else "")
    if kind == "NoSuchOption":
        near = list(getattr(error, "possibilities", None) or ())
        return f"There is no option {error.option_name}." + (f" Did you mean {any_of(near)}?" if near else "")
    if kind == "BadParameter" and parameter is not None:
        begin, should, rest = str(error.message).partition(_SHOULD)
        wanted = rest.split(", unable")[0]
        return f"{_name(parameter)} must be{wanted}" if should and not begin else f"{_name(parameter)}: {begin}"
    said = str(error.format_message())
    word = said.partition("No such command '")[2].partition("'")[0]
    # What exists is opened in the window: only a name that was mistyped gets here.
    return f"There is no file {word} in this folder" if "." in word else said


def _name(parameter: Any) -> str:
    """What a person calls it: the option that they type, the argument as the usage names it."""
    if getattr(parameter, "param_type_name", "") == "option":
        return str(max(parameter.opts, key=len))
    return str(parameter.metavar or parameter.name).strip("{}[]").upper()
